//! Signing requests of others (PKCS#10, RFC 2986): read, and judged before anything is signed for
//! them.

mod reading;
#[cfg(test)]
mod tests;

use std::fmt;

use super::key::PublicKey;
use super::name::DistinguishedName;
use super::pem;
use super::request::AlternativeNames;

/// What openssl, and what older programs (Netscape's, Microsoft's) write behind `BEGIN`.
const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// A signing request whose sender has shown that the private key is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificationRequest {
    /// The subject that is asked for; without attributes where the sender leaves it to the issuer.
    pub subject: DistinguishedName,
    /// The key to certify.
    pub public_key: PublicKey,
    /// Alternative requested names.
    pub names: AlternativeNames,
    /// Alternative names of kinds that mtlsgen does not issue, in words.
    pub other_names: Vec<String>,
    /// Whether an authority's certificate is asked for: `CA:TRUE`, or a key usage that signs
    /// certificates or CRLs.
    pub asks_for_authority: bool,
}

/// Why a signing request cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// It is neither PEM nor DER.
    NotPem,
    /// There are PEM blocks, but no request; the label of the first.
    NoRequest(String),
    /// There is more than one request.
    Several(usize),
    /// A private key lies beside it.
    HoldsPrivateKey,
    /// It is damaged; the words say how.
    Malformed(String),
    /// Its key is of a kind that mtlsgen does not certify; the words name it.
    UnsupportedKey(String),
    /// Its signature uses a hash function that is no longer secure; the words name the algorithm.
    WeakSignature(String),
    /// Its signature is of a kind that is not verified here; the words name it.
    UncheckedSignature(String),
    /// Its signature was not made by the key that it names.
    WrongSignature,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str("is neither PEM nor DER"),
            Self::NoRequest(label) => {
                write!(f, "holds a block `BEGIN {label}`, and no `BEGIN CERTIFICATE REQUEST`")
            }
            Self::Several(count) => write!(f, "holds {count} signing requests"),
            Self::HoldsPrivateKey => f.write_str("holds a private key, which is its owner's alone"),
            Self::Malformed(how) => write!(f, "holds a damaged signing request: {how}"),
            Self::UnsupportedKey(what) => write!(f, "requests a certificate for {what}"),
            Self::WeakSignature(with) => {
                write!(f, "is signed with {with}, which is no longer secure")
            }
            Self::UncheckedSignature(with) => {
                write!(f, "is signed with {with}, which cannot be checked here")
            }
            Self::WrongSignature => {
                f.write_str("was not signed by the key that it asks a certificate for")
            }
        }
    }
}

impl std::error::Error for RequestError {}

impl CertificationRequest {
    /// Reads the one signing request of a file, PEM or DER, and verifies its signature, which proves
    /// that its sender has the private key (RFC 2986, section 3).
    ///
    /// # Errors
    /// Why it cannot be signed, each variant with its own words.
    pub fn from_file(content: &[u8]) -> Result<Self, RequestError> {
        let mut requests = Vec::new();
        let mut other = None;
        for block in pem::blocks(content) {
            let damaged = |error: pem::PemError| RequestError::Malformed(error.to_string());
            let block = block.map_err(damaged)?;
            if LABELS.contains(&block.label) {
                requests.push(block.decode().map_err(damaged)?);
            } else if block.label.ends_with("PRIVATE KEY") {
                return Err(RequestError::HoldsPrivateKey);
            } else {
                other.get_or_insert_with(|| block.label.to_owned());
            }
        }
        match (requests.as_slice(), other) {
            ([request], _) => reading::read(request),
            ([], Some(label)) => Err(RequestError::NoRequest(label)),
            ([], None) if content.first() == Some(&SEQUENCE) => reading::read(content),
            ([], None) => Err(RequestError::NotPem),
            (several, _) => Err(RequestError::Several(several.len())),
        }
    }
}

/// What DER of a request begins with.
const SEQUENCE: u8 = 0x30;
