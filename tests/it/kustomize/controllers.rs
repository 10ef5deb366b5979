//! The transformer beside the objects that run the controller: it reads the hosts as that one does.

use serde_json::{Value, json};

use super::transformer::{ingress, input, issued, service, spec};
use super::{config, function, list, messages};

fn controller(image: &str, flags: &[&str]) -> Value {
    let args = [&["/nginx-ingress-controller"], flags].concat();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "controller", "namespace": "edge" },
        "spec": { "template": { "spec": { "containers": [{
            "name": "controller", "image": image,
            "args": args,
        }] } } },
    })
}

/// The errors of a build with such a controller, and with settings of its own.
fn errors(controller: Value, settings: &Value) -> Vec<String> {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "own", "namespace": "edge" }, "data": settings });
    let run = function(&sandbox, &input(&config, &[ingress(), service(), map, controller]));
    if run.status == 0 {
        assert_eq!(list(&run).get("results"), None);
        return Vec::new();
    }
    messages(&list(&run), "error")
}

#[test]
fn what_the_controller_of_the_build_does_counts() {
    let of = |tag: &str, flags: &[&str]| {
        let image = format!("registry.k8s.io/ingress-nginx/controller:{tag}");
        errors(
            controller(&image, &[&["--configmap=edge/own"], flags].concat()),
            &json!({ "ssl-redirect": "true" }),
        )
    };
    for flags in [
        &[][..],
        &["--default-backend-service=edge/fallback"],
        &["--enable-annotation-validation=false"],
        &["--watch-namespace=web"],
    ] {
        assert_eq!(of("v1.15.1", flags), Vec::<String>::new(), "{flags:?}");
    }
    for (tag, flags, words) in [
        (
            "v1.9.6",
            &[][..],
            "runs version `1.9.6`: the model of ingress-nginx is that of 1.12 to 1.15",
        ),
        (
            "v1.15.1",
            &["--annotations-prefix=acme.test"],
            "the effect of `--annotations-prefix` on the Deployment `edge/controller`",
        ),
        ("v1.15.1", &["--watch-namespace=other"], "would not be served as the spec says"),
    ] {
        let said = of(tag, flags).join("\n");
        assert!(said.contains("shop.example.com") && said.contains(words), "{flags:?}: {said}");
        assert!(!said.contains("allowAnnotations"), "{said}");
    }
    // The controller of another class serves none of these hosts.
    assert_eq!(
        of("v1.9.6", &["--ingress-class=inner", "--controller-class=acme.test/inner"]),
        Vec::<String>::new()
    );
}

#[test]
fn a_version_of_the_spec_counts() {
    let mut spec = spec();
    spec["controllers"] = json!([{ "name": "ingress-nginx", "version": "1.15.1" }]);
    let config = config(json!({}), spec);
    let sandbox = issued(&config);
    let old = controller("registry.k8s.io/ingress-nginx/controller:v1.9.6", &[]);
    let run = function(&sandbox, &input(&config, &[ingress(), service(), old]));
    assert_eq!(run.status, 0, "{}", run.stdout);
}
