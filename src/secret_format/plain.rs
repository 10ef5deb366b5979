//! Secrets as Kubernetes has them: base64, readable by whoever reads the file.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;

use super::{Content, Entry, SecretFormat, SecretKey};
use crate::manifest::Disclosure;
use crate::manifest::template::values::owned_texts;

/// What stands in place of a key on a terminal.
const MASK: &str = "<private key, shown with --show-secrets>";

pub(super) struct Plain;

impl SecretFormat for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn template(&self) -> &'static str {
        "secret.yaml.j2"
    }

    fn kind(&self) -> (&'static str, &'static str) {
        ("v1", "Secret")
    }

    fn context(&self, content: &Content<'_>, disclosure: Disclosure) -> Vec<(&'static str, Value)> {
        let entries = content.entries.iter();
        let data =
            entries.map(|(key, entry)| ((*key).to_owned(), value(entry, disclosure))).collect();
        vec![("type", Value::from(content.type_name)), ("data", owned_texts(data))]
    }
}

fn value(entry: &Entry<'_>, disclosure: Disclosure) -> String {
    match (entry, disclosure) {
        (Entry::Public(text), _) => STANDARD.encode(text),
        (Entry::PrivateKey(key), Disclosure::Whole) => STANDARD.encode(key.pem().as_bytes()),
        (Entry::PrivateKey(_), Disclosure::Masked) => MASK.to_owned(),
        (Entry::PrivateKey(key), Disclosure::Fingerprint) => fingerprint(*key),
    }
}

fn fingerprint(key: &dyn SecretKey) -> String {
    let mut text = String::from("spki-sha256:");
    for byte in key.fingerprint().0 {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
