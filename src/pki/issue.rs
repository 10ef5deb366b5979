//! Makes certificates; the only user of rcgen.
use super::certificate::Certificate;
use super::key::PrivateKey;
use super::request::{CertificateRequest, SerialNumber};
use crate::time::Timestamp;
/// First and last second of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}
/// Who signs: certificate (absent for self-signed ones) and key.
pub struct Signer<'a> {
    pub certificate: Option<&'a Certificate>,
    pub key: &'a PrivateKey,
}
/// Source of what must be unpredictable; implemented in `io`, and by tests and derived stores.
pub trait Entropy {
    /// A new key for `request`.
    fn private_key(
        &mut self,
        request: &CertificateRequest,
    ) -> Result<PrivateKey, super::key::KeyError>;
    /// A new serial for `request`: 128 bits, positive.
    fn serial(&mut self, request: &CertificateRequest) -> SerialNumber;
}
/// Signs one certificate for `subject_key`'s public key.
pub fn sign(
    _request: &CertificateRequest,
    _serial: &SerialNumber,
    _validity: Validity,
    _subject_key: &PrivateKey,
    _signer: &Signer<'_>,
) -> Result<Certificate, SignError> {
    todo!()
}
/// Why signing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignError(pub String);
