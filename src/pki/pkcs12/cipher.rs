//! Encryption by password: PBES2 (RFC 8018) and PKCS#12's own schemes (RFC 7292, appendix C).

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt as _, BlockModeEncrypt as _, InnerIvInit as _, KeyInit,
};
use des::TdesEde3;
use rc2::Rc2;
use x509_cert::der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::ber::{Element, NULL, OCTET_STRING, SEQUENCE, encode, encode_number, encode_oid};
use super::kdf::{Allowance, Derivation, Purpose, pseudorandom};
use super::password::Password;
use super::{Pkcs12Error, Profile, object_identifier as oid};

/// Rounds of key derivation: the password may be a person's.
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2>).
pub(super) const MODERN_ROUNDS: u32 = 600_000;
/// Rounds that old devices take.
pub(super) const COMPATIBLE_ROUNDS: u32 = 2048;

type Plain = Zeroizing<Vec<u8>>;

/// Decrypts what an `AlgorithmIdentifier` describes; also returns the algorithm's name.
pub(super) fn decrypt(
    algorithm: &Element<'_>,
    data: &[u8],
    password: &Password,
    allowance: &mut Allowance,
) -> Result<(Plain, &'static str), Pkcs12Error> {
    let mut fields = algorithm.fields(SEQUENCE)?;
    let scheme = fields.next()?.object_identifier()?;
    let parameters = fields.next()?;
    match scheme {
        oid::PBES2 => pbes2(&parameters, data, password, allowance),
        oid::PBE_SHA1_3DES => {
            let key = legacy_key(&parameters, password, 24, allowance)?;
            Ok((cbc_decrypt(TdesEde3::new_from_slice(&key.0).ok(), &key.1, data)?, "3DES-CBC"))
        }
        oid::PBE_SHA1_RC2_128 => {
            let key = legacy_key(&parameters, password, 16, allowance)?;
            Ok((
                cbc_decrypt(Some(Rc2::new_with_eff_key_len(&key.0, 128)), &key.1, data)?,
                "RC2-CBC with 128 bits",
            ))
        }
        oid::PBE_SHA1_RC2_40 => {
            let key = legacy_key(&parameters, password, 5, allowance)?;
            Ok((
                cbc_decrypt(Some(Rc2::new_with_eff_key_len(&key.0, 40)), &key.1, data)?,
                "RC2-CBC with 40 bits",
            ))
        }
        other => Err(Pkcs12Error::Unsupported(format!("the encryption scheme `{other}`"))),
    }
}

/// Key and initialization vector of PKCS#12's own schemes.
fn legacy_key(
    parameters: &Element<'_>,
    password: &Password,
    length: usize,
    allowance: &mut Allowance,
) -> Result<(Plain, Plain), Pkcs12Error> {
    let mut fields = parameters.fields(SEQUENCE)?;
    let salt = fields.next()?.octets()?.to_vec();
    let derivation = Derivation::asked(salt, fields.next()?.number()?, allowance)?;
    let password = password.utf16();
    let derive =
        |purpose, length| derivation.pkcs12(&SHA1_FOR_LEGACY_USE_ONLY, &password, purpose, length);
    Ok((derive(Purpose::Encryption, length), derive(Purpose::InitializationVector, 8)))
}

fn pbes2(
    parameters: &Element<'_>,
    data: &[u8],
    password: &Password,
    allowance: &mut Allowance,
) -> Result<(Plain, &'static str), Pkcs12Error> {
    let mut fields = parameters.fields(SEQUENCE)?;
    let (function, cipher) = (fields.next()?, fields.next()?);
    let mut cipher = cipher.fields(SEQUENCE)?;
    let named = cipher.next()?.object_identifier()?;
    let vector = cipher.next()?.octets()?;
    let (length, name) = match named {
        oid::AES_128_CBC => (16, "AES-128-CBC"),
        oid::AES_192_CBC => (24, "AES-192-CBC"),
        oid::AES_256_CBC => (32, "AES-256-CBC"),
        oid::TRIPLE_DES_CBC => (24, "3DES-CBC"),
        other => return Err(Pkcs12Error::Unsupported(format!("the cipher `{other}`"))),
    };
    let key = pbkdf2(&function, password, length, allowance)?;
    let plain = if named == oid::TRIPLE_DES_CBC {
        cbc_decrypt(TdesEde3::new_from_slice(&key).ok(), &vector, data)?
    } else {
        aes_decrypt(&key, &vector, data)?
    };
    Ok((plain, name))
}

/// The key that PBKDF2 derives as an `AlgorithmIdentifier` describes.
pub(super) fn pbkdf2(
    function: &Element<'_>,
    password: &Password,
    length: usize,
    allowance: &mut Allowance,
) -> Result<Plain, Pkcs12Error> {
    let mut fields = function.fields(SEQUENCE)?;
    match fields.next()?.object_identifier()? {
        oid::PBKDF2 => {}
        other => return Err(Pkcs12Error::Unsupported(format!("the key derivation `{other}`"))),
    }
    let mut parameters = fields.next()?.fields(SEQUENCE)?;
    let salt = parameters.next()?.octets()?.to_vec();
    let derivation = Derivation::asked(salt, parameters.next()?.number()?, allowance)?;
    let mut next = parameters.optional()?;
    if next.is_some_and(|field| field.tag != SEQUENCE) {
        // keyLength: the cipher says it as well.
        next = parameters.optional()?;
    }
    let function = match next {
        Some(named) => named.fields(SEQUENCE)?.next()?.object_identifier()?,
        None => oid::HMAC_SHA1,
    };
    Ok(derivation.pbkdf2(pseudorandom(function)?, password.utf8(), length))
}

pub(super) fn aes_decrypt(key: &[u8], vector: &[u8], data: &[u8]) -> Result<Plain, Pkcs12Error> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    let vector = <[u8; 16]>::try_from(vector)
        .map_err(|_| Pkcs12Error::Malformed("an initialization vector of a wrong length"))?;
    let wrong = |_| Pkcs12Error::WrongPassword;
    let key = UnboundCipherKey::new(algorithm, key).map_err(wrong)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(wrong)?;
    let mut plain = Zeroizing::new(data.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    let length = key.decrypt(&mut plain, context).map_err(wrong)?.len();
    plain.truncate(length);
    Ok(plain)
}

pub(super) fn cbc_decrypt<C: BlockCipherDecrypt>(
    cipher: Option<C>,
    vector: &[u8],
    data: &[u8],
) -> Result<Plain, Pkcs12Error> {
    let cipher = cipher.and_then(|cipher| cbc::Decryptor::inner_iv_slice_init(cipher, vector).ok());
    let cipher =
        cipher.ok_or(Pkcs12Error::Malformed("an initialization vector of a wrong length"))?;
    let mut plain = Zeroizing::new(data.to_vec());
    let length =
        cipher.decrypt_padded::<Pkcs7>(&mut plain).map_err(|_| Pkcs12Error::WrongPassword)?.len();
    plain.truncate(length);
    Ok(plain)
}

/// Encrypts by password: the DER of the `AlgorithmIdentifier`, and what is encrypted.
pub(super) fn encrypt(
    profile: Profile,
    plain: &[u8],
    password: &Password,
    random: &mut dyn FnMut(&mut [u8]),
) -> (Plain, Vec<u8>) {
    match profile {
        Profile::Modern => encrypt_modern(plain, password, random),
        Profile::Compatible => encrypt_compatible(plain, password, random),
    }
}

fn encrypt_modern(
    plain: &[u8],
    password: &Password,
    random: &mut dyn FnMut(&mut [u8]),
) -> (Plain, Vec<u8>) {
    let (mut salt, mut vector) = ([0; 16], [0; 16]);
    random(&mut salt);
    random(&mut vector);
    let parameters = encode(
        SEQUENCE,
        &[
            &encode(OCTET_STRING, &[&salt]),
            &encode_number(MODERN_ROUNDS),
            &identifier(oid::HMAC_SHA256, &encode(NULL, &[])),
        ],
    );
    let function = identifier(oid::PBKDF2, &parameters);
    let cipher = identifier(oid::AES_256_CBC, &encode(OCTET_STRING, &[&vector]));
    let algorithm = identifier(oid::PBES2, &encode(SEQUENCE, &[&function, &cipher]));
    let derivation =
        Derivation::new(salt.to_vec(), MODERN_ROUNDS).expect("rounds within the limit");
    let key = derivation.pbkdf2(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256, password.utf8(), 32);
    let mut data = reserved(plain);
    UnboundCipherKey::new(&AES_256, &key)
        .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
        .and_then(|key| {
            let context = EncryptionContext::Iv128(FixedLength::from(vector));
            key.less_safe_encrypt(&mut data, context)
        })
        .expect("aws-lc takes a key of 32 octets and any text");
    (algorithm, data)
}

fn encrypt_compatible(
    plain: &[u8],
    password: &Password,
    random: &mut dyn FnMut(&mut [u8]),
) -> (Plain, Vec<u8>) {
    let mut salt = [0; 8];
    random(&mut salt);
    let parameters =
        encode(SEQUENCE, &[&encode(OCTET_STRING, &[&salt]), &encode_number(COMPATIBLE_ROUNDS)]);
    let algorithm = identifier(oid::PBE_SHA1_3DES, &parameters);
    let parameters = Element::read(&parameters).expect("what was encoded can be read");
    let (key, vector) = legacy_key(&parameters, password, 24, &mut Allowance::new())
        .expect("what was encoded can be read");
    let cipher = TdesEde3::new_from_slice(&key).expect("a key of 24 octets");
    let cipher =
        cbc::Encryptor::inner_iv_slice_init(cipher, &vector).expect("a vector of 8 octets");
    let mut data = reserved(plain);
    data.resize(plain.len() + 8, 0);
    let length = cipher
        .encrypt_padded::<Pkcs7>(&mut data, plain.len())
        .expect("there is room for the padding")
        .len();
    data.truncate(length);
    (algorithm, data)
}

/// A copy with room for the padding, so that no unwiped copy is left behind by growing.
fn reserved(plain: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(plain.len() + 16);
    data.extend_from_slice(plain);
    data
}

/// DER of an `AlgorithmIdentifier`.
pub(super) fn identifier(algorithm: ObjectIdentifier, parameters: &[u8]) -> Plain {
    encode(SEQUENCE, &[&encode_oid(algorithm), parameters])
}
