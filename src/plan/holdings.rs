//! What manifests take from the inventory and the keyring.

use super::{Inventory, Keyring, chains, revoking};
use crate::manifest::objects::Material;
use crate::model::Model;
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;
use crate::pki::{chain, crl};
use crate::secret_format::SecretKey;

/// Certificates and keys of a model, issued or brought along.
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

    fn private_key(&self, holder: &Holder) -> Option<&dyn SecretKey> {
        self.keyring.get(holder).map(|key| key as &dyn SecretKey)
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
