//! PKIs in the layouts of tools that are not packaged, with what these tools write into certificates: minica,
//! certstrap, ekeca; DER; PKCS#12; another store of mtlsgen.

use std::fs;
use std::path::PathBuf;

use super::{Old, assert_kept, assert_verifies};
use crate::support::files;

/// Both purposes on leaves, as Go programs of this kind write them.
const BOTH: &str = "-days 760 -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth,clientAuth";

#[test]
fn minica_comes_along() {
    let Some(old) = Old::new() else { return };
    // `main.go` of jsha/minica: both purposes on the root too, a path length of zero, a hundred years.
    let root = "-days 36500 -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
        -addext keyUsage=critical,digitalSignature,keyCertSign -addext extendedKeyUsage=serverAuth,clientAuth";
    old.make("minica", "/CN=minica root ca 2d7bc8", None, root);
    fs::rename(old.sandbox.path("old/minica.key"), old.sandbox.path("old/minica-key.pem")).unwrap();
    fs::rename(old.sandbox.path("old/minica.crt"), old.sandbox.path("old/minica.pem")).unwrap();
    for (folder, names) in [
        ("a.example.com", "DNS:a.example.com,DNS:b.example.com"),
        ("_.example.org", "DNS:*.example.org"),
        ("job", "DNS:job"),
    ] {
        old.sandbox.write(&format!("old/{folder}/.keep"), "");
        let (crt, key) = (format!("{folder}/cert.pem"), format!("{folder}/key.pem"));
        let common = names.split(',').next().unwrap().trim_start_matches("DNS:");
        let subject = format!("/CN={common}");
        let names = format!("subjectAltName={names}");
        let line = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -CA minica.pem -CAkey minica-key.pem {BOTH}"
        );
        let mut arguments: Vec<&str> = line.split_whitespace().collect();
        arguments.extend(["-subj", &subject, "-addext", &names, "-out", &crt, "-keyout", &key]);
        old.openssl_with(&arguments);
    }
    // Which of them is a client only people know.
    let run = old.import_whole(&["--client", "job"]);
    assert_eq!(run.stdout.matches("allows more uses than needed").count(), 3, "{}", run.stdout);
    old.assert_is("hosts/a.example.com", "a.example.com/cert.pem");
    old.assert_is("hosts/%2A.example.org", "_.example.org/cert.pem");
    old.assert_is("clients/job", "job/cert.pem");
    assert_verifies(&old.sandbox, "cas/minica-root-ca-2d7bc8", "clients/job", "sslclient");
}

#[test]
fn certstrap_comes_along_with_its_passphrase() {
    let Some(old) = Old::new() else { return };
    // `pkix` of square/certstrap: RSA, both purposes, keys encrypted with Triple DES in the old way.
    old.make(
        "Acme_Root",
        "/C=GB/O=Acme/CN=Acme Root",
        None,
        "-newkey rsa:2048 -days 540 -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    old.make("alice", "/O=Acme/CN=alice", Some("Acme_Root"), &format!("-newkey rsa:2048 {BOTH}"));
    old.make(
        "www.example.com",
        "/CN=www.example.com",
        Some("Acme_Root"),
        &format!("-newkey rsa:2048 {BOTH} -addext subjectAltName=DNS:www.example.com"),
    );
    for name in ["Acme_Root", "alice"] {
        old.openssl(&format!(
            "rsa -in {name}.key -traditional -des3 -passout pass:geheim -out {name}.enc"
        ));
        fs::rename(
            old.sandbox.path(format!("old/{name}.enc")),
            old.sandbox.path(format!("old/{name}.key")),
        )
        .unwrap();
    }
    let run = old.import(&["--dry-run"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("old/Acme_Root.key: it is encrypted"), "{}", run.stdout);
    old.sandbox.write("password", "wrong\n");
    let run = old.import(&["--dry-run", "--password-file", "password"]);
    assert!(run.stdout.contains("the password is wrong"), "{}", run.stdout);
    // One line of standard input serves both keys.
    let arguments = ["import", "old", "--dry-run", "--password-file", "-"];
    let run = old.sandbox.run_with_input(&arguments, "geheim\n");
    assert_eq!(run.status, 0, "{}", run.stdout);
    old.sandbox.write("password", "geheim\n");
    old.import_whole(&["--password-file", "password"]);
    old.assert_is("cas/acme-root", "Acme_Root.crt");
    old.assert_is("clients/alice", "alice.crt");
    old.assert_is("hosts/www.example.com", "www.example.com.crt");
}

#[test]
fn ekeca_comes_along_with_both_its_databases() {
    let Some(old) = Old::new() else { return };
    for folder in ["rca", "ica", "alice", "bob", "www.example.com"] {
        old.sandbox.write(&format!("old/{folder}/.keep"), "");
    }
    old.root("rca/certificate", "/O=Everish/CN=Root");
    let below = "-days 365 -set_serial 0x1000 -addext keyUsage=critical,keyCertSign,cRLSign";
    old.make("ica/certificate", "/O=Everish/CN=Intermediate", Some("rca/certificate"), below);
    old.client("alice/certificate", "/O=Everish/CN=alice", "ica/certificate", "-set_serial 0x1000");
    old.client("bob/certificate", "/O=Everish/CN=bob", "ica/certificate", "-set_serial 0x1001");
    old.server(
        "www.example.com/certificate",
        "www.example.com",
        "ica/certificate",
        "-set_serial 0x1002",
    );
    for folder in ["rca", "ica", "alice", "bob", "www.example.com"] {
        let at = |file: &str| old.sandbox.path(format!("old/{folder}/{file}"));
        fs::rename(at("certificate.crt"), at("certificate.pem")).unwrap();
        fs::rename(at("certificate.key"), at("key.pem")).unwrap();
    }
    let chain: String = ["alice", "ica", "rca"]
        .map(|f| old.sandbox.read(&format!("old/{f}/certificate.pem")))
        .concat();
    old.sandbox.write("old/alice/certificates-chain.pem", chain);
    // The same serial in both: the folder says which holder it is.
    old.sandbox.write(
        "old/rca/database",
        "V\t340101000000Z\t\t1000\tunknown\t/O=Everish/CN=Intermediate\n",
    );
    old.sandbox.write("old/ica/database", "V\t340101000000Z\t\t1000\tunknown\t/O=Everish/CN=alice\nR\t340101000000Z\t250101000000Z,affiliationChanged\t1001\tunknown\t/O=Everish/CN=bob\n");
    let run = old.import(&[]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    old.assert_is("clients/alice", "alice/certificate.pem");
    assert!(run.stdout.contains("client `bob`: its certificate is revoked"), "{}", run.stdout);
    // Every client would be refused without lists: `render` signs both, and nothing else.
    let locked = old.sandbox.run(&["render", "--locked"]);
    assert_eq!(locked.status, 1, "{}", locked.stderr);
    let first = old.sandbox.ok(&["render"]);
    assert_eq!(first.stderr.matches("signed revocation list").count(), 2, "{}", first.stderr);
    assert_kept(&old.sandbox);
    assert_verifies(&old.sandbox, "cas/root", "clients/alice", "sslclient");
}

#[test]
fn der_and_pkcs12_come_along() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.client("alice", "/CN=alice", "root", "");
    old.client("bob", "/CN=bob", "root", "");
    old.openssl("pkcs12 -export -in alice.crt -inkey alice.key -certfile root.crt -passout pass:geheim -out alice.p12");
    for (kind, name) in [
        ("x509", "root.crt"),
        ("pkey", "root.key"),
        ("x509", "bob.crt"),
        ("pkcs8 -topk8 -nocrypt", "bob.key"),
    ] {
        old.openssl(&format!("{kind} -in {name} -outform DER -out {name}.der"));
    }
    fs::create_dir(old.sandbox.path("kept")).unwrap();
    for name in ["root.crt", "root.key", "alice.crt", "alice.key", "bob.crt", "bob.key"] {
        fs::rename(
            old.sandbox.path(format!("old/{name}")),
            old.sandbox.path(format!("kept/{name}")),
        )
        .unwrap();
    }
    old.sandbox.write("password", "geheim\n");
    old.import_whole(&["--password-file", "password"]);
    for (holder, file) in [("cas/root", "root"), ("clients/alice", "alice"), ("clients/bob", "bob")]
    {
        old.assert_is(holder, &format!("../kept/{file}.crt"));
        assert!(old.sandbox.path(format!("pki/{holder}/tls.key")).exists(), "{holder}");
    }
    // What `--kind` names alone is read.
    let run =
        old.import(&["--dry-run", "-o", "x", "--from", "pkcs12", "--password-file", "password"]);
    assert!(!run.stdout.contains("bob"), "{}", run.stdout);
}

#[test]
fn a_store_of_ours_comes_along_with_its_names_and_revocations() {
    let Some(old) = Old::new() else { return };
    let spec = "[cas.one]\n[cas.two]\nissuer = \"one\"\n[services.w]\nexisting = true\nport = 1\n\
        [hosts.\"a.example.com\"]\nservice = \"w\"\ntls.issuer = \"one\"\nclientAuth.cas = [\"two\"]\n\
        [clients.Alice]\nissuer = \"two\"\nsubject = \"O=x\"\n[clients.bob]\nissuer = \"two\"\n";
    old.sandbox.write("old/mtls.toml", spec);
    old.sandbox.ok(&["render", "-f", "old/mtls.toml"]);
    old.sandbox.ok(&["cert", "renew", "-f", "old/mtls.toml", "Alice"]);
    old.sandbox.ok(&["cert", "revoke", "-f", "old/mtls.toml", "bob", "--reason", "keyCompromise"]);
    old.sandbox.ok(&["render", "-f", "old/mtls.toml"]);
    let run = old.sandbox.run(&["import", "old/pki", "--service", "w:1"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let names = |store: &str| -> Vec<(PathBuf, Vec<u8>)> {
        let root = old.sandbox.path(store);
        let mut all = files(&root);
        all.retain(|(path, _)| path.ends_with("tls.crt") || path.ends_with("tls.key"));
        all.into_iter()
            .map(|(path, bytes)| (path.strip_prefix(&root).unwrap().to_owned(), bytes))
            .collect()
    };
    let (before, after) = (names("old/pki"), names("pki"));
    let paths = |all: &[(PathBuf, Vec<u8>)]| all.iter().map(|(p, _)| p.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&before), paths(&after));
    assert!(before == after);
    assert!(run.stdout.contains("2 superseded certificates are known"), "{}", run.stdout);
    assert!(run.stdout.contains("1 revoked certificate is known"), "{}", run.stdout);
    assert_kept(&old.sandbox);
}

#[test]
fn authorities_of_a_store_keep_their_names_in_chains_and_rollovers() {
    let Some(old) = Old::new() else { return };
    let spec = "[cas.root]\n[cas.middle]\nissuer = \"root\"\n[cas.a]\nissuer = \"middle\"\n\
                [clients.alice]\nissuer = \"a\"\n";
    old.sandbox.write("old/mtls.toml", spec);
    old.sandbox.ok(&["render", "-q", "-f", "old/mtls.toml"]);
    old.sandbox.ok(&["ca", "rotate", "a", "-q", "-f", "old/mtls.toml"]);
    let run = old.import_whole(&[]);
    for name in ["root", "middle", "a"] {
        old.assert_is(&format!("cas/{name}"), &format!("pki/cas/{name}/tls.crt"));
    }
    assert!(run.stdout.contains("authority `a-2`"), "the next one: {}", run.stdout);
    assert!(old.sandbox.read("mtls.toml").contains("[clients.alice]"));
}
