//! Keys at work: made and used by aws-lc, which validates what it reads and wipes what it frees.

use aws_lc_rs::encoding::{AsBigEndian, AsDer};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::deterministic::DeterministicEcdsa;
use super::{Algorithm, KeyError, KeyKind, encoding};

/// A validated key pair.
pub(super) enum Signer {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Deterministic(DeterministicEcdsa),
}

impl Signer {
    /// Makes a new random key pair.
    pub(super) fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        match kind {
            KeyKind::EcdsaP256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map(Self::Ecdsa)
            }
            KeyKind::EcdsaP384 => {
                EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).map(Self::Ecdsa)
            }
            KeyKind::Rsa2048 => RsaKeyPair::generate(KeySize::Rsa2048).map(Self::Rsa),
            KeyKind::Rsa3072 => RsaKeyPair::generate(KeySize::Rsa3072).map(Self::Rsa),
            KeyKind::Rsa4096 => RsaKeyPair::generate(KeySize::Rsa4096).map(Self::Rsa),
            KeyKind::Ed25519 => Ed25519KeyPair::generate().map(Self::Ed25519),
        }
        .map_err(|_| KeyError::Generation(format!("generating an {kind} key failed")))
    }

    /// The key pair that these octets encode: the number of a curve's key, or the seed of Ed25519.
    pub(super) fn from_secret(kind: KeyKind, secret: &[u8]) -> Result<Self, KeyError> {
        match kind {
            KeyKind::Ed25519 => Ed25519KeyPair::from_seed_unchecked(secret)
                .map(Self::Ed25519)
                .map_err(|_| KeyError::Generation("making the key of a seed failed".to_owned())),
            _ => Self::read(kind.into(), &encoding::without_point(kind.into(), secret)?),
        }
    }

    /// Reads and validates PKCS#8, version 1.
    pub(super) fn read(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let ecdsa = |curve: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_pkcs8(curve, pkcs8).map(Self::Ecdsa)
        };
        match algorithm {
            Algorithm::EcdsaP256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::EcdsaP384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::EcdsaP521 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
            Algorithm::Rsa(bits) if !(2048..=8192).contains(&bits) => {
                return Err(KeyError::Unsupported(format!(
                    "signing with an RSA key of {bits} bits"
                )));
            }
            Algorithm::Rsa(_) => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa),
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::Ed25519),
        }
        .map_err(|error| {
            KeyError::Malformed(format!("it is not a valid {algorithm} key ({error})"))
        })
    }

    /// The number that an elliptic curve's private key is, of the curve's length; `None` for other keys.
    ///
    /// From it and the point, which is known, `encoding` makes PKCS#8 in a fraction of the time that the
    /// library takes to compute the point once more.
    pub(super) fn scalar(&self) -> Option<Result<Zeroizing<Vec<u8>>, KeyError>> {
        let Self::Ecdsa(pair) = self else { return None };
        let octets = pair.private_key().as_be_bytes();
        let octets = octets.map(|octets| Zeroizing::new(octets.as_ref().to_vec()));
        Some(octets.map_err(|_| KeyError::Generation("encoding the key failed".to_owned())))
    }

    /// Encodes the pair as PKCS#8, version 1.
    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::Ecdsa(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Self::Ed25519(pair) => {
                pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec()))
            }
            Self::Rsa(pair) => pair.as_der().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            // It is made from PKCS#8, never the other way round.
            Self::Deterministic(_) => Err(Unspecified),
        }
        .map_err(|_| KeyError::Generation("encoding the key failed".to_owned()))
    }

    /// The content of the `SubjectPublicKeyInfo`'s bit string: point, `RSAPublicKey`, or octets.
    pub(super) fn public_key(&self) -> &[u8] {
        match self {
            Self::Ecdsa(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
            Self::Rsa(pair) => pair.public_key().as_ref(),
            Self::Deterministic(key) => key.public_key(),
        }
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => pair.sign(&random, message).map(|s| s.as_ref().to_vec()),
            Self::Ed25519(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
            Self::Deterministic(key) => return key.sign(message),
        }
        .map_err(|_| KeyError::Malformed("the key cannot sign".to_owned()))
    }
}
