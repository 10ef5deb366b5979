//! Files of others, read: certificates and keys, and what is wrong with them.

use crate::diagnostic::Diagnostic;
use crate::model::context::{Context, Findings};
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::key::{KeyError, PrivateKey};
use crate::pki::request::Holder;
use crate::specification::document::Path;
use crate::store::Keyring;

/// Content of the file that is named at `path`; a missing or unreadable one is an error there.
pub fn bytes<'a>(
    context: Context<'a>,
    path: &Path,
    file: &str,
    findings: &mut Findings,
) -> Option<&'a [u8]> {
    read(context, path, file).map_err(|(_, error)| findings.push(error)).ok()
}

/// As [`bytes`]; the error comes with whether there is no such file.
fn read<'a>(context: Context<'a>, path: &Path, file: &str) -> Result<&'a [u8], (bool, Diagnostic)> {
    let named = context.document.named(path, file);
    let full = named.path();
    let (is_absent, cause) = match context.files.get(full) {
        Some(Ok(bytes)) => return Ok(bytes),
        Some(Err(unread)) => (unread.is_absent, unread.cause.as_str()),
        None => (false, "it was not read"),
    };
    let title = format!("cannot read `{}`: {cause}", full.display());
    let error = Diagnostic::error("unreadable-file", title)
        .at(context.value(path))
        .help("paths start from the folder of the file that contains them");
    Err((is_absent, error))
}

/// A private key that the spec names by its file.
#[derive(Debug)]
pub enum NamedKey {
    /// It is here.
    Here(PrivateKey),
    /// There is no such file: the error for those who need it.
    Absent(Diagnostic),
}

impl NamedKey {
    pub(super) fn here(&self) -> Option<&PrivateKey> {
        match self {
            Self::Here(key) => Some(key),
            Self::Absent(_) => None,
        }
    }

    /// Puts it, or the error for those who need it, into a keyring.
    pub fn store(self, holder: Holder, keyring: &mut Keyring) {
        match self {
            Self::Here(key) => keyring.insert(holder, key),
            Self::Absent(error) => keyring.insert_absent(holder, error),
        }
    }
}

/// The certificates in the file that is named at `path`.
pub(super) fn certificates(
    context: Context<'_>,
    path: &Path,
    file: &str,
    findings: &mut Findings,
) -> Option<Vec<Certificate>> {
    let bytes = bytes(context, path, file, findings)?;
    let (code, title, help) = match Certificate::from_pem(bytes) {
        Ok(found) => return Some(found),
        Err(CertificateError::NotPem) => (
            "not-pem",
            format!("`{file}` is not PEM"),
            "convert it: `openssl x509 -inform DER -in FILE -out FILE.pem`, or `openssl pkcs12 -in FILE -nokeys` for PKCS#12",
        ),
        Err(CertificateError::NoCertificate) => (
            "no-certificate",
            format!("there is no certificate in `{file}`"),
            "name a file that holds a PEM certificate",
        ),
        Err(CertificateError::Malformed(how)) => (
            "broken-certificate",
            format!("a certificate in `{file}` is damaged: {how}"),
            "get the file again",
        ),
    };
    findings.push(Diagnostic::error(code, title).at(context.value(path)).help(help));
    None
}

/// The private key in the file that is named at `path`, if that is here.
pub(super) fn private_key(
    context: Context<'_>,
    path: &Path,
    file: &str,
    findings: &mut Findings,
) -> Option<NamedKey> {
    let bytes = match read(context, path, file) {
        Ok(bytes) => bytes,
        Err((true, error)) => return Some(NamedKey::Absent(error)),
        Err((false, error)) => {
            findings.push(error);
            return None;
        }
    };
    let (code, title, help) = match PrivateKey::from_pem(bytes) {
        Ok(key) => return Some(NamedKey::Here(key)),
        Err(KeyError::NotPem) => (
            "not-pem",
            format!("`{file}` is not PEM"),
            "convert it: `openssl pkey -inform DER -in FILE -out FILE.pem`",
        ),
        Err(KeyError::NoKey) => (
            "no-key",
            format!("there is no private key in `{file}`"),
            "name a file that holds a PEM private key",
        ),
        Err(KeyError::Encrypted) => (
            "encrypted-key",
            format!("the key in `{file}` is encrypted, and mtlsgen has no passphrase for it"),
            "decrypt it to a file that only you can read: `openssl pkey -in FILE -out FILE.pem`",
        ),
        Err(error) => (
            "broken-key",
            format!("the key in `{file}` cannot be used: {error}"),
            "get the file again",
        ),
    };
    findings.push(Diagnostic::error(code, title).at(context.value(path)).help(help));
    None
}
