//! A Kubernetes object as the product sees it: its fields, templates, patches, order of application.

pub mod data;
pub mod lists;
pub mod name_suffix_hash;
pub mod order;
pub mod schema;
pub mod values;

use crate::identity::Identity;

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
