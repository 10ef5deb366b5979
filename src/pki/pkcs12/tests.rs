use super::*;
use crate::pki::certificate::Certificate;
use crate::pki::key::KeyKind;
use crate::pki::openssl::{Bench, Held, authority, request};
use crate::pki::request::Usage;

/// Not random at all, but never the same twice in a row.
fn counter() -> impl FnMut(&mut [u8]) {
    let mut count = 0_u8;
    move |octets: &mut [u8]| {
        for octet in octets {
            count = count.wrapping_mul(5).wrapping_add(17);
            *octet = count;
        }
    }
}

fn password(text: &str) -> Password {
    Password::of_line(text.as_bytes()).unwrap()
}

/// A root, an intermediate, and a client below it.
fn chain(kind: KeyKind) -> [Held; 3] {
    let root = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP256);
    let issuing = root.issue(&request(authority(0), "CN=issuing", &[]), KeyKind::EcdsaP256);
    let client = issuing.issue(&request(Usage::Client, "CN=alice", &[]), kind);
    [client, issuing, root]
}

fn file(held: &[Held; 3], profile: Profile, secret: &str, name: &str) -> Vec<u8> {
    file_with(held, profile, &password(secret), name)
}

fn file_with(held: &[Held; 3], profile: Profile, secret: &Password, name: &str) -> Vec<u8> {
    let chain: Vec<&Certificate> = held.iter().map(|held| &held.certificate).collect();
    let contents = Contents { chain: &chain, key: &held[0].key, friendly_name: name };
    write(contents, secret, profile, &mut counter()).unwrap().to_vec()
}

#[test]
fn what_is_written_is_read_here_and_by_openssl() {
    for kind in [KeyKind::EcdsaP256, KeyKind::Rsa2048, KeyKind::Ed25519] {
        let held = chain(kind);
        for profile in [Profile::Modern, Profile::Compatible] {
            let octets = file(&held, profile, "secret-ä", "Alice Ä");
            assert!(looks_like(&octets));
            let archive = read(&octets, &password("secret-ä")).unwrap();
            let ders: Vec<_> = archive.certificates.iter().map(|bag| &bag.der).collect();
            assert_eq!(ders, held.each_ref().map(|held| &held.certificate.der));
            let names = archive.certificates.iter().map(|bag| bag.friendly_name.as_deref());
            assert_eq!(names.collect::<Vec<_>>(), [Some("Alice Ä"), None, None]);
            let key = archive.keys[0].key.as_ref().unwrap();
            assert_eq!(key.spki_hash(), held[0].key.spki_hash());
            let id = archive.certificates[0].local_key_id.as_deref();
            assert_eq!(id, Some(&held[0].key.spki_hash().0[..]));

            let bench = Bench::new();
            bench.write("a.p12", &octets).write("password", "secret-ä\n");
            let legacy = if profile == Profile::Compatible { "-legacy" } else { "" };
            let text = bench
                .openssl(&format!("pkcs12 -in a.p12 -passin file:password -nodes {legacy}"))
                .unwrap();
            assert_eq!(Certificate::from_pem(text.as_bytes()).unwrap().len(), 3);
            let key = PrivateKey::from_pem(text.as_bytes()).unwrap();
            assert_eq!(key.spki_hash(), held[0].key.spki_hash());
        }
    }
}

#[test]
fn no_password_is_the_empty_one_or_none_at_all() {
    let held = chain(KeyKind::EcdsaP256);
    let null = Password::empty().as_null().unwrap();
    assert!(password("x").as_null().is_none());
    let mut files = Vec::new();
    for profile in [Profile::Modern, Profile::Compatible] {
        for secret in [&Password::empty(), &null] {
            let octets = file_with(&held, profile, secret, "n");
            assert_eq!(read(&octets, &Password::empty()).unwrap().certificates.len(), 3);
            let other = read(&octets, &password("x")).unwrap_err();
            assert_eq!(other, Pkcs12Error::WrongPassword);
            let bench = Bench::new();
            bench.write("a.p12", &octets);
            let legacy = if profile == Profile::Compatible { "-legacy" } else { "" };
            bench.openssl(&format!("pkcs12 -in a.p12 -passin pass: -nodes {legacy}")).unwrap();
            files.push(octets);
        }
    }
    assert_ne!(files[2], files[3], "the derivation differs");
}

#[test]
fn the_profiles_are_what_they_say() {
    let held = chain(KeyKind::EcdsaP256);
    let algorithms = |profile| {
        let archive = read(&file(&held, profile, "x", "n"), &password("x")).unwrap();
        (archive.encryption, archive.mac)
    };
    assert_eq!(algorithms(Profile::Modern), (vec!["AES-256-CBC".into()], Some("SHA-256".into())));
    assert_eq!(algorithms(Profile::Compatible), (vec!["3DES-CBC".into()], Some("SHA-1".into())));
    let bench = Bench::new();
    bench.write("a.p12", file(&held, Profile::Modern, "x", "n"));
    let run = std::process::Command::new("openssl")
        .args(["pkcs12", "-in", "a.p12", "-passin", "pass:x", "-info", "-noout"])
        .current_dir(bench.path("."))
        .output()
        .unwrap();
    let reported = String::from_utf8(run.stderr).unwrap();
    for words in [
        "MAC: sha256, Iteration 600000",
        "MAC length: 32, salt length: 16",
        "PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256",
    ] {
        assert!(reported.contains(words), "{reported}");
    }
}

#[test]
fn files_of_openssl_are_read_with_any_protection() {
    let bench = Bench::new();
    let held = chain(KeyKind::EcdsaP256);
    bench.write("key.pem", held[0].key.to_pem().as_bytes());
    bench.write("chain.pem", held.each_ref().map(|held| held.certificate.to_pem()).concat());
    let cases = [
        ("", &["AES-256-CBC"][..], Some("SHA-256")),
        ("-legacy", &["RC2-CBC with 40 bits", "3DES-CBC"], Some("SHA-1")),
        (
            "-legacy -certpbe PBE-SHA1-RC2-128",
            &["RC2-CBC with 128 bits", "3DES-CBC"],
            Some("SHA-1"),
        ),
        ("-legacy -descert", &["3DES-CBC"], Some("SHA-1")),
        (
            "-certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512",
            &["AES-128-CBC", "AES-192-CBC"],
            Some("SHA-512"),
        ),
        ("-certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC -iter 1", &["3DES-CBC"], Some("SHA-256")),
        ("-certpbe NONE -keypbe NONE -nomac", &[], None),
    ];
    for (flags, encryption, mac) in cases {
        bench
            .openssl(&format!("pkcs12 -export -in chain.pem -inkey key.pem -name alice -passout pass:secret -out a.p12 {flags}"))
            .unwrap();
        let archive = read(&bench.read("a.p12"), &password("secret")).unwrap();
        assert_eq!(archive.encryption, encryption, "{flags}");
        assert_eq!(archive.mac.as_deref(), mac, "{flags}");
        assert_eq!((archive.certificates.len(), archive.keys.len()), (3, 1), "{flags}");
        assert_eq!(archive.keys[0].friendly_name.as_deref(), Some("alice"));
        let key = archive.keys[0].key.as_ref().unwrap();
        assert_eq!(key.spki_hash(), held[0].key.spki_hash(), "{flags}");
        if mac.is_some() {
            let wrong = read(&bench.read("a.p12"), &password("other")).unwrap_err();
            assert_eq!(wrong, Pkcs12Error::WrongPassword, "{flags}");
        }
    }
    bench.openssl("pkcs12 -export -in chain.pem -inkey key.pem -passout pass: -out a.p12").unwrap();
    assert_eq!(read(&bench.read("a.p12"), &Password::empty()).unwrap().keys.len(), 1);
}

/// Many bags, each of which asks for as much work as one may.
#[test]
fn the_rounds_of_all_bags_are_counted_together() {
    let mut allowance = super::kdf::Allowance::new();
    let derive =
        |allowance: &mut _| super::kdf::Derivation::asked(vec![0; 8], 9_999_999, allowance);
    assert!(derive(&mut allowance).is_ok());
    let refused = derive(&mut allowance).err().unwrap();
    assert!(refused.to_string().contains("in one file"), "{refused}");
}

#[test]
fn names_beyond_the_plane_are_refused() {
    let held = chain(KeyKind::EcdsaP256);
    let contents =
        Contents { chain: &[&held[0].certificate], key: &held[0].key, friendly_name: "🦀" };
    let error = write(contents, &password("x"), Profile::Modern, &mut counter()).unwrap_err();
    assert_eq!(error, Pkcs12Error::FriendlyName);
}

#[test]
fn damage_is_reported_and_never_a_panic() {
    let held = chain(KeyKind::EcdsaP256);
    let whole = file(&held, Profile::Compatible, "x", "n");
    let secret = password("x");
    for length in (0..whole.len()).step_by(7) {
        assert!(read(&whole[..length], &secret).is_err(), "{length}");
    }
    for at in (0..whole.len()).step_by(11) {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        let _ = read(&changed, &secret);
    }
}

proptest::proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = read(&octets, &Password::empty());
    }
}
