//! How values leave templates: each as one scalar, regardless of escaping in the template.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, Output, State};

use crate::manifest::texts::Entries;
use crate::yaml;
use crate::yaml::scalar;

/// Prints a value: text as a plain or quoted scalar, lists and mappings in flow style. What a template
/// captured (`{% set x %}…{% endset %}`, macros) has passed through here already and is left alone.
pub(in crate::render) fn print(
    out: &mut Output,
    _: &mut State,
    value: &Value,
) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String if value.is_safe() => {
            out.write_str(value.as_str().unwrap_or_default())?;
        }
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            out.write_str(&scalar::scalar(text))?;
        }
        ValueKind::Number if value.is_integer() => write!(out, "{value}")?,
        ValueKind::Bool => write!(out, "{value}")?,
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => {
            let mut text = String::new();
            yaml::push_flow(&mut text, &json(value)?);
            out.write_str(&text)?;
        }
    }
    Ok(())
}

/// The filter `block(n)`: the value behind `key:`, its lines starting at column `n`.
pub(in crate::render) fn block(value: &Value, column: usize) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let mut text = String::new();
    match value.downcast_object_ref::<Entries>().filter(|texts| texts.is_simple()) {
        Some(texts) => texts.push_block(&mut text, column),
        None => yaml::push_block(&mut text, &json(value)?, column),
    }
    Ok(Value::from_safe_string(text))
}

fn json(value: &Value) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(|error| {
        Error::new(
            ErrorKind::BadSerialization,
            format!("a value of that kind cannot be printed: {error}"),
        )
    })
}
