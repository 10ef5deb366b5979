//! Names, labels and annotations of any object.

use serde_json::{Map, Value};

use super::{TABLE, Walk};

/// The API server's limit for all annotations of an object together.
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

pub(super) fn check(walk: &mut Walk, object: &Map<String, Value>) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let Some(Value::Object(metadata)) = object.get("metadata") else {
        return walk.at("metadata", |walk| walk.complain("must be there, as a mapping"));
    };
    walk.at("metadata", |walk| {
        name(walk, metadata, text("apiVersion"));
        namespace(walk, metadata, text("apiVersion"), text("kind"));
        labels(walk, metadata);
        annotations(walk, metadata);
    });
}

fn name(walk: &mut Walk, metadata: &Map<String, Value>, api_version: &str) {
    let name = metadata.get("name").and_then(Value::as_str).unwrap_or_default();
    // Names of roles may be any path segment.
    let any_segment = api_version.starts_with("rbac.authorization.k8s.io/");
    walk.at("name", |walk| {
        if name.is_empty() {
            walk.complain("must be there, as text");
        } else if !any_segment && !is_subdomain(name) {
            walk.complain(format!(
                "`{name}` is not a valid name: lower-case letters, digits, `-` and `.`, a letter or digit at both ends"
            ));
        }
    });
}

fn namespace(walk: &mut Walk, metadata: &Map<String, Value>, api_version: &str, kind: &str) {
    let namespace = match metadata.get("namespace") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.as_str()),
        // The table says that it must be text.
        Some(_) => return,
    };
    let known = TABLE.kind(api_version, kind);
    walk.at("namespace", |walk| match (namespace, known) {
        (Some(namespace), _) if !is_label_name(namespace) => walk.complain(format!(
            "`{namespace}` is not a valid namespace: lower-case letters, digits and `-`, 63 characters at most"
        )),
        (Some(_), Some(kind)) if !kind.namespaced => {
            walk.complain("must not be set: objects of this kind have no namespace");
        }
        (None, Some(kind)) if kind.namespaced => walk.complain(
            "is missing: the object would go to the current namespace of `kubectl`",
        ),
        _ => {}
    });
}

fn labels(walk: &mut Walk, metadata: &Map<String, Value>) {
    let Some(Value::Object(labels)) = metadata.get("labels") else { return };
    walk.at("labels", |walk| {
        for (key, value) in labels {
            walk.at(key, |walk| {
                qualified_name(walk, key);
                if value.as_str().is_some_and(|value| !value.is_empty() && !is_label_value(value)) {
                    walk.complain(
                        "a label value has letters, digits, `-`, `_` and `.`, a letter or digit at both \
                         ends, 63 characters at most",
                    );
                }
            });
        }
    });
}

fn annotations(walk: &mut Walk, metadata: &Map<String, Value>) {
    let Some(Value::Object(annotations)) = metadata.get("annotations") else { return };
    let bytes: usize =
        annotations.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    walk.at("annotations", |walk| {
        if bytes > MOST_ANNOTATION_BYTES {
            walk.complain(format!(
                "have {bytes} bytes, and Kubernetes accepts {MOST_ANNOTATION_BYTES}"
            ));
        }
        for key in annotations.keys() {
            walk.at(key, |walk| qualified_name(walk, &key.to_lowercase()));
        }
    });
}

/// `[prefix/]name` (`k8s.io/apimachinery/pkg/util/validation.IsQualifiedName`).
fn qualified_name(walk: &mut Walk, key: &str) {
    let (prefix, name) =
        key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if !is_label_value(name) || prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        walk.complain(
            "is not a valid key: `name` or `domain/name`, the name 63 characters at most",
        );
    }
}

fn is_label_value(text: &str) -> bool {
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.bytes().next())
        && ends(text.bytes().last())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// RFC 1123 label.
fn is_label_name(text: &str) -> bool {
    is_label_value(text)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// RFC 1123 subdomain; Kubernetes limits the whole, not its labels.
fn is_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.starts_with('-')
                && !label.ends_with('-')
                && !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}
