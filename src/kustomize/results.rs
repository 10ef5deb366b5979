//! Diagnostics as `results` of a KRM function.

use serde_json::{Map, Value, json};

use super::annotation::PATHS;
use super::{annotation_of, config};
use crate::diagnostic::{Diagnostic, Field, Severity, Span, Subject};
use crate::guard::hidden;
use crate::identity::Identity;
use crate::specification::document::{Document, Step, in_its_language};

/// What results are about: the function's configuration, and where things are in it.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// The object that configures the function, if it could be read.
    pub config: Option<&'a Value>,
    /// What was read of it, if it was.
    pub document: Option<&'a Document>,
}

/// A diagnostic as an item of `results`: message and severity, the object or file that it is about,
/// and under `tags` its code, line and column.
#[must_use]
pub fn result(diagnostic: &Diagnostic, origin: Origin<'_>) -> Value {
    let diagnostic = &in_its_language(diagnostic.clone());
    let mut result = Map::new();
    result.insert("message".to_owned(), message(diagnostic).into());
    result.insert("severity".to_owned(), severity(diagnostic.severity).into());
    let span = diagnostic.span.as_ref();
    let config = origin
        .config
        .filter(|config| span.is_none_or(|span| config::is_source(config, &span.source.name)));
    match (config, span) {
        _ if diagnostic.subject.is_some() => {}
        (Some(config), _) => about_config(&mut result, config, span, origin.document),
        (None, Some(span)) => {
            result.insert("file".to_owned(), json!({ "path": span.source.name }));
        }
        (None, None) => {}
    }
    if let Some(subject) = &diagnostic.subject {
        about_object(&mut result, subject);
    }
    result.insert("tags".to_owned(), tags(diagnostic).into());
    secret_free(Value::Object(result))
}

/// The value with no part of a secret in any of its texts.
fn secret_free(value: Value) -> Value {
    match value {
        Value::String(text) => hidden(&text).into_owned().into(),
        Value::Array(items) => items.into_iter().map(secret_free).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, secret_free(value))).collect()
        }
        other => other,
    }
}

fn message(diagnostic: &Diagnostic) -> String {
    diagnostic.sayings().join("; ")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "info",
    }
}

/// An object that came in, and a field of it (functions-spec, `Result`).
fn about_object(result: &mut Map<String, Value>, subject: &Subject) {
    let Subject { object, field } = subject;
    result.insert("resourceRef".to_owned(), reference(object));
    let Some(Field { path, current, proposed }) = field else { return };
    let mut field = json!({ "path": path });
    for (name, value) in [("currentValue", current), ("proposedValue", proposed)] {
        if !value.is_null() {
            field[name] = value.clone();
        }
    }
    result.insert("field".to_owned(), field);
}

fn reference(identity: &Identity) -> Value {
    let Identity { api_version, kind, namespace, name } = identity;
    let mut reference = json!({ "apiVersion": api_version, "kind": kind, "name": name });
    if let Some(namespace) = namespace {
        reference["namespace"] = namespace.as_str().into();
    }
    reference
}

fn about_config(
    result: &mut Map<String, Value>,
    config: &Value,
    span: Option<&Span>,
    document: Option<&Document>,
) {
    let Some(identity) = Identity::of(config) else { return };
    result.insert("resourceRef".to_owned(), reference(&identity));
    let path = span.zip(document).and_then(|(span, document)| document.object_path(span));
    if let Some(path) = path {
        result.insert("field".to_owned(), json!({ "path": field(&path) }));
    }
    if let Some(path) = PATHS.iter().find_map(|name| annotation_of(config, name)) {
        result.insert("file".to_owned(), json!({ "path": path }));
    }
}

/// The way to a value: `spec.hosts["a.b"].routes[0]`.
fn field(path: &[Step]) -> String {
    let is_plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let mut field = String::new();
    for step in path {
        match step {
            Step::Key(key) if is_plain(key) && field.is_empty() => field.push_str(key),
            Step::Key(key) if is_plain(key) => field.extend([".", key]),
            Step::Key(key) => field.extend(["[", &Value::from(key.as_str()).to_string(), "]"]),
            Step::Index(index) => field.extend(["[", &index.to_string(), "]"]),
        }
    }
    field
}

fn tags(diagnostic: &Diagnostic) -> Map<String, Value> {
    let mut tags = Map::new();
    tags.insert("code".to_owned(), diagnostic.code.into());
    if let Some(span) = &diagnostic.span {
        let (line, column) = span.line_and_column();
        tags.insert("line".to_owned(), line.to_string().into());
        tags.insert("column".to_owned(), column.to_string().into());
    }
    tags
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::kustomize::config::Configuration;
    use crate::specification::document::read;

    fn config(path: Option<&str>) -> Value {
        let mut config = json!({
            "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": "site"},
            "plugin": {"issue": "always"},
            "spec": {"hosts": {"a.b": {"tls": {"issuer": 5}}}, "namespace": "X"},
        });
        if let Some(path) = path {
            super::super::annotation::set(&mut config, PATHS[0], path);
        }
        config
    }

    fn sources_of(config: &Value) -> std::sync::Arc<crate::diagnostic::Source> {
        let config = Configuration::new(config.clone(), String::new());
        config::sources(&config, Path::new("")).unwrap().remove(0)
    }

    fn results(config: &Value) -> Vec<Value> {
        let written = Configuration::new(config.clone(), String::new());
        let sources = config::sources(&written, Path::new("")).unwrap();
        let (document, _) = read(&sources);
        let (_, mut found) = document.deserialize();
        found.extend(document.plugin().1);
        let origin = Origin { config: Some(config), document: Some(&document) };
        found.iter().map(|diagnostic| result(diagnostic, origin)).collect()
    }

    #[test]
    fn mistakes_in_the_configuration_name_the_field() {
        let results = results(&config(None));
        let fields: Vec<_> =
            results.iter().map(|result| result["field"]["path"].as_str()).collect();
        assert_eq!(
            fields,
            [Some("spec.hosts[\"a.b\"].tls.issuer"), Some("spec.namespace"), Some("plugin.issue")]
        );
        for result in &results {
            let reference =
                json!({"apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "name": "site"});
            assert_eq!(result["resourceRef"], reference);
            assert_eq!(result["severity"], "error");
            assert!(result["tags"]["line"].is_string());
        }
        let message = results[2]["message"].as_str().unwrap();
        assert!(message.starts_with("expected one of `never`, `missingOrDue`"), "{message}");
    }

    #[test]
    fn what_to_write_is_said_in_the_configurations_language() {
        let config = config(None);
        let source = sources_of(&config);
        let span = Span { source, start: 0, end: 0 };
        let diagnostic = Diagnostic::error("a", "words").at(Some(span)).help("say `a = false`");
        let result = result(&diagnostic, Origin { config: Some(&config), document: None });
        assert_eq!(result["message"], "words; say `a: false`", "as on standard error");
    }

    #[test]
    fn the_file_is_named_where_it_is_known() {
        let results = results(&config(Some("gen.yaml")));
        assert_eq!(results[0]["file"], json!({"path": "gen.yaml"}));
        let (_, found) = read(&[std::sync::Arc::new(crate::diagnostic::Source {
            name: "mtls.toml".into(),
            directory: "".into(),
            text: "a =".into(),
        })]);
        let config = config(None);
        let result = result(&found[0], Origin { config: Some(&config), document: None });
        assert_eq!(result["file"], json!({"path": "mtls.toml"}));
        assert_eq!(result.get("resourceRef"), None);
    }

    #[test]
    fn objects_that_came_in_are_named_with_their_fields() {
        let ingress = Identity {
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "Ingress".to_owned(),
            namespace: Some("web".to_owned()),
            name: "shop".to_owned(),
        };
        let config = config(None);
        let origin = Origin { config: Some(&config), document: None };
        let diagnostic = Diagnostic::error("annotation-taken", "words").about(&ingress);
        let bare = result(&diagnostic, origin);
        let reference = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "namespace": "web", "name": "shop",
        });
        assert_eq!((&bare["resourceRef"], bare.get("field")), (&reference, None));
        let result = result(&diagnostic.field("spec.a", Value::Null, 5), origin);
        assert_eq!(result["field"], json!({ "path": "spec.a", "proposedValue": 5 }));
        assert_eq!(result.get("file"), None, "not that of the configuration");
    }

    #[test]
    fn severities_are_the_formats_and_keys_are_masked() {
        let origin = Origin { config: None, document: None };
        let key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
        let notice = Diagnostic::notice("done", "words").help(key);
        let result = result(&notice, origin);
        assert_eq!(result["severity"], "info");
        assert!(!result["message"].as_str().unwrap().contains("MIIE"));
    }
}
