//! Final objects as the check of protection sees them, whether a built-in template made them from data
//! or somebody's template or patch made them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::manifest::Identity;
use crate::manifest::draft::Facts;

/// A final object, as far as protection depends on it.
#[derive(Clone, Debug)]
pub enum FinalObject<'a> {
    /// An Ingress.
    Ingress(IngressView<'a>),
    /// A Secret.
    Secret(SecretView<'a>),
}

/// An Ingress.
#[derive(Clone, Debug)]
pub struct IngressView<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Ingress class.
    pub class: Option<&'a str>,
    /// Annotations.
    pub annotations: Cow<'a, BTreeMap<String, String>>,
    /// Hosts of the rules, and whether all rules of that host have paths.
    pub rules: BTreeMap<&'a str, bool>,
    /// Hosts of the `tls` entries.
    pub tls_hosts: BTreeSet<&'a str>,
}

/// A Secret.
#[derive(Clone, Debug)]
pub struct SecretView<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// What clients would be verified with.
    pub trust: Trust<'a>,
    /// Keys whose values hold a private key, or are named as if they did.
    pub private_keys: Vec<&'a str>,
}

/// What a Secret says about the authorities of clients.
#[derive(Clone, Debug)]
pub enum Trust<'a> {
    /// mtlsgen has put the bundle of these authorities into it, by name and sorted; none: it has no `ca.crt`.
    Bundle(&'a [String]),
    /// Somebody had a hand in it.
    Written {
        /// Its `type`, `Opaque` where it has none.
        type_name: &'a str,
        /// What stands under `ca.crt`, decoded.
        ca_crt: Option<Vec<u8>>,
        /// What stands under `ca.crl`, decoded.
        ca_crl: Option<Vec<u8>>,
    },
}

impl<'a> FinalObject<'a> {
    /// What matters of an object that a built-in template made, unchanged since.
    #[must_use]
    pub fn of_facts(identity: &'a Identity, facts: &'a Facts) -> Option<Self> {
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        let name = &identity.name;
        match facts {
            Facts::None => None,
            Facts::Ingress { class, host, has_paths, tls, annotations } => {
                Some(Self::Ingress(IngressView {
                    namespace,
                    name,
                    class: Some(class),
                    annotations: Cow::Borrowed(annotations),
                    rules: BTreeMap::from([(host.as_str(), *has_paths)]),
                    tls_hosts: tls.then_some(host.as_str()).into_iter().collect(),
                }))
            }
            Facts::Secret { authorities, has_private_key } => Some(Self::Secret(SecretView {
                namespace,
                name,
                trust: Trust::Bundle(authorities),
                private_keys: has_private_key.then_some("tls.key").into_iter().collect(),
            })),
        }
    }

    /// What matters of a parsed object; `None` if protection does not depend on its kind.
    #[must_use]
    pub fn of(identity: &'a Identity, object: &'a Value) -> Option<Self> {
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        match (identity.group(), identity.kind.as_str()) {
            ("networking.k8s.io" | "extensions", "Ingress") => {
                Some(Self::Ingress(IngressView::of(namespace, &identity.name, object)))
            }
            ("", "Secret") => Some(Self::Secret(SecretView::of(namespace, &identity.name, object))),
            _ => None,
        }
    }
}

impl<'a> IngressView<'a> {
    fn of(namespace: &'a str, name: &'a str, object: &'a Value) -> Self {
        let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut rules = BTreeMap::new();
        for rule in items(&object["spec"]["rules"]) {
            let paths = rule["http"]["paths"].as_array().is_some_and(|paths| !paths.is_empty());
            *rules.entry(rule["host"].as_str().unwrap_or_default()).or_insert(true) &= paths;
        }
        Self {
            namespace,
            name,
            class: object["spec"]["ingressClassName"].as_str(),
            annotations: Cow::Owned(
                annotations.map(|(key, value)| (key.clone(), text(value))).collect(),
            ),
            rules,
            tls_hosts: items(&object["spec"]["tls"])
                .flat_map(|entry| items(&entry["hosts"]))
                .filter_map(Value::as_str)
                .collect(),
        }
    }
}

impl<'a> SecretView<'a> {
    fn of(namespace: &'a str, name: &'a str, object: &'a Value) -> Self {
        let (mut certificates, mut revocations) = (None, None);
        let mut private_keys = Vec::new();
        // `stringData` wins over `data` (Secret API).
        for (field, is_base64) in [("data", true), ("stringData", false)] {
            for (key, value) in object[field].as_object().into_iter().flatten() {
                let bytes = decoded(value, is_base64);
                let holds_key = contains(&bytes, b"PRIVATE KEY-----");
                if holds_key || key == "ca.key" || key == "tls.key" {
                    private_keys.push(key.as_str());
                }
                match key.as_str() {
                    "ca.crt" => certificates = Some(bytes),
                    "ca.crl" => revocations = Some(bytes),
                    _ => {}
                }
            }
        }
        // What the API server writes where there is none.
        let type_name = object["type"].as_str().filter(|name| !name.is_empty()).unwrap_or("Opaque");
        let trust = Trust::Written { type_name, ca_crt: certificates, ca_crl: revocations };
        Self { namespace, name, trust, private_keys }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

fn decoded(value: &Value, is_base64: bool) -> Vec<u8> {
    let text = value.as_str().unwrap_or_default();
    if is_base64 {
        return STANDARD.decode(text.replace(['\n', '\r'], "")).unwrap_or_default();
    }
    text.as_bytes().to_vec()
}
