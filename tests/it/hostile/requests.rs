//! Signing requests by keys of other holders.

use std::fs;
use std::process::Command;

use crate::support::{Sandbox, output_of, tool};

const SPEC: &str = r#"
[cas.clients]
[cas.other]
[clients.alice]
issuer = "clients"
[services.web]
existing = true
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;

fn request(sandbox: &Sandbox, key: &str, name: &str) {
    fs::create_dir_all(sandbox.path("requests")).unwrap();
    let mut command = Command::new(tool("openssl").unwrap());
    command.args(["req", "-new", "-subj", "/CN=eve", "-key"]).arg(sandbox.path(key));
    command.arg("-out").arg(sandbox.path(format!("requests/{name}.csr")));
    output_of(&mut command);
}

fn refused(sandbox: &Sandbox, owner: &str) {
    for command in [&["render"][..], &["render", "--locked"], &["cert", "renew", "--all"]] {
        let run = sandbox.run(command);
        assert_eq!(run.status, 2, "{owner}\n{}", run.stderr);
        let words = format!("the signing request of client `eve` is by the key of {owner}");
        assert!(run.stderr.contains("error[key-of-another]"), "{owner}\n{}", run.stderr);
        assert!(run.stderr.contains(&words), "{owner}\n{}", run.stderr);
    }
    assert!(!sandbox.path("pki/clients/eve").exists());
}

/// The authority's own key, another authority's, a client's and a host's.
#[test]
fn a_request_by_a_key_of_the_store_is_refused_and_its_holder_named() {
    for (key, owner) in [
        ("cas/clients", "authority `clients`"),
        ("cas/other", "authority `other`"),
        ("clients/alice", "client `alice`"),
        ("hosts/web.example.com", "host `web.example.com`"),
    ] {
        let sandbox = Sandbox::with_toml(SPEC);
        sandbox.ok(&["render", "-q"]);
        request(&sandbox, &format!("pki/{key}/tls.key"), "eve");
        sandbox.write(
            "mtls.toml",
            format!("{SPEC}[clients.eve]\nissuer = \"clients\"\ncsr = \"requests/eve.csr\"\n"),
        );
        refused(&sandbox, owner);
    }
}

/// The next generation of an authority, which signs nothing yet, and the former one, which signs nothing any more.
#[test]
fn a_request_by_a_key_of_another_generation_is_refused() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    fs::copy(sandbox.path("pki/cas/clients/tls.key"), sandbox.path("former.key")).unwrap();
    sandbox.may_hold_keys("former.key");
    sandbox.ok(&["ca", "rotate", "clients", "-q"]);
    fs::copy(sandbox.path("pki/cas/clients/next/tls.key"), sandbox.path("next.key")).unwrap();
    sandbox.may_hold_keys("next.key");
    sandbox.write(
        "mtls.toml",
        format!("{SPEC}[clients.eve]\nissuer = \"clients\"\ncsr = \"requests/eve.csr\"\n"),
    );
    request(&sandbox, "next.key", "eve");
    refused(&sandbox, "authority `clients`");
    sandbox.write("mtls.toml", SPEC);
    sandbox.ok(&["ca", "rotate", "clients", "-q", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    sandbox.write(
        "mtls.toml",
        format!("{SPEC}[clients.eve]\nissuer = \"clients\"\ncsr = \"requests/eve.csr\"\n"),
    );
    request(&sandbox, "former.key", "eve");
    refused(&sandbox, "authority `clients`");
}

/// An authority whose certificate was made elsewhere.
#[test]
fn a_request_by_the_key_of_a_supplied_authority_is_refused() {
    let partner = Sandbox::with_toml("[cas.partner]\n");
    partner.ok(&["render", "-q"]);
    let spec = format!(
        "{SPEC}[cas.partner]\ncertificate = \"ca.pem\"\n[clients.eve]\nissuer = \"clients\"\ncsr = \"requests/eve.csr\"\n"
    );
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.write("ca.pem", partner.read("pki/cas/partner/tls.crt"));
    sandbox.write("partner.key", partner.read("pki/cas/partner/tls.key"));
    request(&sandbox, "partner.key", "eve");
    refused(&sandbox, "authority `partner`");
}

/// One request for two clients: their keys would not distinguish them.
#[test]
fn one_request_for_two_clients_is_refused() {
    let spec = format!(
        "{SPEC}[clients.bob]\nissuer = \"clients\"\ncsr = \"requests/eve.csr\"\n[clients.eve]\nissuer = \"clients\"\ncsr = \"requests/eve.csr\"\n"
    );
    let sandbox = Sandbox::with_toml(&spec);
    let mut command = Command::new(tool("openssl").unwrap());
    command.args(["genpkey", "-algorithm", "ED25519", "-out"]).arg(sandbox.path("owner.key"));
    output_of(&mut command);
    request(&sandbox, "owner.key", "eve");
    refused(&sandbox, "client `bob`");
}
