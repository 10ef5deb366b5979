//! From spec, store and plan to rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, Row, State, Subject};
use crate::access::doors::Doors;
use crate::access::orphans::{Former, Signer};
use crate::derive::schedule;
use crate::model::{Authority, AuthoritySource, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::crl::RevocationList;
use crate::pki::request::{CertificateRequest, Holder, Issuer, SerialNumber};
use crate::plan::{IssuancePlan, ListReason, listing, revoking};
use crate::store::{Generations, HeldCertificate, Inventory, Ledger, LedgerEntry, Revocations};
use crate::time::Timestamp;

/// What rows are made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// What the spec says.
    pub model: &'a Model,
    /// What the store holds, all its ledgers included.
    pub inventory: &'a Inventory,
    /// What the next render would do.
    pub plan: &'a IssuancePlan,
    /// The clients that the hosts admit.
    pub doors: &'a Doors<'a>,
    /// Now.
    pub now: Timestamp,
}

/// Everything, by kind and name, what is in use first.
#[must_use]
pub fn rows(sources: Sources<'_>) -> Vec<Row> {
    let mut rows = current(sources);
    rows.extend(supplied(sources));
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
    let Sources { model, inventory, plan, now, .. } = sources;
    let reasons: BTreeMap<&Holder, String> = plan
        .actions
        .iter()
        .map(|action| (&action.request.holder, action.reason.to_string()))
        .collect();
    let revoked = plan.revoked(inventory);
    let row = |request: &CertificateRequest| {
        let held = inventory.held.get(&request.holder).map(HeldCertificate::certificate);
        let reason = reasons.get(&request.holder).cloned();
        let is_revoked =
            held.is_some_and(|held| is_revoked(&revoked, &request.issuer, &held.serial));
        let state = match held {
            None => State::Missing,
            Some(held) if held.not_after < now => State::Expired,
            Some(_) if is_revoked => State::Revoked,
            Some(held) if held.not_before > now => State::NotYetValid,
            Some(_) if reason.is_some() => State::Due,
            Some(_) => State::Valid,
        };
        Row {
            subject: Subject::Certificate(request.holder.clone()),
            issuer: issuer(&request.issuer),
            is_supplied: false,
            is_current: true,
            facts: held.map(facts),
            renewal_time: held.and_then(|held| match &model.derivation {
                Some(_) => schedule::next_edge(model, request, now),
                None => Some(held.not_after.before(request.renew_before)),
            }),
            state,
            reason,
            opens: Vec::new(),
            may_open: Vec::new(),
        }
    };
    // Whether the others have certificates is not known.
    let seen = model.requests().filter(|request| !inventory.unseen.contains(&request.holder));
    seen.map(row).collect()
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

/// Whether that certificate of an issuer is revoked.
pub(super) fn is_revoked(revoked: &Revocations, issuer: &Issuer, serial: &SerialNumber) -> bool {
    matches!(issuer, Issuer::Authority(name) if revoked.get(name, serial).is_some())
}

/// Certificates that others made.
fn supplied(sources: Sources<'_>) -> Vec<Row> {
    let Sources { model, now, .. } = sources;
    let authorities = model.authorities.values().filter_map(|authority| match &authority.source {
        AuthoritySource::Supplied(chain) => {
            Some((Holder::Authority(authority.name.clone()), chain))
        }
        AuthoritySource::Issued(_) => None,
    });
    let hosts = model.supplied.iter().map(|(holder, chain)| (holder.clone(), chain));
    let mut rows = Vec::new();
    for (holder, chain) in authorities.chain(hosts) {
        let is_first = |(at, one): &(usize, &Certificate)| !chain[..*at].contains(one);
        for (_, certificate) in chain.iter().enumerate().filter(is_first) {
            let is_own_issuer = certificate.is_self_issued();
            let issuer =
                if is_own_issuer { "self-signed".to_owned() } else { certificate.issuer.rfc2253() };
            rows.push(Row {
                subject: Subject::Certificate(holder.clone()),
                issuer,
                is_supplied: true,
                is_current: true,
                facts: Some(facts(certificate)),
                renewal_time: None,
                state: match certificate {
                    one if one.not_after < now => State::Expired,
                    one if one.not_before > now => State::NotYetValid,
                    _ => State::Valid,
                },
                reason: None,
                opens: Vec::new(),
                may_open: Vec::new(),
            });
        }
    }
    rows
}

/// Certificates of the ledgers that have been replaced.
fn past(sources: Sources<'_>, shown: &BTreeSet<Fingerprint>) -> Vec<Row> {
    let Sources { model, inventory, plan, doors, now } = sources;
    let wanted: BTreeSet<&Holder> = model.requests().map(|request| &request.holder).collect();
    let ledger: &Ledger = &inventory.ledger;
    let revoked = plan.revoked(inventory);
    let former = Former::of(doors, inventory, &revoked, now);
    let unknown: Vec<String> = doors.unknown().into_iter().map(str::to_owned).collect();
    let row = |entry: &LedgerEntry| {
        let revocation = entry.authority().and_then(|name| revoked.get(name, &entry.serial));
        let state = if entry.not_after < now {
            State::Expired
        } else if revocation.is_some() {
            State::Revoked
        } else if entry.not_before > now {
            State::NotYetValid
        } else if let Some(state) = beside_current(inventory, entry) {
            state
        } else if wanted.contains(&entry.holder) {
            State::Superseded
        } else {
            State::Orphaned
        };
        let signer = if is_open_client(state, entry) { Some(Signer::of(entry)) } else { None };
        let opens = signer.iter().flat_map(|signer| {
            let opened = former.opened(signer.as_ref(), entry);
            opened.into_iter().map(|exposure| exposure.key.clone())
        });
        Row {
            subject: Subject::Certificate(entry.holder.clone()),
            issuer: issuer(&entry.issuer),
            is_supplied: false,
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
            opens: opens.collect(),
            may_open: if signer.is_some() { unknown.clone() } else { Vec::new() },
        }
    };
    let others = ledger.entries.iter().filter(|entry| !shown.contains(&entry.fingerprint));
    others.map(row).collect()
}

/// Whether it is a client's that may still open doors, or will.
fn is_open_client(state: State, entry: &LedgerEntry) -> bool {
    matches!(state, State::Superseded | State::Orphaned | State::NotYetValid)
        && matches!(entry.holder, Holder::Client(_))
}

/// What a certificate of an authority is in a rollover.
fn beside_current(inventory: &Inventory, entry: &LedgerEntry) -> Option<State> {
    let Holder::Authority(name) = &entry.holder else { return None };
    let Generations { next, retiring } = inventory.generations.get(name)?;
    let is_it = |held: &HeldCertificate| held.certificate().fingerprint() == entry.fingerprint;
    if next.as_ref().is_some_and(is_it) {
        return Some(State::Introduced);
    }
    retiring.values().any(is_it).then_some(State::Retiring)
}

/// Revocation lists: those that hosts need, and those that the user supplied.
fn lists(sources: Sources<'_>) -> Vec<Row> {
    let Sources { model, inventory, plan, now, .. } = sources;
    let mut rows = Vec::new();
    let needed = revoking::needed(model, &plan.revoked(inventory));
    for authority in needed.iter().filter_map(|name| model.authorities.get(*name)) {
        if !authority.can_sign {
            continue;
        }
        let own = match &authority.source {
            AuthoritySource::Supplied(chain) => chain.first(),
            AuthoritySource::Issued(request) => {
                inventory.held.get(&request.holder).map(HeldCertificate::certificate)
            }
        };
        let beside = inventory.trusted(&authority.name).into_iter().skip(1);
        let beside = beside.map(|one| (Some(one), Some(one.spki_hash)));
        for (certificate, generation) in std::iter::once((own, None)).chain(beside) {
            let list = match certificate {
                Some(one) => revoking::current(model, inventory, one),
                None => revoking::of_unseen(inventory, &authority.name),
            };
            let planned = plan.lists.iter().find(|planned| {
                planned.authority == authority.name && planned.generation == generation
            });
            let state = match (list, planned.map(|planned| &planned.reason)) {
                (None, _) => State::Missing,
                (Some(list), _) if list.end() <= now => State::Expired,
                (Some(list), _) if list.this_update > now => State::NotYetValid,
                (Some(_), Some(_)) => State::Due,
                (Some(_), None) => State::Valid,
            };
            rows.push(Row {
                subject: Subject::List(authority.name.clone()),
                issuer: authority.name.clone(),
                is_supplied: false,
                is_current: true,
                facts: list.map(list_facts),
                renewal_time: list.map(|list| listing::renewal_time(authority, list)),
                state,
                reason: planned.map(|planned| ListReason::to_string(&planned.reason)),
                opens: Vec::new(),
                may_open: Vec::new(),
            });
        }
    }
    let supplied = model
        .authorities
        .values()
        .flat_map(|authority| authority.lists.supplied.iter().map(move |list| (authority, list)));
    for (authority, list) in supplied {
        let is_replaced = is_replaced(authority, list);
        let state = match list.end() <= now {
            true => State::Expired,
            false if is_replaced => State::Superseded,
            false if list.this_update > now => State::NotYetValid,
            false => State::Valid,
        };
        rows.push(Row {
            subject: Subject::List(authority.name.clone()),
            issuer: list.issuer.rfc2253(),
            is_supplied: true,
            is_current: !is_replaced,
            facts: Some(list_facts(list)),
            renewal_time: None,
            state,
            reason: None,
            opens: Vec::new(),
            may_open: Vec::new(),
        });
    }
    rows
}

/// Whether mtlsgen's own lists replace one that was supplied: that of an authority whose key is in the store.
fn is_replaced(authority: &Authority, list: &RevocationList) -> bool {
    match &authority.source {
        AuthoritySource::Supplied(chain) => {
            authority.can_sign && chain.first().is_some_and(|own| list.may_be_signed_by(own))
        }
        AuthoritySource::Issued(_) => false,
    }
}

fn list_facts(list: &RevocationList) -> Facts {
    Facts {
        subject: list.issuer.rfc2253(),
        serial: list.number.as_ref().map_or_else(String::new, ToString::to_string),
        fingerprint: list.fingerprint(),
        not_before: list.this_update,
        not_after: list.end(),
    }
}
