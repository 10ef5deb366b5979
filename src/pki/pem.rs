//! PEM in and out (RFC 7468): any text may be around and between the blocks.

use std::fmt;

use base64::Engine;
use x509_cert::der::pem::{LineEnding, encode_string};
use zeroize::Zeroizing;

use crate::octets::PADDED_OR_NOT as BASE64;

/// Characters in a line (RFC 7468, section 2).
const LINE: usize = 64;

/// One block between a `BEGIN` and an `END` line.
pub(crate) struct Block<'a> {
    /// The label after `BEGIN`, such as `CERTIFICATE`.
    pub(crate) label: &'a str,
    /// Number of its `BEGIN` line, from one.
    pub(crate) line: usize,
    /// Whether a header (RFC 1421) says that the content is encrypted.
    pub(crate) encrypted: bool,
    /// How it is encrypted, if a header says so: the cipher, a comma, the initialization vector in hexadecimal.
    pub(crate) encryption: Option<&'a [u8]>,
    /// Lines of the content.
    content: Vec<&'a [u8]>,
}

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PemError {
    /// The `END` line is missing.
    Unclosed {
        /// The label after `BEGIN`.
        label: String,
        /// Number of the `BEGIN` line, from one.
        line: usize,
    },
    /// The text between is not Base64.
    NotBase64 {
        /// The label after `BEGIN`.
        label: String,
        /// Number of the `BEGIN` line, from one.
        line: usize,
    },
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed { label, line } => {
                write!(f, "the block `BEGIN {label}` on line {line} has no `END {label}`")
            }
            Self::NotBase64 { label, line } => {
                write!(f, "the block `BEGIN {label}` on line {line} is not Base64")
            }
        }
    }
}

/// Iterates over the blocks of a text with any line ends, with any text around them.
pub(crate) fn blocks(pem: &[u8]) -> impl Iterator<Item = Result<Block<'_>, PemError>> {
    let mut lines = lines(pem).peekable();
    std::iter::from_fn(move || {
        let (line, label) = lines.find_map(|(line, text)| Some((line, begin(text)?)))?;
        let mut block =
            Block { label, line, encrypted: false, encryption: None, content: Vec::new() };
        // What begins before this one ends is another one.
        while let Some((_, text)) = lines.next_if(|(_, text)| begin(text).is_none()) {
            if end(text) == Some(label) {
                return Some(Ok(block));
            }
            block.add(text);
        }
        Some(Err(PemError::Unclosed { label: label.to_owned(), line }))
    })
}

/// Lines with their numbers from one, without blanks and a byte order mark around them.
fn lines(pem: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let pem = pem.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(pem);
    pem.split(|octet| *octet == b'\n')
        .enumerate()
        .flat_map(|(index, line)| {
            line.split(|octet| *octet == b'\r').map(move |part| (index + 1, part))
        })
        .map(|(number, line)| (number, line.trim_ascii()))
}

fn begin(line: &[u8]) -> Option<&str> {
    boundary(line, b"-----BEGIN ")
}

fn end(line: &[u8]) -> Option<&str> {
    boundary(line, b"-----END ")
}

fn boundary<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    std::str::from_utf8(line.strip_prefix(start)?.strip_suffix(b"-----")?).ok()
}

impl<'a> Block<'a> {
    fn add(&mut self, line: &'a [u8]) {
        if let Some(at) = line.iter().position(|octet| *octet == b':') {
            let (name, value) = (&line[..at], line[at + 1..].trim_ascii());
            self.encrypted |= name == b"Proc-Type" && value.ends_with(b"ENCRYPTED");
            if name == b"DEK-Info" {
                self.encryption = Some(value);
            }
        } else if !line.is_empty() {
            self.content.push(line);
        }
    }

    /// Decodes the content; it is wiped when dropped.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        // Reserved at once, so that no unwiped copy is left behind by growing.
        let mut text =
            Zeroizing::new(Vec::with_capacity(self.content.iter().map(|line| line.len()).sum()));
        for line in &self.content {
            if line.iter().any(u8::is_ascii_whitespace) {
                text.extend(line.iter().filter(|octet| !octet.is_ascii_whitespace()));
            } else {
                text.extend_from_slice(line);
            }
        }
        let wrong = || PemError::NotBase64 { label: self.label.to_owned(), line: self.line };
        let mut der = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
        let length = BASE64.decode_slice(text.as_slice(), &mut der).map_err(|_| wrong())?;
        der.truncate(length);
        if der.is_empty() { Err(wrong()) } else { Ok(der) }
    }
}

/// Encodes one block: lines of 64 characters, LF line ends, LF at the end. The time that it takes
/// does not depend on the content, which may be secret.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der)
        .expect("the labels are ours, and what is encoded is far below the limit of 256 MiB")
}

/// Encodes one block that is public, in a fraction of the time of [`encode`].
pub(crate) fn encode_public(label: &str, der: &[u8]) -> String {
    let base64 = BASE64.encode(der);
    let lines = base64.len().div_ceil(LINE);
    let mut text = String::with_capacity(base64.len() + lines + 2 * label.len() + 32);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(LINE));
        text.extend([line, "\n"]);
        rest = next;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pem: &str) -> Vec<Result<(String, Vec<u8>), PemError>> {
        blocks(pem.as_bytes())
            .map(|block| {
                block.and_then(|block| Ok((block.label.to_owned(), block.decode()?.to_vec())))
            })
            .collect()
    }

    #[test]
    fn what_is_encoded_is_read_with_any_text_around_it() {
        let content = [7; 100];
        let pem = encode("X", &content);
        assert!(pem.ends_with("-----END X-----\n") && pem.lines().all(|line| line.len() <= 64));
        let around = [
            pem.clone(),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', "\r"),
            format!("\u{feff}{pem}"),
            format!("subject=CN = a\nBag Attributes: 1\n  {}\ntext", pem.replace('\n', "  \n\n ")),
            pem.replacen('\n', "\nComment: with a colon\n\n", 1),
        ];
        for text in around {
            assert_eq!(read(&text), [Ok(("X".to_owned(), content.to_vec()))], "{text:?}");
        }
    }

    #[test]
    fn public_blocks_are_encoded_alike() {
        for length in 1..200 {
            let content: Vec<u8> = (0..length).map(|octet: u8| octet.wrapping_mul(3)).collect();
            assert_eq!(encode_public("X", &content), encode("X", &content), "{length}");
        }
    }

    #[test]
    fn faults_name_the_block_and_its_line() {
        let text = "\n-----BEGIN A-----\nAAAA\n-----BEGIN B-----\n!\n-----END B-----\n-----BEGIN C-----\n-----END D-----";
        let faults: Vec<String> =
            read(text).into_iter().map(|block| block.unwrap_err().to_string()).collect();
        assert_eq!(faults[0], "the block `BEGIN A` on line 2 has no `END A`");
        assert_eq!(faults.last().unwrap(), "the block `BEGIN C` on line 7 has no `END C`");
    }

    #[test]
    fn headers_of_encrypted_keys_are_seen() {
        let text = "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END K-----";
        assert!(blocks(text.as_bytes()).next().unwrap().unwrap().encrypted);
    }
}
