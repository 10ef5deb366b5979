//! The store as a whole: reading while another process writes, and what a killed process left.
#![expect(clippy::disallowed_methods, reason = "tests look at the disk and damage it")]

mod issued;
mod sealed;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::record::{FileDigest, Record, RecordedFile};
use super::transaction::NewFile;
use super::*;

fn open(root: &Path) -> Store {
    Store::open(root, Duration::from_secs(60), |_| {})
}

/// Puts files with these texts into the store, as [`Store::commit`] does.
fn put(store: &Store, files: &[(&str, &str)]) {
    let lock = store.lock().unwrap();
    let files = files.iter().map(|(path, text)| NewFile::public((*path).into(), (*text).into()));
    transaction::commit(&FileSystem, &lock.root, files.collect()).unwrap();
}

/// A file that becomes `new`.
fn new(path: &str, before: Option<&str>) -> RecordedFile {
    let digest = |text: &str| FileDigest::of(text.as_bytes());
    RecordedFile { path: path.into(), before: before.map(digest), after: Some(digest("new")) }
}

const PAIR: [&str; 2] = ["clients/a/tls.crt", "hosts/b/tls.crt"];

#[test]
fn readers_never_see_half_a_change() {
    let root = TempDir::new().unwrap();
    put(&open(root.path()), &[(PAIR[0], "0"), (PAIR[1], "0")]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..200 {
                let text = round.to_string();
                put(&open(root.path()), &[(PAIR[0], &text), (PAIR[1], &text)]);
            }
            done.store(true, Ordering::Relaxed);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let store = open(root.path());
                let read = |path: &str| fs::read(root.path().join(path)).unwrap();
                while !done.load(Ordering::Relaxed) {
                    match store.consistent(|_| Ok(PAIR.map(read))) {
                        Ok([one, other]) => assert_eq!(one, other),
                        Err(error) => assert!(matches!(error, StoreError::Changed { .. })),
                    }
                }
            });
        }
    });
}

#[test]
fn readers_report_what_a_killed_process_decided_and_the_next_change_finishes_it() {
    let root = TempDir::new().unwrap();
    let store = open(root.path());
    put(&store, &[(PAIR[0], "old"), (PAIR[1], "old")]);
    let record =
        Record { files: PAIR.map(|path| new(path, Some("old"))).to_vec(), ..Record::default() };
    fs::write(root.path().join("clients/a/.tls.crt.new"), "new").unwrap();
    fs::write(root.path().join("hosts/b/tls.crt"), "new").unwrap();
    fs::write(root.path().join(".commit"), record.to_string()).unwrap();
    let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
    let before = PAIR.map(read);
    let refused = store.consistent(|_| Ok(())).unwrap_err();
    assert!(matches!(refused, StoreError::Interrupted { .. }), "{refused}");
    assert_eq!(PAIR.map(read), before);
    store.finish_interrupted().unwrap();
    assert_eq!(store.consistent(|_| Ok(PAIR.map(read))).unwrap(), ["new", "new"]);
    assert!(!root.path().join(".commit").exists());
}

#[test]
fn what_a_killed_process_only_prepared_is_removed_by_the_next_change() {
    let root = TempDir::new().unwrap();
    let store = open(root.path());
    put(&store, &[(PAIR[0], "old")]);
    let record = Record {
        folders: vec!["hosts".into(), "hosts/b".into()],
        files: vec![new(PAIR[1], None)],
        ..Record::default()
    };
    fs::create_dir_all(root.path().join("hosts/b")).unwrap();
    fs::write(root.path().join("hosts/b/.tls.crt.new"), "new").unwrap();
    fs::write(root.path().join(".transaction"), record.to_string()).unwrap();
    assert!(store.holders().unwrap().len() == 1 && root.path().join(".transaction").exists());
    drop(store.lock().unwrap());
    assert!(!root.path().join("hosts").exists() && !root.path().join(".transaction").exists());
}

#[test]
fn reading_makes_nothing() {
    let root = TempDir::new().unwrap();
    let absent = root.path().join("pki");
    let wanted = BTreeSet::from([Holder::Client("a".into())]);
    let (inventory, warnings) = open(&absent).inventory(&wanted).unwrap();
    assert!(inventory.held.is_empty() && inventory.lost.is_empty() && warnings.is_empty());
    assert!(open(&absent).holders().unwrap().is_empty());
    assert!(!absent.exists());
    open(root.path()).inventory(&wanted).unwrap();
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn what_was_issued_but_is_gone_is_lost_and_not_absent() {
    let root = TempDir::new().unwrap();
    let hash = "00".repeat(32);
    let entry = format!(
        "holder = {{ kind = \"client\", name = \"alice\" }}\nissuer = {{ authority = \"ca\" }}\nserial = \"01\"\n\
         subject = \"CN=alice\"\nnotBefore = 2030-01-01T00:00:00Z\nnotAfter = 2031-01-01T00:00:00Z\n\
         issuedAt = 2030-01-01T00:00:00Z\nspkiSha256 = \"{hash}\"\nfingerprintSha256 = \"{hash}\"\ncertificate = ''\n"
    );
    put(&open(root.path()), &[("cas/ca/ledger/01.toml", &entry), ("hosts/web/tls.key", "a key")]);
    let lost = [Holder::Host("web".into()), Holder::Client("alice".into())];
    let wanted = lost.iter().cloned().chain([Holder::Client("new".into())]).collect();
    let (inventory, _) = open(root.path()).inventory(&wanted).unwrap();
    assert_eq!(inventory.lost.keys().cloned().collect::<Vec<_>>(), lost);
    assert!(inventory.lost[&lost[1]].ends_with("clients/alice/tls.crt"));
}

#[test]
fn the_lock_is_for_one_store_and_one_owner() {
    let roots = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let first = open(roots[0].path()).lock().unwrap();
    let impatient = Store::open(roots[0].path(), Duration::ZERO, |_| {});
    assert!(matches!(impatient.lock(), Err(StoreError::Locked { .. })));
    open(roots[1].path()).lock().unwrap();
    drop(first);
    impatient.lock().unwrap();
}
