//! Values that may hold private keys.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde_json::Value;
use zeroize::Zeroize as _;

/// A value whose texts are wiped when it is dropped.
#[derive(Clone, Default, PartialEq)]
pub struct Wiped(Value);

impl From<Value> for Wiped {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Wiped {
    /// The value, which nothing wipes any more.
    #[must_use]
    pub fn into_inner(mut self) -> Value {
        std::mem::take(&mut self.0)
    }
}

impl Deref for Wiped {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Never its texts.
impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiped")
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
