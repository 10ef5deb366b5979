//! Revocation lists (CRLs, RFC 5280, section 5), read.

use x509_parser::asn1_rs::FromDer;
use x509_parser::extensions::ParsedExtension;
use x509_parser::revocation_list::CertificateRevocationList;

use super::details::{SignatureAlgorithm, signature_algorithm};
use super::{Certificate, CertificateError, signature};
use crate::pki::name::DistinguishedName;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// A revocation list: its DER and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    /// The list itself.
    pub der: Vec<u8>,
    /// Whose certificates it is about.
    pub issuer: DistinguishedName,
    /// cRLNumber, decimal.
    pub number: Option<String>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one comes at the latest; verifiers refuse everybody afterwards.
    pub next_update: Option<Timestamp>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// How it was signed.
    pub signature: SignatureAlgorithm,
    /// What is revoked, in its order.
    pub revoked: Vec<Revoked>,
}

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Since when.
    pub at: Timestamp,
    /// Why, in RFC 5280's words; `None` if nothing is said.
    pub reason: Option<&'static str>,
}

impl RevocationList {
    /// Reads one list.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if it is none, or if something follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let malformed = |how: String| CertificateError::Malformed(how);
        let (rest, parsed) = CertificateRevocationList::from_der(der)
            .map_err(|error| malformed(format!("it is not a revocation list ({error})")))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} octets follow its end", rest.len())));
        }
        let issuer = DistinguishedName::from_der(parsed.issuer().as_raw())
            .map_err(|error| malformed(format!("its issuer is {error}")))?;
        Ok(Self {
            der: der.to_vec(),
            issuer,
            number: parsed.crl_number().map(ToString::to_string),
            this_update: Timestamp::from_unix(parsed.last_update().timestamp()),
            next_update: parsed.next_update().map(|time| Timestamp::from_unix(time.timestamp())),
            authority_key_id: authority_key_id(&parsed),
            signature: signature_algorithm(&parsed.signature_algorithm),
            revoked: parsed.iter_revoked_certificates().map(revoked).collect(),
        })
    }

    /// Tells whether it was signed with the key of `issuer`, which has its issuer's name.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Certificate) -> bool {
        self.issuer == issuer.subject && signature::list_is_signed_with(&self.der, issuer)
    }

    /// What it says about the certificate, if it is about its issuer's certificates.
    #[must_use]
    pub fn entry_of(&self, certificate: &Certificate) -> Option<&Revoked> {
        let is_meant = self.issuer == certificate.issuer;
        self.revoked.iter().find(|entry| is_meant && entry.serial == certificate.serial)
    }
}

fn authority_key_id(parsed: &CertificateRevocationList<'_>) -> Option<Vec<u8>> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            id.key_identifier.as_ref().map(|id| id.0.to_vec())
        }
        _ => None,
    })
}

fn revoked(entry: &x509_parser::revocation_list::RevokedCertificate<'_>) -> Revoked {
    let serial = entry.raw_serial();
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    Revoked {
        serial: SerialNumber(serial[zeros.min(serial.len().saturating_sub(1))..].to_vec()),
        at: Timestamp::from_unix(entry.revocation_date.timestamp()),
        reason: entry.reason_code().map(|(_, code)| reason(code.0)),
    }
}

/// `CRLReason` (RFC 5280, section 5.3.1).
fn reason(code: u8) -> &'static str {
    match code {
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => "unspecified",
    }
}
