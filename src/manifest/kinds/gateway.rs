//! Kinds of the Gateway API (`apis/v1` of <https://github.com/kubernetes-sigs/gateway-api>), as far as they matter.

mod routes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Api, Kind, Metadata, null_is_absent};

pub use routes::{
    BackendReference, HttpRouteSpec, PathMatch, RequestRedirect, RouteFilter, RouteMatch, RouteRule,
};

/// Their API group.
pub const GROUP: &str = "gateway.networking.k8s.io";

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal { $spec:ident } in $group:expr $(, made as $made:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct $kind {
            /// Labels and annotations.
            #[serde(default, deserialize_with = "null_is_absent")]
            pub metadata: Metadata,
            /// What it says.
            #[serde(default, deserialize_with = "null_is_absent")]
            pub spec: $spec,
        }

        impl Api for $kind {
            const GROUPS: &'static [&'static str] = &[$group];
            const KIND: &'static str = $name;

            fn of(kind: &Kind) -> Option<&Self> {
                let _ = kind;
                $(if let Kind::$made(object) = kind {
                    return Some(object.as_ref());
                })?
                None
            }
        }
    )*};
}

pub(super) use kinds;

/// Whether nothing is said.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

kinds! {
    /// A class of Gateways.
    GatewayClass "GatewayClass" { GatewayClassSpec } in GROUP;
    /// A Gateway.
    Gateway "Gateway" { GatewaySpec } in GROUP, made as Gateway;
    /// Further listeners of a Gateway.
    ListenerSet "ListenerSet" { ListenerSetSpec } in GROUP, made as ListenerSet;
    /// Routes of requests.
    HttpRoute "HTTPRoute" { HttpRouteSpec } in GROUP, made as HttpRoute;
    /// Routes of gRPC's calls, which are requests too.
    GrpcRoute "GRPCRoute" { HttpRouteSpec } in GROUP;
    /// Leave to refer to objects of its namespace.
    ReferenceGrant "ReferenceGrant" { ReferenceGrantSpec } in GROUP, made as ReferenceGrant;
}

/// What a [`GatewayClass`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// Whose it is.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub controller_name: String,
    /// Settings of the controller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_ref: Option<Reference>,
}

/// A reference to an object; which group, kind and namespace it has without them depends on the field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// Its API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    /// A part of it: a listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
    /// The port of a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// What a [`Gateway`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// Its class.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub gateway_class_name: String,
    /// Its listeners.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<GatewayListener>,
    /// TLS of all listeners.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub tls: GatewayTls,
    /// Which [`ListenerSet`]s may add to them.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub allowed_listeners: Allowed,
    /// How it is deployed.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub infrastructure: Infrastructure,
}

/// How a Gateway is deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Infrastructure {
    /// Settings of the controller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_ref: Option<Reference>,
}

/// What a [`ListenerSet`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerSetSpec {
    /// The Gateway.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub parent_ref: Reference,
    /// The listeners.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<GatewayListener>,
}

/// A listener of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayListener {
    /// Its name.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    /// The names that it is for; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Its port.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP` or `UDP`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub protocol: String,
    /// Its certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenerTls>,
    /// Routes that may attach to it.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub allowed_routes: Allowed,
}

/// TLS of a listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerTls {
    /// `Terminate` or `Passthrough`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Secrets with its certificates.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub certificate_refs: Vec<Reference>,
}

/// Which objects may attach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Allowed {
    /// Those of these namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<AllowedNamespaces>,
    /// Those of these kinds.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<AllowedKind>,
}

/// Namespaces from which objects may attach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AllowedNamespaces {
    /// `All`, `Same`, `Selector` or `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Their labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Labels>,
}

/// A kind of which objects may attach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AllowedKind {
    /// API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
}

/// Labels that objects have to have (`LabelSelector` of `meta/v1`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Labels {
    /// All of these.
    #[serde(
        default,
        deserialize_with = "null_is_absent",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub match_labels: BTreeMap<String, String>,
    /// And what these say.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelExpression>,
}

/// A condition for labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelExpression {
    /// Name of the label.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub operator: String,
    /// Values of the label.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// TLS of all listeners of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayTls {
    /// With clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontend: Option<Frontend>,
}

/// TLS with clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frontend {
    /// At every port.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub default: FrontendTls,
    /// In its place at some ports.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub per_port: Vec<PortTls>,
}

/// TLS with clients of a port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PortTls {
    /// The port.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub port: u16,
    /// What is asked there.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub tls: FrontendTls,
}

/// What is asked of clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrontendTls {
    /// A certificate; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<FrontendValidation>,
}

/// How certificates of clients are validated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrontendValidation {
    /// Objects with the authorities.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub ca_certificate_refs: Vec<Reference>,
    /// `AllowValidOnly` or `AllowInsecureFallback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// What a [`ReferenceGrant`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReferenceGrantSpec {
    /// Who may refer.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<GrantFrom>,
    /// To what.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<GrantTo>,
}

/// Objects that may refer to others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GrantFrom {
    /// API group.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub group: String,
    /// Kind.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
    /// Namespace.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub namespace: String,
}

/// Objects that may be referred to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GrantTo {
    /// API group.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub group: String,
    /// Kind.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
    /// Name; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
