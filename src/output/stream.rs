//! Manifests as one text: a stream of YAML documents, or one JSON `List`.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};
use serde_json::{Map, Value};

use crate::render::text;
use crate::secret_format::Handed;

/// How manifests are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML documents with `---` between them
    #[default]
    Yaml,
    /// One object of kind `List`
    Json,
}

/// Prints manifests in their order, one after the other, with a newline at the end; nothing at all
/// for no manifest as YAML.
///
/// # Errors
/// What `output` says.
pub fn stream(
    objects: &[Handed<'_>],
    format: Format,
    output: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Yaml => yaml(objects, output),
        Format::Json => json(objects, output),
    }
}

fn yaml(objects: &[Handed<'_>], output: &mut dyn io::Write) -> io::Result<()> {
    for (index, object) in objects.iter().enumerate() {
        output.write_all(if index == 0 { b"" } else { b"---\n" })?;
        output.write_all(text(object).as_bytes())?;
    }
    Ok(())
}

/// Manifests as one object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct List<'a> {
    /// Version of the object.
    #[schemars(extend("const" = "v1"))]
    api_version: &'static str,
    /// Kind of the object.
    #[schemars(extend("const" = "List"))]
    kind: &'static str,
    /// Kubernetes objects, in the order of application.
    #[serde(serialize_with = "one_by_one")]
    #[schemars(with = "Vec<Map<String, Value>>")]
    items: &'a [Handed<'a>],
}

/// Holds no more than one object at a time.
fn one_by_one<S: Serializer>(items: &[Handed<'_>], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(items.len()))?;
    for item in items {
        list.serialize_element(&*item.value())?;
    }
    list.end()
}

fn json(items: &[Handed<'_>], output: &mut dyn io::Write) -> io::Result<()> {
    let list = List { api_version: "v1", kind: "List", items };
    serde_json::to_writer_pretty(&mut *output, &list)?;
    output.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::layout::tests::manifest;
    use crate::manifest::{Body, Object};

    use super::*;

    fn text(objects: &[Object], format: Format) -> String {
        let mut output = Vec::new();
        let handed: Vec<_> = objects.iter().map(Handed::AsIs).collect();
        stream(&handed, format, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn yaml_documents_are_separated() {
        let manifests = [manifest("Service", "a", false), manifest("Ingress", "a", false)];
        assert_eq!(text(&manifests, Format::Yaml), "kind: Service\n---\nkind: Ingress\n");
        assert_eq!(text(&[], Format::Yaml), "");
    }

    #[test]
    fn json_is_one_list_in_the_same_order_printed_as_one() {
        let mut ingress = manifest("Ingress", "a", false);
        let spec = json!({"rules": [{"host": "a\nb", "port": "1", "on": true}], "empty": []});
        ingress.body = Body::Value(json!({"kind": "Ingress", "spec": spec}).into());
        let manifests = [manifest("Service", "a", false), ingress];
        for (manifests, items) in [
            (&manifests[..], json!([{"kind": "Service"}, {"kind": "Ingress", "spec": spec}])),
            (&[], json!([])),
        ] {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
            assert_eq!(text(manifests, Format::Json), format!("{list:#}\n"));
        }
    }
}
