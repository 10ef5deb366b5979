//! What changes in a folder when a tree is written into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use zeroize::Zeroizing;

use super::layout::{File, OutputTree, SECRETS};
use super::owned_files::Record;
use super::readable::fingerprinted;

use crate::json::words;

/// What a folder holds of the paths that matter: those of the tree and those of the record.
#[derive(Clone, Default)]
pub struct ExistingTree {
    /// Which files mtlsgen wrote there; `None` where nothing says so.
    pub record: Option<Record>,
    /// Files by path.
    pub files: BTreeMap<String, ExistingFile>,
}

/// A file that is there.
#[derive(Clone, PartialEq, Eq)]
pub struct ExistingFile {
    /// Content.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Permission bits.
    pub mode: u32,
}

/// Everything that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Files, sorted by path.
    pub files: Vec<Change>,
    /// Files that the record names and that hold something else than mtlsgen writes: they stay, and leave the record.
    pub kept: Vec<String>,
    /// Files of Secrets that the record names and none of which is here: they were written where the private keys are.
    pub elsewhere: Vec<String>,
    /// What to record before the first file changes, so that a run that is cut short leaves no file behind
    /// that the next one takes for a file of others; `None` where no file changes.
    pub record_before: Option<Record>,
    /// What to record at the end; `None` where that is recorded already.
    pub record_after: Option<Record>,
}

/// A file that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "File")]
pub struct Change {
    /// Its path in the tree.
    pub path: String,
    /// What happens to it.
    #[serde(rename = "action")]
    pub kind: ChangeKind,
    /// Whether the file was edited after mtlsgen wrote it: that work is lost.
    pub edited: bool,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Add,
    /// It gets other content.
    Modify,
    /// It gets tighter permissions.
    Mode,
    /// mtlsgen wrote it once and no longer does.
    Remove,
}

/// Files with the names of generated ones, and other content, that mtlsgen did not write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotOurs {
    /// Their paths in the tree, sorted.
    pub paths: Vec<String>,
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<_> = self.paths.iter().map(|path| format!("`{path}`")).collect();
        let (exist, them) = if paths.len() == 1 { ("exists", "it") } else { ("exist", "them") };
        write!(f, "{} {exist} already and mtlsgen did not write {them}", paths.join(", "))
    }
}

impl std::error::Error for NotOurs {}

impl Changes {
    /// Whether the folder is up to date.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.record_after.is_none()
    }
}

words!(ChangeKind::word {
    Add => "added",
    Modify => "modified",
    Mode => "permissions",
    Remove => "removed",
});

impl fmt::Display for Change {
    /// What happens and to which file: ``modified `default/ingress-a.yaml` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.kind {
            ChangeKind::Add => "added",
            ChangeKind::Modify => "modified",
            ChangeKind::Mode => "tightened the permissions of",
            ChangeKind::Remove => "removed",
        };
        write!(f, "{verb} `{}`", self.path)?;
        if self.edited {
            f.write_str(", which had been edited by hand since mtlsgen wrote it")?;
        }
        Ok(())
    }
}

/// What changes when `tree` is written where `existing` is.
///
/// # Errors
/// Files of others are in the way. Those that equal what would be written are adopted.
pub fn changes(tree: &OutputTree, existing: &ExistingTree) -> Result<Changes, NotOurs> {
    let old = existing.record.clone().unwrap_or_default();
    let elsewhere = elsewhere(tree, &old, existing);
    let here = tree.files().iter().filter(|(path, _)| !elsewhere.contains(path));
    let written = here.filter_map(|(path, file)| {
        let kind = kind_of_change(tree, file, existing.files.get(path))?;
        Some((path, kind))
    });
    let is_own = |path: &&String| old.is_own(path, &existing.files[*path].bytes);
    let left_over = existing.files.keys().filter(|path| is_left_over(tree, &old, path));
    let (removed, kept): (Vec<_>, Vec<_>) = left_over.partition(is_own);
    let removed = removed.into_iter().map(|path| (path, ChangeKind::Remove));
    let kinds: BTreeMap<_, _> = written.chain(removed).collect();
    refuse_files_of_others(&kinds, &old, existing)?;
    let files: Vec<_> =
        kinds.into_iter().map(|(path, kind)| change(path, kind, existing)).collect();
    let after = record_after(tree, &old);
    Ok(Changes {
        record_before: (!files.is_empty()).then(|| record_before(&old, &after, &files)),
        // What is recorded before the first file changes is not what is there at the end.
        record_after: (!files.is_empty() || existing.record.as_ref() != Some(&after))
            .then_some(after),
        files,
        kept: kept.into_iter().cloned().collect(),
        elsewhere: elsewhere.into_iter().cloned().collect(),
    })
}

/// Files below `secrets/` that are recorded as they would be written, if nothing of that folder is here.
fn elsewhere<'t>(
    tree: &'t OutputTree,
    old: &Record,
    existing: &ExistingTree,
) -> BTreeSet<&'t String> {
    let is_secret = |path: &str| path.strip_prefix(SECRETS).is_some_and(|p| p.starts_with('/'));
    let options = tree.options();
    let may_be = options.may_be_elsewhere && !options.allow_plain_in_git;
    if !may_be || existing.files.keys().any(|path| is_secret(path)) {
        return BTreeSet::new();
    }
    let is_elsewhere =
        |(path, file): &(&String, &File)| is_secret(path) && old.agrees(path, &file.bytes);
    tree.files().iter().filter(is_elsewhere).map(|(path, _)| path).collect()
}

fn kind_of_change(
    tree: &OutputTree,
    file: &File,
    existing: Option<&ExistingFile>,
) -> Option<ChangeKind> {
    let Some(existing) = existing else { return Some(ChangeKind::Add) };
    // Git keeps no permissions: in a clone that may have the Secrets, looser ones say nothing.
    let loose = file.sensitive && !tree.options().allow_plain_in_git && existing.mode & 0o077 != 0;
    if same_content(tree, file, &existing.bytes) {
        loose.then_some(ChangeKind::Mode)
    } else {
        Some(ChangeKind::Modify)
    }
}

fn same_content(tree: &OutputTree, file: &File, existing: &[u8]) -> bool {
    if !(tree.options().fingerprints && file.sensitive) {
        return file.bytes.as_slice() == existing;
    }
    fingerprinted(&file.bytes, file.is_as_made) == fingerprinted(existing, false)
}

fn is_left_over(tree: &OutputTree, old: &Record, path: &str) -> bool {
    !tree.is_partial() && old.contains(path) && !tree.files().contains_key(path)
}

fn refuse_files_of_others(
    kinds: &BTreeMap<&String, ChangeKind>,
    old: &Record,
    existing: &ExistingTree,
) -> Result<(), NotOurs> {
    let is_of_others =
        |path: &String| existing.files.get(path).is_some_and(|file| !old.is_own(path, &file.bytes));
    let paths: Vec<_> = kinds
        .iter()
        .filter(|(path, kind)| **kind == ChangeKind::Modify && is_of_others(path))
        .map(|(path, _)| (*path).clone())
        .collect();
    if paths.is_empty() { Ok(()) } else { Err(NotOurs { paths }) }
}

fn change(path: &str, kind: ChangeKind, existing: &ExistingTree) -> Change {
    let edited = match (&existing.record, existing.files.get(path)) {
        (Some(record), Some(file)) => record.is_edited(path, &file.bytes),
        _ => false,
    };
    Change { path: path.to_owned(), kind, edited }
}

fn record_after(tree: &OutputTree, old: &Record) -> Record {
    let mut record = if tree.is_partial() { old.clone() } else { Record::default() };
    for (path, file) in tree.files() {
        if file.sensitive {
            record.enter_unseen(path);
        } else {
            record.enter(path, &file.bytes);
        }
    }
    record
}

/// Old and new files; of those that change, no hash.
fn record_before(old: &Record, after: &Record, files: &[Change]) -> Record {
    let mut record = old.clone();
    let known: BTreeSet<&str> = old.paths().collect();
    let changed = files.iter().map(|change| change.path.as_str());
    for path in after.paths().filter(|path| !known.contains(path)).chain(changed) {
        record.enter_unseen(path);
    }
    record
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{layout, manifest};
    use super::super::layout::{KUSTOMIZATION, Options};
    use super::*;

    const SECRET: &str = "secrets/default/secret-a-tls.yaml";
    const SERVICE: &str = "default/service-a.yaml";

    fn tree() -> OutputTree {
        layout(
            &[manifest("Service", "a", false), manifest("Secret", "a-tls", true)],
            Options::default(),
        )
    }

    /// What is there after `tree` was written into an empty folder.
    fn written(tree: &OutputTree) -> ExistingTree {
        let record = changes(tree, &ExistingTree::default()).unwrap().record_after;
        let files = tree.files().iter().map(|(path, file)| {
            (path.clone(), ExistingFile { bytes: file.bytes.clone(), mode: file.mode })
        });
        ExistingTree { record, files: files.collect() }
    }

    fn kinds(changes: &Changes) -> Vec<(&str, ChangeKind)> {
        changes.files.iter().map(|change| (change.path.as_str(), change.kind)).collect()
    }

    #[test]
    fn everything_is_added_to_an_empty_folder() {
        let changes = changes(&tree(), &ExistingTree::default()).unwrap();
        assert_eq!(changes.files.len(), 5);
        assert!(changes.files.iter().all(|c| c.kind == ChangeKind::Add && !c.edited));
        let before = changes.record_before.unwrap();
        assert_eq!(before.paths().count(), 5);
        assert!(!before.is_edited(SERVICE, b"half"), "known before it is written, without a hash");
    }

    #[test]
    fn a_second_run_changes_nothing() {
        assert!(changes(&tree(), &written(&tree())).unwrap().is_empty());
    }

    #[test]
    fn an_edited_file_is_overwritten_and_said_to_be() {
        let mut existing = written(&tree());
        existing.files.get_mut(SERVICE).unwrap().bytes.extend(b"mine: true\n");
        let changes = changes(&tree(), &existing).unwrap();
        assert_eq!(kinds(&changes), [(SERVICE, ChangeKind::Modify)]);
        assert!(changes.files[0].edited);
        assert!(changes.files[0].to_string().contains("edited by hand"));
    }

    #[test]
    fn what_is_recorded_and_holds_something_else_altogether_is_of_others() {
        for path in [SERVICE, SECRET] {
            let mut existing = written(&tree());
            existing.files.get_mut(path).unwrap().bytes = b"mine: true\n".to_vec().into();
            assert_eq!(changes(&tree(), &existing).unwrap_err().paths, [path]);
            existing.files.get_mut(path).unwrap().bytes.clear();
            assert_eq!(kinds(&changes(&tree(), &existing).unwrap()), [(path, ChangeKind::Modify)]);
        }
    }

    #[test]
    fn loose_permissions_of_keys_are_tightened() {
        let mut existing = written(&tree());
        existing.files.get_mut(SECRET).unwrap().mode = 0o644;
        existing.files.get_mut(SERVICE).unwrap().mode = 0o664;
        assert_eq!(kinds(&changes(&tree(), &existing).unwrap()), [(SECRET, ChangeKind::Mode)]);
    }

    #[test]
    fn only_recorded_files_are_removed() {
        let smaller = layout(&[manifest("Service", "a", false)], Options::default());
        let mut existing = written(&tree());
        existing.files.insert(
            "default/mine.yaml".to_owned(),
            ExistingFile { bytes: Vec::new().into(), mode: 0o644 },
        );
        let all = changes(&smaller, &existing).unwrap();
        assert_eq!(
            kinds(&all),
            [
                ("secrets/.gitignore", ChangeKind::Remove),
                (SECRET, ChangeKind::Remove),
                ("secrets/kustomization.yaml", ChangeKind::Remove),
            ]
        );
        assert!(!all.record_after.unwrap().contains(SECRET));
        let selected = BTreeSet::from([manifest("Service", "a", false).identity]);
        let part = smaller.part(&selected, existing.record.as_ref());
        assert!(changes(&part, &existing).unwrap().is_empty(), "a part removes nothing");
    }

    #[test]
    fn files_of_others_are_refused_unless_they_are_the_same() {
        let mut existing = written(&tree());
        existing.record = None;
        let adopted = changes(&tree(), &existing).unwrap();
        assert!(adopted.files.is_empty() && adopted.record_after.is_some());
        existing.files.get_mut(KUSTOMIZATION).unwrap().bytes = b"resources: [mine]".to_vec().into();
        let error = changes(&tree(), &existing).unwrap_err();
        assert_eq!(error.paths, [KUSTOMIZATION]);
    }

    #[test]
    fn secrets_that_git_ignores_are_elsewhere_in_a_clone() {
        let clone = |tree: &OutputTree| {
            let mut existing = written(tree);
            existing.files.retain(|path, _| !path.starts_with(SECRETS));
            existing
        };
        let objects = [manifest("Service", "a", false), manifest("Secret", "a-tls", true)];
        let options = Options { may_be_elsewhere: true, ..Options::default() };
        let tree = layout(&objects, options);
        let all = changes(&tree, &clone(&tree)).unwrap();
        assert!(all.is_empty());
        assert_eq!(all.elsewhere, ["secrets/.gitignore", SECRET, "secrets/kustomization.yaml"]);
        let written_here = layout(&objects, Options::default());
        assert_eq!(changes(&written_here, &clone(&tree)).unwrap().files.len(), 3);
        // One that is here shows that the folder is not a clone's.
        let mut some = clone(&tree);
        let ignore = &tree.files()["secrets/.gitignore"];
        let file = ExistingFile { bytes: ignore.bytes.clone(), mode: 0o644 };
        some.files.insert("secrets/.gitignore".to_owned(), file);
        assert_eq!(changes(&tree, &some).unwrap().files.len(), 2);
        // One that the record does not know was never written.
        let more = layout(&[&objects[..], &[manifest("Secret", "b-tls", true)]].concat(), options);
        let added = changes(&more, &clone(&tree)).unwrap();
        assert_eq!(
            kinds(&added),
            [
                ("secrets/default/secret-b-tls.yaml", ChangeKind::Add),
                ("secrets/kustomization.yaml", ChangeKind::Add)
            ]
        );
        assert_eq!(added.elsewhere, ["secrets/.gitignore", SECRET]);
    }

    #[test]
    fn no_record_holds_a_hash_of_a_key() {
        let text = written(&tree()).record.unwrap().text();
        assert!(text.lines().any(|line| line == format!("-  {SECRET}")));
    }
}
