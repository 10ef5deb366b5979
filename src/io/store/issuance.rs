//! The files that a run's new certificates become.

use std::collections::BTreeSet;

use super::error::StoreError;
use super::ledger::Entry;
use super::transaction::{NewFile, Removal};
use super::vault::Vault;
use super::{contents, keyring, layout, read, register, revocation};
use crate::io::beneath::Place;
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::store::{Issued, IssuedCertificate, NewRevocation};
use crate::time::Timestamp;

/// All files of `issued`, which was issued at `at`.
///
/// # Errors
/// What [`require_replaceable`] says of a holder and [`require_ledger`] of an issuer, and
/// [`StoreError::SerialUsed`].
pub(super) fn files(
    root: &Place,
    vault: &Vault,
    issued: &Issued,
    at: Timestamp,
) -> Result<(Vec<NewFile>, Removal), StoreError> {
    let certificates = &issued.certificates;
    parallel::map(certificates, |certificate| require_replaceable(root, vault, certificate))?;
    let keepers: BTreeSet<Holder> = certificates.iter().map(ledger_keeper).collect();
    for keeper in &keepers {
        require_ledger(root, keeper)?;
    }
    let chains = issued.chains.iter().map(|(holder, chain)| chain_file(holder, chain));
    let revocations = issued.revocations.iter().map(revocation_file);
    let lists = issued
        .lists
        .iter()
        .map(|(authority, list)| NewFile::public(layout::list(authority, list), list.to_pem()));
    let of_certificates = parallel::map(certificates, |certificate| {
        Ok::<_, StoreError>(files_of(vault, certificate, at))
    })?;
    let files: Vec<NewFile> = of_certificates
        .into_iter()
        .flatten()
        .chain(chains)
        .chain(revocations)
        .chain(lists)
        .collect();
    let mut paths = BTreeSet::new();
    match files.iter().find(|file| !paths.insert(&*file.path)) {
        Some(twice) => Err(StoreError::SerialUsed { path: root.join(&twice.path).path() }),
        None => Ok((files, Removal { files: stale_keys(root, vault, issued)?, folders: vec![] })),
    }
}

/// Key files under the name that they have no more, beside new ones.
fn stale_keys(root: &Place, vault: &Vault, issued: &Issued) -> Result<Vec<String>, StoreError> {
    let new = issued.certificates.iter().filter(|certificate| certificate.key.is_some());
    let folders = new.map(|certificate| layout::holder_folder(&certificate.request.holder));
    folders.filter_map(|folder| vault.stale(root, &folder).transpose()).collect()
}

/// Makes sure that only what is whole is replaced, and no ledger entry ever.
fn require_replaceable(
    root: &Place,
    vault: &Vault,
    issued: &IssuedCertificate,
) -> Result<(), StoreError> {
    let (holder, leaf) = (&issued.request.holder, leaf(issued));
    let files = contents::holder_files(root, holder)?;
    let path = contents::path_of(root, holder, layout::CERTIFICATE);
    match (&files.certificate, files.key) {
        (Some(text), key) => {
            let chain = contents::certificates(&path, text)?;
            let is_self_signed = issued.request.issuer == Issuer::SelfSigned;
            if is_self_signed && issued.key.is_some() {
                vault.require_authentic(&root.join(layout::holder_folder(holder)), holder)?;
            }
            // A sealed key may be that of a person whose identity is elsewhere: a new one needs only its issuer's.
            if key.is_some_and(|key| !key.is_sealed) {
                keyring::matching_key(root, vault, holder, &chain[0])?;
            }
        }
        (None, Some(_)) => return Err(StoreError::missing(holder, path)),
        (None, None) => {}
    }
    let entry = root.join(layout::ledger_entry(&issued.request.issuer, holder, &leaf.serial));
    match read::mode_of_file(&entry)? {
        Some(_) => Err(StoreError::SerialUsed { path: entry.path() }),
        None => Ok(()),
    }
}

/// The holder of the ledger that the certificate is entered in.
pub(super) fn ledger_keeper(issued: &IssuedCertificate) -> Holder {
    match &issued.request.issuer {
        Issuer::SelfSigned => issued.request.holder.clone(),
        Issuer::Authority(name) => Holder::Authority(name.clone()),
    }
}

/// Makes sure that the ledger of `keeper` is there and whole: an entry beside damage would hide it.
///
/// # Errors
/// [`StoreError::Damaged`] for an entry that is none, for a missing ledger of an issuer, and
/// where a self-signed certificate is not in its own ledger.
pub(super) fn require_ledger(root: &Place, keeper: &Holder) -> Result<(), StoreError> {
    let ledger = contents::path_of(root, keeper, layout::LEDGER);
    contents::require_whole(&ledger)?;
    let path = contents::path_of(root, keeper, layout::CERTIFICATE);
    // An authority that was supplied has a ledger here and no certificate.
    let Some(text) = contents::holder_files(root, keeper)?.certificate else { return Ok(()) };
    let chain = contents::certificates(&path, &text)?;
    let own = &chain[0];
    let missing = |path: &Place| {
        let problem = "is missing: every certificate has an entry there";
        Err(StoreError::damaged(path, problem))
    };
    let has_ledger = read::mode_of_folder(&ledger)?.is_some();
    if own.issuer == own.subject {
        let entry = root.join(layout::ledger_entry(&Issuer::SelfSigned, keeper, &own.serial));
        if has_ledger && read::mode_of_file(&entry)?.is_none() {
            return missing(&entry);
        }
    } else if !has_ledger && !contents::is_issuer_of_any(root, own)? {
        // The first certificate that an intermediate issues makes its ledger.
        return Ok(());
    }
    if has_ledger { Ok(()) } else { missing(&ledger) }
}

/// Certificate and chain, key, ledger entry, and the true name where the folder's is cut.
fn files_of(vault: &Vault, issued: &IssuedCertificate, at: Timestamp) -> Vec<NewFile> {
    let holder = &issued.request.holder;
    let folder = layout::holder_folder(holder);
    let mut files = vec![chain_file(holder, &issued.chain), entry_file(issued, at)];
    if let Some(key) = &issued.key {
        files.push(vault.new_file(&folder, key));
    }
    if layout::is_shortened(&folder) {
        let path = format!("{folder}/{}", layout::TRUE_NAME);
        files.push(NewFile::public(path, holder.name().to_owned()));
    }
    files
}

/// The ledger entry of what was issued at `at`.
pub(super) fn entry_file(issued: &IssuedCertificate, at: Timestamp) -> NewFile {
    let CertificateRequest { issuer, holder, .. } = &issued.request;
    let path = layout::ledger_entry(issuer, holder, &leaf(issued).serial);
    NewFile::public(path, Entry(&register::entry_of(issued, at)).to_string())
}

/// The file of a revocation, beside the ledger entry.
pub(super) fn revocation_file(new: &NewRevocation) -> NewFile {
    let (path, text) = revocation::file(new);
    NewFile::public(path, text)
}

fn chain_file(holder: &Holder, chain: &[Certificate]) -> NewFile {
    let path = format!("{}/{}", layout::holder_folder(holder), layout::CERTIFICATE);
    NewFile::public(path, chain.iter().map(Certificate::to_pem).collect::<String>())
}

fn leaf(issued: &IssuedCertificate) -> &Certificate {
    issued.chain.first().expect("what was issued has a certificate")
}
