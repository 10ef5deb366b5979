//! Where certificates and keys come from, and where new ones go.

use std::collections::BTreeSet;
use std::path::Path;

use super::issuing::complete_inventory;
use crate::cli::report::CommandError;
use crate::diagnostic::Diagnostic;
use crate::io::store::Store;
use crate::pki::request::Holder;
use crate::plan::{Inventory, Keyring};

/// Where the certificates and keys of manifests come from.
pub enum Source {
    /// Files in a folder; what is issued is put there.
    Folder(Store),
}

impl Source {
    /// Public facts about `wanted`, and whatever else a plan compares them with.
    ///
    /// # Errors
    /// It is damaged, or a certificate is lost.
    pub fn inventory(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
        match self {
            Self::Folder(store) => complete_inventory(store.inventory_beside_current(wanted)?),
        }
    }

    /// The private keys of `holders`.
    ///
    /// # Errors
    /// A key is missing or damaged.
    pub fn keyring(
        &self,
        inventory: &Inventory,
        holders: &BTreeSet<Holder>,
    ) -> Result<Keyring, CommandError> {
        match self {
            Self::Folder(store) => Ok(store.keyring(inventory, holders)?),
        }
    }

    /// The folder that it keeps for itself, which nothing else may be written to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self {
            Self::Folder(store) => store.path(),
        }
    }
}
