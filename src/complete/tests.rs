use serde_json::json;

use super::*;
use crate::model::{Exposure, Model, SecretContent};
use crate::secret_format::Handed;
use crate::specification::PatchTarget;
use crate::targets::fixture::{FakeMaterial, exposure, labels, model, protected};

const HOST: &str = "shop.example.com";
const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// A host whose Ingress exists already and has a certificate of its own.
fn existing(target: &Value) -> Exposure {
    let mut exposure = protected(HOST);
    exposure.tls = None;
    exposure.routes.clear();
    let mut target: PatchTarget = serde_json::from_value(target.clone()).unwrap();
    target.group = Some("networking.k8s.io".to_owned());
    target.kind = Some("Ingress".to_owned());
    exposure.existing_ingress = Some(target);
    exposure
}

/// Its model: the trust bundle, and no Service of ours.
fn model_of(exposures: Vec<Exposure>) -> Model {
    let mut model = model(exposures);
    model.services.clear();
    if model.secrets.is_empty() {
        model.secrets = super::tests::model(vec![protected(HOST)]).secrets;
        model.secrets.retain(|secret| matches!(secret.content, SecretContent::TrustBundle(_)));
    }
    model
}

fn shop() -> Model {
    model_of(vec![existing(&json!({ "name": "shop" }))])
}

fn ingress() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "shop",
            "namespace": "default",
            "labels": { "app": "shop" },
            "annotations": {
                "internal.config.kubernetes.io/id": "1",
                "example.com/note": "yes",
            },
        },
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{ "hosts": [HOST], "secretName": "their-tls" }],
            "rules": [{ "host": HOST, "http": { "paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": { "service": { "name": "shop", "port": { "number": 80 } } },
            }] } }],
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "shop", "namespace": "default" },
        "spec": { "ports": [{ "port": 80 }] },
    })
}

fn complete(model: &Model, items: Vec<Value>) -> Result<Completed, Vec<Diagnostic>> {
    let completer = Completer {
        model,
        material: &FakeMaterial,
        templates: &TemplateSet::built_in(),
        disclosure: Disclosure::Whole,
        locate: &|_| None,
        namespace: Namespace::Assumed("default"),
        drops_local: false,
    };
    completer.complete(items)
}

/// What is found in these objects: messages with their fields.
fn found(model: &Model, items: Vec<Value>) -> Vec<(String, String)> {
    let findings = match complete(model, items) {
        Ok(completed) => panic!("{} items", completed.items.len()),
        Err(findings) => findings,
    };
    let in_words = |finding: Diagnostic| {
        (
            finding.title,
            finding
                .subject
                .and_then(|subject| subject.field)
                .map(|field| field.path)
                .unwrap_or_default(),
        )
    };
    findings.into_iter().map(in_words).collect()
}

/// Everything that is said of these objects.
fn sayings(model: &Model, items: Vec<Value>) -> String {
    match complete(model, items) {
        Ok(completed) => panic!("{} items", completed.items.len()),
        Err(found) => found.iter().flat_map(Diagnostic::sayings).collect::<Vec<_>>().join("\n"),
    }
}

/// The only thing that is found after `change` of the Ingress.
fn found_after(change: impl Fn(&mut Value)) -> (String, String) {
    let mut item = ingress();
    change(&mut item);
    let mut found = found(&shop(), vec![item, service()]);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn annotations_are_added_and_nothing_else_changes() {
    let other =
        json!({ "kind": "Anything", "metadata": { "name": "without version" }, "x": [1, null] });
    let completed = complete(&shop(), vec![other.clone(), ingress(), service()])
        .unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(completed.items.len(), 3);
    assert_eq!((&completed.items[0], &completed.items[2]), (&other, &service()));
    let mut item = completed.items[1].clone();
    let annotations = item["metadata"]["annotations"].as_object_mut().unwrap();
    let said: Vec<String> = annotations
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            "internal.config.kubernetes.io/id: 1".to_owned(),
            "example.com/note: yes".to_owned(),
            format!("{PREFIX}auth-tls-pass-certificate-to-upstream: true"),
            format!("{PREFIX}auth-tls-secret: default/ca-secret"),
            format!("{PREFIX}auth-tls-verify-client: on"),
            format!("{PREFIX}auth-tls-verify-depth: 1"),
            format!("{PREFIX}force-ssl-redirect: true"),
        ]
    );
    annotations.retain(|name, _| !name.starts_with(PREFIX));
    assert_eq!(item.to_string(), ingress().to_string(), "the order of keys too");
    let added: Vec<_> = completed.manifests.iter().map(|m| m.identity.to_string()).collect();
    assert_eq!(added, ["Secret `default/ca-secret`"]);
    assert_eq!(completed.warnings, []);
}

#[test]
fn a_second_time_changes_nothing() {
    let first = complete(&shop(), vec![ingress(), service()]).unwrap_or_else(|f| panic!("{f:?}"));
    let mut items = first.items.clone();
    let secret = crate::render::text(&Handed::AsIs(&first.manifests[0]));
    items.extend(crate::yaml::parse(&secret).unwrap());
    let second = complete(&shop(), items.clone()).unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(second.items, items);
    assert_eq!(second.taken, []);
}

#[test]
fn a_service_without_a_namespace_may_be_the_missing_one() {
    let mut exposure = existing(&json!({}));
    exposure.namespace = "prod".parse().unwrap();
    let (mut ingress, mut service) = (ingress(), service());
    ingress["metadata"]["namespace"] = json!("prod");
    service["metadata"].as_object_mut().unwrap().shift_remove("namespace");
    let Err(found) = complete(&model_of(vec![exposure]), vec![ingress, service]) else { panic!() };
    let missing = found.iter().find(|one| one.code == "backend-missing").unwrap();
    assert!(missing.help.iter().any(|help| help.contains("set `prod` there")), "{missing:?}");
}

#[test]
fn ingresses_are_found_by_name_label_and_annotation() {
    for target in [
        json!({}),
        json!({ "name": "sh.*" }),
        json!({ "namespace": "def.*" }),
        json!({ "labelSelector": "app=shop" }),
        json!({ "annotationSelector": "example.com/note in (yes,no)" }),
    ] {
        let model = model_of(vec![existing(&target)]);
        assert!(complete(&model, vec![ingress(), service()]).is_ok(), "{target}");
    }
    for target in [
        json!({ "name": "hop" }),
        json!({ "namespace": "other" }),
        json!({ "labelSelector": "app!=shop" }),
        json!({ "annotationSelector": "!example.com/note" }),
    ] {
        let found = found(&model_of(vec![existing(&target)]), vec![ingress(), service()]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0]
                .0
                .starts_with("no Ingress among the objects is the one of host `shop.example.com`")
        );
    }
}

#[test]
fn an_ingress_is_found_by_the_name_that_it_had_before_kustomize_changed_it() {
    let mut item = ingress();
    item["metadata"]["name"] = "pre-shop".into();
    for (name, value) in [("previousNames", "shop"), ("previousNamespaces", "default")] {
        item["metadata"]["annotations"][format!("internal.config.kubernetes.io/{name}")] =
            value.into();
    }
    let mut backend = service();
    backend["metadata"] = item["metadata"].clone();
    assert!(complete(&shop(), vec![item, backend]).is_ok(), "the Service too");
}

#[test]
fn what_is_missing_is_said_with_its_field() {
    let rule = found_after(|item| item["spec"]["rules"][0]["host"] = "a.example.com".into());
    assert_eq!(
        rule,
        ("Ingress `default/shop` has no rule for `shop.example.com`".into(), "spec.rules".into())
    );
    let tls = found_after(|item| item["spec"]["tls"] = Value::Null);
    assert_eq!(
        tls.0,
        "Ingress `default/shop` has no `tls` entry for `shop.example.com`: certificates of clients are requested in TLS"
    );
    assert_eq!(tls.1, "spec.tls");
    let backend = found(&shop(), vec![ingress()]);
    assert_eq!(
        backend[0].0,
        "Ingress `default/shop` leads `shop.example.com` to the Service `shop`, which is not among the objects"
    );
    assert_eq!(backend[0].1, "spec.rules[0].http.paths[0].backend.service.name");
    let namespace = found_after(|item| item["metadata"]["namespace"] = "other".into());
    assert_eq!(
        namespace.0,
        "Ingress `other/shop` would be the one of host `shop.example.com`, which lies in namespace `default`"
    );
}

#[test]
fn where_there_is_no_ingress_it_is_said() {
    let problem = complete(&shop(), vec![service()]).err().unwrap();
    assert!(problem[0].help[0].contains("no Ingress at all"), "{problem:?}");
}

#[test]
fn a_service_that_the_spec_says_exists_need_not_be_there() {
    let mut model = shop();
    let mut service = crate::targets::fixture::service("shop");
    (service.rendered, service.deployment) = (false, None);
    model.services.insert("shop".to_owned(), service);
    assert!(complete(&model, vec![ingress()]).is_ok());
}

#[test]
fn what_the_ingress_says_is_never_overwritten() {
    let name = format!("{PREFIX}auth-tls-verify-depth");
    let (title, field) = found_after(|item| item["metadata"]["annotations"][&name] = "3".into());
    assert_eq!(
        title,
        format!("Ingress `default/shop` has `{name}: 3` already, and the spec makes it `1`")
    );
    assert_eq!(field, format!("metadata.annotations[\"{name}\"]"));
    let (title, _) = found_after(|item| item["metadata"]["annotations"][&name] = 1.into());
    assert!(title.contains(": 1` already, which is not text"), "{title}");
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "ca-secret", "namespace": "default" } });
    let taken = |model: &Model, secret: Value| {
        let completed = complete(model, vec![ingress(), service(), secret]);
        completed.unwrap_or_else(|found| panic!("{found:?}")).taken
    };
    assert_eq!(
        taken(&shop(), secret.clone())[0].title,
        "Secret `default/ca-secret` is among the objects already, and mtlsgen would replace it with its own"
    );
    let mut hashed = shop();
    hashed.name_suffix_hash = true;
    let found = found(&hashed, vec![ingress(), service(), secret.clone()]);
    assert_eq!(found[0].1, "metadata.name", "references would lead to either: {found:?}");
    // One that an earlier run made may be replaced.
    let (mut model, mut former) = (shop(), secret);
    model.name = Some("site".parse().unwrap());
    model.secrets[0].labels = labels(&[("mtlsgen.dev/name", "site")]);
    former["metadata"]["labels"] = json!({ "mtlsgen.dev/name": "site" });
    assert_eq!(taken(&model, former), []);
}

#[test]
fn what_would_open_the_host_or_close_another_is_refused() {
    let passthrough = format!("{PREFIX}ssl-passthrough");
    for (change, words) in [
        (
            json!({ "metadata": { "annotations": { passthrough: "true" } } }),
            "passes TLS through unread",
        ),
        (json!({ "spec": { "ingressClassName": "other" } }), "another ingress class than `nginx`"),
        (json!({ "spec": { "ingressClassName": null } }), "`ingressClassName: nginx` is missing"),
        (json!({ "spec": { "rules": [{ "host": HOST }] } }), "without paths"),
    ] {
        let mut item = ingress();
        json_patch::merge(&mut item, &change);
        let found = sayings(&shop(), vec![item, service()]);
        assert!(found.contains(words), "{found}");
    }
    let legacy = json!({
        "metadata": { "annotations": { "kubernetes.io/ingress.class": "nginx" } },
        "spec": { "ingressClassName": null },
    });
    let mut item = ingress();
    json_patch::merge(&mut item, &legacy);
    assert!(complete(&shop(), vec![item, service()]).is_ok(), "the class may be said the old way");
    for (host, called) in [("b.example.com", "`b.example.com`"), ("", "every other host")] {
        let further = json!({ "host": host, "http": { "paths": [] } });
        let (title, field) = found_after(|item| {
            item["spec"]["rules"].as_array_mut().unwrap().push(further.clone());
        });
        assert_eq!(
            title,
            format!(
                "Ingress `default/shop` also serves {called}, whose clients would be asked for certificates too"
            )
        );
        assert_eq!(field, "spec.rules[1].host");
    }
    let mut second = ingress();
    second["metadata"]["name"] = "second".into();
    second["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/second".into();
    second["metadata"]["annotations"] = json!({ format!("{PREFIX}force-ssl-redirect"): "true" });
    let also = complete(&shop(), vec![ingress(), second.clone(), service()]);
    assert!(also.is_ok(), "the controller takes the first Secret of a host");
    second["metadata"]["annotations"] = json!({ format!("{PREFIX}auth-tls-secret"): "default/ca-secret", format!("{PREFIX}auth-tls-verify-client"): "off" });
    let found = sayings(&shop(), vec![ingress(), second, service()]);
    assert!(
        found.contains("may be served at `/`: that depends on which object is older"),
        "{found}"
    );
}

#[test]
fn hosts_that_share_an_ingress_must_agree() {
    let mut other = existing(&json!({ "name": "shop" }));
    (other.key, other.host) = ("b.example.com".to_owned(), "b.example.com".parse().unwrap());
    let mut item = ingress();
    let further = json!({ "spec": {
        "tls": [{ "hosts": [HOST, "b.example.com"], "secretName": "their-tls" }],
        "rules": [ingress()["spec"]["rules"][0], ingress()["spec"]["rules"][0]],
    } });
    json_patch::merge(&mut item, &further);
    item["spec"]["rules"][1]["host"] = "b.example.com".into();
    let hosts = |other: &Exposure| model_of(vec![other.clone(), shop().exposures.remove(0)]);
    assert!(complete(&hosts(&other), vec![item.clone(), service()]).is_ok());
    other.client_auth.as_mut().unwrap().verify_depth = Some(2);
    let found = found(&hosts(&other), vec![item, service()]);
    assert_eq!(
        found[0].0,
        format!(
            "hosts `b.example.com` and `shop.example.com` share Ingress `default/shop`, which has one `{PREFIX}auth-tls-verify-depth` for both"
        )
    );
}

#[test]
fn a_certificate_of_ours_must_be_the_one_that_the_ingress_names() {
    let mut model = model(vec![{
        let mut exposure = existing(&json!({}));
        exposure.tls = protected(HOST).tls;
        exposure
    }]);
    model.services.clear();
    let found = found(&model, vec![ingress(), service()]);
    assert_eq!(found, [(
        "the `tls` entry of Ingress `default/shop` for `shop.example.com` names the Secret `their-tls`, and the certificate of host `shop.example.com` lies in `self-tls`".to_owned(),
        "spec.tls[0].secretName".to_owned(),
    )]);
    let mut item = ingress();
    item["spec"]["tls"][0]["secretName"] = "self-tls".into();
    let completed =
        complete(&model, vec![item.clone(), service()]).unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(completed.manifests.len(), 2);
    // With hashes in the names, references follow.
    model.name_suffix_hash = true;
    let job = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "job", "namespace": "default" },
        "spec": { "volumes": [{ "name": "a", "secret": { "secretName": "self-tls" } }] },
    });
    let completed =
        complete(&model, vec![item, service(), job]).unwrap_or_else(|f| panic!("{f:?}"));
    let names: Vec<&str> = completed.manifests.iter().map(|m| m.identity.name.as_str()).collect();
    let item = &completed.items[0];
    assert!(names[1].starts_with("self-tls-") && names[0].starts_with("ca-secret-"), "{names:?}");
    assert_eq!(item["spec"]["tls"][0]["secretName"], names[1]);
    assert_eq!(
        item["metadata"]["annotations"][format!("{PREFIX}auth-tls-secret")],
        format!("default/{}", names[0])
    );
    assert_eq!(completed.items[2]["spec"]["volumes"][0]["secret"]["secretName"], names[1]);
}

#[test]
fn an_ingress_without_a_namespace_is_taken_for_one_of_the_given_namespace() {
    let mut item = ingress();
    item["metadata"].as_object_mut().unwrap().shift_remove("namespace");
    let completed = complete(&shop(), vec![item, service()]).unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(completed.items[0]["metadata"].get("namespace"), None, "left as it is");
    let warning = &completed.warnings[0];
    assert!(warning.title.starts_with("Ingress `default/shop` has no namespace"));
    assert!(warning.severity == crate::diagnostic::Severity::Warning);
}

#[test]
fn hosts_that_mtlsgen_makes_the_ingress_of_are_added_too() {
    let mut open = exposure("open.example.com");
    open.routes[0].service = "shop".parse().unwrap();
    let mut model = shop();
    model.exposures.insert(0, open);
    let completed =
        complete(&model, vec![ingress(), service()]).unwrap_or_else(|f| panic!("{f:?}"));
    let added: Vec<_> = completed.manifests.iter().map(|m| m.identity.to_string()).collect();
    assert_eq!(added, ["Secret `default/ca-secret`", "Ingress `default/open-example-com`"]);
}
