//! Killed at any moment: the store is as before or as after, and no key was ever readable by others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, files};

const KILLS: u32 = 200;

#[test]
fn a_killed_run_never_leaves_a_store_that_the_next_run_cannot_use() {
    let spec = spec();
    let reference = Sandbox::with_toml(&spec);
    let begun = Instant::now();
    reference.ok(&["render", "-q"]);
    // How long a run takes, as far as is known; it follows the machine's mood.
    let mut whole = begun.elapsed();
    let mut sandbox = Sandbox::with_toml(&spec);
    let (mut attempts, mut killed) = (0, 0);
    while killed < KILLS {
        assert!(attempts < 5 * KILLS, "only {killed} of {attempts} runs could be killed");
        let mut child = sandbox
            .command(&["render", "-q"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // Evenly over the whole run and a little beyond, in an order that is not the order of time.
        let share = f64::from(attempts * 73 % KILLS) / f64::from(KILLS);
        wait(whole.mul_f64(share * 1.1));
        attempts += 1;
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        let interrupted = output.status.code().is_none();
        killed += u32::from(interrupted);
        whole = whole.mul_f64(if interrupted { 1.01 } else { 0.97 });
        assert!(
            output.status.code().is_none_or(|code| code == 0),
            "after {killed} kills: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_keys_are_private(&sandbox.path("pki"));
        let holders = issued(&sandbox);
        assert!(
            holders == 0 || holders == HOLDERS,
            "{holders} of {HOLDERS} holders have certificates"
        );
        if holders == HOLDERS {
            sandbox.ok(&["render", "-q", "--locked"]);
            sandbox = Sandbox::with_toml(&spec);
        }
    }
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["render", "-q", "--locked"]);
    assert_keys_are_private(&sandbox.path("pki"));
}

#[test]
fn a_killed_revocation_is_whole_or_not_at_all() {
    let spec = spec();
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.ok(&["render", "-q"]);
    let (mut killed, mut client) = (0, 0);
    for attempt in 0..KILLS_OF_REVOCATIONS {
        let name = format!("c{client}");
        // Entering the revocation, and signing the list with a new certificate for the client.
        let command: &[&str] =
            if attempt % 2 == 0 { &["cert", "revoke", &name] } else { &["render"] };
        let mut child = sandbox
            .command(command)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        wait(Duration::from_micros(u64::from(attempt * 37 % 101) * 1_000));
        let _ = child.kill();
        killed += u32::from(child.wait().unwrap().code().is_none());
        client = (client + attempt % 2) % 20;
        let folder = sandbox.path("pki/cas/clients");
        let store = sandbox.finish_interrupted();
        let ledger = store.ledger().unwrap();
        let lists = files(&folder.join("crl"));
        for (path, text) in
            lists.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "pem"))
        {
            let list = mtlsgen::pki::crl::RevocationList::from_pem(text).unwrap();
            let known = |serial| ledger.revoked.get("clients", serial).is_some();
            assert!(list[0].revoked.keys().all(known), "{}", path.display());
        }
        assert_keys_are_private(&sandbox.path("pki"));
    }
    assert!(killed > 20, "only {killed} runs could be killed");
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["render", "-q", "--locked"]);
    let strays = files(&sandbox.path("pki")).into_iter().map(|(path, _)| path);
    let strays: Vec<_> =
        strays.filter(|path| path.extension().is_some_and(|e| e == "new")).collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn a_killed_import_is_finished_by_the_next_one() {
    let old = Sandbox::with_toml(&spec());
    old.ok(&["render", "-q"]);
    let fresh = || {
        let sandbox = Sandbox::new();
        sandbox.may_hold_keys("old");
        for (path, octets) in files(&old.path("pki")) {
            let below = path.strip_prefix(old.path("pki")).unwrap();
            if !below.starts_with(".lock") {
                sandbox.write(&format!("old/{}", below.display()), octets);
            }
        }
        sandbox
    };
    // Else the name of each folder.
    let import = ["import", "old", "--service", "web", "--name", "web"];
    let reference = fresh();
    let begun = Instant::now();
    reference.run(&import);
    let whole = begun.elapsed();
    let (mut killed, mut finished) = (0, 0);
    for attempt in 0..KILLS_OF_IMPORTS {
        let sandbox = fresh();
        let mut child = sandbox
            .command(&import)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Mostly in the last half, where files are written.
        let share = 0.4 + 0.6 * f64::from(attempt) / f64::from(KILLS_OF_IMPORTS);
        wait(whole.mul_f64(share));
        let _ = child.kill();
        let was_killed = child.wait().unwrap().code().is_none();
        killed += u32::from(was_killed);
        if was_killed {
            let again = sandbox.run(&import);
            assert!(
                again.status < 2 || again.stderr.contains("`mtls.toml` exists already"),
                "{}",
                again.stderr
            );
            finished += u32::from(again.stderr.contains("finished an import"));
        }
        assert!(!sandbox.path("pki/.import").exists());
        assert_eq!(sandbox.read("mtls.toml"), reference.read("mtls.toml"));
        assert_keys_are_private(&sandbox.path("pki"));
        let certificates = |sandbox: &Sandbox| {
            let files = files(&sandbox.path("pki")).into_iter();
            files.filter(|(path, _)| path.ends_with("tls.crt")).count()
        };
        assert_eq!(certificates(&sandbox), certificates(&reference));
    }
    assert!(killed > KILLS_OF_IMPORTS / 4, "only {killed} runs could be killed");
    println!("{killed} killed, {finished} finished");
}

const KILLS_OF_IMPORTS: u32 = 60;
const KILLS_OF_REVOCATIONS: u32 = 80;
const HOLDERS: usize = 42;

/// Two authorities, twenty hosts, twenty clients.
fn spec() -> String {
    let mut spec = "[cas.root]\n[cas.clients]\nissuer = \"root\"\n[services.s]\nimage = \"httpd\"\nport = 80\n\
         [defaults.hosts]\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n"
        .to_owned();
    for number in 0..20 {
        let host = format!("[hosts.\"h{number}.example.com\"]\nservice = \"s\"\n");
        let client = format!("[clients.c{number}]\nissuer = \"clients\"\n");
        spec = [spec, host, client].concat();
    }
    spec
}

/// Sleeps for less than a millisecond as exactly as for more.
fn wait(length: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < length {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Number of certificates that a reader of the store finds.
fn issued(sandbox: &Sandbox) -> usize {
    sandbox.finish_interrupted();
    let run = sandbox.ok(&["render", "--dry-run"]);
    HOLDERS - run.stderr.matches("never issued").count()
}

fn assert_keys_are_private(store: &Path) {
    for (path, bytes) in files(store) {
        let holds_key = bytes.windows(11).any(|window| window == b"PRIVATE KEY");
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert!(!holds_key || mode == 0o600, "{} has mode {mode:o}", path.display());
    }
}
