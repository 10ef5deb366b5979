//! What a plan issues, revokes and signs, as JSON: the same for every command that carries one out or shows it.

use serde_json::{Value, json};

use crate::pki::request::{Holder, Issuer};
use crate::plan::{Action, IssuancePlan, ListAction};
use crate::store::{HeldCertificate, Inventory, NewRevocation};
use crate::time::Timestamp;

/// One object; what is not issued yet has neither serial nor fingerprint.
pub fn render(plan: &IssuancePlan, inventory: &Inventory, now: Timestamp, dry_run: bool) -> String {
    format!("{:#}\n", value(plan, inventory, now, dry_run))
}

/// As [`render`], to be put beside more.
pub fn value(plan: &IssuancePlan, inventory: &Inventory, now: Timestamp, dry_run: bool) -> Value {
    let certificate = |action| certificate(action, inventory, dry_run);
    json!({
        "time": now.to_string(),
        "dryRun": dry_run,
        "certificates": plan.actions.iter().map(certificate).collect::<Vec<_>>(),
        "revoked": plan.revocations.iter().map(revocation).collect::<Vec<_>>(),
        "revocationLists": plan.lists.iter().map(list).collect::<Vec<_>>(),
    })
}

fn certificate(action: &Action, inventory: &Inventory, dry_run: bool) -> Value {
    let Action { request, reason, validity, keeps_key } = action;
    let held = inventory.held.get(&request.holder).filter(|_| !dry_run);
    let made = held.map(HeldCertificate::certificate);
    json!({
        "holder": request.holder.full_name(),
        "kind": request.holder.kind(),
        "name": request.holder.name(),
        "reason": reason.to_string(),
        "subject": request.subject.rfc2253(),
        "issuer": match &request.issuer {
            Issuer::Authority(name) => name,
            Issuer::SelfSigned => "self-signed",
        },
        "serial": made.map(|made| made.serial.to_string()),
        "fingerprintSha256": made.map(|made| made.fingerprint().to_string()),
        "notBefore": validity.not_before.to_string(),
        "notAfter": validity.not_after.to_string(),
        "key": match (&request.public_key, keeps_key) {
            (Some(_), _) => "owner",
            (None, true) => "kept",
            (None, false) => "new",
        },
    })
}

fn revocation(new: &NewRevocation) -> Value {
    json!({
        "holder": new.holder.as_ref().map(Holder::full_name),
        "issuer": new.authority,
        "serial": new.serial.to_string(),
        "reason": new.revocation.reason.word(),
    })
}

fn list(list: &ListAction) -> Value {
    json!({
        "holder": Holder::Authority(list.authority.clone()).full_name(),
        "reason": list.reason.to_string(),
        "number": list.draft.number.to_string(),
    })
}
