//! Manifests as one text: a stream of YAML documents, or one JSON `List`.

use std::io;

use zeroize::Zeroizing;

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

/// As `serde_json` prints a whole `List`, without holding more than one object of it.
fn json(objects: &[Handed<'_>], output: &mut dyn io::Write) -> io::Result<()> {
    output.write_all(b"{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [")?;
    for (index, object) in objects.iter().enumerate() {
        // Line ends within strings are escaped: these are all between tokens.
        let text = Zeroizing::new(format!("\n{:#}", *object.value()));
        let text = Zeroizing::new(text.replace('\n', "\n    "));
        output.write_all(if index == 0 { b"" } else { b"," })?;
        output.write_all(text.as_bytes())?;
    }
    output.write_all(if objects.is_empty() { b"]\n}\n" } else { b"\n  ]\n}\n" })?;
    Ok(())
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
