//! Commands that messages propose are runnable as printed: with the `-f` and `--set` of the command that proposes them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::kustomize::doctor::command::quoted;

/// Commands that read a spec.
const COMMANDS: [&str; 12] = [
    "access",
    "issue",
    "list",
    "render",
    "spec",
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

/// The folder that this run was to write, as a flag.
static OUTPUT: OnceLock<String> = OnceLock::new();

/// Proposals to repeat a refused run with one more flag.
const REPEATED: [&str; 2] = ["mtlsgen render --rename-store", "mtlsgen render --new-authorities"];

/// Has commands that repeat this run with one more flag write the same folder.
pub fn remember_output(folder: &Path) {
    let _ = OUTPUT.set(format!(" -o {}", quoted(&folder.to_string_lossy())));
}

/// Has all that is proposed from now on name these files and values. The first ones count.
pub fn remember(files: &[PathBuf], values: &[String]) {
    let files = files.iter().map(|file| format!(" -f {}", quoted(&file.to_string_lossy())));
    let values = values.iter().map(|value| format!(" --set {}", quoted(value)));
    let _ = FLAGS.set(files.chain(values).collect());
}

/// `text`, where each command between backticks that reads a spec names the files.
pub fn completed(text: &str) -> Cow<'_, str> {
    let [flags, output] = [&FLAGS, &OUTPUT].map(|one| one.get().map_or("", String::as_str));
    with_flags(text, flags, output)
}

/// A command that reads a spec, with the files.
pub fn command(command: &str) -> String {
    let flags = FLAGS.get().map_or("", String::as_str);
    format!("{command}{flags}")
}

fn with_flags<'t>(text: &'t str, flags: &str, output: &str) -> Cow<'t, str> {
    let has_pairs = text.matches('`').count().is_multiple_of(2);
    if flags.is_empty() && output.is_empty() || !text.contains("`mtlsgen ") || !has_pairs {
        return Cow::Borrowed(text);
    }
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| match at % 2 {
        1 => {
            let output = if repeats_run(part) { output } else { "" };
            let flags = if reads_spec(part) { flags } else { "" };
            Cow::Owned(format!("{part}{output}{flags}"))
        }
        _ => Cow::Borrowed(part),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("`"))
}

fn repeats_run(part: &str) -> bool {
    REPEATED.iter().any(|command| part.starts_with(command)) && !part.contains(" -o ")
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
        let complete = |text| with_flags(text, " -f 'a b.toml'", " -o x").into_owned();
        for (text, expected) in [
            ("run `mtlsgen render`", "run `mtlsgen render -f 'a b.toml'`"),
            ("`mtlsgen cert renew --all`, or", "`mtlsgen cert renew --all -f 'a b.toml'`, or"),
            ("`mtlsgen render -f x`", "`mtlsgen render -f x`"),
            ("`mtlsgen render --file=x`", "`mtlsgen render --file=x`"),
            (
                "`mtlsgen render --rename-store` once",
                "`mtlsgen render --rename-store -o x -f 'a b.toml'` once",
            ),
            (
                "`mtlsgen render --new-authorities -o y`",
                "`mtlsgen render --new-authorities -o y -f 'a b.toml'`",
            ),
            ("`mtlsgen renders`", "`mtlsgen renders`"),
            ("`mtlsgen import x`, `a`", "`mtlsgen import x`, `a`"),
            ("mtlsgen render", "mtlsgen render"),
            ("an odd ` and `mtlsgen render`", "an odd ` and `mtlsgen render`"),
        ] {
            assert_eq!(complete(text), expected);
        }
        assert_eq!(with_flags("`mtlsgen render`", "", ""), "`mtlsgen render`");
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
