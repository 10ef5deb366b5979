//! Reads what stands beside the current certificate of an authority, and what its ledger knows.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::inventory::OTHERS;
use super::{contents, layout, parallel, read};
use crate::pki::request::Holder;
use crate::plan::rotation::Known;
use crate::plan::{Generations, HeldCertificate};

/// The generations of `authority` beside the current one; `None` if there is none. Keys that lie open go to `open`.
///
/// # Errors
/// [`StoreError::Missing`] for a generation without its certificate, [`StoreError::Damaged`] for one that is not
/// what mtlsgen wrote.
pub(super) fn read(
    root: &Path,
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
    folder: &Path,
    authority: &Holder,
    open: &mut Vec<(PathBuf, u32)>,
) -> Result<Option<HeldCertificate>, StoreError> {
    let files = contents::files_in(folder)?;
    let path = folder.join(layout::CERTIFICATE);
    let Some(text) = files.certificate else {
        return match files.key_mode {
            Some(_) => Err(StoreError::missing(authority, path)),
            None => Ok(None),
        };
    };
    if let Some(mode) = files.key_mode.filter(|mode| mode & OTHERS != 0) {
        open.push((folder.join(layout::KEY), mode));
    }
    let chain = contents::certificates(&path, &text)?;
    Ok(Some(HeldCertificate { chain, has_key: files.key_mode.is_some() }))
}

/// Every certificate in the ledgers of authorities.
///
/// # Errors
/// [`StoreError::Damaged`] for the first entry that is none.
pub(super) fn issued(root: &Path) -> Result<Vec<Known>, StoreError> {
    let folder = root.join(layout::KINDS[0].folder);
    let mut entries = Vec::new();
    for name in read::folders(&folder)? {
        entries.extend(contents::entries_in(&folder.join(name).join(layout::LEDGER))?);
    }
    let known = parallel::map(&entries, |path| known(path))?;
    Ok(known.into_iter().flatten().collect())
}

fn known(path: &Path) -> Result<Option<Known>, StoreError> {
    let Some(holder) = contents::holder_in(path)? else { return Ok(None) };
    let Some(text) = read::file(path)? else { return Ok(None) };
    let block = text.windows(BEGIN.len()).position(|window| window == BEGIN);
    let pem = block.map_or(&[][..], |at| &text[at..]);
    let mut found = crate::pki::certificate::Certificate::from_pem(pem)
        .map_err(|error| StoreError::damaged(path, format!("holds no certificate: {error}")))?;
    Ok(Some(Known { holder, certificate: found.swap_remove(0) }))
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
