//! Secrets that exist as the source of certificates and keys; what is issued stays in memory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan_report::report_done;
use super::{Planned, make};
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::Diagnostic;
use crate::existing::{Existing, Secrets, apply};
use crate::manifest::{Object, name_suffix_hash};
use crate::model::{Model, Reference, Resolved, SecretContent};
use crate::pki::request::Holder;
use crate::plan::Scope;
use crate::store::{Inventory, Keyring};

/// Secrets that exist, and the keys that were made beside them.
pub struct ExistingSecrets {
    existing: Existing,
    /// Keys of what was issued in this run: nothing but the manifests keeps them.
    made: RefCell<Keyring>,
}

impl ExistingSecrets {
    /// Takes the Secrets of the model out of `secrets`.
    ///
    /// # Errors
    /// What is damaged, contradicts itself, or would have to be made anew.
    pub fn of(model: &Model, secrets: Arc<Secrets>) -> Result<Self, CommandError> {
        let existing = Existing::of(model, secrets).map_err(CommandError::Input)?;
        Ok(Self { existing, made: RefCell::default() })
    }

    /// Public facts.
    pub fn inventory(&self) -> (Inventory, Vec<Diagnostic>) {
        self.existing.inventory()
    }

    /// The private keys of `holders`: new ones, and those in Secrets.
    pub fn keyring(&self, holders: &BTreeSet<Holder>) -> Result<Keyring, CommandError> {
        let made = self.made.borrow();
        let stored = holders.iter().filter(|holder| made.get(holder).is_none()).cloned().collect();
        let stored = self.existing.keyring(&stored).map_err(CommandError::Input)?;
        Ok(stored.and(&made))
    }

    /// Carries a plan out, and keeps the keys until the manifests have them.
    pub fn carry_out(
        &self,
        Planned { inventory, plan, warnings }: Planned,
        resolved: &Resolved,
        scope: &Scope,
        report: Report,
    ) -> Result<Planned, CommandError> {
        let mut issued = make(&plan, &resolved.model, &inventory, &resolved.keyring, report)?;
        let mut made = self.made.borrow_mut();
        for certificate in &mut issued.certificates {
            if let Some(key) = certificate.key.take() {
                made.insert(certificate.request.holder.clone(), key);
            }
        }
        report_done(&plan, scope, report);
        for holder in &plan.stale_chains {
            report.say(&format!(
                "{holder}: its Secret has other intermediates than the current ones, and gets those"
            ));
        }
        if !issued.certificates.is_empty() {
            report.say("only the Secrets that are printed keep what was issued: apply them");
        }
        Ok(Planned { inventory: inventory.with(&issued), plan, warnings })
    }

    /// Makes sure that nothing that was issued is lost: its Secret is among `selected`.
    ///
    /// # Errors
    /// The selection leaves it out.
    pub fn require_kept(&self, model: &Model, selected: &[&Object]) -> Result<(), CommandError> {
        let made = self.made.borrow();
        let shown: BTreeSet<Reference> =
            selected.iter().filter_map(|manifest| reference(manifest, model)).collect();
        let lost = model.secrets.iter().find(|secret| {
            let SecretContent::KeyPair(holder) = &secret.content else { return false };
            made.get(holder).is_some() && !shown.contains(&secret.reference)
        });
        let Some(secret) = lost else { return Ok(()) };
        let title = format!(
            "`--kind` or `--host` leaves out the Secret `{}`, whose certificate is about to be issued: no other object would hold it",
            secret.reference
        );
        let help = "render everything once and apply it, then select";
        Err(CommandError::Input(vec![Diagnostic::error("existing-selection", title).help(help)]))
    }

    /// What `kubectl apply` would refuse of these manifests.
    pub fn unchangeable(&self, manifests: &[&Object]) -> Vec<Diagnostic> {
        apply::refusals(manifests, &self.existing.secrets)
    }
}

/// The Secret that a manifest was rendered for: its name without the hash behind it.
fn reference(manifest: &Object, model: &Model) -> Option<Reference> {
    let identity = Some(&manifest.identity).filter(|identity| identity.kind == "Secret")?;
    let suffix = if model.name_suffix_hash { name_suffix_hash::LENGTH } else { 0 };
    let name = identity.name.get(..identity.name.len().saturating_sub(suffix))?;
    Some(Reference { namespace: identity.namespace.clone()?, name: name.to_owned() })
}
