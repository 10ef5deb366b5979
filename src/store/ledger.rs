//! The contents of ledgers: every certificate that was ever issued, and what was revoked.

use std::collections::BTreeMap;

use crate::pki::certificate::{Certificate, CertificateError, Fingerprint};
use crate::pki::crl::RevocationReason;
use crate::pki::key::SpkiHash;
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::time::Timestamp;

/// Everything that a store's ledgers hold.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Certificates by authority and serial.
    pub entries: Vec<LedgerEntry>,
    /// What was revoked; also certificates that have no entry.
    pub revoked: Revocations,
}

/// What was revoked, by authority and serial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations(BTreeMap<String, BTreeMap<SerialNumber, Revocation>>);

/// One certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Who holds it.
    pub holder: Holder,
    /// Who signed it.
    pub issuer: Issuer,
    /// Its serial.
    pub serial: SerialNumber,
    /// Its subject, RFC 2253.
    pub subject: String,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// SHA-256 of its public key.
    pub spki_hash: SpkiHash,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// PEM.
    pub certificate: String,
}

/// Since when a certificate is revoked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
    /// What people said about it.
    pub comment: Option<String>,
}

/// A revocation that is to be entered in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRevocation {
    /// The authority that signed the certificate.
    pub authority: String,
    /// The certificate's serial.
    pub serial: SerialNumber,
    /// Who holds it, as far as the ledger knows.
    pub holder: Option<Holder>,
    /// Since when and why.
    pub revocation: Revocation,
}

impl LedgerEntry {
    /// The name of the authority that signed it; `None` for self-signed ones.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        match &self.issuer {
            Issuer::Authority(name) => Some(name),
            Issuer::SelfSigned => None,
        }
    }

    /// The certificate itself.
    ///
    /// # Errors
    /// If the entry holds none.
    pub fn parsed(&self) -> Result<Certificate, CertificateError> {
        let first = Certificate::from_pem(self.certificate.as_bytes())?.into_iter().next();
        first.ok_or(CertificateError::NoCertificate)
    }
}

impl Ledger {
    /// The revocation of an entry, if it is revoked.
    #[must_use]
    pub fn revocation_of(&self, entry: &LedgerEntry) -> Option<&Revocation> {
        self.revoked.get(entry.authority()?, &entry.serial)
    }

    /// Everything that was issued to `holder`.
    pub fn of<'a>(&'a self, holder: &'a Holder) -> impl Iterator<Item = &'a LedgerEntry> {
        self.entries.iter().filter(move |entry| entry.holder == *holder)
    }
}

impl Revocations {
    /// The revocation of that certificate, if it is revoked.
    #[must_use]
    pub fn get(&self, authority: &str, serial: &SerialNumber) -> Option<&Revocation> {
        self.0.get(authority)?.get(serial)
    }

    /// What that authority has revoked.
    pub fn of(&self, authority: &str) -> impl Iterator<Item = (&SerialNumber, &Revocation)> {
        self.0.get(authority).into_iter().flatten()
    }

    /// Everything, by authority and serial.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SerialNumber, &Revocation)> {
        self.0.iter().flat_map(|(authority, serials)| {
            serials.iter().map(move |(serial, revocation)| (authority.as_str(), serial, revocation))
        })
    }

    /// Adds a revocation; of two for one certificate the earlier one counts.
    pub fn insert(&mut self, authority: &str, serial: &SerialNumber, new: Revocation) {
        let serials = self.0.entry(authority.to_owned()).or_default();
        match serials.get(serial) {
            Some(known) if (known.at, known.reason) <= (new.at, new.reason) => {}
            _ => drop(serials.insert(serial.clone(), new)),
        }
    }
}
