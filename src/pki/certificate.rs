//! Certificates as facts: parsed once, compared and printed often.
use super::key::{KeyKind, SpkiHash};
use super::name::DistinguishedName;
use super::request::{AlternativeNames, NameConstraints, SerialNumber};
use crate::time::Timestamp;

/// A certificate: its DER and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub der: Vec<u8>,
    pub subject: DistinguishedName,
    pub issuer: DistinguishedName,
    pub serial: SerialNumber,
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    pub key_kind: Option<KeyKind>,
    pub spki_hash: SpkiHash,
    pub subject_key_id: Option<Vec<u8>>,
    pub authority_key_id: Option<Vec<u8>>,
    /// basicConstraints cA (an absent extension is `false`).
    pub is_authority: bool,
    pub max_path_len: Option<u8>,
    /// keyUsage bits as RFC 5280 numbers them; None if absent.
    pub key_usage: Option<u16>,
    pub extended_key_usage: Option<Vec<ExtendedKeyUsage>>,
    pub names: AlternativeNames,
    pub name_constraints: Option<NameConstraints>,
}
/// Purposes of leaf certificates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtendedKeyUsage {
    Any,
    ServerAuth,
    ClientAuth,
    Other(String),
}
/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);
/// Why a text is not a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    NotPem,
    NoCertificate,
    Malformed(String),
}
impl Certificate {
    pub fn from_der(_der: &[u8]) -> Result<Self, CertificateError> {
        todo!()
    }
    /// All certificates of a PEM text, in its order; other blocks are skipped. Error if there is none.
    pub fn from_pem(_pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        todo!()
    }
    /// PEM, LF line ends, trailing newline.
    pub fn to_pem(&self) -> String {
        todo!()
    }
    pub fn fingerprint(&self) -> Fingerprint {
        todo!()
    }
    /// Subject and issuer equal, and signature made by its own key.
    pub fn is_self_signed(&self) -> bool {
        todo!()
    }
    /// Whether `issuer`'s key made the signature and names agree (issuer name = subject name, AKI = SKI where both exist).
    pub fn is_signed_by(&self, _issuer: &Certificate) -> bool {
        todo!()
    }
}
