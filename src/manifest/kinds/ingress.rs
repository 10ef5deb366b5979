use minijinja::Value as View;
use serde::{Deserialize, Serialize};

use super::{Api, Kind, Metadata, null_is_absent};
use crate::manifest::values::fields;

/// An Ingress (`networking.k8s.io/v1`; backends also as `extensions/v1beta1` had them).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ingress {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    /// What it exposes.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: IngressSpec,
}

/// What an Ingress exposes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressSpec {
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress_class_name: Option<String>,
    /// What answers where no rule does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_backend: Option<Box<Backend>>,
    /// Certificates.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub tls: Vec<IngressTls>,
    /// Rules, in their order.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub rules: Vec<IngressRule>,
}

/// The certificate of some hosts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressTls {
    /// DNS names.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub hosts: Vec<String>,
    /// Secret with certificate and key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
}

/// What one host leads to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IngressRule {
    /// DNS name; none: every other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
}

/// Paths of a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Http {
    /// In their order.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub paths: Vec<Path>,
}

/// What one path leads to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// Where it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `Prefix`, `Exact` or `ImplementationSpecific`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_type: Option<String>,
    /// What answers.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub backend: Backend,
}

/// What answers: a Service, or something else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backend {
    /// A Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<BackendService>,
    /// Name of a Service, as `extensions/v1beta1` had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// Its port, as `extensions/v1beta1` had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_port: Option<PortNumber>,
}

/// A Service in the namespace of the Ingress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BackendService {
    /// Its name.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    /// Its port.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub port: BackendPort,
}

/// A port of a Service, by number or by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BackendPort {
    /// By number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// By name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A port as `extensions/v1beta1` had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PortNumber {
    /// By number.
    Number(u64),
    /// By name.
    Name(String),
}

impl std::fmt::Display for PortNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Ingress {
    /// The template prints one host: what mtlsgen makes has no more.
    pub(super) fn view(&self) -> Vec<(&'static str, View)> {
        let IngressSpec { ingress_class_name, default_backend: _, tls, rules } = &self.spec;
        let rule = rules.first();
        let host = rule.and_then(|rule| rule.host.as_deref());
        let paths = rule.and_then(|rule| rule.http.as_ref()).map(|http| &http.paths);
        let secret = tls.first().and_then(|tls| tls.secret_name.as_deref());
        let tls = secret.map(|name| fields([("secretName", View::from(name))]));
        vec![
            ("ingressClassName", View::from(ingress_class_name.as_deref())),
            ("host", View::from(host)),
            ("tls", tls.unwrap_or(View::from(()))),
            ("routes", paths.into_iter().flatten().map(Path::view).collect()),
        ]
    }
}

impl Path {
    fn view(&self) -> View {
        let Self { path, path_type, backend } = self;
        let service = backend.service.as_ref();
        let port = service.map(|service| match &service.port {
            BackendPort { number: Some(number), .. } => fields([("number", View::from(*number))]),
            BackendPort { name, .. } => fields([("name", View::from(name.as_deref()))]),
        });
        fields([
            ("path", View::from(path.as_deref())),
            ("pathType", View::from(path_type.as_deref())),
            ("service", View::from(service.map(|service| service.name.as_str()))),
            ("port", port.unwrap_or(View::from(()))),
        ])
    }
}

impl Api for Ingress {
    const GROUPS: &'static [&'static str] = &["networking.k8s.io", "extensions"];
    const KIND: &'static str = "Ingress";

    fn of(kind: &Kind) -> Option<&Self> {
        if let Kind::Ingress(ingress) = kind { Some(ingress) } else { None }
    }
}
