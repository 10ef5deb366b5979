//! Kubernetes quantities (`k8s.io/apimachinery/pkg/api/resource/quantity.go`).

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::diagnostic::literal;

/// Amount of a resource: `500m`, `1.5`, `128Mi`, `1e3`; never negative.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(String);

const SUFFIXES: [&str; 16] =
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        let end = unsigned.find(|character: char| !character.is_ascii_digit() && character != '.');
        let (number, suffix) = unsigned.split_at(end.unwrap_or(unsigned.len()));
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let dots = number.len() - digits;
        if digits > 0 && dots <= 1 && (SUFFIXES.contains(&suffix) || is_exponent(suffix)) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{} is not a Kubernetes quantity\nwrite such as `500m`, `1.5`, `128Mi` or `2Gi`",
            literal(text)
        ))
    }
}

fn is_exponent(suffix: &str) -> bool {
    suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

impl<'de> serde::Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity such as `500m`, `2` or `128Mi`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"],
            "pattern": "^[+]?[0-9.]+([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$",
            "minimum": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn quantities_are_those_of_kubernetes() {
        check::<Quantity>(
            &[
                "0", "2", "1.5", ".5", "5.", "500m", "128Mi", "1Ki", "100k", "1e3", "1E-3", "+1",
                "1E",
            ],
            &[
                ("", "not a Kubernetes quantity"),
                ("128 Mi", "such as"),
                ("128MB", "such as"),
                ("-1", "such as"),
                ("1.2.3", "such as"),
                ("1K", "such as"),
                ("m", "such as"),
                ("1e", "such as"),
            ],
        );
    }
}
