//! `mtlsgen doctor kustomize`: what a build would do with the plugin.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::configuration::{self, Checked};
use crate::cli::globals::Globals;
use crate::cli::report::{CommandError, ExitStatus, print_json_text, show};
use crate::diagnostic::{Diagnostic, Severity};
use crate::io::kustomization;
use crate::io::program::Environment;
use crate::json::line;
use crate::kustomize::doctor::collisions::{self, Given};
use crate::kustomize::doctor::command::{self, Build, Tool};
use crate::kustomize::doctor::function::Style;
use crate::kustomize::doctor::naming;
use crate::kustomize::doctor::outcome::{self, Examined, Outcome};
use crate::kustomize::doctor::program::{self, Builder, KNOWS_ARGS, Location, Version};
use crate::kustomize::doctor::reference::{Reference, references};
use crate::kustomize::doctor::summary::Summary;
use crate::kustomize::doctor::tree::{Folder, Tree};

/// Report what a build of a kustomization would do with the plugin, and what is wrong
///
/// Reads the kustomization of DIR and those that it leads to, looks for the programs that a build would call, and
/// reports what each way to build does: run the plugin, fail, or succeed without its objects. Nothing is built or
/// issued; the kustomize and kubectl on PATH are asked for their versions. Give the command that you build with behind `--`
/// to have it judged: it is never run; its program, where it is on PATH, is asked for its help with these flags and
/// says which it does not know.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with a kustomization; without it, that of COMMAND, else the working directory
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,
    /// Command that builds, such as `kustomize build --enable-alpha-plugins DIR`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Format of the summary on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables
    Text,
    /// One JSON object
    Json,
}

/// The ways to build that are reported without a COMMAND.
const COMMANDS: [&str; 6] = [
    "kustomize build",
    "kustomize build --enable-alpha-plugins",
    "kustomize build --enable-alpha-plugins --enable-exec",
    "kubectl kustomize",
    "kubectl kustomize --enable-alpha-plugins",
    "kubectl apply -k",
];

/// Examines a kustomization.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let build = if args.command.is_empty() { None } else { Some(parse(&args.command)?) };
    let named = build.as_ref().and_then(|build| build.directory.clone()).map(PathBuf::from);
    let directory = args.directory.clone().or_else(|| named.clone()).unwrap_or_else(|| ".".into());
    let tree = kustomization::read(&directory)?;
    let environment = build.as_ref().map_or(&[][..], |build| &build.environment);
    let environment = Environment::new(environment);
    let (references, mut findings) = references(&tree);
    findings.extend(tree.findings.iter().cloned());
    findings.extend(other_folder(&directory, named.as_deref(), build.is_some()));
    if references.is_empty() && findings.iter().all(|found| found.severity != Severity::Error) {
        findings.push(no_plugin(&directory));
    }
    let (examined, more) = examine(&tree, references, &environment);
    findings.extend(more);
    let builders = environment.builders();
    let instead = outcome::command(&examined, &shown(&tree, &directory), build.as_ref(), &builders);
    findings.extend(of_command(&examined, build.as_ref(), &builders, &instead));
    let commands = commands(&examined, build.as_ref(), &directory, &builders, &findings);
    let summary = Summary {
        tree: &tree,
        references: &examined,
        builders: &builders,
        commands: &commands,
        build: (!examined.is_empty()).then_some(&instead),
    };
    match args.format {
        Format::Text => show(&summary.text(), false)?,
        Format::Json => print_json_text(&line(&summary.shown()))?,
    }
    let report = globals.report();
    report.diagnostics(&findings);
    let is_clean = findings.iter().all(|found| found.severity == Severity::Notice);
    if is_clean {
        report.say("nothing is wrong");
    }
    Ok(if is_clean { ExitStatus::Done } else { ExitStatus::Findings })
}

/// Reads the command, with the help of the program on `PATH`.
fn parse(words: &[String]) -> Result<Build, CommandError> {
    let environment = Environment::new(&[]);
    let ask = |words: &[&str]| {
        let (program, arguments) = words.split_first()?;
        Some(environment.ask(program, arguments)?.map(drop))
    };
    command::parse(words, &ask, &|word| Path::new(word).is_dir())
        .map_err(|mistake| CommandError::Input(vec![*mistake]))
}

/// The folder as the user would write it.
fn shown(tree: &Tree, directory: &Path) -> PathBuf {
    tree.folders.first().map_or_else(|| directory.to_owned(), |folder| folder.shown.clone())
}

/// The command builds another folder than the one that is looked at.
fn other_folder(directory: &Path, named: Option<&Path>, has_command: bool) -> Option<Diagnostic> {
    let named = named.unwrap_or(Path::new("."));
    let real = |path: &Path| path.canonicalize().ok();
    if !has_command || real(directory) == real(named) {
        return None;
    }
    let title = format!(
        "the command builds `{}`, and what is looked at is `{}`",
        named.display(),
        directory.display()
    );
    Some(Diagnostic::warning("other-folder", title).help("name the same folder, or leave DIR out"))
}

fn no_plugin(directory: &Path) -> Diagnostic {
    let title = format!(
        "no kustomization that a build of `{}` reads names an object for the plugin",
        directory.display()
    );
    Diagnostic::error("no-plugin", title).help(
        "name a file of kind `MutualTLS` under `generators`; `mtlsgen kustomize install` shows what to write",
    )
}

/// Looks at each reference, and at how they meet.
fn examine<'a>(
    tree: &Tree,
    references: Vec<Reference<'a>>,
    environment: &Environment,
) -> (Vec<Examined<'a>>, Vec<Diagnostic>) {
    let mut all = Vec::new();
    let mut given: Vec<Given> = Vec::new();
    let mut findings = Vec::new();
    for reference in references {
        let folder = &tree.folders[reference.folder];
        let location = location(&reference, folder, environment);
        let checked = configuration::check(&reference, folder);
        findings.extend(of_reference(tree, &reference, location.as_ref(), &checked));
        given.push(checked.given);
        let title = format!("{} ({})", reference.object.source.name, reference.object.name());
        all.push(Examined { reference, title, location, refused: checked.refused });
    }
    findings.extend(collisions::mistakes(tree, &all, &given));
    (all, findings)
}

fn location(
    reference: &Reference<'_>,
    folder: &Folder,
    environment: &Environment,
) -> Option<Location> {
    match &reference.style {
        Style::ExecPlugin => {
            let text = |key| reference.object.text(key).unwrap_or_default();
            Some(environment.exec_plugin(text("apiVersion"), text("kind")))
        }
        Style::Function { path, .. } if !path.is_empty() => {
            Some(environment.function(path, &folder.path))
        }
        Style::Function { .. } | Style::Container { .. } | Style::Refused => None,
    }
}

fn of_reference(
    tree: &Tree,
    reference: &Reference<'_>,
    location: Option<&Location>,
    checked: &Checked,
) -> Vec<Diagnostic> {
    let mut found = reference.mistakes.clone();
    found.extend(location.and_then(|location| program::mistake(reference, location)));
    found.extend(checked.findings.iter().cloned());
    found.extend(naming::mistakes(tree, reference, &checked.named));
    if let Style::Container { image } = &reference.style {
        let title = format!(
            "the plugin runs in a container of `{image}`, which was not looked into: it needs Docker, and sees no file beside its configuration unless that is mounted"
        );
        found.push(Diagnostic::notice("container", title));
    }
    found
}

/// The version of the Kustomize that a command builds with, where it is the one that was asked.
fn version(build: &Build, builders: &[Builder]) -> Option<Version> {
    let name = if build.tool == Tool::Kustomize { "kustomize" } else { "kubectl" };
    let builder = builders.iter().find(|builder| builder.name == name)?;
    builder.version.filter(|_| !build.program.contains('/'))
}

fn of_command(
    all: &[Examined<'_>],
    build: Option<&Build>,
    builders: &[Builder],
    instead: &str,
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = all
        .iter()
        .filter(|one| matches!(one.reference.style, Style::Function { is_new: true, .. }))
        .take(1)
        .filter_map(|one| too_old(&one.title, builders))
        .collect();
    if let Some(build) = build {
        found.extend(build.unchecked.clone());
        found.extend(outcome::mistakes(all, build, version(build, builders), instead, builders));
    } else if all.iter().all(|one| one.reference.outside) && !all.is_empty() {
        let title = "the plugin's object is outside the kustomization's folder: Kustomize refuses it unless `--load-restrictor LoadRestrictionsNone` is given";
        found.push(Diagnostic::warning("outside", title).help("move the file into the folder"));
    }
    found
}

/// A kustomize that does not know what an annotation says. kubectl's does not matter: it runs no function.
fn too_old(title: &str, builders: &[Builder]) -> Option<Diagnostic> {
    let builder = builders.iter().find(|builder| builder.name == "kustomize")?;
    let version = builder.version.filter(|version| *version < KNOWS_ARGS)?;
    let words = format!(
        "kustomize {version} does not know `args` and `envs` of a function, which `{title}` uses: they come with {KNOWS_ARGS}"
    );
    Some(
        Diagnostic::error("old-kustomize", words)
            .help("install a newer kustomize")
            .help("or call a link of the name `MutualTLS`, which needs no `args`: `ln -s $(command -v mtlsgen) MutualTLS`, `path: ./MutualTLS`"),
    )
}

/// What the given command does, or each of the usual ones.
fn commands(
    all: &[Examined<'_>],
    build: Option<&Build>,
    directory: &Path,
    builders: &[Builder],
    findings: &[Diagnostic],
) -> Vec<(String, Vec<Outcome>)> {
    let usual = || {
        COMMANDS.iter().filter_map(|command| {
            let words = command.split_whitespace().map(str::to_owned);
            let words: Vec<String> = words.chain([directory.display().to_string()]).collect();
            command::parse(&words, &|_| None, &|_| true).ok()
        })
    };
    let builds: Vec<Build> = match build {
        Some(build) => vec![build.clone()],
        None => usual().collect(),
    };
    let outcomes = |build: &Build| {
        if all.is_empty() {
            return vec![outcome::of_build(Outcome::PassesOver, findings)];
        }
        let of = |one| outcome::of(one, build, version(build, builders));
        all.iter().map(|one| outcome::of_build(of(one), findings)).collect()
    };
    builds.iter().map(|build| (build.line.clone(), outcomes(build))).collect()
}
