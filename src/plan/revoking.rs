//! What is to be revoked because the spec says so, and which revocation lists hosts need.
//!
//! Which ones those are follows the program that ends TLS ([`crate::model::Conventions`]): one that refuses certificates whose
//! issuer has no list needs a list of every authority in the chain of a client as soon as it has one, so lists come for all of
//! them or for none.

use std::collections::{BTreeMap, BTreeSet};

use super::chains;
use crate::diagnostic::Diagnostic;
use crate::enforcement::{CheckedLists, UnknownStatus};
use crate::model::{Authority, Model, SecretContent};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{self, RevocationList, RevocationReason};
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::store::{Inventory, LedgerEntry, NewRevocation, Revocation, Revocations};
use crate::time::Timestamp;

/// What the spec calls revoked and no ledger does.
pub(super) fn revocations(
    model: &Model,
    inventory: &Inventory,
    now: Timestamp,
    errors: &mut Vec<Diagnostic>,
) -> Vec<NewRevocation> {
    let ledger = &inventory.ledger;
    let mut found = Vec::new();
    let new = |authority: &str, serial: &SerialNumber, holder, reason| NewRevocation {
        authority: authority.to_owned(),
        serial: serial.clone(),
        holder,
        revocation: Revocation { at: now, reason, comment: None },
    };
    let shut_out = |entry: &LedgerEntry| match &entry.holder {
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
                let holder = entry.map(|entry| &entry.holder);
                let holder =
                    holder.or_else(|| holder_of(model, inventory, &authority.name, serial));
                let holder = holder.cloned();
                found.push(new(&authority.name, serial, holder, *reason));
            }
        }
    }
    found
}

/// Who has that certificate now: the ledger is read beside those.
fn holder_of<'a>(
    model: &Model,
    inventory: &'a Inventory,
    authority: &str,
    serial: &SerialNumber,
) -> Option<&'a Holder> {
    let signed = |holder: &Holder| {
        let issuer = model.request(holder).map(|request| &request.issuer);
        matches!(issuer, Some(Issuer::Authority(name)) if name == authority)
    };
    let mut held = inventory.held.iter();
    let found = held.find(|(holder, held)| held.certificate().serial == *serial && signed(holder));
    found.map(|(holder, _)| holder)
}

/// The authority in whose ledger an entry is.
fn keeper(entry: &LedgerEntry) -> Option<&String> {
    match (&entry.issuer, &entry.holder) {
        (Issuer::Authority(name), _) | (Issuer::SelfSigned, Holder::Authority(name)) => Some(name),
        (Issuer::SelfSigned, _) => None,
    }
}

fn root_revoked(name: &str, serial: &SerialNumber) -> Diagnostic {
    let title = format!(
        "{serial} is the certificate of the root `{name}` itself, which no revocation list can revoke"
    );
    Diagnostic::error("root-revoked", title)
        .help("take the authority out of `clientAuth.cas`, or declare a new one under another name")
}

/// Whether nothing is revoked at all, and no list was supplied: thousands of bundles need no check.
fn is_quiet(model: &Model, revoked: &Revocations) -> bool {
    let supplied = |authority: &Authority| !authority.lists.supplied.is_empty();
    revoked.iter().next().is_none() && !model.authorities.values().any(supplied)
}

/// The authorities whose lists are beside the bundle of `listed`; `None`: no lists do.
fn together<'a>(
    model: &'a Model,
    revoked: &Revocations,
    listed: &[String],
) -> Option<BTreeSet<&'a str>> {
    let (checked, unknown) = model.conventions.verifier.lists?;
    let has_something = |name: &str| {
        revoked.of(name).next().is_some()
            || model.authorities.get(name).is_some_and(|one| !one.lists.supplied.is_empty())
    };
    let is_below =
        |name: &&str| listed.iter().any(|above| model.lineage.is_at_or_below(name, above));
    let mut members = match checked {
        CheckedLists::Chain => model.related(listed),
        CheckedLists::EndEntity => {
            model.authorities.keys().map(String::as_str).filter(is_below).collect()
        }
    };
    if unknown == UnknownStatus::Allow {
        members.retain(|name| has_something(name));
    }
    members.iter().any(|name| has_something(name)).then_some(members)
}

/// The lists that are beside the bundle of these authorities; `None` where nothing is revoked.
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
    let Some(members) = together(model, revoked, listed) else { return Ok(None) };
    let names: Vec<String> = members.iter().map(|name| (*name).to_owned()).collect();
    let missing = |name: &str| format!("the revocation list of {name} is not available");
    let mut lists = Vec::new();
    let mut add = |list| {
        // One key with two certificates, as after a renewal, has one list.
        if !lists.contains(&list) {
            lists.push(list);
        }
    };
    let seen = names.iter().filter(|name| !is_unseen(inventory, name)).cloned();
    let needs_all = Some((CheckedLists::Chain, UnknownStatus::Deny));
    let above = if model.conventions.verifier.lists == needs_all {
        chains::bundle(model, inventory, &seen.collect::<Vec<_>>())
            .ok_or_else(|| missing(&names.join(", ")))?
    } else {
        Vec::new()
    };
    for name in &names {
        if is_unseen(inventory, name) {
            add(of_unseen(inventory, name).ok_or_else(|| missing(&format!("`{name}`")))?);
            continue;
        }
        for authority in chains::own_certificates(model, inventory, name).into_iter().flatten() {
            lists_of(model, inventory, authority)?.into_iter().for_each(&mut add);
        }
    }
    for authority in above {
        lists_of(model, inventory, authority)?.into_iter().for_each(&mut add);
    }
    Ok(Some(lists))
}

/// The list of an authority; none where an older generation that has expired signs no list any more,
/// and is in no chain.
///
/// # Errors
/// It is not at hand.
fn lists_of<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    authority: &Certificate,
) -> Result<Option<&'a RevocationList>, String> {
    match current(model, inventory, authority) {
        None if !inventory.is_beside_current(authority) => Err(format!(
            "the revocation list of `{}` is not available",
            authority.subject.rfc2253()
        )),
        list => Ok(list),
    }
}

fn is_unseen(inventory: &Inventory, name: &str) -> bool {
    inventory.unseen.contains(&Holder::Authority(name.to_owned()))
}

/// The newest list of an authority whose certificate is not seen, by its name alone.
#[must_use]
pub fn of_unseen<'a>(inventory: &'a Inventory, name: &str) -> Option<&'a RevocationList> {
    let lists = inventory.lists.get(name).filter(|_| is_unseen(inventory, name));
    lists.into_iter().flatten().max_by(|one, other| one.age().cmp(&other.age()))
}

/// The newest list of an authority, signed here or supplied.
#[must_use]
pub fn current<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    authority: &Certificate,
) -> Option<&'a RevocationList> {
    let supplied = model.authorities.values().flat_map(|authority| &authority.lists.supplied);
    crl::newest(inventory.lists.values().flatten().chain(supplied), authority)
}

/// Authorities whose lists decide together in a trust bundle.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// Keys under `hosts` of those that have that bundle.
    pub(super) hosts: BTreeSet<&'a str>,
    /// Those whose lists decide.
    pub(super) members: BTreeSet<&'a str>,
}

/// The groups whose lists some host needs.
pub(super) fn active_groups<'a>(model: &'a Model, revoked: &Revocations) -> Vec<Group<'a>> {
    if is_quiet(model, revoked) {
        return Vec::new();
    }
    let mut bundles: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
    for secret in &model.secrets {
        if let SecretContent::TrustBundle(authorities) = &secret.content {
            let hosts = bundles.entry(authorities).or_default();
            hosts.extend(secret.exposures.iter().map(String::as_str));
        }
    }
    let group =
        |(listed, hosts)| together(model, revoked, listed).map(|members| Group { hosts, members });
    bundles.into_iter().filter_map(group).collect()
}

/// Every authority whose list some host needs.
#[must_use]
pub fn needed<'a>(model: &'a Model, revoked: &Revocations) -> BTreeSet<&'a str> {
    active_groups(model, revoked).into_iter().flat_map(|group| group.members).collect()
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
