//! The register of codes, and `mtlsgen explain`. In the folder are set-ups whose message is expected by its code.

mod certificates;
mod holders;
mod rendering;
mod secrets;

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

/// A code and, where it is said, a severity.
type Expected<'t> = (&'t str, Option<Severity>);

const SEVERITIES: [(Severity, &str, &str); 3] = [
    (Severity::Error, "error", "Severity::Error"),
    (Severity::Warning, "warning", "Severity::Warning"),
    (Severity::Notice, "notice", "Severity::Notice"),
];

/// What a text of a test expects: `SEVERITY[CODE]`, codes in JSON, and in code as literals. A word that is more than
/// a code counts where its line speaks of codes, and a message that a test makes up does not.
fn expected(text: &str, is_code: bool) -> BTreeSet<Expected<'_>> {
    let mut found = BTreeSet::new();
    for (severity, word, _) in SEVERITIES {
        let words = format!("{word}[");
        let codes = text.split(&words).skip(1).filter_map(|rest| rest.split(']').next());
        found.extend(codes.map(|code| (code, Some(severity))));
    }
    for line in text.lines().filter(|line| is_code || line.contains("\"code\"")) {
        let said = SEVERITIES.into_iter().find(|(.., named)| line.contains(named));
        let severity = said.map(|(severity, ..)| severity);
        let is_made_up = |before: &str| {
            SEVERITIES.iter().any(|(_, word, _)| before.ends_with(&format!("Diagnostic::{word}(")))
        };
        let pieces: Vec<&str> = line.split('"').collect();
        let literals = pieces.windows(2).filter(|pair| !is_made_up(pair[0])).map(|pair| pair[1]);
        let words = literals.map(|literal| literal.trim_end_matches('\\'));
        let codes = words.filter(|word| word.contains('-') || line.contains("code"));
        found.extend(codes.map(|code| (code, severity)));
    }
    found
}

#[test]
fn every_code_is_expected_by_a_test_with_each_of_its_severities() {
    let mut texts = Vec::new();
    for (folder, in_tests) in [("src", false), ("tests", true), ("examples", true)] {
        expectations(&root().join(folder), in_tests, &mut texts);
    }
    let found: BTreeSet<Expected<'_>> =
        texts.iter().flat_map(|(is_code, text)| expected(text, *is_code)).collect();
    let mut missing = Vec::new();
    for code in codes::all() {
        let is_expected = |severity| found.contains(&(code.name, severity));
        match code.severities.as_slice() {
            [one] if is_expected(None) || is_expected(Some(*one)) => {}
            all => missing.extend(
                all.iter().filter(|one| !is_expected(Some(**one))).map(|one| (code.name, *one)),
            ),
        }
    }
    assert_eq!(missing, [], "no test expects these codes");
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
