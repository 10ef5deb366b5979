//! The fields of a kustomization that name plugins, where they are not written as Kustomize reads them.

use serde_json::Value;

use super::tree::{Folder, LISTS};
use crate::diagnostic::{Diagnostic, Nature, literal, nearest};
use crate::path;

/// All other fields (`api/types/kustomization.go`, which refuses what it does not know).
const OTHERS: [&str; 28] = [
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "crds",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "buildMetadata",
];

/// What Kustomize refuses in the lists of a kustomization.
#[must_use]
pub fn mistakes(folder: &Folder) -> Vec<Diagnostic> {
    let fields = folder.kustomization.value.as_object();
    fields.into_iter().flatten().flat_map(|(key, value)| of_field(folder, key, value)).collect()
}

fn of_field(folder: &Folder, key: &str, value: &Value) -> Vec<Diagnostic> {
    let names = LISTS.map(|(name, _)| name);
    if !names.contains(&key) {
        let is_known = OTHERS.contains(&key);
        return if is_known { Vec::new() } else { vec![unknown(folder, key, nearest(key, names))] };
    }
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => {
            let wrong = items.iter().enumerate().filter(|(_, item)| !item.is_string());
            wrong.map(|(index, _)| no_text(folder, key, index)).collect()
        }
        _ => vec![no_list(folder, key)],
    }
}

fn unknown(folder: &Folder, key: &str, near: Option<&str>) -> Diagnostic {
    let title = format!("Kustomize has no field {}", literal(key));
    Diagnostic::error("kustomization", title)
        .being(Nature::EndsBuild)
        .at(folder.kustomization.span(&path![key]))
        .help(match near {
            Some(near) => format!("write `{near}`"),
            None => {
                "remove it: anchors of YAML, too, must be in fields that Kustomize knows".to_owned()
            }
        })
}

fn no_list(folder: &Folder, key: &str) -> Diagnostic {
    Diagnostic::error("kustomization", format!("expected a list of paths at `{key}`"))
        .being(Nature::EndsBuild)
        .at(folder.kustomization.span(&path![key]))
        .help(format!("write `{key}: [FILE]`"))
}

fn no_text(folder: &Folder, key: &str, index: usize) -> Diagnostic {
    Diagnostic::error(
        "kustomization",
        format!("expected text at `{key}[{index}]`: a path, or an object as text"),
    )
    .being(Nature::EndsBuild)
    .at(folder.kustomization.span(&path![key, index]))
    .help("put the object into a file and name that; or write `|` before it, which makes it text")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Source;
    use crate::kustomize::doctor::object::objects;

    fn found(text: &str) -> Vec<(String, usize)> {
        let source = Source { name: "k.yaml".into(), directory: "".into(), text: text.into() };
        let kustomization = objects(&Arc::new(source)).unwrap().remove(0);
        let folder =
            Folder { path: "/".into(), shown: "".into(), kustomization, entries: Vec::new() };
        let place = |found: Diagnostic| (found.help[0].clone(), found.span.unwrap().start);
        mistakes(&folder).into_iter().map(place).collect()
    }

    #[test]
    fn what_kustomize_refuses_is_refused() {
        for (text, help, place) in [
            ("kind: x\ngenerator: [x]", "write `generators`", 20),
            ("generators: mtls.yaml", "write `generators: [FILE]`", 12),
            ("generators:\n- kind: MutualTLS\n", "put the object into a file", 14),
            ("transformer: [x]", "write `transformers`", 13),
            ("anchors: &all [x]\ngenerators: *all", "remove it", 0),
        ] {
            let found = found(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].0.starts_with(help), "{text}: {found:?}");
            assert!(found[0].1 <= place, "{text}: {found:?}");
        }
    }

    #[test]
    fn what_kustomize_takes_is_right() {
        assert_eq!(found("generators:\nresources: [a]\n"), []);
        for other in OTHERS {
            assert_eq!(found(&format!("{other}: x\n")), [], "{other}");
        }
    }
}
