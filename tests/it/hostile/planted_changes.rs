//! A repository contains the list of a change that no mtlsgen of this machine has begun. Such lists were carried out by
//! the first command, also by those that only look: keys that Git ignores were removed or replaced, and
//! through a committed link the list reached files outside the store.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::support::{Run, Sandbox};

const SPEC: &str = "[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n\
    [services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"web.example.com\"]\nservice = \"web\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";
const KEY: &str = "pki/cas/clients/tls.key";
const CONFIG: &str = "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata:\n  name: web\nplugin:\n  specFiles: [mtls.toml]\nspec: {}\n";

/// Commands that only look.
const LOOKING: &[&[&str]] = &[
    &["status"],
    &["access"],
    &["diff", "out"],
    &["cert", "show", "clients/alice"],
    &["cert", "export", "alice", "-o", "alice.p12"],
    &["render", "--locked"],
    &["render", "--dry-run"],
    &["render", "--check", "-o", "out"],
    &["cert", "renew", "--all", "--dry-run"],
    &["cert", "revoke", "clients/alice", "--dry-run"],
    &["ca", "rotate", "clients", "--plan"],
    &["ca", "rotate", "clients", "--dry-run"],
];

/// A store with an authority, in which the last change was finished.
fn victim() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "-o", "out"]);
    sandbox
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What Git checks out: files that all may read, or under the umask 077 none but the owner.
fn plant(sandbox: &Sandbox, path: &str, content: &str, mode: u32) {
    let path = sandbox.write(path, content);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn list(version: u8, lines: &[&str]) -> String {
    format!("mtlsgen transaction {version}\n{}\nend\n", lines.join("\n"))
}

/// Runs every command, those that look and one that changes; none may carry anything out.
fn nothing_is_carried_out(sandbox: &Sandbox) {
    let before = sandbox.files();
    for arguments in
        LOOKING.iter().chain([&["render", "-q"][..], &["render", "-q", "-o", "out"]].iter())
    {
        let run = sandbox.run(arguments);
        assert_ne!(run.status, 0, "{arguments:?}");
        is_reported(&run);
        assert_eq!(without_lock(sandbox), without(&before, ".lock"), "{arguments:?}");
    }
    sandbox.write("config.yaml", CONFIG);
    let exec = sandbox.run(&["kustomize", "config.yaml"]);
    assert_ne!(exec.status, 0);
    is_reported(&exec);
    assert!(sandbox.path("pki/.commit").exists());
    fs::remove_file(sandbox.path("config.yaml")).unwrap();
    assert_eq!(without_lock(sandbox), without(&before, ".lock"));
}

fn is_reported(run: &Run) {
    let words = ["was interrupted and is not finished", "it is not from a change of this store"];
    assert!(words.iter().any(|words| run.stderr.contains(words)), "{}", run.stderr);
}

fn without_lock(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    without(&sandbox.files(), ".lock")
}

fn without(files: &[(PathBuf, Vec<u8>)], name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files.iter().filter(|(path, _)| !path.ends_with(name)).cloned().collect()
}

#[test]
fn a_planted_list_removes_no_key() {
    let digest = digest(b"what the attacker thinks of");
    for mode in [0o644, 0o600] {
        for (version, line) in [
            (1, "remove cas/clients/tls.key".to_owned()),
            (2, "remove cas/clients/tls.key".to_owned()),
            (2, format!("remove {digest} - cas/clients/tls.key")),
            (2, "remove - - cas/clients/tls.key".to_owned()),
            (2, format!("remove {digest} - .gitignore")),
            (2, format!("remove {digest} - clients/alice/../../cas/clients/tls.key")),
        ] {
            let sandbox = victim();
            plant(&sandbox, "pki/.commit", &list(version, &[&line]), mode);
            nothing_is_carried_out(&sandbox);
        }
    }
}

#[test]
fn a_planted_list_replaces_no_key() {
    let (sandbox, attacker) = (victim(), victim());
    let theirs = attacker.read(KEY);
    sandbox.may_hold_keys("pki/cas/clients/.tls.key.new");
    plant(&sandbox, "pki/cas/clients/.tls.key.new", &theirs, 0o600);
    plant(
        &sandbox,
        "pki/cas/clients/.tls.crt.new",
        &attacker.read("pki/cas/clients/tls.crt"),
        0o644,
    );
    let theirs = digest(theirs.as_bytes());
    let [ours, new] = [&sandbox, &attacker]
        .map(|sandbox| digest(sandbox.read("pki/cas/clients/tls.crt").as_bytes()));
    let certificate = format!("file {ours} {new} cas/clients/tls.crt");
    for (version, line) in [
        (1, "file cas/clients/tls.key".to_owned()),
        (2, "file cas/clients/tls.key".to_owned()),
        (2, format!("file - {theirs} cas/clients/tls.key")),
        (2, format!("file {theirs} {theirs} cas/clients/tls.key")),
    ] {
        plant(&sandbox, "pki/.commit", &list(version, &[&certificate, &line]), 0o600);
        nothing_is_carried_out(&sandbox);
    }
}

/// What is committed is known to the attacker, digests and all; what is not committed yet, and the keys, are not.
#[test]
fn a_planted_list_of_public_files_alone_is_not_carried_out() {
    let (sandbox, attacker) = (victim(), victim());
    let theirs = attacker.read("pki/cas/clients/tls.crt");
    let ours = digest(sandbox.read("pki/cas/clients/tls.crt").as_bytes());
    plant(&sandbox, "pki/cas/clients/.tls.crt.new", &theirs, 0o644);
    let certificate = format!("file {ours} {} cas/clients/tls.crt", digest(theirs.as_bytes()));
    plant(&sandbox, "pki/.commit", &list(2, &[&certificate]), 0o600);
    nothing_is_carried_out(&sandbox);
    fs::remove_file(sandbox.path("pki/cas/clients/.tls.crt.new")).unwrap();
    let ledger = fs::read_dir(sandbox.path("pki/cas/clients/ledger")).unwrap().next().unwrap();
    let entry = ledger.unwrap().file_name().into_string().unwrap();
    let unknown = digest(b"an entry that is not committed");
    let line = format!("remove {unknown} - cas/clients/ledger/{entry}");
    plant(&sandbox, "pki/.commit", &list(2, &[&line]), 0o600);
    nothing_is_carried_out(&sandbox);
}

#[test]
fn a_planted_list_puts_no_key_beside_a_certificate_of_another_one() {
    let (sandbox, attacker) = (victim(), victim());
    // As after a clone: certificates are there, keys are not.
    fs::remove_file(sandbox.path(KEY)).unwrap();
    let theirs = attacker.read(KEY);
    sandbox.may_hold_keys("pki/cas/clients/.tls.key.new");
    plant(&sandbox, "pki/cas/clients/.tls.key.new", &theirs, 0o600);
    let line = format!("file - {} cas/clients/tls.key", digest(theirs.as_bytes()));
    plant(&sandbox, "pki/.commit", &list(2, &[&line]), 0o600);
    let run = sandbox.run(&["render", "-q"]);
    assert!(
        run.stderr.contains(
            "would leave a key at `pki/cas/clients/tls.key` that its certificate does not have"
        ),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path(KEY).exists());
}

#[test]
fn a_planted_list_reaches_nothing_through_a_committed_link() {
    let sandbox = victim();
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir_all(outside.path().join("alice")).unwrap();
    fs::write(outside.path().join("alice/tls.crt"), "kept").unwrap();
    fs::write(outside.path().join("alice/.name.new"), "moved").unwrap();
    fs::rename(sandbox.path("pki/clients"), sandbox.path("away")).unwrap();
    sandbox.may_hold_keys("away");
    symlink(outside.path(), sandbox.path("pki/clients")).unwrap();
    symlink(outside.path(), sandbox.path("pki/x")).unwrap();
    let [kept, moved] = ["kept", "moved"].map(|text| digest(text.as_bytes()));
    for lines in [
        &[&*format!("remove {kept} - clients/alice/tls.crt")][..],
        &[&*format!("file - {moved} clients/alice/name")],
        &["folder clients/bob", &*format!("file - {moved} clients/bob/tls.crt")],
        &["remove-folder clients/alice"],
        &[&*format!("remove {kept} - x/alice/tls.crt")],
    ] {
        for name in [".commit", ".transaction"] {
            plant(&sandbox, &format!("pki/{name}"), &list(2, lines), 0o600);
            assert_ne!(sandbox.run(&["render", "-q"]).status, 0, "{lines:?}");
            let mut left: Vec<_> = fs::read_dir(outside.path().join("alice")).unwrap().collect();
            assert_eq!(left.drain(..).count(), 2, "{lines:?}");
            assert_eq!(fs::read(outside.path().join("alice/tls.crt")).unwrap(), b"kept");
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
            fs::remove_file(sandbox.path(format!("pki/{name}"))).unwrap();
        }
    }
}

#[test]
fn output_is_not_written_through_a_committed_link() {
    let sandbox = victim();
    let outside = tempfile::tempdir().unwrap();
    fs::rename(sandbox.path("out/secrets"), outside.path().join("secrets")).unwrap();
    symlink(outside.path().join("secrets"), sandbox.path("out/secrets")).unwrap();
    let before = crate::support::files(outside.path());
    for arguments in [
        &["render", "-q", "-o", "out"][..],
        &["cert", "renew", "--all", "-q"],
        &["render", "-q", "-o", "out"],
    ] {
        sandbox.run(arguments);
    }
    assert_eq!(crate::support::files(outside.path()), before);
}

#[test]
fn an_own_change_that_was_interrupted_is_reported_and_then_finished() {
    let sandbox = victim();
    let (certificate, key) =
        (sandbox.read("pki/clients/alice/tls.crt"), sandbox.read("pki/clients/alice/tls.key"));
    // As a kill between the decision and the first rename leaves it.
    let new = digest(key.as_bytes());
    sandbox.may_hold_keys("pki/clients/alice/.tls.key.new");
    plant(&sandbox, "pki/clients/alice/.tls.key.new", &key, 0o600);
    plant(&sandbox, "pki/clients/alice/.tls.crt.new", &certificate, 0o644);
    let same = digest(certificate.as_bytes());
    let lines = [
        &*format!("file {same} {same} clients/alice/tls.crt"),
        &format!("file {new} {new} clients/alice/tls.key"),
    ];
    plant(&sandbox, "pki/.commit", &list(2, &lines), 0o600);
    for arguments in LOOKING {
        let run = sandbox.run(arguments);
        assert_ne!(run.status, 0, "{arguments:?}");
        assert!(
            run.stderr.contains("run `mtlsgen render`, which finishes the change"),
            "{}",
            run.stderr
        );
        assert!(sandbox.path("pki/.commit").exists(), "{arguments:?}");
    }
    sandbox.ok(&["render", "-q"]);
    assert!(!sandbox.path("pki/.commit").exists());
    assert!(!sandbox.path("pki/clients/alice/.tls.key.new").exists());
    for arguments in LOOKING {
        let run = sandbox.run(arguments);
        assert!(!run.stderr.contains("interrupted"), "{}", run.stderr);
    }
}

/// A `.gitignore` deeper than ours lets keys in again, and `git add` takes them up.
#[test]
fn a_planted_gitignore_opens_no_key_to_git() {
    let sandbox = Sandbox::with_toml(SPEC);
    for folder in ["pki/cas/clients", "pki/clients/alice", "pki/hosts/web.example.com"] {
        sandbox.write(&format!("{folder}/.gitignore"), "!*.key\n");
    }
    sandbox.ok(&["render", "-q"]);
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        crate::support::output_of(git.args(arguments).current_dir(sandbox.folder()))
    };
    git(&["init", "-q"]);
    let taken = git(&["add", "-An"]);
    assert!(taken.contains("tls.crt") && !taken.contains("tls.key"), "{taken}");
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
}

/// With a store and its spec in `pki/.import`, the next `import` took them for its own, and read none of the files that
/// it was given.
#[test]
fn a_planted_import_is_not_taken_for_ones_own() {
    let sandbox = victim();
    for (from, to) in [("pki", "old"), ("mtls.toml", "old.toml")] {
        fs::rename(sandbox.path(from), sandbox.path(to)).unwrap();
    }
    sandbox.may_hold_keys("old");
    let others = Sandbox::with_toml(SPEC);
    others.ok(&["render", "-q"]);
    for (path, content) in others.files() {
        let below = path.strip_prefix(others.folder()).unwrap();
        if below.starts_with("pki") {
            plant(&sandbox, below.to_str().unwrap(), str::from_utf8(&content).unwrap(), 0o600);
        }
    }
    plant(&sandbox, "pki/.import", &format!("2026-01-01T00:00:00Z\n{SPEC}"), 0o600);
    let before = sandbox.files();
    let run = sandbox.run(&["import", "old", "--service", "web"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("error[interrupted-import]"), "{}", run.stderr);
    assert!(run.stderr.contains("its contents are not those of these files"), "{}", run.stderr);
    assert_eq!(without(&sandbox.files(), ".lock"), without(&before, ".lock"));
}

#[test]
fn links_among_mtlsgens_own_files_are_named_at_once() {
    for name in [".lock", ".gitignore", ".transaction", ".commit", ".generation", ".import"] {
        let sandbox = victim();
        let _ = fs::remove_file(sandbox.path(format!("pki/{name}")));
        symlink("/etc/hostname", sandbox.path(format!("pki/{name}"))).unwrap();
        for arguments in LOOKING.iter().chain([&["render", "-q"][..]].iter()) {
            let run = sandbox.run(arguments);
            let words = format!("`pki/{name}` is a symbolic link");
            assert!(run.status == 2 && run.stderr.contains(&words), "{arguments:?} {}", run.stderr);
        }
    }
}
