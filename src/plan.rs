//! From what there is to what there shall be: the inventory, the plan and its reasons, and issuing.

pub mod chains;
mod holdings;
mod issuing;
mod parallel;
mod planning;
pub mod reason;
mod rehearsal;
#[cfg(test)]
mod tests;

pub use holdings::Holdings;
pub use issuing::{IssueError, issue};
pub use planning::{Action, IssuancePlan, plan};
pub use reason::Reason;
pub use rehearsal::Rehearsal;

use crate::pki::certificate::Certificate;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::{CertificateRequest, Holder};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Public facts about everything that the store holds.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The current certificate of each holder.
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
    /// What it was to be.
    pub request: CertificateRequest,
    /// Leaf first, then intermediates without the root.
    pub chain: Vec<Certificate>,
    /// The new key; `None` where the holder's own key was kept, or is its owner's alone.
    pub key: Option<PrivateKey>,
    /// SPKI hash of the key.
    pub spki_hash: SpkiHash,
}
/// Everything that one run issued, in the order of issuing (issuers first).
#[derive(Debug, Default)]
pub struct Issued {
    /// New certificates, issuers before what they sign.
    pub certificates: Vec<IssuedCertificate>,
    /// Chains to rewrite of holders who keep their certificates while an issuer got a new one:
    /// certificate first, then intermediates without the root.
    pub chains: Vec<(Holder, Vec<Certificate>)>,
}
/// Private keys by holder.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<Holder, Arc<PrivateKey>>,
}

impl Keyring {
    /// The key of `holder`, if it is at hand.
    #[must_use]
    pub fn get(&self, holder: &Holder) -> Option<&PrivateKey> {
        self.keys.get(holder).map(Arc::as_ref)
    }

    /// Adds a key.
    pub fn insert(&mut self, holder: Holder, key: PrivateKey) {
        self.keys.insert(holder, Arc::new(key));
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.keys.extend(other.keys.iter().map(|(holder, key)| (holder.clone(), Arc::clone(key))));
        self
    }
}

impl FromIterator<(Holder, PrivateKey)> for Keyring {
    fn from_iter<I: IntoIterator<Item = (Holder, PrivateKey)>>(keys: I) -> Self {
        Self { keys: keys.into_iter().map(|(holder, key)| (holder, Arc::new(key))).collect() }
    }
}

impl HeldCertificate {
    /// The certificate itself.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a chain is never empty")]
    pub fn certificate(&self) -> &Certificate {
        self.chain.first().expect("a chain begins with the holder's certificate")
    }
}

impl IssuedCertificate {
    /// The certificate itself.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a chain is never empty")]
    pub fn certificate(&self) -> &Certificate {
        self.chain.first().expect("a chain begins with the holder's certificate")
    }
}

impl Inventory {
    /// What the store holds once `issued` is committed.
    #[must_use]
    pub fn with(mut self, issued: &Issued) -> Self {
        for made in &issued.certificates {
            // Where the key is its owner's, one is here only if it was before.
            let holder = &made.request.holder;
            let has_key = made.request.public_key.is_none()
                || self.held.get(holder).is_some_and(|held| held.has_key);
            let held = HeldCertificate { chain: made.chain.clone(), has_key };
            self.held.insert(holder.clone(), held);
        }
        for (holder, chain) in &issued.chains {
            if let Some(held) = self.held.get_mut(holder) {
                held.chain.clone_from(chain);
            }
        }
        self
    }
}
