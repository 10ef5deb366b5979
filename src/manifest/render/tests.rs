use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::fixture::{self, FakeMaterial, annotations, exposure, labels, model, protected, walkthrough};
use super::render;
use crate::diagnostic::{Diagnostic, Source};
use crate::manifest::template::TemplateSet;
use crate::manifest::{Disclosure, Manifest, schema, yaml};
use crate::model::{Model, Patch, Secret, SecretContent, ServicePort};
use crate::pki::request::Holder;
use crate::spec::{Environment, PatchTarget, PodSecurity, Protocol};

fn render_with(model: &Model, templates: &TemplateSet) -> Result<Vec<Manifest>, Vec<Diagnostic>> {
    render(model, &FakeMaterial, templates, Disclosure::Whole, &|_| None)
}

fn rendered(model: &Model) -> Vec<Manifest> {
    render_with(model, &TemplateSet::built_in()).unwrap()
}

fn titles(result: Result<Vec<Manifest>, Vec<Diagnostic>>) -> Vec<String> {
    match result {
        Ok(manifests) => panic!("{} manifests", manifests.len()),
        Err(found) => found.into_iter().map(|diagnostic| diagnostic.title).collect(),
    }
}

fn object(manifests: &[Manifest], kind: &str, name: &str) -> Value {
    let found = manifests.iter().find(|m| m.identity.kind == kind && m.identity.name == name).unwrap();
    yaml::parse(&found.yaml).unwrap().remove(0)
}

fn templates(files: &[(&str, &str)]) -> TemplateSet {
    TemplateSet::new(files.iter().map(|(name, text)| source(name, text)).collect()).unwrap()
}

fn source(name: &str, text: &str) -> (String, Arc<Source>) {
    let source =
        Source { name: format!("templates/{name}"), directory: "templates".into(), text: text.to_owned() };
    (name.to_owned(), Arc::new(source))
}

fn patched(mut model: Model, patches: &[(Value, Value)]) -> Model {
    model.patches = patches
        .iter()
        .enumerate()
        .map(|(index, (target, patch))| Patch {
            index,
            target: serde_json::from_value::<Option<PatchTarget>>(target.clone()).unwrap(),
            patch: patch.clone(),
        })
        .collect();
    model
}

/// What `kubectl` printed, without what only a server fills in.
fn recorded(text: &str) -> Value {
    fn clean(value: &mut Value) {
        if let Some(map) = value.as_object_mut() {
            map.retain(|key, value| {
                key != "creationTimestamp" && key != "status" && *value != json!({})
            });
            map.values_mut().for_each(clean);
        }
        value.as_array_mut().into_iter().flatten().for_each(clean);
    }
    let mut value = yaml::parse(text).unwrap().remove(0);
    clean(&mut value);
    value["metadata"]["namespace"] = json!("default");
    value
}

#[test]
fn deployments_and_services_equal_kubectl_s() {
    let manifests = rendered(&walkthrough());
    let deployment = recorded(include_str!("../../../tests/recorded/w1-create-deployment.yaml"));
    let service = recorded(include_str!("../../../tests/recorded/w1-expose-deployment.yaml"));
    assert_eq!(object(&manifests, "Deployment", "demo-app"), deployment);
    assert_eq!(object(&manifests, "Service", "demo-app"), service);

    let mut model = walkthrough();
    let mut http = fixture::service("http-svc");
    http.ports = vec![ServicePort { name: None, port: 80, container_port: 8080, protocol: Protocol::Tcp }];
    let deployment = http.deployment.as_mut().unwrap();
    deployment.replicas = 2;
    deployment.image = "registry.k8s.io/e2e-test-images/agnhost:2.39".to_owned();
    deployment.container_name = "agnhost".parse().unwrap();
    model.services = BTreeMap::from([("http-svc".to_owned(), http.clone())]);
    let manifests = rendered(&model);
    let deployment = recorded(include_str!("../../../tests/recorded/w3-create-deployment.yaml"));
    let service = recorded(include_str!("../../../tests/recorded/w3-expose-deployment.yaml"));
    assert_eq!(object(&manifests, "Deployment", "http-svc"), deployment);
    assert_eq!(object(&manifests, "Service", "http-svc"), service);

    http.ports[0].name = Some("http".to_owned());
    model.services = BTreeMap::from([("http-svc".to_owned(), http)]);
    let named = object(&rendered(&model), "Service", "http-svc");
    let want = json!([{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]);
    assert_eq!(named["spec"]["ports"], want);
}

#[test]
fn the_walkthrough_s_ingress_has_its_four_annotations_and_the_redirect() {
    let ingress = object(&rendered(&walkthrough()), "Ingress", "test-localdev-me");
    let want = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "test-localdev-me",
            "namespace": "default",
            "annotations": {
                "nginx.ingress.kubernetes.io/auth-tls-pass-certificate-to-upstream": "true",
                "nginx.ingress.kubernetes.io/auth-tls-secret": "default/ca-secret",
                "nginx.ingress.kubernetes.io/auth-tls-verify-client": "on",
                "nginx.ingress.kubernetes.io/auth-tls-verify-depth": "1",
                "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
            },
        },
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["test.localdev.me"], "secretName": "self-tls"}],
            "rules": [{"host": "test.localdev.me", "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "demo-app", "port": {"number": 80}}},
            }]}}],
        },
    });
    assert_eq!(ingress, want);
}

#[test]
fn objects_come_in_the_order_of_application() {
    let set = templates(&[(
        "extra.yaml.j2",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: extra}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: extra}\n---\n\
         apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: i, namespace: extra}\n",
    )]);
    let manifests = render_with(&walkthrough(), &set).unwrap();
    let names: Vec<_> = manifests.iter().map(|m| m.identity.to_string()).collect();
    let want = [
        "Namespace `extra`",
        "ConfigMap `extra/c`",
        "Secret `default/ca-secret`",
        "Secret `default/self-tls`",
        "Service `default/demo-app`",
        "Deployment `default/demo-app`",
        "Issuer `extra/i`",
        "Ingress `default/test-localdev-me`",
    ];
    assert_eq!(names, want);
    let sensitive: Vec<_> = manifests.iter().filter(|m| m.sensitive).map(|m| &m.identity.name).collect();
    assert_eq!(sensitive, ["self-tls"]);
    assert_eq!(manifests[3].exposures, ["test.localdev.me"]);
}

#[test]
fn built_in_templates_give_valid_canonical_yaml() {
    let mut model = walkthrough();
    model.exposures.push(exposure("plain.example.com"));
    let service = model.services.get_mut("demo-app").unwrap();
    service.annotations = annotations(&[("a", "on"), ("b", "two\nlines\n")]);
    service.labels = labels(&[("mtlsgen.dev/name", "on")]);
    service.ports.push(ServicePort { name: Some("dns".into()), port: 53, container_port: 53, protocol: Protocol::Udp });
    let deployment = service.deployment.as_mut().unwrap();
    deployment.pod_security = Some(PodSecurity::Restricted);
    deployment.limits = BTreeMap::from([("cpu".to_owned(), "2".parse().unwrap())]);
    deployment.requests = BTreeMap::from([("memory".to_owned(), "128Mi".parse().unwrap())]);
    deployment.env = Some(Environment::Table(BTreeMap::from([
        ("A".parse().unwrap(), "1e3".to_owned()),
        ("B".parse().unwrap(), "x: {{ y }} # z".to_owned()),
    ])));
    for exposure in &mut model.exposures {
        exposure.labels = labels(&[("a", "1")]);
        exposure.annotations = annotations(&[("x/y", "{\"a\": 1}")]);
    }
    for manifest in rendered(&model) {
        let mut objects = yaml::parse(&manifest.yaml).unwrap();
        assert_eq!(objects.len(), 1, "{}", manifest.yaml);
        let object = objects.remove(0);
        assert_eq!(schema::check(&object), [], "{}", manifest.yaml);
        assert_eq!(yaml::emit(&object), manifest.yaml, "as the emitter prints it");
    }
    let deployment = object(&rendered(&model), "Deployment", "demo-app");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["resources"], json!({"limits": {"cpu": "2"}, "requests": {"memory": "128Mi"}}));
    assert_eq!(pod["containers"][0]["env"][0], json!({"name": "A", "value": "1e3"}));
    assert_eq!(pod["containers"][0]["ports"], json!([{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]));
    assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true));
    assert_eq!(deployment["metadata"]["labels"], json!({"app": "demo-app", "mtlsgen.dev/name": "on"}));
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], json!({"app": "demo-app"}));
}

#[test]
fn hostile_values_never_change_the_structure() {
    let texts: Vec<String> =
        serde_json::from_str(include_str!("../../../tests/hostile-strings.json")).unwrap();
    for text in texts {
        let mut model = walkthrough();
        model.exposures[0].annotations = annotations(&[("x/y", &text)]);
        model.exposures[0].routes[0].path.clone_from(&text);
        let service = model.services.get_mut("demo-app").unwrap();
        service.deployment.as_mut().unwrap().image.clone_from(&text);
        let variable = json!({"name": text, "value": text}).as_object().unwrap().clone();
        service.deployment.as_mut().unwrap().env = Some(Environment::List(vec![variable]));
        let manifests = rendered(&model);
        let ingress = object(&manifests, "Ingress", "test-localdev-me");
        assert_eq!(ingress["metadata"]["annotations"]["x/y"], json!(text));
        assert_eq!(ingress["spec"]["rules"][0]["http"]["paths"][0]["path"], json!(text));
        let deployment = object(&manifests, "Deployment", "demo-app");
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], json!(text));
        assert_eq!(container["env"], json!([{"name": text, "value": text}]));
    }
}

#[test]
fn private_keys_are_disclosed_as_asked() {
    let render_as = |disclosure| {
        let model = walkthrough();
        let manifests =
            render(&model, &FakeMaterial, &TemplateSet::built_in(), disclosure, &|_| None).unwrap();
        let secret = object(&manifests, "Secret", "self-tls");
        secret["data"]["tls.key"].as_str().unwrap().to_owned()
    };
    assert!(render_as(Disclosure::Whole).starts_with("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"));
    assert_eq!(render_as(Disclosure::Masked), "<private key, shown with --show-secrets>");
    assert_eq!(render_as(Disclosure::Fingerprint), format!("spki-sha256:{}", "ab".repeat(32)));
    let all: String = rendered(&walkthrough()).into_iter().map(|m| m.yaml).collect();
    assert_eq!(all.matches("tls.key").count(), 1);
}

#[test]
fn secrets_that_cannot_be_filled_are_errors() {
    let secret = |holder| Secret {
        content: SecretContent::KeyPair(holder),
        ..walkthrough().secrets.remove(1)
    };
    let mut model = walkthrough();
    model.secrets = vec![secret(Holder::Host("keyless".into())), secret(Holder::Authority("clients".into()))];
    let found = titles(render_with(&model, &TemplateSet::built_in()));
    assert_eq!(
        found,
        [
            "the Secret `default/self-tls` cannot be filled: the private key of host `keyless` is not at hand",
            "the Secret `default/self-tls` cannot be filled: the key of authority `clients` belongs in no Secret",
        ]
    );
}

#[test]
fn templates_of_users_replace_extend_and_add() {
    let set = templates(&[
        (
            "service.yaml.j2",
            "{% include 'builtin/service.yaml.j2' %}\n  type: {{ 'NodePort' }}\n",
        ),
        (
            "hosts.yaml.j2",
            "{% for host in hosts %}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ host.name }}\n  \
             namespace: {{ host.namespace }}\ndata:\n  host: {{ host.host }}\n  depth: {{ host.clientAuth.verifyDepth | string }}\n  \
             json: {{ model.services['demo-app'].ports }}\n---\n{% endfor %}\n",
        ),
        ("nothing.yaml.j2", "# {{ target }}\n"),
        ("_macros.yaml.j2", "not: an: object"),
        ("traefik/middleware.yaml.j2", "for another: target"),
    ]);
    // Mappings are printed in flow style; a string field refuses them.
    let found = titles(render_with(&walkthrough(), &set));
    assert_eq!(
        found,
        ["ConfigMap `default/test-localdev-me` (template `templates/hosts.yaml.j2`): `data.json`: must be a string, and this is a list"]
    );

    let set = templates(&[
        ("service.yaml.j2", "{% include 'builtin/service.yaml.j2' %}\n  type: {{ 'NodePort' }}\n"),
        (
            "hosts.yaml.j2",
            "{% for host in hosts %}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ host.name }}\n  \
             namespace: {{ host.namespace }}\ndata:\n  host: {{ host.host }}\n  depth: {{ host.clientAuth.verifyDepth | string }}\n\
             ---\n{% endfor %}\n",
        ),
    ]);
    let manifests = render_with(&walkthrough(), &set).unwrap();
    assert_eq!(object(&manifests, "Service", "demo-app")["spec"]["type"], json!("NodePort"));
    let data = &object(&manifests, "ConfigMap", "test-localdev-me")["data"];
    assert_eq!(*data, json!({"host": "test.localdev.me", "depth": "1"}));
}

#[test]
fn what_templates_of_users_do_wrong_is_said() {
    let ingress = "ingress-nginx/ingress.yaml.j2";
    let cases = [
        ("service.yaml.j2", "a: {{ nmae }}\n", "template `templates/service.yaml.j2`, line 1: `nmae` is not defined"),
        ("service.yaml.j2", "a: b\nc: {{ ports[0].foo.bar }}\n", "template `templates/service.yaml.j2`, line 2: `ports[0].foo.bar` is not defined"),
        ("service.yaml.j2", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "it takes too many steps and was stopped"),
        ("service.yaml.j2", "{% include 'service.yaml.j2' %}", "template `templates/service.yaml.j2`"),
        ("service.yaml.j2", "{% include 'nothing.yaml.j2' %}", "tried to include non-existing template 'nothing.yaml.j2'"),
        ("service.yaml.j2", "{{ name | safe }}", "every value is printed as one YAML scalar"),
        ("service.yaml.j2", "a: b: c\n", "template `templates/service.yaml.j2` does not give YAML"),
        ("service.yaml.j2", "", "must give one object, Service `default/demo-app`, and gives 0"),
        ("service.yaml.j2", "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: default}\n", "must give Service `default/demo-app` of `v1`, and gives Service `default/x` of `v1`"),
        ("service.yaml.j2", "{% include 'builtin/service.yaml.j2' %}\n---\n{% include 'builtin/service.yaml.j2' %}", "must give one object, Service `default/demo-app`, and gives 2"),
        ("service.yaml.j2", "{% include 'builtin/service.yaml.j2' %}\n  typ: x\n", "Service `default/demo-app` (template `templates/service.yaml.j2`): `spec.typ`: unknown field, did you mean `type`?"),
        ("more.yaml.j2", "apiVersion: v1\nkind: Service\nmetadata: {name: demo-app, namespace: default}\n", "Service `default/demo-app` is there twice: from built-in template `service.yaml.j2` and from template `templates/more.yaml.j2`"),
        ("more.yaml.j2", "kind: x\n", "an object (template `templates/more.yaml.j2`): `apiVersion`: must be there, as text"),
        ("more.yaml.j2", "{{ hosst }}\n", "`hosst` is not defined"),
        ("more.yaml.j2", "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: z}\nstringData: {ca.key: x}\n", "the Secret `z/x` holds `ca.key`, the private key of an authority"),
        (ingress, "{% include 'builtin/ingress-nginx/ingress.yaml.j2' %}\n  defaultBackend: {}\n", ""),
    ];
    for (name, text, message) in cases {
        let result = render_with(&walkthrough(), &templates(&[(name, text)]));
        if message.is_empty() {
            assert!(result.is_ok(), "{result:?}", result = result.err());
            continue;
        }
        let found = titles(result).join("\n");
        assert!(found.contains(message), "{message}\n{found}");
    }
}

#[test]
fn templates_that_do_not_parse_or_are_misnamed_are_refused_at_once() {
    let cases = [
        ("service.yaml.j2", "a\n{% if x %}\n", "template `templates/service.yaml.j2`, line"),
        ("ingress.yaml.j2", "x: y", "the template `templates/ingress.yaml.j2` replaces nothing: the built-in one is called `ingress-nginx/ingress.yaml.j2`"),
        ("servce.yaml.j2", "x: y", "the built-in one is called `service.yaml.j2`"),
    ];
    for (name, text, message) in cases {
        let found = TemplateSet::new([source(name, text)].into()).unwrap_err();
        assert!(found[0].title.contains(message), "{message}\n{found:?}");
    }
    let undefined = titles(render_with(&walkthrough(), &templates(&[("service.yaml.j2", "{{ nmae }}")])));
    assert_eq!(undefined.len(), 1);
}

#[test]
fn patches_change_what_templates_gave() {
    let model = patched(walkthrough(), &[
        (Value::Null, json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demo-app"},
            "spec": {"template": {"spec": {"containers": [{"name": "httpd", "env": [{"name": "A", "value": "on"}]}]}}}})),
        (json!({"kind": "Ingress|Service"}), json!([{"op": "add", "path": "/metadata/labels", "value": {"team": "a"}}])),
    ]);
    let manifests = rendered(&model);
    let deployment = object(&manifests, "Deployment", "demo-app");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["env"], json!([{"name": "A", "value": "on"}]));
    assert_eq!(container["image"], json!("httpd"));
    assert_eq!(object(&manifests, "Ingress", "test-localdev-me")["metadata"]["labels"], json!({"team": "a"}));

    let masked = render(&patched(walkthrough(), &[(json!({"kind": "Secret"}), json!({"metadata": {"labels": {"a": "b"}}}))]),
        &FakeMaterial, &TemplateSet::built_in(), Disclosure::Masked, &|_| None);
    assert!(masked.is_ok());
}

#[test]
fn wrong_patches_are_said() {
    let cases = [
        (json!({"kind": "Deploymnt"}), json!({"spec": {}}), "the patch matches no object: kind `Deploymnt`"),
        (json!({"kind": "Deployment"}), json!({"spec": {"replica": 2}}), "Deployment `default/demo-app` (after patches): `spec.replica`: unknown field, did you mean `replicas`?"),
        (json!({"kind": "Deployment"}), json!([{"op": "replace", "path": "/metadata/name", "value": "x"}]), "the patch changes what makes Deployment `default/demo-app` that object"),
    ];
    for (target, patch, message) in cases {
        let found = titles(render_with(&patched(walkthrough(), &[(target, patch)]), &TemplateSet::built_in()));
        assert!(found.join("\n").contains(message), "{message}\n{found:?}");
    }
}

const NGINX: &str = "nginx.ingress.kubernetes.io/";

#[test]
fn no_patch_template_or_annotation_opens_a_protected_host() {
    let ingress = json!({"kind": "Ingress"});
    let annotation = |name: &str, value: Value| {
        json!({"metadata": {"annotations": {format!("{NGINX}{name}"): value}}})
    };
    let secret = json!({"kind": "Secret", "name": "ca-secret"});
    let cases = [
        (&ingress, annotation("auth-tls-verify-client", json!("off")), "auth-tls-verify-client: off`, and it must be `on`"),
        (&ingress, annotation("auth-tls-verify-client", json!("optional")), "and it must be `on`"),
        (&ingress, annotation("auth-tls-secret", Value::Null), "lacks `nginx.ingress.kubernetes.io/auth-tls-secret: default/ca-secret`"),
        (&ingress, annotation("auth-tls-secret", json!("")), "auth-tls-secret: `, and it must be"),
        (&ingress, annotation("auth-tls-secret", json!("ca-secret")), "and it must be `default/ca-secret`"),
        (&ingress, annotation("auth-tls-verify-depth", json!("9")), "and it must be `1`"),
        (&ingress, annotation("auth-tls-error-page", json!("/open")), "has `nginx.ingress.kubernetes.io/auth-tls-error-page`, which mtlsgen did not set"),
        (&ingress, annotation("force-ssl-redirect", json!("false")), "and it must be `true`"),
        (&ingress, annotation("ssl-redirect", json!("false")), "plain HTTP on port 80"),
        (&ingress, annotation("ssl-passthrough", json!("true")), "passes TLS through unread"),
        (&ingress, annotation("server-snippet", json!("ssl_verify_client off;")), "`ssl_verify_client` in it"),
        (&ingress, annotation("configuration-snippet", json!("error_page 496 = @open;")), "`error_page` in it"),
        (&ingress, annotation("canary", json!("true")), "canary Ingress"),
        (&ingress, json!({"metadata": {"annotations": null}}), "lacks"),
        (&ingress, json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": "traefik"}}}), "which overrides its ingress class"),
        (&ingress, json!({"spec": {"ingressClassName": "traefik"}}), "has another ingress class than `nginx`"),
        (&ingress, json!({"spec": {"tls": null}}), "has no `tls` entry for `test.localdev.me`"),
        (&ingress, json!({"spec": {"tls": [{"hosts": ["x.y"], "secretName": "self-tls"}]}}), "has no `tls` entry"),
        (&ingress, json!({"spec": {"rules": [{"host": "x.y"}]}}), "has a rule for `test.localdev.me`"),
        (&ingress, json!({"spec": {"rules": [{"host": "test.localdev.me"}]}}), "without paths"),
        (&ingress, json!({"$patch": "delete"}), "no Ingress `default/test-localdev-me` has a rule"),
        (&secret, json!({"$patch": "delete"}), "is not among the objects"),
        (&secret, json!({"data": {"ca.crt": ""}}), "has no certificate under `ca.crt`"),
        (&secret, json!({"data": {"ca.crt": null}}), "has no certificate under `ca.crt`"),
        (&secret, json!({"stringData": {"ca.crt": "x"}}), "has no certificate under `ca.crt`"),
        (&secret, json!({"stringData": {"tls.key": "x"}}), "holds a private key under `tls.key`"),
        (&secret, json!({"stringData": {"x": "-----BEGIN EC PRIVATE KEY-----\n"}}), "holds a private key under `x`"),
    ];
    for (target, patch, message) in cases {
        let model = patched(walkthrough(), &[(target.clone(), patch.clone())]);
        let found = titles(render_with(&model, &TemplateSet::built_in()));
        assert!(found.iter().all(|title| title.contains("`test.localdev.me` would not be protected")), "{found:?}");
        assert!(found.join("\n").contains(message), "{message}\n{found:?}");
    }
}

#[test]
fn another_object_cannot_open_a_protected_host() {
    let other = |annotations: &str, tls: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: other\n  namespace: elsewhere\n  annotations: {{{annotations}}}\n\
             spec:\n  ingressClassName: nginx\n{tls}  rules:\n  - host: test.localdev.me\n    http: {{paths: [{{path: /open, pathType: Prefix, backend: {{service: {{name: s, port: {{number: 1}}}}}}}}]}}\n"
        )
    };
    let found = titles(render_with(&walkthrough(), &templates(&[("other.yaml.j2", &other("", ""))])));
    assert!(found.iter().any(|title| title.contains("the Ingress `elsewhere/other` lacks")), "{found:?}");
    assert!(found.iter().any(|title| title.contains("`elsewhere/other` has no `tls` entry")), "{found:?}");

    let same = ["pass-certificate-to-upstream: 'true'", "secret: default/ca-secret", "verify-client: 'on'", "verify-depth: '1'"]
        .map(|annotation| format!("{NGINX}auth-tls-{annotation}"))
        .join(", ");
    let same = format!("{same}, {NGINX}force-ssl-redirect: 'true'");
    let tls = "  tls: [{hosts: [test.localdev.me], secretName: x}]\n";
    assert!(render_with(&walkthrough(), &templates(&[("other.yaml.j2", &other(&same, tls))])).is_ok());
}

#[test]
fn open_hosts_stay_free_to_be_patched() {
    let model = patched(model(vec![exposure("a.b"), protected("c.d")]), &[(
        json!({"kind": "Ingress", "name": "a-b"}),
        json!({"metadata": {"annotations": {format!("{NGINX}ssl-redirect"): "false"}}}),
    )]);
    assert_eq!(rendered(&model).iter().filter(|m| m.identity.kind == "Ingress").count(), 2);
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let text = |manifests: Vec<Manifest>| manifests.into_iter().map(|m| m.yaml).collect::<String>();
    assert_eq!(text(rendered(&walkthrough())), text(rendered(&walkthrough())));
}
