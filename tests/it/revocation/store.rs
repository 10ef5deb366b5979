//! Revocations in the store: merged by Git, damaged, read-only.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{SPEC, change, failing, issued, lists};
use crate::support::{objects, output_of};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    output_of(command.args(arguments))
}

#[test]
fn two_branches_that_issue_and_revoke_merge_without_conflict_and_without_loss() {
    if crate::support::optional_tool("git").is_none() {
        return;
    }
    let sandbox = issued();
    let folder = sandbox.folder();
    let serial = |name: &str| sandbox.certificate(&format!("clients/{name}")).serial;
    let gone = ["alice", "bob", "carol"].map(serial);
    change(&sandbox, "[clients.carol]\nissuer = \"issuing\"\n", "");
    git(folder, &["init", "-q", "-b", "main"]);
    let commit = |words: &str| {
        git(folder, &["add", "-A"]);
        git(folder, &["commit", "-q", "-m", words]);
    };
    commit("first");
    assert!(!git(folder, &["ls-files"]).contains(".key"));
    for (branch, client, revoked) in [("one", "dave", "alice"), ("two", "erin", "bob")] {
        git(folder, &["checkout", "-q", "-b", branch, "main"]);
        let more = format!("{branch}.toml");
        sandbox.write(&more, format!("[clients.{client}]\nissuer = \"issuing\"\n"));
        sandbox.ok(&["cert", "revoke", revoked, "--comment", branch]);
        // The same certificate on both branches, each with its own words.
        sandbox.ok(&["cert", "revoke", "carol", "--all", "--comment", branch]);
        sandbox.ok(&["render", "-q", "-f", "mtls.toml", "-f", &more]);
        commit(branch);
    }
    git(folder, &["checkout", "-q", "main"]);
    git(folder, &["merge", "-q", "--no-edit", "one"]);
    git(folder, &["merge", "-q", "--no-edit", "two"]);
    assert_eq!(fs::read_dir(sandbox.path("pki/cas/issuing/crl")).unwrap().count(), 2);
    let files = ["-f", "mtls.toml", "-f", "one.toml", "-f", "two.toml"];
    let run = sandbox.ok(&[&["render"][..], &files].concat());
    assert!(run.stderr.contains("it lacks a revoked certificate"), "{}", run.stderr);
    assert!(!run.stderr.contains("issued"), "{}", run.stderr);
    let list = &lists(&objects(&run.stdout))[0];
    let folder = fs::read_dir(sandbox.path("pki/cas/issuing/crl")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let highest = names.filter_map(|name| name.split_once('-')?.0.parse::<u64>().ok()).max();
    assert_eq!(list.number, highest.map(Into::into), "above those of both branches");
    assert_eq!(
        list.revoked.keys().collect::<std::collections::BTreeSet<_>>(),
        gone.iter().collect()
    );
    let store =
        mtlsgen::io::store::Store::open(sandbox.path("pki"), std::time::Duration::ZERO, |_| {});
    let ledger = store.ledger().unwrap();
    let count = |name: &str| ledger.entries.iter().filter(|e| e.holder.name() == name).count();
    assert_eq!(["alice", "bob", "carol", "dave", "erin"].map(count), [2, 2, 1, 1, 1]);
}

#[test]
fn damage_in_a_ledger_stops_everything() {
    for (file, content, words) in [
        ("0A.toml", "<<<<<<< HEAD\n", "is not a ledger entry"),
        ("0A.revoked-0011223344556677.toml", "reason = 1\n", "is not a revocation"),
    ] {
        let sandbox = issued();
        sandbox.write(&format!("pki/cas/issuing/ledger/{file}"), content);
        for command in [&["render"][..], &["status"], &["cert", "revoke", "alice"]] {
            failing(&sandbox.run(command), words);
        }
    }
    let sandbox = issued();
    sandbox.write("pki/cas/root/crl/1-0011223344556677.pem", "x");
    failing(&sandbox.run(&["render"]), "is not a revocation list");
}

#[test]
fn a_read_only_store_refuses_and_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = issued();
    let ledger = sandbox.path("pki/cas/issuing/ledger");
    let set = |mode| fs::set_permissions(&ledger, fs::Permissions::from_mode(mode)).unwrap();
    set(0o500);
    if fs::write(ledger.join("probe"), "").is_ok() {
        // Root may write everywhere.
        fs::remove_file(ledger.join("probe")).unwrap();
        set(0o700);
        return;
    }
    let before = sandbox.files();
    failing(&sandbox.run(&["cert", "revoke", "alice"]), "give the user who runs mtlsgen access");
    set(0o700);
    let store = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
        let kept = files.into_iter().filter(|(path, _)| !path.ends_with(".generation"));
        kept.collect::<Vec<_>>()
    };
    assert_eq!(store(before), store(sandbox.files()));
    sandbox.ok(&["cert", "revoke", "alice"]);
}

/// One bad merge, and the next list let the revoked client in again; the signed list beside it knew better.
#[test]
fn a_revocation_that_the_ledger_lost_is_not_forgotten() {
    let sandbox = issued();
    let serial = sandbox.certificate("clients/alice").serial;
    sandbox.ok(&["cert", "revoke", "-q", "alice"]);
    sandbox.ok(&["render", "-q", "-o", "out"]);
    let ledger = sandbox.path("pki/cas/issuing/ledger");
    let is_revocation = |path: &std::path::PathBuf| path.to_str().unwrap().contains(".revoked-");
    let paths = fs::read_dir(&ledger).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(is_revocation).collect::<Vec<_>>() {
        fs::remove_file(path).unwrap();
    }
    let words =
        format!("the ledger of authority `issuing` lacks the revocation of certificate {serial}");
    for command in [
        &["render", "-o", "out"][..],
        &["render", "-o", "out", "--check"],
        &["render", "--locked"],
        &["diff", "out"],
        &["cert", "renew", "--all"],
    ] {
        let run = sandbox.run(command);
        assert_ne!(run.status, 0, "{command:?}");
        assert!(run.stderr.contains("error[revocation-lost]"), "{command:?}: {}", run.stderr);
        assert!(run.stderr.contains(&words), "{command:?}: {}", run.stderr);
    }
    // Entered again, it counts; nothing else is needed.
    sandbox.write(
        "mtls.toml",
        SPEC.replace("[cas.issuing]", &format!("[cas.issuing]\nrevoked = [\"0x{serial}\"]")),
    );
    sandbox.ok(&["render", "-q", "-o", "out"]);
}
