//! Private keys in files of their own that a password protects.

use cbc::cipher::KeyInit as _;
use des::TdesEde3;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::Pkcs12Error;
use super::ber::{Element, SEQUENCE};
use super::cipher::{self, aes_decrypt, cbc_decrypt};
use super::kdf::Allowance;
use super::password::Password;
use crate::pki::key::{KeyError, PrivateKey};

/// Opens a PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958, section 3).
///
/// # Errors
/// The password is another one, or the file is damaged or uses what is not known here.
pub fn decrypt_key(
    octets: &[u8],
    password: &Password,
) -> Result<Result<PrivateKey, KeyError>, Pkcs12Error> {
    let mut fields = Element::read(octets)?.fields(SEQUENCE)?;
    let (algorithm, data) = (fields.next()?, fields.next()?);
    let (plain, _) = cipher::decrypt(&algorithm, &data.octets()?, password, &mut Allowance::new())?;
    match PrivateKey::from_pkcs8(&plain) {
        // The padding of a wrong key is right once in 256 times.
        Err(KeyError::Malformed(_)) => Err(Pkcs12Error::WrongPassword),
        key => Ok(key),
    }
}

/// Decrypts what follows `DEK-Info: CIPHER,IV` (RFC 1421), with the key that OpenSSL derives: one round of MD5
/// over password and the first eight octets of the vector (`EVP_BytesToKey`).
///
/// # Errors
/// As [`decrypt_key`].
pub(in crate::pki) fn decrypt_traditional(
    encryption: &[u8],
    data: &[u8],
    password: &Password,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let text = str::from_utf8(encryption).unwrap_or_default();
    let (name, vector) = text.split_once(',').unwrap_or((text, ""));
    let length = match name {
        "DES-EDE3-CBC" | "AES-192-CBC" => 24,
        "AES-128-CBC" => 16,
        "AES-256-CBC" => 32,
        other => return Err(Pkcs12Error::Unsupported(format!("the cipher `{other}`"))),
    };
    let vector = octets(vector.trim())
        .filter(|vector| vector.len() >= 8)
        .ok_or(Pkcs12Error::Malformed("its initialization vector"))?;
    let key = derived(password.utf8(), &vector[..8], length);
    if name == "DES-EDE3-CBC" {
        cbc_decrypt(TdesEde3::new_from_slice(&key).ok(), &vector, data)
    } else {
        aes_decrypt(&key, &vector, data)
    }
}

fn derived(password: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut last = Zeroizing::new(Vec::new());
    while key.len() < length {
        let mut digest = Md5::new();
        digest.update(&*last);
        digest.update(password);
        digest.update(salt);
        last = Zeroizing::new(digest.finalize().to_vec());
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    key
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::Bench;
    use crate::pki::pem;

    fn opened(text: &[u8], password: &str) -> Result<Result<PrivateKey, KeyError>, Pkcs12Error> {
        let password = Password::of_line(password.as_bytes()).unwrap();
        let block = pem::blocks(text).next().unwrap().unwrap();
        PrivateKey::from_encrypted_block(&block, &password)
    }

    #[test]
    fn encrypted_keys_of_openssl_open_with_their_password_alone() {
        let bench = Bench::new();
        bench.openssl("genrsa -out plain.pem 2048").unwrap();
        let expected = PrivateKey::from_pem(&bench.read("plain.pem")).unwrap().spki_hash();
        for command in [
            "pkey -in plain.pem -aes256 -passout pass:geheim -out key.pem",
            "pkcs8 -topk8 -in plain.pem -v2 aes-128-cbc -v2prf hmacWithSHA512 -passout pass:geheim -out key.pem",
            "pkcs8 -topk8 -in plain.pem -v2 des3 -passout pass:geheim -out key.pem",
            "pkcs8 -topk8 -in plain.pem -v1 PBE-SHA1-3DES -passout pass:geheim -out key.pem",
            "rsa -in plain.pem -traditional -aes128 -passout pass:geheim -out key.pem",
            "rsa -in plain.pem -traditional -aes192 -passout pass:geheim -out key.pem",
            "rsa -in plain.pem -traditional -aes256 -passout pass:geheim -out key.pem",
            "rsa -in plain.pem -traditional -des3 -passout pass:geheim -out key.pem",
        ] {
            bench.openssl(command).unwrap();
            let text = bench.read("key.pem");
            assert_eq!(PrivateKey::from_pem(&text).unwrap_err(), KeyError::Encrypted, "{command}");
            assert_eq!(
                opened(&text, "geheim").unwrap().unwrap().spki_hash(),
                expected,
                "{command}"
            );
            assert_eq!(
                opened(&text, "other").unwrap_err(),
                Pkcs12Error::WrongPassword,
                "{command}"
            );
        }
    }

    #[test]
    fn unknown_ciphers_are_named() {
        let text = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: IDEA-CBC,0011223344556677\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        let error = opened(text, "x").unwrap_err().to_string();
        assert!(error.contains("IDEA-CBC"), "{error}");
    }
}
