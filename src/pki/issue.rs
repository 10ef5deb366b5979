//! Makes certificates by RFC 5280; with its submodules the only user of rcgen.

mod checks;
mod contents;
mod revocation;
#[cfg(test)]
mod tests;

use std::fmt;

pub use revocation::{RevocationListDraft, sign_revocation_list};
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::{self, Encode, Reader, SliceReader, Tag};

use super::certificate::Certificate;
use super::key::{KeyError, PrivateKey, PublicKey};
use super::name::DistinguishedName;
use super::request::{CertificateRequest, SerialNumber};
use crate::time::Timestamp;

/// First and last second of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: Timestamp,
    /// Last second.
    pub not_after: Timestamp,
}

/// Who signs: certificate (absent for self-signed ones) and key.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Certificate of the authority; `None` if the new certificate signs itself.
    pub certificate: Option<&'a Certificate>,
    /// Key of the authority, or of the new certificate itself.
    pub key: &'a PrivateKey,
}

/// Source of what must be unpredictable; implemented in [`crate::io`], and by tests and derived
/// stores. Several threads draw at once: what is drawn may depend on the request alone.
pub trait Entropy: Sync {
    /// Makes a new key for `request`.
    ///
    /// # Errors
    /// If no key of the kind can be made.
    fn private_key(&self, request: &CertificateRequest) -> Result<PrivateKey, KeyError>;
    /// Draws a new serial for `request`: 128 bits, positive.
    fn serial(&self, request: &CertificateRequest) -> SerialNumber;
}

/// Why signing failed, as one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignError(pub String);

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SignError {}

impl From<KeyError> for SignError {
    fn from(error: KeyError) -> Self {
        Self(error.to_string())
    }
}

impl From<der::Error> for SignError {
    fn from(error: der::Error) -> Self {
        Self(format!("the certificate cannot be encoded ({error})"))
    }
}

/// Signs one certificate for `subject_key`: a public key, or the public part of a private one.
///
/// The certificate says exactly what `request`, `serial` and `validity` say; apart from the
/// signature the same arguments give the same bytes.
///
/// # Errors
/// If the signer may not sign this (no authority, a path that would be too long, an end before this
/// one's, a key that is not its own), if a name cannot be encoded, or if the key is damaged.
pub fn sign(
    request: &CertificateRequest,
    serial: &SerialNumber,
    validity: Validity,
    subject_key: &impl AsRef<PublicKey>,
    signer: &Signer<'_>,
) -> Result<Certificate, SignError> {
    let key_id = contents::key_identifier(subject_key.as_ref());
    sign_with_key_id(request, serial, validity, (subject_key, key_id), signer)
}

/// As [`sign`], with the subject key identifier that stands beside the key: an authority that is renewed keeps
/// the one that its leaves know it by, however somebody once made it.
///
/// # Errors
/// As [`sign`].
pub fn sign_with_key_id(
    request: &CertificateRequest,
    serial: &SerialNumber,
    validity: Validity,
    (subject_key, key_id): (&impl AsRef<PublicKey>, Vec<u8>),
    signer: &Signer<'_>,
) -> Result<Certificate, SignError> {
    let subject_key = subject_key.as_ref();
    checks::before(request, serial, validity, subject_key, signer)?;
    let issuer = signer.certificate.map_or(&request.subject, |certificate| &certificate.subject);
    let draft = contents::draft(request, serial, validity, (subject_key, key_id), signer)?;
    let (contents, algorithm) = completed(&draft, issuer, &request.subject, subject_key)?;
    let signature = signer.key.sign(&contents)?;
    let signature = BitStringRef::from_bytes(&signature)?.to_der()?;
    let certificate = sequence(&[&contents, algorithm, &signature])?;
    let certificate =
        Certificate::from_der(&certificate).map_err(|error| SignError(error.to_string()))?;
    checks::after(&certificate, request, subject_key, signer)?;
    Ok(certificate)
}

/// The `TBSCertificate` of `draft` with these very names and this very key in the place of its own,
/// and the signature algorithm's DER.
fn completed<'a>(
    draft: &'a [u8],
    issuer: &DistinguishedName,
    subject: &DistinguishedName,
    subject_key: &PublicKey,
) -> Result<(Vec<u8>, &'a [u8]), SignError> {
    let outer = elements(draft)?;
    let [contents, algorithm, _signature] = outer[..] else {
        return Err(SignError("the draft of the certificate has not three parts".to_owned()));
    };
    let inner = elements(contents)?;
    // RFC 5280, section 4.1: version, serialNumber, signature, issuer, validity, subject,
    // subjectPublicKeyInfo, extensions.
    let [version, serial, signature, _, validity, _, _, extensions] = inner[..] else {
        return Err(SignError("the draft of the certificate has not eight fields".to_owned()));
    };
    let contents = sequence(&[
        version,
        serial,
        signature,
        issuer.der(),
        validity,
        subject.der(),
        subject_key.der(),
        extensions,
    ])?;
    Ok((contents, algorithm))
}

/// The elements of a SEQUENCE, each with its tag and length.
fn elements(sequence: &[u8]) -> Result<Vec<&[u8]>, der::Error> {
    let content = AnyRef::try_from(sequence)?.value();
    let mut reader = SliceReader::new(content)?;
    let mut elements = Vec::with_capacity(8);
    while !reader.is_finished() {
        elements.push(reader.tlv_bytes()?);
    }
    Ok(elements)
}

/// A SEQUENCE of elements that are DER already.
fn sequence(elements: &[&[u8]]) -> Result<Vec<u8>, der::Error> {
    AnyRef::new(Tag::Sequence, &elements.concat())?.to_der()
}
