//! A Kubernetes object as the product sees it: identity, order of application, safe scalars.

pub mod patch;
pub mod scalar;
pub mod schema;
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
}
