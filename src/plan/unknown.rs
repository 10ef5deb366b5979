//! Authorities that manifests trust and that a store does not know: it may be the wrong one, or what is left of one.

use std::collections::BTreeSet;

use super::IssuancePlan;
use crate::diagnostic::Diagnostic;
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;
use crate::store::Inventory;

/// A certificate that manifests trust.
pub struct Trusted {
    /// The file that has it, as people are to find it.
    pub place: String,
    /// The certificate.
    pub certificate: Certificate,
}

/// What manifests trust, as far as that can be seen.
#[derive(Default)]
pub struct Seen {
    /// The certificates.
    pub trusted: Vec<Trusted>,
    /// Files that should have some and cannot be read.
    pub unread: Vec<String>,
}

/// Refuses to issue an authority anew where `seen` has one of its subject that neither the store nor the spec knows,
/// or any such authority, or what nobody can read, where the store is empty. `way_out` is the command that does so all the same.
#[must_use]
pub fn refuse_unknown(
    plan: &IssuancePlan,
    model: &Model,
    inventory: &Inventory,
    seen: &Seen,
    way_out: &str,
) -> Vec<Diagnostic> {
    let is_empty = inventory.ledger.entries.is_empty() && inventory.held.is_empty();
    let known = Known::of(model, inventory);
    let unknown: Vec<&Trusted> =
        seen.trusted.iter().filter(|one| !known.has(&one.certificate)).collect();
    let new = plan.actions.iter().filter(|action| action.is_new_authority());
    let refused = new.filter_map(|action| {
        let is_of = |one: &&&Trusted| one.certificate.subject == action.request.subject;
        let found = unknown.iter().find(is_of).or_else(|| unknown.first().filter(|_| is_empty));
        match (found, seen.unread.first().filter(|_| is_empty)) {
            (Some(found), _) => Some(refusal(&action.request.holder, found, way_out)),
            (None, Some(unread)) => Some(unread_refusal(&action.request.holder, unread, way_out)),
            (None, None) => None,
        }
    });
    refused.collect()
}

/// Refuses to write manifests that no longer trust `gone`, where one of these has the subject of an authority of the
/// store and neither the store nor the spec knows it: the store is another one, or an older copy.
#[must_use]
pub fn refuse_replaced(
    model: &Model,
    inventory: &Inventory,
    gone: &[Trusted],
    way_out: &str,
) -> Vec<Diagnostic> {
    let known = Known::of(model, inventory);
    let issued = |holder: &Holder, found: &Trusted| {
        let request = model.request(holder);
        request.is_some_and(|request| request.subject == found.certificate.subject)
    };
    let mut told = BTreeSet::new();
    let refused = gone.iter().filter(|one| !known.has(&one.certificate)).filter_map(|found| {
        let mut authorities = model.authorities.keys().cloned().map(Holder::Authority);
        let holder = authorities.find(|holder| issued(holder, found))?;
        told.insert(holder.clone()).then(|| refusal(&holder, found, way_out))
    });
    refused.collect()
}

/// Public keys and certificates of authorities that a store or a spec knows.
struct Known {
    keys: BTreeSet<SpkiHash>,
    certificates: BTreeSet<Fingerprint>,
}

impl Known {
    fn of(model: &Model, inventory: &Inventory) -> Self {
        let brought = model.authorities.values().filter_map(|authority| match &authority.source {
            AuthoritySource::Brought(chain) => Some(chain.as_slice()),
            AuthoritySource::Issued(_) => None,
        });
        let held = inventory.held.values().map(|held| held.chain.as_slice());
        let keys = brought.chain(held).flatten().map(|one| one.spki_hash);
        let entries = &inventory.ledger.entries;
        let generations = inventory.generations.keys().flat_map(|name| inventory.trusted(name));
        Self {
            keys: keys
                .chain(generations.map(|one| one.spki_hash))
                .chain(entries.iter().map(|entry| entry.spki_hash))
                .collect(),
            certificates: entries.iter().map(|entry| entry.fingerprint).collect(),
        }
    }

    fn has(&self, certificate: &Certificate) -> bool {
        self.keys.contains(&certificate.spki_hash)
            || self.certificates.contains(&certificate.fingerprint())
    }
}

fn refusal(new: &Holder, found: &Trusted, way_out: &str) -> Diagnostic {
    let Trusted { place, certificate } = found;
    let title = format!(
        "`{place}` trusts the authority `{}` (SHA-256 {}), which the store does not know: with the {new} of this store, all who have a certificate of that one are locked out",
        certificate.subject.rfc2253(),
        certificate.fingerprint()
    );
    with_ways_out(title, way_out)
}

fn unread_refusal(new: &Holder, unread: &str, way_out: &str) -> Diagnostic {
    let title = format!(
        "the store is empty, and which authorities `{unread}` trusts cannot be read: with a new {new}, all who have a certificate of those are locked out"
    );
    with_ways_out(title, way_out)
}

fn with_ways_out(title: String, way_out: &str) -> Diagnostic {
    Diagnostic::error("unknown-authority", title)
        .help("if the store is lost or elsewhere, bring it back: from Git (keys are not in it), from a backup, or from the machine that issued; `store.path` says where it is")
        .help(format!("if the authority is to be a new one, run `{way_out}`: then all its clients need new certificates"))
}
