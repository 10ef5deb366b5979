//! Rows for people.

use std::fmt::Write as _;

use super::{Row, Subject};
use crate::diagnostic::visible;
use crate::time::Timestamp;

const HEADER: [&str; 10] = [
    "KIND",
    "HOLDER",
    "STATE",
    "NOT BEFORE",
    "NOT AFTER",
    "RENEWAL",
    "ISSUER",
    "SERIAL",
    "FINGERPRINT",
    "OPENS",
];
/// Hosts that are listed in one line.
const MOST_OPENED: usize = 3;
/// Characters of a fingerprint that tell it from others.
const FINGERPRINT: usize = 16;

/// A table with aligned columns; dates without the time of day, the start of each fingerprint. The last column says
/// which hosts a certificate of the past still opens, if one does, and marks those where that is not known.
#[must_use]
pub fn render(rows: &[Row], _now: Timestamp) -> String {
    let header = HEADER.map(str::to_owned);
    let lines: Vec<[String; 10]> = std::iter::once(header).chain(rows.iter().map(cells)).collect();
    let shown = HEADER.len()
        - usize::from(rows.iter().all(|row| row.opens.is_empty() && row.may_open.is_empty()));
    let width = |column: usize| lines.iter().map(|l| l[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..shown).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            write!(row, "{cell:width$}  ").expect("a String takes everything");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row) -> [String; 10] {
    let none = || "-".to_owned();
    let facts = row.facts.as_ref();
    let day = |time: Timestamp| time.to_string()[..10].to_owned();
    // A name may hold anything, and a line stays a line.
    let name: String = row.subject.name().chars().flat_map(visible).collect();
    let issuer: String = row.issuer.chars().flat_map(visible).collect();
    [
        row.subject.kind().to_owned(),
        name,
        row.state.to_string(),
        facts.map_or_else(none, |facts| day(facts.not_before)),
        facts.map_or_else(none, |facts| day(facts.not_after)),
        row.renewal_time.map_or_else(none, day),
        if row.is_brought && matches!(row.subject, Subject::List(_)) {
            format!("{issuer} (brought)")
        } else {
            issuer
        },
        facts.map_or_else(none, |facts| facts.serial.clone()),
        facts.map_or_else(none, |facts| facts.fingerprint.to_string()[..FINGERPRINT].to_owned()),
        opens(row),
    ]
}

fn opens(row: &Row) -> String {
    let may_open = row.may_open.iter().map(|host| format!("{host} (not known)"));
    let all: Vec<String> = row.opens.iter().cloned().chain(may_open).collect();
    let mut hosts: Vec<String> = all.iter().take(MOST_OPENED).cloned().collect();
    if let Some(more @ 1..) = all.len().checked_sub(MOST_OPENED) {
        hosts.push(format!("and {more} more"));
    }
    hosts.join(", ").chars().flat_map(visible).collect()
}
