//! The JSON Schema: what renders validates, what is wrong in itself does not, and editors find it.

mod agreement;

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use crate::cases::cases;
use crate::support::{root, run};

const FILE: &str = "schema/mtls.schema.json";

/// Wrong specs of `tests/invalid` that the schema accepts: what is wrong with them lies between several
/// keys, or in files.
const BEYOND_THE_SCHEMA: &[&str] = &[
    "allow-foreign.toml",
    "annotations.toml",
    "controller-aliases.toml",
    "controller-names.toml",
    "controller-paths.toml",
    "derived-store.toml",
    "empty-spec.toml",
    "encryption-twice.toml",
    "generations.toml",
    "host-names.toml",
    "hosts-disagree.toml",
    "incomplete-chain.toml",
    "issuer-cycle.toml",
    "issuer-without-key.toml",
    "name-constraints.toml",
    "names-missing.toml",
    "namespaces.toml",
    "patches.toml",
    "path-length.toml",
    "reserved.toml",
    "same-objects.toml",
    "same-subject.toml",
    "several-authorities.toml",
    "shared-causes.toml",
    "shared-root.toml",
    "short-durations.toml",
    "supplied-authorities.toml",
    "supplied-server-certificates.toml",
    "templates-folder-missing.yaml",
    "unknown-references.toml",
];

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(FILE)).unwrap()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

/// A spec as JSON; `None` if it cannot be read at all.
fn read(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "toml") {
        serde_json::to_value(toml::from_str::<toml::Table>(&text).ok()?).ok()
    } else {
        serde_saphyr::from_str(&text).ok()
    }
}

/// The spec of a case.
fn spec(case: &Path) -> PathBuf {
    let names = ["mtls.toml", "mtls.yaml", "mtls.yml"];
    names.iter().map(|name| case.join(name)).find(|path| path.is_file()).unwrap()
}

#[test]
fn the_file_is_what_the_program_prints() {
    assert_eq!(run(&["schema"]).stdout, fs::read_to_string(root().join(FILE)).unwrap());
    jsonschema::draft7::meta::validate(&schema()).unwrap();
    assert_eq!(schema()["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn every_example_and_case_is_valid() {
    let validator = validator();
    for case in cases() {
        let spec = read(&spec(&case)).unwrap();
        let errors: Vec<_> = validator.iter_errors(&spec).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", case.display());
    }
}

#[test]
fn what_init_writes_is_valid() {
    for flags in [
        &[][..],
        &["--tls", "none"],
        &["--tls", "ca=x"],
        &["--tls", "secret=x", "--no-client-auth"],
        &["--service", "s", "--client", "a", "--client", "b c"],
    ] {
        let text = run(&[&["init", "-o", "-", "--as", "yaml"], flags].concat()).stdout;
        let spec: Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<_> =
            validator().iter_errors(&spec).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{flags:?}: {errors:?}");
    }
}

#[test]
fn wrong_specs_are_not_valid() {
    let validator = validator();
    let (mut refused, mut accepted) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(root().join("tests/invalid")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !matches!(path.extension().and_then(|e| e.to_str()), Some("toml" | "yaml")) {
            continue;
        }
        let is_valid = read(&path).is_some_and(|spec| validator.is_valid(&spec));
        if is_valid { &mut accepted } else { &mut refused }.push(name);
    }
    accepted.sort();
    assert_eq!(accepted, BEYOND_THE_SCHEMA);
    assert!(refused.len() > 10, "{refused:?}");
}

#[test]
fn every_example_shows_editors_where_the_schema_is() {
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = spec(&entry.unwrap().path());
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        let start = if path.extension().unwrap() == "toml" {
            "#:schema "
        } else {
            "# yaml-language-server: $schema="
        };
        let relative =
            first.strip_prefix(start).unwrap_or_else(|| panic!("{}: {first}", path.display()));
        let file = path.parent().unwrap().join(relative).canonicalize().unwrap();
        assert_eq!(file, root().join(FILE).canonicalize().unwrap(), "{}", path.display());
    }
}

#[test]
fn every_key_is_described() {
    fn check(value: &Value, at: &str, missing: &mut Vec<String>) {
        for (key, property) in value["properties"].as_object().into_iter().flatten() {
            // `true` and references mean what another part of the schema describes.
            let elsewhere =
                property["$ref"].as_str().is_some_and(|to| to.starts_with("#/properties/"));
            let described = property["description"].as_str().is_some_and(|text| !text.is_empty())
                && property["description"] == property["markdownDescription"];
            if property.is_object() && !elsewhere && !described {
                missing.push(format!("{at}.{key}"));
            }
        }
        match value {
            Value::Object(map) => {
                for (key, value) in map.iter().filter(|(key, _)| *key != "allOf") {
                    check(value, &format!("{at}.{key}"), missing);
                }
            }
            Value::Array(items) => items.iter().for_each(|value| check(value, at, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    check(&schema(), "", &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}
