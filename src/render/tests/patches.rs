use serde_json::{Value, json};

use super::*;

#[test]
fn patches_change_what_templates_gave() {
    let model = patched(
        walkthrough(),
        &[
            (
                Value::Null,
                json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demo-app"},
            "spec": {"template": {"spec": {"containers": [{"name": "httpd", "env": [{"name": "A", "value": "on"}]}]}}}}),
            ),
            (
                json!({"kind": "Ingress|Service"}),
                json!([{"op": "add", "path": "/metadata/labels", "value": {"team": "a"}}]),
            ),
        ],
    );
    let manifests = rendered(&model);
    let deployment = object(&manifests, "Deployment", "demo-app");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["env"], json!([{"name": "A", "value": "on"}]));
    assert_eq!(container["image"], json!("httpd"));
    assert_eq!(
        object(&manifests, "Ingress", "test-localdev-me")["metadata"]["labels"],
        json!({"team": "a"})
    );

    let masked = checked(
        &patched(
            walkthrough(),
            &[(json!({"kind": "Secret"}), json!({"metadata": {"labels": {"a": "b"}}}))],
        ),
        &TemplateSet::built_in(),
        Disclosure::Masked,
    );
    assert!(masked.is_ok());
}

#[test]
fn wrong_patches_are_said() {
    let cases = [
        (
            json!({"kind": "Deploymnt"}),
            json!({"spec": {}}),
            "the patch matches no object: kind `Deploymnt`",
        ),
        (
            json!({"kind": "Deployment"}),
            json!({"spec": {"replica": 2}}),
            "Deployment `default/demo-app` (after patches): `spec.replica`: unknown field, did you mean `replicas`?",
        ),
        (
            json!({"kind": "Deployment"}),
            json!([{"op": "replace", "path": "/metadata/name", "value": "x"}]),
            "the patch changes what makes Deployment `default/demo-app` that object",
        ),
    ];
    for (target, patch, message) in cases {
        let found = titles(render_with(
            &patched(walkthrough(), &[(target, patch)]),
            &TemplateSet::built_in(),
        ));
        assert!(found.join("\n").contains(message), "{message}\n{found:?}");
    }
}
