//! What is kept, what is reissued and why, and what a run may not do.

use std::fs;

use crate::support::Sandbox;

const SPEC: &str = r#"
[cas.root]
[cas.issuing]
issuer = "root"
[clients.alice]
issuer = "issuing"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["issuing"]
"#;

fn changed(sandbox: &Sandbox, from: &str, to: &str) {
    let text = sandbox.read("mtls.toml");
    assert!(text.contains(from), "{from}");
    sandbox.write("mtls.toml", text.replace(from, to));
}

#[test]
fn a_certificate_is_reissued_for_its_reason_alone() {
    for (from, to, holder, reason) in [
        (
            "[clients.alice]\n",
            "[clients.alice]\nsubject = \"CN=alice2\"\n",
            "clients/alice",
            "expected subject `CN=alice2`, found `CN=alice`",
        ),
        (
            "[clients.alice]\n",
            "[clients.alice]\nemailAddresses = [\"a@example.com\"]\n",
            "clients/alice",
            "expected names `a@example.com`, found none",
        ),
        (
            "[clients.alice]\n",
            "[clients.alice]\nprivateKey = { algorithm = \"RSA\" }\n",
            "clients/alice",
            "expected key",
        ),
        (
            "issuer = \"issuing\"\n",
            "issuer = \"root\"\n",
            "clients/alice",
            "expected issuer `CN=root`, found `CN=issuing`",
        ),
        (
            "tls.issuer = \"self-signed\"",
            "tls = { issuer = \"root\" }",
            "hosts/web.example.com",
            "expected issuer `CN=root`",
        ),
    ] {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render"]);
        let before = sandbox.certificate(holder);
        changed(&sandbox, from, to);
        if holder == "clients/alice" && to.contains("root") {
            changed(&sandbox, "cas = [\"issuing\"]", "cas = [\"issuing\", \"root\"]");
        }
        let run = sandbox.ok(&["render"]);
        assert!(run.stderr.contains(reason), "{}", run.stderr);
        assert_eq!(run.stderr.matches("issued ").count(), 1, "{}", run.stderr);
        let after = sandbox.certificate(holder);
        assert_ne!(before.serial, after.serial);
        assert_ne!(before.spki_hash, after.spki_hash, "a new certificate has a new key");
    }
}

#[test]
fn a_leaf_is_renewed_when_due_and_an_authority_keeps_its_key() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "--at", "2030-01-01"]);
    let alice = sandbox.certificate("clients/alice");
    let root = sandbox.certificate("cas/root");
    let quiet = sandbox.ok(&["render", "--at", "2030-11-30"]);
    assert!(!quiet.stderr.contains("issued"), "{}", quiet.stderr);
    let due = sandbox.ok(&["render", "--at", "2030-12-03"]);
    assert!(due.stderr.contains("issued client `alice`: due for renewal"), "{}", due.stderr);
    assert_ne!(sandbox.certificate("clients/alice").spki_hash, alice.spki_hash);
    let late = sandbox.ok(&["render", "--at", "2039-12-20"]);
    assert!(late.stderr.contains("issued authority `root`: due"), "{}", late.stderr);
    let renewed = sandbox.certificate("cas/root");
    assert_eq!((renewed.spki_hash, &renewed.subject), (root.spki_hash, &root.subject));
    assert!(renewed.not_after > root.not_after);
}

#[test]
fn a_key_is_kept_unless_its_certificate_was_revoked() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    let key = || sandbox.certificate("clients/alice").spki_hash;
    let first = key();
    let renew = |flags: &[&str]| {
        let all = [&["cert", "renew", "alice", "--reuse-key", "--format", "json"], flags].concat();
        let run = sandbox.ok(&all);
        let reported: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        (reported["certificates"][0].clone(), run.stderr)
    };
    let (reported, words) = renew(&[]);
    assert_eq!((&reported["name"], &reported["key"]), (&"alice".into(), &"kept".into()));
    assert_eq!(reported["serial"], sandbox.certificate("clients/alice").serial.to_string());
    assert!(words.contains("mtlsgen cert export clients/alice"), "{words}");
    assert_eq!(key(), first);
    // The earlier certificate says that the key of this one is compromised.
    let files = fs::read_dir(sandbox.path("pki/cas/issuing/ledger")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let current = sandbox.certificate("clients/alice").serial.to_string();
    let is_former = |name: &String| {
        let entry = sandbox.read(&format!("pki/cas/issuing/ledger/{name}"));
        entry.contains("\"alice\"") && !name.starts_with(&current)
    };
    let former = names.into_iter().find(is_former).unwrap();
    let former = former.trim_end_matches(".toml");
    sandbox.ok(&["cert", "revoke", former, "--reason", "keyCompromise"]);
    let (reported, _) = renew(&["--dry-run"]);
    assert_eq!((&reported["key"], &reported["serial"]), (&"new".into(), &serde_json::Value::Null));
    let (_, words) = renew(&[]);
    assert!(words.contains("requested; with a new key"), "{words}");
    assert_ne!(key(), first);
}

#[test]
fn an_authority_cannot_get_another_key_or_subject_by_the_way() {
    for line in ["subject = \"CN=other\"", "privateKey = { algorithm = \"RSA\" }"] {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render"]);
        let before = sandbox.files();
        changed(&sandbox, "[cas.root]\n", &format!("[cas.root]\n{line}\n"));
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("ca rotate"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
        let unchanged = |path: &std::path::Path| path.starts_with(sandbox.path("pki"));
        let pki = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
            files.into_iter().filter(|(path, _)| unchanged(path)).collect::<Vec<_>>()
        };
        assert_eq!(pki(before), pki(sandbox.files()));
    }
}

#[test]
fn leaves_below_a_renewed_intermediate_are_kept_and_served_with_the_new_one() {
    let sandbox = Sandbox::with_toml(&SPEC.replace(
        "issuer = \"root\"\n",
        "issuer = \"root\"\nduration = \"60d\"\nrenewBefore = \"20d\"\n",
    ));
    sandbox.ok(&["render", "--at", "2030-01-01"]);
    let before = sandbox.read("pki/clients/alice/tls.crt");
    let run = sandbox.ok(&["render", "--at", "2030-02-15"]);
    assert!(run.stderr.contains("issued authority `issuing`"), "{}", run.stderr);
    let after = sandbox.read("pki/clients/alice/tls.crt");
    let issuing = sandbox.read("pki/cas/issuing/tls.crt");
    assert_ne!(before, after);
    assert!(after.ends_with(issuing.as_str()), "the chain ends with the renewed intermediate");
}

#[test]
fn locked_issues_nothing_and_says_what_is_missing() {
    let sandbox = Sandbox::with_toml(SPEC);
    let run = sandbox.run(&["render", "--locked"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    for holder in
        ["authority `root`", "authority `issuing`", "client `alice`", "host `web.example.com`"]
    {
        assert!(run.stderr.contains(&format!("{holder}: never issued")), "{}", run.stderr);
    }
    assert!(!sandbox.path("pki").exists());
    sandbox.ok(&["render", "--at", "2030-01-01"]);
    let due = sandbox.ok(&["render", "--locked", "--at", "2030-12-20"]);
    assert!(
        due.stderr.contains("warning") && due.stderr.contains("due for renewal"),
        "{}",
        due.stderr
    );
    let expired = sandbox.run(&["render", "--locked", "--at", "2031-02-01"]);
    assert_eq!(expired.status, 1);
    assert!(expired.stderr.contains("expired at"), "{}", expired.stderr);
}

#[test]
fn a_dry_run_reports_what_would_be_issued_and_does_nothing() {
    let sandbox = Sandbox::with_toml(SPEC);
    let run = sandbox.ok(&["render", "--dry-run"]);
    assert!(run.stderr.contains("client `alice`: never issued"), "{}", run.stderr);
    assert!(!sandbox.path("pki").exists());
    sandbox.ok(&["render"]);
    assert!(sandbox.ok(&["render", "--dry-run"]).stderr.contains("nothing to issue"));
}

#[test]
fn lost_files_are_an_error_and_no_reason_to_issue_anew() {
    for file in ["clients/alice/tls.crt", "cas/issuing/tls.crt", "hosts/web.example.com/tls.key"] {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render"]);
        fs::remove_file(sandbox.path("pki").join(file)).unwrap();
        let before = sandbox.files();
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{file}: {}", run.stderr);
        assert!(run.stderr.contains(file.rsplit('/').next().unwrap()), "{}", run.stderr);
        assert_eq!(before, sandbox.files());
    }
}

#[test]
fn a_damaged_store_is_named_and_left_alone() {
    for (file, content) in [
        ("clients/alice/tls.crt", "rubbish"),
        (
            "hosts/web.example.com/tls.key",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ),
        ("cas/issuing/tls.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n"),
    ] {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render"]);
        fs::write(sandbox.path("pki").join(file), content).unwrap();
        let before = sandbox.files();
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{file}");
        assert!(run.stderr.contains(file), "{file} is named: {}", run.stderr);
        assert_eq!(before, sandbox.files());
    }
}

#[test]
fn a_key_that_belongs_to_another_certificate_is_found() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render"]);
    fs::copy(
        sandbox.path("pki/clients/alice/tls.key"),
        sandbox.path("pki/hosts/web.example.com/tls.key"),
    )
    .unwrap();
    let run = sandbox.run(&["render"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("hosts/web.example.com/tls.key"), "{}", run.stderr);
}
