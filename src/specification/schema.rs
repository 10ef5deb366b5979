//! The JSON Schema of the spec, for editors and other programs.

mod tidy;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Spec;
use super::document::{API_VERSION, KIND};
use super::plugin::Plugin;
use tidy::{describe, tidy};

/// Address of the schema.
const ID: &str = "https://mtlsgen.dev/schema/mtls.schema.json";

/// The JSON Schema (draft 7) of a spec, in both of its forms.
///
/// Types are inlined: editors ignore all keys beside a `$ref`, descriptions above all. The keys
/// of both forms are side by side at the top, where all editors complete from; `if` says which go
/// together.
#[must_use]
pub fn json_schema() -> Value {
    let mut spec = schema_of::<Spec>();
    let Value::Object(mut properties) = spec["properties"].take() else { return spec };
    let keys: Vec<String> = properties.keys().cloned().collect();
    let object = object_properties(&keys);
    let object_keys = object.keys().map(String::as_str).chain(["$schema"]);
    let then = only(object_keys, &["apiVersion", "kind", "metadata", "spec"]);
    properties.extend(object);
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ID,
        "title": spec["title"],
        "description": spec["description"],
        "type": "object",
        "properties": properties,
        "if": { "anyOf": [{ "required": ["apiVersion"] }, { "required": ["kind"] }] },
        "then": then,
        "else": only(keys.iter().map(String::as_str), &[]),
        "allOf": [whole()],
    });
    describe(&mut schema);
    schema
}

/// What a spec has to say that is not merged with other files, where entries of several files become one.
fn whole() -> Value {
    let merges = json!({ "anyOf": [
        { "required": ["include"] },
        { "required": ["spec"], "properties": { "spec": { "required": ["include"] } } },
        { "required": ["plugin"], "properties": { "plugin": { "required": ["specFiles"] } } },
    ] });
    let clients = json!({ "clients": { "additionalProperties": { "required": ["issuer"] } } });
    let mut both = clients.clone();
    both["spec"] = json!({ "properties": clients });
    json!({ "if": merges, "else": { "properties": both } })
}

fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// The schema of `plugin`.
fn plugin() -> Value {
    let mut plugin = schema_of::<Plugin>();
    if let Value::Object(plugin) = &mut plugin {
        plugin.retain(|key, _| !matches!(key.as_str(), "$schema" | "title"));
    }
    plugin
}

/// Allows these keys alone, some of them required.
fn only<'a>(keys: impl Iterator<Item = &'a str>, required: &[&str]) -> Value {
    let properties: Map<_, _> = keys.map(|key| (key.to_owned(), Value::Bool(true))).collect();
    json!({ "properties": properties, "required": required, "additionalProperties": false })
}

/// The properties of the object form, as Kustomize wants it; the spec in it has these keys.
fn object_properties(keys: &[String]) -> Map<String, Value> {
    let reference = |key: &String| (key.clone(), json!({ "$ref": format!("#/properties/{key}") }));
    let spec: Map<_, _> = keys.iter().map(reference).collect();
    let properties = [
        (
            "apiVersion",
            json!({ "description": "API version of the object form.", "const": API_VERSION }),
        ),
        ("kind", json!({ "description": "Kind of the object form.", "const": KIND })),
        (
            "metadata",
            json!({
                "description": "Metadata of the object form; its `name` is the spec's unless that is said.",
                "type": "object",
                "properties": { "name": {
                    "description": "Name of the object, which Kubernetes requires.",
                    "type": "string",
                    "minLength": 1,
                } },
                "required": ["name"],
            }),
        ),
        ("plugin", plugin()),
        (
            "spec",
            json!({
                "description": "The spec, in the object form.",
                "type": "object",
                "properties": spec,
                "additionalProperties": false,
            }),
        ),
    ];
    properties.into_iter().map(|(key, schema)| (key.to_owned(), schema)).collect()
}

#[cfg(test)]
mod tests;
