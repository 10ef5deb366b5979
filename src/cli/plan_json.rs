//! What a plan issues, revokes and signs, as JSON: the same for every command that carries one out or shows it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::crl::{ListNumber, RevocationReason};
use crate::pki::request::{Holder, Issuer, Named, SerialNumber};
use crate::plan::{Action, IssuancePlan, ListAction};
use crate::store::{HeldCertificate, Inventory, NewRevocation};
use crate::time::Timestamp;

/// What is issued, revoked and signed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan<'a> {
    /// When everything happens.
    time: Timestamp,
    /// Whether it was only reported.
    dry_run: bool,
    /// Certificates that are issued.
    certificates: Vec<Planned<'a>>,
    /// Certificates that are revoked.
    revoked: Vec<Revoked<'a>>,
    /// Revocation lists that are signed.
    revocation_lists: Vec<List<'a>>,
}

/// A certificate that is issued.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlannedCertificate")]
struct Planned<'a> {
    #[serde(flatten)]
    named: Named,
    /// Why it is issued.
    reason: String,
    /// Subject, RFC 2253.
    subject: String,
    /// The authority's name in the spec, or `self-signed`.
    issuer: &'a str,
    /// Serial number, hexadecimal; null: it is not issued yet.
    serial: Option<&'a SerialNumber>,
    /// SHA-256 of the certificate; null: it is not issued yet.
    fingerprint_sha256: Option<Fingerprint>,
    /// First second of validity.
    not_before: Timestamp,
    /// Last second of validity.
    not_after: Timestamp,
    /// Whose key it has: a `new` one, the one that is `kept`, or that of the `owner` of a signing request.
    #[schemars(extend("enum" = ["owner", "kept", "new"]))]
    key: &'static str,
}

/// A certificate that is revoked.
#[derive(Serialize, JsonSchema)]
struct Revoked<'a> {
    /// Whose certificate it is, as commands take it; null: the ledger does not say.
    holder: Option<&'a Holder>,
    /// Its authority's name in the spec.
    issuer: &'a str,
    /// Serial number, hexadecimal.
    serial: &'a SerialNumber,
    /// Why it is revoked, in RFC 5280's words.
    reason: RevocationReason,
}

/// A revocation list that is signed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlannedList")]
struct List<'a> {
    /// The authority that signs it, as commands take it.
    holder: Holder,
    /// Why it is signed.
    reason: String,
    /// Its number.
    number: &'a ListNumber,
}

impl<'a> Plan<'a> {
    /// Of a plan; what is not issued yet has neither serial nor fingerprint.
    pub fn of(
        plan: &'a IssuancePlan,
        inventory: &'a Inventory,
        time: Timestamp,
        dry_run: bool,
    ) -> Self {
        let certificate = |action| Planned::of(action, inventory, dry_run);
        Self {
            time,
            dry_run,
            certificates: plan.actions.iter().map(certificate).collect(),
            revoked: plan.revocations.iter().map(Revoked::of).collect(),
            revocation_lists: plan.lists.iter().map(List::of).collect(),
        }
    }
}

impl<'a> Planned<'a> {
    fn of(action: &'a Action, inventory: &'a Inventory, dry_run: bool) -> Self {
        let Action { request, reason, validity, keeps_key } = action;
        let held = inventory.held.get(&request.holder).filter(|_| !dry_run);
        let made = held.map(HeldCertificate::certificate);
        Self {
            named: (&request.holder).into(),
            reason: reason.to_string(),
            subject: request.subject.rfc2253(),
            issuer: match &request.issuer {
                Issuer::Authority(name) => name,
                Issuer::SelfSigned => "self-signed",
            },
            serial: made.map(|made| &made.serial),
            fingerprint_sha256: made.map(Certificate::fingerprint),
            not_before: validity.not_before,
            not_after: validity.not_after,
            key: match (&request.public_key, keeps_key) {
                (Some(_), _) => "owner",
                (None, true) => "kept",
                (None, false) => "new",
            },
        }
    }
}

impl<'a> Revoked<'a> {
    fn of(new: &'a NewRevocation) -> Self {
        let NewRevocation { authority, serial, holder, revocation } = new;
        Self { holder: holder.as_ref(), issuer: authority, serial, reason: revocation.reason }
    }
}

impl<'a> List<'a> {
    fn of(list: &'a ListAction) -> Self {
        Self {
            holder: Holder::Authority(list.authority.clone()),
            reason: list.reason.to_string(),
            number: &list.draft.number,
        }
    }
}
