//! README.md and docs/command-line.md: the Ingress that README shows is what comes out, commands and flags exist, links lead
//! somewhere. `typed.rs` types what README shows.
//!
//! `MTLSGEN_UPDATE=1 cargo test` rewrites the output that it shows: read before you accept.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Sandbox, object, objects, root, run};

fn text() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn commands() -> String {
    fs::read_to_string(root().join("docs/command-line.md")).unwrap()
}

/// The contents of the fenced blocks with that beginning.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let inside = text.split(&start).skip(1);
    inside.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Words between backticks, outside of fenced blocks.
fn spans(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
}

fn subcommands() -> BTreeSet<String> {
    let help = run(&["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    list.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_ingress_shown_is_the_one_of_the_first_spec() {
    let text = text();
    let sandbox = Sandbox::with_toml(&blocks(&text, "toml mtls.toml")[0]);
    let run = sandbox.ok(&["render"]);
    let documents = run.stdout.split("---\n");
    let ingress = documents.into_iter().find(|yaml| yaml.contains("kind: Ingress\n")).unwrap();
    let shown = blocks(&text, "yaml");
    assert_eq!(shown.len(), 1, "one block of output");
    if std::env::var_os("MTLSGEN_UPDATE").is_some() {
        let rewritten =
            text.replace(&format!("```yaml\n{}```", shown[0]), &format!("```yaml\n{ingress}```"));
        fs::write(root().join("README.md"), rewritten).unwrap();
    } else {
        assert_eq!(shown[0], ingress, "MTLSGEN_UPDATE=1 cargo test rewrites it");
    }
    for span in spans(&text).iter().filter(|span| span.starts_with("--cert ")) {
        for path in span.split_whitespace().filter(|word| word.starts_with("pki/")) {
            assert!(sandbox.path(path).is_file(), "{path}");
        }
    }
    let all = objects(&run.stdout);
    let trust = object(&all, "Secret", "demo-example-com-tls-cacert");
    assert_eq!(trust["data"].as_object().unwrap().len(), 1);
}

#[test]
fn every_flag_that_it_names_exists() {
    let text = text() + &commands();
    let commands = subcommands();
    let console = blocks(&text, "console");
    let lines = console.iter().flat_map(|block| block.lines()).filter_map(|l| l.strip_prefix("$ "));
    let mut found = 0;
    for span in spans(&text).iter().map(String::as_str).chain(lines) {
        // What another program reads ends the part that is ours.
        let ours = span.split(" | ").next().unwrap();
        let words: Vec<&str> = ours.split_whitespace().collect();
        let Some(first) = words.first() else { continue };
        let rest = match words.iter().position(|word| *word == "mtlsgen" || *word == "--") {
            Some(at) if *first == "mtlsgen" || *first == "cargo" => &words[at + 1..],
            // Kustomize's own command.
            _ if words.starts_with(&["kustomize", "build"]) => continue,
            _ if first.starts_with('-') || commands.contains(*first) => &words[..],
            _ => continue,
        };
        let help = match rest.first() {
            Some(command) if commands.contains(*command) => {
                let below = rest.get(1).filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
                let nested = below.map(|below| run(&[command, below, "--help"]));
                let nested = nested.filter(|run| run.status == 0).map(|run| run.stdout);
                nested.unwrap_or_else(|| run(&[command, "--help"]).stdout)
            }
            Some(any) if any.starts_with('-') || *any == "COMMAND" => {
                commands.iter().map(|command| run(&[command, "--help"]).stdout).collect()
            }
            other => panic!("`{span}`: no command {other:?}"),
        };
        // `--cert` and `--key` are curl's.
        for flag in rest
            .iter()
            .filter(|word| word.starts_with('-') && !matches!(**word, "--cert" | "--key"))
        {
            let flag = flag.split('=').next().unwrap();
            let known =
                help.split(|c: char| c.is_whitespace() || c == ',').any(|word| word == flag);
            assert!(known, "`{span}`: there is no flag {flag}");
            found += 1;
        }
    }
    assert!(found > 8, "only {found} flags were found");
}

#[test]
fn the_table_of_commands_is_complete() {
    let text = commands();
    let table = text.split("\n## ").find(|section| section.starts_with("Commands\n")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let named: BTreeSet<String> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
        .map(|command| command.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert_eq!(named, subcommands());
}

#[test]
fn every_example_is_in_the_table_and_every_link_leads_somewhere() {
    let text = text();
    let links: BTreeSet<&str> =
        text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    for link in links.iter().filter(|link| !link.contains("://")) {
        assert!(root().join(link).exists(), "{link}");
    }
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let folder = entry.unwrap().file_name();
        let start = format!("examples/{}/", folder.to_str().unwrap());
        assert!(links.iter().any(|link| link.starts_with(&start)), "{start} is in no table");
    }
}

#[test]
fn every_key_in_backticks_is_known() {
    let schema = run(&["schema"]).stdout;
    for span in spans(&text()) {
        let is_key = span.contains(|c: char| c.is_ascii_uppercase())
            && span.starts_with(|c: char| c.is_ascii_lowercase())
            && span.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        if is_key {
            for part in span.split('.') {
                assert!(
                    schema.contains(&format!("\"{part}\"")),
                    "`{span}` is not a key of the spec"
                );
            }
        }
    }
}
