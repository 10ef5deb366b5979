//! Where certificates and keys come from, and where new ones go.

use std::collections::BTreeSet;
use std::path::Path;

use super::existing::ExistingSecrets;
use super::issuing::complete_inventory;
use crate::cli::report::{CommandError, Report};
use crate::derive::Derived;
use crate::diagnostic::Diagnostic;
use crate::existing::feasibility;
use crate::io::store::Store;
use crate::manifest::Object;
use crate::model::Model;
use crate::pki::request::Holder;
use crate::plan::{self, IssuancePlan, Scope};
use crate::store::{Inventory, Keyring};
use crate::time::Timestamp;

/// Where the certificates and keys of manifests come from.
pub enum Source {
    /// Files in a folder; what is issued is put there.
    Folder(Box<Store>),
    /// Everything that was derived from a seed.
    Derived(Box<Derived>),
    /// Secrets that exist; what is issued is in the manifests alone.
    Existing(Box<ExistingSecrets>),
}

impl Source {
    /// Finishes an earlier change that was interrupted: for commands that change something.
    ///
    /// # Errors
    /// The store cannot be changed, or what was left is not from a change of it.
    pub fn finish_interrupted(&self) -> Result<(), CommandError> {
        match self {
            Self::Folder(store) => Ok(store.finish_interrupted()?),
            Self::Derived(_) | Self::Existing(_) => Ok(()),
        }
    }

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
            Self::Existing(secrets) => Ok(secrets.inventory()),
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
            Self::Folder(store) => Ok(store.held(wanted)?),
            Self::Derived(derived) => Ok((derived.inventory.clone(), Vec::new())),
            Self::Existing(secrets) => Ok(secrets.inventory()),
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
            Self::Existing(secrets) => Ok(secrets.inventory()),
        }
    }

    /// Whether the keys of `holders` can be opened, if they are encrypted.
    ///
    /// # Errors
    /// A key is damaged, or an identity cannot be read.
    pub fn opens_keys<'a>(
        &self,
        holders: impl IntoIterator<Item = &'a Holder>,
    ) -> Result<bool, CommandError> {
        match self {
            Self::Folder(store) => Ok(store.opens_keys(holders)?),
            Self::Derived(_) | Self::Existing(_) => Ok(true),
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
            Self::Existing(secrets) => secrets.keyring(holders),
        }
    }

    /// What is to be issued, as far as that can be done here, and warnings about the rest.
    ///
    /// # Errors
    /// What would have to be done elsewhere, or by people.
    pub fn plan(
        &self,
        model: &Model,
        inventory: &Inventory,
        now: Timestamp,
        scope: &Scope,
    ) -> Result<(IssuancePlan, Vec<Diagnostic>), Vec<Diagnostic>> {
        match self {
            Self::Folder(_) | Self::Derived(_) => {
                let plan = plan::plan_within(model, inventory, now, scope)?;
                Ok((plan, Vec::new()))
            }
            Self::Existing(_) => feasibility::plan(model, inventory, now, scope),
        }
    }

    /// Makes sure that an authority that is new takes the place of none that a folder lost, unless that is asked for.
    /// `inventory` gets the keys of the authorities that the folder has and the spec does not.
    ///
    /// # Errors
    /// The folder has a certificate whose issuer it does not know, or cannot be read.
    pub fn require_signers(
        &self,
        model: &Model,
        inventory: &mut Inventory,
        plan: &IssuancePlan,
        (now, scope): (Timestamp, &Scope),
    ) -> Result<(), CommandError> {
        let Self::Folder(store) = self else { return Ok(()) };
        if !plan.issues_new_authority() {
            return Ok(());
        }
        let beside = store.certificates_beside(inventory)?;
        inventory.add_others(&beside);
        if scope.new_authorities {
            return Ok(());
        }
        let refusal = plan::refuse_unsigned(plan, model, inventory, &beside, now, &|holder| {
            let mut path = store.path_of(holder, "tls.crt");
            path.pop();
            path
        });
        refusal.map_or(Ok(()), |refusal| Err(CommandError::Input(vec![refusal])))
    }

    /// The folder that it keeps for itself, which nothing else may be written to.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(store) => Some(store.path()),
            Self::Derived(_) | Self::Existing(_) => None,
        }
    }

    /// Makes sure that `selected` has all that was issued and that nothing else keeps, and tells what
    /// cannot be applied.
    ///
    /// # Errors
    /// Something would be lost.
    pub fn hand_over(
        &self,
        model: &Model,
        selected: &[&Object],
        report: Report,
    ) -> Result<(), CommandError> {
        match self {
            Self::Folder(_) | Self::Derived(_) => Ok(()),
            Self::Existing(secrets) => {
                secrets.require_kept(model, selected)?;
                report.diagnostics(&secrets.unchangeable(selected));
                Ok(())
            }
        }
    }
}
