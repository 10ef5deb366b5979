//! Commands that messages propose work as they stand: with the `-f` and `--set` of the command that proposes them.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::kustomize::doctor::command::quoted;

/// Commands that read a spec.
const COMMANDS: [&str; 8] = [
    "render",
    "diff",
    "status",
    "cert renew",
    "cert revoke",
    "cert export",
    "cert show",
    "ca rotate",
];

/// The flags that name the spec, as this run was given them.
static FLAGS: OnceLock<String> = OnceLock::new();

/// Has all that is proposed from now on name these files and values. The first ones count.
pub fn remember(files: &[PathBuf], values: &[String]) {
    let files = files.iter().map(|file| format!(" -f {}", quoted(&file.to_string_lossy())));
    let values = values.iter().map(|value| format!(" --set {}", quoted(value)));
    let _ = FLAGS.set(files.chain(values).collect());
}

/// `text`, where each command between backticks that reads a spec names the files.
pub fn completed(text: &str) -> Cow<'_, str> {
    with_flags(text, FLAGS.get().map_or("", String::as_str))
}

/// A command that reads a spec, with the files.
pub fn command(command: &str) -> String {
    let flags = FLAGS.get().map_or("", String::as_str);
    format!("{command}{flags}")
}

fn with_flags<'t>(text: &'t str, flags: &str) -> Cow<'t, str> {
    let has_pairs = text.matches('`').count().is_multiple_of(2);
    if flags.is_empty() || !text.contains("`mtlsgen ") || !has_pairs {
        return Cow::Borrowed(text);
    }
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| match at % 2 {
        1 if reads_spec(part) => Cow::Owned(format!("{part}{flags}")),
        _ => Cow::Borrowed(part),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("`"))
}

fn reads_spec(part: &str) -> bool {
    let Some(rest) = part.strip_prefix("mtlsgen ") else { return false };
    let is_called = |command: &&str| {
        rest.strip_prefix(*command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let has_file = rest.split(' ').any(|word| word == "-f" || word.starts_with("--file"));
    !has_file && COMMANDS.iter().any(is_called)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn commands_name_the_files_once() {
        let complete = |text| with_flags(text, " -f 'a b.toml'").into_owned();
        for (text, expected) in [
            ("run `mtlsgen render`", "run `mtlsgen render -f 'a b.toml'`"),
            ("`mtlsgen cert renew --all`, or", "`mtlsgen cert renew --all -f 'a b.toml'`, or"),
            ("`mtlsgen render -f x`", "`mtlsgen render -f x`"),
            ("`mtlsgen render --file=x`", "`mtlsgen render --file=x`"),
            ("`mtlsgen renders`", "`mtlsgen renders`"),
            ("`mtlsgen import x`, `a`", "`mtlsgen import x`, `a`"),
            ("mtlsgen render", "mtlsgen render"),
            ("an odd ` and `mtlsgen render`", "an odd ` and `mtlsgen render`"),
        ] {
            assert_eq!(complete(text), expected);
        }
        assert_eq!(with_flags("`mtlsgen render`", ""), "`mtlsgen render`");
    }

    #[test]
    fn all_commands_that_read_a_spec_are_known() {
        fn find(command: &clap::Command, above: &str, found: &mut Vec<String>) {
            for below in command.get_subcommands() {
                let name = format!("{above}{}", below.get_name());
                let has_files = below.get_arguments().any(|one| one.get_id() == "files");
                // Those of Helm and Argo CD are the arguments of a program.
                if has_files && name != "post-render" && !name.starts_with("argo-cd") {
                    found.push(name.clone());
                }
                find(below, &format!("{name} "), found);
            }
        }
        let mut found = Vec::new();
        find(&crate::cli::Cli::command(), "", &mut found);
        found.sort();
        let mut known = COMMANDS.map(str::to_owned).to_vec();
        known.sort();
        assert_eq!(found, known);
    }
}
