//! From octets to items, of any format: PEM, DER, PKCS#12, Kubernetes objects, Base64 of those.

use std::fmt;

use x509_parser::asn1_rs::FromDer;
use x509_parser::certification_request::X509CertificationRequest;
use zeroize::Zeroizing;

use super::item::{Content, Item, KeyFacts, Origin};
use super::secret;
use crate::octets;
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::crl::RevocationList;
use crate::pki::key::{KeyError, PrivateKey};
use crate::pki::pem;
use crate::pki::pkcs12::{self, Password, Pkcs12Error};

/// What is said of a signing request, which is judged where the spec names it.
const SIGNING_REQUEST: &str =
    "a certificate signing request, not shown: `openssl req -noout -text` shows it";

/// Why a file cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong, with the file.
    pub problem: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ReadError {}

/// Where the passwords of PKCS#12 files and encrypted keys come from.
pub trait Passwords {
    /// The password that was named for them all, or that a person types for the file called `file` if
    /// it is worth asking; `None` if there is neither.
    ///
    /// # Errors
    /// It was named, but cannot be read.
    fn password(&self, file: &str, ask: bool) -> Result<Option<Password>, ReadError>;
}

/// What is in a file.
#[derive(Debug, Default)]
pub struct Reading {
    /// What can be shown.
    pub items: Vec<Item>,
    /// What is damaged beside that.
    pub damaged: Vec<ReadError>,
}

impl From<Vec<Item>> for Reading {
    fn from(items: Vec<Item>) -> Self {
        Self { items, damaged: Vec::new() }
    }
}

/// Reads everything that can be shown in `octets`, which are called `file`.
///
/// # Errors
/// There is nothing to show, or the password is missing or wrong.
pub fn read(file: &str, octets: &[u8], passwords: &dyn Passwords) -> Result<Reading, ReadError> {
    let origin = Origin { file: file.to_owned(), ..Origin::default() };
    let fail = |problem: String| ReadError { problem: format!("`{file}`: {problem}"), help: None };
    if octets.first() == Some(&0x30)
        && let Some(items) = der(&origin, octets, passwords).map_err(fail)?
    {
        return Ok(items.into());
    }
    if pkcs12::looks_like(octets) {
        return open(&origin, octets, passwords, true).map(Reading::from);
    }
    if let Ok(text) = std::str::from_utf8(octets)
        && secret::looks_like(text)
    {
        return secret::read(file, text, passwords).map(Reading::from);
    }
    let (items, damaged) = pem(&origin, octets, passwords);
    if !items.is_empty() || !damaged.is_empty() {
        return Ok(Reading { items, damaged: damaged.into_iter().map(fail).collect() });
    }
    match base64(octets) {
        Some(decoded) => read(file, &decoded, passwords),
        None => Err(nothing(file)),
    }
}

fn nothing(file: &str) -> ReadError {
    ReadError {
        problem: format!("`{file}` holds nothing that can be shown"),
        help: Some(
            "it takes PEM, DER, PKCS#12, or a Kubernetes Secret as YAML or JSON; \
             PKCS#7 becomes PEM with `openssl pkcs7 -print_certs`, \
             a Java keystore becomes PKCS#12 with `keytool -importkeystore`"
                .to_owned(),
        ),
    }
}

/// The same as [`read`] for a value of a Kubernetes object: what is unreadable there is an item, not an
/// error, and foreign values are none.
pub(super) fn read_value(origin: &Origin, octets: &[u8], passwords: &dyn Passwords) -> Vec<Item> {
    let item =
        |words: String| vec![Item { origin: origin.clone(), content: Content::Other(words) }];
    if pkcs12::looks_like(octets) {
        return open(origin, octets, passwords, false).unwrap_or_else(|_| {
            item("a PKCS#12 file, not shown: its password is not known".to_owned())
        });
    }
    match der(origin, octets, passwords) {
        Ok(Some(items)) => items,
        Ok(None) => {
            let (mut items, damaged) = pem(origin, octets, passwords);
            items.extend(damaged.into_iter().flat_map(item));
            items
        }
        Err(problem) => item(problem),
    }
}

/// Text that is nothing but Base64.
fn base64(octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(octets.len()));
    text.extend(octets.iter().filter(|octet| !octet.is_ascii_whitespace()));
    octets::decoded(&text).filter(|decoded| !decoded.is_empty())
}

/// Everything in the blocks of a PEM text, and what is wrong with those that are damaged; neither if it has no blocks.
fn pem(origin: &Origin, text: &[u8], passwords: &dyn Passwords) -> (Vec<Item>, Vec<String>) {
    let (mut items, mut damaged) = (Vec::new(), Vec::new());
    for block in pem::blocks(text) {
        let read = block.map_err(|error| error.to_string()).and_then(|block| {
            let origin = Origin { line: Some(block.line), ..origin.clone() };
            let content = of_block(&block, &origin.file, passwords)?;
            Ok(content.map(|content| Item { origin, content }))
        });
        match read {
            Ok(item) => items.extend(item),
            Err(problem) => damaged.push(problem),
        }
    }
    (items, damaged)
}

/// # Errors
/// What is wrong with the block.
fn of_block(
    block: &pem::Block<'_>,
    file: &str,
    passwords: &dyn Passwords,
) -> Result<Option<Content>, String> {
    let at = |problem: &dyn fmt::Display| {
        format!("{problem} (in the block `BEGIN {}` on line {})", block.label, block.line)
    };
    let content = match block.label {
        "X509 CRL" => {
            let der = block.decode().map_err(|error| error.to_string())?;
            let list = RevocationList::from_der(&der).map_err(|error| at(&error))?;
            Content::RevocationList(Box::new(list))
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            Content::Other(SIGNING_REQUEST.to_owned())
        }
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Content::Other("a public key, not shown".to_owned()),
        "EC PARAMETERS" => return Ok(None),
        label => match certificate(block)? {
            Some(certificate) => certificate,
            None => match PrivateKey::from_block(block) {
                Some(Err(KeyError::Encrypted)) => {
                    let open = |password: &_| PrivateKey::from_encrypted_block(block, password);
                    Content::Key(encrypted(file, passwords, open).map_err(|problem| at(&problem))?)
                }
                Some(Err(KeyError::Malformed(how))) => {
                    return Err(at(&format!("damaged private key: {how}")));
                }
                Some(key) => Content::Key(KeyFacts::of(&key)),
                None => Content::Other(format!("a block `BEGIN {label}`, not shown")),
            },
        },
    };
    Ok(Some(content))
}

/// An encrypted key, with the password if one was named; nobody is asked, since what can be shown of a key is little.
///
/// # Errors
/// The password is another one, or cannot be read; the encryption is not known, or damaged.
fn encrypted(
    file: &str,
    passwords: &dyn Passwords,
    open: impl Fn(&Password) -> Result<Result<PrivateKey, KeyError>, Pkcs12Error>,
) -> Result<KeyFacts, String> {
    match passwords.password(file, false) {
        Ok(None) => Ok(KeyFacts::Encrypted),
        Ok(Some(password)) => match open(&password) {
            Ok(key) => Ok(KeyFacts::of(&key)),
            Err(Pkcs12Error::WrongPassword) => {
                Err("the password does not open the private key".to_owned())
            }
            Err(Pkcs12Error::Unsupported(what)) => {
                Err(format!("the private key is encrypted with {what}, which is unknown here"))
            }
            Err(_) => Err("the encrypted private key is damaged".to_owned()),
        },
        Err(error) => Err(error.to_string()),
    }
}

fn certificate(block: &pem::Block<'_>) -> Result<Option<Content>, String> {
    Certificate::from_block(block)
        .map(|found| found.map(|certificate| Content::Certificate(Box::new(certificate))))
        .map_err(|error| error.to_string())
}

/// A certificate, a revocation list or a key in DER; `None` if it is none of these.
fn der(
    origin: &Origin,
    octets: &[u8],
    passwords: &dyn Passwords,
) -> Result<Option<Vec<Item>>, String> {
    let content = match Certificate::from_der(octets) {
        Ok(certificate) => Content::Certificate(Box::new(certificate)),
        Err(error) => {
            if let Ok(list) = RevocationList::from_der(octets) {
                Content::RevocationList(Box::new(list))
            } else if let Some(key) = PrivateKey::from_der(octets) {
                let open = |password: &_| pkcs12::decrypt_key(octets, password);
                Content::Key(match key {
                    Err(KeyError::Encrypted) => encrypted(&origin.file, passwords, open)?,
                    key => KeyFacts::of(&key),
                })
            } else if X509CertificationRequest::from_der(octets).is_ok() {
                Content::Other(SIGNING_REQUEST.to_owned())
            } else {
                return match error {
                    // It is one, but damaged in a way that has words.
                    CertificateError::Malformed(how) if !how.starts_with("it is not X.509") => {
                        Err(how)
                    }
                    _ => Ok(None),
                };
            }
        }
    };
    Ok(Some(vec![Item { origin: origin.clone(), content }]))
}

/// What a PKCS#12 file holds: certificates in their order, then keys.
fn open(
    origin: &Origin,
    octets: &[u8],
    passwords: &dyn Passwords,
    ask: bool,
) -> Result<Vec<Item>, ReadError> {
    let archive = match pkcs12::read(octets, &Password::empty()) {
        Err(Pkcs12Error::WrongPassword) => match passwords.password(&origin.file, ask)? {
            Some(password) => pkcs12::read(octets, &password),
            None => return Err(no_password(&origin.file)),
        },
        other => other,
    };
    let archive = archive.map_err(|error| ReadError {
        problem: format!("`{}`: {error}", origin.file),
        help: None,
    })?;
    let mut items =
        vec![Item { origin: origin.clone(), content: Content::Other(protection(&archive)) }];
    let mut push = |content, friendly_name: Option<String>| {
        items.push(Item { origin: Origin { friendly_name, ..origin.clone() }, content });
    };
    for bag in archive.certificates {
        let content = match Certificate::from_der(&bag.der) {
            Ok(certificate) => Content::Certificate(Box::new(certificate)),
            Err(error) => Content::Other(error.to_string()),
        };
        push(content, bag.friendly_name);
    }
    for bag in archive.keys {
        push(Content::Key(KeyFacts::of(&bag.key)), bag.friendly_name);
    }
    for der in archive.revocation_lists {
        if let Ok(list) = RevocationList::from_der(&der) {
            push(Content::RevocationList(Box::new(list)), None);
        }
    }
    Ok(items)
}

/// How a PKCS#12 file is protected.
fn protection(archive: &pkcs12::Archive) -> String {
    let encryption = match &archive.encryption[..] {
        [] => "not encrypted".to_owned(),
        algorithms => format!("encrypted with {}", algorithms.join(" and ")),
    };
    match &archive.mac {
        Some(hash) => format!("a PKCS#12 file, {encryption}, MAC with {hash}"),
        None => format!("a PKCS#12 file, {encryption}, without a MAC: any change goes unnoticed"),
    }
}

fn no_password(file: &str) -> ReadError {
    ReadError {
        problem: format!("`{file}` is a PKCS#12 file with a password"),
        help: Some(
            "name a file that holds the password with `--password-file`, \
             set `MTLSGEN_PKCS12_PASSWORD`, or run it on a terminal, which asks"
                .to_owned(),
        ),
    }
}
