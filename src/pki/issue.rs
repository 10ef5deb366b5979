//! Makes certificates by RFC 5280; with its submodules the only user of rcgen.

mod checks;
mod contents;
mod revocation;
mod template;
#[cfg(test)]
mod tests;

use std::fmt;

pub use revocation::{RevocationListDraft, sign_revocation_list};
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::{self, Encode, Reader, SliceReader, Tag};

use super::certificate::Certificate;
use super::key::{KeyError, PrivateKey, PublicKey, sha256};
use super::request::{CertificateRequest, SerialNumber};
use crate::time::Timestamp;
use template::{Blanks, Shape, Templates};

/// First and last second of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
/// Does what [`CertificateMaker::sign`] does.
///
/// # Errors
/// As [`CertificateMaker::sign`].
pub fn sign(
    request: &CertificateRequest,
    serial: &SerialNumber,
    validity: Validity,
    subject_key: &impl AsRef<PublicKey>,
    signer: &Signer<'_>,
) -> Result<Certificate, SignError> {
    CertificateMaker::default().sign(request, serial, validity, subject_key, signer)
}

/// Signs any number of certificates; what many of them have in common is encoded once. Several threads
/// may use the same one.
#[derive(Default)]
pub struct CertificateMaker {
    templates: Templates,
}

impl CertificateMaker {
    /// SHA-256 of everything that a certificate will say but its serial: two certificates that differ in anything
    /// else differ in this.
    ///
    /// # Errors
    /// If a name cannot be encoded.
    pub fn digest(
        &self,
        request: &CertificateRequest,
        validity: Validity,
        subject_key: &impl AsRef<PublicKey>,
        signer: &Signer<'_>,
    ) -> Result<[u8; 32], SignError> {
        let subject_key = subject_key.as_ref();
        let key_id = contents::key_identifier(subject_key);
        let shape = Shape::new(request, validity, (subject_key, &key_id), signer);
        let template = self.templates.get(shape, subject_key, signer.key.public())?;
        let no_serial = SerialNumber(template::NO_SERIAL.to_vec());
        let blanks = Blanks::new(request, &no_serial, (subject_key, key_id), signer);
        Ok(sha256(&template.contents(&blanks)?))
    }

    /// Signs one certificate for `subject_key`: a public key, or the public part of a private one.
    ///
    /// The certificate says exactly what `request`, `serial` and `validity` say; apart from the
    /// signature the same arguments give the same bytes, regardless of what was signed before.
    ///
    /// # Errors
    /// If the signer may not sign this (no authority, a path that would be too long, an end before
    /// this one's, a key that is not its own), if a name cannot be encoded, or if the key is damaged.
    pub fn sign(
        &self,
        request: &CertificateRequest,
        serial: &SerialNumber,
        validity: Validity,
        subject_key: &impl AsRef<PublicKey>,
        signer: &Signer<'_>,
    ) -> Result<Certificate, SignError> {
        let key_id = contents::key_identifier(subject_key.as_ref());
        self.sign_with_key_id(request, serial, validity, (subject_key, key_id), signer)
    }

    /// As [`CertificateMaker::sign`], with the subject key identifier that is stored with the key: an authority that is
    /// renewed keeps the one that its leaves know it by, however it was made.
    ///
    /// # Errors
    /// As [`CertificateMaker::sign`].
    pub fn sign_with_key_id(
        &self,
        request: &CertificateRequest,
        serial: &SerialNumber,
        validity: Validity,
        (subject_key, key_id): (&impl AsRef<PublicKey>, Vec<u8>),
        signer: &Signer<'_>,
    ) -> Result<Certificate, SignError> {
        let subject_key = subject_key.as_ref();
        checks::before(request, serial, validity, subject_key, signer)?;
        let shape = Shape::new(request, validity, (subject_key, &key_id), signer);
        let template = self.templates.get(shape, subject_key, signer.key.public())?;
        let blanks = Blanks::new(request, serial, (subject_key, key_id), signer);
        let contents = template.contents(&blanks)?;
        let signature = signer.key.sign(&contents)?;
        let signature = BitStringRef::from_bytes(&signature)?.to_der()?;
        let der = sequence(&[&contents, template.algorithm(), &signature])?;
        let certificate = template.certificate(der, &blanks);
        debug_assert!(
            Certificate::from_der(&certificate.der).as_ref() == Ok(&certificate)
                && certificate.is_signed_by(signer.certificate.unwrap_or(&certificate)),
            "a reader finds the certificate as it was made, and signed by its issuer"
        );
        Ok(certificate)
    }
}

/// The elements of a SEQUENCE, or in an explicit tag, each with its own tag and length.
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
    element(Tag::Sequence, elements)
}

/// An element of this tag that holds what is DER already.
fn element(tag: Tag, content: &[&[u8]]) -> Result<Vec<u8>, der::Error> {
    AnyRef::new(tag, &content.concat())?.to_der()
}
