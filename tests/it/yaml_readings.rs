//! A text of YAML means the same to everyone who reads it, or is refused: PyYAML (YAML 1.1) and ruamel.yaml (YAML 1.2) are
//! the judges.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use mtlsgen::diagnostic::{Diagnostic, Source};
use mtlsgen::specification::document::read;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::support::{Sandbox, objects, python};

fn diagnostics(text: &str) -> Vec<Diagnostic> {
    let source =
        Source { name: "mtls.yaml".into(), directory: PathBuf::new(), text: text.to_owned() };
    read(&[Arc::new(source)]).1
}

/// Type and value that PyYAML and ruamel.yaml read, or that they refuse it.
fn judges(texts: &[String]) -> Option<BTreeMap<String, [String; 2]>> {
    const READERS: &str = "
import sys, json, yaml, ruamel.yaml
strict = ruamel.yaml.YAML(typ='safe', pure=True)
def said(load, text):
    try:
        value = load('x: ' + text + '\\n')
        value = value['x'] if list(value) == ['x'] else value
    except Exception as error:
        return 'refused'
    return type(value).__name__ + ' ' + str(value)
print(json.dumps({text: [said(yaml.safe_load, text), said(strict.load, text)] for text in json.load(sys.stdin)}))
";
    let mut python = Command::new(python()?)
        .args(["-c", READERS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(&serde_json::to_vec(texts).unwrap()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Scalars that some programs read differently.
fn scalars() -> Vec<String> {
    let known = [
        "on",
        "off",
        "yes",
        "no",
        "y",
        "n",
        "Y",
        "N",
        "On",
        "OFF",
        "true",
        "False",
        "oN",
        "0100",
        "014",
        "0o14",
        "08",
        "0",
        "1_000",
        "0b1",
        "0b11",
        "0x1F",
        "-0x1F",
        "+1",
        "1e3",
        "1.0e+3",
        "1.5e3",
        "1:30",
        "22:22",
        "1:30.5",
        "80:80",
        "~",
        "null",
        ".inf",
        ".nan",
        "-.INF",
        "2024-01-01",
        "2024-1-1",
        "2024-01-01T10:00:00Z",
        "2001-12-14 21:59:43.10 -5",
        "=",
        "<<",
        "1.10",
        ".5",
        "-.5",
        "5.",
        "1.2.3",
        "10.0.0.1",
        "0.0.0.0/0",
        "!!str 0100",
        "!!int 014",
        "!!float 1",
        "'on'",
        "\"0100\"",
        "!!str on",
        "12345678901234567890123",
        "0_",
        "1_",
        "_1",
        "0x",
        "0b",
        "0o",
        "+",
        "1__0",
        "0x_1",
        "02:10:20",
        "2001:db8::1",
        "a:b",
        "-0",
        "00",
        "-012",
        "+0o7",
        "190:20:30.15",
        "685_230.15",
    ];
    let random = prop_oneof![
        "[0-9+._:exob-]{1,6}",
        "[+-]?[0-9][0-9_]{0,4}([.:][0-9_]{0,3}){0,2}([eE][+-]?[0-9]{1,2})?",
        "0[xob]?[0-9a-f_]{1,4}",
        "[12][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,2})?(Z| ?[+-][0-9]{1,2})?)?",
        "[yYnNoOfFeEsStTrRuUlLaA]{1,5}",
    ];
    let mut runner = TestRunner::deterministic();
    let random = (0..4000).map(|_| random.new_tree(&mut runner).unwrap().current());
    known.iter().map(|&text| text.to_owned()).chain(random).collect()
}

/// What a message says that YAML 1.1 reads, in the words of the judge.
fn claimed(title: &str) -> Option<String> {
    let before = title.split_once(" to YAML 1.1")?.0;
    let (_, words) = before.rsplit_once("to YAML 1.2, and ")?;
    Some(words.replace("the number ", "int ").replace("the boolean ", "bool ").replace('`', ""))
}

#[test]
fn what_is_read_means_the_same_to_all_readers() {
    let scalars = scalars();
    let Some(judges) = judges(&scalars) else { return };
    let (mut refused, mut accepted) = (0, 0);
    for (text, [older, newer]) in &judges {
        let found = diagnostics(&format!("annotations:\n  x: {text}\n"));
        if found.iter().any(|one| one.code == "syntax") {
            continue;
        }
        let Some(words) = found.iter().find(|one| one.code == "two-readings") else {
            if found.is_empty() {
                accepted += 1;
                // Underscores are digits to ruamel.yaml, against the core schema of YAML 1.2.
                assert!(
                    older == newer || text.contains('_'),
                    "`{text}` is accepted: {older}, {newer}"
                );
                assert_ne!(older, "refused", "`{text}` is accepted");
                assert!(!older.starts_with("date"), "`{text}` is accepted, and {older}");
            }
            continue;
        };
        refused += 1;
        let Some(claimed) = claimed(&words.title) else {
            assert!(words.title.contains("to Kustomize"), "{}", words.title);
            continue;
        };
        let is_right = match claimed.as_str() {
            "a string" => older.starts_with("str "),
            "a date" => older.starts_with("date") || older == "refused",
            "a number" => ["float ", "int ", "refused"].iter().any(|kind| older.starts_with(kind)),
            "the sign of a default value" | "the sign that merges tables" => true,
            // PyYAML leaves out the one letter that YAML 1.1 and kubectl have.
            "bool true" | "bool false" if text.len() == 1 => true,
            claimed => older.to_lowercase() == claimed,
        };
        assert!(is_right, "{}: PyYAML reads {older}", words.title);
    }
    assert!(accepted > 500 && refused > 500, "{accepted} {refused}");
}

#[test]
fn what_has_two_readings_says_both_and_what_to_write() {
    for (text, title, help) in [
        (
            "0100",
            "`0100` is the number `100` to YAML 1.2, and the number `64` to YAML 1.1 and to Kustomize",
            "write `100`, `64`, or `\"0100\"` for a string",
        ),
        (
            "on",
            "`on` is a string to YAML 1.2, and the boolean `true` to YAML 1.1",
            "write `true`, or `\"on\"` for a string",
        ),
        (
            "0o14",
            "`0o14` is the number `12` to YAML 1.2, and a string to YAML 1.1",
            "write `12`, or `\"0o14\"` for a string",
        ),
        (
            "1e3",
            "`1e3` is the number `1000` to YAML 1.2, and a string to YAML 1.1",
            "write `1000`, or `\"1e3\"` for a string",
        ),
        (
            "1:30",
            "`1:30` is a string to YAML 1.2, and the number `90` to YAML 1.1",
            "write `90`, or `\"1:30\"` for a string",
        ),
        (
            "2024-01-01",
            "`2024-01-01` is a string to YAML 1.2, and a date to YAML 1.1 and to Kustomize",
            "write `\"2024-01-01\"`",
        ),
        (
            "=",
            "`=` is a string to YAML 1.2, and the sign of a default value to YAML 1.1",
            "write `\"=\"`",
        ),
    ] {
        let found = diagnostics(&format!("annotations: {{x: {text}}}\n"));
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].title.as_str(), found[0].help.join("\n").as_str()), (title, help));
    }
    let found = diagnostics("labels: {no: x, 010: x}\n");
    let titles: Vec<&str> = found.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "the key `no` is a string to YAML 1.2, and the boolean `false` to YAML 1.1",
            "the key `010` is the number `10` to YAML 1.2, and the number `8` to YAML 1.1 and to Kustomize",
        ]
    );
    let found = diagnostics("# comment\u{2028}hosts: {}\n");
    assert_eq!(
        found[0].title,
        "the character U+2028 ends a line in YAML 1.1, and is text in YAML 1.2"
    );
}

/// `true` to YAML 1.1, and a word to YAML 1.2: `verify` takes both for the same.
#[test]
fn verify_means_the_same_in_both() {
    let spec = |verify: &str| {
        format!(
            "cas: {{clients: {{}}}}\nservices: {{web: {{image: httpd, port: 80}}}}\nhosts:\n  a.example.com:\n    service: web\n    tls: {{issuer: self-signed}}\n    clientAuth: {{cas: [clients], verify: {verify}}}\n"
        )
    };
    let annotation = |verify: &str| {
        let sandbox = Sandbox::new();
        sandbox.write("mtls.yaml", spec(verify));
        let run = sandbox.ok(&["render", "-q"]);
        let ingress =
            objects(&run.stdout).into_iter().find(|one| one["kind"] == "Ingress").unwrap();
        ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-tls-verify-client"]
            .clone()
    };
    for verify in ["on", "\"on\"", "true"] {
        assert_eq!(annotation(verify), Value::from("on"), "{verify}");
    }
    for verify in ["off", "false"] {
        assert_eq!(annotation(verify), annotation("'off'"), "{verify}");
    }
    for verify in ["yes", "On"] {
        let codes: Vec<&str> = diagnostics(&spec(verify)).iter().map(|one| one.code).collect();
        assert_eq!(codes, ["two-readings"], "{verify}");
    }
    let env = "services: {web: {image: httpd, port: 80, env: {verify: on}}}\n";
    assert_eq!(diagnostics(env)[0].code, "two-readings");
}
