//! What goes into the store: certificates with their chains and keys, ledger entries, supplied files.

use zeroize::Zeroizing;

use super::found::Found;
use super::judge::{Entry, Pki, Source};
use super::spec_text::{REQUEST, supplied_path};
use crate::model::Model;
use crate::pki::certificate::Certificate;
use crate::pki::key::{KeyError, KeyKind, PrivateKey};
use crate::pki::request::{AlternativeNames, CertificateRequest, Holder, Issuer, Usage};
use crate::pki::{chain, crl};
use crate::plan::chains;
use crate::store::{Inventory, Issued, IssuedCertificate, LedgerEntry};
use crate::time::{Seconds, Timestamp};

/// A file beside the folders of the store's own holders.
#[derive(Debug)]
pub struct SuppliedFile {
    /// Path below the store.
    pub path: String,
    /// Content.
    pub content: Zeroizing<String>,
    /// Whether it holds a private key.
    pub is_private: bool,
}

/// Everything that an imported PKI becomes in a store.
#[derive(Debug, Default)]
pub struct Contents {
    /// Current certificates, revocations and revocation lists.
    pub issued: Issued,
    /// Certificates that are superseded.
    pub older: Vec<LedgerEntry>,
    /// Certificates, keys and lists of others.
    pub supplied: Vec<SuppliedFile>,
}

/// The files of all supplied certificates and signing requests, so that the spec can be resolved before they are written.
pub(super) fn supplied(pki: &Pki, found: &Found) -> Vec<SuppliedFile> {
    let mut files = Vec::new();
    for entry in &pki.entries {
        let mut add = |name, content: Zeroizing<String>, is_private| {
            let path = supplied_path(&entry.holder, name);
            files.push(SuppliedFile { path, content, is_private });
        };
        if let Some(csr) = &entry.csr {
            add(REQUEST, Zeroizing::new(csr.clone()), false);
        }
        let Some(own) = entry.certificate.as_ref().filter(|_| entry.source == Source::Supplied)
        else {
            continue;
        };
        let certificates = std::iter::once(own).chain(&entry.above);
        add("tls.crt", Zeroizing::new(chain::to_pem(certificates)), false);
        if let Some((key, _)) = found.keys.get(&own.spki_hash) {
            add("tls.key", key.to_pem(), true);
        }
        if !entry.lists.is_empty() {
            add("crl.pem", Zeroizing::new(crl::to_pem(&entry.lists)), false);
        }
    }
    files
}

/// Puts everything together; `now` is when it was entered.
///
/// # Errors
/// A key cannot be copied.
pub(super) fn contents(
    pki: &Pki,
    found: &Found,
    (model, inventory): (&Model, &Inventory),
    now: Timestamp,
) -> Result<Contents, KeyError> {
    let mut contents = Contents { supplied: supplied(pki, found), ..Contents::default() };
    for entry in &pki.entries {
        for (issuer, certificate) in &entry.older {
            contents.older.push(ledger_entry(&entry.holder, issuer, certificate, now));
        }
        let (Source::Issued(issuer), Some(own)) = (&entry.source, &entry.certificate) else {
            continue;
        };
        let above = chains::intermediates(model, inventory, issuer).unwrap_or_default();
        let key = found.keys.get(&own.spki_hash).map(|(key, _)| copy(key)).transpose()?;
        contents.issued.certificates.push(IssuedCertificate {
            request: request(model, entry, issuer),
            chain: std::iter::once(own).chain(above).cloned().collect(),
            key,
        });
    }
    contents.issued.revocations.clone_from(&pki.revocations);
    contents.issued.lists.clone_from(&pki.lists);
    Ok(contents)
}

/// Two certificates may share one key.
fn copy(key: &PrivateKey) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_pem(key.to_pem().as_bytes())
}

fn ledger_entry(
    holder: &Holder,
    issuer: &Issuer,
    own: &Certificate,
    issued_at: Timestamp,
) -> LedgerEntry {
    LedgerEntry {
        holder: holder.clone(),
        issuer: issuer.clone(),
        serial: own.serial.clone(),
        subject: own.subject.rfc2253(),
        not_before: own.not_before,
        not_after: own.not_after,
        issued_at,
        spki_hash: own.spki_hash,
        fingerprint: own.fingerprint(),
        certificate: own.to_pem(),
    }
}

/// What the spec asks of a holder; of those without an entry, what their certificates say.
fn request(model: &Model, entry: &Entry, issuer: &Issuer) -> CertificateRequest {
    if let Some(request) = model.request(&entry.holder).filter(|_| entry.in_spec) {
        return request.clone();
    }
    let usage = match entry.holder {
        Holder::Host(_) => Usage::Server,
        Holder::Authority(_) | Holder::Client(_) => Usage::Client,
    };
    CertificateRequest {
        holder: entry.holder.clone(),
        issuer: issuer.clone(),
        usage,
        subject: entry.subject(),
        names: AlternativeNames::default(),
        key_kind: entry.key_kind().unwrap_or(KeyKind::EcdsaP256),
        public_key: None,
        duration: Seconds::days(365),
        renew_before: Seconds::days(30),
        serial: None,
    }
}
