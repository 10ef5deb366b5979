//! The schema accepts what the program reads, and refuses what it refuses, over specs with random mistakes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use mtlsgen::diagnostic::{Severity, Source};
use mtlsgen::specification::document::read;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::validator;
use crate::editors::right;
use crate::support::Sandbox;

/// Errors of reading, the spec written as YAML's JSON.
fn reading_errors(spec: &Value) -> Vec<String> {
    let source =
        Source { name: "mtls.yaml".into(), directory: PathBuf::new(), text: spec.to_string() };
    let (document, mut found) = read(&[Arc::new(source)]);
    found.extend(document.deserialize().1);
    let errors = found.into_iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| format!("{}: {}", one.code, one.title)).collect()
}

/// Errors of the schema, and whether all of them are about what is missing, which the program says when it has read all.
fn schema_errors(spec: &Value) -> (Vec<String>, bool) {
    let errors: Vec<String> =
        validator().iter_errors(spec).map(|error| error.to_string()).collect();
    let are_missing = errors.iter().all(|error| {
        error.ends_with("is a required property") || error.ends_with("has less than 1 item")
    });
    (errors, are_missing)
}

/// Every pointer of a value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect()
        }
        _ => return,
    };
    for (key, child) in children {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(child, &at, all);
        all.push(at);
    }
}

#[derive(Clone, Debug)]
enum Change {
    Remove,
    Rename(&'static str),
    Replace(Value),
}

fn change() -> impl Strategy<Value = Change> {
    const WORDS: &[&str] = &["issuer", "cas", "name", "port", "x", "service", "duration", "X_Y"];
    let values = [
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(80),
        json!(70000),
        json!(1.5),
        json!(""),
        json!("x"),
        json!("X_Y"),
        json!("on"),
        json!("off"),
        json!("optional"),
        json!("deployment"),
        json!("10y"),
        json!("0x02"),
        json!("keyCompromise"),
        json!("CN=a"),
        json!([]),
        json!(["a"]),
        json!([1]),
        json!({}),
        json!({ "a": "b" }),
        json!({ "issuer": "a" }),
        json!([{ "name": "A" }]),
        json!({ "cas": ["a"] }),
        json!(2048),
    ];
    prop_oneof![
        1 => Just(Change::Remove),
        1 => prop::sample::select(WORDS).prop_map(Change::Rename),
        3 => prop::sample::select(values.to_vec()).prop_map(Change::Replace),
    ]
}

fn apply(spec: &mut Value, place: prop::sample::Index, change: &Change) {
    let mut all = Vec::new();
    pointers(spec, "", &mut all);
    if all.is_empty() {
        return;
    }
    let at = place.get(&all);
    let (parent, key) = at.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match change {
        Change::Replace(value) => *spec.pointer_mut(at).unwrap() = value.clone(),
        Change::Remove | Change::Rename(_) => match spec.pointer_mut(parent).unwrap() {
            Value::Object(map) => {
                let value = map.remove(&key).unwrap();
                if let Change::Rename(name) = change {
                    map.entry(*name).or_insert(value);
                }
            }
            Value::Array(list) => drop(list.remove(key.parse().unwrap())),
            _ => {}
        },
    }
}

/// What the program judges more finely than the schema: lengths of time, addresses, and texts that have a grammar.
const FINER: &[&str] = &[
    "is not a length of time",
    "is too short",
    "is not an IP address",
    "recipient",
    "subject",
    "is not a DNS name",
    "is not a serial number",
    "empty list",
    "image",
    "attribute",
    "is empty",
    "domain",
    "is not a name of a host",
    "reserved",
    "environment variable",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn the_schema_and_the_program_agree(changes in prop::collection::vec((any::<prop::sample::Index>(), change()), 1..3)) {
        let mut spec = right();
        for (place, change) in &changes {
            apply(&mut spec, *place, change);
        }
        let read = reading_errors(&spec);
        let (said, are_missing) = schema_errors(&spec);
        if read.is_empty() {
            prop_assert!(are_missing, "the program reads {spec}, the schema says {said:#?}");
        } else if said.is_empty() {
            let is_finer = read.iter().all(|error| FINER.iter().any(|words| error.contains(words)));
            prop_assert!(is_finer, "the schema accepts {spec}, the program says {read:#?}");
        }
    }
}

/// What every spec needs is required where no other file can say it, and the program says the same.
#[test]
fn what_is_missing_is_missing_to_both() {
    let complete = json!({
        "controllers": [{ "name": "ingress-nginx" }],
        "cas": { "clients": {} },
        "services": { "web": { "image": "httpd", "ports": [{ "name": "http", "port": 80 }], "env": [{ "name": "A" }] } },
        "hosts": { "a.example.com": { "routes": [{ "service": "web" }], "tls": { "issuer": "self-signed" } } },
        "clients": { "alice": { "issuer": "clients" } },
    });
    assert_eq!(schema_errors(&complete).0, [""; 0]);
    let sandbox = Sandbox::new();
    sandbox.write("mtls.yaml", complete.to_string());
    sandbox.ok(&["render", "-q"]);
    for (table, key) in [
        ("/controllers/0", "name"),
        ("/services/web/ports/0", "port"),
        ("/services/web/env/0", "name"),
        ("/hosts/a.example.com/routes/0", "service"),
        ("/clients/alice", "issuer"),
    ] {
        let mut spec = complete.clone();
        spec.pointer_mut(table).unwrap().as_object_mut().unwrap().remove(key);
        assert_eq!(schema_errors(&spec).0, [format!("{key:?} is a required property")], "{table}");
        let sandbox = Sandbox::new();
        sandbox.write("mtls.yaml", spec.to_string());
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{table}");
        assert!(run.stderr.contains(key), "{table}: {}", run.stderr);
    }
}

/// Entries of tables are merged across files, those of lists are not.
#[test]
fn files_that_are_merged_need_not_say_everything() {
    let part = json!({ "clients": { "alice": { "revoked": true } } });
    let object = |spec: &Value, plugin: Value| json!({ "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": { "name": "a" }, "spec": spec, "plugin": plugin });
    let mut with_include = part.clone();
    with_include["include"] = json!([]);
    for (spec, is_valid) in [
        (part.clone(), false),
        (with_include.clone(), true),
        (object(&part, json!({})), false),
        (object(&with_include, json!({})), true),
        (object(&part, json!({ "specFiles": ["mtls.toml"] })), true),
    ] {
        assert_eq!(schema_errors(&spec).0.is_empty(), is_valid, "{spec}");
    }
    let sandbox = Sandbox::new();
    let base = "cas: {clients: {}}\nclients: {alice: {issuer: clients}}\n";
    sandbox.write("base.yaml", base);
    sandbox.write("more.yaml", with_include.to_string());
    sandbox.ok(&["render", "-q", "-f", "base.yaml", "-f", "more.yaml"]);
    let codes: BTreeSet<String> = reading_errors(&with_include).into_iter().collect();
    assert_eq!(codes, BTreeSet::new());
}
