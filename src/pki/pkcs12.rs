//! PKCS#12 files (RFC 7292): certificates and keys in one file that a password protects. What
//! browsers, Java and key rings import and export.

mod ber;
mod cipher;
mod kdf;
mod mac;
mod object_identifier;
mod password;
mod private_key;
mod reading;
#[cfg(test)]
mod tests;
mod writing;

use std::fmt;

use super::key::{KeyError, PrivateKey};

pub use password::{Password, PasswordError};
pub use private_key::decrypt_key;
pub(super) use private_key::decrypt_traditional;
pub use reading::{looks_like, read};
pub use writing::{Contents, write};

/// Which algorithms protect a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// AES-256-CBC by PBKDF2 with HMAC-SHA256, and a SHA-256 MAC: OpenSSL 1.1.1, Java 12, Windows
    /// Server 2019, NSS, and newer ones.
    Modern,
    /// Triple DES and a SHA-1 MAC: everything that reads PKCS#12, iOS, macOS and Java 8 included.
    Compatible,
}

/// What a file holds, in its order.
#[derive(Debug, Default)]
pub struct Archive {
    /// Certificates.
    pub certificates: Vec<CertificateBag>,
    /// Private keys.
    pub keys: Vec<KeyBag>,
    /// DER of revocation lists.
    pub revocation_lists: Vec<Vec<u8>>,
    /// Algorithms that protect the file, such as `AES-256-CBC`, each once.
    pub encryption: Vec<String>,
    /// Hash function of its MAC; `None` if nothing protects it from changes.
    pub mac: Option<String>,
}

/// A certificate of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateBag {
    /// The certificate.
    pub der: Vec<u8>,
    /// Name for people.
    pub friendly_name: Option<String>,
    /// What ties it to its key.
    pub local_key_id: Option<Vec<u8>>,
}

/// A private key of a file.
#[derive(Debug)]
pub struct KeyBag {
    /// The key, or why it cannot be used.
    pub key: Result<PrivateKey, KeyError>,
    /// Name for people.
    pub friendly_name: Option<String>,
}

/// Why a file cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pkcs12Error {
    /// The password is another one.
    WrongPassword,
    /// It uses something that is not known here; the words name it.
    Unsupported(String),
    /// It is damaged; the words say where.
    Malformed(&'static str),
    /// A name for people has characters that the format cannot hold.
    FriendlyName,
}

impl fmt::Display for Pkcs12Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPassword => f.write_str("the password does not open the PKCS#12 file"),
            Self::Unsupported(what) => write!(f, "the PKCS#12 file uses {what}, which is unknown here"),
            Self::Malformed(place) => write!(f, "the PKCS#12 file is damaged: {place}"),
            Self::FriendlyName => f.write_str(
                "the friendly name has characters that PKCS#12 cannot hold (it takes those of the Basic Multilingual Plane)",
            ),
        }
    }
}

impl std::error::Error for Pkcs12Error {}
