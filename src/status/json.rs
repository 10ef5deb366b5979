//! Rows for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Admitted, Row, State, Subject};
use crate::pki::certificate::Fingerprint;
use crate::pki::request::Holder;
use crate::specification::Verify;
use crate::time::Timestamp;

/// Every certificate and revocation list, and the clients that hosts admit.
#[derive(Serialize, JsonSchema)]
pub struct Status<'a> {
    /// When it is so.
    time: Timestamp,
    /// Certificates and revocation lists.
    certificates: Vec<Certificate<'a>>,
    /// The clients that hosts admit; hosts that admit the same are together.
    admitted: Vec<HostsAdmit<'a>>,
}

/// A certificate or revocation list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CertificateStatus")]
struct Certificate<'a> {
    /// Whose certificate it is, as commands take it: `cas/NAME`, `hosts/NAME` or `clients/NAME`; null of a revocation list.
    holder: Option<&'a Holder>,
    /// What the holder is, or `crl` for a revocation list.
    #[schemars(extend("enum" = Subject::KINDS))]
    kind: &'static str,
    /// The holder's name in the spec; of a revocation list, that of its authority.
    name: &'a str,
    /// State of the certificate or revocation list.
    state: State,
    /// Why it is due or revoked.
    reason: Option<&'a str>,
    /// Whether the spec and its manifests go by it; otherwise it is a thing of the past.
    current: bool,
    /// `brought`: a file that the spec names or a Secret that others fill; `issued`: by mtlsgen.
    #[schemars(extend("enum" = ["brought", "issued"]))]
    source: &'static str,
    /// Subject, RFC 2253; of a revocation list its issuer.
    subject: Option<&'a str>,
    /// Who signed it: an authority's name in the spec, `self-signed`, or the subject of an authority without a name.
    issuer: &'a str,
    /// Serial number, hexadecimal; of a revocation list its number.
    serial: Option<&'a str>,
    /// SHA-256 of its DER.
    fingerprint_sha256: Option<Fingerprint>,
    /// First second of validity.
    not_before: Option<Timestamp>,
    /// Last second of validity.
    not_after: Option<Timestamp>,
    /// Whole days that it lasts, negative once it is over.
    days_left: Option<i64>,
    /// When the next render replaces it; null: mtlsgen does not.
    renewal_time: Option<Timestamp>,
    /// Keys of the hosts that a client gets into with it, whatever the spec says of the client.
    opens: &'a [String],
    /// Keys of the hosts that it may open: who gets in there is not known.
    may_open: &'a [String],
}

/// Hosts that let in the same, and whom.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Admitted")]
struct HostsAdmit<'a> {
    /// Their keys in the spec.
    hosts: &'a [String],
    /// Whether a client has to show a certificate.
    #[schemars(extend("enum" = ["protected", "optional", "open", "unknown"]))]
    access: &'static str,
    /// How certificates are verified, as `verify` in the spec; null: none is asked for.
    #[schemars(extend("enum" = ["on", "optional", "optional_no_ca", "off", null]))]
    verify: Option<&'static str>,
    /// Names of the clients of the spec whose certificates are taken.
    clients: &'a [String],
    /// Names of the authorities below which any client gets in.
    any_below: &'a [String],
    /// The Secret whose authorities are trusted, where others fill it and it was not provided.
    secret: Option<&'a str>,
    /// Whether it is known who gets in.
    known: bool,
}

impl<'a> Status<'a> {
    /// Of all rows, at a time.
    #[must_use]
    pub fn of(rows: &'a [Row], admitted: &'a [Admitted], time: Timestamp) -> Self {
        let certificates = rows.iter().map(|row| Certificate::of(row, time)).collect();
        Self { time, certificates, admitted: admitted.iter().map(HostsAdmit::of).collect() }
    }
}

impl<'a> HostsAdmit<'a> {
    fn of(admitted: &'a Admitted) -> Self {
        let Admitted { hosts, verify, clients, below, secret, doubt } = admitted;
        let verify = verify.map(|verify| match verify {
            Verify::On => "on",
            Verify::Optional => "optional",
            Verify::OptionalNoCa => "optional_no_ca",
            Verify::Off => "off",
        });
        Self {
            hosts,
            access: admitted.access(),
            verify,
            clients,
            any_below: below,
            secret: secret.as_deref(),
            known: doubt.is_none(),
        }
    }
}

impl<'a> Certificate<'a> {
    fn of(row: &'a Row, now: Timestamp) -> Self {
        let facts = row.facts.as_ref();
        Self {
            holder: row.subject.holder(),
            kind: row.subject.kind(),
            name: row.subject.name(),
            state: row.state,
            reason: row.reason.as_deref(),
            current: row.is_current,
            source: if row.is_supplied { "brought" } else { "issued" },
            subject: facts.map(|facts| facts.subject.as_str()),
            issuer: &row.issuer,
            serial: facts.map(|facts| facts.serial.as_str()),
            fingerprint_sha256: facts.map(|facts| facts.fingerprint),
            not_before: facts.map(|facts| facts.not_before),
            not_after: facts.map(|facts| facts.not_after),
            days_left: row.days_left(now),
            renewal_time: row.renewal_time,
            opens: &row.opens,
            may_open: &row.may_open,
        }
    }
}
