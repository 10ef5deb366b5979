//! The few changes of the file system that a transaction is made of; tests put a failing disk here.

use std::io::{self, ErrorKind, Write as _};

use crate::io::atomic::Access;
use crate::io::beneath::{self, Place};

/// Permission bits of every folder that mtlsgen makes in a store.
pub(super) const FOLDER_MODE: u32 = 0o700;

/// Changes of a file system, each of which happens or not.
pub(super) trait Disk {
    /// Makes a folder for the owner alone; its parent exists.
    fn create_folder(&self, place: &Place) -> io::Result<()>;
    /// Restricts a folder's permissions to its owner.
    fn restrict_folder(&self, place: &Place) -> io::Result<()>;
    /// Writes a new file that has its mode from the start; a file or link of that name makes way.
    fn create_file(&self, place: &Place, content: &[u8], access: Access) -> io::Result<()>;
    /// Renames a file, replacing the file or link at `to`.
    fn rename(&self, from: &Place, to: &Place) -> io::Result<()>;
    /// Removes a file or link.
    fn remove_file(&self, place: &Place) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, place: &Place) -> io::Result<()>;
    /// Waits until files' contents and folders' entries would survive a power cut.
    fn flush(&self, places: &[&Place]) -> io::Result<()>;
}

/// The real one.
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn create_folder(&self, place: &Place) -> io::Result<()> {
        place.create_folder(FOLDER_MODE)?;
        // A strange umask may have taken too much.
        self.restrict_folder(place)
    }

    fn restrict_folder(&self, place: &Place) -> io::Result<()> {
        place.set_mode(FOLDER_MODE)
    }

    fn create_file(&self, place: &Place, content: &[u8], access: Access) -> io::Result<()> {
        let mut file = match place.create_new(Access::Private.mode()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                place.remove_file()?;
                place.create_new(Access::Private.mode())?
            }
            other => other?,
        };
        file.write_all(content)?;
        crate::io::atomic::set_mode(&file, access.mode())
    }

    fn rename(&self, from: &Place, to: &Place) -> io::Result<()> {
        from.rename(to)
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        place.remove_file()
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        place.remove_folder()
    }

    fn flush(&self, places: &[&Place]) -> io::Result<()> {
        beneath::flush(places)
    }
}
