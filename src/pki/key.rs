//! Private keys: the one type that holds them, which cannot be printed and wipes itself.
use zeroize::Zeroizing;
/// Kinds of keys that mtlsgen makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    EcdsaP256,
    EcdsaP384,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    Ed25519,
}
/// SHA-256 of a SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SpkiHash(pub [u8; 32]);
/// A private key (PKCS#8).
pub struct PrivateKey {
    _pkcs8: Zeroizing<Vec<u8>>,
}
impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
impl PrivateKey {
    /// Makes a new random key. (io::entropy calls this)
    pub fn generate(_kind: KeyKind) -> Result<Self, KeyError> {
        todo!()
    }
    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1, SEC1 (`EC PARAMETERS` before it allowed), cfssl's `Ed25519 PRIVATE KEY`.
    pub fn from_pem(_pem: &[u8]) -> Result<Self, KeyError> {
        todo!()
    }
    /// PKCS#8 PEM (`PRIVATE KEY`), wiped on drop.
    pub fn to_pem(&self) -> Zeroizing<String> {
        todo!()
    }
    /// DER of the SubjectPublicKeyInfo.
    pub fn public_key(&self) -> &[u8] {
        todo!()
    }
    /// SHA-256 of `public_key`.
    pub fn spki_hash(&self) -> SpkiHash {
        todo!()
    }
    /// Its kind, None for imported ones of another kind (P-521, RSA of other sizes).
    pub fn kind(&self) -> Option<KeyKind> {
        todo!()
    }
}
/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    NotPem,
    NoKey,
    Encrypted,
    Unsupported(String),
    Malformed(String),
    Generation(String),
}
