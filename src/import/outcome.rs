//! What became of everything that was found, for people and for programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::found::LeftOut;
use super::judge::{Entry, Pki, Source};
use crate::diagnostic::visible;
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::request::{Holder, Named, SerialNumber};
use crate::time::Timestamp;

/// What was taken over, how, and what was not.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Holders, in the order of the spec.
    pub taken: Vec<Row>,
    /// How many certificates are superseded and known to the ledgers.
    pub superseded: usize,
    /// How many certificates are revoked.
    pub revoked: usize,
    /// What people should know.
    pub notes: Vec<String>,
    /// What stays behind.
    pub left_out: Vec<LeftOut>,
}

/// One holder.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its names.
    #[serde(flatten)]
    pub named: Named,
    /// `entry`: the spec describes it; `file`: a supplied file; `store`: the store alone remembers it; `request`:
    /// the next `render` issues it.
    #[schemars(extend("enum" = ["entry", "file", "store", "request"]))]
    pub how: &'static str,
    /// Subject, RFC 2253.
    pub subject: String,
    /// Serial of the certificate.
    pub serial: Option<SerialNumber>,
    /// SHA-256 of the certificate.
    pub fingerprint_sha256: Option<Fingerprint>,
    /// Former name of `fingerprintSha256`.
    pub fingerprint: Option<Fingerprint>,
    /// Its last second.
    pub not_after: Option<Timestamp>,
    /// Whether its private key was found.
    pub has_key: bool,
    /// Where it was found.
    pub place: String,
}

impl Outcome {
    /// Of a judged PKI.
    pub(super) fn of(pki: &Pki, has_service: bool) -> Self {
        let mut notes = pki.notes.clone();
        let hosts = pki.entries.iter().filter(|e| e.in_spec && matches!(e.holder, Holder::Host(_)));
        if !has_service && hosts.count() > 0 {
            notes.push("the hosts need a `service` each before `render` does anything: write it into the spec, or import with `--service NAME[:PORT]`".to_owned());
        }
        Self {
            taken: pki.entries.iter().map(Row::of).collect(),
            superseded: pki.entries.iter().map(|entry| entry.older.len()).sum(),
            revoked: pki.revocations.len(),
            notes,
            left_out: pki.left_out.clone(),
        }
    }

    /// For people.
    #[must_use]
    pub fn human(&self) -> String {
        let mut text = String::new();
        let mut line = |words: &str| {
            let shown: String = words.chars().flat_map(visible).collect();
            writeln!(text, "{shown}").expect("a String takes everything");
        };
        for row in &self.taken {
            line(&row.to_string());
        }
        for (count, what) in [(self.superseded, "superseded"), (self.revoked, "revoked")] {
            match count {
                0 => {}
                1 => line(&format!("1 {what} certificate is known to the ledgers")),
                _ => line(&format!("{count} {what} certificates are known to the ledgers")),
            }
        }
        for note in &self.notes {
            line(&format!("note: {note}"));
        }
        for LeftOut { place, what, reason } in &self.left_out {
            line(&format!("left out: {what} in {place}: {reason}"));
        }
        text
    }
}

impl Row {
    fn of(entry: &Entry) -> Self {
        let how = match (&entry.source, &entry.certificate) {
            (_, None) => "request",
            _ if !entry.in_spec => "store",
            (Source::Supplied, _) => "file",
            (Source::Issued(_), _) => "entry",
        };
        let own = entry.certificate.as_ref();
        Self {
            named: (&entry.holder).into(),
            how,
            subject: entry.subject().rfc2253(),
            serial: own.map(|own| own.serial.clone()),
            fingerprint_sha256: own.map(Certificate::fingerprint),
            fingerprint: own.map(Certificate::fingerprint),
            not_after: own.map(|own| own.not_after),
            has_key: entry.has_key,
            place: entry.place.to_string(),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match self.how {
            "request" => "to be issued",
            "store" => "kept in the store alone",
            "file" => "taken over as a file",
            _ => "taken over",
        };
        write!(f, "{} `{}`: {how}", self.named.kind, self.named.name)?;
        if let Some(not_after) = &self.not_after {
            write!(f, ", until {not_after}")?;
        }
        if self.how != "request" && !self.has_key {
            f.write_str(", without its key")?;
        }
        write!(f, " ({})", self.place)
    }
}
