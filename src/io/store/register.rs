//! Reads ledgers and revocation lists: what was issued, and what was revoked.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::error::StoreError;
use super::{contents, layout, ledger, read, revocation};
use crate::io::beneath::Place;
use crate::parallel;
use crate::pki::crl::{ListNumber, RevocationList};
use crate::pki::request::Holder;
use crate::store::{Inventory, Ledger, LedgerEntry};

/// A list of hundreds of thousands of certificates.
const LARGEST_LIST: u64 = 64 << 20;
/// How many lists of one authority are read, the newest ones: branches that merge have several of one number.
const LISTS_READ: usize = 16;

/// Ledgers, and revocation lists by the names of their authorities.
pub(super) type Register = (Ledger, BTreeMap<String, Vec<RevocationList>>);

/// Names of ledger entries that need not be read, by the authority in whose ledger they stand. Only asked,
/// never iterated over.
type Passed<'a> = HashMap<&'a str, HashSet<String>>;

/// The ledgers of authorities, and the lists that they signed.
pub(super) fn of_authorities(root: &Place, _: &Inventory) -> Result<Register, StoreError> {
    of_authorities_but(root, &Passed::new())
}

/// As [`of_authorities`], without the entries of the certificates that the holders in `inventory` have now,
/// unless these are revoked: they say nothing new, and are nearly all that a large ledger has.
pub(super) fn beside_current(root: &Place, inventory: &Inventory) -> Result<Register, StoreError> {
    of_authorities_but(root, &current(inventory))
}

/// The entries of leaves that are held, with their issuers found by key identifier.
fn current(inventory: &Inventory) -> Passed<'_> {
    let mut authorities = HashMap::new();
    for (holder, held) in &inventory.held {
        if let (Holder::Authority(name), Some(id)) = (holder, &held.certificate().subject_key_id) {
            authorities.insert(id.as_slice(), name.as_str());
        }
    }
    let mut passed = Passed::new();
    for (holder, held) in &inventory.held {
        let certificate = held.certificate();
        let issuer = certificate.authority_key_id.as_deref().and_then(|id| authorities.get(id));
        if let (Some(issuer), false) = (issuer, matches!(holder, Holder::Authority(_))) {
            passed.entry(issuer).or_default().insert(layout::entry_name(&certificate.serial));
        }
    }
    passed
}

fn of_authorities_but(root: &Place, passed: &Passed<'_>) -> Result<Register, StoreError> {
    let authorities = &layout::KINDS[0];
    let mut found = Ledger::default();
    let mut lists = BTreeMap::new();
    for (holder, folder) in keepers(root, authorities)? {
        add(&mut found, &holder, &folder.join(layout::LEDGER), passed)?;
        let newest = newest_lists(&folder.join(layout::LISTS))?;
        if !newest.is_empty() {
            lists.insert(holder.name().to_owned(), newest);
        }
    }
    Ok((found, lists))
}

/// Every ledger of a store, those of self-signed certificates included; without the entries that
/// [`beside_current`] leaves out.
pub(super) fn of_all(root: &Place, inventory: &Inventory) -> Result<Register, StoreError> {
    let (mut found, lists) = beside_current(root, inventory)?;
    for kind in &layout::KINDS[1..] {
        for (holder, folder) in keepers(root, kind)? {
            add(&mut found, &holder, &folder.join(layout::LEDGER), &Passed::new())?;
        }
    }
    Ok((found, lists))
}

/// Folders of one kind, with the names of those that they belong to.
fn keepers(root: &Place, kind: &layout::Kind) -> Result<Vec<(Holder, Place)>, StoreError> {
    let above = root.join(kind.folder);
    let named = |name: String| {
        let folder = above.join(&name);
        let true_name = contents::true_name(&folder, &name)?;
        Ok(((kind.holder)(true_name), folder))
    };
    read::folders(&above)?.into_iter().map(named).collect()
}

fn add(
    found: &mut Ledger,
    keeper: &Holder,
    folder: &Place,
    passed: &Passed<'_>,
) -> Result<(), StoreError> {
    let names = read::files(folder)?;
    let serials = names.iter().filter_map(|name| revocation::serial(name));
    let revoked: HashSet<String> = serials.map(|serial| layout::entry_name(&serial)).collect();
    let passed = passed.get(keeper.name()).filter(|_| matches!(keeper, Holder::Authority(_)));
    let is_passed = |name: &String| {
        passed.is_some_and(|passed| passed.contains(name)) && !revoked.contains(name)
    };
    let is_entry = |name: &&String| contents::is_entry(name) && !is_passed(name);
    let entries: Vec<Place> = names.iter().filter(is_entry).map(|n| folder.join(n)).collect();
    let entries = parallel::map(&entries, |path| text(path, ledger::read))?;
    found.entries.extend(entries.into_iter().flatten());
    if !matches!(keeper, Holder::Authority(_)) {
        return Ok(());
    }
    for name in &names {
        let Some(serial) = revocation::serial(name) else { continue };
        if let Some(revocation) = text(&folder.join(name), revocation::read)? {
            found.revoked.insert(keeper.name(), &serial, revocation);
        }
    }
    Ok(())
}

/// What a file of the ledger says; `None` if it went meanwhile.
fn text<T>(path: &Place, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, StoreError> {
    let Some(content) = read::file(path)? else { return Ok(None) };
    let text = str::from_utf8(&content).map_err(|_| StoreError::damaged(path, "is not UTF-8"))?;
    read(text).map(Some).map_err(|problem| StoreError::damaged(path, problem))
}

/// The newest lists of a folder, the newest of all first.
fn newest_lists(folder: &Place) -> Result<Vec<RevocationList>, StoreError> {
    let names = read::files(folder)?.into_iter();
    let mut numbered: Vec<(ListNumber, String)> =
        names.filter_map(|name| Some((layout::list_number(&name)?, name))).collect();
    numbered.sort_by(|one, other| other.cmp(one));
    let mut lists = Vec::new();
    for (_, name) in numbered.into_iter().take(LISTS_READ) {
        let path = folder.join(name);
        let Some(content) = read::file_up_to(&path, LARGEST_LIST)? else { continue };
        let damaged = |problem: String| StoreError::damaged(&path, problem);
        let read = RevocationList::from_pem(&content)
            .map_err(|error| damaged(format!("is not a revocation list: {error}")))?;
        lists.extend(read);
    }
    Ok(lists)
}

/// What an entry says of a certificate that it was issued for.
pub(super) fn entry_of(
    issued: &crate::store::IssuedCertificate,
    at: crate::time::Timestamp,
) -> LedgerEntry {
    let leaf = issued.certificate();
    LedgerEntry {
        holder: issued.request.holder.clone(),
        issuer: issued.request.issuer.clone(),
        serial: leaf.serial.clone(),
        subject: leaf.subject.rfc2253(),
        not_before: leaf.not_before,
        not_after: leaf.not_after,
        issued_at: at,
        spki_hash: leaf.spki_hash,
        fingerprint: leaf.fingerprint(),
        certificate: leaf.to_pem(),
    }
}
