//! What people should know of an authority.

use super::authorities::chain as chain_of;
use super::{Case, Entry, Pki, Source, described};
use crate::existing::foreign::AUTHORITY_KEYS;
use crate::import::found::Place;
use crate::pki::chain;

/// What people should know of an authority that is taken over.
pub(super) fn report(case: Case<'_>, entry: &Entry, pki: &mut Pki) {
    let name = entry.holder.name();
    let own = entry.certificate.as_ref();
    let why = own.and_then(|own| case.unsayable(&entry.holder, own));
    pki.notes.extend(without_lists(entry));
    // Under those names it is reported already, regardless of its holder.
    let is_reported =
        |place: &Place| place.key.as_deref().is_some_and(|key| AUTHORITY_KEYS.contains(&key));
    if let Some((_, place)) = own.and_then(|own| case.found.keys.get(&own.spki_hash))
        && place.secret.is_some()
        && !is_reported(place)
    {
        pki.notes.push(format!(
            "authority `{name}`: its private key lies in the cluster ({place}), and anyone who may read that Secret can sign clients"
        ));
    }
    match (&entry.source, entry.has_key) {
        (Source::Issued(_), false) => pki.notes.push(format!(
            "authority `{name}`: its private key is not here; everything works as it is, but nothing below it can be issued until you put the key into the store"
        )),
        (Source::Supplied, true) => {
            let why = why.unwrap_or_else(|| "the key of its issuer is not here".to_owned());
            pki.notes.push(format!(
                "authority `{name}`: it signs, but stays a file that you replace in time, before {}: {why}",
                entry.certificate.as_ref().map_or_else(String::new, |own| own.not_after.to_string())
            ));
        }
        _ => {}
    }
}

/// What to do about an authority whose lists verifiers do not believe, such as one of Helm's `genCA`, before anything is
/// revoked.
fn without_lists(entry: &Entry) -> Option<String> {
    let own = entry.certificate.as_ref().filter(|own| !own.may_sign_lists())?;
    let name = entry.holder.name();
    let way_out = match entry.source {
        Source::Issued(_) => format!(
            "`mtlsgen cert renew cas/{name}` gives the same key a certificate that may sign them"
        ),
        Source::Supplied => {
            format!(
                "get a certificate with cRLSign for the same key, and name that under `cas.{name}`"
            )
        }
    };
    Some(format!(
        "authority `{name}`: the key usage of `{}` lacks cRLSign, and controllers believe no revocation list of it: before the first revocation, {way_out}",
        own.subject.rfc2253()
    ))
}

/// What nginx refuses of an authority, and what could not be verified about it.
pub(super) fn doubts(entry: &Entry, pki: &mut Pki) {
    let (name, chain) = (entry.holder.name(), chain_of(entry));
    if let Some((blamed, refusal)) = entry.refusal() {
        pki.notes.push(format!(
            "authority `{name}`: {} {refusal}; a host that lists it under `clientAuth.cas` is an error as long as it has this certificate",
            described(&blamed)
        ));
    }
    for (below, with) in chain::unverified(&chain) {
        pki.notes.push(format!(
            "authority `{name}`: {} is signed with {with}, which cannot be checked here: whether `{}` signed it is not known",
            described(below),
            below.issuer.rfc2253()
        ));
    }
}
