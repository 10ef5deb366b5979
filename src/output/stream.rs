//! Manifests as one text: a stream of YAML documents, or one JSON `List`.

use std::fmt;

use serde_json::{Value, json};

use crate::manifest::{Identity, Manifest};

/// How manifests are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// YAML documents with `---` between them
    #[default]
    Yaml,
    /// One object of kind `List`
    Json,
}

/// A manifest that is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// Which object it was to be.
    pub identity: Identity,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { kind, name, .. } = &self.identity;
        write!(f, "the manifest of {kind} `{name}` is not YAML: {}", self.message)
    }
}

impl std::error::Error for StreamError {}

/// Prints manifests in their order, with a newline at the end; nothing at all for no manifest as YAML.
///
/// # Errors
/// A manifest that is not YAML, where it must become JSON.
pub fn stream(manifests: &[Manifest], format: Format) -> Result<String, StreamError> {
    match format {
        Format::Yaml => Ok(yaml(manifests)),
        Format::Json => json(manifests),
    }
}

fn yaml(manifests: &[Manifest]) -> String {
    let length = manifests.iter().map(|manifest| manifest.yaml.len() + 4).sum();
    let mut text = String::with_capacity(length);
    for manifest in manifests {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(&manifest.yaml);
    }
    text
}

fn json(manifests: &[Manifest]) -> Result<String, StreamError> {
    let items = manifests
        .iter()
        .map(|manifest| {
            parse(&manifest.yaml)
                .map_err(|message| StreamError { identity: manifest.identity.clone(), message })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    Ok(format!("{list:#}\n"))
}

fn parse(yaml: &str) -> Result<Value, String> {
    serde_saphyr::from_str(yaml).map_err(|error| error.without_snippet().to_string())
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::manifest;
    use super::*;

    #[test]
    fn yaml_documents_are_separated() {
        let manifests = [manifest("Service", "a", false), manifest("Ingress", "a", false)];
        assert_eq!(
            stream(&manifests, Format::Yaml).unwrap(),
            "kind: Service\n---\nkind: Ingress\n"
        );
        assert_eq!(stream(&[], Format::Yaml).unwrap(), "");
    }

    #[test]
    fn json_is_one_list_in_the_same_order() {
        let manifests = [manifest("Service", "a", false), manifest("Ingress", "a", false)];
        let list: Value = serde_json::from_str(&stream(&manifests, Format::Json).unwrap()).unwrap();
        assert_eq!(
            list,
            json!({"apiVersion": "v1", "kind": "List", "items": [{"kind": "Service"}, {"kind": "Ingress"}]})
        );
    }

    #[test]
    fn strings_stay_strings_in_json() {
        let mut ingress = manifest("Ingress", "a", false);
        ingress.yaml = "a: \"on\"\nb: \"1\"\nc: 2\nd: true\ne: \"2024-01-01\"\n".to_owned();
        let text = stream(&[ingress], Format::Json).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            list["items"][0],
            json!({"a": "on", "b": "1", "c": 2, "d": true, "e": "2024-01-01"})
        );
    }

    #[test]
    fn a_manifest_that_is_not_yaml_is_named() {
        let mut broken = manifest("Ingress", "a", false);
        broken.yaml = "a: [".to_owned();
        assert_eq!(stream(&[broken], Format::Json).unwrap_err().identity.name, "a");
    }
}
