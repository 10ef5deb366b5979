//! What is to be revoked because the spec says so, and which revocation lists are to be signed.
//!
//! As soon as a trust bundle has one list, the controller wants one of every authority in the chain of a
//! client, the root included, and refuses everybody where one is missing or over (OpenSSL's
//! `X509_V_FLAG_CRL_CHECK_ALL`, which `ssl_crl` of nginx sets). So lists come for all of them or for none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Inventory, Ledger, NewRevocation, Revocation, Revocations, chains};
use crate::diagnostic::Diagnostic;
use crate::model::{Authority, AuthoritySource, Model, SecretContent};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{self, RevocationList, RevocationReason, RevokedEntry};
use crate::pki::issue::{RevocationListDraft, Validity};
use crate::pki::key::SpkiHash;
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::time::{Seconds, Timestamp};

/// The longest time before its end that a list is renewed, unless the spec says otherwise.
const LONGEST_RENEWAL: Seconds = Seconds::days(30);
/// How far lists begin before now, for clocks that are behind.
const BACKDATED: Seconds = Seconds::minutes(5);

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
    /// Everybody is refused by now.
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
}

impl ListReason {
    /// Whether the list still serves its purpose until the next one is signed.
    #[must_use]
    pub fn still_works(&self) -> bool {
        matches!(self, Self::Due { .. } | Self::AuthorityRenewed)
    }
}

impl fmt::Display for ListReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none yet"),
            Self::Incomplete { missing: 1 } => f.write_str("it lacks a revoked certificate"),
            Self::Incomplete { missing } => write!(f, "it lacks {missing} revoked certificates"),
            Self::Expired { next_update } => {
                write!(f, "it ended at {next_update}, and every client is refused since")
            }
            Self::Due { next_update } => write!(f, "due for renewal, ends at {next_update}"),
            Self::AuthorityRenewed => f.write_str("its authority lasts longer by now"),
        }
    }
}

/// What the spec calls revoked and no ledger does.
pub(super) fn revocations(
    model: &Model,
    ledger: &Ledger,
    now: Timestamp,
    errors: &mut Vec<Diagnostic>,
) -> Vec<NewRevocation> {
    let mut found = Vec::new();
    let new = |authority: &str, serial: &SerialNumber, holder, reason| NewRevocation {
        authority: authority.to_owned(),
        serial: serial.clone(),
        holder,
        revocation: Revocation { at: now, reason, comment: None },
    };
    let shut_out = |entry: &super::LedgerEntry| match &entry.holder {
        Holder::Client(name) => model.clients.get(name).and_then(|client| client.revoked),
        Holder::Authority(_) | Holder::Host(_) => None,
    };
    for entry in &ledger.entries {
        if let (Some(reason), Some(authority)) = (shut_out(entry), entry.authority())
            && entry.not_after >= now
            && ledger.revocation_of(entry).is_none()
        {
            found.push(new(authority, &entry.serial, Some(entry.holder.clone()), reason));
        }
    }
    for authority in model.authorities.values().filter(|authority| !authority.revoked.is_empty()) {
        let known: BTreeMap<_, _> = ledger
            .entries
            .iter()
            .filter(|entry| keeper(entry) == Some(&authority.name))
            .map(|entry| (&entry.serial, entry))
            .collect();
        for (serial, reason) in &authority.revoked {
            let entry = known.get(serial);
            if entry.is_some_and(|entry| entry.issuer == Issuer::SelfSigned) {
                errors.push(root_revoked(&authority.name, serial));
                continue;
            }
            let planned =
                found.iter().any(|n| n.authority == authority.name && n.serial == *serial);
            if !planned && ledger.revoked.get(&authority.name, serial).is_none() {
                let holder = entry.map(|entry| entry.holder.clone());
                found.push(new(&authority.name, serial, holder, *reason));
            }
        }
    }
    found
}

/// The authority in whose ledger an entry stands.
fn keeper(entry: &super::LedgerEntry) -> Option<&String> {
    match (&entry.issuer, &entry.holder) {
        (Issuer::Authority(name), _) | (Issuer::SelfSigned, Holder::Authority(name)) => Some(name),
        (Issuer::SelfSigned, _) => None,
    }
}

fn root_revoked(name: &str, serial: &SerialNumber) -> Diagnostic {
    let title =
        format!("{serial} is the certificate of the root `{name}` itself, which nobody can revoke");
    Diagnostic::error("root-revoked", title)
        .help("take the authority out of `clientAuth.cas`, or declare a new one under another name")
}

/// The authorities whose lists decide together: those that are listed, those above, and those below them.
fn members<'a>(model: &'a Model, listed: &[String]) -> BTreeSet<&'a str> {
    let related = |name: &str| {
        listed.iter().any(|listed| {
            model.lineage.is_at_or_below(name, listed) || model.lineage.is_at_or_below(listed, name)
        })
    };
    model.authorities.keys().map(String::as_str).filter(|name| related(name)).collect()
}

/// Whether nothing is revoked at all, and no list was brought along: thousands of bundles need no look.
fn is_quiet(model: &Model, revoked: &Revocations) -> bool {
    let brought = |authority: &Authority| !authority.lists.brought.is_empty();
    revoked.iter().next().is_none() && !model.authorities.values().any(brought)
}

/// Whether anything is revoked among these authorities, or lists were brought along.
fn is_active(model: &Model, revoked: &Revocations, members: &BTreeSet<&str>) -> bool {
    members.iter().any(|name| {
        revoked.of(name).next().is_some()
            || model.authorities.get(*name).is_some_and(|a| !a.lists.brought.is_empty())
    })
}

/// The lists that stand beside the bundle of these authorities; `None` where nothing is revoked.
///
/// # Errors
/// The authority whose list is not at hand, where one is needed.
pub fn beside_bundle<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    listed: &[String],
) -> Result<Option<Vec<&'a RevocationList>>, String> {
    let revoked = &inventory.ledger.revoked;
    if is_quiet(model, revoked) {
        return Ok(None);
    }
    let members = members(model, listed);
    if !is_active(model, revoked, &members) {
        return Ok(None);
    }
    let names: Vec<String> = members.iter().map(|name| (*name).to_owned()).collect();
    let missing = |name: &str| format!("the revocation list of {name} is not at hand");
    let authorities =
        chains::bundle(model, inventory, &names).ok_or_else(|| missing(&names.join(", ")))?;
    let mut lists = Vec::new();
    for authority in authorities {
        let list = match current(model, inventory, authority) {
            Some(list) => list,
            // An older generation that has expired signs no list any more, and is in no chain.
            None if inventory.is_beside_current(authority) => continue,
            None => return Err(missing(&format!("`{}`", authority.subject.rfc2253()))),
        };
        // One key with two certificates, as after a renewal, has one list.
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    Ok(Some(lists))
}

/// The newest list of an authority, signed here or brought along.
#[must_use]
pub fn current<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    authority: &Certificate,
) -> Option<&'a RevocationList> {
    let brought = model.authorities.values().flat_map(|authority| &authority.lists.brought);
    crl::newest(inventory.lists.values().flatten().chain(brought), authority)
}

/// Every authority whose list some host needs.
#[must_use]
pub fn needed<'a>(model: &'a Model, revoked: &Revocations) -> BTreeSet<&'a str> {
    if is_quiet(model, revoked) {
        return BTreeSet::new();
    }
    let bundles: BTreeSet<&[String]> = model
        .secrets
        .iter()
        .filter_map(|secret| match &secret.content {
            SecretContent::TrustBundle(authorities) => Some(authorities.as_slice()),
            SecretContent::KeyPair(_) => None,
        })
        .collect();
    let groups = bundles.into_iter().map(|listed| members(model, listed));
    groups.filter(|members| is_active(model, revoked, members)).flatten().collect()
}

/// The lists to sign. `validity` gives that of an authority's certificate as it will be.
pub(super) fn lists(
    model: &Model,
    inventory: &Inventory,
    revoked: &Revocations,
    now: Timestamp,
    validity: &dyn Fn(&str) -> Option<Validity>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<ListAction> {
    let needed = needed(model, revoked);
    let mut found = Vec::new();
    let ended = ended(&inventory.ledger, revoked, now);
    for name in needed {
        let Some(authority) = model.authorities.get(name) else { continue };
        errors.extend(missing_lists(model, inventory, authority));
        // Authorities with errors of their own have none.
        let Some(validity) = validity(name).filter(|_| authority.can_sign) else { continue };
        let own = own_certificate(inventory, authority);
        let brought = authority.lists.brought.iter();
        let brought = brought.filter(|list| own.is_some_and(|own| list.names(own)));
        let mut entries: BTreeMap<SerialNumber, RevokedEntry> =
            brought.flat_map(|list| list.revoked.clone()).collect();
        entries.extend(
            revoked
                .of(name)
                .filter(|(serial, _)| !ended.contains(&(name, *serial)))
                .map(|(serial, revocation)| (serial.clone(), entry(revocation))),
        );
        let sign = |certificate: Option<&Certificate>, validity, generation| {
            let newest = certificate.and_then(|own| current(model, inventory, own));
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

/// A revocation as a list has it: backdated as the list is, so that it never lies ahead of that.
fn entry(revocation: &Revocation) -> RevokedEntry {
    RevokedEntry { at: revocation.at.before(BACKDATED), reason: revocation.reason }
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

fn own_certificate<'a>(
    inventory: &'a Inventory,
    authority: &'a Authority,
) -> Option<&'a Certificate> {
    match &authority.source {
        AuthoritySource::Brought(chain) => chain.first(),
        AuthoritySource::Issued(request) => {
            inventory.held.get(&request.holder).map(super::HeldCertificate::certificate)
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
    let stored = inventory.lists.get(&authority.name).into_iter().flatten();
    let brought = model.authorities.get(&authority.name).into_iter();
    let brought = brought.flat_map(|authority| &authority.lists.brought);
    let last = stored.chain(brought).filter_map(|list| list.number).max().unwrap_or(0);
    RevocationListDraft { number: last.saturating_add(1), this_update, next_update, revoked }
}

fn reason(
    authority: &Authority,
    current: Option<&RevocationList>,
    next: &RevocationListDraft,
    now: Timestamp,
) -> Option<ListReason> {
    let Some(current) = current else { return Some(ListReason::Missing) };
    let next_update = current.next_update;
    let missing = next.revoked.keys().filter(|s| !current.revoked.contains_key(s)).count();
    if missing > 0 {
        return Some(ListReason::Incomplete { missing });
    }
    if next_update <= now {
        return Some(ListReason::Expired { next_update });
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
    let third = Seconds(list.next_update.since(list.this_update).0 / 3);
    list.next_update.before(authority.lists.renew_before.unwrap_or(third.min(LONGEST_RENEWAL)))
}

/// What somebody else must sign: the own list of an authority without its key, and those of its issuers.
fn missing_lists(
    model: &Model,
    inventory: &Inventory,
    authority: &Authority,
) -> Option<Diagnostic> {
    let AuthoritySource::Brought(chain) = &authority.source else { return None };
    let signed_here = |certificate: &Certificate| {
        model.authorities.values().filter(|other| other.can_sign).any(|other| {
            own_certificate(inventory, other)
                .is_some_and(|own| own.spki_hash == certificate.spki_hash)
        })
    };
    let missing = chain
        .iter()
        .find(|above| !signed_here(above) && current(model, inventory, above).is_none())?;
    let name = &authority.name;
    let title = format!(
        "something is revoked among the authorities that a host trusts together with `{name}`, and there is no revocation list of `{}`: the controller would refuse every client",
        missing.subject.rfc2253()
    );
    Some(
        Diagnostic::error("crl-missing", title)
            .help(format!("get that list from its owner and name it: `crl = \"FILE\"` under `cas.{name}`; the file may hold several"))
            .help("or trust it on hosts of its own, where nothing is revoked"),
    )
}

/// Why the current certificate of a holder is revoked, if it is.
pub(super) fn reason_of(
    revoked: &Revocations,
    issuer: &Issuer,
    certificate: &Certificate,
) -> Option<RevocationReason> {
    let Issuer::Authority(name) = issuer else { return None };
    revoked.get(name, &certificate.serial).map(|revocation| revocation.reason)
}
