//! Reads revocation lists, whoever made them.

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate as ParsedEntry};
use x509_parser::x509::X509Version;

use super::{ListNumber, RevocationList, RevocationReason, RevokedEntry};
use crate::pki::certificate::details::signature_algorithm;
use crate::pki::name::DistinguishedName;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// One list; else why it is none.
pub(super) fn read(der: &[u8]) -> Result<RevocationList, String> {
    let (rest, parsed) = CertificateRevocationList::from_der(der)
        .map_err(|error| format!("it is not a list of revoked certificates ({error})"))?;
    if !rest.is_empty() {
        return Err(format!("{} octets follow its end", rest.len()));
    }
    let issuer = DistinguishedName::from_der(parsed.issuer().as_raw())
        .map_err(|error| format!("its issuer is {error}"))?;
    Ok(RevocationList {
        der: der.to_vec(),
        issuer,
        authority_key_id: authority_key_id(&parsed),
        number: parsed.crl_number().map(|number| ListNumber::from_octets(&number.to_bytes_be())),
        this_update: Timestamp::from_unix(parsed.last_update().timestamp()),
        next_update: parsed.next_update().map(|time| Timestamp::from_unix(time.timestamp())),
        signature: signature_algorithm(&parsed.signature_algorithm),
        revoked: parsed.iter_revoked_certificates().map(entry).collect(),
        flaw: flaw(&parsed),
    })
}

fn authority_key_id(parsed: &CertificateRevocationList<'_>) -> Option<Vec<u8>> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            id.key_identifier.as_ref().map(|id| id.0.to_vec())
        }
        _ => None,
    })
}

/// Why controllers do not take it: it is of version 1, without an end, or not a complete list.
fn flaw(parsed: &CertificateRevocationList<'_>) -> Option<String> {
    if parsed.version() != Some(X509Version::V2) {
        return Some("the list is of version 1, and controllers read version 2 alone".to_owned());
    }
    if parsed.next_update().is_none() {
        return Some("the list does not say when the next one comes (`nextUpdate`)".to_owned());
    }
    // Delta lists and those that an issuing distribution point limits.
    let mut critical = parsed.extensions().iter().filter(|extension| extension.critical);
    let limit = critical.find(|extension| {
        !matches!(extension.parsed_extension(), ParsedExtension::AuthorityKeyIdentifier(_))
    })?;
    Some(format!("the list is not a complete one (it has the critical extension {})", limit.oid))
}

fn entry(parsed: &ParsedEntry<'_>) -> (SerialNumber, RevokedEntry) {
    let reason = parsed.reason_code().map_or(0, |(_, code)| code.0);
    let at = Timestamp::from_unix(parsed.revocation_date.timestamp());
    let serial = SerialNumber::from_encoded(parsed.raw_serial());
    (serial, RevokedEntry { at, reason: RevocationReason::of_code(reason) })
}
