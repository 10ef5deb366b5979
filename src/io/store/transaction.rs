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
//! The next process that takes the lock finishes what a killed one left: a `.commit` is carried on from
//! step 4 (a new file that is gone has been renamed already), a `.transaction` is undone. Before that, the
//! list has to show that it comes from a change of this very store (see `record`): a repository can contain
//! any file. Readers without the lock change nothing and take no notice of a `.transaction`; before and
//! after reading they look for a `.commit` and at `.generation`, a number that every change replaces first.
//! If both times there is no `.commit` and the number is the same, no change fell between.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::disk::Disk;
use super::error::StoreError;
use super::layout;
use super::read;
use super::record::{FileDigest, Foreign, Found, Record, RecordedFile};
use crate::io::atomic::Access;
use crate::io::beneath::Place;
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;

/// The list of a change that is being prepared.
pub(super) const PREPARED: &str = ".transaction";
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
    /// A file that everyone may read.
    pub(super) fn public(path: String, text: String) -> Self {
        Self { path, content: Content::Public(text) }
    }

    /// What it is to hold.
    pub(super) fn text(&self) -> &str {
        self.content.text()
    }

    /// A file for the owner alone.
    pub(super) fn private(path: String, text: Zeroizing<String>) -> Self {
        Self { path, content: Content::Private(text) }
    }
}

/// What a file holds.
pub(super) enum Content {
    /// Readable by everyone.
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

/// Number of the last change, as it is in the store; empty before the first one.
pub(super) fn generation(root: &Place) -> Result<Vec<u8>, StoreError> {
    Ok(read::file(&root.join(GENERATION))?.map(|text| text.to_vec()).unwrap_or_default())
}

/// Whether a change is decided but not carried out; it must be carried out before anything is read.
pub(super) fn is_decided(root: &Place) -> Result<bool, StoreError> {
    read::mode_of_file(&root.join(DECIDED)).map(|mode| mode.is_some())
}

/// Where the list of a decided change is.
pub(super) fn list(root: &Place) -> PathBuf {
    root.join(DECIDED).path()
}

/// Whether a change is being prepared, or a killed process left one that was not decided.
pub(super) fn is_prepared(root: &Place) -> Result<bool, StoreError> {
    read::mode_of_file(&root.join(PREPARED)).map(|mode| mode.is_some())
}

/// Puts `files` into the store and nothing else.
///
/// # Errors
/// As [`replace`].
#[cfg(test)]
pub(super) fn commit(
    disk: &impl Disk,
    root: &Place,
    files: Vec<NewFile>,
) -> Result<(), StoreError> {
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
    root: &Place,
    mut files: Vec<NewFile>,
    removal: Removal,
) -> Result<(), StoreError> {
    recover(disk, root)?;
    files.insert(0, next_generation(root)?);
    let removed = removal.files;
    for path in files.iter().map(|file| &file.path).chain(&removed) {
        // What cannot be replaced must not come to light after the decision.
        read::mode_of_file(&root.join(path))?;
    }
    for path in &removal.folders {
        read::mode_of_folder(&root.join(path))?;
    }
    let record = Record {
        folders: missing_folders(root, &files)?,
        files: parallel::map(&files, |file| recorded(root, &file.path, Some(file.content.text())))?,
        removed: parallel::map(&removed, |path| recorded(root, path, None))?,
        removed_folders: removal.folders,
    };
    if let Err(error) = prepare(disk, root, &record, &files) {
        // Should this fail too, the list is still there, and the next one to lock tries again.
        let _ = undo(disk, root, &record);
        return Err(error);
    }
    carry_out(disk, root, &record)
}

/// A file of a change as the list has it; `text` is what it holds then, if it stays.
fn recorded(root: &Place, path: &str, text: Option<&str>) -> Result<RecordedFile, StoreError> {
    debug_assert!(layout::part(path).is_some(), "recovery would refuse `{path}`");
    let before = FileDigest::of_file(&root.join(path))?;
    let after = text.map(|text| FileDigest::of(text.as_bytes()));
    Ok(RecordedFile { path: path.to_owned(), before, after })
}

/// Finishes what a killed process left. The caller holds the lock.
///
/// # Errors
/// [`StoreError::Unfinished`] where a decided change still cannot be carried out, [`StoreError::ForeignChange`] where
/// a list is not of a change of this store.
pub(super) fn recover(disk: &impl Disk, root: &Place) -> Result<(), StoreError> {
    let decided = root.join(DECIDED);
    match Record::read(&decided)? {
        Found::Nothing => {}
        Found::CutOff => {
            return Err(foreign(&decided, "is not a whole list of files that a change has"));
        }
        Found::Whole(record) => {
            require_own(root, &decided, &record)?;
            carry_out(disk, root, &record)?;
        }
    }
    match Record::read(&root.join(PREPARED))? {
        Found::Nothing => Ok(()),
        // The list is flushed before anything else is made, so there is nothing else.
        Found::CutOff => undo(disk, root, &Record::default()),
        Found::Whole(record) => undo(disk, root, &record),
    }
}

/// Makes sure that a decided list is of a change of this store, before anything of it is carried out.
fn require_own(root: &Place, list: &Place, record: &Record) -> Result<(), StoreError> {
    record.require_origin(root, beside).map_err(|error| match error {
        Foreign::Unreadable(error) => error,
        Foreign::File(path) => {
            let file = root.join(&path).path();
            foreign(list, format!("does not know what `{}` holds", file.display()))
        }
    })?;
    let folders = record.files.iter().filter_map(|file| folder_of_pair(&file.path));
    let folders: Vec<&str> = folders.collect::<BTreeSet<_>>().into_iter().collect();
    parallel::map(&folders, |folder| require_fit(root, list, record, folder)).map(drop)
}

/// The folder, with the `/` at its end, of a certificate or of a key in clear.
fn folder_of_pair(path: &str) -> Option<&str> {
    path.strip_suffix(layout::CERTIFICATE).or_else(|| path.strip_suffix(layout::KEY))
}

/// Makes sure that certificate and key in clear in `folder` belong together once the list is carried out, and that the
/// key is closed to others.
fn require_fit(
    root: &Place,
    list: &Place,
    record: &Record,
    folder: &str,
) -> Result<(), StoreError> {
    let [certificate, key] =
        [layout::CERTIFICATE, layout::KEY].map(|name| format!("{folder}{name}"));
    let place = root.join(&key);
    let waiting = root.join(beside(&key));
    if read::mode_of_file(&waiting)?.is_some_and(|mode| mode & 0o077 != 0) {
        let problem =
            format!("would put a key at `{}` that others can read", place.path().display());
        return Err(foreign(list, problem));
    }
    let then = |path: &str| {
        if record.removed.iter().any(|file| file.path == path) {
            return Ok(None);
        }
        let new = read::file(&root.join(beside(path)))?;
        new.map_or_else(|| read::file(&root.join(path)), |text| Ok(Some(text)))
    };
    let (Some(certificate), Some(key)) = (then(&certificate)?, then(&key)?) else { return Ok(()) };
    let chain = Certificate::from_pem(&certificate).unwrap_or_default();
    let Some(own) = chain.first() else { return Ok(()) };
    if PrivateKey::from_pem(&key).is_ok_and(|key| key.spki_hash() == own.spki_hash) {
        return Ok(());
    }
    let problem = format!(
        "would leave a key at `{}` that its certificate does not have",
        place.path().display()
    );
    Err(foreign(list, problem))
}

fn foreign(list: &Place, problem: impl Into<String>) -> StoreError {
    StoreError::ForeignChange { path: list.path(), problem: problem.into() }
}

fn next_generation(root: &Place) -> Result<NewFile, StoreError> {
    let last = generation(root)?;
    let number = str::from_utf8(&last).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let next = number.unwrap_or(0).wrapping_add(1);
    Ok(NewFile::public(GENERATION.to_owned(), format!("{next}\n")))
}

/// Folders that the files need and that do not exist, outer ones first.
fn missing_folders(root: &Place, files: &[NewFile]) -> Result<Vec<String>, StoreError> {
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
    root: &Place,
    record: &Record,
    files: &[NewFile],
) -> Result<(), StoreError> {
    let list = root.join(PREPARED);
    disk.create_file(&list, record.to_string().as_bytes(), Access::Private)
        .and_then(|()| disk.flush(&[&list, root]))
        .map_err(|error| StoreError::io("write", &list, error))?;
    for folder in &record.folders {
        let place = root.join(folder);
        disk.create_folder(&place).map_err(|error| StoreError::io("write", &place, error))?;
    }
    for file in files {
        let place = root.join(&file.path);
        write_beside(disk, root, file).map_err(|error| StoreError::io("write", &place, error))?;
    }
    disk_has_all(disk, root, record)
        .and_then(|()| disk.rename(&list, &root.join(DECIDED)))
        .map_err(|error| StoreError::io("write", root, error))
}

/// Writes a file beside its place; keys only into folders that are closed to others.
fn write_beside(disk: &impl Disk, root: &Place, file: &NewFile) -> io::Result<()> {
    let beside = root.join(beside(&file.path));
    if file.content.access() == Access::Private
        && let Some(folder) = beside.parent()
        && is_open_to_others(&folder)
    {
        disk.restrict_folder(&folder)?;
    }
    disk.create_file(&beside, file.content.text().as_bytes(), file.content.access())
}

fn is_open_to_others(folder: &Place) -> bool {
    read::mode_of_folder(folder).is_ok_and(|mode| mode.is_some_and(|mode| mode & 0o077 != 0))
}

/// Flushes all new files and every folder on the way to them.
fn disk_has_all(disk: &impl Disk, root: &Place, record: &Record) -> io::Result<()> {
    let files = record.files.iter().map(|file| root.join(beside(&file.path)));
    let places: Vec<Place> = files.chain(folders_in(root, record)).collect();
    disk.flush(&places.iter().collect::<Vec<_>>())
}

/// The store and every folder in it that the change touches.
fn folders_in<'a>(root: &'a Place, record: &'a Record) -> impl Iterator<Item = Place> + 'a {
    let files = record.files.iter().chain(&record.removed);
    let folders = folders_of(files.map(|file| &*file.path));
    std::iter::once(root.clone()).chain(folders.into_iter().map(|folder| root.join(folder)))
}

/// Steps 4 and 5, as often as it takes.
fn carry_out(disk: &impl Disk, root: &Place, record: &Record) -> Result<(), StoreError> {
    let unfinished = |place: &Place, source| StoreError::Unfinished { path: place.path(), source };
    disk.flush(&[root]).map_err(|error| unfinished(root, error))?;
    for RecordedFile { path, .. } in &record.files {
        let place = root.join(path);
        match disk.rename(&root.join(beside(path)), &place) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(unfinished(&place, error));
            }
            _ => {}
        }
    }
    for RecordedFile { path, .. } in &record.removed {
        let place = root.join(path);
        unless_absent(disk.remove_file(&place)).map_err(|error| unfinished(&place, error))?;
    }
    for folder in &record.removed_folders {
        let place = root.join(folder);
        unless_absent(disk.remove_folder(&place)).map_err(|error| unfinished(&place, error))?;
    }
    let folders: Vec<Place> = existing(folders_in(root, record)).collect();
    disk.flush(&folders.iter().collect::<Vec<_>>())
        .and_then(|()| disk.remove_file(&root.join(DECIDED)))
        .map_err(|error| unfinished(root, error))
}

/// Removes what steps 1 and 2 made.
fn undo(disk: &impl Disk, root: &Place, record: &Record) -> Result<(), StoreError> {
    let failed = |place: &Place| {
        let path = place.path();
        move |source| StoreError::Io { action: "remove", path, source }
    };
    for RecordedFile { path, .. } in &record.files {
        let place = root.join(beside(path));
        unless_absent(disk.remove_file(&place)).map_err(failed(&place))?;
    }
    for folder in record.folders.iter().rev() {
        let place = root.join(folder);
        unless_absent(disk.remove_folder(&place)).map_err(failed(&place))?;
    }
    let folders: Vec<Place> = existing(folders_in(root, record)).collect();
    let list = root.join(PREPARED);
    disk.flush(&folders.iter().collect::<Vec<_>>())
        .and_then(|()| unless_absent(disk.remove_file(&list)))
        .map_err(failed(&list))
}

fn existing(folders: impl Iterator<Item = Place>) -> impl Iterator<Item = Place> {
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
