//! Every field that a schema names is printed, and no field that it does not name is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Schema, inspected, names, scenes, witnesses};
use crate::support::tool;

/// Fields that no run here prints, by the object that has them.
const NOT_PRINTED: [(&str, &str); 5] = [
    // A handshake with another name than the request is asked about only where hosts are compared.
    ("Its handshake had another name.", "answer"),
    ("Its handshake had another name.", "verdict"),
    // Every controller that is known writes the headers, or lets clients write them.
    ("The backend does not get the client's certificate.", "dependsOn"),
    ("The backend does not get the client's certificate.", "path"),
    ("The backend does not get the client's certificate.", "shows"),
];

/// What was printed, held against the schemas.
#[derive(Default)]
pub struct Coverage {
    /// Fields with a value, by what describes the object.
    printed: BTreeSet<(String, String)>,
    /// Objects that a made-up field was put into.
    spoilt: BTreeSet<String>,
    /// Objects that take one.
    open: Vec<String>,
}

impl Coverage {
    pub fn add(&mut self, name: &str, value: &Value) {
        let schema = Schema::of(name);
        let mistakes = schema.mistakes(value);
        assert!(mistakes.is_empty(), "{value:#} does not fit `{name}`: {mistakes:#?}");
        let mut walk = Walk { name, schema: &schema, whole: value, coverage: self };
        walk.value(&schema.value, value, "");
    }
}

struct Walk<'a> {
    name: &'a str,
    schema: &'a Schema,
    whole: &'a Value,
    coverage: &'a mut Coverage,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Value, value: &Value, pointer: &str) {
        let schema = resolved(&self.schema.value, schema);
        if let (Some(fields), Some(properties)) =
            (value.as_object(), schema["properties"].as_object())
        {
            self.refuses_more(schema, pointer);
            for (key, field) in fields {
                let Some(property) = properties.get(key) else { continue };
                if !field.is_null() && field.as_array().is_none_or(|list| !list.is_empty()) {
                    self.coverage.printed.insert((object(schema), key.clone()));
                }
                let key = key.replace('~', "~0").replace('/', "~1");
                self.value(property, field, &format!("{pointer}/{key}"));
            }
        }
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            self.value(&schema["items"], item, &format!("{pointer}/{at}"));
        }
        for part in parts(schema) {
            if fits(resolved(&self.schema.value, part), value) {
                self.value(part, value, pointer);
            }
        }
    }

    /// Puts a field into the object that no schema names.
    fn refuses_more(&mut self, schema: &Value, pointer: &str) {
        if self.coverage.spoilt.insert(format!("{}: {}", self.name, object(schema))) {
            let mut spoilt = self.whole.clone();
            spoilt.pointer_mut(pointer).unwrap()["madeUp"] = 1.into();
            if self.schema.mistakes(&spoilt).is_empty() {
                self.coverage.open.push(format!("{}{pointer}", self.name));
            }
        }
    }
}

/// What an object is, apart from where.
fn object(schema: &Value) -> String {
    let keys = schema["properties"].as_object().unwrap().keys().map(String::as_str);
    let description = schema["description"].as_str().unwrap_or_default();
    format!("{description} {}", keys.collect::<Vec<_>>().join(" "))
}

fn resolved<'a>(whole: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => whole.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf"].into_iter().flat_map(|key| schema[key].as_array().into_iter().flatten())
}

/// Whether a value is of an alternative, as far as its fields say.
fn fits(schema: &Value, value: &Value) -> bool {
    let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
    let is_same = |(key, property): (&String, &Value)| {
        property.get("const").is_none_or(|wanted| value.get(key).is_none_or(|own| own == wanted))
    };
    let is_of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("null") => value.is_null(),
        _ => true,
    };
    is_of_type
        && schema["required"].as_array().into_iter().flatten().all(has)
        && schema["properties"].as_object().into_iter().flatten().all(is_same)
}

/// Every field of a schema, with where it is.
fn fields(schema: &Value, pointer: &str, found: &mut BTreeMap<(String, String), String>) {
    if let Some(properties) = schema["properties"].as_object() {
        for key in properties.keys() {
            found.insert((object(schema), key.clone()), format!("{pointer}/{key}"));
        }
    }
    match schema {
        Value::Object(map) => {
            map.iter().for_each(|(key, one)| fields(one, &format!("{pointer}/{key}"), found));
        }
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(at, one)| fields(one, &format!("{pointer}/{at}"), found));
        }
        _ => {}
    }
}

#[test]
fn every_field_is_printed_and_no_other_is_allowed() {
    if tool("openssl").is_none() {
        return;
    }
    let mut coverage = Coverage::default();
    for scene in [scenes::all, witnesses::all, inspected::all] {
        scene(&mut coverage);
    }
    let mut all = BTreeMap::new();
    for name in names() {
        fields(&Schema::of(&name).value, &name, &mut all);
    }
    let printed = |field: &(String, String)| coverage.printed.contains(field);
    let is_excepted = |(object, field): &(String, String)| {
        NOT_PRINTED.iter().any(|(of, name)| object.starts_with(of) && field == name)
    };
    let unprinted: Vec<_> =
        all.iter().filter(|(field, _)| !printed(field) && !is_excepted(field)).collect();
    assert!(unprinted.is_empty(), "no run prints these fields: {unprinted:#?}");
    let excepted: Vec<_> = all.keys().filter(|field| is_excepted(field)).collect();
    assert!(!excepted.iter().any(|field| printed(field)), "some are not exceptions: {excepted:#?}");
    assert_eq!(excepted.len(), NOT_PRINTED.len(), "{excepted:#?}");
    assert!(coverage.open.is_empty(), "these take any field: {:#?}", coverage.open);
    assert!(coverage.spoilt.len() > 60);
}
