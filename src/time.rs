//! Points in time and lengths of time, in whole seconds; the clock itself is in [`crate::io`].

use std::fmt;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

use crate::json::text;

/// A point in time: seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last second that X.509 can express (RFC 5280, section 4.1.2.5.2): 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// The point in time that lies `seconds` after the epoch; clamped to the years 1 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(-62_135_596_800, Self::MAX.0))
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// This point in time as the `time` crate's type, in UTC.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the constructor clamps")]
    pub fn to_offset_date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0)
            .expect("the constructor clamps to the range of the type")
    }

    /// Reads RFC 3339 (`2026-01-31T12:00:00Z`), a date (midnight UTC) or seconds since the epoch (`@1700000000`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(seconds) = text.strip_prefix('@') {
            return seconds.parse().ok().map(Self::from_unix);
        }
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        OffsetDateTime::parse(&full, &Rfc3339).ok().map(|t| Self(t.unix_timestamp()))
    }

    /// This point in time plus `length`, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn after(self, length: Seconds) -> Self {
        Self::from_unix(self.0.saturating_add_unsigned(length.0))
    }

    /// This point in time less `length`.
    #[must_use]
    pub fn before(self, length: Seconds) -> Self {
        Self::from_unix(self.0.saturating_sub_unsigned(length.0))
    }

    /// The time from `earlier` to this point, zero if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Seconds {
        Seconds(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.to_offset_date_time();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second()
        )
    }
}

text!(Seconds, Seconds::to_string, { "pattern": "^[0-9]+[dhms]$" });
text!(Timestamp, Timestamp::to_string, { "format": "date-time" });

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u64);

impl Seconds {
    /// `days` days of 24 hours.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self(days * 86_400)
    }

    /// `minutes` minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(minutes * 60)
    }
}

impl fmt::Display for Seconds {
    /// The largest unit that divides it: `365d`, `36h`, `90s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            0 => (0, "s"),
            s if s % 86_400 == 0 => (s / 86_400, "d"),
            s if s % 3_600 == 0 => (s / 3_600, "h"),
            s if s % 60 == 0 => (s / 60, "m"),
            s => (s, "s"),
        };
        write!(f, "{count}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_and_print_alike() {
        for text in ["1970-01-01T00:00:00Z", "2050-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::parse("2026-02-03"), Timestamp::parse("2026-02-03T00:00:00Z"));
        assert_eq!(Timestamp::parse("@86400"), Timestamp::parse("1970-01-02"));
        assert_eq!(Timestamp::parse("tomorrow"), None);
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX.after(Seconds::days(1)), Timestamp::MAX);
        assert_eq!(Timestamp::from_unix(5).since(Timestamp::from_unix(9)), Seconds(0));
    }

    #[test]
    fn lengths_print_in_their_largest_unit() {
        assert_eq!(Seconds::days(365).to_string(), "365d");
        assert_eq!(Seconds(5400).to_string(), "90m");
        assert_eq!(Seconds(0).to_string(), "0s");
    }
}
