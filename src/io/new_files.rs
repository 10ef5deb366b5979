//! Writes single files that people asked for: first specs, templates to change, manual pages.
#![expect(clippy::disallowed_methods, reason = "files are written here")]

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::atomic::{self, Access};
use super::open;
use super::tree::write_atomically;
use super::tree_error::TreeError;

/// A file to be: its path below the folder, and its content.
pub type NewFile<'a> = (&'a str, &'a [u8]);

/// The name of a folder, which need not be there yet; links are followed where it has none of its own, as `.`.
#[must_use]
pub fn name_of_folder(folder: &Path) -> Option<String> {
    let own = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    own(folder).or_else(|| {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        own(&fs::canonicalize(here).ok()?)
    })
}

/// Writes files below `folder`, over existing entries of the same names.
///
/// # Errors
/// A file or folder cannot be written.
pub fn write_over(folder: &Path, files: &[NewFile<'_>]) -> Result<(), TreeError> {
    for (name, content) in files {
        let path = folder.join(name);
        make_parent(&path)?;
        require_replaceable(&path)?;
        write_atomically(&path, content, 0o644)
            .map_err(|error| TreeError::Write { path, error })?;
    }
    Ok(())
}

/// Writes files below `folder` where none is; one that is there already with the same content will do.
///
/// # Errors
/// Other files are there, and nothing was written; or a file or folder cannot be written.
pub fn write_new(folder: &Path, files: &[NewFile<'_>]) -> Result<(), TreeError> {
    let mut missing = Vec::new();
    let mut in_the_way = Vec::new();
    for (name, content) in files {
        let path = folder.join(name);
        // A link that leads nowhere is there, too.
        if path.symlink_metadata().is_err() {
            missing.push((path, *content));
        } else if !holds(&path, content) {
            in_the_way.push(path);
        }
    }
    if !in_the_way.is_empty() {
        return Err(TreeError::Exists(in_the_way));
    }
    missing.into_iter().try_for_each(|(path, content)| create(&path, content))
}

/// Whether the file at `path` holds just that.
#[must_use]
pub fn holds(path: &Path, content: &[u8]) -> bool {
    let mut existing = Vec::new();
    let file = open::open(path).ok();
    file.is_some_and(|file| {
        let limit = content.len() as u64 + 1;
        file.take(limit).read_to_end(&mut existing).is_ok() && existing == content
    })
}

/// Writes files with the mode that they are to have from the moment they exist, in folders that exist:
/// all of them or none. `force` replaces what is there.
///
/// # Errors
/// Something is there already, and nothing was written; or a file cannot be written, and what was
/// written before it is removed again (unless it replaced another one).
pub fn write_private(files: &[(&Path, &[u8], Access)], force: bool) -> Result<(), TreeError> {
    files.iter().try_for_each(|(path, ..)| require_place(path))?;
    if force {
        for (path, content, access) in files {
            atomic::write_atomically(path, content, *access)
                .map_err(|error| TreeError::Write { path: (*path).to_owned(), error })?;
        }
        return Ok(());
    }
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    let in_the_way: Vec<PathBuf> =
        files.iter().map(|file| file.0).filter(|path| is_there(path)).map(Path::to_owned).collect();
    if !in_the_way.is_empty() {
        return Err(TreeError::Exists(in_the_way));
    }
    for (done, (path, content, access)) in files.iter().enumerate() {
        if let Err(error) = create_with(path, content, access.mode()) {
            for (written, ..) in &files[..done] {
                let _ = fs::remove_file(written);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// A folder that exists, and no other one where the file is to be. Reported before anything is written, and without the
/// names of temporary files.
fn require_place(path: &Path) -> Result<(), TreeError> {
    let folder = parent(path);
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(TreeError::NotAFolder(folder.to_owned())),
        Ok(_) => {}
        Err(error) => return Err(TreeError::Write { path: folder.to_owned(), error }),
    }
    require_replaceable(path)
}

/// Nothing, a file or a link where a file is to be: a folder, a pipe or a device is not replaced, nor anything among the
/// devices, such as the link `/dev/stdout`.
fn require_replaceable(path: &Path) -> Result<(), TreeError> {
    const DEVICES: [&str; 2] = ["/dev", "/dev/fd"];
    let is_replaceable = |found: fs::Metadata| found.is_file() || found.is_symlink();
    if !fs::symlink_metadata(path).map_or(true, is_replaceable) {
        return Err(TreeError::NotAFile(path.to_owned()));
    }
    let folder = fs::canonicalize(parent(path)).unwrap_or_default();
    if folder.starts_with("/proc") || DEVICES.iter().any(|devices| folder == Path::new(devices)) {
        return Err(TreeError::Device(path.to_owned()));
    }
    Ok(())
}

fn create(path: &Path, content: &[u8]) -> Result<(), TreeError> {
    make_parent(path)?;
    create_with(path, content, Access::Public.mode())
}

fn create_with(path: &Path, content: &[u8], mode: u32) -> Result<(), TreeError> {
    let written = || {
        let mut file = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
            .tempfile_in(parent(path))?;
        file.write_all(content)?;
        file.persist_noclobber(path).map_err(|error| error.error)
    };
    match written() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(TreeError::Exists(vec![path.to_owned()]))
        }
        Err(error) => Err(TreeError::Write { path: path.to_owned(), error }),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make_parent(path: &Path) -> Result<(), TreeError> {
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(|error| TreeError::Write { path: folder.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_never_replace_others() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name| folder.path().join(name);
        fs::write(at("a"), "same").unwrap();
        write_new(folder.path(), &[("a", b"same"), ("sub/b", b"new")]).unwrap();
        assert_eq!(fs::read(at("sub/b")).unwrap(), b"new");
        let both: [NewFile<'_>; 2] = [("a", b"other"), ("c", b"")];
        let Err(TreeError::Exists(paths)) = write_new(folder.path(), &both) else { panic!() };
        assert_eq!(paths, [at("a")]);
        assert!(!at("c").exists(), "nothing is written beside a refusal");
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        assert!(write_new(folder.path(), &[("link", b"")]).is_err());
    }

    #[test]
    fn pipes_and_devices_are_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for force in [false, true] {
            for path in [&*pipe, Path::new("/dev/null"), Path::new("/dev/stdout")] {
                let file = (path, &b"x"[..], Access::Private);
                assert!(write_private(&[file], force).is_err(), "{}", path.display());
            }
        }
        assert!(write_over(folder.path(), &[("pipe", b"x")]).is_err());
        assert!(write_new(folder.path(), &[("pipe", b"x")]).is_err());
        assert!(!fs::symlink_metadata(&pipe).unwrap().is_file());
    }

    #[test]
    fn generated_files_replace_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        write_over(&inner, &[("page.1", b"old")]).unwrap();
        write_over(&inner, &[("page.1", b"new")]).unwrap();
        assert_eq!(fs::read(inner.join("page.1")).unwrap(), b"new");
    }
}
