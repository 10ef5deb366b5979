//! How a Secret is handed over: one format a file.

mod plain;

pub use plain::MASK;

use minijinja::Value;
use zeroize::Zeroizing;

use crate::pki::key::SpkiHash;
use crate::store::SecretKey;

/// All formats, the default first.
pub static FORMATS: &[&dyn SecretFormat] = &[&plain::Plain];

/// Formats that later versions will have.
pub const PLANNED: &[&str] = &["sealed", "sops", "external", "cert-manager"];

/// The format of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn SecretFormat> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// A way of handing Secrets over.
pub trait SecretFormat: Sync {
    /// Its name in the spec, under `secrets.format`.
    fn name(&self) -> &'static str;

    /// The template of its objects.
    fn template(&self) -> &'static str;

    /// `apiVersion` and kind of its objects.
    fn kind(&self) -> (&'static str, &'static str);

    /// What its template is given beside name, namespace, labels and annotations.
    fn context(&self, content: &Content<'_>) -> Vec<(&'static str, Value)>;
}

/// What a Secret holds.
pub struct Content<'a> {
    /// Type of the Secret, such as `kubernetes.io/tls`.
    pub type_name: &'static str,
    /// Values by key.
    pub entries: Vec<(&'static str, Entry<'a>)>,
}

/// One value of a Secret.
pub enum Entry<'a> {
    /// Everybody may read it.
    Public(String),
    /// Only its holder may read it.
    PrivateKey(KeyEntry<'a>),
}

/// As much of a private key as is to be shown; only a whole one takes the key itself.
pub enum KeyEntry<'a> {
    /// The key.
    Whole(&'a dyn SecretKey),
    /// A mark in its place.
    Masked,
    /// SHA-256 of its public key.
    Fingerprint(SpkiHash),
}

/// PEM of the length and form of a key's, with a word in the place of the key.
pub struct StandIn(Zeroizing<String>);

impl StandIn {
    /// In the place of that key.
    #[must_use]
    pub fn of(key: &dyn SecretKey) -> Self {
        let mut body = false;
        let mut word = WORD.chars().cycle();
        let mut put = |c: char| match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => word.next().unwrap_or(c),
            other => other,
        };
        let pem = key.pem();
        let mut text = Zeroizing::new(String::with_capacity(pem.len()));
        for line in pem.split_inclusive('\n') {
            let is_boundary = line.starts_with("-----");
            body = if is_boundary { line.starts_with("-----BEGIN ") } else { body };
            if body && !is_boundary {
                text.extend(line.chars().map(&mut put));
            } else {
                text.push_str(line);
            }
        }
        Self(text)
    }
}

/// Capital and small letters and digits, as base64 has them.
const WORD: &str = "NotTheKey0";

impl SecretKey for StandIn {
    fn pem(&self) -> Zeroizing<String> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::key::{KeyKind, PrivateKey};

    #[test]
    fn a_stand_in_has_the_form_of_the_key_and_nothing_else_of_it() {
        let key = PrivateKey::from_secret(KeyKind::Ed25519, &[7; 32]).unwrap().unwrap();
        let (real, stand_in) = (key.pem(), StandIn::of(&key).pem());
        let lines = |pem: &str| pem.lines().map(str::len).collect::<Vec<_>>();
        assert_eq!(lines(&real), lines(&stand_in));
        assert_eq!(real.lines().next(), stand_in.lines().next());
        assert!(stand_in.contains("\nNotTheKey0NotTheKey0") && stand_in.ends_with("KEY-----\n"));
    }
}
