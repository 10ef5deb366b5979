//! Verifies who made the signature of a certificate, a revocation list or a signing request.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::Certificate;
use super::reading::algorithm;
use crate::pki::key::Algorithm;

/// Tells whether `issuer`'s key made the signature of `certificate`. What uses an algorithm that is
/// unknown here, or too weak to mean anything (MD5), is not signed.
pub(super) fn is_signed_with(certificate: &Certificate, issuer: &Certificate) -> bool {
    verify(&certificate.der, &issuer.der) == Some(true)
}

/// Tells whether `issuer`'s key made the signature of a revocation list.
pub(in crate::pki) fn list_is_signed_with(list: &[u8], issuer: &Certificate) -> bool {
    verify_list(list, &issuer.der) == Some(true)
}

fn verify(certificate: &[u8], issuer: &[u8]) -> Option<bool> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
    let named = &certificate.signature_algorithm;
    if *named != certificate.tbs_certificate.signature {
        return None;
    }
    let signature = &certificate.signature_value.data;
    Some(is_made_by(named, issuer.public_key(), certificate.tbs_certificate.as_ref(), signature))
}

fn verify_list(list: &[u8], issuer: &[u8]) -> Option<bool> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
    let named = &list.signature_algorithm;
    if *named != list.tbs_cert_list.signature {
        return None;
    }
    let message = list.tbs_cert_list.as_ref();
    Some(is_made_by(named, issuer.public_key(), message, &list.signature_value.data))
}

/// Tells whether `key` made `signature` of `content` with the algorithm that is named.
pub(in crate::pki) fn is_made_by(
    named: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    content: &[u8],
    signature: &[u8],
) -> bool {
    let verification = algorithm(key).and_then(|algorithm| verification(named, algorithm));
    verification.is_some_and(|verification| {
        let key = UnparsedPublicKey::new(verification, key.subject_public_key.data.as_ref());
        key.verify(content, signature).is_ok()
    })
}

/// What verifies signatures with this algorithm identifier by a key of this algorithm.
fn verification(
    named: &AlgorithmIdentifier<'_>,
    key: Algorithm,
) -> Option<&'static dyn VerificationAlgorithm> {
    let algorithm: &'static dyn VerificationAlgorithm =
        match (named.algorithm.to_id_string().as_str(), key) {
            // RSASSA-PKCS1-v1_5 (RFC 8017, appendix A.2.4); SHA-1 for roots of old.
            ("1.2.840.113549.1.1.5", Algorithm::Rsa(_)) => {
                &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
            }
            ("1.2.840.113549.1.1.11", Algorithm::Rsa(_)) => {
                &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            ("1.2.840.113549.1.1.12", Algorithm::Rsa(_)) => &signature::RSA_PKCS1_2048_8192_SHA384,
            ("1.2.840.113549.1.1.13", Algorithm::Rsa(_)) => {
                &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
            ("1.2.840.113549.1.1.10", Algorithm::Rsa(_)) => return probabilistic(named),
            // ECDSA with SHA-256, 384 and 512 (RFC 5758, section 3.2).
            ("1.2.840.10045.4.3.2", Algorithm::EcdsaP256) => &signature::ECDSA_P256_SHA256_ASN1,
            ("1.2.840.10045.4.3.3", Algorithm::EcdsaP256) => &signature::ECDSA_P256_SHA384_ASN1,
            ("1.2.840.10045.4.3.4", Algorithm::EcdsaP256) => &signature::ECDSA_P256_SHA512_ASN1,
            ("1.2.840.10045.4.3.2", Algorithm::EcdsaP384) => &signature::ECDSA_P384_SHA256_ASN1,
            ("1.2.840.10045.4.3.3", Algorithm::EcdsaP384) => &signature::ECDSA_P384_SHA384_ASN1,
            ("1.2.840.10045.4.3.4", Algorithm::EcdsaP384) => &signature::ECDSA_P384_SHA512_ASN1,
            ("1.2.840.10045.4.3.2", Algorithm::EcdsaP521) => &signature::ECDSA_P521_SHA256_ASN1,
            ("1.2.840.10045.4.3.3", Algorithm::EcdsaP521) => &signature::ECDSA_P521_SHA384_ASN1,
            ("1.2.840.10045.4.3.4", Algorithm::EcdsaP521) => &signature::ECDSA_P521_SHA512_ASN1,
            // Ed25519 (RFC 8410, section 3).
            ("1.3.101.112", Algorithm::Ed25519) => &signature::ED25519,
            _ => return None,
        };
    Some(algorithm)
}

/// RSASSA-PSS (RFC 8017, appendix A.2.3) with its usual parameters: one hash function, a salt of
/// its length.
fn probabilistic(named: &AlgorithmIdentifier<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let parameters = RsaSsaPssParams::try_from(named.parameters.as_ref()?).ok()?;
    match parameters.hash_algorithm_oid().to_id_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => Some(&signature::RSA_PSS_2048_8192_SHA256),
        "2.16.840.1.101.3.4.2.2" => Some(&signature::RSA_PSS_2048_8192_SHA384),
        "2.16.840.1.101.3.4.2.3" => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}
