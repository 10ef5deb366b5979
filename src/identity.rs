//! What makes a Kubernetes object that object.

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
    /// Identity of an object, if it has kind and name.
    #[must_use]
    pub fn of(object: &serde_json::Value) -> Option<Self> {
        let text = |value: Option<&serde_json::Value>| Some(value?.as_str()?.to_owned());
        let metadata = object.get("metadata")?;
        Some(Self {
            api_version: text(object.get("apiVersion"))?,
            kind: text(object.get("kind"))?,
            namespace: text(metadata.get("namespace")),
            name: text(metadata.get("name"))?,
        })
    }

    /// As [`Identity::of`]; an object that says no namespace is in the given one.
    #[must_use]
    pub fn within(object: &serde_json::Value, namespace: &str) -> Option<Self> {
        let mut identity = Self::of(object)?;
        let own = identity.namespace.take().filter(|own| !own.is_empty());
        identity.namespace = own.or_else(|| Some(namespace.to_owned()));
        Some(identity)
    }

    /// API group; empty for core objects.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// API version without its group.
    #[must_use]
    pub fn version(&self) -> &str {
        self.api_version.rsplit_once('/').map_or(&self.api_version, |(_, version)| version)
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
