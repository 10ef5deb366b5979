//! The list of what a change makes: a text with one path below the store on each line.
//!
//! A repository can contain any file, so a list proves nothing by lying there. Of every file that a change replaces, removes
//! or adds, the list has the SHA-256 digest before and after: no checkout knows that of a key which Git ignores, or of a
//! certificate that is not committed yet. A list with other digests than the files, or with paths that the layout does
//! not know, is not carried out.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use super::layout::{self, Part};
use super::read;
use crate::io::beneath::Place;

const FIRST_LINE: &str = "mtlsgen transaction 2";
const LAST_LINE: &str = "end";
/// Takes the place of the digest of a file that is not there.
const ABSENT: &str = "-";
/// Three files for each of some hundred thousand certificates.
const LARGEST: u64 = 256 << 20;

/// What a change makes, by paths below the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Folders that did not exist before, outer ones first.
    pub(super) folders: Vec<String>,
    /// New or replaced files, in the order of replacement.
    pub(super) files: Vec<RecordedFile>,
    /// Files that go once all others are in their places.
    pub(super) removed: Vec<RecordedFile>,
    /// Folders that go after them, inner ones first; those that others use stay.
    pub(super) removed_folders: Vec<String>,
}

/// A file of a change, and what it holds before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RecordedFile {
    /// Its path below the store.
    pub(super) path: String,
    /// Before; `None`: there is no such file.
    pub(super) before: Option<FileDigest>,
    /// After; `None`: it is removed.
    pub(super) after: Option<FileDigest>,
}

/// SHA-256 of what a file holds, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileDigest(String);

impl FileDigest {
    pub(super) fn of(content: &[u8]) -> Self {
        let mut text = String::with_capacity(64);
        for octet in Sha256::digest(content) {
            write!(text, "{octet:02x}").expect("a String takes everything");
        }
        Self(text)
    }

    /// Of the file at `place`; `None` if there is none.
    pub(super) fn of_file(place: &Place) -> Result<Option<Self>, StoreError> {
        Ok(read::file(place)?.map(|content| Self::of(&content)))
    }

    /// The digest in a list; `Ok(None)` is that of a file that is not there.
    fn parse(text: &str) -> Result<Option<Self>, NoDigest> {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text {
            ABSENT => Ok(None),
            _ if is_digest => Ok(Some(Self(text.to_owned()))),
            _ => Err(NoDigest),
        }
    }
}

/// An entry of a list is not a digest.
struct NoDigest;

/// What a file with a list turns out to be.
pub(super) enum Found {
    /// There is no such file.
    Nothing,
    /// Its writer was killed, or it is not a list.
    CutOff,
    /// The list.
    Whole(Record),
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = |digest: &Option<FileDigest>| match digest {
            Some(FileDigest(text)) => text.clone(),
            None => ABSENT.to_owned(),
        };
        writeln!(f, "{FIRST_LINE}")?;
        self.folders.iter().try_for_each(|path| writeln!(f, "folder {path}"))?;
        for (word, files) in [("file", &self.files), ("remove", &self.removed)] {
            for RecordedFile { path, before, after } in files {
                writeln!(f, "{word} {} {} {path}", digest(before), digest(after))?;
            }
        }
        self.removed_folders.iter().try_for_each(|path| writeln!(f, "remove-folder {path}"))?;
        writeln!(f, "{LAST_LINE}")
    }
}

impl Record {
    /// The list in the file at `place`.
    pub(super) fn read(place: &Place) -> Result<Found, StoreError> {
        let Some(content) = read::file_up_to(place, LARGEST)? else { return Ok(Found::Nothing) };
        let record = str::from_utf8(&content).ok().and_then(Self::parse);
        Ok(record.map_or(Found::CutOff, Found::Whole))
    }

    /// The list in `text`; `None` if it was cut off, or names what no change has.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut record = Self::default();
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next() != Some(FIRST_LINE) || lines.next_back() != Some(LAST_LINE) {
            return None;
        }
        for line in lines {
            let (word, rest) = line.split_once(' ')?;
            match word {
                "folder" => record.folders.push(known(rest, Part::Folder)?),
                "file" => record.files.push(file(rest)?),
                "remove" => record.removed.push(file(rest)?),
                "remove-folder" => record.removed_folders.push(known(rest, Part::Folder)?),
                _ => return None,
            }
        }
        Some(record)
    }

    /// Makes sure that every file of a list is as before the change or as after it.
    ///
    /// # Errors
    /// The first one that is neither.
    pub(super) fn require_origin(
        &self,
        root: &Place,
        beside: impl Fn(&str) -> String,
    ) -> Result<(), Foreign> {
        for RecordedFile { path, before, after } in self.files.iter().chain(&self.removed) {
            let now = FileDigest::of_file(&root.join(path))?;
            let waiting = FileDigest::of_file(&root.join(beside(path)))?;
            let is_due = now == *before && waiting == *after;
            let is_done = now == *after && waiting.is_none();
            if !is_due && !is_done {
                return Err(Foreign::File(path.clone()));
            }
        }
        Ok(())
    }
}

/// Why a list is not carried out.
pub(super) enum Foreign {
    /// It does not know this file.
    File(String),
    /// A file cannot be read.
    Unreadable(StoreError),
}

impl From<StoreError> for Foreign {
    fn from(error: StoreError) -> Self {
        Self::Unreadable(error)
    }
}

fn known(path: &str, part: Part) -> Option<String> {
    (layout::part(path) == Some(part)).then(|| path.to_owned())
}

fn file(rest: &str) -> Option<RecordedFile> {
    let mut words = rest.splitn(3, ' ');
    let mut digest = || FileDigest::parse(words.next()?).ok();
    let (before, after) = (digest()?, digest()?);
    let path = words.next()?;
    let path = known(path, Part::Public).or_else(|| known(path, Part::Key))?;
    Some(RecordedFile { path, before, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let digest = |text: &str| Some(FileDigest::of(text.as_bytes()));
        let file = |path: &str, before, after| RecordedFile { path: path.into(), before, after };
        Record {
            folders: vec!["clients".into(), "clients/a%20b".into()],
            files: vec![
                file(".generation", digest("1"), digest("2")),
                file("clients/a%20b/tls.key", None, digest("new")),
                file("cas/a/tls.key.age", digest("old"), digest("new")),
            ],
            removed: vec![
                file("cas/a/next/tls.crt", None, None),
                file("cas/a/next/tls.key", digest("x"), None),
            ],
            removed_folders: vec!["cas/a/next".into()],
        }
    }

    #[test]
    fn lists_come_back() {
        assert_eq!(Record::parse(&record().to_string()), Some(record()));
        assert_eq!(Record::parse(&Record::default().to_string()), Some(Record::default()));
    }

    #[test]
    fn lists_that_were_cut_off_are_reported() {
        let text = record().to_string();
        for length in 0..text.len() {
            assert_eq!(Record::parse(&text[..length]), None, "{length}");
        }
    }

    #[test]
    fn lists_of_other_files_than_those_of_changes_are_refused() {
        let parse = |line: &str| Record::parse(&format!("{FIRST_LINE}\n{line}\n{LAST_LINE}\n"));
        let paths = [
            "../x",
            "/etc/passwd",
            "a/../../b",
            "",
            ".git/config",
            ".gitignore",
            ".lock",
            "cas/.gitignore",
            "clients/a/../b/tls.crt",
            "clients/A/tls.crt",
            "clients/a/a.p12",
            "clients/a/next/tls.crt",
            "clients/a/tls.crt/b",
            "clients/a/b/c/d",
        ];
        let digest = FileDigest::of(b"x").0;
        for path in paths {
            for word in ["folder", "remove-folder"] {
                assert_eq!(parse(&format!("{word} {path}")), None, "{word} {path}");
            }
            for word in ["file", "remove"] {
                assert_eq!(parse(&format!("{word} {digest} - {path}")), None, "{word} {path}");
            }
        }
        for line in ["file cas/a/tls.crt", "file - cas/a/tls.key", "file - x cas/a/tls.key", "file"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
        assert_eq!(parse("folder cas/a/tls.key"), None);
        assert!(parse(&format!("remove {digest} - cas/a/tls.key")).is_some());
    }
}
