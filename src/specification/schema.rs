//! The JSON Schema of the spec, for editors and other programs.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Spec;
use super::document::{API_VERSION, KIND};
use super::plugin::Plugin;

/// Address of the schema.
const ID: &str = "https://mtlsgen.dev/schema/mtls.schema.json";

/// The JSON Schema (draft 7) of a spec, in both of its forms.
///
/// Types are inlined: editors ignore what stands beside a `$ref`, descriptions above all. The keys
/// of both forms stand side by side at the top, where all editors complete from; `if` says which go
/// together.
#[must_use]
pub fn json_schema() -> Value {
    let mut spec = schema_of::<Spec>();
    let Value::Object(mut properties) = spec["properties"].take() else { return spec };
    let keys: Vec<String> = properties.keys().cloned().collect();
    let object = object_properties(&keys);
    let object_keys = object.keys().map(String::as_str).chain(["$schema"]);
    let then = only(object_keys, &["apiVersion", "kind", "metadata", "spec"]);
    properties.extend(object.clone());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ID,
        "title": spec["title"],
        "description": spec["description"],
        "type": "object",
        "properties": properties,
        "if": { "anyOf": [{ "required": ["apiVersion"] }, { "required": ["kind"] }] },
        "then": then,
        "else": only(keys.iter().map(String::as_str), &[]),
    })
}

fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// What stands under `plugin`.
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

/// Takes out what is true of the Rust types only: nulls, empty defaults, number formats.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(schema) => {
            schema.values_mut().for_each(tidy);
            drop_null(schema);
            // A property may have that name as well.
            if schema.get("format").is_some_and(Value::is_string) {
                schema.remove("format");
            }
            if let Some(Value::String(description)) = schema.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            if schema.get("default").is_some_and(is_empty) {
                schema.remove("default");
            }
            open_patterns(schema);
        }
        _ => {}
    }
}

fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::Object(default) => default.values().all(is_empty),
        Value::Array(default) => default.is_empty(),
        _ => false,
    }
}

/// An absent key is absent: null is not written for it.
fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(options)) = schema.get_mut("anyOf") else { return };
    options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = options.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.entry(key).or_insert(value);
        }
    }
}

/// `patternProperties` of a table with free keys become `propertyNames` and `additionalProperties`,
/// which more editors complete from.
fn open_patterns(schema: &mut Map<String, Value>) {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let Some(Value::Object(patterns)) = schema.get("patternProperties") else { return };
    let mut patterns = patterns.clone().into_iter();
    if let (true, Some((pattern, value)), None) = (closed, patterns.next(), patterns.next()) {
        schema.remove("patternProperties");
        schema.insert("propertyNames".to_owned(), json!({ "pattern": pattern }));
        schema.insert("additionalProperties".to_owned(), value);
    }
}
#[cfg(test)]
mod tests;
