//! Changes of many files that happen together or not at all, whenever the process is killed.
//!
//! The holder of the lock
//! 1. writes the list of all new files and folders to `.transaction` and flushes it;
//! 2. makes the folders, writes each new file beside its place under another name (`.tls.key.new`)
//!    with its final mode, and flushes them all: so far, the disk can be full and permissions can lack;
//! 3. renames `.transaction` to `.commit` and flushes: **the change is decided**;
//! 4. renames each new file to its place, which takes no room any more, removes the files that the
//!    change takes away, and flushes the folders;
//! 5. removes `.commit`.
//!
//! Whoever takes the lock next finishes what a killed process left: a `.commit` is carried on from
//! step 4 (a new file that is gone has been renamed already), a `.transaction` is undone. Readers
//! without the lock take no notice of a `.transaction`; before and after reading they look for a
//! `.commit` and at `.generation`, a number that every change replaces first. If both times there is
//! no `.commit` and the number is the same, no change fell between.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::disk::Disk;
use super::error::StoreError;
use super::read;
use super::record::{Found, Record};
use crate::io::atomic::Access;

/// The list of a change that is being prepared.
const PREPARED: &str = ".transaction";
/// The list of a change that is decided.
const DECIDED: &str = ".commit";
/// The number of the last change.
const GENERATION: &str = ".generation";

/// A file of a change.
pub(super) struct NewFile {
    /// Path below the store.
    pub(super) path: String,
    /// What it holds, and so who may read it.
    pub(super) content: Content,
}

impl NewFile {
    /// A file for everybody.
    pub(super) fn public(path: String, text: String) -> Self {
        Self { path, content: Content::Public(text) }
    }

    /// A file for the owner alone.
    pub(super) fn private(path: String, text: Zeroizing<String>) -> Self {
        Self { path, content: Content::Private(text) }
    }
}

/// What a file holds.
pub(super) enum Content {
    /// For everybody.
    Public(String),
    /// For the owner alone.
    Private(Zeroizing<String>),
}

impl Content {
    fn text(&self) -> &str {
        match self {
            Self::Public(text) => text,
            Self::Private(text) => text,
        }
    }

    fn access(&self) -> Access {
        match self {
            Self::Public(_) => Access::Public,
            Self::Private(_) => Access::Private,
        }
    }
}

/// What a change removes, once all new files are in their places.
#[derive(Default)]
pub(super) struct Removal {
    /// Files, by paths below the store; those that are gone already do not matter.
    pub(super) files: Vec<String>,
    /// Folders that go with them, inner ones first, unless something else is in them.
    pub(super) folders: Vec<String>,
}

/// Number of the last change, as it stands in the store; empty before the first one.
pub(super) fn generation(root: &Path) -> Result<Vec<u8>, StoreError> {
    Ok(read::file(&root.join(GENERATION))?.map(|text| text.to_vec()).unwrap_or_default())
}

/// Whether a change is decided but not carried out; nobody may read before it is.
pub(super) fn is_decided(root: &Path) -> Result<bool, StoreError> {
    read::mode_of_file(&root.join(DECIDED)).map(|mode| mode.is_some())
}

/// Whether a change is being prepared, or a killed process left one that was not decided.
pub(super) fn is_prepared(root: &Path) -> Result<bool, StoreError> {
    read::mode_of_file(&root.join(PREPARED)).map(|mode| mode.is_some())
}

/// Puts `files` into the store and nothing else.
///
/// # Errors
/// As [`replace`].
#[cfg(test)]
pub(super) fn commit(disk: &impl Disk, root: &Path, files: Vec<NewFile>) -> Result<(), StoreError> {
    replace(disk, root, files, Removal::default())
}

/// Puts `files` into the store and takes `removal` out of it, after finishing what a killed process left. The
/// caller holds the lock.
///
/// # Errors
/// [`StoreError::Unfinished`] where the change is decided and the next [`recover`] carries it on;
/// after all others, nothing has changed.
pub(super) fn replace(
    disk: &impl Disk,
    root: &Path,
    mut files: Vec<NewFile>,
    removal: Removal,
) -> Result<(), StoreError> {
    recover(disk, root)?;
    files.insert(0, next_generation(root)?);
    for path in files.iter().map(|file| &file.path).chain(&removal.files) {
        // What cannot be replaced must not come to light after the decision.
        read::mode_of_file(&root.join(path))?;
    }
    for path in &removal.folders {
        read::mode_of_folder(&root.join(path))?;
    }
    let record = Record {
        folders: missing_folders(root, &files)?,
        files: files.iter().map(|file| file.path.clone()).collect(),
        removed: removal.files,
        removed_folders: removal.folders,
    };
    if let Err(error) = prepare(disk, root, &record, &files) {
        // Should this fail too, the list is still there, and the next one to lock tries again.
        let _ = undo(disk, root, &record);
        return Err(error);
    }
    carry_out(disk, root, &record)
}

/// Finishes what a killed process left. The caller holds the lock.
///
/// # Errors
/// [`StoreError::Unfinished`] where a decided change still cannot be carried out.
pub(super) fn recover(disk: &impl Disk, root: &Path) -> Result<(), StoreError> {
    let decided = root.join(DECIDED);
    match Record::read(&decided)? {
        Found::Nothing => {}
        Found::CutOff => {
            return Err(StoreError::damaged(&decided, "is not a whole list of files"));
        }
        Found::Whole(record) => carry_out(disk, root, &record)?,
    }
    match Record::read(&root.join(PREPARED))? {
        Found::Nothing => Ok(()),
        // The list is flushed before anything else is made, so there is nothing else.
        Found::CutOff => undo(disk, root, &Record::default()),
        Found::Whole(record) => undo(disk, root, &record),
    }
}

fn next_generation(root: &Path) -> Result<NewFile, StoreError> {
    let last = generation(root)?;
    let number = str::from_utf8(&last).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let next = number.unwrap_or(0).wrapping_add(1);
    Ok(NewFile::public(GENERATION.to_owned(), format!("{next}\n")))
}

/// Folders that the files need and that do not exist, outer ones first.
fn missing_folders(root: &Path, files: &[NewFile]) -> Result<Vec<String>, StoreError> {
    let mut missing = Vec::new();
    for folder in folders_of(files.iter().map(|file| &*file.path)) {
        if read::mode_of_folder(&root.join(folder))?.is_none() {
            missing.push(folder.to_owned());
        }
    }
    Ok(missing)
}

/// All folders on the way to the files, below the store, outer ones first.
fn folders_of<'a>(files: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut folders = BTreeSet::new();
    for file in files {
        let mut path = file;
        while let Some((folder, _)) = path.rsplit_once('/') {
            if !folders.insert(folder) {
                break;
            }
            path = folder;
        }
    }
    folders
}

/// Steps 1 to 3, up to the decision.
fn prepare(
    disk: &impl Disk,
    root: &Path,
    record: &Record,
    files: &[NewFile],
) -> Result<(), StoreError> {
    let list = root.join(PREPARED);
    disk.create_file(&list, record.to_string().as_bytes(), Access::Private)
        .and_then(|()| disk.flush(&[&list, root]))
        .map_err(|error| StoreError::io("write", &list, error))?;
    for folder in &record.folders {
        let path = root.join(folder);
        disk.create_folder(&path).map_err(|error| StoreError::io("write", &path, error))?;
    }
    for file in files {
        let path = root.join(&file.path);
        write_beside(disk, root, file).map_err(|error| StoreError::io("write", &path, error))?;
    }
    disk_has_all(disk, root, record)
        .and_then(|()| disk.rename(&list, &root.join(DECIDED)))
        .map_err(|error| StoreError::io("write", root, error))
}

/// Writes a file beside its place; keys only into folders that are closed to others.
fn write_beside(disk: &impl Disk, root: &Path, file: &NewFile) -> io::Result<()> {
    let beside = root.join(beside(&file.path));
    if file.content.access() == Access::Private
        && let Some(folder) = beside.parent()
        && is_open_to_others(folder)
    {
        disk.restrict_folder(folder)?;
    }
    disk.create_file(&beside, file.content.text().as_bytes(), file.content.access())
}

fn is_open_to_others(folder: &Path) -> bool {
    read::mode_of_folder(folder).is_ok_and(|mode| mode.is_some_and(|mode| mode & 0o077 != 0))
}

/// Flushes all new files and every folder on the way to them.
fn disk_has_all(disk: &impl Disk, root: &Path, record: &Record) -> io::Result<()> {
    let files = record.files.iter().map(|file| root.join(beside(file)));
    let paths: Vec<PathBuf> = files.chain(folders_in(root, record)).collect();
    disk.flush(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

/// The store and every folder in it that the change touches.
fn folders_in<'a>(root: &'a Path, record: &'a Record) -> impl Iterator<Item = PathBuf> + 'a {
    let paths = record.files.iter().chain(&record.removed);
    let folders = folders_of(paths.map(String::as_str));
    std::iter::once(root.to_owned()).chain(folders.into_iter().map(|folder| root.join(folder)))
}

/// Steps 4 and 5, as often as it takes.
fn carry_out(disk: &impl Disk, root: &Path, record: &Record) -> Result<(), StoreError> {
    let unfinished = |path: &Path, source| StoreError::Unfinished { path: path.to_owned(), source };
    disk.flush(&[root]).map_err(|error| unfinished(root, error))?;
    for file in &record.files {
        let path = root.join(file);
        match disk.rename(&root.join(beside(file)), &path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(unfinished(&path, error));
            }
            _ => {}
        }
    }
    for file in &record.removed {
        let path = root.join(file);
        unless_absent(disk.remove_file(&path)).map_err(|error| unfinished(&path, error))?;
    }
    for folder in &record.removed_folders {
        let path = root.join(folder);
        unless_absent(disk.remove_folder(&path)).map_err(|error| unfinished(&path, error))?;
    }
    let folders: Vec<PathBuf> = existing(folders_in(root, record)).collect();
    disk.flush(&folders.iter().map(PathBuf::as_path).collect::<Vec<_>>())
        .and_then(|()| disk.remove_file(&root.join(DECIDED)))
        .map_err(|error| unfinished(root, error))
}

/// Removes what steps 1 and 2 made.
fn undo(disk: &impl Disk, root: &Path, record: &Record) -> Result<(), StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { action: "remove", path, source }
    };
    for file in &record.files {
        let path = root.join(beside(file));
        unless_absent(disk.remove_file(&path)).map_err(failed(&path))?;
    }
    for folder in record.folders.iter().rev() {
        let path = root.join(folder);
        unless_absent(disk.remove_folder(&path)).map_err(failed(&path))?;
    }
    let folders: Vec<PathBuf> = existing(folders_in(root, record)).collect();
    let list = root.join(PREPARED);
    disk.flush(&folders.iter().map(PathBuf::as_path).collect::<Vec<_>>())
        .and_then(|()| unless_absent(disk.remove_file(&list)))
        .map_err(failed(&list))
}

fn existing(folders: impl Iterator<Item = PathBuf>) -> impl Iterator<Item = PathBuf> {
    folders.filter(|folder| read::mode_of_folder(folder).is_ok_and(|mode| mode.is_some()))
}

/// What is not there need not be removed; a folder that others use meanwhile stays.
fn unless_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Where a new file waits for its place.
fn beside(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/.{name}.new"),
        None => format!(".{path}.new"),
    }
}

#[cfg(unix)]
#[cfg(test)]
pub(super) mod tests;
