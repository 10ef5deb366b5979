//! The folder of a store, and the files in it for users and for Git.
#![expect(clippy::disallowed_methods, reason = "the store's folder is made here")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::disk::{Disk as _, FOLDER_MODE, FileSystem};
use super::error::StoreError;
use super::{layout, lock, read, transaction};
use crate::io::atomic::Access;
use crate::io::beneath::Place;

/// Keeps keys out of Git.
const GITIGNORE: (&str, &str) = (".gitignore", include_str!("gitignore"));
/// The same in a folder of holders.
const GITIGNORE_OF_KIND: &str = include_str!("gitignore_of_kind");
/// Explains the folder to users.
const README: (&str, &str) = ("README.md", include_str!("README.md"));

/// The store at `root`, which may be a link to one; everything in it is absent where there is none.
///
/// # Errors
/// [`StoreError::Damaged`] if something else is there.
pub(super) fn open(root: &Path) -> Result<Place, StoreError> {
    Place::open(root).map_err(|error| match error.kind() {
        ErrorKind::NotADirectory => StoreError::damaged(root, "is not a folder"),
        _ => StoreError::io("read", root, error),
    })
}

/// Makes sure that mtlsgen's own files in the store are plain files, where they exist: a repository can contain links.
///
/// # Errors
/// [`StoreError::Damaged`] for the first that is none.
pub(super) fn require_plain_files(root: &Place) -> Result<(), StoreError> {
    for name in [lock::LOCK, GITIGNORE.0, transaction::PREPARED, layout::IMPORTED_SPEC] {
        read::mode_of_file(&root.join(name))?;
    }
    Ok(())
}

/// Makes the folder of the store, for its owner alone, unless it exists.
pub(super) fn make(root: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    if read::facts(&open(root)?)?.is_some() {
        return Ok(());
    }
    let made = || {
        fs::create_dir_all(root.parent().unwrap_or(root))?;
        fs::DirBuilder::new().mode(FOLDER_MODE).create(root)?;
        // A strange umask may have taken too much.
        fs::set_permissions(root, fs::Permissions::from_mode(FOLDER_MODE))
    };
    match made() {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(|error| StoreError::io("create", root, error)),
    }
}

/// Writes what a store without a `.gitignore` lacks, that file last.
pub(super) fn furnish(root: &Place) -> Result<(), StoreError> {
    if read::mode_of_file(&root.join(GITIGNORE.0))?.is_some() {
        return Ok(());
    }
    for (name, content) in [README, GITIGNORE] {
        let place = root.join(name);
        if read::mode_of_file(&place)?.is_none() {
            place
                .write(content.as_bytes(), Access::Public)
                .map_err(|error| StoreError::io("write", &place, error))?;
        }
    }
    Ok(())
}

/// Keeps keys out of Git in the folders that hold them, regardless of `.gitignore` files above: the store's folder
/// may have been another project before. `new` lists folders that a change is about to make.
pub(super) fn close_to_git(
    root: &Place,
    new: impl Fn(&layout::Kind) -> bool,
) -> Result<(), StoreError> {
    for kind in &layout::KINDS {
        let folder = root.join(kind.folder);
        let exists = read::mode_of_folder(&folder)?.is_some();
        if !exists && !new(kind) {
            continue;
        }
        if !exists {
            FileSystem
                .create_folder(&folder)
                .map_err(|error| StoreError::io("create", &folder, error))?;
        }
        close(&folder.join(GITIGNORE.0))?;
    }
    Ok(())
}

/// The same in a folder that is about to get a key, if a `.gitignore` is there: a repository can contain one that lets
/// keys in again.
pub(super) fn close_key_folder(folder: &Place) -> Result<(), StoreError> {
    let place = folder.join(GITIGNORE.0);
    if read::mode_of_file(&place)?.is_some() { close(&place) } else { Ok(()) }
}

fn close(place: &Place) -> Result<(), StoreError> {
    let existing = read::file(place)?;
    let Some(text) = closing(existing.as_deref().map_or(&[][..], Vec::as_slice)) else {
        return Ok(());
    };
    place.write(&text, Access::Public).map_err(|error| StoreError::io("write", place, error))
}

/// The text with our patterns at its end, where they outweigh all before; `None` if they stand there.
fn closing(existing: &[u8]) -> Option<Vec<u8>> {
    let ours = GITIGNORE_OF_KIND.as_bytes();
    if existing.ends_with(ours) {
        return None;
    }
    let mut text = existing.to_vec();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(ours);
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_new_store_is_closed_to_others_and_git_ignores_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("deep/pki");
        let is_there = || open(&root).unwrap().facts().unwrap().is_some();
        assert!(!is_there());
        make(&root).unwrap();
        furnish(&open(&root).unwrap()).unwrap();
        assert!(is_there());
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o7777, 0o700);
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap();
        assert!(ignored.lines().any(|line| line == "*.key"));
        make(&root).unwrap();
    }

    #[test]
    fn what_people_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".gitignore"), "").unwrap();
        furnish(&open(folder.path()).unwrap()).unwrap();
        assert_eq!(fs::read(folder.path().join(".gitignore")).unwrap(), b"");
        assert!(!folder.path().join("README.md").exists());
    }

    #[test]
    fn folders_with_keys_are_closed_to_git_with_any_content() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir(at("cas")).unwrap();
        fs::write(at("cas/.gitignore"), "# mine\n!*.key").unwrap();
        for _ in 0..2 {
            close_to_git(&open(folder.path()).unwrap(), |kind| kind.folder == "hosts").unwrap();
            assert_eq!(
                fs::read_to_string(at("cas/.gitignore")).unwrap(),
                format!("# mine\n!*.key\n{GITIGNORE_OF_KIND}")
            );
            assert_eq!(fs::read_to_string(at("hosts/.gitignore")).unwrap(), GITIGNORE_OF_KIND);
        }
        assert!(!at("clients").exists());
    }

    #[test]
    fn the_store_may_be_a_link_but_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        symlink(folder.path(), &link).unwrap();
        fs::write(&file, "").unwrap();
        assert!(open(&link).unwrap().facts().unwrap().is_some());
        let refused = make(&file).unwrap_err();
        assert!(refused.to_string().ends_with("is not a folder"), "{refused}");
    }
}
