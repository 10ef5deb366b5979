//! What OpenSSL, and with it nginx, refuses of the authorities above a client, although they can be read.
//!
//! Found by trying: `tests/it/odd.rs` holds every rule against a real `openssl`, an end-to-end case against the
//! controller's nginx, and `docs/targets/odd-authorities.md` has the table.

mod controller;
mod input;
mod shapes;
mod times;

use std::fmt;

use super::certificate::details::{Details, OWN_CURVE, PublicKey};
use super::certificate::{Certificate, ExtendedKeyUsage};
use super::chain::{self, Chain};
use super::crl::RevocationList;
use super::name_constraints::{Names, violations};

pub(in crate::pki) use shapes::is_malformed;

/// Why every client below an authority, or every one that is looked up in a list, is refused, with OpenSSL's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, as the end of a sentence that begins with the authority or the list.
    pub what: String,
    /// Who refuses it.
    pub by: By,
}

/// Who refuses an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The controller does not read it, and with it nothing of its Secret: Go's `crypto/x509`, in these words.
    Controller(&'static str),
    /// nginx, which goes by OpenSSL: its `X509_V_ERR_…`, and its words for that.
    OpenSsl(u16, &'static str),
}

impl Refusal {
    /// OpenSSL's error, if it is OpenSSL that refuses.
    #[must_use]
    pub fn error(&self) -> Option<u16> {
        match self.by {
            By::Controller(_) => None,
            By::OpenSsl(error, _) => Some(error),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        match self.by {
            By::OpenSsl(error, words) => write!(
                f,
                "{what}: with it, nginx refuses every client (OpenSSL's error {error}, `{words}`)"
            ),
            By::Controller(words) => write!(
                f,
                "{what}: the controller rejects a Secret that holds it, and answers 403 to every client (Go's `{words}`)"
            ),
        }
    }
}

/// Why a list is refused by its form alone, regardless of its signer: what Go does not read, and times that OpenSSL does not compare.
pub(in crate::pki) fn refusal_of_form(list: &[u8]) -> Option<Refusal> {
    controller::refusal_of_list(list).or_else(|| times::refusal_of_list(list))
}

/// An authority within a chain.
#[derive(Clone, Copy)]
struct Authority<'a> {
    certificate: &'a Certificate,
    details: &'a Details,
    /// Whether it is trusted by its presence: the signature of a root is not verified.
    is_root: bool,
}

/// The checks; the order is the precedence.
const CHECKS: [fn(Authority<'_>) -> Option<Refusal>; 11] = [
    |authority| unreadable(authority.certificate),
    broken,
    not_its_own_issuer,
    explicit_curve,
    unhandled_extension,
    no_certificate_signing,
    no_authority,
    other_purpose,
    weak_key,
    weak_signature,
    |authority| times::refusal(&authority.certificate.der),
];

/// Why nginx refuses the clients below `certificate`; `is_root` where it is trusted by its presence.
#[must_use]
pub fn refusal(certificate: &Certificate, is_root: bool) -> Option<Refusal> {
    let details = certificate.details();
    let authority = Authority { certificate, details: &details, is_root };
    CHECKS.iter().find_map(|check| check(authority))
}

/// Why nginx refuses the clients of the first of these authorities, each of which signed the one before; the last is
/// the root. Gives the authority that is to blame.
#[must_use]
pub fn refusal_of_chain<'a>(chain: &[&'a Certificate]) -> Option<(&'a Certificate, Refusal)> {
    let root = chain.len().checked_sub(1)?;
    let one = |(index, certificate): (usize, &&'a Certificate)| {
        Some((*certificate, refusal(certificate, index == root)?))
    };
    let all = chain.iter().enumerate().find_map(one);
    let whole = [unknown_signature, too_long, forbidden_name];
    all.or_else(|| whole.iter().find_map(|check| check(chain)))
}

/// Why the controller reads no Secret that holds this certificate, independently of the rest: one that Go's `crypto/x509` does
/// not parse closes the whole bundle (`CheckCACert` in `internal/net/ssl/ssl.go`).
#[must_use]
pub fn unreadable(certificate: &Certificate) -> Option<Refusal> {
    controller::refusal(&certificate.der)
}

/// proxyCertInfo (RFC 3820, section 3.8): what has it is not an authority to OpenSSL, regardless of its other contents.
const PROXY: &str = "1.3.6.1.5.5.7.1.14";

/// Why nginx refuses every client once it reads this list of `authority`, which signed it.
#[must_use]
pub fn refusal_of_list(list: &RevocationList, authority: &Certificate) -> Option<Refusal> {
    if !authority.may_sign_lists() {
        let what = format!(
            "is signed by a key that may not sign lists (keyUsage of `{}` lacks `cRLSign`)",
            authority.subject.rfc2253()
        );
        return Some(refused(what, 35, "key usage does not include CRL signing"));
    }
    (!list.has_known_signature(authority)).then(|| {
        let what = format!("is signed with {}, which OpenSSL does not verify", list.signature.name);
        refused(what, 8, "CRL signature failure")
    })
}

/// Why nginx refuses every client where this is the bundle, although an authority in it leads to a root.
#[must_use]
pub fn refusal_of_bundle(bundle: &[Certificate]) -> Option<(Certificate, Refusal)> {
    let signing = bundle.iter().filter(|one| one.may_sign_certificates());
    let mut first = None;
    for chain in signing.map(|one| chain::order(one, bundle)).filter(Chain::is_complete) {
        let certificates: Vec<&Certificate> = chain.certificates.iter().collect();
        let (blamed, refusal) = refusal_of_chain(&certificates)?;
        first.get_or_insert_with(|| (blamed.clone(), refusal));
    }
    first
}

/// Whether OpenSSL takes a root for an authority that does not say that it is one (`check_ca`): of version 1, or
/// without basicConstraints, but with keyCertSign. Self-signed certificates of servers look like that as well.
#[must_use]
pub fn passes_for_authority(certificate: &Certificate) -> bool {
    let details = certificate.details();
    let says = certificate.key_usage.is_some() || details.version == 1;
    says && !details.has_basic_constraints
        && certificate.allows_certificate_signing()
        && certificate.is_anchor()
}

/// How many of these authorities count for pathLenConstraint: those that carry on under their own name do not
/// (RFC 5280, section 4.2.1.9).
pub fn counted<'a>(below: impl IntoIterator<Item = &'a Certificate>) -> usize {
    below.into_iter().filter(|one| !one.is_self_issued()).count()
}

fn unknown_signature<'a>(chain: &[&'a Certificate]) -> Option<(&'a Certificate, Refusal)> {
    chain.windows(2).find_map(|pair| {
        let [below, above] = pair else { return None };
        (!below.has_known_signature(above)).then(|| {
            let with = below.details().signature.name;
            let what = format!("is signed with {with}, which OpenSSL does not verify");
            (*below, refused(what, 2, "unable to get issuer certificate"))
        })
    })
}

fn too_long<'a>(chain: &[&'a Certificate]) -> Option<(&'a Certificate, Refusal)> {
    chain.iter().enumerate().find_map(|(index, authority)| {
        let most = authority.max_path_len?;
        let below = counted(chain[..index].iter().copied());
        (below > usize::from(most)).then(|| {
            let what = format!("allows {most} authorities below it, and there are {below}");
            (*authority, refused(what, 25, "path length constraint exceeded"))
        })
    })
}

/// An intermediate whose names the constraints of an authority above it forbid (`check_name_constraints`); one that
/// carries on under its own name is not asked.
fn forbidden_name<'a>(chain: &[&'a Certificate]) -> Option<(&'a Certificate, Refusal)> {
    chain.iter().enumerate().rev().find_map(|(index, one)| {
        let above = chain[index + 1..].iter().filter(|_| !one.is_self_issued());
        let details = one.details();
        let (authority, violation) = above.rev().find_map(|authority| {
            let constraints = authority.name_constraints.as_ref()?;
            let found = violations(Names::of(one, &details), constraints);
            Some((authority, found.into_iter().next()?))
        })?;
        let what = format!(
            "has the name `{}`, which the name constraints of `{}` forbid",
            violation.name,
            authority.subject.rfc2253()
        );
        let (error, words) = violation.why.error();
        Some((*one, refused(what, error, words)))
    })
}

fn refused(what: impl Into<String>, error: u16, words: &'static str) -> Refusal {
    Refusal { what: what.into(), by: By::OpenSsl(error, words) }
}

/// Extensions that OpenSSL reads of every certificate (`ossl_x509v3_cache_extensions`), of those that mtlsgen takes
/// damaged: subjectAltName, nameConstraints, cRLDistributionPoints, authorityKeyIdentifier, nsCertType, ipAddrBlocks,
/// autonomousSysIds.
const READ: [&str; 7] = [
    "2.5.29.17",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.35",
    "2.16.840.1.113730.1.1",
    "1.3.6.1.5.5.7.1.7",
    "1.3.6.1.5.5.7.1.8",
];

/// Whether OpenSSL takes it for no certificate's issuer, and nothing for its issuer (`EXFLAG_INVALID`).
#[must_use]
pub fn is_invalid(certificate: &Certificate, details: &Details) -> bool {
    broken(Authority { certificate, details, is_root: false }).is_some()
}

/// Whether the curve of its key is described, not named, which OpenSSL refuses in chains.
#[must_use]
pub fn has_described_curve(details: &Details) -> bool {
    details.public_key.algorithm == OWN_CURVE
}

/// The error of a certificate with a time that OpenSSL does not compare.
#[must_use]
pub fn error_of_times(certificate: &Certificate) -> Option<u16> {
    times::refusal(&certificate.der).and_then(|refusal| refusal.error())
}

/// OpenSSL takes such a certificate for no issuer at all.
fn broken(Authority { certificate, details, .. }: Authority<'_>) -> Option<Refusal> {
    if details.unknown.iter().any(|(oid, _)| oid == PROXY) {
        let what = "has the extension proxyCertInfo, which is for proxy certificates alone";
        return Some(refused(what, 20, "unable to get local issuer certificate"));
    }
    if let Some(oid) = details.malformed.iter().find(|oid| READ.contains(&oid.as_str())) {
        let what = format!("has a malformed extension {oid}, which makes it invalid");
        return Some(refused(what, 20, "unable to get local issuer certificate"));
    }
    (certificate.key_usage == Some(0)).then(|| {
        let what = "has an empty keyUsage, which makes it invalid";
        refused(what, 20, "unable to get local issuer certificate")
    })
}

/// What does not name itself as its issuer is not a root to OpenSSL, which goes on looking for one above it.
fn not_its_own_issuer(authority: Authority<'_>) -> Option<Refusal> {
    let Authority { certificate, details, is_root } = authority;
    if !is_root || certificate.is_anchor() {
        return None;
    }
    let what = if certificate.names_as_issuer(certificate) {
        format!(
            "is signed with {}, which OpenSSL does not connect with its key",
            details.signature.name
        )
    } else {
        "has an authorityKeyIdentifier that is not its own".to_owned()
    };
    Some(refused(what, 2, "unable to get issuer certificate"))
}

fn explicit_curve(Authority { details, .. }: Authority<'_>) -> Option<Refusal> {
    has_described_curve(details).then(|| {
        let what = "has a key whose curve is described, not named";
        refused(what, 94, "Certificate public key has explicit ECC parameters")
    })
}

/// Extensions that OpenSSL handles (`X509_supported_extension`): of others, critical ones are refused.
const HANDLED: [&str; 16] = [
    "2.16.840.1.113730.1.1", // nsCertType
    "2.5.29.15",             // keyUsage
    "2.5.29.17",             // subjectAltName
    "2.5.29.19",             // basicConstraints
    "2.5.29.30",             // nameConstraints
    "2.5.29.31",             // cRLDistributionPoints
    "2.5.29.32",             // certificatePolicies
    "2.5.29.33",             // policyMappings
    "2.5.29.35",             // authorityKeyIdentifier
    "2.5.29.36",             // policyConstraints
    "2.5.29.37",             // extendedKeyUsage
    "2.5.29.54",             // inhibitAnyPolicy
    "1.3.6.1.5.5.7.1.7",     // ipAddrBlocks
    "1.3.6.1.5.5.7.1.8",     // autonomousSysIds
    "1.3.6.1.5.5.7.1.14",    // proxyCertInfo
    "1.3.6.1.5.5.7.48.1.5",  // OCSP noCheck
];

/// The first critical extension that OpenSSL does not handle, by its object identifier.
#[must_use]
pub fn unhandled(details: &Details) -> Option<&str> {
    details.critical.iter().map(String::as_str).find(|oid| !HANDLED.contains(oid))
}

fn unhandled_extension(Authority { details, .. }: Authority<'_>) -> Option<Refusal> {
    let oid = unhandled(details)?;
    let what = format!("has the critical extension {oid}, which OpenSSL does not handle");
    Some(refused(what, 34, "unhandled critical extension"))
}

fn no_certificate_signing(Authority { certificate, .. }: Authority<'_>) -> Option<Refusal> {
    (!certificate.allows_certificate_signing()).then(|| {
        let what = "has a keyUsage without `keyCertSign`";
        refused(what, 32, "key usage does not include certificate signing")
    })
}

/// Without basicConstraints, OpenSSL goes by keyUsage, and takes roots of version 1; others do not, and neither does
/// mtlsgen.
fn no_authority(Authority { certificate, .. }: Authority<'_>) -> Option<Refusal> {
    (!certificate.is_authority).then(|| {
        let what = "is not that of an authority (basicConstraints lacks `CA:TRUE`)";
        refused(what, 79, "invalid CA certificate")
    })
}

/// An authority with purposes hands no further ones on; `anyExtendedKeyUsage` is one of its own to OpenSSL.
fn other_purpose(Authority { certificate, .. }: Authority<'_>) -> Option<Refusal> {
    let purposes = certificate.extended_key_usage.as_ref()?;
    (!purposes.contains(&ExtendedKeyUsage::ClientAuth)).then(|| {
        let has: Vec<String> = purposes.iter().map(|one| format!("`{one}`")).collect();
        let has = if has.is_empty() { "it has none".to_owned() } else { has.join(", ") };
        let what = format!("has an extendedKeyUsage without `clientAuth` ({has})");
        refused(what, 26, "unsuitable certificate purpose")
    })
}

/// Least bits of RSA and DSA keys at security level 2, measured: from 1968 on, OpenSSL counts 112 bits of security.
const LEAST_MODULUS: usize = 1968;
/// Least bits of elliptic curves at security level 2.
const LEAST_CURVE: usize = 224;

/// Bits of a key that OpenSSL's security level 2, its default since 3.2 and Debian's, takes for too short: it wants 112
/// bits of security.
#[must_use]
pub fn too_short(PublicKey { algorithm, size }: &PublicKey) -> Option<usize> {
    let least = if algorithm.starts_with("ECDSA") { LEAST_CURVE } else { LEAST_MODULUS };
    let has_sizes = algorithm.starts_with("ECDSA") || algorithm.starts_with("RSA");
    size.filter(|size| has_sizes && *size < least)
}

fn weak_key(Authority { details, .. }: Authority<'_>) -> Option<Refusal> {
    let size = too_short(&details.public_key)?;
    let what = format!("has a key of {size} bits, which is too short");
    Some(refused(what, 67, "CA certificate key too weak"))
}

fn weak_signature(Authority { details, is_root, .. }: Authority<'_>) -> Option<Refusal> {
    (!is_root && details.signature.is_weak).then(|| {
        let what = format!("is signed with {}, which is too weak", details.signature.name);
        refused(what, 68, "CA signature digest algorithm too weak")
    })
}
