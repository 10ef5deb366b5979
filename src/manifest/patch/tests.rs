use serde_json::{Value, json};

use super::Patches;
use crate::manifest::{Identity, yaml};
use crate::model::Patch;
use crate::spec::PatchTarget;

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
            Ok((object, _)) => result.extend(object),
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
            "`ports`: `$patch: replace` stands in an element of its own",
        ),
        (json!({"$patch": "replace", "spec": {}}), "`$patch: replace` cannot stand at the top"),
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
        (json!({"target": kind("["), "patch": {}}), "`[` is no regular expression"),
        (json!({"target": {"labelSelector": "a in b"}, "patch": {}}), "`a in b` is no selector"),
        (json!({"target": {"labelSelector": "a>1"}, "patch": {}}), "`a>1` is no selector"),
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
