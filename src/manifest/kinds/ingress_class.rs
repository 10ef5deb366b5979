use serde::Deserialize;

use super::{Api, Kind, Metadata, null_is_absent};

/// An `IngressClass` (`networking.k8s.io/v1`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct IngressClass {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    /// What it says.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: IngressClassSpec,
}

/// Whose a class is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct IngressClassSpec {
    /// Name of the controller, such as `k8s.io/ingress-nginx`.
    #[serde(default)]
    pub controller: Option<String>,
}

impl Api for IngressClass {
    const GROUPS: &'static [&'static str] = &["networking.k8s.io"];
    const KIND: &'static str = "IngressClass";

    fn of(_: &Kind) -> Option<&Self> {
        None
    }
}
