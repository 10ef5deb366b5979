//! Clients whose keys are their owners': signed requests, in the hands of openssl, nginx and curl.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::nginx::{ClientFiles, Nginx};
use crate::support::{Sandbox, output_of, tool};

const SPEC: &str = r#"
[cas.partners]
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["partners"]
[clients.billing]
issuer = "partners"
csr = "requests/billing.csr"
"#;

const CERTIFICATE: &str = "pki/clients/billing/tls.crt";
const KEY: &str = "pki/clients/billing/tls.key";

/// A client with openssl, whose key stays beside the spec's folder.
struct Owner {
    openssl: PathBuf,
}

impl Owner {
    fn at_hand() -> Option<Self> {
        Some(Self { openssl: tool("openssl")? })
    }

    /// Makes the key `owner.key`.
    fn new_key(&self, sandbox: &Sandbox, algorithm: &[&str]) {
        let mut command = Command::new(&self.openssl);
        command.arg("genpkey").args(algorithm).arg("-out").arg(sandbox.path("owner.key"));
        output_of(&mut command);
    }

    /// Makes the request that the spec names, with a key.
    fn request(&self, sandbox: &Sandbox, key: &str, more: &[&str]) {
        fs::create_dir_all(sandbox.path("requests")).unwrap();
        let mut command = Command::new(&self.openssl);
        command.args(["req", "-new", "-key"]).arg(sandbox.path(key)).args(more);
        command.arg("-out").arg(sandbox.path("requests/billing.csr"));
        output_of(&mut command);
    }
}

const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

fn requested(spec: &str) -> Option<(Sandbox, Owner)> {
    let owner = Owner::at_hand()?;
    let sandbox = Sandbox::with_toml(spec);
    owner.new_key(&sandbox, P256);
    owner.request(&sandbox, "owner.key", &["-subj", "/CN=billing"]);
    Some((sandbox, owner))
}

#[test]
fn the_owner_of_the_key_is_let_in_and_the_store_has_no_key() {
    let algorithms: [&[&str]; 3] = [
        P256,
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["-algorithm", "ED25519"],
    ];
    for algorithm in algorithms {
        let Some(owner) = Owner::at_hand() else { return };
        let spec = SPEC.to_owned() + "fromCsr = [\"subject\", \"names\"]\n";
        let sandbox = Sandbox::with_toml(&spec);
        owner.new_key(&sandbox, algorithm);
        let names = "subjectAltName=URI:spiffe://partner.example/billing";
        let more = ["-subj", "/O=Partner Ltd/CN=billing", "-addext", names];
        owner.request(&sandbox, "owner.key", &more);
        let objects = sandbox.render();
        assert!(!sandbox.path(KEY).exists());
        let mut text = Command::new(&owner.openssl);
        text.args(["x509", "-noout", "-text", "-in"]).arg(sandbox.path(CERTIFICATE));
        let text = output_of(&mut text);
        for words in ["URI:spiffe://partner.example/billing", "TLS Web Client Authentication"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
        let client = ClientFiles {
            certificate: Some(sandbox.path(CERTIFICATE)),
            key: Some(sandbox.path("owner.key")),
            trust: Some(sandbox.path("pki/hosts/web.example.com/tls.crt")),
        };
        let answer = nginx.ask("web.example.com", &client).unwrap();
        assert_eq!(answer.status, "200", "{algorithm:?}: {answer:?}");
        assert!(answer.body.contains("subject=CN=billing,O=Partner Ltd"), "{answer:?}");
        let anonymous = ClientFiles { trust: client.trust.clone(), ..ClientFiles::default() };
        assert_eq!(nginx.ask("web.example.com", &anonymous).unwrap().status, "400");
        sandbox.ok(&["render", "--locked"]);
        let certificate = sandbox.read(CERTIFICATE);
        assert!(!sandbox.ok(&["render"]).stderr.contains("issued"));
        assert_eq!(sandbox.read(CERTIFICATE), certificate);
    }
}

#[test]
fn a_request_is_signed_again_when_it_is_due_or_has_another_key() {
    let Some((sandbox, owner)) = requested(SPEC) else { return };
    let never = sandbox.ok(&["render", "--at", "2030-01-01"]).stderr;
    assert!(never.contains("issued client `billing`: never issued"), "{never}");
    let first = sandbox.read(CERTIFICATE);
    assert!(!sandbox.ok(&["render", "--at", "2030-06-01"]).stderr.contains("issued"));
    let due = sandbox.ok(&["render", "--at", "2030-12-20"]).stderr;
    assert!(due.contains("issued client `billing`: due for renewal"), "{due}");
    let second = sandbox.read(CERTIFICATE);
    assert_ne!(first, second);
    assert_eq!(public_key(&owner, &sandbox, &first), public_key(&owner, &sandbox, &second));

    owner.new_key(&sandbox, P256);
    owner.request(&sandbox, "owner.key", &["-subj", "/CN=billing"]);
    let locked = sandbox.run(&["render", "--locked", "--at", "2030-12-20"]);
    assert_ne!(locked.status, 0, "{}", locked.stderr);
    let other = sandbox.ok(&["render", "--at", "2030-12-20"]).stderr;
    let reason = "issued client `billing`: the signing request has another public key now";
    assert!(other.contains(reason), "{other}");
    let third = sandbox.read(CERTIFICATE);
    assert_ne!(public_key(&owner, &sandbox, &second), public_key(&owner, &sandbox, &third));

    // What the spec says of it counts as for every client.
    sandbox.write("mtls.toml", SPEC.to_owned() + "dnsNames = [\"billing.example.com\"]\n");
    let named = sandbox.ok(&["render", "--at", "2030-12-20"]).stderr;
    assert!(named.contains("expected names `billing.example.com`, found none"), "{named}");
    assert!(!sandbox.path(KEY).exists());
}

#[test]
fn a_request_is_renewed_by_itself_whether_keys_are_kept_or_not() {
    let Some((sandbox, owner)) = requested(SPEC) else { return };
    sandbox.ok(&["render", "-q"]);
    let first = sandbox.read(CERTIFICATE);
    for flags in [&[][..], &["--reuse-key"], &["--reuse-key", "--format", "json"]] {
        let run = sandbox.ok(&[&["cert", "renew", "billing"], flags].concat());
        let words = "issued client `billing`: requested; for the key of its signing request";
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert!(
            run.stderr.contains("give `pki/clients/billing/tls.crt` to client"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("mtlsgen render"), "it is in no manifest: {}", run.stderr);
        assert!(
            run.stdout.is_empty() || run.stdout.contains("\"key\": \"owner\""),
            "{}",
            run.stdout
        );
    }
    let last = sandbox.read(CERTIFICATE);
    assert_ne!(first, last);
    assert_eq!(public_key(&owner, &sandbox, &first), public_key(&owner, &sandbox, &last));
    assert!(!sandbox.path(KEY).exists());
}

#[test]
fn a_request_by_a_compromised_key_is_not_signed_again() {
    let Some((sandbox, owner)) = requested(SPEC) else { return };
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.ok(&["cert", "revoke", "billing", "--reason", "superseded"]);
    assert!(run.stderr.contains("signs the request of client `billing` again"), "{}", run.stderr);
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("issued client `billing`"), "{}", run.stderr);
    let run = sandbox.ok(&["cert", "revoke", "billing", "--reason", "keyCompromise"]);
    assert!(run.stderr.contains("issues none to client `billing` until"), "{}", run.stderr);
    let before = sandbox.read(CERTIFICATE);
    for _ in 0..2 {
        let run = sandbox.ok(&["render"]);
        assert!(run.stderr.contains("warning[compromised-key]"), "{}", run.stderr);
        assert!(run.stdout.contains("ca.crl"), "the list is rendered all the same");
    }
    sandbox.ok(&["cert", "renew", "billing"]);
    assert_eq!(sandbox.read(CERTIFICATE), before);
    let status = sandbox.run(&["status", "--fail-within", "1d"]);
    assert_eq!(status.status, 1, "{}", status.stderr);
    // Another key is another matter.
    owner.new_key(&sandbox, P256);
    owner.request(&sandbox, "owner.key", &["-subj", "/CN=billing"]);
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("issued client `billing`"), "{}", run.stderr);
    assert!(!run.stderr.contains("compromised-key"), "{}", run.stderr);
}

fn public_key(owner: &Owner, sandbox: &Sandbox, certificate: &str) -> String {
    let file = sandbox.write("shown.crt", certificate);
    output_of(Command::new(&owner.openssl).args(["x509", "-noout", "-pubkey", "-in"]).arg(file))
}

#[test]
fn a_key_that_was_made_here_is_never_left_beside_a_certificate_of_another() {
    let own = SPEC.replace("csr = \"requests/billing.csr\"\n", "");
    let Some((sandbox, owner)) = requested(&own) else { return };
    sandbox.ok(&["render"]);
    let (key, certificate) = (sandbox.read(KEY), sandbox.read(CERTIFICATE));
    sandbox.write("mtls.toml", SPEC);
    let refused = sandbox.run(&["render"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("client `billing` has a signing request for another key"));
    assert_eq!((sandbox.read(KEY), sandbox.read(CERTIFICATE)), (key, certificate.clone()));

    // A request by the very key in the store changes nothing.
    owner.request(&sandbox, KEY, &["-subj", "/CN=billing"]);
    sandbox.ok(&["render"]);
    assert_eq!(sandbox.read(CERTIFICATE), certificate);

    owner.request(&sandbox, "owner.key", &["-subj", "/CN=billing"]);
    fs::remove_file(sandbox.path(KEY)).unwrap();
    let signed = sandbox.ok(&["render"]).stderr;
    assert!(signed.contains("the signing request has another public key now"), "{signed}");
    assert!(!sandbox.path(KEY).exists());
}

#[test]
fn a_subject_that_was_not_chosen_is_reported() {
    let Some((sandbox, owner)) = requested(SPEC) else { return };
    owner.request(&sandbox, "owner.key", &["-subj", "/O=Partner Ltd/CN=them"]);
    let run = sandbox.ok(&["render"]);
    let reported =
        "requests the subject `CN=them,O=Partner Ltd`, and the certificate has `CN=billing`";
    assert!(run.stderr.contains(reported), "{}", run.stderr);
    sandbox.write("mtls.toml", SPEC.to_owned() + "subject = \"CN=billing\"\n");
    assert!(!sandbox.ok(&["render"]).stderr.contains("requests the subject"));
}

#[test]
fn the_owner_gets_the_certificates_and_a_line_for_their_key() {
    let Some((sandbox, _)) = requested(SPEC) else { return };
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.ok(&["cert", "export", "billing"]);
    assert_eq!(run.stdout, sandbox.read(CERTIFICATE));
    assert!(
        run.stderr.contains(" --key KEY ") && !run.stderr.contains("tls.key"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("# KEY is the private key, which its owner has\n"),
        "{}",
        run.stderr
    );
    for format in ["pkcs12", "pem-key", "pem-combined"] {
        let run = sandbox.run(&["cert", "export", "billing", "--as", format]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("its private key is its owner's"), "{}", run.stderr);
        assert!(run.stderr.contains("--as pem-chain"), "{}", run.stderr);
    }
    assert!(!sandbox.path("billing.p12").exists());
}
