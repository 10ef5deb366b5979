//! A spec among the files that a command takes for something else: it is named with `-f`, or belongs to another command.

use std::any::TypeId;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};

use super::report::CommandError;
use crate::diagnostic::{Diagnostic, literal};
use crate::io::input;
use crate::manifest::Wiped;
use crate::yaml;

/// Tables of which every spec has at least one.
const TABLES: [&str; 3] = ["cas", "clients", "hosts"];

/// Files and folders that the arguments of a command name without a flag.
#[derive(Debug)]
pub struct Paths {
    /// The command.
    command: String,
    /// Whether it reads a spec, named with `-f`.
    reads_spec: bool,
    /// As they are written, in their order.
    named: Vec<PathBuf>,
}

impl Paths {
    /// Those of the subcommand of `command` that is run.
    pub fn of(command: &clap::Command, matches: &ArgMatches) -> Self {
        let (mut command, mut matches) = (command, matches);
        let mut name = command.get_name().to_owned();
        while let Some((called, below)) = matches.subcommand() {
            let Some(found) = command.find_subcommand(called) else { break };
            (command, matches) = (found, below);
            name = format!("{name} {called}");
        }
        let values = |argument: &Arg| {
            let values = matches.get_raw(argument.get_id().as_str());
            values.into_iter().flatten().map(PathBuf::from).collect::<Vec<_>>()
        };
        Self {
            command: name,
            reads_spec: command.get_arguments().any(is_flag_of_spec),
            named: command
                .get_arguments()
                .filter(|argument| is_path(argument))
                .flat_map(values)
                .collect(),
        }
    }

    /// Refuses what is a spec.
    ///
    /// # Errors
    /// One of them is a spec.
    pub fn refuse_spec(&self) -> Result<(), CommandError> {
        let Some(path) = self.named.iter().find(|path| is_spec(path)) else { return Ok(()) };
        let shown = literal(&path.to_string_lossy());
        let title = format!("{shown} is a spec, and `{}` takes other files there", self.command);
        let help = if self.reads_spec {
            format!("name the spec with `-f {}`", path.display())
        } else {
            format!(
                "leave it out: `{}` reads no spec; commands such as `render` do, with `-f {}`",
                self.command,
                path.display()
            )
        };
        Err(CommandError::Input(vec![Diagnostic::error("arguments", title).help(help)]))
    }
}

/// Whether an argument without a flag is a file or a folder.
fn is_path(argument: &Arg) -> bool {
    argument.is_positional() && argument.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

fn is_flag_of_spec(argument: &Arg) -> bool {
    argument.get_id() == "files" && argument.get_short() == Some('f')
}

/// Whether a file is a spec, as far as its name and its tables show.
fn is_spec(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    if !["toml", "yaml", "yml", "json"].contains(&end) || !path.is_file() {
        return false;
    }
    let Ok(content) = input::read_bytes(path) else { return false };
    let Ok(text) = std::str::from_utf8(&content) else { return false };
    if end == "toml" {
        // What is not TOML yet is still none of the files that commands take.
        let table = toml::from_str::<toml::Table>(text);
        return table.map_or(true, |table| TABLES.iter().any(|name| has_table(&table, name)));
    }
    // Kubernetes objects, of Secrets too, are not read here.
    if text.contains("apiVersion") {
        return false;
    }
    let Ok(documents) = yaml::parse(text) else { return false };
    let is_one = |document: Wiped| TABLES.iter().any(|name| document[*name].is_object());
    documents.into_iter().map(Wiped::from).any(is_one)
}

fn has_table(table: &toml::Table, name: &str) -> bool {
    table.get(name).is_some_and(toml::Value::is_table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test has files of its own")]
    fn specs_are_known_by_their_tables() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            ("a.toml", "[cas.clients]\n", true),
            ("a.toml", "hosts.\"a.test\".service = \"x\"\n", true),
            ("a.toml", "[cas\n", true),
            ("a.toml", "[package]\nname = \"x\"\n", false),
            ("a.yaml", "clients: {alice: {}}\n", true),
            ("a.yaml", "kind: Secret\napiVersion: v1\nhosts: {}\n", false),
            ("a.yaml", "[\n", false),
            ("a.json", "{\"hosts\": {\"a.test\": {}}}", true),
            // A request of cfssl.
            ("a.json", "{\"CN\": \"a\", \"hosts\": [\"a.test\"]}", false),
            ("a.pem", "[cas.clients]\n", false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            assert_eq!(is_spec(&path), expected, "{text}");
        }
        assert!(!is_spec(&folder.path().join("absent.toml")));
    }

    /// `tests/it/cli_frame.rs` asks each of these.
    #[test]
    fn all_commands_that_take_files_are_known() {
        fn find(command: &clap::Command, above: &str, found: &mut Vec<String>) {
            for below in command.get_subcommands() {
                let name = format!("{above}{}", below.get_name());
                if below.get_arguments().any(is_path) {
                    found.push(name.clone());
                }
                find(below, &format!("{name} "), found);
            }
        }
        let mut found = Vec::new();
        find(&crate::cli::command(), "", &mut found);
        found.sort();
        assert_eq!(
            found,
            ["access", "cert show", "diff", "doctor kustomize", "import", "init", "kustomize"]
        );
    }
}
