//! What Go's `crypto/x509` does not read (`parser.go` of Go 1.26): the controller reads every certificate of `ca.crt` and
//! the lists of `ca.crl` with it, and takes nothing of a Secret where that fails (`CheckCACert` and `ConfigureCRL` in
//! `internal/net/ssl/ssl.go` of ingress-nginx).
//!
//! The functions follow those of Go one by one, in their order, with names of what they read.

mod extensions;
mod names;
#[cfg(test)]
mod tests;
mod uri;

use aws_lc_rs::signature::{self as lc, ParsedPublicKey, VerificationAlgorithm};
use x509_parser::asn1_rs::Oid;

use super::input::{Input, tag};
use super::{By, Refusal, times};
use crate::pki::object_identifier::dotted;

/// Why Go does not read something.
#[derive(Debug)]
struct Unread {
    /// What is wrong, as the end of a sentence that begins with the certificate or the list.
    what: String,
    /// Go's words, without what they say of this one.
    words: &'static str,
}

impl Unread {
    fn new(what: impl Into<String>, words: &'static str) -> Self {
        Self { what: what.into(), words }
    }
}

/// An error of which nothing more can be said than Go does.
fn damaged(words: &'static str) -> impl Fn() -> Unread {
    move || Unread::new("is not encoded as DER wants it", words)
}

impl From<Unread> for Refusal {
    fn from(Unread { what, words }: Unread) -> Self {
        Self { what, by: By::Controller(words) }
    }
}

/// One extension.
struct Extension<'a> {
    /// In dots.
    identifier: String,
    value: Input<'a>,
    critical: bool,
}

/// Why Go does not read this certificate (`parseCertificate`).
pub(super) fn refusal(certificate: &[u8]) -> Option<Refusal> {
    judge_certificate(certificate).err().map(Refusal::from)
}

/// Why Go does not read this list (`ParseRevocationList`).
pub(super) fn refusal_of_list(list: &[u8]) -> Option<Refusal> {
    judge_list(list).err().map(Refusal::from)
}

fn judge_certificate(der: &[u8]) -> Result<(), Unread> {
    let mut outer =
        Input(der).element(tag::SEQUENCE).ok_or_else(damaged("malformed certificate"))?;
    let mut tbs = outer.element(tag::SEQUENCE).ok_or_else(damaged("malformed tbs certificate"))?;
    let version = version(&mut tbs).ok_or_else(damaged("malformed version"))?;
    let serial = tbs.integer().ok_or_else(damaged("malformed serial number"))?;
    if serial[0] & 0x80 != 0 {
        return Err(Unread::new("has a serial number below zero", "negative serial number"));
    }
    same_algorithm(&mut tbs, &mut outer)?;
    names::distinguished(tbs_name(&mut tbs)?, "issuer")?;
    let mut validity = tbs.element(tag::SEQUENCE).ok_or_else(damaged("malformed validity"))?;
    time(&mut validity)?;
    time(&mut validity)?;
    names::distinguished(tbs_name(&mut tbs)?, "subject")?;
    public_key(&mut tbs)?;
    if version >= 1 {
        for unique in [tag::own(1), tag::own(2)] {
            tbs.optional(unique).ok_or_else(damaged("malformed issuerUniqueID"))?;
        }
    }
    if version == 2 && tbs.begins_with(tag::outer(3)) {
        let of_certificate = extensions(&mut tbs, 3)?;
        let mut seen: Vec<&str> = Vec::new();
        for one in &of_certificate {
            if seen.contains(&one.identifier.as_str()) {
                let what = format!("has the extension {} twice", one.identifier);
                return Err(Unread::new(what, "certificate contains duplicate extension"));
            }
            seen.push(&one.identifier);
        }
        of_certificate.iter().try_for_each(extensions::judge)?;
    }
    outer.bits().map(drop).ok_or_else(damaged("malformed signature"))
}

/// From 0.
fn version(tbs: &mut Input<'_>) -> Option<u8> {
    if !tbs.begins_with(tag::outer(0)) {
        return Some(0);
    }
    let mut version = tbs.element(tag::outer(0))?;
    match version.integer()? {
        [number @ 0..=2] if version.is_empty() => Some(*number),
        _ => None,
    }
}

/// The name that comes next, with its header.
fn tbs_name<'a>(tbs: &mut Input<'a>) -> Result<Input<'a>, Unread> {
    let Input(before) = *tbs;
    tbs.element(tag::SEQUENCE).ok_or_else(damaged("malformed issuer"))?;
    Ok(Input(&before[..before.len() - tbs.0.len()]))
}

/// The signature algorithm is within what is signed, and beside it.
fn same_algorithm(tbs: &mut Input<'_>, outer: &mut Input<'_>) -> Result<(), Unread> {
    let read = |input: &mut Input<'_>| -> Option<Vec<u8>> {
        input.element(tag::SEQUENCE).map(|Input(octets)| octets.to_vec())
    };
    let inner = read(tbs).ok_or_else(damaged("malformed signature algorithm identifier"))?;
    let beside = read(outer).ok_or_else(damaged("malformed algorithm identifier"))?;
    if inner != beside {
        let what = "names one signature algorithm in what is signed, and another beside it";
        return Err(Unread::new(
            what,
            "inner and outer signature algorithm identifiers don't match",
        ));
    }
    algorithm(Input(&inner)).map(drop)
}

/// Identifier and parameters of an algorithm (`parseAI`).
fn algorithm(mut fields: Input<'_>) -> Result<(&[u8], Input<'_>), Unread> {
    let identifier = fields.object_identifier().ok_or_else(damaged("malformed OID"))?;
    let parameters = fields;
    if !fields.is_empty() {
        fields.any().ok_or_else(damaged("malformed parameters"))?;
    }
    let Input(all) = parameters;
    Ok((identifier, Input(&all[..all.len() - fields.0.len()])))
}

/// `parseTime`. The library has judged months and hours.
fn time(input: &mut Input<'_>) -> Result<(), Unread> {
    let words = match input.0.first() {
        Some(&tag::UTC_TIME) => "malformed UTCTime",
        Some(&tag::GENERALIZED_TIME) => "malformed GeneralizedTime",
        _ => "unsupported time format",
    };
    let is_read = input.any().is_some_and(|(kind, Input(text))| times::is_read_by_go(kind, text));
    let refused = || Unread::new("has a time that is not written as DER wants it", words);
    is_read.then_some(()).ok_or_else(refused)
}

/// The extensions of a certificate or a list, which have a tag of their own.
fn extensions<'a>(tbs: &mut Input<'a>, number: u8) -> Result<Vec<Extension<'a>>, Unread> {
    let own = tbs.element(tag::outer(number)).and_then(|mut own| own.element(tag::SEQUENCE));
    of_sequence(own.ok_or_else(damaged("malformed extensions"))?)
}

/// Extensions in their order (`parseExtension`).
fn of_sequence(mut rest: Input<'_>) -> Result<Vec<Extension<'_>>, Unread> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let mut one = rest.element(tag::SEQUENCE).ok_or_else(damaged("malformed extension"))?;
        let identifier = one.object_identifier().ok_or_else(|| {
            let what = "has an extension whose object identifier has a part above 2³¹";
            Unread::new(what, "malformed extension OID field")
        })?;
        let critical = if one.begins_with(tag::BOOLEAN) {
            one.boolean().ok_or_else(damaged("malformed extension critical field"))?
        } else {
            false
        };
        let value = one
            .element(tag::OCTET_STRING)
            .ok_or_else(damaged("malformed extension value field"))?;
        found.push(Extension { identifier: dotted(&Oid::new(identifier.into())), value, critical });
    }
    Ok(found)
}

/// `SubjectPublicKeyInfo` and the key in it, if Go knows its kind (`parsePublicKey`).
fn public_key(tbs: &mut Input<'_>) -> Result<(), Unread> {
    let mut info = tbs.element(tag::SEQUENCE).ok_or_else(damaged("malformed spki"))?;
    let named = info
        .element(tag::SEQUENCE)
        .ok_or_else(damaged("malformed public key algorithm identifier"))?;
    let (identifier, parameters) = algorithm(named)?;
    let mut whole = info;
    let key = info
        .bits()
        .filter(|_| whole.element(tag::BIT_STRING).is_some_and(|Input(octets)| octets[0] == 0));
    let key = key.ok_or_else(damaged("malformed subjectPublicKey"))?;
    match dotted(&Oid::new(identifier.into())).as_str() {
        "1.2.840.113549.1.1.1" => rsa_key(parameters, key),
        "1.2.840.10045.2.1" => elliptic_key(parameters, key),
        "1.3.101.112" if !parameters.is_empty() || key.len() != 32 => {
            Err(Unread::new("has a malformed Ed25519 key", "wrong Ed25519 public key size"))
        }
        "1.2.840.10040.4.1" => dsa_key(parameters, key).ok_or_else(|| {
            Unread::new(
                "has a DSA key without its parameters, or with odd ones",
                "invalid DSA parameters",
            )
        }),
        _ => Ok(()),
    }
}

const NULL: [u8; 2] = [5, 0];

fn is_positive(octets: &[u8]) -> bool {
    octets[0] & 0x80 == 0 && octets != [0]
}

fn rsa_key(parameters: Input<'_>, key: &[u8]) -> Result<(), Unread> {
    let refused = |what: &str, words| Unread::new(format!("has an RSA key {what}"), words);
    if parameters.0 != NULL {
        return Err(refused(
            "without the NULL that belongs beside it",
            "RSA key missing NULL parameters",
        ));
    }
    let numbers = |mut key: Input<'_>| {
        let mut fields = key.element(tag::SEQUENCE)?;
        let modulus = is_positive(fields.integer()?);
        let exponent = fields.integer()?;
        Some((modulus, exponent.len() <= 8 && is_positive(exponent)))
    };
    match numbers(Input(key)) {
        None => Err(refused("that is malformed", "invalid RSA public key")),
        Some((false, _)) => {
            Err(refused("with an odd modulus", "RSA modulus is not a positive number"))
        }
        Some((_, false)) => Err(refused(
            "whose public exponent is too large, or not above zero",
            "invalid RSA public exponent",
        )),
        Some((true, true)) => Ok(()),
    }
}

/// Named curves that Go knows, with the octets of a coordinate, and what reads points on them here.
fn curve(identifier: &str) -> Option<(usize, Option<&'static dyn VerificationAlgorithm>)> {
    match identifier {
        "1.3.132.0.33" => Some((28, None)),
        "1.2.840.10045.3.1.7" => Some((32, Some(&lc::ECDSA_P256_SHA256_ASN1))),
        "1.3.132.0.34" => Some((48, Some(&lc::ECDSA_P384_SHA384_ASN1))),
        "1.3.132.0.35" => Some((66, Some(&lc::ECDSA_P521_SHA512_ASN1))),
        _ => None,
    }
}

fn elliptic_key(mut parameters: Input<'_>, key: &[u8]) -> Result<(), Unread> {
    let identifier = parameters.object_identifier().ok_or_else(|| {
        let what = "has a key whose curve is described, not named";
        Unread::new(what, "invalid ECDSA parameters")
    })?;
    let identifier = dotted(&Oid::new(identifier.into()));
    let (size, reader) = curve(&identifier).ok_or_else(|| {
        let name = crate::pki::certificate::details::curve_name(&identifier);
        Unread::new(format!("has a key on the curve {name}"), "unsupported elliptic curve")
    })?;
    let is_whole = key.first() == Some(&4) && key.len() == 2 * size + 1;
    if !is_whole {
        let what = "has a key whose point is compressed, or of a wrong length";
        return Err(Unread::new(what, "ecdsa: invalid uncompressed public key"));
    }
    match reader {
        Some(reader) if ParsedPublicKey::new(reader, key).is_err() => {
            Err(Unread::new("has a key that is not a point of its curve", "point not on curve"))
        }
        _ => Ok(()),
    }
}

fn dsa_key(mut parameters: Input<'_>, key: &[u8]) -> Option<()> {
    let mut numbers = parameters.element(tag::SEQUENCE)?;
    let numbers =
        [Input(key).integer()?, numbers.integer()?, numbers.integer()?, numbers.integer()?];
    numbers.into_iter().all(is_positive).then_some(())
}

fn judge_list(der: &[u8]) -> Result<(), Unread> {
    let mut outer = Input(der).element(tag::SEQUENCE).ok_or_else(damaged("malformed crl"))?;
    let mut tbs = outer.element(tag::SEQUENCE).ok_or_else(damaged("malformed tbs crl"))?;
    let version = if tbs.begins_with(tag::INTEGER) { tbs.integer() } else { None };
    if version != Some(&[1]) {
        return Err(Unread::new("is of version 1", "unsupported crl version"));
    }
    same_algorithm(&mut tbs, &mut outer)?;
    outer.bits().ok_or_else(damaged("malformed signature"))?;
    names::distinguished(tbs_name(&mut tbs)?, "issuer")?;
    time(&mut tbs)?;
    if tbs.begins_with(tag::GENERALIZED_TIME) || tbs.begins_with(tag::UTC_TIME) {
        time(&mut tbs)?;
    }
    let mut revoked = tbs.optional(tag::SEQUENCE).ok_or_else(damaged("malformed crl"))?;
    while !revoked.is_empty() {
        entry(revoked.element(tag::SEQUENCE).ok_or_else(damaged("malformed crl"))?)?;
    }
    if !tbs.begins_with(tag::outer(0)) {
        return Ok(());
    }
    for Extension { identifier, mut value, critical } in extensions(&mut tbs, 0)? {
        match identifier.as_str() {
            "2.5.29.35" => extensions::judge(&Extension { identifier, value, critical })?,
            "2.5.29.20" if value.integer().is_none() => {
                let what = "has a malformed number (extension 2.5.29.20, `cRLNumber`)";
                return Err(Unread::new(what, "malformed crl number"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn entry(mut entry: Input<'_>) -> Result<(), Unread> {
    entry.integer().ok_or_else(damaged("malformed serial number"))?;
    time(&mut entry)?;
    let own = entry.optional(tag::SEQUENCE).ok_or_else(damaged("malformed extensions"))?;
    for Extension { identifier, mut value, .. } in of_sequence(own)? {
        if identifier == "2.5.29.21" && value.small_integer(tag::ENUMERATED).is_none() {
            let what = "has an entry with a malformed reason (extension 2.5.29.21, `reasonCode`)";
            return Err(Unread::new(what, "malformed reasonCode extension"));
        }
    }
    Ok(())
}
