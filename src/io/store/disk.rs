//! The few changes of the file system that a transaction is made of; tests put a failing disk here.
#![expect(clippy::disallowed_methods, reason = "files of the store are written here")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::io::atomic::{self, Access};

/// Permission bits of every folder that mtlsgen makes in a store.
#[cfg(unix)]
const FOLDER_MODE: u32 = 0o700;

/// Changes of a file system, each of which happens or not.
pub(super) trait Disk {
    /// Makes a folder for the owner alone; its parent exists.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Takes a folder's permissions from everybody but the owner.
    fn restrict_folder(&self, path: &Path) -> io::Result<()>;
    /// Writes a new file that has its mode from the start; a file or link of that name makes way.
    fn create_file(&self, path: &Path, content: &[u8], access: Access) -> io::Result<()>;
    /// Renames a file, replacing the file or link at `to`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file or link.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
    /// Waits until files' contents and folders' entries would survive a power cut.
    fn flush(&self, paths: &[&Path]) -> io::Result<()>;
}

/// The real one.
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, FOLDER_MODE);
        folder.create(path)?;
        // A strange umask may have taken too much.
        self.restrict_folder(path)
    }

    #[cfg(unix)]
    fn restrict_folder(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(FOLDER_MODE))
    }

    #[cfg(not(unix))]
    fn restrict_folder(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create_file(&self, path: &Path, content: &[u8], access: Access) -> io::Result<()> {
        let mut file = match create_new(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::remove_file(path)?;
                create_new(path)?
            }
            other => other?,
        };
        file.write_all(content)?;
        atomic::set_mode(&file, access.mode())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn flush(&self, paths: &[&Path]) -> io::Result<()> {
        atomic::flush_all(paths.iter().copied())
    }
}

/// A file that did not exist, for the owner alone.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, Access::Private.mode());
    options.open(path)
}
