//! Reads what is stored beside the current certificate of an authority.

use std::path::PathBuf;

use super::error::StoreError;
use super::inventory::lying_open;
use super::vault::Vault;
use super::{contents, keyring, layout, read};
use crate::io::beneath::Place;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::Holder;
use crate::store::{Generations, HeldCertificate};

/// The generations of `authority` beside the current one; `None` if there is none. Keys that lie open go to `open`.
///
/// # Errors
/// [`StoreError::Missing`] for a generation without its certificate, [`StoreError::Damaged`] for one that is not
/// what mtlsgen wrote.
pub(super) fn read(
    root: &Place,
    authority: &Holder,
    open: &mut Vec<(PathBuf, u32)>,
) -> Result<Option<Generations>, StoreError> {
    let next = generation(&root.join(layout::next_folder(authority)), authority, open)?;
    let mut found = Generations { next, ..Generations::default() };
    let retiring = root.join(layout::retiring_folder(authority));
    for serial in read::folders(&retiring)? {
        let folder = retiring.join(&serial);
        let Some(held) = generation(&folder, authority, open)? else { continue };
        let certificate = held.certificate();
        if certificate.serial.to_string() != serial {
            let problem = format!("holds the certificate with the serial {}", certificate.serial);
            return Err(StoreError::damaged(&folder, problem));
        }
        found.retiring.insert(certificate.serial.clone(), held);
    }
    Ok(Some(found).filter(|found| *found != Generations::default()))
}

/// The generation in `folder`; `None` if there is nothing in it.
pub(super) fn generation(
    folder: &Place,
    authority: &Holder,
    open: &mut Vec<(PathBuf, u32)>,
) -> Result<Option<HeldCertificate>, StoreError> {
    let files = contents::files_in(folder)?;
    let path = folder.join(layout::CERTIFICATE);
    let Some(text) = files.certificate else {
        return match files.key {
            Some(_) => Err(StoreError::missing(authority, path)),
            None => Ok(None),
        };
    };
    let has_key = files.key.is_some();
    open.extend(files.key.as_ref().and_then(lying_open));
    let chain = contents::certificates(&path, &text)?;
    Ok(Some(HeldCertificate { chain, has_key }))
}

/// The private key of the generation of authority `name` that has the key with this hash.
///
/// # Errors
/// [`StoreError::Missing`] if it is not there, [`StoreError::Damaged`] if it is another one;
/// [`StoreError::Changed`] if there is no such generation any more.
pub(super) fn key(
    root: &Place,
    vault: &Vault,
    name: &str,
    generations: &Generations,
    spki_hash: &SpkiHash,
) -> Result<PrivateKey, StoreError> {
    let authority = Holder::Authority(name.to_owned());
    let is_it = |held: &&HeldCertificate| held.certificate().spki_hash == *spki_hash;
    let (folder, held) = match (&generations.next, generations.by_age().find(is_it)) {
        (Some(next), _) if is_it(&next) => (layout::next_folder(&authority), next),
        (_, Some(held)) => {
            let serial = &held.certificate().serial;
            (format!("{}/{serial}", layout::retiring_folder(&authority)), held)
        }
        _ => {
            return Err(StoreError::Changed {
                path: root.join(layout::holder_folder(&authority)).path(),
            });
        }
    };
    keyring::key_in(&root.join(folder), vault, &authority, held.certificate())
}
