//! The register of codes, and `mtlsgen explain`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mtlsgen::diagnostic::{Severity, codes};

use crate::support::{Run, root, run};

/// Texts of all source files, tests apart.
fn sources(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, texts);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            // However the arguments of a call are wrapped.
            texts.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

/// The texts in quotation marks that stand behind these words.
fn literals_behind<'t>(text: &'t str, words: &'t str) -> impl Iterator<Item = &'t str> {
    let pieces = text.split(words).skip(1);
    pieces.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

#[test]
fn every_code_of_a_message_is_in_the_register() {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let mut known: BTreeSet<&str> = codes::all().iter().map(|code| code.name).collect();
    for text in &texts {
        for (kind, severity) in [
            ("error", Severity::Error),
            ("warning", Severity::Warning),
            ("notice", Severity::Notice),
        ] {
            for of in ["Diagnostic", "Problem"] {
                for code in literals_behind(text, &format!("{of}::{kind}(")) {
                    let found = codes::find(code);
                    let is_known = found.is_some_and(|one| one.severities.contains(&severity));
                    assert!(is_known, "`{code}` is not in the register, as {severity:?}");
                }
            }
        }
        for code in literals_behind(text, "CommandError::world(") {
            assert!(codes::find(code).is_some(), "`{code}` is not in the register");
        }
        known.retain(|code| !text.contains(&format!("\"{code}\"")));
    }
    assert_eq!(known, BTreeSet::new(), "no message has these codes");
}

#[test]
fn every_page_of_a_code_is_there() {
    for code in codes::all() {
        assert!(root().join(code.page).is_file(), "{}: {}", code.name, code.page);
    }
}

#[test]
fn explain_says_what_a_code_means() {
    let Run { status, stdout, .. } = run(&["explain", "names-meet"]);
    assert_eq!(status, 0);
    let meaning = codes::find("names-meet").unwrap().meaning;
    assert_eq!(
        stdout,
        format!("names-meet (error)\n\n{meaning}\n\nMore: docs/targets/ingress-nginx.md\n")
    );
    let Run { status, stdout, .. } = run(&["explain"]);
    assert_eq!((status, stdout.lines().count()), (0, codes::all().len()));
    assert!(stdout.contains("plain-http  ") && stdout.contains("  error, warning"));
    let Run { stdout, .. } = run(&["explain", "plain-http", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["severities"], serde_json::json!(["error", "warning"]));
    let Run { status, stderr, .. } = run(&["explain", "names-met"]);
    assert_eq!(status, 2);
    assert!(
        stderr.contains("no code `names-met`") && stderr.contains("did you mean `names-meet`?")
    );
}
