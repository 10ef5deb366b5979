//! The files that a foreign PKI becomes.

use std::collections::BTreeSet;

use super::error::StoreError;
use super::ledger::Entry;
use super::transaction::{NewFile, Removal};
use super::vault::Vault;
use super::{issuance, layout};
use crate::import::{BroughtFile, Contents};
use crate::io::beneath::Place;
use crate::plan::LedgerEntry;
use crate::time::Timestamp;

/// Keeps brought keys out of Git, whatever lies above.
const GITIGNORE: (&str, &str) = ("brought/.gitignore", include_str!("gitignore_of_kind"));

/// All files of `contents`, which were imported at `at`.
///
/// # Errors
/// As [`issuance::files`].
pub(super) fn files(
    root: &Place,
    vault: &Vault,
    contents: &Contents,
    at: Timestamp,
) -> Result<(Vec<NewFile>, Removal), StoreError> {
    let Contents { issued, older, brought } = contents;
    let (mut files, removal) = issuance::files(root, vault, issued, at)?;
    files.extend(older.iter().map(older_file));
    files.extend(brought.iter().map(brought_file));
    if !brought.is_empty() {
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

fn brought_file(file: &BroughtFile) -> NewFile {
    let BroughtFile { path, content, is_private } = file;
    if *is_private {
        NewFile::private(path.clone(), content.clone())
    } else {
        NewFile::public(path.clone(), content.to_string())
    }
}
