//! What must not be seen in a diff: private keys become fingerprints, other secrets become marks.

use std::ops::Range;

use zeroize::Zeroizing;

use super::file_name::sha256_hex;
use super::layout::GENERATED;
use crate::manifest::data::{self, PublicPem};
use crate::yaml;
use crate::yaml::node::{Node, Place, Value};
use crate::yaml::schema::Schema;

/// Prefix of the replacement of a private key.
const FINGERPRINT: &str = "spki-sha256:";
/// The replacement of a private key that cannot be read.
const UNREADABLE: &str = "unreadable";
/// Shortest text that can hide a key in base64.
const SHORTEST_BASE64: usize = 40;

/// A line for each fact, of each certificate or list.
pub type Facts = Vec<Vec<String>>;

/// What the text depends on that is not text.
pub struct Reader {
    /// Facts of each certificate or list of a PEM text, a line each.
    pub facts: fn(PublicPem, &[u8]) -> Option<Facts>,
    /// SPKI hash in hexadecimal of the first private key of a PEM text.
    pub key: fn(&[u8]) -> Option<String>,
}

/// What a base64 text holds.
pub enum Content {
    /// Certificates or revocation lists, and nothing else.
    Public(PublicPem),
    /// A private key: its replacement.
    Key(String),
    /// Anything else.
    Other,
}

/// Scalars and keys of a text, each with its replacement.
struct Shown<'a> {
    text: &'a str,
    parts: Vec<(Range<usize>, String)>,
}

impl Reader {
    /// Fails closed: of the values of `data` and `stringData`, of comments, and of long base64 texts, only what is known stays.
    /// A text that is not YAML is hidden as a whole.
    pub fn hide_secrets(&self, text: &str) -> String {
        let Ok(documents) = yaml::documents(text, Schema::Kubectl) else {
            return mark(text) + "\n";
        };
        let mut shown = Shown { text, parts: Vec::new() };
        for document in &documents {
            self.node(&document.root, None, &mut shown);
        }
        let mut parts = shown.parts;
        parts.sort_by_key(|(range, _)| range.start);
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for (range, part) in parts {
            // What an alias names is in one place.
            if range.start >= at {
                out += &between(&text[at..range.start], at == 0);
                out += &part;
                at = range.end;
            }
        }
        out + &between(&text[at..], at == 0)
    }

    /// A value; `depth` counts the tables and lists around it below `data` and `stringData`.
    fn node(&self, node: &Node, depth: Option<usize>, shown: &mut Shown<'_>) {
        let below = depth.map(|depth| depth + 1);
        match &node.value {
            Value::Table(table) => {
                for (key, entry) in table.iter() {
                    let written = &shown.text[range(&entry.key)];
                    // Names of values are public, and nothing else is.
                    let is_name = depth.is_none_or(|depth| depth == 0 && is_name(key));
                    let part = if is_name { self.hide_outside(written) } else { mark(written) };
                    shown.parts.push((range(&entry.key), part));
                    let is_secret = matches!(&**key, "data" | "stringData");
                    self.node(&entry.node, below.or(is_secret.then_some(0)), shown);
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.node(item, below, shown)),
            Value::Scalar(_) => {
                let range = range(&node.place);
                let written = shown.text[range.clone()].trim_end();
                let range = range.start..range.start + written.len();
                let value = node.as_str().unwrap_or(written);
                let part = match depth {
                    Some(_) => self.value(written, value),
                    None => self.several_lines(written, value),
                };
                let part = part.unwrap_or_else(|| self.hide_outside(written));
                shown.parts.push((range, part));
            }
        }
    }

    /// The replacement of a value of a Secret; `None`: it is public as it is written.
    fn value(&self, written: &str, value: &str) -> Option<String> {
        let bare = written.trim_matches(['"', '\'']);
        match self.content(value) {
            // How it is written is a change too.
            _ if bare != value => Some(mark(written)),
            Content::Key(fingerprint) => Some(fingerprint),
            Content::Public(_) => Some(value.to_owned()),
            Content::Other if is_fingerprint(value) => Some(value.to_owned()),
            Content::Other if value.is_empty() => None,
            Content::Other => Some(mark(value)),
        }
    }

    /// The replacement of a text of several lines that has a key, or what may be one, once they are joined.
    fn several_lines(&self, written: &str, value: &str) -> Option<String> {
        if !written.contains('\n') {
            return None;
        }
        let joined: String = value.split_whitespace().collect();
        let is_hidden = value.contains("PRIVATE KEY") || self.hide_outside(&joined) != joined;
        is_hidden.then(|| mark(value))
    }

    /// Hides keys and long base64 texts in what is not a value of a Secret.
    pub fn hide_outside(&self, text: &str) -> String {
        let text = self.hide_pem_keys(text);
        replace_base64(&text, |run| match self.content(run) {
            Content::Key(fingerprint) => Some(fingerprint),
            Content::Public(_) => None,
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
        data::public_pem(&text).map_or(Content::Other, Content::Public)
    }

    fn fingerprint(&self, pem: &[u8]) -> String {
        match (self.key)(pem) {
            Some(hash) => format!("{FINGERPRINT}{hash}"),
            None => UNREADABLE.to_owned(),
        }
    }
}

fn range(place: &Place) -> Range<usize> {
    place.start as usize..place.end as usize
}

/// Whether that may be the name of a value (`IsConfigMapKey`, `k8s.io/apimachinery/pkg/util/validation`).
fn is_name(key: &str) -> bool {
    key.len() <= 253 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

/// The text between scalars: without comments, but for the one that mtlsgen writes first, and without names of anchors and
/// tags.
fn between(text: &str, is_first: bool) -> String {
    let own = text.lines().next().filter(|line| is_first && line.as_bytes().starts_with(GENERATED));
    let own = own.map_or(0, str::len);
    let mut shown = text[..own].to_owned();
    for line in text[own..].split_inclusive('\n') {
        let (syntax, comment) = line.split_at(line.find('#').unwrap_or(line.len()));
        for token in syntax.split_inclusive(char::is_whitespace) {
            let word = token.trim_end();
            let is_header = word.starts_with(['|', '>']) && word.len() <= 3;
            let is_syntax = word.bytes().all(|b| b":-?,[]{}|>+.\"'".contains(&b));
            let word = if is_header || is_syntax { word.to_owned() } else { mark(word) };
            shown.extend([&word, &token[token.trim_end().len()..]]);
        }
        if let Some(comment) = comment.strip_prefix('#') {
            let words = comment.trim_end();
            shown.extend(["# ", &mark(words.trim_start()), &comment[words.len()..]]);
        }
    }
    shown
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
        facts: |_, pem| {
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
    fn nothing_that_people_add_to_a_secret_is_shown() {
        let section = |text: &str| READER.hide_secrets(&format!("stringData:\n{text}\n"));
        for text in [
            "  x: y # hunter2",
            "  # pw: hunter2\n  x: y",
            "# hunter2\n  x: y",
            "  x: y\n# hunter2",
            "  x: {hunter2: 1}",
            "  x:\n    hunter2: 1",
            "  x:\n  - hunter2: 1",
            "  ? |\n    hunter2\n  : x",
            "  x: &hunter2 y",
            "  x: &a hunter2\n  y: *a",
            "  x: !hunter2 y",
            "  x: |\n    hunter2\n  y: >\n    hunter2\n  z: {a: hunter2}",
            "  \"x\": \"hunter\\x32\"",
            "- hunter2",
        ] {
            let hidden = section(text);
            assert!(
                !hidden.contains("hunter2") && !hidden.contains("hunter"),
                "{text} gives {hidden}"
            );
        }
        let block = section("  x: |\n    one\n    two\n  y: z # note\n  z: w");
        assert_eq!(block.lines().count(), 5, "{block}");
        assert!(block.contains("\n  y: [") && block.contains("\n  z: ["), "{block}");
        let own = "# Generated by mtlsgen: change the spec and render again, edits here are lost.\nkind: Secret\ndata: {}\n";
        assert_eq!(READER.hide_secrets(own), own);
    }

    #[test]
    fn another_spelling_of_a_key_is_a_change() {
        let key = BASE64_STANDARD.encode(key_pem(KEY_BODY));
        let hide = |key: &str| READER.hide_secrets(&format!("data:\n  tls.key: {key}\n"));
        let spelled = format!("\"\\x{:02x}{}\"", key.as_bytes()[0], &key[1..]);
        assert_ne!(hide(&spelled), hide(&key));
        assert!(!hide(&spelled).contains(&key[20..40]));
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
