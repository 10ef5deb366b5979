//! Doors that certificates of former times still open, and clients that are gone from the spec while theirs do.

use std::collections::{BTreeMap, BTreeSet};

use super::{chains, paths};
use crate::diagnostic::Diagnostic;
use crate::model::context::listed;
use crate::model::{Exposure, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::name::DistinguishedName;
use crate::pki::request::Holder;
use crate::specification::Verify;
use crate::store::{Inventory, LedgerEntry, Revocations};
use crate::time::Timestamp;

/// The hosts, with the authorities whose clients they let in: every one from which a path leads to a root of
/// their bundle now, whether the spec still names it or not.
#[derive(Debug)]
pub struct Doors<'a> {
    model: &'a Model,
    /// The names and keys of those who may sign, by what a host lists.
    signers: BTreeMap<&'a [String], BTreeSet<Signer>>,
}

/// An authority as the certificates that it signed name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    name: DistinguishedName,
    /// Its key identifier; certificates of others may lack it.
    key_id: Option<Vec<u8>>,
}

impl Signer {
    /// Who signed the certificate of an entry; `None` if that cannot be told.
    #[must_use]
    pub fn of(entry: &LedgerEntry) -> Option<Self> {
        let certificate = entry.parsed().ok()?;
        Some(Self { name: certificate.issuer, key_id: certificate.authority_key_id })
    }

    fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && !matches!((&self.key_id, &other.key_id), (Some(one), Some(other)) if one != other)
    }
}

impl<'a> Doors<'a> {
    /// Those of the model, as its bundles are now; `revoked` is what the ledger and the spec call so.
    #[must_use]
    pub fn of(
        model: &'a Model,
        inventory: &Inventory,
        revoked: &Revocations,
        now: Timestamp,
    ) -> Self {
        let auths = model.exposures.iter().filter_map(|exposure| exposure.client_auth.as_ref());
        let bundles: BTreeSet<&[String]> = auths.map(|auth| auth.authorities.as_slice()).collect();
        let former = former_intermediates(inventory, revoked);
        let gone = revoked_authorities(inventory, revoked);
        let signers = |listed: &'a [String]| {
            let one = |name: &String| chains::bundle(model, inventory, std::slice::from_ref(name));
            let bundle: Vec<&Certificate> = listed.iter().filter_map(one).flatten().collect();
            let (anchors, others): (Vec<_>, Vec<_>) =
                bundle.into_iter().partition(|one| one.is_self_issued());
            let others = others.into_iter().filter(|one| !gone.contains(&one.fingerprint()));
            let others = others.chain(&former);
            let accepted = paths::accepted(anchors, others, now);
            accepted
                .into_iter()
                .map(|one| Signer { name: one.subject.clone(), key_id: one.subject_key_id.clone() })
        };
        let signers =
            bundles.into_iter().map(|listed| (listed, signers(listed).collect())).collect();
        Self { model, signers }
    }

    /// The hosts that a client gets into with a certificate of this signer and subject, as long as it is valid
    /// and nobody revokes it; those of [`Doors::unknown`] are not among them.
    pub fn opened<'b>(
        &'b self,
        signer: Option<&'b Signer>,
        subject: &'b str,
    ) -> impl Iterator<Item = &'a Exposure> + 'b {
        let model: &'a Model = self.model;
        // What cannot be read may open every door.
        let believed: BTreeSet<&[String]> = self
            .signers
            .iter()
            .filter(|(_, all)| signer.is_none_or(|signer| all.iter().any(|one| one.is(signer))))
            .map(|(listed, _)| *listed)
            .collect();
        model.exposures.iter().filter(move |exposure| {
            let auth = exposure.client_auth.as_ref().filter(|_| !exposure.is_unknown());
            auth.is_some_and(|auth| {
                auth.verify != Verify::Off
                    && believed.contains(auth.authorities.as_slice())
                    && auth
                        .allow
                        .as_ref()
                        .is_none_or(|all| all.iter().any(|one| one.subject.rfc2253() == subject))
            })
        })
    }
}

impl Doors<'_> {
    /// The hosts of which nobody knows whom they let in: any certificate may open them.
    #[must_use]
    pub fn unknown(model: &Model) -> Vec<&str> {
        let unknown = model.exposures.iter().filter(|exposure| exposure.is_unknown());
        unknown.map(|exposure| exposure.key.as_str()).collect()
    }
}

/// Entries of intermediates: those that are revoked, or the others.
fn intermediates<'a>(
    inventory: &'a Inventory,
    revoked: &'a Revocations,
    are_revoked: bool,
) -> impl Iterator<Item = &'a LedgerEntry> {
    inventory.ledger.entries.iter().filter(move |entry| {
        matches!(entry.holder, Holder::Authority(_))
            && entry
                .authority()
                .is_some_and(|above| revoked.get(above, &entry.serial).is_some() == are_revoked)
    })
}

/// Every intermediate that was ever issued and not revoked: whoever stands below it may show it.
fn former_intermediates(inventory: &Inventory, revoked: &Revocations) -> Vec<Certificate> {
    intermediates(inventory, revoked, false).filter_map(|entry| entry.parsed().ok()).collect()
}

/// Intermediates that vouch for nobody, whatever bundle they stand in.
fn revoked_authorities(inventory: &Inventory, revoked: &Revocations) -> BTreeSet<Fingerprint> {
    intermediates(inventory, revoked, true).map(|entry| entry.fingerprint).collect()
}

/// One warning for all clients that the spec does not have; `revoked` is what the ledger and the spec call so.
pub(super) fn warning(
    model: &Model,
    inventory: &Inventory,
    revoked: &Revocations,
    now: Timestamp,
) -> Option<Diagnostic> {
    let is_open = |entry: &&LedgerEntry| {
        let is_gone =
            matches!(&entry.holder, Holder::Client(name) if !model.clients.contains_key(name));
        is_gone
            && entry.not_after >= now
            && entry.authority().is_some_and(|a| revoked.get(a, &entry.serial).is_none())
    };
    let mut entries = inventory.ledger.entries.iter().filter(is_open).peekable();
    entries.peek()?;
    let unknown = Doors::unknown(model);
    let all_doors = Doors::of(model, inventory, revoked, now);
    let mut until: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    // Thousands of certificates, and few that differ in what they open.
    let subjects_matter = model
        .exposures
        .iter()
        .any(|exposure| exposure.client_auth.as_ref().is_some_and(|auth| auth.allow.is_some()));
    let mut doors: BTreeMap<(Option<Signer>, Option<&str>), bool> = BTreeMap::new();
    for entry in entries {
        let key = (Signer::of(entry), subjects_matter.then_some(entry.subject.as_str()));
        let opens = doors.get(&key).copied().unwrap_or_else(|| {
            let mut opened = all_doors.opened(key.0.as_ref(), &entry.subject).peekable();
            let opens = opened.peek().is_some() || !unknown.is_empty();
            hosts.extend(opened.map(|exposure| exposure.key.as_str()));
            opens
        });
        doors.insert(key, opens);
        if opens {
            let end = until.entry(entry.holder.name()).or_insert(entry.not_after);
            *end = (*end).max(entry.not_after);
        }
    }
    told(&until, &Vec::from_iter(hosts), &unknown)
}

/// What is said of doors: those that certificates are known to open, and those that they may.
fn doors(open: &str, hosts: &[&str], unknown: &[&str]) -> String {
    match (hosts, unknown) {
        (_, []) => format!("still {open} {}", listed(hosts)),
        ([], _) => format!("may still open {}", listed(unknown)),
        _ => format!("still {open} {} and may open {}", listed(hosts), listed(unknown)),
    }
}

/// `until` has the clients with the ends of their certificates.
fn told(until: &BTreeMap<&str, Timestamp>, hosts: &[&str], unknown: &[&str]) -> Option<Diagnostic> {
    let last = until.values().max()?;
    let names: Vec<&str> = until.keys().copied().collect();
    let (title, which) = match names.as_slice() {
        [name] => (
            format!(
                "the client `{name}` is not in the spec any more, but until {last} its certificate {}",
                doors("opens", hosts, unknown)
            ),
            (*name).to_owned(),
        ),
        _ => (
            format!(
                "{} clients are not in the spec any more, but their certificates {}, the last one until {last}: {}",
                names.len(),
                doors("open", hosts, unknown),
                listed(&names)
            ),
            "NAME".to_owned(),
        ),
    };
    Some(
        Diagnostic::warning("orphaned-certificate", title)
            .help(format!(
                "shut it out: `mtlsgen cert revoke --all {which}`, then `mtlsgen render`"
            ))
            .help("`mtlsgen status` lists all certificates"),
    )
}
