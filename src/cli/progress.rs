//! A line on the terminal that counts what takes long.
#![expect(clippy::disallowed_methods, reason = "progress is shown on standard error")]

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use super::report::Report;

/// Work of fewer steps is not counted.
const WORTH_COUNTING: usize = 20;
/// Columns that the line takes.
const WIDTH: usize = 40;
/// How often the line is written at most: a terminal is slower than what is counted.
const MOST_WRITTEN: usize = 500;

/// An estimate from less time than this would jump.
const SETTLED: Duration = Duration::from_secs(2);

/// A line that is overwritten with each step, on a terminal only.
pub struct Progress {
    done: usize,
    total: usize,
    shown: bool,
    begun: Instant,
}

impl Progress {
    /// Starts counting to `total`.
    pub fn new(report: Report, total: usize) -> Self {
        let shown = total >= WORTH_COUNTING && report.is_for_people() && io::stderr().is_terminal();
        Self { done: 0, total, shown, begun: Instant::now() }
    }

    /// One more is done.
    pub fn step(&mut self) {
        self.done += 1;
        let interval = (self.total / MOST_WRITTEN).max(1);
        if self.shown && (self.done.is_multiple_of(interval) || self.done == self.total) {
            let left = left(self.begun.elapsed(), self.done, self.total);
            let line = format!("issuing {}/{}{left}", self.done, self.total);
            let _ = write!(io::stderr(), "\r{line:WIDTH$}");
        }
    }

    /// Clears the line.
    pub fn end(self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r{:WIDTH$}\r", "");
        }
    }
}

/// How long the rest takes at the speed so far, once that can be estimated.
fn left(elapsed: Duration, done: usize, total: usize) -> String {
    let rest = total.saturating_sub(done);
    if elapsed < SETTLED || done == 0 || rest == 0 {
        return String::new();
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let seconds = (elapsed / count(done)).saturating_mul(count(rest)).as_secs() + 1;
    match seconds {
        ..60 => format!(", about {seconds} s left"),
        60..5400 => format!(", about {} min left", seconds.div_ceil(60)),
        _ => format!(", about {} h left", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_follows_from_the_speed_so_far() {
        let left = |seconds, done| left(Duration::from_secs(seconds), done, 1000);
        assert_eq!(left(1, 500), "", "too early for an estimate");
        assert_eq!(left(10, 0), "");
        assert_eq!(left(10, 1000), "");
        assert_eq!(left(10, 500), ", about 11 s left");
        assert_eq!(left(10, 100), ", about 2 min left");
        assert_eq!(left(600, 10), ", about 17 h left");
    }
}
