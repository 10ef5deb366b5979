//! Whether objects have only fields that Kubernetes knows, of the right types, and all that it requires.

mod metadata;
mod table;

pub use table::{Field, MergeBy, TABLE, Table};

use serde_json::{Map, Value};

use super::data::decoded;
use crate::diagnostic::nearest;
use crate::identity::group_and_version;

/// What is wrong with an object, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Place, such as `spec.containers[0].image`.
    pub path: String,
    /// What is wrong: lower-case start, no full stop.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "`{}`: {}", self.path, self.message)
    }
}

/// Whether it is one of Kubernetes' own kinds, and lives in no namespace.
#[must_use]
pub fn is_cluster_wide(api_version: &str, kind: &str) -> bool {
    TABLE.kind(api_version, kind).is_some_and(|kind| !kind.namespaced)
}

/// Everything that is wrong with the object. Of kinds that mtlsgen does not know, only `apiVersion`,
/// `kind` and `metadata` are looked at.
#[must_use]
pub fn check(object: &Value) -> Vec<Problem> {
    let mut walk = Walk { path: String::new(), problems: Vec::new() };
    walk.object(object);
    walk.problems
}

struct Walk {
    path: String,
    problems: Vec<Problem>,
}

impl Walk {
    fn complain(&mut self, message: impl Into<String>) {
        self.problems.push(Problem { path: self.path.clone(), message: message.into() });
    }

    /// Runs `check` one step deeper.
    fn at(&mut self, step: &str, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if !self.path.is_empty() && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        check(self);
        self.path.truncate(length);
    }

    fn object(&mut self, object: &Value) {
        let Some(map) = object.as_object() else {
            return self
                .complain(format!("a Kubernetes object is a mapping, and this is {}", a(object)));
        };
        let (Some(api_version), Some(kind)) =
            (self.name(map, "apiVersion"), self.name(map, "kind"))
        else {
            return;
        };
        metadata::check(self, map);
        if let Some(root) = TABLE.root(api_version, kind) {
            return self.value(root, object);
        }
        self.unknown_kind(api_version, kind);
        if map.get("items").is_some_and(Value::is_array) {
            // What it holds would get past every check.
            let message = "kubectl takes an object with such a list for several objects";
            self.at("items", |walk| walk.complain(message));
        }
        let metadata = map.get("metadata").unwrap_or(&Value::Null);
        self.at("metadata", |walk| walk.value(Field::Type("meta.v1.ObjectMeta"), metadata));
    }

    fn name<'a>(&mut self, map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
        let text = map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text.is_none() {
            self.at(key, |walk| walk.complain("must be there, as text"));
        }
        text
    }

    /// A known kind in a version that is gone, or a core kind that does not exist.
    fn unknown_kind(&mut self, api_version: &str, kind: &str) {
        let versions: Vec<_> = TABLE.versions_of(kind).collect();
        let ours = |group: &str| !group.contains('.') || group.ends_with(".k8s.io");
        let is_list =
            kind.strip_suffix("List").is_some_and(|of| TABLE.versions_of(of).next().is_some());
        let (group, _) = group_and_version(api_version);
        let is_of_group = |version: &&&str| group_and_version(version).0 == group;
        if let Some(version) =
            versions.iter().find(|version| is_of_group(version) || group == "extensions")
        {
            self.complain(format!("`{kind}` has the version `{version}`, not `{api_version}`"));
        } else if ours(group)
            && !is_list
            && let Some(near) = nearest(kind, TABLE.kind_names()).filter(|near| *near != kind)
            && TABLE.versions_of(near).any(|version| version == api_version)
        {
            self.complain(format!(
                "there is no kind `{kind}` in `{api_version}`: did you mean `{near}`?"
            ));
        }
    }

    fn value(&mut self, field: Field, value: &Value) {
        match (field, value) {
            (_, Value::Null) | (Field::Word("any"), _) => {}
            (Field::Word(word), _) => self.word(word, value),
            (Field::OneOf(values), _) => self.one_of(values, value),
            (Field::Type(name), Value::Object(map)) => self.fields(name, map),
            (Field::Map(item), Value::Object(map)) => {
                for (key, value) in map {
                    self.at(key, |walk| walk.value(Field::parse(item), value));
                }
            }
            (Field::List(item, _), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.at(&format!("[{index}]"), |walk| walk.value(Field::parse(item), value));
                }
            }
            (Field::Type(_) | Field::Map(_), _) => {
                self.complain(format!("must be a mapping, and this is {}", a(value)));
            }
            (Field::List(..), _) => {
                self.complain(format!("must be a list, and this is {}", a(value)));
            }
        }
    }

    fn fields(&mut self, type_name: &str, map: &Map<String, Value>) {
        let described = TABLE.type_named(type_name);
        for (key, value) in map {
            match described.fields.get(key.as_str()) {
                Some(field) => self.at(key, |walk| walk.value(Field::parse(field), value)),
                None => self.at(key, |walk| {
                    walk.complain(match nearest(key, described.fields.keys().copied()) {
                        Some(near) => format!("unknown field, did you mean `{near}`?"),
                        None => "unknown field".to_owned(),
                    });
                }),
            }
        }
        for name in &described.required {
            if map.get(*name).is_none_or(Value::is_null) {
                self.at(name, |walk| walk.complain("is missing, and Kubernetes requires it"));
            }
        }
    }

    fn word(&mut self, word: &str, value: &Value) {
        let fits = match word {
            "string" | "time" => value.is_string(),
            "bytes" => return self.bytes(value),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "int-or-string" => value.is_string() || value.is_i64() || value.is_u64(),
            "quantity" => value.is_number() || value.as_str().is_some_and(is_quantity),
            _ => true,
        };
        if !fits {
            let wanted = match word {
                "string" | "time" => "a string",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "`true` or `false`",
                "int-or-string" => "a whole number or a string",
                _ => "a quantity such as `100m` or `128Mi`",
            };
            let hint = if word == "string" && !value.is_object() && !value.is_array() {
                ": put it in quotes"
            } else {
                ""
            };
            self.complain(format!("must be {wanted}, and this is {}{hint}", a(value)));
        }
    }

    fn bytes(&mut self, value: &Value) {
        let decodes = value.as_str().is_some_and(|text| decoded(text, true).is_some());
        if !decodes {
            self.complain("must be base64 with padding (plain text goes to `stringData`)");
        }
    }

    fn one_of(&mut self, values: &'static str, value: &Value) {
        let known = || values.split(',');
        if value.as_str().is_some_and(|text| known().any(|value| value == text)) {
            return;
        }
        let list: Vec<_> = known().map(|value| format!("`{value}`")).collect();
        self.complain(format!("must be one of {}, and this is {}", list.join(", "), a(value)));
    }
}

/// The value in a few words.
fn a(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean `{value}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) if text.len() <= 60 && !text.contains('\n') => {
            format!("the string `{text}`")
        }
        Value::String(_) => "a long string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// `<sign><digits>[.<digits>]<suffix>` (`k8s.io/apimachinery/pkg/api/resource`).
fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let is_number = number.bytes().any(|byte| byte.is_ascii_digit())
        && number.bytes().filter(|byte| *byte == b'.').count() <= 1;
    let exponent = suffix.strip_prefix(['e', 'E']).map(|e| e.strip_prefix(['-', '+']).unwrap_or(e));
    let is_suffix = matches!(
        suffix,
        "" | "n"
            | "u"
            | "m"
            | "k"
            | "M"
            | "G"
            | "T"
            | "P"
            | "E"
            | "Ki"
            | "Mi"
            | "Gi"
            | "Ti"
            | "Pi"
            | "Ei"
    ) || exponent
        .is_some_and(|e| !e.is_empty() && e.bytes().all(|byte| byte.is_ascii_digit()));
    is_number && is_suffix
}

#[cfg(test)]
mod tests;
