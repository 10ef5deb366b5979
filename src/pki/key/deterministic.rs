//! Keys that are made from given octets, and signatures that are the same each time.

#[cfg(test)]
mod tests;

use p256::ecdsa::signature::Signer as _;
use zeroize::Zeroizing;

use super::encoding::Decoded;
use super::signing::Signer;
use super::{Algorithm, KeyError, KeyKind, PrivateKey};

/// A key of an elliptic curve that takes the random number of a signature from the message and itself
/// (RFC 6979), where aws-lc draws one.
pub(super) struct DeterministicEcdsa {
    key: CurveKey,
    /// Uncompressed.
    point: Vec<u8>,
}

enum CurveKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl DeterministicEcdsa {
    /// From the number that the key is, and its point.
    pub(super) fn new(algorithm: Algorithm, scalar: &[u8], point: &[u8]) -> Result<Self, KeyError> {
        let key = match algorithm {
            Algorithm::EcdsaP256 => p256::ecdsa::SigningKey::from_slice(scalar).map(CurveKey::P256),
            Algorithm::EcdsaP384 => p384::ecdsa::SigningKey::from_slice(scalar).map(CurveKey::P384),
            Algorithm::EcdsaP521 | Algorithm::Rsa(_) | Algorithm::Ed25519 => {
                return Err(KeyError::Unsupported(format!(
                    "signing always in the same way with a key of the kind {algorithm}"
                )));
            }
        };
        let key =
            key.map_err(|_| KeyError::Malformed(format!("it is not {algorithm} key material")))?;
        Ok(Self { key, point: point.to_vec() })
    }

    pub(super) fn public_key(&self) -> &[u8] {
        &self.point
    }

    /// DER of the signature: P-256 with SHA-256, P-384 with SHA-384.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = match &self.key {
            CurveKey::P256(key) => key
                .try_sign(message)
                .map(|signature: p256::ecdsa::Signature| signature.to_der().as_bytes().to_vec()),
            CurveKey::P384(key) => key
                .try_sign(message)
                .map(|signature: p384::ecdsa::Signature| signature.to_der().as_bytes().to_vec()),
        };
        signature.map_err(|_| KeyError::Malformed("the key cannot sign".to_owned()))
    }
}

impl KeyKind {
    /// How many octets make a key of this kind, see [`PrivateKey::from_secret`]; `None` for RSA, whose keys are
    /// searched for.
    #[must_use]
    pub fn secret_length(self) -> Option<usize> {
        match self {
            Self::EcdsaP256 | Self::Ed25519 => Some(32),
            Self::EcdsaP384 => Some(48),
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => None,
        }
    }
}

impl PrivateKey {
    /// The key that `secret` encodes: the number of a curve's key, big-endian, or the seed of an Ed25519 key
    /// (RFC 8032, section 5.1.5). It signs a message always in the same way.
    ///
    /// `None` if no key has that number: it is zero, or not below the curve's order.
    ///
    /// # Errors
    /// [`KeyError::Generation`] for RSA, and if there are not [`KeyKind::secret_length`] octets.
    pub fn from_secret(kind: KeyKind, secret: &[u8]) -> Result<Option<Self>, KeyError> {
        if kind.secret_length() != Some(secret.len()) {
            let octets = secret.len();
            return Err(KeyError::Generation(format!("{octets} octets make no {kind} key")));
        }
        let is_number = match kind {
            KeyKind::EcdsaP256 => p256::SecretKey::from_slice(secret).is_ok(),
            KeyKind::EcdsaP384 => p384::SecretKey::from_slice(secret).is_ok(),
            _ => true,
        };
        if !is_number {
            return Ok(None);
        }
        let signer = Signer::from_secret(kind, secret)?;
        let key = Self::from_decoded(Decoded::from_new(kind, &signer)?);
        Ok(Some(Self { is_deterministic: true, ..key }))
    }

    /// The same key, which signs a message always in the same way: ECDSA by RFC 6979; RSA and Ed25519 do anyway.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for ECDSA P-521.
    pub fn deterministic(&self) -> Result<Self, KeyError> {
        if self.algorithm() == Algorithm::EcdsaP521 {
            return Err(KeyError::Unsupported(format!(
                "signing always in the same way with a key of the kind {}",
                self.algorithm()
            )));
        }
        let key = Self::from_pkcs8(&self.pkcs8)?;
        Ok(Self { is_deterministic: true, ..key })
    }
}

impl Signer {
    /// As [`Signer::read`], for signatures that are the same each time.
    pub(super) fn read_deterministic(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let signer = Self::read(algorithm, pkcs8)?;
        let Some(scalar) = signer.scalar() else { return Ok(signer) };
        let scalar: Zeroizing<Vec<u8>> = scalar?;
        DeterministicEcdsa::new(algorithm, &scalar, signer.public_key()).map(Self::Deterministic)
    }
}
