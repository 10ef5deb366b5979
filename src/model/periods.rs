//! How long the windows of a derived store are: lengths of time alone.

use crate::time::Seconds;

/// How far certificates and lists begin before their edge, for clocks that are behind.
pub const BACKDATED: Seconds = Seconds::minutes(5);
/// The shortest window.
const SHORTEST: Seconds = Seconds::minutes(10);
/// How many windows a certificate may be valid in, at most.
const MOST_WINDOWS: u64 = 10;

/// The length of a window: a certificate is replaced `renew_before` its end, as a store does. `None` if that is too
/// short to live with.
#[must_use]
pub fn period(duration: Seconds, renew_before: Seconds) -> Option<Seconds> {
    // The last second counts (RFC 5280, section 4.1.2.5).
    let lost = renew_before.0.checked_add(BACKDATED.0 + 1)?;
    let period = Seconds(duration.0.checked_sub(lost)?);
    (period >= shortest_period(duration)).then_some(period)
}

/// The shortest window for certificates that are valid for `duration`.
pub fn shortest_period(duration: Seconds) -> Seconds {
    Seconds(duration.0 / MOST_WINDOWS).max(SHORTEST)
}

/// The latest `renewBefore` that leaves a window long enough.
#[must_use]
pub fn longest_renew_before(duration: Seconds) -> Seconds {
    let left = duration.0.saturating_sub(shortest_period(duration).0 + BACKDATED.0 + 1);
    let unit = [86_400, 3_600].into_iter().find(|unit| left >= 2 * unit).unwrap_or(60);
    Seconds(left / unit * unit)
}

/// How long before its end a list is renewed: as said, else a third of its time, 30 days at most.
#[must_use]
pub fn list_renew_before(duration: Seconds, written: Option<Seconds>) -> Seconds {
    written.unwrap_or(Seconds(duration.0 / 3).min(Seconds::days(30)))
}
