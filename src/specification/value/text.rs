//! What all types that are made from text have in common.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

/// Defines a checked text type: `Name, check, schema`.
///
/// `check` is a `fn(&str) -> Result<(), String>`, `schema` what the JSON Schema says beside
/// `"type": "string"`.
macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $check:expr, $schema:tt) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::specification::value::text::deserialize(deserializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = schemars::json_schema!({ "type": "string" });
                if let serde_json::Value::Object(more) = serde_json::json!($schema) {
                    schema.ensure_object().extend(more);
                }
                schema
            }
        }
    };
}
pub(super) use text_value;

/// Reads a string and makes the value from it.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(TextVisitor(PhantomData))
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// `text` in lower case with `-` for everything that `allowed` does not know, as a proposal.
pub(super) fn proposal(text: &str, allowed: fn(char) -> bool) -> Option<String> {
    let lower = text.to_lowercase();
    let proposal: String =
        lower.chars().map(|character| if allowed(character) { character } else { '-' }).collect();
    let proposal = proposal.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    (!proposal.is_empty() && proposal != text).then(|| proposal.to_owned())
}

/// Checks that `type` accepts the texts of one list and refuses those of another with these parts
/// of a message.
#[cfg(test)]
pub(super) fn check<T: FromStr<Err = String> + fmt::Debug>(good: &[&str], bad: &[(&str, &str)]) {
    for text in good {
        assert!(text.parse::<T>().is_ok(), "{text:?}: {:?}", text.parse::<T>());
    }
    for (text, part) in bad {
        let error = text.parse::<T>().expect_err(text);
        assert!(error.contains(part), "{text:?}: {error:?} does not contain {part:?}");
    }
}
