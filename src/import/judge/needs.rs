//! What was left out and something found beside it needs: without it, an import would lock out those who work today.

use super::role::{self, Role};
use super::{Case, Entry, Pki, Source, described};
use crate::import::found::{LeftOut, Lost, Place, SecretName};
use crate::pki::certificate::Certificate;
use crate::pki::request::Holder;

/// Says of what was left out what needs it.
///
/// Of a Secret, only what the same Secret holds counts: a dump has Secrets of others.
pub(super) fn mark(case: Case<'_>, pki: &mut Pki) {
    let mut left_out = std::mem::take(&mut pki.left_out);
    for lost in left_out.iter_mut().filter(|lost| lost.needed_by.is_none()) {
        lost.needed_by = needed_by(case, pki, lost);
    }
    pki.left_out = left_out;
}

fn needed_by(case: Case<'_>, pki: &Pki, lost: &LeftOut) -> Option<String> {
    let (may_be_key, may_be_certificate) = match lost.lost {
        Lost::Nothing => return None,
        Lost::Key => (true, false),
        Lost::Certificate => (false, true),
        Lost::Anything => (true, true),
        Lost::Authority(fingerprint) => {
            let found = case.found.certificates.get(&fingerprint)?;
            return clients_below(case, pki, &found.certificate);
        }
    };
    let secret = lost.secret.as_ref();
    may_be_key
        .then(|| without_key(case, pki, secret))
        .flatten()
        .or_else(|| may_be_certificate.then(|| without_certificate(case, pki, secret)).flatten())
}

/// A certificate whose key is not here and may be the one that cannot be read.
fn without_key(case: Case<'_>, pki: &Pki, secret: Option<&SecretName>) -> Option<String> {
    let needs_key = |own: &Certificate| {
        let is_own = |entry: &&Entry| entry.certificate.as_ref() == Some(own);
        let entry = pki.entries.iter().find(is_own);
        entry.is_some_and(|entry| {
            !matches!(entry.holder, Holder::Authority(_)) || entry.source != Source::Supplied
        })
    };
    let lacks_key = |own: &&Certificate| {
        let is_beside = case.places(own).any(|place| place.secret.as_ref() == secret);
        is_beside
            && !case.is_over(own)
            && !case.has_key(own)
            && (secret.is_none() || needs_key(own))
    };
    let mut all = case.found.certificates.values().map(|found| &found.certificate);
    let own = all.find(lacks_key)?;
    Some(format!(
        "the certificate {} in {}, whose key is not here",
        described(own),
        case.place(own)
    ))
}

/// A key without a certificate, or a certificate without its issuer's.
fn without_certificate(case: Case<'_>, pki: &Pki, secret: Option<&SecretName>) -> Option<String> {
    if secret.is_none() {
        let has_certificate = |hash| {
            case.found.certificates.values().any(|found| found.certificate.spki_hash == hash)
        };
        let is_file = |place: &Place| place.secret.is_none();
        let lone = case
            .found
            .keys
            .iter()
            .find(|(hash, (_, place))| is_file(place) && !has_certificate(**hash));
        if let Some((_, (_, place))) = lone {
            return Some(format!("the key in {place}, whose certificate is not here"));
        }
    }
    let known = |own: &Certificate| {
        let mut all = case.found.certificates.values().map(|found| &found.certificate);
        own.is_self_signed() || all.any(|other| own.may_be_signed_by(other))
    };
    let entry = pki.entries.iter().filter(|entry| entry.in_spec).find(|entry| {
        let own = entry.certificate.as_ref();
        own.is_some_and(|own| {
            !known(own) && case.places(own).any(|place| place.secret.as_ref() == secret)
        })
    })?;
    let issuer = entry.certificate.as_ref().map_or_else(String::new, |own| own.issuer.rfc2253());
    Some(format!("{}, whose issuer `{issuer}` is not here", entry.holder))
}

/// Clients below an authority that stays behind: hosts that are taken over would refuse them.
fn clients_below(case: Case<'_>, pki: &Pki, authority: &Certificate) -> Option<String> {
    if case.is_over(authority) || !pki.entries.iter().any(Entry::is_host) {
        return None;
    }
    let below = case.found.certificates.values().map(|found| &found.certificate).filter(|one| {
        !one.is_authority
            && !case.is_over(one)
            && matches!(role::role(case, one), Ok(Role::Client))
            && one.may_be_signed_by(authority)
    });
    let names: Vec<String> = below.map(described).collect();
    (!names.is_empty()).then(|| format!("clients below it: {}", names.join(", ")))
}
