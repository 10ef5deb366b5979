//! Why a certificate is issued: an ordered list of small checks; the first that finds something decides.

use std::fmt;

use crate::pki::certificate::{Certificate, ExtendedKeyUsage};
use crate::pki::crl::RevocationReason;
use crate::pki::key::{KeyKind, SpkiHash};
use crate::pki::name::DistinguishedName;
use crate::pki::request::{AlternativeNames, CertificateRequest, SerialNumber, Usage};
use crate::time::Timestamp;

/// Why a certificate is issued, with both sides where there are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is none yet.
    NeverIssued,
    /// Another authority is to sign it, or the same one with another key.
    IssuerChanged {
        /// Subject of the issuer that is expected.
        want: DistinguishedName,
        /// Subject of the issuer that it has.
        have: DistinguishedName,
    },
    /// It names the certificate of its issuer by serial, and that is replaced by another one.
    IssuerRenewed {
        /// The serial that it names, if it names one.
        serial: Option<SerialNumber>,
    },
    /// Another subject is expected.
    SubjectChanged {
        /// The subject that is expected.
        want: DistinguishedName,
        /// The subject that it has.
        have: DistinguishedName,
    },
    /// Other names are expected.
    NamesChanged {
        /// The names that are expected.
        want: AlternativeNames,
        /// The names that it has.
        have: AlternativeNames,
    },
    /// It is to be used for something else.
    UsageChanged {
        /// The expected usage.
        want: String,
        /// What it is for.
        have: String,
    },
    /// It is revoked.
    Revoked {
        /// Its serial.
        serial: SerialNumber,
        /// Why it was revoked.
        reason: RevocationReason,
    },
    /// Its signing request has another public key than it.
    PublicKeyChanged {
        /// The key of the request.
        want: SpkiHash,
        /// The key that it has.
        have: SpkiHash,
    },
    /// Its key is to be of another kind.
    KeyKindChanged {
        /// The expected kind.
        want: KeyKind,
        /// The kind that it has, if it is one of ours.
        have: Option<KeyKind>,
    },
    /// It does not work any more.
    Expired {
        /// Its last second.
        not_after: Timestamp,
    },
    /// It still works, but its time for renewal has come.
    Due {
        /// Its last second.
        not_after: Timestamp,
    },
    /// It still works, and another one was requested.
    Asked,
}

impl Reason {
    /// Whether the certificate still serves its purpose until it is reissued.
    #[must_use]
    pub fn still_works(&self) -> bool {
        matches!(self, Self::Due { .. } | Self::Asked)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverIssued => f.write_str("never issued"),
            Self::IssuerChanged { want, have } if want == have => {
                write!(f, "issuer `{}` has another key now", want.rfc2253())
            }
            Self::IssuerChanged { want, have } => {
                write!(f, "expected issuer `{}`, found `{}`", want.rfc2253(), have.rfc2253())
            }
            Self::IssuerRenewed { serial: Some(serial) } => {
                write!(
                    f,
                    "names the certificate {serial} of its issuer, which is replaced: verifiers refuse it below another one"
                )
            }
            Self::IssuerRenewed { serial: None } => f.write_str(
                "names another certificate of its issuer: verifiers refuse it below this one",
            ),
            Self::SubjectChanged { want, have } => {
                write!(f, "expected subject `{}`, found `{}`", want.rfc2253(), have.rfc2253())
            }
            Self::NamesChanged { want, have } => {
                write!(f, "expected names {}, found {}", Names(want), Names(have))
            }
            Self::UsageChanged { want, have } => {
                write!(f, "expected to be for {want}, is for {have}")
            }
            Self::PublicKeyChanged { .. } => {
                f.write_str("the signing request has another public key now")
            }
            Self::KeyKindChanged { want, have: Some(have) } => {
                write!(f, "expected key {want}, found {have}")
            }
            Self::KeyKindChanged { want, have: None } => {
                write!(f, "expected key {want}, found another kind")
            }
            Self::Revoked { serial, reason } => {
                write!(f, "its certificate {serial} was revoked ({reason})")
            }
            Self::Asked => f.write_str("requested"),
            Self::Expired { not_after } => write!(f, "expired at {not_after}"),
            Self::Due { not_after } => write!(f, "due for renewal, expires at {not_after}"),
        }
    }
}

struct Names<'a>(&'a AlternativeNames);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AlternativeNames { dns, ip, email, uri } = self.0;
        let all: Vec<String> = dns
            .iter()
            .cloned()
            .chain(ip.iter().map(ToString::to_string))
            .chain(email.iter().cloned())
            .chain(uri.iter().cloned())
            .map(|name| format!("`{name}`"))
            .collect();
        if all.is_empty() { f.write_str("none") } else { f.write_str(&all.join(", ")) }
    }
}

/// A certificate that exists, and what the spec wants of it.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// What the spec says.
    pub want: &'a CertificateRequest,
    /// What there is.
    pub have: &'a Certificate,
    /// Subject of the issuer that is expected.
    pub issuer: &'a DistinguishedName,
    /// Subject key identifier of that issuer; `None` if it has none, or none yet.
    pub issuer_key_id: Option<&'a [u8]>,
    /// The issuer's certificate of now; `None` for self-signed ones, and while it has none.
    pub issuer_certificate: Option<&'a Certificate>,
    /// Whether that issuer is about to get its first certificate, so that it cannot have signed anything.
    pub issuer_is_new: bool,
    /// Whether that issuer is about to get another certificate.
    pub issuer_is_renewed: bool,
    /// Why the certificate is revoked, if it is.
    pub revoked: Option<RevocationReason>,
    /// Whether another one is requested, regardless of this one's state.
    pub asked: bool,
    /// Now.
    pub now: Timestamp,
    /// The last second that a certificate issued now would have.
    pub next_not_after: Timestamp,
}

/// The checks in the order of precedence.
pub const CHECKS: &[fn(&Compared<'_>) -> Option<Reason>] = &[
    revoked,
    subject_changed,
    issuer_changed,
    issuer_renewed,
    usage_changed,
    names_changed,
    public_key_changed,
    key_kind_changed,
    expired,
    due,
    asked,
];

/// The first reason to reissue, if any.
#[must_use]
pub fn reason(compared: &Compared<'_>) -> Option<Reason> {
    CHECKS.iter().find_map(|check| check(compared))
}

/// Why another key or another issuer is needed, or a subject of its own: the checks that no renewal
/// can satisfy.
#[must_use]
pub fn identity(compared: &Compared<'_>) -> Option<Reason> {
    const IDENTITY: &[fn(&Compared<'_>) -> Option<Reason>] =
        &[subject_changed, issuer_changed, key_kind_changed];
    IDENTITY.iter().find_map(|check| check(compared))
}

fn revoked(c: &Compared<'_>) -> Option<Reason> {
    c.revoked.map(|reason| Reason::Revoked { serial: c.have.serial.clone(), reason })
}

fn asked(c: &Compared<'_>) -> Option<Reason> {
    c.asked.then_some(Reason::Asked)
}

/// Other string types make the same subject: [`super::planning`] keeps them for what is issued next.
fn subject_changed(c: &Compared<'_>) -> Option<Reason> {
    (!c.want.subject.reads_as(&c.have.subject)).then(|| Reason::SubjectChanged {
        want: c.want.subject.clone(),
        have: c.have.subject.clone(),
    })
}

fn issuer_changed(c: &Compared<'_>) -> Option<Reason> {
    let other_key = match (c.issuer_key_id, c.have.authority_key_id.as_deref()) {
        (Some(want), Some(have)) => want != have,
        // Without identifiers on both sides only the signature decides.
        _ => c.issuer_certificate.is_some_and(|issuer| !c.have.may_be_signed_by(issuer)),
    };
    let changed = c.issuer_is_new || other_key || *c.issuer != c.have.issuer;
    changed.then(|| Reason::IssuerChanged { want: c.issuer.clone(), have: c.have.issuer.clone() })
}

/// Others put issuer and serial of the issuer's certificate into authorityKeyIdentifier (easy-rsa, `issuer:always` of
/// openssl), and OpenSSL takes no other certificate of that authority for the issuer. Certificates made here do not.
fn issuer_renewed(c: &Compared<'_>) -> Option<Reason> {
    let named = &c.have.authority_certificate;
    let is_named = named.serial.is_some() || named.issuer.is_some();
    let is_other = |issuer: &Certificate| !named.allows(issuer);
    let renewed = is_named && (c.issuer_is_renewed || c.issuer_certificate.is_some_and(is_other));
    renewed.then(|| Reason::IssuerRenewed { serial: named.serial.clone() })
}

/// Certificates made here say exactly what they are for. Those of others, which were imported, are kept as long
/// as they allow it: authorities without a path length, unless the spec states one; leaves for further purposes.
fn usage_changed(c: &Compared<'_>) -> Option<Reason> {
    let fits = match &c.want.usage {
        Usage::Authority { max_path_len, max_path_len_is_stated, name_constraints } => {
            c.have.is_authority
                && c.have.max_path_len.map_or(!max_path_len_is_stated, |have| have == *max_path_len)
                && c.have.name_constraints == *name_constraints
        }
        Usage::Server => is_leaf_for(c.have, &ExtendedKeyUsage::ServerAuth),
        Usage::Client => is_leaf_for(c.have, &ExtendedKeyUsage::ClientAuth),
    };
    (!fits)
        .then(|| Reason::UsageChanged { want: wanted_usage(c.want), have: existing_usage(c.have) })
}

fn is_leaf_for(certificate: &Certificate, purpose: &ExtendedKeyUsage) -> bool {
    !certificate.is_authority && certificate.allows(purpose)
}

fn wanted_usage(request: &CertificateRequest) -> String {
    match &request.usage {
        Usage::Authority { max_path_len, name_constraints, .. } => {
            authority_usage(Some(*max_path_len), name_constraints.is_some())
        }
        Usage::Server => "servers".to_owned(),
        Usage::Client => "clients".to_owned(),
    }
}

fn existing_usage(certificate: &Certificate) -> String {
    if certificate.is_authority {
        return authority_usage(certificate.max_path_len, certificate.name_constraints.is_some());
    }
    match certificate.extended_key_usage.as_deref() {
        Some([ExtendedKeyUsage::ServerAuth]) => "servers".to_owned(),
        Some([ExtendedKeyUsage::ClientAuth]) => "clients".to_owned(),
        _ => "other purposes".to_owned(),
    }
}

fn authority_usage(max_path_len: Option<u8>, constrained: bool) -> String {
    let depth = match max_path_len {
        Some(levels) => format!("signing with {levels} authorities below it"),
        None => "signing at any depth".to_owned(),
    };
    if constrained { format!("{depth} under name constraints") } else { depth }
}

fn names_changed(c: &Compared<'_>) -> Option<Reason> {
    (c.want.names != c.have.names)
        .then(|| Reason::NamesChanged { want: c.want.names.clone(), have: c.have.names.clone() })
}

fn public_key_changed(c: &Compared<'_>) -> Option<Reason> {
    let want = c.want.public_key.as_ref()?.spki_hash();
    let have = c.have.spki_hash;
    (want != have).then_some(Reason::PublicKeyChanged { want, have })
}

fn key_kind_changed(c: &Compared<'_>) -> Option<Reason> {
    (c.have.key_kind != Some(c.want.key_kind))
        .then_some(Reason::KeyKindChanged { want: c.want.key_kind, have: c.have.key_kind })
}

fn expired(c: &Compared<'_>) -> Option<Reason> {
    let not_after = c.have.not_after;
    (not_after < c.now).then_some(Reason::Expired { not_after })
}

/// A certificate that its issuer's end cut short is due only when a new one would last longer.
fn due(c: &Compared<'_>) -> Option<Reason> {
    let not_after = c.have.not_after;
    let renewal_time = not_after.before(c.want.renew_before);
    (c.now >= renewal_time && c.next_not_after > not_after).then_some(Reason::Due { not_after })
}
