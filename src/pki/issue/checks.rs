//! What must hold before a certificate is signed.

use super::{SignError, Signer, Validity};
use crate::pki::certificate::Certificate;
use crate::pki::key::{PrivateKey, PublicKey};
use crate::pki::request::{CertificateRequest, SerialNumber, Usage};

/// Longest serial number in octets (RFC 5280, section 4.1.2.2).
const MAX_SERIAL_LENGTH: usize = 20;

/// Checks what is asked for, and whether the signer may sign it.
pub(super) fn before(
    request: &CertificateRequest,
    serial: &SerialNumber,
    validity: Validity,
    subject_key: &PublicKey,
    signer: &Signer<'_>,
) -> Result<(), SignError> {
    check_serial(serial)?;
    check_subject(request)?;
    if validity.not_after < validity.not_before {
        return Err(SignError(format!(
            "{}: its validity ends at {}, before it begins at {}",
            request.holder, validity.not_after, validity.not_before
        )));
    }
    match signer.certificate {
        Some(authority) => check_authority(request, validity, authority, signer.key),
        None if subject_key.der() != signer.key.public_key() => Err(SignError(format!(
            "{} is self-signed, but signed with another key",
            request.holder
        ))),
        None => Ok(()),
    }
}

fn check_serial(SerialNumber(octets): &SerialNumber) -> Result<(), SignError> {
    let too_long =
        octets.len() > MAX_SERIAL_LENGTH || octets.len() == MAX_SERIAL_LENGTH && octets[0] > 0x7F;
    if too_long {
        return Err(SignError("the serial number is longer than 20 octets".to_owned()));
    }
    if octets.iter().all(|octet| *octet == 0) {
        return Err(SignError("the serial number is not positive".to_owned()));
    }
    Ok(())
}

/// RFC 5280, section 4.1.2.6: authorities have a subject, others a subject or alternative names.
fn check_subject(request: &CertificateRequest) -> Result<(), SignError> {
    let authority = matches!(request.usage, Usage::Authority { .. });
    if request.subject.is_empty() && (authority || request.names.is_empty()) {
        return Err(SignError(format!("{} has an empty subject", request.holder)));
    }
    Ok(())
}

fn check_authority(
    request: &CertificateRequest,
    validity: Validity,
    authority: &Certificate,
    key: &PrivateKey,
) -> Result<(), SignError> {
    let (holder, issuer) = (&request.holder, &authority.subject);
    if !authority.is_authority {
        return Err(SignError(format!(
            "`{issuer}` cannot sign {holder}: its certificate is not an authority's"
        )));
    }
    if !authority.may_sign_certificates() {
        return Err(SignError(format!(
            "`{issuer}` cannot sign {holder}: its key usage lacks keyCertSign"
        )));
    }
    if key.spki_hash() != authority.spki_hash {
        return Err(SignError(format!("the given key is not that of `{issuer}`")));
    }
    if validity.not_after > authority.not_after {
        return Err(SignError(format!(
            "{holder} would be valid until {}, beyond its issuer `{issuer}`, which ends at {}",
            validity.not_after, authority.not_after
        )));
    }
    check_path_length(request, authority)
}

fn check_path_length(
    request: &CertificateRequest,
    authority: &Certificate,
) -> Result<(), SignError> {
    let Usage::Authority { max_path_len: below, .. } = request.usage else { return Ok(()) };
    match authority.max_path_len {
        Some(allowed) if below >= allowed => Err(SignError(format!(
            "{} with `maxPathLen` {below} does not fit below `{}`, which has {allowed}",
            request.holder, authority.subject
        ))),
        _ => Ok(()),
    }
}
