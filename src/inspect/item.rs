//! What was found in a file, and where.

use std::fmt;

use super::words::visible;
use crate::pki::certificate::Certificate;
use crate::pki::certificate::details::PublicKey;
use crate::pki::crl::RevocationList;
use crate::pki::key::{KeyError, PrivateKey, SpkiHash};

/// Where something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file as the user named it, `<stdin>`, or a holder of the store.
    pub file: String,
    /// Kind, namespace and name of the Kubernetes object.
    pub object: Option<String>,
    /// Key of the object's data, such as `tls.crt`.
    pub key: Option<String>,
    /// Line of the PEM block, from one.
    pub line: Option<usize>,
    /// Name for people, in PKCS#12.
    pub friendly_name: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.file))?;
        for part in [&self.object, &self.key].into_iter().flatten() {
            write!(f, ", {}", visible(part))?;
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(name) = &self.friendly_name {
            write!(f, ", \"{}\"", visible(name))?;
        }
        Ok(())
    }
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where.
    pub origin: Origin,
    /// What.
    pub content: Content,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Content {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A private key: public facts about it.
    Key(KeyFacts),
    /// A revocation list.
    RevocationList(Box<RevocationList>),
    /// Something else, in words.
    Other(String),
}

/// What may be shown of a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFacts {
    /// It was read.
    Known {
        /// Kind.
        kind: PublicKey,
        /// Hash of its public part.
        spki_hash: SpkiHash,
    },
    /// It is encrypted.
    Encrypted,
    /// It is of a kind that is not known here, or damaged; the words say which.
    Unknown(String),
}

impl KeyFacts {
    /// Facts of a key that was read, or of why it was not.
    #[must_use]
    pub fn of(key: &Result<PrivateKey, KeyError>) -> Self {
        match key {
            Ok(key) => Self::Known { kind: key.description(), spki_hash: key.spki_hash() },
            Err(KeyError::Encrypted) => Self::Encrypted,
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
}
