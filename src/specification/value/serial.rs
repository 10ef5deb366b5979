//! Serial numbers of certificates (RFC 5280, section 4.1.2.2).

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};

use crate::diagnostic::literal;

/// Serial number, decimal digits or `0x` and hexadecimal ones; positive, at most 20 octets as a
/// signed number, so at most 159 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial(Vec<u8>);

const MAX_BITS: usize = 159;
const HELP: &str = "write decimal digits, or `0x` and hexadecimal digits, such as `\"0x02ab\"`";

impl Serial {
    /// Big-endian magnitude without leading zeros.
    #[must_use]
    pub fn magnitude(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Serial {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown = literal(text);
        let (radix, digits) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => (16, digits),
            None => (10, text),
        };
        if let Some((octets, true)) = colons(text) {
            let right = Some(format!("0x{octets}")).filter(|right| Self::from_str(right).is_ok());
            let help =
                right.map_or_else(|| HELP.to_owned(), |right| format!("write `\"{right}\"`"));
            return Err(format!("{shown} is not a serial number\n{help}"));
        }
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
            return Err(format!("{shown} is not a serial number\n{HELP}"));
        }
        let too_long = || {
            format!(
                "the serial number {shown} is too long: at most {MAX_BITS} bits fit into 20 octets\nwrite a smaller number"
            )
        };
        let magnitude = magnitude(digits, radix).ok_or_else(too_long)?;
        match magnitude.first() {
            None => {
                Err("the serial number is 0, expected a positive one\nwrite a number from 1 on"
                    .to_owned())
            }
            Some(first) if bits(&magnitude, *first) > MAX_BITS => Err(too_long()),
            Some(_) => Ok(Self(magnitude)),
        }
    }
}

/// The digits of a serial in the form `0A:1B`, and whether it is in that form.
fn colons(text: &str) -> Option<(String, bool)> {
    text.contains(':').then(|| {
        let octets = text
            .split(':')
            .all(|octet| octet.len() == 2 && octet.bytes().all(|digit| digit.is_ascii_hexdigit()));
        (text.replace(':', ""), octets)
    })
}

fn bits(magnitude: &[u8], first: u8) -> usize {
    magnitude.len() * 8 - first.leading_zeros() as usize
}

/// Big-endian octets of a number, `None` if there are more than 20.
fn magnitude(digits: &str, radix: u32) -> Option<Vec<u8>> {
    // Little-endian while it grows.
    let mut octets: Vec<u8> = Vec::new();
    for digit in digits.chars().filter_map(|digit| digit.to_digit(radix)) {
        let mut carry = digit;
        for octet in &mut octets {
            let value = u32::from(*octet) * radix + carry;
            let [low, next, ..] = value.to_le_bytes();
            *octet = low;
            carry = next.into();
        }
        octets.extend(u8::try_from(carry).ok().filter(|carry| *carry > 0));
        if octets.len() > 20 {
            return None;
        }
    }
    octets.reverse();
    Some(octets)
}

impl fmt::Display for Serial {
    /// As `0x` and hexadecimal digits, two for each octet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl<'de> serde::Deserialize<'de> for Serial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SerialVisitor)
    }
}

struct SerialVisitor;

impl Visitor<'_> for SerialVisitor {
    type Value = Serial;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a serial number such as `2` or `\"0x02ab\"`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Serial, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Serial, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Serial, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Serial, E> {
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for Serial {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Serial".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 1,
            "pattern": "^(0[xX][0-9A-Fa-f]+|[0-9]+)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn serials_are_numbers_of_at_most_159_bits() {
        let serial = |text: &str| text.parse::<Serial>().unwrap().magnitude().to_vec();
        assert_eq!(serial("02"), [2]);
        assert_eq!(serial("256"), [1, 0]);
        assert_eq!(serial("0x0100"), [1, 0]);
        assert_eq!(serial("65535"), [255, 255]);
        assert_eq!(serial("0xffffffffffffffffffffffffffffffff"), [255; 16]);
        assert_eq!(serial("340282366920938463463374607431768211455"), [255; 16]);
        let most = format!("0x7f{}", "ff".repeat(19));
        assert_eq!(serial(&most).len(), 20);
        assert_eq!(most.parse::<Serial>().unwrap().to_string(), most);
    }

    #[test]
    fn what_is_no_serial_says_why() {
        let too_long = format!("0x80{}", "00".repeat(19));
        let digits = "9".repeat(5000);
        check::<Serial>(
            &["0x1"],
            &[
                ("", "not a serial"),
                ("0", "positive"),
                ("0x00", "positive"),
                ("-1", "not a serial"),
                ("ff", "not a serial"),
                ("0x", "not a serial"),
                ("02:AB", "write `\"0x02AB\"`"),
                (&too_long, "too long"),
                (&digits, "too long"),
            ],
        );
    }
}
