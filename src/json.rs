//! What programs read: values as JSON, and the JSON Schema of the types that they are of.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};

/// Writes a type as a text: by a function, and with what its schema says beside `"type": "string"`.
macro_rules! text {
    ($type:ty, $write:expr, { $($schema:tt)* }) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&$write(self))
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", $($schema)* })
            }
        }
    };
}

/// Gives each value of an enumeration its word, in JSON and the schema as in the program.
macro_rules! words {
    ($type:ident::$function:ident { $($value:ident => $word:literal,)+ }) => {
        impl $type {
            /// The word for it, in JSON as well.
            #[must_use]
            pub const fn $function(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        $crate::json::text!($type, |one: &$type| one.$function(), { "enum": [$($word),+] });
    };
}

pub(crate) use {text, words};

/// Lower-case hexadecimal digits of a SHA-256.
pub(crate) const SHA256: &str = "^[0-9a-f]{64}$";

/// The language of the schemas of outputs.
pub const SCHEMA_VERSION: &str = "https://json-schema.org/draft/2020-12/schema";

/// A value as indented JSON, with a line end.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "what is printed has texts as keys")]
pub fn pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("every key is a text");
    text + "\n"
}

/// A value as JSON on one line, with its end.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "what is printed has texts as keys")]
pub fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("every key is a text");
    text + "\n"
}

/// The JSON Schema (2020-12) of what a value of this type prints: nothing but its fields, and null only where it is
/// printed.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema: Value = generator.into_root_schema_for::<T>().to_value();
    debug_assert_eq!(schema["$schema"], SCHEMA_VERSION);
    close(&mut schema, false);
    schema
}

/// Allows no field that a schema does not name; `is_part`: what it is a part of does that.
fn close(schema: &mut Value, is_part: bool) {
    let Value::Object(schema) = schema else { return };
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    // Sizes of Rust's numbers.
    if schema.get("format").is_some_and(|format| format.as_str().is_some_and(is_of_number)) {
        schema.remove("format");
    }
    drop_nulls(schema);
    let has_fields = schema.contains_key("properties");
    // Without their ends, several may fit: one has all that another has, and more.
    if has_fields && let Some(parts) = schema.remove("oneOf") {
        schema.insert("anyOf".to_owned(), parts);
    }
    let mut has_parts = false;
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            close(part, has_fields || is_part);
            has_parts = true;
        }
    }
    for key in ["properties", "$defs"] {
        let all = schema.get_mut(key).and_then(Value::as_object_mut);
        all.into_iter().flat_map(Map::values_mut).for_each(|one| close(one, false));
    }
    for key in ["items", "additionalProperties"] {
        schema.get_mut(key).into_iter().for_each(|one| close(one, false));
    }
    if has_fields && !is_part {
        let key = if has_parts { "unevaluatedProperties" } else { "additionalProperties" };
        schema.insert(key.to_owned(), false.into());
    }
}

fn is_of_number(format: &str) -> bool {
    format.trim_start_matches('u').starts_with("int")
}

/// A field that may be absent is never null.
fn drop_nulls(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        let mut required = required.as_array().into_iter().flatten();
        required.any(|one| one == name)
    };
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, field) in fields.into_iter().flatten() {
        if let (false, Value::Object(field)) = (is_required(name), field) {
            drop_null(field);
        }
    }
}

/// Takes null out of what a schema allows.
pub(crate) fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(options)) = schema.get_mut("anyOf") else { return };
    options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = options.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.entry(key).or_insert(value);
        }
    }
}
