//! The one way in which Secrets are handed over, in every format.

use std::ops::Deref;

use zeroize::Zeroizing;

use super::SecretFormat;
use crate::diagnostic::Diagnostic;
use crate::guard::Known;
use crate::manifest::kinds::{Api as _, Secret};
use crate::manifest::{Object, Wiped, data};
use crate::pki::key::PrivateKey;

/// What a format that reveals no key seals: the values of one Secret. Others need none.
#[derive(Default)]
pub struct Sealing {
    values: Vec<(String, Zeroizing<Vec<u8>>)>,
}

impl Sealing {
    /// The values of a Secret; `None`: it does not show one of them, so that nothing can be sealed.
    fn of(secret: &Wiped) -> Option<Self> {
        let value = |(name, value, is_base64): (&str, &serde_json::Value, bool)| {
            let octets = data::decoded(value.as_str()?, is_base64)?;
            Some((name.to_owned(), octets))
        };
        Some(Self { values: data::entries(secret).map(value).collect::<Option<_>>()? })
    }

    /// The values, by name.
    pub fn values(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.values.iter().map(|(name, octets)| (name.as_str(), octets.as_slice()))
    }

    /// A search for all of them that are not public.
    fn private(&self) -> Known {
        let mut known = Known::default();
        let is_public = |name, octets: &[u8]| {
            data::is_public(name) || std::str::from_utf8(octets).is_ok_and(data::is_certificates)
        };
        for (_, octets) in self.values().filter(|(name, octets)| !is_public(name, octets)) {
            match PrivateKey::from_pem(octets) {
                Ok(key) => key.enter(&mut known),
                Err(_) => known.add(octets),
            }
        }
        known
    }
}

/// An object in the form in which it is handed over: nothing else is printed.
#[derive(Clone, Debug)]
pub enum Handed<'a> {
    /// As it is.
    AsIs(&'a Object),
    /// In the form of a format.
    Wrapped(Box<Object>),
}

impl Deref for Handed<'_> {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::AsIs(object) => object,
            Self::Wrapped(object) => object,
        }
    }
}

/// Hands an object over: a Secret with a private key in the form of the format, any other object as it is.
///
/// # Errors
/// The Secret cannot be handed over so; or the format says that it reveals no key, and what it gives has a part of one.
pub fn hand_over<'a>(
    format: &dyn SecretFormat,
    object: &'a Object,
) -> Result<Handed<'a>, Diagnostic> {
    if !object.sensitive || !Secret::is(&object.identity) {
        return Ok(Handed::AsIs(object));
    }
    if format.reveals_keys() {
        let wrapped = format.wrap(object, &mut Sealing::default())?;
        return Ok(
            wrapped.map_or(Handed::AsIs(object), |wrapped| Handed::Wrapped(Box::new(wrapped)))
        );
    }
    let Some(mut sealing) = Sealing::of(&object.value()) else {
        return Err(not_shown(format, object));
    };
    let wrapped = format.wrap(object, &mut sealing)?;
    let wrapped = wrapped.unwrap_or_else(|| object.clone());
    let text = Zeroizing::new(wrapped.value().to_string());
    if sealing.private().find(text.as_bytes()).is_empty() {
        return Ok(Handed::Wrapped(Box::new(Object { sensitive: false, ..wrapped })));
    }
    let (name, identity) = (format.name(), &object.identity);
    let title = format!("the Secret format `{name}` would show a private key of {identity}");
    Err(Diagnostic::error("format-reveals-key", title)
        .help("nothing was printed; please report it, with the spec"))
}

/// Where a key is masked, there is nothing to seal.
fn not_shown(format: &dyn SecretFormat, object: &Object) -> Diagnostic {
    let (name, identity) = (format.name(), &object.identity);
    let title = format!(
        "{identity} cannot be handed over in the Secret format `{name}`: its private key is not shown"
    );
    Diagnostic::error("format-needs-key", title)
        .help("write to a file or a pipe, where the key is available")
}
