//! Where things lie in a store: names to file names and back, and nothing outside.
//!
//! A name keeps its lower-case letters, digits, `-`, `_`, `.` and `@`; every other byte of its UTF-8
//! becomes `%` and two upper-case hexadecimal digits. Capitals are escaped too, so that two names
//! never meet on a file system that takes `A` for `a`. So are a `-` or `.` at the start, a `.` at the
//! end, and the start of a name that Windows reserves. The empty name is a single `%`.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{contents, revocation};
use crate::pki::crl::{ListNumber, RevocationList};
use crate::pki::request::{Holder, Issuer, SerialNumber};

/// Folder of what `mtlsgen import` copied and the spec names as files.
pub(super) const BROUGHT: &str = "brought";
/// The spec of an import, until it lies in its own place.
pub(super) const IMPORTED_SPEC: &str = ".import";
/// Files there beside certificates and keys.
const BROUGHT_FILES: [&str; 2] = ["crl.pem", "request.csr"];
/// File of a certificate and its issuers.
pub(super) const CERTIFICATE: &str = "tls.crt";
/// File of a private key.
pub(super) const KEY: &str = "tls.key";
/// File of a private key that is encrypted with age.
pub(super) const SEALED_KEY: &str = "tls.key.age";
/// File of the true name, where the folder's name had to be shortened.
pub(super) const TRUE_NAME: &str = "name";
/// Folder of the generation of an authority that was introduced.
const NEXT: &str = "next";
/// Folder of the generations of an authority that retire, a folder each.
const RETIRING: &str = "retiring";
/// File at the top with the `name` of the spec that the store belongs to.
pub(super) const SPEC_NAME: &str = "name";
/// Folder of ledger entries.
pub(super) const LEDGER: &str = "ledger";
/// Folder of the revocation lists that an authority signed.
pub(super) const LISTS: &str = "crl";
/// How the names of revocation lists end.
const LIST_EXTENSION: &str = ".pem";
/// How the names of ledger entries end.
pub(super) const ENTRY_EXTENSION: &str = ".toml";

/// Longest name of a file or folder, in bytes, on the file systems that people use.
const LONGEST: usize = 255;
/// What is kept of an escaped name that is longer.
const KEPT: usize = 180;
/// Separates what is kept from the hash; occurs in no other escaped name.
const SHORTENED: char = '~';

/// One of the three folders of a store.
pub(super) struct Kind {
    /// Name of the folder.
    pub(super) folder: &'static str,
    /// What its holders are called in the ledger.
    pub(super) word: &'static str,
    /// Makes a holder of a name.
    pub(super) holder: fn(String) -> Holder,
}

/// The three folders of a store, in the order of [`Holder`].
pub(super) const KINDS: [Kind; 3] = [
    Kind { folder: "cas", word: "authority", holder: Holder::Authority },
    Kind { folder: "hosts", word: "host", holder: Holder::Host },
    Kind { folder: "clients", word: "client", holder: Holder::Client },
];

/// The kind of `holder`.
pub(super) fn kind(holder: &Holder) -> &'static Kind {
    match holder {
        Holder::Authority(_) => &KINDS[0],
        Holder::Host(_) => &KINDS[1],
        Holder::Client(_) => &KINDS[2],
    }
}

/// The folder of `holder`, below the store: `clients/alice`.
pub(super) fn holder_folder(holder: &Holder) -> String {
    format!("{}/{}", kind(holder).folder, folder_name(holder.name()))
}

/// The folder of the generation of an authority that was introduced, below the store: `cas/root/next`.
pub(super) fn next_folder(authority: &Holder) -> String {
    format!("{}/{NEXT}", holder_folder(authority))
}

/// The folders of further generations in the `folder` of an authority: of the next one, and of all that retire.
pub(super) fn generation_folders(folder: &str) -> [String; 2] {
    [NEXT, RETIRING].map(|name| format!("{folder}/{name}"))
}

/// The folder with the generations of an authority that retire, below the store: `cas/root/retiring`.
pub(super) fn retiring_folder(authority: &Holder) -> String {
    format!("{}/{RETIRING}", holder_folder(authority))
}

/// The folder of the ledger that has what `issuer` issued to `holder`, below the store.
pub(super) fn ledger_folder(issuer: &Issuer, holder: &Holder) -> String {
    let keeper = match issuer {
        Issuer::SelfSigned => holder_folder(holder),
        Issuer::Authority(name) => holder_folder(&Holder::Authority(name.clone())),
    };
    format!("{keeper}/{LEDGER}")
}

/// The ledger entry of a certificate, below the store.
pub(super) fn ledger_entry(issuer: &Issuer, holder: &Holder, serial: &SerialNumber) -> String {
    format!("{}/{}", ledger_folder(issuer, holder), entry_name(serial))
}

/// The file name of a ledger entry.
pub(super) fn entry_name(serial: &SerialNumber) -> String {
    format!("{serial}{ENTRY_EXTENSION}")
}

/// A revocation list of `authority`, below the store: its number, and a hash for branches that both make one.
pub(super) fn list(authority: &str, list: &RevocationList) -> String {
    let folder = holder_folder(&Holder::Authority(authority.to_owned()));
    let number = list.number.clone().unwrap_or_default();
    let hash = &list.fingerprint().to_string()[..16];
    format!("{folder}/{LISTS}/{number}-{hash}{LIST_EXTENSION}")
}

/// The number in the name of a revocation list; `None` for other files.
pub(super) fn list_number(name: &str) -> Option<ListNumber> {
    let (number, hash) = name.strip_suffix(LIST_EXTENSION)?.split_once('-')?;
    let is_ours = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    ListNumber::from_decimal(number).filter(|_| is_ours)
}

/// A safe name of a folder for `name`; different names give different folders.
pub(super) fn folder_name(name: &str) -> String {
    if name.is_empty() {
        return "%".to_owned();
    }
    let mut escaped = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        if is_kept(name, at, byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes everything");
        }
    }
    if escaped.len() <= LONGEST { escaped } else { shortened(name, &escaped) }
}

/// Whether the folder's name has only the start of the holder's name.
pub(super) fn is_shortened(folder: &str) -> bool {
    folder.contains(SHORTENED)
}

/// The name that [`folder_name`] made `folder` of; `None` for shortened names and for foreign ones.
pub(super) fn name_of_folder(folder: &str) -> Option<String> {
    if folder == "%" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(folder.len());
    let mut rest = folder;
    while let Some((plain, escape)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        bytes.push(u8::from_str_radix(escape.get(..2)?, 16).ok()?);
        rest = &escape[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok().filter(|name| folder_name(name) == folder)
}

fn is_kept(name: &str, at: usize, byte: u8) -> bool {
    match byte {
        b'a'..=b'z' => at > 0 || !is_reserved(name),
        b'0'..=b'9' | b'_' | b'@' => true,
        b'-' => at > 0,
        b'.' => at > 0 && at + 1 < name.len(),
        _ => false,
    }
}

/// Whether Windows takes the name for a device, regardless of what follows the first dot.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    match stem.as_bytes() {
        b"con" | b"prn" | b"aux" | b"nul" => true,
        [b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] => digit.is_ascii_digit(),
        _ => false,
    }
}

/// The start of the escaped name, cut before an escape rather than inside it, and a hash of the whole.
fn shortened(name: &str, escaped: &str) -> String {
    let cut = escaped[..KEPT].rfind('%').filter(|at| at + 3 > KEPT).unwrap_or(KEPT);
    let hash = Sha256::digest(name.as_bytes());
    let mut short = format!("{}{SHORTENED}", &escaped[..cut]);
    for byte in &hash[..16] {
        write!(short, "{byte:02x}").expect("a String takes everything");
    }
    short
}

/// What a path below the store is to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A folder that a change makes or removes.
    Folder,
    /// A file that everyone may read.
    Public,
    /// The file of a private key.
    Key,
}

/// What lies at `path`, as a change writes it; `None` for paths that no change has.
pub(super) fn part(path: &str) -> Option<Part> {
    let names: Vec<&str> = path.split('/').collect();
    match &names[..] {
        [".generation" | IMPORTED_SPEC | SPEC_NAME] => Some(Part::Public),
        [BROUGHT, rest @ ..] => supplied_part(rest),
        [kind, rest @ ..] if is_kind(kind) => {
            let is_authority = *kind == KINDS[0].folder;
            match rest {
                [] => Some(Part::Folder),
                [holder, rest @ ..] if is_folder_name(holder) => holder_part(is_authority, rest),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Below the folder of a holder.
fn holder_part(is_authority: bool, names: &[&str]) -> Option<Part> {
    match names {
        [] | [LEDGER] => Some(Part::Folder),
        [TRUE_NAME] => Some(Part::Public),
        [LEDGER, entry] => {
            let is_ours = contents::is_entry(entry) || revocation::serial(entry).is_some();
            is_ours.then_some(Part::Public)
        }
        [LISTS | NEXT | RETIRING] if is_authority => Some(Part::Folder),
        [LISTS, list] if is_authority => list_number(list).map(|_| Part::Public),
        [NEXT, file] if is_authority => certificate_or_key(file),
        [RETIRING, serial] if is_authority && is_hexadecimal(serial) => Some(Part::Folder),
        [RETIRING, serial, file] if is_authority && is_hexadecimal(serial) => {
            certificate_or_key(file)
        }
        [file] => certificate_or_key(file),
        _ => None,
    }
}

/// Below the folder of what `mtlsgen import` copied: it holds what a spec names, under names of its own.
fn supplied_part(names: &[&str]) -> Option<Part> {
    match names {
        [] => Some(Part::Folder),
        [".gitignore"] => Some(Part::Public),
        [kind] if is_kind(kind) => Some(Part::Folder),
        [kind, holder] if is_kind(kind) && is_supplied_name(holder) => Some(Part::Folder),
        [kind, holder, file] if is_kind(kind) && is_supplied_name(holder) => {
            certificate_or_key(file).or(BROUGHT_FILES.contains(file).then_some(Part::Public))
        }
        _ => None,
    }
}

fn certificate_or_key(file: &str) -> Option<Part> {
    match file {
        CERTIFICATE => Some(Part::Public),
        KEY | SEALED_KEY => Some(Part::Key),
        _ => None,
    }
}

fn is_kind(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.folder == name)
}

/// Whether [`folder_name`] gives such names.
fn is_folder_name(name: &str) -> bool {
    let shortened = || name.split_once(SHORTENED).is_some_and(|(_, hash)| is_hexadecimal(hash));
    name_of_folder(name).is_some() || name.len() <= LONGEST && shortened()
}

/// Whether `mtlsgen import` gives such names to folders of what it copies.
fn is_supplied_name(name: &str) -> bool {
    let is_plain =
        |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-.".contains(&octet);
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain)
}

fn is_hexadecimal(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names that people or attackers choose, and the folders that they get.
    const NAMES: &[(&str, &str)] = &[
        ("alice", "alice"),
        ("test.localdev.me", "test.localdev.me"),
        ("alice@example.com", "alice@example.com"),
        ("*.example.com", "%2A.example.com"),
        ("_.example.com", "_.example.com"),
        ("Alice", "%41lice"),
        ("Alice Example", "%41lice%20%45xample"),
        ("100%", "100%25"),
        ("%41lice", "%2541lice"),
        ("%", "%25"),
        ("", "%"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "%2E.%2E"),
        (".git", "%2Egit"),
        ("-rf", "%2Drf"),
        ("a.", "a%2E"),
        ("a ", "a%20"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("/etc/passwd", "%2Fetc%2Fpasswd"),
        ("a\\b", "a%5Cb"),
        ("c:d", "c%3Ad"),
        ("a\0b", "a%00b"),
        ("a\nb", "a%0Ab"),
        ("a~b", "a%7Eb"),
        ("zoë", "zo%C3%AB"),
        ("zoe\u{308}", "zoe%CC%88"),
        ("名", "%E5%90%8D"),
        ("con", "%63on"),
        ("con.example.com", "%63on.example.com"),
        ("com1", "%63om1"),
        ("lpt9.x", "%6Cpt9.x"),
        ("conan", "conan"),
        ("com10", "com10"),
        ("CON", "%43%4F%4E"),
    ];

    #[test]
    fn names_become_safe_folders_and_come_back() {
        for (name, folder) in NAMES {
            assert_eq!(folder_name(name), *folder);
            assert_eq!(name_of_folder(folder).as_deref(), Some(*name), "{folder}");
            assert!(is_folder_name(folder) && !is_shortened(folder), "{folder}");
        }
    }

    #[test]
    fn foreign_folders_have_no_name() {
        for folder in ["Alice", "%2a", "%%", "a%", "a%2", "%é", "%+1", "%FF", "%61", ".", "", "é"]
        {
            assert_eq!(name_of_folder(folder), None, "{folder}");
        }
    }

    #[test]
    fn long_names_are_shortened_and_stay_apart() {
        let host = format!("{}.example.com", "a".repeat(241));
        assert_eq!((host.len(), folder_name(&host)), (253, host.clone()));
        let mut folders = BTreeSet::new();
        for name in ["ä".repeat(100), "ä".repeat(101), "x".repeat(256), "x".repeat(257)] {
            let folder = folder_name(&name);
            assert!(folder.len() <= LONGEST && is_shortened(&folder) && is_folder_name(&folder));
            assert_eq!(name_of_folder(&folder), None);
            let (start, _) = folder.split_once(SHORTENED).unwrap();
            assert!(start.split('%').skip(1).all(|escape| escape.len() >= 2), "{start}");
            folders.insert(folder);
        }
        assert_eq!(folders.len(), 4);
    }

    #[test]
    fn folders_differ_on_file_systems_without_case() {
        let names = ["alice", "Alice", "ALICE", "aLICE", "%41lice", "ǅ", "ǆ", "ß", "SS", "ss"];
        let folders: BTreeSet<_> =
            names.iter().map(|name| folder_name(name).to_lowercase()).collect();
        assert_eq!(folders.len(), names.len());
    }

    #[test]
    fn ledgers_lie_beside_the_issuer() {
        let alice = Holder::Client("alice".into());
        let serial = SerialNumber(vec![0x0A, 0xBC]);
        let issuing = Issuer::Authority("issuing".into());
        assert_eq!(holder_folder(&alice), "clients/alice");
        assert_eq!(ledger_entry(&issuing, &alice, &serial), "cas/issuing/ledger/0ABC.toml");
        let own = ledger_entry(&Issuer::SelfSigned, &alice, &serial);
        assert_eq!(own, "clients/alice/ledger/0ABC.toml");
    }

    #[test]
    fn names_of_lists_begin_with_their_number() {
        assert_eq!(list_number("12-00112233aabbccdd.pem"), Some(12.into()));
        for name in [
            "12.pem",
            "-00112233aabbccdd.pem",
            "x-00112233aabbccdd.pem",
            "1-0.pem",
            "+1-00112233aabbccdd.pem",
        ] {
            assert_eq!(list_number(name), None, "{name}");
        }
    }

    #[test]
    fn what_a_change_writes_is_known_and_nothing_else() {
        let authority = Holder::Authority("root".into());
        let serial = SerialNumber(vec![0x0A, 0xBC]);
        let entry = ledger_entry(&Issuer::Authority("root".into()), &authority, &serial);
        let retiring = format!("{}/0ABC", retiring_folder(&authority));
        let file = |folder: &str, file: &str| format!("{folder}/{file}");
        let next = next_folder(&authority);
        let known = [
            (".generation".to_owned(), Part::Public),
            (SPEC_NAME.to_owned(), Part::Public),
            ("clients".to_owned(), Part::Folder),
            (holder_folder(&authority), Part::Folder),
            (file(&holder_folder(&authority), CERTIFICATE), Part::Public),
            (file(&holder_folder(&authority), KEY), Part::Key),
            (file("clients/%41lice", SEALED_KEY), Part::Key),
            (file("clients/%41lice", TRUE_NAME), Part::Public),
            (entry.clone(), Part::Public),
            (entry.replace(".toml", ".revoked-0011223344556677.toml"), Part::Public),
            ("cas/root/crl/12-00112233aabbccdd.pem".to_owned(), Part::Public),
            (next.clone(), Part::Folder),
            (file(&next, KEY), Part::Key),
            (retiring.clone(), Part::Folder),
            (file(&retiring, CERTIFICATE), Part::Public),
            ("brought/.gitignore".to_owned(), Part::Public),
            ("brought/hosts/wildcard.example.com".to_owned(), Part::Folder),
            ("brought/hosts/wildcard.example.com/tls.key".to_owned(), Part::Key),
            ("brought/cas/a/crl.pem".to_owned(), Part::Public),
        ];
        for (path, expected) in known {
            assert_eq!(part(&path), Some(expected), "{path}");
        }
        let unknown = ["", "/a", "a/", "..", ".lock", ".gitignore", "clients//tls.key", "cas/A"];
        let deeper =
            ["clients/a/next/tls.key", "hosts/a/crl/1-0011223344556677.pem", "brought/../a"];
        let others =
            ["cas/a/ledger/x.toml", "cas/a/retiring/x", "clients/a/a.p12", "brought/cas/../x"];
        for path in unknown.iter().chain(&deeper).chain(&others) {
            assert_eq!(part(path), None, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_gives_one_safe_folder(name in "\\PC{0,300}|[.%/~A-c]{0,8}") {
            let folder = folder_name(&name);
            assert!(folder.len() <= LONGEST && folder.is_ascii() && is_folder_name(&folder));
            assert!(is_shortened(&folder) || name_of_folder(&folder) == Some(name));
        }
    }
}
