//! A failure at every single step: the store is as before or as after.
#![expect(clippy::disallowed_methods, reason = "tests look at the disk and damage it")]

pub(in crate::io::store) mod disk;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use disk::{Cut, Trouble, TroubledDisk};
use tempfile::TempDir;

use super::*;
use crate::io::store::disk::FileSystem;

/// Modes and contents by path; folders have no content.
type Tree = BTreeMap<PathBuf, (u32, Option<Vec<u8>>)>;

fn tree(root: &Path) -> Tree {
    let mut found = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            let content = path.is_file().then(|| std::fs::read(&path).unwrap());
            if content.is_none() {
                folders.push(path.clone());
            }
            found.insert(path.strip_prefix(root).unwrap().to_owned(), (mode, content));
        }
    }
    found
}

fn public(path: &str, text: &str) -> NewFile {
    NewFile::public(path.into(), text.into())
}

fn private(path: &str, text: &str) -> NewFile {
    NewFile::private(path.into(), Zeroizing::new(text.into()))
}

fn at(root: &TempDir) -> Place {
    Place::open(root.path()).unwrap()
}

/// A store that has one client, in a folder that is open to others as after a clone.
fn world() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let files = vec![
        public("cas/ca/ledger/01.toml", "first"),
        public("clients/alice/tls.crt", "old certificate"),
        private("clients/alice/tls.key", "old key"),
        public("cas/ca/next/tls.crt", "next certificate"),
        private("cas/ca/next/tls.key", "next key"),
    ];
    commit(&FileSystem, &at(&root), files).unwrap();
    root
}

/// Replaces, adds files, adds folders; see also [`removal`].
fn change() -> Vec<NewFile> {
    vec![
        public("cas/ca/ledger/02.toml", "second"),
        public("cas/ca/ledger/01.revoked-0011223344556677.toml", "revoked"),
        public("cas/ca/crl/1-0011223344556677.pem", "list"),
        public("clients/alice/tls.crt", "new certificate"),
        private("clients/alice/tls.key", "new key"),
        private("clients/bob/tls.key", "bob's key"),
        public("clients/bob/tls.crt", "bob's certificate"),
        public("hosts/web/ledger/03.toml", "third"),
    ]
}

/// Takes a folder away with all that is in it, and one that is not empty.
fn removal() -> Removal {
    Removal {
        files: vec!["cas/ca/next/tls.crt".into(), "cas/ca/next/tls.key".into()],
        folders: vec!["cas/ca/next".into(), "cas/ca".into()],
    }
}

fn before_and_after() -> (Tree, Tree) {
    let root = world();
    let before = tree(root.path());
    replace(&FileSystem, &at(&root), change(), removal()).unwrap();
    (before, tree(root.path()))
}

/// How many steps the change takes.
fn steps() -> usize {
    let root = world();
    let disk = TroubledDisk::new(root.path(), usize::MAX, Trouble::Failure);
    replace(&disk, &at(&root), change(), removal()).unwrap();
    disk.steps()
}

#[test]
fn a_change_arrives_whole() {
    let (before, after) = before_and_after();
    assert_eq!(before.len(), 12);
    assert_eq!(after.len(), 20);
    let at = |path: &str| after[Path::new(path)].clone();
    assert_eq!(at("clients/alice/tls.key"), (0o600, Some(b"new key".to_vec())));
    assert_eq!(at("clients/alice/tls.crt"), (0o644, Some(b"new certificate".to_vec())));
    assert_eq!(at("hosts/web/ledger"), (0o700, None));
    assert_eq!(at(".generation"), (0o644, Some(b"2\n".to_vec())));
}

#[test]
fn a_failing_step_is_undone_at_once_or_finished_later() {
    let (before, after) = before_and_after();
    let (mut undone, mut unfinished) = (0, 0);
    for step in 0..steps() {
        let root = world();
        let disk = TroubledDisk::new(root.path(), step, Trouble::Failure);
        let error = replace(&disk, &at(&root), change(), removal()).unwrap_err();
        if let StoreError::Unfinished { .. } = error {
            unfinished += 1;
            assert!(is_decided(&at(&root)).unwrap());
            recover(&FileSystem, &at(&root)).unwrap();
            assert_eq!(tree(root.path()), after, "step {step}");
        } else {
            undone += 1;
            assert_eq!(tree(root.path()), before, "step {step}");
        }
    }
    assert!(undone > 10 && unfinished > 5, "{undone} {unfinished}");
}

#[test]
fn a_killed_process_leaves_the_state_before_or_after() {
    let (before, after) = before_and_after();
    let mut seen = [false; 2];
    for step in 0..steps() {
        let root = world();
        let disk = TroubledDisk::new(root.path(), step, Trouble::Death);
        replace(&disk, &at(&root), change(), removal()).unwrap_err();
        let decided = is_decided(&at(&root)).unwrap();
        recover(&FileSystem, &at(&root)).unwrap();
        assert_eq!(tree(root.path()), *if decided { &after } else { &before }, "step {step}");
        seen[usize::from(decided)] = true;
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn recovery_may_be_killed_as_well() {
    let (before, after) = before_and_after();
    for step in 0..steps() {
        for second in 0.. {
            let root = world();
            let first = TroubledDisk::new(root.path(), step, Trouble::Death);
            replace(&first, &at(&root), change(), removal()).unwrap_err();
            let decided = is_decided(&at(&root)).unwrap();
            let disk = TroubledDisk::new(root.path(), second, Trouble::Death);
            let finished = recover(&disk, &at(&root)).is_ok();
            disk.cut_power(if second % 2 == 0 { Cut::Everything } else { Cut::Contents });
            recover(&FileSystem, &at(&root)).unwrap();
            let expected = if decided { &after } else { &before };
            assert_eq!(tree(root.path()), *expected, "steps {step}, {second}");
            if finished {
                break;
            }
        }
    }
}

#[test]
fn a_power_cut_loses_no_more_than_a_kill() {
    let (before, after) = before_and_after();
    for cut in [Cut::Contents, Cut::Everything, Cut::RootOnly, Cut::AllButRoot] {
        for step in 0..=steps() {
            let root = world();
            let disk = TroubledDisk::new(root.path(), step, Trouble::Death);
            let done = replace(&disk, &at(&root), change(), removal()).is_ok();
            disk.cut_power(cut);
            recover(&FileSystem, &at(&root)).unwrap();
            let found = tree(root.path());
            assert!(found == after || found == before && !done, "{cut:?}, step {step}");
        }
    }
}

#[test]
fn a_folder_that_is_open_to_others_is_closed_before_a_key_comes() {
    let root = world();
    let folder = root.path().join("clients/alice");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    commit(&FileSystem, &at(&root), vec![public("clients/alice/tls.crt", "x")]).unwrap();
    assert_eq!(read::mode_of_folder(&at(&root).join("clients/alice")).unwrap(), Some(0o755));
    replace(&FileSystem, &at(&root), change(), removal()).unwrap();
    assert_eq!(read::mode_of_folder(&at(&root).join("clients/alice")).unwrap(), Some(0o700));
}

#[test]
fn links_in_the_store_are_refused_or_replaced_but_never_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("file"), "kept").unwrap();
    let link = |to: &Path, at: &Path| std::os::unix::fs::symlink(to, at).unwrap();
    let root = world();
    link(&outside.path().join("file"), &root.path().join("clients/alice/.tls.key.new"));
    replace(&FileSystem, &at(&root), change(), removal()).unwrap();
    assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"kept");

    for (name, problem) in [
        ("clients/bob", "is a symbolic link"),
        ("hosts", "is a symbolic link"),
        ("cas/ca/ledger/02.toml", "is a symbolic link"),
    ] {
        let root = world();
        link(outside.path(), &root.path().join(name));
        refuses(&root, &format!("{name}` {problem}"));
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused_before_anything_happens() {
    let root = world();
    std::fs::create_dir_all(root.path().join("clients/bob/tls.key/below")).unwrap();
    refuses(&root, "clients/bob/tls.key` is a folder where a file should be");
}

#[test]
fn a_change_first_finishes_an_earlier_one() {
    let (_, after) = before_and_after();
    let root = world();
    let disk = TroubledDisk::new(root.path(), steps() - 4, Trouble::Death);
    replace(&disk, &at(&root), change(), removal()).unwrap_err();
    assert!(is_decided(&at(&root)).unwrap());
    commit(&FileSystem, &at(&root), vec![public("cas/ca/tls.crt", "more")]).unwrap();
    let mut expected = after;
    expected.insert("cas/ca/tls.crt".into(), (0o644, Some(b"more".to_vec())));
    expected.insert(".generation".into(), (0o644, Some(b"3\n".to_vec())));
    assert_eq!(tree(root.path()), expected);
}

/// The change meets damage and leaves everything alone.
fn refuses(root: &TempDir, end: &str) {
    let before = tree(root.path());
    let error = replace(&FileSystem, &at(root), change(), removal()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().ends_with(end), "{error}");
    assert_eq!(tree(root.path()), before);
}

#[test]
fn a_damaged_list_of_a_decided_change_stops_everything() {
    let root = world();
    for text in
        ["mtlsgen transaction 2\nfile cas\n", "mtlsgen transaction 1\nfile cas/a/tls.crt\nend\n"]
    {
        std::fs::write(root.path().join(DECIDED), text).unwrap();
        is_foreign(&root, "is not a whole list of files that a change has");
    }
}

/// Nothing is carried out of the list that lies in the store.
fn is_foreign(root: &TempDir, problem: &str) {
    let before = tree(root.path());
    let error = recover(&FileSystem, &at(root)).unwrap_err();
    assert!(matches!(error, StoreError::ForeignChange { .. }), "{error}");
    assert!(error.to_string().contains(problem), "{error}");
    assert_eq!(tree(root.path()), before);
}

/// A list of these lines, which came with a repository.
fn plant(root: &TempDir, lines: &[String]) {
    let text = format!("mtlsgen transaction 2\n{}\nend\n", lines.join("\n"));
    std::fs::write(root.path().join(DECIDED), text).unwrap();
}

#[test]
fn a_list_that_does_not_know_the_files_is_not_carried_out() {
    let digest = |text: &str| {
        let before = Some(FileDigest::of(text.as_bytes()));
        let record = RecordedFile { path: "cas/a/tls.key".into(), before, after: None };
        let text = Record { removed: vec![record], ..Record::default() }.to_string();
        text.split(' ').nth(3).unwrap().to_owned()
    };
    let (old, planted) = (digest("old key"), digest("planted key"));
    let certificate = digest("old certificate");
    let key = "clients/alice/tls.key";
    for line in [
        format!("remove {planted} - {key}"),
        format!("remove - - {key}"),
        format!("file {planted} {planted} {key}"),
        format!("file - {planted} {key}"),
        // Right about the old key, but another file waits than the list says.
        format!("file {old} {old} {key}"),
        format!("remove {planted} - cas/ca/ledger/01.toml"),
    ] {
        let root = world();
        std::fs::write(root.path().join("clients/alice/.tls.key.new"), "planted key").unwrap();
        // What would be done before it comes to that file is not done either.
        plant(&root, &[format!("remove {certificate} - clients/alice/tls.crt"), line]);
        is_foreign(&root, "does not know what `");
    }
    let root = world();
    plant(&root, &[format!("remove {key}")]);
    is_foreign(&root, "is not a whole list");
    plant(&root, &[format!("remove {old} - {key}")]);
    recover(&FileSystem, &at(&root)).unwrap();
    assert!(!root.path().join(key).exists());
}
