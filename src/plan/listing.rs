//! Which revocation lists are to be signed, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::revoking::{current, needed, of_unseen};
use crate::model::{Authority, AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{ListNumber, RevocationList, RevokedEntry};
use crate::pki::issue::{RevocationListDraft, Validity};
use crate::pki::key::SpkiHash;
use crate::pki::request::SerialNumber;
use crate::store::{HeldCertificate, Inventory, Ledger, Revocation, Revocations};
use crate::time::{Seconds, Timestamp};

/// The longest time before its end that a list is renewed, unless the spec says otherwise.
const LONGEST_RENEWAL: Seconds = Seconds::days(30);
/// How far lists begin before now, for clocks that are behind.
pub(crate) const BACKDATED: Seconds = Seconds::minutes(5);

/// One revocation list to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAction {
    /// Whose.
    pub authority: String,
    /// The key of the generation that signs it; `None`: the current one, as it is by then.
    pub generation: Option<SpkiHash>,
    /// Why.
    pub reason: ListReason,
    /// What it will say.
    pub draft: RevocationListDraft,
}

/// Why a revocation list is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListReason {
    /// There is none yet, and something that the same host trusts is revoked.
    Missing,
    /// It lacks revoked certificates.
    Incomplete {
        /// How many.
        missing: usize,
    },
    /// It has expired, so every client is refused.
    Expired {
        /// Since when.
        next_update: Timestamp,
    },
    /// It still works, but its time for renewal has come.
    Due {
        /// Its end.
        next_update: Timestamp,
    },
    /// Its authority lasts longer by now.
    AuthorityRenewed,
    /// The spec wants shorter ones.
    TooLong {
        /// The expected validity.
        want: Seconds,
        /// How long it lasts.
        have: Seconds,
    },
    /// A clock was ahead when it was signed: verifiers with a correct clock refuse every client.
    Early {
        /// When it begins.
        this_update: Timestamp,
    },
}

impl ListReason {
    /// Whether the list still serves its purpose until the next one is signed.
    #[must_use]
    pub fn still_works(&self) -> bool {
        // Where it is this clock that is behind, nothing is wrong with the list.
        !matches!(self, Self::Missing | Self::Incomplete { .. } | Self::Expired { .. })
    }
}

impl fmt::Display for ListReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none yet"),
            Self::Incomplete { missing: 1 } => f.write_str("it lacks a revoked certificate"),
            Self::Incomplete { missing } => write!(f, "it lacks {missing} revoked certificates"),
            Self::Expired { next_update } => {
                write!(f, "it ended at {next_update}, and every client has been refused since")
            }
            Self::Due { next_update } => write!(f, "due for renewal, ends at {next_update}"),
            Self::Early { this_update } => write!(f, "it begins at {this_update} only"),
            Self::AuthorityRenewed => f.write_str("its authority now lasts longer"),
            Self::TooLong { want, have } => write!(f, "expected to last {want}, lasts {have}"),
        }
    }
}

/// The lists to sign. `validity` gives that of an authority's certificate as it will be.
pub(super) fn lists(
    model: &Model,
    inventory: &Inventory,
    revoked: &Revocations,
    now: Timestamp,
    validity: &dyn Fn(&str) -> Option<Validity>,
) -> Vec<ListAction> {
    let needed = needed(model, revoked);
    let mut found = Vec::new();
    let ended = ended(&inventory.ledger, revoked, now);
    for name in needed {
        let Some(authority) = model.authorities.get(name) else { continue };
        // Authorities with errors of their own have none.
        let Some(validity) = validity(name).filter(|_| authority.can_sign) else { continue };
        let own = own_certificate(inventory, authority);
        let unseen = of_unseen(inventory, name);
        let validity = match unseen.filter(|_| authority.lists.duration.is_none()) {
            // It lasts as long as its authority, which is not seen.
            Some(list) => Validity { not_after: list.end(), ..validity },
            None => validity,
        };
        let supplied = authority.lists.supplied.iter();
        let supplied = supplied.filter(|list| own.is_some_and(|own| list.names(own)));
        let mut entries: BTreeMap<SerialNumber, RevokedEntry> =
            supplied.flat_map(|list| list.revoked.clone()).collect();
        entries.extend(
            revoked
                .of(name)
                .filter(|(serial, _)| !ended.contains(&(name, *serial)))
                .map(|(serial, revocation)| (serial.clone(), entry(revocation, now))),
        );
        let sign = |certificate: Option<&Certificate>, validity, generation| {
            let newest = certificate.map_or(unseen, |own| current(model, inventory, own));
            let draft = draft(model, inventory, authority, validity, entries.clone(), now);
            let reason = reason(authority, newest, &draft, now)?;
            Some(ListAction { authority: name.to_owned(), generation, reason, draft })
        };
        found.extend(sign(own, validity, None));
        // A verifier that meets an older generation in a chain wants its list as well.
        for beside in inventory.trusted(name).into_iter().skip(1).filter(|b| b.not_after > now) {
            let validity = Validity { not_before: beside.not_before, not_after: beside.not_after };
            found.extend(sign(Some(beside), validity, Some(beside.spki_hash)));
        }
    }
    found
}

/// A revocation as a list has it: backdated as the list is, so that it never lies ahead of that, not even
/// where a clock was ahead.
fn entry(revocation: &Revocation, now: Timestamp) -> RevokedEntry {
    RevokedEntry { at: revocation.at.min(now).before(BACKDATED), reason: revocation.reason }
}

/// Revoked certificates that have expired: no verifier asks for them any more.
fn ended<'a>(
    ledger: &'a Ledger,
    revoked: &Revocations,
    now: Timestamp,
) -> BTreeSet<(&'a str, &'a SerialNumber)> {
    let entries = ledger.entries.iter().filter(|entry| entry.not_after < now);
    entries
        .filter_map(|entry| Some((entry.authority()?, &entry.serial)))
        .filter(|(authority, serial)| revoked.get(authority, serial).is_some())
        .collect()
}

pub(super) fn own_certificate<'a>(
    inventory: &'a Inventory,
    authority: &'a Authority,
) -> Option<&'a Certificate> {
    match &authority.source {
        AuthoritySource::Supplied(chain) => chain.first(),
        AuthoritySource::Issued(request) => {
            inventory.held.get(&request.holder).map(HeldCertificate::certificate)
        }
    }
}

fn draft(
    model: &Model,
    inventory: &Inventory,
    authority: &Authority,
    validity: Validity,
    revoked: BTreeMap<SerialNumber, RevokedEntry>,
    now: Timestamp,
) -> RevocationListDraft {
    let this_update = now.before(BACKDATED).max(validity.not_before);
    let own_end = authority.lists.duration.map(|duration| this_update.after(duration));
    let next_update = own_end.unwrap_or(validity.not_after).min(validity.not_after);
    let number = number(model, inventory, authority, now);
    RevocationListDraft { number, this_update, next_update, revoked }
}

/// Numbers never fall back (RFC 5280, section 5.2.3), not even where all lists of the store are gone: the first one
/// that the store knows has the seconds since 1970 for its number, and each further one the next. More lists than
/// seconds are never signed.
fn number(
    model: &Model,
    inventory: &Inventory,
    authority: &Authority,
    now: Timestamp,
) -> ListNumber {
    let stored = inventory.lists.get(&authority.name).into_iter().flatten();
    let supplied = model.authorities.get(&authority.name).into_iter();
    let supplied = supplied.flat_map(|authority| &authority.lists.supplied);
    let last = |lists: &mut dyn Iterator<Item = &RevocationList>| {
        lists.filter_map(|list| list.number.clone()).max()
    };
    let stored = last(&mut stored.into_iter());
    let first = ListNumber::from(u64::try_from(now.unix()).unwrap_or(1));
    let next = stored.clone().max(last(&mut supplied.into_iter())).unwrap_or_default().next();
    if stored.is_some() { next } else { next.max(first) }
}

fn reason(
    authority: &Authority,
    current: Option<&RevocationList>,
    next: &RevocationListDraft,
    now: Timestamp,
) -> Option<ListReason> {
    let Some(current) = current else { return Some(ListReason::Missing) };
    let next_update = current.end();
    let missing = next.revoked.keys().filter(|s| !current.revoked.contains_key(s)).count();
    if missing > 0 {
        return Some(ListReason::Incomplete { missing });
    }
    if next_update <= now {
        return Some(ListReason::Expired { next_update });
    }
    if current.this_update > now {
        return Some(ListReason::Early { this_update: current.this_update });
    }
    let have = next_update.since(current.this_update);
    if let Some(want) = authority.lists.duration.filter(|want| have > *want) {
        return Some(ListReason::TooLong { want, have });
    }
    if next.next_update <= next_update {
        return None;
    }
    if authority.lists.duration.is_none() {
        return Some(ListReason::AuthorityRenewed);
    }
    (now >= renewal_time(authority, current)).then_some(ListReason::Due { next_update })
}

/// When a list is renewed, as far as a new one would last longer.
#[must_use]
pub fn renewal_time(authority: &Authority, list: &RevocationList) -> Timestamp {
    let third = Seconds(list.end().since(list.this_update).0 / 3);
    list.end().before(authority.lists.renew_before.unwrap_or(third.min(LONGEST_RENEWAL)))
}
