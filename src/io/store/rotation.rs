//! The files that a step of a rollover makes and removes.
//!
//! Generations move as they are: their files are written at the new place and removed at the old one, in
//! one change. What has retired stays in the ledger; its key does not.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;
use super::transaction::{NewFile, Removal};
use super::vault::{self, Vault};
use super::{generations, issuance, keyring, layout, read};
use crate::io::age_file;
use crate::io::beneath::Place;
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, SerialNumber};
use crate::plan::rotation::Role;
use crate::store::{HeldCertificate, IssuedCertificate, NewRevocation};
use crate::time::Timestamp;

/// A step of a rollover, as a change of the store.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// The next generation, issued at a time, is put beside the current one, in the place of another one
    /// that waited.
    Introduce(&'a IssuedCertificate, Timestamp),
    /// The next generation becomes the current one, and that one retires.
    Activate,
    /// The next generation goes.
    Abandon,
    /// The generations of these serials, which retire, go; what is revoked with them is entered.
    Retire(&'a [SerialNumber], &'a [NewRevocation]),
}

/// The file of the certificate of a generation of authority `name`; for those that retire, `serial` says which.
#[must_use]
pub fn certificate_of(
    root: &Path,
    name: &str,
    role: Role,
    serial: Option<&SerialNumber>,
) -> PathBuf {
    let authority = Holder::Authority(name.to_owned());
    let folder = match (role, serial) {
        (Role::Current, _) => layout::holder_folder(&authority),
        (Role::Next, _) => layout::next_folder(&authority),
        (Role::Retiring, serial) => {
            let serial = serial.map(ToString::to_string).unwrap_or_default();
            format!("{}/{serial}", layout::retiring_folder(&authority))
        }
    };
    root.join(folder).join(layout::CERTIFICATE)
}

/// What is written and what goes.
pub(super) fn files(
    root: &Place,
    vault: &Vault,
    name: &str,
    change: Change<'_>,
) -> Result<(Vec<NewFile>, Removal), StoreError> {
    let authority = Holder::Authority(name.to_owned());
    let next = layout::next_folder(&authority);
    match change {
        Change::Introduce(issued, at) => {
            let stale = vault.stale(root, &next)?.into_iter().collect();
            let current = root.join(layout::holder_folder(&authority));
            vault.require_authentic(&current, &authority)?;
            let files = introduced(root, vault, &next, issued, at)?;
            Ok((files, Removal { files: stale, folders: Vec::new() }))
        }
        Change::Activate => activated(root, vault, &authority),
        Change::Abandon => Ok((Vec::new(), removal(&[next]))),
        Change::Retire(serials, revocations) => {
            let retiring = layout::retiring_folder(&authority);
            let folders = serials.iter().map(|serial| format!("{retiring}/{serial}"));
            let mut removal = removal(&folders.collect::<Vec<_>>());
            removal.folders.push(retiring);
            Ok((revocations.iter().map(issuance::revocation_file).collect(), removal))
        }
    }
}

/// Certificate, key and ledger entry of the next generation.
fn introduced(
    root: &Place,
    vault: &Vault,
    folder: &str,
    issued: &IssuedCertificate,
    at: Timestamp,
) -> Result<Vec<NewFile>, StoreError> {
    issuance::require_ledger(root, &issuance::ledger_keeper(issued))?;
    let entry = issuance::entry_file(issued, at);
    let path = root.join(&entry.path);
    if read::mode_of_file(&path)?.is_some() {
        return Err(StoreError::SerialUsed { path: path.path() });
    }
    let chain = issued.chain.iter().map(Certificate::to_pem).collect::<String>();
    let key = issued.key.as_ref().expect("the next generation has a key of its own");
    Ok(vec![
        NewFile::public(format!("{folder}/{}", layout::CERTIFICATE), chain),
        vault.new_file(folder, key),
        entry,
    ])
}

/// The next generation in the place of the current one, and that one among those that retire.
fn activated(
    root: &Place,
    vault: &Vault,
    authority: &Holder,
) -> Result<(Vec<NewFile>, Removal), StoreError> {
    let (current, next) = (layout::holder_folder(authority), layout::next_folder(authority));
    let (old, serial) = moved(root, vault, authority, &current)?;
    let (new, _) = moved(root, vault, authority, &next)?;
    let retiring = format!("{}/{serial}", layout::retiring_folder(authority));
    let mut removal = removal(&[next]);
    if old.key_name != new.key_name {
        removal.files.push(format!("{current}/{}", old.key_name));
    }
    let files = old.into_files(&retiring).into_iter().chain(new.into_files(&current)).collect();
    Ok((files, removal))
}

/// The texts of a generation that moves.
struct Texts {
    certificate: String,
    key_name: &'static str,
    key: Zeroizing<String>,
}

impl Texts {
    fn into_files(self, folder: &str) -> [NewFile; 2] {
        [
            NewFile::public(format!("{folder}/{}", layout::CERTIFICATE), self.certificate),
            NewFile::private(format!("{folder}/{}", self.key_name), self.key),
        ]
    }
}

/// A sealed key moves as it is: it is not opened.
fn moved(
    root: &Place,
    vault: &Vault,
    authority: &Holder,
    folder: &str,
) -> Result<(Texts, SerialNumber), StoreError> {
    let folder = root.join(folder);
    let held = generations::generation(&folder, authority, &mut Vec::new())?;
    let path = folder.join(layout::CERTIFICATE);
    let held = held.ok_or_else(|| StoreError::missing(authority, path))?;
    let HeldCertificate { chain, .. } = &held;
    let certificate = chain.iter().map(Certificate::to_pem).collect();
    let (key_name, key) = match vault::key_file(&folder)? {
        Some(file) if file.is_sealed => (layout::SEALED_KEY, sealed_text(&file.place)?),
        _ => {
            let key = keyring::key_in(&folder, vault, authority, held.certificate())?;
            (layout::KEY, key.to_pem())
        }
    };
    Ok((Texts { certificate, key_name, key }, held.certificate().serial.clone()))
}

/// The armored text of a sealed key; binary files, which only people make, become armored ones.
fn sealed_text(path: &Place) -> Result<Zeroizing<String>, StoreError> {
    let octets = read::file(path)?.unwrap_or_default();
    age_file::to_armored(&octets)
        .map(Zeroizing::new)
        .map_err(|problem| StoreError::damaged(path, problem))
}

fn removal(folders: &[String]) -> Removal {
    let files = folders.iter().flat_map(|folder| {
        [layout::CERTIFICATE, layout::KEY, layout::SEALED_KEY]
            .map(|file| format!("{folder}/{file}"))
    });
    Removal { files: files.collect(), folders: folders.to_vec() }
}
