//! Applied in the printed order, nothing refers to an object that comes later.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cases::outputs;
use crate::walkthroughs::annotations;

#[test]
fn nothing_refers_to_an_object_that_comes_later() {
    let mut found = 0;
    for (case, objects) in outputs() {
        let identity = |object: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                text(&object["kind"]),
                text(&object["metadata"]["namespace"]),
                text(&object["metadata"]["name"]),
            )
        };
        let all: BTreeSet<_> = objects.iter().map(identity).collect();
        let mut before = BTreeSet::new();
        for object in objects {
            for reference in references(object) {
                let there = before.contains(&reference);
                assert!(
                    there || !all.contains(&reference),
                    "{}: {reference:?} comes after {:?}",
                    case.display(),
                    identity(object)
                );
                found += usize::from(there);
            }
            before.insert(identity(object));
        }
    }
    assert!(found > 30, "only {found} references were found");
}

/// Kind, namespace and name of everything that an object names.
fn references(object: &Value) -> Vec<(String, String, String)> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut found = Vec::new();
    let mut add = |kind: &str, namespace: &str, name: &str| {
        found.push((kind.to_owned(), namespace.to_owned(), name.to_owned()));
    };
    for (key, value) in annotations(object) {
        if key == "auth-tls-secret" {
            let (namespace, name) = value.split_once('/').unwrap();
            add("Secret", namespace, name);
        }
    }
    let mut open = vec![object];
    while let Some(value) = open.pop() {
        open.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        open.extend(value.as_array().into_iter().flatten());
        if let Some(name) = value["secretName"].as_str() {
            add("Secret", namespace, name);
        }
        for (key, kind) in
            [("service", "Service"), ("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")]
        {
            if let Some(name) = value[key]["name"].as_str() {
                add(kind, namespace, name);
            }
        }
    }
    found
}
