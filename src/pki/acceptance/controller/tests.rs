//! What Go 1.26 says of these texts (`x509.ParseCertificate` of certificates that have them), asked once and written down.

use super::extensions::wrong_subtree;
use super::uri::problem;

#[test]
fn uris_of_alternative_names_are_judged_as_go_judges_them() {
    for (uri, is_read) in [
        ("http://a..b/", false),
        ("http://a.b./", false),
        ("http://[x", false),
        ("http://[::1]/", true),
        ("http://[::1]:80/", true),
        ("http://[::1]:x/", false),
        ("http://[1.2.3.4]/", false),
        ("http://[::ffff:1.2.3.4]/", true),
        ("http://[fe80::1%25en0]/", true),
        ("http://[fe80::1%25]/", false),
        ("http://[fe80::1%en0]/", false),
        ("http://a[::1]/", false),
        ("http://a:80:90/", false),
        ("x://a:80:90/", true),
        ("x://a:b:90/", true),
        ("http://a:/", true),
        ("http://a:b/", false),
        ("http://user:pass@a/", true),
        ("http://us er@a/", false),
        ("http://u%zz@a/", false),
        ("http://u@v@a/", true),
        ("http://a b/", false),
        ("http://a%20b/", false),
        ("http://a%c3%a4/", false),
        ("http://a%25b/", true),
        ("http://a/%zz", false),
        ("http://a/?%zz", true),
        ("http://a/#%zz", false),
        ("http://a/#%20", true),
        ("http:///a..b", true),
        ("///a..b", true),
        ("//a..b", false),
        ("//a.b/c", true),
        ("a:b..c//d", true),
        ("a/b:c", true),
        ("1a:b", false),
        ("1a/b:c", true),
        (":a", false),
        ("*", true),
        ("", true),
        ("urn:a%zz", true),
        ("http://_a.b/", true),
        ("http://a\"b/", true),
        ("http://a^b/", false),
        ("http://-a.b/", true),
        ("http://.a/", false),
        ("spiffe://a/b", true),
        ("mailto:a..b", true),
        ("a\tb", false),
        ("http://a?x", true),
        ("http://a?x..y/", true),
    ] {
        assert_eq!(problem(uri.as_bytes()).is_none(), is_read, "{uri}");
    }
}

#[test]
fn subtrees_of_name_constraints_are_judged_as_go_judges_them() {
    let mail = [
        ("a@b", true),
        ("a@", true),
        ("@b", false),
        ("a b@c", false),
        ("\"a b\"@c", true),
        ("\"a\\\"b\"@c", true),
        ("\"a@c", false),
        ("a.b@c", true),
        (".a@c", false),
        ("a.@c", false),
        ("a..b@c", false),
        ("a\\@b@c", true),
        ("a@b..c", false),
        ("a@.b", false),
        ("a@b.", false),
        (".b.c", true),
        ("b..c", false),
        ("b.", false),
        ("", true),
        ("a@b@c", true),
    ];
    let domains = [
        (".", false),
        (".a", true),
        ("..a", false),
        ("a", true),
        ("a.", false),
        ("*.a", true),
        ("a b", false),
        ("", true),
    ];
    let hosts = [
        ("10.0.0.1", false),
        ("::1", false),
        ("[::1]", true),
        ("a:80", true),
        (".a", true),
        ("1.2.3", true),
    ];
    for (kind, cases) in [(0x81, &mail[..]), (0x82, &domains), (0x86, &hosts)] {
        for (text, is_read) in cases {
            assert_eq!(
                wrong_subtree(kind, text.as_bytes()).is_none(),
                *is_read,
                "{kind:#x} {text}"
            );
        }
    }
}
