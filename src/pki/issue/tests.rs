//! Which verifiers accept certificates, and what is not signed.

mod contents;
mod template;

use super::*;
use crate::pki::key::KeyKind;
use crate::pki::openssl::{Bench, Held, authority, days, noon, request, serial};
use crate::pki::request::Usage;
use crate::time::Seconds;
use std::fmt::Write as _;

/// RSA keys take long to make: one size represents all here, tests of keys have the others.
const KINDS: [KeyKind; 4] =
    [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::Rsa2048, KeyKind::Ed25519];

/// openssl's verdict on `leaf` at noon of the first day and a day later.
fn verify(
    bench: &Bench,
    purpose: &str,
    roots: &[&Held],
    between: &[&Held],
    leaf: &Held,
) -> Result<(), String> {
    let pem =
        |list: &[&Held]| list.iter().map(|held| held.certificate.to_pem()).collect::<String>();
    bench
        .write("roots.pem", pem(roots))
        .write("between.pem", pem(between))
        .write("leaf.pem", pem(&[leaf]));
    let time = noon().after(Seconds::days(1)).unix();
    let between = if between.is_empty() { "" } else { "-untrusted between.pem" };
    bench
        .openssl(&format!(
            "verify -x509_strict -check_ss_sig -attime {time} -purpose {purpose} -CAfile roots.pem {between} leaf.pem"
        ))
        .map(|_| ())
}

#[test]
fn openssl_accepts_chains_of_every_kind_of_key() {
    let bench = Bench::new();
    for kind in KINDS {
        let root = Held::root(&request(authority(1), "CN=root", &[]), kind);
        let issuing = root.issue(&request(authority(0), "CN=issuing,O=Org", &[]), kind);
        let server =
            issuing.issue(&request(Usage::Server, "CN=a.example.com", &["a.example.com"]), kind);
        let client = issuing.issue(&request(Usage::Client, "CN=alice", &[]), kind);
        assert_eq!(verify(&bench, "sslserver", &[&root], &[&issuing], &server), Ok(()));
        assert_eq!(verify(&bench, "sslclient", &[&root], &[&issuing], &client), Ok(()));
        assert!(verify(&bench, "sslclient", &[&root], &[&issuing], &server).is_err());
        assert!(verify(&bench, "sslserver", &[&root], &[&issuing], &client).is_err());
        assert!(verify(&bench, "sslserver", &[&root], &[], &server).is_err());
    }
}

#[test]
fn every_kind_of_key_signs_for_every_other() {
    let bench = Bench::new();
    for above in KINDS {
        let root = Held::root(&request(authority(0), "CN=root", &[]), above);
        for below in KINDS {
            let client = root.issue(&request(Usage::Client, "CN=alice", &[]), below);
            assert_eq!(client.certificate.key_kind, Some(below));
            assert_eq!(
                verify(&bench, "sslclient", &[&root], &[], &client),
                Ok(()),
                "{above} {below}"
            );
        }
    }
}

#[test]
fn self_signed_servers_are_leaves_that_openssl_trusts() {
    let bench = Bench::new();
    for kind in KINDS {
        let server = Held::root(
            &request(
                Usage::Server,
                "CN=test.localdev.me,O=test.localdev.me",
                &["test.localdev.me"],
            ),
            kind,
        );
        assert!(!server.certificate.is_authority && server.certificate.is_self_signed());
        assert_eq!(server.certificate.authority_key_id, None);
        assert_eq!(verify(&bench, "sslserver", &[&server], &[], &server), Ok(()));
    }
}

/// An authority made by openssl, with this subject and string mask.
fn foreign(bench: &Bench, subject: &str, mask: &str, extra: &str) -> Held {
    bench.write(
        "ca.cnf",
        format!(
            "[req]\ndistinguished_name = dn\nstring_mask = {mask}\nx509_extensions = ext\n[dn]\n[ext]\n\
             basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\n{extra}\n"
        ),
    );
    bench
        .openssl_with(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-utf8",
            "-days",
            "7300",
            "-config",
            "ca.cnf",
            "-subj",
            subject,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ])
        .unwrap();
    let certificate = Certificate::from_pem(&bench.read("ca.pem")).unwrap().remove(0);
    Held { certificate, key: PrivateKey::from_pem(&bench.read("ca.key")).unwrap() }
}

#[test]
fn the_names_of_supplied_authorities_stay_as_they_are() {
    let bench = Bench::new();
    // The numbers are BMPString and T61String.
    let cases = [
        ("/DC=com/DC=example/OU=a/OU=b/CN=CA", "utf8only"),
        ("/O=Org+OU=b+OU=a/CN=CA", "utf8only"),
        ("/O=Ürg/CN=CA", "pkix"),
        ("/O=Ürg/CN=CA", "MASK:2048"),
        ("/O=Ürg/CN=CA", "MASK:4"),
        ("/O=Org/O=Org/CN=CA", "nombstr"),
    ];
    for (subject, mask) in cases {
        let root = foreign(&bench, subject, mask, "subjectKeyIdentifier = hash");
        let middle = root.issue(&request(authority(0), "CN=middle", &[]), KeyKind::EcdsaP256);
        let leaf = middle.issue(&request(Usage::Client, "CN=leaf", &[]), KeyKind::EcdsaP256);
        assert_eq!(middle.certificate.issuer.der(), root.certificate.subject.der());
        assert_eq!(verify(&bench, "sslclient", &[&root], &[&middle], &leaf), Ok(()), "{subject}");
    }
}

#[test]
fn an_authority_without_key_identifier_gives_none() {
    let bench = Bench::new();
    let root = foreign(&bench, "/CN=CA", "utf8only", "subjectKeyIdentifier = none");
    assert_eq!(root.certificate.subject_key_id, None);
    let leaf = root.issue(&request(Usage::Client, "CN=leaf", &[]), KeyKind::EcdsaP256);
    assert_eq!(leaf.certificate.authority_key_id, None);
    bench.write("leaf.pem", leaf.certificate.to_pem());
    let time = noon().after(Seconds::days(1)).unix();
    bench
        .openssl(&format!("verify -attime {time} -purpose sslclient -CAfile ca.pem leaf.pem"))
        .unwrap();
}

#[test]
fn what_must_not_be_signed_is_refused() {
    let root = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP256);
    let last = root.issue(&request(authority(0), "CN=last", &[]), KeyKind::EcdsaP256);
    let leaf = root.issue(&request(Usage::Client, "CN=leaf", &[]), KeyKind::EcdsaP256);
    let bench = Bench::new();
    let mute = foreign(
        &bench,
        "/CN=mute",
        "utf8only",
        "subjectKeyIdentifier = hash\nkeyUsage = digitalSignature",
    );
    let client = request(Usage::Client, "CN=c", &[]);
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let stranger = Signer { certificate: Some(&root.certificate), key: &key };
    let selfless = Signer { certificate: None, key: &root.key };
    let backwards = Validity { not_before: noon(), not_after: noon().before(Seconds(1)) };
    let cases: [(&CertificateRequest, Validity, &Signer<'_>, &str); 9] = [
        (&client, days(1), &leaf.signer(), "its certificate is not an authority's"),
        (&client, days(1), &mute.signer(), "its key usage lacks keyCertSign"),
        (&client, days(1), &stranger, "the given key is not that of `CN=root`"),
        (&client, days(1), &selfless, "is self-signed, but signed with another key"),
        (
            &client,
            days(3651),
            &root.signer(),
            "longer than its issuer `CN=root`, which ends at 2040-05-29T12:00:00Z",
        ),
        (&client, backwards, &root.signer(), "before it begins"),
        (
            &request(authority(0), "CN=x", &[]),
            days(1),
            &last.signer(),
            "does not fit below `CN=last`, which has 0",
        ),
        (&request(authority(0), "/", &[]), days(1), &root.signer(), "has an empty subject"),
        (&request(Usage::Client, "/", &[]), days(1), &root.signer(), "has an empty subject"),
    ];
    for (request, validity, signer, words) in cases {
        let error = sign(request, &serial(), validity, &key, signer).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

mod independent_verifier {
    use super::*;
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

    fn at(days: u64) -> UnixTime {
        let seconds = noon().after(Seconds::days(days)).unix();
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds.try_into().unwrap()))
    }

    fn verdict(
        root: &Held,
        between: &[&Held],
        leaf: &Held,
        time: UnixTime,
        usage: KeyUsage,
    ) -> Result<(), Error> {
        let root = CertificateDer::from(root.certificate.der.clone());
        let between: Vec<_> =
            between.iter().map(|held| CertificateDer::from(held.certificate.der.clone())).collect();
        let leaf = CertificateDer::from(leaf.certificate.der.clone());
        let anchors = [anchor_from_trusted_cert(&root).unwrap()];
        EndEntityCert::try_from(&leaf)
            .unwrap()
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &between,
                time,
                usage,
                None,
                None,
            )
            .map(|_| ())
    }

    #[test]
    fn verdicts_are_as_they_should_be() {
        let root = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP384);
        let other = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP384);
        let issuing = root.issue(&request(authority(0), "CN=issuing", &[]), KeyKind::Rsa2048);
        let server =
            issuing.issue(&request(Usage::Server, "CN=s", &["*.example.com"]), KeyKind::EcdsaP256);
        let client = issuing.issue(&request(Usage::Client, "CN=c", &[]), KeyKind::Ed25519);
        let between = [&issuing];
        assert_eq!(verdict(&root, &between, &server, at(1), KeyUsage::server_auth()), Ok(()));
        assert_eq!(verdict(&root, &between, &client, at(1), KeyUsage::client_auth()), Ok(()));
        let wrong = verdict(&root, &between, &client, at(1), KeyUsage::server_auth());
        assert!(matches!(wrong, Err(Error::RequiredEkuNotFoundContext(_))), "{wrong:?}");
        let expired = verdict(&root, &between, &client, at(366), KeyUsage::client_auth());
        assert!(matches!(expired, Err(Error::CertExpired { .. })), "{expired:?}");
        assert!(verdict(&other, &between, &client, at(1), KeyUsage::client_auth()).is_err());
        let der = CertificateDer::from(server.certificate.der.clone());
        let entity = EndEntityCert::try_from(&der).unwrap();
        let name = |text: &'static str| ServerName::try_from(text).unwrap();
        assert!(entity.verify_is_valid_for_subject_name(&name("a.example.com")).is_ok());
        assert!(entity.verify_is_valid_for_subject_name(&name("example.com")).is_err());
    }
}

#[test]
fn errors_never_show_keys() {
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let mut shown = String::new();
    write!(shown, "{key:?} {:?}", Signer { certificate: None, key: &key }).unwrap();
    assert_eq!(
        shown,
        "PrivateKey(ECDSA 256) Signer { certificate: None, key: PrivateKey(ECDSA 256) }"
    );
}
