//! What a plain scalar means to kubectl.
//!
//! kubectl, Helm and Argo CD read YAML through `sigs.k8s.io/yaml`, whose `goyaml.v2` (`resolve.go`)
//! knows the booleans of YAML 1.1, numbers in every base with underscores, and neither sexagesimals
//! nor dates (both stay strings).

use serde_json::Number;

use crate::yaml::node::Scalar;

/// The value of a plain scalar, numbers as JSON writes them.
pub(super) fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            return Scalar::Boolean(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            return Scalar::Boolean(false);
        }
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Scalar::Float(text.into());
    }
    match number(text) {
        None => Scalar::String(text.into()),
        Some(number) if number.is_f64() => Scalar::Float(number.to_string().into()),
        Some(number) => Scalar::Integer(number.to_string().into()),
    }
}

/// The number that Go's readers take a plain scalar for: `goyaml.v2` and `yaml.v3` agree in them.
pub(super) fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits))
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
fn integer(text: &str) -> Option<Number> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&unsigned[2..], 16),
        [b'0', b'o' | b'O', ..] => (&unsigned[2..], 8),
        [b'0', b'b' | b'B', ..] => (&unsigned[2..], 2),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Number::from);
    }
    Some(Number::from(magnitude))
}

/// `yamlStyleFloat`: `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let shape = unsigned
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    if !shape || !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    // Go's JSON prints a whole number without a point, which makes it an integer to the API server.
    let whole =
        Number::from_i128(value as i128).filter(|_| value.fract() == 0.0 && value.abs() < 1e18);
    whole.or_else(|| Number::from_f64(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::node::{Node, Place, Value};
    use serde_json::{Value as Json, json};

    #[test]
    fn plain_scalars_mean_what_kubectl_takes_them_for() {
        let cases = [
            ("on", json!(true)),
            ("N", json!(false)),
            ("oN", json!("oN")),
            ("~", Json::Null),
            ("010", json!(8)),
            ("08", json!(8)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("-0b11", json!(-3)),
            ("1_000", json!(1000)),
            ("+1", json!(1)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1e3", json!(1000)),
            (".5", json!(0.5)),
            ("5.", json!(5)),
            ("12:30", json!("12:30")),
            ("2001-01-01", json!("2001-01-01")),
            ("1.2.3", json!("1.2.3")),
            ("1e", json!("1e")),
            ("0x", json!("0x")),
            ("-", json!("-")),
            ("inf", json!("inf")),
            ("=", json!("=")),
            ("1Gi", json!("1Gi")),
        ];
        for (text, want) in cases {
            let place = Place { source: 0, start: 0, end: 0 };
            let read = Node { place, value: Value::Scalar(plain(text)) };
            assert_eq!(read.into_json(), want, "{text}");
        }
        for text in ["-.INF", ".nan"] {
            assert_eq!(plain(text).as_float(), None, "{text}");
        }
    }
}
