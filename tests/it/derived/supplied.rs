//! Keys that a derived store does not make: authorities of others, and clients who send a request.

use std::process::Command;

use super::{SPEC, certificates, client_files, failing, render_at, sandbox};
use crate::support::{Sandbox, objects, output_of, tool};

/// A spec whose clients are signed by an authority that was supplied.
fn spec(issuer: &str) -> String {
    let ours = "[cas.root]\n[cas.signing]\nissuer = \"root\"\n";
    assert!(SPEC.contains(ours));
    SPEC.replace(ours, issuer)
}

const SUPPLIED: &str = "[cas.signing]\ncertificate = \"ca.crt\"\nkey = \"ca.key\"\n";
const ABOVE: &str =
    "[cas.root]\ncertificate = \"ca.crt\"\nkey = \"ca.key\"\n[cas.signing]\nissuer = \"root\"\n";

fn make_authority(sandbox: &Sandbox, key: &[&str]) -> Option<()> {
    let mut command = Command::new(tool("openssl")?);
    command.args(["req", "-x509", "-nodes", "-days", "2000", "-subj", "/CN=Supplied", "-newkey"]);
    command.args(key).args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
    command.arg("-out").arg(sandbox.path("ca.crt")).arg("-keyout").arg(sandbox.path("ca.key"));
    output_of(&mut command);
    Some(())
}

#[test]
fn authorities_of_others_sign_in_the_same_way_each_time() {
    for key in [
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["rsa:2048"],
        &["ed25519"],
    ] {
        for issuer in [SUPPLIED, ABOVE] {
            let sandbox = sandbox(
                &spec(issuer)
                    .replace("[clients.bob]\n", "[clients.bob]\nrevoked = true\n")
                    .replace("secretName = \"bob\"\n", ""),
            );
            if make_authority(&sandbox, key).is_none() {
                return;
            }
            // Six years on, the authority's end cuts certificates short.
            for days in [1, 300, 1500, 1990, 1999] {
                let now =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
                let at = format!("@{}", now.as_secs() + days * 86_400);
                let render = || {
                    let run = sandbox.ok(&["render", "--at", &at]);
                    // An external root may sign others, and it ends one day; but nothing is issued, nothing is due.
                    assert!(
                        !run.stderr.contains("issued") && !run.stderr.contains("due"),
                        "{}",
                        run.stderr
                    );
                    objects(&run.stdout)
                };
                let first = render();
                assert!(first == render(), "{key:?} {issuer}");
                let client = client_files(&sandbox, &first, "alice", "alice").certificate.unwrap();
                let mut verify = Command::new(tool("openssl").unwrap());
                verify.args([
                    "verify",
                    "-attime",
                    &at[1..],
                    "-no-CApath",
                    "-no-CAstore",
                    "-CAfile",
                ]);
                verify.arg(sandbox.path("ca.crt")).arg("-untrusted").arg(&client).arg(&client);
                assert!(output_of(&mut verify).contains("OK"));
            }
        }
    }
}

#[test]
fn what_ends_with_an_authority_of_others_has_no_renewal_time_in_the_past() {
    let sandbox = sandbox(&spec(ABOVE));
    if make_authority(&sandbox, &["ed25519"]).is_none() {
        return;
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let end = i64::try_from(now + 2000 * 86_400).unwrap();
    for days in [1, 1000, 1999] {
        let at = now + days * 86_400;
        let text = sandbox.ok(&["status", "--format", "json", "--at", &format!("@{at}")]).stdout;
        let status: serde_json::Value = serde_json::from_str(&text).unwrap();
        let rows = status["certificates"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == "signing").unwrap();
        if let Some(time) = row["renewalTime"].as_str() {
            let time = mtlsgen::time::Timestamp::parse(time).unwrap().unix();
            assert!(i64::try_from(at).unwrap() < time && time <= end, "{row}");
        }
    }
}

#[test]
fn an_authority_that_would_sign_differently_each_time_is_refused() {
    let sandbox = sandbox(&spec(SUPPLIED));
    if make_authority(&sandbox, &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"]).is_none() {
        return;
    }
    failing(&sandbox.run(&["render"]), "key-not-deterministic");
}

#[test]
fn requests_of_clients_are_signed_and_their_keys_stay_where_they_are() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = sandbox(&SPEC.replace("secretName = \"alice\"\n", "csr = \"alice.csr\"\n"));
    let mut request = Command::new(openssl);
    request.args(["req", "-new", "-nodes", "-subj", "/CN=alice", "-newkey", "rsa:2048"]);
    request
        .arg("-keyout")
        .arg(sandbox.path("alice.key"))
        .arg("-out")
        .arg(sandbox.path("alice.csr"));
    output_of(&mut request);
    let objects = render_at(&sandbox, "2031-01-01");
    assert!(certificates(&objects, "bob", "tls.crt").len() == 2);
    let export =
        |at: &str| sandbox.ok(&["cert", "export", "alice", "--as", "pem-chain", "--at", at]).stdout;
    assert_eq!(export("2031-01-01"), export("2031-01-01"));
    assert_ne!(export("2031-01-01"), export("2033-01-01"));
    failing(&sandbox.run(&["cert", "export", "alice", "--as", "pem-key"]), "alice");
}

#[test]
fn an_authority_that_may_sign_no_lists_is_reported_with_what_to_do() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = sandbox(&spec(SUPPLIED));
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2000 -subj /CN=Supplied -addext keyUsage=critical,keyCertSign -out ca.crt -keyout ca.key";
    output_of(Command::new(openssl).current_dir(sandbox.folder()).args(make.split(' ')));
    sandbox.ok(&["render"]);
    super::replace(&sandbox, "key = \"ca.key\"\n", "key = \"ca.key\"\nrevoked = [4711]\n");
    let run = sandbox.run(&["render"]);
    failing(&run, "error[crl-not-allowed]");
    failing(&run, "the key usage of `CN=Supplied` lacks cRLSign");
    assert!(!run.stderr.contains("ca rotate"), "{}", run.stderr);
}
