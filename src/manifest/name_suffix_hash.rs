//! Suffixes of names that change with the content of a Secret, as Kustomize's generators give them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Characters that a suffix adds to a name, the dash included.
pub const LENGTH: usize = 11;

/// The suffix of a Secret, without the dash (Kustomize's `api/hasher/hasher.go`, `encodeSecret`).
///
/// It depends on `type`, `data` and `stringData` alone: Kustomize looks for a key `metadata/name` where it
/// means a path, and so never finds the name.
#[must_use]
pub fn of_secret(object: &Value) -> String {
    let mut text = GoJson(Sha256::new());
    text.raw("{\"data\":");
    text.field(object.get("data"));
    text.raw(",\"kind\":\"Secret\",\"name\":\"\"");
    if let Some(entries @ Value::Object(_)) = object.get("stringData") {
        text.raw(",\"stringData\":");
        text.value(entries);
    }
    text.raw(",\"type\":");
    text.field(object.get("type"));
    text.raw("}");
    encoded(&text.0.finalize())
}

/// The first ten hexadecimal digits, without those that could form words (`encode`).
fn encoded(hash: &[u8]) -> String {
    let mut digits = String::new();
    for byte in &hash[..5] {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    let replace = |digit| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    digits.chars().map(replace).collect()
}

/// JSON as Go's `encoding/json` writes it, straight into the hash: private keys leave no copy behind.
struct GoJson(Sha256);

impl GoJson {
    fn raw(&mut self, text: &str) {
        self.0.update(text);
    }

    /// A field's value; what is absent is an empty text.
    fn field(&mut self, value: Option<&Value>) {
        match value {
            None | Some(Value::Null) => self.text(""),
            Some(value) => self.value(value),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => self.mapping(map),
            Value::Array(items) => {
                let mut separator = "[";
                for item in items {
                    self.raw(separator);
                    self.value(item);
                    separator = ",";
                }
                self.raw(if items.is_empty() { "[]" } else { "]" });
            }
            Value::String(text) => self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => self.raw(&value.to_string()),
        }
    }

    /// Keys are sorted by their bytes.
    fn mapping(&mut self, map: &Map<String, Value>) {
        let mut separator = "{";
        for (key, value) in map.iter().collect::<BTreeMap<_, _>>() {
            self.raw(separator);
            self.text(key);
            self.raw(":");
            self.value(value);
            separator = ",";
        }
        self.raw(if map.is_empty() { "{}" } else { "}" });
    }

    /// Go escapes what HTML could take for markup, and what JavaScript takes for the end of a line.
    fn text(&mut self, text: &str) {
        self.raw("\"");
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            let Some(escaped) = escape(character) else { continue };
            self.raw(&text[plain..at]);
            self.raw(&escaped);
            plain = at + character.len_utf8();
        }
        self.raw(&text[plain..]);
        self.raw("\"");
    }
}

fn escape(character: char) -> Option<String> {
    Some(match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            format!("\\u{:04x}", u32::from(character))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{escape, of_secret};

    /// Those of Kustomize's own tests (`api/hasher/hasher_test.go`), and one of every escape, as its 5.8.2 gives it.
    #[test]
    fn suffixes_are_those_of_kustomize() {
        for (secret, suffix) in [
            (json!({ "data": { "a": "Yg==" } }), "254c6b4h75"),
            (json!({ "type": "Opaque", "data": { "ca.crt": "eA==" } }), "26gkd7f6t6"),
            (json!({ "type": "my-type" }), "5gmgkf8578"),
            (json!({ "type": "my-type", "data": { "one": "" } }), "74bd68bm66"),
            (
                json!({ "type": "my-type", "stringData": { "two": 2 }, "data": { "one": "" } }),
                "c4h4264gdb",
            ),
            (
                json!({
                    "stringData": {
                        "a": "<>&\u{8}\u{c}\u{1}\u{2028}\u{2029}ü😀\u{7f}\t\r\n\"\\/'",
                        "b<": "x",
                    },
                }),
                "dd2hfbmbfb",
            ),
        ] {
            assert_eq!(of_secret(&secret), suffix, "{secret}");
        }
    }

    #[test]
    fn neither_name_nor_labels_nor_the_order_of_keys_matter() {
        let one = json!({ "metadata": { "name": "a" }, "data": { "a": "", "b": "" } });
        let other = json!({ "data": { "b": "", "a": "" }, "metadata": { "labels": { "a": "b" } } });
        assert_eq!(of_secret(&one), of_secret(&other));
        assert_ne!(of_secret(&one), of_secret(&json!({ "data": { "a": "" } })));
    }

    #[test]
    fn texts_are_escaped_as_go_does() {
        for (character, escaped) in [
            ('<', "\\u003c"),
            ('>', "\\u003e"),
            ('&', "\\u0026"),
            ('\u{2028}', "\\u2028"),
            ('\u{2029}', "\\u2029"),
            ('\u{1}', "\\u0001"),
            ('\u{1f}', "\\u001f"),
            ('\u{8}', "\\b"),
            ('\u{c}', "\\f"),
            ('\n', "\\n"),
            ('"', "\\\""),
            ('\\', "\\\\"),
        ] {
            assert_eq!(escape(character).as_deref(), Some(escaped), "{character:?}");
        }
        for character in ['\u{7f}', '\'', '/', 'ü', '\u{fffd}', '😀'] {
            assert_eq!(escape(character), None, "{character:?}");
        }
    }
}
