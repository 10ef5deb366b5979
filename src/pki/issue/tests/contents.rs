//! What certificates say.

use super::*;
use crate::pki::certificate::{ExtendedKeyUsage, key_usage};
use crate::pki::name::DistinguishedName;
use crate::pki::openssl::days;
use crate::pki::request::{AlternativeNames, NameConstraints, Subtree};
use proptest::prelude::*;

#[test]
fn extensions_are_exact() {
    let bench = Bench::new();
    let root = Held::root(&request(authority(2), "CN=root", &[]), KeyKind::EcdsaP256);
    let issuing = root.issue(&request(authority(0), "CN=issuing", &[]), KeyKind::EcdsaP256);
    let rsa_server = issuing.issue(&request(Usage::Server, "CN=s", &["s"]), KeyKind::Rsa2048);
    let nameless = issuing.issue(&request(Usage::Server, "/", &["s"]), KeyKind::EcdsaP256);
    let client = issuing.issue(&request(Usage::Client, "CN=c", &[]), KeyKind::Rsa2048);
    let constraints = "X509v3 Basic Constraints: critical\n";
    let cases: [(&Held, &[&str], &[&str]); 5] = [
        (
            &root,
            &[
                constraints,
                "CA:TRUE, pathlen:2",
                "Key Usage: critical\n                Certificate Sign, CRL Sign\n",
            ],
            &["Authority Key", "Extended Key", "Alternative"],
        ),
        (
            &issuing,
            &["CA:TRUE, pathlen:0", "Authority Key Identifier"],
            &["Extended Key", "Alternative"],
        ),
        (
            &rsa_server,
            &[
                constraints,
                "CA:FALSE",
                "Key Usage: critical\n                Digital Signature, Key Encipherment\n",
                "Extended Key Usage: \n                TLS Web Server Authentication\n",
                "Alternative Name: \n                DNS:s\n",
            ],
            &["Client Auth"],
        ),
        (
            &nameless,
            &[
                "Subject: \n",
                "Alternative Name: critical\n",
                "Key Usage: critical\n                Digital Signature\n",
            ],
            &[],
        ),
        (
            &client,
            &[
                "CA:FALSE",
                "Key Usage: critical\n                Digital Signature\n",
                "Extended Key Usage: \n                TLS Web Client Authentication\n",
                "Version: 3 (0x2)",
            ],
            &["Server Auth", "Alternative"],
        ),
    ];
    for (held, present, absent) in cases {
        bench.write("c.pem", held.certificate.to_pem());
        let text = bench.openssl("x509 -noout -text -in c.pem").unwrap();
        for words in present {
            assert!(text.contains(words), "{words:?} in {text}");
        }
        for words in absent {
            assert!(!text.contains(words), "{words:?} in {text}");
        }
    }
    let facts = &client.certificate;
    assert_eq!(facts.authority_key_id, issuing.certificate.subject_key_id);
    assert_eq!(facts.key_usage, Some(key_usage::DIGITAL_SIGNATURE));
    assert_eq!(facts.extended_key_usage, Some(vec![ExtendedKeyUsage::ClientAuth]));
}

#[test]
fn every_kind_of_name_comes_out() {
    let root = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::EcdsaP256);
    let mut wanted = request(Usage::Client, "CN=c", &["*.example.com", "example.com"]);
    wanted.names = AlternativeNames {
        ip: vec!["10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        email: vec!["alice@example.com".to_owned()],
        uri: vec!["spiffe://example.com/alice".to_owned()],
        ..wanted.names
    };
    assert_eq!(root.issue(&wanted, KeyKind::EcdsaP256).certificate.names, wanted.names);
    wanted.names.email = vec!["älice@example.com".to_owned()];
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let error = sign(&wanted, &serial(), days(1), &key, &root.signer()).unwrap_err();
    assert_eq!(error.to_string(), "name `älice@example.com` is not ASCII");
}

#[test]
fn name_constraints_bind() {
    let bench = Bench::new();
    for critical in [true, false] {
        let constraints = NameConstraints {
            critical,
            permitted: vec![
                Subtree::Dns("example.com".to_owned()),
                Subtree::Ip { address: "10.1.2.3".parse().unwrap(), prefix: 9 },
                Subtree::Ip { address: "2001:db8::1".parse().unwrap(), prefix: 33 },
                Subtree::Email(".example.com".to_owned()),
            ],
            excluded: vec![Subtree::Dns("secret.example.com".to_owned())],
        };
        let usage = Usage::Authority {
            max_path_len: 0,
            max_path_len_is_stated: false,
            name_constraints: Some(constraints.clone()),
        };
        let root = Held::root(&request(usage, "CN=root", &[]), KeyKind::EcdsaP256);
        let read = root.certificate.name_constraints.clone().unwrap();
        assert_eq!(
            read.permitted[1],
            Subtree::Ip { address: "10.0.0.0".parse().unwrap(), prefix: 9 }
        );
        assert_eq!(
            read.permitted[2],
            Subtree::Ip { address: "2001:db8::".parse().unwrap(), prefix: 33 }
        );
        assert_eq!((read.critical, &read.excluded), (critical, &constraints.excluded));
        let verdict = |name: &str| {
            let server = root.issue(&request(Usage::Server, "CN=s", &[name]), KeyKind::EcdsaP256);
            verify(&bench, "sslserver", &[&root], &[], &server)
        };
        assert_eq!(verdict("a.example.com"), Ok(()));
        assert!(verdict("a.example.org").unwrap_err().contains("permitted subtree violation"));
        assert!(
            verdict("a.secret.example.com").unwrap_err().contains("excluded subtree violation")
        );
    }
    let empty = Usage::Authority {
        max_path_len: 0,
        max_path_len_is_stated: false,
        name_constraints: Some(NameConstraints::default()),
    };
    assert_eq!(
        Held::root(&request(empty, "CN=root", &[]), KeyKind::EcdsaP256)
            .certificate
            .name_constraints,
        None
    );
}

#[test]
fn times_change_their_form_in_2050() {
    let bench = Bench::new();
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    for (end, form) in [
        ("2049-12-31T23:59:59Z", "UTCTIME           :491231235959Z"),
        ("2050-01-01T00:00:00Z", "GENERALIZEDTIME   :20500101000000Z"),
        ("9999-12-31T23:59:59Z", "GENERALIZEDTIME   :99991231235959Z"),
    ] {
        let validity = Validity { not_before: noon(), not_after: Timestamp::parse(end).unwrap() };
        let signer = Signer { certificate: None, key: &key };
        let root = sign(&request(authority(0), "CN=root", &[]), &serial(), validity, &key, &signer)
            .unwrap();
        assert_eq!((root.not_before, root.not_after), (noon(), validity.not_after));
        bench.write("root.pem", root.to_pem());
        let dump = bench.openssl("asn1parse -in root.pem").unwrap();
        assert!(dump.contains(form) && dump.contains("UTCTIME           :300601120000Z"), "{dump}");
    }
}

#[test]
fn serials_come_out_as_given() {
    let bench = Bench::new();
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let signer = Signer { certificate: None, key: &key };
    let wanted = request(authority(0), "CN=root", &[]);
    let mut longest = vec![0xFF; 20];
    longest[0] = 0x7F;
    for octets in [vec![1], vec![2], vec![0x80], vec![0x7F; 16], longest] {
        let serial = SerialNumber(octets);
        let root = sign(&wanted, &serial, days(1), &key, &signer).unwrap();
        assert_eq!(root.serial, serial);
        bench.write("root.pem", root.to_pem());
        assert_eq!(
            bench.openssl("x509 -noout -serial -in root.pem").unwrap(),
            format!("serial={serial}\n")
        );
    }
    for octets in [vec![], vec![0], vec![0xFF; 20], vec![1; 21]] {
        assert!(sign(&wanted, &SerialNumber(octets), days(1), &key, &signer).is_err());
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes_but_for_the_signature() {
    let root = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::Rsa2048);
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let again = || {
        sign(&request(Usage::Client, "CN=c", &[]), &serial(), days(1), &key, &root.signer())
            .unwrap()
    };
    // PKCS#1 v1.5 signatures are deterministic.
    assert_eq!(again(), again());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_subject_comes_out_byte_by_byte(values in proptest::collection::vec("[^\u{0}]{1,40}", 1..4)) {
        let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
        let mut wanted = request(Usage::Server, "/", &["s"]);
        wanted.subject = DistinguishedName::from_attributes(values.iter().map(|v| ("OU", v.as_str()))).unwrap();
        let made = sign(&wanted, &serial(), days(1), &key, &Signer { certificate: None, key: &key }).unwrap();
        prop_assert_eq!(&made.subject, &wanted.subject);
        prop_assert_eq!(&made.issuer, &wanted.subject);
        let read: Vec<_> = made.subject.attributes().into_iter().map(|a| a.value).collect();
        prop_assert_eq!(read, values);
    }
}
