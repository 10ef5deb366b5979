//! What became of everything that was found, for people and for programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::comparison::Altered;
use super::found::LeftOut;
use super::judge::{Entry, Pki, Source};
use super::sites::Site;
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
    /// Requests that the spec would have answered otherwise than the Ingresses that were found.
    pub altered: Vec<Altered>,
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
    /// the next `render` issues it; `ingress`: a host whose certificate was not found.
    #[schemars(extend("enum" = ["entry", "file", "store", "request", "ingress"]))]
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
        let has_own = |entry: &Entry| entry.is_host() && pki.site(&entry.holder).is_none();
        let has_hosts = pki.entries.iter().any(has_own);
        if has_service && !has_hosts {
            notes.push("`--service` has no effect: no certificate of a host was found that no Ingress serves; name one with `--host NAME`".to_owned());
        }
        if !has_service && has_hosts {
            notes.push("the hosts need a `service` each before `render` does anything: write it into the spec, or import with `--service NAME[:PORT]`".to_owned());
        }
        let has_entry = |site: &&Site| {
            pki.entries.iter().any(|entry| entry.is_host() && entry.holder.name() == site.host)
        };
        let sites = pki.sites.iter().filter(|site| !has_entry(site));
        Self {
            taken: pki.entries.iter().map(Row::of).chain(sites.map(Row::of_site)).collect(),
            superseded: pki.entries.iter().map(|entry| entry.older.len()).sum(),
            revoked: pki.revocations.len(),
            notes,
            altered: Vec::new(),
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
        for Altered { host, path, client, before, after, is_weaker: _ } in &self.altered {
            line(&format!(
                "altered: {client} at `{host}{path}`: {before}; with this spec: {after}"
            ));
        }
        for LeftOut { place, what, reason, needed_by, .. } in &self.left_out {
            line(&format!("left out: {what} in {place}: {reason}"));
            if let Some(needed_by) = needed_by {
                line(&format!("  it may be needed by {needed_by}"));
            }
        }
        text
    }
}

impl Row {
    /// A host that an Ingress serves with a certificate that was not found.
    fn of_site(site: &Site) -> Self {
        Self {
            named: Named::from(&Holder::Host(site.host.clone())),
            how: "ingress",
            subject: String::new(),
            serial: None,
            fingerprint_sha256: None,
            fingerprint: None,
            not_after: None,
            has_key: false,
            place: site.place.to_string(),
        }
    }

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
            "ingress" => "taken over from its Ingress",
            "store" => "kept in the store alone",
            "file" => "taken over as a file",
            _ => "taken over",
        };
        write!(f, "{} `{}`: {how}", self.named.kind, self.named.name)?;
        if let Some(not_after) = &self.not_after {
            write!(f, ", until {not_after}")?;
        }
        if !["request", "ingress"].contains(&self.how) && !self.has_key {
            f.write_str(", without its key")?;
        }
        write!(f, " ({})", self.place)
    }
}
