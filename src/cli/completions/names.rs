//! `mtlsgen complete-names`: candidates for the last word of a command line.

use clap::{Arg, ArgAction, Command};

use crate::cli::globals::{Globals, MessageFormat};
use crate::cli::report::{CommandError, ExitStatus, Report, print};
use crate::cli::session::Session;
use crate::cli::spec_arguments::SpecArguments;
use crate::diagnostic::codes;
use crate::diagnostic::visible_lines;
use crate::manifest::kinds;
use crate::pki::request::Holder;
use crate::render::template::BUILT_IN;
use crate::specification::Spec;

/// Print the candidates for the last word of a command line; for shells
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The words behind `mtlsgen`; the last one is being written
    #[arg(last = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Flags whose values are names.
pub const FLAGS: [&str; 2] = ["host", "kind"];

/// Names of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Holders,
    Authorities,
    Hosts,
    Kinds,
    Codes,
    Templates,
}

/// Which names the argument of a command takes, by the command and the argument's id.
const TAKING: [(&str, &str, Names); 10] = [
    ("cert show", "targets", Names::Holders),
    ("cert export", "name", Names::Holders),
    ("cert renew", "names", Names::Holders),
    ("cert revoke", "what", Names::Holders),
    ("ca rotate", "name", Names::Authorities),
    ("render", "hosts", Names::Hosts),
    ("render", "kinds", Names::Kinds),
    ("access", "hosts", Names::Hosts),
    ("explain", "code", Names::Codes),
    ("templates", "name", Names::Templates),
];

/// Prints names, one a line; without any where something cannot be read.
pub fn run(args: &Args, _: &Globals) -> Result<ExitStatus, CommandError> {
    let Some((last, words)) = args.words.split_last() else { return Ok(ExitStatus::Done) };
    let written = Written::of(&crate::cli::command(), words);
    let Some(names) = written.names else { return Ok(ExitStatus::Done) };
    let all = known(names, &written.spec);
    let fitting = all.into_iter().filter(|name| name.starts_with(last.as_str()));
    // A name may hold anything, and a line stays a line.
    let lines: String =
        fitting.map(|name| visible_lines(&name.replace('\n', " ")) + "\n").collect();
    print(lines)?;
    Ok(ExitStatus::Done)
}

/// What the words before the last one say.
struct Written {
    /// The names that the last one may be.
    names: Option<Names>,
    /// The spec that they name.
    spec: SpecArguments,
}

impl Written {
    fn of(root: &Command, words: &[String]) -> Self {
        let (mut command, mut path) = (root, Vec::new());
        let (mut spec, mut given, mut waiting) = (SpecArguments::default(), 0, None::<&Arg>);
        for word in words {
            if let Some(flag) = waiting.take() {
                add(&mut spec, flag, word);
            } else if let Some(flag) = flag_of(command, word) {
                match word.split_once('=').filter(|_| word.starts_with("--")) {
                    Some((_, value)) => add(&mut spec, flag, value),
                    None if takes_value(flag) => waiting = Some(flag),
                    None => {}
                }
            } else if let Some(below) = command.find_subcommand(word).filter(|_| given == 0) {
                command = below;
                path.push(below.get_name());
            } else if !word.starts_with('-') {
                given += 1;
            }
        }
        let argument = waiting.or_else(|| {
            let several = |argument: &&Arg| matches!(argument.get_action(), ArgAction::Append);
            command
                .get_positionals()
                .nth(given)
                .or(command.get_positionals().last().filter(several))
        });
        let path = path.join(" ");
        let names = argument.and_then(|argument| {
            let is_it =
                |(of, id, _): &&(&str, &str, Names)| *of == path && argument.get_id() == *id;
            TAKING.iter().find(is_it).map(|(.., names)| *names)
        });
        Self { names, spec }
    }
}

fn add(spec: &mut SpecArguments, flag: &Arg, value: &str) {
    match flag.get_long() {
        Some("file") => spec.files.push(value.into()),
        Some("set") => spec.values.push(value.to_owned()),
        _ => {}
    }
}

/// The flag that a word is, of the command or of all.
fn flag_of<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let name = word.split('=').next().unwrap_or_default();
    command.get_arguments().find(|argument| match name.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => name.strip_prefix('-').is_some_and(|short| {
            argument.get_short().is_some_and(|own| short == own.encode_utf8(&mut [0; 4]))
        }),
    })
}

fn takes_value(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::Set | ArgAction::Append)
}

fn known(names: Names, spec: &SpecArguments) -> Vec<String> {
    let texts = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
    match names {
        Names::Kinds => texts(&kinds::MADE),
        Names::Codes => codes::all().iter().map(|code| code.name.to_owned()).collect(),
        Names::Templates => BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect(),
        Names::Hosts => read(spec).map_or_else(Vec::new, |spec| spec.hosts.into_keys().collect()),
        Names::Authorities => read(spec).map_or_else(Vec::new, |spec| {
            spec.cas.into_keys().map(|key| key.to_string()).collect()
        }),
        Names::Holders => read(spec).map_or_else(Vec::new, |spec| holders(&spec)),
    }
}

/// The spec as far as it can be read; nothing is said of what is wrong with it.
fn read(spec: &SpecArguments) -> Option<Spec> {
    let silence = Report::new(true, MessageFormat::Text, false);
    Session::open(spec, silence).ok().map(|session| session.spec)
}

/// The names of all holders, plain ones first.
fn holders(spec: &Spec) -> Vec<String> {
    let authorities = spec.cas.keys().map(|name| Holder::Authority(name.to_string()));
    let hosts = spec.hosts.keys().map(|name| Holder::Host(name.clone()));
    let clients = spec.clients.keys().map(|name| Holder::Client(name.clone()));
    let all: Vec<Holder> = authorities.chain(hosts).chain(clients).collect();
    let plain = all.iter().map(|holder| holder.name().to_owned());
    plain.chain(all.iter().map(Holder::full_name)).collect()
}
