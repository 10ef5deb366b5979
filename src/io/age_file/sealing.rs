//! Makes age files that name their recipients.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write as _};

use age::armor::{ArmoredWriter, Format};
use age::x25519::Recipient;
use age::{EncryptError, Encryptor};
use age_core::format::{FileKey, Stanza};

use super::header::Header;
use super::{MAGIC, RECIPIENTS_STANZA};

/// The recipients of sealed files: X25519 keys, in the order of their texts.
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
    /// There are no recipients.
    #[must_use]
    pub fn seal(&self, plain: &[u8]) -> String {
        assert!(!self.is_empty(), "sealing is for recipients");
        let keys = self.keys.iter().map(|key| -> &dyn age::Recipient { key });
        let names = Names(&self.texts);
        let encryptor = Encryptor::with_recipients(keys.chain([&names as &dyn age::Recipient]))
            .expect("X25519 wraps any key, and the names stanza accepts that");
        armored(|output| {
            let mut file = encryptor.wrap_output(output)?;
            file.write_all(plain)?;
            file.finish()
        })
    }
}

/// Writes the texts of all recipients into the header.
struct Names<'a>(&'a BTreeSet<String>);

impl age::Recipient for Names<'_> {
    fn wrap_file_key(&self, _: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let args = self.0.iter().cloned().collect();
        let names = Stanza { tag: RECIPIENTS_STANZA.to_owned(), args, body: Vec::new() };
        Ok((vec![names], HashSet::new()))
    }
}

/// An age file as armored text, whether it is that or binary.
///
/// # Errors
/// What is wrong, as the end of a sentence that starts with the file.
pub fn to_armored(file: &[u8]) -> Result<String, &'static str> {
    Header::read(file)?;
    if file.starts_with(MAGIC.as_bytes()) {
        return Ok(armored(|mut output| output.write_all(file).map(|()| output)));
    }
    String::from_utf8(file.to_vec()).map_err(|_| "is not UTF-8")
}

type Armor = ArmoredWriter<Vec<u8>>;

fn armored(write: impl FnOnce(Armor) -> io::Result<Armor>) -> String {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor);
    let text = armor.and_then(write).and_then(ArmoredWriter::finish);
    String::from_utf8(text.expect("a Vec takes everything")).expect("armor is ASCII")
}
