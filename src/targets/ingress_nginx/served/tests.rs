use serde_json::{Value, json};

use super::{of_model, of_objects};
use crate::diagnostic::{Diagnostic, Severity};
use crate::identity::Identity;
use crate::manifest::{Extent, Namespace, ObjectSet};
use crate::model::{Exposure, Model, Reference};
use crate::specification::value::{Port, PortReference};
use crate::specification::{PathType, Verify};
use crate::targets::FinalObjects;
use crate::targets::fixture::{annotations, exposure, model, protected};

const SOLVER: &str = "/.well-known/acme-challenge/token";

fn codes(found: &[Diagnostic]) -> Vec<&'static str> {
    found.iter().map(|finding| finding.code).collect()
}

fn of(exposures: Vec<Exposure>) -> Vec<&'static str> {
    codes(&of_model(&model(exposures), &|_| None))
}

/// A host of its own Service in a namespace.
fn host(host: &str, namespace: &str, service: &str) -> Exposure {
    let mut exposure = exposure(host);
    exposure.namespace = namespace.parse().unwrap();
    exposure.routes[0].service = service.parse().unwrap();
    exposure
}

fn asking(mut exposure: Exposure, secret: &str) -> Exposure {
    let mut auth = protected("any.example.com").client_auth.unwrap();
    auth.secret = Reference { namespace: exposure.namespace.to_string(), name: secret.to_owned() };
    exposure.client_auth = Some(auth);
    exposure
}

fn alias(mut exposure: Exposure, names: &str) -> Exposure {
    exposure.annotations = annotations(&[("nginx.ingress.kubernetes.io/server-alias", names)]);
    exposure
}

/// Findings about further objects beside a model.
fn beside(model: &Model, objects: &[Value]) -> Vec<Diagnostic> {
    let mut set = ObjectSet::within(Namespace::Known("default"), Extent::Complete);
    for object in objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    of_objects(model, &FinalObjects::of(&set).0.views(), &|_| None)
}

fn ingress(namespace: &str, name: &str, host: &str, path: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "annotations": {}},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [{
            "path": path, "pathType": "Prefix",
            "backend": {"service": {"name": service, "port": {"number": 80}}},
        }]}}]},
    })
}

#[test]
fn upstreams_that_meet_are_found() {
    let meeting = vec![host("a.test", "shop", "api-x"), host("b.test", "shop-api", "x")];
    assert_eq!(of(meeting), ["names-meet"]);
    assert_eq!(of(vec![host("a.test", "shop", "x"), host("b.test", "shop-api", "x")]), [""; 0]);
    let shared = vec![host("a.test", "shop", "x"), host("b.test", "shop", "x")];
    assert_eq!(of(shared), [""; 0], "one Service may be behind two hosts");
    // A Secret has its own sort of names.
    let mut backend = host("a.test", "upstream", "default");
    backend.routes[0].port = PortReference::Name("backend".parse().unwrap());
    assert_eq!(of(vec![backend]), ["names-meet"]);
}

#[test]
fn names_meet_with_those_of_objects_beside_and_not_among_strangers() {
    let ours = model(vec![host("a.test", "shop", "api-x")]);
    let theirs = |host| ingress("shop-api", "other", host, "/", "x");
    assert_eq!(codes(&beside(&ours, &[theirs("b.test")])), [""; 0], "ours is not among them");
    let both = [ingress("shop", "a-test", "a.test", "/", "api-x"), theirs("b.test")];
    assert_eq!(codes(&beside(&ours, &both)), ["names-meet"]);
    let strangers = [ingress("shop", "c", "c.test", "/", "api-x"), theirs("b.test")];
    assert_eq!(codes(&beside(&model(vec![exposure("z.test")]), &strangers)), [""; 0]);
    let mut default = ingress("shop", "d", "a.test", "/", "web");
    default["metadata"]["annotations"]["nginx.ingress.kubernetes.io/default-backend"] = "x".into();
    let mut backend = ingress("custom", "e", "e.test", "/", "default-backend-shop");
    backend["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
        json!({"name": "x"});
    assert_eq!(codes(&beside(&ours, &[default, backend])), ["names-meet"]);
}

#[test]
fn an_earlier_ingress_of_others_hides_nothing() {
    let ours = model(vec![host("a.test", "shop", "api-x")]);
    let three = [
        ingress("shop", "first", "z.test", "/", "api-x"),
        ingress("shop", "a-test", "a.test", "/", "api-x"),
        ingress("shop-api", "other", "b.test", "/", "x"),
    ];
    assert!(codes(&beside(&ours, &three)).contains(&"names-meet"));
}

#[test]
fn controllers_of_two_classes_share_nothing() {
    let mut one = host("a.test", "shop", "api-x");
    one.ingress_class_name = "internal".parse().unwrap();
    assert_eq!(of(vec![one, host("b.test", "shop-api", "x")]), [""; 0]);
    let ours = model(vec![host("a.test", "shop", "api-x")]);
    let own = ingress("shop", "a-test", "a.test", "/", "api-x");
    let mut other = ingress("shop-api", "other", "b.test", "/", "x");
    other["spec"]["ingressClassName"] = "alb".into();
    assert_eq!(codes(&beside(&ours, &[own.clone(), other.clone()])), [""; 0]);
    other["spec"].as_object_mut().unwrap().remove("ingressClassName");
    assert_eq!(codes(&beside(&ours, &[own, other])), ["names-meet"], "no class may be any");
}

#[test]
fn files_of_servers_certificates_decide_nothing() {
    let issued = |mut exposure: Exposure, secret: &str| {
        exposure.tls = Some(crate::model::ServerTls {
            secret_name: secret.parse().unwrap(),
            source: crate::model::ServerCertificateSource::Existing,
        });
        exposure
    };
    let one = issued(host("a.test", "shop", "a"), "api-tls");
    let other = issued(host("b.test", "shop-api", "b"), "tls");
    assert_eq!(of(vec![one, other]), [""; 0]);
}

#[test]
fn files_of_authorities_that_meet_are_found() {
    let one = asking(host("a.test", "shop", "a"), "api-ca");
    let other = asking(host("b.test", "shop-api", "b"), "ca");
    assert_eq!(of(vec![one.clone(), other]), ["names-meet"]);
    let same = asking(host("b.test", "shop", "b"), "api-ca");
    assert_eq!(of(vec![one.clone(), same]), [""; 0], "one Secret may serve two hosts");
    // cert-manager's Secrets hold authorities beside the key pair.
    let mut combined = ingress("ca", "c", "c.test", "/", "c");
    combined["spec"]["tls"] = json!([{"hosts": ["c.test"], "secretName": "shop-api-ca"}]);
    let mut own = ingress("shop", "a-test", "a.test", "/", "a");
    own["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-tls-secret"] =
        "shop/api-ca".into();
    assert_eq!(codes(&beside(&model(vec![one]), &[own, combined])), ["names-meet"]);
}

#[test]
fn challenges_are_served_by_plain_http() {
    let with = |path: &str, service: &str| {
        let mut exposure = protected("a.test");
        let mut route = exposure.routes[0].clone();
        (route.path, route.service) = (path.to_owned(), service.parse().unwrap());
        exposure.routes.push(route);
        exposure
    };
    for path in [SOLVER, "/.well-known/acme-challenge", "/.well-known/acme-challenges"] {
        assert_eq!(of(vec![with(path, "demo-app")]), ["plain-http"], "{path}");
        assert_eq!(of(vec![with(path, "solver")]), [""; 0], "{path}");
    }
    assert_eq!(of(vec![with("/.well-known", "demo-app")]), [""; 0]);
    let mut open = with(SOLVER, "demo-app");
    open.client_auth = None;
    assert_eq!(of(vec![open]), [""; 0]);
    let elsewhere = vec![with(SOLVER, "other"), protected("b.test"), {
        let mut exposure = protected("c.test");
        exposure.routes[0].service = "other".parse().unwrap();
        exposure
    }];
    assert_eq!(of(elsewhere), ["plain-http"], "the Service of another protected host");
}

#[test]
fn settings_among_the_objects_count() {
    let model = model(vec![protected("a.test")]);
    let settings = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": data});
    let own = ingress("default", "a-test", "a.test", "/public/x", "demo-app");
    let root = ingress("default", "b", "a.test", "/", "demo-app");
    let found = |data| {
        let found = beside(&model, &[own.clone(), root.clone(), settings(data)]);
        found.into_iter().filter(|finding| finding.code == "plain-http").collect::<Vec<_>>()
    };
    assert_eq!(found(json!({})).len(), 0);
    assert_eq!(found(json!({"no-tls-redirect-locations": "/x, /public"})).len(), 1);
    assert_eq!(found(json!({"no-tls-redirect-locations": "/"})).len(), 2, "for any Service");
    let forwarded = found(json!({"use-forwarded-headers": "true"}));
    assert_eq!((forwarded[0].code, forwarded[0].severity), ("plain-http", Severity::Warning));
}

#[test]
fn odd_paths_need_another_type() {
    let with = |path: &str, path_type| {
        let mut exposure = exposure("a.test");
        (exposure.routes[0].path, exposure.routes[0].path_type) = (path.to_owned(), path_type);
        of(vec![exposure])
    };
    for odd in "~+:,@()$=&*!|ü".chars() {
        let path = format!("/a{odd}");
        assert_eq!(with(&path, PathType::Prefix), ["invalid-path"], "{path}");
        assert_eq!(with(&path, PathType::Exact), ["invalid-path"], "{path}");
        assert_eq!(with(&path, PathType::ImplementationSpecific), [""; 0], "{path}");
    }
    for path in ["/a%20b", "/a#b", "/a?b", "/a//b", "/a/../b", "/a/.", "/a/.."] {
        assert_eq!(with(path, PathType::ImplementationSpecific), ["invalid-path"], "{path}");
    }
    assert_eq!(with("/a.b_c-D/9", PathType::Prefix), [""; 0]);
}

#[test]
fn regular_expressions_may_hold_signs_of_theirs() {
    let mut exposure = exposure("a.test");
    exposure.routes[0].path_type = PathType::ImplementationSpecific;
    exposure.annotations = annotations(&[("nginx.ingress.kubernetes.io/use-regex", "true")]);
    let mut with = |path: &str| {
        exposure.routes[0].path = path.to_owned();
        of(vec![exposure.clone()])
    };
    for path in ["/items?/[0-9]+", "/a(//?b)?", "/a/[^%#]+", "/../x"] {
        assert_eq!(with(path), [""; 0], "{path}");
    }
}

#[test]
fn paths_that_are_one_to_the_controller_are_found() {
    use PathType::{Exact, ImplementationSpecific, Prefix};
    let within = |one: (&str, PathType), other: (&str, PathType)| {
        let mut exposure = exposure("a.test");
        exposure.routes = [one, other]
            .map(|(path, path_type)| {
                let mut route = exposure.routes[0].clone();
                (route.path, route.path_type) = (path.to_owned(), path_type);
                route
            })
            .to_vec();
        !of(vec![exposure]).is_empty()
    };
    assert!(within(("/a", Prefix), ("/a/", Prefix)));
    assert!(within(("/", Prefix), ("/", ImplementationSpecific)));
    assert!(within(("/a/", ImplementationSpecific), ("/a", Prefix)));
    assert!(!within(("/a", Prefix), ("/a", Exact)));
    assert!(!within(("/a", Exact), ("/a/", Exact)));
    let over = |one: (&str, PathType), other: (&str, PathType)| {
        let mut exposures = [host("a.test", "one", "a"), host("a.test", "two", "b")];
        for (exposure, (path, path_type)) in exposures.iter_mut().zip([one, other]) {
            (exposure.routes[0].path, exposure.routes[0].path_type) = (path.to_owned(), path_type);
        }
        of(exposures.to_vec()).contains(&"path-twice")
    };
    assert!(over(("/", Prefix), ("/", Prefix)));
    assert!(over(("/a", Prefix), ("/a", Exact)));
    assert!(over(("/a", Prefix), ("/a/", Exact)));
    assert!(!over(("/a", Exact), ("/a/", Prefix)));
    assert!(!over(("/a", Prefix), ("/b", Prefix)));
}

#[test]
fn aliases_of_open_hosts_take_no_requests_of_protected_ones() {
    let protected_by_name = || protected("*.example.com");
    let with = |names: &str| {
        let mut open = alias(exposure("open.test"), names);
        open.routes[0].service = "open".parse().unwrap();
        of(vec![protected_by_name(), protected("api.test"), open])
    };
    for names in [
        "shop.example.com",
        "SHOP.example.com",
        "fine.test, shop.example.com",
        "api.test",
        "*.com",
        "*.example.com",
        ".example.com",
        "shop.*",
        "~^shop",
    ] {
        assert_eq!(with(names), ["alias-opens"], "{names}");
    }
    for names in ["fine.test", "a.b.example.com", "example.com", "*.b.example.com", "*.org", ""] {
        assert_eq!(with(names), [""; 0], "{names}");
    }
    let below = |change: fn(&mut Exposure)| {
        let mut other = alias(protected("other.test"), "shop.example.com");
        change(&mut other);
        of(vec![protected_by_name(), other])
    };
    assert_eq!(below(|_| {}), [""; 0], "the same clients");
    assert_eq!(
        below(|other| other.client_auth.as_mut().unwrap().authorities = vec!["x".to_owned()]),
        ["alias-opens"]
    );
    assert_eq!(
        below(|other| other.client_auth.as_mut().unwrap().allow = Some(Vec::new())),
        ["alias-opens"]
    );
    let further = alias(protected("api.test"), "other.test");
    for (of_protected, of_open) in [
        ("Foo.example.org", "foo.example.org"),
        ("*.example.org", "foo.example.org"),
        ("*.example.org", "*.a.example.org"),
        ("~^x.*$", "xfoo.example.org"),
        ("none.example.org", ".api.test"),
    ] {
        let mut open = alias(exposure("open.test"), of_open);
        open.routes[0].service = "open".parse().unwrap();
        let found = of(vec![alias(protected("api.test"), of_protected), open]);
        assert_eq!(found, ["alias-opens"], "{of_protected} {of_open}");
    }
    let mut same = alias(exposure("open.test"), "other.test");
    same.routes[0].service = "open".parse().unwrap();
    assert_eq!(of(vec![further, same]), ["alias-opens"]);
}

#[test]
fn names_that_nginx_does_not_read_stop_the_controller() {
    let with = |names: &str| of(vec![alias(exposure("a.test"), names)]);
    for names in ["www.*.test", "a*.test", "*", "*.*.test", "a..b", "fine.test,*x"] {
        assert_eq!(with(names), ["server-name"], "{names}");
    }
    for names in ["b.test", "*.b.test", ".b.test", "www.b.*", r"~^www\d+\.b\.test$"] {
        assert_eq!(with(names), [""; 0], "{names}");
    }
    let redirected = |host: &str, value: &str| {
        let mut exposure = exposure(host);
        exposure.annotations =
            annotations(&[("nginx.ingress.kubernetes.io/from-to-www-redirect", value)]);
        of(vec![exposure])
    };
    assert_eq!(redirected("*.a.test", "true"), ["server-name"]);
    assert_eq!(redirected("*.a.test", "false"), [""; 0]);
    assert_eq!(redirected("a.test", "true"), [""; 0]);
}

#[test]
fn a_service_behind_an_open_and_a_protected_host_is_warned_of() {
    assert_eq!(of(vec![protected("a.test"), exposure("b.test")]), ["service-shared"]);
    assert_eq!(of(vec![protected("a.test"), protected("b.test")]), [""; 0]);
    let mut optional = protected("b.test");
    optional.client_auth.as_mut().unwrap().verify = Verify::Optional;
    assert_eq!(of(vec![protected("a.test"), optional]), ["service-shared"]);
    let mut other_port = exposure("b.test");
    other_port.routes[0].port = PortReference::Number(Port(81));
    assert_eq!(of(vec![protected("a.test"), other_port]), [""; 0]);
    let mut named = model(vec![protected("a.test"), exposure("b.test")]);
    named.services.get_mut("demo-app").unwrap().ports[0].name = Some("http".to_owned());
    named.exposures[1].routes[0].port = PortReference::Name("http".parse().unwrap());
    assert_eq!(codes(&of_model(&named, &|_| None)), ["service-shared"], "one port by two names");
}

#[test]
fn further_ways_to_a_service_count_whosever_they_are() {
    let ours = model(vec![protected("a.test")]);
    let own = ingress("default", "a-test", "a.test", "/", "demo-app");
    let other = |change: &dyn Fn(&mut Value)| {
        let mut other = ingress("default", "z", "z.test", "/z", "demo-app");
        change(&mut other);
        codes(&beside(&ours, &[own.clone(), other]))
    };
    assert_eq!(other(&|_| {}), ["service-shared"]);
    let catch_all =
        json!({"defaultBackend": {"service": {"name": "demo-app", "port": {"number": 80}}}});
    assert_eq!(other(&|other| other["spec"] = catch_all.clone()), ["service-shared"]);
    let annotate = |other: &mut Value, name: &str, value: &str| {
        other["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{name}")] =
            value.into();
    };
    assert_eq!(other(&|other| annotate(other, "auth-tls-secret", "default/x")), [""; 0]);
    let canary = |other: &mut Value| annotate(other, "canary", "true");
    assert_eq!(other(&canary), ["service-shared", "canary-shares"]);
    let own_service = |other: &mut Value| {
        *other = ingress("default", "z", "z.test", "/z", "canary");
        canary(other);
    };
    assert_eq!(other(&own_service), [""; 0]);
}
