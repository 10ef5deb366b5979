//! What is wrong with a certificate that others issued.

use std::fmt;

use crate::domain;
use crate::pki::acceptance::{self, By, Refusal};
use crate::pki::certificate::{Certificate, ExtendedKeyUsage, key_usage};
use crate::time::Timestamp;

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// Signing or trusting other certificates.
    Authority,
    /// TLS servers of these names.
    Server {
        /// Hosts, possibly with a leading `*.`.
        names: &'a [&'a str],
    },
    /// TLS clients.
    Client,
}

/// One thing that is wrong with a certificate, with what is and what should be. Displays as a
/// sentence that begins behind "the certificate".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its validity has ended.
    Expired {
        /// Its last second.
        not_after: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// Its validity has not begun.
    NotYetValid {
        /// Its first second.
        not_before: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// It is not an authority's.
    NotAuthority,
    /// It is an authority's, but its key usage forbids signing certificates.
    CannotSign,
    /// Its extended key usage lacks the purpose.
    WrongUsage {
        /// The purpose.
        wanted: ExtendedKeyUsage,
        /// What it has.
        found: Vec<ExtendedKeyUsage>,
    },
    /// Its key usage forbids TLS handshakes.
    NoHandshakes {
        /// The bits it has.
        found: u16,
    },
    /// Go, and with it every controller that is written in Go, does not read it.
    NotRead {
        /// What is wrong.
        what: String,
        /// Go's words.
        words: &'static str,
    },
    /// Its subjectAltName lacks names that its common name has: controllers serve it, clients refuse it.
    CommonNameOnly {
        /// The names that subjectAltName lacks.
        names: Vec<String>,
        /// The DNS names that it has.
        found: Vec<String>,
    },
    /// Its subjectAltName lacks names.
    NamesMissing {
        /// The names that it lacks.
        missing: Vec<String>,
        /// The DNS names that it has.
        found: Vec<String>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { not_after, now } => {
                write!(f, "expired at {not_after}, it is {now} now")
            }
            Self::NotYetValid { not_before, now } => {
                write!(f, "is valid from {not_before} on, it is {now} now")
            }
            Self::NotAuthority => {
                f.write_str("is not that of an authority (basicConstraints lacks `CA:TRUE`)")
            }
            Self::CannotSign => f.write_str("may not sign others (keyUsage lacks `keyCertSign`)"),
            Self::WrongUsage { wanted, found } => write!(
                f,
                "is not for `{wanted}` (extendedKeyUsage has {})",
                list(found.iter().map(ToString::to_string))
            ),
            Self::NoHandshakes { .. } => {
                f.write_str("is not for TLS (keyUsage lacks `digitalSignature`)")
            }
            Self::NotRead { what, words } => write!(
                f,
                "{what}: the controller does not read it (Go's `{words}`), and serves its self-signed default certificate"
            ),
            Self::CommonNameOnly { names, found } => write!(
                f,
                "has {} in its common name alone (subjectAltName has {})",
                list(names.iter().cloned()),
                list(found.iter().cloned())
            ),
            Self::NamesMissing { missing, found } => write!(
                f,
                "does not cover {} (subjectAltName has {})",
                list(missing.iter().cloned()),
                list(found.iter().cloned())
            ),
        }
    }
}

/// Names in backquotes, apart by commas.
fn list(names: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}

/// Everything that speaks against using `certificate` for `purpose` at the time `now`.
#[must_use]
pub fn problems(certificate: &Certificate, now: Timestamp, purpose: Purpose<'_>) -> Vec<Problem> {
    let own = match purpose {
        Purpose::Authority => authority(certificate).into_iter().collect(),
        Purpose::Server { names } => {
            let mut problems = usage(certificate, ExtendedKeyUsage::ServerAuth);
            problems.extend(missing_names(certificate, names));
            problems.extend(not_read(certificate));
            problems
        }
        Purpose::Client => usage(certificate, ExtendedKeyUsage::ClientAuth),
    };
    validity(certificate, now).into_iter().chain(own).collect()
}

fn validity(certificate: &Certificate, now: Timestamp) -> Option<Problem> {
    let Certificate { not_before, not_after, .. } = *certificate;
    if now > not_after {
        Some(Problem::Expired { not_after, now })
    } else if now < not_before {
        Some(Problem::NotYetValid { not_before, now })
    } else {
        None
    }
}

fn authority(certificate: &Certificate) -> Option<Problem> {
    if !certificate.is_authority {
        Some(Problem::NotAuthority)
    } else if !certificate.may_sign_certificates() {
        Some(Problem::CannotSign)
    } else {
        None
    }
}

/// An absent extension allows everything (RFC 5280, section 4.2.1.12).
fn usage(certificate: &Certificate, wanted: ExtendedKeyUsage) -> Vec<Problem> {
    const HANDSHAKES: u16 =
        key_usage::DIGITAL_SIGNATURE | key_usage::KEY_ENCIPHERMENT | key_usage::KEY_AGREEMENT;
    let mut problems = Vec::new();
    if let Some(found) = certificate.key_usage.filter(|bits| bits & HANDSHAKES == 0) {
        problems.push(Problem::NoHandshakes { found });
    }
    if let Some(found) = &certificate.extended_key_usage
        && !found.contains(&wanted)
        && !found.contains(&ExtendedKeyUsage::Any)
    {
        problems.push(Problem::WrongUsage { wanted, found: found.clone() });
    }
    problems
}

fn not_read(certificate: &Certificate) -> Option<Problem> {
    let Refusal { what, by: By::Controller(words) } = acceptance::unreadable(certificate)? else {
        return None;
    };
    Some(Problem::NotRead { what, words })
}

/// Names that subjectAltName lacks. Go's `Name.CommonName` is the last one, and ingress-nginx (`verifyHostname` of
/// `internal/ingress/controller/certificate.go`) and Traefik take it for a name of the server.
fn missing_names(certificate: &Certificate, names: &[&str]) -> Option<Problem> {
    let found = certificate.names.dns.clone();
    let is_covered = |name: &&&str| found.iter().any(|pattern| covers(pattern, name));
    let missing: Vec<String> =
        names.iter().filter(|name| !is_covered(name)).map(|name| (*name).to_owned()).collect();
    if missing.is_empty() {
        return None;
    }
    let common = certificate.subject.common_names().pop();
    let is_common = |name: &String| common.as_ref().is_some_and(|common| covers(common, name));
    Some(if missing.iter().all(is_common) {
        Problem::CommonNameOnly { names: missing, found }
    } else {
        Problem::NamesMissing { missing, found }
    })
}

/// Returns whether a DNS name of a certificate covers a host: the same name, or `*.` in the place of
/// one whole label (RFC 9525, section 6.3), in any case. A host that is itself a wildcard is
/// covered by the same wildcard alone.
#[must_use]
pub fn covers(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let covered = pattern.strip_prefix("*.").zip(domain::of_wildcard(host));
    covered.is_some_and(|(pattern, domain)| pattern.eq_ignore_ascii_case(domain))
}
