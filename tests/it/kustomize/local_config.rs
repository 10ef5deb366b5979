//! Objects that `config.kubernetes.io/local-config` keeps out of what Kustomize prints: a transformer sees them all the same
//! (Kustomize 5.8.1, measured with an exec function).

use serde_json::{Value, json};

use super::transformer::{ingress, input, issued, service, spec};
use super::{config, function, generator_input, list, messages};

const LOCAL: &str = "config.kubernetes.io/local-config";

/// The input of a transformer in which the object at `at` is marked with that value.
fn marked(config: &Value, objects: &[Value], at: usize, value: &str) -> Value {
    let mut input = input(config, objects);
    input["items"][at]["metadata"]["annotations"][LOCAL] = value.into();
    input
}

/// A host that trusts a Secret that exists.
fn trusting() -> Value {
    let mut spec = spec();
    spec["hosts"]["shop.example.com"]["clientAuth"] = json!({ "secretName": "theirs" });
    spec["clients"] = json!({});
    spec["cas"] = json!({});
    spec
}

fn bundle() -> Value {
    // Of no authority: a host that trusts it lets no one in.
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs", "namespace": "web"},
        "stringData": {"ca.crt": "no certificate"},
    })
}

#[test]
fn an_ingress_that_is_left_out_is_not_there() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    for value in ["true", "False", ""] {
        let run = function(&sandbox, &marked(&config, &[ingress(), service()], 0, value));
        assert_eq!(run.status, 2, "{value}");
        let errors = messages(&list(&run), "error").join("\n");
        assert!(errors.contains("no Ingress among the objects is the one of host"), "{errors}");
        assert!(run.stderr.contains("error[ingress-missing]"), "{}", run.stderr);
        assert!(
            run.stderr.contains("Ingress `web/shop` is among the objects, but its annotation `config.kubernetes.io/local-config` keeps it from being applied"),
            "{}",
            run.stderr
        );
    }
    let run = function(&sandbox, &marked(&config, &[ingress(), service()], 0, "false"));
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn a_service_that_is_left_out_is_missing() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let run = function(&sandbox, &marked(&config, &[ingress(), service()], 1, "true"));
    let errors = messages(&list(&run), "error").join("\n");
    assert!(errors.contains("leads `shop.example.com` to the Service `shop`"), "{errors}");
    assert!(run.stderr.contains("Service `web/shop` is among the objects, but"), "{}", run.stderr);
}

#[test]
fn a_secret_that_is_left_out_is_judged_as_one_that_is_not_shown() {
    let config = config(json!({}), trusting());
    let sandbox = crate::support::Sandbox::new();
    let without = function(&sandbox, &input(&config, &[ingress(), service()]));
    let objects = [ingress(), service(), bundle()];
    let with = function(&sandbox, &input(&config, &objects));
    let local = function(&sandbox, &marked(&config, &objects, 2, "true"));
    assert_ne!((with.status, &with.stderr), (without.status, &without.stderr));
    assert_eq!(local.status, without.status);
    let unseen = "Secret `web/theirs` was not provided";
    assert!(without.stderr.contains(unseen) && local.stderr.contains(unseen), "{}", local.stderr);
    assert!(
        local.stderr.contains("Secret `web/theirs` is among the objects, but its annotation `config.kubernetes.io/local-config`"),
        "{}",
        local.stderr
    );
}

#[test]
fn an_ingress_of_others_that_is_left_out_opens_nothing() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let mut open = ingress();
    open["metadata"]["name"] = "open".into();
    let objects = [ingress(), service(), open];
    let mut named = config.clone();
    named["spec"]["hosts"]["shop.example.com"]["existingIngress"]["name"] = "shop".into();
    let counted = function(&sandbox, &input(&named, &objects));
    assert_eq!(counted.status, 2, "{}", counted.stderr);
    let local = function(&sandbox, &marked(&named, &objects, 2, "true"));
    assert_eq!(local.status, 0, "{}", local.stderr);
    // What is left out is handed on as it came.
    assert_eq!(list(&local)["items"][2], marked(&named, &objects, 2, "true")["items"][2]);
}

#[test]
fn objects_of_the_spec_are_not_to_be_left_out() {
    let mut spec = super::spec();
    spec["annotations"] = json!({ LOCAL: "true" });
    let config = config(json!({}), spec);
    let sandbox = super::issued(&config);
    let run = function(&sandbox, &generator_input(&config));
    let errors = messages(&list(&run), "error").join("\n");
    assert!(errors.contains("so it would not be applied"), "{errors}");
}
