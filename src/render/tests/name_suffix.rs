use serde_json::json;

use super::*;
use crate::manifest::name_suffix_hash::of_secret;
use crate::model::Reference;

fn hashed(mut model: Model) -> Model {
    model.name_suffix_hash = true;
    model
}

/// Name of the only object of that kind that starts so.
fn name(manifests: &[Object], kind: &str, start: &str) -> String {
    let mut names = manifests.iter().map(|m| &m.identity).filter(|identity| identity.kind == kind);
    names.find(|identity| identity.name.starts_with(start)).unwrap().name.clone()
}

#[test]
fn secrets_end_in_their_hash_and_every_reference_follows() {
    let manifests = rendered(&hashed(walkthrough()));
    for start in ["ca-secret-", "self-tls-"] {
        let name = name(&manifests, "Secret", start);
        let object = object(&manifests, "Secret", &name);
        assert_eq!(object["metadata"]["name"], name);
        assert_eq!(name, format!("{start}{}", of_secret(&object)));
    }
    let ingress = object(&manifests, "Ingress", "test-localdev-me");
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], name(&manifests, "Secret", "self-tls-"));
    assert_eq!(
        ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-tls-secret"],
        format!("default/{}", name(&manifests, "Secret", "ca-secret-"))
    );
}

#[test]
fn but_for_names_the_objects_are_the_same_text() {
    let plain: String =
        rendered(&walkthrough()).into_iter().map(|m| text(&m).to_string()).collect();
    let manifests = rendered(&hashed(walkthrough()));
    let mut text: String = manifests.iter().map(|m| text(m).to_string()).collect();
    for start in ["ca-secret", "self-tls"] {
        text = text.replace(&name(&manifests, "Secret", &format!("{start}-")), start);
    }
    assert_eq!(text, plain);
}

#[test]
fn the_name_is_the_same_however_much_of_the_key_is_shown() {
    let model = hashed(walkthrough());
    let whole = rendered(&model);
    for disclosure in [Disclosure::Masked, Disclosure::Fingerprint] {
        let shown = checked(&model, &TemplateSet::built_in(), disclosure).unwrap();
        let names =
            |manifests: &[Object]| manifests.iter().map(|m| m.identity.clone()).collect::<Vec<_>>();
        assert_eq!(names(&whole), names(&shown));
        assert!(shown.iter().all(|manifest| !text(manifest).contains("LS0tLS1CRUdJTiBQUk")));
        assert!(whole.iter().any(|manifest| text(manifest).contains("LS0tLS1CRUdJTiBQUk")));
    }
}

#[test]
fn a_name_is_never_made_of_a_key_that_is_not_at_hand() {
    let mut model = hashed(walkthrough());
    for secret in &mut model.secrets {
        if let SecretContent::KeyPair(holder) = &mut secret.content {
            *holder = Holder::Host("keyless".to_owned());
        }
    }
    let shown = |disclosure| titles(checked(&model, &TemplateSet::built_in(), disclosure));
    for disclosure in [Disclosure::Whole, Disclosure::Masked, Disclosure::Fingerprint] {
        let titles = shown(disclosure);
        assert!(
            titles[0].contains("the private key of host `keyless` is not at hand"),
            "{titles:?}"
        );
    }
}

#[test]
fn a_patch_of_the_content_changes_the_name_and_the_references() {
    let before = name(&rendered(&hashed(walkthrough())), "Secret", "self-tls-");
    let target = json!({ "kind": "Secret", "name": "self-tls" });
    let of_labels = json!({ "metadata": { "labels": { "a": "b" } } });
    let manifests = rendered(&patched(hashed(walkthrough()), &[(target.clone(), of_labels)]));
    assert_eq!(name(&manifests, "Secret", "self-tls-"), before);
    let of_content = json!({ "stringData": { "note": "<&>" } });
    let manifests = rendered(&patched(hashed(walkthrough()), &[(target, of_content)]));
    let after = name(&manifests, "Secret", "self-tls-");
    assert_ne!(after, before);
    assert_eq!(after, format!("self-tls-{}", of_secret(&object(&manifests, "Secret", &after))));
    let ingress = object(&manifests, "Ingress", "test-localdev-me");
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], after);
}

#[test]
fn references_of_users_follow_where_kustomize_follows_them() {
    let pods = r#"apiVersion: batch/v1
kind: CronJob
metadata: {name: a, namespace: default}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          volumes:
          - {name: a, secret: {secretName: self-tls}}
          - {name: b, projected: {sources: [{secret: {name: ca-secret}}, {secret: {name: other}}]}}
          containers:
          - name: a
            image: self-tls
            envFrom: [{secretRef: {name: self-tls}}, {configMapRef: {name: self-tls}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: elsewhere, namespace: other}
imagePullSecrets: [{name: self-tls}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: self-tls}
rules: [{apiGroups: [""], resources: [secrets], resourceNames: [ca-secret, other], verbs: [get]}]
"#;
    let templates = templates(&[("extra.yaml.j2", pods)]);
    let manifests = render_with(&hashed(walkthrough()), &templates).unwrap();
    let (tls, trust) =
        (name(&manifests, "Secret", "self-tls-"), name(&manifests, "Secret", "ca-secret-"));
    let job = object(&manifests, "CronJob", "a");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"][0]["secret"]["secretName"], tls);
    assert_eq!(pod["volumes"][1]["projected"]["sources"][0]["secret"]["name"], trust);
    assert_eq!(pod["volumes"][1]["projected"]["sources"][1]["secret"]["name"], "other");
    assert_eq!(pod["containers"][0]["image"], "self-tls", "no reference");
    assert_eq!(pod["containers"][0]["envFrom"][0]["secretRef"]["name"], tls);
    assert_eq!(pod["containers"][0]["envFrom"][1]["configMapRef"]["name"], "self-tls");
    let elsewhere = object(&manifests, "ServiceAccount", "elsewhere");
    assert_eq!(elsewhere["imagePullSecrets"][0]["name"], "self-tls", "of another namespace");
    let role = object(&manifests, "ClusterRole", "self-tls");
    assert_eq!(role["rules"][0]["resourceNames"], json!([trust, "other"]));
}

#[test]
fn what_could_be_two_secrets_is_refused() {
    let mut model = hashed(walkthrough());
    let mut copy = model.secrets[0].clone();
    copy.reference = Reference { namespace: "other".to_owned(), ..copy.reference };
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: [{apiGroups: [\"\"], resources: [secrets], resourceNames: [ca-secret], verbs: [get]}]\n";
    let templates = templates(&[("extra.yaml.j2", role)]);
    model.secrets.push(copy.clone());
    assert!(render_with(&model, &templates).is_ok(), "equal content has one name");
    copy.content = SecretContent::TrustBundle(vec!["others".to_owned()]);
    *model.secrets.last_mut().unwrap() = copy;
    assert_eq!(codes(render_with(&model, &templates)), ["reference-ambiguous"]);
    assert_eq!(
        titles(render_with(&model, &templates)),
        [
            "ClusterRole `a` names the Secret `ca-secret`, which several namespaces have with different content"
        ]
    );
}

#[test]
fn secrets_of_others_keep_their_names() {
    let mut model = hashed(walkthrough());
    model.secrets.clear();
    let auth = model.exposures[0].client_auth.as_mut().unwrap();
    auth.existing = true;
    auth.authorities.clear();
    let extra = "apiVersion: v1\nkind: Secret\nmetadata: {name: mine, namespace: default}\n";
    let manifests = render_with(&model, &templates(&[("extra.yaml.j2", extra)])).unwrap();
    let ingress = object(&manifests, "Ingress", "test-localdev-me");
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], "self-tls");
    assert_eq!(name(&manifests, "Secret", "mine"), "mine");
}

#[test]
fn the_check_of_protection_sees_the_final_names() {
    let target = json!({ "kind": "Ingress" });
    let annotation = "/metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-secret";
    let patch = json!([{ "op": "replace", "path": annotation, "value": "default/other" }]);
    let titles = sayings(render_with(
        &patched(hashed(walkthrough()), &[(target, patch)]),
        &TemplateSet::built_in(),
    ));
    assert!(titles[0].contains("has `nginx.ingress.kubernetes.io/auth-tls-secret: default/other`"));
    assert!(titles[0].contains("mtlsgen makes it `default/ca-secret-"), "{titles:?}");
    let gone = json!({ "$patch": "delete" });
    let target = json!({ "kind": "Secret", "name": "ca-secret" });
    let titles = sayings(render_with(
        &patched(hashed(walkthrough()), &[(target, gone)]),
        &TemplateSet::built_in(),
    ));
    assert!(titles[0].contains("is not among the objects"), "{titles:?}");
}
