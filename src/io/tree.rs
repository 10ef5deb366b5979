//! Reads output folders, and writes into them file by file; touches nothing that mtlsgen did not write.
#![expect(clippy::disallowed_methods, reason = "output folders are read and written here")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::tree_error::TreeError;
use crate::output::{
    Change, ChangeKind, Changes, ExistingFile, ExistingTree, OutputTree, RECORD, Record, SECRETS,
};

#[cfg(test)]
mod tests;

/// Most bytes of one existing file that are read.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// How the names of files start that are being written; what a killed run left of them is removed by the next.
const TEMPORARY: &str = ".mtlsgen-";

/// Reads what `directory` has of the files of `tree`, and of those that mtlsgen wrote there before.
///
/// # Errors
/// Something that is not a plain file is in the way, or cannot be read; or the record is damaged.
pub fn read(directory: &Path, tree: &OutputTree) -> Result<ExistingTree, TreeError> {
    let record = read_record(directory)?;
    let recorded = record.iter().flat_map(Record::paths);
    let mut files = BTreeMap::new();
    for path in recorded.chain(tree.files().keys().map(String::as_str)) {
        if !files.contains_key(path)
            && let Some(file) = read_file(directory, path)?
        {
            files.insert(path.to_owned(), file);
        }
    }
    Ok(ExistingTree { record, files })
}

/// Reads the record of `directory`; `None` where there is none.
///
/// # Errors
/// It cannot be read, or mtlsgen cannot have written it.
pub fn read_record(directory: &Path) -> Result<Option<Record>, TreeError> {
    let Some(file) = read_file(directory, RECORD)? else { return Ok(None) };
    Record::parse(&String::from_utf8_lossy(&file.bytes))
        .map(Some)
        .map_err(|error| TreeError::Record { path: directory.join(RECORD), error })
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
/// The tree is one for comparing; something is in the way, or cannot be written. What was written until then
/// stays, and is recorded, so that the next run goes on from there.
pub fn write(directory: &Path, tree: &OutputTree, changes: &Changes) -> Result<(), TreeError> {
    if tree.options().fingerprints {
        return Err(TreeError::ForComparing);
    }
    if changes.is_empty() {
        return Ok(());
    }
    make_folder(directory, 0o777)?;
    let _lock = lock(directory)?;
    remove_temporary_files(directory, tree, changes);
    write_record(directory, changes.record_before.as_ref())?;
    for change in &changes.files {
        apply(directory, tree, change)?;
    }
    write_record(directory, changes.record_after.as_ref())
}

/// Held until it is dropped: one process writes at a time.
fn lock(directory: &Path) -> Result<File, TreeError> {
    let failed = |error| TreeError::Write { path: directory.to_owned(), error };
    let folder = File::open(directory).map_err(failed)?;
    folder.lock().map_err(failed)?;
    Ok(folder)
}

fn apply(directory: &Path, tree: &OutputTree, change: &Change) -> Result<(), TreeError> {
    let path = plain_path(directory, &change.path)?;
    let failed = |error| TreeError::Write { path: path.clone(), error };
    match (change.kind, tree.files().get(&change.path)) {
        (ChangeKind::Remove, _) => remove(directory, &path),
        (ChangeKind::Mode, Some(file)) => {
            fs::set_permissions(&path, Permissions::from_mode(file.mode)).map_err(failed)
        }
        (ChangeKind::Add | ChangeKind::Modify, Some(file)) => {
            make_parents(directory, &change.path, tree)?;
            write_atomically(&path, &file.bytes, file.mode).map_err(failed)
        }
        // A change of another tree's file: `changes` makes none.
        (_, None) => Ok(()),
    }
}

fn write_record(directory: &Path, record: Option<&Record>) -> Result<(), TreeError> {
    let Some(record) = record else { return Ok(()) };
    let path = plain_path(directory, RECORD)?;
    write_atomically(&path, record.text().as_bytes(), 0o644)
        .map_err(|error| TreeError::Write { path, error })
}

/// Removes a file and the folders that are empty without it.
fn remove(directory: &Path, path: &Path) -> Result<(), TreeError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(TreeError::Write { path: path.to_owned(), error });
        }
        _ => {}
    }
    let folders = path.ancestors().skip(1).take_while(|folder| *folder != directory);
    for folder in folders {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

fn make_parents(directory: &Path, path: &str, tree: &OutputTree) -> Result<(), TreeError> {
    let Some((parents, _)) = path.rsplit_once('/') else { return Ok(()) };
    let mut folder = directory.to_owned();
    for part in parents.split('/') {
        folder.push(part);
        let private =
            path.starts_with(&format!("{SECRETS}/")) && !tree.options().allow_plain_in_git;
        if !folder.is_dir() {
            make_folder(&folder, if private { 0o700 } else { 0o777 })?;
        }
    }
    Ok(())
}

fn make_folder(path: &Path, mode: u32) -> Result<(), TreeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|error| TreeError::Write { path: path.to_owned(), error })
}

/// Removes what a killed run left behind, which may hold a key, from all folders of the tree. What cannot
/// be removed does no harm to this run.
fn remove_temporary_files(directory: &Path, tree: &OutputTree, changes: &Changes) {
    let paths = tree.files().keys().chain(changes.files.iter().map(|change| &change.path));
    let parent = |path: &String| path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
    let folders: BTreeSet<String> = paths.map(parent).collect();
    let entries = folders.iter().filter_map(|folder| fs::read_dir(directory.join(folder)).ok());
    for entry in entries.flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// `path` below `directory`, if no link and nothing strange is on the way or at its end.
fn plain_path(directory: &Path, path: &str) -> Result<PathBuf, TreeError> {
    let mut full = directory.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        full.push(part);
        let kind = match fs::symlink_metadata(&full) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(TreeError::Read { path: full, error }),
        };
        let is_last = parts.peek().is_none();
        if kind.is_symlink() {
            return Err(TreeError::Link(full));
        }
        if is_last && !kind.is_file() {
            return Err(TreeError::NotAFile(full));
        }
        if !is_last && !kind.is_dir() {
            return Err(TreeError::NotAFolder(full));
        }
    }
    Ok(full)
}

fn read_file(directory: &Path, path: &str) -> Result<Option<ExistingFile>, TreeError> {
    let path = plain_path(directory, path)?;
    let failed = |error| TreeError::Read { path: path.clone(), error };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(TreeError::TooLarge { path, limit: MAX_FILE_BYTES });
    }
    Ok(Some(ExistingFile { bytes, mode: metadata.permissions().mode() & 0o7777 }))
}

/// Writes a file beside its place, with its mode from the start (less the umask), and moves it there.
///
/// # Errors
/// Whatever the system says; the file is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
