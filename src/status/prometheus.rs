//! Rows as metrics in Prometheus' text format, for the textfile collector of the node exporter.

use std::fmt::Write as _;

use super::{Row, State};
use crate::time::Timestamp;

/// Characters of a fingerprint that identify it, as in the table.
const FINGERPRINT: usize = 16;

/// One sample for each row and metric.
#[must_use]
pub fn render(rows: &[Row], now: Timestamp) -> String {
    let mut text = String::new();
    let time = |time: Timestamp| time.unix();
    let not_after = |row: &Row| row.facts.as_ref().map(|facts| time(facts.not_after));
    let not_before = |row: &Row| row.facts.as_ref().map(|facts| time(facts.not_before));
    let renewal = |row: &Row| row.renewal_time.map(time);
    metric(&mut text, "not_after_timestamp_seconds", "End of validity.", rows, &not_after);
    metric(&mut text, "not_before_timestamp_seconds", "Begin of validity.", rows, &not_before);
    metric(
        &mut text,
        "renewal_timestamp_seconds",
        "When the next render renews it.",
        rows,
        &renewal,
    );
    states(&mut text, rows);
    header(&mut text, "mtlsgen_status_timestamp_seconds", "When this was written.");
    line(&mut text, "mtlsgen_status_timestamp_seconds", "", now.unix());
    text
}

fn metric(
    text: &mut String,
    name: &str,
    help: &str,
    rows: &[Row],
    value: &dyn Fn(&Row) -> Option<i64>,
) {
    let name = format!("mtlsgen_certificate_{name}");
    header(text, &name, help);
    for row in rows {
        if let Some(value) = value(row) {
            line(text, &name, &format!("{{{}}}", labels(row)), value);
        }
    }
}

/// How many there are of each kind in each state: an alert needs no more.
fn states(text: &mut String, rows: &[Row]) {
    let name = "mtlsgen_certificates";
    header(text, name, "Number of certificates and revocation lists by kind and state.");
    for kind in ["authority", "host", "client", "crl"] {
        for state in State::ALL {
            let is_it = |row: &&Row| row.subject.kind() == kind && row.state == state;
            let count = rows.iter().filter(is_it).count();
            let labels = format!("{{kind=\"{kind}\",state=\"{state}\"}}");
            line(text, name, &labels, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

fn header(text: &mut String, name: &str, help: &str) {
    write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n").expect("a String takes everything");
}

fn line(text: &mut String, name: &str, labels: &str, value: i64) {
    writeln!(text, "{name}{labels} {value}").expect("a String takes everything");
}

fn labels(row: &Row) -> String {
    let serial = row.facts.as_ref().map_or("", |facts| &facts.serial);
    // Two generations of an authority may have lists of one number; two equal samples void the whole file.
    let fingerprint = row.facts.as_ref().map(|facts| facts.fingerprint.to_string());
    let fingerprint = fingerprint.as_deref().map_or("", |full| &full[..FINGERPRINT]);
    format!(
        "kind=\"{}\",name=\"{}\",issuer=\"{}\",serial=\"{serial}\",fingerprint=\"{fingerprint}\",state=\"{}\",current=\"{}\"",
        row.subject.kind(),
        escaped(row.subject.name()),
        escaped(&row.issuer),
        row.state,
        row.is_current,
    )
}

/// Label values escape backslash, quote and line feed
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details>).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
