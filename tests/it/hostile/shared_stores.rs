//! Other users of the machine can change the store: what they put there was taken for what mtlsgen wrote.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};

use crate::support::Sandbox;

const SPEC: &str = "[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n\
    [services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"web.example.com\"]\nservice = \"web\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

fn store() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    for command in [&["render", "-q"][..], &["cert", "revoke", "-q", "alice"], &["render", "-q"]] {
        sandbox.ok(command);
    }
    for folder in ["pki", "pki/cas", "pki/hosts", "pki/hosts/web.example.com"] {
        mode(&sandbox, folder, 0o755);
    }
    sandbox
}

/// The path that `pattern` matches: `FOLDER/*PART` is the first file there whose name contains that part.
fn named(sandbox: &Sandbox, pattern: &str) -> String {
    let Some((folder, part)) = pattern.split_once("/*") else { return pattern.to_owned() };
    let names = fs::read_dir(sandbox.path(folder)).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    format!("{folder}/{}", names.find(|name| name.contains(part)).unwrap())
}

fn mode(sandbox: &Sandbox, path: &str, mode: u32) {
    fs::set_permissions(sandbox.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn keys_are_not_read_or_written_where_all_may_write() {
    for place in [
        "pki",
        "pki/hosts",
        "pki/hosts/web.example.com",
        "pki/hosts/web.example.com/tls.crt",
        "pki/cas/clients/tls.crt",
        "pki/cas/clients/ledger",
        "pki/cas/clients/crl",
        "pki/cas/clients/ledger/*.revoked-",
        "pki/cas/clients/crl/*.pem",
    ] {
        let sandbox = store();
        let place = &named(&sandbox, place);
        mode(&sandbox, place, 0o777);
        let arguments = ["render", "-q", "--locked"];
        let refused = sandbox.run(&arguments);
        assert_eq!(refused.status, 2, "{place}: {}", refused.stderr);
        assert!(
            refused.stderr.contains(&format!("all may write `{place}` (mode 0777)"))
                && refused.stderr.contains("--allow-shared-store"),
            "{}",
            refused.stderr
        );
        let status = sandbox.ok(&["status"]);
        assert!(
            status.stderr.contains("warning") && status.stderr.contains(place),
            "{}",
            status.stderr
        );
        sandbox.ok(&[&arguments[..], &["--allow-shared-store"]].concat());
        let mut command = sandbox.command(&arguments);
        let allowed = crate::support::finish(command.env("MTLSGEN_ALLOW_SHARED_STORE", "true"));
        assert_eq!(allowed.status, 0, "{}", allowed.stderr);
    }
    let sandbox = store();
    mode(&sandbox, "pki", 0o777);
    assert_eq!(sandbox.run(&["cert", "renew", "--all", "-q"]).status, 2);
}

#[test]
fn what_the_group_may_write_is_warned_of_and_mended() {
    let sandbox = store();
    for folder in ["pki", "pki/cas", "pki/cas/clients/tls.crt", "pki/README.md"] {
        mode(&sandbox, folder, 0o775);
    }
    let looked = sandbox.ok(&["render", "--locked"]);
    assert!(looked.stderr.contains("warning[shared-store]"), "{}", looked.stderr);
    assert!(
        looked.stderr.contains("the group may write `pki` (mode 0775), and 2 more"),
        "{}",
        looked.stderr
    );
    sandbox.ok(&["cert", "renew", "--all", "-q"]);
    for folder in ["pki", "pki/cas", "pki/cas/clients/tls.crt", "pki/README.md"] {
        let found = fs::metadata(sandbox.path(folder)).unwrap().permissions().mode();
        assert_eq!(found & 0o022, 0, "{folder}");
    }
    assert!(!sandbox.ok(&["status"]).stderr.contains("may write"));
}

#[test]
fn a_store_of_another_user_is_refused_unless_that_is_meant() {
    let sandbox = store();
    // Root alone can give files away; the rule itself has a unit test.
    if chown(sandbox.path("pki"), Some(4_000_000), None).is_err() {
        return;
    }
    let refused = sandbox.run(&["render", "-q", "--locked"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("`pki` belongs to user 4000000"), "{}", refused.stderr);
    sandbox.ok(&["render", "-q", "--locked", "--allow-shared-store"]);
    let status = sandbox.ok(&["status"]);
    assert!(status.stderr.contains("belongs to user 4000000"), "{}", status.stderr);
}
