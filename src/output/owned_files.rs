//! The record of the files that mtlsgen wrote into a folder: it replaces and removes those, and no others.

use std::collections::BTreeMap;
use std::fmt;

use super::file_name::sha256_hex;
use super::layout::GENERATED;

/// Name of the record's file.
pub const RECORD: &str = ".mtlsgen";

const HEADER: &str = "\
# Files that mtlsgen wrote here, with the SHA-256 of those that hold no private key.
# mtlsgen replaces and removes these, and no others. Keep this file with them.
";

/// Files that mtlsgen wrote, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// SHA-256 of the content in hexadecimal; `None` where it holds a key, or where a run was cut short.
    entries: BTreeMap<String, Option<String>>,
}

/// A line of a record that mtlsgen cannot have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Line, from one.
    pub line: usize,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is neither a comment nor a hash with the path of a file", self.line)
    }
}

impl std::error::Error for RecordError {}

impl Record {
    /// Reads a record's text.
    ///
    /// # Errors
    /// The first line that mtlsgen cannot have written, such as a path that leaves the folder.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let entries = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(at, line)| parse_line(line).ok_or(RecordError { line: at + 1 }))
            .collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// The record as text: sorted, one line a file.
    pub fn text(&self) -> String {
        let line = |(path, hash): (&String, &Option<String>)| {
            format!("{}  {path}\n", hash.as_deref().unwrap_or("-"))
        };
        HEADER.to_owned() + &self.entries.iter().map(line).collect::<String>()
    }

    /// Paths of the files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether mtlsgen wrote the file at `path`.
    pub fn contains(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Whether the file at `path` holds what mtlsgen wrote, or what a person made of that, or nothing: a record alone
    /// proves nothing, since a repository can contain one that names files of others.
    pub fn is_own(&self, path: &str, content: &[u8]) -> bool {
        let Some(hash) = self.entries.get(path) else { return false };
        let is_as_written = || hash.as_ref().is_some_and(|hash| *hash == sha256_hex(content));
        content.is_empty() || content.starts_with(GENERATED) || is_as_written()
    }

    /// Whether the file at `path` is recorded with that content, according to the record.
    pub fn agrees(&self, path: &str, content: &[u8]) -> bool {
        let hash = self.entries.get(path);
        hash.is_some_and(|hash| hash.as_ref().is_none_or(|hash| *hash == sha256_hex(content)))
    }

    /// Whether the file at `path` was changed after mtlsgen wrote it, according to the record.
    pub fn is_edited(&self, path: &str, content: &[u8]) -> bool {
        let hash = self.entries.get(path).and_then(Option::as_ref);
        hash.is_some_and(|hash| *hash != sha256_hex(content))
    }

    /// Enters a file with its content.
    pub fn enter(&mut self, path: &str, content: &[u8]) {
        self.entries.insert(path.to_owned(), Some(sha256_hex(content)));
    }

    /// Enters a file without a hash of its content.
    pub fn enter_unseen(&mut self, path: &str) {
        self.entries.insert(path.to_owned(), None);
    }
}

fn parse_line(line: &str) -> Option<(String, Option<String>)> {
    let (hash, path) = line.split_once("  ")?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    let hash = if hash == "-" { None } else { Some(is_hash.then(|| hash.to_owned())?) };
    is_own_path(path).then(|| (path.to_owned(), hash))
}

/// Whether mtlsgen could have chosen that path: an edited record cannot make it remove anything else.
fn is_own_path(path: &str) -> bool {
    let is_part = |part: &str| {
        part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b))
    };
    let (folders, file) = path.rsplit_once('/').map_or((None, path), |(f, n)| (Some(f), n));
    let own_file = file == ".gitignore"
        || file
            .strip_suffix(".yaml")
            .is_some_and(|stem| !stem.is_empty() && !stem.starts_with('.'));
    let mut folders = folders.into_iter().flat_map(|folders| folders.split('/'));
    own_file && is_part(file) && folders.all(|f| !f.is_empty() && !f.starts_with('.') && is_part(f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let mut record = Record::default();
        record.enter("default/ingress-a.yaml", b"text");
        record.enter("kustomization.yaml", b"");
        record.enter_unseen("secrets/default/secret-a_0f.yaml");
        record.enter("secrets/.gitignore", b"*\n");
        assert_eq!(Record::parse(&record.text()), Ok(record));
    }

    #[test]
    fn knows_edited_files() {
        let mut record = Record::default();
        record.enter("a.yaml", b"text");
        record.enter_unseen("b.yaml");
        assert!(!record.is_edited("a.yaml", b"text"));
        assert!(record.is_edited("a.yaml", b"other"));
        assert!(!record.is_edited("b.yaml", b"other"));
        assert!(!record.is_edited("c.yaml", b"other"));
    }

    #[test]
    fn refuses_paths_that_mtlsgen_never_writes() {
        for path in [
            "../a.yaml",
            "/a.yaml",
            "a/../../b.yaml",
            "a//b.yaml",
            ".git/config.yaml",
            "README.md",
            ".mtlsgen",
            ".yaml",
            "",
            "a/.b.yaml",
            "a\\b.yaml",
            "A.yaml",
            "./a.yaml",
        ] {
            let text = format!("# comment\n-  {path}\n");
            assert_eq!(Record::parse(&text), Err(RecordError { line: 2 }), "{path}");
        }
        for line in ["<<<<<<< HEAD", "0123  a.yaml", "a.yaml", "- a.yaml"] {
            assert_eq!(Record::parse(line), Err(RecordError { line: 1 }), "{line}");
        }
    }
}
