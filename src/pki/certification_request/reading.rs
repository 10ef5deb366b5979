//! Takes signing requests apart: exact, because what is read here gets a signature.

use x509_parser::asn1_rs::FromDer;
use x509_parser::certification_request::{X509CertificationRequest, X509CertificationRequestInfo};
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{CertificationRequest, RequestError};
use crate::pki::certificate::details::{PublicKey as KeyWords, signature_algorithm};
use crate::pki::certificate::reading::{address, algorithm, normalize};
use crate::pki::certificate::signature::has_long_exponent;
use crate::pki::certificate::{Signature, key_usage, signature};
use crate::pki::damage;
use crate::pki::key::{Algorithm, PublicKey};
use crate::pki::name::DistinguishedName;
use crate::pki::object_identifier::dotted;
use crate::pki::request::AlternativeNames;

/// First octet of an uncompressed point (RFC 5480, section 2.2).
const UNCOMPRESSED: u8 = 4;

/// Reads a request that fills `der`.
pub(super) fn read(der: &[u8]) -> Result<CertificationRequest, RequestError> {
    let (rest, parsed) = X509CertificationRequest::from_der(der)
        .map_err(|error| malformed(format!("it is not PKCS#10 ({})", damage::words(&error))))?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} octets follow its end", rest.len())));
    }
    let info = &parsed.certification_request_info;
    let public_key = public_key(&info.subject_pki)?;
    require_possession(&parsed)?;
    let subject = DistinguishedName::from_der(info.subject.as_raw())
        .map_err(|error| malformed(format!("its subject is {error}")))?;
    let mut request = CertificationRequest {
        subject,
        public_key,
        names: AlternativeNames::default(),
        other_names: Vec::new(),
        asks_for_authority: false,
    };
    for extension in extensions(info)? {
        apply(&mut request, extension)?;
    }
    let AlternativeNames { dns, ip, email, uri } = &mut request.names;
    normalize(dns);
    normalize(ip);
    normalize(email);
    normalize(uri);
    Ok(request)
}

fn malformed(how: String) -> RequestError {
    RequestError::Malformed(how)
}

/// A key of the kinds that mtlsgen makes itself.
fn public_key(info: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey, RequestError> {
    let unsupported = |what: String| Err(RequestError::UnsupportedKey(what));
    let Some(algorithm) = algorithm(info) else {
        return unsupported(format!("a key of another kind ({})", KeyWords::of_info(info)));
    };
    if algorithm.kind().is_none() {
        return unsupported(format!("an {algorithm} key"));
    }
    if has_long_exponent(info) {
        return unsupported(format!("an {algorithm} key with an unusually long public exponent"));
    }
    let bits = info.subject_public_key.data.as_ref();
    let is_elliptic = matches!(algorithm, Algorithm::EcdsaP256 | Algorithm::EcdsaP384);
    if is_elliptic && bits.first() != Some(&UNCOMPRESSED) {
        return unsupported(format!("an {algorithm} key as a compressed point"));
    }
    let start = info.raw.len().checked_sub(bits.len()).filter(|at| info.raw[*at..] == *bits);
    match start {
        Some(start) if info.subject_public_key.unused_bits == 0 => {
            Ok(PublicKey::new(info.raw.to_vec(), algorithm, start))
        }
        _ => Err(malformed("its public key has no whole octets".to_owned())),
    }
}

/// The signature, by the key that it asks a certificate for.
fn require_possession(parsed: &X509CertificationRequest<'_>) -> Result<(), RequestError> {
    let named = &parsed.signature_algorithm;
    let algorithm = signature_algorithm(named);
    if algorithm.is_weak {
        return Err(RequestError::WeakSignature(algorithm.name));
    }
    let info = &parsed.certification_request_info;
    match signature::judge(named, &info.subject_pki, info.raw, &parsed.signature_value.data) {
        Signature::Valid => Ok(()),
        Signature::Wrong => Err(RequestError::WrongSignature),
        Signature::Unchecked(with) => Err(RequestError::UncheckedSignature(with)),
    }
}

/// The extensions that are asked for, each once.
fn extensions<'a>(
    info: &'a X509CertificationRequestInfo<'_>,
) -> Result<Vec<&'a X509Extension<'a>>, RequestError> {
    let mut found: Vec<&X509Extension<'_>> = Vec::new();
    for attribute in info.iter_attributes() {
        let ParsedCriAttribute::ExtensionRequest(requested) = attribute.parsed_attribute() else {
            continue;
        };
        for extension in &requested.extensions {
            if found.iter().any(|known| known.oid == extension.oid) {
                return Err(malformed(format!(
                    "it requests extension {} twice",
                    dotted(&extension.oid)
                )));
            }
            found.push(extension);
        }
    }
    Ok(found)
}

fn apply(
    request: &mut CertificationRequest,
    extension: &X509Extension<'_>,
) -> Result<(), RequestError> {
    match extension.parsed_extension() {
        ParsedExtension::ParseError { .. } => {
            return Err(malformed(format!("its extension {} is damaged", dotted(&extension.oid))));
        }
        ParsedExtension::BasicConstraints(constraints) => {
            request.asks_for_authority |= constraints.ca;
        }
        ParsedExtension::KeyUsage(usage) => {
            let signing = key_usage::KEY_CERT_SIGN | key_usage::CRL_SIGN;
            request.asks_for_authority |= usage.flags & signing != 0;
        }
        ParsedExtension::SubjectAlternativeName(names) => {
            names.general_names.iter().for_each(|name| add(request, name));
        }
        _ => {}
    }
    Ok(())
}

fn add(request: &mut CertificationRequest, name: &GeneralName<'_>) {
    let names = &mut request.names;
    let other = match name {
        GeneralName::DNSName(dns) => return names.dns.push(dns.to_ascii_lowercase()),
        GeneralName::RFC822Name(email) => return names.email.push((*email).to_owned()),
        GeneralName::URI(uri) => return names.uri.push((*uri).to_owned()),
        GeneralName::IPAddress(octets) => match address(octets) {
            Some(address) => return names.ip.push(address),
            None => format!("an IP address of {} octets", octets.len()),
        },
        GeneralName::OtherName(oid, _) => format!("an otherName of type {}", dotted(oid)),
        GeneralName::DirectoryName(name) => format!("the directory name {name}"),
        GeneralName::RegisteredID(oid) => format!("the registered identifier {}", dotted(oid)),
        GeneralName::X400Address(_) => "an X.400 address".to_owned(),
        GeneralName::EDIPartyName(_) => "an EDI party name".to_owned(),
        GeneralName::Invalid(..) => "a name that cannot be read".to_owned(),
    };
    request.other_names.push(other);
}
