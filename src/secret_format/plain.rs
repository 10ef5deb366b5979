//! Secrets as Kubernetes has them: base64, readable by whoever reads the file.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;

use super::{Content, Entry, KeyEntry, SecretFormat};
use crate::manifest::values::owned_texts;
use crate::pki::key::SpkiHash;

/// What stands for a private key on a terminal.
pub const MASK: &str = "<private key, shown with --show-secrets>";

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

    fn context(&self, content: &Content<'_>) -> Vec<(&'static str, Value)> {
        let entries = content.entries.iter();
        let data = entries.map(|(key, entry)| ((*key).to_owned(), value(entry))).collect();
        vec![("type", Value::from(content.type_name)), ("data", owned_texts(data))]
    }
}

fn value(entry: &Entry<'_>) -> String {
    match entry {
        Entry::Public(text) => STANDARD.encode(text),
        Entry::PrivateKey(KeyEntry::Whole(key)) => STANDARD.encode(key.pem().as_bytes()),
        Entry::PrivateKey(KeyEntry::Masked) => MASK.to_owned(),
        Entry::PrivateKey(KeyEntry::Fingerprint(hash)) => fingerprint(hash),
    }
}

fn fingerprint(hash: &SpkiHash) -> String {
    let mut text = String::from("spki-sha256:");
    for byte in hash.0 {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
