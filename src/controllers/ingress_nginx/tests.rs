//! What the controller makes of set-ups, as measured with the real one (`tests/e2e`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::enforcement::{
    Answer, Cause, Fault, Given, Missing, Presented, Request, Verdict, Why, verdict,
};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Extent, Namespace};
use crate::time::Timestamp;

/// An authority, whose key does not exist any more.
pub(super) const AUTHORITY: &str = include_str!("../../enforcement/stranger.pem");

fn now() -> Timestamp {
    Timestamp::parse("2026-12-01T00:00:00Z").unwrap()
}

/// A Secret of the namespace `shop`.
pub(super) fn secret(name: &str, data: &[(&str, &str)]) -> Value {
    let data: BTreeMap<&str, &str> = data.iter().copied().collect();
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": "shop" }, "stringData": data })
}

pub(super) fn clients() -> Value {
    secret("clients", &[("ca.crt", AUTHORITY)])
}

/// A certificate and its key.
pub(super) fn pair() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// An Ingress of the namespace `shop`, with a `tls` entry and one path.
pub(super) fn ingress(name: &str, host: &str, path: &str, annotations: &[(&str, &str)]) -> Value {
    let named = |(key, value): &(&str, &str)| {
        let key = if key.contains('/') { (*key).to_owned() } else { format!("{PREFIX}{key}") };
        (key, (*value).to_owned())
    };
    let annotations: BTreeMap<String, String> = annotations.iter().map(named).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{ "hosts": [host], "secretName": "server" }],
            "rules": [{ "host": host, "http": { "paths": [
                { "path": path, "pathType": "Prefix", "backend": { "service": { "name": name, "port": { "number": 80 } } } },
            ] } }],
        },
    })
}

/// The same, made at that second.
pub(super) fn made_at(mut object: Value, second: &str) -> Value {
    object["metadata"]["creationTimestamp"] = json!(format!("2026-11-30T00:00:{second}Z"));
    object
}

pub(super) const ASKS: &[(&str, &str)] = &[("auth-tls-secret", "shop/clients")];

/// What the controller makes of all objects of a cluster.
pub(super) fn observed(objects: &[Value]) -> Observed {
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
    for object in objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let settings = IngressNginx.settings(&set, &Declared::default());
    IngressNginx.observe(&set, &settings)
}

pub(super) fn https(host: &str, path: &str) -> Request {
    Request { path: path.to_owned(), ..Request::of(host) }
}

/// What becomes of a request without a certificate.
pub(super) fn without(objects: &[Value], request: &Request) -> Verdict {
    verdict(&observed(objects), request, now())
}

pub(super) fn reaches(service: &str) -> impl Fn(&Verdict) -> bool {
    move |verdict| matches!(verdict, Verdict::Admitted { backend: Some(backend), .. } if backend.service == service)
}

pub(super) fn refused(status: u16) -> impl Fn(&Verdict) -> bool {
    move |verdict| matches!(verdict, Verdict::Refused { answer: Answer::Status(own), .. } if *own == status)
}

#[track_caller]
pub(super) fn holds(verdict: &Verdict, expected: impl Fn(&Verdict) -> bool) {
    assert!(expected(verdict), "{verdict:?}");
}

#[test]
fn a_host_asks_where_its_secret_has_authorities() {
    let of = |secret: Value, annotations: &[(&str, &str)]| {
        without(&[secret, ingress("a", "a.test", "/", annotations)], &https("a.test", "/"))
    };
    let (certificate, key) = pair();
    let server = [("tls.crt", certificate.as_str()), ("tls.key", key.as_str())];
    let with = |more: &'static [(&'static str, &'static str)]| [ASKS, more].concat();
    holds(&of(clients(), ASKS), refused(400));
    holds(&of(clients(), &with(&[("auth-tls-verify-client", "ON")])), refused(400));
    holds(&of(clients(), &with(&[("auth-tls-verify-client", "off")])), reaches("a"));
    holds(&of(clients(), &with(&[("auth-tls-verify-client", "optional")])), reaches("a"));
    // Open, and the controller says nothing about it.
    holds(&of(secret("clients", &server), ASKS), reaches("a"));
    holds(&of(clients(), &[("auth-tls-secret", " ")]), reaches("a"));
    holds(&of(clients(), &[("auth-tls-verify-client", "on")]), reaches("a"));
    // Closed for every client.
    holds(&of(clients(), &[("auth-tls-secret", "clients")]), refused(403));
    holds(&of(clients(), &[("auth-tls-secret", "other/clients")]), refused(403));
    holds(&of(clients(), &[("auth-tls-secret", "shop/missing")]), refused(403));
    holds(&of(secret("clients", &[("ca.pem", AUTHORITY)]), ASKS), refused(403));
    holds(&of(secret("clients", &[("ca.crt", "x")]), ASKS), refused(403));
    holds(&of(secret("clients", &[("ca.crt", &format!("{AUTHORITY}{key}"))]), ASKS), refused(403));
    holds(&of(secret("clients", &[("ca.crt", AUTHORITY), ("ca.crl", "x")]), ASKS), refused(403));
    let (_, other) = pair();
    let mixed =
        [("ca.crt", AUTHORITY), ("tls.crt", certificate.as_str()), ("tls.key", other.as_str())];
    holds(&of(secret("clients", &mixed), ASKS), refused(403));
}

#[test]
fn what_the_controller_passes_over_is_not_served() {
    for annotations in [
        [ASKS, &[("auth-tls-error-page", "/a?b")]].concat(),
        [ASKS, &[("auth-tls-pass-certificate-to-upstream", "yes")]].concat(),
        [ASKS, &[("auth-tls-match-cn", "O=a")]].concat(),
        vec![("auth-tls-secret", "shop/clients\n")],
        vec![("server-snippet", "return 200;")],
    ] {
        let objects = [clients(), ingress("a", "a.test", "/", &annotations)];
        assert_eq!(without(&objects, &https("a.test", "/")), Verdict::NotServed, "{annotations:?}");
        assert!(observed(&objects).given.iter().any(|given| matches!(given, Given::Dropped(_))));
    }
}

#[test]
fn what_the_model_does_not_follow_is_unknown() {
    let settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "controller", "namespace": "ingress-nginx" },
        "data": { "allow-snippet-annotations": "true", "annotations-risk-level": "Critical" },
    });
    let snippet = ingress("a", "a.test", "/", &[ASKS, &[("server-snippet", "x")]].concat());
    let verdict = without(&[clients(), snippet, settings], &https("a.test", "/"));
    assert!(matches!(verdict, Verdict::Unknown(Missing::Snippet(..))), "{verdict:?}");
    for (name, value) in [
        ("ssl-passthrough", "true"),
        ("auth-tls-verify-depth", "-1"),
        ("auth-tls-match-cn", "CN=(?=a)"),
    ] {
        let objects = [clients(), ingress("a", "a.test", "/", &[ASKS, &[(name, value)]].concat())];
        let verdict = without(&objects, &https("a.test", "/"));
        assert!(matches!(verdict, Verdict::Unknown(Missing::Effect(..))), "{name}: {verdict:?}");
    }
}

#[test]
fn a_part_of_the_objects_leaves_open_what_is_not_among_them() {
    let object = ingress("a", "a.test", "/", ASKS);
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Part);
    set.add_other(Identity::of(&object).unwrap(), &object);
    let settings = IngressNginx.settings(&set, &Declared::default());
    let observed = IngressNginx.observe(&set, &settings);
    let verdict = verdict(&observed, &https("a.test", "/"), now());
    assert!(matches!(verdict, Verdict::Unknown(Missing::NotShown(_))), "{verdict:?}");
    assert!(observed.given.contains(&Given::NoOtherObjects));
}

#[test]
fn all_ingresses_of_a_host_share_its_settings() {
    let asks = ingress("a", "a.test", "/", ASKS);
    let open = ingress("b", "a.test", "/b", &[]);
    let off = ingress("b", "a.test", "/b", &[ASKS, &[("auth-tls-verify-client", "off")]].concat());
    let broken = ingress("b", "a.test", "/b", &[("auth-tls-secret", "shop/missing")]);
    let of = |older: &Value, newer: &Value| {
        let objects = [clients(), made_at(older.clone(), "01"), made_at(newer.clone(), "02")];
        without(&objects, &https("a.test", "/"))
    };
    holds(&of(&open, &asks), refused(400));
    holds(&of(&off, &asks), reaches("a"));
    holds(&of(&asks, &off), refused(400));
    holds(&of(&asks, &broken), refused(403));
    // Without ages, both may be.
    match without(&[clients(), asks, off], &https("a.test", "/")) {
        Verdict::OneOf(Cause::Age, all) => {
            assert!(all.iter().any(reaches("a")) && all.iter().any(refused(400)), "{all:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_without_paths_and_a_default_backend_request_no_certificate() {
    let mut bare = ingress("a", "a.test", "/", ASKS);
    bare["spec"]["rules"] = json!([{ "host": "a.test" }]);
    bare["spec"]["defaultBackend"] =
        json!({ "service": { "name": "a", "port": { "number": 80 } } });
    holds(&without(&[clients(), bare.clone()], &https("a.test", "/")), reaches("a"));
    bare["spec"]["rules"] = json!([]);
    holds(&without(&[clients(), bare], &https("b.test", "/x")), reaches("a"));
}

#[test]
fn two_services_may_be_one_upstream() {
    let mut other = ingress("a", "b.test", "/", &[]);
    other["metadata"]["namespace"] = json!("shop-a");
    other["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("b");
    let mut first = ingress("first", "a.test", "/", &[]);
    first["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("a-b");
    let objects = [made_at(first, "01"), made_at(other, "02")];
    holds(&without(&objects, &https("b.test", "/")), reaches("a-b"));
}

#[test]
fn plain_http_is_redirected_but_for_some_paths() {
    let mut object = ingress("a", "a.test", "/", ASKS);
    object["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap().push(json!(
        { "path": "/.well-known/acme-challenge/x", "pathType": "ImplementationSpecific",
          "backend": { "service": { "name": "solver", "port": { "number": 80 } } } }
    ));
    let plain = |path: &str| https("a.test", path).plain();
    let objects = [clients(), object.clone()];
    assert!(matches!(without(&objects, &plain("/")), Verdict::Redirected(_)));
    holds(&without(&objects, &plain("/.well-known/acme-challenge/x")), reaches("solver"));
    // Without `tls`, only `force-ssl-redirect` redirects.
    object["spec"]["tls"] = json!([]);
    holds(&without(&[clients(), object.clone()], &plain("/")), reaches("a"));
    object["metadata"]["annotations"][format!("{PREFIX}force-ssl-redirect")] = json!("true");
    assert!(matches!(without(&[clients(), object.clone()], &plain("/")), Verdict::Redirected(_)));
    let settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "controller", "namespace": "ingress-nginx" },
        "data": { "use-forwarded-headers": "true" },
    });
    let mut forwarded = plain("/");
    forwarded.headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
    let objects = [clients(), object, settings];
    assert!(matches!(without(&objects, &plain("/")), Verdict::Redirected(_)));
    holds(&without(&objects, &forwarded), reaches("a"));
}

#[test]
fn an_error_page_that_is_a_path_admits_every_client() {
    let with =
        |more: &[(&str, &str)]| [clients(), ingress("a", "a.test", "/", &[ASKS, more].concat())];
    holds(
        &without(&with(&[("auth-tls-error-page", "/sorry")]), &https("a.test", "/")),
        reaches("a"),
    );
    let both = with(&[("auth-tls-error-page", "/sorry"), ("auth-tls-match-cn", "CN=a")]);
    holds(&without(&both, &https("a.test", "/")), refused(403));
    let page = without(&with(&[("auth-tls-error-page", "https://e.test")]), &https("a.test", "/"));
    assert!(matches!(page, Verdict::Refused { answer: Answer::Page(_), .. }), "{page:?}");
}

#[test]
fn names_are_looked_up_as_nginx_does() {
    let objects = [
        clients(),
        made_at(ingress("wild", "*.a.test", "/", ASKS), "01"),
        made_at(
            ingress("open", "open.a.test", "/", &[("server-alias", "*.b.test, other.test")]),
            "02",
        ),
    ];
    holds(&without(&objects, &https("x.a.test", "/")), refused(400));
    holds(&without(&objects, &https("open.a.test", "/")), reaches("open"));
    assert_eq!(without(&objects, &https("x.y.a.test", "/")), Verdict::NotServed);
    for alias in ["other.test", "x.b.test"] {
        holds(&without(&objects, &https(alias, "/")), reaches("open"));
    }
    // A name in the handshake that is another's: nginx refuses where the host verifies clients.
    let other = Request { sni: Some("open.a.test".to_owned()), ..https("x.a.test", "/") };
    assert_eq!(without(&objects, &other), Verdict::Misdirected);
    let other = Request { sni: Some("x.a.test".to_owned()), ..https("open.a.test", "/") };
    holds(&without(&objects, &other), reaches("open"));
    // Without a name, no certificate was requested.
    let nameless = Request { sni: None, ..https("x.a.test", "/") };
    let refused = without(&objects, &nameless);
    assert!(
        matches!(refused, Verdict::Refused { why: Why::Fault(Fault::Absent), .. }),
        "{refused:?}"
    );
}

#[test]
fn paths_are_matched_as_nginx_does() {
    let path = |path: &str, kind: &str, service: &str| json!({ "path": path, "pathType": kind, "backend": { "service": { "name": service, "port": { "number": 80 } } } });
    let mut object = ingress("root", "a.test", "/", &[]);
    object["spec"]["rules"][0]["http"]["paths"] = json!([
        path("/", "Prefix", "root"),
        path("/b", "Prefix", "prefix"),
        path("/b/c", "Exact", "exact"),
        path("/d/", "Prefix", "slash"),
    ]);
    for (asked, service) in [
        ("/x", "root"),
        ("/b", "prefix"),
        ("/bc", "root"),
        ("/b/x", "prefix"),
        ("/b/c", "exact"),
        ("/b/c/d", "prefix"),
        ("/d/e", "slash"),
    ] {
        holds(&without(std::slice::from_ref(&object), &https("a.test", asked)), reaches(service));
    }
    for request in [https("a.test", "/d"), https("a.test", "/d").plain()] {
        let redirected = without(std::slice::from_ref(&object), &request);
        assert_eq!(redirected, Verdict::Redirected("/d/".to_owned()));
    }
    object["metadata"]["annotations"][format!("{PREFIX}use-regex")] = json!("true");
    let verdict = without(&[object], &https("a.test", "/b"));
    assert!(matches!(verdict, Verdict::OneOf(Cause::Paths, _)), "{verdict:?}");
}

#[test]
fn a_class_of_others_is_left_out() {
    let class = |controller: &str| {
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": "nginx" },
                "spec": { "controller": controller } })
    };
    let object = ingress("a", "a.test", "/", &[]);
    let ours = [class("k8s.io/ingress-nginx"), object.clone()];
    holds(&without(&ours, &https("a.test", "/")), reaches("a"));
    // Without any IngressClass, another class may be this controller's.
    let mut other = object.clone();
    for class in [json!("internal"), json!(null)] {
        other["spec"]["ingressClassName"] = class;
        let verdict = without(std::slice::from_ref(&other), &https("a.test", "/"));
        assert!(matches!(verdict, Verdict::Unknown(Missing::Class(..))), "{verdict:?}");
    }
    let others = [class("nginx.org/ingress-controller"), object];
    assert_eq!(without(&others, &https("a.test", "/")), Verdict::NotServed);
    assert!(matches!(observed(&others).given.as_slice(), [.., Given::OtherClass(..)]));
}

#[test]
fn two_secrets_may_be_one_file() {
    let mut other = secret("b", &[("ca.crt", &pair().0)]);
    other["metadata"]["namespace"] = json!("shop-a");
    let mut second = ingress("b", "b.test", "/", &[("auth-tls-secret", "shop-a/b")]);
    second["metadata"]["namespace"] = json!("shop-a");
    let objects = [
        secret("a-b", &[("ca.crt", AUTHORITY)]),
        other,
        ingress("a", "a.test", "/", &[("auth-tls-secret", "shop/a-b")]),
        second,
    ];
    let observed = observed(&objects);
    let Some(crate::enforcement::Fact::Known(crate::enforcement::Clients::Asked(validation))) =
        observed.clients("a.test")
    else {
        panic!("{:?}", observed.clients("a.test"))
    };
    assert!(
        matches!(&validation.certificates, crate::enforcement::Fact::OneOf(Cause::LoadOrder, all) if all.len() == 2)
    );
}

#[test]
fn subjects_decide_behind_the_chain() {
    let objects = [
        clients(),
        ingress(
            "a",
            "a.test",
            "/",
            &[ASKS, &[("auth-tls-match-cn", "CN=$.|^(CN=alice)$")]].concat(),
        ),
    ];
    let issuer =
        crate::pki::certificate::Certificate::from_pem(AUTHORITY.as_bytes()).unwrap().remove(0);
    let as_subject = |subject: &str| Request {
        client: Presented::Supposed {
            issuer: issuer.clone().into(),
            leaf: crate::enforcement::LeafFacts {
                subject: subject.to_owned(),
                ..Default::default()
            },
            sends: Vec::new().into(),
        },
        ..https("a.test", "/")
    };
    holds(&without(&objects, &as_subject("CN=alice")), reaches("a"));
    holds(&without(&objects, &as_subject("CN=alice,O=x")), refused(403));
    // By plain HTTP, the subject is empty.
    holds(&without(&objects, &https("a.test", "/").plain()), refused(403));
}
