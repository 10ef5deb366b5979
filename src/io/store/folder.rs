//! The folder of a store, and what stands in it for people and for Git.
#![expect(clippy::disallowed_methods, reason = "the store's folder is made here")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::disk::{Disk as _, FileSystem};
use super::error::StoreError;
use super::read;
use crate::io::atomic::{self, Access};

/// Keeps keys out of Git.
const GITIGNORE: (&str, &str) = (".gitignore", include_str!("gitignore"));
/// Tells people what they are looking at.
const README: (&str, &str) = ("README.md", include_str!("README.md"));

/// Whether there is a store; `root` itself may be a link to one.
///
/// # Errors
/// [`StoreError::Damaged`] if something else stands there.
pub(super) fn exists(root: &Path) -> Result<bool, StoreError> {
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(_) => Err(StoreError::damaged(root, "is not a folder")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("read", root, error)),
    }
}

/// Makes the folder of the store, for its owner alone, unless it exists.
pub(super) fn make(root: &Path) -> Result<(), StoreError> {
    if exists(root)? {
        return Ok(());
    }
    let parent = root.parent().unwrap_or(root);
    let made = fs::create_dir_all(parent).and_then(|()| FileSystem.create_folder(root));
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(|error| StoreError::io("create", root, error)),
    }
}

/// Writes what a store without a `.gitignore` lacks, that file last.
pub(super) fn furnish(root: &Path) -> Result<(), StoreError> {
    if read::mode_of_file(&root.join(GITIGNORE.0))?.is_some() {
        return Ok(());
    }
    for (name, content) in [README, GITIGNORE] {
        let path = root.join(name);
        if read::mode_of_file(&path)?.is_none() {
            atomic::write_atomically(&path, content.as_bytes(), Access::Public)
                .map_err(|error| StoreError::io("write", &path, error))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_new_store_is_closed_to_others_and_tells_git_what_to_ignore() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("deep/pki");
        assert!(!exists(&root).unwrap());
        make(&root).unwrap();
        furnish(&root).unwrap();
        assert!(exists(&root).unwrap());
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o7777, 0o700);
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap();
        assert!(ignored.lines().any(|line| line == "*.key"));
        make(&root).unwrap();
    }

    #[test]
    fn what_people_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".gitignore"), "").unwrap();
        furnish(folder.path()).unwrap();
        assert_eq!(fs::read(folder.path().join(".gitignore")).unwrap(), b"");
        assert!(!folder.path().join("README.md").exists());
    }

    #[test]
    fn the_store_may_be_a_link_but_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        symlink(folder.path(), &link).unwrap();
        fs::write(&file, "").unwrap();
        assert!(exists(&link).unwrap());
        let refused = make(&file).unwrap_err();
        assert!(refused.to_string().ends_with("is not a folder"), "{refused}");
    }
}
