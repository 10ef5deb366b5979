//! An inspection for programs, with cert-manager's and RFC 5280's names.

mod conversion;

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::examination::Role;
use super::problem::Problem;
use crate::pki::certificate::Fingerprint;
use crate::pki::certificate::details::PublicKey;
use crate::pki::crl::ListNumber;
use crate::pki::key::SpkiHash;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// Everything that was found; positions count from zero.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Inspection")]
pub struct Shown<'a> {
    /// When it is so.
    time: Timestamp,
    /// Former name of `time`.
    at: Timestamp,
    /// Certificates, each once, in the order in which they were found.
    certificates: Vec<Certificate<'a>>,
    /// Private keys.
    private_keys: Vec<InspectedKey<'a>>,
    /// Revocation lists.
    revocation_lists: Vec<List<'a>>,
    /// What is neither.
    others: Vec<Other<'a>>,
    /// What is wrong with files as a whole.
    problems: &'a [Problem],
}

/// Where something was found.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Origin<'a> {
    /// The file, `<stdin>`, or a holder of the store.
    path: &'a str,
    /// Former name of `path`.
    file: &'a str,
    /// Kind, namespace and name of the Kubernetes object that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    /// Key of the object's data, such as `tls.crt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// Line of the PEM block, from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Name for people, in PKCS#12.
    #[serde(skip_serializing_if = "Option::is_none")]
    friendly_name: Option<&'a str>,
}

/// Something that is neither certificate nor key nor revocation list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Other<'a> {
    /// Where it was found.
    origin: Origin<'a>,
    /// What it is, in words.
    content: &'a str,
}

/// A certificate.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InspectedCertificate")]
struct Certificate<'a> {
    /// Where it was found; none where it was not asked for, and the store has it.
    origins: Vec<Origin<'a>>,
    /// What it is for.
    role: Role,
    /// Version of X.509.
    version: u32,
    /// Subject, RFC 2253.
    subject: String,
    /// First common name of the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
    /// The issuer's name in the certificate, RFC 2253.
    issuer: String,
    /// Serial number, hexadecimal.
    serial: &'a SerialNumber,
    /// Former name of `serial`.
    serial_number: &'a SerialNumber,
    /// First second of validity.
    not_before: Timestamp,
    /// Last second of validity.
    not_after: Timestamp,
    /// Seconds until it is over, negative from then on.
    remaining_seconds: i64,
    /// Its key.
    public_key: &'a PublicKey,
    /// How it was signed.
    signature_algorithm: &'a str,
    /// Whether it is an authority.
    #[serde(rename = "isCA")]
    is_authority: bool,
    /// Whether its own key signed it.
    is_self_signed: bool,
    /// Position of the certificate that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_by: Option<usize>,
    /// Whether its private key was found.
    has_private_key: bool,
    /// How many authorities may be below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_len_constraint: Option<u8>,
    /// Identifier of its key, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_key_identifier: Option<String>,
    /// Identifier of the key that signed it, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority_key_identifier: Option<String>,
    /// SHA-256 of the certificate.
    fingerprint_sha256: Fingerprint,
    /// Former name of `fingerprintSha256`.
    #[serde(rename = "fingerprintSHA256")]
    former_fingerprint: Fingerprint,
    /// SHA-256 of its public key.
    spki_sha256: SpkiHash,
    /// Former name of `spkiSha256`.
    #[serde(rename = "spkiSHA256")]
    former_spki: SpkiHash,
    /// Where revocation lists of its issuer are published.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    crl_distribution_points: &'a [String],
    /// Where its issuer answers by OCSP.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ocsp_servers: &'a [String],
    /// Where the certificate of its issuer is published.
    #[serde(rename = "issuingCertificateURLs", skip_serializing_if = "<[_]>::is_empty")]
    issuing_certificate_urls: &'a [String],
    /// Object identifiers of its critical extensions.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    critical_extensions: &'a [String],
    /// Object identifiers of extensions that mtlsgen does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_extensions: Vec<&'a str>,
    /// DNS names.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dns_names: &'a [String],
    /// IP addresses.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ip_addresses: &'a [IpAddr],
    /// Mail addresses.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    email_addresses: &'a [String],
    /// URIs.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    uris: &'a [String],
    /// Names of other kinds.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    other_names: &'a [String],
    /// Names that certificates below it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_constraints: Option<Constraints>,
    /// Usages of its key, RFC 5280.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key_usage: Vec<&'static str>,
    /// Purposes, RFC 5280.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extended_key_usage: Vec<String>,
    /// Both, in cert-manager's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usages: Vec<String>,
    /// What is wrong with it.
    problems: &'a [Problem],
}

/// Names that certificates below an authority may have.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Constraints {
    /// Whether the extension is critical.
    critical: bool,
    /// Names that are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    permitted: Option<Subtrees>,
    /// Names that are forbidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<Subtrees>,
}

/// Names, each kind apart.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Subtrees {
    /// DNS domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dns_domains: Vec<String>,
    /// IP addresses and the lengths of their prefixes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip_ranges: Vec<String>,
    /// Mail addresses, hosts or domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_addresses: Vec<String>,
    /// Hosts or domains of URIs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uri_domains: Vec<String>,
    /// Directory names, RFC 2253.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    directory_names: Vec<String>,
    /// Names of other kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_names: Vec<String>,
}

/// A private key.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InspectedKey<'a> {
    /// Where it was found.
    origin: Origin<'a>,
    /// Whether it can be read.
    state: State,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// What kind it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a PublicKey>,
    /// SHA-256 of its public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    spki_sha256: Option<SpkiHash>,
    /// Former name of `spkiSha256`.
    #[serde(rename = "spkiSHA256", skip_serializing_if = "Option::is_none")]
    former_spki: Option<SpkiHash>,
    /// Positions of the certificates that it belongs to.
    certificates: &'a [usize],
    /// What is wrong with it.
    problems: &'a [Problem],
}

/// Whether a private key can be read.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum State {
    Readable,
    Encrypted,
    Unknown,
}

/// A revocation list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InspectedList")]
struct List<'a> {
    /// Where it was found.
    origin: Origin<'a>,
    /// The issuer's name in the list, RFC 2253.
    issuer: String,
    /// Position of the certificate whose key signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<usize>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_number: Option<&'a ListNumber>,
    /// When it was made.
    this_update: Timestamp,
    /// When verifiers stop to believe it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<Timestamp>,
    /// Seconds until then, negative from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<i64>,
    /// Identifier of the key that signed it, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority_key_identifier: Option<String>,
    /// How it was signed.
    signature_algorithm: &'a str,
    /// What it revokes.
    revoked_certificates: Vec<Revoked<'a>>,
    /// What is wrong with it.
    problems: &'a [Problem],
}

/// A revoked certificate.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Revoked<'a> {
    /// Serial number, hexadecimal.
    serial: &'a SerialNumber,
    /// Former name of `serial`.
    serial_number: &'a SerialNumber,
    /// When it was revoked.
    revocation_date: Timestamp,
    /// Why it was revoked, in RFC 5280's words; absent: its issuer does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}
