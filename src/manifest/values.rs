//! Values for templates that cost little to make and to print.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

/// A mapping with these fields.
pub fn fields(fields: impl Into<Vec<(&'static str, Value)>>) -> Value {
    Value::from_object(Fields(fields.into()))
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
