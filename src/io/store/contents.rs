//! What lies in a store: the files of each holder, and who is named in the ledgers.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::error::StoreError;
use super::vault::{self, KeyFile};
use super::{layout, ledger, read};
use crate::io::beneath::Place;
use crate::parallel;
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::request::Holder;

/// Ends a file of certificates.
const LAST_LINE: &[u8] = b"-----END CERTIFICATE-----";

/// The files of one holder.
pub(super) struct HolderFiles {
    /// Text of the certificate file.
    pub(super) certificate: Option<Zeroizing<Vec<u8>>>,
    /// The key file.
    pub(super) key: Option<KeyFile>,
}

impl HolderFiles {
    const NONE: Self = Self { certificate: None, key: None };
}

/// The files of `holder`; the key is not read.
pub(super) fn holder_files(root: &Place, holder: &Holder) -> Result<HolderFiles, StoreError> {
    // Neither of both folders may be a link, since a change would not go through one.
    if read::mode_of_folder(&root.join(layout::kind(holder).folder))?.is_none() {
        return Ok(HolderFiles::NONE);
    }
    files_in(&root.join(layout::holder_folder(holder)))
}

/// The files of one holder in `folder`; the key is not read.
pub(super) fn files_in(folder: &Place) -> Result<HolderFiles, StoreError> {
    let folder = folder.held();
    if read::mode_of_folder(&folder)?.is_none() {
        return Ok(HolderFiles::NONE);
    }
    Ok(HolderFiles {
        certificate: read::file(&folder.join(layout::CERTIFICATE))?,
        // The facts of ten thousand key files are kept, and their folders must not stay open.
        key: vault::key_file(&folder)?.map(KeyFile::by_path),
    })
}

/// Path of a file of `holder`.
pub(super) fn path_of(root: &Place, holder: &Holder, file: &str) -> Place {
    root.join(layout::holder_folder(holder)).join(file)
}

/// The certificates in `text`, which is the file at `path`; at least one.
///
/// # Errors
/// [`StoreError::Damaged`] unless each certificate in it can be read.
pub(super) fn certificates(path: &Place, text: &[u8]) -> Result<Vec<Certificate>, StoreError> {
    let problem = match Certificate::from_pem(text) {
        Ok(chain) if text.trim_ascii_end().ends_with(LAST_LINE) => return Ok(chain),
        Ok(_) => "does not end with a certificate".to_owned(),
        Err(CertificateError::NotPem) => "is not PEM".to_owned(),
        Err(CertificateError::NoCertificate) => "holds no certificate".to_owned(),
        Err(CertificateError::Malformed(why)) => format!("holds a malformed certificate: {why}"),
    };
    Err(StoreError::damaged(path, problem))
}

/// All holders that have a folder with a certificate or a key.
pub(super) fn holders(root: &Place) -> Result<BTreeSet<Holder>, StoreError> {
    let mut found = BTreeSet::new();
    for kind in &layout::KINDS {
        found.append(&mut holders_of(root, kind)?);
    }
    Ok(found)
}

/// All authorities that have a folder with a certificate or a key.
pub(super) fn authorities(root: &Place) -> Result<BTreeSet<Holder>, StoreError> {
    holders_of(root, &layout::KINDS[0])
}

fn holders_of(root: &Place, kind: &layout::Kind) -> Result<BTreeSet<Holder>, StoreError> {
    let folder = root.join(kind.folder);
    let mut found = BTreeSet::new();
    for name in read::folders(&folder)? {
        if has_files(&folder.join(&name))? {
            found.insert((kind.holder)(true_name(&folder.join(&name), &name)?));
        }
    }
    Ok(found)
}

/// Those that are called `name`, or `name` with the folder of their kind before it. No other folder is looked at.
pub(super) fn holders_called(root: &Place, name: &str) -> Result<BTreeSet<Holder>, StoreError> {
    let mut found = BTreeSet::new();
    for kind in &layout::KINDS {
        let below = name.strip_prefix(kind.folder).and_then(|rest| rest.strip_prefix('/'));
        for name in [Some(name), below].into_iter().flatten() {
            let holder = (kind.holder)(name.to_owned());
            if has_files(&root.join(layout::holder_folder(&holder)))? {
                found.insert(holder);
            }
        }
    }
    Ok(found)
}

fn has_files(folder: &Place) -> Result<bool, StoreError> {
    Ok(read::mode_of_file(&folder.join(layout::CERTIFICATE))?.is_some()
        || vault::key_file(folder)?.is_some())
}

/// The name of the holder whose folder is `folder`, called `name`.
pub(super) fn true_name(folder: &Place, name: &str) -> Result<String, StoreError> {
    let full = if layout::is_shortened(name) {
        let text = read::file(&folder.join(layout::TRUE_NAME))?;
        text.and_then(|text| String::from_utf8(text.to_vec()).ok())
            .filter(|full| layout::folder_name(full) == name)
    } else {
        layout::name_of_folder(name)
    };
    full.ok_or_else(|| StoreError::damaged(folder, "has a name that mtlsgen does not give"))
}

/// Those of `holders` that their own ledgers name: self-signed ones.
pub(super) fn known_to_own_ledgers(
    root: &Place,
    holders: &BTreeSet<Holder>,
) -> Result<BTreeSet<Holder>, StoreError> {
    let mut entries = Vec::new();
    for holder in holders {
        entries.extend(entries_in(&path_of(root, holder, layout::LEDGER))?);
    }
    let named = parallel::map(&entries, holder_in)?;
    Ok(named.into_iter().flatten().filter(|holder| holders.contains(holder)).collect())
}

/// Makes sure that a ledger can be read as a whole.
///
/// # Errors
/// [`StoreError::Damaged`] for the first entry that is none.
pub(super) fn require_whole(ledger: &Place) -> Result<(), StoreError> {
    parallel::map(&entries_in(ledger)?, holder_in).map(drop)
}

/// Whether the certificate of some holder in the store was signed by `issuer`. What cannot be read is passed over.
pub(super) fn is_issuer_of_any(root: &Place, issuer: &Certificate) -> Result<bool, StoreError> {
    let holders = Vec::from_iter(holders(root)?);
    let signed = parallel::map(&holders, |holder| {
        Ok::<_, StoreError>(own(root, holder).is_some_and(|own| {
            own.issuer == issuer.subject && own.authority_key_id == issuer.subject_key_id
        }))
    })?;
    Ok(signed.contains(&true))
}

/// The certificates of all holders but these. What cannot be read is passed over.
pub(super) fn certificates_beside(
    root: &Place,
    known: impl Fn(&Holder) -> bool,
) -> Result<Vec<(Holder, Certificate)>, StoreError> {
    let holders = holders(root).unwrap_or_default().into_iter().filter(|holder| !known(holder));
    let holders: Vec<Holder> = holders.collect();
    let found = parallel::map(&holders, |holder| Ok::<_, StoreError>(own(root, holder)))?;
    let own = |(holder, own): (Holder, Option<Certificate>)| own.map(|own| (holder, own));
    Ok(holders.into_iter().zip(found).filter_map(own).collect())
}

/// The certificate of a holder, if it is there and can be read.
fn own(root: &Place, holder: &Holder) -> Option<Certificate> {
    let path = path_of(root, holder, layout::CERTIFICATE);
    let text = read::file(&path).ok().flatten()?;
    certificates(&path, &text).ok()?.into_iter().next()
}

/// Paths of the entries of a ledger; other files beside them are none.
fn entries_in(ledger: &Place) -> Result<Vec<Place>, StoreError> {
    let names = read::files(ledger)?.into_iter().filter(|name| is_entry(name));
    Ok(names.map(|name| ledger.join(name)).collect())
}

/// Whether a file of that name in a ledger is an entry.
pub(super) fn is_entry(name: &str) -> bool {
    name.strip_suffix(layout::ENTRY_EXTENSION)
        .is_some_and(|serial| serial.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn holder_in(entry: &Place) -> Result<Option<Holder>, StoreError> {
    let Some(content) = read::file(entry)? else { return Ok(None) };
    let text = str::from_utf8(&content).map_err(|_| StoreError::damaged(entry, "is not UTF-8"))?;
    ledger::holder(text).map(Some).map_err(|problem| StoreError::damaged(entry, problem))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make what is read")]
mod tests {
    use super::*;

    fn store_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let root = Place::open(folder.path()).unwrap();
        (folder, root)
    }

    fn client(name: &str) -> Holder {
        Holder::Client(name.into())
    }

    #[test]
    fn every_holder_with_a_certificate_or_a_key_is_found_under_the_true_name() {
        let long = "ü".repeat(200);
        let folder = layout::holder_folder(&client(&long));
        let (_folder, root) = store_with(&[
            ("cas/root/tls.crt", ""),
            ("cas/brought/ledger/01.toml", ""),
            ("hosts/%2A.example.com/tls.key", ""),
            ("clients/%41lice/tls.crt", ""),
            (&format!("{folder}/tls.crt"), ""),
            (&format!("{folder}/name"), &long),
        ]);
        let expected = [
            Holder::Authority("root".into()),
            Holder::Host("*.example.com".into()),
            client("Alice"),
            client(&long),
        ];
        assert_eq!(holders(&root).unwrap(), BTreeSet::from(expected.clone()));
        let authority = BTreeSet::from([expected[0].clone()]);
        assert_eq!(authorities(&root).unwrap(), authority);
        for holder in expected {
            let full = format!("{}/{}", layout::kind(&holder).folder, holder.name());
            for name in [holder.name(), &full] {
                let found = holders_called(&root, name).unwrap();
                assert_eq!(found, BTreeSet::from([holder.clone()]), "{name}");
            }
        }
        assert!(holders_called(&root, "brought").unwrap().is_empty());
        assert!(holders_called(&root, "../cas/root").unwrap().is_empty());
    }

    #[test]
    fn folders_of_no_holder_are_damage() {
        let folder = layout::holder_folder(&client(&"ü".repeat(200)));
        let with_other_name = [(format!("{folder}/tls.crt"), ""), (format!("{folder}/name"), "ü")];
        let with_other_name = with_other_name.each_ref().map(|(path, text)| (&**path, *text));
        for files in [&[("clients/Alice/tls.crt", "")][..], &with_other_name] {
            let error = holders(&store_with(files).1).unwrap_err();
            assert!(
                error.to_string().ends_with("has a name that mtlsgen does not give"),
                "{error}"
            );
        }
    }

    #[test]
    fn own_ledgers_say_who_was_issued_something() {
        let entry = |kind: &str, name: &str| {
            format!("holder = {{ kind = \"{kind}\", name = \"{name}\" }}\ncertificate = ''\n")
        };
        let (_folder, root) = store_with(&[
            ("hosts/own/ledger/03.toml", &entry("host", "own")),
            ("hosts/own/ledger/02.toml.orig", "not an entry"),
            ("hosts/own/ledger/02.later-kind.toml", "not an entry"),
            ("hosts/other/ledger/04.toml", "never read"),
        ]);
        let asked = BTreeSet::from([
            client("alice"),
            Holder::Host("own".into()),
            Holder::Host("new".into()),
        ]);
        let known = known_to_own_ledgers(&root, &asked).unwrap();
        assert_eq!(known, BTreeSet::from([Holder::Host("own".into())]));
    }

    #[test]
    fn damaged_entries_are_named() {
        let (_folder, root) = store_with(&[("clients/a/ledger/0A.toml", "<<<<<<< HEAD\n")]);
        let error = known_to_own_ledgers(&root, &BTreeSet::from([client("a")])).unwrap_err();
        assert!(
            error.to_string().contains("clients/a/ledger/0A.toml` is not a ledger entry"),
            "{error}"
        );
    }
}
