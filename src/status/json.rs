//! Rows for programs.

use serde_json::{Value, json};

use super::Row;
use crate::time::Timestamp;

/// An object with the time and a list of all rows; times are RFC 3339.
#[must_use]
pub fn render(rows: &[Row], now: Timestamp) -> String {
    let rows: Vec<Value> = rows.iter().map(row).collect();
    format!("{:#}\n", json!({ "time": now.to_string(), "certificates": rows }))
}

fn row(row: &Row) -> Value {
    let Row {
        subject,
        issuer,
        is_brought,
        is_current,
        facts,
        renewal_time,
        state,
        reason,
        opens,
        may_open,
    } = row;
    let facts = facts.as_ref();
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "kind": subject.kind(),
        "name": subject.name(),
        "state": state.to_string(),
        "reason": reason,
        "current": is_current,
        "source": if *is_brought { "brought" } else { "issued" },
        "subject": facts.map(|facts| &facts.subject),
        "issuer": issuer,
        "serial": facts.map(|facts| &facts.serial),
        "fingerprintSha256": facts.map(|facts| facts.fingerprint.to_string()),
        "notBefore": time(facts.map(|facts| facts.not_before)),
        "notAfter": time(facts.map(|facts| facts.not_after)),
        "renewalTime": time(*renewal_time),
        "opens": opens,
        "mayOpen": may_open,
    })
}
