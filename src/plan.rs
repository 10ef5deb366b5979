//! stub: what is to be issued and why; then issuing it.
use crate::pki::certificate::Certificate;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::{CertificateRequest, Holder};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Public facts about everything that the store holds.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    pub held: BTreeMap<Holder, HeldCertificate>,
    /// Holders that were issued a certificate whose file is not here, each with that file: an error
    /// where they are needed, never a reason to issue anew.
    pub lost: BTreeMap<Holder, PathBuf>,
}
/// One holder's current certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldCertificate {
    /// Leaf first, then what was stored behind it (intermediates, without the root).
    pub chain: Vec<Certificate>,
    /// Whether the holder's private key is at hand.
    pub has_key: bool,
}
/// One newly issued certificate.
#[derive(Debug)]
pub struct IssuedCertificate {
    pub request: CertificateRequest,
    /// Leaf first, then intermediates without the root.
    pub chain: Vec<Certificate>,
    /// The new key; `None` where the holder's own key was kept.
    pub key: Option<PrivateKey>,
    /// SPKI hash of the key.
    pub spki_hash: SpkiHash,
}
/// Everything that one run issued, in the order of issuing (issuers first).
#[derive(Debug, Default)]
pub struct Issued {
    pub certificates: Vec<IssuedCertificate>,
}
/// Private keys by holder.
#[derive(Debug, Default)]
pub struct Keyring {
    pub keys: BTreeMap<Holder, PrivateKey>,
}
