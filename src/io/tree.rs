//! Reads output folders, and writes into them file by file; touches nothing that mtlsgen did not write, and
//! follows no link inside them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use super::atomic::TEMPORARY_PREFIX;
use super::beneath::Place;
use super::tree_error::TreeError;
use zeroize::Zeroizing;

use crate::output::{
    Change, ChangeKind, Changes, ExistingFile, ExistingTree, OutputTree, RECORD, Record, SECRETS,
};

#[cfg(test)]
mod tests;

/// Most bytes of one existing file that are read.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads what `directory` has of the files of `tree`, and of those that mtlsgen wrote there before.
///
/// # Errors
/// Something that is not a plain file is in the way, or cannot be read; or the record is damaged.
pub fn read(directory: &Path, tree: &OutputTree) -> Result<ExistingTree, TreeError> {
    let root = open(directory)?;
    let record = record_in(&root)?;
    let recorded = record.iter().flat_map(Record::paths);
    let mut files = BTreeMap::new();
    for path in recorded.chain(tree.files().keys().map(String::as_str)) {
        if !files.contains_key(path)
            && let Some(file) = read_file(&root.join(path))?
        {
            files.insert(path.to_owned(), file);
        }
    }
    Ok(ExistingTree { record, files })
}

/// A file that the record of a folder names, or that may be there without.
pub struct Recorded {
    /// What it holds; `None` where it is gone.
    pub content: Option<Zeroizing<Vec<u8>>>,
    /// Whether the record names it.
    pub is_recorded: bool,
}

/// Reads the files of `directory` that its record names, and those at the paths `others`, by path.
///
/// # Errors
/// As [`read`].
pub fn read_recorded(
    directory: &Path,
    others: &[String],
) -> Result<BTreeMap<String, Recorded>, TreeError> {
    let root = open(directory)?;
    let record = record_in(&root)?;
    let recorded: BTreeSet<&str> = record.iter().flat_map(Record::paths).collect();
    let mut files = BTreeMap::new();
    for path in recorded.iter().copied().chain(others.iter().map(String::as_str)) {
        let content = read_file(&root.join(path))?.map(|file| file.bytes);
        let is_recorded = recorded.contains(path);
        files.insert(path.to_owned(), Recorded { content, is_recorded });
    }
    Ok(files)
}

/// Reads the record of `directory`; `None` where there is none.
///
/// # Errors
/// It cannot be read, or mtlsgen cannot have written it.
pub fn read_record(directory: &Path) -> Result<Option<Record>, TreeError> {
    record_in(&open(directory)?)
}

fn record_in(root: &Place) -> Result<Option<Record>, TreeError> {
    let place = root.join(RECORD);
    let Some(file) = read_file(&place)? else { return Ok(None) };
    Record::parse(&String::from_utf8_lossy(&file.bytes))
        .map(Some)
        .map_err(|error| TreeError::Record { path: place.path(), error })
}

/// The folder, which may be a link to one; everything in it is absent where there is none.
fn open(directory: &Path) -> Result<Place, TreeError> {
    Place::open(directory).map_err(|error| match error.kind() {
        ErrorKind::NotADirectory => TreeError::NotAFolder(directory.to_owned()),
        _ => TreeError::Read { path: directory.to_owned(), error },
    })
}

/// Makes sure that an output folder and a store do not lie in each other's way.
///
/// # Errors
/// The folder is the store or lies in it, or the store lies among the folder's Secrets; or a path cannot be followed.
pub fn keep_apart(directory: &Path, store: &Path) -> Result<(), TreeError> {
    let (real_directory, real_store) = (real_path(directory)?, real_path(store)?);
    if real_directory.starts_with(&real_store)
        || real_store.starts_with(real_directory.join(SECRETS))
    {
        return Err(TreeError::Store { path: directory.to_owned(), store: store.to_owned() });
    }
    Ok(())
}

/// Where a path leads, links followed, although its end may not exist yet.
pub(super) fn real_path(path: &Path) -> Result<PathBuf, TreeError> {
    let failed = |error| TreeError::Read { path: path.to_owned(), error };
    let path = std::path::absolute(path).map_err(failed)?;
    let mut missing = Vec::new();
    for above in path.ancestors() {
        match fs::canonicalize(above) {
            Ok(mut real) => {
                real.extend(missing.iter().rev());
                return Ok(real);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                missing.extend(above.components().next_back());
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(path)
}

/// Makes `directory` hold `tree`, by `changes`: each file appears whole, with its permissions, or not at all.
///
/// # Errors
/// A Secret of a tree for comparing changes; something is in the way, or cannot be written. What was written until then
/// stays, and is recorded, so that the next run goes on from there.
pub fn write(directory: &Path, tree: &OutputTree, changes: &Changes) -> Result<(), TreeError> {
    let is_for_comparing = |change: &Change| {
        let file = tree.files().get(&change.path);
        matches!(change.kind, ChangeKind::Add | ChangeKind::Modify)
            && file.is_some_and(|file| file.sensitive)
    };
    if tree.options().fingerprints && changes.files.iter().any(is_for_comparing) {
        return Err(TreeError::ForComparing);
    }
    if changes.is_empty() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o777)
        .create(directory)
        .map_err(|error| TreeError::Write { path: directory.to_owned(), error })?;
    let root = open(directory)?;
    let _lock = lock(&root)?;
    remove_temporary_files(&root, tree, changes);
    write_record(&root, changes.record_before.as_ref())?;
    for change in &changes.files {
        apply(&root, tree, change)?;
    }
    write_record(&root, changes.record_after.as_ref())
}

/// Held until it is dropped: one process writes at a time.
fn lock(root: &Place) -> Result<File, TreeError> {
    let folder = root.open_file().map_err(|error| failed(root, error))?;
    folder.lock().map_err(|error| failed(root, error))?;
    Ok(folder)
}

fn failed(place: &Place, error: io::Error) -> TreeError {
    TreeError::Write { path: place.path(), error }
}

fn apply(root: &Place, tree: &OutputTree, change: &Change) -> Result<(), TreeError> {
    let place = root.join(&change.path);
    require_plain(&place)?;
    let failed = |error| failed(&place, error);
    match (change.kind, tree.files().get(&change.path)) {
        (ChangeKind::Remove, _) => remove(&place),
        (ChangeKind::Mode, Some(file)) => place.set_mode(file.mode).map_err(failed),
        (ChangeKind::Add | ChangeKind::Modify, Some(file)) => {
            make_parents(&place, tree)?;
            place.write_soon(&file.bytes, file.mode).map_err(failed)
        }
        // A change of another tree's file: `changes` makes none.
        (_, None) => Ok(()),
    }
}

fn write_record(root: &Place, record: Option<&Record>) -> Result<(), TreeError> {
    let Some(record) = record else { return Ok(()) };
    let place = root.join(RECORD);
    require_plain(&place)?;
    place.write_soon(record.text().as_bytes(), 0o644).map_err(|error| failed(&place, error))
}

/// Removes a file and the folders that are empty without it.
fn remove(place: &Place) -> Result<(), TreeError> {
    match place.remove_file() {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(place, error)),
        _ => {}
    }
    let mut above = place.parent().filter(|folder| !folder.below().is_empty());
    while let Some(folder) = above.filter(|folder| folder.remove_folder().is_ok()) {
        above = folder.parent().filter(|folder| !folder.below().is_empty());
    }
    Ok(())
}

fn make_parents(place: &Place, tree: &OutputTree) -> Result<(), TreeError> {
    let Some(folder) = place.parent().filter(|folder| !folder.below().is_empty()) else {
        return Ok(());
    };
    if folder.facts().is_ok_and(|facts| facts.is_some()) {
        return Ok(());
    }
    make_parents(&folder, tree)?;
    let is_of_secrets =
        folder.below() == SECRETS || folder.below().starts_with(&format!("{SECRETS}/"));
    let private = is_of_secrets && !tree.options().allow_plain_in_git;
    folder
        .create_folder(if private { 0o700 } else { 0o777 })
        .map_err(|error| failed(&folder, error))
}

/// Removes what a killed run left behind, which may hold a key, from all folders of the tree. What cannot
/// be removed does no harm to this run.
fn remove_temporary_files(root: &Place, tree: &OutputTree, changes: &Changes) {
    let paths = tree.files().keys().chain(changes.files.iter().map(|change| &change.path));
    let folders: BTreeSet<&str> =
        paths.map(|path| path.rsplit_once('/').map_or("", |(parent, _)| parent)).collect();
    for folder in folders {
        let folder = if folder.is_empty() { root.clone() } else { root.join(folder) };
        let entries = folder.entries().ok().flatten().unwrap_or_default();
        for (name, _) in entries.iter().filter(|(name, _)| name.starts_with(TEMPORARY_PREFIX)) {
            let _ = folder.join(name).remove_file();
        }
    }
}

/// Makes sure that no link and nothing strange is on the way to `place`, or in its place.
fn require_plain(place: &Place) -> Result<(), TreeError> {
    match place.obstacle() {
        Some((obstacle, FileType::Symlink)) => Err(TreeError::Link(obstacle.path())),
        Some((obstacle, _)) if obstacle.below() != place.below() => {
            Err(TreeError::NotAFolder(obstacle.path()))
        }
        Some((_, FileType::RegularFile)) => Ok(()),
        Some(_) => Err(TreeError::NotAFile(place.path())),
        None => match place.facts() {
            Ok(Some(_)) => Err(TreeError::NotAFile(place.path())),
            Ok(None) => Ok(()),
            Err(error) => Err(TreeError::Read { path: place.path(), error }),
        },
    }
}

fn read_file(place: &Place) -> Result<Option<ExistingFile>, TreeError> {
    match place.read(MAX_FILE_BYTES) {
        Ok((bytes, facts)) => Ok(Some(ExistingFile { bytes: bytes.into(), mode: facts.mode })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            Err(TreeError::TooLarge { path: place.path(), limit: MAX_FILE_BYTES })
        }
        Err(error) => {
            require_plain(place)?;
            Err(TreeError::Read { path: place.path(), error })
        }
    }
}

/// Writes a file beside its place, with its mode from the start (less the umask), and moves it there.
///
/// # Errors
/// Any error of the system; the file is then unchanged.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
