//! What Traefik makes of set-ups, as measured with the real one (`tests/e2e`).

mod custom;
mod flags;
mod ingresses;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::controllers::ingress_nginx::PREFIX;
use crate::enforcement::{Answer, LeafFacts, Presented, Request, Verdict, verdict};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Extent, Namespace};
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// Two authorities, whose keys do not exist any more.
const OWN: &str = include_str!("../../enforcement/stranger.pem");
const OTHER: &str = include_str!("tests/other.pem");

/// Annotations that ask for certificates of the first one.
const ASKS: &[(&str, &str)] = &[("auth-tls-secret", "shop/clients")];

fn secret(namespace: &str, name: &str, data: &[(&str, &str)]) -> Value {
    let data: BTreeMap<&str, &str> = data.iter().copied().collect();
    let metadata = json!({ "name": name, "namespace": namespace });
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data })
}

/// Secrets with the authorities, in the namespaces `shop` and `elsewhere`.
fn secrets() -> Vec<Value> {
    ["shop", "elsewhere"]
        .into_iter()
        .flat_map(|namespace| {
            [
                secret(namespace, "clients", &[("ca.crt", OWN)]),
                secret(namespace, "others", &[("ca.crt", OTHER)]),
            ]
        })
        .collect()
}

/// An Ingress of the namespace `shop`, with a `tls` entry and one path.
fn ingress(name: &str, host: &str, path: &str, annotations: &[(&str, &str)]) -> Value {
    let named = |(key, value): &(&str, &str)| (format!("{PREFIX}{key}"), (*value).to_owned());
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

/// The same in another namespace.
fn within(mut object: Value, namespace: &str) -> Value {
    object["metadata"]["namespace"] = json!(namespace);
    object
}

/// The same, made at that second.
fn made_at(mut object: Value, second: &str) -> Value {
    object["metadata"]["creationTimestamp"] = json!(format!("2026-11-30T00:00:{second}Z"));
    object
}

/// An `IngressRoute` of the namespace `shop` for HTTPS.
fn route(name: &str, rule: &str, tls: &Value) -> Value {
    json!({
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": {
            "entryPoints": ["websecure"],
            "routes": [{ "kind": "Rule", "match": rule, "services": [{ "name": name, "port": 80 }] }],
            "tls": tls,
        },
    })
}

fn tls_option(name: &str, client_auth: &Value) -> Value {
    json!({
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "TLSOption",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "clientAuth": client_auth },
    })
}

/// What a version makes of all objects of a cluster.
fn observed(version: &str, is_strict: bool, objects: &[Value]) -> Observed {
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
    for object in objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let options = BTreeMap::from([(STRICT.to_owned(), is_strict.to_string())]);
    let version = Some(Traefik.version(version).unwrap());
    let settings = Traefik.settings(&set, &Declared { version, options, ..Declared::default() });
    Traefik.observe(&set, &settings)
}

fn below(authority: &str) -> Presented {
    let issuer = Certificate::from_pem(authority.as_bytes()).unwrap().remove(0);
    let leaf = LeafFacts { subject: "CN=any".to_owned(), ..LeafFacts::default() };
    Presented::Supposed { issuer: Arc::new(issuer), leaf, sends: Arc::new([]) }
}

/// What becomes of a request.
fn asked(observed: &Observed, request: &Request) -> String {
    word(&verdict(observed, request, Timestamp::parse("2026-12-01T00:00:00Z").unwrap()))
}

/// A verdict in a word: the Service, or why there is none.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admitted { backend: Some(backend), .. } => backend.service.clone(),
        Verdict::Admitted { backend: None, .. } => "some".to_owned(),
        Verdict::Refused { answer: Answer::Alert, .. } => "refused".to_owned(),
        Verdict::Refused { answer, .. } => format!("{answer:?}"),
        Verdict::Redirected(_) => "redirect".to_owned(),
        Verdict::Misdirected => "421".to_owned(),
        Verdict::NotServed => "404".to_owned(),
        Verdict::OneOf(cause, all) => {
            let all: Vec<String> = all.iter().map(word).collect();
            format!("{cause:?}({})", all.join("|"))
        }
        Verdict::Unknown(missing) => {
            let text = format!("{missing:?}");
            format!("unknown {}", text.split(['(', ' ']).next().unwrap_or_default())
        }
    }
}

/// What a client without a certificate, one of ours and one of others get at a host and path.
fn at(observed: &Observed, host: &str, path: &str) -> String {
    let clients = [Presented::Nothing, below(OWN), below(OTHER)];
    let words = clients.into_iter().map(|client| {
        let request = Request { path: path.to_owned(), client, ..Request::of(host) };
        asked(observed, &request)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn plain(observed: &Observed, host: &str, path: &str) -> String {
    asked(observed, &Request { path: path.to_owned(), ..Request::of(host) }.plain())
}
