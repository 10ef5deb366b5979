use std::collections::BTreeMap;

use super::*;
use crate::specification::Verify;

const NOW: &str = "2030-01-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn row(subject: Subject, state: State, not_after: &str) -> Row {
    Row {
        subject,
        issuer: "ca \"of\"\\ours".to_owned(),
        is_supplied: false,
        is_current: !matches!(state, State::Superseded | State::Orphaned),
        facts: Some(Facts {
            subject: "CN=a,O=b\\, c".to_owned(),
            serial: "0ABC".to_owned(),
            fingerprint: Fingerprint([0xAB; 32]),
            not_before: at("2029-01-01"),
            not_after: at(not_after),
        }),
        renewal_time: Some(at("2030-03-02")),
        state,
        reason: None,
        opens: vec!["web.example.com".to_owned()],
        may_open: Vec::new(),
    }
}

fn client(name: &str) -> Subject {
    Subject::Certificate(Holder::Client(name.to_owned()))
}

fn sample() -> Vec<Row> {
    let missing =
        Row { facts: None, renewal_time: None, ..row(client("new"), State::Missing, NOW) };
    vec![
        row(Subject::Certificate(Holder::Authority("ca".into())), State::Valid, "2040-01-01"),
        row(client("a\n\"b\"\\ü"), State::Due, "2030-02-01"),
        row(client("old"), State::Orphaned, "2030-01-02"),
        missing,
        row(Subject::List("ca".into()), State::Valid, "2031-01-01"),
    ]
}

#[test]
fn the_table_has_a_line_for_each_row_and_aligned_columns() {
    let mut rows = sample();
    for row in &mut rows {
        row.opens.clear();
    }
    let text = table(&rows, at(NOW));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + rows.len(), "{text}");
    let column = lines[0].find("STATE").unwrap();
    assert!(lines[1][column..].starts_with("valid     3652  2040-01-01  2030-03-02"), "{text}");
    assert!(lines[4][column..].starts_with("missing   -  "), "{text}");
    assert!(lines[2].contains("a\\n\"b\"\\ü") && lines[2].contains("2030-02-01"), "{text}");
    assert!(lines[3].contains(" 1     2030-01-02"), "{text}");
    let late = table(&rows, at("2030-01-01T12:00:00Z"));
    assert!(late.lines().nth(3).unwrap().contains(" <1 "), "{late}");
    let over = table(&rows, at("2030-01-02T12:00:00Z"));
    assert!(over.lines().nth(3).unwrap().contains(" -1 "), "{over}");
    let wide = wide_table(&rows, at(NOW));
    assert!(wide.contains("0ABC") && wide.contains("2040-01-01T00:00:00Z"), "{wide}");
    assert!(!text.contains("0ABC"), "{text}");
}

#[test]
fn below_a_certificate_is_why_it_is_due_and_what_it_opens() {
    let mut rows = vec![row(client("a"), State::Due, "2030-02-01")];
    rows[0].reason = Some("expected key Ed25519, found ECDSA 256".to_owned());
    rows[0].issuer = "a\u{202e}b\u{1b}[31m".to_owned();
    rows[0].opens = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    let text = table(&rows, at(NOW));
    assert!(text.contains("a\\u{202e}b\\u{1b}[31m\n"), "{text}");
    let below: Vec<&str> = text.lines().skip(2).map(str::trim).collect();
    assert_eq!(
        below,
        ["expected key Ed25519, found ECDSA 256", "opens a, b, c, and 2 more"],
        "{text}"
    );
    rows[0].opens.truncate(1);
    rows[0].may_open = vec!["u".to_owned()];
    assert!(table(&rows, at(NOW)).ends_with("opens a, u (not known)\n"));
}

#[test]
fn json_has_everything() {
    let value: serde_json::Value =
        serde_json::to_value(Status::of(&sample(), &some_hosts(), at(NOW))).unwrap();
    assert_eq!(value["time"], NOW);
    let first = &value["certificates"][0];
    for (key, expected) in [
        ("kind", "authority"),
        ("name", "ca"),
        ("state", "valid"),
        ("source", "issued"),
        ("serial", "0ABC"),
        ("notAfter", "2040-01-01T00:00:00Z"),
        ("renewalTime", "2030-03-02T00:00:00Z"),
    ] {
        assert_eq!(first[key], expected);
    }
    assert_eq!(first["daysLeft"], 3652);
    assert_eq!(first["fingerprintSha256"], "ab".repeat(32));
    assert_eq!(value["certificates"][3]["notAfter"], serde_json::Value::Null);
}

#[test]
fn metrics_are_one_sample_a_line_for_any_name() {
    let text = prometheus(&sample(), at(NOW));
    let mut samples: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        value.parse::<i64>().unwrap();
        let name = series.split('{').next().unwrap();
        *samples.entry(name).or_default() += 1;
        assert_eq!(series.contains('{'), series.ends_with('}'), "{line}");
    }
    assert_eq!(samples["mtlsgen_certificate_not_after_timestamp_seconds"], 4);
    assert_eq!(samples["mtlsgen_certificates"], 4 * State::ALL.len());
    assert!(
        text.contains("name=\"a\\n\\\"b\\\"\\\\ü\",issuer=\"ca \\\"of\\\"\\\\ours\""),
        "{text}"
    );
    assert!(text.contains("mtlsgen_certificates{kind=\"client\",state=\"orphaned\"} 1\n"));
    let types = text.lines().filter(|line| line.starts_with("# TYPE")).count();
    assert_eq!(types, samples.len());
}

fn some_hosts() -> Vec<Admitted> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let host = |host: &str, verify, clients: &[&str], below: &[&str]| Admitted {
        hosts: names(&[host]),
        verify,
        clients: names(clients),
        below: names(below),
        secret: None,
        doubt: None,
    };
    let mut secret = host("e", Some(Verify::On), &[], &[]);
    secret.secret = Some("ns/ca".to_owned());
    secret.doubt = Some(Doubt::Secret);
    let mut unknown = host("f", Some(Verify::On), &["alice"], &[]);
    unknown.doubt = Some(Doubt::Annotations);
    let mut together = host("b", Some(Verify::On), &["a", "b", "c", "d", "e"], &["root"]);
    together.hosts = names(&["b", "a\nx"]);
    vec![
        together,
        host("c", None, &[], &[]),
        host("d", Some(Verify::Optional), &[], &["root"]),
        secret,
        unknown,
    ]
}

#[test]
fn admitted_clients_are_short_in_the_table_and_complete_in_json() {
    let table = hosts_table(&some_hosts());
    let lines: Vec<&str> = table.lines().collect();
    let all = "any client below root (5 clients of the spec: a, b, c, and 2 more)";
    assert_eq!(
        lines,
        [
            "HOST  ACCESS     ADMITS".to_owned(),
            format!("a\\nx  protected  {all}"),
            format!("b     protected  {all}"),
            "c     open       anyone: no certificate is requested".to_owned(),
            "d     optional   anyone without a certificate; any client below root (0 clients)".to_owned(),
            "e     unknown    any client of the authorities in the Secret ns/ca, which was not provided".to_owned(),
            "f     unknown    1 client: alice (not known: annotations may change it)".to_owned(),
        ]
    );
    assert_eq!(hosts_table(&[]), "");
    let value = serde_json::to_value(Status::of(&[], &some_hosts(), at(NOW))).unwrap();
    assert_eq!(value["admitted"][0]["clients"].as_array().unwrap().len(), 5);
    assert_eq!(value["admitted"][0]["anyBelow"][0], "root");
    assert_eq!(value["admitted"][1]["verify"], serde_json::Value::Null);
}

#[test]
fn two_lists_of_one_number_are_two_series() {
    let mut rows = vec![row(Subject::List("ca".into()), State::Valid, "2031-01-01"); 2];
    rows[1].facts.as_mut().unwrap().fingerprint = Fingerprint([0xCD; 32]);
    let text = prometheus(&rows, at(NOW));
    let series = text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series);
    let samples: Vec<&str> = series.filter(|series| !series.starts_with('#')).collect();
    let distinct: std::collections::BTreeSet<&str> = samples.iter().copied().collect();
    assert_eq!(samples.len(), distinct.len(), "{text}");
    assert!(text.contains("fingerprint=\"cdcdcdcdcdcdcdcd\""), "{text}");
}

#[test]
fn the_calendar_has_short_lines_and_events_of_what_is_in_use() {
    let text = icalendar(&sample(), at(NOW));
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    let unfolded = text.replace("\r\n ", "");
    assert_eq!(unfolded.matches("BEGIN:VEVENT\r\n").count(), 6, "{unfolded}");
    assert!(unfolded.contains("DTSTART:20300201T000000Z\r\n"));
    assert!(unfolded.contains("SUMMARY:client a\\n\"b\"\\\\ü: ends\r\n"), "{unfolded}");
    assert!(unfolded.contains("DESCRIPTION:subject CN=a\\,O=b\\\\\\, c\\, serial 0ABC\r\n"));
    assert!(!unfolded.contains("client old"));
}

#[test]
fn expiry_is_announced_for_what_is_in_use() {
    let rows = sample();
    let names = |days: u64| -> Vec<&str> {
        let ending = ending(&rows, at(NOW), Seconds::days(days));
        ending.into_iter().map(|row| row.subject.name()).collect()
    };
    assert_eq!(names(0), ["new"]);
    assert_eq!(names(31), ["a\n\"b\"\\ü", "new"]);
    assert_eq!(names(365), ["a\n\"b\"\\ü", "new", "ca"]);
}
