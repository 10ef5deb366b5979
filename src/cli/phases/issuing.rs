//! From a model to what is issued: what the store holds, what is to be done, and doing it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::source::Source;
use crate::cli::progress::Progress;
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::{Diagnostic, Severity};
use crate::io::entropy::SystemEntropy;
use crate::io::store::{Store, StoreError};
use crate::model::{Model, Resolved};
use crate::pki::request::Holder;
use crate::plan::{self, IssuancePlan, ListReason, Scope};
use crate::store::{HeldCertificate, Inventory, Issued, Keyring, NewRevocation};
use crate::time::Timestamp;

/// What the store holds for the model, and what is to be issued.
///
/// # Errors
/// The store is damaged, a certificate is lost, or an authority would need another key.
pub fn plan(
    source: &Source,
    model: &Model,
    now: Timestamp,
    report: Report,
) -> Result<(Inventory, IssuancePlan), CommandError> {
    plan_within(source, model, now, &Scope::default(), report)
}

/// As [`plan`], for some holders only, or for more reasons.
///
/// # Errors
/// As [`plan`].
pub fn plan_within(
    source: &Source,
    model: &Model,
    now: Timestamp,
    scope: &Scope,
    report: Report,
) -> Result<(Inventory, IssuancePlan), CommandError> {
    let (inventory, plan, warnings) = planned(source, model, now, scope)?;
    report.diagnostics(&warnings);
    report.diagnostics(&plan.warnings);
    Ok((inventory, plan))
}

/// What the store holds for the model, and warnings about it.
///
/// # Errors
/// The store is damaged, or a certificate is lost.
pub fn inventory(
    store: &Store,
    model: &Model,
) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
    complete_inventory(store.inventory(&wanted(model))?)
}

fn wanted(model: &Model) -> BTreeSet<Holder> {
    model.requests().map(|request| request.holder.clone()).collect()
}

pub(super) fn complete_inventory(
    (inventory, warnings): (Inventory, Vec<Diagnostic>),
) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
    if !inventory.lost.is_empty() {
        return Err(StoreError::Missing { files: inventory.lost.into_iter().collect() }.into());
    }
    Ok((inventory, warnings))
}

/// As [`plan_within`], without a word: the warnings come back.
///
/// # Errors
/// As [`plan`].
pub fn planned(
    source: &Source,
    model: &Model,
    now: Timestamp,
    scope: &Scope,
) -> Result<(Inventory, IssuancePlan, Vec<Diagnostic>), CommandError> {
    let (mut inventory, mut warnings) = source.inventory(&wanted(model))?;
    let (plan, more) = source.plan(model, &inventory, now, scope).map_err(CommandError::Input)?;
    warnings.extend(more);
    source.require_signers(model, &mut inventory, &plan, (now, scope))?;
    Ok((inventory, plan, warnings))
}

/// Issues what is missing or due, and puts it into the store; tells each reason. `rehearse` runs
/// before, if there is anything to issue: nothing is issued for what cannot be rendered.
///
/// # Errors
/// The rehearsal fails, the store cannot be changed, or a key is not at hand; then it is as it was.
pub fn issue(
    source: &Source,
    resolved: &Resolved,
    now: Timestamp,
    scope: &Scope,
    report: Report,
    rehearse: impl FnOnce(&Inventory, &IssuancePlan) -> Result<(), CommandError>,
) -> Result<Inventory, CommandError> {
    source.finish_interrupted()?;
    let (inventory, plan) = self::plan_within(source, &resolved.model, now, scope, report)?;
    if plan.is_empty() {
        return Ok(inventory);
    }
    rehearse(&inventory, &plan)?;
    Ok(carry_out(source, resolved, now, scope, report)?.0)
}

/// Plans once more under the lock, issues, revokes, signs lists, and puts everything into the store; what it
/// holds then, and what was done.
///
/// # Errors
/// The store cannot be changed, or a key is not at hand; then it is as it was.
pub fn carry_out(
    source: &Source,
    resolved: &Resolved,
    now: Timestamp,
    scope: &Scope,
    report: Report,
) -> Result<(Inventory, IssuancePlan), CommandError> {
    let model = &resolved.model;
    let store = match source {
        Source::Folder(store) => store,
        Source::Existing(secrets) => {
            let (inventory, plan, _) = planned(source, model, now, scope)?;
            return secrets.carry_out((inventory, plan), resolved, scope, report);
        }
        Source::Derived(_) => return Err(nothing_is_issued()),
    };
    let lock = store.lock()?;
    // Another process may have issued in the meantime; its warnings are those told already.
    let (inventory, plan, _) = planned(source, model, now, scope)?;
    let needed: BTreeSet<Holder> = plan.keys_needed(model).into_iter().collect();
    let keyring = store.keyring(&inventory, &needed).map_err(|error| {
        CommandError::from(error)
            .with_help("`mtlsgen render --locked` issues nothing and needs no key of an authority; it works as long as nothing is missing")
    })?;
    let keyring = keyring.and(&resolved.keyring);
    let keyring = keyring.and(&store.generation_keys(&inventory, plan.generations_needed())?);
    let issued = make(&plan, model, &inventory, &keyring, report)?;
    store.commit(&lock, &issued, now)?;
    drop(lock);
    tell(&plan, scope, report);
    let new = plan.actions.iter().filter(|action| action.is_new_authority());
    let new = new.map(|action| store.path_of(&action.request.holder, "tls.key"));
    tell_only_here(store, &inventory, new.collect(), report);
    for holder in &plan.stale_chains {
        report.say(&format!(
            "renewed the chain in the file of {holder}: an issuer has another certificate now"
        ));
    }
    Ok((inventory.with(&issued), plan))
}

/// Says of new keys of authorities that they are in this store alone, where it is a clone that lacks other keys: nothing
/// brings them to those.
pub fn tell_only_here(store: &Store, inventory: &Inventory, new: Vec<PathBuf>, report: Report) {
    let lacks_key = |(holder, held): (&Holder, &HeldCertificate)| {
        !held.has_key && !matches!(holder, Holder::Client(_))
    };
    if store.recipients() > 0 || !inventory.held.iter().any(lacks_key) {
        return;
    }
    for path in new {
        report.say(&format!(
            "`{path}` is in this store alone, and Git ignores it: copy it to the same place in the store that has the other keys, and into your backup",
            path = path.display()
        ));
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

/// Tells what was issued, revoked and signed, and why.
pub(super) fn tell(plan: &IssuancePlan, scope: &Scope, report: Report) {
    report.diagnostics(&plan.notices);
    for action in &plan.actions {
        let whose = whose_key(action, scope);
        report.say(&format!("issued {}: {}{whose}", action.request.holder, action.reason));
    }
    for new in &plan.revocations {
        report.say(&format!("revoked {}, as the spec says", revoked_certificate(new)));
    }
    for list in &plan.lists {
        report.say(&format!(
            "signed revocation list {} of authority `{}`: {}",
            list.draft.number, list.authority, list.reason
        ));
    }
}

/// What is worth knowing of the key that an action issues for.
fn whose_key(action: &plan::Action, scope: &Scope) -> &'static str {
    if action.request.public_key.is_some() {
        "; for the key of its signing request, which stays its owner's"
    } else if scope.reuse_keys && !action.keeps_key && action.reason != plan::Reason::NeverIssued {
        "; with a new key"
    } else {
        ""
    }
}

/// What is derived is what the spec asks for; nothing is issued beside it.
fn nothing_is_issued() -> CommandError {
    let title =
        "what was derived is not what the spec asks for, and a derived store issues nothing else";
    let hint = "`mtlsgen render --dry-run` tells what is missing; please report it with the spec";
    CommandError::world("derived-store", title, Some(hint.to_owned()))
}

/// What a plan would do, one line each, errors for what does not work any more.
pub fn tell_plan(plan: &IssuancePlan, report: Report, severity: fn(bool) -> Severity) {
    report.diagnostics(&plan_findings(plan, severity));
}

/// What a plan would do, a finding each; `severity` is told whether all still works without it.
pub fn plan_findings(plan: &IssuancePlan, severity: fn(bool) -> Severity) -> Vec<Diagnostic> {
    let finding = |still_works: bool, code: &'static str, title: String| Diagnostic {
        severity: severity(still_works),
        ..Diagnostic::notice(code, title)
    };
    let actions = plan.actions.iter().map(|action| {
        let title = format!("{}: {}", action.request.holder, action.reason);
        finding(action.reason.still_works(), "to-be-issued", title)
    });
    let revocations = plan.revocations.iter().map(|new| {
        let title = format!("{} is to be revoked, as the spec says", revoked_certificate(new));
        finding(false, "to-be-revoked", title)
    });
    let lists = plan.lists.iter().map(|list| {
        let title =
            format!("the revocation list of authority `{}`: {}", list.authority, list.reason);
        let works = list.reason.still_works() && !matches!(list.reason, ListReason::Early { .. });
        finding(works, "to-be-issued", title)
    });
    let early = plan.early.iter().map(|(holder, begins)| {
        let title = format!("the certificate of {holder} is not valid yet: it begins at {begins}");
        finding(false, "not-yet-valid", title).help(
            "if the clock was ahead when it was issued: `mtlsgen cert renew NAME`, or `--all`",
        )
    });
    actions.chain(revocations).chain(lists).chain(early).collect()
}

/// Which certificate a revocation is about, and why.
pub fn revoked_certificate(new: &NewRevocation) -> String {
    let NewRevocation { authority, serial, holder, revocation } = new;
    let holder = holder.as_ref().map_or_else(String::new, |holder| format!(" of {holder}"));
    format!("certificate {serial}{holder}, signed by `{authority}` ({})", revocation.reason)
}

/// A warning for what still works, an error for what does not.
pub fn urgency(still_works: bool) -> Severity {
    if still_works { Severity::Warning } else { Severity::Error }
}
