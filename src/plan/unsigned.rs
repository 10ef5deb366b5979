//! Certificates in a store whose issuer it does not know: it is lost in part, and what is missing is not new.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::IssuancePlan;
use super::unknown::{CALLERS_NEED_IT, supplied};
use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::request::{Holder, Issuer};
use crate::store::Inventory;
use crate::time::Timestamp;

/// Refuses to issue an authority for the first time while the store has a certificate whose issuer's files and ledger it
/// lacks: under another subject, the authority that is lost would look like a new one. `beside` are certificates of the
/// store that the spec does not ask for; certificates that name no key of an issuer are passed over. `folder` is where a
/// holder's files are.
#[must_use]
pub fn refuse_unsigned(
    plan: &IssuancePlan,
    model: &Model,
    inventory: &Inventory,
    beside: &[(Holder, Certificate)],
    now: Timestamp,
    folder: &dyn Fn(&Holder) -> PathBuf,
) -> Option<Diagnostic> {
    let new: Vec<&Holder> = plan
        .actions
        .iter()
        .filter(|action| action.is_new_authority())
        .map(|action| &action.request.holder)
        .collect();
    let first = *new.first()?;
    let known = Issuers::of(model, inventory, beside);
    let held = inventory.held.iter().map(|(holder, held)| (holder, held.certificate()));
    let stored = held.chain(beside.iter().map(|(holder, certificate)| (holder, certificate)));
    // Certificates that have ended need no issuer any more.
    let stored = stored.filter(|(_, certificate)| certificate.not_after >= now);
    let mut unsigned = stored.filter(|(_, certificate)| !known.has_issuer_of(certificate));
    let (holder, certificate) = unsigned.next()?;
    let issuer = model.request(holder).map(|request| &request.issuer);
    let is_issuer =
        |new: &&&Holder| matches!(issuer, Some(Issuer::Authority(name)) if name == new.name());
    let new = new.iter().find(is_issuer).copied().unwrap_or(first);
    let title = format!(
        "the store has the certificate of {holder}, and neither files nor ledger of the authority `{}` that signed it, and {new} would take its place",
        certificate.issuer.rfc2253()
    );
    let error = Diagnostic::error("lost-authority", title)
        .help("if a part of the store is lost, restore it: the folder of that authority below `cas`, from Git (its key from where it was issued) or from a backup");
    let error = if model.request(holder).is_some() {
        error
    } else {
        let folder = folder(holder);
        error.help(format!("if {holder}, which the spec does not have, needs its certificate no longer, remove `{}`", folder.display()))
    };
    let then = if matches!(holder, Holder::Host(_)) {
        CALLERS_NEED_IT
    } else {
        "all its clients need new certificates"
    };
    Some(error.help(format!(
        "if that authority is permanently lost, run `mtlsgen render --new-authorities`: then {then}"
    )))
}

/// What a store and a spec know of issuers.
pub(super) struct Issuers {
    /// Identifiers of keys of authorities.
    keys: BTreeSet<Vec<u8>>,
    /// Certificates in the ledger of the authority that issued them.
    issued: BTreeSet<Fingerprint>,
}

impl Issuers {
    pub(super) fn of(
        model: &Model,
        inventory: &Inventory,
        beside: &[(Holder, Certificate)],
    ) -> Self {
        let own = model.authorities.keys().flat_map(|name| inventory.trusted(name));
        let left = beside.iter().filter(|(holder, _)| is_authority(holder));
        let entries = &inventory.ledger.entries;
        let former = entries.iter().filter(|entry| is_authority(&entry.holder));
        let former: Vec<Certificate> = former.filter_map(|entry| entry.parsed().ok()).collect();
        let all = supplied(model).chain(own).chain(left.map(|(_, own)| own)).chain(&former);
        Self {
            keys: all.filter_map(|one| one.subject_key_id.clone()).collect(),
            issued: entries.iter().map(|entry| entry.fingerprint).collect(),
        }
    }

    /// Whether its issuer is known, or it names no key of one.
    pub(super) fn has_issuer_of(&self, certificate: &Certificate) -> bool {
        let Some(key) = &certificate.authority_key_id else { return true };
        certificate.issuer == certificate.subject
            || self.keys.contains(key.as_slice())
            || self.issued.contains(&certificate.fingerprint())
    }
}

fn is_authority(holder: &Holder) -> bool {
    matches!(holder, Holder::Authority(_))
}
