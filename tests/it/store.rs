//! What a store does to itself, to Git, and to those who have only a part of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Sandbox, output_of, tool};

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

#[test]
fn git_never_takes_a_key_with_any_ignore_files_above() {
    let Some(git) = tool("git") else { return };
    for (path, foreign, text) in [
        (".", ".gitignore", "target\n"),
        (".", ".gitignore", "!*.key\n"),
        (".", "cas/.gitignore", "!tls.key\n!*/tls.key"),
        ("pki", "pki/.gitignore", ""),
        ("pki", "README.md", "no ignore file at all\n"),
    ] {
        let sandbox = Sandbox::with_toml(&format!("{SPEC}[store]\npath = \"{path}\"\n"));
        sandbox.write(foreign, text);
        sandbox.ok(&["render"]);
        let git = |arguments: &[&str]| {
            output_of(Command::new(&git).args(arguments).current_dir(sandbox.folder()))
        };
        git(&["init", "--quiet"]);
        git(&["add", "-A"]);
        let files = git(&["ls-files"]);
        assert!(!files.contains(".key"), "{foreign}: {files}");
        assert_eq!(files.matches("tls.crt").count(), 4, "{foreign}: {files}");
        assert!(files.contains("clients/.gitignore"), "{foreign}: {files}");
        assert!(sandbox.read(foreign).starts_with(text), "{foreign} is kept");
    }
}

#[test]
fn a_linked_folder_is_refused_on_reading_too() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render"]);
    fs::rename(sandbox.path("pki/hosts"), sandbox.path("elsewhere")).unwrap();
    symlink("../elsewhere", sandbox.path("pki/hosts")).unwrap();
    for arguments in [&["render"][..], &["render", "--locked"], &["diff"]] {
        let run = sandbox.run(arguments);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("pki/hosts` is a symbolic link"), "{}", run.stderr);
    }
}

/// A store whose client is due, what is done to it before the renewal, and what the message names.
type Damage = (&'static str, fn(&Sandbox), &'static str);

const DAMAGED_LEDGERS: &[Damage] = &[
    (
        "an entry that is none",
        |sandbox| {
            let ledger = fs::read_dir(sandbox.path("pki/cas/issuing/ledger")).unwrap();
            fs::write(ledger.last().unwrap().unwrap().path(), "garbage").unwrap();
        },
        ".toml` is not a ledger entry",
    ),
    (
        "an intermediate without its ledger",
        |sandbox| fs::remove_dir_all(sandbox.path("pki/cas/issuing/ledger")).unwrap(),
        "pki/cas/issuing/ledger` is missing",
    ),
    (
        "a self-signed host without its ledger",
        |sandbox| fs::remove_dir_all(sandbox.path("pki/hosts/web.example.com/ledger")).unwrap(),
        "pki/hosts/web.example.com/ledger` is missing",
    ),
    (
        "a self-signed host without its entry",
        |sandbox| {
            let ledger = sandbox.path("pki/hosts/web.example.com/ledger");
            fs::remove_dir_all(&ledger).unwrap();
            fs::create_dir(ledger).unwrap();
        },
        ".toml` is missing",
    ),
];

/// Every file but the one that notes who changed the store last.
fn all_but_lock(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    sandbox.files().into_iter().filter(|(path, _)| !path.ends_with(".lock")).collect()
}

#[test]
fn nothing_is_issued_beside_a_damaged_ledger() {
    for (what, damage, reported) in DAMAGED_LEDGERS {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render", "--at", "2030-01-01"]);
        damage(&sandbox);
        let before = all_but_lock(&sandbox);
        let run = sandbox.run(&["render", "--at", "2030-12-20"]);
        assert_eq!(run.status, 2, "{what}: {}", run.stderr);
        assert!(run.stderr.contains(reported), "{what}: {}", run.stderr);
        assert!(before == all_but_lock(&sandbox), "{what}: changed");
    }
}

#[test]
fn an_authority_whose_folder_is_lost_is_not_replaced() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render"]);
    fs::remove_dir_all(sandbox.path("pki/cas")).unwrap();
    let before = all_but_lock(&sandbox);
    let run = sandbox.run(&["render"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("the authority `issuing` is lost"), "{}", run.stderr);
    assert!(before == all_but_lock(&sandbox));
}

#[test]
fn open_keys_are_reported_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "--at", "2030-01-01"]);
    let key = sandbox.path("pki/cas/root/tls.key");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.may_hold_keys("pki/cas/root/tls.key");
    let run = sandbox.ok(&["render", "--at", "2030-12-20"]);
    assert!(run.stderr.contains("issued client `alice`"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("can be read by others").count(), 1, "{}", run.stderr);
}

#[test]
fn manifests_and_the_store_keep_apart() {
    for folder in ["pki", "pki/", "pki/cas", "./pki/../pki/new", "link", "link/cas/deeper"] {
        let sandbox = Sandbox::with_toml(SPEC);
        for store_exists in [false, true] {
            if store_exists {
                sandbox.ok(&["render"]);
                symlink("pki", sandbox.path("link")).unwrap();
            } else if folder.starts_with("link") || folder.contains("..") {
                continue;
            }
            let before = sandbox.files();
            let run = sandbox.run(&["render", "-o", folder]);
            assert_eq!(run.status, 2, "{folder}: {}", run.stderr);
            assert!(run.stderr.contains("overlap"), "{folder}: {}", run.stderr);
            assert!(before == sandbox.files(), "{folder}");
        }
    }
    let inside = Sandbox::with_toml(&format!("{SPEC}[store]\npath = \"out/secrets/pki\"\n"));
    assert_eq!(inside.run(&["render", "-o", "out"]).status, 2);
    let beside = Sandbox::with_toml(SPEC);
    beside.ok(&["render", "-o", "."]);
    beside.ok(&["render", "-o", "pki-manifests"]);
}

/// After a render into `out`, without any key in the store, as in a clone.
fn clone_without_keys() -> Sandbox {
    let spec = SPEC.replace("[services.web]", "secretName = \"alice\"\n[services.web]");
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.ok(&["render", "-o", "out"]);
    let keys: Vec<_> = all_but_lock(&sandbox).into_iter().map(|(path, _)| path).collect();
    for key in keys.iter().filter(|path| path.ends_with("tls.key")) {
        fs::remove_file(key).unwrap();
    }
    sandbox
}

#[test]
fn a_clone_without_keys_compares_and_renders_what_needs_none() {
    let sandbox = clone_without_keys();
    assert_eq!(sandbox.ok(&["diff", "out"]).stdout, "");
    sandbox.ok(&["render", "-o", "out", "--check"]);
    let ingress = sandbox.ok(&["render", "--kind", "Ingress"]).stdout;
    assert!(ingress.contains("kind: Ingress") && !ingress.contains("kind: Secret"), "{ingress}");
    let before = sandbox.files();
    sandbox.ok(&["render", "-o", "out", "--kind", "ingress"]);
    assert!(before == sandbox.files());
    sandbox.write("out/secrets/default/secret-alice.yaml", "");
    let outdated = sandbox.run(&["render", "-o", "out", "--check"]);
    assert_eq!(outdated.status, 1, "{}", outdated.stderr);
}

#[test]
fn all_missing_keys_are_listed_with_the_way_out() {
    let sandbox = clone_without_keys();
    // The Secrets in `out` are up to date: they need no key.
    sandbox.ok(&["render", "-o", "out"]);
    for arguments in [&["render"][..], &["render", "--kind", "Secret"], &["render", "-o", "new"]] {
        let run = sandbox.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        for words in [
            "hosts/web.example.com/tls.key",
            "clients/alice/tls.key",
            "`mtlsgen cert renew hosts/web.example.com clients/alice`",
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
}

#[test]
fn the_way_out_of_a_lost_host_key_works() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render"]);
    fs::remove_file(sandbox.path("pki/hosts/web.example.com/tls.key")).unwrap();
    assert_eq!(sandbox.run(&["render"]).status, 2);
    let renamed = "[hosts.web]\nhost = \"web.example.com\"\n";
    sandbox.write("mtls.toml", SPEC.replace("[hosts.\"web.example.com\"]\n", renamed));
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("issued host `web`"), "{}", run.stderr);
}
