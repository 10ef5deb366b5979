//! The order in which objects can be applied: nothing refers to an object that comes later.

use std::collections::BTreeMap;

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
pub fn sort(manifests: &mut Vec<Manifest>) {
    // Kinds are few: looking them up once each, not once a comparison, is most of the work saved.
    let mut by_rank: BTreeMap<usize, Vec<Manifest>> = BTreeMap::new();
    for manifest in manifests.drain(..) {
        by_rank.entry(rank(&manifest.identity.kind)).or_default().push(manifest);
    }
    for (_, mut equal) in by_rank {
        equal.sort_by(|one, other| key(one).cmp(&key(other)));
        manifests.append(&mut equal);
    }
}

fn key(manifest: &Manifest) -> impl Ord + '_ {
    let Identity { api_version, kind, namespace, name } = &manifest.identity;
    (kind, manifest.sensitive, namespace, name, api_version)
}

fn rank(kind: &str) -> usize {
    let position = |kind: &str| KINDS.iter().position(|known| *known == kind);
    position(kind).or_else(|| position("*")).unwrap_or(KINDS.len())
}
