//! Keys, serials and certificates from the seed: one at a time, each from what it is called and when.

use super::context::{Root, kind};
use super::schedule::Window;
use crate::pki::certificate::Certificate;
use crate::pki::issue::{CertificateMaker, Signer};
use crate::pki::key::{KeyError, PrivateKey, PublicKey};
use crate::pki::request::{CertificateRequest, Holder, Issuer, SerialNumber};

/// Octets of a serial.
const SERIAL_LENGTH: usize = 16;

/// Whose certificate, of which generation and window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion<'a> {
    pub(super) request: &'a CertificateRequest,
    pub(super) generation: u32,
    pub(super) window: Window,
}

/// An authority that signs.
pub(super) struct Authority<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) key: &'a PrivateKey,
}

/// A certificate and, where it is not its owner's alone, its key.
pub(super) struct Made {
    pub(super) certificate: Certificate,
    pub(super) key: Option<PrivateKey>,
}

impl Occasion<'_> {
    /// The certificate, signed by `authority`, or by itself without one.
    pub(super) fn make(
        &self,
        root: &Root,
        maker: &CertificateMaker,
        authority: Option<&Authority<'_>>,
    ) -> Result<Made, String> {
        if let Some(key) = &self.request.public_key {
            let certificate = self.sign((root, maker), authority, key, None)?;
            return Ok(Made { certificate, key: None });
        }
        let mut key = self.private_key(root).map_err(|error| error.to_string())?;
        let certificate = self.sign((root, maker), authority, key.public(), Some(&key))?;
        if !self.is_authority() {
            key.rest();
        }
        Ok(Made { certificate, key: Some(key) })
    }

    fn sign(
        &self,
        (root, maker): (&Root, &CertificateMaker),
        authority: Option<&Authority<'_>>,
        public_key: &PublicKey,
        own_key: Option<&PrivateKey>,
    ) -> Result<Certificate, String> {
        let signer = match (authority, own_key) {
            (Some(authority), _) => {
                Signer { certificate: Some(authority.certificate), key: authority.key }
            }
            (None, Some(key)) => Signer { certificate: None, key },
            (None, None) => return Err("a key that only its owner has cannot sign here".to_owned()),
        };
        let validity = self.window.validity;
        let digest = maker.digest(self.request, validity, public_key, &signer);
        let serial = self.serial(root, &digest.map_err(|error| error.to_string())?);
        maker
            .sign(self.request, &serial, validity, public_key, &signer)
            .map_err(|error| error.to_string())
    }

    /// The key of a generation: an authority keeps it, others have one for each window.
    pub(super) fn private_key(&self, root: &Root) -> Result<PrivateKey, KeyError> {
        let kind_of_key = self.request.key_kind;
        let length = kind_of_key.secret_length().ok_or_else(|| {
            KeyError::Generation(format!("an {kind_of_key} key cannot be derived"))
        })?;
        let edge = self.window.edge.unix().to_be_bytes();
        let window: &[u8] = if self.is_authority() { &[] } else { &edge };
        let mut counter = 0_u32;
        loop {
            let secret = root.octets(
                &[
                    b"private key",
                    kind_of_key.to_string().as_bytes(),
                    kind(&self.request.holder),
                    self.request.holder.name().as_bytes(),
                    &self.generation.to_be_bytes(),
                    window,
                    &counter.to_be_bytes(),
                ],
                length,
            );
            if let Some(key) = PrivateKey::from_secret(kind_of_key, &secret)? {
                return Ok(key);
            }
            counter += 1;
        }
    }

    /// A serial of 128 bits, positive, and of the same length for all. `digest` is that of everything else in the
    /// certificate: certificates that differ have serials that differ.
    fn serial(&self, root: &Root, digest: &[u8; 32]) -> SerialNumber {
        let issuer: &[u8] = match &self.request.issuer {
            Issuer::Authority(name) => name.as_bytes(),
            Issuer::SelfSigned => &[],
        };
        let mut counter = 0_u32;
        loop {
            let mut octets = root.octets(
                &[
                    b"serial number",
                    issuer,
                    kind(&self.request.holder),
                    self.request.holder.name().as_bytes(),
                    &self.generation.to_be_bytes(),
                    &self.window.edge.unix().to_be_bytes(),
                    digest,
                    &counter.to_be_bytes(),
                ],
                SERIAL_LENGTH,
            );
            octets[0] &= 0x7f;
            if octets[0] > 0 {
                return SerialNumber(octets.to_vec());
            }
            counter += 1;
        }
    }

    fn is_authority(&self) -> bool {
        matches!(self.request.holder, Holder::Authority(_))
    }
}
