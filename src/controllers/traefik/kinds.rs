//! Traefik's own kinds (`pkg/provider/kubernetes/crd/traefikio/v1alpha1`), as far as they matter.

use serde::Deserialize;

use crate::manifest::kinds::{Api, Kind, Metadata, PortNumber, null_is_absent};

const GROUPS: &[&str] = &["traefik.io"];

/// Routers of the provider `kubernetesCRD`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct IngressRoute {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: IngressRouteSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IngressRouteSpec {
    #[serde(default)]
    pub ingress_class_name: Option<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub entry_points: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub routes: Vec<CustomRoute>,
    #[serde(default)]
    pub tls: Option<RouteTls>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub parent_refs: Vec<Reference>,
}

/// A router.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct CustomRoute {
    #[serde(default, rename = "match", deserialize_with = "null_is_absent")]
    pub rule: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub priority: i64,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub syntax: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub services: Vec<RouteService>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub middlewares: Vec<Reference>,
}

/// What a router leads to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct RouteService {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub namespace: String,
    #[serde(default)]
    pub port: Option<PortNumber>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteTls {
    #[serde(default)]
    pub secret_name: Option<String>,
    #[serde(default)]
    pub options: Option<Reference>,
}

/// Another object of Traefik's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Reference {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub namespace: String,
}

/// A router of connections.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct IngressRouteTcp {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: IngressRouteSpec,
}

/// A step between a router and its Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Middleware {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: MiddlewareSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MiddlewareSpec {
    #[serde(default)]
    pub redirect_scheme: Option<RedirectScheme>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct RedirectScheme {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub scheme: String,
}

/// TLS settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct TlsOption {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: TlsOptionSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TlsOptionSpec {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub client_auth: ClientAuth,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub cipher_suites: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub curve_preferences: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientAuth {
    #[serde(default, deserialize_with = "null_is_absent")]
    pub secret_names: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    pub client_auth_type: String,
}

macro_rules! api {
    ($kind:ty, $name:literal) => {
        impl Api for $kind {
            const GROUPS: &'static [&'static str] = GROUPS;
            const KIND: &'static str = $name;

            fn of(_: &Kind) -> Option<&Self> {
                None
            }
        }
    };
}

api!(IngressRoute, "IngressRoute");
api!(IngressRouteTcp, "IngressRouteTCP");
api!(Middleware, "Middleware");
api!(TlsOption, "TLSOption");
