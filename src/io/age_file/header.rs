//! What the header of an age file says without an identity.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};

use age::armor::ArmoredReader;

use super::{MAGIC, RECIPIENTS_STANZA, is_age};

/// Longest header that is read, in octets: room for hundreds of recipients.
const LONGEST: u64 = 128 * 1024;

const DAMAGED: &str = "is damaged or cut off";

const IN_CLEAR: &str = "holds a private key in clear, under a name that Git takes: \
                        rename it to `tls.key`, and make a new key if it was committed";

/// What the header of an age file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The recipients that mtlsgen recorded when it wrote the file.
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
        let mut lines = reader.split(b'\n');
        match lines.next() {
            Some(Ok(line)) if line == MAGIC.as_bytes() => {}
            Some(Err(_)) if is_age(octets) => return Err(DAMAGED),
            _ if is_in_clear(octets) => return Err(IN_CLEAR),
            _ => return Err("is not an age file"),
        }
        let mut header = Self::default();
        for line in lines {
            let line = line.map_err(|_| DAMAGED)?;
            if line.starts_with(b"---") {
                return Ok(header);
            }
            let line = str::from_utf8(&line).ok().filter(|line| is_printable(line));
            let line = line.ok_or("has a damaged header")?;
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
        Err(DAMAGED)
    }
}

/// Whether it is what should be inside.
fn is_in_clear(octets: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const LABEL: &[u8] = b"PRIVATE KEY-----";
    octets.trim_ascii_start().starts_with(BEGIN)
        && octets.windows(LABEL.len()).any(|part| part == LABEL)
}

/// Headers are ASCII without control characters; what they say is shown to people.
fn is_printable(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}
