//! Certificate revocation lists (RFC 5280, section 5) as facts: parsed once, compared and printed.

mod number;
mod reading;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use super::certificate::details::SignatureAlgorithm;
use super::certificate::signature;
use super::certificate::{AuthorityReference, Certificate, Signature};
use super::key::sha256;
use super::name::DistinguishedName;
use super::pem;
use super::request::SerialNumber;
use crate::time::Timestamp;

pub use number::ListNumber;
pub use reason::RevocationReason;

/// The label after `BEGIN` in the PEM form; the ingress-nginx controller accepts no other.
const LABEL: &str = "X509 CRL";

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
    /// authorityCertIssuer and authorityCertSerialNumber of authorityKeyIdentifier.
    pub authority_certificate: AuthorityReference,
    /// Its number among its issuer's lists; lists of ours always have one.
    pub number: Option<ListNumber>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When verifiers stop believing it, and refuse every client.
    pub next_update: Option<Timestamp>,
    /// How it was signed.
    pub signature: SignatureAlgorithm,
    /// What is revoked, by serial; of several entries with one serial, one that revokes.
    pub revoked: BTreeMap<SerialNumber, RevokedEntry>,
    /// Further entries with serials of these.
    pub repeated: Vec<(SerialNumber, RevokedEntry)>,
    /// Why controllers do not take it, and with it nothing of its Secret; `None` if they do.
    pub flaw: Option<String>,
}

/// Why a text is not a revocation list that a controller would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationListError {
    /// There is no PEM block `X509 CRL`, or another one beside it.
    NotPem,
    /// A list is damaged; the words say how.
    Damaged(String),
    /// A list is of a kind that controllers refuse; the words say why.
    Unusable(String),
}

impl fmt::Display for RevocationListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str("there is something else than PEM blocks `X509 CRL`"),
            Self::Damaged(how) | Self::Unusable(how) => f.write_str(how),
        }
    }
}

impl std::error::Error for RevocationListError {}

impl RevocationList {
    /// All entries, in the order of their serials.
    #[must_use]
    pub fn entries(&self) -> Vec<(&SerialNumber, &RevokedEntry)> {
        let repeated = self.repeated.iter().map(|(serial, entry)| (serial, entry));
        let mut all: Vec<_> = self.revoked.iter().chain(repeated).collect();
        all.sort_by_key(|(serial, _)| *serial);
        all
    }

    /// Reads one list, also one that controllers do not take.
    ///
    /// # Errors
    /// [`RevocationListError::Damaged`] if it is none, or if something follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, RevocationListError> {
        reading::read(der).map_err(RevocationListError::Damaged)
    }

    /// Reads all lists of a PEM text, in its order, as controllers do.
    ///
    /// # Errors
    /// If there is none, something beside them, or if one cannot be used: damaged, of version 1, without an
    /// end, or partial.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, RevocationListError> {
        let mut lists = Vec::new();
        for block in pem::blocks(text) {
            let damaged = |error: pem::PemError| RevocationListError::Damaged(error.to_string());
            let block = block.map_err(damaged)?;
            if block.label != LABEL {
                return Err(RevocationListError::NotPem);
            }
            let list = Self::from_der(&block.decode().map_err(damaged)?)?;
            if let Some(flaw) = list.flaw {
                return Err(RevocationListError::Unusable(flaw));
            }
            lists.push(list);
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

    /// Returns whether it may be the list of `authority`, by its names alone.
    #[must_use]
    pub fn names(&self, authority: &Certificate) -> bool {
        let identifiers = (&self.authority_key_id, &authority.subject_key_id);
        self.issuer.matches(&authority.subject)
            && !matches!(identifiers, (Some(list), Some(authority)) if list != authority)
            && self.authority_certificate.allows(authority)
    }

    /// Verifies the signature with the key of `authority`, regardless of names.
    #[must_use]
    pub fn signature_by(&self, authority: &Certificate) -> Signature {
        signature::of_list(&self.der, authority)
    }

    /// Returns whether OpenSSL knows the algorithm of the signature as one of keys of the kind of `authority`'s.
    #[must_use]
    pub fn has_known_signature(&self, authority: &Certificate) -> bool {
        signature::is_known_of_list(&self.der, authority)
    }

    /// Returns whether the key of `authority` signed it, and the names agree.
    #[must_use]
    pub fn is_signed_by(&self, authority: &Certificate) -> bool {
        self.names(authority) && self.signature_by(authority) == Signature::Valid
    }

    /// As [`Self::is_signed_by`]; also where the names agree and the signature is of a kind that cannot be verified
    /// here.
    #[must_use]
    pub fn may_be_signed_by(&self, authority: &Certificate) -> bool {
        self.names(authority) && self.signature_by(authority).may_be_valid()
    }

    /// What it says about the certificate, if it is about its issuer's certificates.
    #[must_use]
    pub fn entry_of(&self, certificate: &Certificate) -> Option<&RevokedEntry> {
        self.revoked.get(&certificate.serial).filter(|_| self.issuer.matches(&certificate.issuer))
    }

    /// The moment from which no verifier believes it; that of a list without an end never comes.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.next_update.unwrap_or(Timestamp::MAX)
    }

    /// What orders lists of one authority: the newest is the greatest.
    #[must_use]
    pub fn age(&self) -> (Option<&ListNumber>, Timestamp, Timestamp, &[u8]) {
        (self.number.as_ref(), self.this_update, self.end(), &self.der)
    }
}

/// The list of `authority` by which OpenSSL goes where there are several (`get_crl_score`): one that is neither over nor
/// early before others, and among these the latest.
pub fn believed<'a>(
    lists: impl IntoIterator<Item = &'a RevocationList>,
    authority: &Certificate,
    now: Timestamp,
) -> Option<&'a RevocationList> {
    let own = lists.into_iter().filter(|list| list.may_be_signed_by(authority));
    own.max_by_key(|list| {
        let is_current = list.this_update <= now && now < list.end();
        (is_current, list.this_update, list.age())
    })
}

/// The newest list that `authority` signed, as far as that can be verified here.
pub fn newest<'a>(
    lists: impl IntoIterator<Item = &'a RevocationList>,
    authority: &Certificate,
) -> Option<&'a RevocationList> {
    let mut candidates: Vec<_> = lists.into_iter().filter(|list| list.names(authority)).collect();
    candidates.sort_by(|one, other| other.age().cmp(&one.age()));
    candidates.into_iter().find(|list| list.may_be_signed_by(authority))
}

/// Encodes lists as one PEM text, in their order.
#[must_use]
pub fn to_pem<'a>(lists: impl IntoIterator<Item = &'a RevocationList>) -> String {
    lists.into_iter().map(RevocationList::to_pem).collect()
}
