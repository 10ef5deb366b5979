//! How a Secret is handed over: one format a file.

mod sealing;

pub use sealing::{Handed, Sealing, hand_over};

use serde_json::Value;
use zeroize::Zeroizing;

use crate::diagnostic::Diagnostic;
use crate::manifest::Object;

/// Declares the module of each format, and the list of them.
macro_rules! formats {
    ($($module:ident::$format:ident,)*) => {
        $(mod $module;)*

        /// All formats, the default first.
        pub static FORMATS: &[&dyn SecretFormat] = &[$(&$module::$format),*];
    };
}

formats! {
    plain::Plain,
}

/// Formats that this version or a later one has.
pub const PLANNED: &[&str] = &["sealed", "sops", "external", "cert-manager"];

/// The format of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn SecretFormat> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// A way of handing Secrets over.
///
/// What it gives is held against [`SecretFormat::reveals_keys`] by [`hand_over`], through which all Secrets with private keys
/// go: a format that says that it reveals no key cannot print one.
pub trait SecretFormat: Sync {
    /// Its name in the spec, under `secrets.format`.
    fn name(&self) -> &'static str;

    /// Whether private keys can be read in what it gives.
    fn reveals_keys(&self) -> bool;

    /// The object in whose form a Secret is handed over, after templates, patches, checks and selection; `None`: as it is.
    ///
    /// # Errors
    /// The Secret cannot be handed over so.
    fn wrap(&self, secret: &Object, sealing: &mut Sealing) -> Result<Option<Object>, Diagnostic>;

    /// What an object of this format holds; `None`: it is of none. The object may be of any origin, and wrong.
    fn unwrap<'a>(&self, object: &'a Value) -> Option<Vec<Held<'a>>>;
}

/// A value that an object of some format holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held<'a> {
    /// Its name in the Secret.
    pub name: &'a str,
    /// Its octets.
    pub content: Content,
}

/// The octets of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// They can be read.
    Shown(Zeroizing<Vec<u8>>),
    /// They cannot: the text is not in the form that the object says.
    Malformed,
}

/// What an object holds, in any format in which it is handed over; nothing, if it is of none.
#[must_use]
pub fn held(object: &Value) -> Vec<Held<'_>> {
    FORMATS.iter().find_map(|format| format.unwrap(object)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
