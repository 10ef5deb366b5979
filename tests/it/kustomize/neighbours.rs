//! What is beside an Ingress that is completed: in lists, with names that meet, on its paths and aliases.

use serde_json::{Value, json};

use super::transformer::{ingress, issued, service, spec};
use super::{config, function, list};
use crate::support::{Run, Sandbox, objects};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// An Ingress that would hold the host open, if it is older.
fn opener() -> Value {
    let mut opener = ingress();
    opener["metadata"]["name"] = "opener".into();
    opener["metadata"]["annotations"] = json!({
        format!("{PREFIX}auth-tls-secret"): "web/theirs",
        format!("{PREFIX}auth-tls-verify-client"): "off",
    });
    opener
}

/// A list around objects.
fn wrapped(kind: &str, objects: &[Value]) -> Value {
    let group = if kind == "IngressList" { "networking.k8s.io/v1" } else { "v1" };
    json!({"apiVersion": group, "kind": kind, "metadata": {"name": "list"}, "items": objects})
}

fn without_kind(mut object: Value) -> Value {
    object.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    object
}

/// What a function is given, with the objects as they are.
fn input(config: &Value, given: &[Value]) -> Value {
    json!({
        "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
        "items": given, "functionConfig": config,
    })
}

/// The transformer's run over these objects, and after them the post-renderer's.
fn runs(spec: Value, given: &[Value]) -> [Run; 2] {
    let config = config(json!({}), spec);
    let sandbox = issued(&config);
    let transformed = function(&sandbox, &input(&config, given));
    [transformed, post_render(&sandbox, given)]
}

fn post_render(sandbox: &Sandbox, given: &[Value]) -> Run {
    let chart: Vec<String> = given.iter().map(ToString::to_string).collect();
    sandbox.run_with_input(&["post-render"], chart.join("\n---\n"))
}

#[test]
fn an_ingress_in_a_list_is_completed_where_it_is() {
    for (given, at) in [
        (vec![wrapped("List", &[service(), ingress()])], "/0/items/1"),
        (vec![wrapped("List", &[wrapped("Any", &[service(), ingress()])])], "/0/items/0/items/1"),
        (vec![service(), wrapped("IngressList", &[without_kind(ingress())])], "/1/items/0"),
    ] {
        let config = config(json!({}), spec());
        let sandbox = issued(&config);
        let run = function(&sandbox, &input(&config, &given));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{at}");
        let items = list(&run)["items"].clone();
        let annotations = &items.pointer(at).unwrap()["metadata"]["annotations"];
        assert_eq!(annotations[&format!("{PREFIX}auth-tls-verify-client")], "on", "{at}");
        assert_eq!(items.as_array().unwrap().len(), given.len() + 1, "the list stays, {at}");
        let rendered = post_render(&sandbox, &given);
        assert_eq!((rendered.status, rendered.stderr.as_str()), (0, ""), "{at}");
        let all = Value::from(objects(&rendered.stdout));
        let annotations = &all.pointer(at).unwrap()["metadata"]["annotations"];
        assert_eq!(annotations[&format!("{PREFIX}auth-tls-verify-client")], "on", "{at}");
    }
}

#[test]
fn an_ingress_in_a_list_cannot_open_the_host() {
    let nested = wrapped("List", &[wrapped("List", &[opener()])]);
    for hidden in
        [wrapped("List", &[opener()]), nested, wrapped("IngressList", &[without_kind(opener())])]
    {
        for run in runs(spec(), &[service(), ingress(), hidden.clone()]) {
            assert_eq!(run.status, 2, "{hidden}");
            assert!(run.stderr.contains("auth-tls-verify-client"), "{}", run.stderr);
        }
    }
}

/// A change of the Ingress or of what is beside it, and a part of what is said of it.
struct Neighbour(&'static str, fn(&mut Vec<Value>), &'static str);

const REFUSED: [Neighbour; 8] = [
    Neighbour(
        "a class annotation beside the name of another class",
        |given| {
            given[0]["spec"]["ingressClassName"] = "internal".into();
            given[0]["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": "nginx"});
        },
        "`ingressClassName: internal` under `hosts.",
    ),
    Neighbour(
        "an alias",
        |given| {
            given[0]["metadata"]["annotations"] =
                json!({format!("{PREFIX}server-alias"): "www.example.org"});
        },
        "error[further-host]",
    ),
    Neighbour(
        "a path that is served by plain HTTP",
        |given| {
            let mut path = given[0]["spec"]["rules"][0]["http"]["paths"][0].clone();
            path["path"] = "/.well-known/acme-challenge/x".into();
            given[0]["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap().push(path);
        },
        "error[plain-http]",
    ),
    Neighbour(
        "an item of the controller's settings",
        |given| {
            given[0]["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/public".into();
            let mut path = given[0]["spec"]["rules"][0]["http"]["paths"][0].clone();
            path["path"] = "/shop".into();
            given[0]["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap().push(path);
            given.push(json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "ingress-nginx-controller", "namespace": "ingress-nginx"},
                "data": {"no-tls-redirect-locations": "/public"},
            }));
        },
        "error[plain-http]",
    ),
    Neighbour(
        "an upstream of the same name",
        |given| {
            let mut other = opener();
            other["metadata"] = json!({"name": "other", "namespace": "web-shop"});
            other["spec"]["rules"][0]["host"] = "other.example.com".into();
            other["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
                "x".into();
            given[0]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
                "shop-x".into();
            given[1]["metadata"]["name"] = "shop-x".into();
            given.push(other);
        },
        "error[names-meet]",
    ),
    Neighbour(
        "a canary on the same Service",
        |given| {
            let mut canary = opener();
            canary["metadata"]["annotations"] = json!({format!("{PREFIX}canary"): "true"});
            canary["spec"]["rules"][0]["host"] = "nowhere.example.com".into();
            given.push(canary);
        },
        "error[canary-shares]",
    ),
    Neighbour(
        "the same path in another Ingress",
        |given| {
            let mut second = ingress();
            second["metadata"]["name"] = "second".into();
            given.push(second);
        },
        "error[path-twice]",
    ),
    Neighbour(
        "an odd path",
        |given| given[0]["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/~shop".into(),
        "error[invalid-path]",
    ),
];

#[test]
fn what_is_beside_an_ingress_is_judged() {
    for Neighbour(called, change, words) in REFUSED {
        let mut given = vec![ingress(), service()];
        change(&mut given);
        let mut wide = spec();
        // Every Ingress of the host is its own.
        wide["hosts"]["shop.example.com"]["existingIngress"] = json!({});
        let spec = if called.starts_with("the same path") { wide } else { spec() };
        for run in runs(spec, &given) {
            assert_eq!(run.status, 2, "{called}: {}", run.stderr);
            assert!(run.stderr.contains(words), "{called}: {}", run.stderr);
            assert_eq!(run.stderr.matches("error[").count(), 1, "one cause: {}", run.stderr);
        }
    }
}

#[test]
fn an_open_host_of_others_on_the_same_service_is_warned_of() {
    let mut other = opener();
    other["spec"]["rules"][0]["host"] = "open.example.com".into();
    for run in runs(spec(), &[ingress(), service(), other]) {
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains("warning[service-shared]"), "{}", run.stderr);
        assert!(
            run.stderr.contains("host `open.example.com` of the Ingress `web/opener`"),
            "{}",
            run.stderr
        );
    }
}
