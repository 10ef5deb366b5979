use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use webpki::{
    BorrowedCertRevocationList, CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};

use super::*;
use crate::pki::issue::{RevocationListDraft, Signer, sign_revocation_list};
use crate::pki::key::KeyKind;
use crate::pki::openssl::{Bench, Held, authority, days, noon, request};
use crate::pki::request::Usage;
use crate::time::Seconds;

fn draft(number: u64, revoked: &[&Certificate]) -> RevocationListDraft {
    let entry = RevokedEntry { at: noon(), reason: RevocationReason::KeyCompromise };
    RevocationListDraft {
        number: number.into(),
        this_update: noon(),
        next_update: noon().after(Seconds::days(30)),
        revoked: revoked.iter().map(|certificate| (certificate.serial.clone(), entry)).collect(),
    }
}

/// A root whose name has an attribute twice and in an order of its own, an intermediate, two clients.
struct Family {
    root: Held,
    issuing: Held,
    good: Held,
    bad: Held,
}

fn family(kind: KeyKind) -> Family {
    let root = request(authority(1), "/OU=first/CN=root/OU=second/O=Ä", &[]);
    let root = Held::root(&root, kind);
    let issuing = root.issue(&request(authority(0), "CN=issuing", &[]), kind);
    let client = |name: &str, serial: u8| {
        let key = crate::pki::key::PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
        let request = request(Usage::Client, name, &["client.example.com"]);
        let serial = SerialNumber(vec![0x4a, serial]);
        let certificate =
            crate::pki::issue::sign(&request, &serial, days(300), &key, &issuing.signer()).unwrap();
        Held { certificate, key }
    };
    let (good, bad) = (client("CN=good", 1), client("CN=bad", 0x80));
    Family { root, issuing, good, bad }
}

fn lists(family: &Family) -> [RevocationList; 2] {
    [
        sign_revocation_list(&draft(7, &[]), &family.root.signer()).unwrap(),
        sign_revocation_list(&draft(300, &[&family.bad.certificate]), &family.issuing.signer())
            .unwrap(),
    ]
}

#[test]
fn openssl_reads_them_and_refuses_what_they_name() {
    for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::Rsa2048, KeyKind::Ed25519] {
        let family = family(kind);
        let [root, issuing] = lists(&family);
        let bench = Bench::new();
        bench
            .write("ca.crt", family.root.certificate.to_pem())
            .write("issuing.crt", family.issuing.certificate.to_pem())
            .write("good.crt", family.good.certificate.to_pem())
            .write("bad.crt", family.bad.certificate.to_pem())
            .write("root.crl", root.to_pem())
            .write("issuing.crl", issuing.to_pem())
            .write("all.crl", to_pem([&root, &issuing]));
        for (list, ca) in [("root.crl", "ca.crt"), ("issuing.crl", "issuing.crt")] {
            let text = bench.openssl(&format!("crl -in {list} -CAfile {ca} -noout -text")).unwrap();
            assert!(text.contains("Version 2"), "{text}");
            assert!(text.contains("X509v3 Authority Key Identifier"), "{text}");
        }
        let text = bench.openssl("crl -in issuing.crl -noout -text -crlnumber").unwrap();
        assert!(text.contains("crlNumber=0x012C") || text.contains("crlNumber=012C"), "{text}");
        assert!(text.contains("Serial Number: 4A80") && text.contains("Key Compromise"), "{text}");
        let verify = |name: &str, lists: &str| {
            bench.openssl(&format!(
                "verify -attime {} -crl_check_all -CAfile ca.crt -untrusted issuing.crt -CRLfile {lists} {name}",
                noon().after(Seconds::days(1)).unix()
            ))
        };
        verify("good.crt", "all.crl").unwrap();
        assert!(verify("bad.crt", "all.crl").unwrap_err().contains("revoked"));
        assert!(
            verify("good.crt", "root.crl").unwrap_err().contains("unable to get certificate CRL")
        );
    }
}

#[test]
fn an_independent_verifier_agrees() {
    let family = family(KeyKind::EcdsaP256);
    let lists = lists(&family);
    let parsed: Vec<CertRevocationList<'_>> = lists
        .iter()
        .map(|list| BorrowedCertRevocationList::from_der(&list.der).unwrap().into())
        .collect();
    let lists: Vec<&CertRevocationList<'_>> = parsed.iter().collect();
    let judged = |client: &Held| {
        let root = CertificateDer::from(family.root.certificate.der.as_slice());
        let anchor = anchor_from_trusted_cert(&root).unwrap();
        let options = RevocationOptionsBuilder::new(&lists)
            .unwrap()
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build();
        let at = u64::try_from(noon().after(Seconds::days(1)).unix()).unwrap();
        let leaf = CertificateDer::from(client.certificate.der.as_slice());
        let issuing = [CertificateDer::from(family.issuing.certificate.der.as_slice())];
        EndEntityCert::try_from(&leaf)
            .unwrap()
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &[anchor],
                &issuing,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(at)),
                KeyUsage::client_auth(),
                Some(options),
                None,
            )
            .map(|_| ())
    };
    assert_eq!(judged(&family.good), Ok(()));
    assert_eq!(judged(&family.bad), Err(webpki::Error::CertRevoked));
    assert!(CertificateRevocationListDer::from(&[][..]).is_empty());
}

#[test]
fn what_was_signed_is_read_back() {
    let family = family(KeyKind::EcdsaP256);
    let [root, issuing] = lists(&family);
    let read = RevocationList::from_pem(to_pem([&root, &issuing]).as_bytes()).unwrap();
    assert_eq!(read, [root.clone(), issuing.clone()]);
    assert_eq!((&root.number, &issuing.number), (&Some(7.into()), &Some(300.into())));
    assert_eq!(
        (root.this_update, root.next_update),
        (noon(), Some(noon().after(Seconds::days(30))))
    );
    assert_eq!(root.issuer, family.root.certificate.subject);
    let entry = RevokedEntry { at: noon(), reason: RevocationReason::KeyCompromise };
    assert_eq!(issuing.revoked, BTreeMap::from([(family.bad.certificate.serial.clone(), entry)]));
    assert!(root.is_signed_by(&family.root.certificate));
    assert!(!root.is_signed_by(&family.issuing.certificate));
}

#[test]
fn the_newest_list_of_the_very_key_counts() {
    let (one, twin) = (family(KeyKind::EcdsaP256), family(KeyKind::EcdsaP256));
    let sign = |held: &Held, number| sign_revocation_list(&draft(number, &[]), &held.signer());
    let lists = [1, 3, 2].map(|number| sign(&one.root, number).unwrap());
    let foreign = sign(&twin.root, 9).unwrap();
    let found = newest(lists.iter().chain([&foreign]), &one.root.certificate).unwrap();
    assert_eq!(found.number, Some(3.into()));
    assert_eq!(newest(&lists, &twin.root.certificate), None);
}

#[test]
fn who_may_not_sign_lists_does_not() {
    let family = family(KeyKind::EcdsaP256);
    let refused = |certificate: &Certificate, key| {
        let signer = Signer { certificate: Some(certificate), key };
        sign_revocation_list(&draft(1, &[]), &signer).unwrap_err().0
    };
    assert!(refused(&family.good.certificate, &family.good.key).contains("lacks cRLSign"));
    assert!(refused(&family.root.certificate, &family.good.key).contains("not that of"));
}

#[test]
fn lists_that_controllers_refuse_say_why() {
    let family = family(KeyKind::EcdsaP256);
    let pem = lists(&family)[0].to_pem();
    let fails = |text: &str| RevocationList::from_pem(text.as_bytes()).unwrap_err().to_string();
    for text in
        ["", "x", &pem.replace("X509 CRL", "CERTIFICATE"), &family.root.certificate.to_pem()]
    {
        assert!(fails(text).contains("`X509 CRL`"), "{text}");
    }
    assert!(
        fails("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").contains("not a list")
    );
    // `gencrl` of `openssl ca` without extensions gives version 1.
    let bench = Bench::new();
    let conf = "[ca]\ndefault_ca=x\n[x]\ndatabase=db\ndefault_md=sha256\n[e]\nissuingDistributionPoint=critical,@i\n[i]\nonlyuser=TRUE\n";
    bench
        .write("db", "")
        .write("c", conf)
        .write("crt", family.root.certificate.to_pem())
        .write("key", family.root.key.to_pem().as_bytes());
    let made = "ca -config c -gencrl -crldays 9 -cert crt -keyfile key";
    let version_1 = bench.openssl(made).unwrap();
    assert!(fails(&version_1).contains("version 1"), "{}", fails(&version_1));
    let partial = bench.openssl(&format!("{made} -crlexts e")).unwrap();
    assert!(fails(&partial).contains("not complete"), "{}", fails(&partial));
    // People can look at them all the same.
    for (pem, why) in [(version_1, "version 1"), (partial, "not complete")] {
        let block = pem::blocks(pem.as_bytes()).next().unwrap().unwrap();
        let list = RevocationList::from_der(&block.decode().unwrap()).unwrap();
        assert!(list.flaw.as_ref().unwrap().contains(why), "{list:?}");
        assert!(list.is_signed_by(&family.root.certificate));
    }
}

#[test]
fn every_reason_and_any_number_comes_back() {
    let family = family(KeyKind::EcdsaP256);
    let others = [
        RevocationReason::CertificateHold,
        RevocationReason::RemoveFromCrl,
        RevocationReason::AaCompromise,
    ];
    let reasons: Vec<_> = RevocationReason::ALL.into_iter().chain(others).collect();
    let entry = |(serial, reason): (u8, _)| {
        (SerialNumber(vec![serial]), RevokedEntry { at: noon(), reason })
    };
    let draft = RevocationListDraft {
        number: ListNumber::from_octets(&[0x7f; 20]),
        revoked: (1..).zip(reasons).map(entry).collect(),
        ..draft(0, &[])
    };
    let list = sign_revocation_list(&draft, &family.root.signer()).unwrap();
    assert_eq!((list.number.as_ref(), &list.revoked), (Some(&draft.number), &draft.revoked));
    // RFC 5280, section 5.3.1: no reason at all rather than `unspecified`.
    let text =
        Bench::new().write("crl", list.to_pem()).openssl("crl -in crl -noout -text").unwrap();
    assert!(!text.contains("Unspecified"), "{text}");
    assert_eq!(text.matches("X509v3 CRL Reason Code").count(), draft.revoked.len() - 1, "{text}");
    let bad = family.bad.certificate.serial.clone();
    assert_eq!(list.entry_of(&family.root.certificate), None);
    let own = super::super::certificate::Certificate {
        serial: SerialNumber(vec![2]),
        ..family.issuing.certificate.clone()
    };
    assert_eq!(list.entry_of(&own).unwrap().reason, RevocationReason::KeyCompromise);
    let foreign = super::super::certificate::Certificate {
        serial: SerialNumber(vec![2]),
        ..family.bad.certificate.clone()
    };
    assert_eq!((list.entry_of(&foreign), list.revoked.contains_key(&bad)), (None, false));
}

#[test]
fn reasons_have_the_words_of_the_standard() {
    for reason in RevocationReason::ALL {
        assert_eq!(RevocationReason::of_word(reason.word()), Some(reason));
    }
    assert_eq!(RevocationReason::of_word("keycompromise"), None);
}

#[test]
fn serials_are_read_in_the_forms_that_people_copy() {
    let serial = SerialNumber(vec![0x0A, 0xBC]);
    for text in ["0ABC", "abc", "0xabc", "0A:BC", "0a:bc", "00000ABC"] {
        assert_eq!(SerialNumber::from_hexadecimal(text), Some(serial.clone()), "{text}");
    }
    for text in ["", "0", "0x", "alice", "a:bc", "0A:BC:", &"ff".repeat(21)] {
        assert_eq!(SerialNumber::from_hexadecimal(text), None, "{text}");
    }
}

#[test]
fn entries_with_one_serial_are_all_there_and_one_that_revokes_counts() {
    let family = family(KeyKind::EcdsaP256);
    let both = draft(1, &[&family.good.certificate, &family.bad.certificate]);
    let list = sign_revocation_list(&both, &family.issuing.signer()).unwrap();
    let replaced = |der: &[u8], old: &[u8], new: &[u8]| {
        let at = der.windows(old.len()).position(|part| part == old).unwrap();
        [&der[..at], new, &der[at + old.len()..]].concat()
    };
    // What a signature says of it does not matter here.
    let (good, bad) = (&family.good.certificate.serial.0, &family.bad.certificate.serial.0);
    let der = replaced(&list.der, bad, good);
    // The first entry lifts the revocation.
    let der = replaced(&der, &[0x0a, 1, 1], &[0x0a, 1, 8]);
    let read = RevocationList::from_der(&der).unwrap();
    let reasons = |all: Vec<(&SerialNumber, &RevokedEntry)>| {
        all.into_iter().map(|(serial, entry)| (serial.0.clone(), entry.reason)).collect::<Vec<_>>()
    };
    let revoking = (good.clone(), RevocationReason::KeyCompromise);
    let lifting = (good.clone(), RevocationReason::RemoveFromCrl);
    assert_eq!(reasons(read.revoked.iter().collect()), vec![revoking.clone()]);
    assert_eq!(reasons(read.entries()), [revoking, lifting]);
    assert_eq!(list.entries().len(), 2);
    assert!(list.repeated.is_empty());
}
