//! What `status` shows of all there is, in every format, and how wide it is.

use serde_json::Value;

use super::{SPEC, states};
use crate::support::Sandbox;

fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let run = sandbox.ok(&[&["status", "-q", "--format", "json"], arguments].concat());
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn rows_and_hosts_are_chosen_in_every_format() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    sandbox.ok(&["cert", "renew", "-q", "alice", "--at", "2030-02-01"]);
    for (arguments, expected, hosts) in [
        (
            &["--type", "client"][..],
            &["client alice valid", "client alice superseded", "client bob valid"][..],
            0,
        ),
        (
            &["--type", "authority,host"],
            &["authority clients valid", "host web.example.com valid"],
            1,
        ),
        (&["--name", "bob"], &["client bob valid"], 0),
        (&["--name", "clients/alice", "--state", "superseded"], &["client alice superseded"], 0),
        (&["--host", "web.example.com"], &["host web.example.com valid"], 1),
        (&["--name", "cas/clients"], &["authority clients valid"], 0),
        (&["--state", "not-yet-valid"], &[], 0),
    ] {
        let arguments = [arguments, &["--at", "2030-02-02"]].concat();
        let value = json(&sandbox, &arguments);
        assert_eq!(states(value["certificates"].as_array().unwrap()), expected, "{arguments:?}");
        assert_eq!(value["admitted"].as_array().unwrap().len(), hosts, "{arguments:?}");
        let metrics = sandbox.ok(&[&["status", "--format", "prometheus"], &arguments[..]].concat());
        let samples = metrics.stdout.matches("\nmtlsgen_certificate_not_after_timestamp_seconds{");
        assert_eq!(samples.count(), expected.len(), "{}", metrics.stdout);
        let table = sandbox.ok(&[&["status"], &arguments[..]].concat()).stdout;
        assert_eq!(table.contains("ADMITS"), hosts > 0, "{table}");
    }
    // `--fail-within` is about what is shown.
    let within = ["status", "--fail-within", "340d", "--at", "2030-02-02", "--name"];
    assert_eq!(sandbox.run(&[&within[..], &["alice"]].concat()).status, 0);
    assert_eq!(sandbox.run(&[&within[..], &["bob"]].concat()).status, 1);
    for (arguments, words) in [
        (["--name", "alicia"], "--name: no holder `alicia`"),
        (["--host", "wob.example.com"], "did you mean `web.example.com`"),
        (["--type", "Ingress"], "possible values: authority, host, client, crl"),
        (["--state", "old"], "not-yet-valid"),
    ] {
        let run = sandbox.run(&[&["status"], &arguments[..]].concat());
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn lines_have_a_hundred_characters_and_names_are_whole() {
    let label = "a-name-of-many-characters-that-goes-on-and-on-for-sixty-letters";
    let long = format!("{label}.{label}.{label}.example.com");
    let text =
        SPEC.replace("web.example.com", &long).replace("cas.clients", &format!("cas.{label}"));
    let sandbox = Sandbox::with_toml(&text.replace("\"clients\"", &format!("\"{label}\"")));
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let table = sandbox.ok(&["status", "--at", "2030-01-02"]).stdout;
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    let first = table.lines().nth(1).unwrap();
    assert!(first.starts_with("authority") && first.contains("3648"), "{table}");
    assert!(table.contains("protected"), "{table}");
    // Column by column, nothing is missing.
    let column = table.find("HOLDER").unwrap();
    let holders: String = table
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| line.chars().skip(column).take_while(|c| *c != ' ').collect::<String>())
        .collect();
    assert!(holders.contains(&long) && holders.contains(label), "{holders}\n{table}");
    let wide = sandbox.ok(&["status", "--wide", "--at", "2030-01-02"]).stdout;
    let serial = sandbox.certificate("clients/alice").serial.to_string();
    assert!(wide.contains(&serial) && !table.contains(&serial), "{wide}");
    assert!(wide.contains("2030-12-31T23:54:59Z") && wide.contains(&long), "{wide}");
}

#[test]
fn each_host_is_protected_optional_open_or_unknown() {
    let text = format!(
        "{SPEC}[hosts.\"b.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth = false\n\
         [hosts.\"c.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth = {{ cas = [\"clients\"], verify = \"optional\" }}\n\
         [hosts.\"d.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.secretName = \"other/ca\"\n"
    );
    let sandbox = Sandbox::with_toml(&text);
    sandbox.ok(&["render", "-q"]);
    let value = json(&sandbox, &[]);
    let access = |host: &str| {
        let all = value["admitted"].as_array().unwrap();
        let one = all.iter().find(|one| one["hosts"][0] == host).unwrap();
        one["access"].as_str().unwrap().to_owned()
    };
    assert_eq!(access("web.example.com"), "protected");
    assert_eq!(access("b.example.com"), "open");
    assert_eq!(access("c.example.com"), "optional");
    assert_eq!(access("d.example.com"), "unknown");
}
