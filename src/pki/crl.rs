//! Certificate revocation lists (RFC 5280, section 5) as facts: parsed once, compared and printed.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate as ParsedEntry};
use x509_parser::x509::X509Version;

use super::certificate::Certificate;
use super::certificate::signature::list_is_signed_with;
use super::key::sha256;
use super::name::DistinguishedName;
use super::pem;
use super::request::SerialNumber;
use crate::time::Timestamp;

/// What stands behind `BEGIN` in the PEM form; the ingress-nginx controller knows no other word.
const LABEL: &str = "X509 CRL";

/// Why a certificate was revoked (RFC 5280, section 5.3.1), as far as it applies to certificates that
/// stay revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationReason {
    /// Nobody says.
    #[default]
    Unspecified,
    /// Somebody else may have its private key.
    KeyCompromise,
    /// Somebody else may have the private key of the authority that it is.
    CaCompromise,
    /// Its holder has another name or belongs to somebody else now.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// Its holder may not do any more what it could do with it.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The word of RFC 5280.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// The reason of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    fn of_code(code: u8) -> Self {
        match code {
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            9 => Self::PrivilegeWithdrawn,
            _ => Self::Unspecified,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// When and why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// A revocation list: its DER and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    /// The list itself.
    pub der: Vec<u8>,
    /// Who signed it.
    pub issuer: DistinguishedName,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// Its number among its issuer's lists, as far as it fits; lists of ours always have one.
    pub number: Option<u64>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When verifiers stop believing it, and refuse everybody.
    pub next_update: Timestamp,
    /// What is revoked, by serial.
    pub revoked: BTreeMap<SerialNumber, RevokedEntry>,
}

/// Why a text is not a revocation list that a controller would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationListError {
    /// There is no PEM block `X509 CRL`, or another one beside it.
    NotPem,
    /// A list is damaged, or of a kind that controllers refuse; the words say which and how.
    Unusable(String),
}

impl fmt::Display for RevocationListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str("there is something else than PEM blocks `X509 CRL`"),
            Self::Unusable(how) => f.write_str(how),
        }
    }
}

impl std::error::Error for RevocationListError {}

impl RevocationList {
    /// Reads one list.
    ///
    /// # Errors
    /// [`RevocationListError::Unusable`] if it is none, of version 1, without an end, or partial.
    pub fn from_der(der: &[u8]) -> Result<Self, RevocationListError> {
        read(der).map_err(RevocationListError::Unusable)
    }

    /// Reads all lists of a PEM text, in its order.
    ///
    /// # Errors
    /// If there is none, something beside them, or if one cannot be used.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, RevocationListError> {
        let mut lists = Vec::new();
        for block in pem::blocks(text) {
            let unusable = |error: pem::PemError| RevocationListError::Unusable(error.to_string());
            let block = block.map_err(unusable)?;
            if block.label != LABEL {
                return Err(RevocationListError::NotPem);
            }
            lists.push(Self::from_der(&block.decode().map_err(unusable)?)?);
        }
        if lists.is_empty() { Err(RevocationListError::NotPem) } else { Ok(lists) }
    }

    /// Encodes it as PEM: LF line ends, newline at the end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode_public(LABEL, &self.der)
    }

    /// SHA-256 of its DER.
    #[must_use]
    pub fn fingerprint(&self) -> super::certificate::Fingerprint {
        super::certificate::Fingerprint(sha256(&self.der))
    }

    /// Tells whether it may be the list of `authority`, by its names alone.
    #[must_use]
    pub fn names(&self, authority: &Certificate) -> bool {
        let identifiers = (&self.authority_key_id, &authority.subject_key_id);
        self.issuer == authority.subject
            && !matches!(identifiers, (Some(list), Some(authority)) if list != authority)
    }

    /// Tells whether the key of `authority` signed it, and the names agree.
    #[must_use]
    pub fn is_signed_by(&self, authority: &Certificate) -> bool {
        self.names(authority) && list_is_signed_with(&self.der, authority)
    }

    /// What orders lists of one authority: the newest is the greatest.
    #[must_use]
    pub fn age(&self) -> (Option<u64>, Timestamp, Timestamp, &[u8]) {
        (self.number, self.this_update, self.next_update, &self.der)
    }
}

/// The newest list that `authority` signed.
pub fn newest<'a>(
    lists: impl IntoIterator<Item = &'a RevocationList>,
    authority: &Certificate,
) -> Option<&'a RevocationList> {
    let mut candidates: Vec<_> = lists.into_iter().filter(|list| list.names(authority)).collect();
    candidates.sort_by(|one, other| other.age().cmp(&one.age()));
    candidates.into_iter().find(|list| list.is_signed_by(authority))
}

/// Encodes lists as one PEM text, in their order.
#[must_use]
pub fn to_pem<'a>(lists: impl IntoIterator<Item = &'a RevocationList>) -> String {
    lists.into_iter().map(RevocationList::to_pem).collect()
}

fn read(der: &[u8]) -> Result<RevocationList, String> {
    let (rest, parsed) = CertificateRevocationList::from_der(der)
        .map_err(|error| format!("it is not a list of revoked certificates ({error})"))?;
    if !rest.is_empty() {
        return Err(format!("{} octets follow its end", rest.len()));
    }
    if parsed.version() != Some(X509Version::V2) {
        return Err("the list is of version 1, and controllers read version 2 alone".to_owned());
    }
    let next_update = parsed
        .next_update()
        .ok_or("the list does not say when the next one comes (`nextUpdate`)")?;
    let mut list = RevocationList {
        der: der.to_vec(),
        issuer: DistinguishedName::from_der(parsed.issuer().as_raw())
            .map_err(|error| format!("its issuer is {error}"))?,
        authority_key_id: None,
        number: parsed.crl_number().and_then(|number| octets_to_number(&number.to_bytes_be())),
        this_update: Timestamp::from_unix(parsed.last_update().timestamp()),
        next_update: Timestamp::from_unix(next_update.timestamp()),
        revoked: parsed.iter_revoked_certificates().map(entry).collect(),
    };
    for extension in parsed.extensions() {
        if let ParsedExtension::AuthorityKeyIdentifier(id) = extension.parsed_extension() {
            list.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
        } else if extension.critical {
            // Delta lists and those that an issuing distribution point limits.
            return Err(format!(
                "the list is not a complete one (it has the critical extension {})",
                extension.oid
            ));
        }
    }
    Ok(list)
}

fn entry(parsed: &ParsedEntry<'_>) -> (SerialNumber, RevokedEntry) {
    let reason = parsed.reason_code().map_or(0, |(_, code)| code.0);
    let at = Timestamp::from_unix(parsed.revocation_date.timestamp());
    let serial = SerialNumber::from_encoded(parsed.raw_serial());
    (serial, RevokedEntry { at, reason: RevocationReason::of_code(reason) })
}

fn octets_to_number(octets: &[u8]) -> Option<u64> {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = &octets[zeros..];
    let mut number = [0; 8];
    number.get_mut(8_usize.checked_sub(octets.len())?..)?.copy_from_slice(octets);
    Some(u64::from_be_bytes(number))
}
