//! Makes PKCS#12 files: certificates encrypted as one, the key on its own, a MAC over both, as openssl
//! and Java lay them out.

use zeroize::Zeroizing;

use super::ber::{
    BMP_STRING, CONTEXT_0, OCTET_STRING, SEQUENCE, SET, encode, encode_number, encode_oid,
};
use super::password::Password;
use super::{Pkcs12Error, Profile, cipher, mac, object_identifier as oid};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;

/// `[0]` around octets, implicit: encrypted content.
const IMPLICIT_0: u8 = 0x80;

/// What a file is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// The holder's certificate, then its issuers.
    pub chain: &'a [&'a Certificate],
    /// The holder's key.
    pub key: &'a PrivateKey,
    /// Name that programs show to people.
    pub friendly_name: &'a str,
}

/// Makes a file. `random` fills octets at random: a file is never the same twice.
///
/// The holder's certificate and key carry the friendly name and one `localKeyId`, the SHA-256 of
/// the public key; issuers carry neither.
///
/// # Errors
/// [`Pkcs12Error::FriendlyName`].
pub fn write(
    contents: Contents<'_>,
    password: &Password,
    profile: Profile,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let attributes = attributes(contents)?;
    let bags: Vec<_> = contents
        .chain
        .iter()
        .enumerate()
        .map(|(index, certificate)| {
            certificate_bag(certificate, if index == 0 { &attributes } else { &[] })
        })
        .collect();
    let bags: Vec<&[u8]> = bags.iter().map(|bag| bag.as_slice()).collect();
    let certificates = encrypted_data(&encode(SEQUENCE, &bags), password, profile, random);
    let (algorithm, data) = cipher::encrypt(profile, contents.key.pkcs8(), password, random);
    let shrouded = encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[&data])]);
    let key = encode(SEQUENCE, &[&bag(oid::SHROUDED_KEY_BAG, &shrouded, &attributes)]);
    let safes = encode(SEQUENCE, &[&certificates, &content_info(&key)]);
    let mac_data = mac::compute(profile, &safes, password, random);
    Ok(encode(SEQUENCE, &[&encode_number(3), &content_info(&safes), &mac_data]))
}

/// Octets as PKCS#7 data.
fn content_info(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let data = encode(OCTET_STRING, &[octets]);
    encode(SEQUENCE, &[&encode_oid(oid::DATA), &encode(CONTEXT_0, &[&data])])
}

fn encrypted_data(
    plain: &[u8],
    password: &Password,
    profile: Profile,
    random: &mut dyn FnMut(&mut [u8]),
) -> Zeroizing<Vec<u8>> {
    let (algorithm, data) = cipher::encrypt(profile, plain, password, random);
    let content =
        encode(SEQUENCE, &[&encode_oid(oid::DATA), &algorithm, &encode(IMPLICIT_0, &[&data])]);
    let data = encode(SEQUENCE, &[&encode_number(0), &content]);
    encode(SEQUENCE, &[&encode_oid(oid::ENCRYPTED_DATA), &encode(CONTEXT_0, &[&data])])
}

fn certificate_bag(certificate: &Certificate, attributes: &[u8]) -> Zeroizing<Vec<u8>> {
    let octets = encode(OCTET_STRING, &[&certificate.der]);
    let value =
        encode(SEQUENCE, &[&encode_oid(oid::X509_CERTIFICATE), &encode(CONTEXT_0, &[&octets])]);
    bag(oid::CERTIFICATE_BAG, &value, attributes)
}

fn bag(
    kind: x509_cert::der::asn1::ObjectIdentifier,
    value: &[u8],
    attributes: &[u8],
) -> Zeroizing<Vec<u8>> {
    encode(SEQUENCE, &[&encode_oid(kind), &encode(CONTEXT_0, &[value]), attributes])
}

/// The SET of both attributes; its order is DER's.
fn attributes(contents: Contents<'_>) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let mut name = Vec::new();
    for unit in contents.friendly_name.encode_utf16() {
        // BMPString has no surrogates.
        if (0xD800..0xE000).contains(&unit) {
            return Err(Pkcs12Error::FriendlyName);
        }
        name.extend_from_slice(&unit.to_be_bytes());
    }
    let attribute =
        |kind, value: &[u8]| encode(SEQUENCE, &[&encode_oid(kind), &encode(SET, &[value])]);
    let mut both = [
        attribute(oid::FRIENDLY_NAME, &encode(BMP_STRING, &[&name])),
        attribute(oid::LOCAL_KEY_ID, &encode(OCTET_STRING, &[&contents.key.spki_hash().0])),
    ];
    both.sort_by(|one, other| one.as_slice().cmp(other.as_slice()));
    Ok(encode(SET, &[&both[0], &both[1]]))
}
