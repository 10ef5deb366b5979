//! Authorities that manifests trust and that a store does not know: it may be the wrong one, or what is left of one.

use std::collections::BTreeSet;

use super::IssuancePlan;
use super::unsigned::Issuers;
use crate::diagnostic::Diagnostic;
use crate::model::{AuthoritySource, Model, SecretContent};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::key::SpkiHash;
use crate::pki::name::DistinguishedName;
use crate::pki::request::Holder;
use crate::store::Inventory;

/// A certificate in manifests.
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
    /// Certificates that servers show, and those behind them.
    pub served: Vec<Trusted>,
    /// Files that should have some and cannot be read.
    pub unread: Vec<String>,
    /// Files that had some and are gone.
    pub gone: Vec<String>,
}

/// What manifests show so far and no longer, once others are written.
#[derive(Default)]
pub struct Replaced {
    /// Certificates that bundles trust.
    pub trusted: Vec<Trusted>,
    /// Certificates that servers show, and those behind them.
    pub served: Vec<Trusted>,
    /// Certificates that bundles are to trust, and whose keys none of them trusts so far.
    pub come: Vec<Certificate>,
}

/// Refuses to issue an authority where `seen` has one that neither the store nor the spec knows: one of its subject, or
/// any, if bundles are to have the new one or the store is empty; or where one of its subject signed what servers show.
/// What cannot be read may have one; so may what is gone, if the store is empty. `way_out` is the command that issues all
/// the same.
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
    let issuers = Issuers::of(model, inventory, &[]);
    let unknown: Vec<&Trusted> =
        seen.trusted.iter().filter(|one| !known.has(&one.certificate)).collect();
    let gone = seen.gone.first().filter(|_| is_empty);
    let unread = seen.unread.first().or(gone);
    let new = plan.actions.iter().filter(|action| action.is_new_authority());
    let refused = new.filter_map(|action| {
        let holder = &action.request.holder;
        // One that is in no bundle replaces none there.
        let is_seen = is_empty || is_in_bundle(model, holder.name());
        let is_of = |one: &&&Trusted| one.certificate.subject == action.request.subject;
        let found = unknown.iter().find(is_of).or_else(|| unknown.first().filter(|_| is_seen));
        if let Some(found) = found {
            return Some(refusal(holder, found, &Store::folder(way_out)));
        }
        let is_signed = |one: &&Trusted| {
            let Trusted { certificate, .. } = one;
            certificate.issuer == action.request.subject && !issuers.has_issuer_of(certificate)
        };
        if let Some(found) = seen.served.iter().find(is_signed) {
            return Some(served_refusal(holder, found, way_out));
        }
        let unread = unread.filter(|_| is_seen);
        unread.map(|unread| unread_refusal(holder, unread, is_empty, way_out))
    });
    refused.collect()
}

/// Whether an authority is, or one below or above it, in a trust bundle of the model.
fn is_in_bundle(model: &Model, name: &str) -> bool {
    let lineage = &model.lineage;
    let is_in_line = |listed: &String| {
        lineage.is_at_or_below(listed, name) || lineage.is_at_or_below(name, listed)
    };
    model.secrets.iter().any(|secret| match &secret.content {
        SecretContent::TrustBundle(listed) => listed.iter().any(is_in_line),
        SecretContent::KeyPair(_) => false,
    })
}

/// Refuses to write manifests that replace what neither the store nor the spec knows: an authority that is trusted no
/// longer, by one of its subject or by one that no bundle trusts so far; or a server's certificate that was signed by an
/// authority with the subject of one of the store. The store is another one, an older copy, or was lost and has issued since.
#[must_use]
pub fn refuse_replaced(
    model: &Model,
    inventory: &Inventory,
    replaced: &Replaced,
    way_out: &str,
) -> Vec<Diagnostic> {
    let known = Known::of(model, inventory);
    let issuers = Issuers::of(model, inventory, &[]);
    let requests = || {
        let all = model.authorities.values();
        all.filter_map(|authority| match &authority.source {
            AuthoritySource::Issued(request) => Some(request),
            AuthoritySource::Supplied(_) => None,
        })
    };
    let of_subject = |subject: &DistinguishedName| requests().find(|one| one.subject == *subject);
    let is_in = |name: &str| {
        let mut own = inventory.trusted(name).into_iter();
        own.any(|own| replaced.come.iter().any(|new| new.spki_hash == own.spki_hash))
    };
    let newcomer = requests().find(|one| is_in(one.holder.name()));
    let mut reported = BTreeSet::new();
    let trusted = replaced.trusted.iter().filter(|one| !known.has(&one.certificate));
    let trusted = trusted.filter_map(|found| {
        let new = &of_subject(&found.certificate.subject).or(newcomer)?.holder;
        Some((new, refusal(new, found, &Store::folder(way_out))))
    });
    let is_unsigned =
        |one: &&Trusted| !(issuers.has_issuer_of(&one.certificate) || known.has(&one.certificate));
    let served = replaced.served.iter().filter(is_unsigned).filter_map(|found| {
        let new = &of_subject(&found.certificate.issuer)?.holder;
        Some((new, served_refusal(new, found, way_out)))
    });
    let all = trusted.chain(served);
    all.filter_map(|(new, refusal)| reported.insert(new).then_some(refusal)).collect()
}

/// Refuses a derived store whose authorities have other keys than those that manifests trust, which another seed gives:
/// one of the subject of an authority of the spec, or any, where no key of this seed is trusted and bundles are to have
/// one. `way_out` is the command that renders all the same.
#[must_use]
pub fn refuse_other_seed(
    model: &Model,
    inventory: &Inventory,
    seen: &Seen,
    way_out: &str,
) -> Vec<Diagnostic> {
    let all = Known::of(model, inventory);
    let (known, unknown): (Vec<&Trusted>, Vec<&Trusted>) =
        seen.trusted.iter().partition(|one| all.has(&one.certificate));
    let issued = model.authorities.values().filter_map(|authority| match &authority.source {
        AuthoritySource::Issued(request) => Some(request),
        AuthoritySource::Supplied(_) => None,
    });
    let is_supplied = |one: &Trusted| {
        let mut supplied = supplied(model);
        supplied.any(|own| own.spki_hash == one.certificate.spki_hash)
    };
    let has_own = known.iter().any(|one| !is_supplied(one));
    let refused = issued.filter_map(|request| {
        let holder = &request.holder;
        let is_of = |one: &&&Trusted| one.certificate.subject == request.subject;
        if known.iter().any(|one| is_of(&one)) {
            return None;
        }
        let other = !has_own && is_in_bundle(model, holder.name());
        let found = unknown.iter().find(is_of).or_else(|| unknown.first().filter(|_| other));
        match (found, seen.unread.first().filter(|_| other)) {
            (Some(found), _) => Some(refusal(holder, found, &Store::derived(way_out))),
            (None, Some(unread)) => Some(unread_refusal(holder, unread, false, way_out)),
            (None, None) => None,
        }
    });
    refused.collect()
}

/// Certificates of authorities that the spec supplies.
pub(super) fn supplied(model: &Model) -> impl Iterator<Item = &Certificate> {
    let chains = model.authorities.values().filter_map(|authority| match &authority.source {
        AuthoritySource::Supplied(chain) => Some(chain),
        AuthoritySource::Issued(_) => None,
    });
    chains.flatten()
}

/// Public keys and certificates of authorities that a store or a spec knows.
struct Known {
    keys: BTreeSet<SpkiHash>,
    certificates: BTreeSet<Fingerprint>,
}

impl Known {
    fn of(model: &Model, inventory: &Inventory) -> Self {
        // What lies behind a certificate in its file is another authority's, whose own files may be lost.
        let held = inventory.held.values().map(|held| held.certificate().spki_hash);
        let keys = supplied(model).map(|one| one.spki_hash).chain(held);
        let entries = &inventory.ledger.entries;
        let generations = inventory.generations.keys().flat_map(|name| inventory.trusted(name));
        Self {
            keys: keys
                .chain(generations.map(|one| one.spki_hash))
                .chain(entries.iter().map(|entry| entry.spki_hash))
                .chain(inventory.other_keys.iter().copied())
                .collect(),
            certificates: entries.iter().map(|entry| entry.fingerprint).collect(),
        }
    }

    fn has(&self, certificate: &Certificate) -> bool {
        self.keys.contains(&certificate.spki_hash)
            || self.certificates.contains(&certificate.fingerprint())
    }
}

/// The words for a kind of store.
struct Store<'a> {
    knows: &'static str,
    one_of: &'static str,
    help: &'static [&'static str],
    way_out: &'a str,
}

impl<'a> Store<'a> {
    fn folder(way_out: &'a str) -> Self {
        Self {
            knows: "which neither the store nor the spec knows",
            one_of: "of this store",
            help: &[RESTORE],
            way_out,
        }
    }

    fn derived(way_out: &'a str) -> Self {
        Self {
            knows: "whose key is not from this seed, or which left the spec",
            one_of: "of this seed",
            help: &[
                "take the seed that its key is from: of `--seed-file`, `MTLSGEN_SEED`, `MTLSGEN_SEED_FILE` and `store.seedFile`, the first one counts",
                "if the seed is the right one, the authority has another name in the spec, or another kind of key, than before: put that back",
                "if it left the spec, and another one came with the same seed, nothing is wrong with the seed: put it back beside the other one until all its clients have certificates of that, or take it away all at once as follows",
            ],
            way_out,
        }
    }
}

const RESTORE: &str = "if the store is lost or elsewhere, wholly or in part, restore it: from Git (keys are not in it), from a backup, or from the machine that issued; `store.path` says where it is";

/// What follows of a new authority that signs for servers.
pub(super) const CALLERS_NEED_IT: &str = "all who call its servers need its certificate";

fn refusal(new: &Holder, found: &Trusted, store: &Store<'_>) -> Diagnostic {
    let Trusted { place, certificate } = found;
    let Store { knows, one_of, help, way_out } = store;
    let title = format!(
        "`{place}` trusts the authority `{}` (SHA-256 {}), {knows}: with the {new} {one_of}, all who have a certificate of that one are locked out",
        certificate.subject.rfc2253(),
        certificate.fingerprint()
    );
    let error = Diagnostic::error("unknown-authority", title);
    help.iter().fold(error, |error, help| error.help(*help)).help(renewed(way_out))
}

fn served_refusal(new: &Holder, found: &Trusted, way_out: &str) -> Diagnostic {
    let Trusted { place, certificate } = found;
    let title = format!(
        "`{place}` has a certificate that the authority `{}` signed, which neither the store nor the spec knows: with the {new} of this store, all who trust that one refuse the server",
        certificate.issuer.rfc2253(),
    );
    let error = Diagnostic::error("unknown-authority", title).help(RESTORE);
    error.help(format!(
        "if the authority is to be a new one, run `{way_out}`: then {CALLERS_NEED_IT}"
    ))
}

fn unread_refusal(new: &Holder, unread: &str, is_empty: bool, way_out: &str) -> Diagnostic {
    let empty = if is_empty { "the store is empty, and " } else { "" };
    let title = format!(
        "{empty}which authorities `{unread}` trusts cannot be read: with a new {new}, all who have a certificate of those are locked out"
    );
    let error = Diagnostic::error("unknown-authority", title);
    let error = if is_empty { error } else { error.help(format!("restore `{unread}` from Git")) };
    error.help(RESTORE).help(renewed(way_out))
}

fn renewed(way_out: &str) -> String {
    format!(
        "if the authority is to be a new one, run `{way_out}`: then all its clients need new certificates"
    )
}
