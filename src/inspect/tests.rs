use super::reading::{Passwords, Reading};
use super::*;
use crate::json::pretty;
use crate::pki::certificate::Certificate;
use crate::pki::key::KeyKind;
use crate::pki::openssl::{Bench, Held, authority, noon, request};
use crate::pki::pkcs12::Password;
use crate::pki::request::Usage;
use crate::time::Seconds;

/// Knows no password.
struct NoPasswords;

impl Passwords for NoPasswords {
    fn password(&self, _file: &str, _ask: bool) -> Result<Option<Password>, ReadError> {
        Ok(None)
    }
}

fn items(octets: impl AsRef<[u8]>) -> Vec<Item> {
    let Reading { items, damaged } = read("file", octets.as_ref(), &NoPasswords).unwrap();
    assert_eq!(damaged, []);
    items
}

fn inspection(octets: impl AsRef<[u8]>) -> Inspection {
    examine(items(octets), Vec::new(), noon().after(Seconds::days(1)))
}

/// Codes of all problems.
fn codes(octets: impl AsRef<[u8]>) -> Vec<&'static str> {
    inspection(octets).all_problems().map(|problem| problem.code).collect()
}

struct Line {
    root: Held,
    issuing: Held,
    server: Held,
    client: Held,
}

fn line() -> Line {
    let root = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP256);
    let issuing = root.issue(&request(authority(0), "CN=issuing", &[]), KeyKind::EcdsaP256);
    let server = issuing
        .issue(&request(Usage::Server, "CN=a.example.com", &["a.example.com"]), KeyKind::EcdsaP256);
    let client = issuing.issue(&request(Usage::Client, "CN=alice", &[]), KeyKind::Ed25519);
    Line { root, issuing, server, client }
}

fn pem(chain: &[&Held]) -> String {
    chain.iter().map(|held| held.certificate.to_pem()).collect()
}

#[test]
fn what_is_well_has_nothing_but_notices() {
    let Line { root, issuing, server, client } = line();
    assert_eq!(codes(pem(&[&server, &issuing, &root])), ["root-in-chain"]);
    assert_eq!(codes(pem(&[&server, &issuing])), ["issuer-missing"]);
    assert_eq!(codes(pem(&[&root, &issuing])), [""; 0], "a bundle");
    assert_eq!(codes(pem(&[&root, &issuing, &server, &client])), [""; 0], "many leaves");
    assert!(!inspection(pem(&[&server, &issuing, &root])).has_findings());
}

#[test]
fn chains_are_judged_as_they_are() {
    let Line { root, issuing, server, client } = line();
    assert_eq!(codes(pem(&[&issuing, &server])), ["wrong-order", "issuer-missing"]);
    assert_eq!(codes(pem(&[&server, &root, &issuing])), ["wrong-order", "root-in-chain"]);
    let other = Held::root(&request(authority(0), "CN=other", &[]), KeyKind::EcdsaP256);
    assert_eq!(codes(pem(&[&client, &issuing, &other])), ["not-part-of-chain", "issuer-missing"]);
    assert_eq!(codes(pem(&[&client, &client, &issuing])), ["repeated", "issuer-missing"]);
    // The same name and another key.
    let twin = Held::root(&request(authority(1), "CN=issuing", &[]), KeyKind::EcdsaP256);
    assert!(codes(pem(&[&server, &twin])).contains(&"wrong-issuer"));
}

#[test]
fn keys_belong_to_the_certificate_beside_them() {
    let Line { issuing, server, client, .. } = line();
    let with_key =
        |key: &Held| format!("{}{}", key.key.to_pem().as_str(), pem(&[&server, &issuing]));
    let good = inspection(with_key(&server));
    assert_eq!(good.keys[0].certificates, [0]);
    assert!(codes(with_key(&client)).contains(&"key-does-not-belong"));
    let alone = inspection(client.key.to_pem().as_bytes());
    assert_eq!((alone.keys.len(), alone.has_findings()), (1, false));
    let shown = human::render(&alone, false);
    assert!(shown.starts_with("private key: Ed25519 (file, line 1)\n"), "{shown}");
    let secret = client.key.to_pem().lines().nth(1).unwrap().to_owned();
    assert!(!shown.contains(&secret) && !pretty(&json::Shown::of(&alone)).contains(&secret));
}

#[test]
fn the_tree_has_its_roots_on_top() {
    let Line { root, issuing, server, client } = line();
    let text = human::render(&inspection(pem(&[&client, &server, &issuing, &root])), false);
    let tree = text.split("\n\n").next().unwrap();
    assert_eq!(
        tree,
        "CN=root (root authority, 3649 days left)\n\
         └─ CN=issuing (intermediate authority, 364 days left)\n   \
            ├─ CN=alice (client, 364 days left)\n   \
            └─ CN=a.example.com (server, 364 days left)"
    );
    let text = human::render(&inspection(pem(&[&client, &server])), false);
    assert!(
        text.starts_with("? CN=issuing (not at hand)\n├─ CN=alice (client, 364 days left)\n└─ "),
        "{text}"
    );
}

#[test]
fn colour_says_nothing_that_words_do_not() {
    let Line { root, issuing, server, .. } = line();
    let found = inspection(pem(&[&issuing, &server, &root]));
    let (plain, colour) = (human::render(&found, false), human::render(&found, true));
    assert!(!plain.contains('\u{1b}') && colour.contains("\u{1b}[1;33mwarning\u{1b}[0m"));
    let mut stripped = String::new();
    for part in colour.split('\u{1b}') {
        stripped += part
            .strip_prefix('[')
            .and_then(|rest| rest.split_once('m'))
            .map_or(part, |(_, rest)| rest);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn every_container_gives_the_same_certificate() {
    let bench = Bench::new();
    let Line { server, .. } = line();
    let text = server.certificate.to_pem();
    bench.write("c.pem", &text).write("k.pem", server.key.to_pem().as_bytes());
    bench.openssl("pkcs12 -export -in c.pem -inkey k.pem -passout pass: -out c.p12").unwrap();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &text);
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\ndata:\n  tls.crt: {base64}\n"
    );
    let indented: String = text.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    let map = format!(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {{name: x}}\ndata:\n  ca.crt: |\n{indented}"
    );
    let list = format!(
        "{{\"kind\":\"List\",\"items\":[{{\"kind\":\"Secret\",\"metadata\":{{\"name\":\"x\",\"namespace\":\"n\"}},\"data\":{{\"tls.crt\":\"{base64}\"}}}}]}}"
    );
    let cases: [(&str, Vec<u8>); 8] = [
        ("PEM", text.clone().into_bytes()),
        (
            "PEM among words",
            format!("Bag Attributes\n  x: 1\n{text}trailing").replace('\n', "\r\n").into_bytes(),
        ),
        ("DER", server.certificate.der.clone()),
        ("Base64 of PEM", base64.clone().into_bytes()),
        ("PKCS#12", bench.read("c.p12")),
        ("Secret", secret.into_bytes()),
        ("ConfigMap", map.into_bytes()),
        ("list in JSON", list.into_bytes()),
    ];
    for (what, octets) in cases {
        let found = inspection(octets);
        assert_eq!(found.certificates.len(), 1, "{what}");
        assert_eq!(found.certificates[0].certificate, server.certificate, "{what}");
    }
}

#[test]
fn what_cannot_be_shown_is_an_error_with_a_way_out() {
    for octets in
        [&b""[..], b"hello", b"0123", b"\0\0\0\0", b"kind: Secret\napiVersion: v1\n", b"{"]
    {
        let error = read("file", octets, &NoPasswords).unwrap_err();
        assert!(error.problem.contains("`file`"), "{error}");
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let reading = read("file", broken.as_bytes(), &NoPasswords).unwrap();
    assert!(reading.items.is_empty());
    assert!(reading.damaged[0].problem.contains("line 1"), "{reading:?}");
}

#[test]
fn terminals_are_not_driven_by_certificates() {
    let bench = Bench::new();
    bench.write(
        "c.cnf",
        "[req]\ndistinguished_name=d\nx509_extensions=v\nprompt=no\nstring_mask=utf8only\nutf8=yes\n[d]\nCN=a\u{1b}[31mb\n[v]\nsubjectAltName=URI:http://x/\u{1b}[2J,email:a\u{7}@b\n",
    );
    bench
        .openssl("req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 1 -config c.cnf")
        .unwrap();
    let found = inspection(bench.read("c.pem"));
    let text = human::render(&found, false);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    assert!(!pretty(&json::Shown::of(&found)).contains('\u{1b}'));
}

#[test]
fn a_circle_of_authorities_ends() {
    let one = Held::root(&request(authority(2), "CN=one", &[]), KeyKind::EcdsaP256);
    let two = Held::root(&request(authority(2), "CN=two", &[]), KeyKind::EcdsaP256);
    let cross = |below: &Held, above: &Held, subject: &str| -> Certificate {
        let request = request(authority(1), subject, &[]);
        let days = crate::pki::openssl::days(100);
        crate::pki::issue::sign(
            &request,
            &crate::pki::openssl::serial(),
            days,
            &below.key,
            &above.signer(),
        )
        .unwrap()
    };
    let text =
        format!("{}{}", cross(&one, &two, "CN=one").to_pem(), cross(&two, &one, "CN=two").to_pem());
    let found = inspection(text);
    assert_eq!(found.certificates.iter().filter(|one| one.issuer.is_some()).count(), 1);
    assert!(human::render(&found, false).contains("CN=one"));
}

proptest::proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = read("file", &octets, &NoPasswords);
        let pem = crate::pki::pem::encode("X509 CRL", &octets);
        let _ = read("file", pem.as_bytes(), &NoPasswords);
    }
}
