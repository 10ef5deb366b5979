//! Re-encrypts the key files of a store for the recipients that the spec names: sealed, sealed for others, or in clear.
//!
//! Who can open a file is in the file itself, where mtlsgen records it, so that branches merge and no list can
//! disagree with the files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::error::StoreError;
use super::transaction::{NewFile, Removal};
use super::vault::{self, KeyFile, Vault};
use super::{contents, keyring, layout, read};
use crate::io::age_file::Header;
use crate::io::beneath::Place;
use crate::parallel;
use crate::pki::request::Holder;

/// Key files that do not lie as the spec says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnsettledKeys {
    /// How many there are, of all kinds.
    pub count: usize,
    /// The first of them.
    pub first: PathBuf,
    /// How many lie in clear.
    pub in_clear: usize,
    /// How many do not say for which recipients they are encrypted.
    pub unknown: usize,
    /// Recipients who can open some of them and are not named any more.
    pub removed: BTreeSet<String>,
    /// Recipients who cannot open some of them yet.
    pub added: BTreeSet<String>,
}

impl UnsettledKeys {
    /// Whether one gets a new reader, as far as that is known, once they are written for that many recipients. Keys in
    /// clear have none but their owner.
    #[must_use]
    pub fn gives_to_others(&self, recipients: usize) -> bool {
        let is_sealed = self.count > self.in_clear;
        let is_opened = is_sealed && recipients == 0;
        is_opened
            || self.unknown > 0
            || !self.added.is_empty()
            || recipients > 0 && self.in_clear > 0
    }
}

/// A folder that may hold a key, below the store.
struct KeyFolder {
    folder: String,
    kind: &'static layout::Kind,
    /// Name of the folder of the holder, which may be above.
    name: String,
}

/// A key file that does not lie as it should.
pub(super) struct Unsettled {
    folder: String,
    holder: Holder,
    file: KeyFile,
    /// The recipients that it records, if it does.
    recorded: Option<BTreeSet<String>>,
}

/// Every key file that does not lie as `vault` writes them, in the order of their places.
pub(super) fn unsettled(root: &Place, vault: &Vault) -> Result<Vec<Unsettled>, StoreError> {
    let places = places(root)?;
    let found = parallel::map(&places, |place| judge(root, vault, place))?;
    Ok(found.into_iter().flatten().collect())
}

/// The key file at `place`, unless all is well.
fn judge(root: &Place, vault: &Vault, place: &KeyFolder) -> Result<Option<Unsettled>, StoreError> {
    let folder = root.join(&place.folder).held();
    let Some(file) = vault::key_file(&folder)? else { return Ok(None) };
    let wanted = vault.recipients();
    let recorded = if file.is_sealed { recorded(&file.place)? } else { None };
    let is_well =
        if wanted.is_empty() { !file.is_sealed } else { recorded.as_ref() == Some(wanted.texts()) };
    if is_well {
        return Ok(None);
    }
    let KeyFolder { folder, kind, name } = place;
    let holder = (kind.holder)(contents::true_name(&root.join(kind.folder).join(name), name)?);
    let file = file.by_path();
    Ok(Some(Unsettled { folder: folder.clone(), holder, file, recorded }))
}

/// The recipients that a sealed key records.
fn recorded(path: &Place) -> Result<Option<BTreeSet<String>>, StoreError> {
    let octets = read::file(path)?.unwrap_or_default();
    let header = Header::read(&octets).map_err(|problem| StoreError::damaged(path, problem))?;
    Ok(header.recorded)
}

/// Folders of holders, and those of further generations of authorities.
fn places(root: &Place) -> Result<Vec<KeyFolder>, StoreError> {
    let mut places = Vec::new();
    for kind in &layout::KINDS {
        for name in read::folders(&root.join(kind.folder))? {
            let folder = format!("{}/{name}", kind.folder);
            let mut folders = vec![folder.clone()];
            if kind.folder == layout::KINDS[0].folder {
                let [next, retiring] = layout::generation_folders(&folder);
                folders.push(next);
                let serials = read::folders(&root.join(&retiring))?;
                folders.extend(serials.iter().map(|serial| format!("{retiring}/{serial}")));
            }
            let place = |folder| KeyFolder { folder, kind, name: name.clone() };
            places.extend(folders.into_iter().map(place));
        }
    }
    Ok(places)
}

/// Key files that the spec names and `mtlsgen import` wrote, beside the folders of the store's own holders: they
/// stay in clear.
pub(super) fn supplied(root: &Place) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for kind in &layout::KINDS {
        let folder = root.join(layout::BROUGHT).join(kind.folder);
        // What cannot be listed here is said where the spec names it.
        for holder in read::folders(&folder).unwrap_or_default() {
            let holder = folder.join(holder);
            if read::files(&holder).unwrap_or_default().iter().any(|name| name == layout::KEY) {
                files.push(holder.join(layout::KEY).path());
            }
        }
    }
    files
}

/// What there is to say about them.
pub(super) fn summary(vault: &Vault, unsettled: &[Unsettled]) -> UnsettledKeys {
    let wanted = vault.recipients().texts();
    let recorded = || unsettled.iter().filter_map(|one| one.recorded.as_ref());
    let is_unknown = |one: &&Unsettled| one.file.is_sealed && one.recorded.is_none();
    UnsettledKeys {
        count: unsettled.len(),
        first: unsettled.first().map(|one| one.file.place.path()).unwrap_or_default(),
        in_clear: unsettled.iter().filter(|one| !one.file.is_sealed).count(),
        unknown: unsettled.iter().filter(is_unknown).count(),
        removed: recorded().flat_map(|texts| texts.difference(wanted)).cloned().collect(),
        added: recorded().flat_map(|texts| wanted.difference(texts)).cloned().collect(),
    }
}

/// The same keys as `vault` writes them, and the files that go.
///
/// # Errors
/// A key cannot be opened, or does not belong to the certificate beside it.
pub(super) fn files(
    root: &Place,
    vault: &Vault,
    unsettled: &[Unsettled],
) -> Result<(Vec<NewFile>, Removal), StoreError> {
    let files = parallel::map(unsettled, |one| {
        let folder = root.join(&one.folder);
        let held = contents::files_in(&folder)?.certificate;
        let key = match held {
            Some(text) => {
                let chain = contents::certificates(&folder.join(layout::CERTIFICATE), &text)?;
                keyring::key_in(&folder, vault, &one.holder, &chain[0])?
            }
            None => keyring::any_key(&one.file, vault, &one.holder)?,
        };
        Ok::<_, StoreError>(vault.new_file(&one.folder, &key))
    })?;
    let stale = unsettled.iter().map(|one| vault.stale(root, &one.folder));
    let stale = stale.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
    Ok((files, Removal { files: stale, folders: Vec::new() }))
}
