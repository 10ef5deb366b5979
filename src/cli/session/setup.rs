//! A set-up with its certificates and keys: makes issuance plans and carries them out.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::encryption::require_readers;
use super::plan_report::{kept, report_done, report_only_here};
use super::{Planned, Session, Source};
use crate::access::orphans;
use crate::access::present::Present;
use crate::cli::progress::Progress;
use crate::cli::report::{CommandError, Report};
use crate::derive::Extent;
use crate::diagnostic::Diagnostic;
use crate::io::entropy::SystemEntropy;
use crate::io::store::Store;
use crate::model::{Model, Resolved};
use crate::pki::request::Holder;
use crate::plan::{self, IssuancePlan, Scope};
use crate::specification::document::Document;
use crate::store::{Inventory, Issued, Keyring};
use crate::targets;
use crate::time::Timestamp;

/// The model of a spec, and the source of its certificates and keys.
pub struct Setup {
    /// The places of everything in the spec.
    pub document: Arc<Document>,
    /// The name of the spec.
    pub(super) name: Option<String>,
    /// The time of the run.
    pub now: Timestamp,
    /// Where messages go.
    pub report: Report,
    /// What the spec means, and the keys that it names as files.
    pub resolved: Resolved,
    /// The source of certificates and keys, which also takes new ones.
    pub source: Source,
}

impl Session {
    /// What the spec means, with what it has now.
    ///
    /// # Errors
    /// As [`Session::source`].
    pub fn setup(&self, resolved: Resolved) -> Result<Setup, CommandError> {
        let source = self.source(&resolved, Extent::Current)?;
        Ok(self.setup_with(resolved, source))
    }

    /// What the spec means, with what it has there.
    pub fn setup_with(&self, resolved: Resolved, source: Source) -> Setup {
        let (document, name) = (Arc::clone(&self.document), self.name());
        Setup { document, name, now: self.now, report: self.report, resolved, source }
    }
}

impl Setup {
    /// What the spec means.
    pub fn model(&self) -> &Model {
        &self.resolved.model
    }

    /// The inventory and the plan for the model; shows warnings.
    ///
    /// # Errors
    /// As [`Source::planned`].
    pub fn plan(&self, scope: &Scope) -> Result<Planned, CommandError> {
        let planned = self.planned(scope)?;
        self.report.diagnostics(&planned.warnings);
        self.report.diagnostics(&planned.plan.warnings);
        self.report.diagnostics(&kept(&planned.plan, &self.document, &self.source));
        if scope.only.is_none() {
            self.report.diagnostics(self.orphans(&planned)?.as_slice());
        }
        Ok(planned)
    }

    /// What certificates of clients that left the spec still open.
    fn orphans(&self, planned: &Planned) -> Result<Option<Diagnostic>, CommandError> {
        let Planned { inventory, plan, .. } = planned;
        let (model, now, revoked) = (self.model(), self.now, plan.revoked(inventory));
        if !orphans::are_there(model, inventory, &revoked, now) {
            return Ok(None);
        }
        let arrangement = targets::arranged(model).map_err(CommandError::Input)?;
        let doors = arrangement.doors(model, &Present { model, inventory });
        Ok(orphans::warning(model, &doors, inventory, &revoked, now))
    }

    fn planned(&self, scope: &Scope) -> Result<Planned, CommandError> {
        self.source.planned(self.model(), self.now, scope)
    }

    /// Issues what is missing or due, and puts it into the store; reports each reason. `rehearse` runs
    /// before, if there is anything to issue: nothing is issued for what cannot be rendered.
    ///
    /// # Errors
    /// The rehearsal fails, the store cannot be changed, or a key is not at hand; then it is as it was.
    pub fn issue(
        &self,
        scope: &Scope,
        rehearse: impl FnOnce(&Planned) -> Result<(), CommandError>,
    ) -> Result<Planned, CommandError> {
        self.source.finish_interrupted()?;
        let planned = self.plan(scope)?;
        if planned.plan.is_empty() {
            return Ok(planned);
        }
        rehearse(&planned)?;
        self.carry_out(scope)
    }

    /// Warns where what is planned cannot be made here; a dry run works without keys.
    pub fn report_unmakeable(&self, planned: &Planned) {
        if let Err(error) = self.require_makeable(planned) {
            self.report_refusal(&error);
        }
    }

    /// Warns of what would be an error outside of a dry run.
    pub fn report_refusal(&self, error: &CommandError) {
        let warning = |found: &Diagnostic| {
            let title = format!("this would fail here: {}", found.title);
            let warning = Diagnostic::warning("fails-here", title).at(found.span.clone());
            found.help.iter().fold(warning, Diagnostic::help)
        };
        let warnings: Vec<Diagnostic> = error.diagnostics().iter().map(warning).collect();
        self.report.diagnostics(&warnings);
    }

    /// Makes sure that the keys of a plan are at hand, and that no key gets a new reader; changes nothing.
    fn require_makeable(
        &self,
        Planned { inventory, plan, .. }: &Planned,
    ) -> Result<(), CommandError> {
        if plan.is_empty() {
            return Ok(());
        }
        self.source.store().map_or(Ok(()), require_readers)?;
        let needed: BTreeSet<Holder> = plan.keys_needed(self.model()).into_iter().collect();
        let keyring = self.source.keyring(inventory, &needed)?.and(&self.resolved.keyring);
        keyring.require(&plan.keys_used()).map_err(CommandError::Input)
    }

    /// Plans once more under the lock, issues, revokes, signs lists, and puts everything into the store; what it
    /// holds then, and what was done.
    ///
    /// # Errors
    /// The store cannot be changed, or a key is not at hand; then it is as it was.
    pub fn carry_out(&self, scope: &Scope) -> Result<Planned, CommandError> {
        match &self.source {
            Source::Folder(store) => self.carry_out_in(store, scope),
            Source::Existing(secrets) => {
                secrets.carry_out(self.planned(scope)?, &self.resolved, scope, self.report)
            }
            Source::Derived(_) => Err(nothing_is_issued()),
        }
    }

    fn carry_out_in(&self, store: &Store, scope: &Scope) -> Result<Planned, CommandError> {
        let (model, report) = (self.model(), self.report);
        let lock = store.lock()?;
        // Another process may have issued in the meantime; its warnings were reported already.
        let Planned { inventory, plan, warnings } = self.planned(scope)?;
        let needed: BTreeSet<Holder> = plan.keys_needed(model).into_iter().collect();
        let keyring = store.keyring(&inventory, &needed).map_err(|error| {
            CommandError::from(error)
                .with_help("`mtlsgen render --locked` issues nothing and needs no key of an authority; it works as long as nothing is missing")
        })?;
        let keyring = keyring.and(&self.resolved.keyring);
        let keyring = keyring.and(&store.generation_keys(&inventory, plan.generations_needed())?);
        let issued = make(&plan, model, &inventory, &keyring, report)?;
        store.commit(&lock, &issued, self.now)?;
        drop(lock);
        report_done(&plan, scope, report);
        let new = plan.actions.iter().filter(|action| action.is_new_authority());
        let new = new.map(|action| store.path_of(&action.request.holder, "tls.key"));
        report_only_here(store, &inventory, new.collect(), report);
        for holder in &plan.stale_chains {
            report.say(&format!(
                "renewed the chain in the file of {holder}: an issuer has another certificate now"
            ));
        }
        Ok(Planned { inventory: inventory.with(&issued), plan, warnings })
    }
}

/// Makes what is planned, and shows how far it is.
///
/// # Errors
/// A key is not at hand, or does not sign.
pub fn make(
    plan: &IssuancePlan,
    model: &Model,
    inventory: &Inventory,
    keyring: &Keyring,
    report: Report,
) -> Result<Issued, CommandError> {
    keyring.require(&plan.keys_used()).map_err(CommandError::Input)?;
    let mut progress = Progress::new(report, plan.actions.len());
    let issued =
        plan::issue(plan, model, inventory, keyring, &SystemEntropy, &mut || progress.step())
            .map_err(|error| CommandError::world("issue", &error, None))?;
    progress.end();
    Ok(issued)
}

/// What is derived is what the spec asks for; nothing is issued beside it.
fn nothing_is_issued() -> CommandError {
    let title =
        "what was derived is not what the spec asks for, and a derived store issues nothing else";
    let hint = "`mtlsgen render --dry-run` shows what is missing; please report it with the spec";
    CommandError::world("derived-store", title, Some(hint.to_owned()))
}
