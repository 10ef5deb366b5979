//! Takes certificates apart: tolerant of what the real world signs, exact in what it says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    AuthorityKeyIdentifier, GeneralName, GeneralSubtree, ParsedExtension,
};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::details::general_name;
use super::{AuthorityReference, Certificate, CertificateError, ExtendedKeyUsage};
use crate::pki::damage;
use crate::pki::key::{Algorithm, SpkiHash};
use crate::pki::name::DistinguishedName;
use crate::pki::object_identifier::dotted;
use crate::pki::request::{AlternativeNames, NameConstraints, SerialNumber, Subtree};
use crate::time::Timestamp;

/// Reads the certificate at the start of `der`; also returns how many octets follow it.
pub(super) fn read(der: &[u8]) -> Result<(Certificate, usize), CertificateError> {
    let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| {
        CertificateError::Malformed(format!("it is not X.509 ({})", damage::words(&error)))
    })?;
    let mut certificate = basic(&parsed)?;
    let mut seen = Vec::with_capacity(parsed.extensions().len());
    for extension in parsed.extensions() {
        if seen.contains(&&extension.oid) {
            return Err(CertificateError::Malformed(format!(
                "it has extension {} twice",
                dotted(&extension.oid)
            )));
        }
        seen.push(&extension.oid);
        if let ParsedExtension::ParseError { .. } = extension.parsed_extension() {
            let identifier = dotted(&extension.oid);
            if READ.contains(&identifier.as_str()) {
                let how = format!("its extension {identifier} is damaged");
                return Err(CertificateError::Malformed(how));
            }
        }
        apply(&mut certificate, extension.parsed_extension(), extension.critical);
    }
    Ok((certificate, rest.len()))
}

/// Everything outside the extensions.
fn basic(parsed: &X509Certificate<'_>) -> Result<Certificate, CertificateError> {
    let name = |whose: &str, der: &[u8]| {
        DistinguishedName::from_der(der)
            .map_err(|error| CertificateError::Malformed(format!("its {whose} is {error}")))
    };
    Ok(Certificate {
        der: parsed.as_raw().to_vec(),
        subject: name("subject", parsed.subject().as_raw())?,
        issuer: name("issuer", parsed.issuer().as_raw())?,
        serial: SerialNumber::from_integer(parsed.raw_serial()),
        not_before: Timestamp::from_unix(parsed.validity().not_before.timestamp()),
        not_after: Timestamp::from_unix(parsed.validity().not_after.timestamp()),
        key_kind: algorithm(parsed.public_key()).and_then(Algorithm::kind),
        spki_hash: SpkiHash::of(parsed.public_key().raw),
        subject_key_id: None,
        authority_key_id: None,
        authority_certificate: AuthorityReference::default(),
        is_authority: false,
        max_path_len: None,
        key_usage: None,
        extended_key_usage: None,
        names: AlternativeNames::default(),
        name_constraints: None,
    })
}

/// Extensions that hold facts: subjectKeyIdentifier, keyUsage, subjectAltName, basicConstraints, nameConstraints,
/// authorityKeyIdentifier, extendedKeyUsage. Others may be damaged; who verifies judges that
/// ([`crate::pki::acceptance`]).
const READ: [&str; 7] =
    ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.35", "2.5.29.37"];

/// Takes over what one extension says.
fn apply(certificate: &mut Certificate, extension: &ParsedExtension<'_>, critical: bool) {
    match extension {
        ParsedExtension::SubjectKeyIdentifier(id) => {
            certificate.subject_key_id = Some(id.0.to_vec());
        }
        ParsedExtension::AuthorityKeyIdentifier(authority) => {
            certificate.authority_key_id =
                authority.key_identifier.as_ref().map(|id| id.0.to_vec());
            certificate.authority_certificate = authority_reference(authority);
        }
        ParsedExtension::BasicConstraints(constraints) => {
            certificate.is_authority = constraints.ca;
            certificate.max_path_len = constraints
                .path_len_constraint
                .map(|length| u8::try_from(length).unwrap_or(u8::MAX));
        }
        ParsedExtension::KeyUsage(usage) => certificate.key_usage = Some(usage.flags),
        ParsedExtension::ExtendedKeyUsage(usage) => {
            certificate.extended_key_usage = Some(purposes(usage));
        }
        ParsedExtension::SubjectAlternativeName(names) => {
            certificate.names = alternative_names(&names.general_names);
        }
        ParsedExtension::NameConstraints(constraints) => {
            certificate.name_constraints = Some(NameConstraints {
                critical,
                permitted: subtrees(constraints.permitted_subtrees.as_deref()),
                excluded: subtrees(constraints.excluded_subtrees.as_deref()),
            });
        }
        _ => {}
    }
}

/// The certificate that an authority key identifier names, as OpenSSL reads it.
pub(in crate::pki) fn authority_reference(
    authority: &AuthorityKeyIdentifier<'_>,
) -> AuthorityReference {
    let names = authority.authority_cert_issuer.iter().flatten();
    let mut directory = names.filter_map(|name| match name {
        GeneralName::DirectoryName(name) => DistinguishedName::from_der(name.as_raw()).ok(),
        _ => None,
    });
    AuthorityReference {
        issuer: directory.next(),
        serial: authority.authority_cert_serial.map(SerialNumber::from_integer),
    }
}

fn purposes(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<ExtendedKeyUsage> {
    let known = [
        (usage.any, ExtendedKeyUsage::Any),
        (usage.server_auth, ExtendedKeyUsage::ServerAuth),
        (usage.client_auth, ExtendedKeyUsage::ClientAuth),
    ];
    let named = [
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let known = known.into_iter().filter_map(|(has, purpose)| has.then_some(purpose));
    let named = named.into_iter().filter(|(has, _)| *has).map(|(_, oid)| oid.to_owned());
    let other = usage.other.iter().map(dotted);
    known.chain(named.chain(other).map(ExtendedKeyUsage::Other)).collect()
}

fn alternative_names(general: &[GeneralName<'_>]) -> AlternativeNames {
    let mut names = AlternativeNames::default();
    for name in general {
        match name {
            // cfssl makes an empty one of `"hosts": [""]`, which names no host.
            GeneralName::DNSName("") => {}
            GeneralName::DNSName(dns) => names.dns.push(dns.to_ascii_lowercase()),
            GeneralName::IPAddress(octets) => names.ip.extend(address(octets)),
            GeneralName::RFC822Name(email) => names.email.push((*email).to_owned()),
            GeneralName::URI(uri) => names.uri.push((*uri).to_owned()),
            _ => {}
        }
    }
    normalize(&mut names.dns);
    normalize(&mut names.ip);
    normalize(&mut names.email);
    normalize(&mut names.uri);
    names
}

/// Sorted, without repeats.
pub(in crate::pki) fn normalize<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// The address that four or sixteen octets encode.
pub(in crate::pki) fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(octets).map(|octets| Ipv4Addr::from(octets).into());
    let v6 = || <[u8; 16]>::try_from(octets).map(|octets| Ipv6Addr::from(octets).into());
    v4().or_else(|_| v6()).ok()
}

fn subtrees(trees: Option<&[GeneralSubtree<'_>]>) -> Vec<Subtree> {
    trees.into_iter().flatten().map(|tree| subtree(&tree.base)).collect()
}

fn subtree(base: &GeneralName<'_>) -> Subtree {
    let other = || Subtree::Other(general_name(base));
    match base {
        GeneralName::DNSName(dns) => Subtree::Dns(dns.to_ascii_lowercase()),
        GeneralName::RFC822Name(email) => Subtree::Email((*email).to_owned()),
        GeneralName::URI(host) => Subtree::Uri((*host).to_owned()),
        GeneralName::DirectoryName(name) => {
            DistinguishedName::from_der(name.as_raw()).map_or_else(|_| other(), Subtree::Directory)
        }
        GeneralName::IPAddress(octets) => range(octets).unwrap_or_else(other),
        _ => other(),
    }
}

/// Addresses that an address and a mask of its length encode.
fn range(octets: &[u8]) -> Option<Subtree> {
    let (network, mask) = octets.split_at(octets.len() / 2);
    Some(Subtree::Ip { address: address(network)?, prefix: prefix(mask)? })
}

/// Number of leading ones of a mask that has no further ones.
fn prefix(mask: &[u8]) -> Option<u8> {
    let mut octets = [0; 16];
    octets.get_mut(..mask.len())?.copy_from_slice(mask);
    let mask = u128::from_be_bytes(octets);
    (mask.leading_ones() == mask.count_ones()).then(|| u8::try_from(mask.count_ones()).ok())?
}

/// The algorithm of a public key, as far as mtlsgen knows it.
pub(in crate::pki) fn algorithm(key: &SubjectPublicKeyInfo<'_>) -> Option<Algorithm> {
    let named = &key.algorithm.algorithm;
    if *named == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
        let curves = [
            (OID_EC_P256, Algorithm::EcdsaP256),
            (OID_NIST_EC_P384, Algorithm::EcdsaP384),
            (OID_NIST_EC_P521, Algorithm::EcdsaP521),
        ];
        curves.into_iter().find(|(oid, _)| *oid == curve).map(|(_, algorithm)| algorithm)
    } else if *named == OID_PKCS1_RSAENCRYPTION {
        match key.parsed().ok()? {
            PublicKey::RSA(rsa) => Some(Algorithm::Rsa(bits(rsa.modulus))),
            _ => None,
        }
    } else {
        (*named == OID_SIG_ED25519).then_some(Algorithm::Ed25519)
    }
}

/// Length of a big-endian number in bits.
pub(super) fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let number = &number[zeros..];
    let leading = number.first().map_or(0, |octet| octet.leading_zeros() as usize);
    number.len() * 8 - leading
}
