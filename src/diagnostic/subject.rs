//! What a message is about that has no place in a text: a field of an object that was passed in.

use serde_json::Value;

use super::Diagnostic;
use crate::identity::Identity;

/// An object, and perhaps a field of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The object.
    pub object: Identity,
    /// The field.
    pub field: Option<Field>,
}

/// A field of an object, what it says and what it should say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The way to it, such as `spec.rules[0].host`.
    pub path: String,
    /// What it says; null: nothing.
    pub current: Value,
    /// What it should say; null: that is open.
    pub proposed: Value,
}

/// An entry of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// An authority, by its name under `cas`.
    Authority(String),
    /// A host, by its key under `hosts`.
    Host(String),
}

impl Diagnostic {
    /// Says which entry of the spec it is about.
    #[must_use]
    pub fn of(mut self, entry: Entry) -> Self {
        self.entry = Some(Box::new(entry));
        self
    }

    /// Says which object it is about.
    #[must_use]
    pub fn about(mut self, object: &Identity) -> Self {
        self.subject = Some(Box::new(Subject { object: object.clone(), field: None }));
        self
    }

    /// Says which field of that object it is about, what it says and what it should say.
    #[must_use]
    pub fn field(
        mut self,
        path: impl Into<String>,
        current: impl Into<Value>,
        proposed: impl Into<Value>,
    ) -> Self {
        let (path, current, proposed) = (path.into(), current.into(), proposed.into());
        if let Some(subject) = &mut self.subject {
            subject.field = Some(Field { path, current, proposed });
        }
        self
    }
}
