use super::*;
use crate::inspect::ReadError;
use crate::inspect::reading::Passwords;
use crate::pki::key::KeyKind;
use crate::pki::openssl::{Held, authority, noon, request};
use crate::pki::pkcs12::Password;
use crate::pki::request::Usage;
use crate::specification::Spec;

/// Knows no password.
struct NoPasswords;

impl Passwords for NoPasswords {
    fn password(&self, _: &str, _: bool) -> Result<Option<Password>, ReadError> {
        Ok(None)
    }
}

fn found(files: &[(&str, &[u8])]) -> Found {
    let mut found = Found::default();
    for (name, octets) in files {
        read(&mut found, &Place::of(name), octets, Kind::Auto, &NoPasswords);
    }
    found
}

fn imported(found: &Found) -> Imported {
    import(found, &Options::default(), None, &[], noon()).unwrap()
}

/// A root, a server and a client, as PEM: certificates and keys.
fn files() -> Vec<(String, Vec<u8>)> {
    let root = Held::root(&request(authority(0), "CN=Root", &[]), KeyKind::EcdsaP256);
    let server = request(Usage::Server, "CN=www.example.com", &["www.example.com"]);
    let server = root.issue(&server, KeyKind::EcdsaP384);
    let client = root.issue(&request(Usage::Client, "CN=alice, O=x", &[]), KeyKind::Ed25519);
    let all = [("root", &root), ("server", &server), ("client", &client)];
    let pem = all.iter().flat_map(|(name, held)| {
        [
            (format!("{name}.crt"), held.certificate.to_pem().into_bytes()),
            (format!("{name}.key"), held.key.to_pem().as_bytes().to_vec()),
        ]
    });
    pem.collect()
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, octets)| (name.as_str(), octets.as_slice())).collect()
}

#[test]
fn the_order_and_the_names_of_files_do_not_matter() {
    let files = files();
    let one = imported(&found(&borrowed(&files)));
    assert_eq!(one.outcome.left_out, []);
    let taken: Vec<_> =
        one.outcome.taken.iter().map(|row| (row.named.kind, row.named.name.as_str())).collect();
    assert_eq!(taken, [("authority", "root"), ("host", "www.example.com"), ("client", "alice")]);
    let spec: Spec = toml::from_str(&one.spec).unwrap();
    assert_eq!((spec.cas.len(), spec.hosts.len(), spec.clients.len()), (1, 1, 1));
    let mut backwards = borrowed(&files);
    backwards.reverse();
    assert_eq!(imported(&found(&backwards)).spec, one.spec);
    // All in one file, and twice.
    let whole: Vec<u8> = files.iter().flat_map(|(_, octets)| octets.clone()).collect();
    let whole = imported(&found(&[("all.pem", &whole), ("copy", &whole)]));
    assert_eq!(whole.outcome.taken.len(), 3);
}

#[test]
fn what_is_damaged_is_listed_and_the_rest_goes_on() {
    let mut files = files();
    let cut = files[4].1.len() / 2;
    files[4].1.truncate(cut);
    let imported = imported(&found(&borrowed(&files)));
    assert_eq!(imported.outcome.taken.len(), 2);
    let places: Vec<_> = imported.outcome.left_out.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(places, ["client.crt", "client.key"], "the certificate, and the key without one");
}

proptest::proptest! {
    #[test]
    fn no_octets_make_it_panic(
        name in "[a-z]{1,8}\\.(json|yaml|txt|pem|toml)",
        octets in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        text in "\\PC{0,80}|(V|R|E)\t[0-9Z]{0,14}\t[0-9Z,a-z]{0,14}\t[0-9A-F]{0,6}\tx\t/CN=[a-z]{0,4}|\\{\"(CN|signing|result|hosts|apiVersion)\": ?(\"\"|1|\\{\\}|\\[\\])\\}",
    ) {
        let found = found(&[(name.as_str(), octets.as_slice()), (name.as_str(), text.as_bytes())]);
        let _ = import(&found, &Options::default(), None, &[name], noon());
    }
}

#[test]
fn a_mistake_of_ours_has_its_code() {
    assert_eq!(mistake("x".to_owned())[0].code, "import");
}
