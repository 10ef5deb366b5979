//! What other commands make of a store that keeps nothing.

use std::collections::BTreeMap;
use std::process::Command;

use mtlsgen::time::Timestamp;
use serde_json::Value;

use super::{HOST, SEED, SPEC, failing, replace, sandbox};
use crate::support::{Sandbox, data, finish, object, objects, output_of, tool};

#[test]
fn looking_and_handing_out_work_as_with_a_folder() {
    let sandbox = sandbox(SPEC);
    let rendered = objects(&sandbox.ok(&["render"]).stdout);
    let alice = object(&rendered, "Secret", "alice");
    let export = |form: &str| sandbox.ok(&["cert", "export", "alice", "--as", form]).stdout;
    assert_eq!(export("pem-chain").into_bytes(), data(alice, "tls.crt"));
    assert_eq!(export("pem-key").into_bytes(), data(alice, "tls.key"));
    failing(&sandbox.run(&["cert", "export", "cas/root", "--as", "pem-key"]), "is not exported");
    let lines = export("curl");
    assert!(lines.contains("--cert alice.crt --key alice.key --cacert servers.crt"), "{lines}");
    assert!(lines.contains("# mtlsgen cert export cas/servers --as pem-chain -o servers.crt"));
    for line in lines.lines().filter_map(|line| line.strip_prefix("# mtlsgen ")) {
        sandbox.ok(&line.split(' ').collect::<Vec<_>>());
    }
    assert_eq!(sandbox.read("alice.key").into_bytes(), data(alice, "tls.key"));
    sandbox.ok(&["cert", "export", "alice", "--new-password-file", "alice.p12.password"]);
    if let Some(openssl) = tool("openssl") {
        let mut read = Command::new(openssl);
        read.args(["pkcs12", "-in", "alice.p12", "-nokeys", "-passin", "file:alice.p12.password"]);
        assert!(output_of(read.current_dir(sandbox.folder())).contains("CN = alice"));
    }
    let shown = sandbox.ok(&["cert", "show", "clients/alice", "--format", "json"]).stdout;
    assert!(shown.contains("CN=signing") && shown.contains("CN=root"), "{shown}");
    assert!(sandbox.ok(&["cert", "show", "cas/root"]).stdout.contains("root"));
    failing(&sandbox.run(&["cert", "show", "mallory"]), "there is no such file");
    let status: Value =
        serde_json::from_str(&sandbox.ok(&["status", "--format", "json"]).stdout).unwrap();
    let rows: Vec<_> = current(&status).collect();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["state"] == "valid"), "{status}");
    assert!(!sandbox.path("pki").exists());
}

fn current(status: &Value) -> impl Iterator<Item = &Value> {
    status["certificates"].as_array().unwrap().iter().filter(|row| row["current"] == true)
}

#[test]
fn what_can_be_shown_still_is_listed_with_its_serial() {
    let sandbox = sandbox(SPEC);
    let at = "2031-01-01";
    let serial =
        |objects: &[Value]| super::certificates(objects, "alice", "tls.crt")[0].serial.to_string();
    let old = serial(&super::render_at(&sandbox, at));
    replace(&sandbox, "[clients.alice]\n", "[clients.alice]\ngeneration = 2\n");
    let new = serial(&super::render_at(&sandbox, at));
    let state = |serial: &str| {
        let text = sandbox.ok(&["status", "--format", "json", "--at", at]).stdout;
        let status: Value = serde_json::from_str(&text).unwrap();
        let rows = status["certificates"].as_array().unwrap();
        let row = rows.iter().find(|row| row["serial"] == serial).unwrap();
        (row["state"].as_str().unwrap().to_owned(), row["opens"].to_string())
    };
    assert_eq!(state(&new).0, "valid");
    assert_eq!(state(&old), ("superseded".to_owned(), format!("[\"{HOST}\"]")));
    replace(&sandbox, "[cas.signing]\n", &format!("[cas.signing]\nrevoked = [\"0x{old}\"]\n"));
    assert_eq!(state(&old), ("revoked".to_owned(), "[]".to_owned()));
    assert_eq!(state(&new).0, "valid");
    // What was current in earlier windows.
    let sandbox = super::sandbox(
        &SPEC.replace("issuer = \"signing\"\n", "issuer = \"signing\"\nrenewBefore = \"200d\"\n"),
    );
    let text = sandbox.ok(&["status", "--format", "json", "--at", at]).stdout;
    let status: Value = serde_json::from_str(&text).unwrap();
    let rows = status["certificates"].as_array().unwrap();
    let of = |name| rows.iter().filter(|row| row["name"] == name).count();
    // 365 days in windows of 165: two or three of them.
    assert!((2..=3).contains(&of("alice")) && (2..=3).contains(&of("bob")), "{status}");
    assert_eq!(current(&status).count(), 6);
}

/// What is current: when it makes way, and its serial.
fn renewals(sandbox: &Sandbox, at: &str) -> BTreeMap<String, (Value, Value)> {
    let text = sandbox.ok(&["status", "--format", "json", "--at", at]).stdout;
    let status: Value = serde_json::from_str(&text).unwrap();
    let of = |row: &Value| (row["renewalTime"].clone(), row["serial"].clone());
    current(&status).map(|row| (row["name"].as_str().unwrap().to_owned(), of(row))).collect()
}

#[test]
fn the_renewal_time_is_the_second_at_which_the_next_certificate_comes() {
    let sandbox = sandbox(&SPEC.replace("[cas.signing]\n", "[cas.signing]\nduration = \"800d\"\n"));
    let before = |time: &Value| {
        let time = Timestamp::parse(time.as_str().unwrap()).unwrap();
        format!("@{}", time.unix() - 1)
    };
    // The second time lies in a window of the lower authority that the upper one cuts short.
    let first = "2031-01-01".to_owned();
    let last = before(&renewals(&sandbox, &first)["root"].0);
    for at in [first, last] {
        let now = renewals(&sandbox, &at);
        for (name, (time, serial)) in &now {
            assert_eq!(renewals(&sandbox, &before(time))[name].1, *serial, "{name} at {at}");
            let then = renewals(&sandbox, time.as_str().unwrap());
            assert_ne!(then[name].1, *serial, "{name} at {at}");
        }
    }
}

#[test]
fn folders_of_manifests_are_kept_up_to_date() {
    let sandbox = sandbox(SPEC);
    let at = |time: &str, arguments: &[&str]| sandbox.run(&[arguments, &["--at", time]].concat());
    assert_eq!(at("2031-01-01", &["render", "-o", "out"]).status, 0);
    for arguments in [&["render", "-o", "out", "--check"][..], &["diff", "out"]] {
        assert_eq!(at("2031-01-02", arguments).status, 0);
        assert_eq!(at("2032-01-02", arguments).status, 1, "{arguments:?}");
    }
    for arguments in [&["render", "--locked"][..], &["render", "--dry-run"]] {
        assert_eq!(at("2032-01-02", arguments).status, 0, "a seed never has to issue anything");
    }
    assert!(!sandbox.path("pki").exists());
}

#[test]
fn what_would_change_a_store_says_what_to_write_instead() {
    let sandbox = sandbox(SPEC);
    let before = sandbox.files();
    failing(
        &sandbox.run(&["cert", "renew", "alice"]),
        "write `generation = 2` under `clients.\"alice\"`",
    );
    failing(
        &sandbox.run(&["cert", "renew", HOST]),
        "`generation = 2` under `hosts.\"web.example.com\".tls`",
    );
    failing(&sandbox.run(&["cert", "renew", "--due"]), "nothing can be renewed before its time");
    failing(&sandbox.run(&["cert", "renew", "--all", "--dry-run"]), "follows its schedule");
    failing(&sandbox.run(&["cert", "renew", "cas/root"]), "`mtlsgen ca rotate root`");
    failing(&sandbox.run(&["cert", "renew", "mallory"]), "mallory");
    failing(
        &sandbox.run(&["cert", "revoke", "alice"]),
        "write `revoked = true` under `clients.NAME`",
    );
    for step in [&["--plan"][..], &[], &["--activate"], &["--retire"]] {
        let run = sandbox.run(&[&["ca", "rotate", "signing"], step].concat());
        failing(
            &run,
            "introduce: under `cas.signing`, write `generation = 1` and `trustedGenerations = [1, 2]`",
        );
        assert!(
            run.stderr.contains("activate: ") && run.stderr.contains("365d after"),
            "{}",
            run.stderr
        );
    }
    failing(&sandbox.run(&["ca", "rotate", "singing"]), "there is no authority `singing`");
    assert!(before == sandbox.files());
}

#[test]
fn a_revoked_certificate_that_would_come_again_is_refused_by_every_command() {
    let sandbox = sandbox(SPEC);
    let rendered = objects(&sandbox.ok(&["render"]).stdout);
    let serial = super::certificates(&rendered, "alice", "tls.crt")[0].serial.to_string();
    replace(&sandbox, "[cas.signing]\n", &format!("[cas.signing]\nrevoked = [\"0x{serial}\"]\n"));
    for command in [&["render"][..], &["status"], &["diff"], &["cert", "export", "alice"]] {
        failing(&sandbox.run(command), "the seed gives the same one again");
    }
    replace(&sandbox, "[clients.alice]\n", "[clients.alice]\ngeneration = 2\n");
    let again = objects(&sandbox.ok(&["render"]).stdout);
    assert_ne!(super::certificates(&again, "alice", "tls.crt")[0].serial.to_string(), serial);
}

#[test]
fn a_post_renderer_heeds_the_seed_that_its_flag_names() {
    let spec = SPEC.replace("seedFile = \"seed\"\n", "").replace("secretName = \"alice\"\n", "");
    let sandbox = sandbox(&spec.replace("secretName = \"bob\"\n", ""));
    let chart = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    let time = ["--at", "@1900000000"];
    let without = sandbox.run_with_input(&[&["post-render"][..], &time].concat(), chart);
    failing(&without, "a derived store needs its seed");
    let with = ["post-render", "--seed-file", "seed"];
    let run = sandbox.run_with_input(&[&with[..], &time].concat(), chart);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let rendered = sandbox.ok(&[&["render", "--seed-file", "seed"][..], &time].concat()).stdout;
    let secret =
        |text: &str| object(&objects(text), "Secret", "web-example-com-tls")["data"].clone();
    assert_eq!(secret(&run.stdout), secret(&rendered));
}

#[test]
fn argo_cd_renders_with_the_seed_of_its_container() {
    let spec = SPEC.replace("seedFile = \"seed\"\n", "").replace("secretName = \"alice\"\n", "");
    let sandbox = sandbox(&spec.replace("secretName = \"bob\"\n", ""));
    let generate = |seed: (&str, &str)| {
        let allowed = r#"[{"name": "allowPlainSecrets", "array": ["web-example-com-tls"]}]"#;
        let mut command = sandbox.command(&["argo-cd", "generate"]);
        command.env("ARGOCD_APP_NAME", "shop").env("ARGOCD_APP_PARAMETERS", allowed);
        finish(command.env(seed.0, seed.1).env("SOURCE_DATE_EPOCH", "1900000000"))
    };
    let run = generate(("MTLSGEN_SEED", SEED));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(generate(("MTLSGEN_SEED_FILE", "seed")), run);
    let secret =
        |objects: &[Value]| object(objects, "Secret", "web-example-com-tls")["data"].clone();
    let rendered = sandbox.ok(&["render", "--seed-file", "seed", "--at", "@1900000000"]).stdout;
    assert_eq!(secret(&objects(&run.stdout)), secret(&objects(&rendered)));
    failing(&generate(("X", "")), "a derived store needs its seed");
}
