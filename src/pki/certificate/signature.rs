//! Verifies who made the signature of a certificate, a revocation list or a signing request.

mod algorithms;

use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::Certificate;

pub(in crate::pki) use algorithms::has_long_exponent;

/// What verifying a signature with a key has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The key made it.
    Valid,
    /// The key did not make it, or it does not belong to the contents beside it.
    Wrong,
    /// Its algorithm, its hash function or the kind of the key is not verified here; the words name it. What is
    /// too weak to prove anything (MD5) is not verified either.
    Unchecked(String),
}

impl Signature {
    /// Whether the key made it, as far as can be verified here.
    #[must_use]
    pub fn may_be_valid(&self) -> bool {
        *self != Self::Wrong
    }
}

/// Verifies the signature of `certificate` with the key of `issuer`.
pub(super) fn of_certificate(certificate: &Certificate, issuer: &Certificate) -> Signature {
    verify(&certificate.der, &issuer.der).unwrap_or(Signature::Wrong)
}

/// Verifies the signature of a revocation list with the key of `issuer`.
pub(in crate::pki) fn of_list(list: &[u8], issuer: &Certificate) -> Signature {
    verify_list(list, &issuer.der).unwrap_or(Signature::Wrong)
}

/// Whether OpenSSL knows the algorithm of the signature as one of keys of the kind of `issuer`'s
/// (`check_sig_alg_match`). What both are, is enough.
pub(super) fn is_known(certificate: &Certificate, issuer: &Certificate) -> bool {
    X509Certificate::from_der(&certificate.der)
        .is_ok_and(|(_, parsed)| fits(&parsed.signature_algorithm, issuer))
}

/// The same of a revocation list.
pub(in crate::pki) fn is_known_of_list(list: &[u8], issuer: &Certificate) -> bool {
    CertificateRevocationList::from_der(list)
        .is_ok_and(|(_, parsed)| fits(&parsed.signature_algorithm, issuer))
}

fn fits(named: &AlgorithmIdentifier<'_>, issuer: &Certificate) -> bool {
    X509Certificate::from_der(&issuer.der)
        .is_ok_and(|(_, issuer)| algorithms::fits(named, issuer.public_key()))
}

fn verify(certificate: &[u8], issuer: &[u8]) -> Option<Signature> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
    let named = &certificate.signature_algorithm;
    if *named != certificate.tbs_certificate.signature {
        return None;
    }
    let content = certificate.tbs_certificate.as_ref();
    Some(judge(named, issuer.public_key(), content, &certificate.signature_value.data))
}

fn verify_list(list: &[u8], issuer: &[u8]) -> Option<Signature> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
    let named = &list.signature_algorithm;
    if *named != list.tbs_cert_list.signature {
        return None;
    }
    let content = list.tbs_cert_list.as_ref();
    Some(judge(named, issuer.public_key(), content, &list.signature_value.data))
}

/// Verifies `signature` of `content` with the algorithm that is named and this key.
pub(in crate::pki) fn judge(
    named: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    content: &[u8],
    signature: &[u8],
) -> Signature {
    match algorithms::verifier(named, key) {
        Some(verifier) => {
            let bits = key.subject_public_key.data.as_ref();
            let is_valid = verifier.verify(bits, content, signature);
            if is_valid { Signature::Valid } else { Signature::Wrong }
        }
        None if algorithms::contradicts(named, key) => Signature::Wrong,
        None => Signature::Unchecked(algorithms::words(named, key)),
    }
}
