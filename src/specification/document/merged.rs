//! The merged spec as a text again: TOML, YAML or JSON, each value with the place that it comes from.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::Document;
use super::node::{Node, Place, Scalar, Table, Value};
use crate::diagnostic::json::Position;
use crate::diagnostic::{Source, is_unsafe};
use crate::yaml::scalar;

/// A merged spec for programs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MergedSpec")]
pub struct Merged {
    /// The spec, as `mtlsgen schema` describes it.
    #[schemars(extend("type" = "object"))]
    spec: Json,
    /// Where each single value and list is written.
    origins: Vec<Origin>,
}

/// Where a value is written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ValueOrigin")]
struct Origin {
    /// Dotted key of the value, as `--set` takes it.
    key: String,
    #[serde(flatten)]
    place: Option<Position>,
}

impl Document {
    /// The texts that were merged, in that order; values of `--set` are texts of their own.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().map(|source| &**source)
    }

    /// Whether all of its texts are specs, so that they may be shown.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.hidden.is_empty()
    }

    /// As TOML, with a comment behind each value that says where it is written.
    #[must_use]
    pub fn merged_toml(&self) -> String {
        let mut text = String::new();
        if let Value::Table(table) = &self.root.value {
            self.write_toml(&mut text, table, "");
        }
        text
    }

    fn write_toml(&self, text: &mut String, table: &Table, above: &str) {
        let is_table = |node: &Node| matches!(node.value, Value::Table(_));
        for (key, entry) in table.iter().filter(|(_, entry)| !is_table(&entry.node)) {
            // TOML has no null: a comment shows it.
            let off = if entry.node.is_null() { "# " } else { "" };
            let (key, value) = (toml_key(key), toml_value(&entry.node));
            let _ = writeln!(text, "{off}{key} = {value}  # {}", self.origin(entry.node.place));
        }
        for (key, entry) in table {
            let Value::Table(below) = &entry.node.value else { continue };
            let dot = if above.is_empty() { "" } else { "." };
            let path = format!("{above}{dot}{}", toml_key(key));
            let is_needed = below.is_empty() || below.values().any(|entry| !is_table(&entry.node));
            if is_needed {
                let gap = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}[{path}]  # {}", self.origin(entry.key));
            }
            self.write_toml(text, below, &path);
        }
    }

    /// As YAML, with a comment behind each value that says where it is written.
    #[must_use]
    pub fn merged_yaml(&self) -> String {
        let mut text = String::new();
        match &self.root.value {
            Value::Table(table) if !table.is_empty() => self.write_yaml(&mut text, table, 0),
            _ => text.push_str("{}\n"),
        }
        text
    }

    fn write_yaml(&self, text: &mut String, table: &Table, indent: usize) {
        for (key, entry) in table {
            let (key, node) = (scalar::scalar(key), &entry.node);
            let mut line = |words: &str, place| {
                let _ = writeln!(text, "{:indent$}{words}  # {}", "", self.origin(place));
            };
            match &node.value {
                Value::Table(below) if !below.is_empty() => {
                    line(&format!("{key}:"), entry.key);
                    self.write_yaml(text, below, indent + 2);
                }
                Value::List(items) if !items.is_empty() => {
                    line(&format!("{key}:"), node.place);
                    for item in items {
                        line(&format!("- {}", yaml_value(item)), item.place);
                    }
                }
                _ => line(&format!("{key}: {}", yaml_value(node)), node.place),
            }
        }
    }

    /// For programs.
    #[must_use]
    pub fn merged(&self) -> Merged {
        let mut origins = Vec::new();
        self.add_origins(&self.root, "", &mut origins);
        Merged { spec: self.root.clone().into_json(), origins }
    }

    fn add_origins(&self, node: &Node, path: &str, origins: &mut Vec<Origin>) {
        if let Value::Table(table) = &node.value {
            for (key, entry) in table.iter() {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", toml_key(key));
                self.add_origins(&entry.node, &path, origins);
            }
            return;
        }
        let place = self.span_of(node.place).as_ref().map(Position::of);
        origins.push(Origin { key: path.to_owned(), place });
    }

    /// The file and line of a place.
    fn origin(&self, place: Place) -> String {
        let Some(span) = self.span_of(place) else { return String::new() };
        let name: String = span.source.name.chars().flat_map(crate::diagnostic::visible).collect();
        if name.starts_with("--") { name } else { format!("{name}:{}", span.line_and_column().0) }
    }
}

fn toml_key(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_bare) { key.to_owned() } else { toml_string(key) }
}

fn toml_value(node: &Node) -> String {
    match &node.value {
        Value::Table(table) => {
            let keys = table.keys().map(|key| toml_key(key));
            let values = table.values().map(|entry| toml_value(&entry.node));
            let entries: Vec<String> =
                keys.zip(values).map(|(key, value)| format!("{key} = {value}")).collect();
            if entries.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", entries.join(", "))
            }
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", "))
        }
        Value::Scalar(Scalar::String(text)) => toml_string(text),
        Value::Scalar(number @ Scalar::Integer(text)) => {
            number.as_integer().map_or_else(|| toml_string(text), |number| number.to_string())
        }
        Value::Scalar(number @ Scalar::Float(_)) => float(number, ""),
        Value::Scalar(Scalar::Boolean(value)) => value.to_string(),
        Value::Scalar(Scalar::Datetime(text)) => text.to_string(),
        Value::Scalar(Scalar::Null) => "\"\"".to_owned(),
    }
}

/// A basic string on one line, without what steers a terminal.
fn toml_string(text: &str) -> String {
    let mut string = String::from("\"");
    for character in text.chars() {
        let _ = match character {
            '"' | '\\' => write!(string, "\\{character}"),
            '\n' => write!(string, "\\n"),
            '\t' => write!(string, "\\t"),
            '\r' => write!(string, "\\r"),
            _ if is_unsafe(character) => write!(string, "\\U{:08x}", u32::from(character)),
            _ => write!(string, "{character}"),
        };
    }
    string + "\""
}

/// A value on one line.
fn yaml_value(node: &Node) -> String {
    match &node.value {
        Value::Scalar(Scalar::String(text) | Scalar::Datetime(text)) => {
            scalar::scalar(text).into_owned()
        }
        Value::Scalar(Scalar::Null) => "null".to_owned(),
        Value::Scalar(number @ Scalar::Integer(text)) => {
            number.as_integer().map_or_else(|| text.to_string(), |number| number.to_string())
        }
        Value::Scalar(number @ Scalar::Float(_)) => float(number, "."),
        Value::Scalar(Scalar::Boolean(value)) => value.to_string(),
        Value::Table(_) | Value::List(_) => {
            let mut text = String::new();
            crate::yaml::push_flow(&mut text, &node.clone().into_json());
            text
        }
    }
}

/// A number with a fraction; `mark` is put before `nan` and `inf`.
fn float(number: &Scalar, mark: &str) -> String {
    let value = number.as_float().unwrap_or(f64::NAN);
    let sign = if value == f64::NEG_INFINITY { "-" } else { "" };
    match value {
        _ if value.is_nan() => format!("{mark}nan"),
        _ if value.is_infinite() => format!("{sign}{mark}inf"),
        _ => format!("{value:?}"),
    }
}
