//! Values for templates that cost little to make and to print.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

use crate::yaml::scalar;

/// A mapping with these fields.
pub fn fields(fields: impl Into<Vec<(&'static str, Value)>>) -> Value {
    Value::from_object(Fields(fields.into()))
}

/// A mapping of texts to texts, in the order of the keys.
pub fn texts<K: AsRef<str>, V: AsRef<str>>(map: impl IntoIterator<Item = (K, V)>) -> Value {
    let owned = |(key, value): (K, V)| (key.as_ref().to_owned(), value.as_ref().to_owned());
    owned_texts(map.into_iter().map(owned).collect())
}

/// The same, of what need not be copied.
pub fn owned_texts(mut entries: Vec<(String, String)>) -> Value {
    entries.sort_unstable();
    Value::from_object(Texts(entries))
}

/// A few named values; found by looking through them, which is quicker than hashing or sorting so few.
#[derive(Debug)]
struct Fields(Vec<(&'static str, Value)>);

impl Object for Fields {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(*name)).collect())
    }
}

/// Labels, annotations and the like.
#[derive(Debug)]
pub(crate) struct Texts(Vec<(String, String)>);

impl Texts {
    /// Appends what stands behind `key:`, its lines starting at column `indent`.
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

impl Object for Texts {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let found = self.0.binary_search_by(|(name, _)| name.as_str().cmp(key)).ok()?;
        Some(Value::from(self.0[found].1.as_str()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(name.as_str())).collect())
    }
}
