//! How a Secret is handed over: one format a file.

mod plain;

use minijinja::Value;
use zeroize::Zeroizing;

use crate::pki::key::{PrivateKey, SpkiHash};

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

/// A private key as far as Secrets need it.
pub trait SecretKey {
    /// PKCS#8 PEM.
    fn pem(&self) -> Zeroizing<String>;
}

impl SecretKey for PrivateKey {
    fn pem(&self) -> Zeroizing<String> {
        self.to_pem()
    }
}
