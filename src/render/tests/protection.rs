use serde_json::{Value, json};

use super::*;

const NGINX: &str = "nginx.ingress.kubernetes.io/";

#[test]
fn no_patch_template_or_annotation_opens_a_protected_host() {
    let ingress = json!({"kind": "Ingress"});
    let annotation = |name: &str, value: Value| json!({"metadata": {"annotations": {format!("{NGINX}{name}"): value}}});
    let secret = json!({"kind": "Secret", "name": "ca-secret"});
    let cases = [
        (
            &ingress,
            annotation("auth-tls-verify-client", json!("off")),
            "auth-tls-verify-client: off`, and it must be `on`",
        ),
        (&ingress, annotation("auth-tls-verify-client", json!("optional")), "and it must be `on`"),
        (
            &ingress,
            annotation("auth-tls-secret", Value::Null),
            "lacks `nginx.ingress.kubernetes.io/auth-tls-secret: default/ca-secret`",
        ),
        (&ingress, annotation("auth-tls-secret", json!("")), "auth-tls-secret: `, and it must be"),
        (
            &ingress,
            annotation("auth-tls-secret", json!("ca-secret")),
            "and it must be `default/ca-secret`",
        ),
        (&ingress, annotation("auth-tls-verify-depth", json!("9")), "and it must be `1`"),
        (
            &ingress,
            annotation("auth-tls-error-page", json!("/open")),
            "has `nginx.ingress.kubernetes.io/auth-tls-error-page`, which mtlsgen did not set",
        ),
        (&ingress, annotation("force-ssl-redirect", json!("false")), "and it must be `true`"),
        (&ingress, annotation("ssl-redirect", json!("false")), "plain HTTP on port 80"),
        (&ingress, annotation("ssl-passthrough", json!("true")), "passes TLS through unread"),
        (
            &ingress,
            annotation("server-snippet", json!("ssl_verify_client off;")),
            "becomes part of nginx's configuration",
        ),
        (
            &ingress,
            annotation("configuration-snippet", json!("error_page 496 = @open;")),
            "becomes part of nginx's configuration",
        ),
        (&ingress, annotation("server-snippet", json!("# nothing")), "server-snippet"),
        (&ingress, annotation("backend-protocol", json!("FCGI")), "FastCGI passes on"),
        (&ingress, annotation("something-new", json!("x")), "mtlsgen does not know what it does"),
        (&ingress, annotation("canary", json!("true")), "canary Ingress"),
        (&ingress, json!({"metadata": {"annotations": null}}), "lacks"),
        (
            &ingress,
            json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": "traefik"}}}),
            "which overrides its ingress class",
        ),
        (
            &ingress,
            json!({"spec": {"ingressClassName": "traefik"}}),
            "has another ingress class than `nginx`",
        ),
        (&ingress, json!({"spec": {"tls": null}}), "has no `tls` entry for `test.localdev.me`"),
        (
            &ingress,
            json!({"spec": {"tls": [{"hosts": ["x.y"], "secretName": "self-tls"}]}}),
            "has no `tls` entry",
        ),
        (
            &ingress,
            json!({"spec": {"rules": [{"host": "x.y"}]}}),
            "has a rule for `test.localdev.me`",
        ),
        (&ingress, json!({"spec": {"rules": [{"host": "test.localdev.me"}]}}), "without paths"),
        (&ingress, json!({"$patch": "delete"}), "no Ingress `default/test-localdev-me` has a rule"),
        (&secret, json!({"$patch": "delete"}), "is not among the objects"),
        (&secret, json!({"data": {"ca.crt": ""}}), "has no certificate under `ca.crt`"),
        (&secret, json!({"data": {"ca.crt": null}}), "has no certificate under `ca.crt`"),
        (&secret, json!({"stringData": {"ca.crt": "x"}}), "has no certificate under `ca.crt`"),
        (&secret, json!({"stringData": {"tls.key": "x"}}), "holds a private key under `tls.key`"),
        (
            &secret,
            json!({"stringData": {"x": "-----BEGIN EC PRIVATE KEY-----\n"}}),
            "holds a private key under `x`",
        ),
    ];
    for (target, patch, message) in cases {
        let model = patched(walkthrough(), &[(target.clone(), patch.clone())]);
        let found = titles(render_with(&model, &TemplateSet::built_in()));
        assert!(
            found.iter().all(|title| title.contains("`test.localdev.me` would not be protected")),
            "{found:?}"
        );
        assert!(found.join("\n").contains(message), "{message}\n{found:?}");
    }
}

#[test]
fn what_a_host_allows_by_name_may_be_patched_in() {
    let name = format!("{NGINX}server-snippet");
    let mut allowing = walkthrough();
    let patch = json!({"metadata": {"annotations": {&name: "location /x {}"}}});
    for exposure in &mut allowing.exposures {
        exposure.allowed_annotations.insert(name.parse().unwrap());
    }
    let ingress = json!({"kind": "Ingress"});
    let allowing = patched(allowing, &[(ingress.clone(), patch)]);
    assert!(render_with(&allowing, &TemplateSet::built_in()).is_ok());
    let other = json!({"metadata": {"annotations": {format!("{NGINX}canary"): "true"}}});
    let found =
        titles(render_with(&patched(allowing, &[(ingress, other)]), &TemplateSet::built_in()));
    assert!(found[0].contains("canary Ingress"), "{found:?}");
}

#[test]
fn another_object_cannot_open_a_protected_host() {
    let other = |annotations: &str, tls: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: other\n  namespace: elsewhere\n  annotations: {{{annotations}}}\n\
             spec:\n  ingressClassName: nginx\n{tls}  rules:\n  - host: test.localdev.me\n    http: {{paths: [{{path: /open, pathType: Prefix, backend: {{service: {{name: s, port: {{number: 1}}}}}}}}]}}\n"
        )
    };
    let found =
        titles(render_with(&walkthrough(), &templates(&[("other.yaml.j2", &other("", ""))])));
    assert!(
        found.iter().any(|title| title.contains("the Ingress `elsewhere/other` lacks")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|title| title.contains("`elsewhere/other` has no `tls` entry")),
        "{found:?}"
    );

    let same = [
        "pass-certificate-to-upstream: 'true'",
        "secret: default/ca-secret",
        "verify-client: 'on'",
        "verify-depth: '1'",
    ]
    .map(|annotation| format!("{NGINX}auth-tls-{annotation}"))
    .join(", ");
    let same = format!("{same}, {NGINX}force-ssl-redirect: 'true'");
    let tls = "  tls: [{hosts: [test.localdev.me], secretName: x}]\n";
    assert!(
        render_with(&walkthrough(), &templates(&[("other.yaml.j2", &other(&same, tls))])).is_ok()
    );
}

#[test]
fn open_hosts_stay_free_to_be_patched() {
    let model = patched(
        model(vec![exposure("a.b"), protected("c.d")]),
        &[(
            json!({"kind": "Ingress", "name": "a-b"}),
            json!({"metadata": {"annotations": {format!("{NGINX}ssl-redirect"): "false"}}}),
        )],
    );
    assert_eq!(rendered(&model).iter().filter(|m| m.identity.kind == "Ingress").count(), 2);
}

#[test]
fn many_entries_of_one_host_are_checked_quickly() {
    let entry = |number: usize| {
        let mut exposure = protected("test.localdev.me");
        exposure.key = format!("entry-{number:04}");
        exposure.name = exposure.key.parse().unwrap();
        exposure.ingress_class_name = exposure.key.parse().unwrap();
        exposure
    };
    let mut model = model((0..2000).map(entry).collect());
    let other = |number| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: other-{number}, namespace: elsewhere}}\nspec: {{rules: [{{host: test.localdev.me}}]}}\n---\n"
        )
    };
    let others = (0..200).map(other).collect::<Vec<_>>().concat();
    let found = titles(render_with(&model, &templates(&[("others.yaml.j2", &others)])));
    for number in 0..200 {
        let name = format!("`elsewhere/other-{number}` lacks `{NGINX}auth-tls-secret");
        assert_eq!(found.iter().filter(|title| title.contains(&name)).count(), 1, "{name}");
    }
    model.exposures.truncate(2);
    model.exposures[1].client_auth = None;
    let found = titles(render_with(&model, &TemplateSet::built_in()));
    assert!(found[0].contains("the Ingress `default/entry-0001` lacks"), "{found:?}");
}
