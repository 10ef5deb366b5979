//! Revocation lists as OpenSSL finds and believes them (`check_revocation`).

use super::super::super::clients::{CheckedLists, Revocation, UnknownStatus};
use super::{Asked, Error, Link};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{RevocationList, RevocationReason};
use crate::time::Timestamp;

/// Looks up the certificates of a chain, the anchor's as well.
pub(super) fn check(asked: &Asked<'_>, chain: &[Link<'_>], errors: &mut Vec<Error>) {
    let Revocation::Lists { all, depth, unknown } = asked.revocation else { return };
    let looked_up = match depth {
        CheckedLists::EndEntity => 1,
        CheckedLists::Chain => chain.len(),
    };
    let is_refused = *unknown == UnknownStatus::Deny;
    for index in 0..looked_up {
        let Some(found) = best(all, chain, index, asked.now) else {
            errors.extend(is_refused.then_some(3));
            continue;
        };
        let unbelieved = found.errors(asked.now);
        errors.extend(unbelieved.into_iter().filter(|_| is_refused));
        let entry = match chain[index] {
            Link::Real(certificate) => found.list.entry_of(certificate),
            Link::Supposed(_, serial) => serial.and_then(|serial| found.list.revoked.get(serial)),
        };
        if entry.is_some_and(|entry| entry.reason != RevocationReason::RemoveFromCrl) {
            errors.push(23);
        }
    }
}

/// A list, and who is taken for its issuer.
struct Found<'a> {
    list: &'a RevocationList,
    issuer: Link<'a>,
}

impl Found<'_> {
    /// Why it is not believed (`check_crl`).
    fn errors(&self, now: Timestamp) -> Vec<Error> {
        let mut errors = Vec::new();
        let issuer = self.issuer.real();
        if issuer.is_some_and(|issuer| !issuer.may_sign_lists()) {
            errors.push(35);
        }
        if self.list.this_update > now {
            errors.push(11);
        }
        if self.list.end() <= now {
            errors.push(12);
        }
        // Clients sign no lists.
        let is_signed = |issuer: &Certificate| {
            self.list.has_known_signature(issuer) && self.list.signature_by(issuer).may_be_valid()
        };
        if !issuer.is_some_and(is_signed) {
            errors.push(8);
        }
        errors
    }
}

/// The list that OpenSSL takes for a certificate (`get_crl_sk`): one that is current before others, then one of the very
/// issuer before one of a certificate further up, then the latest, then the first.
fn best<'a>(
    all: &'a [RevocationList],
    chain: &[Link<'a>],
    index: usize,
    now: Timestamp,
) -> Option<Found<'a>> {
    let name = match chain[index] {
        Link::Real(certificate) => &certificate.issuer,
        Link::Supposed(signer, _) => &signer.subject,
    };
    let next = (index + 1).min(chain.len() - 1);
    let mut best: Option<((bool, bool, Timestamp), Found<'a>)> = None;
    for list in all.iter().filter(|list| list.issuer.matches(name)) {
        let own = chain[next];
        let is_own = own.real().is_none_or(|own| identifies(list, own));
        let further = || {
            chain[next + 1..].iter().copied().find(|link| {
                link.real()
                    .is_some_and(|one| list.issuer.matches(&one.subject) && identifies(list, one))
            })
        };
        let Some(issuer) = (if is_own { Some(own) } else { further() }) else { continue };
        let is_current = list.this_update <= now && now < list.end();
        let score = (is_current, is_own, list.this_update);
        if best.as_ref().is_none_or(|(highest, _)| *highest < score) {
            best = Some((score, Found { list, issuer }));
        }
    }
    best.map(|(_, found)| found)
}

/// Whether the list says nothing else of its issuer (`X509_check_akid`).
fn identifies(list: &RevocationList, issuer: &Certificate) -> bool {
    let identifiers = (&list.authority_key_id, &issuer.subject_key_id);
    !matches!(identifiers, (Some(one), Some(other)) if one != other)
        && list.authority_certificate.allows(issuer)
}
