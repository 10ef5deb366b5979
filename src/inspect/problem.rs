//! What is wrong with one certificate or revocation list, independent of the others.

use schemars::JsonSchema;
use serde::Serialize;

use super::constraints;
use super::examination::Role;
use super::words;
use crate::diagnostic::{Severity, codes, literal, shown};
use crate::pki::acceptance;
use crate::pki::certificate::details::{Details, OWN_CURVE, extension};
use crate::pki::certificate::{Certificate, ExtendedKeyUsage, Signature, key_usage};
use crate::pki::chain;
use crate::pki::crl::RevocationList;
use crate::time::{Seconds, Timestamp};

/// Days that browsers allow a server certificate (CA/Browser Forum, ballot SC31).
const LONGEST_SERVER: u64 = 398;
/// Octets of a serial number (RFC 5280, section 4.1.2.2).
const LONGEST_SERIAL: usize = 20;
/// Smallest RSA modulus that is still accepted (NIST SP 800-131A).
const SMALLEST_RSA: usize = 2048;

/// Smallest elliptic curve that is still accepted (NIST SP 800-131A).
const SMALLEST_CURVE: usize = 224;

/// Something that is wrong, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Stable kebab-case name.
    pub code: &'static str,
    /// What is wrong: lower-case start, no full stop.
    pub message: String,
    /// What it says of the certificate or list as a whole.
    #[serde(skip)]
    pub verdict: Verdict,
}

/// What a problem says of a certificate or list as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing.
    #[default]
    None,
    /// The certificate is revoked.
    Revoked,
    /// The list is not signed by the issuer that it names.
    WrongSignature,
}

impl Problem {
    pub(super) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub(super) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub(super) fn notice(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, message)
    }

    fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(codes::find(code).is_some(), "`{code}` is not in the register of codes");
        // Names of certificates may be in it.
        let message = shown(&message.into());
        Self { severity, code, message, verdict: Verdict::None }
    }

    pub(super) fn that_says(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    /// Whether it is more than something worth knowing.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        self.severity != Severity::Notice
    }
}

/// A certificate on its own, as the checks see it.
#[derive(Clone, Copy)]
pub(super) struct Alone<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) details: &'a Details,
    pub(super) role: Role,
    pub(super) is_self_signed: bool,
    pub(super) now: Timestamp,
}

/// Checks of single certificates, in the order in which they are reported.
const CHECKS: [fn(Alone<'_>) -> Option<Problem>; 20] = [
    expired,
    not_yet_valid,
    weak_key,
    weak_signature,
    old_version,
    cannot_sign,
    not_an_authority,
    constraints_not_critical,
    constraints_not_judged,
    unknown_critical_extension,
    refused_by_openssl,
    not_read_by_go,
    any_purpose,
    no_purpose,
    no_handshakes,
    no_names,
    common_name_not_among_names,
    too_long,
    self_signed_leaf,
    serial_number,
];

/// Everything that is wrong with a certificate by itself.
pub(super) fn of_certificate(alone: Alone<'_>) -> Vec<Problem> {
    CHECKS.iter().filter_map(|check| check(alone)).collect()
}

fn expired(Alone { certificate, now, .. }: Alone<'_>) -> Option<Problem> {
    let since = words::span(now.since(certificate.not_after));
    (now > certificate.not_after).then(|| {
        Problem::error("expired", format!("expired {since} ago, at {}", certificate.not_after))
    })
}

fn not_yet_valid(Alone { certificate, now, .. }: Alone<'_>) -> Option<Problem> {
    let until = words::span(certificate.not_before.since(now));
    (now < certificate.not_before).then(|| {
        let message = format!("not valid yet: begins in {until}, at {}", certificate.not_before);
        Problem::error("not-yet-valid", message)
    })
}

fn weak_key(Alone { details, .. }: Alone<'_>) -> Option<Problem> {
    let key = &details.public_key;
    let least = if key.algorithm.starts_with("RSA") { SMALLEST_RSA } else { SMALLEST_CURVE };
    if let Some(bits) = key.size.filter(|bits| *bits < least) {
        let kind = key.algorithm.split(' ').next().unwrap_or_default();
        let message =
            format!("weak key: {kind} with {bits} bits, {least} is the least that is accepted");
        return Some(Problem::error("weak-key", message));
    }
    if key.algorithm == OWN_CURVE {
        let message = "its key describes a curve instead of naming one, against RFC 5480: Go, rustls and browsers refuse it";
        return Some(Problem::error("curve-not-named", message));
    }
    (key.algorithm == "DSA")
        .then(|| Problem::error("weak-key", "a DSA key, which TLS no longer accepts"))
}

/// The signature of a root is not verified: it is trusted by its presence.
fn weak_signature(Alone { details, is_self_signed, role, .. }: Alone<'_>) -> Option<Problem> {
    let is_root = is_self_signed && role.is_authority();
    (details.signature.is_weak && !is_root).then(|| {
        let message = format!(
            "weak signature: {}, which OpenSSL 3, Go and browsers refuse",
            details.signature.name
        );
        Problem::error("weak-signature", message)
    })
}

fn cannot_sign(Alone { certificate, .. }: Alone<'_>) -> Option<Problem> {
    (certificate.is_authority && !certificate.may_sign_certificates()).then(|| {
        Problem::error(
            "cannot-sign",
            "an authority that may not sign: keyUsage lacks `keyCertSign`",
        )
    })
}

fn not_an_authority(Alone { certificate, .. }: Alone<'_>) -> Option<Problem> {
    let signs = certificate.key_usage.is_some_and(|bits| bits & key_usage::KEY_CERT_SIGN != 0);
    (signs && !certificate.is_authority).then(|| {
        let message = "keyUsage has `keyCertSign`, but basicConstraints lacks `CA:TRUE`: what it signs is refused";
        Problem::warning("not-an-authority", message)
    })
}

fn constraints_not_critical(Alone { certificate, details, .. }: Alone<'_>) -> Option<Problem> {
    let is_critical = details.critical.iter().any(|oid| oid == extension::BASIC_CONSTRAINTS);
    (certificate.is_authority && !is_critical).then(|| {
        let message = "basicConstraints of an authority is not critical, as RFC 5280 demands";
        Problem::warning("constraints-not-critical", message)
    })
}

/// Roots of old are trusted as they stand.
fn old_version(Alone { details, is_self_signed, .. }: Alone<'_>) -> Option<Problem> {
    (details.version < 3 && !is_self_signed).then(|| {
        let message = format!(
            "version {} of X.509, which has no extensions: nothing says what it is for, and rustls and others refuse it",
            details.version
        );
        Problem::warning("old-version", message)
    })
}

fn constraints_not_judged(Alone { certificate, .. }: Alone<'_>) -> Option<Problem> {
    constraints::not_judged(certificate.name_constraints.as_ref()?)
}

fn unknown_critical_extension(Alone { details, .. }: Alone<'_>) -> Option<Problem> {
    let oid = acceptance::unhandled(details)?;
    let message = format!(
        "the extension `{oid}` is critical: verifiers that do not support it refuse the certificate, as OpenSSL and nginx do (error 34, `unhandled critical extension`)"
    );
    Some(Problem::warning("unknown-critical-extension", message))
}

/// Authorities below which nginx refuses every client, unless another check reports them.
fn refused_by_openssl(
    Alone { certificate, is_self_signed, role, .. }: Alone<'_>,
) -> Option<Problem> {
    let refusal =
        acceptance::refusal(certificate, is_self_signed).filter(|_| role.is_authority())?;
    match refusal.error() {
        Some(2 | 13 | 14 | 20) => Some(Problem::error("refused-by-openssl", refusal.to_string())),
        // It may be one of servers alone.
        Some(26) => Some(Problem::notice("not-for-clients", refusal.to_string())),
        Some(_) | None => None,
    }
}

/// Controllers that are written in Go read what they trust and what they serve; certificates of clients nginx alone
/// reads.
fn not_read_by_go(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    let is_read = !matches!(role, Role::Client | Role::Other);
    let refusal = acceptance::unreadable(certificate).filter(|_| is_read)?;
    Some(Problem::error("not-read-by-go", refusal.to_string()))
}

/// What an authority means by it, and what OpenSSL does with it.
fn any_purpose(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    let purposes = certificate.extended_key_usage.as_ref().filter(|_| !role.is_authority())?;
    let lacks = |purpose| !purposes.contains(&purpose);
    (purposes.contains(&ExtendedKeyUsage::Any) && lacks(ExtendedKeyUsage::ClientAuth)).then(|| {
        let message = "extendedKeyUsage has `anyExtendedKeyUsage` without `clientAuth`: OpenSSL and nginx refuse it as a client's (error 26, `unsuitable certificate purpose`)";
        Problem::notice("any-extended-key-usage", message)
    })
}

fn no_purpose(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    (!role.is_authority() && certificate.extended_key_usage.is_none()).then(|| {
        let message = "no extendedKeyUsage: it serves every purpose, for servers as for clients, and some programs refuse it";
        Problem::warning("no-extended-key-usage", message)
    })
}

fn no_handshakes(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    let is_tls = matches!(role, Role::Server | Role::Client | Role::ServerAndClient);
    let lacks = certificate.key_usage.is_some_and(|bits| bits & key_usage::DIGITAL_SIGNATURE == 0);
    (is_tls && lacks).then(|| {
        let message = "keyUsage lacks `digitalSignature`: TLS 1.3 refuses it";
        Problem::warning("no-digital-signature", message)
    })
}

fn is_server(role: Role) -> bool {
    matches!(role, Role::Server | Role::ServerAndClient)
}

fn no_names(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    let has_names = !certificate.names.dns.is_empty() || !certificate.names.ip.is_empty();
    (is_server(role) && !has_names).then(|| {
        let message = "a server's certificate without DNS name and IP address in subjectAltName: every client refuses it";
        Problem::error("no-names", message)
    })
}

fn common_name_not_among_names(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    let names = &certificate.names;
    if !is_server(role) || (names.dns.is_empty() && names.ip.is_empty()) {
        return None;
    }
    let common_name =
        certificate.subject.common_names().into_iter().find(|name| looks_like_host(name))?;
    let is_covered = names.dns.iter().any(|pattern| chain::covers(pattern, &common_name))
        || names.ip.iter().any(|address| address.to_string() == common_name);
    (!is_covered).then(|| {
        let message = format!(
            "the common name {} is not among the names in subjectAltName, which are all that counts",
            literal(&common_name)
        );
        Problem::warning("common-name-not-among-names", message)
    })
}

/// Whether a common name is meant as a host's.
fn looks_like_host(name: &str) -> bool {
    name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.*_".contains(c))
}

fn too_long(Alone { certificate, role, .. }: Alone<'_>) -> Option<Problem> {
    // The last second belongs to it (RFC 5280, section 4.1.2.5).
    let length = Seconds(certificate.not_after.since(certificate.not_before).0.saturating_add(1));
    let days = length.0.div_ceil(86_400);
    // Some make certificates of exactly so many days, counted without that second.
    (is_server(role) && length.0 > Seconds::days(LONGEST_SERVER).0 + 1).then(|| {
        let message = format!(
            "valid for {days} days: browsers take servers' certificates of at most {LONGEST_SERVER}, Apple's systems 825 even of private authorities"
        );
        Problem::warning("validity-too-long", message)
    })
}

fn self_signed_leaf(Alone { is_self_signed, role, .. }: Alone<'_>) -> Option<Problem> {
    (is_self_signed && !role.is_authority()).then(|| {
        let message = "self-signed: no authority vouches for it, so each of its peers must trust this very certificate";
        Problem::warning("self-signed-leaf", message)
    })
}

fn serial_number(Alone { certificate, details, .. }: Alone<'_>) -> Option<Problem> {
    let why = if certificate.serial.is_negative() {
        "negative"
    } else if certificate.serial.0.iter().all(|octet| *octet == 0) {
        "zero"
    } else if details.serial_octets > LONGEST_SERIAL {
        "longer than 20 octets"
    } else {
        return None;
    };
    Some(Problem::warning("serial-number", format!("the serial number is {why}, against RFC 5280")))
}

/// What a certificate is for.
pub(super) fn role(certificate: &Certificate, is_self_signed: bool) -> Role {
    if certificate.is_authority {
        return if is_self_signed { Role::Root } else { Role::Intermediate };
    }
    let Some(purposes) = &certificate.extended_key_usage else { return Role::EveryPurpose };
    let has = |purpose| purposes.contains(&purpose);
    match (has(ExtendedKeyUsage::ServerAuth), has(ExtendedKeyUsage::ClientAuth)) {
        _ if has(ExtendedKeyUsage::Any) => Role::EveryPurpose,
        (true, true) => Role::ServerAndClient,
        (true, false) => Role::Server,
        (false, true) => Role::Client,
        (false, false) => Role::Other,
    }
}

/// Everything that is wrong with a revocation list by itself.
pub(super) fn of_revocation_list(list: &RevocationList, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    match list.next_update {
        Some(next) if now > next => problems.push(Problem::error(
            "revocation-list-expired",
            format!(
                "expired {} ago, at {next}: servers that check it refuse every client",
                words::span(now.since(next))
            ),
        )),
        None => problems.push(Problem::warning("no-next-update", "it has no `nextUpdate`")),
        Some(_) => {}
    }
    if let Some(flaw) = list.flaw.as_ref().filter(|_| list.next_update.is_some()) {
        let title = format!("ingress controllers do not take it: {flaw}");
        problems.push(Problem::warning("unusable-revocation-list", title));
    }
    if let Some((serial, _)) = list.repeated.first() {
        let message = format!("serial number {serial} is in the list more than once");
        problems.push(Problem::notice("repeated", message));
    }
    if now < list.this_update {
        let until = words::span(list.this_update.since(now));
        problems.push(Problem::error("not-yet-valid", format!("not valid yet: begins in {until}")));
    }
    if list.signature.is_weak {
        problems.push(Problem::error(
            "weak-signature",
            format!("weak signature: {}", list.signature.name),
        ));
    }
    problems
}

/// What is wrong with a list of this authority, whose name and key it names.
pub(super) fn of_list_by(list: &RevocationList, issuer: &Certificate) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(refusal) = acceptance::refusal_of_list(list, issuer) {
        problems.push(Problem::error("revocation-list-refused", refusal.to_string()));
    }
    if let Signature::Unchecked(with) = list.signature_by(issuer) {
        let message = format!(
            "whether {} signed it is not known: it is signed with {with}, which cannot be checked here",
            words::name(&issuer.subject)
        );
        problems.push(Problem::notice("signature-not-verified", message));
    }
    problems
}
