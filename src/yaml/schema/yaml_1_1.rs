//! What YAML 1.1 takes for something else than YAML 1.2 does: the types of <https://yaml.org/type/>, as `PyYAML` has them
//! (`resolver.py`), and `y` and `n`, which it leaves out and kubectl does not.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::Other;
use crate::yaml::node::Scalar;

/// What YAML 1.1 reads, if it is another value than `scalar`.
pub(super) fn other_reading(text: &str, scalar: &Scalar) -> Option<Other> {
    let other = match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Other::value("true"),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Other::value("false"),
        "<<" => Other::words("the sign that merges tables"),
        "=" => Other::words("the sign of a default value"),
        _ => return other_number(text, scalar),
    };
    Some(other)
}

/// The same for what starts as a number or date does; all else is the same in both.
fn other_number(text: &str, scalar: &Scalar) -> Option<Other> {
    text.bytes().next().filter(|first| matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.'))?;
    let is_same = match (scalar, kind(text)) {
        (Scalar::Integer(_), Some(Kind::Integer)) => match (scalar.as_integer(), integer(text)) {
            (Some(here), Some(there)) => here == there,
            // Too large for us, and decimal digits to both.
            _ => !text.trim_start_matches(['-', '+']).starts_with('0'),
        },
        (Scalar::Float(_), Some(Kind::Float)) => !text.contains(['_', ':']),
        // Infinities, and what is not a number, have one form.
        (Scalar::Float(_), None) => scalar.as_float().is_none_or(|value| !value.is_finite()),
        (Scalar::String(_), None) => true,
        _ => false,
    };
    if is_same {
        return None;
    }
    Some(match kind(text) {
        Some(Kind::Integer) => Other::number(integer(text).map(|value| value.to_string())),
        Some(Kind::Float) => Other::number(None),
        Some(Kind::Date) => Other::words("a date"),
        None => Other::words("a string"),
    })
}

enum Kind {
    Integer,
    Float,
    Date,
}

fn kind(text: &str) -> Option<Kind> {
    static INTEGER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)",
        )
    });
    static FLOAT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*",
        )
    });
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?([Tt]|[ \t]+)\d\d?:\d\d:\d\d(\.\d*)?([ \t]*(Z|[-+]\d\d?(:\d\d)?))?",
        )
    });
    if INTEGER.is_match(text) {
        Some(Kind::Integer)
    } else if FLOAT.is_match(text) {
        Some(Kind::Float)
    } else {
        DATE.is_match(text).then_some(Kind::Date)
    }
}

fn pattern(alternatives: &str) -> Regex {
    Regex::new(&format!("^({alternatives})$")).expect("the patterns are constants")
}

/// The value of an integer, if 128 bits hold it.
fn integer(text: &str) -> Option<i128> {
    let digits = text.replace('_', "");
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
    let magnitude = match unsigned.as_bytes() {
        [b'0', b'b', rest @ ..] if !rest.is_empty() => i128::from_str_radix(&unsigned[2..], 2).ok(),
        [b'0', b'x', rest @ ..] if !rest.is_empty() => {
            i128::from_str_radix(&unsigned[2..], 16).ok()
        }
        [b'0', _, ..] => i128::from_str_radix(unsigned, 8).ok(),
        _ => unsigned
            .split(':')
            .try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?)),
    }?;
    Some(if digits.starts_with('-') { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::schema::core;

    fn words(text: &str) -> Option<String> {
        other_reading(text, &core::plain(text)).map(|other| other.words)
    }

    #[test]
    fn what_yaml_1_1_reads_otherwise_is_known() {
        for (text, read) in [
            ("on", "the boolean `true`"),
            ("No", "the boolean `false`"),
            ("y", "the boolean `true`"),
            ("0100", "the number `64`"),
            ("-0100", "the number `-64`"),
            ("08", "a string"),
            ("0o14", "a string"),
            ("1_000", "the number `1000`"),
            ("0b11", "the number `3`"),
            ("-0x1F", "the number `-31`"),
            ("1:30", "the number `90`"),
            ("22:22:22", "the number `80542`"),
            ("1:30.5", "a number"),
            ("1e3", "a string"),
            ("1.5e3", "a string"),
            ("1_0.5", "a number"),
            ("-.5", "a string"),
            ("2024-01-01", "a date"),
            ("2024-01-01T10:00:00Z", "a date"),
            ("2001-12-14 21:59:43.10 -5", "a date"),
            ("=", "the sign of a default value"),
            ("<<", "the sign that merges tables"),
        ] {
            assert_eq!(words(text).as_deref(), Some(read), "{text}");
        }
    }

    #[test]
    fn what_yaml_1_1_reads_alike_is_known() {
        for text in [
            "0",
            "00",
            "007",
            "-0",
            "+1",
            "80",
            "0x1F",
            "123456789012345678901234567890123456789012",
            "1.10",
            ".5",
            "5.",
            "010.5",
            "1.0e+3",
            ".inf",
            "-.INF",
            ".nan",
            "~",
            "null",
            "",
            "True",
            "false",
            "oN",
            "nO",
            "1.2.3",
            "10.0.0.1",
            "80:80",
            "02:10",
            "1Gi",
            "2024-1-1",
            "2024-01",
            "-",
            "a",
            "10.0.0.0/8",
            "1.25-alpine",
            "::1",
            "2001:db8::1",
        ] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
