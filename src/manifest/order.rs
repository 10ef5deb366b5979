//! The order in which objects can be applied: nothing refers to an object that comes later.

use super::{Identity, Manifest};

/// Kinds in the order of application; what is not named here comes in place of `*`.
const KINDS: [&str; 28] = [
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "IngressClass",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Endpoints",
    "EndpointSlice",
    "Service",
    "Pod",
    "StatefulSet",
    "DaemonSet",
    "Deployment",
    "CronJob",
    "Job",
    "*",
    "Ingress",
];

/// Sorts by kind, trust Secrets before those with keys, then by namespace and name.
pub fn sort(manifests: &mut [Manifest]) {
    manifests.sort_by_cached_key(|manifest| {
        let Identity { api_version, kind, namespace, name } = &manifest.identity;
        let (namespace, name) = (namespace.clone(), name.clone());
        (rank(kind), manifest.sensitive, kind.clone(), namespace, name, api_version.clone())
    });
}

fn rank(kind: &str) -> usize {
    let position = |kind: &str| KINDS.iter().position(|known| *known == kind);
    position(kind).or_else(|| position("*")).unwrap_or(KINDS.len())
}
