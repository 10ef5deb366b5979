//! What is revoked: revocation lists and databases, each with its authority.

use std::collections::{BTreeMap, BTreeSet};

use super::authorities::Authority;
use super::{Case, Pki, Source};
use crate::import::found::{Database, LeftOut, Revoked};
use crate::pki::acceptance;
use crate::pki::crl::{self, RevocationList};
use crate::pki::request::{Holder, SerialNumber};
use crate::store::{NewRevocation, Revocation};

/// Adds revocations and lists.
pub(super) fn judge(case: Case<'_>, authorities: &[Authority<'_>], pki: &mut Pki) {
    let mut revoked: BTreeMap<(String, SerialNumber), Revoked> = BTreeMap::new();
    lists(case, authorities, pki, &mut revoked);
    for database in &case.found.databases {
        let Some(name) = owner(case, authorities, database) else {
            if !database.revoked.is_empty() {
                let what = format!("{} revocations", database.revoked.len());
                let why =
                    "the authority of this database is unknown: put its certificate beside it";
                pki.left_out.push(LeftOut::new(&database.place, what, why));
            }
            continue;
        };
        for (serial, entry) in &database.revoked {
            revoked.entry((name.clone(), serial.clone())).or_insert(*entry);
        }
    }
    lists_of_issuers(case, pki);
    let signs = |name: &str| pki.authority(name).is_some_and(super::Entry::can_sign);
    let (ours, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        revoked.into_iter().partition(|((authority, _), _)| signs(authority));
    let others: BTreeSet<String> = others.into_keys().map(|(authority, _)| authority).collect();
    for name in others {
        pki.notes.push(format!("authority `{name}`: its database calls certificates revoked, and without its key they cannot be listed here: get the revocation list from its owner, and name it: `crl = \"FILE\"` under `cas.{name}`"));
    }
    pki.revocations = ours
        .into_iter()
        .map(|((authority, serial), Revoked { at, reason })| {
            let at = at.unwrap_or_else(|| {
                pki.notes.push(format!("authority `{authority}`: its database does not say in a readable way when {serial} was revoked: it counts as revoked now"));
                case.now
            });
            let revocation = Revocation { at, reason, comment: Some("imported".to_owned()) };
            NewRevocation { authority, serial, holder: None, revocation }
        })
        .collect();
    refuse_revoked_authorities(pki);
}

/// The newest list of each authority, and what it says.
fn lists(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    pki: &mut Pki,
    revoked: &mut BTreeMap<(String, SerialNumber), Revoked>,
) {
    let all: Vec<&RevocationList> = case.found.lists.iter().map(|found| &found.list).collect();
    for found in &case.found.lists {
        let is_signed =
            |one: &Authority<'_>| one.name.is_some() && found.list.may_be_signed_by(one.current());
        if !authorities.iter().any(is_signed) {
            let what = format!("the revocation list of `{}`", found.list.issuer.rfc2253());
            let why = "none of the authorities that are taken over has signed it";
            pki.left_out.push(LeftOut::new(&found.place, what, why));
        }
    }
    for authority in authorities {
        let Some(name) = &authority.name else { continue };
        let Some(list) = crl::believed(all.iter().copied(), authority.current(), case.now) else {
            continue;
        };
        let Some(position) =
            pki.entries.iter().position(|e| e.holder == Holder::Authority(name.clone()))
        else {
            continue;
        };
        let entry = &mut pki.entries[position];
        if entry.can_sign() {
            for (serial, one) in &list.revoked {
                let one = Revoked { at: Some(one.at), reason: one.reason };
                revoked.insert((name.clone(), serial.clone()), one);
            }
            pki.lists.push((name.clone(), list.clone()));
        } else if list.end() <= case.now && entry.source == Source::Supplied {
            let what = format!("the revocation list of `{}`", list.issuer.rfc2253());
            let why = format!(
                "it ended at {}: get the next one from its owner, and name it: `crl = \"FILE\"` under `cas.{name}`",
                list.end()
            );
            pki.left_out.push(LeftOut::new(&entry.place, what, why));
        } else if let Some(refusal) = acceptance::refusal_of_list(list, authority.current())
            && entry.source == Source::Supplied
        {
            let what = format!("the revocation list of `{}`", list.issuer.rfc2253());
            pki.left_out.push(LeftOut::new(&entry.place, what, format!("it {refusal}")));
        } else {
            entry.lists.push(list.clone());
        }
    }
}

/// The lists of authorities above supplied ones, which hosts need as well: theirs is the file that the spec names.
fn lists_of_issuers(case: Case<'_>, pki: &mut Pki) {
    for entry in pki.entries.iter_mut().filter(|entry| entry.source == Source::Supplied) {
        for above in &entry.above {
            let all = case.found.lists.iter().map(|found| &found.list);
            let newest = crl::believed(all, above, case.now).filter(|list| {
                list.end() > case.now && acceptance::refusal_of_list(list, above).is_none()
            });
            entry.lists.extend(newest.cloned());
        }
    }
}

/// Whose database it is: of the authorities whose certificates lie beside it, or of all, the one that signed most
/// of what it lists.
fn owner(case: Case<'_>, authorities: &[Authority<'_>], database: &Database) -> Option<String> {
    let folder = database.place.folder();
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    let named = || authorities.iter().filter(|one| one.name.is_some());
    for place in [folder, above] {
        let beside: Vec<&Authority<'_>> = named()
            .filter(|one| {
                let mut places = one.certificates.iter().flat_map(|own| case.places(own));
                places.any(|own| own.folder() == place && own.secret.is_none())
            })
            .collect();
        match beside.as_slice() {
            [] => {}
            [one] => return one.name.clone(),
            several => return most(case, several, database),
        }
    }
    match named().collect::<Vec<_>>().as_slice() {
        [one] => one.name.clone(),
        several => most(case, several, database),
    }
}

/// The one that signed most of what the database lists; `None` if none did.
fn most(case: Case<'_>, candidates: &[&Authority<'_>], database: &Database) -> Option<String> {
    let count = |authority: &Authority<'_>| {
        let certificates = case.found.certificates.values().map(|found| &found.certificate);
        certificates
            .filter(|one| database.serials.contains(&one.serial))
            .filter(|one| !one.is_self_signed() && authority.signed(one))
            .count()
    };
    let mut counted: Vec<(usize, &Authority<'_>)> =
        candidates.iter().map(|one| (count(one), *one)).collect();
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    match counted.as_slice() {
        [(most, one), (next, _), ..] if most > next => one.name.clone(),
        [(most, one)] if *most > 0 => one.name.clone(),
        _ => None,
    }
}

/// An authority that is revoked leaves with everything below it.
fn refuse_revoked_authorities(pki: &mut Pki) {
    use crate::pki::request::Issuer;
    let is_revoked = |pki: &Pki, entry: &super::Entry| match (&entry.source, &entry.certificate) {
        (Source::Issued(Issuer::Authority(issuer)), Some(own)) => {
            let mut known = pki.revocations.iter();
            known.any(|new| new.authority == *issuer && new.serial == own.serial)
                || pki.authority(issuer).is_none()
        }
        (Source::Supplied, Some(own)) => entry.above.first().is_some_and(|issuer| {
            let mut lists = entry.lists.iter().filter(|list| list.names(issuer));
            lists.any(|list| list.revoked.contains_key(&own.serial))
        }),
        _ => false,
    };
    while let Some(position) = pki.entries.iter().position(|entry| is_revoked(pki, entry)) {
        let entry = pki.entries.remove(position);
        let what = entry.holder.to_string();
        let why = "it is revoked, or its issuer is, and with it everything that it signed";
        pki.left_out.push(LeftOut::new(&entry.place, what, why));
        pki.revocations.retain(|new| new.authority != entry.holder.name());
        pki.lists.retain(|(name, _)| name != entry.holder.name());
    }
}
