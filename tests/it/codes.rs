//! The register of codes, and `mtlsgen explain`. In the folder are set-ups whose message is expected by its code.

mod certificates;
mod holders;
mod rendering;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mtlsgen::diagnostic::{Severity, codes};

use crate::support::{Run, Sandbox, root, run};

/// One protected host, with one client.
const SPEC: &str = r#"
[cas.clients]
[clients.alice]
issuer = "clients"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;

/// A folder with `before`, [`SPEC`] and `after` as its spec.
fn around(before: &str, after: &str) -> Sandbox {
    Sandbox::with_toml(&format!("{before}{SPEC}{after}"))
}

/// A folder with [`SPEC`] in which everything was issued.
fn issued() -> Sandbox {
    let sandbox = around("", "");
    sandbox.ok(&["render", "-q"]);
    sandbox
}

/// Puts `new` in the place of `old` in the spec, which has it once.
fn replace(sandbox: &Sandbox, old: &str, new: &str) {
    let spec = sandbox.read("mtls.toml");
    assert_eq!(spec.matches(old).count(), 1, "{old}: {spec}");
    sandbox.write("mtls.toml", spec.replace(old, new));
}

/// Runs the program and expects `message`, such as `error[CODE]`; an error alone makes it fail.
fn expect(sandbox: &Sandbox, arguments: &[&str], message: &str) {
    let run = sandbox.run(arguments);
    assert!(run.stderr.contains(message), "{arguments:?}, {message}: {}", run.stderr);
    assert_eq!(run.status != 0, message.starts_with("error["), "{arguments:?}: {}", run.stderr);
}

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

/// Texts in which tests say what they expect, each with whether it is code; this file apart, which says it of none.
fn expectations(folder: &Path, in_tests: bool, found: &mut Vec<(bool, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            expectations(&path, in_tests || name == "tests", found);
            continue;
        }
        let is_code = name.ends_with(".rs");
        let is_page = name.ends_with(".md");
        if is_page || path.ends_with(file!()) || !(in_tests || is_code) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if in_tests || name == "tests.rs" {
            found.push((is_code, text));
        } else if let Some((_, tests)) = text.split_once("#[cfg(test)]\nmod tests {") {
            found.push((is_code, tests.to_owned()));
        }
    }
}

/// The codes that a text of a test expects: with their severities, in JSON, and in code as literals. A word that
/// is more than a code counts where its line speaks of codes, and a message that a test makes up does not.
fn expected(text: &str, is_code: bool) -> BTreeSet<&str> {
    let mut codes = BTreeSet::new();
    for severity in ["error[", "warning[", "notice["] {
        codes.extend(text.split(severity).skip(1).filter_map(|rest| rest.split(']').next()));
    }
    let lines = text.lines().filter(|line| is_code || line.contains("\"code\""));
    for line in lines {
        let made_up = ["error", "warning", "notice"];
        let made_up = made_up.map(|severity| format!("Diagnostic::{severity}("));
        let pieces: Vec<&str> = line.split('"').collect();
        let pairs = pieces.windows(2).map(|pair| (pair[0], pair[1]));
        let literals = pairs
            .filter(|(before, _)| !made_up.iter().any(|call| before.ends_with(call)))
            .map(|(_, literal)| literal.trim_end_matches('\\'));
        codes.extend(literals.filter(|word| word.contains('-') || line.contains("code")));
    }
    codes
}

#[test]
fn every_code_is_expected_by_a_test() {
    let mut texts = Vec::new();
    for (folder, in_tests) in [("src", false), ("tests", true), ("examples", true)] {
        expectations(&root().join(folder), in_tests, &mut texts);
    }
    let mut missing: BTreeSet<&str> = codes::all().iter().map(|code| code.name).collect();
    for (is_code, text) in &texts {
        for code in expected(text, *is_code) {
            missing.remove(code);
        }
    }
    assert_eq!(missing, BTreeSet::new(), "no test expects these codes");
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
