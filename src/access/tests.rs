//! What is desired, compared with what ingress-nginx makes of objects: each change that lets a client in, or keeps one out,
//! is found.

mod additions;
mod laws;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::controllers::ingress_nginx::IngressNginx;
use crate::controllers::{Controller, Declared};
use crate::enforcement::{
    Asked, Backend, Below, Desired, DesiredClients, DesiredHost, DifferenceKind, Observed, Pattern,
    Pins, Presence, compare,
};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Extent, Namespace, ObjectSet, lists};
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// An authority, a client of it, and another authority.
struct Pki {
    authority: String,
    client: String,
    other: String,
}

fn pki() -> Pki {
    let authority = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2040, 1, 1);
        (params.self_signed(&key).unwrap().pem(), rcgen::Issuer::new(params, key))
    };
    let (own, issuer) = authority("own");
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "alice");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    let client = params.signed_by(&key, &issuer).unwrap().pem();
    Pki { authority: own, client, other: authority("other").0 }
}

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// A Secret with the authority, an Ingress of a host that asks, and one of a host that does not.
fn objects(pki: &Pki) -> Vec<Value> {
    let ingress = |name: &str, annotations: Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": name, "namespace": "shop", "annotations": annotations,
                          "creationTimestamp": "2026-11-30T00:00:02Z" },
            "spec": { "ingressClassName": "nginx", "tls": [{ "hosts": [format!("{name}.test")], "secretName": "server" }],
                "rules": [{ "host": format!("{name}.test"), "http": { "paths": [{ "path": "/", "pathType": "Prefix",
                    "backend": { "service": { "name": name, "port": { "number": 80 } } } }] } }] },
        })
    };
    let asks = json!({ format!("{PREFIX}auth-tls-secret"): "shop/clients", format!("{PREFIX}auth-tls-verify-client"): "on" });
    vec![
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "clients", "namespace": "shop" },
                "stringData": { "ca.crt": pki.authority } }),
        ingress("asks", asks),
        ingress("open", json!({})),
    ]
}

/// What changes the objects.
type Change<'a> = dyn Fn(&mut Vec<Value>) + 'a;

/// What differs once the objects are changed so.
fn differences(pki: &Pki, change: impl Fn(&mut Vec<Value>)) -> BTreeSet<DifferenceKind> {
    let (desired, observed) = scene(pki, change);
    compare(&desired, &observed, now()).into_iter().map(|one| one.kind).collect()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-12-01T00:00:00Z").unwrap()
}

/// What is desired, and what is served once the objects are changed so.
fn scene(pki: &Pki, change: impl Fn(&mut Vec<Value>)) -> (Desired, Observed) {
    scene_of(pki, None, change)
}

/// The same, where only these subjects are admitted.
fn scene_of(
    pki: &Pki,
    only: Option<&str>,
    change: impl Fn(&mut Vec<Value>),
) -> (Desired, Observed) {
    let mut objects = objects(pki);
    change(&mut objects);
    (desired(pki, only), observed(&IngressNginx, &Declared::default(), &objects))
}

/// What a controller serves of all objects of a cluster, those in lists included.
fn observed(controller: &dyn Controller, declared: &Declared, objects: &[Value]) -> Observed {
    let (objects, _) = lists::unfold(objects.to_vec());
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
    for object in &objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let settings = controller.settings(&set, declared);
    controller.observe(&set, &settings)
}

fn desired(pki: &Pki, only: Option<&str>) -> Desired {
    let certificates = |pem: &str| Certificate::from_pem(pem.as_bytes()).unwrap();
    let backend =
        Backend { namespace: "shop".to_owned(), service: "asks".to_owned(), port: "80".to_owned() };
    let asked = Asked {
        presence: Presence::Required,
        below: Below::These(certificates(&pki.authority)),
        lists: Vec::new(),
        only: only.map(|subject| BTreeSet::from([subject.to_owned()])),
        pins: Pins::default(),
        listed: Vec::new(),
        depth: None,
        longest: None,
        passes_certificate: false,
        clients: vec![("alice".to_owned(), certificates(&pki.client))],
    };
    let host = |key: &str, clients, backends: Vec<Backend>| DesiredHost {
        key: key.to_owned(),
        host: Pattern::Exact(format!("{key}.test")),
        clients,
        paths: BTreeSet::new(),
        backends: backends.into_iter().collect(),
        certificate: None,
        entrusted: BTreeSet::new(),
    };
    let asks = host("asks", DesiredClients::Ask(Arc::new(asked)), vec![backend]);
    let hosts = vec![asks, host("open", DesiredClients::Open, Vec::new())];
    Desired { hosts, services: None }
}

fn annotate(object: &mut Value, name: &str, value: &str) {
    object["metadata"]["annotations"][format!("{PREFIX}{name}")] = json!(value);
}

/// A `ConfigMap` of the controller with one setting, and what makes it read snippets.
fn setting(name: &str, value: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "controller", "namespace": "ingress-nginx" },
            "data": { name: value, "allow-snippet-annotations": "true", "annotations-risk-level": "Critical" } })
}

/// An Ingress of the asking host that is a second older.
fn older(objects: &[Value]) -> Value {
    let mut older = objects[1].clone();
    older["metadata"]["name"] = json!("older");
    older["metadata"]["creationTimestamp"] = json!("2026-11-30T00:00:01Z");
    older["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!("/older");
    older
}

#[test]
fn nothing_differs_where_nothing_was_changed() {
    let pki = pki();
    assert_eq!(differences(&pki, |_| {}), BTreeSet::new());
    let harmless = |objects: &mut Vec<Value>| annotate(&mut objects[1], "proxy-body-size", "8m");
    assert_eq!(differences(&pki, harmless), BTreeSet::new());
    let passes = |objects: &mut Vec<Value>| {
        annotate(&mut objects[1], "auth-tls-error-page", "https://e.test");
    };
    assert_eq!(differences(&pki, passes), BTreeSet::new());
}

#[test]
fn what_lets_a_client_in_is_weaker() {
    let pki = pki();
    let changes: [(&str, &Change<'_>); 11] = [
        ("no certificate is requested", &|all| annotate(&mut all[1], "auth-tls-secret", "")),
        ("asking is off", &|all| annotate(&mut all[1], "auth-tls-verify-client", "off")),
        ("asking is optional", &|all| annotate(&mut all[1], "auth-tls-verify-client", "optional")),
        ("strangers pass", &|all| {
            annotate(&mut all[1], "auth-tls-verify-client", "optional_no_ca");
        }),
        ("the error page is a path", &|all| annotate(&mut all[1], "auth-tls-error-page", "/sorry")),
        ("another authority is trusted", &|all| {
            all[0]["stringData"]["ca.crt"] = json!(format!("{}{}", pki.authority, pki.other));
        }),
        ("nothing redirects", &|all| annotate(&mut all[1], "ssl-redirect", "false")),
        ("there is no certificate to redirect for", &|all| all[1]["spec"]["tls"] = json!([])),
        ("a header claims HTTPS", &|all| all.push(setting("use-forwarded-headers", "true"))),
        ("a path is never redirected", &|all| all.push(setting("no-tls-redirect-locations", "/"))),
        ("an older Ingress asks for none", &|all| {
            let mut older = older(all);
            annotate(&mut older, "auth-tls-verify-client", "off");
            all.push(older);
        }),
    ];
    for (name, change) in changes {
        let found = differences(&pki, change);
        assert!(found.contains(&DifferenceKind::Weaker), "{name}: {found:?}");
    }
}

#[test]
fn a_list_of_clients_lets_in_no_others() {
    let pki = pki();
    for (value, expected) in [
        ("CN=$.|^(CN=alice)$", None),
        ("CN=$.|^(CN=alice|CN=bob)$", Some(DifferenceKind::Weaker)),
        ("CN=alice", Some(DifferenceKind::Weaker)),
        ("CN=alice$", Some(DifferenceKind::Weaker)),
        ("CN=(al|bo)[a-z]+$", Some(DifferenceKind::Weaker)),
        ("CN=.*", Some(DifferenceKind::Weaker)),
        ("", Some(DifferenceKind::Weaker)),
    ] {
        let change = |all: &mut Vec<Value>| annotate(&mut all[1], "auth-tls-match-cn", value);
        let (desired, observed) = scene_of(&pki, Some("CN=alice"), change);
        let found = compare(&desired, &observed, now());
        assert_eq!(found.iter().map(|one| one.kind).min(), expected, "{value}: {found:?}");
    }
}

/// Of two Ingresses, the older one counts, and its Secret is another one's to fill.
#[test]
fn what_is_left_to_others_hides_nothing_else() {
    let pki = pki();
    let (mut desired, _) = scene(&pki, |_| {});
    let secret = Identity {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: Some("shop".to_owned()),
        name: "clients".to_owned(),
    };
    let DesiredClients::Ask(asked) = &desired.hosts[0].clients else { unreachable!() };
    let asked = Asked { below: Below::Entrusted(secret), ..(**asked).clone() };
    desired.hosts[0].clients = DesiredClients::Ask(Arc::new(asked));
    let found = |change: &Change<'_>| {
        let mut objects = objects(&pki);
        change(&mut objects);
        objects.remove(0);
        let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Complete);
        for object in &objects {
            set.add_other(Identity::of(object).unwrap(), object);
        }
        let settings = IngressNginx.settings(&set, &Declared::default());
        let observed = IngressNginx.observe(&set, &settings);
        let found = compare(&desired, &observed, now());
        found.into_iter().map(|one| one.kind).collect::<BTreeSet<_>>()
    };
    assert_eq!(found(&|_| {}), BTreeSet::new(), "the Secret is not shown");
    let off = |all: &mut Vec<Value>| annotate(&mut all[1], "auth-tls-verify-client", "off");
    assert_eq!(found(&off), [DifferenceKind::Weaker].into());
    let older_off = |all: &mut Vec<Value>| {
        let mut older = older(all);
        annotate(&mut older, "auth-tls-verify-client", "off");
        all.push(older);
    };
    assert_eq!(found(&older_off), [DifferenceKind::Weaker].into());
}

#[test]
fn what_keeps_clients_out_and_what_is_not_known_is_found() {
    let pki = pki();
    let changes: [(&str, DifferenceKind, &Change<'_>); 5] = [
        ("no Secret", DifferenceKind::LockedOut, &|all| {
            all[0]["metadata"]["name"] = json!("other");
        }),
        ("the other authority", DifferenceKind::LockedOut, &|all| {
            all[0]["stringData"]["ca.crt"] = json!(pki.other);
        }),
        ("other subjects", DifferenceKind::LockedOut, &|all| {
            annotate(&mut all[1], "auth-tls-match-cn", "CN=$.|^(CN=bob)$");
        }),
        ("a snippet", DifferenceKind::Unproven, &|all| {
            annotate(&mut all[1], "server-snippet", "x");
            all.push(setting("ssl-redirect", "true"));
        }),
        ("a setting for all", DifferenceKind::Unproven, &|all| {
            all.push(setting("http-snippet", "x"));
        }),
    ];
    for (name, kind, change) in changes {
        let found = differences(&pki, change);
        assert!(found.contains(&kind), "{name}: {found:?}");
    }
}
