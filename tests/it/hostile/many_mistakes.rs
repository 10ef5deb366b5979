//! A spec with more mistakes than a user reads: the messages take no square of time, and end with a count.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::Sandbox;

/// Wrong references, and as many names to mistake them for.
fn spec(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(text, "[cas.c{n}]\n[clients.a{n}]\nissuer = \"missing{n}\"\n");
    }
    text
}

fn time(count: usize, format: &str) -> Duration {
    let sandbox = Sandbox::with_toml(&spec(count));
    let started = Instant::now();
    let run = sandbox.run(&["render", "--message-format", format]);
    let time = started.elapsed();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains(&format!("{} more errors are not shown", count - 300)), "{format}");
    assert_eq!(run.stderr.matches("unknown-reference").count(), 300, "{format}");
    time
}

#[test]
fn many_wrong_references_are_counted_and_take_linear_time() {
    for format in ["text", "json"] {
        let (few, many) = (time(2_500, format), time(20_000, format));
        assert!(many < few * 24 + Duration::from_secs(1), "{format}: {few:?}, {many:?}");
    }
}
