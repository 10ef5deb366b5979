//! Trust bundles of the certificates that exist, even if some are missing.

use std::sync::Arc;

use crate::model::Model;
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;
use crate::plan::chains;
use crate::store::{Inventory, Material, SecretKey};

/// The certificates of authorities that exist: one that was never issued has no clients. Nothing else
/// is given.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// Whose they are.
    pub model: &'a Model,
    /// What the store has.
    pub inventory: &'a Inventory,
}

impl Material for Present<'_> {
    fn certificate_chain(&self, holder: &Holder) -> Option<String> {
        chains::served(self.model, self.inventory, holder).map(chain::to_pem)
    }

    fn certificates(&self, holder: &Holder) -> Vec<Certificate> {
        chains::shown(self.model, self.inventory, holder)
    }

    fn private_key(&self, _: &Holder) -> Option<Arc<dyn SecretKey>> {
        None
    }

    fn key_fingerprint(&self, _: &Holder) -> Option<SpkiHash> {
        None
    }

    fn trust_bundle(&self, authorities: &[String]) -> Option<String> {
        let Self { model, inventory } = *self;
        let is_there = |name: &&String| {
            chains::trust_bundle(model, inventory, std::slice::from_ref(name)).is_some()
        };
        let there: Vec<String> = authorities.iter().filter(is_there).cloned().collect();
        chains::trust_bundle(model, inventory, &there).map(chain::to_pem)
    }

    fn revocation_lists(&self, _: &[String]) -> Result<Option<String>, String> {
        Ok(None)
    }
}
