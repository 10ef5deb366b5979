use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::clients::{CheckedLists, Pins, Refusal, UnknownStatus};
use super::super::fact::Fact;
use super::super::request::LeafFacts;
use super::*;
use crate::pki::certificate::key_usage;
use crate::pki::crl::{RevocationList, RevocationReason, RevokedEntry};
use crate::pki::issue::{RevocationListDraft, sign, sign_revocation_list};
use crate::pki::key::{KeyKind, PrivateKey};
use crate::pki::openssl::{Bench, Held, authority, days, noon, request};
use crate::pki::request::{SerialNumber, Usage};
use crate::time::Seconds;

/// A root, an intermediate below it, and a client below that.
struct Family {
    root: Held,
    between: Held,
    client: Held,
}

fn family() -> Family {
    let root = Held::root(&request(authority(1), "CN=root", &[]), KeyKind::EcdsaP256);
    let between = root.issue(&request(authority(0), "CN=between", &[]), KeyKind::EcdsaP256);
    let client = between.issue(&request(Usage::Client, "CN=client", &[]), KeyKind::EcdsaP256);
    Family { root, between, client }
}

impl Family {
    /// As its client shows itself, with the intermediate.
    fn chain(&self) -> Presented {
        Presented::Chain(vec![self.client.certificate.clone(), self.between.certificate.clone()])
    }
}

/// A client of an authority that need not exist.
fn below(issuer: &Held, sends: &[&Held]) -> Presented {
    Presented::Supposed {
        issuer: Arc::new(issuer.certificate.clone()),
        leaf: LeafFacts { subject: "CN=any".to_owned(), serial: None },
        sends: sends.iter().map(|held| held.certificate.clone()).collect(),
    }
}

/// The parameters beside the bundle.
struct Judge(Library, u8, Revocation, Timestamp);

impl Judge {
    fn openssl() -> Self {
        Self(Library::OpenSsl, 1, Revocation::None, noon())
    }

    fn go() -> Self {
        Self(Library::Go, 1, Revocation::None, noon())
    }

    fn fault(&self, client: &Presented, bundle: &[&Held]) -> Option<Fault> {
        let Self(library, depth, revocation, now) = self;
        let bundle: Vec<Certificate> = bundle.iter().map(|held| held.certificate.clone()).collect();
        let validation = ClientValidation {
            certificates: Fact::Known(bundle.clone()),
            library: *library,
            pins: Pins::default(),
            depth: Some(*depth),
            revocation: Fact::Known(revocation.clone()),
            tolerates: BTreeSet::new(),
            refusal: Refusal::Later,
        };
        fault(client, &validation, &bundle, revocation, *now)
    }
}

fn lists(all: Vec<RevocationList>, depth: CheckedLists, unknown: UnknownStatus) -> Revocation {
    Revocation::Lists { all, depth, unknown }
}

fn list(authority: &Held, revoked: &[&Held]) -> RevocationList {
    let entry = RevokedEntry { at: noon(), reason: RevocationReason::KeyCompromise };
    let draft = RevocationListDraft {
        number: 1.into(),
        this_update: noon(),
        next_update: noon().after(Seconds::days(30)),
        revoked: revoked.iter().map(|held| (held.certificate.serial.clone(), entry)).collect(),
    };
    sign_revocation_list(&draft, &authority.signer()).unwrap()
}

#[test]
fn who_shows_nothing_is_absent() {
    let family = family();
    for judge in [Judge::openssl(), Judge::go()] {
        for client in [Presented::Nothing, Presented::Chain(Vec::new())] {
            assert_eq!(judge.fault(&client, &[&family.root]), Some(Fault::Absent));
        }
    }
}

#[test]
fn openssl_trusts_roots_and_go_all_of_the_bundle() {
    let family = family();
    let Family { root, between, .. } = &family;
    let alone = Presented::Chain(vec![family.client.certificate.clone()]);
    let [openssl, go] = [Judge::openssl(), Judge::go()];
    for (client, bundle, of_openssl, of_go) in [
        (family.chain(), vec![root], None, None),
        (family.chain(), vec![root, between], None, None),
        (family.chain(), vec![between], Some(Fault::Unanchored), None),
        (alone.clone(), vec![root], Some(Fault::Untrusted), Some(Fault::Untrusted)),
        (alone.clone(), vec![between], Some(Fault::Unanchored), None),
        // Go takes intermediates from the client alone, and all of the bundle are anchors.
        (alone.clone(), vec![root, between], None, None),
        (alone, vec![], Some(Fault::Untrusted), Some(Fault::Untrusted)),
        (below(between, &[between]), vec![root], None, None),
        (below(between, &[]), vec![root, between], None, None),
        (below(between, &[]), vec![root], Some(Fault::Untrusted), Some(Fault::Untrusted)),
        (below(root, &[]), vec![root], None, None),
        (below(root, &[]), vec![between], Some(Fault::Untrusted), Some(Fault::Untrusted)),
    ] {
        assert_eq!(openssl.fault(&client, &bundle), of_openssl, "{client:?}");
        assert_eq!(go.fault(&client, &bundle), of_go, "{client:?}");
    }
}

#[test]
fn depth_counts_intermediates() {
    let family = family();
    let Family { root, between, .. } = &family;
    let shallow = Judge(Library::OpenSsl, 0, Revocation::None, noon());
    assert_eq!(shallow.fault(&below(root, &[]), &[root]), None);
    assert_eq!(shallow.fault(&family.chain(), &[root, between]), Some(Fault::TooDeep));
    // What is last is that the issuer of what the client sent is missing, which nginx may tolerate.
    assert_eq!(shallow.fault(&family.chain(), &[root]), Some(Fault::Untrusted));
}

#[test]
fn certificates_are_over_in_their_last_second_to_openssl_and_after_it_to_go() {
    let family = family();
    let last = family.client.certificate.not_after;
    let second = Seconds(1);
    for (now, of_openssl, of_go) in [
        (noon().before(second), Some(Fault::NotYetValid), Some(Fault::NotYetValid)),
        (noon(), None, None),
        (last.before(second), None, None),
        (last, Some(Fault::Expired), None),
        (last.after(second), Some(Fault::Expired), Some(Fault::Expired)),
    ] {
        let openssl = Judge(Library::OpenSsl, 1, Revocation::None, now);
        let go = Judge(Library::Go, 1, Revocation::None, now);
        assert_eq!(openssl.fault(&family.chain(), &[&family.root]), of_openssl, "{now}");
        assert_eq!(go.fault(&family.chain(), &[&family.root]), of_go, "{now}");
    }
}

#[test]
fn boringssl_wants_keys_that_sign_handshakes() {
    let root = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::EcdsaP256);
    let judge = Judge(Library::BoringSsl, 1, Revocation::None, noon());
    for (kind, expected) in [
        (KeyKind::EcdsaP384, None),
        (KeyKind::Rsa2048, None),
        // No signature of it is asked for, so nothing is shown.
        (KeyKind::Ed25519, Some(Fault::Absent)),
    ] {
        let client = root.issue(&request(Usage::Client, "CN=client", &[]), kind);
        let shown = Presented::Chain(vec![client.certificate.clone()]);
        assert_eq!(judge.fault(&shown, &[&root]), expected, "{kind}");
    }
    let client = root.issue(&request(Usage::Client, "CN=client", &[]), KeyKind::EcdsaP256);
    for (usage, expected) in [
        (None, None),
        (Some(key_usage::DIGITAL_SIGNATURE), None),
        (Some(key_usage::KEY_AGREEMENT), Some(Fault::NoHandshakes)),
    ] {
        let shown = Certificate { key_usage: usage, ..client.certificate.clone() };
        let shown = Presented::Chain(vec![shown]);
        assert_eq!(judge.fault(&shown, &[&root]), expected);
    }
    assert!(!Fault::OF_CERTIFICATES.contains(&Fault::NoHandshakes), "tolerated by no mode");
}

#[test]
fn envoy_can_leave_dates_out() {
    let family = family();
    let bundle = [family.root.certificate.clone()];
    let late = family.client.certificate.not_after.after(Seconds(1));
    let at = |now: Timestamp, tolerates: &[Fault], pins: Pins| {
        let validation = ClientValidation {
            certificates: Fact::Known(bundle.to_vec()),
            library: Library::BoringSsl,
            pins,
            depth: None,
            revocation: Fact::Known(Revocation::None),
            tolerates: tolerates.iter().copied().collect(),
            refusal: Refusal::Alert,
        };
        fault(&family.chain(), &validation, &bundle, &Revocation::None, now)
    };
    let others =
        || Pins { keys: BTreeSet::from([family.root.certificate.spki_hash]), ..Pins::default() };
    assert_eq!(at(late, &[], Pins::default()), Some(Fault::Expired));
    assert_eq!(at(late, &[Fault::Expired], Pins::default()), None);
    assert_eq!(at(noon().before(Seconds(1)), &[Fault::Expired], Pins::default()), None);
    assert_eq!(
        at(late, &[Fault::Expired], others()),
        Some(Fault::NotPinned),
        "what follows counts"
    );
}

#[test]
fn a_server_is_no_client() {
    let root = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::EcdsaP256);
    let server = request(Usage::Server, "CN=server", &["server.example.com"]);
    let server = root.issue(&server, KeyKind::EcdsaP256);
    let shown = Presented::Chain(vec![server.certificate.clone()]);
    for judge in [Judge::openssl(), Judge::go()] {
        assert_eq!(judge.fault(&shown, &[&root]), Some(Fault::Purpose));
    }
}

#[test]
fn each_authority_needs_a_list() {
    let family = family();
    let Family { root, between, client } = &family;
    let all = || vec![list(root, &[]), list(between, &[])];
    let (chain, deny) = (CheckedLists::Chain, UnknownStatus::Deny);
    let over = noon().after(Seconds::days(30));
    for (revocation, now, expected) in [
        (lists(all(), chain, deny), noon(), None),
        (lists(all(), chain, deny), over, Some(Fault::StatusUnknown)),
        (lists(all(), chain, UnknownStatus::Allow), over, None),
        (lists(vec![list(root, &[])], chain, deny), noon(), Some(Fault::StatusUnknown)),
        (lists(vec![list(between, &[])], chain, deny), noon(), Some(Fault::StatusUnknown)),
        (lists(vec![list(between, &[])], CheckedLists::EndEntity, deny), noon(), None),
        (
            lists(vec![list(root, &[]), list(between, &[client])], chain, deny),
            noon(),
            Some(Fault::Revoked),
        ),
        (
            lists(vec![list(root, &[between]), list(between, &[])], chain, deny),
            noon(),
            Some(Fault::Revoked),
        ),
    ] {
        let judge = Judge(Library::OpenSsl, 1, revocation, now);
        assert_eq!(judge.fault(&family.chain(), &[root]), expected, "{:?}", judge.2);
    }
}

#[test]
fn nginx_goes_by_the_last_error() {
    let stranger = Held::root(&request(Usage::Client, "CN=stranger", &[]), KeyKind::EcdsaP256);
    let own = Presented::Chain(vec![stranger.certificate.clone()]);
    let other = Held::root(&request(authority(0), "CN=other", &[]), KeyKind::EcdsaP256);
    let family = family();
    let bundle = [&family.root];
    let at = |now| Judge(Library::OpenSsl, 1, Revocation::None, now);
    assert_eq!(at(noon()).fault(&own, &bundle), Some(Fault::Untrusted));
    assert_eq!(at(noon()).fault(&own, &[&family.root, &stranger]), None);
    let over = stranger.certificate.not_after;
    assert_eq!(at(over).fault(&own, &bundle), Some(Fault::Expired));
    // That it has no list is later than that it is a stranger's, and earlier than that its signature is not verified.
    let lists = lists(Vec::new(), CheckedLists::Chain, UnknownStatus::Deny);
    let judge = Judge(Library::OpenSsl, 1, lists, noon());
    assert_eq!(judge.fault(&own, &bundle), Some(Fault::StatusUnknown));
    assert_eq!(judge.fault(&below(&other, &[]), &bundle), Some(Fault::Untrusted));
    assert_eq!(judge.fault(&below(&other, &[&other]), &bundle), Some(Fault::StatusUnknown));
}

/// The same authority again, with another serial number.
fn again(held: &Held, issuer: &Held, serial: u16) -> Certificate {
    let request = request(authority(8), &held.certificate.subject.rfc2253(), &[]);
    let serial = SerialNumber([&[0x4a], &serial.to_be_bytes()[..]].concat());
    sign(&request, &serial, days(300), &held.key, &issuer.signer()).unwrap()
}

#[test]
fn circles_and_crowds_come_to_an_end() {
    let authorities = ["CN=one", "CN=other"]
        .map(|name| Held::root(&request(authority(9), name, &[]), KeyKind::EcdsaP256));
    let [one, other] = &authorities;
    let client = one.issue(&request(Usage::Client, "CN=client", &[]), KeyKind::EcdsaP256);
    let circle = |count: u16| -> Vec<Certificate> {
        let both = |serial| [again(one, other, serial), again(other, one, serial)];
        (0..count).flat_map(both).collect()
    };
    let ask = |library, depth, sends: &[Certificate], bundle: &[Certificate]| {
        let chain = [std::slice::from_ref(&client.certificate), sends].concat();
        let validation = ClientValidation {
            certificates: Fact::Known(Vec::new()),
            library,
            pins: Pins::default(),
            depth,
            revocation: Fact::Known(Revocation::None),
            tolerates: BTreeSet::new(),
            refusal: Refusal::Later,
        };
        fault(&Presented::Chain(chain), &validation, bundle, &Revocation::None, noon())
    };
    let (few, crowd) = (circle(2), circle(300));
    for depth in [None, Some(5), Some(255)] {
        let of_openssl = |sends: &[_], bundle: &[_]| ask(Library::OpenSsl, depth, sends, bundle);
        // pathLenConstraint is last, where the depth allows so many.
        let in_bundle = if depth == Some(5) { Fault::TooDeep } else { Fault::Constraint };
        assert_eq!(of_openssl(&[], &few), Some(in_bundle));
        assert_eq!(of_openssl(&few, &[]), Some(Fault::Untrusted));
        assert_eq!(of_openssl(&few, std::slice::from_ref(&other.certificate)), None);
        // Which one of so many OpenSSL takes is not found out.
        assert_eq!(of_openssl(&[], &crowd), None);
        assert_eq!(of_openssl(&crowd, &[]), None);
    }
    let of_go = |sends: &[_], bundle: &[_]| ask(Library::Go, None, sends, bundle);
    assert_eq!(of_go(&[], &few), None);
    assert_eq!(of_go(&few, &[]), Some(Fault::Untrusted));
    assert_eq!(of_go(&crowd, &[]), Some(Fault::Untrusted));
    assert_eq!(of_go(&crowd, std::slice::from_ref(&other.certificate)), None);
}

#[test]
fn a_proxy_is_no_stranger() {
    let bench = Bench::new();
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9";
    bench.openssl(&format!("{new} -subj /CN=root -keyout root.key -out root.pem")).unwrap();
    let own = "-addext basicConstraints=critical,CA:FALSE -addext \
               proxyCertInfo=critical,language:id-ppl-anyLanguage,pathlen:0";
    for (file, more) in [("proxy", ""), ("named", "-addext subjectAltName=DNS:client.example.com")]
    {
        let issued = "-subj /CN=root/CN=client -CA root.pem -CAkey root.key";
        bench
            .openssl(&format!("{new} {own} {more} {issued} -keyout {file}.key -out {file}.pem"))
            .unwrap();
    }
    let read = |file: &str| Certificate::from_pem(&bench.read(file)).unwrap().remove(0);
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let root = Held { certificate: read("root.pem"), key };
    let now = root.certificate.not_before;
    let judge = Judge(Library::OpenSsl, 1, Revocation::None, now);
    for (file, error, expected) in [
        ("proxy.pem", "error 40 ", Fault::Unacceptable),
        ("named.pem", "error 20 ", Fault::Untrusted),
    ] {
        let said = bench.openssl(&format!("verify -CAfile root.pem {file}")).unwrap_err();
        assert!(said.contains(error), "{said}");
        let found = judge.fault(&Presented::Chain(vec![read(file)]), &[&root]);
        assert_eq!(found, Some(expected), "{file}");
    }
}
