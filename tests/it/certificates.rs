//! Certificates as others judge them: openssl on every chain of every example, and the order of `ca.crt`.

use std::process::Command;

use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use crate::cases::{cases, issued_sandbox_of};
use crate::support::{Sandbox, data, object, output_of, tool};

#[test]
fn openssl_accepts_every_certificate_for_its_purpose_and_no_other() {
    let Some(openssl) = tool("openssl") else { return };
    for case in cases() {
        let sandbox = issued_sandbox_of(&case);
        sandbox.ok(&["render"]);
        for (folder, good, bad) in
            [("hosts", "sslserver", "sslclient"), ("clients", "sslclient", "sslserver")]
        {
            for leaf in stored(&sandbox, folder) {
                let trust = trust_of(&sandbox, &leaf);
                let verify = |purpose: &str| {
                    let mut command = Command::new(&openssl);
                    command
                        .args(["verify", "-x509_strict", "-partial_chain", "-purpose", purpose])
                        .arg("-CAfile")
                        .arg(&trust)
                        .arg("-untrusted")
                        .arg(&leaf)
                        .arg(&leaf);
                    command
                };
                output_of(&mut verify(good));
                let wrong = verify(bad).output().unwrap();
                assert!(!wrong.status.success(), "{} passes as {bad}", leaf.display());
            }
        }
    }
}

fn stored(sandbox: &Sandbox, folder: &str) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(sandbox.path("pki").join(folder)) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path().join("tls.crt"))
        .filter(|path| path.is_file())
        .collect()
}

/// A file with every root of the store, or the certificate itself if it is self-signed.
fn trust_of(sandbox: &Sandbox, leaf: &std::path::Path) -> std::path::PathBuf {
    let own = Certificate::from_pem(&std::fs::read(leaf).unwrap()).unwrap().remove(0);
    if own.subject == own.issuer {
        return leaf.to_owned();
    }
    let supplied = std::fs::read_dir(sandbox.folder()).unwrap().map(|entry| entry.unwrap().path());
    let supplied = supplied.filter(|path| path.extension().is_some_and(|ending| ending == "pem"));
    let roots: String = stored(sandbox, "cas")
        .into_iter()
        .chain(supplied)
        .flat_map(|path| Certificate::from_pem(&std::fs::read(path).unwrap()).unwrap())
        .filter(|certificate| certificate.subject == certificate.issuer)
        .map(|certificate| certificate.to_pem())
        .collect();
    sandbox.write("roots.pem", roots)
}

#[test]
fn no_authority_key_reaches_a_manifest_and_trust_secrets_hold_certificates_alone() {
    for case in cases() {
        let sandbox = issued_sandbox_of(&case);
        let objects = sandbox.render();
        let authority_keys: Vec<Vec<u8>> = stored(&sandbox, "cas")
            .iter()
            .filter_map(|path| std::fs::read(path.with_file_name("tls.key")).ok())
            .collect();
        for secret in objects.iter().filter(|object| object["kind"] == "Secret") {
            for key in secret["data"].as_object().unwrap().keys() {
                assert!(!authority_keys.contains(&data(secret, key)), "{secret}");
            }
            if secret["type"] == "Opaque" {
                let keys: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
                assert_eq!(keys, ["ca.crt"]);
            }
        }
    }
}

#[test]
fn the_bundle_of_a_chain_begins_with_the_signing_authority_and_the_depth_fits() {
    let sandbox = Sandbox::with_toml(
        "[cas.root]\n[cas.middle]\nissuer = \"root\"\n[cas.signing]\nissuer = \"middle\"\n\
         [clients.c]\nissuer = \"signing\"\n[services.s]\nimage = \"httpd\"\nport = 80\n\
         [hosts.\"h.example.com\"]\nservice = \"s\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"signing\"]\n",
    );
    let objects = sandbox.render();
    let bundle = Certificate::from_pem(&data(
        object(&objects, "Secret", "h-example-com-tls-cacert"),
        "ca.crt",
    ))
    .unwrap();
    let names: Vec<String> = bundle.iter().map(|c| c.subject.rfc2253()).collect();
    assert_eq!(names, ["CN=signing", "CN=middle", "CN=root"]);
    let ingress = object(&objects, "Ingress", "h-example-com");
    let depth =
        &ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-tls-verify-depth"];
    assert_eq!(*depth, Value::from("2"));
    let chain = Certificate::from_pem(sandbox.read("pki/clients/c/tls.crt").as_bytes()).unwrap();
    let names: Vec<String> = chain.iter().map(|c| c.subject.rfc2253()).collect();
    assert_eq!(names, ["CN=c", "CN=signing", "CN=middle"]);
}
