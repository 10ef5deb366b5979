use super::*;
use crate::pki::key::KeyKind;
use crate::pki::openssl::Bench;

const P256: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";

/// A request that openssl makes with this key, subject and these requested extensions.
fn request(bench: &Bench, key: &str, subject: &str, extensions: &str) -> Vec<u8> {
    bench.write(
        "c.cnf",
        format!(
            "[req]\ndistinguished_name = dn\nreq_extensions = ext\n[dn]\n[ext]\n{extensions}\n"
        ),
    );
    let command =
        format!("req -new {key} -nodes -config c.cnf -subj {subject} -keyout key.pem -out r.pem");
    bench.openssl(&command).unwrap();
    bench.read("r.pem")
}

fn read(content: &[u8]) -> CertificationRequest {
    CertificationRequest::from_file(content).unwrap()
}

fn refused(content: &[u8]) -> RequestError {
    CertificationRequest::from_file(content).unwrap_err()
}

#[test]
fn requests_of_every_offered_kind_are_read() {
    let bench = Bench::new();
    for (key, kind) in [
        (P256, KeyKind::EcdsaP256),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", KeyKind::EcdsaP384),
        ("-newkey ed25519", KeyKind::Ed25519),
        ("-newkey rsa:2048", KeyKind::Rsa2048),
        ("-newkey rsa:3072", KeyKind::Rsa3072),
        ("-newkey rsa:4096 -sha512", KeyKind::Rsa4096),
        (
            "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1",
            KeyKind::Rsa2048,
        ),
    ] {
        let found = read(&request(&bench, key, "/C=GB/CN=alice", "nsComment = x"));
        assert_eq!(found.public_key.kind(), Some(kind), "{key}");
        assert_eq!(found.subject.rfc2253(), "CN=alice,C=GB");
        assert!(found.names.is_empty() && !found.asks_for_authority, "{key}");
        let own = crate::pki::key::PrivateKey::from_pem(&bench.read("key.pem")).unwrap();
        assert_eq!(found.public_key, *own.public(), "{key}");
        assert_eq!(found.public_key.bits(), own.public().bits(), "{key}");
    }
}

#[test]
fn pem_with_either_label_and_der_are_the_same() {
    let bench = Bench::new();
    let pem = request(&bench, P256, "/CN=alice", "subjectAltName = DNS:a.example");
    let expected = read(&pem);
    let text = String::from_utf8(pem).unwrap();
    let old = text.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
    let verbose = format!("Certificate Request:\n  Data\n{}\n", text.replace('\n', "\r\n"));
    for other in [old, verbose] {
        assert_eq!(read(other.as_bytes()), expected, "{other}");
    }
    bench.openssl("req -in r.pem -outform DER -out r.der").unwrap();
    let mut der = bench.read("r.der");
    assert_eq!(read(&der), expected);
    der.push(0);
    assert_eq!(
        refused(&der).to_string(),
        "holds a damaged signing request: 1 octets follow its end"
    );
}

#[test]
fn every_name_that_is_asked_for_is_seen() {
    let bench = Bench::new();
    let found = read(&request(
        &bench,
        P256,
        "/CN=alice",
        "subjectAltName = DNS:B.example,DNS:a.example,IP:10.0.0.1,IP:::1,email:x@y.z,URI:spiffe://a/b,RID:1.2.3,otherName:1.2.4;UTF8:x",
    ));
    assert_eq!(found.names.dns, ["a.example", "b.example"]);
    assert_eq!(found.names.ip.len(), 2);
    assert_eq!(found.names.email, ["x@y.z"]);
    assert_eq!(found.names.uri, ["spiffe://a/b"]);
    assert_eq!(
        found.other_names,
        ["the registered identifier 1.2.3", "an otherName of type 1.2.4"]
    );
}

#[test]
fn asking_for_an_authority_is_seen() {
    let bench = Bench::new();
    for (extensions, asks) in [
        ("basicConstraints = CA:TRUE", true),
        ("basicConstraints = critical,CA:TRUE,pathlen:0", true),
        ("keyUsage = digitalSignature,keyCertSign", true),
        ("keyUsage = cRLSign", true),
        (
            "basicConstraints = CA:FALSE\nkeyUsage = digitalSignature\nextendedKeyUsage = serverAuth",
            false,
        ),
    ] {
        let found = read(&request(&bench, P256, "/CN=alice", extensions));
        assert_eq!(found.asks_for_authority, asks, "{extensions}");
    }
}

#[test]
fn keys_that_are_not_offered_are_refused() {
    let bench = Bench::new();
    for (key, reported) in [
        ("-newkey rsa:1024", "an RSA 1024 key"),
        ("-newkey rsa:2056", "an RSA 2056 key"),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-521", "an ECDSA 521 key"),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1",
            "a key of another kind (ECDSA on curve secp256k1)",
        ),
        ("-newkey ed448", "a key of another kind (Ed448)"),
    ] {
        let content = request(&bench, key, "/CN=alice", "nsComment = x");
        assert_eq!(refused(&content), RequestError::UnsupportedKey(reported.to_owned()), "{key}");
    }
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out k.pem").unwrap();
    bench.openssl("ec -in k.pem -conv_form compressed -out c.pem").unwrap();
    bench.openssl("req -new -key c.pem -config c.cnf -subj /CN=x -out r.pem").unwrap();
    let reported = refused(&bench.read("r.pem")).to_string();
    assert!(reported.ends_with("an ECDSA 256 key as a compressed point"), "{reported}");
}

#[test]
fn what_does_not_show_possession_is_refused() {
    let bench = Bench::new();
    let weak = request(&bench, "-newkey rsa:2048 -sha1", "/CN=alice", "nsComment = x");
    assert_eq!(refused(&weak), RequestError::WeakSignature("RSA with SHA-1".to_owned()));
    for key in [P256, "-newkey ed25519", "-newkey rsa:2048"] {
        request(&bench, key, "/CN=alice", "nsComment = x");
        bench.openssl("req -in r.pem -outform DER -out r.der").unwrap();
        let mut der = bench.read("r.der");
        let at = der.windows(5).position(|window| window == b"alice").unwrap();
        der[at] = b'A';
        assert_eq!(refused(&der), RequestError::WrongSignature, "{key}");
    }
}

#[test]
fn files_that_hold_something_else_are_distinguished() {
    let bench = Bench::new();
    let pem = request(&bench, P256, "/CN=alice", "nsComment = x");
    let key = bench.read("key.pem");
    for (content, error) in [
        (b"hello\n".to_vec(), RequestError::NotPem),
        (Vec::new(), RequestError::NotPem),
        ([&pem[..], &pem].concat(), RequestError::Several(2)),
        ([&key[..], &pem].concat(), RequestError::HoldsPrivateKey),
        ([&pem[..], &key].concat(), RequestError::HoldsPrivateKey),
        (
            crate::pki::pem::encode_public("CERTIFICATE", b"x").into_bytes(),
            RequestError::NoRequest("CERTIFICATE".to_owned()),
        ),
    ] {
        assert_eq!(refused(&content), error);
    }
    let unclosed = &pem[..pem.len() - 10];
    assert!(matches!(refused(unclosed), RequestError::Malformed(_)));
    assert!(matches!(refused(b"0\x03\x02\x01\x05"), RequestError::Malformed(_)));
}

proptest::proptest! {
    #[test]
    fn changed_octets_never_change_what_is_signed(at in 0_usize..1000, octet in proptest::prelude::any::<u8>()) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let bench = Bench::new();
            request(&bench, P256, "/CN=alice", "subjectAltName = DNS:a.example");
            bench.openssl("req -in r.pem -outform DER -out r.der").unwrap();
            bench.read("r.der")
        });
        let mut der = GOOD.clone();
        let at = at % der.len();
        let good = CertificationRequest::from_file(&der).unwrap();
        der[at] = octet;
        // The signature itself can be written in more than one way.
        if let Ok(read) = CertificationRequest::from_file(&der) {
            proptest::prop_assert_eq!(read, good);
        }
    }
}
