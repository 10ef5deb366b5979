//! What the model takes from the target: as data, so that it knows none.

use crate::enforcement::Verifier;

/// How a target names what the spec does not, and how it validates certificates.
#[derive(Clone, Copy, Debug)]
pub struct Conventions {
    /// The ingress class of hosts whose spec says none.
    pub ingress_class: &'static str,
    /// The name of the Secret of a host's trust bundle, from that of the host's server certificate.
    pub trust_secret: fn(&str) -> String,
    /// What the program that ends TLS calls the trust bundle in a Secret, by its namespace and name: two Secrets for which
    /// it is equal would be one to it.
    pub trust_bundle: fn(&str, &str) -> String,
    /// How the program that ends TLS validates certificates.
    pub verifier: Verifier,
}
