//! Former names of flags and values: they work for one more version, and a notice says what to write.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command};

use crate::diagnostic::Diagnostic;

/// A flag that has another name now.
pub struct Flag {
    /// The command that has it.
    pub command: &'static str,
    /// Its former name, without `--`.
    pub former: &'static str,
    /// What to write now, without the `--` that both begin with.
    pub now: &'static str,
}

/// Every flag that was renamed.
pub const FLAGS: [Flag; 6] = [
    Flag { command: "cert export", former: "format", now: "as" },
    Flag { command: "import", former: "into", now: "output" },
    Flag { command: "import", former: "kind", now: "from" },
    Flag { command: "init", former: "format", now: "as" },
    Flag { command: "man", former: "dir", now: "output" },
    Flag { command: "templates", former: "write", now: "output" },
];

/// Every flag without a value that another one took over, with its command and what to write now.
pub const SWITCHES: [(&str, &str, &str); 1] = [("init", "stdout", "-o -")];

/// Every flag whose values were renamed, with the former value and the one of now.
pub const VALUES: [(&str, &str, &str); 2] =
    [("format", "human", "text"), ("message-format", "human", "text")];

/// The same command, which knows the former names.
pub fn with_former_names(command: Command) -> Command {
    FLAGS.iter().fold(command, |command, flag| {
        let path: Vec<&str> = flag.command.split(' ').collect();
        aliased(command, &path, flag)
    })
}

fn aliased(command: Command, path: &[&'static str], flag: &'static Flag) -> Command {
    if let Some((first, rest)) = path.split_first() {
        return command.mut_subcommand(first, |below| aliased(below, rest, flag));
    }
    let is_now = |argument: &&Arg| argument.get_long() == Some(flag.now);
    let id = command.get_arguments().find(is_now).map(|argument| argument.get_id().clone());
    let id = id.expect("the flag of now is one of its command");
    command.mut_arg(id, |argument| argument.alias(flag.former))
}

/// A notice for each former name among `arguments`, which were parsed to `matches`.
pub fn notices(arguments: &[OsString], matches: &ArgMatches) -> Vec<Diagnostic> {
    let command = command_of(matches);
    let texts = arguments.iter().map_while(|argument| argument.to_str().filter(|a| *a != "--"));
    let texts: Vec<&str> = texts.collect();
    let of_flags = FLAGS.iter().filter(|flag| flag.command == command);
    let of_flags = of_flags.filter(|flag| texts.iter().any(|text| is_flag(text, flag.former)));
    let of_flags = of_flags.map(|Flag { former, now, .. }| {
        notice(&format!("`--{former}` of `{command}` is now `--{now}`"), former)
    });
    let of_values = VALUES.iter().filter(|(flag, former, _)| {
        let is_apart = |pair: &[&str]| pair[0] == format!("--{flag}") && pair[1] == *former;
        texts.windows(2).any(is_apart) || texts.contains(&&*format!("--{flag}={former}"))
    });
    let of_values = of_values.map(|(flag, former, now)| {
        let title = format!("`--{flag} {former}` is now `--{flag} {now}`");
        notice(&title, &format!("{flag} {former}"))
    });
    let is_said = |name: &str| texts.iter().any(|text| is_flag(text, name));
    let of_switches = SWITCHES.iter().filter(|(of, former, _)| *of == command && is_said(former));
    let of_switches = of_switches.map(|(of, former, now)| {
        notice(&format!("`--{former}` of `{of}` is written `{now}` now"), former)
    });
    of_flags.chain(of_switches).chain(of_values).collect()
}

fn notice(title: &str, former: &str) -> Diagnostic {
    Diagnostic::notice("renamed-flag", title)
        .help(format!("the next version no longer accepts `--{former}` there"))
}

/// Whether an argument is that flag, with or without its value.
fn is_flag(argument: &str, name: &str) -> bool {
    let rest = argument.strip_prefix("--").and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The names of the commands that were called, one below the other.
fn command_of(mut matches: &ArgMatches) -> String {
    let mut names = Vec::new();
    while let Some((name, below)) = matches.subcommand() {
        names.push(name);
        matches = below;
    }
    names.join(" ")
}
