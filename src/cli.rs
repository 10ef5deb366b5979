//! The command line: one file a command, each with its flags, its composition of phases, its words of success.
//!
//! A command is a `pub struct Args` (its help text is its doc comment) and a
//! `pub fn run(args, &Globals) -> Result<ExitStatus, CommandError>`. Only [`main`] ends the process.

mod access;
mod argo_cd;
mod ca;
mod cert;
mod completions;
mod diff;
mod doctor;
mod existing_arguments;
mod explain;
mod format;
pub mod globals;
mod hints;
mod import;
mod init;
mod issue;
mod kustomize;
mod list;
mod man;
mod misplaced;
mod objects;
mod outputs;
mod plan_json;
mod post_render;
mod progress;
mod renamed;
mod render;
pub mod report;
mod schema;
mod selection;
mod session;
mod short_help;
mod spec;
pub mod spec_arguments;
mod status;
mod templates;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use globals::{ColorChoice, Globals};
use misplaced::Paths;
use report::{CommandError, ExitStatus};

use crate::diagnostic::Diagnostic;
use crate::guard;
use crate::io::memory;

/// What every help text says at its end.
const EXIT_STATUS: &str = "Exit status: 0 done; 1 there are findings or differences; 2 it failed.";

/// Shown to a user whose kustomization calls the program without arguments.
const AS_FUNCTION: &str = "As a KRM function, mtlsgen is called with an argument: `args: [kustomize]` beside `path: mtlsgen`.";

/// Turns one small spec into certificates and Kubernetes manifests that enforce mutual TLS at the ingress.
#[derive(Debug, Parser)]
#[command(name = "mtlsgen", version, after_help = AS_FUNCTION, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Import(import::Args),
    Render(Box<render::Args>),
    Issue(issue::Args),
    Diff(diff::Args),
    Doctor(doctor::Args),
    Ca(ca::Args),
    List(list::Args),
    Spec(spec::Args),
    Status(status::Args),
    Access(Box<access::Args>),
    Cert(cert::Args),
    Kustomize(kustomize::Args),
    ArgoCd(argo_cd::Args),
    PostRender(post_render::Args),
    Templates(templates::Args),
    Explain(explain::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    CompleteNames(completions::names::Args),
    Man(man::Args),
    /// Print the version
    Version,
    /// Print the help of a command
    Help {
        /// The command, and a command of it; defaults to mtlsgen itself
        command: Vec<OsString>,
    },
}

impl Command {
    fn run(self, globals: &Globals) -> Result<ExitStatus, CommandError> {
        match self {
            Self::Init(args) => init::run(&args, globals),
            Self::Import(args) => import::run(&args, globals),
            Self::Render(args) => render::run(*args, globals),
            Self::Issue(args) => issue::run(&args, globals),
            Self::Diff(args) => diff::run(&args, globals),
            Self::Doctor(args) => doctor::run(args, globals),
            Self::Ca(args) => ca::run(&args, globals),
            Self::List(args) => list::run(&args, globals),
            Self::Spec(args) => spec::run(&args, globals),
            Self::Status(args) => status::run(&args, globals),
            Self::Access(args) => access::run(&args, globals),
            Self::Cert(args) => cert::run(args, globals),
            Self::ArgoCd(args) => argo_cd::run(&args, globals),
            Self::PostRender(args) => post_render::run(&args, globals),
            Self::Kustomize(args) => kustomize::run(args, globals),
            Self::Templates(args) => templates::run(&args, globals),
            Self::Explain(args) => explain::run(&args, globals),
            Self::Schema(args) => schema::run(&args, globals),
            Self::Completions(args) => completions::run(&args, globals),
            Self::CompleteNames(args) => completions::names::run(&args, globals),
            Self::Man(args) => man::run(&args, globals),
            Self::Version => {
                report::print(concat!("mtlsgen ", env!("CARGO_PKG_VERSION"), "\n"))?;
                Ok(ExitStatus::Done)
            }
            Self::Help { command } => Ok(help(command, globals)),
        }
    }
}

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    memory::keep_private();
    guard::begin();
    report::report_panics();
    let arguments = kustomize::as_plugin(std::env::args_os().collect());
    let color = ColorChoice::among(&arguments);
    let status = match parse(&arguments, color) {
        Ok(Parsed { cli, paths, notices }) => {
            cli.globals.report().diagnostics(&notices);
            run(cli, &paths)
        }
        Err(error) => {
            report::mistake(&error, color);
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(ExitStatus::Failed as u8))
        }
    };
    guard::end();
    status
}

/// What the arguments mean.
struct Parsed {
    cli: Cli,
    paths: Paths,
    /// What is worth knowing of how they are written.
    notices: Vec<Diagnostic>,
}

fn parse(arguments: &[OsString], color: ColorChoice) -> Result<Parsed, clap::Error> {
    let mut command = command().color(color.into());
    let matches = command.try_get_matches_from_mut(arguments).map_err(with_flag_of_spec)?;
    let paths = Paths::of(&command, &matches);
    let notices = renamed::notices(arguments, &matches);
    Ok(Parsed { cli: Cli::from_arg_matches(&matches)?, paths, notices })
}

/// Shows the help text of a command, as its flag `--help` does.
fn help(command: Vec<OsString>, globals: &Globals) -> ExitStatus {
    let arguments = std::iter::once("mtlsgen".into()).chain(command).chain(["--help".into()]);
    let arguments: Vec<OsString> = arguments.collect();
    match parse(&arguments, globals.color) {
        Err(error) => {
            report::mistake(&error, globals.color);
            if error.use_stderr() { ExitStatus::Failed } else { ExitStatus::Done }
        }
        Ok(_) => ExitStatus::Done,
    }
}

/// A spec that is named without its flag is a common slip.
fn with_flag_of_spec(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let ends = ["toml", "yaml", "yml", "json"];
    let end = Path::new(argument).extension().and_then(OsStr::to_str);
    if error.kind() == ErrorKind::UnknownArgument && end.is_some_and(|end| ends.contains(&end)) {
        let tip = format!("a spec is named with '-f {argument}'").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

fn run(cli: Cli, paths: &Paths) -> ExitCode {
    let Cli { globals, command } = cli;
    match paths.refuse_spec().and_then(|()| command.run(&globals)) {
        Ok(status) => ExitCode::from(status as u8),
        Err(CommandError::BrokenPipe) => ExitCode::from(ExitStatus::Done as u8),
        Err(error) => {
            globals.report().error(&error);
            ExitCode::from(ExitStatus::Failed as u8)
        }
    }
}

/// All commands with their flags and help texts, for parsing, completions and manual pages.
fn command() -> clap::Command {
    short_help::shortened(renamed::with_former_names(with_exit_status(Cli::command())))
}

fn with_exit_status(command: clap::Command) -> clap::Command {
    let below = |own: &StyledStr| format!("{own}\n\n{EXIT_STATUS}");
    let own = command.get_after_help().map_or_else(|| EXIT_STATUS.to_owned(), below);
    let long = command.get_after_long_help().map(below);
    let command = command.after_help(own).mut_subcommands(with_exit_status);
    match long {
        Some(long) => command.after_long_help(long),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    /// What a person sees at once.
    const SCREEN: usize = 40;

    #[test]
    fn short_help_fits_on_a_screen() {
        fn check(mut command: clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            let help = command.render_help().to_string();
            let lines = help.lines().count();
            assert!(lines <= SCREEN, "`{path} -h` has {lines} lines:\n{help}");
            command.get_subcommands().cloned().for_each(|one| check(one, &path));
        }
        let mut command = command();
        command.build();
        check(command, "");
    }

    #[test]
    fn what_is_written_has_one_flag_and_what_is_printed_another() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                let long = argument.get_long().unwrap_or_default();
                assert!(
                    !["into", "dir", "write", "stdout", "json"].contains(&long),
                    "{path} --{long}"
                );
                let is_output = long == "output";
                assert_eq!(argument.get_short() == Some('o'), is_output, "{path} --{long}");
                let names = |one: &clap::builder::PossibleValue| one.get_name().to_owned();
                let values: Vec<String> =
                    argument.get_possible_values().iter().map(names).collect();
                if long == "format" {
                    assert!(values.contains(&"text".to_owned()), "{path}: {values:?}");
                    assert!(values.contains(&"json".to_owned()), "{path}: {values:?}");
                }
                assert!(!values.contains(&"human".to_owned()), "{path} --{long}");
            }
            command.get_subcommands().for_each(|one| check(one, &path));
        }
        check(&command(), "");
    }

    #[test]
    fn every_help_text_has_the_exit_status_and_what_the_command_does() {
        fn check(mut command: clap::Command) {
            let help = command.render_help().to_string();
            assert!(help.contains(EXIT_STATUS), "{help}");
            assert!(command.get_about().is_some(), "{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{argument}");
            }
            command.get_subcommands().cloned().for_each(check);
        }
        check(command());
    }
}
