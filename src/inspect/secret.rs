//! Kubernetes objects that hold certificates: Secrets, `ConfigMap`s, and lists of them, as `kubectl get`
//! prints them.

use serde_json::Value;

use super::item::{Content, Item, Origin};
use super::reading::{Passwords, ReadError, read_value};
use crate::manifest::lists;
use crate::secret_format::{self, Held};
use crate::yaml;

/// Returns whether a text is meant as Kubernetes objects rather than as PEM.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('{')
        || text.lines().any(|line| line.starts_with("apiVersion:") || line.starts_with("kind:"))
}

/// Reads everything that can be shown in the objects of a text.
///
/// # Errors
/// It is neither YAML nor JSON, or no object holds anything.
pub(super) fn read(
    file: &str,
    text: &str,
    passwords: &dyn Passwords,
) -> Result<Vec<Item>, ReadError> {
    let objects = yaml::parse(text).map_err(|error| ReadError {
        problem: format!("`{file}` is neither YAML nor JSON: {error}"),
        help: None,
    })?;
    let mut items = Vec::new();
    for object in &lists::unfold(objects).0 {
        add(file, object, passwords, &mut items);
    }
    if items.is_empty() {
        return Err(ReadError {
            problem: format!(
                "no object in `{file}` holds a certificate, a key or a revocation list"
            ),
            help: Some(
                "it takes Secrets and ConfigMaps, such as `kubectl get secret NAME -o yaml` prints"
                    .to_owned(),
            ),
        });
    }
    Ok(items)
}

fn add(file: &str, object: &Value, passwords: &dyn Passwords, items: &mut Vec<Item>) {
    for Held { name, content } in secret_format::held(object) {
        let origin = Origin {
            file: file.to_owned(),
            object: Some(title(object)),
            key: Some(name.to_owned()),
            ..Origin::default()
        };
        items.append(&mut of_value(origin, &content, passwords));
    }
}

/// Everything in one value. What is called like a certificate or a key and is none is reported; other values are
/// ignored.
fn of_value(
    origin: Origin,
    content: &secret_format::Content,
    passwords: &dyn Passwords,
) -> Vec<Item> {
    let secret_format::Content::Shown(octets) = content else {
        let words = "Base64 that cannot be decoded".to_owned();
        return vec![Item { origin, content: Content::Other(words) }];
    };
    let items = read_value(&origin, octets, passwords);
    let name = origin.key.as_deref().unwrap_or_default();
    let is_promised = [".crt", ".key", ".pem", ".crl"].iter().any(|end| name.ends_with(end));
    if !items.is_empty() || !is_promised {
        return items;
    }
    let words = if octets.is_empty() { "nothing" } else { "neither certificate, key nor list" };
    vec![Item { origin, content: Content::Other(words.to_owned()) }]
}

/// Kind, namespace and name.
fn title(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
