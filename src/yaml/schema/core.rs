//! What a plain scalar means: the core schema of YAML 1.2.2, section 10.3.2.
//!
//! So `on`, `no` and `12:30` are strings, unlike in YAML 1.1.

use crate::yaml::node::Scalar;

/// The value of a plain (unquoted, untagged) scalar.
pub fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Boolean(true),
        "false" | "False" | "FALSE" => Scalar::Boolean(false),
        _ if is_integer(text) => Scalar::Integer(text.into()),
        _ if is_float(text) => Scalar::Float(text.into()),
        _ => Scalar::String(text.into()),
    }
}

fn is_integer(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    all(text.strip_prefix(['-', '+']).unwrap_or(text), u8::is_ascii_digit)
}

fn all(digits: &str, is: impl Fn(&u8) -> bool) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| is(&byte))
}

fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let whole = exponent.is_none_or(|digits| {
        all(digits.strip_prefix(['-', '+']).unwrap_or(digits), u8::is_ascii_digit)
    });
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    whole && digits(before) && digits(after) && !(before.is_empty() && after.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Scalar::Null, "{text}");
        }
        for text in ["0", "-1", "+7", "007", "0o17", "0x1F", "12345678901234567890123"] {
            assert_eq!(plain(text), Scalar::Integer(text.into()), "{text}");
        }
        for text in ["1.10", ".5", "5.", "1e3", "-1.5E+3", "0.", ".inf", "-.INF", ".nan", "+.5"] {
            assert_eq!(plain(text), Scalar::Float(text.into()), "{text}");
        }
        for text in [
            "on",
            "off",
            "yes",
            "no",
            "y",
            "n",
            "nUll",
            "tRue",
            "1_000",
            "0b1",
            "12:30",
            ".",
            "e3",
            "1e",
            "0x",
            "0o8",
            "1.2.3",
            "+-1",
            "-",
            "inf",
            "-.nan",
            "2024-01-01",
            "1e3.5",
            "--1",
        ] {
            assert_eq!(plain(text), Scalar::String(text.into()), "{text}");
        }
        assert_eq!(plain("TRUE"), Scalar::Boolean(true));
        assert_eq!(plain("False"), Scalar::Boolean(false));
    }
}
