//! What the header of an age file tells without an identity.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};

use age::armor::ArmoredReader;

use super::{MAGIC, RECIPIENTS_STANZA};

/// Longest header that is read, in octets: room for hundreds of recipients.
const LONGEST: u64 = 128 * 1024;

/// What the header of an age file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The recipients that whoever wrote the file with mtlsgen recorded.
    pub recorded: Option<BTreeSet<String>>,
    /// Whether the file is sealed with a passphrase.
    pub by_passphrase: bool,
}

impl Header {
    /// Reads the header, which need not be genuine: only who opens the file knows.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that starts with the file.
    pub fn read(octets: &[u8]) -> Result<Self, &'static str> {
        let reader = BufReader::new(ArmoredReader::new(octets).take(LONGEST));
        let mut lines = reader.split(b'\n').map_while(Result::ok);
        if lines.next().as_deref() != Some(MAGIC.as_bytes()) {
            return Err("is not an age file");
        }
        let mut header = Self::default();
        for line in lines {
            if line.starts_with(b"---") {
                return Ok(header);
            }
            let line = str::from_utf8(&line).map_err(|_| "has a damaged header")?;
            let Some(stanza) = line.strip_prefix("-> ") else { continue };
            let mut words = stanza.split(' ');
            match words.next() {
                Some("scrypt") => header.by_passphrase = true,
                Some(RECIPIENTS_STANZA) => {
                    header.recorded = Some(words.map(str::to_owned).collect());
                }
                _ => {}
            }
        }
        Err("ends within its header")
    }
}
