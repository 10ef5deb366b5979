//! The plugin among the objects of others: it completes Ingresses that exist, and finds what Kustomize broke.

use serde_json::{Value, json};

use super::{config, function, list, messages};
use crate::support::{Sandbox, objects};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// A protected host whose Ingress is made by others.
pub(super) fn spec() -> Value {
    json!({
        "namespace": "web",
        "cas": {"clients": {}},
        "clients": {"alice": {"issuer": "clients"}},
        "hosts": {"shop.example.com": {
            "existingIngress": {"name": "shop"},
            "clientAuth": {"cas": ["clients"]},
        }},
    })
}

/// As Kustomize 5.8 hands an object to a transformer.
fn item(mut object: Value, number: usize) -> Value {
    let identity = format!("name: {}\n", object["metadata"]["name"].as_str().unwrap());
    let number = number.to_string();
    object["metadata"]["annotations"] = json!({
        "kustomize.config.k8s.io/id": identity,
        "config.kubernetes.io/index": number,
        "internal.config.kubernetes.io/index": number,
        "internal.config.kubernetes.io/id": number,
    });
    object
}

pub(super) fn ingress() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "shop", "namespace": "web"},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "shop.example.com", "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "shop", "port": {"number": 80}}},
            }]}}],
            "tls": [{"hosts": ["shop.example.com"], "secretName": "theirs"}],
        },
    })
}

pub(super) fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": "web"},
        "spec": {"ports": [{"port": 80}]},
    })
}

/// What Kustomize writes for a transformer.
pub(super) fn input(config: &Value, objects: &[Value]) -> Value {
    let items = objects.iter().enumerate().map(|(at, object)| item(object.clone(), at));
    json!({
        "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
        "items": items.collect::<Vec<_>>(),
        "functionConfig": config,
    })
}

/// A folder with everything issued.
pub(super) fn issued(config: &Value) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("mtls.yaml", config.to_string());
    sandbox.ok(&["render", "--kind", "Secret"]);
    sandbox
}

#[test]
fn an_ingress_that_exists_is_completed_and_the_rest_stays() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"on": "y"}});
    let input = input(&config, &[other, ingress(), service()]);
    let run = function(&sandbox, &input);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let list = list(&run);
    assert_eq!(list.get("results"), None);
    let items = list["items"].as_array().unwrap();
    assert_eq!((&items[0], &items[2]), (&input["items"][0], &input["items"][2]));
    let mut completed = items[1].clone();
    let annotations = completed["metadata"]["annotations"].as_object_mut().unwrap();
    let secret = "shop-example-com-tls-cacert";
    assert_eq!(annotations[&format!("{PREFIX}auth-tls-secret")], format!("web/{secret}"));
    assert_eq!(annotations[&format!("{PREFIX}auth-tls-verify-client")], "on");
    annotations.retain(|name, _| !name.starts_with(PREFIX));
    assert_eq!(completed, input["items"][1], "nothing else changes");
    assert_eq!(items.len(), 4);
    assert_eq!(items[3]["metadata"]["name"], secret);
    assert!(items[3]["data"]["ca.crt"].is_string());
    // What comes out can go in again.
    let mut again = input.clone();
    again["items"] = items.clone().into();
    assert_eq!(super::list(&function(&sandbox, &again))["items"], again["items"]);
}

#[test]
fn names_with_hashes_reach_the_ingress() {
    let mut spec = spec();
    spec["secrets"] = json!({"nameSuffixHash": true});
    let config = config(json!({}), spec);
    let sandbox = issued(&config);
    let run = function(&sandbox, &input(&config, &[ingress(), service()]));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let list = list(&run);
    let name = list["items"][2]["metadata"]["name"].as_str().unwrap();
    assert_eq!(name.len(), "shop-example-com-tls-cacert".len() + 11, "{name}");
    assert_eq!(
        list["items"][0]["metadata"]["annotations"][format!("{PREFIX}auth-tls-secret")],
        format!("web/{name}")
    );
    let rendered = objects(&sandbox.ok(&["render", "--kind", "Secret"]).stdout);
    assert_eq!(rendered[0], list["items"][2], "render gives the same Secret");
}

#[test]
fn two_kinds_of_hashes_exclude_each_other() {
    let mut spec = super::spec();
    spec["secrets"] = json!({"nameSuffixHash": true});
    let config = config(json!({"needsHash": true}), spec);
    let sandbox = super::issued(&config);
    let run = function(&sandbox, &super::generator_input(&config));
    assert_eq!(run.status, 2);
    let errors = messages(&list(&run), "error");
    assert!(
        errors[0].starts_with("`plugin.needsHash` and `secrets.nameSuffixHash` exclude each other")
    );
}

#[test]
fn what_is_wrong_with_the_ingress_is_in_the_results() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let mut wrong = ingress();
    wrong["spec"]["tls"] = json!([]);
    let mut input = input(&config, &[wrong]);
    let depth = format!("{PREFIX}auth-tls-verify-depth");
    input["items"][0]["metadata"]["annotations"][&depth] = "9".into();
    let run = function(&sandbox, &input);
    assert_eq!(run.status, 2);
    let list = list(&run);
    assert_eq!(list["items"], input["items"], "nothing half-done");
    let results = list["results"].as_array().unwrap();
    let reference = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "namespace": "web", "name": "shop",
    });
    let mut reported: Vec<_> = results
        .iter()
        .map(|result| {
            assert_eq!(
                (&result["resourceRef"], &result["severity"]),
                (&reference, &json!("error"))
            );
            assert!(
                run.stderr
                    .contains(result["message"].as_str().unwrap().split("; ").next().unwrap())
            );
            (result["tags"]["code"].as_str().unwrap(), result["field"].clone())
        })
        .collect();
    reported.sort_by_key(|(code, _)| *code);
    assert_eq!(
        reported,
        [
            (
                "annotation-taken",
                json!({"path": format!("metadata.annotations[\"{depth}\"]"), "currentValue": "9", "proposedValue": "1"})
            ),
            (
                "backend-missing",
                json!({"path": "spec.rules[0].http.paths[0].backend.service.name", "currentValue": "shop"})
            ),
            (
                "tls-missing",
                json!({"path": "spec.tls", "currentValue": [], "proposedValue": [{"hosts": ["shop.example.com"], "secretName": "NAME"}]})
            ),
        ]
    );
}

#[test]
fn annotations_of_the_ingress_are_judged_unless_the_spec_allows_them() {
    let mut allowing = spec();
    allowing["hosts"]["shop.example.com"]["allowAnnotations"] =
        json!([format!("{PREFIX}configuration-snippet")]);
    for (spec, annotation, value, refusal) in [
        (
            spec(),
            "configuration-snippet",
            "# nothing",
            Some("becomes part of nginx's configuration"),
        ),
        (spec(), "backend-protocol", "FCGI", Some("FastCGI passes on")),
        (spec(), "something-new", "x", None),
        (spec(), "proxy-body-size", "8m", None),
        (allowing.clone(), "configuration-snippet", "# nothing", None),
        (allowing, "server-snippet", "# nothing", Some("becomes part of nginx's configuration")),
    ] {
        let allows = !spec["hosts"]["shop.example.com"]["allowAnnotations"].is_null();
        let config = config(json!({}), spec);
        let sandbox = issued(&config);
        let mut input = input(&config, &[ingress(), service()]);
        input["items"][0]["metadata"]["annotations"][format!("{PREFIX}{annotation}")] =
            value.into();
        let run = function(&sandbox, &input);
        let status = if refusal.is_some() { 2 } else { 0 };
        assert_eq!(run.status, status, "{annotation}: {}", run.stderr);
        let words = refusal.unwrap_or_default();
        assert!(run.stderr.contains(words), "{annotation}: {}", run.stderr);
        let is_unknown = run.stderr.contains("which clients are admitted is not known");
        assert!(is_unknown || !allows, "{annotation}: {}", run.stderr);
        let names_the_way_out = run.stderr.contains("or name it in the host's `allowAnnotations");
        assert_eq!(names_the_way_out, refusal.is_some(), "{annotation}: {}", run.stderr);
    }
}

#[test]
fn a_generator_cannot_complete_and_says_who_can() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let run = function(&sandbox, &super::generator_input(&config));
    assert_eq!(run.status, 2);
    let errors = messages(&list(&run), "error");
    assert!(
        errors[0].starts_with("no Ingress among the objects is the one of host `shop.example.com`"),
        "{errors:?}"
    );
    assert!(errors[0].contains("under `transformers`"), "{errors:?}");
}

#[test]
fn render_refuses_what_nothing_would_enforce() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    for arguments in
        [&["render"][..], &["render", "-o", "out"], &["render", "--kind", "Ingress"], &["diff"]]
    {
        let run = sandbox.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("error[existing-ingress-unseen]: host `shop.example.com` has an Ingress that exists already"), "{}", run.stderr);
        assert!(run.stderr.contains("`transformers`"), "{}", run.stderr);
        assert!(run.stderr.contains("`mtlsgen render --kind Secret`"), "{}", run.stderr);
    }
    let fresh = Sandbox::new();
    fresh.write("mtls.yaml", config.to_string());
    assert_eq!(fresh.run(&["render"]).status, 2);
    assert!(!fresh.path("pki").exists(), "nothing is issued for it");
    let run = function(&fresh, &input(&config, &[ingress(), service()]));
    assert!(run.stderr.contains("run `mtlsgen render -f FILE`"), "{}", run.stderr);
    assert!(run.stderr.contains("add `--kind Secret`: of a host"), "{}", run.stderr);
}

#[test]
fn references_that_kustomize_broke_are_found_by_a_transformer_that_declares_nothing() {
    let config = config(json!({}), json!({}));
    let sandbox = Sandbox::new();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": "pre-ca", "namespace": "web", "labels": {"mtlsgen.dev/name": "shop"},
    }});
    let mut input = input(&config, &[ingress(), secret]);
    let reference = format!("{PREFIX}auth-tls-secret");
    input["items"][0]["metadata"]["annotations"][&reference] = "web/ca".into();
    for (name, value) in [("previousNames", "ca"), ("previousNamespaces", "web")] {
        let name = format!("internal.config.kubernetes.io/{name}");
        input["items"][1]["metadata"]["annotations"][name] = value.into();
    }
    let run = function(&sandbox, &input);
    assert_eq!(run.status, 2);
    let result = list(&run)["results"][0].clone();
    assert_eq!(result["tags"]["code"], "reference-broken");
    assert_eq!(result["resourceRef"]["name"], "shop");
    assert_eq!(
        result["field"],
        json!({"path": format!("metadata.annotations[\"{reference}\"]"), "currentValue": "web/ca", "proposedValue": "web/pre-ca"})
    );
    let mut mending = input.clone();
    mending["functionConfig"]["plugin"]["mendReferences"] = true.into();
    let mended = list(&function(&sandbox, &mending))["items"].clone();
    input["items"][0]["metadata"]["annotations"][&reference] = "web/pre-ca".into();
    assert_eq!(mended, input["items"]);
    let run = function(&sandbox, &input);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(list(&run)["items"], input["items"]);
    let run = function(&sandbox, &super::generator_input(&config));
    assert_eq!(run.status, 2, "a generator that declares nothing is a mistake");
}
