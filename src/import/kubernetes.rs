//! Objects as kubectl prints them, YAML or JSON, single or in lists: what Secrets and `ConfigMap`s hold, and what Ingresses need.

use serde_json::Value;

use super::found::{Found, FoundObject, LeftOut, Lost, Place, SecretName};
use super::reading;
use crate::existing::foreign::AUTHORITY_KEYS;
use crate::identity::DEFAULT_NAMESPACE;
use crate::inspect::reading::Passwords;
use crate::manifest::{Wiped, identity_within, lists};
use crate::pki::pkcs12;
use crate::secret_format::{self, Content, Held};
use crate::yaml;

/// Kinds of objects that decide which hosts are served, and how.
const SERVING: [&str; 8] = [
    "ConfigMap",
    "DaemonSet",
    "Deployment",
    "Ingress",
    "IngressClass",
    "Namespace",
    "Secret",
    "Service",
];

/// Returns whether a text is meant as Kubernetes objects.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is_json = text.starts_with('{') && text.contains("\"apiVersion\"");
    is_json || text.lines().any(|line| line.starts_with("apiVersion:"))
}

/// Reads everything in the objects of a text.
pub(super) fn read(found: &mut Found, place: &Place, text: &str, passwords: &dyn Passwords) {
    match yaml::parse(text) {
        Ok(objects) => {
            let (objects, _) = lists::unfold(objects);
            for object in objects.into_iter().map(Wiped::from) {
                add(found, place, &object, passwords);
                let identity = identity_within(&object, DEFAULT_NAMESPACE);
                if let Some(identity) = identity.filter(|one| SERVING.contains(&one.kind.as_str()))
                {
                    found.objects.push(FoundObject { place: place.clone(), identity, object });
                }
            }
        }
        Err(error) => {
            let why = format!("it is neither YAML nor JSON: {error}");
            found.left_out.push(LeftOut::new(place, "Kubernetes objects", why));
        }
    }
}

fn add(found: &mut Found, place: &Place, object: &Value, passwords: &dyn Passwords) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = text(&object["metadata"]["name"]).unwrap_or_default();
    let namespace = text(&object["metadata"]["namespace"]);
    let is_secret = object["kind"] == "Secret";
    let secret = is_secret.then_some(SecretName { namespace, name });
    for Held { name: key, content } in secret_format::held(object) {
        let place = Place { key: Some(key.to_owned()), secret: secret.clone(), ..place.clone() };
        if AUTHORITY_KEYS.contains(&key) {
            found.notes.push(format!("{place}: the private key of an authority lies in the cluster, where anyone who may read this Secret can sign clients; mtlsgen never puts it there: remove it from the Secret"));
        }
        match content {
            Content::Shown(octets) => value_of(found, &place, &octets, passwords),
            Content::Malformed => {
                let value = LeftOut::new(&place, "a value", "it is not Base64");
                found.left_out.push(value.being(Lost::Anything));
            }
        }
    }
}

fn value_of(found: &mut Found, place: &Place, octets: &[u8], passwords: &dyn Passwords) {
    if pkcs12::looks_like(octets) {
        reading::archive(found, place, octets, passwords, false);
    } else if octets.first() != Some(&0x30) || !reading::der(found, place, octets, passwords) {
        reading::blocks(found, place, octets, passwords);
    }
}
