//! Reads revocation lists, of any origin.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

use x509_parser::extensions::{AuthorityKeyIdentifier, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate as ParsedEntry};
use x509_parser::x509::X509Version;

use super::{ListNumber, RevocationList, RevocationReason, RevokedEntry};
use crate::pki::acceptance::refusal_of_form;
use crate::pki::certificate::details::signature_algorithm;
use crate::pki::certificate::reading::authority_reference;
use crate::pki::damage;
use crate::pki::name::DistinguishedName;
use crate::pki::object_identifier::dotted;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// issuingDistributionPoint: what a list may have as a critical extension. OpenSSL takes authorityKeyIdentifier as well
/// (`crypto/x509/x_crl.c`), but Go does not, with which the controller reads lists before.
const KNOWN: [&str; 1] = ["2.5.29.28"];
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
/// DER of an empty SEQUENCE.
const EMPTY: [u8; 2] = [0x30, 0];

/// One list; else why it is none.
pub(super) fn read(der: &[u8]) -> Result<RevocationList, String> {
    let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|error| {
        format!("it is not a list of revoked certificates ({})", damage::words(&error))
    })?;
    if !rest.is_empty() {
        return Err(format!("{} octets follow its end", rest.len()));
    }
    let issuer = DistinguishedName::from_der(parsed.issuer().as_raw())
        .map_err(|error| format!("its issuer is {error}"))?;
    let authority = authority(&parsed);
    let (mut revoked, mut repeated) = (BTreeMap::new(), Vec::new());
    for (serial, own) in parsed.iter_revoked_certificates().map(entry) {
        match revoked.entry(serial) {
            Place::Vacant(place) => drop(place.insert(own)),
            Place::Occupied(mut place) => {
                let is_lifted = |one: &RevokedEntry| one.reason == RevocationReason::RemoveFromCrl;
                let counts = is_lifted(place.get()) && !is_lifted(&own);
                let other = if counts { place.insert(own) } else { own };
                repeated.push((place.key().clone(), other));
            }
        }
    }
    Ok(RevocationList {
        der: der.to_vec(),
        issuer,
        authority_key_id: authority
            .and_then(|authority| authority.key_identifier.as_ref())
            .map(|id| id.0.to_vec()),
        authority_certificate: authority.map(authority_reference).unwrap_or_default(),
        number: parsed.crl_number().map(|number| ListNumber::from_octets(&number.to_bytes_be())),
        this_update: Timestamp::from_unix(parsed.last_update().timestamp()),
        next_update: parsed.next_update().map(|time| Timestamp::from_unix(time.timestamp())),
        signature: signature_algorithm(&parsed.signature_algorithm),
        revoked,
        repeated,
        flaw: flaw(&parsed).or_else(|| odd_form(der)),
    })
}

fn authority<'a>(
    parsed: &'a CertificateRevocationList<'_>,
) -> Option<&'a AuthorityKeyIdentifier<'a>> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => Some(id),
        _ => None,
    })
}

/// Why controllers do not take it: it is of version 1, without an end, not a complete list, or says something that
/// OpenSSL does not know and has to.
fn flaw(parsed: &CertificateRevocationList<'_>) -> Option<String> {
    if parsed.version() != Some(X509Version::V2) {
        return Some("the list is version 1, and controllers accept only version 2".to_owned());
    }
    if parsed.next_update().is_none() {
        return Some("the list has no `nextUpdate`".to_owned());
    }
    let extensions = || parsed.extensions().iter();
    let of_entries = || parsed.iter_revoked_certificates().flat_map(ParsedEntry::extensions);
    let partial = extensions().find_map(limit).or_else(|| of_entries().find_map(limit));
    if let Some(what) = partial {
        return Some(format!("the list is not complete (it has {what})"));
    }
    let is_unknown = |extension: &&X509Extension<'_>| {
        extension.critical && !KNOWN.contains(&dotted(&extension.oid).as_str())
    };
    let unknown = extensions()
        .find(is_unknown)
        .or_else(|| of_entries().find(|extension| extension.critical))?;
    if dotted(&unknown.oid) == AUTHORITY_KEY_ID {
        return Some("the list has a critical authorityKeyIdentifier, and the controller reads none with that (Go's `authority key identifier incorrectly marked critical`)".to_owned());
    }
    Some(format!(
        "the list has the critical extension {}, which OpenSSL does not support (error 36, `unhandled critical CRL extension`)",
        dotted(&unknown.oid)
    ))
}

/// Why the controller does not read it, or OpenSSL does not go by it.
fn odd_form(der: &[u8]) -> Option<String> {
    refusal_of_form(der).map(|refusal| format!("the list {refusal}"))
}

/// What makes a list speak of some certificates alone, whether its extension is critical, as it has to be, or not:
/// OpenSSL takes a delta list for a complete one, and one with a scope for the lists of others, or for none.
fn limit(extension: &X509Extension<'_>) -> Option<&'static str> {
    match dotted(&extension.oid).as_str() {
        "2.5.29.27" => Some("`deltaCRLIndicator`: it lists only changes since another one"),
        // An empty one (RFC 5280, section 5.2.5) limits nothing.
        "2.5.29.28" if extension.value == EMPTY => None,
        "2.5.29.28" => Some("`issuingDistributionPoint`, which says what it is about"),
        "2.5.29.29" => Some("`certificateIssuer` of an entry: it is about certificates of others"),
        _ => None,
    }
}

fn entry(parsed: &ParsedEntry<'_>) -> (SerialNumber, RevokedEntry) {
    let reason = parsed.reason_code().map_or(0, |(_, code)| code.0);
    let at = Timestamp::from_unix(parsed.revocation_date.timestamp());
    let serial = SerialNumber::from_integer(parsed.raw_serial());
    (serial, RevokedEntry { at, reason: RevocationReason::of_code(reason) })
}
