//! Reads single files of a store with suspicion: no links, no devices, nothing huge.
#![expect(clippy::disallowed_methods, reason = "files of the store are read here")]

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::error::StoreError;

/// More than any certificate chain, key or ledger entry.
const LARGEST: u64 = 1 << 20;

/// What the file at `path` holds; `None` if there is none. The memory is wiped when it is dropped.
///
/// # Errors
/// [`StoreError::Damaged`] for anything but a plain file of sensible size, links included.
pub(super) fn file(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    file_up_to(path, LARGEST)
}

/// As [`file`], with another limit in bytes.
pub(super) fn file_up_to(
    path: &Path,
    largest: u64,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(path, error)),
    };
    let metadata = file.metadata().map_err(|error| StoreError::io("read", path, error))?;
    require_file(path, &metadata)?;
    if metadata.len() > largest {
        return Err(StoreError::damaged(path, format!("is larger than {largest} bytes")));
    }
    read_whole(&mut file, metadata.len())
        .map(Some)
        .map_err(|error| StoreError::io("read", path, error))
}

/// Reads up to the length that the file had, into memory that need not move as it fills.
fn read_whole(file: &mut File, length: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
    let mut content = Zeroizing::new(vec![0; length]);
    file.read_exact(&mut content)?;
    Ok(content)
}

/// Whether there is a plain file at `path`, and its permission bits.
///
/// # Errors
/// [`StoreError::Damaged`] if it is something else.
pub(super) fn mode_of_file(path: &Path) -> Result<Option<u32>, StoreError> {
    let Some(metadata) = metadata(path)? else { return Ok(None) };
    require_file(path, &metadata)?;
    Ok(Some(mode(&metadata)))
}

/// Whether there is a folder at `path`, and its permission bits.
///
/// # Errors
/// [`StoreError::Damaged`] if it is something else, such as a link to a folder.
pub(super) fn mode_of_folder(path: &Path) -> Result<Option<u32>, StoreError> {
    let Some(metadata) = metadata(path)? else { return Ok(None) };
    if metadata.is_dir() {
        Ok(Some(mode(&metadata)))
    } else if metadata.is_symlink() {
        Err(StoreError::damaged(path, "is a symbolic link"))
    } else {
        Err(StoreError::damaged(path, "is not a folder"))
    }
}

/// Names of the folders in a folder, sorted; empty if there is no folder of that name.
///
/// # Errors
/// [`StoreError::Damaged`] where a link stands among them or in their place.
pub(super) fn folders(path: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for (name, kind) in entries(path)? {
        if kind.is_symlink() {
            return Err(StoreError::damaged(&path.join(name), "is a symbolic link"));
        }
        if kind.is_dir() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Names of everything in a folder that is not a folder, sorted; empty if there is no folder of that name.
pub(super) fn files(path: &Path) -> Result<Vec<String>, StoreError> {
    let entries = entries(path)?.into_iter();
    Ok(entries.filter(|(_, kind)| !kind.is_dir()).map(|(name, _)| name).collect())
}

/// Everything in a folder whose name is text, sorted; mtlsgen makes no other names.
fn entries(path: &Path) -> Result<Vec<(String, fs::FileType)>, StoreError> {
    if mode_of_folder(path)?.is_none() {
        return Ok(Vec::new());
    }
    let failed = |error| StoreError::io("read", path, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.file_type().map_err(failed)?));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

/// What stands at `path` itself, links not followed.
fn metadata(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(path, error)),
    }
}

fn require_file(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    let problem = match metadata.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "is a folder where a file should be",
        kind if kind.is_symlink() => "is a symbolic link",
        _ => "is not a plain file",
    };
    Err(StoreError::damaged(path, problem))
}

/// Tells damage from trouble among the refusals to open something.
fn refused(path: &Path, error: io::Error) -> StoreError {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => StoreError::damaged(path, "is a symbolic link"),
        _ if error.kind() == ErrorKind::NotADirectory => {
            StoreError::damaged(path.parent().unwrap_or(path), "is not a folder")
        }
        _ => StoreError::io("read", path, error),
    }
}

/// Opens for reading; fails on links, and does not wait for the other end of a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let bits = flags.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(bits).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(ErrorKind::InvalidInput.into());
    }
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

/// Files outside Unix have no such bits; those that mtlsgen would give stand for them.
#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    if metadata.is_dir() { 0o700 } else { 0o600 }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn problem<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
        match result.unwrap_err() {
            StoreError::Damaged { problem, .. } => problem,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn plain_files_are_read_and_absent_ones_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(file(&path).unwrap().is_none());
        assert!(file(&path.join("b")).unwrap().is_none());
        fs::write(&path, "text").unwrap();
        assert_eq!(&**file(&path).unwrap().unwrap(), b"text");
        assert!(mode_of_file(&path).unwrap().is_some());
    }

    #[test]
    fn what_is_not_a_plain_file_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("target"), "secret").unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("absent"), at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        File::create(at("huge")).unwrap().set_len(LARGEST + 1).unwrap();
        let cases = [
            ("link", "is a symbolic link"),
            ("dangling", "is a symbolic link"),
            ("folder", "is a folder where a file should be"),
            ("pipe", "is not a plain file"),
        ];
        for (name, expected) in cases {
            assert_eq!(problem(file(&at(name))), expected, "{name}");
            assert_eq!(problem(mode_of_file(&at(name))), expected, "{name}");
        }
        assert_eq!(problem(file(&at("huge"))), "is larger than 1048576 bytes");
        assert_eq!(problem(file(&at("target/below"))), "is not a folder");
    }

    #[test]
    fn folders_are_listed_without_following_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(folders(&at("absent")).unwrap(), Vec::<String>::new());
        for name in ["b", "a"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("file"), "").unwrap();
        assert_eq!(folders(folder.path()).unwrap(), ["a", "b"]);
        assert_eq!(files(folder.path()).unwrap(), ["file"]);
        symlink(at("a"), at("c")).unwrap();
        assert_eq!(problem(folders(folder.path())), "is a symbolic link");
        assert_eq!(problem(folders(&at("c"))), "is a symbolic link");
        assert_eq!(problem(folders(&at("file"))), "is not a folder");
    }
}
