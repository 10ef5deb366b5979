//! Public facts about the requested holders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::register::Register;
use super::sharing::{self, Sharing};
use super::vault::KeyFile;
use super::{contents, generations, layout};
use crate::diagnostic::Diagnostic;
use crate::io::beneath::Place;
use crate::parallel;
use crate::pki::request::Holder;
use crate::store::{HeldCertificate, Inventory};

/// Permission bits that let others than the owner at a key.
const OTHERS: u32 = 0o077;

/// What is known of one holder.
enum Finding {
    Held {
        certificate: HeldCertificate,
        key: Option<KeyFile>,
    },
    /// There is a key without a certificate.
    HalfGone,
    Absent,
}

/// Everything about `wanted`, with what `ledgers` reads, and a warning where keys lie open.
pub(super) fn read(
    root: &Place,
    wanted: &BTreeSet<Holder>,
    ledgers: fn(&Place, &Inventory) -> Result<Register, StoreError>,
    sharing: Sharing,
) -> Result<(Inventory, Vec<Diagnostic>), StoreError> {
    let holders: Vec<&Holder> = wanted.iter().collect();
    let findings = parallel::map(&holders, |holder| find(root, holder))?;
    let mut inventory = Inventory::default();
    let (mut open, mut absent) = (Vec::new(), BTreeSet::new());
    for (holder, finding) in holders.into_iter().zip(findings) {
        match finding {
            Finding::Held { certificate, key } => {
                open.extend(key.as_ref().and_then(lying_open));
                inventory.held.insert(holder.clone(), certificate);
                if let Holder::Authority(name) = holder {
                    let found = generations::read(root, holder, &mut open)?;
                    inventory.generations.extend(found.map(|found| (name.clone(), found)));
                }
            }
            Finding::HalfGone => lose(&mut inventory, root, holder),
            Finding::Absent => {
                absent.insert(holder.clone());
            }
        }
    }
    (inventory.ledger, inventory.lists) = ledgers(root, &inventory)?;
    if !absent.is_empty() {
        let mut known = contents::known_to_own_ledgers(root, &absent)?;
        let entries = inventory.ledger.entries.iter().map(|entry| &entry.holder);
        known.extend(entries.filter(|holder| absent.contains(holder)).cloned());
        for holder in &known {
            lose(&mut inventory, root, holder);
        }
    }
    let mut warnings = open_keys(&root.root().path(), &open);
    sharing::look_at_folders(root)?;
    warnings.extend(sharing.warning(&sharing::noted(root)));
    Ok((inventory, warnings))
}

fn lose(inventory: &mut Inventory, root: &Place, holder: &Holder) {
    let path = contents::path_of(root, holder, layout::CERTIFICATE);
    inventory.lost.insert(holder.clone(), path.path());
}

fn find(root: &Place, holder: &Holder) -> Result<Finding, StoreError> {
    let files = contents::holder_files(root, holder)?;
    let Some(text) = files.certificate else {
        return Ok(if files.key.is_some() { Finding::HalfGone } else { Finding::Absent });
    };
    let path = contents::path_of(root, holder, layout::CERTIFICATE);
    let chain = contents::certificates(&path, &text)?;
    let certificate = HeldCertificate { chain, has_key: files.key.is_some() };
    Ok(Finding::Held { certificate, key: files.key })
}

/// A key in clear that others can read or change. Sealed ones may lie open, as in a clone of a Git repository.
pub(super) fn lying_open(key: &KeyFile) -> Option<(PathBuf, u32)> {
    (!key.is_sealed && key.mode & OTHERS != 0).then(|| (key.place.path(), key.mode))
}

/// One warning for all key files that others can read or change.
fn open_keys(root: &Path, open: &[(PathBuf, u32)]) -> Vec<Diagnostic> {
    let Some((first, mode)) = open.first() else { return Vec::new() };
    let first = first.display();
    let (title, help) = match open.len() {
        1 => (
            format!("the private key `{first}` can be read by others (mode {mode:04o})"),
            format!("run `chmod 600 '{first}'`"),
        ),
        count => (
            format!(
                "{count} private keys can be read by others, the first is `{first}` (mode {mode:04o})"
            ),
            format!("run `find '{}/' -name '*.key' -exec chmod 600 {{}} +`", root.display()),
        ),
    };
    vec![Diagnostic::warning("open-private-key", title).help(help)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_warning_reports_all_open_keys() {
        let root = Path::new("pki");
        let at = |name: &str| (root.join("clients").join(name).join("tls.key"), 0o644);
        assert!(open_keys(root, &[]).is_empty());
        let one = open_keys(root, &[at("alice")]);
        assert_eq!(
            one[0].title,
            "the private key `pki/clients/alice/tls.key` can be read by others (mode 0644)"
        );
        assert_eq!(one[0].help, ["run `chmod 600 'pki/clients/alice/tls.key'`"]);
        let two = open_keys(root, &[at("alice"), at("bob")]);
        assert_eq!(two.len(), 1);
        assert!(two[0].title.starts_with("2 private keys can be read by others, the first is "));
    }
}
