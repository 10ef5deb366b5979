//! The files that a foreign PKI becomes.

use std::collections::BTreeSet;

use super::error::StoreError;
use super::ledger::Entry;
use super::transaction::{NewFile, Removal};
use super::vault::Vault;
use super::{issuance, layout, naming, read};
use crate::import::{Contents, SuppliedFile};
use crate::io::atomic::TEMPORARY_PREFIX;
use crate::io::beneath::Place;
use crate::store::LedgerEntry;
use crate::time::Timestamp;

/// Keeps imported keys out of Git, regardless of files above.
const GITIGNORE: (&str, &str) = ("brought/.gitignore", include_str!("gitignore_of_kind"));

/// More than the spec of any PKI.
const LARGEST_SPEC: u64 = 256 << 20;
/// What a store has without anything in it that was issued or imported.
const FURNITURE: [&str; 4] = [".gitignore", "README.md", ".lock", ".generation"];

/// What is where an import puts its store.
pub enum Before {
    /// Nothing, or what an import left that was interrupted before it decided anything.
    Nothing,
    /// The store of an import that was interrupted.
    Unfinished(Unfinished),
    /// Something else.
    Other,
}

/// An import whose files are in the store, and whose spec does not lie in its own place yet.
pub struct Unfinished {
    /// When it began; what is imported depends on it.
    pub at: Timestamp,
    /// The spec that goes with the store.
    pub spec: String,
}

/// What is known of an import that is not finished.
pub(super) fn unfinished(root: &Place) -> Result<Option<Unfinished>, StoreError> {
    let place = root.join(layout::IMPORTED_SPEC);
    let Some(text) = read::file_up_to(&place, LARGEST_SPEC)? else { return Ok(None) };
    let unfinished = str::from_utf8(&text).ok().and_then(|text| {
        let (at, spec) = text.split_once('\n')?;
        Some(Unfinished { at: Timestamp::parse(at)?, spec: spec.to_owned() })
    });
    let problem = "does not start with the time of an import";
    unfinished.map(Some).ok_or_else(|| StoreError::damaged(&place, problem))
}

/// Whether the store at `root` holds what importing `contents` at `at` makes of an empty one, and nothing else: that
/// shows that it comes from such an import, since a repository can contain any store.
///
/// # Errors
/// As [`files`], and what cannot be read.
pub(super) fn is_result(
    root: &Place,
    vault: &Vault,
    (imported, name): ((&Contents, &str), Option<&str>),
    at: Timestamp,
) -> Result<bool, StoreError> {
    let (mut files, _) = files(&Place::absent(&root.path()), vault, imported, at)?;
    files.extend(name.map(naming::file));
    let mut expected = BTreeSet::new();
    for file in &files {
        let place = root.join(&file.path);
        let found = read::file_up_to(&place, LARGEST_SPEC)?;
        if found.is_none_or(|found| *found != *file.text().as_bytes()) {
            return Ok(false);
        }
        expected.insert(file.path.clone());
    }
    holds_only(root, &|path| expected.contains(path))
}

/// Whether an import is at work in the folder, or was interrupted there.
pub(super) fn has_begun(root: &Place) -> Result<bool, StoreError> {
    let waiting = root.join(format!(".{}.new", layout::IMPORTED_SPEC));
    let spec = root.join(layout::IMPORTED_SPEC);
    Ok(read::mode_of_file(&spec)?.is_some() || read::mode_of_file(&waiting)?.is_some())
}

/// Whether nothing in the folder was issued, imported or put there other than by creating the store.
pub(super) fn is_unused(root: &Place) -> Result<bool, StoreError> {
    holds_only(root, &|_| false)
}

/// Whether all files in the folder are those that are expected, by their paths, or come with any store.
fn holds_only(root: &Place, is_expected: &dyn Fn(&str) -> bool) -> Result<bool, StoreError> {
    let is_left = |name: &str| {
        let is_temporary = name.starts_with('.') && name.strip_suffix(".new").is_some()
            || name.starts_with(TEMPORARY_PREFIX);
        FURNITURE.contains(&name) || name == ".transaction" || is_temporary
    };
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let is_other =
            |name: &&String| !is_left(name) && !is_expected(folder.join(name.as_str()).below());
        if read::files(&folder)?.iter().any(|name| is_other(&name)) {
            return Ok(false);
        }
        folders.extend(read::folders(&folder)?.iter().map(|name| folder.join(name)));
    }
    Ok(true)
}

/// All files of `contents`, which were imported at `at`, and the spec.
///
/// # Errors
/// As [`issuance::files`].
pub(super) fn files(
    root: &Place,
    vault: &Vault,
    (contents, spec): (&Contents, &str),
    at: Timestamp,
) -> Result<(Vec<NewFile>, Removal), StoreError> {
    let Contents { issued, older, supplied } = contents;
    let (mut files, removal) = issuance::files(root, vault, issued, at)?;
    files.extend(older.iter().map(older_file));
    files.extend(supplied.iter().map(supplied_file));
    files.push(NewFile::public(layout::IMPORTED_SPEC.to_owned(), format!("{at}\n{spec}")));
    if !supplied.is_empty() {
        files.push(NewFile::public(GITIGNORE.0.to_owned(), GITIGNORE.1.to_owned()));
    }
    let mut paths = BTreeSet::new();
    match files.iter().find(|file| !paths.insert(&*file.path)) {
        Some(twice) => Err(StoreError::SerialUsed { path: root.join(&twice.path).path() }),
        None => Ok((files, removal)),
    }
}

fn older_file(entry: &LedgerEntry) -> NewFile {
    let path = layout::ledger_entry(&entry.issuer, &entry.holder, &entry.serial);
    NewFile::public(path, Entry(entry).to_string())
}

fn supplied_file(file: &SuppliedFile) -> NewFile {
    let SuppliedFile { path, content, is_private } = file;
    if *is_private {
        NewFile::private(path.clone(), content.clone())
    } else {
        NewFile::public(path.clone(), content.to_string())
    }
}
