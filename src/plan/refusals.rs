//! What a plan refuses: authorities that are lost, revoked, or would be others, and signers whose time has not come.

use std::collections::BTreeMap;

use super::reason::Reason;
use crate::diagnostic::Diagnostic;
use crate::model::{AuthoritySource, Model};
use crate::pki::crl::{RevocationList, RevocationReason};
use crate::pki::key::SpkiHash;
use crate::pki::request::{CertificateRequest, Holder, Issuer, SerialNumber};
use crate::store::{HeldCertificate, Inventory, Ledger, LedgerEntry, Revocations};
use crate::time::Timestamp;

/// Nothing can be signed by an authority whose time has not come.
pub(super) fn refuse_before(
    request: &CertificateRequest,
    begins: Timestamp,
    now: Timestamp,
) -> Option<Diagnostic> {
    let Issuer::Authority(name) = &request.issuer else { return None };
    if begins <= now {
        return None;
    }
    Some(
        Diagnostic::error(
            "clock-behind",
            format!("{} cannot be signed yet: its issuer `{name}` is valid from {begins}, it is {now} now", request.holder),
        )
        .help("check the clock, `--at` and `SOURCE_DATE_EPOCH`")
        .help(format!("if the clock is right, the one that `{name}` was issued by was ahead: `mtlsgen cert renew cas/{name}` reissues it, with its own key")),
    )
}

/// An authority without files that a stored certificate was issued by: it was issued once, and a new one
/// would be a rotation that was not requested.
pub(super) fn lost_authority(
    request: &CertificateRequest,
    model: &Model,
    inventory: &Inventory,
) -> Option<Diagnostic> {
    let Holder::Authority(name) = &request.holder else { return None };
    let names_it = |below: &&CertificateRequest| matches!(&below.issuer, Issuer::Authority(issuer) if issuer == name);
    let below =
        model.requests().filter(names_it).find(|below| {
            inventory.held.get(&below.holder).map(HeldCertificate::certificate).is_some_and(
                |held| held.issuer == request.subject && held.authority_key_id.is_some(),
            )
        })?;
    let title = format!(
        "the authority `{name}` is lost: the store has a certificate that it signed, that of {}, but no files of its own",
        below.holder
    );
    Some(
        Diagnostic::error("lost-authority", title)
            .help(format!("restore the folder of `{name}` below `cas` in the store, from Git (its key from where it was issued) or from a backup"))
            .help("if it is permanently lost, declare a new authority under another name and subject, let its clients and hosts name that, and run `mtlsgen render --new-authorities`"),
    )
}

/// What an authority's own list names and its ledger does not: revocations were lost, and the next list would let those
/// in again.
pub(super) fn lost_revocations(inventory: &Inventory, revoked: &Revocations) -> Vec<Diagnostic> {
    let lost = |(name, lists): (&String, &Vec<RevocationList>)| {
        let own = inventory.trusted(name);
        let signed = |list: &&RevocationList| own.iter().any(|one| list.may_be_signed_by(one));
        let newest = lists.iter().find(signed)?;
        let is_lost = |serial: &&SerialNumber| revoked.get(name, serial).is_none();
        let lost: Vec<&SerialNumber> = newest.revoked.keys().filter(is_lost).collect();
        let first = lost.first()?;
        let more = match lost.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let title = format!(
            "the ledger of authority `{name}` lacks the revocation of certificate {first}{more}, which its newest revocation list names: a new list would admit it again"
        );
        Some(Diagnostic::error("revocation-lost", title).help(format!(
            "restore the files from Git or a backup: they lie in `cas/{name}/ledger` in the store, and `.revoked-` is in their names"
        )).help(format!("or enter it again: `revoked = [\"0x{first}\"]` under `cas.{name}`")))
    };
    inventory.lists.iter().filter_map(lost).collect()
}

/// A client whose key was made here, and who now asks for a certificate of another one: the key in the
/// store would belong to nothing, and only the user can decide to remove it.
pub(super) fn refuse_other_key(
    request: &CertificateRequest,
    held: &HeldCertificate,
) -> Option<Diagnostic> {
    let asked = request.public_key.as_ref()?;
    if !held.has_key || held.certificate().spki_hash == asked.spki_hash() {
        return None;
    }
    let title = format!(
        "{} has a signing request for another key than the private key that the store has of it",
        request.holder
    );
    Some(
        Diagnostic::error("key-mismatch", title)
            .help("move its `tls.key` out of the store, if that key is no longer needed; then the request is signed")
            .help("or give the entry another name, so that both keys have a certificate"),
    )
}

/// Whose key each one is: of every holder in the spec and of every authority of the store, past ones and further
/// generations too. Empty where no request could name one of them.
pub(super) fn key_owners(model: &Model, inventory: &Inventory) -> BTreeMap<SpkiHash, Holder> {
    let mut owners = BTreeMap::new();
    if model.requests().all(|request| request.public_key.is_none()) {
        return owners;
    }
    let mut add = |key: SpkiHash, holder: Holder| {
        owners.entry(key).or_insert(holder);
    };
    for authority in model.authorities.values() {
        let AuthoritySource::Supplied(chain) = &authority.source else { continue };
        for certificate in chain {
            add(certificate.spki_hash, Holder::Authority(authority.name.clone()));
        }
    }
    for (holder, chain) in &model.supplied {
        chain.first().into_iter().for_each(|own| add(own.spki_hash, holder.clone()));
    }
    for name in inventory.generations.keys() {
        let trusted = inventory.trusted(name).into_iter();
        trusted.for_each(|one| add(one.spki_hash, Holder::Authority(name.clone())));
    }
    for (holder, held) in &inventory.held {
        add(held.certificate().spki_hash, holder.clone());
    }
    let authorities =
        inventory.ledger.entries.iter().filter(|e| matches!(e.holder, Holder::Authority(_)));
    authorities.for_each(|entry| add(entry.spki_hash, entry.holder.clone()));
    for request in model.requests() {
        let asked = request.public_key.iter();
        asked.for_each(|key| add(key.spki_hash(), request.holder.clone()));
    }
    owners
}

/// A request by a key that is another holder's: a certificate would make two holders of one key, and of an
/// authority's a key that signs for it and logs in.
pub(super) fn refuse_key_of_another(
    request: &CertificateRequest,
    owners: &BTreeMap<SpkiHash, Holder>,
) -> Option<Diagnostic> {
    let owner = owners.get(&request.public_key.as_ref()?.spki_hash())?;
    if *owner == request.holder {
        return None;
    }
    let title = format!("the signing request of {} is by the key of {owner}", request.holder);
    Some(
        Diagnostic::error("key-of-another", title)
            .help("let its owner make a key of its own, and send a request by that"),
    )
}

/// What is to be issued says of whom it is: authorities in a subject, others there or in alternative names (RFC 5280,
/// section 4.1.2.6).
#[must_use]
pub fn refuse_nameless(request: &CertificateRequest) -> Option<Diagnostic> {
    let is_authority = matches!(request.holder, Holder::Authority(_));
    if !request.subject.is_empty() || !is_authority && !request.names.is_empty() {
        return None;
    }
    let title =
        format!("{} is to be issued a certificate, and has an empty subject", request.holder);
    Some(Diagnostic::error("invalid-subject", title).help(
        "write a subject for it, such as `subject = \"CN=NAME\"`; a name of more than 64 characters is none by itself",
    ))
}

/// Keys of leaves that may be compromised, each with a revoked certificate that says so.
pub(super) type Compromised = BTreeMap<SpkiHash, SerialNumber>;

/// Those that revocations call so.
pub(super) fn compromised(ledger: &Ledger, revoked: &Revocations) -> Compromised {
    let is_compromised = |entry: &&LedgerEntry| {
        let revocation = entry.authority().and_then(|name| revoked.get(name, &entry.serial));
        let is_leaf = !matches!(entry.holder, Holder::Authority(_));
        is_leaf && revocation.is_some_and(|r| r.reason == RevocationReason::KeyCompromise)
    };
    let entries = ledger.entries.iter().filter(is_compromised);
    entries.map(|entry| (entry.spki_hash, entry.serial.clone())).collect()
}

/// A signing request whose key may be compromised is not signed again: that would undo the revocation.
pub(super) fn refuse_compromised(
    request: &CertificateRequest,
    held: Option<&HeldCertificate>,
    reason: Option<&Reason>,
    compromised: &Compromised,
) -> Option<Diagnostic> {
    let asked = request.public_key.as_ref()?.spki_hash();
    let serial = compromised.get(&asked).or_else(|| match reason {
        Some(Reason::Revoked { serial, reason: RevocationReason::KeyCompromise }) => {
            held.filter(|held| held.certificate().spki_hash == asked).map(|_| serial)
        }
        _ => None,
    })?;
    let (holder, name) = (&request.holder, request.holder.name());
    let title = format!(
        "the signing request of {holder} is not signed: its key is that of certificate {serial}, which was revoked (keyCompromise)"
    );
    let warning = Diagnostic::warning("compromised-key", title).help(format!(
        "get a request by another key from its owner; or write `revoked = \"keyCompromise\"` under `clients.{name}`"
    ));
    let is_open = held.is_some_and(|held| held.certificate().serial != *serial)
        && !matches!(reason, Some(Reason::Revoked { .. }));
    Some(if is_open {
        warning.help(format!("its current certificate is still accepted: `mtlsgen cert revoke --all clients/{name} --reason keyCompromise`"))
    } else {
        warning
    })
}

/// Another key or subject of an authority, or the same key again after it was revoked.
pub(super) fn refuse_rotation(holder: &Holder, reason: &Reason) -> Option<Diagnostic> {
    if !matches!(holder, Holder::Authority(_)) {
        return None;
    }
    let what = match reason {
        Reason::SubjectChanged { .. } => "subject",
        Reason::KeyKindChanged { .. } => "key",
        Reason::Revoked { .. } => return Some(revoked_authority(holder, reason)),
        Reason::NeverIssued
        | Reason::IssuerChanged { .. }
        | Reason::IssuerRenewed { .. }
        | Reason::NamesChanged { .. }
        | Reason::UsageChanged { .. }
        // Authorities have no signing requests.
        | Reason::PublicKeyChanged { .. }
        | Reason::Expired { .. }
        | Reason::Due { .. }
        | Reason::Asked => return None,
    };
    let name = holder.name();
    Some(
        Diagnostic::error("rotation-needed", format!("{holder} cannot get another {what}: {reason}"))
            .help(format!("everything that it signed would stop working at once: roll it over with `mtlsgen ca rotate {name}`, which introduces the new one beside it, or put the old value back")),
    )
}

/// The spec has moved on since the next generation was introduced.
pub(super) fn refuse_next(holder: &Holder, reason: &Reason) -> Diagnostic {
    let name = holder.name();
    let title = format!(
        "the next generation of {holder}, which was introduced, is not what the spec asks for: {reason}"
    );
    Diagnostic::error("rotation-outdated", title)
        .help(format!("introduce another one in its place with `mtlsgen ca rotate {name}`, abandon the rollover with `mtlsgen ca rotate {name} --abandon`, or put the spec back"))
}

/// A new certificate for the same key would undo the revocation.
fn revoked_authority(holder: &Holder, reason: &Reason) -> Diagnostic {
    let title = format!("{holder} is revoked, and with it everything that it signed: {reason}");
    let name = holder.name();
    Diagnostic::error("authority-revoked", title)
        .help(format!("roll it over at once: `mtlsgen ca rotate {name}`, then with `--activate`, then `mtlsgen render`"))
}
