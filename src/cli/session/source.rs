//! The source of certificates and keys, which also takes new ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ExistingSecrets, Session};
use crate::cli::progress::Progress;
use crate::cli::report::{CommandError, Report};
use crate::cli::spec_arguments::Operator;
use crate::derive::{Derived, Extent, Order, derive};
use crate::diagnostic::Diagnostic;
use crate::existing::feasibility;
use crate::io::age_file::Recipients;
use crate::io::seed;
use crate::io::store::{Store, StoreError, WAIT_LIMIT};
use crate::manifest::Object;
use crate::model::{Model, Resolved};
use crate::path;
use crate::pki::request::Holder;
use crate::plan::{self, IssuancePlan, Scope};
use crate::specification::value::AgeRecipient;
use crate::store::{Inventory, Keyring};
use crate::time::Timestamp;

/// The source of the certificates and keys of manifests.
pub enum Source {
    /// Files in a folder; what is issued is put there.
    Folder(Box<Store>),
    /// Everything that was derived from a seed.
    Derived(Box<Derived>),
    /// Secrets that exist; what is issued is in the manifests alone.
    Existing(Box<ExistingSecrets>),
}

/// An inventory and a plan; once the plan was carried out, the inventory after it.
pub struct Planned {
    /// Public facts.
    pub inventory: Inventory,
    /// The plan, carried out or not.
    pub plan: IssuancePlan,
    /// Warnings about the inventory, and about what is not planned.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Session {
    /// The source of the certificates and keys of manifests: Secrets that exist, a seed or a folder. `extent` is how
    /// much is derived.
    ///
    /// # Errors
    /// A derived store has no seed, or something cannot be derived. Secrets are not a store: something is damaged or
    /// contradicts itself, or an authority would have to be made anew. The folder belongs to another spec.
    pub fn source(&self, resolved: &Resolved, extent: Extent<'_>) -> Result<Source, CommandError> {
        let is_derived = resolved.model.derivation.is_some();
        match &self.existing {
            Some(_) if is_derived => {
                let what =
                    "`--existing` has no effect: a derived store makes all that Secrets could hold";
                let hint = "leave it out, or leave `store.kind = \"derived\"` out of the spec";
                Err(CommandError::world("useless-flag", what, Some(hint.to_owned())))
            }
            Some(secrets) => {
                let existing = ExistingSecrets::of(&resolved.model, Arc::clone(secrets))?;
                Ok(Source::Existing(Box::new(existing)))
            }
            None if is_derived => Ok(Source::Derived(Box::new(self.derived(resolved, extent)?))),
            None => Ok(Source::Folder(Box::new(self.store()?))),
        }
    }

    fn derived(&self, resolved: &Resolved, extent: Extent<'_>) -> Result<Derived, CommandError> {
        let Self { document, spec, operator, now, report, .. } = self;
        let written = spec.store.seed_file.as_ref();
        let written =
            written.map(|file| document.named(&path!["store", "seedFile"], file.as_str()));
        let (argument, reach) = (operator.seed_file.as_deref(), Some(&operator.reach));
        let seed = seed::read(seed::Places { argument, spec: written.as_ref(), reach })?;
        let (model, supplied) = (&resolved.model, &resolved.keyring);
        let order = Order { model, supplied, now: *now, extent };
        let count = match extent {
            Extent::Of(holders) => holders.len(),
            Extent::Current | Extent::Valid => model.requests().count(),
        };
        let mut progress = Progress::new(*report, count);
        let derived = derive(order, &seed, &mut || progress.step());
        progress.end();
        Ok(derived?)
    }

    /// The folder: where the spec says, else `pki` beside its first file.
    ///
    /// # Errors
    /// It belongs to a spec with another `name`.
    pub fn store(&self) -> Result<Store, CommandError> {
        let report = self.report;
        let root = self.store_path().path().to_owned();
        let recipients = self.spec.store.encryption.iter().flat_map(|all| &all.age.recipients);
        let recipients = Recipients::new(recipients.map(AgeRecipient::as_str));
        let Operator { identities, sharing, .. } = self.operator.clone();
        let store = Store::open(root, WAIT_LIMIT, move |words| report.say(words))
            .shared(sharing)
            .named(self.name())
            .with_keys(recipients, move || {
                let found = identities.load()?;
                report.diagnostics(&found.warnings);
                Ok(found)
            });
        self.require_own(&store)?;
        Ok(store)
    }
}

impl Source {
    /// The folder, if it is one.
    pub fn store(&self) -> Option<&Store> {
        match self {
            Self::Folder(store) => Some(store),
            Self::Derived(_) | Self::Existing(_) => None,
        }
    }

    /// Finishes an earlier change that was interrupted: for commands that change something.
    ///
    /// # Errors
    /// The store cannot be changed, or what was left is not from a change of it.
    pub fn finish_interrupted(&self) -> Result<(), CommandError> {
        Ok(self.store().map_or(Ok(()), Store::finish_interrupted)?)
    }

    /// The certificates of `wanted`; those that are lost are marked in it.
    ///
    /// # Errors
    /// It is damaged.
    pub fn held(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
        self.facts(|store| Ok(store.held(wanted)?))
    }

    /// What a plan for the model compares it with, and everything that is known of earlier times; nothing is missed.
    ///
    /// # Errors
    /// It is damaged.
    pub fn everything(&self, model: &Model) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
        self.facts(|store| Ok(store.everything(&wanted(model))?))
    }

    /// Public facts, which of a folder are those that `read` gives.
    fn facts(
        &self,
        read: impl FnOnce(&Store) -> Result<(Inventory, Vec<Diagnostic>), CommandError>,
    ) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
        match self {
            Self::Folder(store) => read(store),
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
        Ok(self.store().map_or(Ok(true), |store| store.opens_keys(holders))?)
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

    /// The inventory and the plan for the model, as far as it can be carried out here; reports nothing.
    ///
    /// # Errors
    /// It is damaged, a certificate is lost, an authority would need another key; or a step that has to be taken
    /// elsewhere or by hand.
    pub fn planned(
        &self,
        model: &Model,
        now: Timestamp,
        scope: &Scope,
    ) -> Result<Planned, CommandError> {
        let wanted = wanted(model);
        let (inventory, mut warnings) =
            self.facts(|store| complete(store.inventory_beside_current(&wanted)?))?;
        let planned = match self {
            Self::Folder(_) | Self::Derived(_) => {
                plan::plan_within(model, &inventory, now, scope).map(|plan| (plan, Vec::new()))
            }
            Self::Existing(_) => feasibility::plan(model, &inventory, now, scope),
        };
        let (plan, more) = planned.map_err(CommandError::Input)?;
        warnings.extend(more);
        let mut planned = Planned { inventory, plan, warnings };
        self.require_signers(model, &mut planned, now, scope)?;
        Ok(planned)
    }

    /// Refuses a new authority in place of one that a folder lost, unless `--new-authorities` allows it.
    /// The inventory gets the keys of the authorities that the folder has and the spec does not.
    fn require_signers(
        &self,
        model: &Model,
        Planned { inventory, plan, .. }: &mut Planned,
        now: Timestamp,
        scope: &Scope,
    ) -> Result<(), CommandError> {
        let Some(store) = self.store().filter(|_| plan.issues_new_authority()) else {
            return Ok(());
        };
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

    /// Makes sure that `selected` has all that was issued and that nothing else keeps, and reports what
    /// cannot be applied.
    ///
    /// # Errors
    /// Something would be lost.
    pub fn check_selection(
        &self,
        model: &Model,
        selected: &[&Object],
        report: Report,
    ) -> Result<(), CommandError> {
        if let Self::Existing(secrets) = self {
            secrets.require_kept(model, selected)?;
            report.diagnostics(&secrets.unchangeable(selected));
        }
        Ok(())
    }
}

/// What a folder holds for the model, and warnings about it.
///
/// # Errors
/// The store is damaged, or a certificate is lost.
pub fn stored(store: &Store, model: &Model) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
    complete(store.inventory(&wanted(model))?)
}

fn wanted(model: &Model) -> BTreeSet<Holder> {
    model.requests().map(|request| request.holder.clone()).collect()
}

/// What a folder holds, if no certificate is lost.
fn complete(
    found: (Inventory, Vec<Diagnostic>),
) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
    if found.0.lost.is_empty() {
        return Ok(found);
    }
    Err(StoreError::Missing { files: found.0.lost.into_iter().collect() }.into())
}
