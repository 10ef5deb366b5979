//! What manifests take from the inventory and the keyring.

use std::sync::Arc;

use super::{Rehearsal, chains, revoking};
use crate::model::{Model, Touched};
use crate::pki::certificate::Certificate;
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;
use crate::pki::{chain, crl};
use crate::store::Material;
use crate::store::SecretKey;
use crate::store::{Inventory, Keyring};

/// Certificates and keys of a model, issued or supplied.
#[derive(Clone, Copy, Debug)]
pub struct Holdings<'a> {
    /// Whose they are.
    pub model: &'a Model,
    /// Issued certificates.
    pub inventory: &'a Inventory,
    /// Private keys of those who have Secrets; empty where none is shown whole.
    pub keyring: &'a Keyring,
}

impl Material for Holdings<'_> {
    fn certificate_chain(&self, holder: &Holder) -> Option<String> {
        chains::served(self.model, self.inventory, holder).map(chain::to_pem)
    }

    fn certificates(&self, holder: &Holder) -> Vec<Certificate> {
        chains::shown(self.model, self.inventory, holder)
    }

    fn private_key(&self, holder: &Holder) -> Option<Arc<dyn SecretKey>> {
        self.keyring.share(holder).map(|key| key as Arc<dyn SecretKey>)
    }

    fn key_fingerprint(&self, holder: &Holder) -> Option<SpkiHash> {
        let served = chains::served(self.model, self.inventory, holder);
        served.and_then(|chain| chain.into_iter().next()).map(|own| own.spki_hash)
    }

    fn trust_bundle(&self, authorities: &[String]) -> Option<String> {
        chains::trust_bundle(self.model, self.inventory, authorities).map(chain::to_pem)
    }

    fn revocation_lists(&self, authorities: &[String]) -> Result<Option<String>, String> {
        let lists = revoking::beside_bundle(self.model, self.inventory, authorities)?;
        Ok(lists.map(crl::to_pem))
    }
}

/// As [`Holdings`], with stand-ins for what hosts lack that are not touched: they do not stop the others. Their
/// manifests must not be written anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Selected<'a> {
    /// What there is.
    pub holdings: Holdings<'a>,
    /// Whose manifests are wanted.
    pub touched: &'a Touched,
}

impl Selected<'_> {
    /// The stand-in for something of that holder, unless it is wanted itself.
    fn instead_of(&self, holder: &Holder) -> Option<Rehearsal> {
        (!self.touched.has_holder(holder)).then_some(Rehearsal)
    }

    /// Whether no host that is wanted has that bundle.
    fn is_beside(&self, authorities: &[String]) -> bool {
        !self.touched.has_bundle(self.holdings.model, authorities)
    }
}

impl Material for Selected<'_> {
    fn certificate_chain(&self, holder: &Holder) -> Option<String> {
        let chain = self.holdings.certificate_chain(holder);
        chain.or_else(|| self.instead_of(holder)?.certificate_chain(holder))
    }

    fn certificates(&self, holder: &Holder) -> Vec<Certificate> {
        let all = self.holdings.certificates(holder);
        let instead = self.instead_of(holder).filter(|_| all.is_empty());
        instead.map_or(all, |rehearsal| rehearsal.certificates(holder))
    }

    fn private_key(&self, holder: &Holder) -> Option<Arc<dyn SecretKey>> {
        let key = self.holdings.private_key(holder);
        key.or_else(|| self.instead_of(holder).and(Rehearsal.private_key(holder)))
    }

    fn key_fingerprint(&self, holder: &Holder) -> Option<SpkiHash> {
        let fingerprint = self.holdings.key_fingerprint(holder);
        fingerprint.or_else(|| self.instead_of(holder)?.key_fingerprint(holder))
    }

    fn trust_bundle(&self, authorities: &[String]) -> Option<String> {
        let bundle = self.holdings.trust_bundle(authorities);
        bundle
            .or_else(|| self.is_beside(authorities).then(|| Rehearsal.trust_bundle(authorities))?)
    }

    fn revocation_lists(&self, authorities: &[String]) -> Result<Option<String>, String> {
        match self.holdings.revocation_lists(authorities) {
            Err(_) if self.is_beside(authorities) => Ok(None),
            lists => lists,
        }
    }
}
