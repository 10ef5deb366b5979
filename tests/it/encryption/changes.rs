//! Recipients come and go, encryption is switched on and off, authorities are rolled over.

use std::fs;
use std::process::Command;

use super::{HOLDERS, Person, in_clear, rendered, sealed, set_recipients, spec, store};
use crate::support::{Sandbox, files, tool};

fn key_files(sandbox: &Sandbox) -> Vec<String> {
    let store = sandbox.path("pki");
    let names = files(&store).into_iter().map(|(path, _)| path);
    let is_key = |name: &String| name.contains("tls.key");
    names
        .map(|path| path.strip_prefix(&store).unwrap().display().to_string())
        .filter(is_key)
        .collect()
}

fn opens(person: &Person, sandbox: &Sandbox, holder: &str) -> bool {
    let mut age = Command::new(tool("age").unwrap());
    age.args(["-d", "-i", person.file()]).arg(sealed(sandbox, holder));
    age.output().unwrap().status.success()
}

#[test]
fn another_recipient_gets_all_keys_at_once_and_a_removed_one_is_named() {
    let Some((sandbox, people)) = rendered(&["ann", "ben"], 1) else { return };
    let [ann, ben] = &people[..] else { panic!() };
    sandbox.ok(&["render", "-q", "-o", "out", "--identity", ann.file()]);
    let before = store(&sandbox);
    set_recipients(&sandbox, [ben]);
    // A difference for every command that compares; nothing is changed.
    for (arguments, status) in [
        (&["render", "--locked", "--kind", "Ingress"][..], 1),
        (&["render", "--check", "-o", "out"], 1),
        (&["diff", "out"], 1),
        (&["render", "--dry-run"], 0),
    ] {
        let run = sandbox.run(arguments);
        assert_eq!((arguments, run.status), (arguments, status), "{}", run.stderr);
        let words = "5 private keys are not encrypted to the recipients of `store.encryption` (5 to other recipients)";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    // Who cannot open the keys learns what stays, and can do what needs none.
    for who in [&[][..], &["--identity", ben.file()]] {
        let run = sandbox.run(&[&["render", "--kind", "Ingress", "--reencrypt"], who].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    }
    assert!(store(&sandbox) == before);
    let run = sandbox.ok(&["render", "--kind", "Ingress", "--reencrypt", "--identity", ann.file()]);
    assert!(run.stderr.contains("encrypted 5 private keys to 1 recipient\n"), "{}", run.stderr);
    assert!(run.stderr.contains("warning[removed-recipients]"), "{}", run.stderr);
    let words = format!("`{}` can still open old copies of these keys", ann.recipient);
    assert!(run.stderr.contains(&words), "{}", run.stderr);
    for holder in HOLDERS {
        assert!(opens(ben, &sandbox, holder) && !opens(ann, &sandbox, holder), "{holder}");
    }
    sandbox.ok(&["render", "--locked", "--identity", ben.file()]);
    // Another order of the same recipients is not a change.
    set_recipients(&sandbox, [ann, ben]);
    sandbox.ok(&["render", "-q", "--reencrypt", "--identity", ben.file()]);
    let before = store(&sandbox);
    set_recipients(&sandbox, [ben, ann]);
    sandbox.ok(&["render", "-q", "--identity", ann.file()]);
    assert!(store(&sandbox) == before);
}

#[test]
fn switching_on_seals_all_keys_of_the_store_and_leaves_nothing_in_clear() {
    let sandbox = Sandbox::new();
    let Some(ann) = Person::new(&sandbox, "ann") else { return };
    sandbox.write("mtls.toml", spec(&[]));
    let plain = sandbox.ok(&["render"]).stdout;
    sandbox.ok(&["ca", "rotate", "root", "-q"]);
    // A client that has left the spec has a key all the same.
    let without_bob = spec(&[&ann.recipient]).replace("[clients.bob]\nissuer = \"clients\"\n", "");
    sandbox.write("mtls.toml", without_bob);
    let run = sandbox.run(&["render", "--locked"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("error[encryption-differs]"), "{}", run.stderr);
    assert!(run.stderr.contains("(6 in clear)"), "{}", run.stderr);
    let looked = sandbox.run(&["diff", "out"]);
    assert!(looked.stderr.contains("warning[encryption-differs]"), "{}", looked.stderr);
    let looked = sandbox.run(&["issue", "--dry-run"]);
    assert!(looked.stderr.contains("notice[encryption-differs]"), "{}", looked.stderr);
    let run = sandbox.ok(&["render", "--kind", "Ingress", "--reencrypt"]);
    assert!(run.stderr.contains("encrypted 6 private keys to 1 recipient\n"), "{}", run.stderr);
    assert!(run.stderr.contains("notice[keys-were-in-clear]"), "{}", run.stderr);
    assert!(run.stderr.contains("copies elsewhere"), "{}", run.stderr);
    assert_eq!(in_clear(&sandbox), Vec::<String>::new());
    assert_eq!(key_files(&sandbox).len(), 6);
    sandbox.write("mtls.toml", spec(&[&ann.recipient]));
    sandbox.ok(&["ca", "rotate", "root", "--abandon", "-q"]);
    assert_eq!(sandbox.ok(&["render", "--identity", ann.file()]).stdout, plain);
    // Off again: keys that no identity opens stay as they are.
    sandbox.write("mtls.toml", spec(&[]));
    let run = sandbox.run(&["render", "--locked", "--kind", "Ingress"]);
    assert!(
        run.stderr.contains("5 private keys are encrypted, and the spec has no `store.encryption`"),
        "{}",
        run.stderr
    );
    let run = sandbox.ok(&["render", "--reencrypt", "--identity", ann.file()]);
    assert_eq!(run.stdout, plain);
    assert!(run.stderr.contains("wrote 5 private keys in clear"), "{}", run.stderr);
    assert_eq!(key_files(&sandbox), HOLDERS.map(|holder| format!("{holder}/tls.key")));
    sandbox.ok(&["render", "--locked"]);
}

#[test]
fn every_generation_of_a_rolled_over_authority_is_sealed() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let identity = ["--identity", people[0].file()];
    // A root signs itself, and the key of before shows that the recorded recipients are true; then no key need be opened.
    assert_eq!(sandbox.run(&["ca", "rotate", "root"]).status, 2);
    sandbox.ok(&[&["ca", "rotate", "root"], &identity[..]].concat());
    sandbox.ok(&["ca", "rotate", "root", "--activate"]);
    assert_eq!(in_clear(&sandbox), Vec::<String>::new());
    sandbox.ok(&[&["ca", "rotate", "clients"], &identity[..]].concat());
    sandbox.ok(&[&["render", "-q"], &identity[..]].concat());
    sandbox.ok(&[&["ca", "rotate", "clients", "--activate"], &identity[..]].concat());
    sandbox.ok(&[&["render", "-q"], &identity[..]].concat());
    assert_eq!(in_clear(&sandbox), Vec::<String>::new());
    let keys = key_files(&sandbox);
    assert_eq!(keys.len(), 7, "{keys:?}");
    assert!(keys.iter().all(|name| name.ends_with("tls.key.age")), "{keys:?}");
    for name in keys {
        let text = people[0].opens(&sandbox.path("pki").join(&name));
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----"), "{name}");
    }
}

#[test]
fn a_key_in_clear_beside_an_encrypted_one_and_damaged_ones_are_errors() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let key = people[0].opens(&sealed(&sandbox, "clients/alice"));
    sandbox.write("pki/clients/alice/tls.key", key);
    let run = sandbox.run(&["status"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("`pki/clients/alice/tls.key` lies in clear beside `tls.key.age`"),
        "{}",
        run.stderr
    );
    fs::remove_file(sandbox.path("pki/clients/alice/tls.key")).unwrap();
    let alice = sandbox.read("pki/clients/alice/tls.key.age");
    sandbox.write(
        "pki/clients/alice/tls.key.age",
        people[0].opens(&sealed(&sandbox, "clients/alice")),
    );
    let run = sandbox.run(&["render", "--dry-run"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("tls.key.age` holds a private key in clear"), "{}", run.stderr);
    sandbox.write("pki/clients/alice/tls.key.age", alice);
    let whole = sandbox.read("pki/hosts/a.example.com/tls.key.age");
    let (start, end) = whole.split_at(whole.len() - 100);
    sandbox.write(
        "pki/hosts/a.example.com/tls.key.age",
        format!("{start}{}", end.replace('A', "B").replace('Q', "A")),
    );
    let run = sandbox.run(&["render", "--identity", people[0].file()]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr
            .contains("error[store]: the store is damaged: `pki/hosts/a.example.com/tls.key.age` "),
        "{}",
        run.stderr
    );
    sandbox.ok(&["status"]);
}

#[test]
fn supplied_keys_stay_in_clear_and_are_reported() {
    let sandbox = Sandbox::new();
    let Some(ann) = Person::new(&sandbox, "ann") else { return };
    sandbox.write("mtls.toml", spec(&[]));
    sandbox.ok(&["render", "-q"]);
    let key = sandbox.read("pki/clients/alice/tls.key");
    let supplied = "pki/brought/hosts/b.example.com/tls.key";
    sandbox.write(supplied, &key);
    sandbox.write("mtls.toml", spec(&[&ann.recipient]));
    let run = sandbox.ok(&["render", "--kind", "Ingress", "--reencrypt"]);
    assert!(run.stderr.contains("encrypted 5 private keys"), "{}", run.stderr);
    let reported = "warning[supplied-keys-in-clear]: 1 private key that the spec names as a file stays in clear";
    assert!(run.stderr.contains(reported) && run.stderr.contains(supplied), "{}", run.stderr);
    assert_eq!(in_clear(&sandbox), ["brought/hosts/b.example.com/tls.key"]);
    // Once is enough.
    let run = sandbox.ok(&["render", "--kind", "Ingress"]);
    assert!(!run.stderr.contains("supplied-keys-in-clear"), "{}", run.stderr);
}

#[test]
fn a_recipient_who_goes_is_shut_out_where_an_identity_is_at_hand() {
    let Some((sandbox, people)) = rendered(&["ann", "ben"], 2) else { return };
    let [ann, ben] = &people[..] else { panic!() };
    let before = store(&sandbox);
    set_recipients(&sandbox, [ben]);
    // Without an identity, the keys stay as they are, with a warning, and what needs none works.
    let run = sandbox.ok(&["render", "--kind", "Ingress"]);
    assert!(run.stderr.contains("warning[keys-not-reencrypted]"), "{}", run.stderr);
    assert!(run.stderr.contains("they stay as they are"), "{}", run.stderr);
    let words = format!("until then, `{}` can open them", ann.recipient);
    assert!(run.stderr.contains(&words), "{}", run.stderr);
    assert!(run.stdout.contains("kind: Ingress"));
    assert!(store(&sandbox) == before);
    sandbox.ok(&["render", "-q", "--identity", ben.file()]);
    assert!(opens(ben, &sandbox, HOLDERS[0]) && !opens(ann, &sandbox, HOLDERS[0]));
}
