//! The order in which objects can be applied: nothing refers to an object that comes later.

use std::collections::BTreeMap;

use super::Object;
use crate::identity::Identity;

/// Kinds in the order of application; what is not named here comes in place of `*`.
const KINDS: [&str; 34] = [
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "IngressClass",
    "GatewayClass",
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
    "ReferenceGrant",
    // Before what they protect.
    "ClientTrafficPolicy",
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
    "Gateway",
    "ListenerSet",
    "HTTPRoute",
    "Ingress",
];

/// Sorts by kind, trust Secrets before those with keys, then by namespace and name.
pub fn sort(objects: &mut Vec<Object>) {
    // Kinds are few: looking them up once each, not once a comparison, is most of the work saved.
    let mut by_rank: BTreeMap<usize, Vec<Object>> = BTreeMap::new();
    for object in objects.drain(..) {
        by_rank.entry(rank(&object.identity.kind)).or_default().push(object);
    }
    for (_, mut equal) in by_rank {
        equal.sort_by(|one, other| key(one).cmp(&key(other)));
        objects.append(&mut equal);
    }
}

fn key(object: &Object) -> impl Ord + '_ {
    let Identity { api_version, kind, namespace, name } = &object.identity;
    (kind, object.sensitive, namespace, name, api_version)
}

fn rank(kind: &str) -> usize {
    let position = |kind: &str| KINDS.iter().position(|known| *known == kind);
    position(kind).or_else(|| position("*")).unwrap_or(KINDS.len())
}
