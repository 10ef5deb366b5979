//! Kinds of objects that mtlsgen makes or reads, as Kubernetes has them: one struct each. Group, version, kind, namespace and
//! name of an object are its [`Identity`].
//!
//! What they do not have of a kind's fields does not matter to mtlsgen, and is passed over where objects are read. A field that is
//! null is absent, as the API server reads it.

mod config_map;
mod deployment;
pub mod envoy_gateway;
pub mod gateway;
mod ingress;
mod ingress_class;
mod namespace;
pub(crate) mod secret;
mod service;
mod workload;

use minijinja::Value as View;
use minijinja::value::Serde;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::texts::Texts;
use crate::identity::Identity;

pub use config_map::ConfigMap;
pub use deployment::{
    Container, ContainerPort, Deployment, DeploymentSpec, LabelSelector, PodMetadata, PodSpec,
    PodTemplate, Resources,
};
pub use ingress::{
    Backend, BackendPort, BackendService, Http, Ingress, IngressRule, IngressSpec, IngressTls,
    Path, PortNumber,
};
pub use ingress_class::{IngressClass, IngressClassSpec};
pub use namespace::Namespace;
pub use secret::{ClearData, Data, Datum, Key, MASK, NotBase64, Secret};
pub use service::{Service, ServicePort, ServiceSpec};
pub use workload::{Program, Variable, Workload};

/// A kind of objects that can be read.
pub trait Api: Clone + DeserializeOwned {
    /// The API groups that it is or was in.
    const GROUPS: &'static [&'static str];
    /// Such as `Ingress`.
    const KIND: &'static str;

    /// The object of ours, if it is of this kind.
    fn of(kind: &Kind) -> Option<&Self>;

    /// Whether an object of that identity is of this kind.
    fn is(identity: &Identity) -> bool {
        identity.kind == Self::KIND && Self::GROUPS.contains(&identity.group())
    }
}

/// An object that mtlsgen makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Kind {
    /// A Secret.
    Secret(Secret),
    /// A Service.
    Service(Service),
    /// A Deployment.
    Deployment(Deployment),
    /// An Ingress.
    Ingress(Ingress),
    /// A Gateway.
    Gateway(Box<gateway::Gateway>),
    /// Further listeners of a Gateway.
    ListenerSet(Box<gateway::ListenerSet>),
    /// Routes of requests.
    HttpRoute(Box<gateway::HttpRoute>),
    /// Leave to refer to objects.
    ReferenceGrant(Box<gateway::ReferenceGrant>),
    /// Settings of listeners.
    ClientTrafficPolicy(Box<envoy_gateway::ClientTrafficPolicy>),
}

/// The kinds of objects that mtlsgen makes.
pub const MADE: [&str; 9] = [
    "ClientTrafficPolicy",
    "Deployment",
    "Gateway",
    "HTTPRoute",
    "Ingress",
    "ListenerSet",
    "ReferenceGrant",
    "Secret",
    "Service",
];

impl Kind {
    /// Labels and annotations.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Secret(Secret { metadata, .. })
            | Self::Service(Service { metadata, .. })
            | Self::Deployment(Deployment { metadata, .. })
            | Self::Ingress(Ingress { metadata, .. }) => metadata,
            Self::Gateway(object) => &object.metadata,
            Self::ListenerSet(object) => &object.metadata,
            Self::HttpRoute(object) => &object.metadata,
            Self::ReferenceGrant(object) => &object.metadata,
            Self::ClientTrafficPolicy(object) => &object.metadata,
        }
    }

    /// What its template is given beside name, namespace, labels and annotations.
    pub(super) fn view(&self) -> Vec<(&'static str, View)> {
        match self {
            Self::Secret(secret) => secret.view(),
            Self::Service(service) => service.view(),
            Self::Deployment(deployment) => deployment.view(),
            Self::Ingress(ingress) => ingress.view(),
            Self::Gateway(object) => spec_view(&object.spec),
            Self::ListenerSet(object) => spec_view(&object.spec),
            Self::HttpRoute(object) => spec_view(&object.spec),
            Self::ReferenceGrant(object) => spec_view(&object.spec),
            Self::ClientTrafficPolicy(object) => spec_view(&object.spec),
        }
    }
}

/// The fields of a specification, as they are.
fn spec_view(spec: &impl Serialize) -> Vec<(&'static str, View)> {
    vec![("spec", View::from(Serde(spec)))]
}

/// What is said of an object beside its identity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Labels.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub labels: Texts,
    /// Annotations.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub annotations: Texts,
}

/// A field that is null is absent.
pub(crate) fn null_is_absent<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
