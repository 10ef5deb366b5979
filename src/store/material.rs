//! What Secrets take from a store.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::pki::certificate::Certificate;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::Holder;

/// Certificates and keys that Secrets hold.
pub trait Material {
    /// PEM of the holder's certificate and of the intermediates behind it, without the root.
    fn certificate_chain(&self, holder: &Holder) -> Option<String>;
    /// The certificates that a holder may show: its current one, and those that were replaced and are neither revoked nor were over
    /// when the current one began.
    fn certificates(&self, holder: &Holder) -> Vec<Certificate>;
    /// The holder's private key, asked for only where it is shown whole.
    fn private_key(&self, holder: &Holder) -> Option<Arc<dyn SecretKey>>;
    /// SHA-256 of the holder's public key.
    fn key_fingerprint(&self, holder: &Holder) -> Option<SpkiHash>;
    /// PEM of these authorities up to their roots, signing authorities first.
    fn trust_bundle(&self, authorities: &[String]) -> Option<String>;
    /// PEM of the revocation lists that belong beside that bundle; `None` where nothing is revoked.
    ///
    /// # Errors
    /// What is missing: without it every client would be refused, or one that is revoked let in.
    fn revocation_lists(&self, authorities: &[String]) -> Result<Option<String>, String>;
}

/// A private key as far as Secrets need it.
pub trait SecretKey: Send + Sync {
    /// PKCS#8 PEM.
    fn pem(&self) -> Zeroizing<String>;
}

impl SecretKey for PrivateKey {
    fn pem(&self) -> Zeroizing<String> {
        self.to_pem()
    }
}
