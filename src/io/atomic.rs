//! Files that appear whole or not at all, with their final mode from the moment they exist.
#![expect(clippy::disallowed_methods, reason = "writing files is what this module is for")]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Start of the names of unfinished files; it marks what a killed process left behind.
pub const TEMPORARY_PREFIX: &str = ".mtlsgen-";

/// Who may read a file or enter a folder; the umask has no say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone reads, the owner writes (0644).
    Public,
    /// The owner alone (0600).
    Private,
}

impl Access {
    /// Permission bits of a file.
    #[must_use]
    pub fn mode(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Private => 0o600,
        }
    }
}

/// Writes `content` to `path`, replacing what is there: a reader sees the old file or the new one, also after a power cut.
///
/// A symbolic link at `path` is replaced, not followed.
///
/// # Errors
/// Any error of the file system; `path` is then unchanged and nothing else is left behind.
pub fn write_atomically(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let temporary = prepare(path, content, access)?;
    File::open(&temporary)?.sync_all()?;
    temporary.persist(path).map_err(|failure| failure.error)?;
    File::open(folder_of(path))?.sync_all()
}

/// Writes a file under a temporary name, which vanishes unless the file is put in place.
fn prepare(path: &Path, content: &[u8], access: Access) -> io::Result<tempfile::TempPath> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
    file.write_all(content)?;
    set_mode(file.as_file(), access.mode())?;
    Ok(file.into_temp_path())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Gives an open file exactly the permission bits `mode`.
pub(super) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn content_and_mode_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, b"one", Access::Public).unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"one".to_vec(), 0o644));
        write_atomically(&path, b"two", Access::Private).unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o600));
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_atomically(&link, b"new", Access::Public).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"kept");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_file());
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        assert!(write_atomically(&taken, b"x", Access::Public).is_err());
        let absent = write_atomically(&folder.path().join("absent/bad"), b"x", Access::Public);
        assert_eq!(absent.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(names(folder.path()), ["taken"]);
    }
}
