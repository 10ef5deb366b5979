//! Final objects as the check of protection sees them, whether a built-in template made them from data
//! or somebody's template or patch made them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::manifest::Identity;
use crate::manifest::draft::Facts;

/// A final object, as far as protection depends on it.
#[derive(Debug)]
pub enum FinalObject<'a> {
    /// An Ingress.
    Ingress(IngressView<'a>),
    /// A Secret.
    Secret(SecretView<'a>),
}

/// An Ingress.
#[derive(Debug)]
pub struct IngressView<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Ingress class.
    pub class: Option<&'a str>,
    /// Annotations.
    pub annotations: Cow<'a, BTreeMap<String, String>>,
    /// Hosts of the rules, and whether they have paths.
    pub rules: Vec<(&'a str, bool)>,
    /// Hosts of the `tls` entries.
    pub tls_hosts: Vec<&'a str>,
}

/// A Secret.
#[derive(Debug)]
pub struct SecretView<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Whether `ca.crt` holds a certificate.
    pub has_ca_certificate: bool,
    /// Keys whose values hold a private key, or are named as if they did.
    pub private_keys: Vec<&'a str>,
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
                    rules: vec![(host, *has_paths)],
                    tls_hosts: tls.then_some(host.as_str()).into_iter().collect(),
                }))
            }
            Facts::Secret { has_ca_certificate, has_private_key } => {
                Some(Self::Secret(SecretView {
                    namespace,
                    name,
                    has_ca_certificate: *has_ca_certificate,
                    private_keys: has_private_key.then_some("tls.key").into_iter().collect(),
                }))
            }
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
        let rule = |rule: &'a Value| {
            let paths = rule["http"]["paths"].as_array().is_some_and(|paths| !paths.is_empty());
            (rule["host"].as_str().unwrap_or_default(), paths)
        };
        Self {
            namespace,
            name,
            class: object["spec"]["ingressClassName"].as_str(),
            annotations: Cow::Owned(
                annotations.map(|(key, value)| (key.clone(), text(value))).collect(),
            ),
            rules: items(&object["spec"]["rules"]).map(rule).collect(),
            tls_hosts: items(&object["spec"]["tls"])
                .flat_map(|entry| items(&entry["hosts"]))
                .filter_map(Value::as_str)
                .collect(),
        }
    }
}

impl<'a> SecretView<'a> {
    fn of(namespace: &'a str, name: &'a str, object: &'a Value) -> Self {
        let mut has_ca_certificate = false;
        let mut private_keys = Vec::new();
        // `stringData` wins over `data` (Secret API).
        for (field, is_base64) in [("data", true), ("stringData", false)] {
            for (key, value) in object[field].as_object().into_iter().flatten() {
                let text = decoded(value, is_base64);
                if key == "ca.crt" {
                    has_ca_certificate = text.contains("-----BEGIN CERTIFICATE-----");
                }
                if text.contains("PRIVATE KEY-----") || key == "ca.key" || key == "tls.key" {
                    private_keys.push(key.as_str());
                }
            }
        }
        Self { namespace, name, has_ca_certificate, private_keys }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn decoded(value: &Value, is_base64: bool) -> String {
    let text = value.as_str().unwrap_or_default();
    if !is_base64 {
        return text.to_owned();
    }
    let bytes = STANDARD.decode(text.replace(['\n', '\r'], "")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
