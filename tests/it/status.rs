//! What `status` says of certificates in every state, and when it fails.

mod advice;
mod selection;

use serde_json::Value;

use crate::support::Sandbox;

const SPEC: &str = r#"
[cas.clients]
[clients.alice]
issuer = "clients"
[clients.bob]
issuer = "clients"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;

fn rows(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let run = sandbox.ok(&[&["status", "-q", "--format", "json"], arguments].concat());
    let mut value: Value = serde_json::from_str(&run.stdout).unwrap();
    match value["certificates"].take() {
        Value::Array(rows) => rows,
        other => panic!("{other}"),
    }
}

fn states(rows: &[Value]) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| format!("{} {} {}", text(row, "kind"), text(row, "name"), text(row, "state")))
        .collect()
}

#[test]
fn each_host_is_shown_with_the_clients_that_it_admits() {
    let sandbox = Sandbox::with_toml(
        r#"
[cas.root]
[cas.issuing]
issuer = "root"
[cas.apart]
[clients.alice]
issuer = "issuing"
[clients.bob]
issuer = "issuing"
[clients.carol]
issuer = "apart"
[clients.dave]
issuer = "issuing"
[services.web]
image = "httpd"
port = 80
[defaults.hosts]
tls.issuer = "self-signed"
[hosts."all.example.com"]
service = "web"
clientAuth.cas = ["root"]
[hosts."same.example.com"]
service = "web"
clientAuth.cas = ["root"]
[hosts."listed.example.com"]
service = "web"
clientAuth = { cas = ["root"], allow = ["bob", "dave"] }
[hosts."shallow.example.com"]
service = "web"
clientAuth = { cas = ["apart"], verify = "optional" }
[hosts."open.example.com"]
service = "web"
clientAuth = false
"#,
    );
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "-q", "dave"]);
    let run = sandbox.ok(&["status", "-q"]);
    let (_, hosts) = run.stdout.split_once("\nHOST  ").unwrap();
    let mut lines: Vec<String> = Vec::new();
    for line in hosts.lines().skip(1) {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match lines.last_mut().filter(|_| line.starts_with(' ')) {
            Some(last) => last.extend([" ", words.as_str()]),
            None => lines.push(words),
        }
    }
    let hosts = lines;
    assert_eq!(
        hosts,
        [
            "all.example.com protected any client below root (2 clients of the spec: alice, bob)",
            "listed.example.com protected 1 client: bob",
            "open.example.com open anyone: no certificate is requested",
            "same.example.com protected any client below root (2 clients of the spec: alice, bob)",
            "shallow.example.com optional anyone without a certificate; any client below apart (1 client of the spec: carol)",
        ]
    );
    let run = sandbox.ok(&["status", "-q", "--format", "json"]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let first = &value["admitted"][0];
    assert_eq!(first["hosts"], serde_json::json!(["all.example.com", "same.example.com"]));
    assert_eq!(first["clients"], serde_json::json!(["alice", "bob"]));
    assert_eq!(first["anyBelow"], serde_json::json!(["root"]));
    assert_eq!(value["admitted"][1]["clients"], serde_json::json!(["bob"]));
}

#[test]
fn certificates_are_reported_in_every_state() {
    let sandbox = Sandbox::with_toml(SPEC);
    let at = |day: &'static str| ["--at", day];
    assert_eq!(
        states(&rows(&sandbox, &at("2030-01-01"))),
        [
            "authority clients missing",
            "host web.example.com missing",
            "client alice missing",
            "client bob missing"
        ]
    );
    assert!(!sandbox.path("pki").exists(), "looking makes nothing");
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    sandbox.ok(&["cert", "renew", "-q", "alice", "--at", "2030-02-01"]);
    sandbox.ok(&["cert", "revoke", "-q", "bob", "--at", "2030-02-02"]);
    sandbox.ok(&["render", "-q", "--at", "2030-02-03"]);
    let text = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", text.replace("[clients.bob]\nissuer = \"clients\"\n", ""));
    let found = rows(&sandbox, &at("2030-02-04"));
    assert_eq!(
        states(&found),
        [
            "authority clients valid",
            "host web.example.com valid",
            "client alice valid",
            "client alice superseded",
            "client bob orphaned",
            "client bob revoked",
            "crl clients valid",
        ]
    );
    assert_eq!(found[3]["opens"][0], "web.example.com");
    assert_eq!(found[4]["opens"][0], "web.example.com");
    assert_eq!(found[5]["opens"].as_array().unwrap().len(), 0);
    assert_eq!(found[2]["current"], true);
    assert_eq!(found[3]["current"], false);
    assert_eq!(found[2]["renewalTime"], "2031-01-01T23:54:59Z");
    // Alice's second certificate is due, everything older has expired.
    let later = at("2031-01-10");
    let found = states(&rows(&sandbox, &later));
    assert!(found.contains(&"client alice due".to_owned()), "{found:?}");
    assert!(found.contains(&"host web.example.com expired".to_owned()), "{found:?}");
    assert!(!found.iter().any(|row| row == "client alice expired"), "{found:?}");
    let all = states(&rows(&sandbox, &["--all", "--at", "2031-01-10"]));
    assert!(all.contains(&"client alice expired".to_owned()), "{all:?}");
}

#[test]
fn it_needs_no_private_key_and_changes_nothing() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "-q", "bob"]);
    sandbox.ok(&["render", "-q"]);
    let with_keys = sandbox.ok(&["status", "--at", "2035-01-01"]);
    for (path, _) in sandbox.files() {
        if path.extension().is_some_and(|end| end == "key") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let before = sandbox.files();
    assert_eq!(sandbox.ok(&["status", "--at", "2035-01-01"]), with_keys);
    assert_eq!(sandbox.files(), before);
}

#[test]
fn fail_within_is_about_what_is_in_use() {
    let sandbox = Sandbox::with_toml(SPEC);
    let status = |at: &str, within: &str| {
        sandbox.run(&["status", "--at", at, "--fail-within", within]).status
    };
    assert_eq!(status("2030-01-01", "1d"), 1, "nothing is issued yet");
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    assert_eq!(status("2030-01-01", "30d"), 0);
    assert_eq!(status("2030-01-01", "365d"), 1);
    assert_eq!(status("2030-12-10", "30d"), 1);
    assert_eq!(status("2030-12-10", "1w"), 0);
    assert_eq!(sandbox.run(&["status", "--fail-within", "soon"]).status, 2);
    sandbox.ok(&["render", "-q", "--at", "2030-12-10"]);
    assert_eq!(status("2030-12-10", "30d"), 0, "what was superseded does not count");
    sandbox.ok(&["cert", "revoke", "-q", "bob", "--at", "2030-12-11"]);
    assert_eq!(status("2030-12-11", "30d"), 1, "revoked, and the list is not signed");
    sandbox.ok(&["render", "-q", "--at", "2030-12-12"]);
    assert_eq!(status("2030-12-12", "30d"), 0);
    let run = sandbox.run(&["status", "--at", "2031-12-01", "--fail-within", "30d"]);
    assert!(
        run.stderr.contains("`client alice`") && run.stderr.contains("within 30d"),
        "{}",
        run.stderr
    );
}

#[test]
fn supplied_certificates_and_obstacles_of_a_render_are_shown() {
    let maker = Sandbox::with_toml("[cas.partner]\n");
    maker.ok(&["render", "-q"]);
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.write("partner.pem", maker.read("pki/cas/partner/tls.crt"));
    let text = SPEC.replace("cas = [\"clients\"]", "cas = [\"clients\", \"partner\"]");
    sandbox.write("mtls.toml", format!("{text}[cas.partner]\ncertificate = \"partner.pem\"\n"));
    sandbox.ok(&["render", "-q"]);
    let found = rows(&sandbox, &[]);
    let partner = found.iter().find(|row| row["name"] == "partner").unwrap();
    assert_eq!((&partner["source"], &partner["state"]), (&"brought".into(), &"valid".into()));
    // Monitoring does not go blind on the day when something of others is over.
    for format in ["table", "json", "prometheus", "icalendar"] {
        let run = sandbox.ok(&["status", "--at", "2099-01-01", "--format", format]);
        assert!(run.stdout.contains("partner"), "{}", run.stdout);
        assert!(run.stderr.contains("warning[expired-certificate]"), "{}", run.stderr);
    }
    let late = rows(&sandbox, &["--at", "2099-01-01"]);
    assert!(states(&late).contains(&"authority partner expired".to_owned()), "{late:?}");
    let failing = sandbox.run(&["status", "--at", "2099-01-01", "--fail-within", "0s"]);
    assert_eq!(failing.status, 1);
    assert!(failing.stderr.contains("`authority partner`"), "{}", failing.stderr);
    sandbox.ok(&["cert", "export", "alice", "--as", "pem-chain", "--at", "2099-01-01"]);
    assert_eq!(
        sandbox.run(&["render", "--at", "2099-01-01"]).status,
        2,
        "issuing is another thing"
    );
    // A partner who comes after a revocation, and without a list.
    let with_partner = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", SPEC);
    sandbox.ok(&["cert", "revoke", "-q", "bob"]);
    sandbox.write("mtls.toml", with_partner);
    let run = sandbox.run(&["status"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stdout.contains("partner") && run.stderr.contains("there is no revocation list"),
        "{}",
        run.stderr
    );
}

#[test]
fn renewals_are_chosen_by_name_time_or_all() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let issued = |arguments: &[&str]| {
        let run = sandbox.ok(&[&["cert", "renew"], arguments].concat());
        run.stderr.matches("issued ").count()
    };
    assert_eq!(issued(&["alice", "bob", "--at", "2030-01-02"]), 2);
    assert_eq!(issued(&["--due", "--at", "2030-06-01"]), 0);
    assert_eq!(issued(&["--due", "--at", "2030-12-02"]), 1, "the host, which is older");
    assert_eq!(issued(&["--all", "--at", "2030-12-02"]), 4);
    let before = sandbox.files();
    let run = sandbox.ok(&["cert", "renew", "--all", "--dry-run"]);
    assert_eq!(run.stderr.matches("requested").count(), 4, "{}", run.stderr);
    assert_eq!(sandbox.files(), before);
    for (arguments, words) in [
        (&["nothing"][..], "no certificate that mtlsgen issues for `nothing`"),
        (&["alicia"], "did you mean `clients/alice`"),
        (&[], "required"),
        (&["alice", "--all"], "cannot be used with"),
    ] {
        let run = sandbox.run(&[&["cert", "renew"], arguments].concat());
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}
