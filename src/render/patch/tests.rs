use serde_json::{Value, json};

use super::Patches;
use crate::identity::Identity;
use crate::model::Patch;
use crate::specification::PatchTarget;
use crate::yaml;

fn patches(list: &[Value]) -> Result<Patches, Vec<super::Finding>> {
    let patches: Vec<_> = list
        .iter()
        .enumerate()
        .map(|(index, entry)| Patch {
            index,
            target: entry
                .get("target")
                .map(|target| serde_json::from_value::<PatchTarget>(target.clone()).unwrap()),
            patch: entry["patch"].clone(),
        })
        .collect();
    Patches::new(&patches)
}

fn apply(patches: &Patches, objects: &[Value]) -> Result<Vec<Value>, Vec<String>> {
    let mut result = Vec::new();
    for object in objects {
        match patches.apply(&Identity::of(object).unwrap(), object) {
            Ok((object, _)) => result.extend(object.map(crate::manifest::Wiped::into_inner)),
            Err(findings) => {
                return Err(findings.into_iter().map(|finding| finding.diagnostic.title).collect());
            }
        }
    }
    Ok(result)
}

/// `kubectl kustomize` (v5.5.0) made the results from a kustomization with these objects and patches.
#[test]
fn patches_do_what_kustomize_does() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/recorded/kustomize-patches.json"))
            .unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let patches = patches(case["patches"].as_array().unwrap()).unwrap();
        let mut have = apply(&patches, case["objects"].as_array().unwrap()).unwrap();
        let mut want = case["result"].as_array().unwrap().clone();
        let by_kind = |value: &Value| value["kind"].to_string();
        have.sort_by_key(by_kind);
        want.sort_by_key(by_kind);
        assert_eq!(have, want, "{}", case["name"]);
    }
}

fn service() -> Value {
    yaml::parse(
        "apiVersion: v1\nkind: Service\nmetadata: {name: demo, namespace: default}\nspec:\n  ports:\n  \
         - {port: 80, protocol: TCP, targetPort: 80}\n  - {port: 53, name: dns, protocol: UDP, targetPort: 53}\n",
    )
    .unwrap()
    .remove(0)
}

#[test]
fn ports_are_merged_by_number_and_by_protocol_where_it_is_said() {
    let patch = json!({"target": {"kind": "Service"}, "patch": {"spec": {"ports": [
        {"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "TCP"}]}}});
    let have = apply(&patches(&[patch]).unwrap(), &[service()]).unwrap();
    let want = json!([
        {"port": 80, "protocol": "TCP", "targetPort": 80, "nodePort": 30080},
        {"port": 53, "protocol": "TCP"},
        {"port": 53, "name": "dns", "protocol": "UDP", "targetPort": 53},
    ]);
    assert_eq!(have[0]["spec"]["ports"], want);
}

#[test]
fn what_cannot_be_applied_says_why() {
    let target = json!({"kind": "Service"});
    let cases = [
        (
            json!([{"op": "replace", "path": "/spec/nothing/x", "value": 1}]),
            "operation 1 (`replace` `/spec/nothing/x`) failed: its path leads to nothing",
        ),
        (
            json!([{"op": "test", "path": "/spec/ports/0/port", "value": 1}]),
            "operation 1 (`test` `/spec/ports/0/port`) failed: the object has another value there",
        ),
        (
            json!([{"op": "replace", "path": "/metadata/name", "value": "x"}]),
            "the patch changes what makes Service `default/demo` that object",
        ),
        (json!([{"op": "remove", "path": "/kind"}]), "the patch changes what makes"),
        (
            json!({"spec": {"ports": [{"targetPort": 1}]}}),
            "`ports`: each element of this list must have `port`",
        ),
        (
            json!({"spec": {"ports": [{"port": 80, "$patch": "replace"}]}}),
            "`ports`: `$patch: replace` must be an element of its own",
        ),
        (json!({"$patch": "replace", "spec": {}}), "`$patch: replace` is not allowed at the top"),
    ];
    for (patch, message) in cases {
        let patches = patches(&[json!({"target": target, "patch": patch})]).unwrap();
        let found = apply(&patches, &[service()]).unwrap_err().join("\n");
        assert!(found.contains(message), "{message}\n{found}");
    }
}

#[test]
fn malformed_patches_are_refused_before_anything_is_rendered() {
    let kind = |text: &str| json!({"kind": text});
    let cases = [
        (json!({"patch": {"spec": {}}}), "does not say which object it changes"),
        (
            json!({"patch": [{"op": "remove", "path": "/x"}]}),
            "does not say which object it changes",
        ),
        (json!({"target": kind("["), "patch": {}}), "`[` is not a regular expression"),
        (json!({"target": {"labelSelector": "a in b"}, "patch": {}}), "`a in b` is not a selector"),
        (json!({"target": {"labelSelector": "a>1"}, "patch": {}}), "`a>1` is not a selector"),
        (json!({"target": kind("x"), "patch": "text"}), "a patch is a mapping"),
        (json!({"target": kind("x"), "patch": []}), "the patch is an empty list"),
        (
            json!({"target": kind("x"), "patch": [{"op": "delete", "path": "/x"}]}),
            "operation 1: unknown variant `delete`",
        ),
        (
            json!({"target": kind("x"), "patch": {"a": {"$retainKeys": []}}}),
            "the directive `$retainKeys` is not known",
        ),
        (
            json!({"target": kind("x"), "patch": {"a": {"$patch": "drop"}}}),
            "`$patch: drop` is not known",
        ),
    ];
    for (patch, message) in cases {
        let Err(found) = patches(std::slice::from_ref(&patch)) else { panic!("{patch}") };
        assert!(found[0].diagnostic.title.contains(message), "{message}\n{found:?}");
    }
}

#[test]
fn patches_that_match_nothing_are_found() {
    let patches = patches(&[
        json!({"target": {"kind": "Service", "name": "demo"}, "patch": {"metadata": {"labels": {"a": "b"}}}}),
        json!({"target": {"kind": "Ingress", "name": "dem.*", "labelSelector": "a=b"}, "patch": {}}),
    ])
    .unwrap();
    apply(&patches, &[service()]).unwrap();
    let unmatched = patches.unmatched();
    assert_eq!(unmatched.len(), 1);
    assert_eq!(unmatched[0].index, 1);
    assert_eq!(
        unmatched[0].diagnostic.title,
        "the patch matches no object: kind `Ingress`, name `dem.*`, label `a=b`"
    );
}

#[test]
fn a_patched_object_keeps_the_order_of_its_keys() {
    let patch = json!({"target": {"kind": "Service"}, "patch": [{"op": "remove", "path": "/metadata/name"},
        {"op": "add", "path": "/metadata/name", "value": "demo"}, {"op": "add", "path": "/spec/type", "value": "NodePort"}]});
    let have = apply(&patches(&[patch]).unwrap(), &[service()]).unwrap();
    let keys: Vec<_> = have[0]["metadata"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "namespace"]);
}

fn error_of(patch: &Value) -> String {
    let patch = json!({"target": {"kind": "Service"}, "patch": patch});
    apply(&patches(&[patch]).unwrap(), &[service()]).unwrap_err().join("\n")
}

/// Each copy doubles the object.
#[test]
fn an_object_does_not_grow_without_bounds() {
    let copies: Vec<_> = (0..40)
        .map(|n| json!({"op": "copy", "from": "/metadata", "path": format!("/metadata/x{n}")}))
        .collect();
    let found = error_of(&copies.into());
    assert!(found.contains("(`copy` `/metadata/x"), "{found}");
    assert!(found.contains("larger than 16 MiB"), "{found}");
    let large = "x".repeat(1 << 20);
    let mut adds = vec![json!({"op": "add", "path": "/metadata/annotations", "value": {}})];
    adds.extend((0..40).map(
        |n| json!({"op": "add", "path": format!("/metadata/annotations/x{n}"), "value": large}),
    ));
    let found = error_of(&adds.into());
    assert!(found.contains("operation 17 (`add` `/metadata/annotations/x15`)"), "{found}");
}

/// A large value that is put there and taken away again and again is not a large object.
#[test]
fn what_is_removed_counts_no_more() {
    let large = "x".repeat(3 << 20);
    let add = json!({"op": "add", "path": "/metadata/annotations", "value": {"a": large}});
    let remove = json!({"op": "remove", "path": "/metadata/annotations"});
    let many: Vec<_> = (0..20).flat_map(|_| [add.clone(), remove.clone()]).collect();
    let patch = json!({"target": {"kind": "Service"}, "patch": many});
    assert_eq!(apply(&patches(&[patch]).unwrap(), &[service()]).unwrap(), [service()]);
}

/// Moving things into one another needs no longer paths, and makes the object as deep as one likes.
#[test]
fn an_object_does_not_become_deep() {
    let deeper = [
        json!({"op": "add", "path": "/spec/b", "value": {}}),
        json!({"op": "move", "from": "/spec/ports", "path": "/spec/b/a"}),
        json!({"op": "move", "from": "/spec/b", "path": "/spec/ports"}),
    ];
    let many: Vec<_> = (0..20_000).flat_map(|_| deeper.clone()).collect();
    let found = error_of(&many.into());
    assert!(found.contains("deeper than 128 fields"), "{found}");
}

/// One large annotation is fine, and the same one of every object is not.
#[test]
fn patches_of_many_objects_are_counted_together() {
    let large = json!({"metadata": {"annotations": {"a": "x".repeat(8 << 20)}}});
    let patches = patches(&[json!({"target": {"kind": "Service"}, "patch": large})]).unwrap();
    let object = service();
    let outcome: Result<Vec<_>, _> =
        (0..20).map(|_| patches.apply(&Identity::of(&object).unwrap(), &object)).collect();
    let found = outcome.unwrap_err();
    assert_eq!(found[0].diagnostic.code, "patch-too-large");
}
