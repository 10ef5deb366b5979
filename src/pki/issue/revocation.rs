//! Makes revocation lists by RFC 5280, section 5.

use std::collections::BTreeMap;

use rcgen::{
    CertificateParams, CertificateRevocationListParams, Issuer, KeyIdMethod,
    RevocationReason as Code, RevokedCertParams,
};
use x509_cert::der::Encode;
use x509_cert::der::asn1::BitStringRef;

use super::contents::{Key, key_identifier};
use super::{SignError, Signer, elements, sequence};
use crate::pki::crl::{ListNumber, RevocationList, RevocationReason, RevokedEntry};
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// What a revocation list is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationListDraft {
    /// Number, higher than that of every earlier list of the authority.
    pub number: ListNumber,
    /// When it is made.
    pub this_update: Timestamp,
    /// When verifiers stop believing it.
    pub next_update: Timestamp,
    /// What is revoked.
    pub revoked: BTreeMap<SerialNumber, RevokedEntry>,
}

/// Signs one revocation list.
///
/// # Errors
/// If the authority may not sign lists, the key is not its own or damaged, or the list would end before it begins.
pub fn sign_revocation_list(
    draft: &RevocationListDraft,
    signer: &Signer<'_>,
) -> Result<RevocationList, SignError> {
    let Some(authority) = signer.certificate else {
        return Err(SignError("a revocation list has an authority".to_owned()));
    };
    let subject = &authority.subject;
    if signer.key.spki_hash() != authority.spki_hash {
        return Err(SignError(format!("the given key is not that of `{subject}`")));
    }
    if !authority.may_sign_lists() {
        return Err(SignError(format!(
            "`{subject}` cannot sign revocation lists: its key usage lacks cRLSign"
        )));
    }
    if let Some(serial) = draft.revoked.keys().find(|serial| serial.is_negative()) {
        return Err(SignError(format!(
            "the revocation list of `{subject}` cannot name the serial {serial}: numbers below zero are not encoded here"
        )));
    }
    let encoded = encoded(draft, signer, authority.subject_key_id.clone())?;
    let (contents, algorithm) = with_issuer(&encoded, subject.der())?;
    let signature = signer.key.sign(&contents)?;
    let signature = BitStringRef::from_bytes(&signature)?.to_der()?;
    let list = sequence(&[&contents, algorithm, &signature])?;
    let list = RevocationList::from_der(&list).map_err(|error| SignError(error.to_string()))?;
    let is_whole = list.flaw.is_none() && list.revoked.len() == draft.revoked.len();
    if is_whole && list.is_signed_by(authority) {
        Ok(list)
    } else {
        Err(SignError(format!("the revocation list of `{subject}` is not as requested")))
    }
}

/// DER of a list that has everything but the issuer's exact name and a signature.
fn encoded(
    draft: &RevocationListDraft,
    signer: &Signer<'_>,
    key_id: Option<Vec<u8>>,
) -> Result<Vec<u8>, SignError> {
    let revoked = draft.revoked.iter().map(|(serial, entry)| RevokedCertParams {
        serial_number: serial.0.clone().into(),
        revocation_time: entry.at.to_offset_date_time(),
        reason_code: code(entry.reason),
        invalidity_date: None,
    });
    // RFC 5280, section 5.2.1: lists always identify the key, also where the certificate does not.
    let key_id = key_id.unwrap_or_else(|| key_identifier(signer.key.public()));
    let params = CertificateRevocationListParams {
        this_update: draft.this_update.to_offset_date_time(),
        next_update: draft.next_update.to_offset_date_time(),
        crl_number: draft.number.octets().to_vec().into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::PreSpecified(key_id),
    };
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = rcgen::DistinguishedName::new();
    let issuer = Issuer::new(issuer, Key::of(signer.key.public()));
    params
        .signed_by(&issuer)
        .map(|list| list.der().to_vec())
        .map_err(|error| SignError(format!("the revocation list cannot be encoded ({error})")))
}

/// RFC 5280, section 5.3.1: rather no reason at all than `unspecified`.
fn code(reason: RevocationReason) -> Option<Code> {
    Some(match reason {
        RevocationReason::Unspecified => return None,
        RevocationReason::KeyCompromise => Code::KeyCompromise,
        RevocationReason::CaCompromise => Code::CaCompromise,
        RevocationReason::AffiliationChanged => Code::AffiliationChanged,
        RevocationReason::Superseded => Code::Superseded,
        RevocationReason::CessationOfOperation => Code::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => Code::PrivilegeWithdrawn,
        RevocationReason::CertificateHold => Code::CertificateHold,
        RevocationReason::RemoveFromCrl => Code::RemoveFromCrl,
        RevocationReason::AaCompromise => Code::AaCompromise,
    })
}

/// The `TBSCertList` of a list with this very name for its issuer, and the signature algorithm's DER.
/// RFC 5280, section 5.1: version, signature, issuer, and what follows.
fn with_issuer<'a>(list: &'a [u8], issuer: &[u8]) -> Result<(Vec<u8>, &'a [u8]), SignError> {
    let outer = elements(list)?;
    let [contents, algorithm, _signature] = outer[..] else {
        return Err(SignError("the draft of the revocation list has not three parts".to_owned()));
    };
    let mut inner = elements(contents)?;
    match inner.get_mut(2) {
        Some(name) => *name = issuer,
        None => {
            return Err(SignError("the draft of the revocation list has no issuer".to_owned()));
        }
    }
    Ok((sequence(&inner)?, algorithm))
}
