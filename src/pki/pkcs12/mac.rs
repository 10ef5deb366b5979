//! What protects a whole file from changes (RFC 7292, section 4; PBMAC1: RFC 9579).

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::ber::{Element, NULL, OCTET_STRING, SEQUENCE, encode, encode_number};
use super::cipher::{COMPATIBLE_ROUNDS, MODERN_ROUNDS, identifier, pbkdf2};
use super::kdf::{Allowance, Derivation, Purpose, hash};
use super::password::Password;
use super::{Pkcs12Error, Profile, object_identifier as oid};

/// Octets of the salt.
const SALT: usize = 16;
/// The same for old programs: macOS refuses longer ones as a wrong password.
const COMPATIBLE_SALT: usize = 8;

/// Checks `content` against a `MacData`; returns the name of the hash function.
pub(super) fn verify(
    mac_data: &Element<'_>,
    content: &[u8],
    password: &Password,
    allowance: &mut Allowance,
) -> Result<String, Pkcs12Error> {
    let mut fields = mac_data.fields(SEQUENCE)?;
    let mut info = fields.next()?.fields(SEQUENCE)?;
    let (algorithm, expected) = (info.next()?, info.next()?.octets()?);
    let salt = fields.next()?.octets()?.to_vec();
    let rounds = fields.optional()?.map_or(Ok(1), |rounds| rounds.number())?;
    let mut algorithm = algorithm.fields(SEQUENCE)?;
    let named = algorithm.next()?.object_identifier()?;
    if named == oid::PBMAC1 {
        return pbmac1(&algorithm.next()?, &expected, content, password, allowance);
    }
    let (digest, name) = hash(named)?;
    let derivation = Derivation::asked(salt, rounds, allowance)?;
    let utf16 = password.utf16();
    // Some write the empty password without its terminator.
    let spellings: &[&[u8]] = if utf16.len() == 2 { &[&utf16, &[]] } else { &[&utf16] };
    let fits = |password: &&[u8]| {
        let key = derivation.pkcs12(digest, password, Purpose::Mac, digest.output_len());
        hmac::verify(&hmac::Key::new(function(name), &key), content, &expected).is_ok()
    };
    if spellings.iter().any(fits) { Ok(name.to_owned()) } else { Err(Pkcs12Error::WrongPassword) }
}

fn pbmac1(
    parameters: &Element<'_>,
    expected: &[u8],
    content: &[u8],
    password: &Password,
    allowance: &mut Allowance,
) -> Result<String, Pkcs12Error> {
    let mut fields = parameters.fields(SEQUENCE)?;
    let (derivation, scheme) = (fields.next()?, fields.next()?);
    let (name, length) = match scheme.fields(SEQUENCE)?.next()?.object_identifier()? {
        oid::HMAC_SHA256 => ("SHA-256", 32),
        oid::HMAC_SHA384 => ("SHA-384", 48),
        oid::HMAC_SHA512 => ("SHA-512", 64),
        other => return Err(Pkcs12Error::Unsupported(format!("PBMAC1 with `{other}`"))),
    };
    let key = hmac::Key::new(function(name), &pbkdf2(&derivation, password, length, allowance)?);
    match hmac::verify(&key, content, expected) {
        Ok(()) => Ok(format!("{name} (PBMAC1)")),
        Err(_) => Err(Pkcs12Error::WrongPassword),
    }
}

/// HMAC with the hash function of that name.
fn function(name: &str) -> hmac::Algorithm {
    match name {
        "SHA-1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "SHA-384" => hmac::HMAC_SHA384,
        "SHA-512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

/// The DER of a `MacData` over `content`.
pub(super) fn compute(
    profile: Profile,
    content: &[u8],
    password: &Password,
    random: &mut dyn FnMut(&mut [u8]),
) -> Zeroizing<Vec<u8>> {
    let (named, rounds, length) = match profile {
        Profile::Modern => (oid::SHA256, MODERN_ROUNDS, SALT),
        Profile::Compatible => (oid::SHA1, COMPATIBLE_ROUNDS, COMPATIBLE_SALT),
    };
    let (digest, name) = hash(named).expect("both hash functions are known");
    let mut salt = vec![0; length];
    random(&mut salt);
    let derivation = Derivation::new(salt.clone(), rounds).expect("rounds within the limit");
    let key = derivation.pkcs12(digest, &password.utf16(), Purpose::Mac, digest.output_len());
    let sum = hmac::sign(&hmac::Key::new(function(name), &key), content);
    let info = encode(
        SEQUENCE,
        &[&identifier(named, &encode(NULL, &[])), &encode(OCTET_STRING, &[sum.as_ref()])],
    );
    encode(SEQUENCE, &[&info, &encode(OCTET_STRING, &[&salt]), &encode_number(rounds)])
}
