//! Certificates of one shape: encoded once by rcgen, then filled in for each holder.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Encode, Tag, TagNumber};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};

use super::contents;
use super::{SignError, Signer, Validity, element, elements, sequence};
use crate::pki::certificate::Certificate;
use crate::pki::certificate::reading::normalize;
use crate::pki::key::{Algorithm, PublicKey};
use crate::pki::name::DistinguishedName;
use crate::pki::request::{AlternativeNames, CertificateRequest, SerialNumber, Usage};

/// Serial of a draft: a certificate always has another.
pub(super) const NO_SERIAL: [u8; 1] = [0x01];
/// `extensions [3]` of a `TBSCertificate`.
const EXTENSIONS: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(3) };

/// What certificates have in common that differ in nothing but names, key and serial number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) usage: Usage,
    pub(super) validity: Validity,
    /// Algorithm of the key that is certified.
    pub(super) key: Algorithm,
    /// Algorithm of the signer's key.
    pub(super) signed_with: Algorithm,
    /// subjectKeyIdentifier of the issuer; `None` if it has none or the certificate signs itself.
    pub(super) authority_key_id: Option<Vec<u8>>,
    /// Octets of subjectKeyIdentifier.
    pub(super) key_id_length: usize,
}

impl Shape {
    pub(super) fn new(
        request: &CertificateRequest,
        validity: Validity,
        (subject_key, key_id): (&PublicKey, &[u8]),
        signer: &Signer<'_>,
    ) -> Self {
        Self {
            usage: request.usage.clone(),
            validity,
            key: subject_key.algorithm(),
            signed_with: signer.key.public().algorithm(),
            authority_key_id: signer.certificate.and_then(|issuer| issuer.subject_key_id.clone()),
            key_id_length: key_id.len(),
        }
    }

    /// The placeholder of subjectKeyIdentifier in a draft.
    pub(super) fn no_key_id(&self) -> Vec<u8> {
        vec![0; self.key_id_length]
    }
}

/// The templates made so far, by shape: thousands of leaves have few shapes.
#[derive(Default)]
pub(super) struct Templates(RwLock<BTreeMap<Shape, Arc<Template>>>);

impl Templates {
    /// The template of this shape, made with these keys if it is the first time; which keys of the
    /// shape's algorithms they are does not matter.
    pub(super) fn get(
        &self,
        shape: Shape,
        subject_key: &PublicKey,
        signing_key: &PublicKey,
    ) -> Result<Arc<Template>, SignError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&shape).cloned();
        if let Some(template) = known {
            return Ok(template);
        }
        let template = Arc::new(Template::new(&shape, subject_key, signing_key)?);
        let mut templates = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(templates.entry(shape).or_insert(template)))
    }
}

/// What is filled into a template.
pub(super) struct Blanks<'a> {
    pub(super) serial: &'a SerialNumber,
    pub(super) issuer: &'a DistinguishedName,
    pub(super) subject: &'a DistinguishedName,
    pub(super) subject_key: &'a PublicKey,
    pub(super) key_id: Vec<u8>,
    pub(super) names: &'a AlternativeNames,
}

impl<'a> Blanks<'a> {
    pub(super) fn new(
        request: &'a CertificateRequest,
        serial: &'a SerialNumber,
        (subject_key, key_id): (&'a PublicKey, Vec<u8>),
        signer: &Signer<'a>,
    ) -> Self {
        Self {
            serial,
            issuer: signer.certificate.map_or(&request.subject, |issuer| &issuer.subject),
            subject: &request.subject,
            subject_key,
            key_id,
            names: &request.names,
        }
    }
}

/// A certificate with blanks: the DER around them, and what it says.
pub(super) struct Template {
    version: Vec<u8>,
    /// `AlgorithmIdentifier` of the signature.
    algorithm: Vec<u8>,
    validity: Vec<u8>,
    /// Extensions before subjectAltName.
    before_names: Vec<u8>,
    /// The octets between subjectAltName and the octets of the key identifier.
    before_key_identifier: Vec<u8>,
    after_key_identifier: Vec<u8>,
    /// What the draft says as it was read back; its names, key and serial number mean nothing.
    facts: Certificate,
}

impl Template {
    fn new(
        shape: &Shape,
        subject_key: &PublicKey,
        signing_key: &PublicKey,
    ) -> Result<Self, SignError> {
        let unexpected = || SignError("the draft of the certificate is not as expected".to_owned());
        let draft = contents::draft(shape, subject_key, signing_key)?;
        let facts = Certificate::from_der(&draft).map_err(|error| SignError(error.to_string()))?;
        let [draft, algorithm, _] = elements(&draft)?[..] else { return Err(unexpected()) };
        // RFC 5280, section 4.1: version, serialNumber, signature, issuer, validity, subject,
        // subjectPublicKeyInfo, extensions.
        let [version, _, _, _, validity, _, _, extensions] = elements(draft)?[..] else {
            return Err(unexpected());
        };
        let [extensions] = elements(extensions)?[..] else { return Err(unexpected()) };
        let [before_names, before, after] =
            split(&elements(extensions)?, &shape.no_key_id()).ok_or_else(unexpected)?;
        let facts = Certificate { der: Vec::new(), ..facts };
        let template = Self {
            version: version.to_vec(),
            algorithm: algorithm.to_vec(),
            validity: validity.to_vec(),
            before_names,
            before_key_identifier: before,
            after_key_identifier: after,
            facts,
        };
        let fits = template.facts.authority_key_id == shape.authority_key_id
            && template.contents(&template.draft_blanks(subject_key))? == draft;
        if fits { Ok(template) } else { Err(unexpected()) }
    }

    /// What the draft had in the place of the blanks: filled in, they give the draft again.
    fn draft_blanks<'a>(&'a self, subject_key: &'a PublicKey) -> Blanks<'a> {
        Blanks {
            serial: &self.facts.serial,
            issuer: &self.facts.issuer,
            subject: &self.facts.subject,
            subject_key,
            key_id: self.facts.subject_key_id.clone().unwrap_or_default(),
            names: &self.facts.names,
        }
    }

    /// DER of the `TBSCertificate`.
    pub(super) fn contents(&self, blanks: &Blanks<'_>) -> Result<Vec<u8>, SignError> {
        let names = contents::alternative_names(blanks.names, blanks.subject)?;
        let extensions = sequence(&[
            &self.before_names,
            &names,
            &self.before_key_identifier,
            &blanks.key_id,
            &self.after_key_identifier,
        ])?;
        Ok(sequence(&[
            &self.version,
            &UintRef::new(&blanks.serial.0)?.to_der()?,
            &self.algorithm,
            blanks.issuer.der(),
            &self.validity,
            blanks.subject.der(),
            blanks.subject_key.der(),
            &element(EXTENSIONS, &[&extensions])?,
        ])?)
    }

    /// DER of the signature's `AlgorithmIdentifier`.
    pub(super) fn algorithm(&self) -> &[u8] {
        &self.algorithm
    }

    /// The certificate that `der` is: what the template says, and what was filled in.
    pub(super) fn certificate(&self, der: Vec<u8>, blanks: &Blanks<'_>) -> Certificate {
        Certificate {
            der,
            subject: blanks.subject.clone(),
            issuer: blanks.issuer.clone(),
            serial: SerialNumber::from_encoded(&blanks.serial.0),
            spki_hash: blanks.subject_key.spki_hash(),
            subject_key_id: Some(blanks.key_id.clone()),
            names: as_read(blanks.names),
            not_before: self.facts.not_before,
            not_after: self.facts.not_after,
            key_kind: self.facts.key_kind,
            authority_key_id: self.facts.authority_key_id.clone(),
            authority_certificate: self.facts.authority_certificate.clone(),
            is_authority: self.facts.is_authority,
            max_path_len: self.facts.max_path_len,
            key_usage: self.facts.key_usage,
            extended_key_usage: self.facts.extended_key_usage.clone(),
            name_constraints: self.facts.name_constraints.clone(),
        }
    }
}

/// The extensions before subjectAltName, which follows authorityKeyIdentifier; the octets between it
/// and the octets of subjectKeyIdentifier; and what follows these.
fn split(extensions: &[&[u8]], no_key_id: &[u8]) -> Option<[Vec<u8>; 3]> {
    let at = |oid: &[u8]| {
        let is =
            |extension: &&[u8]| elements(extension).is_ok_and(|parts| parts.first() == Some(&oid));
        extensions.iter().position(is)
    };
    let names = match at(&AuthorityKeyIdentifier::OID.to_der().ok()?) {
        Some(authority) => authority + 1,
        None => 0,
    };
    let identifier = at(&SubjectKeyIdentifier::OID.to_der().ok()?)?;
    let before = extensions.get(names..=identifier)?.concat();
    let before = before.strip_suffix(no_key_id)?.to_vec();
    Some([extensions[..names].concat(), before, extensions[identifier + 1..].concat()])
}

/// Names as a reader of the certificate has them: DNS names in lower case, each kind sorted and
/// without repeats.
fn as_read(names: &AlternativeNames) -> AlternativeNames {
    let mut names = names.clone();
    names.dns.iter_mut().for_each(|name| name.make_ascii_lowercase());
    normalize(&mut names.dns);
    normalize(&mut names.ip);
    normalize(&mut names.email);
    normalize(&mut names.uri);
    names
}
