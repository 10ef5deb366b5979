//! Durations as specs and cert-manager write them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};

use crate::diagnostic::literal;
use crate::time::Seconds;

/// Length of time: `10y`, `365d`, `8760h`, `2160h0m0s`, `1y6w`; 1y = 365d, `m` is minutes. At least
/// `LEAST` seconds, as cert-manager demands of certificates: one of a few minutes, backdated for
/// late clocks, would be due again at once
/// (`internal/apis/certmanager/validation/certificate.go`, `ValidateDuration`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration<const LEAST: u64 = 3_600>(u64);

/// How long before the end of a certificate it is renewed; five minutes at least.
pub type RenewBefore = Duration<300>;

/// Units and their seconds, longest first.
const UNITS: [(char, u64); 6] =
    [('y', 365 * 86_400), ('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Longer than anything X.509 can express.
const MAXIMUM: u64 = 10_000 * 365 * 86_400;

const HELP: &str = "write numbers with the units y, w, d, h, m (minutes) and s, longest first, such as `10y`, `90d` or `8760h`";

impl<const LEAST: u64> Duration<LEAST> {
    /// The length in seconds.
    #[must_use]
    pub fn seconds(self) -> Seconds {
        Seconds(self.0)
    }
}

impl<const LEAST: u64> FromStr for Duration<LEAST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse =
            |why: String| format!("{} is not a length of time: {why}\n{HELP}", literal(text));
        if text.is_empty() {
            return Err(refuse("it is empty".to_owned()));
        }
        let mut total: u64 = 0;
        let mut units = UNITS.as_slice();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, seconds) = part(rest, &mut units, text).map_err(refuse)?;
            rest = &rest[part..];
            total = total.checked_add(seconds).filter(|total| *total <= MAXIMUM).ok_or_else(|| {
                format!("{} is too long: X.509 knows dates up to the year 9999\nwrite a shorter time", literal(text))
            })?;
        }
        if total < LEAST {
            let least = Seconds(LEAST);
            return Err(format!(
                "{} is too short, expected `{least}` at least\nwrite `{least}` or more",
                literal(text)
            ));
        }
        Ok(Self(total))
    }
}

/// Length of the first number with its unit, and its seconds; `units` are those that may follow.
fn part(rest: &str, units: &mut &[(char, u64)], text: &str) -> Result<(usize, u64), String> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let unit: String =
        rest[digits..].chars().take_while(|character| character.is_alphabetic()).collect();
    if digits == 0 {
        let found = rest.chars().next().unwrap_or_default();
        return Err(format!("expected a number, found {}", literal(&found.to_string())));
    }
    if unit.is_empty() {
        let found = rest[digits..].chars().next();
        return Err(match found {
            Some(found) => format!(
                "expected a unit behind `{}`, found {}",
                &rest[..digits],
                literal(&found.to_string())
            ),
            None if digits == text.len() && is_some_days(text) => {
                format!("it has no unit; for days write `{text}d`")
            }
            None => format!("`{}` has no unit", &rest[..digits]),
        });
    }
    let (position, seconds) = match UNITS.iter().find(|(name, _)| *name.to_string() == unit) {
        None => return Err(format!("the unit {} is unknown", literal(&unit))),
        Some((name, seconds)) => (units.iter().position(|(other, _)| other == name), *seconds),
    };
    let position = position.ok_or_else(|| format!("`{unit}` follows a unit that is not longer"))?;
    *units = &units[position + 1..];
    let count: u64 = rest[..digits].parse().unwrap_or(u64::MAX);
    Ok((digits + unit.len(), count.saturating_mul(seconds)))
}

/// Whether that many days are a length of time.
fn is_some_days(digits: &str) -> bool {
    let days = digits.parse::<u64>().ok().and_then(|days| days.checked_mul(86_400));
    days.is_some_and(|seconds| (1..=MAXIMUM).contains(&seconds))
}

impl<const LEAST: u64> fmt::Display for Duration<LEAST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seconds().fmt(f)
    }
}

impl<'de, const LEAST: u64> serde::Deserialize<'de> for Duration<LEAST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor<const LEAST: u64>;

impl<const LEAST: u64> Visitor<'_> for DurationVisitor<LEAST> {
    type Value = Duration<LEAST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as `\"90d\"`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let days = format!("{number}d");
        let help = match Self::Value::from_str(&days) {
            Ok(_) => format!("for days write `\"{days}\"`"),
            Err(_) => HELP.to_owned(),
        };
        Err(E::custom(format!("the length of time `{number}` has no unit\n{help}")))
    }
}

impl<const LEAST: u64> JsonSchema for Duration<LEAST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
            "minLength": 2,
            "examples": ["10y", "365d", "2160h0m0s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn lengths_add_up() {
        for (text, seconds) in [
            ("3600s", 3600),
            ("60m", 3600),
            ("2160h0m0s", 2160 * 3600),
            ("1w", 7 * 86_400),
            ("365d", 365 * 86_400),
            ("1y2w3d4h5m6s", 31_536_000 + 17 * 86_400 + 4 * 3600 + 306),
            ("10000y", MAXIMUM),
            ("007d", 7 * 86_400),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().seconds(), Seconds(seconds), "{text}");
        }
    }

    #[test]
    fn renewal_is_five_minutes_before_at_least() {
        check::<RenewBefore>(&["5m", "300s", "30d"], &[("299s", "expected `5m` at least")]);
    }

    #[test]
    fn what_is_no_length_says_why() {
        check::<Duration>(
            &[],
            &[
                ("", "it is empty"),
                ("365", "for days write `365d`"),
                ("d", "expected a number, found `d`"),
                ("1y6mo", "the unit `mo` is unknown"),
                ("1.5h", "expected a unit behind `1`, found `.`"),
                ("-1d", "expected a number, found `-`"),
                ("1d1y", "`y` follows a unit that is not longer"),
                ("1d1d", "not longer"),
                ("1 d", "found ` `"),
                ("1d30", "`30` has no unit"),
                ("0s", "`0s` is too short, expected `1h` at least"),
                ("59m59s", "write `1h` or more"),
                ("0", "`0` has no unit"),
                ("9999999", "`9999999` has no unit"),
                ("10001y", "too long"),
                ("99999999999999999999999y", "too long"),
                ("1D", "the unit `D` is unknown"),
                ("1µs", "the unit `µs` is unknown"),
            ],
        );
    }
}
