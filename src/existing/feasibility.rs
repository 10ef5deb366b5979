//! What can be issued without a store: everything whose issuer's key is available.

use crate::diagnostic::{Diagnostic, has_errors};
use crate::model::{AuthoritySource, Model};
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::plan::{self, Action, IssuancePlan, ListAction, Scope};
use crate::store::Inventory;
use crate::time::Timestamp;

/// As [`plan::plan_within`], but only what can be carried out: what still works and cannot be renewed here is
/// kept, with a warning.
///
/// # Errors
/// As there; and what does not work and cannot be issued here.
pub fn plan(
    model: &Model,
    inventory: &Inventory,
    now: Timestamp,
    scope: &Scope,
) -> Result<(IssuancePlan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut scope = scope.clone();
    let mut found = Vec::new();
    let mut plan = loop {
        let plan = plan::plan_within(model, inventory, now, &scope).map_err(with_way_out)?;
        let obstacles = obstacles(&plan, model);
        if obstacles.is_empty() {
            break plan;
        }
        found.extend(obstacles.iter().map(|action| certificate(action)));
        scope.kept.extend(obstacles.into_iter().map(|action| action.request.holder.clone()));
    };
    found.extend(plan.lists.iter().filter(|action| !can_sign_list(action, model)).map(list));
    if has_errors(&found) {
        return Err(found);
    }
    plan.lists.retain(|action| can_sign_list(action, model));
    // Without a ledger, a revocation that no list has would be lost.
    let lists = &plan.lists;
    plan.revocations.retain(|new| lists.iter().any(|list| list.authority == new.authority));
    Ok((plan, found))
}

/// The actions of a plan that need a key of an authority, which no Secret has: authorities first, since
/// what is below them depends on them.
fn obstacles<'a>(plan: &'a IssuancePlan, model: &Model) -> Vec<&'a Action> {
    let is_authority = |action: &&Action| matches!(action.request.holder, Holder::Authority(_));
    let all = plan.actions.iter().filter(|action| !is_feasible(&action.request, model));
    let (authorities, leaves): (Vec<_>, Vec<_>) = all.partition(is_authority);
    if authorities.is_empty() { leaves } else { authorities }
}

/// Adds that a rollover needs the store.
fn with_way_out(errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let rolls_over = |error: &Diagnostic| {
        matches!(error.code, "rotation-needed" | "rotation-outdated" | "authority-revoked")
    };
    let with_help = |error: Diagnostic| {
        if rolls_over(&error) { error.help(WAY_OUT) } else { error }
    };
    errors.into_iter().map(with_help).collect()
}

/// Whether the signing key is available: the holder's own new one, or a supplied one of an authority.
fn is_feasible(request: &CertificateRequest, model: &Model) -> bool {
    let is_authority = matches!(request.holder, Holder::Authority(_));
    !is_authority
        && match &request.issuer {
            Issuer::SelfSigned => true,
            Issuer::Authority(name) => has_supplied_key(model, name),
        }
}

fn can_sign_list(action: &ListAction, model: &Model) -> bool {
    action.generation.is_none() && has_supplied_key(model, &action.authority)
}

fn has_supplied_key(model: &Model, name: &str) -> bool {
    model.authorities.get(name).is_some_and(|authority| {
        authority.can_sign && matches!(authority.source, AuthoritySource::Supplied(_))
    })
}

fn certificate(action: &Action) -> Diagnostic {
    let CertificateRequest { holder, issuer, .. } = &action.request;
    let key = match issuer {
        Issuer::Authority(name) => format!("the key of its issuer `{name}`"),
        Issuer::SelfSigned => "its key".to_owned(),
    };
    let title = format!(
        "{holder}: {}; {key} is in no Secret, so that it cannot be issued here",
        action.reason
    );
    finding(action.reason.still_works(), title)
}

fn list(action: &ListAction) -> Diagnostic {
    let title = format!(
        "the revocation list of authority `{}`: {}; the key of that authority is in no Secret, so that it cannot be signed here",
        action.authority, action.reason
    );
    finding(action.reason.still_works(), title)
}

fn finding(still_works: bool, title: String) -> Diagnostic {
    let make = if still_works { Diagnostic::warning } else { Diagnostic::error };
    make("issuer-key-elsewhere", title).help(WAY_OUT)
}

const WAY_OUT: &str = "run `mtlsgen render` without `--existing` where the folder of the store is, which has that key, and apply what it prints";
