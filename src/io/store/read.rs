//! Reads single files of a store with suspicion: no links, no devices, nothing huge.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};

use rustix::fs::FileType;
use zeroize::Zeroizing;

use super::error::StoreError;
use super::sharing;
use crate::io::beneath::{Facts, Place};

/// More than any certificate chain, key or ledger entry.
const LARGEST: u64 = 1 << 20;
/// What is wrong with a link, wherever it leads.
const LINK: &str = "is a symbolic link";

/// What the file at `place` holds; `None` if there is none. The memory is wiped when it is dropped.
///
/// # Errors
/// [`StoreError::Damaged`] for anything but a plain file of sensible size, links included.
pub(super) fn file(place: &Place) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    file_up_to(place, LARGEST)
}

/// As [`file`], with another limit in bytes.
pub(super) fn file_up_to(
    place: &Place,
    largest: u64,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let mut file = match place.open_file() {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(place, error)),
    };
    let metadata = file.metadata().map_err(|error| StoreError::io("read", place, error))?;
    let facts = Facts::from(&metadata);
    require_file(place, facts.kind)?;
    sharing::note(place, &facts);
    if metadata.len() > largest {
        return Err(StoreError::damaged(place, format!("is larger than {largest} bytes")));
    }
    read_whole(&mut file, metadata.len())
        .map(Some)
        .map_err(|error| StoreError::io("read", place, error))
}

/// Reads up to the length that the file had, into memory that need not move as it fills.
fn read_whole(file: &mut File, length: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
    let mut content = Zeroizing::new(vec![0; length]);
    file.read_exact(&mut content)?;
    Ok(content)
}

/// Whether there is a plain file at `place`, and its permission bits.
///
/// # Errors
/// [`StoreError::Damaged`] if it is something else.
pub(super) fn mode_of_file(place: &Place) -> Result<Option<u32>, StoreError> {
    let Some(facts) = facts(place)? else { return Ok(None) };
    require_file(place, facts.kind)?;
    Ok(Some(facts.mode))
}

/// Whether there is a folder at `place`, and its permission bits.
///
/// # Errors
/// [`StoreError::Damaged`] if it is something else, such as a link to a folder.
pub(super) fn mode_of_folder(place: &Place) -> Result<Option<u32>, StoreError> {
    Ok(facts_of_folder(place)?.map(|facts| facts.mode))
}

/// As [`mode_of_folder`], with all that is known of it.
pub(super) fn facts_of_folder(place: &Place) -> Result<Option<Facts>, StoreError> {
    match facts(place)? {
        Some(facts) if facts.kind != FileType::Directory => Err(no_folder(place, facts.kind)),
        Some(facts) => {
            sharing::note(place, &facts);
            Ok(Some(facts))
        }
        None => Ok(None),
    }
}

/// Names of the folders in a folder, sorted; empty if there is no folder of that name.
///
/// # Errors
/// [`StoreError::Damaged`] where a link is among them or in their place.
pub(super) fn folders(place: &Place) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for (name, kind) in entries(place)? {
        if kind == FileType::Symlink {
            return Err(no_folder(&place.join(&name), kind));
        }
        if kind == FileType::Directory {
            names.push(name);
        }
    }
    Ok(names)
}

/// Names of everything in a folder that is not a folder, sorted; empty if there is no folder of that name.
pub(super) fn files(place: &Place) -> Result<Vec<String>, StoreError> {
    let entries = entries(place)?.into_iter();
    Ok(entries.filter(|(_, kind)| *kind != FileType::Directory).map(|(name, _)| name).collect())
}

/// Everything in a folder whose name is text, sorted; mtlsgen makes no other names.
fn entries(place: &Place) -> Result<Vec<(String, FileType)>, StoreError> {
    if let Ok(Some(facts)) = place.facts() {
        sharing::note(place, &facts);
    }
    let found = place.entries().map_err(|error| match place.obstacle() {
        Some((obstacle, kind)) => no_folder(&obstacle, kind),
        None => StoreError::io("read", place, error),
    });
    Ok(found?.unwrap_or_default())
}

/// What is at `place` itself, links not followed.
pub(super) fn facts(place: &Place) -> Result<Option<Facts>, StoreError> {
    place.facts().map_err(|error| refused(place, error))
}

fn require_file(place: &Place, kind: FileType) -> Result<(), StoreError> {
    let problem = match kind {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "is a folder where a file should be",
        FileType::Symlink => LINK,
        _ => "is not a plain file",
    };
    Err(StoreError::damaged(place, problem))
}

fn no_folder(place: &Place, kind: FileType) -> StoreError {
    let problem = if kind == FileType::Symlink { LINK } else { "is not a folder" };
    StoreError::damaged(place, problem)
}

/// Sorts damage from trouble among the refusals to open something.
fn refused(place: &Place, error: io::Error) -> StoreError {
    match place.obstacle() {
        Some((obstacle, kind)) if obstacle.below() != place.below() => no_folder(&obstacle, kind),
        Some((_, kind)) if kind != FileType::RegularFile => {
            require_file(place, kind).expect_err("it is not a plain file")
        }
        _ => StoreError::io("read", place, error),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make what is read")]
mod tests {
    use std::fs;
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
        let place = Place::open(folder.path()).unwrap().join("a");
        assert!(file(&place).unwrap().is_none());
        assert!(file(&place.join("b")).unwrap().is_none());
        fs::write(place.path(), "text").unwrap();
        assert_eq!(&**file(&place).unwrap().unwrap(), b"text");
        assert!(mode_of_file(&place).unwrap().is_some());
    }

    #[test]
    fn what_is_not_a_plain_file_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let root = Place::open(folder.path()).unwrap();
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
            assert_eq!(problem(file(&root.join(name))), expected, "{name}");
            assert_eq!(problem(mode_of_file(&root.join(name))), expected, "{name}");
        }
        assert_eq!(problem(file(&root.join("huge"))), "is larger than 1048576 bytes");
        assert_eq!(problem(file(&root.join("target/below"))), "is not a folder");
    }

    #[test]
    fn folders_are_listed_without_following_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let root = Place::open(folder.path()).unwrap();
        assert_eq!(folders(&root.join("absent")).unwrap(), Vec::<String>::new());
        for name in ["b", "a"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("file"), "").unwrap();
        assert_eq!(folders(&root).unwrap(), ["a", "b"]);
        assert_eq!(files(&root).unwrap(), ["file"]);
        symlink(at("a"), at("c")).unwrap();
        assert_eq!(problem(folders(&root)), "is a symbolic link");
        assert_eq!(problem(folders(&root.join("c"))), "is a symbolic link");
        assert_eq!(problem(folders(&root.join("file"))), "is not a folder");
    }
}
