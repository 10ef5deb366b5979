//! Whether an object is meant for the plugin, also where its version or kind is not quite right.

use super::function::Style;
use super::object::Object;
use crate::diagnostic::{Diagnostic, literal, nearest};
use crate::path;
use crate::specification::document::{API_VERSION, KIND};

/// Names that the program is called by.
const PROGRAMS: [&str; 2] = ["mtlsgen", KIND];

/// Whether the object is ours or seems to be meant so.
#[must_use]
pub fn is_meant(object: &Object, style: &Style) -> bool {
    let (api_version, kind) = (text(object, "apiVersion"), text(object, "kind"));
    let group = api_version.split('/').next().unwrap_or_default();
    let runs_us = matches!(style, Style::Function { path, .. } if is_program(path));
    is_near(kind, KIND) || is_near(group, group_of(API_VERSION)) || runs_us
}

/// Whether a path ends in a name of the program.
#[must_use]
pub fn is_program(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| PROGRAMS.contains(&name))
}

/// What is wrong with the group, version and kind of an object that is meant for the plugin.
#[must_use]
pub fn mistakes(object: &Object, style: &Style) -> Vec<Diagnostic> {
    if matches!(style, Style::Function { .. }) && object.text("kind") == Some("ConfigMap") {
        return Vec::new();
    }
    let wrong = |(key, right): (&'static str, &str)| {
        let found = text(object, key);
        if found == right {
            return None;
        }
        let title = match object.text(key) {
            Some(found) => format!("expected `{key}: {right}`, found {}", literal(found)),
            None => format!("expected `{key}: {right}`, found nothing"),
        };
        let diagnostic = Diagnostic::error("plugin-kind", format!("{title}: {}", happens(style)));
        Some(diagnostic.at(object.span(&path![key])).help(format!("write `{key}: {right}`")))
    };
    [("apiVersion", API_VERSION), ("kind", KIND)].into_iter().filter_map(wrong).collect()
}

fn happens(style: &Style) -> &'static str {
    match style {
        Style::ExecPlugin => {
            "Kustomize looks for the plugin under these names, and does not find it"
        }
        _ => "mtlsgen refuses the configuration",
    }
}

fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.text(key).unwrap_or_default()
}

fn group_of(api_version: &str) -> &str {
    api_version.split('/').next().unwrap_or_default()
}

fn is_near(found: &str, right: &str) -> bool {
    !found.is_empty() && nearest(found, [right]).is_some()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Source;
    use crate::kustomize::doctor::object::objects;

    fn object(api_version: &str, kind: &str) -> Object {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\n");
        let source = Source { name: "a.yaml".into(), directory: "".into(), text };
        objects(&Arc::new(source)).unwrap().remove(0)
    }

    #[test]
    fn what_is_nearly_ours_is_meant_for_us() {
        for (api_version, kind, meant, mistakes) in [
            (API_VERSION, KIND, true, 0),
            ("mtlsgen.dev/v1", KIND, true, 1),
            ("mtlsgen.dev/v1alpha1", "MutualTls", true, 1),
            ("mtlsgen.dev/v1alpha1", "Anything", true, 1),
            ("mtlsgen.io/v1alpha1", "MutalTLS", true, 2),
            ("v1", "MutualTLS", true, 1),
            ("builtin", "PrefixTransformer", false, 2),
            ("v1", "ConfigMap", false, 2),
            ("networking.k8s.io/v1", "Ingress", false, 2),
        ] {
            let object = object(api_version, kind);
            assert_eq!(is_meant(&object, &Style::ExecPlugin), meant, "{api_version} {kind}");
            let found = super::mistakes(&object, &Style::ExecPlugin);
            assert_eq!(found.len(), mistakes, "{api_version} {kind}");
        }
    }

    #[test]
    fn a_function_that_runs_us_may_have_a_config_map() {
        let object = object("v1", "ConfigMap");
        for (path, meant) in [("mtlsgen", true), ("./bin/MutualTLS", true), ("./fn.sh", false)] {
            let style = Style::Function { path: path.to_owned(), args: Vec::new(), is_new: false };
            assert_eq!(is_meant(&object, &style), meant, "{path}");
            assert_eq!(mistakes(&object, &style), []);
        }
    }
}
