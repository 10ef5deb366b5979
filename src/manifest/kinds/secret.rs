use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value as View;
use minijinja::value::{Enumerator, Object};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Api, Kind, Metadata, null_is_absent};
use crate::manifest::data::decoded;
use crate::pki::key::SpkiHash;
use crate::store::SecretKey;

/// A Secret (`v1`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    /// Such as `kubernetes.io/tls`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Values by name.
    #[serde(default)]
    pub data: Data,
    /// Values in clear, which count above those of `data`.
    #[serde(default, skip_serializing_if = "ClearData::is_empty")]
    pub string_data: ClearData,
    /// Names of the authorities whose bundle mtlsgen has put under `ca.crt`, sorted.
    #[serde(skip)]
    pub bundle: Option<Arc<[String]>>,
}

/// Values of a Secret by name, in the order of the names; a copy shares them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data(Arc<Entries>);

/// The values, as templates see them: keys are opened when they are asked for. What a template of the user asks for is not
/// wiped; the built-in one does not ask.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Entries(Vec<(String, Datum)>);

/// Values of a Secret in clear, by name.
#[derive(Clone, Default, PartialEq)]
pub struct ClearData(BTreeMap<String, Zeroizing<String>>);

/// A value of a Secret.
#[derive(Clone)]
pub enum Datum {
    /// It is public: base64, as the field has it.
    Public(Arc<str>),
    /// A private key of ours.
    Key(Key),
    /// What was read, of any kind: base64, as the field has it.
    Read(Arc<Zeroizing<String>>),
}

/// As much of a private key as is to be shown; only a whole one has the key itself.
#[derive(Clone)]
pub enum Key {
    /// The key.
    Whole(Arc<dyn SecretKey>),
    /// A mark in its place.
    Masked,
    /// SHA-256 of its public key.
    Fingerprint(SpkiHash),
}

/// A value is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64;

/// What replaces a private key on a terminal.
pub const MASK: &str = "<private key, shown with --show-secrets>";

/// What stands for a private key while templates and patches are tried before anything is issued.
pub const NOT_ISSUED: &str = "not issued yet\n";

impl Secret {
    pub(super) fn view(&self) -> Vec<(&'static str, View)> {
        let type_name = self.type_name.as_deref();
        vec![("type", View::from(type_name)), ("data", View::from_dyn_object(self.data.0.clone()))]
    }

    /// The octets under a key; `stringData` counts above `data`.
    ///
    /// # Errors
    /// A value is there and is not base64, as encrypted ones are.
    pub fn value(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, NotBase64> {
        if let Some(text) = self.string_data.get(name) {
            return Ok(Some(Zeroizing::new(text.as_bytes().to_vec())));
        }
        self.data.get(name).map(|datum| datum.octets().ok_or(NotBase64)).transpose()
    }

    /// Whether a private key of ours is in it, never mind how much of it is shown.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.data.iter().any(|(_, datum)| matches!(datum, Datum::Key(_)))
    }
}

impl Api for Secret {
    const GROUPS: &'static [&'static str] = &[""];
    const KIND: &'static str = "Secret";

    fn of(kind: &Kind) -> Option<&Self> {
        if let Kind::Secret(secret) = kind { Some(secret) } else { None }
    }
}

impl Data {
    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Datum> {
        self.0.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.0.iter()
    }
}

impl ClearData {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

impl FromIterator<(String, Datum)> for Data {
    fn from_iter<I: IntoIterator<Item = (String, Datum)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(Arc::new(Entries(entries)))
    }
}

impl Datum {
    /// A public value.
    #[must_use]
    pub fn public(text: &str) -> Self {
        Self::Public(STANDARD.encode(text).into())
    }

    /// Gives the value as the field has it. The text of a key is wiped afterwards.
    pub(crate) fn with_text<T>(&self, use_it: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Public(text) => use_it(text),
            Self::Key(key) => use_it(&key.text()),
            Self::Read(text) => use_it(text),
        }
    }

    /// The octets; `None` if it is not base64, or no key is shown.
    #[must_use]
    pub fn octets(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Public(text) => decoded(text, true),
            Self::Key(Key::Whole(key)) => Some(Zeroizing::new(key.pem().as_bytes().to_vec())),
            Self::Key(Key::Masked | Key::Fingerprint(_)) => None,
            Self::Read(text) => decoded(text, true),
        }
    }
}

impl Key {
    /// The content of the field: base64 of the key, or what is shown in its place.
    fn text(&self) -> Zeroizing<String> {
        match self {
            Self::Whole(key) => {
                let pem = key.pem();
                let mut text = Zeroizing::new(String::with_capacity(pem.len().div_ceil(3) * 4));
                STANDARD.encode_string(pem.as_bytes(), &mut text);
                text
            }
            Self::Masked => Zeroizing::new(MASK.to_owned()),
            Self::Fingerprint(hash) => {
                let mut text = Zeroizing::new(String::from("spki-sha256:"));
                for byte in hash.0 {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{byte:02x}");
                }
                text
            }
        }
    }
}

/// By the content of the field.
impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        self.with_text(|one| other.with_text(|other| one == other))
    }
}

/// Names alone.
impl fmt::Debug for ClearData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for ClearData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for ClearData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
        let entries = entries.unwrap_or_default().into_iter();
        Ok(Self(entries.map(|(name, text)| (name, text.unwrap_or_default().into())).collect()))
    }
}

/// Neither keys nor what was read.
impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public(text) => f.debug_tuple("Public").field(text).finish(),
            Self::Key(key) => f.debug_tuple("Key").field(key).finish(),
            Self::Read(_) => f.write_str("Read"),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(_) => f.write_str("Whole"),
            Self::Masked => f.write_str("Masked"),
            Self::Fingerprint(hash) => f.debug_tuple("Fingerprint").field(hash).finish(),
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
        let read = |text: Option<String>| Datum::Read(Arc::new(text.unwrap_or_default().into()));
        let entries = entries.unwrap_or_default().into_iter();
        Ok(entries.map(|(name, text)| (name, read(text))).collect())
    }
}

impl Entries {
    fn get(&self, name: &str) -> Option<&Datum> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, datum)| datum)
    }

    /// All of them, in the order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.0.iter().map(|(name, datum)| (name.as_str(), datum))
    }
}

impl Object for Entries {
    fn get_value(self: &Arc<Self>, key: &View) -> Option<View> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<View> {
        self.get(key).map(|datum| datum.with_text(|text| View::from(text)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| View::from(name.as_str())).collect())
    }
}
