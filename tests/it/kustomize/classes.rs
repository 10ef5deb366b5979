//! Ingresses that exist, by what the spec says of their class: of the cluster and of the controller.

use serde_json::{Value, json};

use super::transformer::{ingress, input, issued, service, spec};
use super::{config, function, list, messages};

/// Errors and warnings of a build with that Ingress beside other objects, of a spec with these keys.
fn build(keys: &Value, ingress: Value, more: &[Value]) -> (Vec<String>, Vec<String>, String) {
    let mut spec = spec();
    for (name, value) in keys.as_object().unwrap() {
        spec[name] = value.clone();
    }
    let config = config(json!({}), spec);
    let sandbox = issued(&config);
    let run = function(&sandbox, &input(&config, &[&[ingress, service()], more].concat()));
    let results = list(&run);
    if results.get("results").is_none() {
        return (Vec::new(), Vec::new(), run.stderr);
    }
    (messages(&results, "error"), messages(&results, "warning"), run.stderr)
}

fn without_class() -> Value {
    let mut ingress = ingress();
    ingress["spec"].as_object_mut().unwrap().remove("ingressClassName");
    ingress
}

fn class(controller: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": "nginx"}, "spec": {"controller": controller},
    })
}

#[test]
fn an_ingress_without_a_class_has_a_way_out_that_the_message_says() {
    let (errors, _, shown) = build(&json!({}), without_class(), &[]);
    assert!(errors.join("").contains("it has no ingress class"), "{errors:?}");
    for words in [
        "`defaultIngressClass: nginx`",
        "`defaultIngressClass: false`",
        "`watchIngressWithoutClass: true`",
    ] {
        assert!(shown.contains(words), "`{words}` is not in {shown}");
    }
    let watching = json!([{ "name": "ingress-nginx", "watchIngressWithoutClass": true }]);
    let (errors, _, shown) = build(&json!({ "controllers": watching }), without_class(), &[]);
    assert!(
        !errors.is_empty() && shown.contains("if the cluster has no default IngressClass"),
        "{shown}"
    );
    for keys in [
        json!({ "defaultIngressClass": "nginx" }),
        json!({ "defaultIngressClass": false, "controllers": watching }),
    ] {
        let (errors, warnings, shown) = build(&keys, without_class(), &[]);
        assert_eq!((errors, warnings), (Vec::new(), Vec::new()), "{keys}: {shown}");
    }
    // What is not so is not a way out.
    let idle = json!([{ "name": "ingress-nginx", "watchIngressWithoutClass": false }]);
    for keys in [
        json!({ "defaultIngressClass": false }),
        json!({ "defaultIngressClass": false, "controllers": idle }),
        json!({ "defaultIngressClass": "other" }),
    ] {
        let (errors, _, _) = build(&keys, without_class(), &[]);
        assert_eq!(errors.len(), 1, "{keys}: {errors:?}");
    }
}

#[test]
fn another_controller_is_named_by_its_class() {
    let inner = class("k8s.io/ingress-nginx-inner");
    let (errors, _, shown) = build(&json!({}), ingress(), std::slice::from_ref(&inner));
    assert!(errors.join("").contains("would not be served"), "{errors:?}");
    assert!(
        shown.contains(
            "`controllers: [{ controllerClass: k8s.io/ingress-nginx-inner, name: ingress-nginx }]`"
        ),
        "{shown}"
    );
    let named =
        json!([{ "name": "ingress-nginx", "controllerClass": "k8s.io/ingress-nginx-inner" }]);
    let (errors, warnings, shown) =
        build(&json!({ "controllers": named }), ingress(), std::slice::from_ref(&inner));
    assert_eq!((errors, warnings), (Vec::new(), Vec::new()), "{shown}");
    // Each class has its own controller.
    let both = json!([{ "name": "ingress-nginx" }, named[0]]);
    for class in [inner, class("k8s.io/ingress-nginx")] {
        let (errors, _, shown) = build(&json!({ "controllers": both }), ingress(), &[class]);
        assert_eq!(errors, Vec::<String>::new(), "{shown}");
    }
    let (errors, _, _) =
        build(&json!({ "controllers": both }), ingress(), &[class("acme.test/other")]);
    assert!(!errors.is_empty());
}

#[test]
fn a_deployment_that_says_otherwise_is_a_warning() {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "controller", "namespace": "edge"},
        "spec": {"template": {"spec": {"containers": [{
            "name": "controller", "image": "registry.k8s.io/ingress-nginx/controller:v1.15.1",
            "args": ["/nginx-ingress-controller", "--ingress-class-by-name"],
        }]}}},
    });
    let said = json!([{ "name": "ingress-nginx", "ingressClassByName": false }]);
    let (errors, warnings, _) = build(&json!({ "controllers": said }), ingress(), &[deployment]);
    assert_eq!(errors, Vec::<String>::new());
    let said = "the Deployment `edge/controller` has the `--ingress-class-by-name` `true`, and `false` is said: that counts";
    assert!(matches!(warnings.as_slice(), [one] if one.starts_with(said)), "{warnings:?}");
}

#[test]
fn a_class_that_is_not_needed_is_no_reason() {
    let keys = json!({
        "defaultIngressClass": false,
        "controllers": [{ "name": "ingress-nginx", "watchIngressWithoutClass": true }],
    });
    let mut other = without_class();
    other["metadata"]["annotations"] = json!({});
    other["spec"]["rules"][0]["http"]["paths"] = json!([]);
    let (errors, _, shown) = build(&keys, other, &[]);
    assert!(!errors.is_empty() && !shown.contains("has no ingress class"), "{shown}");
}
