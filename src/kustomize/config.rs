//! The object that configures the plugin, as texts of a spec.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Source, literal};
use crate::specification::document::{self, KIND};
use crate::yaml::node::{self, Node, Scalar};
use crate::yaml::read::Part;
use crate::yaml::schema::Schema;
use crate::yaml::{self, ReadError};

/// Keys of a `ConfigMap` that hold a whole spec, in the order of merging.
const TEXTS: [&str; 4] = ["spec", "mtls.toml", "mtls.yaml", "mtls.yml"];

/// The object that configures the plugin, and how it is written: what its scalars mean is for the spec's reader to
/// say, not for kubectl's.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The object, as kubectl reads it.
    pub value: Value,
    text: String,
}

impl Configuration {
    /// An object and its text; where that does not say it alone (it may use anchors that stand elsewhere), it is
    /// written anew.
    #[must_use]
    pub fn new(value: Value, text: String) -> Self {
        let is_whole = yaml::parse(&text).is_ok_and(|read| read == [value.clone()]);
        let text = if is_whole { text } else { yaml::emit(&value) };
        Self { value, text }
    }

    /// The first object of a text, if there is one.
    ///
    /// # Errors
    /// The text is not YAML.
    pub fn read(text: &str) -> Result<Option<Self>, ReadError> {
        let first = yaml::documents(text, Schema::Kubectl)?.into_iter().next();
        Ok(first.map(|Part { range, root }| Self::new(root.into_json(), text[range].to_owned())))
    }
}

/// The texts of the spec that a configuration holds, in the order of merging; relative paths in them
/// start from `directory`.
///
/// The configuration is our own object, or the `ConfigMap` that kpt makes of `configMap` and of
/// arguments: there each of `spec`, `mtls.toml`, `mtls.yaml` and `mtls.yml` is a whole spec, and every
/// other key is one of `--set`'s, with its value.
///
/// # Errors
/// It is another object, or holds what is not text.
pub fn sources(
    config: &Configuration,
    directory: &Path,
) -> Result<Vec<Arc<Source>>, Vec<Diagnostic>> {
    let Configuration { value, text } = config;
    match value.get("kind").and_then(Value::as_str) {
        Some("ConfigMap") => config_map(config, directory),
        Some(KIND) => Ok(vec![source(title(value), directory, text.clone())]),
        kind => Err(vec![other(kind)]),
    }
}

/// Whether a message about a text of that name is about this configuration.
#[must_use]
pub fn is_source(config: &Value, name: &str) -> bool {
    name.starts_with(&format!("{} ", called(config)))
        || name.ends_with(&format!(" of {}", called(config)))
}

/// What messages call a configuration: `MutualTLS/site (configuration)`.
fn title(config: &Value) -> String {
    // The words at the end keep a name such as `site.toml` from looking like a file's.
    format!("{} (configuration)", called(config))
}

fn called(config: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = config.get("metadata").and_then(|metadata| metadata.get("name"));
    format!("{}/{}", text(config.get("kind")), text(name))
}

fn source(name: String, directory: &Path, text: String) -> Arc<Source> {
    Arc::new(Source { name, directory: directory.to_owned(), text })
}

fn config_map(
    config: &Configuration,
    directory: &Path,
) -> Result<Vec<Arc<Source>>, Vec<Diagnostic>> {
    let called = called(&config.value);
    let read = yaml::documents(&config.text, Schema::Core).unwrap_or_default();
    let data = read.first().and_then(|part| part.root.as_table()?.get("data")?.node.as_table());
    let data = data.filter(|data| !data.is_empty()).ok_or_else(|| vec![without_data(&called)])?;
    let mut mistakes = Vec::new();
    let mut text = |key: &str, node: &Node| match &node.value {
        node::Value::Scalar(Scalar::String(text)) => Some(text.to_string()),
        // A file that a person writes may leave out the quotes that a ConfigMap's values need; what is written counts.
        node::Value::Scalar(Scalar::Integer(_) | Scalar::Float(_) | Scalar::Boolean(_)) => {
            let place = node.place;
            config.text.get(place.start as usize..place.end as usize).map(str::to_owned)
        }
        _ => {
            mistakes.push(no_text(&called, key));
            None
        }
    };
    let mut sources = Vec::new();
    for key in TEXTS {
        let text = data.get(key).and_then(|entry| text(key, &entry.node));
        sources.extend(text.map(|text| source(format!("{called} {key}"), directory, text)));
    }
    for (key, entry) in data.iter().filter(|(key, _)| !TEXTS.contains(&key.as_ref())) {
        let text = text(key, &entry.node).map(|value| format!("{key}={value}"));
        let name = format!("{} of {called}", document::ASSIGNMENT);
        sources.extend(text.map(|text| source(name, directory, text)));
    }
    if mistakes.is_empty() { Ok(sources) } else { Err(mistakes) }
}

fn without_data(called: &str) -> Diagnostic {
    Diagnostic::error(
        "function-config",
        format!("`{called}` has no `data`, so it configures nothing"),
    )
    .help("write the spec under `data.spec`, or name its files: `plugin.specFiles: [mtls.toml]`")
}

fn no_text(called: &str, key: &str) -> Diagnostic {
    let title = format!("expected text at `data` {} of `{called}`", literal(key));
    Diagnostic::error("function-config", title).help("write it after `|`, as text")
}

fn other(kind: Option<&str>) -> Diagnostic {
    let found = match kind {
        Some(kind) => format!("an object of kind {}", literal(kind)),
        None => "an object without a kind".to_owned(),
    };
    let title = format!("expected a configuration of kind `{KIND}` or `ConfigMap`, found {found}");
    Diagnostic::error("function-config", title).help(format!(
        "write `apiVersion: {}`, `kind: {KIND}`, `metadata: {{name: NAME}}` and the spec under `spec`",
        document::API_VERSION
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::specification::document::read;

    fn written(config: &Value) -> Configuration {
        Configuration::new(config.clone(), String::new())
    }

    fn spec(config: &Value) -> (Value, Vec<String>) {
        let sources = sources(&written(config), Path::new("dir")).unwrap();
        let (document, mut found) = read(&sources);
        let (spec, more) = document.deserialize();
        let (plugin, mistakes) = document.plugin();
        found.extend(more.into_iter().chain(mistakes));
        let said = json!({
            "namespace": spec.namespace.map(|name| name.to_string()),
            "name": spec.name.map(|name| name.to_string()),
            "clients": spec.clients.keys().collect::<Vec<_>>(),
            "files": plugin.spec_files.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        (said, found.into_iter().map(|diagnostic| diagnostic.title).collect())
    }

    #[test]
    fn our_object_is_a_spec() {
        let config = json!({
            "apiVersion": document::API_VERSION, "kind": KIND,
            "metadata": {"name": "site.toml", "annotations": {"config.kubernetes.io/function": "x"}},
            "plugin": {"specFiles": ["a.toml"]},
            "spec": {"namespace": "web"},
        });
        let said =
            json!({"namespace": "web", "name": "site.toml", "clients": [], "files": ["a.toml"]});
        assert_eq!(spec(&config), (said, vec![]));
        let sources = sources(&written(&config), Path::new("dir")).unwrap();
        assert_eq!(sources[0].name, "MutualTLS/site.toml (configuration)");
        assert_eq!(sources[0].directory, Path::new("dir"));
    }

    #[test]
    fn a_config_map_holds_texts_and_single_values() {
        let config = json!({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {
            "namespace": "last",
            "clients.\"a b\".issuer": "x",
            "plugin.specFiles": "[a.toml, b.yaml]",
            "mtls.toml": "namespace = 'second'\nname = 'n'\n",
            "spec": "namespace: first\nclients: {c: {}}\n",
        }});
        let said = json!({
            "namespace": "last", "name": "n", "clients": ["a b", "c"], "files": ["a.toml", "b.yaml"],
        });
        assert_eq!(spec(&config), (said, vec![]));
    }

    #[test]
    fn other_objects_are_refused() {
        for (config, words) in [
            (json!({"kind": "Deployment"}), "found an object of kind `Deployment`"),
            (json!([]), "without a kind"),
            (
                json!({"kind": "ConfigMap", "metadata": {"name": "c"}}),
                "`ConfigMap/c` has no `data`",
            ),
            (json!({"kind": "ConfigMap", "data": {"spec": {}}}), "expected text at `data` `spec`"),
        ] {
            let found = sources(&written(&config), Path::new("")).unwrap_err();
            assert!(found[0].title.contains(words), "{}", found[0].title);
        }
    }
}
