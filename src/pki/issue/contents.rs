//! What certificates say: what those of one shape share, which rcgen encodes, and their names.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
    SigningKey,
};
use x509_cert::der::asn1::{Ia5String, OctetString};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::{GeneralName, GeneralNames};
use x509_cert::ext::pkix::{NameConstraints as EncodedConstraints, SubjectAltName};
use x509_cert::name::Name;

use super::SignError;
use super::template::{NO_SERIAL, Shape};
use crate::pki::key::{Algorithm, PublicKey, sha256};
use crate::pki::name::DistinguishedName;
use crate::pki::request::{AlternativeNames, NameConstraints, Subtree, Usage};

/// `id-ce-nameConstraints`.
const NAME_CONSTRAINTS: [u64; 4] = [2, 5, 29, 30];
/// Octets of a key identifier (RFC 7093, section 2, method 1: 160 bits of SHA-256).
const KEY_IDENTIFIER_LENGTH: usize = 20;

/// DER of a certificate of this shape that has everything but names, serial number, key and
/// signature: a [`Template`](super::template::Template) puts in the right ones.
///
/// rcgen keeps names in a map and would lose repeated attributes, so that it gets none.
pub(super) fn draft(
    shape: &Shape,
    subject_key: &PublicKey,
    signing_key: &PublicKey,
) -> Result<Vec<u8>, SignError> {
    let issuer = nameless(shape.authority_key_id.clone().unwrap_or_default());
    let issuer = Issuer::new(issuer, Key::of(signing_key));
    let draft = params(shape)?.signed_by(&Key::of(subject_key), &issuer);
    draft
        .map(|draft| draft.der().to_vec())
        .map_err(|error| SignError(format!("the certificate cannot be encoded ({error})")))
}

/// What certificates of this shape say, for rcgen.
pub(super) fn params(shape: &Shape) -> Result<CertificateParams, SignError> {
    let mut params = nameless(shape.no_key_id());
    params.not_before = shape.validity.not_before.to_offset_date_time();
    params.not_after = shape.validity.not_after.to_offset_date_time();
    params.serial_number = Some(NO_SERIAL.to_vec().into());
    params.is_ca = basic_constraints(&shape.usage);
    params.key_usages = key_usages(&shape.usage, shape.key);
    params.extended_key_usages = extended_key_usages(&shape.usage);
    params.name_constraints = None;
    params.crl_distribution_points = Vec::new();
    params.custom_extensions = name_constraints(&shape.usage)?;
    params.use_authority_key_identifier_extension = shape.authority_key_id.is_some();
    Ok(params)
}

/// rcgen's defaults without a name, with this key identifier.
fn nameless(key_identifier: Vec<u8>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier);
    params
}

/// First 160 bits of the SHA-256 of the public key, without tag, length and unused bits.
pub(super) fn key_identifier(key: &PublicKey) -> Vec<u8> {
    sha256(key.bits())[..KEY_IDENTIFIER_LENGTH].to_vec()
}

fn basic_constraints(usage: &Usage) -> IsCa {
    match usage {
        Usage::Authority { max_path_len, .. } => {
            IsCa::Ca(BasicConstraints::Constrained(*max_path_len))
        }
        Usage::Server | Usage::Client => IsCa::ExplicitNoCa,
    }
}

fn key_usages(usage: &Usage, algorithm: Algorithm) -> Vec<KeyUsagePurpose> {
    match (usage, algorithm) {
        (Usage::Authority { .. }, _) => {
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]
        }
        // TLS 1.2 with RSA key exchange encrypts to the server's key.
        (Usage::Server, Algorithm::Rsa(_)) => {
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]
        }
        (Usage::Server | Usage::Client, _) => vec![KeyUsagePurpose::DigitalSignature],
    }
}

fn extended_key_usages(usage: &Usage) -> Vec<ExtendedKeyUsagePurpose> {
    match usage {
        Usage::Authority { .. } => Vec::new(),
        Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
        Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
    }
}

/// DER of the subjectAltName extension, empty if there are no names. Where the subject is empty, it is
/// critical (RFC 5280, section 4.2.1.6).
///
/// It differs from certificate to certificate of a shape, so that it is encoded apart from the draft.
pub(super) fn alternative_names(
    names: &AlternativeNames,
    subject: &DistinguishedName,
) -> Result<Vec<u8>, SignError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let extension = Extension {
        extn_id: SubjectAltName::OID,
        critical: subject.is_empty(),
        extn_value: OctetString::new(general_names(names)?.to_der()?)?,
    };
    Ok(extension.to_der()?)
}

fn general_names(names: &AlternativeNames) -> Result<GeneralNames, SignError> {
    let text = |name: &String| {
        Ia5String::new(name).map_err(|_| SignError(format!("name `{name}` is not ASCII")))
    };
    let mut all = Vec::new();
    for name in &names.dns {
        all.push(GeneralName::DnsName(text(name)?));
    }
    all.extend(names.ip.iter().map(|address| GeneralName::from(*address)));
    for name in &names.email {
        all.push(GeneralName::Rfc822Name(text(name)?));
    }
    for name in &names.uri {
        all.push(GeneralName::UniformResourceIdentifier(text(name)?));
    }
    Ok(all)
}

/// The nameConstraints extension; encoded here because rcgen always makes it critical.
fn name_constraints(usage: &Usage) -> Result<Vec<CustomExtension>, SignError> {
    let Usage::Authority { name_constraints: Some(constraints), .. } = usage else {
        return Ok(Vec::new());
    };
    let NameConstraints { critical, permitted, excluded } = constraints;
    if permitted.is_empty() && excluded.is_empty() {
        return Ok(Vec::new());
    }
    let encoded = EncodedConstraints {
        permitted_subtrees: subtrees(permitted)?,
        excluded_subtrees: subtrees(excluded)?,
    };
    let mut extension = CustomExtension::from_oid_content(&NAME_CONSTRAINTS, encoded.to_der()?);
    extension.set_criticality(*critical);
    Ok(vec![extension])
}

/// `None` for an empty list, which must be absent (RFC 5280, section 4.2.1.10).
fn subtrees(trees: &[Subtree]) -> Result<Option<Vec<GeneralSubtree>>, SignError> {
    let encoded = trees
        .iter()
        .map(|tree| Ok(GeneralSubtree { base: base(tree)?, minimum: 0, maximum: None }))
        .collect::<Result<Vec<_>, SignError>>()?;
    Ok(Some(encoded).filter(|trees| !trees.is_empty()))
}

fn base(tree: &Subtree) -> Result<GeneralName, SignError> {
    Ok(match tree {
        Subtree::Dns(domain) => GeneralName::DnsName(Ia5String::new(domain)?),
        Subtree::Email(email) => GeneralName::Rfc822Name(Ia5String::new(email)?),
        Subtree::Ip { address, prefix } => {
            let octets = match address {
                std::net::IpAddr::V4(v4) => network(&v4.octets(), *prefix),
                std::net::IpAddr::V6(v6) => network(&v6.octets(), *prefix),
            };
            GeneralName::IpAddress(OctetString::new(octets)?)
        }
        Subtree::Uri(host) => GeneralName::UniformResourceIdentifier(Ia5String::new(host)?),
        Subtree::Directory(name) => GeneralName::DirectoryName(Name::from_der(name.der())?),
        Subtree::Other(words) => {
            return Err(SignError(format!("the name constraint `{words}` cannot be encoded")));
        }
    })
}

/// The range's first address, then its mask.
fn network(address: &[u8], prefix: u8) -> Vec<u8> {
    let mask: Vec<u8> = (0..address.len())
        .map(|index| {
            let ones = usize::from(prefix).saturating_sub(index * 8).min(8);
            u8::try_from(0xFF00_u16 >> ones & 0xFF).unwrap_or(u8::MAX)
        })
        .collect();
    let first = address.iter().zip(&mask).map(|(octet, mask)| octet & mask);
    first.chain(mask.iter().copied()).collect()
}

/// A key as rcgen wants to see it. It makes no signature: a draft is not signed.
pub(super) struct Key<'a> {
    bits: &'a [u8],
    algorithm: &'static SignatureAlgorithm,
}

impl<'a> Key<'a> {
    pub(super) fn of(key: &'a PublicKey) -> Self {
        let algorithm = match key.algorithm() {
            Algorithm::EcdsaP256 => &PKCS_ECDSA_P256_SHA256,
            Algorithm::EcdsaP384 => &PKCS_ECDSA_P384_SHA384,
            Algorithm::EcdsaP521 => &PKCS_ECDSA_P521_SHA512,
            Algorithm::Rsa(_) => &PKCS_RSA_SHA256,
            Algorithm::Ed25519 => &PKCS_ED25519,
        };
        Self { bits: key.bits(), algorithm }
    }
}

impl PublicKeyData for Key<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl SigningKey for Key<'_> {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}
