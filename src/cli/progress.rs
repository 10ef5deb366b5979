//! A line on the terminal that counts what takes long.
#![expect(clippy::disallowed_methods, reason = "progress is shown on standard error")]

use std::io::{self, IsTerminal as _, Write as _};

use super::report::Report;

/// Work of fewer steps is not counted.
const WORTH_COUNTING: usize = 20;
/// How often the line is written at most: a terminal is slower than what is counted.
const MOST_WRITTEN: usize = 500;

/// A line that is overwritten with each step, on a terminal only.
pub struct Progress {
    done: usize,
    total: usize,
    shown: bool,
}

impl Progress {
    /// Starts counting to `total`.
    pub fn new(report: Report, total: usize) -> Self {
        let shown = total >= WORTH_COUNTING && report.is_for_people() && io::stderr().is_terminal();
        Self { done: 0, total, shown }
    }

    /// One more is done.
    pub fn step(&mut self) {
        self.done += 1;
        let interval = (self.total / MOST_WRITTEN).max(1);
        if self.shown && (self.done.is_multiple_of(interval) || self.done == self.total) {
            let _ = write!(io::stderr(), "\rissuing {}/{}", self.done, self.total);
        }
    }

    /// Clears the line.
    pub fn end(self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r{:40}\r", "");
        }
    }
}
