//! From octets to findings, of any format: PEM, DER, PKCS#12, JSON, YAML, databases of authorities.
//!
//! What cannot be read is listed, and the rest goes on.

use super::found::{Found, LeftOut, Lost, Place};
use super::{cfssl, database, kubernetes};
use crate::inspect::reading::Passwords;
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::crl::RevocationList;
use crate::pki::key::{KeyError, PrivateKey};
use crate::pki::pem::{self, Block};
use crate::pki::pkcs12::{self, Password, Pkcs12Error};

/// How age files start, binary and as text (C2SP, `age.md`).
const AGE: [&[u8]; 2] = [b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----"];

/// What is read out of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// Any format, recognized by content
    Auto,
    /// Certificates, keys and revocation lists as PEM or DER: mkcert, minica, certstrap, and any other folder
    Pem,
    /// The same, and the database of `openssl ca` (`index.txt`): easy-rsa, ekeca
    OpensslCa,
    /// PKCS#12 files
    Pkcs12,
    /// The same as `pem`, and cfssl's JSON: requests, profiles, results
    Cfssl,
    /// Kubernetes Secrets as kubectl prints them, YAML or JSON
    Kubernetes,
    /// The store of another mtlsgen
    Store,
}

impl Kind {
    fn has_pem(self) -> bool {
        !matches!(self, Self::Pkcs12 | Self::Kubernetes)
    }

    fn is(self, other: Self) -> bool {
        self == Self::Auto || self == other
    }
}

/// Reads the octets of the file at `place`.
pub fn read(
    found: &mut Found,
    place: &Place,
    octets: &[u8],
    kind: Kind,
    passwords: &dyn Passwords,
) {
    if pkcs12::looks_like(octets) {
        if kind.is(Kind::Pkcs12) {
            archive(found, place, octets, passwords, true);
        }
        return;
    }
    if kind.has_pem() && octets.first() == Some(&0x30) && der(found, place, octets, passwords) {
        return;
    }
    if octets.starts_with(&[0xFE, 0xED, 0xFE, 0xED]) {
        let help = "it is a Java keystore: make PKCS#12 of it with `keytool -importkeystore`";
        found.left_out.push(LeftOut::new(place, "a keystore", help).being(Lost::Anything));
        return;
    }
    if AGE.iter().any(|start| octets.trim_ascii_start().starts_with(start)) {
        if kind.has_pem() {
            let why = "it is encrypted with age: decrypt it with `age -d`, and import the output";
            found.left_out.push(LeftOut::new(place, "an age file", why).being(Lost::Anything));
        }
        return;
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if text.trim_start().starts_with('{')
        && kind.is(Kind::Cfssl)
        && cfssl::read(found, place, text, passwords)
    {
        return;
    }
    if kubernetes::looks_like(text) {
        if kind.is(Kind::Kubernetes) {
            kubernetes::read(found, place, text, passwords);
        }
        return;
    }
    if kind.is(Kind::OpensslCa) && database::read(found, place, text) {
        return;
    }
    if kind.is(Kind::Store) && database::read_revocation(found, place, text) {
        return;
    }
    if kind.has_pem() {
        blocks(found, place, octets, passwords);
    }
}

/// The blocks of a PEM text.
pub(super) fn blocks(found: &mut Found, place: &Place, text: &[u8], passwords: &dyn Passwords) {
    for block in pem::blocks(text) {
        match block {
            Ok(block) => add(found, place, &block, passwords),
            Err(error) => {
                found.left_out.push(
                    LeftOut::new(place, "a damaged file", error.to_string()).being(Lost::Anything),
                );
            }
        }
    }
}

fn add(found: &mut Found, place: &Place, block: &Block<'_>, passwords: &dyn Passwords) {
    match Certificate::from_block(block) {
        Ok(Some(certificate)) => return found.certificate(certificate, place),
        Ok(None) => {}
        Err(error) => {
            return found.left_out.push(
                LeftOut::new(place, "a certificate", error.to_string()).being(Lost::Certificate),
            );
        }
    }
    if block.label == "X509 CRL" {
        return match block.decode().map_err(|error| error.to_string()) {
            Ok(der) => list(found, place, &der),
            Err(error) => found.left_out.push(LeftOut::new(place, "a revocation list", error)),
        };
    }
    if block.label.ends_with("CERTIFICATE REQUEST") {
        if let Ok(der) = block.decode() {
            found.request(&der);
        }
        return;
    }
    if block.label == "PKCS7" || block.label == "CMS" {
        let help = "make certificates of it with `openssl pkcs7 -print_certs`";
        return found
            .left_out
            .push(LeftOut::new(place, "a PKCS#7 file", help).being(Lost::Certificate));
    }
    match PrivateKey::from_block(block) {
        Some(Err(KeyError::Encrypted)) => encrypted(found, place, passwords, |password| {
            PrivateKey::from_encrypted_block(block, password)
        }),
        Some(key) => add_key(found, place, key),
        None => {}
    }
}

fn add_key(found: &mut Found, place: &Place, key: Result<PrivateKey, KeyError>) {
    match key {
        Ok(key) => found.key(key, place),
        Err(error) => found
            .left_out
            .push(LeftOut::new(place, "a private key", error.to_string()).being(Lost::Key)),
    }
}

/// A key that a password protects.
fn encrypted(
    found: &mut Found,
    place: &Place,
    passwords: &dyn Passwords,
    open: impl Fn(&Password) -> Result<Result<PrivateKey, KeyError>, Pkcs12Error>,
) {
    let why = match passwords.password(&place.to_string(), true) {
        Ok(Some(password)) => match open(&password) {
            Ok(key) => return add_key(found, place, key),
            Err(Pkcs12Error::WrongPassword) => "the password is wrong".to_owned(),
            Err(Pkcs12Error::Unsupported(what)) => format!("it is encrypted with {what}"),
            Err(_) => "it is damaged".to_owned(),
        },
        Ok(None) => {
            "it is encrypted: name a file with its password with `--password-file`".to_owned()
        }
        Err(error) => error.to_string(),
    };
    found.left_out.push(LeftOut::new(place, "a private key", why).being(Lost::Key));
}

/// One certificate, list or key in DER; `false`: none of these.
pub(super) fn der(
    found: &mut Found,
    place: &Place,
    octets: &[u8],
    passwords: &dyn Passwords,
) -> bool {
    match Certificate::from_der(octets) {
        Ok(certificate) => {
            found.certificate(certificate, place);
            return true;
        }
        Err(CertificateError::Malformed(how)) if !how.starts_with("it is not X.509") => {
            if RevocationList::from_der(octets).is_err() && PrivateKey::from_der(octets).is_none() {
                found
                    .left_out
                    .push(LeftOut::new(place, "a certificate", how).being(Lost::Certificate));
                return true;
            }
        }
        Err(_) => {}
    }
    if let Ok(list) = RevocationList::from_der(octets) {
        found.list(list, place);
        return true;
    }
    if found.request(octets) {
        return true;
    }
    match PrivateKey::from_der(octets) {
        None => return false,
        Some(Err(KeyError::Encrypted)) => {
            encrypted(found, place, passwords, |password| pkcs12::decrypt_key(octets, password));
        }
        Some(key) => add_key(found, place, key),
    }
    true
}

fn list(found: &mut Found, place: &Place, der: &[u8]) {
    match RevocationList::from_der(der) {
        Ok(list) => found.list(list, place),
        Err(error) => {
            found.left_out.push(LeftOut::new(place, "a revocation list", error.to_string()));
        }
    }
}

/// What a PKCS#12 file holds.
pub(super) fn archive(
    found: &mut Found,
    place: &Place,
    octets: &[u8],
    passwords: &dyn Passwords,
    ask: bool,
) {
    let opened = match pkcs12::read(octets, &Password::empty()) {
        Err(Pkcs12Error::WrongPassword) => match passwords.password(&place.to_string(), ask) {
            Ok(Some(password)) => {
                pkcs12::read(octets, &password).map_err(|error| error.to_string())
            }
            Ok(None) => {
                Err("it has a password: name a file with it with `--password-file`".to_owned())
            }
            Err(error) => Err(error.to_string()),
        },
        other => other.map_err(|error| error.to_string()),
    };
    let archive = match opened {
        Ok(archive) => archive,
        Err(why) => {
            return found
                .left_out
                .push(LeftOut::new(place, "a PKCS#12 file", why).being(Lost::Anything));
        }
    };
    for bag in archive.certificates {
        match Certificate::from_der(&bag.der) {
            Ok(certificate) => found.certificate(certificate, place),
            Err(error) => {
                found.left_out.push(
                    LeftOut::new(place, "a certificate", error.to_string())
                        .being(Lost::Certificate),
                );
            }
        }
    }
    for bag in archive.keys {
        add_key(found, place, bag.key);
    }
    for der in archive.revocation_lists {
        list(found, place, &der);
    }
}
