//! What must not be seen in a diff: private keys become fingerprints, other secrets become marks.

use std::ops::Range;

use zeroize::Zeroizing;

use super::file_name::sha256_hex;
use crate::manifest::data;
use crate::yaml;
use crate::yaml::node::{Node, Value};
use crate::yaml::schema::Schema;

/// Starts what stands for a private key.
const FINGERPRINT: &str = "spki-sha256:";
/// What stands for a private key that cannot be read.
const UNREADABLE: &str = "unreadable";
/// Shortest text that can hide a key in base64.
const SHORTEST_BASE64: usize = 40;

/// What the text depends on that is not text.
pub struct Reader {
    /// Facts of each certificate of a PEM text, a line each.
    pub certificates: fn(&[u8]) -> Option<Vec<Vec<String>>>,
    /// SPKI hash in hexadecimal of the first private key of a PEM text.
    pub key: fn(&[u8]) -> Option<String>,
}

/// What a base64 text holds.
pub enum Content {
    /// Certificates and nothing else.
    Certificates,
    /// A private key: what stands for it.
    Key(String),
    /// Anything else.
    Other,
}

impl Reader {
    /// Fails closed: of the values of `data` and `stringData`, and of long base64 texts, only what is known stays. A text that
    /// is no YAML is hidden as a whole.
    pub fn hide_secrets(&self, text: &str) -> String {
        let Ok(documents) = yaml::documents(text, Schema::Kubectl) else {
            return mark(text) + "\n";
        };
        let mut hidden = Vec::new();
        for document in &documents {
            self.hide_below(&document.root, false, text, &mut hidden);
        }
        hidden.sort_unstable_by_key(|(range, _)| range.start);
        let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
        for (range, instead) in hidden {
            // What an alias names stands in one place.
            if range.start >= at {
                shown += &self.hide_outside(&text[at..range.start]);
                shown += &instead;
                at = range.end;
            }
        }
        shown + &self.hide_outside(&text[at..])
    }

    /// What stands for the scalars below a node that must not be seen, each with its place.
    fn hide_below(
        &self,
        node: &Node,
        is_secret: bool,
        text: &str,
        hidden: &mut Vec<(Range<usize>, String)>,
    ) {
        match &node.value {
            Value::Table(table) => {
                for (key, entry) in table.iter() {
                    let is_secret = is_secret || matches!(&**key, "data" | "stringData");
                    self.hide_below(&entry.node, is_secret, text, hidden);
                }
            }
            Value::List(items) => {
                for item in items {
                    self.hide_below(item, is_secret, text, hidden);
                }
            }
            Value::Scalar(_) => {
                let range = node.place.start as usize..node.place.end as usize;
                let written = &text[range.clone()];
                let value = node.as_str().unwrap_or(written);
                let instead =
                    if is_secret { self.value(value) } else { self.several_lines(written, value) };
                // A block scalar has the end of its last line.
                let end = if written.ends_with('\n') { "\n" } else { "" };
                hidden.extend(instead.map(|instead| (range, instead + end)));
            }
        }
    }

    /// What stands for a value of a Secret, unless it is known to be public.
    fn value(&self, value: &str) -> Option<String> {
        match self.content(value) {
            Content::Key(fingerprint) => Some(fingerprint),
            Content::Other if value.is_empty() => None,
            Content::Certificates => Some(value.to_owned()),
            Content::Other if is_fingerprint(value) => Some(value.to_owned()),
            Content::Other => Some(mark(value)),
        }
    }

    /// What stands for a text of several lines that has a key, or what may be one, once they are joined.
    fn several_lines(&self, written: &str, value: &str) -> Option<String> {
        if !written.contains('\n') {
            return None;
        }
        let joined: String = value.split_whitespace().collect();
        let is_hidden = value.contains("PRIVATE KEY") || self.hide_outside(&joined) != joined;
        is_hidden.then(|| mark(value))
    }

    /// Hides keys and long base64 texts in what is no value of a Secret.
    pub fn hide_outside(&self, text: &str) -> String {
        let text = self.hide_pem_keys(text);
        replace_base64(&text, |run| match self.content(run) {
            Content::Key(fingerprint) => Some(fingerprint),
            Content::Certificates => None,
            Content::Other => Some(mark(run)),
        })
    }

    /// Replaces private keys in clear text, to the end of the text where a key has no end.
    pub fn hide_pem_keys(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((start, end)) = pem_key(rest) {
            let plain: String = rest[start..end].lines().flat_map(|l| [l.trim(), "\n"]).collect();
            shown += &rest[..start];
            shown += &self.fingerprint(plain.as_bytes());
            rest = &rest[end..];
        }
        shown + rest
    }

    /// What a text holds, in base64 or in clear.
    pub fn content(&self, text: &str) -> Content {
        let octets = decode(text).unwrap_or_else(|| text.as_bytes().to_vec().into());
        let text = String::from_utf8_lossy(&octets);
        if text.contains("PRIVATE KEY") {
            return Content::Key(self.fingerprint(&octets));
        }
        if data::is_certificates(&text) { Content::Certificates } else { Content::Other }
    }

    fn fingerprint(&self, pem: &[u8]) -> String {
        match (self.key)(pem) {
            Some(hash) => format!("{FINGERPRINT}{hash}"),
            None => UNREADABLE.to_owned(),
        }
    }
}

/// First and last byte (exclusive) of the first private key in clear text.
fn pem_key(text: &str) -> Option<(usize, usize)> {
    let marker = text.find("PRIVATE KEY-----")?;
    let start = text[..marker].rfind("-----BEGIN ").unwrap_or(marker);
    let body = marker + "PRIVATE KEY-----".len();
    let end = text[body..].find("-----END ").map_or(text.len(), |at| {
        let end_line = body + at + "-----END ".len();
        text[end_line..].find("-----").map_or(text.len(), |at| end_line + at + 5)
    });
    Some((start, end))
}

fn is_fingerprint(text: &str) -> bool {
    let hash = text.strip_prefix(FINGERPRINT);
    text == UNREADABLE
        || hash.is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Says how long a hidden text is; 16 bits of its hash show that it changed and give nothing away.
fn mark(text: &str) -> String {
    let hash = sha256_hex(text.as_bytes());
    format!("[{} characters, {}]", text.chars().count(), &hash[..4])
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// Replaces long runs of base64 characters, and quotes that enclose one, by what `replacement` gives.
pub fn replace_base64(line: &str, mut replacement: impl FnMut(&str) -> Option<String>) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.bytes().position(is_base64) {
        let length = rest[start..].bytes().take_while(|b| is_base64(*b)).count();
        let (before, run) = (&rest[..start], &rest[start..start + length]);
        rest = &rest[start + length..];
        let so_far = &line[..line.len() - rest.len() - length];
        let long = length >= SHORTEST_BASE64 && !so_far.ends_with(FINGERPRINT);
        match long.then(|| replacement(run)).flatten() {
            None => shown.extend([before, run]),
            Some(new) if before.ends_with('"') && rest.starts_with('"') => {
                shown.extend([&before[..before.len() - 1], &new]);
                rest = &rest[1..];
            }
            Some(new) => shown.extend([before, &new]),
        }
    }
    shown + rest
}

/// The octets of a base64 text.
pub fn decode(base64: &str) -> Option<Zeroizing<Vec<u8>>> {
    data::decoded(base64, true)
}

#[cfg(test)]
pub mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::super::readable::Origin;
    use super::*;

    /// For tests.
    pub const READER: Reader = Reader {
        certificates: |pem| {
            let text = std::str::from_utf8(pem).ok()?;
            Some(vec![vec!["subject CN=a".to_owned()]; text.matches("BEGIN").count()])
        },
        key: |pem| {
            let body = std::str::from_utf8(pem).ok()?.lines().nth(1)?;
            (body != "broken").then(|| sha256_hex(body.as_bytes()))
        },
    };
    /// For tests.
    pub const KEY_BODY: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

    /// For tests.
    pub fn key_pem(body: &str) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    }

    /// For tests.
    pub fn certificate_base64() -> String {
        BASE64_STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    }

    /// For tests.
    pub fn fingerprint(body: &str) -> String {
        format!("{FINGERPRINT}{}", sha256_hex(body.as_bytes()))
    }

    #[test]
    fn keys_become_fingerprints_and_certificates_stay() {
        let (key, certificate) = (BASE64_STANDARD.encode(key_pem(KEY_BODY)), certificate_base64());
        let secret = |key: &str| {
            format!("kind: Secret\ndata:\n  tls.crt: {certificate}\n  tls.key: {key}\ntype: x\n")
        };
        let expected = secret(&fingerprint(KEY_BODY));
        assert_eq!(READER.hide_secrets(&secret(&key)), expected);
        assert_eq!(READER.hide_secrets(&secret(&format!("\"{key}\""))), expected, "quotes go");
        assert_eq!(READER.hide_secrets(&expected), expected, "a second time changes nothing");
    }

    #[test]
    fn a_key_that_cannot_be_read_is_said_to_be() {
        let key = BASE64_STANDARD.encode(key_pem("broken"));
        assert_eq!(
            READER.hide_secrets(&format!("data:\n  tls.key: {key}\n")),
            "data:\n  tls.key: unreadable\n"
        );
    }

    #[test]
    fn no_form_of_a_key_is_shown_in_a_sensitive_file() {
        let pem = key_pem(KEY_BODY);
        let base64 = BASE64_STANDARD.encode(&pem);
        let indented = pem.replace('\n', "\n    ");
        let pieces = base64.as_bytes().chunks(20).map(|part| std::str::from_utf8(part).unwrap());
        let folded = format!("    {}\n", pieces.collect::<Vec<_>>().join("\n    "));
        for text in [
            format!("data:\n  tls.key: {base64}\n"),
            format!("data: {{tls.key: {base64}}}\n"),
            format!("data:\n  tls.key: |\n{folded}"),
            format!("stringData:\n  tls.key: |\n    {indented}"),
            format!("stringData:\n  key: \"{}\"\n", pem.replace('\n', "\\n")),
            format!(
                "metadata:\n  annotations:\n    last: '{{\"data\":{{\"tls.key\":\"{base64}\"}}}}'\n"
            ),
            format!("# {base64}\n"),
            format!("x: >\n{folded}"),
            format!("data:\n- {base64}\n"),
            format!("  data:\n    raw: {KEY_BODY}\n"),
            format!("x: {KEY_BODY}\n"),
            pem.clone(),
            "-----BEGIN EC PRIVATE KEY-----\n".to_owned() + KEY_BODY,
            format!("PRIVATE KEY-----\n{KEY_BODY}"),
        ] {
            let hidden = READER.hide_secrets(&text);
            for shown in [&hidden, &READER.readable(&text, Origin::Sensitive)] {
                for piece in [&KEY_BODY[..24], &KEY_BODY[40..], &base64[40..59], &base64[80..99]] {
                    assert!(!shown.contains(piece), "{piece} of\n{text}in\n{shown}");
                }
            }
        }
    }

    #[test]
    fn other_secrets_are_hidden_but_their_changes_are_seen() {
        let secret =
            |value| READER.hide_secrets(&format!("data:\n  password: {value}\nkind: Secret\n"));
        assert_eq!(secret("aHVudGVyMg==").lines().count(), 3);
        assert!(!secret("aHVudGVyMg==").contains("aHVudGVyMg"));
        assert_ne!(secret("aHVudGVyMg=="), secret("aHVudGVyMw=="));
    }
}
