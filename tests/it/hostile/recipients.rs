//! A merged change of the spec that gives the store's keys to another reader.

use std::process::Command;

use base64::Engine as _;

use crate::encryption::{Person, rendered, set_recipients, spec, store};
use crate::support::{Sandbox, tool};

/// Every command that writes keys, each with what it needs.
fn writing(identity: &str) -> [Vec<&str>; 6] {
    [
        vec!["render", "--identity", identity],
        vec!["render", "--kind", "Ingress"],
        vec!["render", "-o", "out", "--identity", identity],
        vec!["cert", "renew", "alice", "--identity", identity],
        vec!["cert", "renew", "--all", "--identity", identity],
        vec!["ca", "rotate", "root", "--identity", identity],
    ]
}

/// The attacker's key among the recipients, and one host more, so that there is something to issue.
#[test]
fn a_merged_recipient_gets_no_key() {
    let Some((sandbox, people)) = rendered(&["ann", "eve"], 1) else { return };
    let [ann, eve] = &people[..] else { panic!() };
    let before = store(&sandbox);
    let host = "[hosts.\"c.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n";
    set_recipients(&sandbox, [ann, eve]);
    sandbox.write("mtls.toml", sandbox.read("mtls.toml") + host);
    for command in writing(ann.file()) {
        let run = sandbox.run(&command);
        assert_eq!(run.status, 2, "{command:?}\n{}", run.stderr);
        let words = [
            "error[new-recipients]",
            &format!("these would be able to read: `{}`", eve.recipient),
            "`mtlsgen render --reencrypt`",
        ];
        for words in words {
            assert!(run.stderr.contains(words), "{command:?} {words}\n{}", run.stderr);
        }
        assert!(store(&sandbox) == before, "{command:?}");
    }
    let run = sandbox.ok(&["render", "--reencrypt", "--identity", ann.file()]);
    assert!(run.stderr.contains("encrypted 5 private keys to 2 recipients"), "{}", run.stderr);
    sandbox.ok(&["render", "--locked", "--identity", eve.file()]);
}

/// The message names both, the one who goes and the one who comes.
#[test]
fn a_recipient_in_the_place_of_another_is_refused_and_both_are_named() {
    let Some((sandbox, people)) = rendered(&["ann", "eve"], 1) else { return };
    let [ann, eve] = &people[..] else { panic!() };
    set_recipients(&sandbox, [eve]);
    let run = sandbox.run(&["render", "--identity", ann.file()]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    for words in [
        format!("these would be able to read: `{}`", eve.recipient),
        format!("no longer able to read what is written from now on: `{}`", ann.recipient),
    ] {
        assert!(run.stderr.contains(&words), "{words}\n{}", run.stderr);
    }
    // What was asked for and cannot be done is an error.
    let run = sandbox.run(&["render", "--reencrypt", "--identity", eve.file()]);
    assert_eq!(run.status, 2, "{}", run.stderr);
}

/// Without `store.encryption`, every user who sees the folder would read what was sealed.
#[test]
fn encryption_that_is_switched_off_by_a_merge_leaves_the_keys_sealed() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let before = store(&sandbox);
    sandbox.write("mtls.toml", spec(&[]));
    for command in writing(people[0].file()) {
        let run = sandbox.run(&command);
        assert_eq!(run.status, 2, "{command:?}\n{}", run.stderr);
        assert!(run.stderr.contains("all users that can read the files"), "{}", run.stderr);
        assert!(store(&sandbox) == before, "{command:?}");
    }
}

/// A file that does not say its recipients may be for others than the spec's recipients.
#[test]
fn a_key_without_recorded_recipients_is_left_alone() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let path = sandbox.path("pki/clients/alice/tls.key.age");
    sandbox.write("plain.pem", people[0].opens(&path));
    let mut age = Command::new(tool("age").unwrap());
    age.args(["-a", "-r", &people[0].recipient, "-o"]).arg(&path).arg(sandbox.path("plain.pem"));
    assert!(age.status().unwrap().success());
    let before = store(&sandbox);
    let run = sandbox.run(&["render", "--identity", people[0].file()]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("do not record their recipients"), "{}", run.stderr);
    assert!(store(&sandbox) == before);
}

/// A recipient who goes learns nothing, and a store in clear has nothing that is not open already.
#[test]
fn what_gives_nothing_away_needs_no_flag() {
    let Some((sandbox, people)) = rendered(&["ann", "ben"], 2) else { return };
    let [ann, ben] = &people[..] else { panic!() };
    set_recipients(&sandbox, [ann]);
    let run = sandbox.ok(&["render", "--identity", ben.file()]);
    assert!(run.stderr.contains("encrypted 5 private keys to 1 recipient"), "{}", run.stderr);
    let new = Sandbox::new();
    let person = Person::new(&new, "cat").unwrap();
    new.write("mtls.toml", spec(&[&person.recipient]));
    new.ok(&["render", "-q", "--kind", "Ingress"]);
}

/// A merge switches encryption on, for its author: every key would be encrypted to its author alone.
#[test]
fn a_merge_that_switches_encryption_on_gets_no_key() {
    let sandbox = Sandbox::with_toml(&spec(&[]));
    let Some(eve) = Person::new(&sandbox, "eve") else { return };
    sandbox.ok(&["render", "-q"]);
    sandbox.write("mtls.toml", spec(&[&eve.recipient]));
    let before = crate::support::files(&sandbox.path("pki"));
    for arguments in [&["render"][..], &["cert", "renew", "--all"], &["render", "-o", "out"]] {
        let run = sandbox.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(&eve.recipient), "{}", run.stderr);
        assert!(run.stderr.contains("render --reencrypt"), "{}", run.stderr);
        let without_lock = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
            files.into_iter().filter(|(path, _)| !path.ends_with(".lock")).collect::<Vec<_>>()
        };
        let now = crate::support::files(&sandbox.path("pki"));
        assert_eq!(without_lock(now), without_lock(before.clone()), "{arguments:?}");
    }
    let run = sandbox.ok(&["render", "--kind", "Ingress", "--reencrypt"]);
    assert!(run.stderr.contains("encrypted 5 private keys to 1 recipient"), "{}", run.stderr);
}

/// The record of recipients in a header is part of what its key authenticates: it comes to light where that key or the
/// issuer's is opened, and nothing is sealed for the recipient that it adds.
#[test]
fn a_forged_record_of_recipients_gets_no_key() {
    let Some((sandbox, people)) = rendered(&["ann", "eve"], 1) else { return };
    let [ann, eve] = &people[..] else { panic!() };
    let mut both = [&*ann.recipient, &*eve.recipient];
    both.sort_unstable();
    for (path, content) in store(&sandbox) {
        if path.extension().is_some_and(|end| end == "age") {
            let armored = String::from_utf8(content).unwrap();
            let body: String = armored.lines().filter(|line| !line.starts_with("---")).collect();
            let file = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
            let end = file.windows(5).position(|octets| octets == b"\n--- ").unwrap();
            let header = str::from_utf8(&file[..end]).unwrap();
            let forged = header.replace(&ann.recipient, &both.join(" "));
            assert_ne!(forged, header);
            std::fs::write(path, [forged.as_bytes(), &file[end..]].concat()).unwrap();
        }
    }
    set_recipients(&sandbox, [ann, eve]);
    let client = "[clients.carol]\nissuer = \"clients\"\n";
    sandbox.write("mtls.toml", sandbox.read("mtls.toml") + client);
    let before = store(&sandbox);
    for command in [
        &["render"][..],
        &["cert", "renew", "alice"],
        &["cert", "renew", "a.example.com"],
        &["cert", "renew", "--all"],
        &["ca", "rotate", "root"],
        &["ca", "rotate", "clients"],
    ] {
        let run = sandbox.run(&[command, &["--identity", ann.file()]].concat());
        assert_eq!(run.status, 2, "{command:?}\n{}", run.stderr);
        assert!(run.stderr.contains("the store is damaged"), "{}", run.stderr);
        assert!(store(&sandbox) == before, "{command:?}");
    }
}
