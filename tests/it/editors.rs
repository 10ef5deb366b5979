//! What editors say of a wrong spec: Taplo of TOML, yaml-language-server of YAML, and ajv and the crate `jsonschema`, which
//! others are made with. Each names the key that is wrong, and none lists alternatives that it is none of.

mod specs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

pub use specs::right;

use specs::{Case, cases, object_form};

use crate::support::{editor_tools, output_of, root, run};

const SCHEMA: &str = "schema/mtls.schema.json";

/// Each case with what one validator says of it is judged: it has the expected words, and nothing beside them.
fn judge(validator: usize, case: &Case, name: &str, said: &BTreeSet<String>) {
    let expected = &case.expected[validator];
    assert!(
        said.iter().any(|said| said.contains(expected)),
        "{name}: no `{expected}` in {said:#?}"
    );
    for said in said {
        let is_missing = case.missing.is_some_and(|key| {
            ["required property '", "Missing property \"", "\""].iter().any(|before| {
                said.contains(&format!("{before}{key}")) && said.to_lowercase().contains("propert")
            })
        });
        // ajv also names the branch in which it found the fault.
        let is_branch = said.contains("must match \"then\" schema")
            || said.contains("must match \"else\" schema");
        assert!(said.contains(expected) || is_missing || is_branch, "{name}: {said}");
    }
}

fn schema_file() -> PathBuf {
    root().join(SCHEMA)
}

fn json_schema() -> Value {
    serde_json::from_str(&fs::read_to_string(schema_file()).unwrap()).unwrap()
}

#[test]
fn the_crate_names_what_is_wrong() {
    let validator = jsonschema::draft7::new(&json_schema()).unwrap();
    for spec in [right(), object_form(&right())] {
        let errors: Vec<_> = validator.iter_errors(&spec).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0]);
    }
    for (name, case) in cases() {
        let said = validator.iter_errors(&case.value).map(|error| error.to_string());
        judge(3, &case, &name, &said.collect());
    }
}

/// What ajv and yaml-language-server say of each spec, and what the latter shows for keys.
fn answers(folder: &Path, cases: &Value) -> Value {
    let script = root().join("tests/it/editors/judge.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .args([folder, &schema_file()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(cases.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lines(said: &Value) -> BTreeSet<String> {
    said.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

#[test]
fn ajv_and_yaml_language_server_name_what_is_wrong() {
    let Some(folder) = editor_tools() else { return };
    let cases = cases();
    let mut asked: Map<String, Value> = cases
        .iter()
        .map(|(name, case)| {
            (name.clone(), json!({ "value": case.value, "text": case.value.to_string() }))
        })
        .collect();
    let shown = "hosts:\n  a.example.com:\n    service: web\n    tls:\n      issuer: self-signed\n    clientAuth:\n      verify: optional\n";
    let value = json!({ "hosts": { "a.example.com": { "service": "web" } } });
    asked.insert(
        "right".to_owned(),
        json!({ "value": value, "text": shown, "hover": ["tls", "issuer", "verify", "service"] }),
    );
    let said = answers(&folder, &json!({ "cases": asked }));
    for (name, case) in &cases {
        judge(0, case, name, &lines(&said[name]["ajv"]));
        judge(1, case, name, &lines(&said[name]["yaml"]));
    }
    let right = &said["right"];
    assert_eq!((&right["ajv"], &right["yaml"]), (&json!([]), &json!([])));
    for (key, words) in [
        ("tls", "`false` for HTTP only"),
        ("issuer", "or `self-signed`"),
        ("verify", "A certificate of a trusted authority is required."),
        ("service", "Service behind `/`"),
    ] {
        let hover = right["hover"][key].as_str().unwrap();
        assert!(hover.contains(words), "{key}: {hover}");
    }
}

/// JSON as TOML, every table of the second level on one line.
fn toml(value: &Value) -> String {
    fn inline(value: &Value) -> String {
        match value {
            Value::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{} = {}", json!(key), inline(value)));
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
            Value::Array(items) => {
                format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
            }
            scalar => scalar.to_string(),
        }
    }
    let entries = value.as_object().unwrap();
    entries.iter().map(|(key, value)| format!("{} = {}\n", json!(key), inline(value))).collect()
}

fn taplo(folder: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg(folder.join("node_modules/.bin/taplo")).env("NO_COLOR", "1");
    command
}

#[test]
fn taplo_names_what_is_wrong() {
    let Some(folder) = editor_tools() else { return };
    let specs = tempfile::tempdir().unwrap();
    let cases = cases();
    let mut command = taplo(&folder);
    command.args(["lint", "--schema", &format!("file://{}", schema_file().display())]);
    for (name, case) in &cases {
        fs::write(specs.path().join(name).with_extension("toml"), toml(&case.value)).unwrap();
        command.arg(specs.path().join(name).with_extension("toml"));
    }
    fs::write(specs.path().join("right.toml"), toml(&right())).unwrap();
    command.arg(specs.path().join("right.toml"));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut message = "";
    for line in text.lines() {
        if let Some(words) = line.strip_prefix("error: ") {
            message = words;
        } else if let Some((_, place)) = line.split_once("┌─ ") {
            let file = Path::new(place.split(".toml:").next().unwrap()).file_name().unwrap();
            said.entry(file.to_str().unwrap().to_owned()).or_default().insert(message.to_owned());
        }
    }
    for (name, case) in &cases {
        judge(
            2,
            case,
            name,
            said.get(name).unwrap_or_else(|| panic!("{name}: {}", &text[..text.len().min(2000)])),
        );
    }
    assert!(!said.contains_key("right"), "{:?}", said["right"]);
}

/// `taplo fmt`, and prettier, which yaml-language-server formats with, change nothing.
#[test]
fn formatters_leave_what_init_writes_and_the_examples_alone() {
    let Some(folder) = editor_tools() else { return };
    let specs = tempfile::tempdir().unwrap();
    let mut texts = BTreeMap::new();
    let long = "a-name-of-sixty-three-characters-that-is-as-long-as-names-can-be";
    for (index, flags) in [
        &[][..],
        &["--with-schema"],
        &["--tls", "none"],
        &["--tls", "ca=servers", "--service", "s", "--client", "a,b c"],
        &["--tls", "cert-manager=letsencrypt", "--no-client-auth"],
        &["--tls", "secret=x", "--ca", &long[..63]],
    ]
    .iter()
    .enumerate()
    {
        for format in ["toml", "yaml"] {
            let target = specs.path().join(format!("{format}-{index}"));
            let arguments =
                [&["init", "--format", format], *flags, &[target.to_str().unwrap()]].concat();
            let run = run(&arguments);
            assert_eq!(run.status, 0, "{}", run.stderr);
            let file = target.join("mtls").with_extension(format);
            texts.insert(file.clone(), fs::read_to_string(file).unwrap());
        }
    }
    for example in fs::read_dir(root().join("examples")).unwrap() {
        let example = example.unwrap();
        if let Ok(text) = fs::read_to_string(example.path().join("mtls.toml")) {
            let copy = specs.path().join(example.file_name()).with_extension("toml");
            fs::write(&copy, &text).unwrap();
            texts.insert(copy, text);
        }
    }
    let with = |ending: &str| {
        texts.keys().filter(|file| file.extension().unwrap() == ending).cloned().collect::<Vec<_>>()
    };
    output_of(taplo(&folder).arg("fmt").args(with("toml")).current_dir(specs.path()));
    let prettier = folder.join("node_modules/.bin/prettier");
    output_of(
        Command::new("node").arg(prettier).args(["--write", "--no-config"]).args(with("yaml")),
    );
    for (file, text) in texts {
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "{}", file.display());
    }
}

/// Every table that knows its keys, wherever it is: one that it does not know is the only fault that is found.
#[test]
fn an_unknown_key_is_the_only_fault_anywhere() {
    fn walk(
        schema: &Value,
        make: &dyn Fn(Value) -> Value,
        at: &str,
        tables: &mut Vec<(String, Value)>,
    ) {
        let required = schema["required"].as_array().into_iter().flatten();
        let closed = schema["additionalProperties"] == false;
        if closed {
            tables.push((at.to_owned(), make(json!({ "mispelt": 1 }))));
        }
        // What is required is left out: that it is missing is a fault of its own.
        assert!(required.count() <= 2, "{at}");
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            walk(property, &|value| make(json!({ key: value })), &format!("{at}/{key}"), tables);
        }
        if schema["additionalProperties"].is_object() {
            walk(
                &schema["additionalProperties"],
                &|value| make(json!({ "a": value })),
                &format!("{at}/*"),
                tables,
            );
        }
        if schema["items"].is_object() {
            walk(&schema["items"], &|value| make(json!([value])), &format!("{at}[]"), tables);
        }
    }
    let schema = json_schema();
    let mut tables = Vec::new();
    for (key, property) in schema["properties"].as_object().unwrap() {
        if !["apiVersion", "kind", "metadata", "plugin", "spec"].contains(&key.as_str()) {
            walk(property, &|value| json!({ key: value }), key, &mut tables);
        }
    }
    assert!(tables.len() > 30, "{}", tables.len());
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for (at, value) in tables {
        for value in [value.clone(), object_form(&value)] {
            let said: Vec<_> =
                validator.iter_errors(&value).map(|error| error.to_string()).collect();
            let (unknown, others): (Vec<_>, Vec<_>) =
                said.iter().partition(|said| said.contains("'mispelt' was unexpected"));
            assert_eq!(unknown.len(), 1, "{at}: {said:?}");
            assert!(
                others.iter().all(|said| said.ends_with("is a required property")),
                "{at}: {said:?}"
            );
        }
    }
}
