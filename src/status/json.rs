//! Rows for programs.

use serde_json::{Value, json};

use super::{Admitted, Row};
use crate::pki::request::Holder;
use crate::specification::Verify;
use crate::time::Timestamp;

/// An object with the time, a list of all rows, and the clients that hosts admit; times are RFC 3339.
#[must_use]
pub fn render(rows: &[Row], admitted: &[Admitted], now: Timestamp) -> String {
    let rows: Vec<Value> = rows.iter().map(|one| row(one, now)).collect();
    let admitted: Vec<Value> = admitted.iter().map(of_hosts).collect();
    let all = json!({ "time": now.to_string(), "certificates": rows, "admitted": admitted });
    format!("{all:#}\n")
}

fn of_hosts(admitted: &Admitted) -> Value {
    let Admitted { hosts, verify, clients, below, secret, doubt } = admitted;
    let verify = verify.map(|verify| match verify {
        Verify::On => "on",
        Verify::Optional => "optional",
        Verify::OptionalNoCa => "optional_no_ca",
        Verify::Off => "off",
    });
    json!({
        "hosts": hosts,
        "access": admitted.access(),
        "verify": verify,
        "clients": clients,
        "anyBelow": below,
        "secret": secret,
        "known": doubt.is_none(),
    })
}

fn row(row: &Row, now: Timestamp) -> Value {
    let Row {
        subject,
        issuer,
        is_supplied,
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
        "holder": subject.holder().map(Holder::full_name),
        "kind": subject.kind(),
        "name": subject.name(),
        "state": state.to_string(),
        "reason": reason,
        "current": is_current,
        "source": if *is_supplied { "brought" } else { "issued" },
        "subject": facts.map(|facts| &facts.subject),
        "issuer": issuer,
        "serial": facts.map(|facts| &facts.serial),
        "fingerprintSha256": facts.map(|facts| facts.fingerprint.to_string()),
        "notBefore": time(facts.map(|facts| facts.not_before)),
        "notAfter": time(facts.map(|facts| facts.not_after)),
        "daysLeft": row.days_left(now),
        "renewalTime": time(*renewal_time),
        "opens": opens,
        "mayOpen": may_open,
    })
}
