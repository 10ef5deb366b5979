//! What makes a Kubernetes object that object.

/// The namespace of objects that say none, as far as nothing else is known of where they go.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Group (empty for core objects) and version of an `apiVersion`.
#[must_use]
pub fn group_and_version(api_version: &str) -> (&str, &str) {
    api_version.rsplit_once('/').unwrap_or(("", api_version))
}

/// Group, version, kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// Namespace; `None` for cluster-wide objects.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl Identity {
    /// Identity of an object, if it has kind and name; an empty namespace is none.
    #[must_use]
    pub fn of(object: &serde_json::Value) -> Option<Self> {
        let text = |value: Option<&serde_json::Value>| Some(value?.as_str()?.to_owned());
        let metadata = object.get("metadata")?;
        Some(Self {
            api_version: text(object.get("apiVersion"))?,
            kind: text(object.get("kind"))?,
            namespace: text(metadata.get("namespace")).filter(|namespace| !namespace.is_empty()),
            name: text(metadata.get("name"))?,
        })
    }

    /// Its namespace; [`DEFAULT_NAMESPACE`] where it says none.
    #[must_use]
    pub fn namespace_or_default(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// What makes it one object to the API server, in any version: group, kind, namespace and name.
    #[must_use]
    pub fn key(&self) -> [&str; 4] {
        [self.group(), &self.kind, self.namespace_or_default(), &self.name]
    }

    /// Whether both are one object to the API server.
    #[must_use]
    pub fn is_same_object(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// API group; empty for core objects.
    #[must_use]
    pub fn group(&self) -> &str {
        group_and_version(&self.api_version).0
    }

    /// API version without its group.
    #[must_use]
    pub fn version(&self) -> &str {
        group_and_version(&self.api_version).1
    }
}

impl std::fmt::Display for Identity {
    /// ``Ingress `namespace/name` ``.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} `{namespace}/{}`", self.kind, self.name),
            None => write!(f, "{} `{}`", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identity(api_version: &str, namespace: &str, name: &str) -> Identity {
        let metadata = json!({ "namespace": namespace, "name": name });
        Identity::of(&json!({ "apiVersion": api_version, "kind": "K", "metadata": metadata }))
            .unwrap()
    }

    #[test]
    fn neither_the_version_nor_a_namespace_that_is_left_out_makes_another_object() {
        let one = identity("apps/v1", "", "a");
        assert_eq!(one.namespace, None);
        assert!(one.is_same_object(&identity("apps/v1beta1", DEFAULT_NAMESPACE, "a")));
        assert!(!one.is_same_object(&identity("apps/v1", "web", "a")));
        assert!(!one.is_same_object(&identity("v1", "", "a")));
        assert!(!one.is_same_object(&identity("apps/v1", "", "b")));
    }
}
