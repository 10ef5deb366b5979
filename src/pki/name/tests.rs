use super::*;
use crate::pki::issue::{Signer, sign};
use crate::pki::key::{KeyKind, PrivateKey};
use crate::pki::openssl::{Bench, days, request, serial};
use crate::pki::request::Usage;
use proptest::prelude::*;

/// What openssl prints of certificates with these subjects, in the way of nginx.
fn printed_by_openssl(names: &[DistinguishedName]) -> Vec<String> {
    let bench = Bench::new();
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let print = |name: &DistinguishedName| {
        let mut wanted = request(Usage::Server, "/", &["s"]);
        wanted.subject = name.clone();
        let certificate =
            sign(&wanted, &serial(), days(1), &key, &Signer { certificate: None, key: &key })
                .unwrap();
        bench.write("c.pem", certificate.to_pem());
        let text = bench.openssl("x509 -noout -subject -nameopt RFC2253 -in c.pem").unwrap();
        text.strip_prefix("subject=").unwrap().strip_suffix('\n').unwrap().to_owned()
    };
    names.iter().map(print).collect()
}

/// A name with one attribute of this OID (contents octets) and this encoded value.
fn raw(oid: &[u8], value: &[u8]) -> DistinguishedName {
    let wrap = |tag: u8, content: Vec<u8>| {
        [vec![tag, u8::try_from(content.len()).unwrap()], content].concat()
    };
    let attribute = wrap(0x30, [wrap(6, oid.to_vec()), value.to_vec()].concat());
    DistinguishedName::from_der(&wrap(0x30, wrap(0x31, attribute))).unwrap()
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];

#[test]
fn hostile_names_print_as_openssl_prints_them() {
    let mut names: Vec<DistinguishedName> = [
        "CN=alice, O=MyOrganization",
        "/CN=Internal Cert Authority/O=Org Internal CA/C=GB",
        "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h\\=i/j",
        "CN=\\ leading and trailing\\ ",
        "CN=\\ ",
        "CN=\\ \\ ",
        "CN=\\#hash\\#",
        "CN=\\#",
        "CN=\\#\\ ",
        "CN=a  b",
        "CN=Ünïcödé ☃ 😀",
        "CN=\\0A\\09\\7F\\1B[31m",
        "CN=$.|^(DN1|DN2)$",
        "OU=b+OU=a+CN=z,O=x+C=GB",
        "DC=example,DC=com",
        "UID=u,E=a@example.com,SERIALNUMBER=1+GN=g,SN=s,T=t,STREET=r,L=l,ST=s,postalCode=p",
        "1.2.3.4=value,CN=a",
        "1.3.6.1.4.1.99999.1=#0C03616263",
        "organizationIdentifier=x,jurisdictionC=GB,businessCategory=b,pseudonym=p,dnQualifier=q",
        "/",
    ]
    .map(|text| DistinguishedName::read(text).unwrap())
    .to_vec();
    let characters: Vec<String> = (1..=127_u8)
        .map(char::from)
        .flat_map(|c| [format!("{c}x{c}x{c}"), c.to_string()])
        .collect();
    names.push(
        DistinguishedName::from_attributes(characters.iter().map(|text| ("OU", text.as_str())))
            .unwrap(),
    );
    let values: [&[u8]; 11] = [
        &[0x14, 3, b'a', 0xFC, b'b'],
        &[0x1E, 4, 0x00, 0xFC, 0x26, 0x03],
        &[0x1E, 2, 0, b' '],
        &[0x1C, 8, 0, 0, 0, b'a', 0, 1, 0xF6, 0],
        &[0x16, 2, b'a', b','],
        &[0x12, 2, b'1', b' '],
        &[0x13, 0],
        &[0x0C, 0],
        &[0x03, 2, 4, 0xF0],
        &[0x30, 3, 0x0C, 1, b'x'],
        &[0x14, 3, b'a', 0, b'b'],
    ];
    names.extend(values.iter().map(|value| raw(COMMON_NAME, value)));
    let ours: Vec<String> = names.iter().map(DistinguishedName::rfc2253).collect();
    let theirs = printed_by_openssl(&names);
    for ((ours, theirs), name) in ours.iter().zip(&theirs).zip(&names) {
        assert_eq!(ours, theirs, "{:02x?}", name.der());
    }
}

#[test]
fn attribute_types_have_the_short_names_of_openssl() {
    let name =
        DistinguishedName::from_attributes(attribute::all().map(|(oid, _)| (oid, "v"))).unwrap();
    let expected: Vec<_> = attribute::all().map(|(_, name)| format!("{name}=v")).collect();
    let printed = name.rfc2253();
    assert_eq!(printed.split(',').rev().collect::<Vec<_>>(), expected);
    assert_eq!(printed_by_openssl(&[name]), [printed]);
}

#[test]
fn both_forms_encode_in_their_order() {
    let written = |text: &str| {
        let attributes = DistinguishedName::read(text).unwrap().attributes();
        attributes
            .into_iter()
            .map(|a| format!("{}={}", a.short_name.unwrap_or(&a.oid), a.value))
            .collect::<Vec<_>>()
    };
    let cases: [(&str, &[&str]); 14] = [
        ("CN=a,O=b,C=GB", &["C=GB", "O=b", "CN=a"]),
        ("  cn = a ,  o=b  , c=GB", &["C=GB", "O=b", "CN=a"]),
        ("/CN=a/O=b/C=GB", &["CN=a", "O=b", "C=GB"]),
        ("/CN=a\\/b\\+c\\\\/O= b ", &["CN=a/b+c\\", "O= b "]),
        ("/O=b+CN=a/C=GB", &["CN=a", "O=b", "C=GB"]),
        ("CN=\\C3\\BC\\20\\,", &["CN=ü ,"]),
        ("CN=#0c0161", &["CN=a"]),
        ("CN=\\#x", &["CN=#x"]),
        ("2.5.4.3=a,OID.2.5.4.10=b", &["O=b", "CN=a"]),
        (
            "S=x,STREET=y,SerialNumber=7,emailaddress=a@b.c",
            &["emailAddress=a@b.c", "serialNumber=7", "street=y", "ST=x"],
        ),
        ("CN=a=b", &["CN=a=b"]),
        ("CN=a/b", &["CN=a/b"]),
        ("CN=  a  b  ", &["CN=a  b"]),
        ("1.2.3=x", &["1.2.3=x"]),
    ];
    for (text, expected) in cases {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn openssls_form_encodes_as_openssl_does() {
    let bench = Bench::new();
    bench.write("req.cnf", "[req]\ndistinguished_name = dn\nstring_mask = utf8only\n[dn]\n");
    for text in [
        "/CN=Internal Cert Authority/O=Org Internal CA/C=GB",
        "/DC=com/DC=example/OU=b+OU=a/CN=a\\/b \\+ c",
        "/C=GB/ST=S t/L=L/street=r/postalCode=1/emailAddress=a@b.c/serialNumber=7/UID=u/GN=g/SN=s/title=t",
        "/CN=Ürg ☃ ",
    ] {
        bench
            .openssl_with(&[
                "req", "-x509", "-newkey", "ed25519", "-nodes", "-utf8", "-config", "req.cnf",
                "-subj", text, "-keyout", "k.pem", "-out", "c.pem",
            ])
            .unwrap();
        let theirs = crate::pki::certificate::Certificate::from_pem(&bench.read("c.pem")).unwrap();
        assert_eq!(DistinguishedName::read(text).unwrap(), theirs[0].subject, "{text}");
    }
}

#[test]
fn mistakes_say_what_to_write() {
    let cases = [
        ("", "the subject is empty: write `CN=name`, or `/` for a subject without any attribute"),
        (
            "alice",
            "`alice` in a subject has no `=`: write `CN=alice`, or `\\,` or `\\+` where the character before it belongs to a value",
        ),
        ("CN=a,b", "`b` in a subject has no `=`: write `CN=b`"),
        ("/CN=a/b", "`b` in a subject has no `=`: write `/CN=b`"),
        ("CN=a,", "a part of subject `CN=a,` is empty: write one"),
        ("CN=a,,O=b", "a part of subject `CN=a,,O=b` is empty"),
        ("/CN=a/", "a part of the subject is empty"),
        ("=a", "`=` without an attribute before it"),
        ("CN=", "`CN` has no value: write `CN=value`, or leave `CN` out"),
        ("CN=,O=b", "`CN` has no value"),
        ("CN= ", "`CN` has no value"),
        ("/CN=/O=b", "`CN` has no value"),
        ("X=a", "unknown attribute `X` in a subject: write one of `CN`, `O`"),
        ("Foo=a", "unknown attribute `Foo` in a subject: write one of `CN`, `O`"),
        (
            "organizationNam=a",
            "unknown attribute `organizationNam` in a subject: write `organizationName`",
        ),
        (
            "C=GBR",
            "`C` is `GBR`, which is not a country code of two letters: write `C=GB`, for example",
        ),
        ("C=G1", "`C` is `G1`"),
        (
            "SERIALNUMBER=a*b",
            "`serialNumber` may not contain `*`: write only letters, digits, blanks and",
        ),
        ("DC=exämple", "`DC` may not contain `\\u{e4}`: write the domain in ASCII"),
        ("E=ä@b.c", "`emailAddress` may not contain `\\u{e4}`: write ASCII characters only"),
        ("CN=a\\", "`\\` in the value of `CN` is not an escape: write `\\\\` for a backslash"),
        ("CN=a\\xy", "`\\x` in the value of `CN` is not an escape"),
        ("CN=a\\ü", "`\\ü` in the value of `CN` is not an escape"),
        ("CN=\\C3", "the escaped octets in the value of `CN` are not UTF-8"),
        ("CN=\\00", "the value of `CN` contains the character NUL"),
        (
            "CN=\"a, b\"",
            "`\"` in the value of `CN` must be escaped: write `\\\"`; a subject is not put in quotes",
        ),
        ("CN=a;O=b", "`;` in the value of `CN` must be escaped"),
        ("CN=#zz", "the value of `CN` starts with `#`, but no hexadecimal digits follow"),
        ("CN=#0c05", "the hexadecimal value of `CN` is not DER"),
        ("1.2..3=a", "`1.2..3` is not an object identifier"),
        (
            "CN=a\nO=b",
            "the subject contains the control character `\\n`: write the subject on one line",
        ),
        ("O=x,CN=a\u{0}b", "the subject contains the control character `\\u{0}`"),
    ];
    for (text, words) in cases {
        let message = DistinguishedName::parse(text).unwrap_err();
        assert!(message.starts_with(words), "{text}\n{message}\n{words}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn values_have_their_limits() {
    for (name, limit) in
        [("CN", 64), ("O", 64), ("OU", 64), ("L", 128), ("ST", 128), ("serialNumber", 64)]
    {
        let value = |length| "x".repeat(length);
        assert!(DistinguishedName::from_attributes([(name, &*value(limit))]).is_ok());
        let error = DistinguishedName::from_attributes([(name, &*value(limit + 1))]).unwrap_err();
        assert_eq!(
            error.problem,
            format!("`{name}` is {} characters long, {limit} at most are allowed", limit + 1)
        );
    }
    // Characters count, not octets.
    assert!(DistinguishedName::from_attributes([("CN", &*"☃".repeat(64))]).is_ok());
}

#[test]
fn der_is_taken_as_it_is_or_refused() {
    for good in [&[0x30, 0][..], raw(COMMON_NAME, &[0x1E, 3, 1, 2, 3]).der()] {
        assert_eq!(DistinguishedName::from_der(good).unwrap().der(), good);
    }
    for wrong in [&[][..], &[0x30], &[0x30, 0, 0], &[0x31, 0], &[0x30, 2, 0x31, 5], b"CN=a"] {
        assert!(DistinguishedName::from_der(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn common_names_come_in_their_order() {
    let name = DistinguishedName::read("CN=second,O=x,CN=first").unwrap();
    assert_eq!(name.common_names(), ["first", "second"]);
    assert!(!name.is_empty() && DistinguishedName::default().is_empty());
    assert_eq!(DistinguishedName::read("/").unwrap(), DistinguishedName::default());
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same_name(
        rdns in proptest::collection::vec(proptest::collection::vec(("CN|O|OU|L|2\\.5\\.4\\.8", "[^\u{0}]{1,20}"), 1..3), 1..5)
    ) {
        let rdns = rdns
            .iter()
            .map(|rdn| rdn.iter().map(|(name, value)| attribute::encode(name, value).unwrap()).collect())
            .collect();
        let name = DistinguishedName::from_rdns(rdns).unwrap();
        let printed = name.rfc2253();
        // OpenSSL leaves a single `#` alone, which RFC 4514 takes for hexadecimal digits.
        prop_assume!(!printed.contains("=#"));
        prop_assert!(printed.is_ascii());
        prop_assert_eq!(DistinguishedName::read(&printed).unwrap(), name);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|[CNO=,+/\\\\# \"0-9a-f;]{0,30}") {
        let _ = DistinguishedName::parse(&text);
    }

    #[test]
    fn no_octets_make_it_panic(der in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(name) = DistinguishedName::from_der(&der) {
            let _ = (name.rfc2253(), name.attributes());
        }
    }
}

#[test]
fn names_read_the_same_in_other_string_types_and_nothing_else() {
    let ours = DistinguishedName::parse("CN=alexander, O=Acme Inc").unwrap();
    // The same with PrintableString (0x13) in the place of UTF8String (0x0C), as Go writes it.
    let go: Vec<u8> =
        ours.der().iter().map(|octet| if *octet == 0x0C { 0x13 } else { *octet }).collect();
    let go = DistinguishedName::from_der(&go).unwrap();
    assert_ne!(ours, go);
    assert!(ours.reads_as(&go) && go.reads_as(&ours) && ours.reads_as(&ours));
    for other in [
        "CN=Alexander, O=Acme Inc",
        "O=Acme Inc, CN=alexander",
        "CN=alexander",
        "CN=alexander+O=Acme Inc",
        "CN=alexander, OU=Acme Inc",
    ] {
        assert!(!DistinguishedName::parse(other).unwrap().reads_as(&go), "{other}");
    }
    let (one, two) = ("CN=a+OU=b", "OU=b+CN=a");
    let parse = |text: &str| DistinguishedName::parse(text).unwrap();
    assert!(parse(one).reads_as(&parse(two)), "the members of one RDN have no order");
}

#[test]
fn names_match_as_openssl_compares_them() {
    let parse = |text: &str| DistinguishedName::parse(text).unwrap();
    let ours = parse("/O=Acme Inc/CN=ä");
    for same in ["/O=ACME inc/CN=ä", "/O=  Acme \t Inc /CN=ä"] {
        let other = DistinguishedName::from_attributes(
            same[1..].split('/').filter_map(|pair| pair.split_once('=')),
        );
        let other = other.unwrap_or_else(|error| panic!("{same}: {error}"));
        assert!(ours.matches(&other) && ours != other, "{same}");
    }
    // Letters outside of ASCII keep their case, and parts their places.
    for other in ["/O=Acme Inc/CN=Ä", "/O=AcmeInc/CN=ä", "/CN=ä/O=Acme Inc", "/O=Acme Inc"] {
        assert!(!ours.matches(&parse(other)), "{other}");
    }
    assert!(
        parse("CN=a+OU=b").matches(&parse("OU=B+CN=A")),
        "the members of one RDN have no order"
    );
}
