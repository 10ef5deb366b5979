//! Real certificates and keys, in and out of a store.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationReason;
use crate::pki::issue::{RevocationListDraft, Signer, Validity, sign, sign_revocation_list};
use crate::pki::key::KeyKind;
use crate::pki::name::DistinguishedName;
use crate::pki::request::{AlternativeNames, CertificateRequest, Issuer, SerialNumber, Usage};
use crate::store::{IssuedCertificate, NewRevocation, Revocation};
use crate::time::Seconds;

pub(super) const AT: i64 = 1_800_000_000;

pub(super) fn root_authority() -> Holder {
    Holder::Authority("root".into())
}

pub(super) fn alice() -> Holder {
    Holder::Client("Alice".into())
}

fn request(holder: Holder, issuer: Issuer) -> CertificateRequest {
    let usage = match holder {
        Holder::Authority(_) => Usage::Authority {
            max_path_len: 1,
            max_path_len_is_stated: false,
            name_constraints: None,
        },
        Holder::Host(_) => Usage::Server,
        Holder::Client(_) => Usage::Client,
    };
    CertificateRequest {
        subject: DistinguishedName::parse(&format!("CN={}", holder.name())).unwrap(),
        holder,
        issuer,
        usage,
        names: AlternativeNames::default(),
        key_kind: KeyKind::EcdsaP256,
        public_key: None,
        duration: Seconds::days(30),
        renew_before: Seconds::days(1),
        serial: None,
    }
}

/// A certificate with a new key; the chain is the leaf and nothing else, as below a root.
fn issue(
    request: CertificateRequest,
    serial: u8,
    by: Option<&IssuedCertificate>,
) -> IssuedCertificate {
    let key = PrivateKey::generate(request.key_kind).unwrap();
    let signer = match by {
        Some(issuer) => {
            Signer { certificate: issuer.chain.first(), key: issuer.key.as_ref().unwrap() }
        }
        None => Signer { certificate: None, key: &key },
    };
    let now = Timestamp::from_unix(AT);
    let validity = Validity { not_before: now, not_after: now.after(request.duration) };
    let serial = SerialNumber(vec![serial]);
    let certificate = sign(&request, &serial, validity, &key, &signer).unwrap();
    IssuedCertificate { request, chain: vec![certificate], key: Some(key) }
}

/// A root, a client of it, and a host that signed itself.
pub(super) fn everything() -> Issued {
    let root = issue(request(root_authority(), Issuer::SelfSigned), 1, None);
    let client = request(alice(), Issuer::Authority("root".into()));
    let client = issue(client, 2, Some(&root));
    let host = issue(request(Holder::Host("*.example.com".into()), Issuer::SelfSigned), 3, None);
    Issued { certificates: vec![root, client, host], ..Issued::default() }
}

/// A later certificate for the client, with another key.
pub(super) fn renewed_client(issued: &Issued) -> IssuedCertificate {
    issue(request(alice(), Issuer::Authority("root".into())), 8, issued.certificates.first())
}

pub(super) fn holders_of(issued: &Issued) -> BTreeSet<Holder> {
    issued.certificates.iter().map(|issued| issued.request.holder.clone()).collect()
}

pub(super) fn commit(store: &Store, issued: &Issued) -> Result<(), StoreError> {
    store.commit(&store.lock()?, issued, Timestamp::from_unix(AT))
}

fn filled() -> (TempDir, Store, Issued) {
    let root = TempDir::new().unwrap();
    let (store, issued) = (open(root.path()), everything());
    commit(&store, &issued).unwrap();
    (root, store, issued)
}

pub(super) fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_was_issued_comes_back() {
    let (_root, store, issued) = filled();
    let wanted = holders_of(&issued);
    let (inventory, warnings) = store.inventory(&wanted).unwrap();
    assert!(warnings.is_empty() && inventory.lost.is_empty());
    let keyring = store.keyring(&inventory, &wanted).unwrap();
    for one in &issued.certificates {
        let held = &inventory.held[&one.request.holder];
        assert!(held.chain == one.chain && held.has_key);
        assert_eq!(
            keyring.get(&one.request.holder).unwrap().spki_hash(),
            one.certificate().spki_hash
        );
    }
    assert_eq!(store.holders().unwrap(), wanted);
}

#[test]
fn files_lie_where_people_look_for_them() {
    let (root, _store, issued) = filled();
    let at = |path: &str| root.path().join(path);
    let client = &issued.certificates[1];
    assert_eq!(
        fs::read_to_string(at("clients/%41lice/tls.crt")).unwrap(),
        client.chain[0].to_pem()
    );
    for (path, expected) in [
        ("clients", 0o700),
        ("clients/%41lice", 0o700),
        ("clients/%41lice/tls.key", 0o600),
        ("clients/%41lice/tls.crt", 0o644),
        ("cas/root/tls.key", 0o600),
        ("cas/root/ledger/01.toml", 0o644),
        ("cas/root/ledger/02.toml", 0o644),
        ("hosts/%2A.example.com/ledger/03.toml", 0o644),
        ("hosts/%2A.example.com/tls.key", 0o600),
        (".gitignore", 0o644),
        (".lock", 0o600),
    ] {
        assert_eq!(mode(&at(path)), expected, "{path}");
    }
    let entry = fs::read(at("cas/root/ledger/02.toml")).unwrap();
    assert_eq!(Certificate::from_pem(&entry).unwrap(), client.chain);
}

#[test]
fn renewal_with_the_same_key_leaves_the_key_file_and_the_old_entry() {
    let (root, store, mut issued) = filled();
    let key_file = root.path().join("cas/root/tls.key");
    let key_before = fs::read(&key_file).unwrap();
    let old = &issued.certificates[0];
    let now = Timestamp::from_unix(AT + 60);
    let validity = Validity { not_before: now, not_after: now.after(Seconds::days(60)) };
    let key = old.key.as_ref().unwrap();
    let signer = Signer { certificate: None, key };
    let serial = SerialNumber(vec![9]);
    let renewed = sign(&old.request, &serial, validity, key, &signer).unwrap();
    let first = &mut issued.certificates[0];
    (first.chain, first.key) = (vec![renewed.clone()], None);
    issued.certificates.truncate(1);
    commit(&store, &issued).unwrap();
    let (inventory, _) = store.inventory(&holders_of(&issued)).unwrap();
    assert_eq!(inventory.held[&root_authority()].chain, [renewed]);
    assert_eq!(fs::read(key_file).unwrap(), key_before);
    for serial in ["01", "09"] {
        assert!(root.path().join(format!("cas/root/ledger/{serial}.toml")).exists());
    }
}

#[test]
fn the_ledger_says_what_was_issued_and_what_was_revoked() {
    let (_root, store, issued) = filled();
    let ledger = store.ledger().unwrap();
    assert_eq!(ledger.entries.len(), 3);
    let client = issued.certificates[1].certificate();
    let alice = alice();
    let entry = ledger.of(&alice).next().unwrap();
    assert_eq!(entry.parsed().unwrap(), *client);
    assert_eq!(
        (entry.authority(), entry.issued_at, entry.fingerprint, entry.spki_hash),
        (Some("root"), Timestamp::from_unix(AT), client.fingerprint(), client.spki_hash)
    );
    let (inventory, _) = store.inventory(&BTreeSet::new()).unwrap();
    assert_eq!(
        inventory.ledger.entries.len(),
        2,
        "a self-signed host is reported to `status` alone"
    );
    let beside_current = |store: &Store| {
        let wanted = BTreeSet::from([root_authority(), alice.clone()]);
        let (inventory, _) = store.inventory_beside_current(&wanted).unwrap();
        let holders = inventory.ledger.entries.into_iter().map(|entry| entry.holder);
        holders.collect::<Vec<_>>()
    };
    assert_eq!(beside_current(&store), [root_authority()], "alice has that certificate now");
    let new = |comment: &str, later| NewRevocation {
        authority: "root".into(),
        serial: client.serial.clone(),
        holder: Some(alice.clone()),
        revocation: Revocation {
            at: Timestamp::from_unix(AT + later),
            reason: RevocationReason::KeyCompromise,
            comment: Some(comment.into()),
        },
    };
    let root = &issued.certificates[0];
    let draft = |number: u64| RevocationListDraft {
        number: number.into(),
        this_update: Timestamp::from_unix(AT),
        next_update: Timestamp::from_unix(AT + 9),
        revoked: BTreeMap::new(),
    };
    let signer = Signer { certificate: Some(root.certificate()), key: root.key.as_ref().unwrap() };
    let list = |number| ("root".to_owned(), sign_revocation_list(&draft(number), &signer).unwrap());
    // As two branches would leave them after a merge.
    for (revocation, number) in [(new("second", 7), 9), (new("first", 5), 10), (new("first", 5), 9)]
    {
        let issued = Issued {
            revocations: vec![revocation],
            lists: vec![list(number)],
            ..Issued::default()
        };
        commit(&store, &issued).unwrap();
    }
    let (inventory, _) = store.inventory(&BTreeSet::new()).unwrap();
    let revocation = inventory.ledger.revocation_of(entry).unwrap();
    assert_eq!(revocation.comment.as_deref(), Some("first"), "the earliest counts");
    let numbers: Vec<_> = inventory.lists["root"].iter().map(|list| list.number.clone()).collect();
    assert_eq!(numbers, [10, 9, 9].map(|number| Some(number.into())));
    assert_eq!(beside_current(&store), [root_authority(), alice], "revoked ones are reported");
}

#[test]
fn a_serial_serves_once() {
    let (_root, store, issued) = filled();
    let again = issue(
        request(Holder::Client("bob".into()), Issuer::Authority("root".into())),
        2,
        Some(&issued.certificates[0]),
    );
    let error =
        commit(&store, &Issued { certificates: vec![again], ..Issued::default() }).unwrap_err();
    assert!(
        matches!(&error, StoreError::SerialUsed { path } if path.ends_with("cas/root/ledger/02.toml"))
    );
    let twice = ["carol", "dave"].map(|name| {
        let request = request(Holder::Client(name.into()), Issuer::Authority("root".into()));
        issue(request, 7, Some(&issued.certificates[0]))
    });
    let error =
        commit(&store, &Issued { certificates: twice.into(), ..Issued::default() }).unwrap_err();
    assert!(matches!(error, StoreError::SerialUsed { .. }), "{error}");
    assert_eq!(store.holders().unwrap(), holders_of(&issued));
}

/// What is done to a store by hand, where, and how the complaint ends.
type Damage = (&'static str, fn(&Path), &'static str);

const DAMAGED_CERTIFICATES: &[Damage] = &[
    ("tls.crt", |path| fs::write(path, "").unwrap(), "tls.crt` is not PEM"),
    ("tls.crt", |path| fs::write(path, "hello\n").unwrap(), "tls.crt` is not PEM"),
    ("tls.crt", |path| fs::write(path, [0xFF; 64]).unwrap(), "tls.crt` is not PEM"),
    ("tls.crt", cut_in_half, "tls.crt` holds a malformed certificate"),
    ("tls.crt", append_half, "tls.crt` holds a malformed certificate"),
    ("tls.crt", append_a_little, "tls.crt` does not end with a certificate"),
    ("tls.crt", make_folder, "tls.crt` is a folder where a file should be"),
    ("tls.crt", make_link, "tls.crt` is a symbolic link"),
    ("tls.key", make_folder, "tls.key` is a folder where a file should be"),
    ("tls.key", make_link, "tls.key` is a symbolic link"),
];

const DAMAGED_KEYS: &[Damage] = &[
    ("tls.key", |path| fs::write(path, "").unwrap(), "tls.key` is not PEM"),
    ("tls.key", cut_in_half, "tls.key` holds a malformed key"),
    ("tls.key", take_key_of_root, "tls.key` does not belong to the certificate in `tls.crt`"),
];

fn cut_in_half(path: &Path) {
    let text = fs::read(path).unwrap();
    fs::write(path, &text[..text.len() / 2]).unwrap();
}

fn append_half(path: &Path) {
    let text = fs::read(path).unwrap();
    fs::write(path, [&text, &text[..text.len() / 2]].concat()).unwrap();
}

fn append_a_little(path: &Path) {
    let text = fs::read(path).unwrap();
    fs::write(path, [&text, &b"-----BEGIN CERTI"[..]].concat()).unwrap();
}

fn make_folder(path: &Path) {
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
}

fn make_link(path: &Path) {
    fs::rename(path, path.with_extension("moved")).unwrap();
    symlink(path.with_extension("moved"), path).unwrap();
}

fn take_key_of_root(path: &Path) {
    let store = path.ancestors().nth(3).unwrap();
    fs::copy(store.join("cas/root/tls.key"), path).unwrap();
}

#[test]
fn damage_is_reported_with_its_file_and_nothing_is_changed() {
    for (file, damage, end) in DAMAGED_CERTIFICATES.iter().chain(DAMAGED_KEYS) {
        let (root, store, mut issued) = filled();
        let path = root.path().join("clients/%41lice").join(file);
        damage(&path);
        let complaint = store.inventory(&BTreeSet::from([alice()])).and_then(|(inventory, _)| {
            store.keyring(&inventory, &BTreeSet::from([alice()])).map(|_| ())
        });
        let request = request(alice(), Issuer::Authority("root".into()));
        let replacement = issue(request, 8, Some(&issued.certificates[0]));
        issued.certificates = vec![replacement];
        for error in [complaint.unwrap_err(), commit(&store, &issued).unwrap_err()] {
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(&format!("clients/%41lice/{end}")), "{error}");
        }
        assert!(!root.path().join("cas/root/ledger/08.toml").exists());
    }
}

#[test]
fn damage_elsewhere_does_not_matter() {
    let (root, store, issued) = filled();
    fs::write(root.path().join("clients/%41lice/tls.crt"), "").unwrap();
    let wanted = BTreeSet::from([root_authority()]);
    let (inventory, _) = store.inventory(&wanted).unwrap();
    assert_eq!(inventory.held[&root_authority()].chain, issued.certificates[0].chain);
}

#[test]
fn absent_files_are_distinguished_from_what_was_never_issued() {
    let (root, store, _) = filled();
    let wanted = BTreeSet::from([alice(), Holder::Client("bob".into())]);
    fs::remove_file(root.path().join("clients/%41lice/tls.key")).unwrap();
    let (inventory, _) = store.inventory(&wanted).unwrap();
    assert!(!inventory.held[&alice()].has_key);
    let error = store.keyring(&inventory, &BTreeSet::from([alice()])).unwrap_err();
    assert!(matches!(&error, StoreError::Missing { files } if files[0].1.ends_with("tls.key")));
    assert!(error.to_string().starts_with("client `Alice` has a certificate, but `"), "{error}");
    fs::remove_dir_all(root.path().join("clients")).unwrap();
    let (inventory, _) = store.inventory(&wanted).unwrap();
    assert_eq!(inventory.lost.keys().collect::<Vec<_>>(), [&alice()]);
}

#[test]
fn keys_that_others_can_read_are_a_warning() {
    let (root, store, issued) = filled();
    let key = root.path().join("clients/%41lice/tls.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let (_, warnings) = store.inventory(&holders_of(&issued)).unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].help, [format!("run `chmod 600 '{}'`", key.display())]);
}

#[test]
fn a_key_that_was_replaced_since_its_certificate_was_read_is_no_damage() {
    let (_root, store, issued) = filled();
    let wanted = BTreeSet::from([alice()]);
    let (inventory, _) = store.inventory(&wanted).unwrap();
    let request = request(alice(), Issuer::Authority("root".into()));
    let newer = issue(request, 8, Some(&issued.certificates[0]));
    commit(&store, &Issued { certificates: vec![newer], ..Issued::default() }).unwrap();
    let error = store.keyring(&inventory, &wanted).unwrap_err();
    assert!(matches!(error, StoreError::Changed { .. }), "{error}");
}
