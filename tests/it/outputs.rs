//! What commands print as JSON is what `mtlsgen schema NAME` says of it: no field that it does not name, and each that it
//! names. Every run of the tests that prints JSON is held to its schema.

mod coverage;
mod inspected;
mod scenes;
mod witnesses;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::Value;

use crate::support::{Run, mtlsgen, root};

/// A schema as the program prints it.
pub struct Schema {
    pub value: Value,
    validator: Validator,
}

impl Schema {
    /// That of an output, by its name.
    pub fn of(name: &str) -> Arc<Self> {
        static KNOWN: LazyLock<Mutex<BTreeMap<String, Arc<Schema>>>> =
            LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap();
        let schema = known.entry(name.to_owned()).or_insert_with(|| {
            let printed = mtlsgen(&["schema", name]).output().unwrap();
            let value: Value = serde_json::from_slice(&printed.stdout).unwrap();
            let validator = jsonschema::draft202012::options().should_validate_formats(true);
            Arc::new(Self { validator: validator.build(&value).unwrap(), value })
        });
        schema.clone()
    }

    /// What is wrong with a value.
    pub fn mistakes(&self, value: &Value) -> Vec<String> {
        let words =
            |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
        self.validator.iter_errors(value).map(words).collect()
    }
}

/// What a run printed as JSON: names of outputs, and values.
pub fn printed(arguments: &[&str], run: &Run) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    if has(arguments, "--message-format", "json") {
        let values = run.stderr.lines().filter_map(|line| serde_json::from_str(line).ok());
        found.extend(values.map(|value| ("message", value)));
    }
    let value = serde_json::from_str(&run.stdout).ok();
    if let (true, Some(name), Some(value)) =
        (has(arguments, "--format", "json"), name(arguments), value)
    {
        found.push((name, value));
    }
    found
}

/// Whether a flag has a value.
fn has(arguments: &[&str], flag: &str, value: &str) -> bool {
    let ours = arguments.split(|one| *one == "--").next().unwrap_or_default();
    let is_next = ours.windows(2).any(|two| two == [flag, value]);
    is_next || ours.contains(&format!("{flag}={value}").as_str())
}

/// The output that a command prints with `--format json`.
fn name(arguments: &[&str]) -> Option<&'static str> {
    let has = |flags: &[&str]| {
        arguments
            .iter()
            .any(|one| flags.iter().any(|flag| one == flag || one.starts_with(&format!("{flag}="))))
    };
    let is_to_folder = has(&["-o", "--output"]);
    let words: Vec<&str> = arguments.iter().copied().filter(|one| !one.starts_with('-')).collect();
    Some(match words.as_slice() {
        ["access", ..] if has(&["--diff"]) => "access-diff",
        ["access", ..] => "access",
        ["ca", "rotate", ..] => "ca-rotate",
        ["cert", "renew", ..] | ["issue", ..] => "plan",
        ["cert", "revoke", ..] => "cert-revoke",
        ["cert", "show", ..] => "cert-show",
        ["diff", ..] => "diff",
        ["doctor", "kustomize", ..] => "doctor-kustomize",
        ["explain", ..] => "explain",
        ["import", ..] => "import",
        ["list", ..] => "list",
        ["render", ..] if has(&["--dry-run"]) => "plan",
        ["render", ..] if is_to_folder => "render",
        ["render", ..] => "manifests",
        ["spec", ..] if has(&["--merged"]) => "spec-merged",
        ["spec", ..] => "spec",
        ["status", ..] => "status",
        ["templates", ..] => "templates",
        _ => return None,
    })
}

/// Holds what a run printed to its schemas.
pub fn check(command: &Command, run: &Run) {
    let arguments: Vec<&str> = command.get_args().filter_map(|one| one.to_str()).collect();
    for (name, value) in printed(&arguments, run) {
        let mistakes = Schema::of(name).mistakes(&value);
        assert!(
            mistakes.is_empty(),
            "{arguments:?} prints\n{value:#}\nwhich does not fit `{name}`: {mistakes:#?}"
        );
    }
}

/// The names of all outputs.
fn names() -> Vec<String> {
    let reference = std::fs::read_to_string(root().join("docs/reference.md")).unwrap();
    let section = reference.split("### `mtlsgen schema`").nth(1).unwrap();
    let row = section.lines().find(|line| line.contains("`[OUTPUT]`")).unwrap();
    let values = row.split(" | ").nth(1).unwrap();
    values.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn schemas_are_schemas() {
    for name in names() {
        let schema = &Schema::of(&name).value;
        jsonschema::draft202012::meta::validate(schema).unwrap();
        let id = format!("https://mtlsgen.dev/schema/outputs/{name}.schema.json");
        assert_eq!(schema["$id"], id.as_str());
    }
    assert_eq!(names().len(), 18);
}
