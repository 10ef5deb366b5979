//! A Kubernetes object as the product sees it: identity, order of application, safe scalars.

pub mod draft;
pub mod lists;
pub mod name_suffix_hash;
pub mod objects;
pub mod order;
pub mod patch;
pub mod render;
pub mod scalar;
pub mod schema;
pub mod template;
pub mod yaml;

/// What makes an object that object.
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

/// A rendered object.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What makes it that object.
    pub identity: Identity,
    /// Keys under `hosts` of the exposures that it belongs to; empty: to none in particular.
    pub exposures: Vec<String>,
    /// Whether it holds a private key (never mind whether this copy of the text is masked).
    pub sensitive: bool,
    /// The object as one YAML document, without `---`, with a newline at its end.
    pub yaml: String,
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
    /// As a text of the same form that is no key: for messages about what templates and patches make of it.
    StandIn,
}
