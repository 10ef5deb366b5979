//! Whether a client's certificate is valid, as TLS libraries judge it.

mod go;
mod openssl;
mod pins;
#[cfg(test)]
mod tests;

use std::fmt;

use super::clients::{ClientValidation, Library, Revocation};
use super::request::Presented;
use crate::pki::certificate::Certificate;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// What keeps a client out, unless it is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It shows no certificate.
    Absent,
    /// No chain leads from it to an anchor.
    Untrusted,
    /// Its chain leads to certificates of the bundle, and none of them is an anchor.
    Unanchored,
    /// Its chain is longer than allowed.
    TooDeep,
    /// A certificate of its chain is not valid yet.
    NotYetValid,
    /// A certificate of its chain is not valid any more.
    Expired,
    /// It is not for TLS clients.
    Purpose,
    /// A certificate of its chain breaks a rule: it is not an authority, or its constraints exclude those below.
    Constraint,
    /// A certificate of its chain is revoked.
    Revoked,
    /// An authority of its chain has no revocation list that counts.
    StatusUnknown,
    /// The library takes no such certificate: its key, its signature or an extension.
    Unacceptable,
    /// Its keyUsage leaves out the signature of a handshake: whoever shows it is refused, verified or not.
    NoHandshakes,
    /// It is valid, and none of those that are pinned.
    NotPinned,
}

impl Fault {
    /// What may be wrong with a certificate, valid or not.
    pub const OF_CERTIFICATES: [Self; 11] = [
        Self::Untrusted,
        Self::Unanchored,
        Self::TooDeep,
        Self::NotYetValid,
        Self::Expired,
        Self::Purpose,
        Self::Constraint,
        Self::Revoked,
        Self::StatusUnknown,
        Self::Unacceptable,
        Self::NotPinned,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no certificate was shown",
            Self::Untrusted => "no chain leads to a trusted authority",
            Self::Unanchored => "its chain ends at a trusted authority that is not a root",
            Self::TooDeep => "the chain is longer than the depth allows",
            Self::NotYetValid => "a certificate of the chain is not valid yet",
            Self::Expired => "a certificate of the chain has expired",
            Self::Purpose => "the certificate is not for TLS clients",
            Self::Constraint => "a certificate of the chain breaks a constraint of one above it",
            Self::Revoked => "a certificate of the chain is revoked",
            Self::StatusUnknown => "an authority of the chain has no revocation list that counts",
            Self::Unacceptable => "a certificate of the chain is of a kind that is not accepted",
            Self::NoHandshakes => "the keyUsage of the certificate lacks `digitalSignature`",
            Self::NotPinned => {
                "neither a name nor the hash of the certificate is among those that are admitted"
            }
        })
    }
}

/// What is wrong with what a client shows, if something is: with [`Library::OpenSsl`], the error that nginx uses; with
/// [`Library::Go`], an error of Go's `crypto/x509`, which knows neither depth nor lists; with [`Library::BoringSsl`], the first
/// error, and then that no pin fits.
///
/// Where it depends on more than is given, the client is admitted, so that the comparison reports it: where a bundle has
/// authorities of one name with several keys, the one that signed is taken; a signature of a kind that is not verified
/// here is taken for valid; where more authorities than are looked at may have signed, nothing is wrong.
#[must_use]
pub fn fault(
    client: &Presented,
    validation: &ClientValidation,
    certificates: &[Certificate],
    revocation: &Revocation,
    now: Timestamp,
) -> Option<Fault> {
    let (leaf, sends) = match client {
        Presented::Nothing => return Some(Fault::Absent),
        Presented::Chain(chain) => match chain.split_first() {
            None => return Some(Fault::Absent),
            Some((leaf, sends)) => (Link::Real(leaf), sends),
        },
        Presented::Supposed { issuer, leaf, sends } => {
            (Link::Supposed(issuer, leaf.serial.as_ref()), &**sends)
        }
    };
    let anchors = validation.library.anchors();
    let depth = validation.depth;
    let asked =
        || openssl::Asked { leaf, sends, bundle: certificates, anchors, depth, revocation, now };
    let found = match validation.library {
        Library::OpenSsl => openssl::last_fault(&asked()),
        Library::Go => go::Asked { leaf, sends, roots: certificates, now }.fault(),
        Library::BoringSsl => {
            // Certificates that are over are taken, or also those that are not valid yet.
            let at_any_time = validation.tolerates.contains(&Fault::Expired);
            openssl::first_fault(&asked(), at_any_time)
        }
    };
    found.or_else(|| (!pins::fits(&validation.pins, leaf.real())).then_some(Fault::NotPinned))
}

/// A certificate of a chain.
#[derive(Clone, Copy)]
enum Link<'a> {
    /// This one.
    Real(&'a Certificate),
    /// A client's that need not exist, with nothing wrong, signed by this authority under this serial number.
    Supposed(&'a Certificate, Option<&'a SerialNumber>),
}

impl<'a> Link<'a> {
    /// The certificate, if it exists.
    fn real(self) -> Option<&'a Certificate> {
        match self {
            Self::Real(certificate) => Some(certificate),
            Self::Supposed(..) => None,
        }
    }

    /// Whether it names this one as its issuer, by name and identifiers; signatures are not checked.
    fn names_as_issuer(self, issuer: &Certificate) -> bool {
        match self {
            Self::Real(certificate) => certificate.names_as_issuer(issuer),
            Self::Supposed(signer, _) => {
                let identifiers = (&signer.subject_key_id, &issuer.subject_key_id);
                signer.subject.matches(&issuer.subject)
                    && !matches!(identifiers, (Some(one), Some(other)) if one != other)
            }
        }
    }

    /// Whether the key of this one may have made its signature.
    fn may_be_signed_by(self, issuer: &Certificate) -> bool {
        match self {
            Self::Real(certificate) => certificate.signature_by(issuer).may_be_valid(),
            Self::Supposed(signer, _) => signer.spki_hash == issuer.spki_hash,
        }
    }
}
