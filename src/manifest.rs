//! Kubernetes objects as the product sees them: what mtlsgen makes, what is read of others, the order of application.

pub mod data;
pub mod kinds;
pub mod lists;
pub mod name_suffix_hash;
mod object;
pub mod order;
pub mod schema;
mod set;
pub mod texts;
pub mod values;
mod wiped;

use crate::identity::Identity;
pub use object::{Body, Misread, Object};
pub use set::{Extent, Namespace, ObjectSet, Seen, Shown};
pub use wiped::Wiped;

/// Identity of an object that goes to the given namespace unless it says another one; Kubernetes' own kinds that live in
/// no namespace are in none.
#[must_use]
pub fn identity_within(object: &serde_json::Value, namespace: &str) -> Option<Identity> {
    let identity = Identity::of(object)?;
    let namespace = match identity.namespace {
        _ if schema::is_cluster_wide(&identity.api_version, &identity.kind) => None,
        None => Some(namespace.to_owned()),
        own => own,
    };
    Some(Identity { namespace, ..identity })
}

/// How private keys appear in manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Whole: for files, pipes and clusters.
    Whole,
    /// Masked: for a person's terminal.
    Masked,
    /// As the key's SPKI hash: for comparing.
    Fingerprint,
    /// As a text of the same form that is not a key: for messages about what templates and patches make of it.
    StandIn,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lives_in_no_namespace_gets_none() {
        let within = |api_version: &str, kind: &str, metadata: serde_json::Value| {
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
            identity_within(&object, "web").unwrap().to_string()
        };
        assert_eq!(within("v1", "Secret", json!({"name": "a"})), "Secret `web/a`");
        assert_eq!(within("v1", "Secret", json!({"name": "a", "namespace": ""})), "Secret `web/a`");
        assert_eq!(within("v1", "Secret", json!({"name": "a", "namespace": "b"})), "Secret `b/a`");
        let role = ("rbac.authorization.k8s.io/v1", "ClusterRole");
        assert_eq!(within(role.0, role.1, json!({"name": "a"})), "ClusterRole `a`");
        assert_eq!(within("x.y/v1", "Unknown", json!({"name": "a"})), "Unknown `web/a`");
    }
}
