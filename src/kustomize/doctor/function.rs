//! The annotation that makes an object's plugin a KRM function, read as strictly as Kustomize reads it.

use serde::Deserialize;
use serde_json::Value;

use super::object::Object;
use crate::diagnostic::{Diagnostic, Span, literal, nearest};
use crate::kustomize::annotation_of;
use crate::path;
use crate::specification::document::Path;
use crate::yaml;

/// Annotations with the function in them; the first that is not empty counts.
const ANNOTATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];
/// The annotation of old that holds an image's name.
const CONTAINER: &str = "config.kubernetes.io/container";

/// How Kustomize calls the plugin of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// As executable in the folder of plugins.
    ExecPlugin,
    /// As KRM function that is an executable.
    Function {
        /// The executable; empty where nothing names one, and then nothing runs.
        path: String,
        /// Its arguments.
        args: Vec<String>,
        /// Whether keys are used that only Kustomize 5.7 and later know (`args`, `envs`).
        is_new: bool,
    },
    /// As KRM function in a container.
    Container {
        /// The image.
        image: String,
    },
    /// Kustomize refuses the annotation.
    Refused,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct FunctionSpec {
    defer_failure: Option<bool>,
    container: Option<Container>,
    exec: Option<Exec>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Exec {
    path: Option<String>,
    args: Option<Vec<String>>,
    envs: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Container {
    image: Option<String>,
    network: Option<bool>,
    mounts: Option<Vec<Mount>>,
    envs: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Mount {
    r#type: Option<String>,
    src: Option<String>,
    dst: Option<String>,
    rw: Option<bool>,
}

/// How Kustomize calls the plugin of `object`, and what is wrong with the annotation.
#[must_use]
pub fn style(object: &Object) -> (Style, Option<Diagnostic>) {
    let mut texts =
        ANNOTATIONS.iter().filter_map(|name| Some((*name, annotation_of(&object.value, name)?)));
    if let Some((name, text)) = texts.find(|(_, text)| !text.is_empty()) {
        let span = object.span(&annotation(name));
        return read(yaml::parse(text).map(|mut all| all.pop()), name, span);
    }
    if let Some(value) = object.value.pointer("/metadata/configFn").filter(|value| !value.is_null())
    {
        let name = "metadata.configFn";
        return read(Ok(Some(value.clone())), name, object.span(&path!["metadata", "configFn"]));
    }
    match annotation_of(&object.value, CONTAINER).filter(|image| !image.is_empty()) {
        Some(image) => (Style::Container { image: image.to_owned() }, None),
        None => (Style::ExecPlugin, None),
    }
}

/// The way to an annotation.
fn annotation(name: &str) -> Path {
    path!["metadata", "annotations", name]
}

fn read(
    parsed: Result<Option<Value>, yaml::ReadError>,
    name: &str,
    span: Option<Span>,
) -> (Style, Option<Diagnostic>) {
    let value = match parsed {
        Ok(value) => value.unwrap_or(Value::Object(serde_json::Map::new())),
        Err(error) => return refused(name, &error.to_string(), None, span),
    };
    match serde_json::from_value::<FunctionSpec>(value) {
        Ok(spec) => (of(spec), None),
        Err(error) => {
            let words = error.to_string();
            let help = instead(&words);
            refused(name, &words.replace(", expected", "; expected"), help, span)
        }
    }
}

fn of(spec: FunctionSpec) -> Style {
    let FunctionSpec { defer_failure: _, container, exec } = spec;
    let Container { image, network: _, mounts: _, envs: _ } = container.unwrap_or_default();
    if let Some(image) = image.filter(|image| !image.is_empty()) {
        return Style::Container { image };
    }
    let Exec { path, args, envs } = exec.unwrap_or_default();
    let is_new = args.is_some() || envs.is_some();
    Style::Function { path: path.unwrap_or_default(), args: args.unwrap_or_default(), is_new }
}

fn refused(
    name: &str,
    why: &str,
    help: Option<String>,
    span: Option<Span>,
) -> (Style, Option<Diagnostic>) {
    let title = format!("Kustomize refuses the function in `{name}`: {why}");
    let mut diagnostic = Diagnostic::error("function-annotation", title).at(span);
    diagnostic.help.extend(help);
    let diagnostic = diagnostic.help(
        "write `exec: {path: mtlsgen, args: [kustomize]}`; beside them Kustomize accepts `envs` in `exec`, and `container`",
    );
    (Style::Refused, Some(diagnostic))
}

/// What may be meant by an unknown key.
fn instead(words: &str) -> Option<String> {
    let key = words.strip_prefix("unknown field `")?.split('`').next()?;
    let known =
        ["exec", "container", "deferFailure", "path", "args", "envs", "image", "network", "mounts"];
    nearest(key, known).map(|known| format!("instead of {}, write `{known}`", literal(key)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::diagnostic::Source;
    use crate::kustomize::doctor::object::objects;

    fn styled(metadata: &Value) -> (Style, Option<Diagnostic>) {
        let text = json!({"kind": "MutualTLS", "metadata": metadata}).to_string();
        let source = Source { name: "a.yaml".into(), directory: "".into(), text };
        style(&objects(&Arc::new(source)).unwrap()[0])
    }

    fn function(path: &str, args: &[&str], is_new: bool) -> Style {
        let args = args.iter().map(ToString::to_string).collect();
        Style::Function { path: path.to_owned(), args, is_new }
    }

    #[test]
    fn the_style_is_the_one_that_kustomize_takes() {
        let container = Style::Container { image: "i".to_owned() };
        let annotated = |name: &str, text: &str| json!({"annotations": {name: text}});
        for (metadata, wanted) in [
            (json!({}), Style::ExecPlugin),
            (annotated(ANNOTATIONS[0], ""), Style::ExecPlugin),
            (annotated(ANNOTATIONS[0], "exec: {path: a, args: [b]}"), function("a", &["b"], true)),
            (annotated(ANNOTATIONS[1], "exec: {path: ./a}"), function("./a", &[], false)),
            (annotated(ANNOTATIONS[0], "exec: {path: a, envs: [A=b]}"), function("a", &[], true)),
            (annotated(ANNOTATIONS[0], "exec:\n"), function("", &[], false)),
            (
                annotated(ANNOTATIONS[0], "container: {image: i}\nexec: {path: a}"),
                container.clone(),
            ),
            (annotated(CONTAINER, "i"), container),
            (json!({"configFn": {"exec": {"path": "a"}}}), function("a", &[], false)),
        ] {
            assert_eq!(styled(&metadata), (wanted, None), "{metadata}");
        }
    }

    #[test]
    fn what_kustomize_refuses_is_refused() {
        for (text, words, help) in [
            ("exec: {path: a, env: [A=b]}", "unknown field `env`", "write `envs`"),
            ("exec: {path: a, arg: [b]}", "unknown field `arg`", "write `args`"),
            ("starlark: {path: a}", "unknown field `starlark`", "write `exec: {path: mtlsgen"),
            ("exec: {path: a, args: b}", "invalid type", "write `exec: {path: mtlsgen"),
            ("exec: [", "at line", "write `exec: {path: mtlsgen"),
        ] {
            let (style, found) = styled(&json!({"annotations": {ANNOTATIONS[0]: text}}));
            let found = found.unwrap();
            assert_eq!(style, Style::Refused, "{text}");
            assert!(found.title.contains(words), "{}", found.title);
            assert!(found.help.join("\n").contains(help), "{:?}", found.help);
            assert!(found.span.is_some());
        }
    }
}
