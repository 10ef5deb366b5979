//! Labels, annotations and the like.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::yaml::scalar;

/// Texts by name, in the order of the names; a copy shares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(Arc<Entries>);

/// The entries, as templates see them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries(Vec<(String, String)>);

impl Texts {
    /// These texts, copied.
    pub fn of<K: AsRef<str>, V: AsRef<str>>(texts: impl IntoIterator<Item = (K, V)>) -> Self {
        let owned = |(key, value): (K, V)| (key.as_ref().to_owned(), value.as_ref().to_owned());
        texts.into_iter().map(owned).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    /// The text of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// As a template sees them.
    #[must_use]
    pub fn view(&self) -> Value {
        Value::from_dyn_object(Arc::clone(&self.0))
    }
}

impl FromIterator<(String, String)> for Texts {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_unstable();
        Self(Arc::new(Entries(entries)))
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// What is absent may be written as null, as a whole and for each text.
impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
        let entries = entries.unwrap_or_default().into_iter();
        Ok(entries.map(|(name, text)| (name, text.unwrap_or_default())).collect())
    }
}

impl Entries {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        Some(&self.0[found].1)
    }

    /// Appends what follows `key:`, its lines starting at column `indent`.
    pub(crate) fn push_block(&self, out: &mut String, indent: usize) {
        out.reserve(self.0.iter().map(|(key, value)| indent + key.len() + value.len() + 8).sum());
        if self.0.is_empty() {
            out.push_str(" {}");
        }
        for (key, value) in &self.0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            scalar::push(out, key);
            out.push_str(": ");
            scalar::push(out, value);
        }
    }

    /// Whether each entry fits on a line: no key is too long for `key: value`, no text better shown in lines.
    pub(crate) fn is_simple(&self) -> bool {
        self.0.iter().all(|(key, value)| key.len() <= 128 && !value.contains('\n'))
    }
}

impl Object for Entries {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(name.as_str())).collect())
    }
}
