//! Which signature algorithms are verified, with which keys, and what the others are called.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self as lc, RsaParameters, RsaPssSaltLength, VerificationAlgorithm};
use x509_parser::public_key::PublicKey as PublicKeyContent;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::pki::certificate::details::{PublicKey, signature_algorithm};
use crate::pki::certificate::reading::{algorithm, bits};
use crate::pki::key::Algorithm;
use crate::pki::object_identifier::dotted;

/// RSASSA-PSS as a signature algorithm and as a kind of key (RFC 4055, section 3.1).
const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
/// MGF1 (RFC 8017, appendix B.2.1).
const MGF1: &str = "1.2.840.113549.1.1.8";
/// Bits of the RSA keys that the library verifies with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The same, for the hash functions that it has a rule of its own for.
const LEGACY_RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=8192;

/// Verifies signatures of one algorithm by keys of one kind.
pub(super) enum Verifier {
    /// By aws-lc.
    Library(&'static dyn VerificationAlgorithm),
    /// RSASSA-PSS, whose salt length is in the algorithm's parameters.
    Probabilistic(RsaParameters),
    /// ECDSA with a hash function that aws-lc does not combine with the curve.
    P256(&'static digest::Algorithm),
    /// The same.
    P384(&'static digest::Algorithm),
}

impl Verifier {
    /// Whether the key, the content of the bit string of its `SubjectPublicKeyInfo`, made the signature.
    pub(super) fn verify(&self, key: &[u8], content: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Library(library) => {
                lc::UnparsedPublicKey::new(*library, key).verify(content, signature).is_ok()
            }
            Self::Probabilistic(parameters) => {
                parameters.verify_sig(key, content, signature).is_ok()
            }
            Self::P256(hash) => p256(key, &widened::<32>(hash, content), signature).is_some(),
            Self::P384(hash) => p384(key, &widened::<48>(hash, content), signature).is_some(),
        }
    }
}

/// A digest shorter than the curve's order, as the number that it encodes (FIPS 186-5, section 6.4.2): the
/// crates refuse what has less than half the octets.
fn widened<const SIZE: usize>(hash: &'static digest::Algorithm, content: &[u8]) -> [u8; SIZE] {
    let digest = digest::digest(hash, content);
    let mut wide = [0; SIZE];
    let start = SIZE.saturating_sub(digest.as_ref().len());
    wide[start..].iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    wide
}

fn p256(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p384(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    use p384::ecdsa::signature::hazmat::PrehashVerifier as _;
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

/// What verifies signatures with this algorithm identifier by this key; `None` for what is not verified here.
pub(super) fn verifier(
    named: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
) -> Option<Verifier> {
    let oid = dotted(&named.algorithm);
    if has_long_exponent(key) {
        return None;
    }
    match (algorithm(key), oid.as_str()) {
        (Some(Algorithm::Rsa(bits)), RSASSA_PSS) => probabilistic(named, bits),
        (None, RSASSA_PSS) => probabilistic(named, probabilistic_key(key)?),
        (Some(Algorithm::Rsa(bits)), oid) => rsa(oid, bits),
        (Some(Algorithm::EcdsaP256), oid) => p256_with(oid),
        (Some(Algorithm::EcdsaP384), oid) => p384_with(oid),
        (Some(Algorithm::EcdsaP521), oid) => p521_with(oid),
        // RFC 8410, section 3.
        (Some(Algorithm::Ed25519), "1.3.101.112") => Some(Verifier::Library(&lc::ED25519)),
        _ => None,
    }
}

/// Bits of the public exponents of RSA that the library verifies with; OpenSSL and Go take longer ones.
const EXPONENT_BITS: usize = 33;

/// Whether it is a key of RSA whose signatures are not verified here for that reason.
pub(in crate::pki) fn has_long_exponent(key: &SubjectPublicKeyInfo<'_>) -> bool {
    matches!(key.parsed(), Ok(PublicKeyContent::RSA(rsa)) if bits(rsa.exponent) > EXPONENT_BITS)
}

/// RSASSA-PKCS1-v1_5 (RFC 8017, appendix A.2.4); SHA-1 for certificates of old.
fn rsa(oid: &str, bits: usize) -> Option<Verifier> {
    let (range, library): (_, &'static dyn VerificationAlgorithm) = match oid {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => {
            (LEGACY_RSA_BITS, &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)
        }
        "1.2.840.113549.1.1.11" => {
            (LEGACY_RSA_BITS, &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)
        }
        "1.2.840.113549.1.1.12" => (RSA_BITS, &lc::RSA_PKCS1_2048_8192_SHA384),
        "1.2.840.113549.1.1.13" => {
            (LEGACY_RSA_BITS, &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)
        }
        _ => return None,
    };
    range.contains(&bits).then_some(Verifier::Library(library))
}

/// RSASSA-PSS (RFC 8017, appendix A.2.3) with any length of salt, where the mask is made with the hash function of
/// the signature.
fn probabilistic(named: &AlgorithmIdentifier<'_>, bits: usize) -> Option<Verifier> {
    let parameters = RsaSsaPssParams::try_from(named.parameters.as_ref()?).ok()?;
    let hash = dotted(parameters.hash_algorithm_oid());
    let mask = parameters.mask_gen_algorithm().ok()?;
    let is_usual = dotted(&mask.mgf) == MGF1
        && dotted(&mask.hash) == hash
        && parameters.trailer_field() == 1
        && RSA_BITS.contains(&bits);
    let library = match hash.as_str() {
        "2.16.840.1.101.3.4.2.1" => lc::RSA_PSS_2048_8192_SHA256,
        "2.16.840.1.101.3.4.2.2" => lc::RSA_PSS_2048_8192_SHA384,
        "2.16.840.1.101.3.4.2.3" => lc::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    };
    let salt = RsaPssSaltLength::Custom(u16::try_from(parameters.salt_length()).ok()?);
    is_usual.then(|| Verifier::Probabilistic(library.with_pss_salt_length(salt)))
}

/// Bits of a key that is for RSASSA-PSS alone.
fn probabilistic_key(key: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    use x509_parser::asn1_rs::FromDer as _;
    let is_one = dotted(&key.algorithm.algorithm) == RSASSA_PSS;
    let content = is_one.then_some(&key.subject_public_key.data)?;
    let (_, key) = x509_parser::public_key::RSAPublicKey::from_der(content).ok()?;
    Some(bits(key.modulus))
}

/// ECDSA with SHA-1 (RFC 3279, section 2.2.3), SHA-224, 256, 384 and 512 (RFC 5758, section 3.2).
fn p256_with(oid: &str) -> Option<Verifier> {
    Some(Verifier::Library(match oid {
        "1.2.840.10045.4.1" => &lc::ECDSA_P256_SHA1_ASN1,
        "1.2.840.10045.4.3.1" => return Some(Verifier::P256(&digest::SHA224)),
        "1.2.840.10045.4.3.2" => &lc::ECDSA_P256_SHA256_ASN1,
        "1.2.840.10045.4.3.3" => &lc::ECDSA_P256_SHA384_ASN1,
        "1.2.840.10045.4.3.4" => &lc::ECDSA_P256_SHA512_ASN1,
        _ => return None,
    }))
}

fn p384_with(oid: &str) -> Option<Verifier> {
    Some(Verifier::Library(match oid {
        "1.2.840.10045.4.1" => return Some(Verifier::P384(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
        "1.2.840.10045.4.3.1" => return Some(Verifier::P384(&digest::SHA224)),
        "1.2.840.10045.4.3.2" => &lc::ECDSA_P384_SHA256_ASN1,
        "1.2.840.10045.4.3.3" => &lc::ECDSA_P384_SHA384_ASN1,
        "1.2.840.10045.4.3.4" => &lc::ECDSA_P384_SHA512_ASN1,
        _ => return None,
    }))
}

fn p521_with(oid: &str) -> Option<Verifier> {
    Some(Verifier::Library(match oid {
        "1.2.840.10045.4.1" => &lc::ECDSA_P521_SHA1_ASN1,
        "1.2.840.10045.4.3.1" => &lc::ECDSA_P521_SHA224_ASN1,
        "1.2.840.10045.4.3.2" => &lc::ECDSA_P521_SHA256_ASN1,
        "1.2.840.10045.4.3.3" => &lc::ECDSA_P521_SHA384_ASN1,
        "1.2.840.10045.4.3.4" => &lc::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    }))
}

/// Kinds of keys, by signature algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    Dsa,
    Elliptic,
    Ed25519,
    Ed448,
}

/// The algorithms that OpenSSL 3.0 knows beside keys (`crypto/objects/obj_xref.h`), measured.
fn family_of_signature(oid: &str) -> Option<Family> {
    Some(match oid {
        "1.2.840.113549.1.1.2"
        | "1.2.840.113549.1.1.3"
        | "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | RSASSA_PSS
        | "1.2.840.113549.1.1.11"
        | "1.2.840.113549.1.1.12"
        | "1.2.840.113549.1.1.13"
        | "1.2.840.113549.1.1.14"
        | "1.3.14.3.2.29"
        | "1.3.36.3.3.1.2"
        | "2.16.840.1.101.3.4.3.13"
        | "2.16.840.1.101.3.4.3.14"
        | "2.16.840.1.101.3.4.3.15"
        | "2.16.840.1.101.3.4.3.16" => Family::Rsa,
        "1.2.840.10040.4.3" | "2.16.840.1.101.3.4.3.1" | "2.16.840.1.101.3.4.3.2" => Family::Dsa,
        "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.1"
        | "1.2.840.10045.4.3.2"
        | "1.2.840.10045.4.3.3"
        | "1.2.840.10045.4.3.4" => Family::Elliptic,
        "1.3.101.112" => Family::Ed25519,
        "1.3.101.113" => Family::Ed448,
        _ => return None,
    })
}

fn family_of_key(key: &SubjectPublicKeyInfo<'_>) -> Option<Family> {
    Some(match dotted(&key.algorithm.algorithm).as_str() {
        "1.2.840.113549.1.1.1" | RSASSA_PSS => Family::Rsa,
        "1.2.840.10040.4.1" => Family::Dsa,
        "1.2.840.10045.2.1" => Family::Elliptic,
        "1.3.101.112" => Family::Ed25519,
        "1.3.101.113" => Family::Ed448,
        _ => return None,
    })
}

/// Whether no key of this kind makes signatures of this algorithm.
pub(super) fn contradicts(named: &AlgorithmIdentifier<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let (signature, key) = (family_of_signature(&dotted(&named.algorithm)), family_of_key(key));
    signature.is_some() && key.is_some() && signature != key
}

/// Whether keys of this kind are known to make signatures of this algorithm.
pub(super) fn fits(named: &AlgorithmIdentifier<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let signature = family_of_signature(&dotted(&named.algorithm));
    signature.is_some() && signature == family_of_key(key)
}

/// What a signature is called that is not verified here: `RSA with MD5`, and the key where that is the reason.
pub(super) fn words(named: &AlgorithmIdentifier<'_>, key: &SubjectPublicKeyInfo<'_>) -> String {
    let name = signature_algorithm(named).name;
    if has_long_exponent(key) {
        return format!("{name} by a key with an unusually long public exponent");
    }
    match PublicKey::of_info(key) {
        key if key.is_followed() || name == key.algorithm => name,
        key => format!("{name} by a key of the kind {key}"),
    }
}
