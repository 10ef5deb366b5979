//! Strategic merge: as JSON Merge Patch (RFC 7396), but lists of named things are merged by name.
//!
//! Which lists those are is in the table of Kubernetes' fields; lists of unknown kinds are replaced.
//! Merged lists have the patch's elements first, then the others, as Kustomize writes them.

use serde_json::{Map, Value};

use crate::identity::Identity;
use crate::manifest::schema::{Field, MergeBy, TABLE};

const DIRECTIVE: &str = "$patch";
/// The name that Kustomize's documentation gives to patches whose `target` says what they change.
const PLACEHOLDER: &str = "not-important";

/// What a patch does to the thing that it is merged into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The patch without what names its object, so that merging cannot rename it.
pub(super) fn without_identity(patch: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = patch.clone();
    patch.shift_remove("apiVersion");
    patch.shift_remove("kind");
    if let Some(Value::Object(metadata)) = patch.get_mut("metadata") {
        metadata.shift_remove("name");
        metadata.shift_remove("namespace");
    }
    patch
}

/// The kind and name that a merge patch has.
pub(super) struct Named {
    api_version: Option<Value>,
    kind: Option<Value>,
    namespace: Option<Value>,
    name: Option<Value>,
}

impl Named {
    pub(super) fn of(patch: &Map<String, Value>) -> Self {
        let metadata = |key: &str| patch.get("metadata").and_then(|metadata| metadata.get(key));
        Self {
            api_version: patch.get("apiVersion").cloned(),
            kind: patch.get("kind").cloned(),
            namespace: metadata("namespace").cloned(),
            name: metadata("name").filter(|name| *name != PLACEHOLDER).cloned(),
        }
    }

    /// Whether that is another object than this one.
    pub(super) fn contradicts(&self, identity: &Identity) -> bool {
        let Identity { api_version, kind, namespace, name } = identity;
        let differs = |said: &Option<Value>, is: Option<&str>| {
            said.as_ref().is_some_and(|said| said.as_str() != is || !said.is_string())
        };
        differs(&self.api_version, Some(api_version))
            || differs(&self.kind, Some(kind))
            || differs(&self.namespace, namespace.as_deref())
            || differs(&self.name, Some(name))
    }
}

/// Refuses directives that would be silently left out.
pub(super) fn check_directives(patch: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in patch {
        match value {
            Value::String(word) if key == DIRECTIVE => match word.as_str() {
                "merge" | "replace" | "delete" => {}
                _ => {
                    return Err(format!(
                        "`$patch: {word}` is not known: `merge`, `replace` or `delete`"
                    ));
                }
            },
            _ if key.starts_with('$') => {
                return Err(format!("the directive `{key}` is not known: only `$patch` is"));
            }
            Value::Object(map) => check_directives(map)?,
            Value::Array(items) => {
                items.iter().filter_map(Value::as_object).try_for_each(check_directives)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Merges the patch into the object; `false` if the patch removes it.
pub(super) fn apply(object: &mut Value, patch: &Map<String, Value>) -> Result<bool, String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let field = TABLE.root(text("apiVersion"), text("kind"));
    let Value::Object(map) = object else { return Ok(true) };
    match directive(patch) {
        Directive::Delete => Ok(false),
        Directive::Replace => {
            Err("`$patch: replace` is not allowed at the top of an object".to_owned())
        }
        Directive::Merge => merge_map(field, map, patch).map(|()| true),
    }
}

fn directive(patch: &Map<String, Value>) -> Directive {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => Directive::Replace,
        Some("delete") => Directive::Delete,
        _ => Directive::Merge,
    }
}

/// What the table says about the field `key` of `parent`.
fn child(parent: Option<Field>, key: &str) -> Option<Field> {
    match parent? {
        Field::Type(name) => TABLE.type_named(name).fields.get(key).map(|text| Field::parse(text)),
        Field::Map(item) | Field::List(item, _) => Some(Field::parse(item)),
        Field::Word(_) | Field::OneOf(_) => None,
    }
}

fn merge_map(
    field: Option<Field>,
    map: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), String> {
    for (key, change) in patch.iter().filter(|(key, _)| *key != DIRECTIVE) {
        let field = child(field, key);
        match change {
            Value::Null => {
                map.shift_remove(key);
            }
            Value::Object(change) => match directive(change) {
                Directive::Delete => {
                    map.shift_remove(key);
                }
                Directive::Replace => {
                    map.insert(key.clone(), fresh(field, change)?);
                }
                Directive::Merge => match map.get_mut(key) {
                    Some(Value::Object(before)) => merge_map(field, before, change)?,
                    _ => {
                        map.insert(key.clone(), fresh(field, change)?);
                    }
                },
            },
            Value::Array(items) => {
                let before = match map.get_mut(key) {
                    Some(Value::Array(before)) => std::mem::take(before),
                    _ => Vec::new(),
                };
                let merged =
                    merge_list(field, before, items).map_err(|why| format!("`{key}`: {why}"))?;
                map.insert(key.clone(), Value::Array(merged));
            }
            leaf => {
                map.insert(key.clone(), leaf.clone());
            }
        }
    }
    Ok(())
}

/// The patch as a value of its own: nulls and directives have done their work.
fn fresh(field: Option<Field>, patch: &Map<String, Value>) -> Result<Value, String> {
    let mut map = Map::new();
    merge_map(field, &mut map, patch)?;
    Ok(Value::Object(map))
}

fn merge_list(
    field: Option<Field>,
    before: Vec<Value>,
    patch: &[Value],
) -> Result<Vec<Value>, String> {
    let is_replaced = |item: &Value| {
        item.as_object()
            .is_some_and(|item| item.len() == 1 && directive(item) == Directive::Replace)
    };
    if patch.iter().any(is_replaced) {
        let rest: Vec<_> = patch.iter().filter(|item| !is_replaced(item)).cloned().collect();
        return merge_list(field, Vec::new(), &rest);
    }
    match field {
        Some(Field::List(_, MergeBy::Key(key))) => merge_by_key(field, key, before, patch),
        Some(Field::List(_, MergeBy::Set)) => {
            let added: Vec<_> =
                patch.iter().filter(|item| !before.contains(item)).cloned().collect();
            Ok(added.into_iter().chain(before).collect())
        }
        _ => patch.iter().map(|item| element(field, item)).collect(),
    }
}

fn element(field: Option<Field>, item: &Value) -> Result<Value, String> {
    match item {
        Value::Object(map) => fresh(child(field, ""), map),
        other => Ok(other.clone()),
    }
}

fn merge_by_key(
    field: Option<Field>,
    key: &str,
    mut before: Vec<Value>,
    patch: &[Value],
) -> Result<Vec<Value>, String> {
    let mut merged = Vec::new();
    for item in patch {
        let Some(change) = item.as_object().filter(|change| change.contains_key(key)) else {
            return Err(format!(
                "each element of this list must have `{key}`, which it is merged by"
            ));
        };
        let found = before.iter().position(|candidate| is_same(key, candidate, item));
        let found = found.map(|at| before.remove(at));
        match (directive(change), found) {
            (Directive::Delete, _) => {}
            (Directive::Merge, Some(Value::Object(mut map))) => {
                merge_map(child(field, ""), &mut map, change)?;
                merged.push(Value::Object(map));
            }
            // Kubernetes and Kustomize read this differently.
            (Directive::Replace, _) => {
                return Err(
                    "`$patch: replace` must be an element of its own, and replaces the list"
                        .to_owned(),
                );
            }
            (Directive::Merge, _) => merged.push(fresh(child(field, ""), change)?),
        }
    }
    merged.extend(before);
    Ok(merged)
}

/// Same key, and same protocol where both say one: a port may serve TCP and UDP.
fn is_same(key: &str, one: &Value, other: &Value) -> bool {
    let protocol = |value: &Value| value.get("protocol").cloned();
    one.get(key) == other.get(key)
        && protocol(one).zip(protocol(other)).is_none_or(|(one, other)| one == other)
}
