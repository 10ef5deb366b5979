use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::identity::Identity;
use crate::manifest::Body;
use crate::manifest::kinds::{
    self, Api, Deployment, Ingress, Kind, Service, envoy_gateway, gateway,
};
use crate::specification::Verify;
use crate::targets;

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
    http.ports =
        vec![ServicePort { name: None, port: 80, container_port: 8080, protocol: Protocol::Tcp }];
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
    let sensitive: Vec<_> =
        manifests.iter().filter(|m| m.sensitive).map(|m| &m.identity.name).collect();
    assert_eq!(sensitive, ["self-tls"]);
    let of_host = |m: &Object| m.exposures == ["test.localdev.me"];
    assert!(manifests[2..6].iter().all(of_host) && of_host(&manifests[7]));
}

#[test]
fn built_in_templates_give_valid_canonical_yaml() {
    let mut model = walkthrough();
    model.exposures.push(exposure("plain.example.com"));
    let service = model.services.get_mut("demo-app").unwrap();
    service.annotations = annotations(&[("a", "on"), ("b", "two\nlines\n")]);
    service.labels = labels(&[("mtlsgen.dev/name", "on")]);
    service.ports.push(ServicePort {
        name: Some("dns".into()),
        port: 53,
        container_port: 53,
        protocol: Protocol::Udp,
    });
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
        let mut objects = yaml::parse(&text(&manifest)).unwrap();
        assert_eq!(objects.len(), 1, "{}", *text(&manifest));
        let object = objects.remove(0);
        assert_eq!(schema::check(&object), [], "{}", *text(&manifest));
        assert_eq!(yaml::emit(&object), *text(&manifest), "as the emitter prints it");
    }
    let deployment = object(&rendered(&model), "Deployment", "demo-app");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(
        pod["containers"][0]["resources"],
        json!({"limits": {"cpu": "2"}, "requests": {"memory": "128Mi"}})
    );
    assert_eq!(pod["containers"][0]["env"][0], json!({"name": "A", "value": "1e3"}));
    assert_eq!(
        pod["containers"][0]["ports"],
        json!([{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}])
    );
    assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true));
    assert_eq!(
        deployment["metadata"]["labels"],
        json!({"app": "demo-app", "mtlsgen.dev/name": "on"})
    );
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], json!({"app": "demo-app"}));
}

#[test]
fn what_is_printed_reads_back_as_the_object_of_its_kind() {
    fn same<K: Api + PartialEq + std::fmt::Debug>(printed: &Object) -> bool {
        let value = yaml::parse(&text(printed)).unwrap().remove(0);
        let read = Object { body: Body::Value(value.into()), ..printed.clone() };
        let (read, made) = (read.read::<K>().unwrap(), printed.read::<K>().unwrap());
        assert_eq!(read, made, "{}", printed.identity);
        made.is_some()
    }
    let mut model = walkthrough();
    model.exposures.push(exposure("plain.example.com"));
    let hosts = (0..70).map(|at| protected(&format!("h{at}.example.com")));
    let mut gateways = fixture::model(hosts.collect());
    gateways.target = "envoy-gateway".to_owned();
    gateways.conventions = targets::conventions(Some("envoy-gateway"));
    let mut elsewhere = protected("elsewhere.example.com");
    let auth = elsewhere.client_auth.as_mut().unwrap();
    auth.secret.namespace = "elsewhere".to_owned();
    auth.existing = true;
    auth.verify = Verify::OptionalNoCa;
    gateways.exposures.push(elsewhere);
    let printed = [rendered(&model), rendered(&gateways)].concat();
    let made: BTreeSet<&str> = printed.iter().map(|one| one.identity.kind.as_str()).collect();
    assert_eq!(made, BTreeSet::from(kinds::MADE), "every kind of ours");
    for object in printed {
        let mut object = object;
        if let Body::Typed(Kind::Secret(secret)) = &mut object.body {
            // What mtlsgen knows of it, and no reader does.
            secret.bundle = None;
        }
        let kinds = [
            same::<kinds::Secret>,
            same::<Service>,
            same::<Deployment>,
            same::<Ingress>,
            same::<gateway::Gateway>,
            same::<gateway::ListenerSet>,
            same::<gateway::HttpRoute>,
            same::<gateway::ReferenceGrant>,
            same::<envoy_gateway::ClientTrafficPolicy>,
        ];
        assert_eq!(kinds.iter().filter(|same| same(&object)).count(), 1, "{}", object.identity);
    }
}

#[test]
fn a_patch_that_brings_a_secret_makes_its_object_one() {
    let target = json!({ "kind": "Secret", "name": "ca-secret" });
    let patch = json!({ "stringData": { "password": "x" } });
    let model = patched(walkthrough(), &[(target, patch)]);
    let objects = render_with(&model, &TemplateSet::built_in()).unwrap();
    let bundle = objects.iter().find(|object| object.identity.name == "ca-secret").unwrap();
    assert!(bundle.sensitive, "what a user adds to a Secret may be one");
}

#[test]
fn no_kind_of_ours_shows_a_key_when_it_is_debugged() {
    let ours = format!("{:?}", rendered(&walkthrough()));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
        "data": {"tls.key": "c2VjcmV0"}, "stringData": {"password": "open sesame"},
    });
    let identity = Identity::of(&secret).unwrap();
    let read =
        Object { identity, body: Body::Value(secret.into()), ..rendered(&walkthrough()).remove(0) };
    let shown = format!("{ours} {read:?} {:?}", read.read::<kinds::Secret>());
    for key in ["c2VjcmV0", "open sesame", "LS0tLS1CRUdJTiBQUk"] {
        assert!(!shown.contains(key), "{key}: {shown}");
    }
}

#[test]
fn objects_of_another_form_say_where() {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "a", "annotations": null},
        "spec": {"rules": [{"host": 5, "http": null}], "tls": null},
    });
    let identity = Identity::of(&ingress).unwrap();
    let mut object = Object {
        identity,
        body: Body::Value(ingress.clone().into()),
        ..rendered(&walkthrough()).remove(0)
    };
    let misread = object.read::<Ingress>().unwrap_err().to_string();
    assert!(misread.contains("spec.rules[0].host"), "{misread}");
    let mut ingress = ingress;
    ingress["spec"]["rules"][0]["host"] = json!(null);
    object.body = Body::Value(ingress.into());
    let read = object.read::<Ingress>().unwrap().unwrap();
    assert_eq!((read.spec.rules.len(), read.spec.tls.len()), (1, 0), "what is null is absent");
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
        // Whether such paths are served is another matter, of which `compare` speaks.
        let built_in = TemplateSet::built_in();
        let rendered = prepare(&model, &FakeMaterial, &built_in, Disclosure::Whole, &|_| None);
        let rendered = rendered.unwrap();
        let manifests = rendered.objects();
        let ingress = object(manifests, "Ingress", "test-localdev-me");
        assert_eq!(ingress["metadata"]["annotations"]["x/y"], json!(text));
        assert_eq!(ingress["spec"]["rules"][0]["http"]["paths"][0]["path"], json!(text));
        let deployment = object(manifests, "Deployment", "demo-app");
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], json!(text));
        assert_eq!(container["env"], json!([{"name": text, "value": text}]));
    }
}

#[test]
fn structures_of_the_user_are_checked() {
    let with_env = |entry: Value| {
        let mut model = walkthrough();
        let deployment = model.services.get_mut("demo-app").unwrap().deployment.as_mut().unwrap();
        deployment.env = Some(Environment::List(vec![entry.as_object().unwrap().clone()]));
        model
    };
    let good = json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "on"}}});
    let manifests = rendered(&with_env(good.clone()));
    let deployment = object(&manifests, "Deployment", "demo-app");
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["env"], json!([good]));
    let bad = with_env(json!({"name": "A", "vale": "x"}));
    let found = titles(render_with(&bad, &TemplateSet::built_in()));
    assert!(
        found[0].contains("containers[0].env[0].vale`: unknown field, did you mean `value`?"),
        "{found:?}"
    );
}

#[test]
fn private_keys_are_disclosed_as_asked() {
    let render_as = |disclosure| {
        let model = walkthrough();
        let manifests = checked(&model, &TemplateSet::built_in(), disclosure).unwrap();
        let secret = object(&manifests, "Secret", "self-tls");
        secret["data"]["tls.key"].as_str().unwrap().to_owned()
    };
    assert!(render_as(Disclosure::Whole).starts_with("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"));
    assert_eq!(render_as(Disclosure::Masked), "<private key, shown with --show-secrets>");
    assert_eq!(render_as(Disclosure::Fingerprint), format!("spki-sha256:{}", "ab".repeat(32)));
    let all: String = rendered(&walkthrough()).into_iter().map(|m| text(&m).to_string()).collect();
    assert_eq!(all.matches("tls.key").count(), 1);
}

#[test]
fn secrets_that_cannot_be_filled_are_errors() {
    let secret = |holder| Secret {
        content: SecretContent::KeyPair(holder),
        ..walkthrough().secrets.remove(1)
    };
    let mut model = walkthrough();
    model.secrets =
        vec![secret(Holder::Host("keyless".into())), secret(Holder::Authority("clients".into()))];
    assert_eq!(codes(render_with(&model, &TemplateSet::built_in())), ["secret-incomplete"; 2]);
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
fn what_built_in_templates_print_is_never_read() {
    let hosts = (0..20).map(|n| protected(&format!("h{n}.example.com"))).collect();
    let mut model = model(hosts);
    for hashed in [false, true] {
        model.name_suffix_hash = hashed;
        let before = yaml::READ.get();
        let objects = rendered(&model);
        let texts: Vec<_> = objects.iter().map(text).collect();
        assert!(texts.len() >= 20 && texts.iter().all(|text| !text.is_empty()));
        assert_eq!(yaml::READ.get(), before, "nameSuffixHash: {hashed}");
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let text = |manifests: Vec<Object>| {
        manifests.into_iter().map(|m| text(&m).to_string()).collect::<String>()
    };
    assert_eq!(text(rendered(&walkthrough())), text(rendered(&walkthrough())));
}
