//! Object identifiers of PKCS#5, PKCS#7, PKCS#9 and PKCS#12.

use x509_cert::der::asn1::ObjectIdentifier;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(super) const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
pub(super) const ENCRYPTED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.6");

pub(super) const KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.1");
pub(super) const SHROUDED_KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.2");
pub(super) const CERTIFICATE_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.3");
pub(super) const REVOCATION_LIST_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.4");
pub(super) const NESTED_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.6");

pub(super) const X509_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.22.1");
pub(super) const X509_REVOCATION_LIST: ObjectIdentifier = oid("1.2.840.113549.1.9.23.1");
pub(super) const FRIENDLY_NAME: ObjectIdentifier = oid("1.2.840.113549.1.9.20");
pub(super) const LOCAL_KEY_ID: ObjectIdentifier = oid("1.2.840.113549.1.9.21");

pub(super) const PBE_SHA1_3DES: ObjectIdentifier = oid("1.2.840.113549.1.12.1.3");
pub(super) const PBE_SHA1_RC2_128: ObjectIdentifier = oid("1.2.840.113549.1.12.1.5");
pub(super) const PBE_SHA1_RC2_40: ObjectIdentifier = oid("1.2.840.113549.1.12.1.6");

pub(super) const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
pub(super) const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
pub(super) const PBMAC1: ObjectIdentifier = oid("1.2.840.113549.1.5.14");
pub(super) const HMAC_SHA1: ObjectIdentifier = oid("1.2.840.113549.2.7");
pub(super) const HMAC_SHA256: ObjectIdentifier = oid("1.2.840.113549.2.9");
pub(super) const HMAC_SHA384: ObjectIdentifier = oid("1.2.840.113549.2.10");
pub(super) const HMAC_SHA512: ObjectIdentifier = oid("1.2.840.113549.2.11");
pub(super) const AES_128_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.2");
pub(super) const AES_256_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.42");
pub(super) const AES_192_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.22");
pub(super) const TRIPLE_DES_CBC: ObjectIdentifier = oid("1.2.840.113549.3.7");

pub(super) const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");
pub(super) const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
pub(super) const SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
pub(super) const SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");
