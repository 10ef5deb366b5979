use super::*;
use crate::pki::openssl::Bench;

/// DER of the public key that openssl finds in the file `key.pem`.
fn public_key_by_openssl(bench: &Bench) -> Vec<u8> {
    bench.openssl("pkey -in key.pem -pubout -outform DER -out public.der").unwrap();
    bench.read("public.der")
}

/// Whether openssl takes the signature of this key for its own.
fn openssl_accepts_signature(bench: &Bench, key: &PrivateKey) -> bool {
    let message = b"message";
    bench.write("message", message).write("signature", key.sign(message).unwrap());
    bench.write("key.pem", key.to_pem().as_bytes());
    bench.openssl("pkey -in key.pem -pubout -out public.pem").unwrap();
    let digest = match key.algorithm() {
        Algorithm::Ed25519 => "-rawin",
        Algorithm::EcdsaP384 => "-rawin -digest sha384",
        Algorithm::EcdsaP521 => "-rawin -digest sha512",
        Algorithm::EcdsaP256 | Algorithm::Rsa(_) => "-rawin -digest sha256",
    };
    bench
        .openssl(&format!(
            "pkeyutl -verify -pubin -inkey public.pem -in message -sigfile signature {digest}"
        ))
        .is_ok()
}

#[test]
fn made_keys_are_read_by_openssl_and_sign() {
    let bench = Bench::new();
    for kind in KeyKind::ALL {
        let key = PrivateKey::generate(kind).unwrap();
        assert_eq!(key.kind(), Some(kind));
        bench.write("key.pem", key.to_pem().as_bytes());
        assert!(key.to_pem().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        bench.openssl("pkey -in key.pem -check -noout").unwrap();
        assert_eq!(public_key_by_openssl(&bench), key.public_key());
        assert!(openssl_accepts_signature(&bench, &key), "{kind}");
        let again = PrivateKey::from_pem(key.to_pem().as_bytes()).unwrap();
        assert_eq!((again.spki_hash(), again.kind()), (key.spki_hash(), Some(kind)));
        assert!(openssl_accepts_signature(&bench, &again), "{kind}");
    }
}

#[test]
fn keys_in_every_format_of_openssl_are_read() {
    let bench = Bench::new();
    let cases = [
        (
            "PKCS#8 P-256",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
            Some(KeyKind::EcdsaP256),
        ),
        (
            "PKCS#8 P-384",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem",
            Some(KeyKind::EcdsaP384),
        ),
        (
            "PKCS#8 P-521",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out key.pem",
            None,
        ),
        (
            "PKCS#8 RSA",
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
            Some(KeyKind::Rsa2048),
        ),
        ("PKCS#8 Ed25519", "genpkey -algorithm ED25519 -out key.pem", Some(KeyKind::Ed25519)),
        ("PKCS#1", "genrsa -traditional -out key.pem 2048", Some(KeyKind::Rsa2048)),
        ("PKCS#1 odd size", "genrsa -traditional -out key.pem 2056", None),
        (
            "SEC1 with parameters",
            "ecparam -name prime256v1 -genkey -out key.pem",
            Some(KeyKind::EcdsaP256),
        ),
        ("SEC1", "ecparam -name secp384r1 -genkey -noout -out key.pem", Some(KeyKind::EcdsaP384)),
        ("SEC1 P-521", "ecparam -name secp521r1 -genkey -out key.pem", None),
    ];
    for (format, command, kind) in cases {
        bench.openssl(command).unwrap();
        let public = public_key_by_openssl(&bench);
        let key = PrivateKey::from_pem(&bench.read("key.pem")).unwrap();
        assert_eq!(key.public_key(), public, "{format}");
        assert_eq!(key.kind(), kind, "{format}");
        assert_eq!(key.spki_hash(), SpkiHash::of(&public));
        assert!(openssl_accepts_signature(&bench, &key), "{format}");
    }
}

#[test]
fn public_parts_are_derived_where_the_encoding_lacks_them() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out key.pem").unwrap();
    let public = public_key_by_openssl(&bench);
    for command in [
        "ec -in key.pem -no_public -out variant.pem",
        "ec -in key.pem -conv_form compressed -out variant.pem",
        "pkcs8 -topk8 -nocrypt -in key.pem -out variant.pem",
    ] {
        bench.openssl(command).unwrap();
        let key = PrivateKey::from_pem(&bench.read("variant.pem")).unwrap();
        assert_eq!(key.public_key(), public, "{command}");
        assert!(openssl_accepts_signature(&bench, &key), "{command}");
    }
}

#[test]
fn ed25519_of_other_tools_is_read_and_written_for_openssl() {
    let bench = Bench::new();
    // RFC 8410, section 10.3: version 2, with public key and an attribute.
    let version_2 = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PRIVATE KEY-----\n";
    let key = PrivateKey::from_pem(version_2.as_bytes()).unwrap();
    bench.write("key.pem", key.to_pem().as_bytes());
    assert_eq!(public_key_by_openssl(&bench), key.public_key());
    let own_label = version_2.replace("PRIVATE KEY", "Ed25519 PRIVATE KEY");
    assert_eq!(PrivateKey::from_pem(own_label.as_bytes()).unwrap().spki_hash(), key.spki_hash());
    assert!(openssl_accepts_signature(&bench, &key));
}

#[test]
fn keys_are_found_anywhere_among_other_blocks() {
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let certificate = super::super::pem::encode("CERTIFICATE", b"anything");
    let bundle =
        format!("Bag Attributes\n    friendlyName: x\n{certificate}{}", key.to_pem().as_str())
            .replace('\n', "\r\n");
    assert_eq!(PrivateKey::from_pem(bundle.as_bytes()).unwrap().spki_hash(), key.spki_hash());
}

#[test]
fn what_cannot_be_used_is_named() {
    let bench = Bench::new();
    let read = |command: &str| {
        bench.openssl(command).unwrap();
        PrivateKey::from_pem(&bench.read("key.pem")).unwrap_err()
    };
    assert_eq!(
        read(
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -aes256 -pass pass:x -out key.pem"
        ),
        KeyError::Encrypted
    );
    assert_eq!(
        read("genrsa -traditional -aes256 -passout pass:x -out key.pem 1024"),
        KeyError::Encrypted
    );
    let unsupported = [
        ("ecparam -name secp256k1 -genkey -out key.pem", "the elliptic curve `1.3.132.0.10`"),
        (
            "ecparam -name prime256v1 -param_enc explicit -genkey -out key.pem",
            "an elliptic curve with explicit parameters",
        ),
        (
            "genpkey -algorithm X25519 -out key.pem",
            "a key of the algorithm with object identifier `1.3.101.110`",
        ),
        (
            "genpkey -algorithm ED448 -out key.pem",
            "a key of the algorithm with object identifier `1.3.101.113`",
        ),
    ];
    for (command, what) in unsupported {
        assert_eq!(read(command), KeyError::Unsupported(what.to_owned()), "{command}");
    }
    let texts = [
        ("", KeyError::NotPem),
        ("0\u{82}", KeyError::NotPem),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", KeyError::NoKey),
        (
            "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n",
            KeyError::Unsupported("a block `BEGIN DSA PRIVATE KEY`".to_owned()),
        ),
        (
            "x\n-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----\n",
            KeyError::Malformed("the block `BEGIN PRIVATE KEY` on line 2 is not Base64".to_owned()),
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA",
            KeyError::Malformed(
                "the block `BEGIN PRIVATE KEY` on line 1 has no `END PRIVATE KEY`".to_owned(),
            ),
        ),
    ];
    for (text, expected) in texts {
        assert_eq!(PrivateKey::from_pem(text.as_bytes()).unwrap_err(), expected, "{text}");
    }
    let damaged = "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n";
    assert!(matches!(PrivateKey::from_pem(damaged.as_bytes()), Err(KeyError::Malformed(_))));
}

#[test]
fn weak_and_mismatched_keys_do_not_sign() {
    let bench = Bench::new();
    bench.openssl("genrsa -out key.pem 1024").unwrap();
    let weak = PrivateKey::from_pem(&bench.read("key.pem")).unwrap();
    assert_eq!(
        weak.sign(b"").unwrap_err(),
        KeyError::Unsupported("signing with an RSA key of 1024 bits".to_owned())
    );
    // Two keys, the private part of one with the public part of the other.
    let [one, two] = [0, 1].map(|_| PrivateKey::generate(KeyKind::EcdsaP256).unwrap());
    let length = one.public_key_bits().len();
    let mut spliced = one.pkcs8.to_vec();
    let at = spliced.windows(length).position(|window| window == one.public_key_bits()).unwrap();
    spliced[at..at + length].copy_from_slice(two.public_key_bits());
    let spliced = PrivateKey::from_pkcs8(&spliced).unwrap();
    assert_eq!(spliced.spki_hash(), two.spki_hash());
    assert!(matches!(spliced.sign(b""), Err(KeyError::Malformed(_))));
}

#[test]
fn debugging_shows_the_kind_and_nothing_else() {
    let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    assert_eq!(format!("{key:?} {key:#?}"), "PrivateKey(Ed25519) PrivateKey(Ed25519)");
}

proptest::proptest! {
    #[test]
    fn no_octets_make_it_panic(der in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = PrivateKey::from_pem(&der);
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let _ = PrivateKey::from_pem(super::super::pem::encode(label, &der).as_bytes());
        }
    }
}

#[test]
fn new_keys_are_encoded_as_the_library_encodes_them() {
    for kind in KeyKind::ALL {
        let signer = Signer::generate(kind).unwrap();
        let decoded = Decoded::from_new(kind, &signer).unwrap();
        assert_eq!(decoded.pkcs8, signer.to_pkcs8().unwrap(), "{kind}");
    }
}
