//! Plans in words: what would be issued, revoked and signed, or was, and why.

use std::path::PathBuf;

use super::Source;
use crate::cli::report::Report;
use crate::diagnostic::{Deed, Diagnostic, Severity};
use crate::io::store::Store;
use crate::path;
use crate::pki::request::Holder;
use crate::plan::{self, IssuancePlan, ListReason, Scope};
use crate::specification::document::Document;
use crate::store::{HeldCertificate, Inventory, NewRevocation};

/// Says of new keys of authorities that they are in this store alone, where it is a clone that lacks other keys.
pub fn report_only_here(store: &Store, inventory: &Inventory, new: Vec<PathBuf>, report: Report) {
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

/// Reports what was issued, revoked and signed, and why.
pub(super) fn report_done(plan: &IssuancePlan, scope: &Scope, report: Report) {
    report.diagnostics(&plan.notices);
    for action in &plan.actions {
        let whose = whose_key(action, scope);
        let words = format!("issued {}: {}{whose}", action.request.holder, action.reason);
        report.did(of_action(action, ["issued", "renewed"]), &words);
    }
    for new in &plan.revocations {
        let words = format!("revoked {}, as the spec says", revoked_certificate(new));
        report.did(of_revocation(new, "revoked"), &words);
    }
    for list in &plan.lists {
        let (number, authority, reason) = (&list.draft.number, &list.authority, &list.reason);
        let words = format!("signed revocation list {number} of authority `{authority}`: {reason}");
        report.did(of_list(list, "signed"), &words);
    }
}

/// An action for programs: the first word of a holder that has no certificate yet, else the second one.
fn of_action(action: &plan::Action, [issue, renew]: [&'static str; 2]) -> Deed {
    let is_first = action.reason == plan::Reason::NeverIssued;
    let word = if is_first { issue } else { renew };
    Deed::to_holder(word, action.request.holder.full_name(), &action.reason)
}

/// A revocation for programs.
pub fn of_revocation(new: &NewRevocation, word: &'static str) -> Deed {
    Deed {
        action: word,
        holder: new.holder.as_ref().map(Holder::full_name),
        serial: Some(new.serial.to_string()),
        reason: Some(new.revocation.reason.word().to_owned()),
        path: None,
    }
}

/// A revocation list that is signed, for programs.
fn of_list(list: &plan::ListAction, word: &'static str) -> Deed {
    Deed::to_holder(word, Holder::Authority(list.authority.clone()).full_name(), &list.reason)
}

/// A remark on the key that an action issues for.
fn whose_key(action: &plan::Action, scope: &Scope) -> &'static str {
    if action.request.public_key.is_some() {
        "; for the key of its signing request, which stays its owner's"
    } else if scope.reuse_keys && !action.keeps_key && action.reason != plan::Reason::NeverIssued {
        "; with a new key"
    } else {
        ""
    }
}

/// What a plan would do, one line each, errors for what no longer works.
pub fn report_plan(plan: &IssuancePlan, report: Report, severity: fn(bool) -> Severity) {
    report.diagnostics(&plan_findings(plan, severity));
}

/// Reports the plan of a dry run.
pub fn report_dry_run(plan: &IssuancePlan, report: Report) {
    report_plan(plan, report, |_| Severity::Notice);
    report.diagnostics(&plan.notices);
    for holder in &plan.stale_chains {
        report.say(&format!("the chain in the file of {holder} would be renewed"));
    }
}

/// What a plan would do, a finding each; `severity` gets whether all still works without it.
pub fn plan_findings(plan: &IssuancePlan, severity: fn(bool) -> Severity) -> Vec<Diagnostic> {
    let finding = |still_works: bool, code: &'static str, title: String| Diagnostic {
        severity: severity(still_works),
        ..Diagnostic::notice(code, title)
    };
    let actions = plan.actions.iter().map(|action| {
        let title = format!("{}: {}", action.request.holder, action.reason);
        finding(action.reason.still_works(), "to-be-issued", title)
            .deed(of_action(action, ["issue", "renew"]))
    });
    let revocations = plan.revocations.iter().map(|new| {
        let title = format!("{} would be revoked, as the spec says", revoked_certificate(new));
        finding(false, "to-be-revoked", title).deed(of_revocation(new, "revoke"))
    });
    let lists = plan.lists.iter().map(|list| {
        let title =
            format!("the revocation list of authority `{}`: {}", list.authority, list.reason);
        let works = list.reason.still_works() && !matches!(list.reason, ListReason::Early { .. });
        finding(works, "to-be-issued", title).deed(of_list(list, "sign"))
    });
    let early = plan.early.iter().map(|(holder, begins)| {
        let title = format!("the certificate of {holder} is not valid yet: it begins at {begins}");
        let command = Holder::command("cert renew", [holder]);
        let help = format!("if the clock was ahead when it was issued: {command}");
        finding(false, "not-yet-valid", title).help(help)
    });
    actions.chain(revocations).chain(lists).chain(early).collect()
}

/// Which certificate a revocation is about, and why.
pub fn revoked_certificate(new: &NewRevocation) -> String {
    let NewRevocation { authority, serial, holder, revocation } = new;
    let holder = holder.as_ref().map_or_else(String::new, |holder| format!(" of {holder}"));
    format!("certificate {serial}{holder}, signed by `{authority}` ({})", revocation.reason)
}

/// What is kept although the spec gives new ones another `duration`, at its entries.
pub fn kept(plan: &IssuancePlan, document: &Document, source: &Source) -> Vec<Diagnostic> {
    let locate = |holder: &Holder| {
        document.key_span(&match holder {
            Holder::Authority(name) => path!["cas", name],
            Holder::Host(key) => path!["hosts", key],
            Holder::Client(name) => path!["clients", name],
        })
    };
    plan::kept_notices(&plan.kept, source.store().is_some(), &locate)
}

/// A warning for what still works, an error for what does not.
pub fn urgency(still_works: bool) -> Severity {
    if still_works { Severity::Warning } else { Severity::Error }
}
