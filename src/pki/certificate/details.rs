//! What certificates say beyond what issuing and checking them needs: for people who look at one.

use schemars::JsonSchema;
use serde::Serialize;
use x509_parser::asn1_rs::{Any, FromDer, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    DistributionPointName, GeneralName, ParsedExtension, SubjectAlternativeName,
};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::Certificate;
use super::reading::{algorithm, bits};
use crate::pki::acceptance::is_malformed;
use crate::pki::key::Algorithm;
use crate::pki::name::DistinguishedName;
use crate::pki::object_identifier::dotted;

/// What a certificate says besides the facts of [`Certificate`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Version of X.509, from 1.
    pub version: u32,
    /// Octets of the serial number as encoded, a leading zero included; RFC 5280 allows 20.
    pub serial_octets: usize,
    /// Whether it has basicConstraints, with any content.
    pub has_basic_constraints: bool,
    /// Its key.
    pub public_key: PublicKey,
    /// How it was signed.
    pub signature: SignatureAlgorithm,
    /// Object identifiers of its critical extensions.
    pub critical: Vec<String>,
    /// Extensions whose meaning is not known here, each with whether it is critical.
    pub unknown: Vec<(String, bool)>,
    /// Extensions that cannot be read, by their object identifiers.
    pub malformed: Vec<String>,
    /// Names of other kinds in subjectAltName.
    pub other_names: Vec<String>,
    /// Directory names among them.
    pub directory_names: Vec<DistinguishedName>,
    /// Where its issuer's revocation lists are published.
    pub revocation_lists: Vec<String>,
    /// Where its issuer answers by OCSP.
    pub ocsp: Vec<String>,
    /// Where its issuer's certificate is published.
    pub issuer_certificates: Vec<String>,
}

/// Kind of a public key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicKey {
    /// `RSA`, `RSA-PSS`, `ECDSA`, `Ed25519`, `ECDSA on curve NAME`, or an object identifier.
    pub algorithm: String,
    /// Bits of the modulus or of the curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
}

/// How something was signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// Name, such as `ECDSA with SHA-256`, or an object identifier.
    pub name: String,
    /// Whether forged signatures of this kind are within reach: MD5, SHA-1.
    pub is_weak: bool,
}

/// Object identifiers of extensions that are critical or not by rule.
pub mod extension {
    /// keyUsage.
    pub const KEY_USAGE: &str = "2.5.29.15";
    /// extendedKeyUsage.
    pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    /// basicConstraints.
    pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.size {
            // What names a curve, says how large it is.
            Some(size) if self.has_sizes() => write!(f, "{} {size}", self.algorithm),
            _ => f.write_str(&self.algorithm),
        }
    }
}

impl PublicKey {
    /// Of any key.
    pub(in crate::pki) fn of_info(key: &SubjectPublicKeyInfo<'_>) -> Self {
        algorithm(key).map_or_else(|| other_key(key), Self::of)
    }

    /// Whether there are keys of its algorithm in several sizes.
    fn has_sizes(&self) -> bool {
        matches!(self.algorithm.as_str(), "RSA" | "RSA-PSS" | "ECDSA")
    }

    /// Whether chains are followed by keys of this kind here.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        matches!(self.algorithm.as_str(), "RSA" | "ECDSA" | "Ed25519")
    }

    /// Of a key whose algorithm is known here.
    pub(in crate::pki) fn of(algorithm: Algorithm) -> Self {
        let (algorithm, size) = match algorithm {
            Algorithm::EcdsaP256 => ("ECDSA", 256),
            Algorithm::EcdsaP384 => ("ECDSA", 384),
            Algorithm::EcdsaP521 => ("ECDSA", 521),
            Algorithm::Rsa(bits) => ("RSA", bits),
            Algorithm::Ed25519 => ("Ed25519", 256),
        };
        Self { algorithm: algorithm.to_owned(), size: Some(size) }
    }
}

impl Certificate {
    /// Reads what there is to show beyond the facts.
    pub fn details(&self) -> Details {
        X509Certificate::from_der(&self.der)
            .map_or_else(|_| Details::default(), |(_, parsed)| details(&parsed))
    }
}

fn details(parsed: &X509Certificate<'_>) -> Details {
    let serial = parsed.raw_serial();
    let mut details = Details {
        version: parsed.version().0 + 1,
        serial_octets: serial.len(),
        public_key: PublicKey::of_info(parsed.public_key()),
        signature: signature_algorithm(&parsed.signature_algorithm),
        ..Details::default()
    };
    for extension in parsed.extensions() {
        let oid = dotted(&extension.oid);
        if extension.critical {
            details.critical.push(oid.clone());
        }
        details.has_basic_constraints |= oid == extension::BASIC_CONSTRAINTS;
        let is_unread = matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
        if is_unread || is_malformed(&oid, extension.value) {
            details.malformed.push(oid.clone());
        }
        details.add(extension.parsed_extension(), oid, extension.critical);
    }
    details
}

impl Details {
    fn add(&mut self, extension: &ParsedExtension<'_>, oid: String, critical: bool) {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                self.other_names = other_names(names);
                self.directory_names = directory_names(names);
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    if let Some(DistributionPointName::FullName(names)) = &point.distribution_point
                    {
                        self.revocation_lists.extend(names.iter().map(general_name));
                    }
                }
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for description in &access.accessdescs {
                    let place = general_name(&description.access_location);
                    match dotted(&description.access_method).as_str() {
                        "1.3.6.1.5.5.7.48.1" => self.ocsp.push(place),
                        "1.3.6.1.5.5.7.48.2" => self.issuer_certificates.push(place),
                        _ => {}
                    }
                }
            }
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::Unparsed => {
                self.unknown.push((oid, critical));
            }
            _ => {}
        }
    }
}

/// Elliptic curves by their object identifiers, with their names and bits (RFC 5480, SEC 2, RFC 5639).
const CURVES: [(&str, &str, usize); 9] = [
    ("1.2.840.10045.3.1.1", "P-192", 192),
    ("1.3.132.0.33", "P-224", 224),
    ("1.2.840.10045.3.1.7", "P-256", 256),
    ("1.3.132.0.34", "P-384", 384),
    ("1.3.132.0.35", "P-521", 521),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
];

/// The name of a curve; of others, the object identifier itself.
pub(in crate::pki) fn curve_name(oid: &str) -> &str {
    CURVES.into_iter().find(|(known, ..)| *known == oid).map_or(oid, |(_, name, _)| name)
}

/// Whether a curve is described by its numbers instead of named, which RFC 5480 (section 2.1.1) forbids.
pub const OWN_CURVE: &str = "ECDSA on a curve that is described, not named";

fn other_key(key: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let algorithm = match dotted(&key.algorithm.algorithm).as_str() {
        "1.2.840.10045.2.1" => return on_curve(key.algorithm.parameters.as_ref()),
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        "1.2.840.113549.1.1.10" => {
            return PublicKey { algorithm: "RSA-PSS".to_owned(), size: modulus(key) };
        }
        other => other.to_owned(),
    };
    PublicKey { algorithm, size: None }
}

fn on_curve(parameters: Option<&Any<'_>>) -> PublicKey {
    let oid = parameters.filter(|any| any.tag() == Tag::Oid).and_then(|any| any.as_oid().ok());
    let Some(oid) = oid.map(|oid| dotted(&oid)) else {
        return PublicKey { algorithm: OWN_CURVE.to_owned(), size: None };
    };
    let size = CURVES.into_iter().find(|(known, ..)| *known == oid).map(|(.., bits)| bits);
    PublicKey { algorithm: format!("ECDSA on curve {}", curve_name(&oid)), size }
}

/// Bits of the modulus of a key that has RSA's form.
fn modulus(key: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    let (_, rsa) = RSAPublicKey::from_der(&key.subject_public_key.data).ok()?;
    Some(bits(rsa.modulus))
}

/// Names as people know them; SHA-1 and older ones are weak.
pub(in crate::pki) fn signature_algorithm(named: &AlgorithmIdentifier<'_>) -> SignatureAlgorithm {
    let oid = dotted(&named.algorithm);
    let (name, is_weak) = match oid.as_str() {
        "1.2.840.113549.1.1.2" => ("RSA with MD2", true),
        "1.2.840.113549.1.1.4" => ("RSA with MD5", true),
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => ("RSA with SHA-1", true),
        "1.2.840.113549.1.1.14" => ("RSA with SHA-224", false),
        "1.2.840.113549.1.1.11" => ("RSA with SHA-256", false),
        "1.2.840.113549.1.1.12" => ("RSA with SHA-384", false),
        "1.2.840.113549.1.1.13" => ("RSA with SHA-512", false),
        "1.2.840.113549.1.1.10" => return probabilistic(named),
        "1.2.840.113549.1.1.15" => ("RSA with SHA-512/224", false),
        "1.2.840.113549.1.1.16" => ("RSA with SHA-512/256", false),
        "1.3.36.3.3.1.2" => ("RSA with RIPEMD-160", true),
        "2.16.840.1.101.3.4.3.13" => ("RSA with SHA3-224", false),
        "2.16.840.1.101.3.4.3.14" => ("RSA with SHA3-256", false),
        "2.16.840.1.101.3.4.3.15" => ("RSA with SHA3-384", false),
        "2.16.840.1.101.3.4.3.16" => ("RSA with SHA3-512", false),
        "2.16.840.1.101.3.4.3.9" => ("ECDSA with SHA3-224", false),
        "2.16.840.1.101.3.4.3.10" => ("ECDSA with SHA3-256", false),
        "2.16.840.1.101.3.4.3.11" => ("ECDSA with SHA3-384", false),
        "2.16.840.1.101.3.4.3.12" => ("ECDSA with SHA3-512", false),
        "1.2.840.10045.4.1" => ("ECDSA with SHA-1", true),
        "1.2.840.10045.4.3.1" => ("ECDSA with SHA-224", false),
        "1.2.840.10045.4.3.2" => ("ECDSA with SHA-256", false),
        "1.2.840.10045.4.3.3" => ("ECDSA with SHA-384", false),
        "1.2.840.10045.4.3.4" => ("ECDSA with SHA-512", false),
        "1.2.840.10040.4.3" => ("DSA with SHA-1", true),
        "2.16.840.1.101.3.4.3.2" => ("DSA with SHA-256", false),
        "1.3.101.112" => ("Ed25519", false),
        "1.3.101.113" => ("Ed448", false),
        other => (other, false),
    };
    SignatureAlgorithm { name: name.to_owned(), is_weak }
}

fn probabilistic(named: &AlgorithmIdentifier<'_>) -> SignatureAlgorithm {
    let parameters = named.parameters.as_ref().and_then(|any| RsaSsaPssParams::try_from(any).ok());
    // The default of the parameters.
    let (hash, mask) = match &parameters {
        None => (SHA_1.to_owned(), SHA_1.to_owned()),
        Some(parameters) => (
            dotted(parameters.hash_algorithm_oid()),
            parameters
                .mask_gen_algorithm()
                .map_or_else(|_| SHA_1.to_owned(), |mask| dotted(&mask.hash)),
        ),
    };
    let name = format!("RSA-PSS with {}", hash_name(&hash));
    let name =
        if mask == hash { name } else { format!("{name} and a mask by {}", hash_name(&mask)) };
    SignatureAlgorithm { name, is_weak: hash == SHA_1 }
}

const SHA_1: &str = "1.3.14.3.2.26";

fn hash_name(oid: &str) -> &'static str {
    match oid {
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        SHA_1 => "SHA-1",
        _ => "another hash function",
    }
}

/// Names that are neither DNS names nor addresses of hosts, mail or the web.
fn other_names(names: &SubjectAlternativeName<'_>) -> Vec<String> {
    let is_other = |name: &&GeneralName<'_>| {
        !matches!(
            name,
            GeneralName::DNSName(_)
                | GeneralName::IPAddress(_)
                | GeneralName::RFC822Name(_)
                | GeneralName::URI(_)
        )
    };
    names.general_names.iter().filter(is_other).map(general_name).collect()
}

fn directory_names(names: &SubjectAlternativeName<'_>) -> Vec<DistinguishedName> {
    let directory = names.general_names.iter().filter_map(|name| match name {
        GeneralName::DirectoryName(name) => DistinguishedName::from_der(name.as_raw()).ok(),
        _ => None,
    });
    directory.collect()
}

pub(super) fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::URI(text) | GeneralName::DNSName(text) | GeneralName::RFC822Name(text) => {
            (*text).to_owned()
        }
        GeneralName::OtherName(oid, value) => {
            format!("otherName {} {}", dotted(oid), other_value(value))
        }
        GeneralName::DirectoryName(name) => format!("directoryName {name}"),
        GeneralName::RegisteredID(oid) => format!("registeredID {}", dotted(oid)),
        GeneralName::IPAddress(octets) => format!("iPAddress {}", hexadecimal(octets)),
        GeneralName::Invalid(tag, octets) => {
            format!("invalid name {} {}", tag.0, hexadecimal(octets))
        }
        GeneralName::X400Address(_) => "x400Address".to_owned(),
        GeneralName::EDIPartyName(_) => "ediPartyName".to_owned(),
    }
}

/// The text of an otherName such as Microsoft's user principal name, else its octets.
fn other_value(value: &[u8]) -> String {
    let inner = x509_parser::asn1_rs::Any::from_der(value).ok().map(|(_, any)| any);
    let text = inner.and_then(|any| {
        let (_, inside) = x509_parser::asn1_rs::Any::from_der(any.data).ok()?;
        std::str::from_utf8(inside.data).ok().map(str::to_owned)
    });
    text.unwrap_or_else(|| hexadecimal(value))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat()
}
