use serde_json::{Value, json};

use super::*;
use crate::controllers::Controller;
use crate::controllers::ingress_nginx::IngressNginx;
use crate::controllers::traefik::Traefik;
use crate::manifest::kinds::{self, Ingress};
use crate::manifest::{Extent, Namespace, ObjectSet, Shown};
use crate::render::parts::parts;

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
            "without a certificate is served at `/`",
        ),
        (
            &ingress,
            annotation("auth-tls-verify-client", json!("optional")),
            "auth-tls-verify-client: optional`, and mtlsgen makes it `on`",
        ),
        (
            &ingress,
            annotation("auth-tls-secret", Value::Null),
            "lacks `nginx.ingress.kubernetes.io/auth-tls-secret: default/ca-secret`",
        ),
        (
            &ingress,
            annotation("auth-tls-secret", json!("")),
            "auth-tls-secret: `, and mtlsgen makes it",
        ),
        (
            &ingress,
            annotation("auth-tls-secret", json!("ca-secret")),
            "the Secret that verifies clients is missing or refused",
        ),
        (
            &ingress,
            annotation("auth-tls-verify-depth", json!("9")),
            "chains with 9 intermediates pass, and 1 are wanted",
        ),
        (
            &ingress,
            annotation("auth-tls-error-page", json!("/open")),
            "has `nginx.ingress.kubernetes.io/auth-tls-error-page`, which mtlsgen did not set",
        ),
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
        (&ingress, annotation("canary", json!("true")), "canary Ingress"),
        (&ingress, json!({"metadata": {"annotations": null}}), "lacks"),
        (
            &ingress,
            json!({"spec": {"ingressClassName": "traefik"}}),
            "has another ingress class than `nginx`",
        ),
        (
            &ingress,
            json!({"spec": {"tls": null}}),
            "the certificate of the Secret `default/self-tls` is not shown there",
        ),
        (
            &ingress,
            json!({"spec": {"rules": [{"host": "x.y"}]}}),
            "no Ingress of namespace `default` has a rule for `test.localdev.me`",
        ),
        (&ingress, json!({"spec": {"rules": [{"host": "test.localdev.me"}]}}), "without paths"),
        (&ingress, json!({"$patch": "delete"}), "no path leads to a Service"),
        (
            &secret,
            json!({"$patch": "delete"}),
            "which clients are admitted is not known: the Secret `default/ca-secret` is not among",
        ),
        (&secret, json!({"data": {"ca.crt": ""}}), "missing or refused"),
        (&secret, json!({"data": {"ca.crt": null}}), "missing or refused"),
        (&secret, json!({"stringData": {"ca.crt": "x"}}), "missing or refused"),
        (&secret, json!({"stringData": {"tls.key": "x"}}), "holds a private key under `tls.key`"),
        (
            &secret,
            json!({"stringData": {"x": "-----BEGIN EC PRIVATE KEY-----\n"}}),
            "holds a private key under `x`",
        ),
    ];
    for (target, patch, message) in cases {
        let mut model = patched(walkthrough(), &[(target.clone(), patch.clone())]);
        for auth in model.exposures.iter_mut().filter_map(|exposure| exposure.client_auth.as_mut())
        {
            auth.verify_depth = Some(1);
        }
        let rendered = render_with(&model, &TemplateSet::built_in());
        assert!(rendered.is_err(), "{message}");
        let found = sayings(rendered);
        assert!(found.join("\n").contains(message), "{message}\n{found:?}");
    }
}

#[test]
fn paths_of_the_spec_lead_to_services_that_are_there() {
    for (path, service, expected) in [
        ("/", "demo-app", None),
        ("/only", "demo-app", Some("a client that the spec admits is answered 404 at `/`")),
        (
            "/",
            "demoap",
            Some(
                "`/` leads to `default/demoap:80`, and neither the objects nor the spec have that Service",
            ),
        ),
    ] {
        let backend = json!({"service": {"name": service, "port": {"number": 80}}});
        let paths = json!([{"path": path, "pathType": "Prefix", "backend": backend}]);
        let rules = json!([{"host": "test.localdev.me", "http": {"paths": paths}}]);
        let patch = (json!({"kind": "Ingress"}), json!({"spec": {"rules": rules}}));
        let rendered = render_with(&patched(walkthrough(), &[patch]), &TemplateSet::built_in());
        assert_eq!(rendered.is_err(), expected.is_some(), "{path} {service}");
        let Some(words) = expected else { continue };
        let found = sayings(rendered);
        assert!(found[0].contains(words), "{found:?}");
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
        sayings(render_with(&patched(allowing, &[(ingress, other)]), &TemplateSet::built_in()));
    assert!(found[0].contains("canary Ingress"), "{found:?}");
}

/// Two annotations that express the same, for the controller that reads them.
#[test]
fn what_changes_nothing_may_be_patched_in() {
    let ingress = json!({"kind": "Ingress"});
    for (name, value) in [
        // `force-ssl-redirect` redirects all the same.
        ("ssl-redirect", "false"),
        // The controller has no such annotation.
        ("something-new", "x"),
    ] {
        let annotations = json!({"metadata": {"annotations": {format!("{NGINX}{name}"): value}}});
        let model = patched(walkthrough(), &[(ingress.clone(), annotations)]);
        let rendered = render_with(&model, &TemplateSet::built_in());
        assert!(rendered.is_ok(), "{name}: {rendered:?}");
    }
    let both = json!({"metadata": {"annotations": {format!("{NGINX}ssl-redirect"): "false", format!("{NGINX}force-ssl-redirect"): "false"}}});
    let found =
        sayings(render_with(&patched(walkthrough(), &[(ingress, both)]), &TemplateSet::built_in()));
    assert!(
        found[0].contains("a client without a certificate by plain HTTP is served at `/`"),
        "{found:?}"
    );
}

/// Of a host whose Secret is elsewhere, that it may be closed is said by a warning; that says nothing of the others.
#[test]
fn what_is_left_to_others_at_one_host_hides_no_other_host() {
    let mut elsewhere = protected("elsewhere.example.com");
    let auth = elsewhere.client_auth.as_mut().unwrap();
    auth.existing = true;
    auth.secret.namespace = "ingress-nginx".to_owned();
    let both = model(vec![elsewhere, protected("here.example.com")]);
    assert!(render_with(&both, &TemplateSet::built_in()).is_ok());
    let annotations =
        json!({"metadata": {"annotations": {format!("{NGINX}force-ssl-redirect"): "false"}}});
    let ingress = json!({"kind": "Ingress", "name": "here-example-com"});
    let found =
        sayings(render_with(&patched(both, &[(ingress, annotations)]), &TemplateSet::built_in()));
    assert!(found[0].contains("that depends on the controller's ConfigMap"), "{found:?}");
}

#[test]
fn another_object_cannot_open_a_protected_host() {
    let other = |annotations: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: other\n  namespace: elsewhere\n  annotations: {{{annotations}}}\n\
             spec:\n  ingressClassName: nginx\n  rules:\n  - host: test.localdev.me\n    http: {{paths: [{{path: /open, pathType: Prefix, backend: {{service: {{name: s, port: {{number: 1}}}}}}}}]}}\n"
        )
    };
    let render = |annotations: &str| {
        render_with(&walkthrough(), &templates(&[("other.yaml.j2", &other(annotations))]))
    };
    // The controller takes the first Secret of a host, whichever Ingress is older.
    let redirects = format!("{NGINX}force-ssl-redirect: 'true'");
    assert!(render(&redirects).is_ok());
    // Without, plain HTTP is served where the settings of the controller say so.
    let found = sayings(render(""));
    assert!(found[0].contains("that depends on the controller's ConfigMap"), "{found:?}");
    let refused = |annotations: &str, words: &str| {
        let found = sayings(render(annotations));
        assert!(found.join("\n").contains(words), "{found:?}");
    };
    refused(
        &format!("{NGINX}auth-tls-secret: elsewhere/theirs"),
        "which clients are admitted is not known: the Secret `elsewhere/theirs` is not among the objects",
    );
    refused(
        &format!("{NGINX}auth-tls-secret: elsewhere/theirs, {NGINX}auth-tls-verify-client: 'off'"),
        "a client without a certificate may be served at `/`: that depends on which object is older",
    );
    refused(
        &format!("{NGINX}ssl-redirect: 'false'"),
        "a client without a certificate by plain HTTP is served at `/open",
    );
    refused(&format!("{NGINX}ssl-passthrough: 'true'"), "passes TLS through unread");
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
        exposure.routes[0].path = format!("/{number}");
        exposure
    };
    let mut model = model((0..2000).map(entry).collect());
    let other = |number| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: other-{number}, namespace: default, annotations: {{{NGINX}auth-tls-secret: default/ca-secret, {NGINX}auth-tls-verify-client: 'off'}}}}\n\
             spec: {{rules: [{{host: test.localdev.me, http: {{paths: []}}}}]}}\n---\n"
        )
    };
    let others = (0..200).map(other).collect::<Vec<_>>().concat();
    let found = titles(render_with(&model, &templates(&[("others.yaml.j2", &others)])));
    let unprotected = "host `entry-0000` may not be protected";
    assert!(found.iter().any(|title| title.starts_with(unprotected)));
    // The controllers of two classes share nothing.
    model.exposures.truncate(2);
    model.exposures[1].client_auth = None;
    assert!(render_with(&model, &TemplateSet::built_in()).is_ok());
}

#[test]
fn hosts_in_parts_have_all_that_concerns_them() {
    let hosts = |number| protected(&format!("h{number}.example.com"));
    let mut exposures: Vec<_> = (0..600).map(hosts).collect();
    exposures.push(protected("*.example.com"));
    let mut annotated = exposure("other.example.com");
    annotated.annotations = annotations(&[(&format!("{NGINX}canary"), "false")]);
    exposures.push(annotated);
    let model = model(exposures);
    let objects = rendered(&model);
    let mut set = ObjectSet::within(Namespace::Known("default"), Extent::Complete);
    for object in &objects {
        set.add(object);
    }
    let all: Vec<_> = model.exposures.iter().collect();
    let parts = parts(&IngressNginx, &all, &set, Some(&objects));
    let mut keys: Vec<&str> =
        parts.iter().flat_map(|part| &part.exposures).map(|one| one.key.as_str()).collect();
    assert!(parts.len() > 2 && keys.len() == all.len(), "{}", parts.len());
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all.len(), "each once");
    for part in &parts {
        let own = part.objects.as_ref().unwrap();
        // Those that may meet others are in every part.
        let others = all.iter().filter(|one| !one.host.as_str().starts_with('h'));
        for exposure in part.exposures.iter().chain(others) {
            let (namespace, name) = (exposure.namespace.as_str(), exposure.name.as_str());
            let ingress = own.read::<Ingress>(namespace, name);
            assert!(matches!(ingress, Shown::Found(_)), "{name}");
            if let Some(auth) = &exposure.client_auth {
                let secret = own.read::<kinds::Secret>(&auth.secret.namespace, &auth.secret.name);
                assert!(matches!(secret, Shown::Found(_)), "{}", auth.secret);
            }
        }
    }
}

/// Traefik joins words to names, and of two that are one, one stays.
#[test]
fn hosts_that_meet_in_a_name_are_compared_together() {
    let host = |number| {
        let mut exposure = protected(&format!("h{number:03}.example.com"));
        exposure.name = match number {
            0 => "shop-x".parse().unwrap(),
            300 => "a.b".parse().unwrap(),
            599 => "shop".parse().unwrap(),
            400 => "a-b".parse().unwrap(),
            _ => exposure.name,
        };
        let service = if number == 599 { "x-web" } else { "web" };
        exposure.routes[0].service = service.parse().unwrap();
        exposure
    };
    let model = model((0..600).map(host).collect());
    let objects = rendered(&model);
    let mut set = ObjectSet::within(Namespace::Known("default"), Extent::Complete);
    for object in &objects {
        set.add(object);
    }
    let all: Vec<_> = model.exposures.iter().collect();
    let last_of = |controller: &dyn Controller| {
        let parts = parts(controller, &all, &set, Some(&objects));
        let last = parts.last().unwrap();
        (parts.len(), last.exposures.iter().map(|one| one.name.to_string()).collect::<Vec<_>>())
    };
    let (number, names) = last_of(&Traefik);
    assert_eq!((number, names), (4, ["shop-x", "a.b", "a-b", "shop"].map(String::from).to_vec()));
    assert_eq!(last_of(&IngressNginx).1.len(), 100, "nowhere with ingress-nginx");
}
