//! Private keys of authorities in Secrets.

use crate::diagnostic::Diagnostic;
use crate::existing::reading::{Secret, Secrets};
use crate::model::Reference;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;

/// Names under which Secrets have private keys of authorities.
pub const AUTHORITY_KEYS: [&str; 2] = ["ca.key", "ca-key.pem"];

/// Whether a certificate is an authority's and none that a server shows: by hand, servers' certificates are made as authorities
/// (`openssl req -x509`), with the host in subjectAltName or in the common name.
#[must_use]
pub fn is_authority(certificate: &Certificate) -> bool {
    let names = &certificate.names;
    let is_host = |name: &String| {
        let is_known = |octet: u8| octet.is_ascii_alphanumeric() || b"-*_".contains(&octet);
        let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_known);
        name.contains('.') && name.split('.').all(is_label)
    };
    let is_server = certificate.subject.common_names().iter().any(is_host);
    certificate.is_authority && names.dns.is_empty() && names.ip.is_empty() && !is_server
}

/// A warning for each Secret that holds the key of an authority.
pub(super) fn of_authorities(secrets: &Secrets) -> Vec<Diagnostic> {
    secrets.all().filter_map(|(reference, secret)| of_secret(reference, secret)).collect()
}

fn of_secret(reference: &Reference, secret: &Secret) -> Option<Diagnostic> {
    let value = |name: &str| secret.value(name).and_then(Result::ok);
    let with = |words: &'static [u8]| {
        let has = move |pem: &[u8]| pem.windows(words.len()).any(|part| part == words);
        secret.keys().filter_map(move |name| Some((name, value(name).filter(|pem| has(pem))?)))
    };
    let is_named = |name: &str| AUTHORITY_KEYS.contains(&name);
    let (key, _) = with(b"PRIVATE KEY-----").find(|(name, _)| is_named(name)).or_else(|| {
        let certificates = with(b"BEGIN CERTIFICATE-----");
        let certificates = certificates.filter_map(|(_, pem)| Certificate::from_pem(&pem).ok());
        let authorities: Vec<Certificate> = certificates.flatten().filter(is_authority).collect();
        let is_theirs = |pem: &[u8]| {
            let hash = PrivateKey::from_pem(pem).ok().map(|key| key.spki_hash());
            hash.is_some_and(|hash| authorities.iter().any(|one| one.spki_hash == hash))
        };
        let mut keys = with(b"PRIVATE KEY-----").filter(|_| !authorities.is_empty());
        keys.find(|(_, pem)| is_theirs(pem))
    })?;
    let title = format!(
        "the Secret `{reference}` holds the private key of an authority under `{}`",
        key.escape_debug()
    );
    Some(Diagnostic::warning("authority-key-in-secret", title).help(
        "anyone who may read that Secret can issue certificates that every host below accepts: keep the key out of the cluster",
    ))
}
