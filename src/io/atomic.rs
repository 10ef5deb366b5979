//! Files that appear whole or not at all, with their final mode from the moment they exist.
#![expect(clippy::disallowed_methods, reason = "writing files is what this module is for")]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Start of the names of unfinished files; what a killed process left behind can be told by it.
pub const TEMPORARY_PREFIX: &str = ".mtlsgen-";

/// Up to this many files are flushed one by one; more, by flushing their whole file system.
const FLUSHED_ONE_BY_ONE: usize = 48;

/// Who may read a file or enter a folder; the umask has no say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody reads, the owner writes (0644).
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
/// Whatever the file system says; `path` is then as it was and nothing else is left behind.
pub fn write_atomically(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    write_all_atomically([(path, content, access)])
}

/// Writes many files as [`write_atomically`] does, each for itself, and waits for the disk only once.
///
/// # Errors
/// Whatever the file system says. As long as files are being prepared nothing has changed; if putting
/// them in place fails, those before the failing one are new and the rest are as they were.
pub fn write_all_atomically<'a>(
    files: impl IntoIterator<Item = (&'a Path, &'a [u8], Access)>,
) -> io::Result<()> {
    let mut prepared = Vec::new();
    for (path, content, access) in files {
        prepared.push((prepare(path, content, access)?, path));
    }
    flush_all(prepared.iter().map(|(temporary, _)| temporary.as_ref()))?;
    let mut folders = std::collections::BTreeSet::new();
    for (temporary, path) in prepared {
        temporary.persist(path).map_err(|failure| failure.error)?;
        folders.insert(folder_of(path));
    }
    flush_all(folders)
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

/// Waits until the files and folders at `paths` are on the disk: contents of files, entries of folders.
///
/// # Errors
/// What the file system says, also about earlier writes that it had accepted.
pub(super) fn flush_all<'a>(paths: impl IntoIterator<Item = &'a Path>) -> io::Result<()> {
    let paths: Vec<&Path> = paths.into_iter().collect();
    if cfg!(target_os = "linux") && paths.len() > FLUSHED_ONE_BY_ONE {
        flush_file_systems(&paths)
    } else {
        flush_each(&paths)
    }
}

#[cfg(not(target_vendor = "apple"))]
fn flush_each(paths: &[&Path]) -> io::Result<()> {
    paths.iter().try_for_each(|path| match flushable(path)? {
        Some(file) => file.sync_all(),
        None => Ok(()),
    })
}

/// `sync_all` empties the drive's cache for each file there (`F_FULLFSYNC`); once, at the end, is enough.
#[cfg(target_vendor = "apple")]
fn flush_each(paths: &[&Path]) -> io::Result<()> {
    let mut last = None;
    for path in paths {
        let file = File::open(path)?;
        rustix::fs::fsync(&file)?;
        last = Some(file);
    }
    last.map_or(Ok(()), |file| file.sync_all())
}

/// Opens what can be flushed; folders cannot, outside Unix.
#[cfg(not(target_vendor = "apple"))]
fn flushable(path: &Path) -> io::Result<Option<File>> {
    if cfg!(unix) || !path.is_dir() { File::open(path).map(Some) } else { Ok(None) }
}

/// Flushes each file system that has some of `paths`, once.
#[cfg(target_os = "linux")]
fn flush_file_systems(paths: &[&Path]) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let mut flushed = std::collections::BTreeSet::new();
    for path in paths {
        let file_system = std::fs::symlink_metadata(path)?.dev();
        if flushed.insert(file_system) {
            rustix::fs::syncfs(File::open(path)?)?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn flush_file_systems(paths: &[&Path]) -> io::Result<()> {
    flush_each(paths)
}

/// Gives an open file exactly the permission bits `mode`.
#[cfg(unix)]
pub(super) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
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
        let (good, bad) = (folder.path().join("good"), folder.path().join("absent/bad"));
        let files = [(&*good, &b"x"[..], Access::Public), (&*bad, &b"x"[..], Access::Public)];
        assert_eq!(write_all_atomically(files).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn many_files_are_written_as_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = (0..100).map(|n| folder.path().join(n.to_string())).collect();
        let files = paths.iter().map(|path| (&**path, &b"x"[..], Access::Private));
        write_all_atomically(files).unwrap();
        assert!(paths.iter().all(|path| mode(path) == 0o600));
        assert_eq!(names(folder.path()).len(), 100);
    }
}
