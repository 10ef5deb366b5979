//! The list of what a change makes: a text with one path below the store on each line.

use std::fmt;
use std::path::Path;

use super::error::StoreError;
use super::{layout, read};

const FIRST_LINE: &str = "mtlsgen transaction 1";
const LAST_LINE: &str = "end";
/// Three files for each of some hundred thousand certificates.
const LARGEST: u64 = 256 << 20;

/// What a change makes, by paths below the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Folders that did not exist before, outer ones first.
    pub(super) folders: Vec<String>,
    /// New or replaced files, in the order of replacement.
    pub(super) files: Vec<String>,
    /// Files that go once all others are in their places.
    pub(super) removed: Vec<String>,
    /// Folders that go after them, inner ones first; those that others use stay.
    pub(super) removed_folders: Vec<String>,
}

/// What a file with a list turns out to be.
pub(super) enum Found {
    /// There is no such file.
    Nothing,
    /// Its writer was killed, or it is no list.
    CutOff,
    /// The list.
    Whole(Record),
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        self.folders.iter().try_for_each(|path| writeln!(f, "folder {path}"))?;
        self.files.iter().try_for_each(|path| writeln!(f, "file {path}"))?;
        self.removed.iter().try_for_each(|path| writeln!(f, "remove {path}"))?;
        self.removed_folders.iter().try_for_each(|path| writeln!(f, "remove-folder {path}"))?;
        writeln!(f, "{LAST_LINE}")
    }
}

impl Record {
    /// The list in the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Found, StoreError> {
        let Some(content) = read::file_up_to(path, LARGEST)? else { return Ok(Found::Nothing) };
        let record = str::from_utf8(&content).ok().and_then(Self::parse);
        Ok(record.map_or(Found::CutOff, Found::Whole))
    }

    /// The list in `text`; `None` if it was cut off, or leads out of the store.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut record = Self::default();
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next() != Some(FIRST_LINE) || lines.next_back() != Some(LAST_LINE) {
            return None;
        }
        for line in lines {
            let (kind, path) = line.split_once(' ')?;
            let list = match kind {
                "folder" => &mut record.folders,
                "file" => &mut record.files,
                "remove" => &mut record.removed,
                "remove-folder" => &mut record.removed_folders,
                _ => return None,
            };
            list.push(Some(path).filter(|path| layout::is_inside(path))?.to_owned());
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            folders: vec!["clients".into(), "clients/a b".into()],
            files: vec![".generation".into(), "clients/a b/tls.key".into()],
            removed: vec!["cas/a/next/tls.key".into()],
            removed_folders: vec!["cas/a/next".into()],
        }
    }

    #[test]
    fn lists_come_back() {
        assert_eq!(Record::parse(&record().to_string()), Some(record()));
        assert_eq!(Record::parse(&Record::default().to_string()), Some(Record::default()));
    }

    #[test]
    fn lists_that_were_cut_off_are_told() {
        let text = record().to_string();
        for length in 0..text.len() {
            assert_eq!(Record::parse(&text[..length]), None, "{length}");
        }
    }

    #[test]
    fn lists_that_lead_out_of_the_store_are_refused() {
        for path in ["../x", "/etc/passwd", "a/../../b", ""] {
            for kind in ["file", "folder", "remove", "remove-folder"] {
                let text = format!("{FIRST_LINE}\n{kind} {path}\n{LAST_LINE}\n");
                assert_eq!(Record::parse(&text), None, "{kind} {path}");
            }
        }
    }
}
