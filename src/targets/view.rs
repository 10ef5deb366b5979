//! Final objects as the check of protection sees them, whether a built-in template made them from data
//! or somebody's template or patch made them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::identity::Identity;
use crate::manifest::data;
use crate::model::Route;
use crate::specification::PathType;
use crate::specification::value::PortReference;
use crate::targets::draft::Facts;

/// A final object, as far as protection depends on it.
#[derive(Clone, Debug)]
pub enum FinalObject<'a> {
    /// An Ingress.
    Ingress(IngressView<'a>),
    /// A Secret.
    Secret(SecretView<'a>),
    /// A `ConfigMap`.
    Settings(SettingsView<'a>),
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
    /// Rules, in their order.
    pub rules: Vec<RuleView<'a>>,
    /// Entries of `tls`.
    pub tls: Vec<TlsView<'a>>,
    /// `defaultBackend`.
    pub default_backend: Option<BackendView<'a>>,
    /// Whether it is as mtlsgen makes it of the model: no template, patch or hash suffix changed it.
    pub is_as_made: bool,
}

/// A rule of an Ingress.
#[derive(Clone, Debug)]
pub struct RuleView<'a> {
    /// Host; empty: every other one.
    pub host: &'a str,
    /// Paths, in their order.
    pub paths: Vec<PathView<'a>>,
}

/// A path of a rule.
#[derive(Clone, Debug)]
pub struct PathView<'a> {
    /// Path; `/` where none is said.
    pub path: &'a str,
    /// How it is matched.
    pub path_type: PathType,
    /// The Service behind it, if it is one.
    pub backend: Option<BackendView<'a>>,
}

/// A Service, in the namespace of the Ingress, and its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendView<'a> {
    /// Name of the Service.
    pub service: &'a str,
    /// Port of the Service.
    pub port: PortView<'a>,
}

/// Port of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortView<'a> {
    /// By number.
    Number(u64),
    /// By name.
    Name(&'a str),
}

impl std::fmt::Display for PortView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// An entry of `tls`.
#[derive(Clone, Debug)]
pub struct TlsView<'a> {
    /// Hosts that it is for.
    pub hosts: Vec<&'a str>,
    /// Secret with certificate and key.
    pub secret_name: Option<&'a str>,
}

/// A `ConfigMap`, which may hold the settings of a controller.
#[derive(Clone, Debug)]
pub struct SettingsView<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Its entries.
    pub data: BTreeMap<&'a str, &'a str>,
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
    /// The Ingress, if it is one.
    #[must_use]
    pub fn ingress(&self) -> Option<&IngressView<'a>> {
        match self {
            Self::Ingress(view) => Some(view),
            Self::Secret(_) | Self::Settings(_) => None,
        }
    }

    /// What matters of an object that a built-in template made, unchanged since.
    #[must_use]
    pub fn of_facts(identity: &'a Identity, facts: &'a Facts) -> Option<Self> {
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        let name = &identity.name;
        match facts {
            Facts::None => None,
            Facts::Ingress { class, host, routes, tls, annotations } => {
                Some(Self::Ingress(IngressView {
                    class: Some(class),
                    annotations: Cow::Borrowed(annotations),
                    ..IngressView::of_routes(namespace, name, host, routes, tls.as_deref())
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
            ("", "ConfigMap") => {
                let data = object["data"].as_object().into_iter().flatten();
                let data = data.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
                let name = &identity.name;
                Some(Self::Settings(SettingsView { namespace, name, data: data.collect() }))
            }
            _ => None,
        }
    }
}

impl<'a> IngressView<'a> {
    /// One that mtlsgen makes for a host, without class and annotations.
    #[must_use]
    pub fn of_routes(
        namespace: &'a str,
        name: &'a str,
        host: &'a str,
        routes: &'a [Route],
        tls_secret: Option<&'a str>,
    ) -> Self {
        let tls = tls_secret.map(|name| TlsView { hosts: vec![host], secret_name: Some(name) });
        Self {
            namespace,
            name,
            class: None,
            annotations: Cow::Owned(BTreeMap::new()),
            rules: vec![RuleView { host, paths: routes.iter().map(PathView::of_route).collect() }],
            tls: tls.into_iter().collect(),
            default_backend: None,
            is_as_made: true,
        }
    }

    fn of(namespace: &'a str, name: &'a str, object: &'a Value) -> Self {
        let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rules = items(&object["spec"]["rules"]).map(|rule| RuleView {
            host: rule["host"].as_str().unwrap_or_default(),
            paths: items(&rule["http"]["paths"]).map(PathView::of).collect(),
        });
        let tls = items(&object["spec"]["tls"]).map(|entry| TlsView {
            hosts: items(&entry["hosts"]).filter_map(Value::as_str).collect(),
            secret_name: entry["secretName"].as_str(),
        });
        Self {
            namespace,
            name,
            class: object["spec"]["ingressClassName"].as_str(),
            annotations: Cow::Owned(
                annotations.map(|(key, value)| (key.clone(), text(value))).collect(),
            ),
            rules: rules.collect(),
            tls: tls.collect(),
            default_backend: BackendView::of(&object["spec"]["defaultBackend"]),
            is_as_made: false,
        }
    }

    /// Whether all rules of the host have paths; `None`: there is no rule for it.
    #[must_use]
    pub fn has_paths(&self, host: &str) -> Option<bool> {
        let mut rules = self.rules.iter().filter(|rule| rule.host == host).peekable();
        rules.peek()?;
        Some(rules.all(|rule| !rule.paths.is_empty()))
    }

    /// Whether a `tls` entry is for the host.
    #[must_use]
    pub fn has_tls(&self, host: &str) -> bool {
        self.tls.iter().any(|entry| entry.hosts.contains(&host))
    }

    /// All Services that it leads to.
    pub fn backends(&self) -> impl Iterator<Item = BackendView<'a>> {
        let paths = self.rules.iter().flat_map(|rule| &rule.paths);
        paths.filter_map(|path| path.backend).chain(self.default_backend)
    }
}

impl<'a> PathView<'a> {
    fn of_route(route: &'a Route) -> Self {
        let port = match &route.port {
            PortReference::Number(port) => PortView::Number(port.0.into()),
            PortReference::Name(name) => PortView::Name(name.as_str()),
        };
        let backend = Some(BackendView { service: route.service.as_str(), port });
        Self { path: &route.path, path_type: route.path_type, backend }
    }

    fn of(path: &'a Value) -> Self {
        Self {
            path: path["path"].as_str().filter(|path| !path.is_empty()).unwrap_or("/"),
            path_type: match path["pathType"].as_str() {
                Some("Exact") => PathType::Exact,
                Some("ImplementationSpecific") => PathType::ImplementationSpecific,
                _ => PathType::Prefix,
            },
            backend: BackendView::of(&path["backend"]),
        }
    }
}

impl<'a> BackendView<'a> {
    /// Of a backend as `networking.k8s.io/v1` has it, or as `extensions/v1beta1` had it.
    fn of(backend: &'a Value) -> Option<Self> {
        let (service, port) = match backend["service"]["name"].as_str() {
            Some(service) => {
                let port = &backend["service"]["port"];
                (service, if port["number"].is_u64() { &port["number"] } else { &port["name"] })
            }
            None => (backend["serviceName"].as_str()?, &backend["servicePort"]),
        };
        let port = match port.as_u64() {
            Some(number) => PortView::Number(number),
            None => PortView::Name(port.as_str().unwrap_or_default()),
        };
        Some(Self { service, port })
    }
}

impl<'a> SecretView<'a> {
    fn of(namespace: &'a str, name: &'a str, object: &'a Value) -> Self {
        let (mut certificates, mut revocations) = (None, None);
        let mut private_keys = Vec::new();
        // `stringData` wins over `data` (Secret API).
        for (key, value, is_base64) in data::entries(object) {
            let text = value.as_str().unwrap_or_default();
            let bytes = data::decoded(text, is_base64).unwrap_or_default();
            let holds_key = contains(&bytes, b"PRIVATE KEY-----");
            if holds_key || key == "ca.key" || key == "tls.key" {
                private_keys.push(key);
            }
            match key {
                "ca.crt" => certificates = Some(bytes.to_vec()),
                "ca.crl" => revocations = Some(bytes.to_vec()),
                _ => {}
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
