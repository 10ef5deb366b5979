//! Private keys out of the store, each checked against its certificate.

use super::error::StoreError;
use super::vault::{self, KeyFile, Vault};
use super::{contents, layout, read};
use crate::io::beneath::Place;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::request::Holder;
use crate::store::Inventory;

/// Makes sure that there is a key file for each of `holders`, as far as `inventory` knows.
///
/// # Errors
/// [`StoreError::Missing`] with every file that is not there.
pub(super) fn require_all(
    root: &Place,
    vault: &Vault,
    inventory: &Inventory,
    holders: &[&Holder],
) -> Result<(), StoreError> {
    let missing =
        |holder: &&&Holder| inventory.held.get(**holder).is_some_and(|held| !held.has_key);
    let path = |holder: &&Holder| contents::path_of(root, holder, vault.file_name()).path();
    let files: Vec<_> =
        holders.iter().filter(missing).map(|holder| ((*holder).clone(), path(holder))).collect();
    if files.is_empty() { Ok(()) } else { Err(StoreError::Missing { files }) }
}

/// The private key of `holder`, whose certificate is in `inventory`.
///
/// # Errors
/// As [`matching_key`]; [`StoreError::Changed`] if the certificate is not the one of `inventory` any more.
pub(super) fn key(
    root: &Place,
    vault: &Vault,
    inventory: &Inventory,
    holder: &Holder,
) -> Result<PrivateKey, StoreError> {
    let path = contents::path_of(root, holder, layout::CERTIFICATE);
    let held = inventory.held.get(holder).and_then(|held| held.chain.first());
    let Some(certificate) = held else {
        return Err(StoreError::missing(holder, path));
    };
    matching_key(root, vault, holder, certificate).map_err(|error| {
        let text = read::file(&path).ok().flatten();
        let now = text.and_then(|text| contents::certificates(&path, &text).ok());
        match now {
            Some(chain) if chain[0] != *certificate => StoreError::Changed { path: path.path() },
            _ => error,
        }
    })
}

/// The private key of `holder`, which belongs to `certificate`.
///
/// # Errors
/// [`StoreError::Missing`] if there is none; [`StoreError::Damaged`] if it is another one or none at all.
pub(super) fn matching_key(
    root: &Place,
    vault: &Vault,
    holder: &Holder,
    certificate: &Certificate,
) -> Result<PrivateKey, StoreError> {
    key_in(&root.join(layout::holder_folder(holder)).held(), vault, holder, certificate)
}

/// The private key of `holder` in `folder`, which belongs to `certificate`.
///
/// # Errors
/// As [`matching_key`].
pub(super) fn key_in(
    folder: &Place,
    vault: &Vault,
    holder: &Holder,
    certificate: &Certificate,
) -> Result<PrivateKey, StoreError> {
    let Some(file) = vault::key_file(folder)? else {
        return Err(StoreError::missing(holder, folder.join(vault.file_name())));
    };
    let key = any_key(&file, vault, holder)?;
    if key.spki_hash() == certificate.spki_hash {
        Ok(key)
    } else {
        let problem = format!("does not belong to the certificate in `{}`", layout::CERTIFICATE);
        Err(StoreError::damaged(&file.place, problem))
    }
}

/// The private key in a file of `holder`, with or without a matching certificate.
///
/// # Errors
/// As [`Vault::text`].
pub(super) fn any_key(
    file: &KeyFile,
    vault: &Vault,
    holder: &Holder,
) -> Result<PrivateKey, StoreError> {
    PrivateKey::from_pem(&vault.text(file, holder)?)
        .map_err(|error| StoreError::damaged(&file.place, error.as_predicate()))
}
