//! The one place where files of users are opened: nothing that is opened makes the program wait, and what is confined
//! lies below its folder.
//!
//! A pipe with a name waits for a writer, a device does what devices do; both are refused, but for the pipes
//! that a shell hands over (`/dev/stdin`, `<(COMMAND)`) and `/dev/null`.
#![expect(clippy::disallowed_methods, reason = "files are opened here")]

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Dir, Mode, OFlags};

use super::input_error::{ReadError, ReadErrorKind};

/// The device that is always empty.
const EMPTY: &str = "/dev/null";
/// Nothing is waited for, no terminal is taken over.
const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Opens a file for reading.
///
/// # Errors
/// It is absent, a folder, a pipe or a device, or cannot be opened.
pub fn open(path: &Path) -> Result<File, ReadError> {
    let opened = rustix::fs::open(path, FLAGS, Mode::empty());
    checked(path, opened.map(File::from), is_handed_over(path))
}

/// Opens a file whose way must not leave one of `roots`, links followed; neither must it afterwards.
///
/// # Errors
/// As [`open`]; and [`ReadErrorKind::Outside`].
pub fn open_beneath(path: &Path, roots: &[PathBuf]) -> Result<File, ReadError> {
    let (folder, name) = walk(path, roots)?;
    let opened = match name {
        Some(name) => rustix::fs::openat(&folder, name, FLAGS | OFlags::NOFOLLOW, Mode::empty()),
        // The root itself, which may be a file.
        None => return checked(path, Ok(folder), false),
    };
    checked(path, opened.map(File::from), false)
}

/// The names in a folder, with roots as in [`open_beneath`]; without any, anywhere.
///
/// # Errors
/// As [`open_beneath`].
pub fn names(path: &Path, roots: Option<&[PathBuf]>) -> Result<Vec<OsString>, ReadError> {
    use std::os::unix::ffi::OsStringExt as _;
    let failed = |error: io::Error| ReadError::new(path, &error);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = match roots {
        None => rustix::fs::open(path, flags, Mode::empty()),
        Some(roots) => match walk(path, roots)? {
            (folder, None) => rustix::fs::openat(&folder, ".", flags, Mode::empty()),
            (folder, Some(name)) => {
                rustix::fs::openat(&folder, &name, flags | OFlags::NOFOLLOW, Mode::empty())
            }
        },
    };
    let entries = folder.and_then(Dir::new).map_err(|error| failed(error.into()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| failed(error.into()))?.file_name().to_owned();
        names.push(OsString::from_vec(name.into_bytes()));
    }
    names.retain(|name| name != "." && name != "..");
    Ok(names)
}

/// Whether a way leads below one of `roots`, links followed, although its end may not exist yet.
#[must_use]
pub fn is_beneath(path: &Path, roots: &[PathBuf]) -> bool {
    let Ok(real) = super::tree::real_path(path) else { return false };
    // Behind what does not exist, `..` may lead anywhere.
    let is_plain = !real.components().any(|part| part == Component::ParentDir);
    is_plain && roots.iter().any(|root| real.starts_with(root))
}

/// The folder that holds a file, opened from its root on without following links, and the file's name in it; no name
/// for the root itself.
fn walk(path: &Path, roots: &[PathBuf]) -> Result<(File, Option<OsString>), ReadError> {
    let failed = |error: io::Error| ReadError::new(path, &error);
    let outside = || ReadError { path: path.to_owned(), kind: ReadErrorKind::Outside };
    // Whether something exists elsewhere is not for the one who names it either.
    if !is_beneath(path, roots) {
        return Err(outside());
    }
    let real = fs::canonicalize(path).map_err(failed)?;
    let below = |root: &PathBuf| Some((root.clone(), real.strip_prefix(root).ok()?.to_owned()));
    let (root, way) = roots.iter().find_map(below).ok_or_else(outside)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |opened: rustix::io::Result<std::os::fd::OwnedFd>| {
        opened.map(File::from).map_err(|error| failed(error.into()))
    };
    let mut folder = open(rustix::fs::open(&root, flags, Mode::empty()))?;
    let mut names: Vec<OsString> = way.iter().map(ToOwned::to_owned).collect();
    let last = names.pop();
    for name in names {
        folder =
            open(rustix::fs::openat(&folder, &name, flags | OFlags::DIRECTORY, Mode::empty()))?;
    }
    Ok((folder, last))
}

/// An opened file, if it is one that can be read to its end without waiting.
fn checked(
    path: &Path,
    opened: rustix::io::Result<File>,
    is_handed_over: bool,
) -> Result<File, ReadError> {
    let failed = |error: io::Error| ReadError::new(path, &error);
    let refused = |kind| Err(ReadError { path: path.to_owned(), kind });
    let file = match opened {
        Ok(file) => file,
        // What a socket answers.
        Err(rustix::io::Errno::NXIO) => {
            return refused(ReadErrorKind::NotAFile("a socket or device"));
        }
        Err(error) => return Err(failed(error.into())),
    };
    let metadata = file.metadata().map_err(failed)?;
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    if kind.is_dir() {
        return refused(ReadErrorKind::Folder);
    }
    if kind.is_fifo() && is_handed_over {
        // Its writer is there, and may take its time.
        let flags = rustix::fs::fcntl_getfl(&file).map_err(|error| failed(error.into()))?;
        rustix::fs::fcntl_setfl(&file, flags.difference(OFlags::NONBLOCK))
            .map_err(|error| failed(error.into()))?;
        return Ok(file);
    }
    if kind.is_char_device() && is_empty(&metadata) {
        return Ok(file);
    }
    refused(ReadErrorKind::NotAFile(if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }))
}

/// Whether a shell may have made the path for a pipe: `/dev/stdin`, or `/dev/fd/63` for `<(COMMAND)`.
fn is_handed_over(path: &Path) -> bool {
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let path = path.to_str().unwrap_or_default();
    let folders = ["/dev/fd/", "/proc/self/fd/"];
    path == "/dev/stdin"
        || folders.iter().any(|folder| path.strip_prefix(folder).is_some_and(is_number))
}

fn is_empty(device: &Metadata) -> bool {
    fs::metadata(EMPTY).is_ok_and(|empty| empty.rdev() == device.rdev())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn kind(path: &Path) -> ReadErrorKind {
        open(path).unwrap_err().kind
    }

    #[test]
    fn what_would_wait_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, mode, 0)
            .unwrap();
        symlink("pipe", at("link")).unwrap();
        symlink("/dev/stdin", at("input")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for name in ["pipe", "link", "socket"] {
            assert!(matches!(kind(&at(name)), ReadErrorKind::NotAFile(_)), "{name}");
        }
        for device in ["/dev/zero", "/dev/urandom"] {
            assert_eq!(kind(Path::new(device)), ReadErrorKind::NotAFile("a device"));
        }
        assert_eq!(kind(folder.path()), ReadErrorKind::Folder);
        let mut text = String::new();
        open(Path::new("/dev/null")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
    }

    #[test]
    fn nothing_outside_of_a_folder_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        let at = |name: &str| real.join(name);
        fs::create_dir_all(at("root/sub")).unwrap();
        fs::write(at("root/sub/a"), "inside").unwrap();
        fs::write(at("secret"), "outside").unwrap();
        symlink("sub", at("root/folder")).unwrap();
        symlink("folder/a", at("root/file")).unwrap();
        symlink("../secret", at("root/out")).unwrap();
        symlink("..", at("root/up")).unwrap();
        symlink(at("root/sub/a"), at("root/whole")).unwrap();
        let roots = [at("root")];
        for inside in
            ["root/sub/a", "root/file", "root/folder/a", "root/whole", "root/sub/../sub/a"]
        {
            let mut text = String::new();
            let mut file = open_beneath(&at(inside), &roots).unwrap();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "inside", "{inside}");
        }
        for outside in [
            "secret",
            "root/out",
            "root/up/secret",
            "root/../secret",
            "root/no/../../secret",
            "absent",
        ] {
            let error = open_beneath(&at(outside), &roots).unwrap_err();
            assert_eq!(error.kind, ReadErrorKind::Outside, "{outside}");
        }
        assert_eq!(open_beneath(&at("root/no"), &roots).unwrap_err().kind, ReadErrorKind::NotFound);
        assert!(
            is_beneath(&at("root/new/store"), &roots)
                && !is_beneath(&at("root/new/../../x"), &roots)
        );
        assert_eq!(names(&at("root/folder"), Some(&roots)).unwrap(), ["a"]);
        assert_eq!(names(&at("root/up"), Some(&roots)).unwrap_err().kind, ReadErrorKind::Outside);
        assert!(open_beneath(&at("secret"), &[at("secret")]).is_ok(), "a root that is a file");
    }
}
