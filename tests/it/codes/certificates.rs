//! What is said of certificates, keys and lists of others, in a spec and by `cert show`.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{SPEC, around, expect, issued, replace};
use crate::odd::odd;
use crate::support::{Sandbox, output_of, tool};

/// The spec whose host trusts an authority of others, with these lines in its entry.
fn trusting(entry: &str) -> Sandbox {
    let (_, hosts) = SPEC.split_once("[services").unwrap();
    let hosts = hosts.replace("\"clients\"", "\"partner\"");
    Sandbox::with_toml(&format!("[cas.partner]\ncertificate = \"ca.crt\"\n{entry}[services{hosts}"))
}

fn damaged(label: &str) -> String {
    format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
}

/// The problems that `cert show` finds, as `SEVERITY CODE`.
fn problems(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let run = sandbox.ok(&[&["cert", "show", "--format", "json"], arguments].concat());
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let kinds = ["certificates", "privateKeys", "revocationLists"];
    let all = kinds.into_iter().flat_map(|kind| shown[kind].as_array().unwrap());
    let all = all.chain([&shown]).flat_map(|one| one["problems"].as_array().unwrap());
    all.map(|one| format!("{}[{}]", one["severity"], one["code"]).replace('"', "")).collect()
}

#[test]
fn damaged_files() {
    let own = issued();
    for (file, label, message) in [
        ("ca.crt", "CERTIFICATE", "error[broken-certificate]"),
        ("ca.crl", "X509 CRL", "error[broken-crl]"),
        ("ca.key", "PRIVATE KEY", "error[broken-key]"),
    ] {
        let sandbox = trusting("crl = \"ca.crl\"\nkey = \"ca.key\"\n");
        sandbox.write("ca.crt", own.read("pki/cas/clients/tls.crt"));
        sandbox.write("ca.key", own.read("pki/cas/clients/tls.key"));
        sandbox.write(file, damaged(label));
        expect(&sandbox, &["render"], message);
    }
}

#[test]
fn authorities_that_are_odd() {
    let Some(odd) = odd() else { return };
    for (name, message) in [
        ("aki-of-another-key", "error[authority-refused]"),
        ("signature-spoiled", "warning[wrong-self-signature]"),
        ("between-rsa-sha3", "warning[signature-not-verified]"),
        ("list-usage-without-lists", "error[crl-refused]"),
        ("list-over", "error[expired-crl]"),
        ("list-ecdsa-sha1", "warning[weak-signature]"),
    ] {
        let has_list = odd.path(name, "ca.crl").exists();
        let sandbox = trusting(if has_list { "crl = \"ca.crl\"\n" } else { "" });
        for file in ["ca.crt", "ca.crl"] {
            let _ = fs::copy(odd.path(name, file), sandbox.path(file));
        }
        expect(&sandbox, &["render"], message);
    }
}

#[test]
fn signing_requests_that_are_odd() {
    let Some(odd) = odd() else { return };
    for (name, message) in [
        ("request-rsa-sha224", "error[signature-not-verified]"),
        ("request-ecdsa-sha1", "error[weak-signature]"),
    ] {
        let sandbox = around("", "");
        replace(&sandbox, "[clients.alice]", "[clients.alice]\ncsr = \"request.csr\"");
        fs::copy(odd.path(name, "request.csr"), sandbox.path("request.csr")).unwrap();
        expect(&sandbox, &["render"], message);
    }
}

#[test]
fn odd_authorities_that_nothing_works_with() {
    let Some(odd) = odd() else { return };
    let bundle = fs::read_to_string(odd.path("between-of-proxies", "ca.crt")).unwrap();
    let sandbox = trusting("[cas.below]\ncertificate = \"below.crt\"\n");
    let root = bundle.rfind("-----BEGIN").unwrap();
    sandbox.write("ca.crt", &bundle[root..]);
    sandbox.write("below.crt", bundle);
    expect(&sandbox, &["render"], "warning[authority-refused]");
    let sandbox = trusting("crl = \"ca.crl\"\n[cas.own]\n[clients.alice]\nissuer = \"own\"\n");
    for file in ["ca.crt", "ca.crl"] {
        fs::copy(odd.path("list-over", file), sandbox.path(file)).unwrap();
    }
    expect(&sandbox, &["cert", "renew", "alice"], "warning[expired-crl]");
}

#[test]
fn inspected_files_that_are_odd() {
    let Some(odd) = odd() else { return };
    for (name, problem) in [
        ("client-purpose-any", "notice[any-extended-key-usage]"),
        ("constraints-none", "error[issuer-may-not-sign]"),
        ("constraints-none", "warning[not-an-authority]"),
        ("between-other-name", "notice[name-constraints-not-judged]"),
        ("list-without-end", "warning[no-next-update]"),
        ("purpose-any", "notice[not-for-clients]"),
        ("access-malformed", "error[not-read-by-go]"),
        ("aki-of-another-key", "error[refused-by-openssl]"),
        ("list-over", "error[revocation-list-expired]"),
        ("list-usage-without-lists", "error[revocation-list-refused]"),
        ("list-aki-of-another-key", "error[signature]"),
        ("between-rsa-sha3", "notice[signature-not-verified]"),
        ("list-delta", "warning[unusable-revocation-list]"),
        ("signature-spoiled", "warning[wrong-self-signature]"),
    ] {
        let files = ["ca.crt", "ca.crl", "client.pem"].map(|file| odd.path(name, file));
        let files = files.iter().filter(|file| file.exists()).map(|file| file.to_str().unwrap());
        let found = problems(&Sandbox::new(), &files.collect::<Vec<_>>());
        assert!(found.iter().any(|one| one == problem), "{name}: {found:?}");
    }
}

#[test]
fn inspected_files_of_a_store() {
    let sandbox = issued();
    assert_eq!(problems(&sandbox, &["alice", "--at", "2100-01-01"])[0], "error[expired]");
    sandbox.ok(&["cert", "revoke", "-q", "alice"]);
    let alice = sandbox.read("pki/clients/alice/tls.crt");
    sandbox.ok(&["render", "-q"]);
    sandbox.write("alice.pem", alice);
    let twice = problems(&sandbox, &["alice.pem", "alice.pem"]);
    assert!(twice.contains(&"notice[repeated]".to_owned()), "{twice:?}");
    sandbox.write("notes.txt", "x");
    expect(&sandbox, &["cert", "show", "notes.txt"], "error[unreadable]");
    expect(&sandbox, &["cert", "show", "."], "notice[unreadable]");
    let list = list(&sandbox);
    let found = problems(&sandbox, &["alice.pem", "pki/cas/clients/tls.crt", &list]);
    assert!(found.contains(&"error[revoked]".to_owned()), "{found:?}");
}

/// The path of the revocation list of `clients`.
fn list(sandbox: &Sandbox) -> String {
    let mut entries = fs::read_dir(sandbox.path("pki/cas/clients/crl")).unwrap();
    let name = entries.next().unwrap().unwrap().file_name().into_string().unwrap();
    format!("pki/cas/clients/crl/{name}")
}

#[test]
fn lists_that_end_soon() {
    let own = around("", "");
    replace(&own, "[cas.clients]", "[cas.clients]\ncrl.duration = \"9d\"");
    own.ok(&["render", "-q", "--at", "2026-12-01"]);
    own.ok(&["cert", "revoke", "-q", "alice", "--at", "2026-12-01"]);
    own.ok(&["render", "-q", "--at", "2026-12-01"]);
    let sandbox = trusting("crl = \"ca.crl\"\n");
    sandbox.write("ca.crt", own.read("pki/cas/clients/tls.crt"));
    sandbox.write("ca.crl", own.read(&list(&own)));
    expect(&sandbox, &["render", "--at", "2026-12-08"], "warning[crl-ends-soon]");
}

#[test]
fn certificates_of_servers() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = around("", "");
    replace(
        &sandbox,
        "tls.issuer = \"self-signed\"",
        "tls = { certificate = \"web.crt\", key = \"web.key\" }",
    );
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout web.key -out web.crt -subj /CN=web";
    let make = |more: &str| {
        let arguments = format!("{make} {more}");
        let mut command = Command::new(&openssl);
        output_of(command.args(arguments.split(' ')).current_dir(sandbox.folder()));
    };
    sandbox.may_hold_keys("web.key");
    make(
        "-addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth \
         -addext keyUsage=digitalSignature -addext subjectAltName=DNS:web.example.com,URI:http://a..b/",
    );
    expect(&sandbox, &["render"], "error[certificate-refused]");
    make("-addext basicConstraints=CA:TRUE");
    let found = problems(&sandbox, &["web.crt"]);
    assert!(found.contains(&"warning[constraints-not-critical]".to_owned()), "{found:?}");
}
