//! What is filled into a template is what rcgen would have made and what readers find.

use super::*;
use crate::pki::issue::contents::{Key, key_identifier, params};
use crate::pki::issue::template::Shape;
use crate::pki::name::DistinguishedName;
use crate::pki::request::{AlternativeNames, NameConstraints, Subtree};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyIdMethod, SanType};
use std::sync::LazyLock;

/// Authorities of every kind of key, one of which has no key identifier, and keys to certify.
struct World {
    authorities: Vec<Held>,
    keys: Vec<PrivateKey>,
    maker: CertificateMaker,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let wanted = request(authority(200), "CN=root", &[]);
    let mut authorities: Vec<Held> = KINDS.map(|kind| Held::root(&wanted, kind)).into();
    let nameless = foreign(&Bench::new(), "/CN=CA", "utf8only", "subjectKeyIdentifier = none");
    assert_eq!(nameless.certificate.subject_key_id, None);
    authorities.push(nameless);
    let keys = KINDS.map(|kind| PrivateKey::generate(kind).unwrap()).into();
    World { authorities, keys, maker: CertificateMaker::default() }
});

fn domain() -> impl Strategy<Value = String> {
    "(\\*\\.)?[a-z0-9-]{1,30}(\\.[a-z]{2,9}){0,3}"
}

fn names() -> impl Strategy<Value = AlternativeNames> {
    let kinds = (
        btree_set(domain(), 0..4),
        btree_set(any::<std::net::IpAddr>(), 0..3),
        btree_set("[a-zA-Z.]{1,10}@[a-z]{1,10}", 0..3),
        btree_set("spiffe://[a-z]{1,10}/[a-zA-Z/]{0,200}", 0..2),
    );
    kinds.prop_map(|(dns, ip, email, uri)| AlternativeNames {
        dns: dns.into_iter().collect(),
        ip: ip.into_iter().collect(),
        email: email.into_iter().collect(),
        uri: uri.into_iter().collect(),
    })
}

fn subtree() -> impl Strategy<Value = Subtree> {
    prop_oneof![
        domain().prop_map(Subtree::Dns),
        (any::<std::net::Ipv4Addr>(), 0..=32_u8)
            .prop_map(|(address, prefix)| Subtree::Ip { address: address.into(), prefix }),
        domain().prop_map(Subtree::Email),
    ]
}

fn usage() -> impl Strategy<Value = Usage> {
    let constraints = (any::<bool>(), vec(subtree(), 0..3), vec(subtree(), 0..3)).prop_map(
        |(critical, permitted, excluded)| NameConstraints { critical, permitted, excluded },
    );
    let authority = (0..200_u8, proptest::option::of(constraints)).prop_map(
        |(max_path_len, name_constraints)| Usage::Authority {
            max_path_len,
            max_path_len_is_stated: false,
            name_constraints,
        },
    );
    prop_oneof![2 => Just(Usage::Server), 2 => Just(Usage::Client), 1 => authority]
}

/// A request that may be signed.
fn wanted() -> impl Strategy<Value = CertificateRequest> {
    let parts = (usage(), names(), vec("[^\u{0}]{1,40}", 0..6));
    parts.prop_map(|(usage, names, values)| {
        let mut request = request(usage, "CN=a", &[]);
        let attributes = values.iter().map(|value| ("OU", value.as_str()));
        let subject = DistinguishedName::from_attributes(attributes).unwrap();
        let leaf = matches!(request.usage, Usage::Server | Usage::Client);
        if !subject.is_empty() || leaf && !names.is_empty() {
            request.subject = subject;
        }
        CertificateRequest { names, ..request }
    })
}

/// The same certificate, as rcgen encodes it at one go. Its names of issuer and subject are stand-ins.
fn by_rcgen(
    shape: &Shape,
    request: &CertificateRequest,
    serial: &SerialNumber,
    (subject_key, key_id): (&PublicKey, &[u8]),
    signing_key: &PublicKey,
) -> Vec<u8> {
    let mut params = params(shape).unwrap();
    params.serial_number = Some(serial.0.clone().into());
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id.to_vec());
    if !request.subject.is_empty() {
        params.distinguished_name.push(rcgen::DnType::CommonName, "");
    }
    let AlternativeNames { dns, ip, email, uri } = &request.names;
    let text = |name: &String| name.as_str().try_into().unwrap();
    let names = dns.iter().map(|name| SanType::DnsName(text(name)));
    let names = names.chain(ip.iter().map(|address| SanType::IpAddress(*address)));
    let names = names.chain(email.iter().map(|name| SanType::Rfc822Name(text(name))));
    params.subject_alt_names =
        names.chain(uri.iter().map(|name| SanType::URI(text(name)))).collect();
    let mut issuer = CertificateParams::default();
    let identifier = shape.authority_key_id.clone().unwrap_or_default();
    issuer.key_identifier_method = KeyIdMethod::PreSpecified(identifier);
    let issuer = rcgen::Issuer::new(issuer, Key::of(signing_key));
    params.signed_by(&Key::of(subject_key), &issuer).unwrap().der().to_vec()
}

/// The fields of a `TBSCertificate`, but for the names of issuer and subject; and the algorithm behind.
fn all_but_names(certificate: &[u8]) -> Vec<&[u8]> {
    let outer = elements(certificate).unwrap();
    let mut fields = elements(outer[0]).unwrap();
    assert_eq!(fields.len(), 8);
    fields.remove(5);
    fields.remove(3);
    fields.push(outer[1]);
    fields
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn certificates_are_as_rcgen_makes_them_and_as_they_are_read(
        request in wanted(),
        (signer, key) in (0..6_usize, 0..4_usize),
        key_id in option::of(vec(any::<u8>(), 1..40)),
        serial in "[1-7][0-9a-f]([0-9a-f]{2}){0,19}",
        (begin, length) in (-631_152_000..2_000_000_000_i64, 0..315_360_000_u64),
    ) {
        let World { authorities, keys, maker } = &*WORLD;
        let key = &keys[key];
        let serial = SerialNumber::from_hexadecimal(&serial).unwrap();
        let not_before = Timestamp::from_unix(begin);
        let mut validity = Validity { not_before, not_after: not_before.after(Seconds(length)) };
        let itself = Signer { certificate: None, key };
        let signer = authorities.get(signer).map_or(itself, Held::signer);
        if let Some(issuer) = signer.certificate {
            validity.not_after = validity.not_after.min(issuer.not_after);
        }
        let key_id = key_id.unwrap_or_else(|| key_identifier(key.public()));
        let certified = (key, key_id.clone());
        let made =
            maker.sign_with_key_id(&request, &serial, validity, certified, &signer).unwrap();

        prop_assert_eq!(made.subject_key_id.as_ref(), Some(&key_id));
        prop_assert_eq!(&Certificate::from_der(&made.der).unwrap(), &made);
        prop_assert!(made.is_signed_by(signer.certificate.unwrap_or(&made)));
        prop_assert_eq!(&made.subject, &request.subject);
        prop_assert_eq!(&made.issuer, signer.certificate.map_or(&request.subject, |c| &c.subject));
        prop_assert_eq!((&made.serial, &made.names), (&serial, &request.names));
        prop_assert_eq!((made.not_before, made.not_after), (validity.not_before, validity.not_after));
        prop_assert_eq!(made.spki_hash, key.spki_hash());
        let identifier = signer.certificate.and_then(|issuer| issuer.subject_key_id.clone());
        prop_assert_eq!(&made.authority_key_id, &identifier);

        let certified = (key.public(), key_id.as_slice());
        let shape = Shape::new(&request, validity, certified, &signer);
        let whole = by_rcgen(&shape, &request, &serial, certified, signer.key.public());
        prop_assert_eq!(all_but_names(&made.der), all_but_names(&whole));
    }
}

#[test]
fn what_was_signed_before_leaves_no_trace() {
    let root = Held::root(&request(authority(3), "CN=root", &[]), KeyKind::Rsa2048);
    let other = Held::root(&request(authority(3), "CN=other", &[]), KeyKind::Rsa2048);
    let keys = KINDS.map(|kind| PrivateKey::generate(kind).unwrap());
    let usages = [Usage::Client, Usage::Server, authority(0), authority(1)];
    let maker = CertificateMaker::default();
    for round in 0..2 {
        for (key, usage) in keys.iter().flat_map(|key| usages.iter().map(move |usage| (key, usage)))
        {
            for (above, subject) in [(&root, "CN=a"), (&other, "CN=a"), (&root, "CN=b,O=c")] {
                let wanted = request(usage.clone(), subject, &["a.example.com"]);
                let made = maker.sign(&wanted, &serial(), days(7), key, &above.signer());
                // PKCS#1 v1.5 signatures are deterministic.
                let alone = sign(&wanted, &serial(), days(7), key, &above.signer());
                assert_eq!(made, alone, "{round} {subject} {usage:?}");
            }
        }
    }
}

#[test]
fn names_are_reported_as_readers_find_them() {
    let root = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::EcdsaP256);
    let wanted =
        request(Usage::Server, "CN=s", &["b.Example.com", "a.example.com", "b.example.com"]);
    let made = root.issue(&wanted, KeyKind::EcdsaP256).certificate;
    assert_eq!(made.names.dns, ["a.example.com", "b.example.com"]);
    assert_eq!(Certificate::from_der(&made.der), Ok(made));
    let umlaut = request(Usage::Server, "CN=s", &["ü.example.com"]);
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let refused = sign(&umlaut, &serial(), days(1), &key, &root.signer()).unwrap_err();
    assert_eq!(refused.to_string(), "name `ü.example.com` is not ASCII");
}
