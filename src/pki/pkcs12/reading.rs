//! Takes PKCS#12 files apart.

use super::ber::{CONTEXT_0, Element, INTEGER, OCTET_STRING, SEQUENCE, SET};
use super::kdf::Allowance;
use super::password::Password;
use super::{Archive, CertificateBag, KeyBag, Pkcs12Error, cipher, mac, object_identifier as oid};
use crate::pki::key::PrivateKey;

/// Returns whether these octets begin as a PKCS#12 file does: version 3, then PKCS#7 data.
#[must_use]
pub fn looks_like(octets: &[u8]) -> bool {
    pfx(octets).is_ok()
}

/// Version and content.
fn pfx(octets: &[u8]) -> Result<(Element<'_>, Option<Element<'_>>), Pkcs12Error> {
    let mut fields = Element::read(octets)?.fields(SEQUENCE)?;
    let version = fields.next()?;
    if version.tag != INTEGER || version.number()? != 3 {
        return Err(Pkcs12Error::Malformed("its version is not 3"));
    }
    let mut info = fields.next()?.fields(SEQUENCE)?;
    match info.next()?.object_identifier()? {
        oid::DATA => Ok((explicit(&info.next()?)?, fields.optional()?)),
        _ => Err(Pkcs12Error::Unsupported("a public key instead of a password".to_owned())),
    }
}

/// The contents of `[0]`.
fn explicit<'a>(element: &Element<'a>) -> Result<Element<'a>, Pkcs12Error> {
    element.fields(CONTEXT_0)?.next()
}

/// Checks and decrypts a file.
///
/// # Errors
/// The password is another one, or the file is damaged or uses what is not known here.
pub fn read(octets: &[u8], password: &Password) -> Result<Archive, Pkcs12Error> {
    match (read_as(octets, password), password.as_null()) {
        (Err(Pkcs12Error::WrongPassword), Some(null)) => read_as(octets, &null),
        (read, _) => read,
    }
}

fn read_as(octets: &[u8], password: &Password) -> Result<Archive, Pkcs12Error> {
    let (content, mac_data) = pfx(octets)?;
    let content = content.octets()?;
    let (mut archive, mut allowance) = (Archive::default(), Allowance::new());
    let allowance = &mut allowance;
    if let Some(mac_data) = mac_data {
        archive.mac = Some(mac::verify(&mac_data, &content, password, allowance)?);
    }
    let mut safes = Element::read(&content)?.fields(SEQUENCE)?;
    while let Some(safe) = safes.optional()? {
        archive.add_safe(&safe, password, allowance)?;
    }
    Ok(archive)
}

impl Archive {
    fn add_safe(
        &mut self,
        safe: &Element<'_>,
        password: &Password,
        allowance: &mut Allowance,
    ) -> Result<(), Pkcs12Error> {
        let mut info = safe.fields(SEQUENCE)?;
        match info.next()?.object_identifier()? {
            oid::DATA => {
                self.add_bags(&explicit(&info.next()?)?.octets()?, password, NESTING, allowance)
            }
            oid::ENCRYPTED_DATA => {
                let mut data = explicit(&info.next()?)?.fields(SEQUENCE)?;
                data.next()?;
                let mut encrypted = data.next()?.fields(SEQUENCE)?;
                encrypted.next()?;
                let (algorithm, data) = (encrypted.next()?, encrypted.next()?);
                let plain = self.decrypt(&algorithm, &data, password, allowance)?;
                self.add_bags(&plain, password, NESTING, allowance)
            }
            _ => Err(Pkcs12Error::Unsupported("a public key instead of a password".to_owned())),
        }
    }

    fn decrypt(
        &mut self,
        algorithm: &Element<'_>,
        data: &Element<'_>,
        password: &Password,
        allowance: &mut Allowance,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Pkcs12Error> {
        let (plain, name) = cipher::decrypt(algorithm, &data.octets()?, password, allowance)?;
        if !self.encryption.iter().any(|known| known == name) {
            self.encryption.push(name.to_owned());
        }
        Ok(plain)
    }

    fn add_bags(
        &mut self,
        contents: &[u8],
        password: &Password,
        depth: u8,
        allowance: &mut Allowance,
    ) -> Result<(), Pkcs12Error> {
        // Without a MAC, this is where a wrong password shows.
        let contents = Element::read(contents).map_err(|_| Pkcs12Error::WrongPassword)?;
        let mut bags = contents.fields(SEQUENCE)?;
        while let Some(bag) = bags.optional()? {
            self.add_bag(&bag, password, depth, allowance)?;
        }
        Ok(())
    }

    fn add_bag(
        &mut self,
        bag: &Element<'_>,
        password: &Password,
        depth: u8,
        allowance: &mut Allowance,
    ) -> Result<(), Pkcs12Error> {
        let mut fields = bag.fields(SEQUENCE)?;
        let kind = fields.next()?.object_identifier()?;
        let value = explicit(&fields.next()?)?;
        let attributes = Attributes::of(fields.optional()?)?;
        match kind {
            oid::KEY_BAG => self.keys.push(KeyBag {
                key: PrivateKey::from_pkcs8(value.whole),
                friendly_name: attributes.friendly_name,
            }),
            oid::SHROUDED_KEY_BAG => {
                let mut shrouded = value.fields(SEQUENCE)?;
                let (algorithm, data) = (shrouded.next()?, shrouded.next()?);
                let plain = self.decrypt(&algorithm, &data, password, allowance)?;
                let key = PrivateKey::from_pkcs8(&plain);
                self.keys.push(KeyBag { key, friendly_name: attributes.friendly_name });
            }
            oid::CERTIFICATE_BAG => {
                if let Some(der) = wrapped(&value, oid::X509_CERTIFICATE)? {
                    let Attributes { friendly_name, local_key_id } = attributes;
                    self.certificates.push(CertificateBag { der, friendly_name, local_key_id });
                }
            }
            oid::REVOCATION_LIST_BAG => {
                self.revocation_lists.extend(wrapped(&value, oid::X509_REVOCATION_LIST)?);
            }
            oid::NESTED_BAG if depth > 0 => {
                self.add_bags(value.whole, password, depth - 1, allowance)?;
            }
            // Secrets that are not keys are ignored.
            _ => {}
        }
        Ok(())
    }
}

/// How deep bags within bags are followed.
const NESTING: u8 = 8;

/// The octets in a bag that says what kind they are of.
fn wrapped(
    value: &Element<'_>,
    kind: x509_cert::der::asn1::ObjectIdentifier,
) -> Result<Option<Vec<u8>>, Pkcs12Error> {
    let mut fields = value.fields(SEQUENCE)?;
    let found = fields.next()?.object_identifier()?;
    let octets = explicit(&fields.next()?)?.octets()?;
    Ok((found == kind).then(|| octets.to_vec()))
}

/// Attributes that identify bags.
#[derive(Default)]
struct Attributes {
    friendly_name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

impl Attributes {
    fn of(set: Option<Element<'_>>) -> Result<Self, Pkcs12Error> {
        let mut found = Self::default();
        let Some(set) = set else { return Ok(found) };
        let mut attributes = set.fields(SET)?;
        while let Some(attribute) = attributes.optional()? {
            let mut fields = attribute.fields(SEQUENCE)?;
            let kind = fields.next()?.object_identifier()?;
            let Some(value) = fields.next()?.fields(SET)?.optional()? else { continue };
            match kind {
                oid::FRIENDLY_NAME => found.friendly_name = value.text(),
                oid::LOCAL_KEY_ID if value.tag == OCTET_STRING => {
                    found.local_key_id = Some(value.octets()?.to_vec());
                }
                _ => {}
            }
        }
        Ok(found)
    }
}
