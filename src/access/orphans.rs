//! Hosts that certificates issued earlier still open, and clients removed from the spec whose certificates do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::doors::{Doors, Listed};
use super::former;
use crate::diagnostic::Diagnostic;
use crate::model::context::listed;
use crate::model::{Exposure, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::name::DistinguishedName;
use crate::pki::request::Holder;
use crate::store::{Inventory, LedgerEntry, Revocations};
use crate::time::Timestamp;

/// The hosts, and those of the earlier issued certificates that they admit, whether or not the spec still names their
/// authority.
#[derive(Debug)]
pub struct Former<'a> {
    doors: &'a Doors<'a>,
    /// Every intermediate that was ever issued and not revoked: a client below it may send it.
    intermediates: Vec<Certificate>,
    /// Those that no path leads through, even in a trust bundle.
    revoked: BTreeSet<Fingerprint>,
    now: Timestamp,
    /// Which validations certificates pass, by who signed them.
    passed: RefCell<BTreeMap<Option<Signer>, Vec<bool>>>,
}

/// An authority as the certificates that it signed name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    name: DistinguishedName,
    /// Its key identifier; certificates of others may lack it.
    key_id: Option<Vec<u8>>,
}

impl Signer {
    /// The issuer of an entry's certificate; `None` if it does not parse.
    #[must_use]
    pub fn of(entry: &LedgerEntry) -> Option<Self> {
        let certificate = entry.parsed().ok()?;
        Some(Self { name: certificate.issuer, key_id: certificate.authority_key_id })
    }

    fn may_be(&self, certificate: &Certificate) -> bool {
        self.name == certificate.subject
            && !matches!((&self.key_id, &certificate.subject_key_id), (Some(one), Some(other)) if one != other)
    }
}

impl<'a> Former<'a> {
    /// Those of these doors; `revoked` is what the ledger and the spec call so.
    #[must_use]
    pub fn of(
        doors: &'a Doors<'a>,
        inventory: &Inventory,
        revoked: &Revocations,
        now: Timestamp,
    ) -> Self {
        Self {
            doors,
            intermediates: former_intermediates(inventory, revoked),
            revoked: revoked_authorities(inventory, revoked),
            now,
            passed: RefCell::default(),
        }
    }

    /// The hosts that admit the client of an entry, whose signer is this one, while its certificate is valid
    /// and not revoked; those of [`Doors::unknown`] are not among them.
    #[must_use]
    pub fn opened(&self, signer: Option<&Signer>, entry: &LedgerEntry) -> Vec<&'a Exposure> {
        let mut known = self.passed.borrow_mut();
        let passed = known.entry(signer.cloned()).or_insert_with(|| match signer {
            Some(signer) => self.doors.ask(|validation, certificates| {
                self.is_taken(signer, certificates, |signer, bundle, now| {
                    signer.passes(validation, bundle, now)
                })
            }),
            // What cannot be read may open every door.
            None => self.doors.all(),
        });
        let certificate = entry.parsed().ok().filter(|_| self.doors.ask_for_pins());
        let client = Listed { subject: &entry.subject, certificate: certificate.as_ref() };
        let opened = self.doors.behind(passed, client);
        opened.filter(|exposure| !exposure.is_unknown()).collect()
    }

    /// Whether a certificate of that signer is taken, now or once all authorities are valid.
    fn is_taken(
        &self,
        signer: &Signer,
        certificates: &[Certificate],
        passes: impl Fn(&former::Signer, &[Certificate], Timestamp) -> bool,
    ) -> bool {
        let is_left = |one: &&Certificate| !self.revoked.contains(&one.fingerprint());
        let bundle: Vec<Certificate> = certificates.iter().filter(is_left).cloned().collect();
        let all = || bundle.iter().chain(&self.intermediates);
        let intermediates: Vec<&Certificate> = all().filter(|one| !one.is_self_issued()).collect();
        let latest = all().map(|one| one.not_before).max().unwrap_or(self.now);
        let mut signers = all().filter(|one| signer.may_be(one));
        signers.any(|one| {
            let signer = former::Signer::of(one, &intermediates);
            // What is not looked at may open it.
            !signer.is_whole
                || passes(&signer, &bundle, self.now)
                || latest > self.now && passes(&signer, &bundle, latest)
        })
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

fn former_intermediates(inventory: &Inventory, revoked: &Revocations) -> Vec<Certificate> {
    intermediates(inventory, revoked, false).filter_map(|entry| entry.parsed().ok()).collect()
}

fn revoked_authorities(inventory: &Inventory, revoked: &Revocations) -> BTreeSet<Fingerprint> {
    intermediates(inventory, revoked, true).map(|entry| entry.fingerprint).collect()
}

/// What certificates have in common that open the same: who signed them, and where it matters, the subject and the certificate.
type Alike<'a> = (Option<Signer>, Option<&'a str>, Option<Fingerprint>);

/// One warning for all clients that the spec does not have; `revoked` is what the ledger and the spec call so.
#[must_use]
pub fn warning(
    model: &Model,
    doors: &Doors<'_>,
    inventory: &Inventory,
    revoked: &Revocations,
    now: Timestamp,
) -> Option<Diagnostic> {
    let mut entries = open_entries(model, inventory, revoked, now).peekable();
    entries.peek()?;
    let unknown = doors.unknown();
    let former = Former::of(doors, inventory, revoked, now);
    let mut until: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    // Thousands of certificates, and few that differ in what they open.
    let (subjects_matter, pins_matter) = (doors.ask_for_subjects(), doors.ask_for_pins());
    let mut known: BTreeMap<Alike<'_>, bool> = BTreeMap::new();
    for entry in entries {
        let subject = subjects_matter.then_some(entry.subject.as_str());
        let key = (Signer::of(entry), subject, pins_matter.then_some(entry.fingerprint));
        let opens = known.get(&key).copied().unwrap_or_else(|| {
            let opened = former.opened(key.0.as_ref(), entry);
            hosts.extend(opened.iter().map(|exposure| exposure.key.as_str()));
            !opened.is_empty() || !unknown.is_empty()
        });
        known.insert(key, opens);
        if opens {
            let end = until.entry(entry.holder.name()).or_insert(entry.not_after);
            *end = (*end).max(entry.not_after);
        }
    }
    diagnostic(&until, &Vec::from_iter(hosts), &unknown)
}

/// Whether there is anything to ask of doors.
#[must_use]
pub fn are_there(
    model: &Model,
    inventory: &Inventory,
    revoked: &Revocations,
    now: Timestamp,
) -> bool {
    open_entries(model, inventory, revoked, now).next().is_some()
}

/// Valid certificates of clients that the spec does not have.
fn open_entries<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    revoked: &'a Revocations,
    now: Timestamp,
) -> impl Iterator<Item = &'a LedgerEntry> {
    inventory.ledger.entries.iter().filter(move |entry| {
        let is_gone =
            matches!(&entry.holder, Holder::Client(name) if !model.clients.contains_key(name));
        is_gone
            && entry.not_after >= now
            && entry.authority().is_some_and(|a| revoked.get(a, &entry.serial).is_none())
    })
}

/// The hosts that certificates are known to open, and those that they may, in words.
fn doors(open: &str, hosts: &[&str], unknown: &[&str]) -> String {
    match (hosts, unknown) {
        (_, []) => format!("still {open} {}", listed(hosts)),
        ([], _) => format!("may still open {}", listed(unknown)),
        _ => format!("still {open} {} and may open {}", listed(hosts), listed(unknown)),
    }
}

/// `until` has the clients with the ends of their certificates.
fn diagnostic(
    until: &BTreeMap<&str, Timestamp>,
    hosts: &[&str],
    unknown: &[&str],
) -> Option<Diagnostic> {
    let last = until.values().max()?;
    let names: Vec<&str> = until.keys().copied().collect();
    let title = match names.as_slice() {
        [name] => format!(
            "the client `{name}` is not in the spec any more, but until {last} its certificate {}",
            doors("opens", hosts, unknown)
        ),
        _ => format!(
            "{} clients are not in the spec any more, but their certificates {}, the last one until {last}: {}",
            names.len(),
            doors("open", hosts, unknown),
            listed(&names)
        ),
    };
    let clients: Vec<Holder> =
        names.iter().map(|name| Holder::Client((*name).to_owned())).collect();
    let command = Holder::command("cert revoke --all", &clients);
    Some(
        Diagnostic::warning("orphaned-certificate", title)
            .help(format!("to refuse them: {command}, then `mtlsgen render`"))
            .help("`mtlsgen status` lists all certificates"),
    )
}
