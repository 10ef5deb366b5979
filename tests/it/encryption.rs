//! Keys that are encrypted at rest, judged by the real `age`: it opens what we wrote, and we open what it wrote.

mod changes;
mod identities;
mod killed;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mtlsgen::pki::key::PrivateKey;

use crate::support::{Sandbox, data, files, object, objects, output_of, tool};

/// Every holder whose key lies in the store of [`spec`].
pub const HOLDERS: [&str; 5] =
    ["cas/clients", "cas/root", "clients/alice", "clients/bob", "hosts/a.example.com"];

/// Two authorities, a host, two clients, and recipients of the keys.
pub fn spec(recipients: &[&str]) -> String {
    let encryption = if recipients.is_empty() {
        String::new()
    } else {
        format!("[store.encryption.age]\nrecipients = {recipients:?}\n")
    };
    format!(
        "{encryption}[cas.root]\n[cas.clients]\nissuer = \"root\"\n[services.web]\nimage = \"httpd\"\nport = 80\n\
         [hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n\
         [clients.alice]\nissuer = \"clients\"\n[clients.bob]\nissuer = \"clients\"\n"
    )
}

/// A user with an identity that `age-keygen` made, in the file `NAME.txt`.
pub struct Person {
    pub file: PathBuf,
    pub recipient: String,
}

impl Person {
    /// `None` if there is no `age-keygen`.
    pub fn new(sandbox: &Sandbox, name: &str) -> Option<Self> {
        let file = sandbox.path(format!("{name}.txt"));
        output_of(Command::new(tool("age-keygen")?).arg("-o").arg(&file));
        let recipient = output_of(Command::new(tool("age-keygen")?).arg("-y").arg(&file));
        Some(Self { file, recipient: recipient.trim_end().to_owned() })
    }

    pub fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// The identity itself.
    pub fn identity(&self) -> String {
        let text = fs::read_to_string(&self.file).unwrap();
        text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned()
    }

    /// What `age` makes of a file with this identity.
    pub fn opens(&self, path: &Path) -> String {
        output_of(Command::new(tool("age").unwrap()).arg("-d").arg("-i").arg(&self.file).arg(path))
    }
}

/// A sandbox with people, and a store for `recipients` of them; `None` without `age`.
pub fn rendered(people: &[&str], recipients: usize) -> Option<(Sandbox, Vec<Person>)> {
    tool("age")?;
    let sandbox = Sandbox::new();
    let people: Vec<Person> =
        people.iter().map(|name| Person::new(&sandbox, name)).collect::<Option<_>>()?;
    set_recipients(&sandbox, &people[..recipients]);
    sandbox.ok(&["render", "-q", "--kind", "Ingress"]);
    Some((sandbox, people))
}

pub fn set_recipients<'a>(sandbox: &Sandbox, people: impl IntoIterator<Item = &'a Person>) {
    let recipients: Vec<&str> = people.into_iter().map(|person| &*person.recipient).collect();
    sandbox.write("mtls.toml", spec(&recipients));
}

/// Files below the store that hold a private key in clear, by the marks that every key has.
pub fn in_clear(sandbox: &Sandbox) -> Vec<String> {
    // `PRIVATE KEY` as text, in base64 at each alignment, and the start of PKCS#8 for ECDSA.
    let marks: [&[u8]; 5] = [
        b"PRIVATE KEY",
        b"UFJJVkFURSBLRV",
        b"BSSVZBVEUgS0VZ",
        b"QUklWQVRFIEtFW",
        b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    ];
    let holds =
        |octets: &[u8], mark: &[u8]| octets.windows(mark.len()).any(|window| window == mark);
    let store = sandbox.path("pki");
    let found = files(&store).into_iter();
    found
        .filter(|(_, octets)| marks.iter().any(|mark| holds(octets, mark)))
        .map(|(path, _)| path.strip_prefix(&store).unwrap().display().to_string())
        .collect()
}

/// Files of the store, but for the lock, which has the number of the last process.
pub fn store(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    files(&sandbox.path("pki")).into_iter().filter(|(path, _)| !path.ends_with(".lock")).collect()
}

fn sealed(sandbox: &Sandbox, holder: &str) -> PathBuf {
    sandbox.path(format!("pki/{holder}/tls.key.age"))
}

fn belongs(sandbox: &Sandbox, holder: &str, key: &str) -> bool {
    let key = PrivateKey::from_pem(key.as_bytes()).unwrap();
    sandbox.certificate(holder).spki_hash == key.spki_hash()
}

#[test]
fn age_opens_what_we_wrote_for_each_recipient_and_nothing_is_in_clear() {
    let Some((sandbox, people)) = rendered(&["ann", "ben", "eve"], 2) else { return };
    assert_eq!(in_clear(&sandbox), Vec::<String>::new());
    for holder in HOLDERS {
        let path = sealed(&sandbox, holder);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = people[0].opens(&path);
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "PKCS#8");
        assert!(belongs(&sandbox, holder, &text), "{holder}");
        assert_eq!(people[1].opens(&path), text);
        let eve = Command::new(tool("age").unwrap())
            .args(["-d", "-i", people[2].file()])
            .arg(&path)
            .output()
            .unwrap();
        assert!(!eve.status.success());
    }
    let run = sandbox.ok(&["render", "--identity", people[1].file()]);
    let rendered = objects(&run.stdout);
    let secret = data(object(&rendered, "Secret", "a-example-com-tls"), "tls.key");
    let key = people[0].opens(&sealed(&sandbox, "hosts/a.example.com"));
    assert_eq!(String::from_utf8(secret).unwrap(), key);
    // The same store gives the same output, and a second run leaves the files alone.
    let before = store(&sandbox);
    assert_eq!(sandbox.ok(&["render", "--identity", people[0].file()]).stdout, run.stdout);
    assert!(store(&sandbox) == before);
    // The search for keys finds them where they are.
    let plain = Sandbox::with_toml(&spec(&[]));
    plain.ok(&["render", "-q"]);
    assert_eq!(in_clear(&plain), HOLDERS.map(|holder| format!("{holder}/tls.key")));
}

#[test]
fn what_age_wrote_is_opened_armored_and_binary_and_follows_the_spec() {
    let Some((sandbox, people)) = rendered(&["ann", "ben"], 1) else { return };
    let path = sealed(&sandbox, "hosts/a.example.com");
    let key = people[0].opens(&path);
    sandbox.write("plain.pem", &key);
    for arguments in [&["-a"][..], &[], &["-a", "-r", &people[1].recipient]] {
        output_of(
            Command::new(tool("age").unwrap())
                .args(arguments)
                .args(["-r", &people[0].recipient, "-o"])
                .arg(&path)
                .arg(sandbox.path("plain.pem")),
        );
        let by_hand = fs::read(&path).unwrap();
        let run = sandbox.run(&["render", "--locked", "--identity", people[0].file()]);
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(run.stderr.contains("1 to recipients that are not recorded"), "{}", run.stderr);
        assert_eq!(fs::read(&path).unwrap(), by_hand);
        let run = sandbox.ok(&["render", "--reencrypt", "--identity", people[0].file()]);
        assert!(run.stderr.contains("encrypted 1 private key to 1 recipient\n"), "{}", run.stderr);
        let secret = data(object(&objects(&run.stdout), "Secret", "a-example-com-tls"), "tls.key");
        assert_eq!(String::from_utf8(secret).unwrap(), key);
        assert_eq!(people[0].opens(&path), key);
        sandbox.ok(&["render", "--locked", "--identity", people[0].file()]);
    }
}

#[test]
fn git_takes_encrypted_keys_and_no_others_and_a_clone_works() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let Some(git) = tool("git") else { return };
    let run = |folder: &Path, arguments: &[&str]| {
        let mut git = Command::new(&git);
        git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
        output_of(git.env("GIT_CONFIG_GLOBAL", "/dev/null"))
    };
    sandbox.write("pki/hosts/a.example.com/tls.key.bak.key", "PRIVATE KEY");
    run(sandbox.folder(), &["init", "-q"]);
    run(sandbox.folder(), &["add", "mtls.toml", "pki"]);
    let tracked = run(sandbox.folder(), &["ls-files", "pki"]);
    let keys: Vec<&str> = tracked.lines().filter(|line| line.contains("tls.key")).collect();
    assert_eq!(keys, HOLDERS.map(|holder| format!("pki/{holder}/tls.key.age")));
    run(sandbox.folder(), &["commit", "-q", "-m", "store"]);
    let clone = Sandbox::new();
    run(clone.folder(), &["clone", "-q", sandbox.folder().to_str().unwrap(), "clone"]);
    // Git gives encrypted keys the mode of any file, which is harmless.
    let arguments = ["render", "-f", "clone/mtls.toml", "--identity", people[0].file()];
    let cloned = clone.ok(&arguments);
    assert_eq!(cloned.stderr, "");
    assert_eq!(cloned.stdout, sandbox.ok(&["render", "--identity", people[0].file()]).stdout);
}

#[test]
fn what_needs_no_private_key_works_without_an_identity() {
    let Some((sandbox, people)) = rendered(&["ann", "ben"], 2) else { return };
    sandbox.ok(&["render", "-q", "-o", "out", "--identity", people[0].file()]);
    let without_keys: [&[&str]; 11] = [
        &["status"],
        &["diff", "out"],
        &["render", "--check", "-o", "out"],
        &["render", "--locked", "--kind", "Ingress"],
        &["render", "--kind", "Ingress"],
        &["render", "--dry-run"],
        &["cert", "show", "alice"],
        &["cert", "show", "--check", "cas/root", "clients/alice"],
        &["cert", "export", "alice", "--as", "pem-chain"],
        &["cert", "export", "alice", "--as", "curl"],
        &["ca", "rotate", "root", "--plan"],
    ];
    for arguments in without_keys {
        let run = sandbox.run(arguments);
        assert_eq!((arguments, run.status), (arguments, 0), "{}{}", run.stdout, run.stderr);
    }
    let curl = sandbox.ok(&["cert", "export", "alice", "--as", "curl"]).stdout;
    assert!(curl.contains("--key <(age -d -i IDENTITY pki/clients/alice/tls.key.age)"), "{curl}");
    let with_keys: [(&[&str], &str); 4] = [
        (&["render", "--locked"], "hosts/a.example.com"),
        (&["cert", "export", "alice", "--as", "pem-key"], "clients/alice"),
        (&["cert", "renew", "alice"], "cas/clients"),
        (&["ca", "rotate", "clients"], "cas/root"),
    ];
    let before = store(&sandbox);
    for (arguments, holder) in with_keys {
        let run = sandbox.run(arguments);
        assert_eq!((arguments, run.status), (arguments, 2), "{}", run.stderr);
        for words in [
            &format!(
                "`pki/{holder}/tls.key.age` is encrypted, and there is no age identity to open it"
            ),
            &*people[0].recipient,
            &people[1].recipient,
            "use `--identity FILE` or set `SOPS_AGE_KEY_FILE`",
            "`SOPS_AGE_KEY` (not set), `SOPS_AGE_KEY_FILE` (not set), `SOPS_AGE_KEY_CMD` (not set)",
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
    assert!(store(&sandbox) == before);
    sandbox.ok(&["cert", "revoke", "bob", "--reason", "superseded"]);
}

#[test]
fn issuing_needs_the_issuers_key_alone() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let spec = sandbox.read("mtls.toml");
    // A self-signed host needs no key for its first certificate, and for the next one that of before: it shows that
    // the recipients which its file records are true.
    let host = "[hosts.\"b.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth = false\n";
    sandbox.write("mtls.toml", format!("{spec}{host}"));
    sandbox.ok(&["render", "--kind", "Ingress"]);
    let old = people[0].opens(&sealed(&sandbox, "hosts/b.example.com"));
    let renew = ["cert", "renew", "hosts/b.example.com"];
    assert_eq!(sandbox.run(&renew).status, 2);
    sandbox.ok(&[&renew[..], &["--identity", people[0].file()]].concat());
    assert_ne!(people[0].opens(&sealed(&sandbox, "hosts/b.example.com")), old);
    // A client needs the key of its authority, and no other.
    for holder in HOLDERS.iter().filter(|holder| **holder != "cas/clients") {
        sandbox
            .write(&format!("pki/{holder}/tls.key.age"), sandbox.read("pki/cas/root/tls.key.age"));
    }
    let run = sandbox.run(&["cert", "renew", "alice", "--identity", people[0].file()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let key = people[0].opens(&sealed(&sandbox, "clients/alice"));
    assert!(belongs(&sandbox, "clients/alice", &key));
}

#[test]
fn recipients_that_are_none_are_reported_with_their_place() {
    let sandbox = Sandbox::new();
    let Some(person) = Person::new(&sandbox, "ann") else { return };
    sandbox.write("mtls.toml", spec(&[&person.recipient, &person.identity()]));
    for format in ["text", "json"] {
        let run = sandbox.run(&["render", "--message-format", format]);
        assert_eq!(run.status, 2);
        assert!(
            run.stderr.contains("this is an age identity, which is a private key"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains(&person.identity()[20..40]), "{}", run.stderr);
    }
    assert!(!sandbox.path("pki").exists());
}

#[test]
fn recipients_that_are_no_list_are_one_mistake() {
    let sandbox = Sandbox::with_toml(&spec(&[]));
    for (set, code) in [
        ("store.encryption.age.recipients=ann", "wrong-type"),
        ("store.encryption.age=ann", "wrong-type"),
        ("store.encryption.age={}", "missing-key"),
        ("store.encryption={}", "missing-key"),
    ] {
        let run = sandbox.run(&["render", "--set", set]);
        assert_eq!((run.status, run.stderr.matches("error[").count()), (2, 1), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("error[{code}]")), "{set}: {}", run.stderr);
    }
}
