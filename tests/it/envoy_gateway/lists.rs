//! Lists of clients: names that one client has alone, or hashes.

use serde_json::Value;

use super::{answers, rendered};
use crate::support::Sandbox;

const SPEC: &str = r#"
target = "envoy-gateway"
[cas.staff]
[clients.alice]
issuer = "staff"
uris = ["spiffe://example.com/alice"]
dnsNames = ["alice.example.com"]
[clients.bob]
issuer = "staff"
emailAddresses = ["bob@example.com"]
[clients.nameless]
issuer = "staff"
[clients.twin]
issuer = "staff"
dnsNames = ["*.example.com"]
[services.web]
image = "httpd"
port = 80
[hosts."named.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth = { cas = ["staff"], allow = ["alice", "bob"] }
[hosts."hashed.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth = { cas = ["staff"], allow = ["nameless"] }
"#;

fn sandbox(more: &str) -> Sandbox {
    let sandbox = Sandbox::with_toml(&format!("{SPEC}{more}"));
    sandbox.ok(&["issue", "-q", "--at", "2030-01-01"]);
    sandbox
}

fn policy(text: &str, name: &str) -> Value {
    let objects = crate::support::objects(text);
    let is_it =
        |one: &&Value| one["kind"] == "ClientTrafficPolicy" && one["metadata"]["name"] == name;
    objects.iter().find(is_it).unwrap()["spec"]["tls"]["clientValidation"].clone()
}

#[test]
fn clients_of_a_list_are_admitted_by_a_name_that_they_have_alone_or_by_hash() {
    let sandbox = sandbox("");
    let (status, text, messages) = rendered(&sandbox, &[]);
    assert_eq!(status, 0, "{messages}");
    let names = &policy(&text, "named-example-com")["subjectAltNames"];
    assert_eq!(names["uris"][0]["value"], "spiffe://example.com/alice");
    assert_eq!(names["emailAddresses"][0]["value"], "bob@example.com");
    assert_eq!(names["dnsNames"], Value::Null, "a wildcard of another client covers it");
    let hashed = policy(&text, "hashed-example-com");
    assert_eq!(hashed["certificateHashes"].as_array().unwrap().len(), 1);
    assert!(messages.contains("warning[pinned-certificates]"), "{messages}");
    assert!(messages.contains("spiffe://hashed.example.com/nameless"), "{messages}");
    for (client, named, hashed) in [
        ("alice", "admitted", "refused"),
        ("bob", "admitted", "refused"),
        ("nameless", "refused", "admitted"),
        ("twin", "refused", "refused"),
    ] {
        let expected = [("hashed.example.com", hashed), ("named.example.com", named)];
        let expected = expected.map(|(host, verdict)| (host.to_owned(), verdict.to_owned()));
        assert_eq!(answers(&sandbox, client), expected, "{client}");
    }
}

#[test]
fn a_change_that_admits_more_than_the_list_is_an_error() {
    let sandbox = sandbox("");
    let at = "/spec/tls/clientValidation";
    let cases = [
        (
            "named",
            r#"{op="replace",path="PATH/subjectAltNames/uris/0/type",value="Prefix"}"#,
            "a URI that begins with",
        ),
        (
            "named",
            r#"{op="replace",path="PATH/subjectAltNames/uris/0/value",value="spiffe://x"}"#,
            "a URI `spiffe://x`",
        ),
        (
            "named",
            r#"{op="add",path="PATH/subjectAltNames/dnsNames",value=[{value="alice.example.com"}]}"#,
            "a DNS name",
        ),
        (
            "named",
            r#"{op="add",path="PATH/subjectAltNames/otherNames",value=[{oid="1.2.3",value="x"}]}"#,
            "a name of another kind",
        ),
        ("named", r#"{op="remove",path="PATH/subjectAltNames"}"#, "that `allow` does not have"),
        ("hashed", r#"{op="remove",path="PATH/certificateHashes"}"#, "that `allow` does not have"),
        (
            "hashed",
            r#"{op="add",path="PATH/certificateHashes/-",value="00000000000000000000000000000000000000000000000000000000000000ff"}"#,
            "the hash",
        ),
        (
            "hashed",
            r#"{op="add",path="PATH/spkiHashes",value=["y/X07tI+RtDb0Cetptgpn8+zQxMCFAA+nhrWA5lRclA="]}"#,
            "a public key of the hash",
        ),
    ];
    for (host, operation, words) in cases {
        let operation = operation.replace("PATH", at);
        let patch = format!(
            r#"patches=[{{target={{kind="ClientTrafficPolicy",name="{host}-example-com"}},patch=[{operation}]}}]"#
        );
        let (status, text, messages) = rendered(&sandbox, &[&patch]);
        assert_eq!((status, text.as_str()), (2, ""), "{operation}: {messages}");
        assert!(messages.contains("error[host-unprotected]"), "{operation}: {messages}");
        assert!(messages.contains(words), "{operation}: {messages}");
    }
    let fewer = format!(
        r#"patches=[{{target={{kind="ClientTrafficPolicy",name="named-example-com"}},patch=[{{op="remove",path="{at}/subjectAltNames/emailAddresses"}}]}}]"#
    );
    let (status, _, messages) = rendered(&sandbox, &[&fewer]);
    assert_eq!(status, 2, "{messages}");
    assert!(
        messages.contains("error[host-locked-out]") && messages.contains("client `bob`"),
        "{messages}"
    );
}

#[test]
fn a_renewed_certificate_is_admitted_beside_the_one_that_it_replaces() {
    let sandbox = sandbox("");
    let hashes = |at: &str| {
        let run = sandbox.ok(&["render", "--at", at]);
        let all = policy(&run.stdout, "hashed-example-com")["certificateHashes"].clone();
        all.as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = hashes("2030-01-01");
    sandbox.ok(&["cert", "renew", "clients/nameless", "--at", "2030-02-01"]);
    let both = hashes("2030-02-01");
    assert_eq!((before.len(), both.len()), (1, 2));
    assert!(both.contains(&before[0]));
    // Once it was over before the present one began, it is gone.
    sandbox.ok(&["cert", "renew", "clients/nameless", "--at", "2031-06-01"]);
    let later = hashes("2031-06-01");
    assert_eq!(later.len(), 1, "{later:?}");
    assert!(!both.contains(&later[0]));
}

#[test]
fn authorities_of_others_may_sign_any_name() {
    let other = Sandbox::with_toml("[cas.foreign]\n[cas.between]\nissuer = \"foreign\"\n");
    other.ok(&["issue", "-q", "--at", "2030-01-01"]);
    let more = r#"
[cas.foreign]
certificate = "foreign.pem"
[hosts."foreign.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth = { cas = ["staff", "foreign"], allow = ["alice"] }
"#;
    let sandbox = Sandbox::with_toml(&format!("{SPEC}{more}"));
    let root = std::fs::read_to_string(other.path("pki/cas/foreign/tls.crt")).unwrap();
    sandbox.write("foreign.pem", &root);
    sandbox.ok(&["issue", "-q", "--at", "2030-01-01"]);
    let (status, text, messages) = rendered(&sandbox, &[]);
    assert_eq!(status, 0, "{messages}");
    let validation = policy(&text, "foreign-example-com");
    assert_eq!(validation["subjectAltNames"], Value::Null);
    assert_eq!(validation["certificateHashes"].as_array().unwrap().len(), 1);
    assert!(messages.contains("others run an authority of this host"), "{messages}");
}

#[test]
fn the_line_for_curl_names_the_hosts_that_list_a_client_and_what_others_see() {
    let sandbox = sandbox("");
    let run = sandbox.ok(&["cert", "export", "alice", "--as", "curl", "-q", "--at", "2030-01-01"]);
    assert!(run.stdout.contains("https://named.example.com/"), "{}", run.stdout);
    assert!(!run.stdout.contains("hashed.example.com"), "{}", run.stdout);
    assert!(run.stdout.contains("without, the TLS handshake fails"), "{}", run.stdout);
    assert!(!run.stdout.contains("400"), "{}", run.stdout);
}

#[test]
fn clients_whose_keys_envoy_asks_nothing_of_are_named() {
    let more = "[clients.edward]\nissuer = \"staff\"\nprivateKey.algorithm = \"Ed25519\"\n";
    let sandbox = sandbox(more);
    let (status, _, messages) = rendered(&sandbox, &[]);
    assert_eq!(status, 0, "{messages}");
    assert_eq!(messages.matches("warning[client-key]: client `edward`").count(), 1, "{messages}");
    let verdicts = answers(&sandbox, "edward");
    assert!(verdicts.iter().all(|(_, verdict)| verdict == "refused"), "{verdicts:?}");
}

#[test]
fn a_list_that_admits_more_is_a_difference_of_two_renderings() {
    let sandbox = sandbox("");
    sandbox.ok(&["render", "--at", "2030-01-01", "-o", "before"]);
    sandbox.ok(&[
        "render",
        "--at",
        "2030-01-01",
        "-o",
        "after",
        "--set",
        r#"hosts."named.example.com".clientAuth.allow=["alice"]"#,
    ]);
    let run = sandbox.run(&[
        "access",
        "--at",
        "2030-01-01",
        "--controller",
        "envoy-gateway",
        "--ingress-class=eg",
        "--diff",
        "before",
        "after",
    ]);
    assert!(run.stdout.contains("bob@example.com"), "{}\n{}", run.stdout, run.stderr);
}
