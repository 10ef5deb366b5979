//! Ends and renewals of what is in use as a calendar (RFC 5545).

use super::{Facts, Row, State};
use crate::time::{Seconds, Timestamp};

/// Octets in a line of a calendar, its end not counted (RFC 5545, section 3.1).
const LINE: usize = 75;

/// Events for each certificate and list in use: when it is due, when it ends, and when it begins if that is still to
/// come.
#[must_use]
pub fn render(rows: &[Row], now: Timestamp) -> String {
    let mut text = String::new();
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mtlsgen//status//EN"] {
        push(&mut text, line);
    }
    let in_use = rows.iter().filter(|row| row.is_current && row.state != State::Revoked);
    for (row, facts) in in_use.filter_map(|row| Some((row, row.facts.as_ref()?))) {
        let name = format!("{} {}", row.subject.kind(), row.subject.name());
        if row.state == State::NotYetValid {
            let summary = format!("{name}: begins, not yet valid before");
            event(&mut text, facts, "begin", &summary, facts.not_before, now);
        }
        if let Some(renewal) = row.renewal_time {
            event(&mut text, facts, "renewal", &format!("{name}: due for renewal"), renewal, now);
        }
        event(&mut text, facts, "end", &format!("{name}: ends"), facts.not_after, now);
    }
    push(&mut text, "END:VCALENDAR");
    text
}

fn event(
    text: &mut String,
    facts: &Facts,
    what: &str,
    summary: &str,
    at: Timestamp,
    now: Timestamp,
) {
    push(text, "BEGIN:VEVENT");
    push(text, &format!("UID:{}-{what}@mtlsgen", facts.fingerprint));
    push(text, &format!("DTSTAMP:{}", date_time(now)));
    push(text, &format!("DTSTART:{}", date_time(at)));
    push(text, &format!("DTEND:{}", date_time(at.after(Seconds::minutes(15)))));
    push(text, &format!("SUMMARY:{}", escaped(summary)));
    let description = format!("subject {}, serial {}", facts.subject, facts.serial);
    push(text, &format!("DESCRIPTION:{}", escaped(&description)));
    push(text, "TRANSP:TRANSPARENT");
    push(text, "END:VEVENT");
}

/// `20300131T120000Z`.
fn date_time(time: Timestamp) -> String {
    time.to_string().replace(['-', ':'], "")
}

/// RFC 5545, section 3.3.11; other control characters have no place in a text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Adds a line, folded where it is too long, never inside a character.
fn push(text: &mut String, line: &str) {
    let mut length = 0;
    for character in line.chars() {
        if length + character.len_utf8() > LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(character);
        length += character.len_utf8();
    }
    text.push_str("\r\n");
}
