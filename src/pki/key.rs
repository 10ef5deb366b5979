//! Private keys: the one type that holds them, which cannot be printed and wipes itself.

mod deterministic;
mod encoding;
#[cfg(test)]
mod guarded;
mod public;
mod signing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::OnceLock;

use zeroize::Zeroizing;

pub use public::PublicKey;

use super::pem;
use super::pkcs12::{self, Password, Pkcs12Error};
use crate::guard;
use crate::json::{SHA256, text};
use encoding::Decoded;
use signing::Signer;

/// Kinds of keys that mtlsgen makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Elliptic curve P-256.
    EcdsaP256,
    /// Elliptic curve P-384.
    EcdsaP384,
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// Edwards curve 25519.
    Ed25519,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Ed25519,
    ];

    /// Algorithm and size.
    #[must_use]
    pub fn description(self) -> super::certificate::details::PublicKey {
        super::certificate::details::PublicKey::of(self.into())
    }
}

impl fmt::Display for KeyKind {
    /// Algorithm and size as the spec has them: `ECDSA 256`, `RSA 2048`, `Ed25519`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Algorithm::from(*self).fmt(f)
    }
}

/// Algorithm of a key, supplied ones of further kinds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    Ed25519,
}

impl Algorithm {
    /// The kind that mtlsgen makes as well, if there is one.
    pub(super) fn kind(self) -> Option<KeyKind> {
        KeyKind::ALL.into_iter().find(|kind| Self::from(*kind) == self)
    }
}

impl From<KeyKind> for Algorithm {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::EcdsaP256 => Self::EcdsaP256,
            KeyKind::EcdsaP384 => Self::EcdsaP384,
            KeyKind::Rsa2048 => Self::Rsa(2048),
            KeyKind::Rsa3072 => Self::Rsa(3072),
            KeyKind::Rsa4096 => Self::Rsa(4096),
            KeyKind::Ed25519 => Self::Ed25519,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcdsaP256 => f.write_str("ECDSA 256"),
            Self::EcdsaP384 => f.write_str("ECDSA 384"),
            Self::EcdsaP521 => f.write_str("ECDSA 521"),
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// SHA-256 of a `SubjectPublicKeyInfo`'s DER.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SpkiHash(pub [u8; 32]);

impl SpkiHash {
    /// Hashes the DER of a `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn of(public_key: &[u8]) -> Self {
        Self(sha256(public_key))
    }
}

impl fmt::Display for SpkiHash {
    /// Lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

text!(SpkiHash, SpkiHash::to_string, { "pattern": SHA256 });

/// SHA-256.
pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets).as_ref());
    hash
}

/// A private key, wiped when dropped; in the program, which keeps it out of what it says, at the latest when it ends
/// ([`guard`]). It can neither be printed nor copied:
///
/// ```compile_fail
/// fn copy(key: &mtlsgen::pki::key::PrivateKey) -> mtlsgen::pki::key::PrivateKey {
///     key.clone()
/// }
/// ```
///
/// ```compile_fail
/// fn print(key: &mtlsgen::pki::key::PrivateKey) -> String {
///     key.to_string()
/// }
/// ```
///
/// ```compile_fail
/// fn serialize(key: &mtlsgen::pki::key::PrivateKey) -> serde_json::Value {
///     serde_json::to_value(key).unwrap()
/// }
/// ```
pub struct PrivateKey {
    /// PKCS#8, version 1 (the one that every OpenSSL reads).
    pkcs8: guard::Shared,
    public: PublicKey,
    /// The same key, taken apart and validated, once it is to sign.
    signer: OnceLock<Signer>,
    /// Whether it signs a message always in the same way.
    is_deterministic: bool,
}

impl fmt::Debug for PrivateKey {
    /// Nothing but the kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.algorithm())
    }
}

impl PrivateKey {
    /// Makes a new random key. The randomness is the system's: only [`crate::io::entropy`] calls
    /// this.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the cryptographic library fails.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let signer = Signer::generate(kind)?;
        let key = Self::from_decoded(Decoded::from_new(kind, &signer)?);
        // A new key is valid, and often the next thing it does is sign itself.
        let _ = key.signer.set(signer);
        Ok(key)
    }

    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1, SEC1 (`EC PARAMETERS` before it
    /// allowed), cfssl's `Ed25519 PRIVATE KEY`. Text around it, certificates included, does
    /// not matter.
    ///
    /// The key is not validated before it signs, and its public part is taken from the encoding
    /// where it has one: reading thousands of keys to see whether they belong to their certificates
    /// is cheap.
    ///
    /// # Errors
    /// Why there is no key to use, each variant with its own words.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let mut found = None;
        for block in pem::blocks(pem) {
            let block = block.map_err(|error| KeyError::Malformed(error.to_string()))?;
            if let Some(key) = Self::from_block(&block) {
                return key;
            }
            found.get_or_insert_with(|| block.label.to_owned());
        }
        Err(if found.is_some() { KeyError::NoKey } else { KeyError::NotPem })
    }

    /// Reads a PKCS#8 document, version 1 or 2.
    ///
    /// # Errors
    /// As [`PrivateKey::from_pem`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Decoded::from_pkcs8(der).map(Self::from_decoded)
    }

    /// Reads a key in DER: PKCS#8, PKCS#1 or SEC1; `None` if it is none of these.
    pub(crate) fn from_der(der: &[u8]) -> Option<Result<Self, KeyError>> {
        for decode in [Decoded::from_pkcs8, Decoded::from_sec1, Decoded::from_pkcs1] {
            match decode(der) {
                Err(KeyError::Malformed(_)) => {}
                other => return Some(other.map(Self::from_decoded)),
            }
        }
        is_encrypted(der).then_some(Err(KeyError::Encrypted))
    }

    /// `None` if the block is not a private key.
    pub(crate) fn from_block(block: &pem::Block<'_>) -> Option<Result<Self, KeyError>> {
        let decode: fn(&[u8]) -> Result<Decoded, KeyError> = match block.label {
            "ENCRYPTED PRIVATE KEY" => return Some(Err(KeyError::Encrypted)),
            "PRIVATE KEY" | "Ed25519 PRIVATE KEY" => Decoded::from_pkcs8,
            "RSA PRIVATE KEY" => Decoded::from_pkcs1,
            "EC PRIVATE KEY" | "ECDSA PRIVATE KEY" => Decoded::from_sec1,
            label if label.ends_with("PRIVATE KEY") => {
                return Some(Err(KeyError::Unsupported(format!("a block `BEGIN {label}`"))));
            }
            _ => return None,
        };
        if block.encrypted {
            return Some(Err(KeyError::Encrypted));
        }
        let der = block.decode().map_err(|error| KeyError::Malformed(error.to_string()));
        Some(der.and_then(|der| decode(&der)).map(Self::from_decoded))
    }

    /// Reads a block that a password protects: PKCS#8, or the older form with `DEK-Info` above it.
    ///
    /// # Errors
    /// The password is another one, or the encryption is not known here.
    pub(crate) fn from_encrypted_block(
        block: &pem::Block<'_>,
        password: &Password,
    ) -> Result<Result<Self, KeyError>, Pkcs12Error> {
        let der = block.decode().map_err(|_| Pkcs12Error::Malformed("it is not Base64"))?;
        let Some(encryption) = block.encryption.filter(|_| block.encrypted) else {
            return pkcs12::decrypt_key(&der, password);
        };
        let plain = pkcs12::decrypt_traditional(encryption, &der, password)?;
        // Without a check value, only the decrypted octets show a wrong password.
        match Self::from_der(&plain) {
            None | Some(Err(KeyError::Malformed(_) | KeyError::Encrypted)) => {
                Err(Pkcs12Error::WrongPassword)
            }
            Some(key) => Ok(key),
        }
    }

    fn from_decoded(decoded: Decoded) -> Self {
        let Decoded { pkcs8, algorithm, public_key, bits } = decoded;
        let public = PublicKey::new(public_key, algorithm, bits);
        let pkcs8 = guard::Shared::new(pkcs8);
        guard::know_key(&pkcs8, encoding::form);
        Self { pkcs8, public, signer: OnceLock::new(), is_deterministic: false }
    }

    /// Encodes the key as PKCS#8 PEM (`PRIVATE KEY`), wiped on drop.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode("PRIVATE KEY", &self.pkcs8))
    }

    /// Has a search look for the key.
    pub(crate) fn enter(&self, known: &mut guard::Known) {
        known.add_part(&self.pkcs8, &encoding::form(&self.pkcs8));
    }

    /// The key itself as PKCS#8, version 1: for those who encrypt it at once.
    pub(super) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Returns its public part.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the DER of the `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> &[u8] {
        self.public.der()
    }

    /// Returns the SHA-256 of `public_key`.
    pub fn spki_hash(&self) -> SpkiHash {
        self.public.spki_hash()
    }

    /// Returns algorithm and size, supplied ones of every kind included.
    pub fn description(&self) -> super::certificate::details::PublicKey {
        super::certificate::details::PublicKey::of(self.algorithm())
    }

    /// Returns its kind, `None` for supplied ones of another kind (P-521, RSA of other sizes).
    pub fn kind(&self) -> Option<KeyKind> {
        self.public.kind()
    }

    /// Frees what signing takes: most new keys never sign again here, and thousands are kept.
    pub(crate) fn rest(&mut self) {
        self.signer.take();
    }

    /// The content of the `SubjectPublicKeyInfo`'s bit string.
    pub(super) fn public_key_bits(&self) -> &[u8] {
        self.public.bits()
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// Signs with the algorithm that fits the key: ECDSA P-256 with SHA-256, P-384 with SHA-384,
    /// P-521 with SHA-512 (each as DER), RSA PKCS#1 v1.5 with SHA-256, Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the key is not valid or its parts do not belong together.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signer = if let Some(signer) = self.signer.get() {
            signer
        } else {
            let read =
                if self.is_deterministic { Signer::read_deterministic } else { Signer::read };
            let signer = read(self.algorithm(), &self.pkcs8)?;
            if self.public_key_bits() != signer.public_key() {
                return Err(KeyError::Malformed(
                    "its public part belongs to another key".to_owned(),
                ));
            }
            self.signer.get_or_init(|| signer)
        };
        signer.sign(message)
    }
}

/// Whether it is PKCS#8's `EncryptedPrivateKeyInfo` (RFC 5958, section 3).
fn is_encrypted(der: &[u8]) -> bool {
    use x509_cert::der::asn1::OctetStringRef;
    use x509_cert::der::{self, Decode as _, Reader as _, SliceReader};
    let read = |reader: &mut SliceReader<'_>| -> der::Result<()> {
        x509_cert::spki::AlgorithmIdentifierRef::decode(reader)?;
        <&OctetStringRef>::decode(reader).map(drop)
    };
    SliceReader::new(der).and_then(|mut reader| reader.sequence(read)).is_ok()
}

impl AsRef<PublicKey> for PrivateKey {
    fn as_ref(&self) -> &PublicKey {
        &self.public
    }
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// There is no PEM block at all.
    NotPem,
    /// There are blocks, but no private key.
    NoKey,
    /// The key is encrypted.
    Encrypted,
    /// A kind of key that mtlsgen does not know; the words name it.
    Unsupported(String),
    /// What the block holds is damaged; the words say how.
    Malformed(String),
    /// No key could be made.
    Generation(String),
}

impl KeyError {
    /// What is wrong with the file of the key, to follow its name; contains no part of the key.
    #[must_use]
    pub fn as_predicate(&self) -> String {
        match self {
            Self::NotPem => "is not PEM".to_owned(),
            Self::NoKey => "holds no private key".to_owned(),
            Self::Encrypted => "is encrypted".to_owned(),
            Self::Unsupported(what) => format!("holds a key of an unsupported kind: {what}"),
            Self::Malformed(why) | Self::Generation(why) => {
                format!("holds a malformed key: {why}")
            }
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str(
                "no PEM block found; write a DER key as PEM with `openssl pkey -inform DER`",
            ),
            Self::NoKey => f.write_str("no block `BEGIN PRIVATE KEY` found among the PEM blocks"),
            Self::Encrypted => f.write_str(
                "the private key is encrypted; decrypt it with `openssl pkey -in KEY -out DECRYPTED`",
            ),
            Self::Unsupported(what) => write!(
                f,
                "{what} is not supported; use ECDSA (P-256, P-384, P-521), RSA or Ed25519"
            ),
            Self::Malformed(how) => write!(f, "the private key is damaged: {how}"),
            Self::Generation(why) => write!(f, "no private key could be made: {why}"),
        }
    }
}

impl std::error::Error for KeyError {}
