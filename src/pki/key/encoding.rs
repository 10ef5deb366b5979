//! Takes the encodings of private keys apart, without validating the numbers in them.

use std::ops::Range;

use pkcs8::PrivateKeyInfoRef;
use x509_cert::der::asn1::{
    AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef, UintRef,
};
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader, TagNumber};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::signing::Signer;
use super::{Algorithm, KeyError, KeyKind, pem};
use crate::guard;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Elliptic curves: object identifier, algorithm, length of a coordinate in octets.
const CURVES: [(ObjectIdentifier, Algorithm, usize); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Algorithm::EcdsaP256, 32),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Algorithm::EcdsaP384, 48),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Algorithm::EcdsaP521, 66),
];

/// What an encoding says.
pub(super) struct Decoded {
    /// PKCS#8, version 1.
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) algorithm: Algorithm,
    /// `SubjectPublicKeyInfo`.
    pub(super) public_key: Vec<u8>,
    /// Where the content of its bit string begins, which is the last thing in it.
    pub(super) bits: usize,
}

impl Decoded {
    /// From a new key pair.
    pub(super) fn from_new(kind: KeyKind, signer: &Signer) -> Result<Self, KeyError> {
        let algorithm = Algorithm::from(kind);
        let curve =
            CURVES.into_iter().find(|(_, curve, _)| *curve == algorithm).map(|(oid, ..)| oid);
        let identifier = match (algorithm, &curve) {
            (Algorithm::Rsa(_), _) => {
                AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) }
            }
            (_, Some(curve)) => {
                AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(curve)) }
            }
            (_, None) => AlgorithmIdentifierRef { oid: ED25519, parameters: None },
        };
        let (public_key, bits) = subject_public_key_info(identifier, signer.public_key())?;
        let pkcs8 = match signer.scalar() {
            Some(scalar) => to_pkcs8(identifier, &ec_private_key(&scalar?, signer.public_key())?)?,
            None => signer.to_pkcs8()?,
        };
        Ok(Self { pkcs8, algorithm, public_key, bits })
    }

    /// From PKCS#8, version 1 or 2 (RFC 5958).
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|error| damaged(&error))?;
        let key = info.private_key.as_bytes();
        match info.algorithm.oid {
            RSA_ENCRYPTION => Self::from_pkcs1(key),
            EC_PUBLIC_KEY => Self::elliptic(curve(info.algorithm.parameters)?, key),
            ED25519 => Self::edwards(info.algorithm, key, info.public_key),
            other => Err(KeyError::Unsupported(format!(
                "a key of the algorithm with object identifier `{other}`"
            ))),
        }
    }

    /// From an `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let mut reader = SliceReader::new(der).map_err(|error| damaged(&error))?;
        let (modulus, exponent) =
            reader.sequence(rsa_public_part).map_err(|error| damaged(&error))?;
        let algorithm =
            AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
        let leading = modulus.as_bytes().first().map_or(0, |octet| octet.leading_zeros() as usize);
        let bits = (modulus.as_bytes().len() * 8).saturating_sub(leading);
        let public = sequence(&[&encoded(&modulus)?, &encoded(&exponent)?])?;
        Self::assemble(Algorithm::Rsa(bits), algorithm, der, &public)
    }

    /// From an `ECPrivateKey` that names its curve (RFC 5915).
    pub(super) fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let curve = curve(EcPrivateKey::read(der)?.parameters)?;
        Self::elliptic(curve, der)
    }

    fn elliptic(curve: ObjectIdentifier, der: &[u8]) -> Result<Self, KeyError> {
        let Some((_, algorithm, length)) = CURVES.into_iter().find(|(oid, ..)| *oid == curve)
        else {
            return Err(KeyError::Unsupported(format!("the elliptic curve `{curve}`")));
        };
        let identifier =
            AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(&curve)) };
        let key = EcPrivateKey::read(der)?;
        let embedded = key.public_key.and_then(|bits| bits.as_bytes());
        // Certificates carry uncompressed points: only such a one can be compared.
        if let Some(point) = embedded.filter(|point| point.len() == 1 + 2 * length && point[0] == 4)
        {
            Self::assemble(algorithm, identifier, der, point)
        } else {
            let pkcs8 = to_pkcs8(identifier, der)?;
            let point = Signer::read(algorithm, &pkcs8)?;
            Self::assemble(algorithm, identifier, der, point.public_key())
        }
    }

    /// From a `CurvePrivateKey` (RFC 8410, section 7).
    fn edwards(
        identifier: AlgorithmIdentifierRef<'_>,
        key: &[u8],
        embedded: Option<BitStringRef<'_>>,
    ) -> Result<Self, KeyError> {
        let public = embedded.and_then(|bits| bits.as_bytes()).filter(|public| public.len() == 32);
        if let Some(public) = public {
            return Self::assemble(Algorithm::Ed25519, identifier, key, public);
        }
        let signer = Signer::read(Algorithm::Ed25519, &to_pkcs8(identifier, key)?)?;
        Self::assemble(Algorithm::Ed25519, identifier, key, signer.public_key())
    }

    fn assemble(
        algorithm: Algorithm,
        identifier: AlgorithmIdentifierRef<'_>,
        private_key: &[u8],
        public_key: &[u8],
    ) -> Result<Self, KeyError> {
        let (public_key, bits) = subject_public_key_info(identifier, public_key)?;
        Ok(Self { pkcs8: to_pkcs8(identifier, private_key)?, algorithm, public_key, bits })
    }
}

/// How a key in PKCS#8 is written.
pub(crate) fn form(pkcs8: &[u8]) -> guard::Form {
    let pem = Zeroizing::new(pem::encode("PRIVATE KEY", pkcs8));
    guard::Form { secret: secret_part(pkcs8), pem }
}

/// Where the numbers of a key in PKCS#8 are that only its owner knows; where that is not clear, all of it.
fn secret_part(pkcs8: &[u8]) -> Range<usize> {
    let part = PrivateKeyInfoRef::try_from(pkcs8).ok().and_then(|info| {
        let key = info.private_key.as_bytes();
        match info.algorithm.oid {
            RSA_ENCRYPTION => {
                let mut reader = SliceReader::new(key).ok()?;
                let (_, exponent) = reader.sequence(rsa_public_part).ok()?;
                // Behind the public numbers stand nothing but secret ones.
                let start = place(key, exponent.as_bytes())? + exponent.as_bytes().len();
                Some(&key[start..])
            }
            EC_PUBLIC_KEY => EcPrivateKey::read(key).ok().map(|key| key.scalar),
            _ => <&OctetStringRef>::from_der(key).ok().map(OctetStringRef::as_bytes),
        }
    });
    let range = part.and_then(|part| {
        let start = place(pkcs8, part)?;
        Some(start..start + part.len())
    });
    range.filter(|range| !range.is_empty()).unwrap_or(0..pkcs8.len())
}

/// Where `part`, which lies in `whole`, begins.
fn place(whole: &[u8], part: &[u8]) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize).filter(|at| *at < whole.len())
}

/// DER of a `SubjectPublicKeyInfo`, and where the content of its bit string begins.
fn subject_public_key_info(
    algorithm: AlgorithmIdentifierRef<'_>,
    bits: &[u8],
) -> Result<(Vec<u8>, usize), KeyError> {
    let subject_public_key = BitStringRef::from_bytes(bits).map_err(|error| damaged(&error))?;
    let info = encoded(&SubjectPublicKeyInfoRef { algorithm, subject_public_key })?;
    let start = info.len() - bits.len();
    Ok((info, start))
}

/// What is needed of an `ECPrivateKey`.
struct EcPrivateKey<'a> {
    /// The number that it is.
    scalar: &'a [u8],
    parameters: Option<AnyRef<'a>>,
    public_key: Option<BitStringRef<'a>>,
}

impl<'a> EcPrivateKey<'a> {
    fn read(der: &'a [u8]) -> Result<Self, KeyError> {
        let mut reader = SliceReader::new(der).map_err(|error| damaged(&error))?;
        let key = reader.sequence(|reader| {
            u8::decode(reader)?;
            let scalar = <&OctetStringRef>::decode(reader)?.as_bytes();
            let parameters = ContextSpecific::decode_explicit(reader, TagNumber(0))?;
            let public_key = ContextSpecific::decode_explicit(reader, TagNumber(1))?;
            Ok::<_, der::Error>(Self {
                scalar,
                parameters: parameters.map(|field| field.value),
                public_key: public_key.map(|field| field.value),
            })
        });
        key.map_err(|error| damaged(&error))
    }
}

/// `ECPrivateKey` (RFC 5915, section 3) with its point; the curve is named outside.
fn ec_private_key(scalar: &[u8], point: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let octets = OctetStringRef::new(scalar).map_err(|error| damaged(&error))?;
    let octets = Zeroizing::new(encoded(&octets)?);
    let public_key = ContextSpecific {
        tag_number: TagNumber(1),
        tag_mode: der::TagMode::Explicit,
        value: BitStringRef::from_bytes(point).map_err(|error| damaged(&error))?,
    };
    let parts: [&[u8]; 3] = [&encoded(&1_u8)?, &octets, &encoded(&public_key)?];
    let content = Zeroizing::new(parts.concat());
    let key = AnyRef::new(der::Tag::Sequence, &content).and_then(|any| any.to_der());
    key.map(Zeroizing::new).map_err(|error| damaged(&error))
}

/// PKCS#8 of the number that a curve's key is, for those who compute its point.
pub(super) fn without_point(
    algorithm: Algorithm,
    scalar: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let curve = CURVES.into_iter().find(|(_, curve, _)| *curve == algorithm).map(|(oid, ..)| oid);
    let curve = curve.ok_or_else(|| KeyError::Generation(format!("{algorithm} has no curve")))?;
    let identifier =
        AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(&curve)) };
    let octets = OctetStringRef::new(scalar).map_err(|error| damaged(&error))?;
    let octets = Zeroizing::new(encoded(&octets)?);
    let content = Zeroizing::new([&encoded(&1_u8)?[..], &octets].concat());
    let key = AnyRef::new(der::Tag::Sequence, &content).and_then(|any| any.to_der());
    let key = key.map(Zeroizing::new).map_err(|error| damaged(&error))?;
    to_pkcs8(identifier, &key)
}

/// The named curve of EC parameters.
fn curve(parameters: Option<AnyRef<'_>>) -> Result<ObjectIdentifier, KeyError> {
    let parameters =
        parameters.ok_or_else(|| KeyError::Malformed("it does not name its curve".to_owned()))?;
    parameters
        .decode_as()
        .map_err(|_| KeyError::Unsupported("an elliptic curve with explicit parameters".to_owned()))
}

/// Modulus and public exponent; what follows them is left alone.
fn rsa_public_part<'a>(reader: &mut SliceReader<'a>) -> der::Result<(UintRef<'a>, UintRef<'a>)> {
    u8::decode(reader)?;
    let parts = (UintRef::decode(reader)?, UintRef::decode(reader)?);
    reader.drain(reader.remaining_len())?;
    Ok(parts)
}

/// PKCS#8, version 1: older OpenSSL refuses version 2.
fn to_pkcs8(
    identifier: AlgorithmIdentifierRef<'_>,
    private_key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let octets = OctetStringRef::new(private_key).map_err(|error| damaged(&error))?;
    let info = PrivateKeyInfoRef::new(identifier, octets);
    info.to_der().map(Zeroizing::new).map_err(|error| damaged(&error))
}

fn sequence(parts: &[&[u8]]) -> Result<Vec<u8>, KeyError> {
    let content = parts.concat();
    AnyRef::new(der::Tag::Sequence, &content)
        .and_then(|any| any.to_der())
        .map_err(|error| damaged(&error))
}

fn encoded(value: &impl Encode) -> Result<Vec<u8>, KeyError> {
    value.to_der().map_err(|error| damaged(&error))
}

/// The messages of the decoder speak of tags and lengths, never of contents.
fn damaged(error: &impl std::fmt::Display) -> KeyError {
    KeyError::Malformed(error.to_string())
}
