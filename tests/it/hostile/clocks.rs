//! Certificates and lists from a clock that ran ahead: verifiers refuse them, so they count as valid nowhere.

use serde_json::Value;

use super::TWO_CLIENTS as SPEC;
use crate::support::Sandbox;

const AHEAD: &str = "2031-01-01";
const NOW: &str = "2030-01-01";

fn states(sandbox: &Sandbox) -> Vec<String> {
    let run = sandbox.ok(&["status", "-q", "--format", "json", "--at", NOW]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let rows = value["certificates"].as_array().unwrap();
    rows.iter().map(|row| format!("{} {}", row["kind"], row["state"]).replace('"', "")).collect()
}

/// CI whose clock was a year ahead issued everything, and a revocation list.
#[test]
fn what_a_clock_that_was_ahead_made_is_not_valid() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "-o", "out", "--at", AHEAD]);
    sandbox.ok(&["cert", "revoke", "-q", "bob", "--at", AHEAD]);
    sandbox.ok(&["render", "-q", "-o", "out", "--at", AHEAD]);
    let early = |kind: &str| format!("{kind} not yet valid");
    let [client, revoked] = [early("client"), "client revoked".to_owned()];
    let want = [early("authority"), early("host"), client.clone(), client, revoked, early("crl")];
    assert_eq!(states(&sandbox), want);
    let table = sandbox.ok(&["status", "--at", NOW]).stdout;
    assert!(table.contains("not yet valid"), "{table}");
    let prometheus = sandbox.ok(&["status", "--format", "prometheus", "--at", NOW]).stdout;
    assert!(prometheus.contains("{kind=\"host\",state=\"not yet valid\"} 1"), "{prometheus}");
    let calendar = sandbox.ok(&["status", "--format", "icalendar", "--at", NOW]).stdout;
    assert!(
        calendar.contains("DTSTART:20301231T235500Z")
            && calendar.contains("SUMMARY:client bob: begins\\, not yet valid before"),
        "{calendar}"
    );
    for command in [
        &["status", "--fail-within", "1h"][..],
        &["render", "--locked"],
        &["render", "--check", "-o", "out"],
        &["diff", "out"],
    ] {
        let run = sandbox.run(&[command, &["--at", NOW]].concat());
        assert_eq!(run.status, 1, "{command:?}\n{}", run.stderr);
        assert!(
            run.stderr.contains("not valid yet") || run.stderr.contains("not yet valid"),
            "{}",
            run.stderr
        );
        assert_eq!(
            sandbox.run(&[command, &["--at", "2031-01-02"]].concat()).status,
            0,
            "{command:?}"
        );
    }
    let run = sandbox.run(&["cert", "show", "--check", "pki/clients/alice/tls.crt", "--at", NOW]);
    assert_eq!(run.status, 1, "{}", run.stderr);
}

/// Only people know which of two clocks was wrong; `cert renew` is how they say it.
#[test]
fn what_is_not_valid_yet_is_issued_anew_when_asked_for() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", AHEAD]);
    let before = sandbox.read("pki/clients/alice/tls.crt");
    let run = sandbox.ok(&["render", "--at", NOW]);
    assert!(run.stderr.contains("warning[clock-behind]"), "{}", run.stderr);
    assert!(
        run.stderr.contains(
            "`mtlsgen cert renew cas/clients hosts/web.example.com clients/alice clients/bob`"
        ),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.read("pki/clients/alice/tls.crt"), before);
    sandbox.ok(&["cert", "renew", "-q", "--all", "--at", NOW]);
    sandbox.ok(&["render", "-q", "--locked", "--at", NOW]);
    sandbox.ok(&["status", "-q", "--fail-within", "1h", "--at", NOW]);
}

/// An intermediate alone, and what it signed since by a clock that was right.
#[test]
fn an_authority_that_is_not_valid_yet_is_reported_alone() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", NOW]);
    sandbox.ok(&["cert", "renew", "-q", "cas/clients", "--at", AHEAD]);
    assert_eq!(states(&sandbox)[0], "authority not yet valid");
    let run = sandbox.run(&["render", "--locked", "--at", NOW]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("authority `clients` is not valid yet"), "{}", run.stderr);
}

/// A file that is handed out, and a PKI that is taken over: what `render --locked` refuses afterwards is reported at once.
#[test]
fn what_is_exported_or_imported_before_its_time_is_reported() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", AHEAD]);
    let export = ["cert", "export", "alice", "--as", "pem-chain", "-o", "-", "--at", NOW];
    let run = sandbox.ok(&export);
    for words in [
        "warning[not-valid]",
        "is valid from 2030-12-31T23:55:00Z on",
        "`mtlsgen cert renew clients/alice`",
    ] {
        assert!(run.stderr.contains(words), "{words}\n{}", run.stderr);
    }
    let import =
        |at: &str| sandbox.run(&["import", "pki", "--dry-run", "-o", "new", "--at", at]).stdout;
    let said = import(NOW);
    for holder in ["authority `clients`", "host `web.example.com`", "client `alice`"] {
        let words =
            format!("note: {holder}: its certificate is valid from 2030-12-31T23:55:00Z on");
        assert!(said.contains(&words), "{words}\n{said}");
    }
    for holder in ["cas/clients", "hosts/web.example.com", "clients/alice"] {
        assert!(said.contains(&format!("`mtlsgen cert renew {holder}` reissues it")), "{said}");
    }
    assert!(!import("2031-01-02").contains("is valid from"));
}
