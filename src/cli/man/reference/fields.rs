//! The fields of what commands print as JSON, from the schemas of the outputs.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::{cell, code, code_of, first_sentence, list, table};
use crate::cli::outputs::{OUTPUTS, Output};

/// A table for each output.
pub(super) fn fields() -> String {
    let plan = Output::find("plan").expect("it is in the list");
    let (plan_name, plan) = (plan.name, rows(&plan.schema()));
    let of_output = |output: &Output| {
        let mut rows = rows(&output.schema());
        let has_plan = output.name != plan_name && plan.iter().all(|row| rows.contains(row));
        if has_plan {
            rows.retain(|row| !plan.contains(row));
        }
        let beside =
            if has_plan { format!(", beside all of `{plan_name}`") } else { String::new() };
        let by = output.printed_by();
        let table = table(["field", "type", "meaning"], &rows);
        format!("\n### `{}`\n\nPrinted by {by}{beside}.\n{table}", output.name)
    };
    OUTPUTS.iter().map(of_output).collect()
}

fn rows(schema: &Value) -> Vec<[String; 3]> {
    let mut walk = Walk { definitions: &schema["$defs"], known: BTreeMap::new() };
    let fields = walk.fields(schema, "");
    let row = |(path, field): (String, Field)| {
        let may_be_absent = if field.is_optional { " (optional)" } else { "" };
        let types = field.types.join(", ");
        [code(&path), types + may_be_absent, cell(&field.meaning)]
    };
    fields.into_iter().map(row).collect()
}

struct Field {
    types: Vec<String>,
    meaning: String,
    is_optional: bool,
}

struct Walk<'a> {
    definitions: &'a Value,
    /// Where each definition is described.
    known: BTreeMap<String, String>,
}

impl<'a> Walk<'a> {
    /// The fields of a schema and below it, by their paths.
    fn fields(&mut self, schema: &'a Value, path: &str) -> IndexMap<String, Field> {
        let mut found = IndexMap::new();
        if let Some(name) = reference(schema) {
            if !self.known.contains_key(name) {
                self.known.insert(name.to_owned(), path.to_owned());
                found = self.fields(&self.definitions[name], path);
            }
            return found;
        }
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{key}");
            let required = schema["required"].as_array().into_iter().flatten();
            let field = Field {
                types: self.types(property),
                meaning: first_sentence(
                    property["description"].as_str().unwrap_or("Which form it has."),
                )
                .to_owned(),
                is_optional: required.into_iter().all(|one| one != key),
            };
            found.insert(path.clone(), field);
            found.extend(self.fields(property, &path));
        }
        if schema["items"].is_object() {
            found.extend(self.fields(&schema["items"], &format!("{path}[]")));
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            let parts = schema[key].as_array().map(Vec::as_slice).unwrap_or_default();
            self.add_parts(parts, path, &mut found);
        }
        found
    }

    /// Fields of alternatives: one that not all of the objects have is optional.
    fn add_parts(&mut self, parts: &'a [Value], path: &str, found: &mut IndexMap<String, Field>) {
        let mut all: IndexMap<String, (usize, Field)> = IndexMap::new();
        let objects = parts.iter().filter(|part| part["type"] == "object").count();
        for part in parts {
            for (path, Field { types, meaning, is_optional }) in self.fields(part, path) {
                let new = Field { types: Vec::new(), meaning, is_optional };
                let (count, known) = all.entry(path).or_insert((0, new));
                *count += 1;
                known.is_optional |= is_optional;
                for one in types {
                    if !known.types.contains(&one) {
                        known.types.push(one);
                    }
                }
            }
        }
        let joined = all.into_iter().map(|(path, (count, field))| {
            let is_optional = field.is_optional || count < objects;
            (path, Field { is_optional, ..field })
        });
        found.extend(joined);
    }

    /// What a field may be: types, or the values.
    fn types(&self, schema: &Value) -> Vec<String> {
        if let Some(name) = reference(schema) {
            return match self.known.get(name) {
                Some(path) => {
                    vec![format!("object as {}", code(if path.is_empty() { "." } else { path }))]
                }
                None => self.types(&self.definitions[name]),
            };
        }
        let one = schema.get("const").map(std::slice::from_ref);
        if let Some(values) = one.or(schema["enum"].as_array().map(Vec::as_slice)) {
            return values.iter().map(code_of).collect();
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(parts) = schema[key].as_array() {
                let mut types: Vec<String> =
                    parts.iter().flat_map(|part| self.types(part)).collect();
                types.dedup();
                return types;
            }
        }
        let name = |of: &Value| match of.as_str() {
            Some("array") => {
                format!("list of {}", list(self.types(&schema["items"]).into_iter(), ", "))
            }
            name => name.unwrap_or("anything").to_owned(),
        };
        match &schema["type"] {
            Value::Array(types) => types.iter().map(name).collect(),
            one => vec![name(one)],
        }
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}
