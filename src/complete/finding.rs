//! What completing objects finds, and in which object.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::Identity;

/// Something about an object that came in, or about the spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is wrong, complete in itself.
    pub diagnostic: Diagnostic,
    /// The object that it is about; `None`: the spec.
    pub object: Option<Identity>,
    /// The field of that object.
    pub field: Option<Field>,
}

/// A field of an object, what it says and what it should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The way to it, such as `spec.rules[0].host`.
    pub path: String,
    /// What it says; null: nothing.
    pub current: Value,
    /// What it should say; null: that is open.
    pub proposed: Value,
}

impl Finding {
    /// About an object.
    #[must_use]
    pub fn about(object: &Identity, diagnostic: Diagnostic) -> Self {
        Self { diagnostic, object: Some(object.clone()), field: None }
    }

    /// And about a field of it.
    #[must_use]
    pub fn at_field(mut self, path: impl Into<String>) -> Self {
        self.field = Some(Field { path: path.into(), current: Value::Null, proposed: Value::Null });
        self
    }

    /// What the field says, and what it should say.
    #[must_use]
    pub fn says(mut self, current: impl Into<Value>, proposed: impl Into<Value>) -> Self {
        if let Some(field) = &mut self.field {
            (field.current, field.proposed) = (current.into(), proposed.into());
        }
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }
}

impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, object: None, field: None }
    }
}
