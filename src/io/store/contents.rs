//! What lies in a store: the files of each holder, and who is named in the ledgers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;
use super::{layout, ledger, parallel, read};
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::request::Holder;

/// Starts a certificate in a PEM text.
const CERTIFICATE_LABEL: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The files of one holder.
pub(super) struct HolderFiles {
    /// Text of the certificate file.
    pub(super) certificate: Option<Zeroizing<Vec<u8>>>,
    /// Permission bits of the key file.
    pub(super) key_mode: Option<u32>,
}

/// The files of `holder`; the key is not read.
pub(super) fn holder_files(root: &Path, holder: &Holder) -> Result<HolderFiles, StoreError> {
    let folder = root.join(layout::holder_folder(holder));
    if read::mode_of_folder(&folder)?.is_none() {
        return Ok(HolderFiles { certificate: None, key_mode: None });
    }
    Ok(HolderFiles {
        certificate: read::file(&folder.join(layout::CERTIFICATE))?,
        key_mode: read::mode_of_file(&folder.join(layout::KEY))?,
    })
}

/// Path of a file of `holder`.
pub(super) fn path_of(root: &Path, holder: &Holder, file: &str) -> PathBuf {
    root.join(layout::holder_folder(holder)).join(file)
}

/// The certificates in `text`, which is the file at `path`.
///
/// # Errors
/// [`StoreError::Damaged`] unless each certificate in it can be read.
pub(super) fn certificates(path: &Path, text: &[u8]) -> Result<Vec<Certificate>, StoreError> {
    let chain = Certificate::from_pem(text).map_err(|error| {
        StoreError::damaged(
            path,
            match error {
                CertificateError::NotPem => "is not PEM".to_owned(),
                CertificateError::NoCertificate => "holds no certificate".to_owned(),
                CertificateError::Malformed(why) => format!("holds a malformed certificate: {why}"),
            },
        )
    })?;
    let begun = text.windows(CERTIFICATE_LABEL.len()).filter(|part| *part == CERTIFICATE_LABEL);
    if begun.count() == chain.len() && !chain.is_empty() {
        Ok(chain)
    } else {
        Err(StoreError::damaged(path, "ends in the middle of a certificate"))
    }
}

/// All holders that have a folder with a certificate or a key.
pub(super) fn holders(root: &Path) -> Result<BTreeSet<Holder>, StoreError> {
    let mut found = BTreeSet::new();
    for kind in &layout::KINDS {
        let folder = root.join(kind.folder);
        for name in read::folders(&folder)? {
            let files =
                [layout::CERTIFICATE, layout::KEY].map(|file| folder.join(&name).join(file));
            if read::mode_of_file(&files[0])?.is_some() || read::mode_of_file(&files[1])?.is_some()
            {
                found.insert((kind.holder)(true_name(&folder.join(&name), &name)?));
            }
        }
    }
    Ok(found)
}

/// The name of the holder whose folder is `folder`, called `name`.
fn true_name(folder: &Path, name: &str) -> Result<String, StoreError> {
    let full = if layout::is_shortened(name) {
        let text = read::file(&folder.join(layout::TRUE_NAME))?;
        text.and_then(|text| String::from_utf8(text.to_vec()).ok())
            .filter(|full| layout::folder_name(full) == name)
    } else {
        layout::name_of_folder(name)
    };
    full.ok_or_else(|| StoreError::damaged(folder, "has a name that mtlsgen does not give"))
}

/// Those of `holders` that some ledger of the store names.
///
/// All authorities' ledgers are read, and the own ledgers of `holders`.
pub(super) fn known_to_ledgers(
    root: &Path,
    holders: &BTreeSet<Holder>,
) -> Result<BTreeSet<Holder>, StoreError> {
    let authorities = &layout::KINDS[0];
    let folder = root.join(authorities.folder);
    let keepers = read::folders(&folder)?.into_iter().map(|name| folder.join(name));
    let own = holders.iter().map(|holder| root.join(layout::holder_folder(holder)));
    let mut entries = BTreeSet::new();
    for keeper in keepers.chain(own) {
        entries.extend(entries_in(&keeper.join(layout::LEDGER))?);
    }
    let named = parallel::map(&Vec::from_iter(entries), |path| holder_in(path))?;
    Ok(named.into_iter().flatten().filter(|holder| holders.contains(holder)).collect())
}

/// Paths of the entries of a ledger; other files beside them are none.
fn entries_in(ledger: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let is_entry = |name: &String| {
        name.strip_suffix(layout::ENTRY_EXTENSION)
            .is_some_and(|serial| serial.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let names = read::files(ledger)?.into_iter().filter(is_entry);
    Ok(names.map(|name| ledger.join(name)).collect())
}

fn holder_in(entry: &Path) -> Result<Option<Holder>, StoreError> {
    let Some(content) = read::file(entry)? else { return Ok(None) };
    let text = str::from_utf8(&content).map_err(|_| StoreError::damaged(entry, "is not UTF-8"))?;
    ledger::holder(text).map(Some).map_err(|problem| StoreError::damaged(entry, problem))
}
