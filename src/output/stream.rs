//! Manifests as one text: a stream of YAML documents, or one JSON `List`.

use std::{fmt, io};

use serde_json::Value;

use crate::identity::Identity;
use crate::manifest::Manifest;

/// How manifests are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// YAML documents with `---` between them
    #[default]
    Yaml,
    /// One object of kind `List`
    Json,
}

/// Why manifests could not be printed.
#[derive(Debug)]
pub enum StreamError {
    /// A manifest that must become JSON is not YAML.
    NotYaml {
        /// Which object it was to be.
        identity: Identity,
        /// What is wrong with it.
        message: String,
    },
    /// Whoever takes the text refuses it.
    Write(io::Error),
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYaml { identity: Identity { kind, name, .. }, message } => {
                write!(f, "the manifest of {kind} `{name}` is not YAML: {message}")
            }
            Self::Write(error) => write!(f, "cannot write the manifests: {error}"),
        }
    }
}

impl std::error::Error for StreamError {}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Prints manifests in their order, one after the other, with a newline at the end; nothing at all
/// for no manifest as YAML.
///
/// # Errors
/// A manifest that is not YAML, where it must become JSON; and what `output` says.
pub fn stream(
    manifests: &[&Manifest],
    format: Format,
    output: &mut dyn io::Write,
) -> Result<(), StreamError> {
    match format {
        Format::Yaml => Ok(yaml(manifests, output)?),
        Format::Json => json(manifests, output),
    }
}

fn yaml(manifests: &[&Manifest], output: &mut dyn io::Write) -> io::Result<()> {
    for (index, manifest) in manifests.iter().enumerate() {
        output.write_all(if index == 0 { b"" } else { b"---\n" })?;
        output.write_all(manifest.yaml.as_bytes())?;
    }
    Ok(())
}

/// As `serde_json` prints a whole `List`, without holding more than one object of it.
fn json(manifests: &[&Manifest], output: &mut dyn io::Write) -> Result<(), StreamError> {
    output.write_all(b"{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [")?;
    for (index, manifest) in manifests.iter().enumerate() {
        let object = parse(&manifest.yaml).map_err(|message| StreamError::NotYaml {
            identity: manifest.identity.clone(),
            message,
        })?;
        // Line ends within strings are escaped: these are all between tokens.
        let text = format!("\n{object:#}").replace('\n', "\n    ");
        output.write_all(if index == 0 { b"" } else { b"," })?;
        output.write_all(text.as_bytes())?;
    }
    output.write_all(if manifests.is_empty() { b"]\n}\n" } else { b"\n  ]\n}\n" })?;
    Ok(())
}

fn parse(yaml: &str) -> Result<Value, String> {
    serde_saphyr::from_str(yaml).map_err(|error| error.without_snippet().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::layout::tests::manifest;
    use super::*;

    fn text(manifests: &[Manifest], format: Format) -> Result<String, StreamError> {
        let mut output = Vec::new();
        stream(&Vec::from_iter(manifests), format, &mut output)?;
        Ok(String::from_utf8(output).unwrap())
    }

    #[test]
    fn yaml_documents_are_separated() {
        let manifests = [manifest("Service", "a", false), manifest("Ingress", "a", false)];
        assert_eq!(text(&manifests, Format::Yaml).unwrap(), "kind: Service\n---\nkind: Ingress\n");
        assert_eq!(text(&[], Format::Yaml).unwrap(), "");
    }

    #[test]
    fn json_is_one_list_in_the_same_order_printed_as_one() {
        let mut ingress = manifest("Ingress", "a", false);
        ingress.yaml.push_str("spec: { rules: [{ host: \"a\\nb\" }], empty: [] }\n");
        let spec = json!({"rules": [{"host": "a\nb"}], "empty": []});
        let manifests = [manifest("Service", "a", false), ingress];
        for (manifests, items) in [
            (&manifests[..], json!([{"kind": "Service"}, {"kind": "Ingress", "spec": spec}])),
            (&[], json!([])),
        ] {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
            assert_eq!(text(manifests, Format::Json).unwrap(), format!("{list:#}\n"));
        }
    }

    #[test]
    fn strings_stay_strings_in_json() {
        let mut ingress = manifest("Ingress", "a", false);
        ingress.yaml = "a: \"on\"\nb: \"1\"\nc: 2\nd: true\ne: \"2024-01-01\"\n".to_owned();
        let list: Value = serde_json::from_str(&text(&[ingress], Format::Json).unwrap()).unwrap();
        assert_eq!(
            list["items"][0],
            json!({"a": "on", "b": "1", "c": 2, "d": true, "e": "2024-01-01"})
        );
    }

    #[test]
    fn a_manifest_that_is_not_yaml_is_named() {
        let mut broken = manifest("Ingress", "a", false);
        broken.yaml = "a: [".to_owned();
        let error = text(&[broken], Format::Json).unwrap_err().to_string();
        assert!(error.starts_with("the manifest of Ingress `a` is not YAML: "), "{error}");
    }
}
