//! Annotations that Kustomize and kpt read on objects that a plugin gives.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::annotation_of;
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::Object;
use crate::specification::plugin::Plugin;

/// Gives a generated Secret a hash suffix where it is true (as Go's `strconv.ParseBool` takes it).
pub const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
/// What happens where an object of that name exists already.
pub const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";
/// The file that an object is written to, for kpt; each name is one that some version reads.
pub const PATHS: [&str; 2] = ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"];
/// Place in that file, from zero.
pub const INDEXES: [&str; 2] =
    ["internal.config.kubernetes.io/index", "config.kubernetes.io/index"];

/// Leaves an object out of what Kustomize prints and kpt applies, unless its value is `false`.
pub const LOCAL: &str = "config.kubernetes.io/local-config";

/// Whether a build leaves an object out once all transformers have seen it (`DropLocalNodes` of Kustomize's
/// `api/resource/factory.go`).
#[must_use]
pub fn is_local(object: &Value) -> bool {
    let value = object.get("metadata").and_then(|metadata| metadata.get("annotations")?.get(LOCAL));
    value.is_some_and(|value| !matches!(value, Value::Bool(false)) && value != "false")
}

/// Annotates `objects`, each with its manifest, as the plugin's settings say.
///
/// # Errors
/// Objects that would get a hash suffix though an annotation names them as `namespace/name`, which
/// Kustomize does not rewrite: the host would name a Secret that does not exist. Objects that a build would leave out.
pub fn annotate(objects: &mut [(&Object, Value)], plugin: &Plugin) -> Result<(), Vec<Diagnostic>> {
    let named = named_in_annotations(objects);
    for (manifest, object) in &mut *objects {
        if let Some(behavior) = plugin.behavior {
            set(object, BEHAVIOR, behavior.word());
        }
        if plugin.needs_hash && manifest.sensitive && !named.contains(&qualified(manifest)) {
            set(object, NEEDS_HASH, "true");
        }
    }
    let torn = |(manifest, object): &&(&Object, Value)| {
        is_true(annotation_of(object, NEEDS_HASH)) && named.contains(&qualified(manifest))
    };
    let torn = objects.iter().filter(torn).map(|(m, _)| suffixed(&m.identity));
    let local = objects.iter().filter(|(_, object)| is_local(object));
    let found: Vec<_> = torn.chain(local.map(|(m, _)| left_out(&m.identity))).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Says which file an object is written to.
pub fn set_path(object: &mut Value, path: &str) {
    // Kustomize and kpt refuse objects where both names of one annotation differ.
    for (name, index) in PATHS.iter().zip(INDEXES) {
        set(object, name, path);
        set(object, index, "0");
    }
}

/// Sets an annotation.
///
/// Where `metadata` or its annotations are not tables, nothing is set: no object of ours is so.
pub fn set(object: &mut Value, name: &str, value: &str) {
    let empty = || Value::Object(Map::new());
    let metadata = object.as_object_mut().map(|map| map.entry("metadata").or_insert_with(empty));
    let annotations = metadata
        .and_then(Value::as_object_mut)
        .map(|map| map.entry("annotations").or_insert_with(empty));
    if let Some(map) = annotations.and_then(Value::as_object_mut) {
        map.insert(name.to_owned(), value.into());
    }
}

/// What annotations say, as far as it may be a `namespace/name`.
fn named_in_annotations(objects: &[(&Object, Value)]) -> BTreeSet<String> {
    let annotations = |(_, object): &(&Object, Value)| -> Vec<String> {
        let map = object.pointer("/metadata/annotations").and_then(Value::as_object);
        let texts = map.into_iter().flat_map(Map::values).filter_map(Value::as_str);
        texts.filter(|text| text.contains('/')).map(str::to_owned).collect()
    };
    objects.iter().flat_map(annotations).collect()
}

fn qualified(manifest: &Object) -> String {
    format!("{}/{}", manifest.identity.namespace_or_default(), manifest.identity.name)
}

fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}

fn suffixed(identity: &Identity) -> Diagnostic {
    Diagnostic::error(
        "hash-suffix",
        format!("{identity} would get a hash suffix, but an annotation names it with its namespace, and Kustomize does not rewrite that"),
    )
    .help(format!("remove the annotation `{NEEDS_HASH}` from it"))
}

fn left_out(identity: &Identity) -> Diagnostic {
    let title = format!("{identity} has the annotation `{LOCAL}`, so it would not be applied");
    Diagnostic::error("local-config", title)
        .help("remove the annotation from the spec, the template or the patch that it comes from")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::specification::plugin::Behavior;

    fn manifest(kind: &str, name: &str, sensitive: bool) -> (Object, Value) {
        let object = json!({"kind": kind, "metadata": {"name": name}});
        (Object::sample(kind, "ns", name, sensitive), object)
    }

    fn annotated(
        manifests: &[(Object, Value)],
        plugin: &Plugin,
    ) -> Result<Vec<Value>, Vec<Diagnostic>> {
        let mut objects: Vec<_> = manifests.iter().map(|(m, object)| (m, object.clone())).collect();
        annotate(&mut objects, plugin)?;
        Ok(objects.into_iter().map(|(_, object)| object).collect())
    }

    #[test]
    fn only_key_pairs_that_no_annotation_names_get_a_suffix() {
        let mut ingress = manifest("Ingress", "i", false);
        set(&mut ingress.1, "nginx.ingress.kubernetes.io/auth-tls-secret", "ns/both");
        let secret = |name, sensitive| manifest("Secret", name, sensitive);
        let all = [secret("pair", true), secret("both", true), secret("ca", false), ingress];
        let plugin = Plugin { needs_hash: true, ..Plugin::default() };
        let objects = annotated(&all, &plugin).unwrap();
        let hashed = objects.iter().map(|object| annotation_of(object, NEEDS_HASH));
        assert_eq!(hashed.collect::<Vec<_>>(), [Some("true"), None, None, None]);
        let objects = annotated(&all, &Plugin::default()).unwrap();
        assert_eq!(objects, all.clone().map(|(_, object)| object), "nothing was asked for");
    }

    #[test]
    fn a_suffix_that_would_tear_a_reference_is_refused() {
        let mut ingress = manifest("Ingress", "i", false);
        set(&mut ingress.1, "nginx.ingress.kubernetes.io/auth-tls-secret", "ns/ca");
        let mut bundle = manifest("Secret", "ca", false);
        for (value, refused) in [("true", true), ("1", true), ("false", false), ("yes", false)] {
            set(&mut bundle.1, NEEDS_HASH, value);
            let result = annotated(&[bundle.clone(), ingress.clone()], &Plugin::default());
            assert_eq!(result.is_err(), refused, "{value}");
        }
    }

    #[test]
    fn every_object_says_what_to_do_about_another_one() {
        let all = [manifest("Secret", "s", true), manifest("Ingress", "i", false)];
        let plugin = Plugin { behavior: Some(Behavior::Replace), ..Plugin::default() };
        for object in annotated(&all, &plugin).unwrap() {
            assert_eq!(annotation_of(&object, BEHAVIOR), Some("replace"));
        }
    }

    #[test]
    fn other_annotations_stay() {
        let mut object = json!({"metadata": {"annotations": {"a": "b"}}});
        set_path(&mut object, "x.yaml");
        assert_eq!(annotation_of(&object, "a"), Some("b"));
        assert_eq!(annotation_of(&object, PATHS[0]), Some("x.yaml"));
        assert_eq!(annotation_of(&object, INDEXES[1]), Some("0"));
    }

    #[test]
    fn what_a_build_leaves_out_is_known_by_its_annotation() {
        for (value, expected) in [
            (json!("true"), true),
            (json!("false"), false),
            (json!(""), true),
            (json!("no"), true),
            (json!(true), true),
            (json!(false), false),
            (Value::Null, true),
        ] {
            let object = json!({"metadata": {"annotations": {LOCAL: value}}});
            assert_eq!(is_local(&object), expected, "{object}");
        }
        for object in [json!({}), json!({"metadata": {"annotations": null}}), json!([])] {
            assert!(!is_local(&object), "{object}");
        }
    }

    #[test]
    fn an_object_of_ours_that_would_be_left_out_is_refused() {
        let (bundle, mut value) = manifest("Secret", "ca", false);
        set(&mut value, LOCAL, "true");
        let found = annotated(&[(bundle, value)], &Plugin::default()).unwrap_err();
        assert_eq!(found[0].code, "local-config");
        assert_eq!(
            found[0].title,
            "Secret `ns/ca` has the annotation `config.kubernetes.io/local-config`, so it would not be applied"
        );
    }
}
