//! Public keys: what a certificate certifies.

use super::{Algorithm, KeyKind, SpkiHash};
use crate::pki::certificate::details;

/// A public key as its `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
    algorithm: Algorithm,
    /// Where the content of the bit string begins in `der`: point, `RSAPublicKey`, or octets.
    bits: usize,
    spki_hash: SpkiHash,
}

impl PublicKey {
    /// From the DER of a `SubjectPublicKeyInfo`; the content of its bit string, which is the last
    /// thing in it, begins at `bits`.
    pub(in crate::pki) fn new(der: Vec<u8>, algorithm: Algorithm, bits: usize) -> Self {
        let spki_hash = SpkiHash::of(&der);
        Self { der, algorithm, bits, spki_hash }
    }

    /// Returns the DER of the `SubjectPublicKeyInfo`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the SHA-256 of the DER.
    pub fn spki_hash(&self) -> SpkiHash {
        self.spki_hash
    }

    /// Returns its kind, `None` for supplied ones of another kind (P-521, RSA of other sizes).
    pub fn kind(&self) -> Option<KeyKind> {
        self.algorithm.kind()
    }

    /// Returns algorithm and size, supplied ones of every kind included.
    pub fn description(&self) -> details::PublicKey {
        details::PublicKey::of(self.algorithm)
    }

    /// The content of the bit string.
    pub(in crate::pki) fn bits(&self) -> &[u8] {
        &self.der[self.bits..]
    }

    pub(in crate::pki) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl AsRef<PublicKey> for PublicKey {
    fn as_ref(&self) -> &PublicKey {
        self
    }
}
