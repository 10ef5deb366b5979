//! Certificates as facts: parsed once, compared and printed often.

pub mod details;
pub(super) mod reading;
pub(super) mod signature;
#[cfg(test)]
mod tests;

use std::fmt;

use super::key::{KeyKind, SpkiHash, sha256};
use super::name::DistinguishedName;
use super::pem;
use super::request::{AlternativeNames, NameConstraints, SerialNumber};
use crate::json::{SHA256, text};
use crate::time::Timestamp;

pub use signature::Signature;

/// Bits of [`Certificate::key_usage`] (RFC 5280, section 4.2.1.3).
pub mod key_usage {
    /// Signing anything but certificates and CRLs: TLS handshakes.
    pub const DIGITAL_SIGNATURE: u16 = 1 << 0;
    /// Transporting keys: TLS 1.2 with RSA key exchange.
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    /// Agreeing on keys: TLS 1.2 with static Diffie-Hellman.
    pub const KEY_AGREEMENT: u16 = 1 << 4;
    /// Signing certificates.
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    /// Signing revocation lists.
    pub const CRL_SIGN: u16 = 1 << 6;
}

/// A certificate: its DER and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Who holds it.
    pub subject: DistinguishedName,
    /// Who signed it.
    pub issuer: DistinguishedName,
    /// Its number among its issuer's certificates.
    pub serial: SerialNumber,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// Kind of its key, `None` for kinds that mtlsgen does not make.
    pub key_kind: Option<KeyKind>,
    /// Hash of its `SubjectPublicKeyInfo`.
    pub spki_hash: SpkiHash,
    /// subjectKeyIdentifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// authorityCertIssuer and authorityCertSerialNumber of authorityKeyIdentifier.
    pub authority_certificate: AuthorityReference,
    /// basicConstraints cA (an absent extension is `false`).
    pub is_authority: bool,
    /// pathLenConstraint: how many authorities may be below this one.
    pub max_path_len: Option<u8>,
    /// keyUsage bits as RFC 5280 numbers them (see [`key_usage`]); `None` if absent.
    pub key_usage: Option<u16>,
    /// Purposes, in their order; `None` if absent, which means every purpose.
    pub extended_key_usage: Option<Vec<ExtendedKeyUsage>>,
    /// subjectAltName, as far as it has names of these kinds; DNS names in lower case,
    /// empty ones left out.
    pub names: AlternativeNames,
    /// nameConstraints, as far as it has subtrees of these kinds.
    pub name_constraints: Option<NameConstraints>,
}

/// The one certificate of an authority that authorityKeyIdentifier names beside the key (RFC 5280, section 4.2.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorityReference {
    /// Issuer of that certificate; where there are several names, the first directory name.
    pub issuer: Option<DistinguishedName>,
    /// Its serial number.
    pub serial: Option<SerialNumber>,
}

impl AuthorityReference {
    /// Whether `authority` may be that certificate; what is absent says nothing.
    #[must_use]
    pub fn allows(&self, authority: &Certificate) -> bool {
        self.issuer.as_ref().is_none_or(|issuer| issuer.matches(&authority.issuer))
            && self.serial.as_ref().is_none_or(|serial| *serial == authority.serial)
    }
}

/// Purposes of leaf certificates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtendedKeyUsage {
    /// anyExtendedKeyUsage.
    Any,
    /// TLS servers.
    ServerAuth,
    /// TLS clients.
    ClientAuth,
    /// Another purpose, by its object identifier.
    Other(String),
}

impl fmt::Display for ExtendedKeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "anyExtendedKeyUsage",
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::Other(oid) => oid,
        })
    }
}

/// SHA-256 of a certificate's DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    /// Lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

text!(Fingerprint, Fingerprint::to_string, { "pattern": SHA256 });

impl Fingerprint {
    /// Prints it as openssl does: upper-case hexadecimal, octets apart by colons.
    #[must_use]
    pub fn with_colons(&self) -> String {
        self.0.map(|octet| format!("{octet:02X}")).join(":")
    }
}

/// Why a text is not a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// There is no PEM block at all.
    NotPem,
    /// There are blocks, but no certificate.
    NoCertificate,
    /// A certificate is damaged; the words say which and how.
    Malformed(String),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str(
                "no PEM block found; write a DER certificate as PEM with `openssl x509 -inform DER`",
            ),
            Self::NoCertificate => {
                f.write_str("no block `BEGIN CERTIFICATE` found among the PEM blocks")
            }
            Self::Malformed(how) => write!(f, "damaged certificate: {how}"),
        }
    }
}

impl std::error::Error for CertificateError {}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if it is none, or if something follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        match reading::read(der)? {
            (certificate, 0) => Ok(certificate),
            (_, rest) => Err(CertificateError::Malformed(format!("{rest} octets follow its end"))),
        }
    }

    /// Reads all certificates of a PEM text, in its order; other blocks and text between are
    /// skipped.
    ///
    /// # Errors
    /// If there is none, or if one is damaged; the words name the line of its block.
    pub fn from_pem(pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let mut certificates = Vec::new();
        let mut any_block = false;
        for block in pem::blocks(pem) {
            let block = block.map_err(|error| CertificateError::Malformed(error.to_string()))?;
            any_block = true;
            certificates.extend(Self::from_block(&block)?);
        }
        match (certificates.is_empty(), any_block) {
            (false, _) => Ok(certificates),
            (true, true) => Err(CertificateError::NoCertificate),
            (true, false) => Err(CertificateError::NotPem),
        }
    }

    /// `None` if the block is not a certificate.
    pub(crate) fn from_block(block: &pem::Block<'_>) -> Result<Option<Self>, CertificateError> {
        // openssl writes its trust settings behind a `TRUSTED CERTIFICATE`.
        let may_follow = match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" => false,
            "TRUSTED CERTIFICATE" => true,
            _ => return Ok(None),
        };
        let der = block.decode().map_err(|error| CertificateError::Malformed(error.to_string()))?;
        let certificate = if may_follow {
            reading::read(&der).map(|(certificate, _)| certificate)
        } else {
            Self::from_der(&der)
        };
        certificate.map(Some).map_err(|error| match error {
            CertificateError::Malformed(how) => CertificateError::Malformed(format!(
                "in the block `BEGIN {}` on line {}: {how}",
                block.label, block.line
            )),
            other => other,
        })
    }

    /// Encodes it as PEM: LF line ends, newline at the end.
    pub fn to_pem(&self) -> String {
        pem::encode_public("CERTIFICATE", &self.der)
    }

    /// Returns the SHA-256 of its DER.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(sha256(&self.der))
    }

    /// Returns whether subject and issuer are equal and its own key made the signature, or, where that cannot be
    /// verified here, whether it names itself as its issuer.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued()
            && match self.signature_by(self) {
                Signature::Valid => true,
                Signature::Wrong => false,
                Signature::Unchecked(_) => self.names_as_issuer(self),
            }
    }

    /// Returns whether subject and issuer are equal (RFC 5280, section 3.2).
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
    }

    /// Returns whether OpenSSL takes it for self-signed, and with that for a root wherever it is trusted: it names
    /// itself as its issuer, and its key is of the kind that makes such signatures. It does not verify the signature of
    /// a root (`ossl_x509v3_cache_extensions`, `check_sig_alg_match`).
    pub fn is_anchor(&self) -> bool {
        self.names_as_issuer(self) && self.has_known_signature(self)
    }

    /// Returns whether OpenSSL knows the algorithm of the signature as one of keys of the kind of `issuer`'s.
    pub fn has_known_signature(&self, issuer: &Self) -> bool {
        signature::is_known(self, issuer)
    }

    /// Verifies the signature with `issuer`'s key, regardless of names.
    pub fn signature_by(&self, issuer: &Self) -> Signature {
        signature::of_certificate(self, issuer)
    }

    /// Returns whether `issuer`'s key made the signature and the names agree: issuer name = subject
    /// name, byte by byte, and what the authority key identifier says.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        self.names_as_issuer(issuer) && self.signature_by(issuer) == Signature::Valid
    }

    /// As [`Self::is_signed_by`]; also where the names agree and the signature is of a kind that cannot be verified
    /// here.
    pub fn may_be_signed_by(&self, issuer: &Self) -> bool {
        self.names_as_issuer(issuer) && self.signature_by(issuer).may_be_valid()
    }

    /// Returns whether `issuer` is what this certificate says of its issuer: of that name, and with the key identifier,
    /// the issuer and the serial number in the authority key identifier. OpenSSL takes no other
    /// (`X509_check_akid`).
    pub(crate) fn names_as_issuer(&self, issuer: &Self) -> bool {
        let identifiers = (&self.authority_key_id, &issuer.subject_key_id);
        self.issuer.matches(&issuer.subject)
            && !matches!(identifiers, (Some(authority), Some(subject)) if authority != subject)
            && self.authority_certificate.allows(issuer)
    }

    /// Returns whether its extended key usage allows this purpose; an absent one allows all (RFC 5280,
    /// section 4.2.1.12).
    pub fn allows(&self, purpose: &ExtendedKeyUsage) -> bool {
        let allowing = |usages: &Vec<ExtendedKeyUsage>| {
            usages.contains(purpose) || usages.contains(&ExtendedKeyUsage::Any)
        };
        self.extended_key_usage.as_ref().is_none_or(allowing)
    }

    /// Returns whether it may sign certificates: an authority whose key usage, if it has one, has
    /// keyCertSign.
    pub fn may_sign_certificates(&self) -> bool {
        self.is_authority && self.allows_certificate_signing()
    }

    /// Returns whether keyUsage, if it has one, has keyCertSign.
    pub fn allows_certificate_signing(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & key_usage::KEY_CERT_SIGN != 0)
    }

    /// Returns whether verifiers believe revocation lists that its key signs: its key usage, if it has one, has
    /// cRLSign (RFC 5280, section 6.3.3, step f; OpenSSL's `X509_V_ERR_KEYUSAGE_NO_CRL_SIGN`).
    pub fn may_sign_lists(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & key_usage::CRL_SIGN != 0)
    }
}
