//! PKIs made by the real tools: cfssl, easy-rsa, `openssl ca`, mkcert.

use std::process::Command;

use super::{Old, assert_kept, assert_verifies, assert_verifies_with};
use crate::nginx::{ClientFiles, Nginx};
use crate::support::{output_of, tool};

const HOST: &str = "in.logpoint.com.np";

/// The configuration and the requests of a user who follows a guide to cfssl.
const CONFIG: &str = r#"{"signing": {"default": {"expiry": "8760h"}, "profiles": {
  "intermediate": {"usages": ["cert sign", "crl sign"], "expiry": "43800h",
    "ca_constraint": {"is_ca": true, "max_path_len": 0, "max_path_len_zero": true}},
  "server": {"usages": ["signing", "key encipherment", "server auth"], "expiry": "8760h"},
  "client": {"usages": ["signing", "key encipherment", "client auth"], "expiry": "4380h"}}}}"#;

fn request(common_name: &str, host: &str) -> String {
    format!(
        r#"{{"CN": "{common_name}", "hosts": ["{host}"], "key": {{"algo": "rsa", "size": 2048}},
  "names": [{{"C": "NP", "ST": "Nepal", "L": "Lalitpur", "O": "Logpoint Nepal", "OU": "ITOps"}}]}}"#
    )
}

fn shell(old: &Old, line: &str) {
    output_of(
        Command::new("sh")
            .args(["-c", &format!("set -e; {line}")])
            .current_dir(old.sandbox.path("old")),
    );
}

#[test]
fn cfssl_comes_along_and_its_requests_become_entries() {
    let (Some(_), Some(_), Some(old)) = (tool("cfssl"), tool("cfssljson"), Old::new()) else {
        return;
    };
    for (file, text) in [
        ("ca-config.json", CONFIG.to_owned()),
        ("root.json", request("Root", "").replace("[\"\"]", "[]")),
        ("intermediate.json", request("Intermediate", "").replace("[\"\"]", "[]")),
        ("client.json", request("suraj", "")),
        ("server.json", request(HOST, HOST)),
    ] {
        old.sandbox.write(&format!("old/{file}"), text);
    }
    let by = "-ca intermediate.pem -ca-key intermediate-key.pem -config ca-config.json";
    shell(&old, &format!(
        "cfssl gencert -initca root.json | cfssljson -bare root
         cfssl genkey -initca=false intermediate.json | cfssljson -bare intermediate
         cfssl sign -ca root.pem -ca-key root-key.pem -config ca-config.json -profile intermediate intermediate.csr | cfssljson -bare intermediate
         cfssl gencert {by} -profile client client.json > client-result.json
         cfssl gencert {by} -profile server server.json | cfssljson -bare server
         cfssljson -bare client < client-result.json
         cfssl gencert -initca root.json | cfssljson -bare stranger
         cfssl gencert -ca stranger.pem -ca-key stranger-key.pem -config ca-config.json -profile client client.json | cfssljson -bare other
         mkdir ../strangers; mv stranger* other* ../strangers; rm client.pem.x 2>/dev/null || true"
    ));
    old.import_whole(&[]);
    old.assert_is("cas/intermediate", "intermediate.pem");
    old.assert_is("clients/suraj", "client.pem");
    old.assert_is(&format!("hosts/{HOST}"), "server.pem");
    assert_verifies(&old.sandbox, "cas/root", "clients/suraj", "sslclient");
    assert_verifies(&old.sandbox, "cas/root", &format!("hosts/{HOST}"), "sslserver");

    let objects = old.locked();
    if let Some(nginx) = Nginx::serving(&objects, old.sandbox.folder()) {
        let stranger = |file: &str| Some(old.sandbox.path(format!("strangers/{file}")));
        let other = ClientFiles {
            certificate: stranger("other.pem"),
            key: stranger("other-key.pem"),
            trust: None,
        };
        let suraj = ClientFiles {
            trust: Some(old.sandbox.path("old/root.pem")),
            ..old.files("client.pem", "client-key.pem")
        };
        for (what, client, status) in [
            ("no certificate", ClientFiles::default(), "400"),
            ("the old client", suraj, "200"),
            ("another root of the same name", other, "400"),
        ] {
            assert_eq!(nginx.ask(HOST, &client).unwrap().status, status, "{what}");
        }
    }

    // The same PKI before the client was signed, and with the root's key in a safe: the client's request
    // and its profile make an entry, which the intermediate authority signs.
    let sandbox = &old.sandbox;
    for file in ["client.pem", "client-key.pem", "client-result.json", "root-key.pem"] {
        std::fs::remove_file(sandbox.path(format!("old/{file}"))).unwrap();
    }
    std::fs::remove_file(sandbox.path("mtls.toml")).unwrap();
    std::fs::remove_dir_all(sandbox.path("pki")).unwrap();
    let run = old.import(&[]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(
        run.stdout.contains("client `suraj`: to be issued (old/client.json)"),
        "{}",
        run.stdout
    );
    let locked = sandbox.run(&["render", "--locked"]);
    assert!(locked.stderr.contains("client `suraj`: never issued"), "{}", locked.stderr);
    let run = sandbox.ok(&["render"]);
    assert_eq!(run.stderr.matches("issued ").count(), 1, "{}", run.stderr);
    let made = sandbox.certificate("clients/suraj");
    assert_eq!(
        made.subject.rfc2253(),
        "CN=suraj,OU=ITOps,O=Logpoint Nepal,L=Lalitpur,ST=Nepal,C=NP"
    );
    assert_eq!(made.key_kind.unwrap().to_string(), "RSA 2048");
    let days = made.not_after.since(made.not_before).0 / 3_600;
    assert_eq!(days, 4380 - 1, "the profile's expiry, its last second included");
    assert_verifies_with(sandbox, "old/root.pem", "clients/suraj");
    if let Some(nginx) = Nginx::serving(&old.locked(), sandbox.folder()) {
        let answer = nginx.ask(HOST, &crate::handshakes::stored_client(sandbox, "suraj")).unwrap();
        assert_eq!(answer.status, "200");
    }
    // And on to PKCS#12, as the walk-through ends.
    sandbox.write("password", "correct horse\n");
    sandbox.ok(&[
        "cert",
        "export",
        "suraj",
        "--as",
        "pkcs12",
        "--password-file",
        "password",
        "-o",
        "suraj.p12",
    ]);
    let shown = sandbox.ok(&["cert", "show", "suraj.p12", "--password-file", "password"]);
    assert!(shown.stdout.contains("CN=suraj"), "{}", shown.stdout);
}

#[test]
fn several_profiles_or_authorities_are_asked_about() {
    let Some(old) = Old::new() else { return };
    old.root("a", "/CN=A");
    old.root("b", "/CN=B");
    old.sandbox.write("old/new.json", request("suraj", ""));
    old.sandbox.write("old/ca-config.json", CONFIG.replace("\"server auth\"", "\"client auth\""));
    let run = old.import(&["--dry-run"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("say which with `--issuer`: `a`, `b`"), "{}", run.stdout);
    let run = old.import(&["--dry-run", "--issuer", "b"]);
    assert!(
        run.stdout.contains("say which with `--profile`: `client`, `server`"),
        "{}",
        run.stdout
    );
    let run = old.import(&["--issuer", "b", "--profile", "client"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(old.sandbox.read("mtls.toml").contains("[clients.suraj]"));
}

#[test]
fn easy_rsa_comes_along_with_what_it_revoked() {
    let Some(old) = Old::new() else { return };
    let script = "/usr/share/easy-rsa/easyrsa";
    if !std::path::Path::new(script).exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "easy-rsa is missing: run scripts/install-test-tools"
        );
        return eprintln!("left out: easy-rsa is missing");
    }
    let steps = [
        "init-pki",
        "--req-cn=Easy build-ca nopass",
        "build-client-full alice nopass",
        "build-client-full bob nopass",
        "--subject-alt-name=DNS:www.example.com build-server-full www.example.com nopass",
        "revoke bob keyCompromise",
        "gen-crl",
    ];
    let lines: Vec<String> = steps.iter().map(|step| format!("{script} {step}")).collect();
    shell(
        &old,
        &format!(
            "export EASYRSA_BATCH=1 EASYRSA_PKI=$PWD/pki EASYRSA_ALGO=ec EASYRSA_CURVE=secp384r1; {}; mkdir keep; cp pki/revoked/certs_by_serial/* keep/bob.crt; cp pki/revoked/private_by_serial/* keep/bob.key; mv keep ..",
            lines.join("; ")
        ),
    );
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("client `bob`: its certificate is revoked"), "{}", run.stdout);
    old.assert_is("cas/easy", "pki/ca.crt");
    old.assert_is("clients/alice", "pki/issued/alice.crt");
    old.assert_is("hosts/www.example.com", "pki/issued/www.example.com.crt");
    assert_verifies(&old.sandbox, "cas/easy", "clients/alice", "sslclient");
    let status = old.sandbox.ok(&["status", "--format", "json"]).stdout;
    assert!(status.contains("keyCompromise") || status.contains("\"revoked\""), "{status}");
    // Bob is out, by the list that easy-rsa made as by the next one.
    let Some(nginx) = Nginx::serving(&old.locked(), old.sandbox.folder()) else { return };
    let bob = ClientFiles {
        certificate: Some(old.sandbox.path("keep/bob.crt")),
        key: Some(old.sandbox.path("keep/bob.key")),
        trust: None,
    };
    let alice = old.files("pki/issued/alice.crt", "pki/private/alice.key");
    for (what, client, status) in [("alice", alice, "200"), ("bob", bob, "400")] {
        assert_eq!(nginx.ask("www.example.com", &client).unwrap().status, status, "{what}");
    }
}

/// What `openssl ca` needs, and no more.
const OPENSSL_CNF: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = ./demoCA/index.txt\nserial = ./demoCA/serial\n\
    crlnumber = ./demoCA/crlnumber\nnew_certs_dir = ./demoCA/newcerts\ncertificate = ./demoCA/cacert.pem\n\
    private_key = ./demoCA/private/cakey.pem\ndefault_md = sha256\ndefault_days = 90\ndefault_crl_days = 30\npolicy = any\n\
    [any]\ncommonName = supplied\n[client]\nextendedKeyUsage = clientAuth\n";

#[test]
fn openssl_ca_comes_along_and_its_list_is_continued() {
    let Some(old) = Old::new() else { return };
    old.sandbox.write("old/openssl.cnf", OPENSSL_CNF);
    old.sandbox.write("old/demoCA/serial", "01\n");
    old.sandbox.write("old/demoCA/crlnumber", "29\n");
    old.sandbox.write("old/demoCA/index.txt", "");
    old.sandbox.write("old/demoCA/newcerts/.keep", "");
    old.sandbox.write("old/demoCA/private/.keep", "");
    old.openssl_with(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "730",
        "-subj",
        "/CN=Demo CA",
        "-keyout",
        "demoCA/private/cakey.pem",
        "-out",
        "demoCA/cacert.pem",
    ]);
    for name in ["alice", "bob"] {
        let subject = format!("/CN={name}");
        let (key, csr, crt) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        old.openssl_with(&[
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", &subject, "-keyout", &key, "-out",
            &csr,
        ]);
        old.openssl_with(&[
            "ca",
            "-config",
            "openssl.cnf",
            "-batch",
            "-extensions",
            "client",
            "-in",
            &csr,
            "-out",
            &crt,
        ]);
    }
    old.openssl("ca -config openssl.cnf -gencrl -out demoCA/crl.pem");
    // Revoked after the last list: the database alone knows.
    old.openssl("ca -config openssl.cnf -revoke bob.crt -crl_reason superseded");
    let run = old.import(&[]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    old.assert_is("cas/demo-ca", "demoCA/cacert.pem");
    old.assert_is("clients/alice", "alice.crt");
    // A host that trusts it, so that its list is needed.
    let spec = old.sandbox.read("mtls.toml");
    let host = "\n[services.web]\nexisting = true\nport = 80\n[hosts.\"www.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"demo-ca\"]\n";
    old.sandbox.write("mtls.toml", format!("{spec}{host}"));
    let run = old.sandbox.ok(&["render"]);
    assert!(
        run.stderr.contains("signed revocation list 42 of authority `demo-ca`"),
        "{}",
        run.stderr
    );
    let bundle = crate::support::object(
        &crate::support::objects(&run.stdout),
        "Secret",
        "www-example-com-tls-cacert",
    )
    .clone();
    old.sandbox.write("ca.crl", crate::support::data(&bundle, "ca.crl"));
    let mut verify = Command::new(tool("openssl").unwrap());
    verify.args(["verify", "-crl_check", "-CRLfile", "../ca.crl", "-CAfile", "demoCA/cacert.pem"]);
    verify.current_dir(old.sandbox.path("old"));
    output_of(verify.arg("alice.crt"));
    let refused = verify.arg("bob.crt").output().unwrap();
    assert!(!refused.status.success(), "bob is revoked");
    let objects = crate::support::objects(&run.stdout);
    let Some(nginx) = Nginx::serving(&objects, old.sandbox.folder()) else { return };
    for (what, client, status) in [
        ("no certificate", ClientFiles::default(), "400"),
        ("an old client", old.files("alice.crt", "alice.key"), "200"),
        ("one who was revoked", old.files("bob.crt", "bob.key"), "400"),
    ] {
        assert_eq!(nginx.ask("www.example.com", &client).unwrap().status, status, "{what}");
    }
}

#[test]
fn mkcert_comes_along() {
    let (Some(_), Some(old)) = (tool("mkcert"), Old::new()) else { return };
    shell(&old, "export CAROOT=$PWD; mkcert -cert-file s.pem -key-file s-key.pem '*.example.com' example.com 127.0.0.1
        mkcert -ecdsa -client -cert-file c.pem -key-file c-key.pem alice@example.com
        mkcert -pkcs12 -p12-file p.p12 p.example.com");
    old.sandbox.write("password", "changeit\n");
    let run = old.import_whole(&["--password-file", "password"]);
    assert!(run.stdout.contains("serves more than it should"), "{}", run.stdout);
    old.assert_is("hosts/example.com", "s.pem");
    old.assert_is("clients/alice@example.com", "c.pem");
    let spec = old.sandbox.read("mtls.toml");
    assert!(spec.contains("tls.dnsNames = [\"*.example.com\", \"example.com\"]"), "{spec}");
    assert!(spec.contains("# 8") && spec.contains("clients take no more than 398d"), "{spec}");
    assert_kept(&old.sandbox);
    if let Some(nginx) = Nginx::serving(&old.locked(), old.sandbox.folder()) {
        let alice = ClientFiles {
            trust: Some(old.sandbox.path("old/rootCA.pem")),
            ..old.files("c.pem", "c-key.pem")
        };
        let ask = |client: &ClientFiles| nginx.ask("example.com", client).unwrap().status;
        assert_eq!(ask(&ClientFiles::default()), "400", "no certificate");
        assert_eq!(ask(&alice), "200", "the old client, who believes the old server");
    }
    // The root's key is moved away: what is there continues as files.
    std::fs::remove_file(old.sandbox.path("old/rootCA-key.pem")).unwrap();
    let run = old.import(&["--dry-run", "-o", "elsewhere", "--password-file", "password"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("host `example.com`: taken over as a file"), "{}", run.stdout);
    assert!(run.stdout.contains("left out: the certificate `OU="), "{}", run.stdout);
}
