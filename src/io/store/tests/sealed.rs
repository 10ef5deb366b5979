//! Keys that are encrypted at rest: in, out, and from one set of recipients to another.

use super::issued::{alice, commit, everything, holders_of, mode, root_authority};
use super::*;
use crate::io::age_file::{Identities, Recipients, Sources};
use crate::io::store::transaction::tests::disk::{Trouble, TroubledDisk};

/// An identity in a file, and its recipient.
struct Person {
    _folder: TempDir,
    file: PathBuf,
    recipient: String,
}

fn person() -> Person {
    let identity = age::x25519::Identity::generate();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys.txt");
    let text = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    fs::write(&file, text).unwrap();
    Person { _folder: folder, file, recipient: identity.to_public().to_string() }
}

/// The store at `root`, with keys for `recipients`, and the identities of `people` at hand.
fn sealed(root: &Path, recipients: &[&Person], people: &[&Person]) -> Store {
    let recipients = Recipients::new(recipients.iter().map(|person| &*person.recipient));
    let files: Vec<PathBuf> = people.iter().map(|person| person.file.clone()).collect();
    open(root).with_keys(recipients, move || {
        if files.is_empty() {
            return Ok(Identities::default());
        }
        Sources { files: files.clone(), passphrase_file: None }.load()
    })
}

fn keyring(store: &Store, issued: &Issued) -> Result<Keyring, StoreError> {
    let holders = holders_of(issued);
    let (inventory, warnings) = store.inventory(&holders)?;
    assert!(warnings.is_empty(), "{warnings:?}");
    store.keyring(&inventory, &holders)
}

fn settle(store: &Store) -> Result<UnsettledKeys, StoreError> {
    let lock = store.lock().unwrap();
    store.settle_keys(&lock)
}

/// Names of the files below `root` that hold a key in clear, and of those that are sealed.
fn key_files(root: &Path) -> [Vec<String>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let octets = fs::read(&path).unwrap();
            let holds = |text: &str| octets.windows(text.len()).any(|part| part == text.as_bytes());
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if holds("PRIVATE KEY") {
                found[0].push(name);
            } else if holds("AGE ENCRYPTED") {
                assert_eq!(mode(&path), 0o600, "{name}");
                found[1].push(name);
            }
        }
    }
    for names in &mut found {
        names.sort();
    }
    found
}

const IN_CLEAR: [&str; 3] =
    ["cas/root/tls.key", "clients/%41lice/tls.key", "hosts/%2A.example.com/tls.key"];

fn as_sealed() -> Vec<String> {
    IN_CLEAR.iter().map(|name| format!("{name}.age")).collect()
}

#[test]
fn keys_are_never_in_clear_and_come_back_for_each_recipient() {
    let (root, [ann, bob, eve]) = (TempDir::new().unwrap(), [person(), person(), person()]);
    let issued = everything();
    commit(&sealed(root.path(), &[&ann, &bob], &[]), &issued).unwrap();
    assert_eq!(key_files(root.path()), [vec![], as_sealed()]);
    for one in [&ann, &bob] {
        let keyring = keyring(&sealed(root.path(), &[&ann, &bob], &[&eve, one]), &issued).unwrap();
        for made in &issued.certificates {
            assert_eq!(
                keyring.get(&made.request.holder).unwrap().spki_hash(),
                made.certificate().spki_hash
            );
        }
    }
    let Err(StoreError::Sealed(refused)) = keyring(&sealed(root.path(), &[], &[&eve]), &issued)
    else {
        panic!()
    };
    let both = BTreeSet::from([ann.recipient.clone(), bob.recipient.clone()]);
    assert_eq!((refused.identities, refused.recipients), (1, Some(both)));
    let hint = keyring(&open(root.path()), &issued).unwrap_err().hint();
    assert!(hint.contains(&ann.recipient) && hint.contains(&bob.recipient), "{hint}");
    let [opens, does_not] = [&ann, &eve].map(|one| {
        sealed(root.path(), &[], &[one]).opens_keys([&alice(), &root_authority()]).unwrap()
    });
    assert!(opens && !does_not);
}

#[test]
fn keys_follow_the_recipients_in_one_change() {
    let (root, [ann, bob]) = (TempDir::new().unwrap(), [person(), person()]);
    let issued = everything();
    commit(&open(root.path()), &issued).unwrap();
    // On: no identity is needed.
    let store = sealed(root.path(), &[&ann], &[]);
    let unsettled = store.unsettled_keys().unwrap();
    assert_eq!((unsettled.count, unsettled.in_clear), (3, 3));
    assert_eq!(settle(&store).unwrap(), unsettled);
    assert_eq!(key_files(root.path()), [vec![], as_sealed()]);
    assert_eq!(store.unsettled_keys().unwrap(), UnsettledKeys::default());
    // Another recipient: only who opens the keys can let him in.
    let store = sealed(root.path(), &[&bob], &[&bob]);
    let unsettled = store.unsettled_keys().unwrap();
    assert_eq!((unsettled.count, unsettled.in_clear, unsettled.unknown), (3, 0, 0));
    assert_eq!(unsettled.removed, BTreeSet::from([ann.recipient.clone()]));
    assert_eq!(unsettled.added, BTreeSet::from([bob.recipient.clone()]));
    let before = fs::read(root.path().join("cas/root/tls.key.age")).unwrap();
    assert!(matches!(settle(&store), Err(StoreError::Sealed(_))));
    assert_eq!(fs::read(root.path().join("cas/root/tls.key.age")).unwrap(), before);
    settle(&sealed(root.path(), &[&bob], &[&ann])).unwrap();
    keyring(&sealed(root.path(), &[&bob], &[&bob]), &issued).unwrap();
    assert!(keyring(&sealed(root.path(), &[&bob], &[&ann]), &issued).is_err());
    // Off.
    assert!(matches!(settle(&open(root.path())), Err(StoreError::Sealed(_))));
    settle(&sealed(root.path(), &[], &[&bob])).unwrap();
    assert_eq!(key_files(root.path()), [IN_CLEAR.map(str::to_owned).to_vec(), vec![]]);
    keyring(&open(root.path()), &issued).unwrap();
}

#[test]
fn a_new_key_takes_the_place_of_the_old_file_under_its_old_name() {
    let (root, ann) = (TempDir::new().unwrap(), person());
    let mut issued = everything();
    commit(&open(root.path()), &issued).unwrap();
    let renewed = issued::renewed_client(&issued);
    issued.certificates = vec![renewed];
    commit(&sealed(root.path(), &[&ann], &[]), &issued).unwrap();
    let [in_clear, sealed_ones] = key_files(root.path());
    assert_eq!(in_clear, [IN_CLEAR[0], IN_CLEAR[2]]);
    assert_eq!(sealed_ones, ["clients/%41lice/tls.key.age"]);
}

#[test]
fn two_key_files_and_foreign_ones_are_damage() {
    let (root, ann) = (TempDir::new().unwrap(), person());
    let issued = everything();
    let store = sealed(root.path(), &[&ann], &[&ann]);
    commit(&store, &issued).unwrap();
    let at = |name: &str| root.path().join("clients/%41lice").join(name);
    let sealed_key = fs::read_to_string(at("tls.key.age")).unwrap();
    let says = |words: &str| {
        let error = keyring(&store, &issued).unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }) && error.to_string().contains(words),
            "{error}"
        );
    };
    fs::write(at("tls.key"), "").unwrap();
    says("lies in clear beside `tls.key.age`");
    fs::remove_file(at("tls.key")).unwrap();
    for (text, words) in [
        ("", "is not an age file"),
        ("-----BEGIN PRIVATE KEY-----\n", "holds a private key in clear"),
        (&sealed_key[..200], "is damaged or cut off"),
        (&sealed_key[..sealed_key.len() - 120], "is damaged or cut off"),
    ] {
        fs::write(at("tls.key.age"), text).unwrap();
        says(words);
    }
    let of_another = fs::read(root.path().join("cas/root/tls.key.age")).unwrap();
    fs::write(at("tls.key.age"), of_another).unwrap();
    says("does not belong to the certificate");
    let nonsense = Recipients::new([&*ann.recipient]).seal(b"nonsense");
    fs::write(at("tls.key.age"), nonsense).unwrap();
    says("is not PEM");
}

#[test]
fn a_killed_change_to_keys_in_clear_is_taken_away() {
    let (root, ann, issued) = (TempDir::new().unwrap(), person(), everything());
    let store = sealed(root.path(), &[&ann], &[&ann]);
    commit(&store, &issued).unwrap();
    let place = Place::open(root.path()).unwrap();
    let off = sealed(root.path(), &[], &[&ann]).vault;
    let unsettled = reencryption::unsettled(&place, &off).unwrap();
    let (files, removal) = reencryption::files(&place, &off, &unsettled).unwrap();
    // Amid the keys, after the list of the change and its number.
    let disk = TroubledDisk::new(root.path(), 4, Trouble::Death);
    transaction::replace(&disk, &place, files, removal).unwrap_err();
    assert!(!key_files(root.path())[0].is_empty());
    store.finish_interrupted().unwrap();
    assert_eq!(key_files(root.path()), [vec![], as_sealed()]);
}

#[test]
fn sealed_keys_may_lie_open() {
    use std::os::unix::fs::PermissionsExt as _;
    let (root, ann) = (TempDir::new().unwrap(), person());
    let issued = everything();
    let store = sealed(root.path(), &[&ann], &[&ann]);
    commit(&store, &issued).unwrap();
    for name in as_sealed() {
        fs::set_permissions(root.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    keyring(&store, &issued).unwrap();
}

/// Carries `change` out as often as it has steps, and dies at another one each time; `judge` gets the
/// store as the death left it, and again after recovery.
fn dying(
    prepare: impl Fn(&Path),
    change: impl Fn(&Place) -> (Vec<NewFile>, transaction::Removal),
    judge: impl Fn(&Path, bool),
) {
    for step in 0.. {
        let root = TempDir::new().unwrap();
        let root = root.path();
        prepare(root);
        let place = Place::open(root).unwrap();
        let (files, removal) = change(&place);
        let disk = TroubledDisk::new(root, step, Trouble::Death);
        let ended = transaction::replace(&disk, &place, files, removal);
        judge(root, false);
        transaction::recover(&FileSystem, &place).unwrap();
        judge(root, true);
        if ended.is_ok() {
            assert!(step > 10, "{step}");
            return;
        }
    }
}

#[test]
fn a_crash_while_issuing_leaves_no_key_in_clear() {
    let (ann, issued) = (person(), everything());
    let change = |root: &Place| {
        let vault = &sealed(&root.path(), &[&ann], &[]).vault;
        issuance::files(root, vault, &issued, Timestamp::from_unix(issued::AT)).unwrap()
    };
    let judge = |root: &Path, _: bool| assert_eq!(key_files(root)[0], Vec::<String>::new());
    dying(|_| {}, change, judge);
}

#[test]
fn a_crash_while_keys_are_sealed_leaves_all_or_none_of_them_sealed() {
    let (ann, issued) = (person(), everything());
    let change = |root: &Place| {
        let vault = &sealed(&root.path(), &[&ann], &[]).vault;
        reencryption::files(root, vault, &reencryption::unsettled(root, vault).unwrap()).unwrap()
    };
    let judge = |root: &Path, is_recovered: bool| {
        let [in_clear, sealed] = key_files(root);
        let is_whole = in_clear == IN_CLEAR && sealed.is_empty()
            || in_clear.is_empty() && sealed == as_sealed();
        assert!(!is_recovered || is_whole, "{in_clear:?} {sealed:?}");
    };
    dying(|root| commit(&open(root), &issued).unwrap(), change, judge);
}
