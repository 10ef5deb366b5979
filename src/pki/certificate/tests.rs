use super::*;
use crate::pki::openssl::{Bench, Held, authority, noon, request, serial};
use crate::pki::request::{Subtree, Usage};

/// A certificate that openssl signs itself, with this key, digest and extensions.
fn foreign(bench: &Bench, key: &str, digest: &str, extensions: &str) -> Certificate {
    bench.write(
        "c.cnf",
        format!(
            "[req]\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n[ext]\n{extensions}\n"
        ),
    );
    bench
        .openssl(&format!(
            "req -x509 {key} {digest} -nodes -config c.cnf -subj /CN=x -days 30 -keyout key.pem -out c.pem"
        ))
        .unwrap();
    Certificate::from_pem(&bench.read("c.pem")).unwrap().remove(0)
}

#[test]
fn facts_of_foreign_certificates_are_read() {
    let bench = Bench::new();
    let certificate = foreign(
        &bench,
        "-newkey rsa:2048 -set_serial 0x00ff01",
        "",
        "basicConstraints = critical,CA:TRUE,pathlen:3\nkeyUsage = critical,keyCertSign,decipherOnly,keyAgreement\n\
         extendedKeyUsage = clientAuth,codeSigning,serverAuth,1.2.3\nsubjectKeyIdentifier = hash\n\
         authorityKeyIdentifier = keyid:always\n\
         subjectAltName = DNS:B.example,DNS:a.example,DNS:b.example,IP:10.0.0.1,IP:::1,email:x@y.z,URI:spiffe://a/b,RID:1.2.3\n\
         nameConstraints = permitted;DNS:Example.com,permitted;IP:10.0.0.0/255.0.0.0,excluded;email:.y.z",
    );
    assert_eq!(certificate.subject.rfc2253(), "CN=x");
    assert_eq!(certificate.serial.to_string(), "FF01");
    assert_eq!(certificate.key_kind, Some(KeyKind::Rsa2048));
    assert!(
        certificate.is_authority
            && certificate.is_self_signed()
            && certificate.may_sign_certificates()
    );
    assert_eq!(certificate.max_path_len, Some(3));
    assert_eq!(
        certificate.key_usage,
        Some(key_usage::KEY_CERT_SIGN | key_usage::KEY_AGREEMENT | 1 << 8)
    );
    assert_eq!(
        certificate.extended_key_usage.as_deref().map(<[_]>::to_vec),
        Some(vec![
            ExtendedKeyUsage::ServerAuth,
            ExtendedKeyUsage::ClientAuth,
            ExtendedKeyUsage::Other("1.3.6.1.5.5.7.3.3".to_owned()),
            ExtendedKeyUsage::Other("1.2.3".to_owned()),
        ])
    );
    assert_eq!(certificate.names.dns, ["a.example", "b.example"]);
    assert_eq!(
        certificate.names.ip,
        ["10.0.0.1", "::1"].map(|ip| ip.parse::<std::net::IpAddr>().unwrap())
    );
    assert_eq!(
        (&certificate.names.email[..], &certificate.names.uri[..]),
        (&["x@y.z".to_owned()][..], &["spiffe://a/b".to_owned()][..])
    );
    let constraints = certificate.name_constraints.clone().unwrap();
    assert_eq!(
        constraints.permitted,
        [
            Subtree::Dns("example.com".to_owned()),
            Subtree::Ip { address: "10.0.0.0".parse().unwrap(), prefix: 8 }
        ]
    );
    assert_eq!(constraints.excluded, [Subtree::Email(".y.z".to_owned())]);
    assert!(!constraints.critical);
    assert!(certificate.subject_key_id.is_some());
    assert_eq!(certificate.subject_key_id, certificate.authority_key_id);

    let fingerprint = bench.openssl("x509 -in c.pem -noout -fingerprint -sha256").unwrap();
    assert!(
        fingerprint.trim_end().ends_with(&format!("={}", certificate.fingerprint().with_colons()))
    );
    assert_eq!(certificate.fingerprint().to_string().len(), 64);
    let dates =
        bench.openssl("x509 -in c.pem -noout -startdate -enddate -dateopt iso_8601").unwrap();
    let expected =
        format!("notBefore={}\nnotAfter={}\n", certificate.not_before, certificate.not_after);
    assert_eq!(dates.replace(' ', "T"), expected);
    assert_eq!(certificate.to_pem().as_bytes(), bench.read("c.pem"));
    let key = crate::pki::key::PrivateKey::from_pem(&bench.read("key.pem")).unwrap();
    assert_eq!(certificate.spki_hash, key.spki_hash());
}

#[test]
fn absent_extensions_are_absent_facts() {
    let bench = Bench::new();
    let certificate = foreign(
        &bench,
        "-newkey ed25519",
        "",
        "subjectKeyIdentifier = none\nauthorityKeyIdentifier = none\nnsComment = x",
    );
    assert_eq!(
        (certificate.is_authority, certificate.max_path_len, certificate.key_usage),
        (false, None, None)
    );
    assert_eq!((certificate.extended_key_usage, certificate.subject_key_id), (None, None));
    assert!(certificate.names.is_empty() && certificate.name_constraints.is_none());
}

#[test]
fn signatures_of_the_usual_algorithms_are_verified() {
    let bench = Bench::new();
    let cases = [
        ("-newkey rsa:2048", "-sha1", true),
        ("-newkey rsa:2048", "-sha256", true),
        ("-newkey rsa:2048", "-sha384", true),
        ("-newkey rsa:2048", "-sha512", true),
        ("-newkey rsa:1024", "-sha256", true),
        ("-newkey rsa:2048", "-md5", false),
        (
            "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1",
            "-sha256",
            true,
        ),
        (
            "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1",
            "-sha512",
            true,
        ),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256", "-sha256", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256", "-sha512", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", "-sha256", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", "-sha384", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-521", "-sha512", true),
        (
            "-newkey rsa:3072 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-2",
            "-sha256",
            true,
        ),
        (
            "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:0",
            "-sha384",
            true,
        ),
        ("-newkey rsa:2048 -sigopt rsa_padding_mode:pss", "-sha1", false),
        (
            "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_mgf1_md:sha256",
            "-sha512",
            false,
        ),
        ("-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048", "-sha256", true),
        ("-newkey rsa:2048", "-sha224", false),
        ("-newkey rsa:1024", "-sha384", false),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256", "-sha1", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256", "-sha224", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", "-sha1", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", "-sha224", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-521", "-sha1", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:secp256k1", "-sha256", false),
        ("-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1", "-sha256", false),
        ("-newkey ed448", "", false),
        ("-newkey ed25519", "", true),
    ];
    for (key, digest, verified) in cases {
        let certificate = foreign(&bench, key, digest, "basicConstraints = CA:TRUE");
        assert_eq!(certificate.is_signed_by(&certificate), verified, "{key} {digest}");
        assert!(certificate.is_self_signed(), "{key} {digest}");
        let mut other = certificate.der.clone();
        *other.last_mut().unwrap() ^= 1;
        let other = Certificate::from_der(&other).unwrap();
        assert!(!other.is_signed_by(&other), "{key} {digest}");
        // What cannot be verified is believed where it names itself, as OpenSSL does with every root.
        assert_eq!(other.is_self_signed(), !verified, "{key} {digest}");
        assert!(other.is_anchor(), "{key} {digest}");
    }
}

#[test]
fn an_issuer_must_have_name_key_and_identifier() {
    let root = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP256);
    let namesake = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP256);
    let client =
        root.issue(&request(Usage::Client, "CN=alice", &[]), KeyKind::EcdsaP256).certificate;
    assert!(client.is_signed_by(&root.certificate) && !client.is_self_signed());
    assert!(!client.is_signed_by(&namesake.certificate) && !root.certificate.is_signed_by(&client));
    let mut renamed = root.certificate.clone();
    renamed.subject = DistinguishedName::parse("CN=other").unwrap();
    assert!(!client.is_signed_by(&renamed));
    let mut other_id = root.certificate.clone();
    other_id.subject_key_id = Some(vec![1]);
    assert!(!client.is_signed_by(&other_id));
    other_id.subject_key_id = None;
    assert!(client.is_signed_by(&other_id));
}

#[test]
fn bundles_are_read_in_their_order() {
    let bench = Bench::new();
    let certificate = foreign(&bench, "-newkey ed25519", "", "");
    bench.openssl("x509 -in c.pem -trustout -addtrust clientAuth -out trusted.pem").unwrap();
    let trusted = String::from_utf8(bench.read("trusted.pem")).unwrap();
    assert!(trusted.contains("BEGIN TRUSTED CERTIFICATE"));
    let key = crate::pki::pem::encode("PRIVATE KEY", b"x");
    let old = certificate.to_pem().replace("CERTIFICATE", "X509 CERTIFICATE");
    let text = format!("subject=x\n{}{key}{trusted}text\n{old}", certificate.to_pem())
        .replace('\n', "\r\n");
    assert_eq!(Certificate::from_pem(text.as_bytes()).unwrap(), vec![certificate; 3]);
}

#[test]
fn what_is_no_certificate_is_named() {
    let read = |text: &str| Certificate::from_pem(text.as_bytes()).unwrap_err();
    assert_eq!(read(""), CertificateError::NotPem);
    assert_eq!(read("hello\n"), CertificateError::NotPem);
    assert_eq!(
        read(&crate::pki::pem::encode("PRIVATE KEY", b"x")),
        CertificateError::NoCertificate
    );
    let damaged = format!("\n\n{}", crate::pki::pem::encode("CERTIFICATE", b"0\x03\x02\x01\x05"));
    let message = read(&damaged).to_string();
    assert_eq!(
        message,
        "damaged certificate: in the block `BEGIN CERTIFICATE` on line 3: it is not X.509 (it is cut off, or damaged)"
    );
    let bench = Bench::new();
    let mut der = foreign(&bench, "-newkey ed25519", "", "").der;
    der.push(0);
    let message = Certificate::from_der(&der).unwrap_err().to_string();
    assert_eq!(message, "damaged certificate: 1 octets follow its end");
    let mut changed = der[..der.len() - 1].to_vec();
    // The first digit of the first time.
    let begin = changed.windows(2).position(|two| two == [0x17, 13]).unwrap();
    changed[begin + 2] = b'x';
    let message = Certificate::from_der(&changed).unwrap_err().to_string();
    assert!(message.ends_with("(a time in it is malformed)"), "{message}");
    let half = crate::pki::pem::encode("CERTIFICATE", &der[..100]);
    assert!(matches!(read(&half), CertificateError::Malformed(_)));
}

#[test]
fn serials_keep_their_magnitude() {
    let held = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::EcdsaP256);
    assert_eq!((held.certificate.serial, held.certificate.not_before), (serial(), noon()));
}

proptest::proptest! {
    #[test]
    fn changed_octets_never_make_it_panic(at in 0_usize..300, octet in proptest::prelude::any::<u8>()) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            Held::root(&request(Usage::Server, "CN=s,O=o", &["s"]), KeyKind::EcdsaP256).certificate.der
        });
        let mut der = GOOD.clone();
        let at = at % der.len();
        der[at] = octet;
        if let Ok(certificate) = Certificate::from_der(&der) {
            let _ = (certificate.subject.rfc2253(), certificate.issuer.attributes(), certificate.is_self_signed());
        }
    }
}
