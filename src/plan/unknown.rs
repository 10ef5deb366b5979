//! Authorities that manifests trust and that a store does not know: it may be the wrong one, or what is left of one.

use std::collections::BTreeSet;

use super::{Inventory, IssuancePlan};
use crate::diagnostic::Diagnostic;
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;

/// A certificate that manifests trust.
pub struct Trusted {
    /// The file that has it, as people are to find it.
    pub place: String,
    /// The certificate.
    pub certificate: Certificate,
}

/// Refuses to issue an authority anew where `trusted` has one of its subject that neither the store nor the spec knows,
/// or any such authority where the store is empty.
#[must_use]
pub fn refuse_unknown(
    plan: &IssuancePlan,
    model: &Model,
    inventory: &Inventory,
    trusted: &[Trusted],
) -> Vec<Diagnostic> {
    let known = known(model, inventory);
    let is_empty = inventory.ledger.entries.is_empty() && inventory.held.is_empty();
    let is_unknown = |one: &&Trusted| {
        let Certificate { spki_hash, .. } = one.certificate;
        !known.keys.contains(&spki_hash)
            && !known.certificates.contains(&one.certificate.fingerprint())
    };
    let unknown: Vec<&Trusted> = trusted.iter().filter(is_unknown).collect();
    let new = plan.actions.iter().filter(|action| action.is_new_authority());
    let refused = new.filter_map(|action| {
        let is_of = |one: &&&Trusted| one.certificate.subject == action.request.subject;
        let found = unknown.iter().find(is_of).or_else(|| unknown.first().filter(|_| is_empty))?;
        Some(refusal(&action.request.holder, found))
    });
    refused.collect()
}

/// Public keys and certificates of authorities that a store or a spec knows.
struct Known {
    keys: BTreeSet<SpkiHash>,
    certificates: BTreeSet<Fingerprint>,
}

fn known(model: &Model, inventory: &Inventory) -> Known {
    let brought = model.authorities.values().filter_map(|authority| match &authority.source {
        AuthoritySource::Brought(chain) => Some(chain.as_slice()),
        AuthoritySource::Issued(_) => None,
    });
    let held = inventory.held.values().map(|held| held.chain.as_slice());
    let entries = &inventory.ledger.entries;
    Known {
        keys: brought
            .chain(held)
            .flatten()
            .map(|one| one.spki_hash)
            .chain(entries.iter().map(|entry| entry.spki_hash))
            .collect(),
        certificates: entries.iter().map(|entry| entry.fingerprint).collect(),
    }
}

fn refusal(new: &Holder, found: &Trusted) -> Diagnostic {
    let Trusted { place, certificate } = found;
    let title = format!(
        "`{place}` trusts the authority `{}` (SHA-256 {}), which the store does not know: with a new {new}, all who have a certificate of that one are locked out",
        certificate.subject.rfc2253(),
        certificate.fingerprint()
    );
    Diagnostic::error("unknown-authority", title)
        .help("if the store is lost or elsewhere, bring it back: from Git (keys are not in it), from a backup, or from the machine that issued; `store.path` says where it is")
        .help("if the authority is to be a new one, run `mtlsgen render --new-authorities`: then all its clients need new certificates")
}
