//! Puts an age file together, with the plain text in one buffer that becomes the cipher text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use age::Recipient as _;
use age::x25519::Recipient;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret as _;
use aws_lc_rs::{aead, hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::header::Header;
use super::{ARMOR_BEGIN, ARMOR_END, MAGIC, RECIPIENTS_STANZA};
use crate::io::entropy;

/// Characters of a line of base64, in stanzas and in armor.
const COLUMNS: usize = 64;
/// The nonce of the first piece of a payload that is also the last; keys fit in one of 64 KiB.
const ONLY_PIECE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// Most octets of a piece.
const PIECE: usize = 64 * 1024;

/// Whom files are sealed for: X25519 keys, in the order of their texts.
#[derive(Clone, Default)]
pub struct Recipients {
    texts: BTreeSet<String>,
    keys: Vec<Recipient>,
}

impl Recipients {
    /// The recipients with these texts (`age1…`), each once; those that are none are passed over.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let keys = texts.into_iter().filter_map(|text| text.parse::<Recipient>().ok());
        let mut keys: Vec<(String, Recipient)> = keys.map(|key| (key.to_string(), key)).collect();
        keys.sort_by(|(one, _), (other, _)| one.cmp(other));
        keys.dedup_by(|(one, _), (other, _)| one == other);
        let texts = keys.iter().map(|(text, _)| text.clone()).collect();
        Self { texts, keys: keys.into_iter().map(|(_, key)| key).collect() }
    }

    /// Their texts.
    #[must_use]
    pub fn texts(&self) -> &BTreeSet<String> {
        &self.texts
    }

    /// Whether there are none: then nothing is sealed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// An armored age file of `plain`, which each of these recipients can open. It names them.
    ///
    /// # Panics
    /// There are no recipients, or `plain` is longer than 64 KiB.
    #[must_use]
    pub fn seal(&self, plain: &[u8]) -> String {
        assert!(!self.is_empty(), "sealing is for recipients");
        assert!(plain.len() <= PIECE, "keys are short");
        let file_key = FileKey::init_with_mut(|octets| entropy::fill(octets));
        let mut file = self.header(&file_key).into_bytes();
        file.extend_from_slice(&payload(&file_key, plain));
        armored(&file)
    }

    fn header(&self, file_key: &FileKey) -> String {
        let mut header = format!("{MAGIC}\n");
        for recipient in &self.keys {
            let wrapped = recipient.wrap_file_key(file_key);
            let (stanzas, _) = wrapped.expect("X25519 wraps whatever it is given");
            for stanza in &stanzas {
                write_stanza(&mut header, stanza);
            }
        }
        let names = Stanza {
            tag: RECIPIENTS_STANZA.to_owned(),
            args: self.texts.iter().cloned().collect(),
            body: Vec::new(),
        };
        write_stanza(&mut header, &names);
        header.push_str("---");
        let key = derived(&[], b"header", file_key);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*key), header.as_bytes());
        let _ = writeln!(header, " {}", STANDARD_NO_PAD.encode(tag));
        header
    }
}

/// A line of arguments, then the body in lines of which the last is not full.
fn write_stanza(header: &mut String, stanza: &Stanza) {
    let _ = write!(header, "-> {}", stanza.tag);
    for argument in &stanza.args {
        let _ = write!(header, " {argument}");
    }
    let body = STANDARD_NO_PAD.encode(&stanza.body);
    let mut rest = body.as_str();
    while rest.len() >= COLUMNS {
        let (line, after) = rest.split_at(COLUMNS);
        let _ = write!(header, "\n{line}");
        rest = after;
    }
    let _ = writeln!(header, "\n{rest}");
}

/// A nonce, and the one piece that `plain` makes: encrypted where it lies.
fn payload(file_key: &FileKey, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 16];
    entropy::fill(&mut nonce);
    let key = derived(&nonce, b"payload", file_key);
    let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, &*key)
        .expect("the key has the length of the algorithm's");
    let mut sealed = Zeroizing::new(Vec::with_capacity(plain.len()));
    sealed.extend_from_slice(plain);
    let tag = aead::LessSafeKey::new(key)
        .seal_in_place_separate_tag(
            aead::Nonce::assume_unique_for_key(ONLY_PIECE),
            aead::Aad::empty(),
            &mut sealed,
        )
        .expect("a piece is short enough");
    [&nonce[..], &sealed, tag.as_ref()].concat()
}

/// A key of 32 octets that HKDF (RFC 5869) with SHA-256 makes of the file key.
fn derived(salt: &[u8], info: &[u8], file_key: &FileKey) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(file_key.expose_secret())
        .expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut *key))
        .expect("HKDF gives 32 octets");
    key
}

/// An age file as armored text, whether it is that or binary.
///
/// # Errors
/// What is wrong, as the end of a sentence that starts with the file.
pub fn to_armored(file: &[u8]) -> Result<String, &'static str> {
    Header::read(file)?;
    if file.starts_with(MAGIC.as_bytes()) {
        return Ok(armored(file));
    }
    String::from_utf8(file.to_vec()).map_err(|_| "is not UTF-8")
}

fn armored(file: &[u8]) -> String {
    let text = STANDARD.encode(file);
    let mut armored = String::with_capacity(text.len() + text.len() / COLUMNS + 80);
    armored.push_str(ARMOR_BEGIN);
    armored.push('\n');
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(COLUMNS.min(rest.len()));
        armored.push_str(line);
        armored.push('\n');
        rest = after;
    }
    armored.push_str(ARMOR_END);
    armored.push('\n');
    armored
}
