//! What a store holds, wherever it is: certificates, keys, generations of authorities, what was issued and revoked.

mod generations;
mod keyring;
mod ledger;
mod material;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use generations::{Generations, Phase};
pub use keyring::Keyring;
pub use ledger::{Ledger, LedgerEntry, NewRevocation, Revocation, Revocations};
pub use material::{Material, SecretKey};

use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::{CertificateRequest, Holder};

/// Public facts about everything that the store holds.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The current certificate of each holder.
    pub held: BTreeMap<Holder, HeldCertificate>,
    /// Holders that were issued a certificate whose file is not here, each with that file: an error
    /// where they are needed, never a reason to issue anew.
    pub lost: BTreeMap<Holder, PathBuf>,
    /// Holders whose certificates this kind of store cannot show, whether they exist or not: nothing is
    /// issued for them, and nothing is concluded from their absence.
    pub unseen: BTreeSet<Holder>,
    /// Authorities that are being rolled over, by name: what is stored beside the current certificate.
    pub generations: BTreeMap<String, Generations>,
    /// Further keys of authorities that are known: in a derived store those of other generations, in a folder those of
    /// authorities that the spec does not have, where they were looked for.
    pub other_keys: BTreeSet<SpkiHash>,
    /// What authorities issued, as it was read.
    pub ledger: Ledger,
    /// The revocation lists that authorities signed, by their names; the newest ones.
    pub lists: BTreeMap<String, Vec<RevocationList>>,
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
}

/// Everything that one run issued, in the order of issuing (issuers first).
#[derive(Debug, Default)]
pub struct Issued {
    /// New certificates, issuers before what they sign.
    pub certificates: Vec<IssuedCertificate>,
    /// Chains to rewrite of holders who keep their certificates while an issuer got a new one:
    /// certificate first, then intermediates without the root.
    pub chains: Vec<(Holder, Vec<Certificate>)>,
    /// Revocations to enter.
    pub revocations: Vec<NewRevocation>,
    /// New revocation lists, by the names of their authorities.
    pub lists: Vec<(String, RevocationList)>,
}

impl Issued {
    /// Whether there is nothing to put into a store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { certificates, chains, revocations, lists } = self;
        certificates.is_empty() && chains.is_empty() && revocations.is_empty() && lists.is_empty()
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
    /// Makes known the authorities among certificates that a store has and a spec does not ask for.
    pub fn add_others(&mut self, beside: &[(Holder, Certificate)]) {
        let left = beside.iter().filter(|(holder, _)| matches!(holder, Holder::Authority(_)));
        self.other_keys.extend(left.map(|(_, own)| own.spki_hash));
    }

    /// What the store holds once `issued` is committed; new certificates are not among the ledger's entries yet.
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
        for new in &issued.revocations {
            let revocation = new.revocation.clone();
            self.ledger.revoked.insert(&new.authority, &new.serial, revocation);
        }
        for (authority, list) in &issued.lists {
            self.lists.entry(authority.clone()).or_default().insert(0, list.clone());
        }
        self
    }
}
