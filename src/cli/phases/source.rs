//! Where certificates and keys come from, and where new ones go.

use std::collections::BTreeSet;
use std::path::Path;

use super::issuing::complete_inventory;
use crate::cli::report::CommandError;
use crate::derive::Derived;
use crate::diagnostic::Diagnostic;
use crate::io::store::Store;
use crate::pki::request::Holder;
use crate::plan::{Inventory, Keyring};

/// Where the certificates and keys of manifests come from.
pub enum Source {
    /// Files in a folder; what is issued is put there.
    Folder(Store),
    /// Everything that was derived from a seed.
    Derived(Box<Derived>),
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
            Self::Derived(derived) => Ok((derived.inventory.clone(), Vec::new())),
        }
    }

    /// The certificates of `wanted`; those that are lost stand in it as such.
    ///
    /// # Errors
    /// It is damaged.
    pub fn held(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
        match self {
            Self::Folder(store) => Ok(store.inventory(wanted)?),
            Self::Derived(derived) => Ok((derived.inventory.clone(), Vec::new())),
        }
    }

    /// As [`Source::inventory`], and everything that is known of earlier times; nothing is missed.
    ///
    /// # Errors
    /// It is damaged.
    pub fn everything(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
        match self {
            Self::Folder(store) => Ok(store.everything(wanted)?),
            Self::Derived(derived) => Ok((derived.inventory.clone(), Vec::new())),
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
            Self::Derived(derived) => Ok(derived.keyring.of(holders)),
        }
    }

    /// The folder that it keeps for itself, which nothing else may be written to.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(store) => Some(store.path()),
            Self::Derived(_) => None,
        }
    }
}
