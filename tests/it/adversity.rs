//! A hundred processes at once, a clock that is set back, a disk that is full, folders that cannot be
//! written or read any more: the store stays usable, and nothing is lost or made twice.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{Run, Sandbox, files, optional_tool};

const SPEC: &str = "[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n[clients.bob]\nissuer = \"clients\"\n\
    [services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"web.example.com\"]\nservice = \"web\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

/// How many processes run at once.
const PROCESSES: usize = 100;

/// Starts all, waits for all, and expects each to succeed.
fn all_succeed(commands: impl Iterator<Item = Command>) {
    let start = |mut command: Command| {
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = commands.map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let reported = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{reported}");
    }
}

/// Number of ledger entries of an authority.
fn ledger(sandbox: &Sandbox, authority: &str) -> usize {
    fs::read_dir(sandbox.path(format!("pki/cas/{authority}/ledger"))).unwrap().count()
}

#[test]
fn a_hundred_processes_issue_each_certificate_once() {
    let sandbox = Sandbox::with_toml(SPEC);
    let render = |at: &'static str| (0..PROCESSES).map(move |_| ["render", "-q", "--at", at]);
    all_succeed(render("2030-01-01").map(|arguments| sandbox.command(&arguments)));
    // The authority itself, alice and bob.
    assert_eq!(ledger(&sandbox, "clients"), 3);
    let first = sandbox.read("pki/clients/alice/tls.crt");
    all_succeed(render("2030-12-20").map(|arguments| sandbox.command(&arguments)));
    assert_eq!(ledger(&sandbox, "clients"), 5, "each leaf is renewed once");
    assert_ne!(first, sandbox.read("pki/clients/alice/tls.crt"));
    sandbox.ok(&["render", "-q", "--locked", "--at", "2030-12-20"]);
}

#[test]
fn a_hundred_processes_that_each_add_a_client_lose_none() {
    let sandbox = Sandbox::with_toml(SPEC);
    let command = |number: usize| {
        let own = format!("[clients.c{number}]\nissuer = \"clients\"\n");
        sandbox.write(&format!("c{number}.toml"), own);
        sandbox.command(&["render", "-q", "-f", "mtls.toml", "-f", &format!("c{number}.toml")])
    };
    all_succeed((0..PROCESSES).map(command));
    assert_eq!(ledger(&sandbox, "clients"), PROCESSES + 3);
    let whole: String =
        (0..PROCESSES).map(|number| sandbox.read(&format!("c{number}.toml"))).collect();
    sandbox.write("mtls.toml", SPEC.to_owned() + &whole);
    sandbox.ok(&["render", "-q", "--locked"]);
    let certificates: BTreeSet<String> = (0..PROCESSES)
        .map(|number| sandbox.read(&format!("pki/clients/c{number}/tls.crt")))
        .collect();
    assert_eq!(certificates.len(), PROCESSES);
}

#[test]
fn a_clock_that_is_set_back_is_reported_and_changes_nothing() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "--at", "2030-06-01"]);
    let before = certificates_and_keys(&sandbox.path("pki"));
    let run = sandbox.ok(&["render", "--at", "2029-06-01"]);
    let reported =
        "is valid from 2030-05-31T23:55:00Z only, as those of 3 others; it is 2029-06-01";
    assert!(run.stderr.contains(reported), "{}", run.stderr);
    // Nothing new can be signed by an authority whose time has not come.
    sandbox.write("mtls.toml", SPEC.to_owned() + "[clients.carol]\nissuer = \"clients\"\n");
    let run = sandbox.run(&["render", "--at", "2029-06-01"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("client `carol` cannot be signed yet"), "{}", run.stderr);
    assert!(before == certificates_and_keys(&sandbox.path("pki")));
    let run = sandbox.ok(&["render", "--at", "2030-06-02"]);
    assert_eq!(run.stderr.matches("issued ").count(), 1, "{}", run.stderr);
}

fn certificates_and_keys(store: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let is_kept = |(path, _): &(PathBuf, _)| !path.ends_with(".lock");
    files(store).into_iter().filter(is_kept).collect()
}

/// The program as a user that permissions restrict, even where root runs the tests.
fn unprivileged(sandbox: &Sandbox, arguments: &[&str]) -> Option<Run> {
    let mut command = Command::new(optional_tool("setpriv")?);
    let capabilities = ["--bounding-set=-all", "--inh-caps=-all", "--"];
    if !Command::new("setpriv").args(capabilities).arg("true").status().unwrap().success() {
        eprintln!("left out: setpriv may not drop capabilities here");
        return None;
    }
    command.args(capabilities).arg(env!("CARGO_BIN_EXE_mtlsgen")).args(arguments);
    Some(Run::of(command.current_dir(sandbox.folder()).stdin(Stdio::null()).output().unwrap()))
}

/// What is done to a store, what must be refused then, and how it is mended.
type Lost = (&'static str, u32, &'static str);

#[test]
fn lost_permissions_are_reported_and_nothing_is_changed() {
    let cases: [Lost; 5] = [
        ("pki", 0o500, "cannot"),
        ("pki", 0o000, "cannot read"),
        ("pki/cas/clients/ledger", 0o500, "cannot"),
        ("pki/clients/alice", 0o500, "cannot"),
        ("pki/cas/clients/tls.key", 0o000, "cannot read"),
    ];
    for (path, mode, reported) in cases {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
        let before = certificates_and_keys(&sandbox.path("pki"));
        let place = sandbox.path(path);
        let usual = fs::metadata(&place).unwrap().permissions();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        let run = unprivileged(&sandbox, &["render", "--at", "2030-12-20"]);
        fs::set_permissions(&place, usual).unwrap();
        let Some(run) = run else { return };
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{path}: {}", run.stderr);
        for words in [reported, "give the user who runs mtlsgen access to the store's files"] {
            assert!(run.stderr.contains(words), "{path}: {words}: {}", run.stderr);
        }
        assert!(before == certificates_and_keys(&sandbox.path("pki")), "{path}: changed");
        sandbox.ok(&["render", "-q", "--at", "2030-12-20"]);
        assert_eq!(ledger(&sandbox, "clients"), 5, "{path}");
    }
}

#[test]
fn a_store_that_cannot_be_written_serves_those_who_only_read() {
    let sandbox = Sandbox::with_toml(SPEC);
    let first = sandbox.ok(&["render", "--at", "2030-01-01"]);
    for folder in ["pki/clients", "pki/cas", "pki/hosts", "pki"] {
        fs::set_permissions(sandbox.path(folder), fs::Permissions::from_mode(0o500)).unwrap();
    }
    let again = unprivileged(&sandbox, &["render", "--at", "2030-01-01"]);
    let locked = unprivileged(&sandbox, &["render", "--locked", "--at", "2030-01-01"]);
    for folder in ["pki", "pki/clients", "pki/cas", "pki/hosts"] {
        fs::set_permissions(sandbox.path(folder), fs::Permissions::from_mode(0o700)).unwrap();
    }
    for run in [again, locked].into_iter().flatten() {
        assert_eq!((run.status, run.stdout), (0, first.stdout.clone()), "{}", run.stderr);
    }
}

/// Renders on a disk of each size until one is large enough, then makes room and renders again: after a
/// refusal the disk holds no certificate and no key, after it everything.
const FULL_DISK: &str = r#"
set -u
mkdir disk
status=2
kilobytes=4
while [ "$status" -ne 0 ]; do
    mount -t tmpfs -o size="${kilobytes}k" tmpfs disk || exit 77
    cp mtls.toml disk/ || exit 76
    "$1" render -q -f disk/mtls.toml >/dev/null 2>said
    status=$?
    case $status in
    0) : ;;
    2)
        grep -q 'make room on the disk' said || { echo "$kilobytes: other words:"; cat said; exit 1; }
        left=$(find disk -name 'tls.*' ; find disk -name '*.new')
        [ -z "$left" ] || { echo "$kilobytes: left behind: $left"; exit 1; }
        mount -o remount,size=8m disk
        "$1" render -q -f disk/mtls.toml >/dev/null || exit 1
        ;;
    *) echo "status $status"; cat said; exit 1 ;;
    esac
    "$1" render -q --locked -f disk/mtls.toml >/dev/null || exit 1
    umount disk
    kilobytes=$((kilobytes + 4))
    [ "$kilobytes" -lt 1024 ] || exit 1
done
echo "$kilobytes"
"#;

#[test]
fn a_full_disk_leaves_a_store_that_works_once_there_is_room() {
    let Some(unshare) = optional_tool("unshare") else { return };
    let sandbox = Sandbox::with_toml(SPEC);
    let mut command = Command::new(unshare);
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", FULL_DISK, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_mtlsgen")).current_dir(sandbox.folder());
    let output = command.output().unwrap();
    let reported = String::from_utf8_lossy(&output.stdout);
    if reported.is_empty() && String::from_utf8_lossy(&output.stderr).contains("not permitted") {
        eprintln!("left out: no file system can be mounted here");
        return;
    }
    assert!(output.status.success(), "{reported}{}", String::from_utf8_lossy(&output.stderr));
    let kilobytes: u32 = reported.trim().parse().unwrap();
    assert!(kilobytes > 40, "several sizes were too small: {kilobytes}");
}
