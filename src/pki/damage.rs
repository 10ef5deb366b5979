//! What people read of something that the libraries cannot read: no names of the library's own.

use x509_parser::error::X509Error;
use x509_parser::nom::Err as Stopped;

/// Which part of a certificate, a request or a list is at fault, as a clause.
pub(in crate::pki) fn words(error: &Stopped<X509Error>) -> &'static str {
    let (Stopped::Error(error) | Stopped::Failure(error)) = error else { return CUT_OFF };
    match error {
        X509Error::InvalidVersion => "its version is malformed, or not known",
        X509Error::InvalidSerial => "its serial number is malformed",
        X509Error::InvalidAlgorithmIdentifier => "its signature algorithm is malformed",
        X509Error::InvalidX509Name => "a name in it is malformed",
        X509Error::InvalidDate => "a time in it is malformed",
        X509Error::InvalidSPKI => "its public key is malformed",
        X509Error::InvalidSubjectUID | X509Error::InvalidIssuerUID => {
            "a unique identifier in it is malformed"
        }
        X509Error::InvalidExtensions => "its extensions are malformed",
        X509Error::DuplicateExtensions => "it has an extension twice",
        X509Error::InvalidAttributes | X509Error::DuplicateAttributes => {
            "its attributes are malformed"
        }
        X509Error::InvalidSignatureValue => "its signature is malformed",
        X509Error::InvalidUserCertificate => "an entry in it is malformed",
        _ => CUT_OFF,
    }
}

const CUT_OFF: &str = "it is cut off, or damaged";
