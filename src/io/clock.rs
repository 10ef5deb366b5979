//! The clock: what the user says, else `SOURCE_DATE_EPOCH`, else the system's.
#![expect(
    clippy::disallowed_methods,
    reason = "the environment and the system's clock are read here and nowhere else"
)]

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::Timestamp;

const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// `SOURCE_DATE_EPOCH` does not hold seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockError {
    /// What it holds, with a replacement for what is not Unicode.
    pub value: String,
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable `{VARIABLE}` holds `{}`", self.value.escape_default())
    }
}

impl std::error::Error for ClockError {}

impl ClockError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "it takes whole seconds since 1970-01-01T00:00:00Z, such as `1767225600`; \
         unset it, or use `--at`"
            .to_owned()
    }
}

/// The point in time that everything happens at: `at` if the user says it, else `SOURCE_DATE_EPOCH`
/// (<https://reproducible-builds.org/specs/source-date-epoch/>), else the system's clock.
///
/// # Errors
/// `SOURCE_DATE_EPOCH` is needed and is not a number of seconds.
pub fn now(at: Option<Timestamp>) -> Result<Timestamp, ClockError> {
    if let Some(at) = at {
        return Ok(at);
    }
    match std::env::var_os(VARIABLE) {
        Some(value) => source_date_epoch(&value.to_string_lossy()),
        None => Ok(system()),
    }
}

fn source_date_epoch(value: &str) -> Result<Timestamp, ClockError> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let seconds = digits.then(|| value.parse().ok()).flatten();
    seconds
        .filter(|&seconds| Timestamp::from_unix(seconds).unix() == seconds)
        .map(Timestamp::from_unix)
        .ok_or_else(|| ClockError { value: value.to_owned() })
}

fn system() -> Timestamp {
    let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    Timestamp::from_unix(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_date_epoch_is_whole_seconds() {
        assert_eq!(source_date_epoch("86400"), Ok(Timestamp::from_unix(86_400)));
        for value in ["", "-1", "1.5", "1e3", " 1", "2026-01-01", "9999999999999999"] {
            assert_eq!(source_date_epoch(value), Err(ClockError { value: value.to_owned() }));
        }
    }

    #[test]
    fn what_the_user_says_comes_first() {
        let at = Timestamp::from_unix(7);
        assert_eq!(now(Some(at)), Ok(at));
    }
}
