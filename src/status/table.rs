//! Rows for people.

use std::fmt::Write as _;

use super::{Admitted, Doubt, Row, Subject};
use crate::diagnostic::visible;
use crate::specification::Verify;
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
/// Names that are listed in one line.
const MOST_LISTED: usize = 3;
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
    few(&all)
}

/// The first names, and how many more there are.
fn few(names: &[String]) -> String {
    let mut few: Vec<String> = names.iter().take(MOST_LISTED).cloned().collect();
    if let Some(more @ 1..) = names.len().checked_sub(MOST_LISTED) {
        few.push(format!("and {more} more"));
    }
    few.join(", ").chars().flat_map(visible).collect()
}

/// A table of hosts and whom they let in; empty where there are none.
#[must_use]
pub fn hosts(admitted: &[Admitted]) -> String {
    let all = admitted.iter().flat_map(|one| one.hosts.iter().map(move |host| (host, one)));
    let shown = |host: &String| host.chars().flat_map(visible).collect::<String>();
    let mut lines: Vec<(String, String)> =
        all.map(|(host, admitted)| (shown(host), whom(admitted))).collect();
    if lines.is_empty() {
        return String::new();
    }
    lines.sort();
    lines.insert(0, ("HOST".to_owned(), "LETS IN".to_owned()));
    let width = lines.iter().map(|(host, _)| host.chars().count()).max().unwrap_or(0);
    let line = |(host, whom): &(String, String)| format!("{host:width$}  {whom}\n");
    lines.iter().map(line).collect()
}

/// Whom hosts let in, in a line.
fn whom(admitted: &Admitted) -> String {
    let Admitted { hosts: _, verify, clients, below, secret, doubt } = admitted;
    let count = match clients.len() {
        1 => "1 client".to_owned(),
        more => format!("{more} clients"),
    };
    let named = match (clients.as_slice(), below.as_slice()) {
        ([], _) => count,
        (names, []) => format!("{count}: {}", few(names)),
        (names, _) => format!("{count} of the spec: {}", few(names)),
    };
    let with_certificate = match (secret, below.as_slice()) {
        (Some(secret), _) => format!("any client of the authorities in the Secret {secret}"),
        (None, []) => named,
        (None, below) => format!("any client below {} ({named})", few(below)),
    };
    let whom = match verify {
        None | Some(Verify::Off) => "anyone: no certificate is asked for".to_owned(),
        Some(Verify::OptionalNoCa) => format!("anyone; verified: {with_certificate}"),
        Some(Verify::Optional) => format!("anyone without a certificate; {with_certificate}"),
        Some(Verify::On) => with_certificate,
    };
    match doubt {
        Some(Doubt::Annotations) => format!("{whom} (not known: annotations may change it)"),
        Some(Doubt::Readers) => {
            format!(
                "{whom} (by ingress-nginx; `mtlsgen access --controller NAME` says whom others let in)"
            )
        }
        // The Secret has been named.
        Some(Doubt::Secret) | None => whom,
    }
}
