//! OpenSSL 3.0 (`crypto/x509/x509_vfy.c`), as nginx asks it, and `BoringSSL` (`crypto/x509/x509_vfy.cc`), as Envoy does.
//!
//! nginx has OpenSSL continue after every error (`ngx_ssl_verify_callback`), and uses the last one, in the order of the
//! checks here. So a stranger's certificate that has expired is an expired one, and not a stranger's. `BoringSSL` stops at the
//! first one; Envoy gives it `X509_V_FLAG_PARTIAL_CHAIN`, and it has no security levels.

mod build;
mod lists;

use super::super::clients::{Anchors, Revocation};
use super::{Fault, Link};
use crate::pki::acceptance;
use crate::pki::certificate::details::Details;
use crate::pki::certificate::{Certificate, ExtendedKeyUsage, key_usage};
use crate::pki::name_constraints::{Names, violations};
use crate::pki::request::AlternativeNames;
use crate::time::Timestamp;
use build::{Built, TooMany};

/// A client's certificate, and what it is validated with.
pub(super) struct Asked<'a> {
    pub(super) leaf: Link<'a>,
    /// What is sent beside it.
    pub(super) sends: &'a [Certificate],
    pub(super) bundle: &'a [Certificate],
    pub(super) anchors: Anchors,
    pub(super) depth: Option<u8>,
    pub(super) revocation: &'a Revocation,
    pub(super) now: Timestamp,
}

/// OpenSSL's errors (`X509_V_ERR_…`).
pub(super) type Error = u16;

/// proxyCertInfo (RFC 3820, section 3.8).
const PROXY: &str = "1.3.6.1.5.5.7.1.14";

/// What `BoringSSL` finds wrong first, if something is. `at_any_time`: dates do not count, those of lists
/// neither (`X509_V_FLAG_NO_CHECK_TIME`, `allow_expired_certificate` of Envoy).
pub(super) fn first_fault(asked: &Asked<'_>, at_any_time: bool) -> Option<Fault> {
    if let Some(leaf) = asked.leaf.real() {
        // A client does not show what the server asks no signature of.
        if !may_sign_for_envoy(&leaf.details()) {
            return Some(Fault::Absent);
        }
        if leaf.key_usage.is_some_and(|usage| usage & key_usage::DIGITAL_SIGNATURE == 0) {
            return Some(Fault::NoHandshakes);
        }
    }
    let counts = |error: &Error| {
        let is_left_out = at_any_time && DATES.contains(error);
        !is_left_out && !SECURITY.contains(error)
    };
    errors(asked).ok()?.into_iter().find(counts).map(of_error)
}

/// `X509_V_ERR_CERT_NOT_YET_VALID`.
const NOT_YET_VALID: Error = 9;
/// `X509_V_ERR_CERT_HAS_EXPIRED`.
const EXPIRED: Error = 10;
/// These, and the same of lists.
const DATES: [Error; 4] = [NOT_YET_VALID, EXPIRED, 11, 12];

/// Errors of security levels, which `BoringSSL` does not have: a key of the client's, one of an authority's, a digest.
const SECURITY: [Error; 3] = [66, 67, 68];

/// Whether a server with `BoringSSL` asks for signatures of that kind of key in the handshake (`kVerifySignatureAlgorithms` of its
/// `ssl/extensions.cc`).
fn may_sign_for_envoy(details: &Details) -> bool {
    let key = &details.public_key;
    match (key.algorithm.as_str(), key.size) {
        ("RSA", _) => true,
        ("ECDSA", size) => matches!(size, Some(256 | 384)),
        _ => false,
    }
}

/// What nginx finds wrong, if something is.
pub(super) fn last_fault(asked: &Asked<'_>) -> Option<Fault> {
    // Where it is unknown, the client is admitted, so that the comparison reports it.
    let errors = errors(asked).ok()?;
    let last = *errors.last()?;
    // That a chain is too long is never the last error; where it ends in the bundle, it says more than that one.
    let is_cut_off = last == UNANCHORED && errors.contains(&TOO_LONG);
    Some(of_error(if is_cut_off { TOO_LONG } else { last }))
}

/// `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT`: of a certificate of the bundle.
const UNANCHORED: Error = 2;
/// `X509_V_ERR_CERT_CHAIN_TOO_LONG`.
const TOO_LONG: Error = 22;

/// What an error means; [`Fault::Untrusted`] are those that nginx tolerates with `optional_no_ca`
/// (`ngx_ssl_verify_error_optional`).
fn of_error(error: Error) -> Fault {
    match error {
        18..=21 => Fault::Untrusted,
        UNANCHORED => Fault::Unanchored,
        TOO_LONG => Fault::TooDeep,
        NOT_YET_VALID => Fault::NotYetValid,
        EXPIRED => Fault::Expired,
        26 => Fault::Purpose,
        25 | 32 | 47..=53 | 79 => Fault::Constraint,
        23 => Fault::Revoked,
        // None, one with a wrong signature, an early one, one that is over, one of a key that may not sign lists.
        3 | 8 | 11 | 12 | 35 => Fault::StatusUnknown,
        _ => Fault::Unacceptable,
    }
}

/// All errors, in OpenSSL's order.
fn errors(asked: &Asked<'_>) -> Result<Vec<Error>, TooMany> {
    let built = build::build(asked)?;
    let chain = Chain::new(&built);
    let mut errors = Vec::new();
    let leaf_details = chain.nodes.first().and_then(|leaf| leaf.details.as_ref());
    if leaf_details.is_some_and(|leaf| acceptance::too_short(&leaf.public_key).is_some()) {
        errors.push(66);
    }
    untrusted(asked, &built, &mut errors);
    chain.extensions(&mut errors);
    chain.security(&mut errors);
    lists::check(asked, &built.links, &mut errors);
    chain.signatures_and_times(asked.anchors, asked.now, &mut errors);
    chain.names(&mut errors);
    Ok(errors)
}

/// The errors of a chain that does not end with an anchor of the bundle (the end of `build_chain`).
fn untrusted(asked: &Asked<'_>, built: &Built<'_>, errors: &mut Vec<Error>) {
    if built.is_trusted {
        return;
    }
    if let Some(earlier) = errors.last().copied() {
        errors.push(earlier);
        return;
    }
    let length = built.links.len();
    if length > build::most(asked.depth) {
        errors.push(TOO_LONG);
    }
    let is_self_signed =
        built.links.last().and_then(|last| last.real()).is_some_and(is_self_signed);
    errors.push(match (is_self_signed, length) {
        (true, 1) => 18,
        (true, _) => 19,
        (false, _) if built.sent < length => UNANCHORED,
        (false, _) => 20,
    });
}

/// A certificate of a chain; nothing is wrong with one that need not exist.
struct Node<'a> {
    link: Link<'a>,
    details: Option<Details>,
}

impl Node<'_> {
    /// The certificate and its details, if it exists.
    fn real(&self) -> Option<(&Certificate, &Details)> {
        Some((self.link.real()?, self.details.as_ref()?))
    }
}

/// A chain, the client's certificate first.
struct Chain<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Chain<'a> {
    fn new(built: &Built<'a>) -> Self {
        let node =
            |link: &Link<'a>| Node { link: *link, details: link.real().map(Certificate::details) };
        Self { nodes: built.links.iter().map(node).collect() }
    }

    /// `check_extensions`, without what needs `X509_V_FLAG_X509_STRICT`.
    fn extensions(&self, errors: &mut Vec<Error>) {
        let last = self.nodes.len() - 1;
        // How many authorities below count for pathLenConstraint.
        let mut below = 0;
        for (index, node) in self.nodes.iter().enumerate() {
            let Some((certificate, details)) = node.real() else { continue };
            if acceptance::unhandled(details).is_some() {
                errors.push(34);
            }
            if is_proxy(details) {
                errors.push(40);
            }
            let standing = Standing::of(certificate, details);
            let passes =
                standing == Standing::Authority || standing == Standing::Passes && index == last;
            if index > 0 && !passes {
                errors.push(79);
            }
            if last > 0 && acceptance::has_described_curve(details) {
                errors.push(94);
            }
            if !is_for_clients(certificate)
                || index > 0 && standing == Standing::None
                || index == 0 && !may_do_handshakes(certificate)
            {
                errors.push(26);
            }
            let most = certificate.max_path_len.map(usize::from);
            if index > 1 && most.is_some_and(|most| below > most) {
                errors.push(25);
            }
            if index > 0 {
                below += acceptance::counted([certificate]);
            }
        }
    }

    /// `check_auth_level`, at level 2.
    fn security(&self, errors: &mut Vec<Error>) {
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(details) = &node.details else { continue };
            if index > 0 && acceptance::too_short(&details.public_key).is_some() {
                errors.push(67);
            }
            if index + 1 < self.nodes.len() && details.signature.is_weak {
                errors.push(68);
            }
        }
    }

    /// `internal_verify`: from the top down. The top of a chain that is not self-signed is not part of it, unless any may be
    /// the top.
    fn signatures_and_times(&self, anchors: Anchors, now: Timestamp, errors: &mut Vec<Error>) {
        let top = self.nodes.len() - 1;
        let is_anchor =
            anchors == Anchors::Any || self.nodes[top].link.real().is_some_and(is_self_signed);
        if !is_anchor && top == 0 {
            errors.push(21);
        }
        let begin = if is_anchor { top } else { top.saturating_sub(1) };
        for index in (0..=begin).rev() {
            let node = &self.nodes[index];
            let above = self.nodes.get(index + 1).and_then(|above| above.link.real());
            if let Some(issuer) = above {
                if !issuer.allows_certificate_signing() {
                    errors.push(32);
                }
                if !node.link.may_be_signed_by(issuer) {
                    errors.push(7);
                }
            }
            let Some((certificate, _)) = node.real() else { continue };
            if let Some(odd) = acceptance::error_of_times(certificate) {
                errors.push(odd);
                continue;
            }
            if certificate.not_before > now {
                errors.push(NOT_YET_VALID);
            }
            if certificate.not_after <= now {
                errors.push(EXPIRED);
            }
        }
    }

    /// `check_name_constraints`: of all above, also of the anchor; those that carry on under their own name are not asked.
    fn names(&self, errors: &mut Vec<Error>) {
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let Some((certificate, details)) = node.real() else { continue };
            if index > 0 && certificate.is_self_issued() {
                continue;
            }
            for above in self.nodes[index + 1..].iter().rev() {
                let above = above.link.real();
                let Some(constraints) = above.and_then(|above| above.name_constraints.as_ref())
                else {
                    continue;
                };
                let trees = constraints.permitted.len() + constraints.excluded.len();
                if number_of_names(certificate, details).saturating_mul(trees) > COMPARISONS {
                    errors.push(1);
                    continue;
                }
                let found = violations(Names::of(certificate, details), constraints);
                errors.extend(found.first().map(|violation| violation.why.error().0));
            }
        }
    }
}

fn is_proxy(details: &Details) -> bool {
    details.unknown.iter().any(|(oid, _)| oid == PROXY)
}

/// Whether OpenSSL takes it for no certificate that is signed, or signs (`EXFLAG_INVALID`). Proxy certificates are just
/// not allowed, unless they are authorities or have further names.
fn is_invalid(certificate: &Certificate) -> bool {
    let details = certificate.details();
    let is_mere_proxy = is_proxy(&details)
        && !certificate.is_authority
        && certificate.names == AlternativeNames::default();
    acceptance::is_invalid(certificate, &details) && !is_mere_proxy
}

/// `EXFLAG_SS`, as far as that counts.
fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.is_anchor() && !is_invalid(certificate)
}

/// How many names OpenSSL compares with subtrees (`NAME_CHECK_MAX`).
const COMPARISONS: usize = 1 << 20;

fn number_of_names(certificate: &Certificate, details: &Details) -> usize {
    let AlternativeNames { dns, ip, email, uri } = &certificate.names;
    let alternative = dns.len() + ip.len() + email.len() + uri.len();
    certificate.subject.attributes().len() + alternative + details.other_names.len()
}

/// What OpenSSL takes a certificate for (`check_ca`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It says that it is an authority.
    Authority,
    /// It does not say what it is: as the last one of a chain it passes.
    Passes,
    /// It is none.
    None,
}

impl Standing {
    fn of(certificate: &Certificate, details: &Details) -> Self {
        if !certificate.allows_certificate_signing() {
            return Self::None;
        }
        if details.has_basic_constraints {
            return if certificate.is_authority { Self::Authority } else { Self::None };
        }
        let is_old = details.version == 1 && certificate.is_anchor();
        if is_old || certificate.key_usage.is_some() { Self::Passes } else { Self::None }
    }
}

/// Whether its extendedKeyUsage, if it has one, has clientAuth; `anyExtendedKeyUsage` is another purpose to OpenSSL.
fn is_for_clients(certificate: &Certificate) -> bool {
    let purposes = certificate.extended_key_usage.as_ref();
    purposes.is_none_or(|purposes| purposes.contains(&ExtendedKeyUsage::ClientAuth))
}

/// Whether its keyUsage, if it has one, is one of TLS clients (`check_purpose_ssl_client`).
fn may_do_handshakes(certificate: &Certificate) -> bool {
    let needed = key_usage::DIGITAL_SIGNATURE | key_usage::KEY_AGREEMENT;
    certificate.key_usage.is_none_or(|usage| usage & needed != 0)
}
