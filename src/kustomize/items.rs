//! Where generated objects go among those that are there already.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::annotation::{INDEXES, PATHS, set};
use super::{INTERNAL, annotation_of};
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;

/// The folder of an object's package, absolute, as `kpt fn render` says it.
const PACKAGE: &str = "internal.config.kubernetes.io/package-path";

/// Puts `objects` in the place of items of the same identity, and the others behind the items, in
/// their order. Nothing else is changed or dropped.
///
/// An object that takes a place takes over what the place says for Kustomize and kpt: file, position
/// and internal annotations.
pub fn place(items: &mut Vec<Value>, objects: Vec<Value>) {
    let mut places = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(key) = key(item) {
            places.entry(key).or_insert(at);
        }
    }
    for mut object in objects {
        let key = key(&object);
        match key.as_ref().and_then(|key| places.get(key)) {
            None => {
                places.extend(key.map(|key| (key, items.len())));
                items.push(object);
            }
            Some(at) => {
                take_over(&mut object, &items[*at]);
                items[*at] = object;
            }
        }
    }
}

/// Items that an earlier run made, by their label `mtlsgen.dev/name`, and `objects` do not have any
/// more; they are reported and not removed, since any user may set a label.
#[must_use]
pub fn stale(items: &[Value], objects: &[Value], name: &str) -> Vec<Diagnostic> {
    let is_ours = |item: &&Value| {
        let labels = item.pointer("/metadata/labels/mtlsgen.dev~1name");
        labels.and_then(Value::as_str) == Some(name)
    };
    let is_stale = |item: &&Value| !objects.iter().any(|object| is_same(item, object));
    items
        .iter()
        .filter(is_ours)
        .filter(is_stale)
        .filter_map(Identity::of)
        .map(|identity| {
            let title = format!("{identity} carries the label `mtlsgen.dev/name: {name}`, but the spec no longer gives it");
            Diagnostic::warning("stale-object", title).help("remove its file")
        })
        .collect()
}

fn is_same(one: &Value, other: &Value) -> bool {
    key(one).is_some_and(|one| key(other) == Some(one))
}

fn key(object: &Value) -> Option<[String; 4]> {
    Some(Identity::of(object)?.key().map(str::to_owned))
}

fn take_over(object: &mut Value, item: &Value) {
    let annotations = item.pointer("/metadata/annotations").and_then(Value::as_object);
    for (name, value) in annotations.into_iter().flatten() {
        let of_the_place = name.starts_with(INTERNAL)
            || name == "kustomize.config.k8s.io/id"
            || name == "config.k8s.io/id"
            || PATHS.contains(&name.as_str())
            || INDEXES.contains(&name.as_str());
        if let (true, Some(value)) = (of_the_place, value.as_str()) {
            set(object, name, value);
        }
    }
}

/// Whether objects are read from files and written back, as kpt does: then they have paths.
#[must_use]
pub fn are_files(items: &[Value]) -> bool {
    items.iter().any(|item| PATHS.iter().any(|name| annotation_of(item, name).is_some()))
}

/// The folder of the package whose objects they are, where kpt says so; of several packages in each
/// other, the outermost, whose functions run.
#[must_use]
pub fn package(items: &[Value]) -> Option<&Path> {
    let packages = items.iter().filter_map(|item| annotation_of(item, PACKAGE));
    packages.min_by_key(|package| package.len()).map(Path::new)
}

/// The file that an object is in, if it is among the items.
#[must_use]
pub fn file_of<'a>(items: &'a [Value], object: &Value) -> Option<&'a str> {
    let there = items.iter().find(|item| is_same(item, object))?;
    PATHS.iter().find_map(|name| annotation_of(there, name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(kind: &str, name: &str, annotations: Value) -> Value {
        let metadata = json!({"name": name, "namespace": "default"});
        let mut object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata});
        object["metadata"]["annotations"] = annotations;
        object
    }

    #[test]
    fn an_object_takes_the_place_of_its_former_self() {
        let mut items = vec![
            object("Other", "a", json!({})),
            object(
                "Kind",
                "a",
                json!({
                    "config.kubernetes.io/path": "x.yaml",
                    "internal.config.kubernetes.io/id": "7",
                    "old": "annotation",
                }),
            ),
            object("Kind", "b", json!({})),
        ];
        let new = object("Kind", "a", json!({"new": "annotation"}));
        let further = object("Kind", "c", json!({}));
        place(&mut items, vec![new, further.clone()]);
        assert_eq!(items.len(), 4);
        assert_eq!(
            items[1]["metadata"]["annotations"],
            json!({
                "new": "annotation",
                "config.kubernetes.io/path": "x.yaml",
                "internal.config.kubernetes.io/id": "7",
            })
        );
        assert_eq!(items[3], further);
    }

    #[test]
    fn the_version_and_the_default_namespace_make_no_other_object() {
        let one = json!({"apiVersion": "apps/v1beta1", "kind": "K", "metadata": {"name": "n"}});
        let mut other = object("K", "n", json!({}));
        assert!(is_same(&one, &other));
        other["metadata"]["namespace"] = "elsewhere".into();
        assert!(!is_same(&one, &other));
        assert!(!is_same(&json!({}), &json!({})), "an object without identity equals none");
    }

    #[test]
    fn the_package_and_the_file_are_those_that_kpt_says() {
        let package =
            |path: &str, file: &str| json!({PACKAGE: path, "config.kubernetes.io/path": file});
        let items = [
            object("Kind", "inner", package("/a/b", "b/x.yaml")),
            object("Kind", "outer", package("/a", "y.yaml")),
            object("Kind", "made", json!({})),
        ];
        assert_eq!(super::package(&items), Some(Path::new("/a")));
        assert_eq!(super::package(&items[2..]), None);
        assert_eq!(file_of(&items, &object("Kind", "outer", json!({}))), Some("y.yaml"));
        assert_eq!(file_of(&items, &object("Kind", "made", json!({}))), None);
    }

    #[test]
    fn what_is_left_of_earlier_runs_is_reported() {
        let mut old = object("Kind", "old", json!({}));
        old["metadata"]["labels"] = json!({"mtlsgen.dev/name": "site"});
        let items = [old.clone(), object("Kind", "theirs", json!({}))];
        assert_eq!(stale(&items, &[], "site").len(), 1);
        assert_eq!(stale(&items, &[], "site")[0].code, "stale-object");
        assert_eq!(stale(&items, &[], "another"), []);
        assert_eq!(stale(&items, &[old], "site"), []);
    }
}
