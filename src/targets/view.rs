//! Final objects as the check of protection sees them, whether mtlsgen makes them or a template, a patch or others do.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::identity::Identity;
use crate::manifest::kinds::{
    Backend, BackendPort, ConfigMap, Datum, Ingress, Path, PortNumber, Secret,
};
use crate::manifest::texts::Texts;
use crate::manifest::{Misread, ObjectSet, Seen};
use crate::model::Route;
use crate::specification::PathType;
use crate::specification::value::PortReference;

/// Final objects of the kinds that protection depends on.
pub struct FinalObjects<'a> {
    ingresses: Vec<Seen<'a, Ingress>>,
    secrets: Vec<Seen<'a, Secret>>,
    settings: Vec<Seen<'a, ConfigMap>>,
}

/// The fields of them that matter.
pub struct Views<'a> {
    /// Ingresses, in their order.
    pub ingresses: Vec<IngressView<'a>>,
    /// Secrets, in their order.
    pub secrets: Vec<SecretView<'a>>,
    /// `ConfigMap`s, in their order.
    pub settings: Vec<SettingsView<'a>>,
}

impl<'a> FinalObjects<'a> {
    /// Those of a set; and objects that are not of the form of their kind.
    #[must_use]
    pub fn of(set: &'a ObjectSet<'_>) -> (Self, Vec<Misread>) {
        let (ingresses, mut misread) = set.all();
        let (secrets, more) = set.all();
        misread.extend(more);
        let (settings, more) = set.all();
        misread.extend(more);
        (Self { ingresses, secrets, settings }, misread)
    }

    /// The fields that matter.
    #[must_use]
    pub fn views(&self) -> Views<'_> {
        Views {
            ingresses: self.ingresses.iter().map(IngressView::of).collect(),
            secrets: self.secrets.iter().map(SecretView::of).collect(),
            settings: self.settings.iter().map(SettingsView::of).collect(),
        }
    }
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
    pub annotations: Cow<'a, Texts>,
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
    /// It is not as mtlsgen makes it.
    Written {
        /// Its `type`, `Opaque` where it has none.
        type_name: &'a str,
        /// The value of `ca.crt`, decoded.
        ca_crt: Option<Vec<u8>>,
        /// The value of `ca.crl`, decoded.
        ca_crl: Option<Vec<u8>>,
    },
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
            annotations: Cow::Owned(Texts::default()),
            rules: vec![RuleView { host, paths: routes.iter().map(PathView::of_route).collect() }],
            tls: tls.into_iter().collect(),
            default_backend: None,
            is_as_made: true,
        }
    }

    fn of(seen: &'a Seen<'_, Ingress>) -> Self {
        let (namespace, name) = place(seen.identity);
        let Ingress { metadata, spec } = &*seen.object;
        let rules = spec.rules.iter().map(|rule| RuleView {
            host: rule.host.as_deref().unwrap_or_default(),
            paths: rule.http.iter().flat_map(|http| &http.paths).map(PathView::of).collect(),
        });
        let tls = spec.tls.iter().map(|entry| TlsView {
            hosts: entry.hosts.iter().map(String::as_str).collect(),
            secret_name: entry.secret_name.as_deref(),
        });
        Self {
            namespace,
            name,
            class: spec.ingress_class_name.as_deref(),
            annotations: Cow::Borrowed(&metadata.annotations),
            rules: rules.collect(),
            tls: tls.collect(),
            default_backend: spec.default_backend.as_deref().and_then(BackendView::of),
            is_as_made: seen.is_as_made,
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

    fn of(path: &'a Path) -> Self {
        Self {
            path: path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/"),
            path_type: match path.path_type.as_deref() {
                Some("Exact") => PathType::Exact,
                Some("ImplementationSpecific") => PathType::ImplementationSpecific,
                _ => PathType::Prefix,
            },
            backend: BackendView::of(&path.backend),
        }
    }
}

impl<'a> BackendView<'a> {
    /// Of a backend as `networking.k8s.io/v1` has it, or as `extensions/v1beta1` had it.
    fn of(backend: &'a Backend) -> Option<Self> {
        let Backend { service, service_name, service_port } = backend;
        let named = service.as_ref().filter(|service| !service.name.is_empty());
        if let Some(service) = named {
            let port = match &service.port {
                BackendPort { number: Some(number), .. } => PortView::Number(*number),
                BackendPort { name, .. } => PortView::Name(name.as_deref().unwrap_or_default()),
            };
            return Some(Self { service: &service.name, port });
        }
        let port = match service_port {
            Some(PortNumber::Number(number)) => PortView::Number(*number),
            Some(PortNumber::Name(name)) => PortView::Name(name),
            None => PortView::Name(""),
        };
        Some(Self { service: service_name.as_deref()?, port })
    }
}

impl<'a> SettingsView<'a> {
    fn of(seen: &'a Seen<'_, ConfigMap>) -> Self {
        let (namespace, name) = place(seen.identity);
        Self { namespace, name, data: seen.object.data.iter().collect() }
    }
}

impl<'a> SecretView<'a> {
    fn of(seen: &'a Seen<'_, Secret>) -> Self {
        let (namespace, name) = place(seen.identity);
        let secret = &*seen.object;
        let mut private_keys = Vec::new();
        let of_data = secret.data.iter().map(|(name, datum)| (name, is_private(name, datum)));
        let clear = secret.string_data.iter();
        let of_clear = clear.map(|(name, text)| (name, holds_key(name, text.as_bytes())));
        for (name, is_private) in of_data.chain(of_clear) {
            if is_private {
                private_keys.push(name);
            }
        }
        if seen.is_as_made {
            let trust = Trust::Bundle(secret.bundle.as_deref().unwrap_or_default());
            return Self { namespace, name, trust, private_keys };
        }
        // `stringData` wins over `data` (Secret API); what is not base64 is nothing.
        let value = |name| match secret.string_data.get(name) {
            Some(text) => Some(text.as_bytes().to_vec()),
            None => secret.data.get(name).map(|datum| datum.octets().unwrap_or_default().to_vec()),
        };
        // What the API server writes where there is none.
        let type_name =
            secret.type_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("Opaque");
        let trust = Trust::Written { type_name, ca_crt: value("ca.crt"), ca_crl: value("ca.crl") };
        Self { namespace, name, trust, private_keys }
    }
}

fn is_private(name: &str, datum: &Datum) -> bool {
    match datum {
        Datum::Public(_) => false,
        Datum::Key(_) => true,
        Datum::Read(_) => holds_key(name, &datum.octets().unwrap_or_default()),
    }
}

/// Whether octets hold a private key, or are named as if they did.
fn holds_key(name: &str, octets: &[u8]) -> bool {
    const WORD: &[u8] = b"PRIVATE KEY-----";
    matches!(name, "ca.key" | "tls.key") || octets.windows(WORD.len()).any(|part| part == WORD)
}

/// Namespace and name.
fn place(identity: &Identity) -> (&str, &str) {
    (identity.namespace.as_deref().unwrap_or_default(), &identity.name)
}
