//! Puts the running program into place under another name, as Kustomize looks for exec plugins.
#![expect(clippy::disallowed_methods, reason = "a link or a file is written here")]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::atomic::TEMPORARY_PREFIX;
use super::tree_error::TreeError;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is new.
    Made,
    /// Something else was there.
    Replaced,
    /// It was there already.
    Unchanged,
}

/// Makes `path` a link to `program`; an existing file or link is replaced.
///
/// # Errors
/// A folder is there, or nothing can be written.
pub fn link(program: &Path, path: &Path) -> Result<Placed, TreeError> {
    let is_there = || fs::read_link(path).is_ok_and(|target| target == program);
    place(path, is_there, |temporary| std::os::unix::fs::symlink(program, temporary))
}

/// Makes `path` a copy of `program`; an existing file or link is replaced.
///
/// # Errors
/// A folder is there, or nothing can be read or written.
pub fn copy(program: &Path, path: &Path) -> Result<Placed, TreeError> {
    let is_file = || path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    let is_there = || is_file() && is_executable(path) && same_content(program, path);
    place(path, is_there, |temporary| {
        let mut copy = fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(copy.write(true).create_new(true), 0o755);
        io::copy(&mut File::open(program)?, &mut copy.open(temporary)?).map(drop)
    })
}

fn place(
    path: &Path,
    is_there: impl FnOnce() -> bool,
    make: impl Fn(&Path) -> io::Result<()>,
) -> Result<Placed, TreeError> {
    if is_there() {
        return Ok(Placed::Unchanged);
    }
    let failed = |error| TreeError::Write { path: path.to_owned(), error };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .map_err(|error| TreeError::Write { path: folder.to_owned(), error })?;
    let existing = path.symlink_metadata().ok();
    let is_replaceable = |found: &fs::Metadata| found.is_file() || found.is_symlink();
    if existing.as_ref().is_some_and(|found| !is_replaceable(found)) {
        return Err(TreeError::NotAFile(path.to_owned()));
    }
    let existed = existing.is_some();
    let temporary = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).make_in(folder, make);
    // A name is exchanged at once: no build finds it absent or half-written.
    let temporary = temporary.map_err(failed)?.into_temp_path();
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(if existed { Placed::Replaced } else { Placed::Made })
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o111)
}

/// Whether two files hold the same bytes.
pub(super) fn same_content(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    let read = |path: &Path| fs::read(path).ok();
    length(one).is_some() && length(one) == length(other) && read(one) == read(other)
}

/// Where Kustomize looks for plugins, in its order (`api/konfig/plugins.go`, `DefaultAbsPluginHome`), in an
/// environment of these variables.
pub fn candidates(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let below = |folder: Option<PathBuf>, path: &str| folder.map(|folder| folder.join(path));
    let all = [
        folder("KUSTOMIZE_PLUGIN_HOME"),
        below(folder("XDG_CONFIG_HOME"), "kustomize/plugin"),
        below(folder("HOME"), ".config/kustomize/plugin"),
        below(folder("HOME"), "kustomize/plugin"),
    ];
    all.into_iter().flatten().collect()
}

/// The folder that Kustomize takes plugins from: the first of `candidates` that exists.
#[must_use]
pub fn first_existing(candidates: &[PathBuf]) -> Option<&PathBuf> {
    candidates.iter().find(|candidate| candidate.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_time_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "x").unwrap();
        for place in [link, copy] {
            let path = folder.path().join("a/b/MutualTLS");
            assert_ne!(place(&program, &path).unwrap(), Placed::Unchanged);
            assert_eq!(place(&program, &path).unwrap(), Placed::Unchanged);
            assert_eq!(fs::read(&path).unwrap(), b"x");
            assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        }
    }

    #[test]
    fn what_is_in_the_way_is_replaced_unless_it_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (program, path) = (folder.path().join("program"), folder.path().join("MutualTLS"));
        fs::write(&program, "new").unwrap();
        fs::write(&path, "old").unwrap();
        assert_eq!(copy(&program, &path).unwrap(), Placed::Replaced);
        assert!(is_executable(&path));
        assert_eq!(link(&program, &path).unwrap(), Placed::Replaced);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert_eq!(copy(&program, &path).unwrap(), Placed::Replaced, "a link is not followed");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(link(&program, &path).is_err());
    }
}
