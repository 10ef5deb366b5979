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

pub use object::{Body, Misread, Object};
pub use set::{ObjectSet, Seen};
pub use wiped::Wiped;

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
