//! The `openssl` command as a judge in tests.
#![expect(clippy::disallowed_methods, reason = "tests hand files to openssl")]

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::certificate::Certificate;
use super::issue::{Signer, Validity, sign};
use super::key::{KeyKind, PrivateKey};
use super::name::DistinguishedName;
use super::request::{AlternativeNames, CertificateRequest, Holder, Issuer, SerialNumber, Usage};
use crate::time::{Seconds, Timestamp};

/// A folder for one test, in which openssl runs.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs `openssl` with arguments that contain no blanks.
    pub(crate) fn openssl(&self, arguments: &str) -> Result<String, String> {
        self.openssl_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs `openssl`; its output, or its output and messages if it fails.
    pub(crate) fn openssl_with(&self, arguments: &[&str]) -> Result<String, String> {
        run(self.0.path(), arguments)
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("openssl {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr)))
    }
}

/// The time that `verify` calls give to openssl.
pub(crate) fn noon() -> Timestamp {
    Timestamp::parse("2030-06-01T12:00:00Z").unwrap()
}

pub(crate) fn days(count: u64) -> Validity {
    Validity { not_before: noon(), not_after: noon().after(Seconds::days(count)) }
}

pub(crate) fn serial() -> SerialNumber {
    SerialNumber(vec![0x4a; 16])
}

/// A request with this subject text.
pub(crate) fn request(usage: Usage, subject: &str, dns: &[&str]) -> CertificateRequest {
    CertificateRequest {
        holder: Holder::Client("test".to_owned()),
        issuer: Issuer::SelfSigned,
        usage,
        subject: DistinguishedName::parse(subject).unwrap(),
        names: AlternativeNames {
            dns: dns.iter().map(|name| (*name).to_owned()).collect(),
            ..AlternativeNames::default()
        },
        key_kind: KeyKind::EcdsaP256,
        public_key: None,
        duration: Seconds::days(365),
        renew_before: Seconds::days(30),
        serial: None,
    }
}

pub(crate) fn authority(max_path_len: u8) -> Usage {
    Usage::Authority { max_path_len, max_path_len_is_stated: false, name_constraints: None }
}

/// A certificate and its key.
pub(crate) struct Held {
    pub(crate) certificate: Certificate,
    pub(crate) key: PrivateKey,
}

impl Held {
    /// Signs itself.
    pub(crate) fn root(request: &CertificateRequest, kind: KeyKind) -> Self {
        let key = PrivateKey::generate(kind).unwrap();
        let signer = Signer { certificate: None, key: &key };
        let certificate = sign(request, &serial(), days(3650), &key, &signer).unwrap();
        Self { certificate, key }
    }

    /// Issues a certificate with a new key.
    pub(crate) fn issue(&self, request: &CertificateRequest, kind: KeyKind) -> Self {
        let key = PrivateKey::generate(kind).unwrap();
        let certificate = sign(request, &serial(), days(365), &key, &self.signer()).unwrap();
        Self { certificate, key }
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer { certificate: Some(&self.certificate), key: &self.key }
    }
}
