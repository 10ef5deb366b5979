use super::*;
use crate::pki::issue::{Validity, sign};
use crate::pki::key::KeyKind;
use crate::pki::openssl::{Bench, Held, authority, noon, request, serial};
use crate::pki::request::Usage;
use crate::time::{Seconds, Timestamp};

/// Root, intermediate, issuing authority and client.
fn generations() -> [Held; 4] {
    let kind = KeyKind::EcdsaP256;
    let root = Held::root(&request(authority(2), "CN=root", &[]), kind);
    let middle = root.issue(&request(authority(1), "CN=middle", &[]), kind);
    let issuing = middle.issue(&request(authority(0), "CN=issuing", &[]), kind);
    let client = issuing.issue(&request(Usage::Client, "CN=alice", &[]), kind);
    [root, middle, issuing, client]
}

fn names(certificates: &[Certificate]) -> Vec<String> {
    certificates.iter().map(|certificate| certificate.subject.rfc2253()).collect()
}

#[test]
fn chains_are_found_in_any_order() {
    let [root, middle, issuing, client] = generations().map(|held| held.certificate);
    let stranger =
        Held::root(&request(authority(2), "CN=root", &[]), KeyKind::EcdsaP256).certificate;
    let chain = order(&client, &[issuing.clone(), middle.clone(), root.clone()]);
    assert_eq!(names(&chain.certificates), ["CN=alice", "CN=issuing", "CN=middle", "CN=root"]);
    assert!(chain.is_complete() && chain.in_order && chain.unused.is_empty());
    assert_eq!(chain.root(), Some(&root));

    let pool = [root, stranger, middle, client.clone(), issuing];
    let chain = order(&client, &pool);
    assert_eq!(names(&chain.certificates), ["CN=alice", "CN=issuing", "CN=middle", "CN=root"]);
    assert_eq!(chain.root(), Some(&pool[0]), "the one whose key signed, not its namesake");
    assert_eq!((chain.in_order, chain.unused), (false, vec![1]));
}

#[test]
fn the_missing_issuer_is_named() {
    let [root, middle, issuing, client] = generations().map(|held| held.certificate);
    let missing =
        |pool: &[Certificate]| order(&client, pool).missing_issuer.map(|name| name.rfc2253());
    assert_eq!(missing(&[]).as_deref(), Some("CN=issuing"));
    assert_eq!(missing(&[issuing.clone(), root.clone()]).as_deref(), Some("CN=middle"));
    assert_eq!(missing(&[middle.clone(), issuing.clone()]).as_deref(), Some("CN=root"));
    assert_eq!(order(&root, &[]).missing_issuer, None);
    assert_eq!(order(&client, &[issuing, root]).unused, [1]);
}

#[test]
fn of_two_generations_the_later_is_taken() {
    let [root, ..] = generations();
    let wanted = request(authority(2), "CN=root", &[]);
    let longer = Validity { not_before: noon(), not_after: noon().after(Seconds::days(4000)) };
    let own = crate::pki::issue::Signer { certificate: None, key: &root.key };
    let renewed = sign(&wanted, &serial(), longer, &root.key, &own).unwrap();
    let client =
        root.issue(&request(Usage::Client, "CN=alice", &[]), KeyKind::EcdsaP256).certificate;
    let chain = order(&client, &[root.certificate.clone(), renewed.clone()]);
    assert_eq!((chain.root(), &chain.unused[..]), (Some(&renewed), &[0][..]));
}

#[test]
fn the_lowest_are_anywhere() {
    let [root, middle, issuing, _] = generations();
    let other = Held::root(&request(authority(0), "CN=other", &[]), KeyKind::EcdsaP256).certificate;
    let wanted = request(authority(2), "CN=root", &[]);
    let longer = Validity { not_before: noon(), not_after: noon().after(Seconds::days(4000)) };
    let own = crate::pki::issue::Signer { certificate: None, key: &root.key };
    let renewed = sign(&wanted, &serial(), longer, &root.key, &own).unwrap();
    let [root, middle, issuing] = [root, middle, issuing].map(|held| held.certificate);
    let lowest_of = |found: &[&Certificate]| {
        let found: Vec<_> = found.iter().copied().cloned().collect();
        lowest(&found.iter()).into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(lowest_of(&[&root, &issuing, &middle, &issuing]), [issuing]);
    assert_eq!(lowest_of(&[&root, &other]), [root.clone(), other]);
    assert_eq!(lowest_of(&[&root, &renewed]), [renewed]);
    assert_eq!(lowest_of(&[]), []);
}

#[test]
fn what_is_served_and_trusted_follows_the_rules() {
    let [root, middle, issuing, client] = generations().map(|held| held.certificate);
    let chain = [client.clone(), issuing.clone(), middle.clone(), root.clone()];
    assert_eq!(served(&chain), [&client, &issuing, &middle]);
    assert_eq!(served(&chain[3..]), [&root]);
    let other = Held::root(&request(authority(0), "CN=other", &[]), KeyKind::EcdsaP256).certificate;
    let chains = [chain[1..].to_vec(), vec![other.clone()], chain[2..].to_vec()];
    let lines =
        chains.each_ref().map(|chain| chain.iter().map(|one| vec![one]).collect::<Vec<_>>());
    assert_eq!(bundle(&lines), [&issuing, &other, &middle, &root]);
    assert_eq!(bundle(&[]), Vec::<&Certificate>::new());
    let rolled_over = vec![vec![&issuing], vec![&root, &other]];
    assert_eq!(bundle(&[rolled_over, vec![vec![&middle]]]), [&issuing, &middle, &root, &other]);
    assert_eq!(Certificate::from_pem(to_pem(&chain).as_bytes()).unwrap(), chain);
}

#[test]
fn a_pool_of_many_namesakes_is_searched_quickly() {
    let root = Held::root(&request(authority(0), "CN=root", &[]), KeyKind::EcdsaP256);
    let client =
        root.issue(&request(Usage::Client, "CN=alice", &[]), KeyKind::EcdsaP256).certificate;
    let pool: Vec<Certificate> = (1..=60)
        .map(|number| {
            let own = crate::pki::issue::Signer { certificate: None, key: &root.key };
            let serial = crate::pki::request::SerialNumber(vec![number]);
            sign(
                &request(authority(0), "CN=root", &[]),
                &serial,
                crate::pki::openssl::days(9),
                &root.key,
                &own,
            )
            .unwrap()
        })
        .collect();
    assert_eq!(order(&client, &pool).certificates.len(), 2);
}

#[test]
fn problems_have_both_sides() {
    let [root, _, issuing, client] = generations();
    let server = issuing.issue(
        &request(Usage::Server, "CN=s", &["a.example.com", "*.b.example.com"]),
        KeyKind::EcdsaP256,
    );
    let later = noon().after(Seconds::days(5000));
    let says = |held: &Held, now: Timestamp, purpose: Purpose<'_>| -> Vec<String> {
        problems(&held.certificate, now, purpose).iter().map(ToString::to_string).collect()
    };
    let named = Purpose::Server { names: &["A.example.com", "x.b.example.com", "*.b.example.com"] };
    assert!(says(&server, noon(), named).is_empty());
    assert!(says(&root, noon(), Purpose::Authority).is_empty());
    assert!(says(&client, noon(), Purpose::Client).is_empty());
    assert_eq!(
        says(&root, later, Purpose::Authority),
        ["expired at 2040-05-29T12:00:00Z, it is 2044-02-08T12:00:00Z now"]
    );
    assert_eq!(
        says(&client, noon().before(Seconds(1)), Purpose::Authority),
        [
            "is valid from 2030-06-01T12:00:00Z on, it is 2030-06-01T11:59:59Z now",
            "is not that of an authority (basicConstraints lacks `CA:TRUE`)"
        ]
    );
    assert_eq!(
        says(&client, noon(), Purpose::Server { names: &["c"] }),
        [
            "is not for `serverAuth` (extendedKeyUsage has `clientAuth`)",
            "does not cover `c` (subjectAltName has none)"
        ]
    );
    assert_eq!(
        says(&server, noon(), Purpose::Server { names: &["x.a.example.com"] }),
        [
            "does not cover `x.a.example.com` (subjectAltName has `*.b.example.com`, `a.example.com`)"
        ]
    );
    assert_eq!(
        says(&root, noon(), Purpose::Client),
        ["is not for TLS (keyUsage lacks `digitalSignature`)"]
    );
    assert!(key_belongs(&client.certificate, &client.key));
    assert!(!key_belongs(&client.certificate, &root.key));
}

#[test]
fn an_authority_that_may_not_sign_is_noticed() {
    let bench = Bench::new();
    bench.write("ca.cnf", "[req]\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n[ext]\nbasicConstraints = CA:TRUE\nkeyUsage = cRLSign\n");
    bench
        .openssl(
            "req -x509 -newkey ed25519 -nodes -config ca.cnf -subj /CN=x -keyout k.pem -out c.pem",
        )
        .unwrap();
    let certificate = &Certificate::from_pem(&bench.read("c.pem")).unwrap()[0];
    assert_eq!(
        problems(certificate, certificate.not_before, Purpose::Authority),
        [Problem::CannotSign]
    );
}

#[test]
fn wildcards_cover_one_label() {
    let cases = [
        ("a.b", "a.b", true),
        ("A.b", "a.B", true),
        ("a.b", "a.b.", true),
        ("*.b.c", "a.b.c", true),
        ("*.b.c", "*.b.c", true),
        ("*.b.c", "b.c", false),
        ("*.b.c", "x.a.b.c", false),
        ("*.b.c", ".b.c", false),
        ("*.c", "*.b.c", false),
        ("*", "a", false),
        ("a*.b.c", "ab.b.c", false),
        ("*.b.c", "*.x.c", false),
    ];
    for (pattern, host, expected) in cases {
        assert_eq!(covers(pattern, host), expected, "{pattern} {host}");
    }
}

#[test]
fn a_server_certificate_that_go_does_not_read_is_a_problem() {
    let bench = crate::pki::openssl::Bench::new();
    for (names, is_read) in [
        ("DNS:a.example", true),
        ("DNS:a.example,URI:http://a.example/", true),
        ("DNS:a.example,URI:http://a..b/", false),
    ] {
        let arguments = format!(
            "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=a -days 9 \
             -addext subjectAltName={names} -keyout key.pem -out certificate.pem"
        );
        bench.openssl(&arguments).unwrap();
        let own = Certificate::from_pem(&bench.read("certificate.pem")).unwrap().remove(0);
        let found = problems(&own, own.not_before, Purpose::Server { names: &["a.example"] });
        let is_reported = found.iter().any(|problem| matches!(problem, Problem::NotRead { .. }));
        assert_eq!(is_reported, !is_read, "{names}: {found:?}");
    }
}
