use serde::Deserialize;

use super::{Api, Kind, Metadata, PodMetadata, null_is_absent};
use crate::identity::Identity;

/// A Deployment or a `DaemonSet` of others (`apps/v1`), as far as it says which programs run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Workload {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    /// What runs.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: WorkloadSpec,
}

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct WorkloadSpec {
    /// How many Pods of a Deployment.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// The Pods.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub template: WorkloadTemplate,
}

/// Pods to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct WorkloadTemplate {
    /// Their labels.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: PodMetadata,
    /// What runs in them.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: WorkloadPod,
}

/// What runs in a Pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct WorkloadPod {
    /// Its containers.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub containers: Vec<Program>,
}

/// A container, as far as it says which program runs in it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Program {
    /// The image.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub image: String,
    /// What runs, in the place of what the image names.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub command: Vec<String>,
    /// What it gets, in the place of what the image names.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub args: Vec<String>,
    /// Its environment.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub env: Vec<Variable>,
    /// Files that are put into its file system.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub volume_mounts: Vec<Mount>,
}

/// A variable of an environment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Its name.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub name: String,
    /// Its value.
    #[serde(default)]
    pub value: Option<String>,
    /// Where its value comes from.
    #[serde(default)]
    pub value_from: Option<VariableSource>,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableSource {
    /// A field of the Pod.
    #[serde(default)]
    pub field_ref: Option<FieldReference>,
}

/// A field of a Pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldReference {
    /// Such as `metadata.namespace`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub field_path: String,
}

/// Files that are put into a container's file system.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// Where.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub mount_path: String,
}

impl Api for Workload {
    const GROUPS: &'static [&'static str] = &["apps", "extensions"];
    const KIND: &'static str = "Deployment";

    /// Those that mtlsgen makes run Services of the spec.
    fn of(_: &Kind) -> Option<&Self> {
        None
    }

    fn is(identity: &Identity) -> bool {
        matches!(identity.kind.as_str(), "Deployment" | "DaemonSet")
            && Self::GROUPS.contains(&identity.group())
    }
}
