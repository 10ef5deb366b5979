//! What is proposed can be run: each command that a message names does what it says, and succeeds.

use super::SPEC;
use crate::support::{Run, Sandbox};

/// The commands between backticks, as they are printed.
fn proposed(run: &Run) -> Vec<String> {
    let parts = run.stderr.split('`').skip(1).step_by(2);
    parts.filter(|part| part.starts_with("mtlsgen ")).map(str::to_owned).collect()
}

/// Runs them in their order by a shell, at that time.
fn follow(sandbox: &Sandbox, commands: &[String], at: &str) {
    assert!(!commands.is_empty(), "nothing is proposed");
    let program = env!("CARGO_BIN_EXE_mtlsgen");
    for command in commands {
        let words = command.strip_prefix("mtlsgen ").unwrap();
        // What is rendered holds keys.
        let line = format!("'{program}' {words} --at {at} > /dev/null");
        let mut shell = std::process::Command::new("sh");
        let run = crate::support::finish(shell.args(["-c", &line]).current_dir(sandbox.folder()));
        assert_eq!(run.status, 0, "{command}\n{}", run.stderr);
    }
}

fn failing(sandbox: &Sandbox, within: &str, at: &str) -> Run {
    let run = sandbox.run(&["status", "--fail-within", within, "--at", at]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    run
}

#[test]
fn what_ends_soon_is_gone_once_the_advice_is_followed() {
    for (day, within) in [
        ("2030-01-01", "1d"),   // nothing is issued
        ("2030-06-01", "300d"), // valid, and not due
        ("2030-12-20", "30d"),  // due
        ("2031-03-01", "1d"),   // over
    ] {
        let sandbox = Sandbox::with_toml(SPEC);
        if day != "2030-01-01" {
            sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
        }
        let run = failing(&sandbox, within, day);
        follow(&sandbox, &proposed(&run), day);
        sandbox.ok(&["status", "--fail-within", within, "--at", day]);
    }
}

#[test]
fn names_in_advice_are_whole_and_quoted_and_each_is_there_once() {
    let text = SPEC
        .replace("web.example.com", "*.example.com")
        .replace("[clients.bob]", "[clients.\"b b\"]")
        + "[clients.web]\nissuer = \"clients\"\n[cas.web]\n[cas.web.crl]\nduration = \"30d\"\n";
    let sandbox = Sandbox::with_toml(&text);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let run = failing(&sandbox, "300d", "2030-06-01");
    for words in ["clients/web", "'clients/b b'", "'hosts/*.example.com'"] {
        assert_eq!(run.stderr.matches(words).count(), 1, "{words}\n{}", run.stderr);
    }
    follow(&sandbox, &proposed(&run), "2030-06-01");
    sandbox.ok(&["status", "--fail-within", "300d", "--at", "2030-06-01"]);
}

#[test]
fn a_chain_of_others_is_one_thing_and_its_owner_is_asked() {
    let maker = Sandbox::with_toml("[cas.root]\n[cas.partner]\nissuer = \"root\"\n");
    maker.ok(&["render", "-q", "--at", "2030-01-01"]);
    let pem = maker.read("pki/cas/partner/tls.crt") + &maker.read("pki/cas/root/tls.crt");
    let sandbox = Sandbox::new();
    sandbox.write("partner.pem", pem);
    let text = SPEC.replace("cas = [\"clients\"]", "cas = [\"clients\", \"partner\"]");
    sandbox.write("mtls.toml", format!("{text}[cas.partner]\ncertificate = \"partner.pem\"\n"));
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let run = failing(&sandbox, "9999d", "2030-01-02");
    assert_eq!(run.stderr.matches("`authority partner`").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("ask the owner of `partner`"), "{}", run.stderr);
    assert!(!run.stderr.contains("cas/partner"), "{}", run.stderr);
}

#[test]
fn orphans_are_shut_out_by_what_is_proposed() {
    let sandbox =
        Sandbox::with_toml(&SPEC.replace("[clients.bob]", "[clients.\"web.example.com\"]"));
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let text = sandbox.read("mtls.toml");
    let (start, end) =
        (text.find("[clients.alice]").unwrap(), text.find("[services.web]").unwrap());
    sandbox.write("mtls.toml", format!("{}{}", &text[..start], &text[end..]));
    let run = sandbox.ok(&["status", "--at", "2030-01-02"]);
    assert!(run.stderr.contains("orphaned-certificate"), "{}", run.stderr);
    follow(&sandbox, &proposed(&run), "2030-01-02");
    let run = sandbox.ok(&["status", "--at", "2030-01-02"]);
    assert!(!run.stderr.contains("orphaned-certificate"), "{}", run.stderr);
}

#[test]
fn what_a_clock_that_was_ahead_issued_is_renewed_by_what_is_proposed() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2031-01-01"]);
    let run = failing(&sandbox, "1d", "2030-01-01");
    follow(&sandbox, &proposed(&run), "2030-01-01");
    sandbox.ok(&["status", "--fail-within", "1d", "--at", "2030-01-01"]);
}

#[test]
fn a_lost_key_of_a_leaf_leads_to_a_new_certificate() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    std::fs::remove_file(sandbox.path("pki/hosts/web.example.com/tls.key")).unwrap();
    let run = sandbox.run(&["render", "--at", "2030-01-02"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("`mtlsgen cert renew hosts/web.example.com`"), "{}", run.stderr);
    assert!(!run.stderr.contains("rename"), "{}", run.stderr);
    let renewal = proposed(&run).into_iter().find(|one| one.contains("cert renew")).unwrap();
    follow(&sandbox, &[renewal], "2030-01-02");
    sandbox.ok(&["render", "-q", "--at", "2030-01-02"]);
}

#[test]
fn another_duration_says_what_becomes_of_certificates_that_exist() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let quiet = sandbox.ok(&["render", "--at", "2030-01-01"]);
    assert!(!quiet.stderr.contains("other-duration"), "{}", quiet.stderr);
    let text =
        sandbox.read("mtls.toml").replace("[clients.bob]\n", "[clients.bob]\nduration = \"30d\"\n");
    sandbox.write("mtls.toml", &text);
    for command in [&["render"][..], &["render", "--dry-run"], &["status"]] {
        let run = sandbox.ok(&[command, &["--at", "2030-01-02"]].concat());
        let words = "client `bob`: `duration` is 30d now; its certificate of 365d stays until 2030-12-21T23:54:59Z";
        assert!(run.stderr.contains("notice[other-duration]"), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert_eq!(run.stderr.matches("other-duration").count(), 1, "{}", run.stderr);
        if command == ["status"] {
            follow(&sandbox, &proposed(&run), "2030-01-02");
        }
    }
    let run = sandbox.ok(&["status", "--at", "2030-01-02"]);
    assert!(!run.stderr.contains("other-duration"), "{}", run.stderr);
    // Those of one kind are one notice.
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    sandbox.write("mtls.toml", format!("defaults.duration = \"60d\"\n{SPEC}"));
    let run = sandbox.ok(&["status", "--at", "2030-01-02"]);
    assert_eq!(run.stderr.matches("notice[other-duration]").count(), 2, "{}", run.stderr);
    let words = "clients `alice`, `bob`: `duration` is 60d now; their certificates of 365d stay";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn another_subject_or_key_is_said_where_the_certificate_is_due() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let text = sandbox
        .read("mtls.toml")
        .replace("[clients.bob]\n", "[clients.bob]\nsubject = \"CN=robert\"\n");
    let text = text.replace(
        "[clients.alice]\n",
        "[clients.alice]\nprivateKey = { algorithm = \"Ed25519\" }\n",
    );
    sandbox.write("mtls.toml", text);
    let run = sandbox.ok(&["status", "--at", "2030-01-02"]);
    for words in ["expected subject `CN=robert`, found `CN=bob`", "expected key "] {
        assert!(run.stdout.contains(words), "{words}\n{}", run.stdout);
    }
}
