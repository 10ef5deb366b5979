//! What Kustomize takes for something else than YAML 1.2 does.
//!
//! It reads a configuration through `go.yaml.in/yaml/v3` (`resolve.go`), writes it as JSON, and hands over
//! that: `0100` as `64`, `1_000` as `1000`, `2024-01-01` as `2024-01-01T00:00:00Z`. Booleans, nulls and
//! sexagesimals are those of YAML 1.2.

use time::{Date, Month};

use super::Other;
use super::kubectl::number;
use crate::yaml::node::Scalar;

/// What Kustomize reads, if it is another value than `scalar`.
pub(super) fn other_reading(text: &str, scalar: &Scalar) -> Option<Other> {
    let read = number(text);
    let same = match (scalar, &read) {
        (Scalar::String(_), None) => !is_rewritten_date(text),
        (Scalar::Integer(_), Some(number)) => match (scalar.as_integer(), number.as_i128()) {
            (Some(here), Some(there)) => here == there,
            _ => false,
        },
        (Scalar::Float(_), Some(number)) => {
            // What is not finite, Kustomize refuses.
            scalar.as_float().is_none_or(|here| Some(here) == number.as_f64())
        }
        (Scalar::Float(_), None) => {
            matches!(text.as_bytes().last(), Some(b'f' | b'F' | b'n' | b'N'))
        }
        (Scalar::String(_), Some(_)) | (Scalar::Integer(_), None) => false,
        (Scalar::Boolean(_) | Scalar::Null | Scalar::Datetime(_), _) => true,
    };
    (!same).then(|| match read {
        Some(number) => Other::number(Some(number.to_string())),
        None if matches!(scalar, Scalar::String(_)) => Other::words("a date"),
        None => Other::words("a string"),
    })
}

/// Whether it is a date to `parseTimestamp` that Go writes differently: not quite in the form
/// `2024-01-01T10:00:00Z`.
fn is_rewritten_date(text: &str) -> bool {
    let day = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let (date, clock) = text.split_at(day);
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Some(year), Some(month_number), Some(day_number)) =
        (digits(year, 4..=4), digits(month, 1..=2), digits(day, 1..=2))
    else {
        return false;
    };
    let is_date = u8::try_from(month_number)
        .ok()
        .and_then(|month| Month::try_from(month).ok())
        .zip(u8::try_from(day_number).ok())
        .is_some_and(|(month, day)| Date::from_calendar_date(i32::from(year), month, day).is_ok());
    if !is_date || clock.is_empty() {
        return is_date;
    }
    let (separator, clock) = clock.split_at(1);
    let Some((clock, zone)) = clock_and_zone(clock) else { return false };
    if (separator == " ") != zone.is_empty() {
        return false;
    }
    let (seconds, fraction) = match clock.split_once(['.', ',']) {
        Some((seconds, fraction)) if !fraction.is_empty() && is_digits(fraction) => {
            (seconds, fraction)
        }
        Some(_) => return false,
        None => (clock, ""),
    };
    let parts: Vec<_> = seconds.split(':').collect();
    let [hour, minute, second] = parts[..] else { return false };
    let below = |text, limit| digits(text, 1..=2).is_some_and(|value| value < limit);
    if !below(hour, 24) || !below(minute, 60) || !below(second, 60) {
        return false;
    }
    let is_short = [month, day, hour, minute, second].iter().any(|part| part.len() < 2);
    let is_canonical = separator == "T"
        && !is_short
        && !clock.contains(',')
        && !fraction.ends_with('0')
        && fraction.len() <= 9
        && !zone.ends_with("00:00");
    !is_canonical
}

/// The time of the day and what follows it: `Z`, an offset such as `+01:00`, or nothing.
fn clock_and_zone(text: &str) -> Option<(&str, &str)> {
    let at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(at);
    let is_zone = match zone.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', _, _, b':', _, _] => is_digits(&zone[1..3]) && is_digits(&zone[4..]),
        _ => false,
    };
    is_zone.then_some((clock, zone))
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let fits = lengths.contains(&text.len()) && is_digits(text);
    fits.then(|| text.parse().ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::schema::core;

    /// Each with what `kustomize build` (5.8) hands over, as was seen.
    #[test]
    fn what_kustomize_changes_is_known() {
        for text in [
            "0100",
            "010",
            "-0100",
            "+0100",
            "1_000",
            "1_",
            "1_0.5",
            "0b11",
            "0B1",
            "0X1F",
            "0O7",
            "0x_1F",
            "0o_7",
            "-0x1F",
            "-0o7",
            "1e400",
            "-9223372036854775809",
            "12345678901234567890123",
            "2024-01-01",
            "2024-1-1",
            "2024-01-01 10:00:00",
            "2024-01-01T10:00:00.500Z",
            "2024-01-01T10:00:00,5Z",
            "2024-01-01T10:00:00+00:00",
        ] {
            assert!(other_reading(text, &core::plain(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn what_kustomize_reads_alike_is_known() {
        for text in [
            "0",
            "00",
            "08",
            "0099",
            "0128",
            "7",
            "+7",
            "-0",
            "-0.0",
            "0o10",
            "0x1F",
            "1.10",
            ".5",
            "5.",
            "1e3",
            "1.0E+2",
            "0100e1",
            "010.5",
            "1e20",
            "9007199254740993",
            "18446744073709551615",
            "yes",
            "on",
            "no",
            "y",
            "~",
            "null",
            "True",
            "1:30",
            "=",
            "<<",
            "0x",
            "0b2",
            "0o9",
            ".inf",
            "-.INF",
            ".nan",
            "-",
            ".",
            "1.2.3",
            "2024-13-45",
            "2023-02-29",
            "12345-01-01",
            "2024-01-01T10",
            "2024-01-01T10:00:00",
            "2024-01-01T10:00:00Z",
            "2024-01-01T10:00:00+01:00",
            "2024-01-01T10:00:00.5Z",
            "2024-01-01t10:00:00z",
            "2024-01-01T24:00:00Z",
            "2001-12-14 21:59:43.10 -5",
            "2024-01-01 10:00:00Z",
            "10.0.0.1",
            "127.0.0.1/8",
            "1.25-alpine",
            "2024-01",
            "12-12-12",
        ] {
            assert_eq!(other_reading(text, &core::plain(text)), None, "{text}");
        }
    }
}
