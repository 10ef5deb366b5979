//! Every certificate of a spec and its store: what it is, how long it lasts, and how it is with it.

mod icalendar;
mod json;
mod prometheus;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::crl::RevocationList;
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::plan::revoking::{self, ListReason};
use crate::plan::{
    Inventory, IssuancePlan, Ledger, LedgerEntry, NewRevocation, Revocations, orphans,
};
use crate::time::{Seconds, Timestamp};

pub use icalendar::render as icalendar;
pub use json::render as json;
pub use prometheus::render as prometheus;
pub use table::render as table;

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A certificate, by who holds it.
    Certificate(Holder),
    /// The revocation list of an authority; by its name in the spec, or its subject if it has none there.
    List(String),
}

impl Subject {
    /// `authority`, `host`, `client` or `crl`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Certificate(Holder::Authority(_)) => "authority",
            Self::Certificate(Holder::Host(_)) => "host",
            Self::Certificate(Holder::Client(_)) => "client",
            Self::List(_) => "crl",
        }
    }

    /// The name in the spec.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Certificate(holder) => holder.name(),
            Self::List(name) => name,
        }
    }
}

/// How it is with a certificate or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In use, and nothing to do.
    Valid,
    /// In use; the next render replaces it.
    Due,
    /// Over.
    Expired,
    /// Revoked, whether by a ledger or by the spec.
    Revoked,
    /// Its holder has another one by now; still valid.
    Superseded,
    /// Its holder is not in the spec any more; still valid.
    Orphaned,
    /// In the spec, and not made yet or not here.
    Missing,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Valid,
        Self::Due,
        Self::Expired,
        Self::Revoked,
        Self::Superseded,
        Self::Orphaned,
        Self::Missing,
    ];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Valid => "valid",
            Self::Due => "due",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::Orphaned => "orphaned",
            Self::Missing => "missing",
        })
    }
}

/// What is known of a certificate or list that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Subject of a certificate, issuer of a list; RFC 2253.
    pub subject: String,
    /// Serial of a certificate, number of a list.
    pub serial: String,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// First second.
    pub not_before: Timestamp,
    /// Last second.
    pub not_after: Timestamp,
}

/// A certificate or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub subject: Subject,
    /// Who signed it: an authority's name, `self-signed`, or the subject of an authority without a name.
    pub issuer: String,
    /// Whether somebody else made it.
    pub is_brought: bool,
    /// Whether the spec and its manifests go by it; otherwise it is a thing of the past.
    pub is_current: bool,
    /// What is known of it; `None` if it is missing.
    pub facts: Option<Facts>,
    /// When the next render replaces it, if mtlsgen does.
    pub renewal_time: Option<Timestamp>,
    /// How it is with it.
    pub state: State,
    /// Why it is due or revoked.
    pub reason: Option<String>,
    /// Keys under `hosts` of those that a client gets into with it, whatever the spec says of the client.
    pub opens: Vec<String>,
}

impl Row {
    /// Whether it is in use and does not last beyond `until`.
    #[must_use]
    pub fn ends_by(&self, until: Timestamp) -> bool {
        self.is_current
            && (matches!(self.state, State::Missing | State::Revoked)
                || self.facts.as_ref().is_some_and(|facts| facts.not_after <= until))
    }
}

/// What rows are made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// What the spec says.
    pub model: &'a Model,
    /// What the store holds, all its ledgers included.
    pub inventory: &'a Inventory,
    /// What the next render would do.
    pub plan: &'a IssuancePlan,
    /// Now.
    pub now: Timestamp,
}

/// Everything, by kind and name, what is in use first.
#[must_use]
pub fn rows(sources: Sources<'_>) -> Vec<Row> {
    let mut rows = current(sources);
    rows.extend(brought(sources));
    let shown: BTreeSet<Fingerprint> =
        rows.iter().filter_map(|row| row.facts.as_ref()).map(|facts| facts.fingerprint).collect();
    rows.extend(past(sources, &shown));
    rows.extend(lists(sources));
    let end = |row: &Row| row.facts.as_ref().map(|facts| std::cmp::Reverse(facts.not_after));
    rows.sort_by_cached_key(|row| (row.subject.clone(), !row.is_current, end(row)));
    rows
}

/// The certificates that the spec wants and mtlsgen issues.
fn current(sources: Sources<'_>) -> Vec<Row> {
    let Sources { model, inventory, plan, now } = sources;
    let reasons: BTreeMap<&Holder, String> = plan
        .actions
        .iter()
        .map(|action| (&action.request.holder, action.reason.to_string()))
        .collect();
    let revoked = revoked(inventory, plan);
    let row = |request: &crate::pki::request::CertificateRequest| {
        let held = inventory.held.get(&request.holder).map(|held| held.certificate());
        let reason = reasons.get(&request.holder).cloned();
        let is_revoked =
            held.is_some_and(|held| is_revoked(&revoked, &request.issuer, &held.serial));
        let state = match held {
            None => State::Missing,
            Some(held) if held.not_after < now => State::Expired,
            Some(_) if is_revoked => State::Revoked,
            Some(_) if reason.is_some() => State::Due,
            Some(_) => State::Valid,
        };
        Row {
            subject: Subject::Certificate(request.holder.clone()),
            issuer: issuer(&request.issuer),
            is_brought: false,
            is_current: true,
            facts: held.map(facts),
            renewal_time: held.map(|held| held.not_after.before(request.renew_before)),
            state,
            reason,
            opens: Vec::new(),
        }
    };
    model.requests().map(row).collect()
}

fn issuer(issuer: &Issuer) -> String {
    match issuer {
        Issuer::Authority(name) => name.clone(),
        Issuer::SelfSigned => "self-signed".to_owned(),
    }
}

fn facts(certificate: &Certificate) -> Facts {
    Facts {
        subject: certificate.subject.rfc2253(),
        serial: certificate.serial.to_string(),
        fingerprint: certificate.fingerprint(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    }
}

/// What is revoked by now, and what the next render revokes.
fn revoked(inventory: &Inventory, plan: &IssuancePlan) -> Revocations {
    let mut revoked = inventory.ledger.revoked.clone();
    for NewRevocation { authority, serial, revocation, .. } in &plan.revocations {
        revoked.insert(authority, serial, revocation.clone());
    }
    revoked
}

fn is_revoked(revoked: &Revocations, issuer: &Issuer, serial: &SerialNumber) -> bool {
    matches!(issuer, Issuer::Authority(name) if revoked.get(name, serial).is_some())
}

/// Certificates that others made.
fn brought(sources: Sources<'_>) -> Vec<Row> {
    let Sources { model, now, .. } = sources;
    let authorities = model.authorities.values().filter_map(|authority| match &authority.source {
        AuthoritySource::Brought(chain) => Some((Holder::Authority(authority.name.clone()), chain)),
        AuthoritySource::Issued(_) => None,
    });
    let hosts = model.brought.iter().map(|(holder, chain)| (holder.clone(), chain));
    let mut rows = Vec::new();
    for (holder, chain) in authorities.chain(hosts) {
        for certificate in chain {
            let is_own_issuer = certificate.issuer == certificate.subject;
            let issuer =
                if is_own_issuer { "self-signed".to_owned() } else { certificate.issuer.rfc2253() };
            rows.push(Row {
                subject: Subject::Certificate(holder.clone()),
                issuer,
                is_brought: true,
                is_current: true,
                facts: Some(facts(certificate)),
                renewal_time: None,
                state: if certificate.not_after < now { State::Expired } else { State::Valid },
                reason: None,
                opens: Vec::new(),
            });
        }
    }
    rows
}

/// What ledgers tell of earlier times.
fn past(sources: Sources<'_>, shown: &BTreeSet<Fingerprint>) -> Vec<Row> {
    let Sources { model, inventory, plan, now } = sources;
    let wanted: BTreeSet<&Holder> = model.requests().map(|request| &request.holder).collect();
    let ledger: &Ledger = &inventory.ledger;
    let revoked = revoked(inventory, plan);
    let row = |entry: &LedgerEntry| {
        let revocation = entry.authority().and_then(|name| revoked.get(name, &entry.serial));
        let state = if entry.not_after < now {
            State::Expired
        } else if revocation.is_some() {
            State::Revoked
        } else if wanted.contains(&entry.holder) {
            State::Superseded
        } else {
            State::Orphaned
        };
        let is_open = matches!(state, State::Superseded | State::Orphaned);
        let opens = orphans::opened(model, entry).map(|exposure| exposure.key.clone());
        Row {
            subject: Subject::Certificate(entry.holder.clone()),
            issuer: issuer(&entry.issuer),
            is_brought: false,
            is_current: false,
            facts: Some(Facts {
                subject: entry.subject.clone(),
                serial: entry.serial.to_string(),
                fingerprint: entry.fingerprint,
                not_before: entry.not_before,
                not_after: entry.not_after,
            }),
            renewal_time: None,
            state,
            reason: revocation.map(|revocation| revocation.reason.to_string()),
            opens: if is_open { opens.collect() } else { Vec::new() },
        }
    };
    let others = ledger.entries.iter().filter(|entry| !shown.contains(&entry.fingerprint));
    others.map(row).collect()
}

/// Revocation lists: those that hosts need, and those that were brought along.
fn lists(sources: Sources<'_>) -> Vec<Row> {
    let Sources { model, inventory, plan, now } = sources;
    let mut rows = Vec::new();
    let needed = revoking::needed(model, &revoked(inventory, plan));
    for authority in needed.iter().filter_map(|name| model.authorities.get(*name)) {
        if !authority.can_sign {
            continue;
        }
        let own = match &authority.source {
            AuthoritySource::Brought(chain) => chain.first(),
            AuthoritySource::Issued(request) => {
                inventory.held.get(&request.holder).map(|held| held.certificate())
            }
        };
        let list = own.and_then(|own| revoking::current(model, inventory, own));
        let planned = plan
            .lists
            .iter()
            .find(|planned| planned.authority == authority.name && planned.generation.is_none());
        let state = match (list, planned.map(|planned| &planned.reason)) {
            (None, _) => State::Missing,
            (Some(list), _) if list.next_update <= now => State::Expired,
            (Some(_), Some(_)) => State::Due,
            (Some(_), None) => State::Valid,
        };
        rows.push(Row {
            subject: Subject::List(authority.name.clone()),
            issuer: authority.name.clone(),
            is_brought: false,
            is_current: true,
            facts: list.map(list_facts),
            renewal_time: list.map(|list| revoking::renewal_time(authority, list)),
            state,
            reason: planned.map(|planned| ListReason::to_string(&planned.reason)),
            opens: Vec::new(),
        });
    }
    let brought = model.authorities.values().flat_map(|authority| {
        authority.lists.brought.iter().map(|list| (authority.name.clone(), list))
    });
    for (name, list) in brought {
        let expired = list.next_update <= now;
        rows.push(Row {
            subject: Subject::List(name),
            issuer: list.issuer.rfc2253(),
            is_brought: true,
            is_current: true,
            facts: Some(list_facts(list)),
            renewal_time: None,
            state: if expired { State::Expired } else { State::Valid },
            reason: None,
            opens: Vec::new(),
        });
    }
    rows
}

fn list_facts(list: &RevocationList) -> Facts {
    Facts {
        subject: list.issuer.rfc2253(),
        serial: list.number.map_or_else(String::new, |number| number.to_string()),
        fingerprint: list.fingerprint(),
        not_before: list.this_update,
        not_after: list.next_update,
    }
}

/// The rows that end within `time`, or are missing; of those in use.
#[must_use]
pub fn ending(rows: &[Row], now: Timestamp, time: Seconds) -> Vec<&Row> {
    let until = now.after(time);
    rows.iter().filter(|row| row.ends_by(until)).collect()
}
