//! What Envoy Gateway makes of set-ups, as measured with the real one (`tests/e2e`).

mod clients;
mod routes;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::enforcement::{Answer, LeafFacts, Pattern, Presented, Request, Verdict, verdict};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::Namespace;
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// Two authorities, whose keys do not exist any more.
const OWN: &str = include_str!("../../enforcement/stranger.pem");
const OTHER: &str = include_str!("../traefik/tests/other.pem");

fn core(kind: &str, name: &str, more: &Value) -> Value {
    let mut object = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name, "namespace": "shop" } });
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn api(group: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": group, "kind": kind, "metadata": { "name": name, "namespace": "shop" }, "spec": spec })
}

/// A certificate and its key.
fn pair() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// The class, the Secrets and the Services of all set-ups.
fn ground() -> Vec<Value> {
    let authority = |name: &str, pem: &str| {
        core("Secret", name, &json!({ "stringData": { "ca.crt": pem, "other": "x" } }))
    };
    let (certificate, key) = pair();
    let pair = json!({ "type": "kubernetes.io/tls", "stringData": { "tls.crt": certificate, "tls.key": key } });
    let service = json!({ "spec": { "ports": [{ "port": 80 }] } });
    vec![
        api(
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            "eg",
            &json!({ "controllerName": CONTROLLER }),
        ),
        authority("clients", OWN),
        authority("others", OTHER),
        core("Secret", "server", &pair),
        core("Service", "shop", &service),
        core("Service", "open", &service),
    ]
}

/// A listener, by HTTPS if it has a hostname that does not begin with `http`.
fn https(name: &str, hostname: Option<&str>) -> Value {
    json!({ "name": name, "port": 443, "protocol": "HTTPS", "hostname": hostname, "tls": { "certificateRefs": [{ "name": "server" }] } })
}

fn http() -> Value {
    json!({ "name": "http", "port": 80, "protocol": "HTTP" })
}

fn gateway(name: &str, listeners: &[Value]) -> Value {
    let spec = json!({ "gatewayClassName": "eg", "listeners": listeners });
    api("gateway.networking.k8s.io/v1", "Gateway", name, &spec)
}

/// A route of these hostnames to a Service, at a listener or at all.
fn route(service: &str, hostnames: &[&str], section: Option<&str>) -> Value {
    let name = format!("{service}-{}", hostnames.join("-").replace('*', "any"));
    let spec = json!({
        "parentRefs": [{ "name": "web", "sectionName": section }],
        "hostnames": hostnames,
        "rules": [{ "backendRefs": [{ "name": service, "port": 80 }] }],
    });
    api("gateway.networking.k8s.io/v1", "HTTPRoute", &name, &spec)
}

fn policy(name: &str, section: Option<&str>, validation: &Value) -> Value {
    let spec = json!({
        "targetRefs": [{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "web", "sectionName": section }],
        "tls": { "clientValidation": validation },
    });
    api("gateway.envoyproxy.io/v1alpha1", "ClientTrafficPolicy", name, &spec)
}

fn of_secret(name: &str) -> Value {
    json!({ "caCertificateRefs": [{ "name": name }] })
}

/// The same, made at that second.
fn made_at(mut object: Value, second: &str) -> Value {
    object["metadata"]["creationTimestamp"] = json!(format!("2026-11-30T00:00:{second}Z"));
    object
}

fn observed(objects: &[Value]) -> Observed {
    observed_at(objects, None)
}

fn observed_at(objects: &[Value], at: Option<Timestamp>) -> Observed {
    let all: Vec<Value> = ground().into_iter().chain(objects.iter().cloned()).collect();
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
    for object in &all {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let settings = Settings { at, ..EnvoyGateway.settings(&set, &Declared::default()) };
    let observed = EnvoyGateway.observe(&set, &settings);
    assert!(observed.unread.is_empty(), "{:?}", observed.unread);
    observed
}

fn below(authority: &str) -> Presented {
    let issuer = Certificate::from_pem(authority.as_bytes()).unwrap().remove(0);
    let leaf = LeafFacts { subject: "CN=any".to_owned(), ..LeafFacts::default() };
    Presented::Supposed { issuer: Arc::new(issuer), leaf, sends: Arc::new([]) }
}

/// What becomes of a request, in a word: the Service, or why there is none.
fn asked(observed: &Observed, request: &Request) -> String {
    fn word(verdict: &Verdict) -> String {
        match verdict {
            Verdict::Admitted { backend, .. } => {
                backend.as_ref().map_or("some".to_owned(), |backend| backend.service.clone())
            }
            Verdict::Refused { answer: Answer::Alert, .. } => "alert".to_owned(),
            Verdict::Refused { answer: Answer::Status(status), .. } => status.to_string(),
            Verdict::Refused { answer, .. } => format!("{answer:?}"),
            Verdict::Redirected(_) => "redirect".to_owned(),
            Verdict::Misdirected => "421".to_owned(),
            Verdict::NotServed => "404".to_owned(),
            Verdict::OneOf(_, all) => {
                format!("({})", all.iter().map(word).collect::<Vec<_>>().join("|"))
            }
            Verdict::Unknown(missing) => {
                let text = format!("{missing:?}");
                text.split(['(', ' ']).next().unwrap_or_default().to_owned()
            }
        }
    }
    word(&verdict(observed, request, Timestamp::parse("2026-12-01T00:00:00Z").unwrap()))
}

/// What a client without a certificate, one of ours and one of others get at a host.
fn at(observed: &Observed, host: &str) -> String {
    named(observed, Some(host), host)
}

/// The same with another name in the handshake.
fn named(observed: &Observed, sni: Option<&str>, host: &str) -> String {
    let clients = [Presented::Nothing, below(OWN), below(OTHER)];
    let words = clients.into_iter().map(|client| {
        let sni = sni.map(str::to_owned);
        asked(observed, &Request { sni, client, ..observed.request_of(host) })
    });
    words.collect::<Vec<_>>().join(" ")
}

fn plain(observed: &Observed, host: &str) -> String {
    let address = observed.request_of(host).address;
    asked(observed, &Request { address, ..Request::of(host).plain() })
}

#[test]
fn the_name_of_the_handshake_picks_listener_and_routes() {
    let observed = observed(&[
        gateway("web", &[http(), https("a", Some("a.test")), https("b", Some("b.test"))]),
        policy("a", Some("a"), &of_secret("clients")),
        route("shop", &["a.test"], Some("a")),
        route("open", &["b.test"], None),
    ]);
    assert_eq!(at(&observed, "a.test"), "alert shop alert");
    assert_eq!(at(&observed, "b.test"), "open open open");
    assert_eq!(named(&observed, Some("b.test"), "a.test"), "404 404 404");
    assert_eq!(named(&observed, Some("a.test"), "b.test"), "alert 404 alert");
    assert_eq!(named(&observed, None, "a.test"), "404 404 404", "no filter chain");
    assert_eq!(plain(&observed, "a.test"), "404");
    assert_eq!(
        plain(&observed, "b.test"),
        "open",
        "a route without a section is served by HTTP too"
    );
}

#[test]
fn names_below_a_wildcard_leak_to_wider_listeners() {
    let observed = observed(&[
        gateway(
            "web",
            &[https("wild", Some("*.a.test")), https("one", Some("x.a.test")), https("any", None)],
        ),
        policy("wild", Some("wild"), &of_secret("clients")),
        route("shop", &["*.a.test"], Some("wild")),
        route("open", &["x.a.test"], Some("one")),
        route("shop", &["multi.a.test"], None),
        route("open", &[], Some("any")),
    ]);
    assert_eq!(at(&observed, "y.a.test"), "alert shop alert");
    assert_eq!(at(&observed, "y.z.a.test"), "alert shop alert", "any depth");
    assert_eq!(at(&observed, "x.a.test"), "open open open");
    assert_eq!(at(&observed, "multi.a.test"), "alert shop alert");
    assert_eq!(named(&observed, Some("zzz.test"), "y.a.test"), "open open open");
    assert_eq!(named(&observed, Some("zzz.test"), "multi.a.test"), "shop shop shop", "open");
    assert_eq!(named(&observed, Some("x.a.test"), "multi.a.test"), "404 404 404");
    assert_eq!(named(&observed, Some("y.a.test"), "x.a.test"), "alert shop alert");
    let pattern = observed.listener_of("y.a.test").map(|one| one.sni.clone());
    assert_eq!(pattern, Some(Pattern::Below("a.test".to_owned())));
}

#[test]
fn one_policy_counts_for_a_listener() {
    let of = |policies: &[Value]| {
        let base =
            [gateway("web", &[https("a", Some("a.test"))]), route("shop", &["a.test"], Some("a"))];
        at(&observed(&[&base, policies].concat()), "a.test")
    };
    let (ours, others) = (of_secret("clients"), of_secret("others"));
    assert_eq!(of(&[]), "shop shop shop");
    let older = made_at(policy("zz", Some("a"), &ours), "01");
    let younger = made_at(policy("aa", Some("a"), &others), "02");
    assert_eq!(of(&[younger.clone(), older]), "alert shop alert");
    let same = made_at(policy("aa", Some("a"), &others), "02");
    assert_eq!(of(&[made_at(policy("bb", Some("a"), &ours), "02"), same]), "alert alert shop");
    let open = [policy("zz", Some("a"), &ours), policy("aa", Some("a"), &others)];
    assert_eq!(of(&open), "alert (alert|shop) (shop|alert)", "ages are not shown");
    let whole = policy("whole", None, &others);
    assert_eq!(of(std::slice::from_ref(&whole)), "alert alert shop");
    assert_eq!(of(&[whole.clone(), policy("section", Some("a"), &ours)]), "alert shop alert");
    let mut without = policy("section", Some("a"), &Value::Null);
    assert_eq!(of(&[whole.clone(), without.clone()]), "shop shop shop", "policies are not merged");
    without["spec"]["targetRefs"][0]["name"] = json!("wbe");
    assert_eq!(of(&[without]), "shop shop shop");
    let mut elsewhere = policy("section", Some("a"), &ours);
    elsewhere["metadata"]["namespace"] = json!("elsewhere");
    assert_eq!(of(&[elsewhere]), "shop shop shop");
    assert_eq!(of(&[policy("section", Some("b"), &ours)]), "shop shop shop");
}

#[test]
fn broken_references_close_a_listener() {
    let of = |validation: &Value| {
        at(
            &observed(&[
                gateway("web", &[https("a", Some("a.test"))]),
                route("shop", &["a.test"], Some("a")),
                policy("a", Some("a"), validation),
                core("Secret", "two", &json!({ "stringData": { "x": OWN, "y": "" } })),
                core("Secret", "one", &json!({ "stringData": { "x": OWN } })),
                core("Secret", "junk", &json!({ "stringData": { "ca.crt": "junk" } })),
                core("ConfigMap", "map", &json!({ "data": { "ca.crt": OWN } })),
            ]),
            "a.test",
        )
    };
    assert_eq!(of(&of_secret("missing")), "500 500 500");
    assert_eq!(of(&of_secret("two")), "500 500 500");
    assert_eq!(of(&of_secret("one")), "alert shop alert", "the only entry counts");
    assert_eq!(of(&of_secret("junk")), "500 500 500");
    assert_eq!(
        of(&json!({ "caCertificateRefs": [{ "kind": "ConfigMap", "name": "map" }] })),
        "alert shop alert"
    );
    assert_eq!(
        of(&json!({ "caCertificateRefs": [{ "name": "clients" }, { "name": "others" }] })),
        "alert shop shop"
    );
    assert_eq!(
        of(&json!({ "caCertificateRefs": [{ "name": "clients" }, { "name": "missing" }] })),
        "500 500 500"
    );
    assert_eq!(
        of(&json!({ "caCertificateRefs": [{ "name": "clients", "namespace": "elsewhere" }] })),
        "500 500 500"
    );
    assert_eq!(of(&json!({})), "500 500 500");
    assert_eq!(of(&json!({ "mode": "Request" })), "shop shop shop");
    assert_eq!(of(&json!({ "mode": "RequireAny" })), "shop shop shop");
    let with = |more: Value| {
        let mut validation = of_secret("clients");
        for (key, value) in more.as_object().unwrap() {
            validation[key] = value.clone();
        }
        of(&validation)
    };
    assert_eq!(with(json!({ "mode": "VerifyIfGiven" })), "shop shop alert");
    assert_eq!(with(json!({ "mode": "Request" })), "shop shop shop");
    assert_eq!(with(json!({ "mode": "RequireAny" })), "alert shop shop");
    assert_eq!(with(json!({ "optional": true })), "shop shop alert");
    assert_eq!(with(json!({ "optional": true, "mode": "RequireAndVerify" })), "alert shop alert");
    assert_eq!(with(json!({ "crl": { "refs": [{ "name": "missing" }] } })), "alert 500 alert");
    assert_eq!(
        with(json!({ "subjectAltNames": { "dnsNames": [{ "value": "x" }] } })),
        "alert alert alert"
    );
    assert_eq!(with(json!({ "subjectAltNames": {} })), "alert shop alert");
}

#[test]
fn what_no_route_is_for_is_not_refused() {
    let mut part = route("shop", &["a.test"], Some("a"));
    part["spec"]["rules"][0]["matches"] = json!([{ "path": { "type": "Exact", "value": "/e" } }]);
    let observed = observed(&[
        gateway("web", &[https("a", Some("a.test"))]),
        part,
        policy("a", Some("a"), &of_secret("missing")),
    ]);
    let at = |path: &str| {
        asked(&observed, &Request { path: path.to_owned(), ..observed.request_of("a.test") })
    };
    assert_eq!([at("/e"), at("/")], ["500", "404"]);
}

#[test]
fn each_gateway_has_an_address_of_its_own() {
    let other = |class: &str| {
        let mut gateway = gateway("other", &[https("a", Some("a.test"))]);
        gateway["spec"]["gatewayClassName"] = json!(class);
        let mut route = route("open", &["a.test"], Some("a"));
        route["spec"]["parentRefs"][0]["name"] = json!("other");
        [gateway, route]
    };
    let base = [
        gateway("web", &[https("a", Some("a.test"))]),
        route("shop", &["a.test"], Some("a")),
        policy("a", Some("a"), &of_secret("clients")),
    ];
    let observed = observed(&[base.as_slice(), &other("eg")].concat());
    let addresses: Vec<_> =
        observed.entrances("a.test").into_iter().map(|one| one.address).collect();
    let answers: Vec<String> = addresses
        .into_iter()
        .map(|address| asked(&observed, &Request { address, ..Request::of("a.test") }))
        .collect();
    assert_eq!(answers, ["open", "alert"]);
}

#[test]
fn listeners_that_do_not_work_are_not_there() {
    let mut broken = https("b", Some("b.a.test"));
    broken["tls"]["certificateRefs"][0]["name"] = json!("missing");
    let observed = observed(&[
        gateway("web", &[https("wild", Some("*.a.test")), broken]),
        route("shop", &["x.a.test", "b.a.test"], None),
        policy("b", Some("b"), &of_secret("clients")),
    ]);
    assert_eq!(at(&observed, "x.a.test"), "shop shop shop");
    // The wildcard takes its handshakes, and has no route for it.
    assert_eq!(at(&observed, "b.a.test"), "404 404 404");
}
