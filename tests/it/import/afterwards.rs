//! Life goes on: imported authorities are renewed, revoke and list, and what they signed before stays valid.

use std::fs;

use super::{Old, assert_kept, assert_verifies};
use crate::nginx::Nginx;
use crate::support::Sandbox;

/// What Go programs write: another key identifier than ours, printable strings, no path length.
const LIKE_GO: &str = "[req]\ndistinguished_name = name\nx509_extensions = root\nstring_mask = default\n\
    [name]\n[root]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\nsubjectKeyIdentifier = 0102030405\n";

#[test]
fn a_renewed_authority_is_the_one_that_its_leaves_know() {
    let Some(old) = Old::new() else { return };
    old.sandbox.write("old/go.cnf", LIKE_GO);
    old.openssl_with(&[
        "req",
        "-x509",
        "-config",
        "go.cnf",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "900",
        "-subj",
        "/O=Acme/CN=Root",
        "-keyout",
        "root.key",
        "-out",
        "root.crt",
    ]);
    old.client("alice", "/CN=alice", "root", "");
    old.server("www", "www.example.com", "root", "");
    old.import_whole(&[]);
    let before = old.sandbox.certificate("cas/root");
    assert_eq!(before.max_path_len, None);
    // 0x13 is PrintableString, which mtlsgen would not have chosen.
    assert!(
        before.subject.der().windows(2).any(|pair| pair == [0x13, 4]),
        "{:x?}",
        before.subject.der()
    );
    old.sandbox.ok(&["cert", "renew", "cas/root"]);
    let after = old.sandbox.certificate("cas/root");
    assert_ne!(before.serial, after.serial);
    assert_eq!((&before.subject, &before.subject_key_id), (&after.subject, &after.subject_key_id));
    assert_eq!(after.max_path_len, Some(0), "what the spec needs");
    assert_verifies(&old.sandbox, "cas/root", "clients/alice", "sslclient");
    assert_verifies(&old.sandbox, "cas/root", "hosts/www.example.com", "sslserver");
    let run = old.sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("issued "), "nothing below it is reissued: {}", run.stderr);
    old.assert_is("clients/alice", "alice.crt");
    // A path length that was asked for counts.
    let spec = old.sandbox.read("mtls.toml");
    old.sandbox.write("mtls.toml", spec.replace("[cas.root]\n", "[cas.root]\nmaxPathLen = 3\n"));
    let run = old.sandbox.ok(&["render"]);
    assert!(run.stderr.contains("issued authority `root`"), "{}", run.stderr);
}

#[test]
fn a_path_length_is_reissued_only_if_the_spec_states_it() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.client("alice", "/CN=alice", "root", "");
    old.import_whole(&[]);
    let spec = old.sandbox.read("mtls.toml");
    old.sandbox.write("mtls.toml", format!("{spec}\n[cas.below]\nissuer = \"root\"\n"));
    let run = old.sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("issued authority `root`"), "{}", run.stderr);
    old.sandbox.write("mtls.toml", spec.replace("[cas.root]\n", "[cas.root]\nmaxPathLen = 0\n"));
    let locked = old.sandbox.run(&["render", "--locked"]);
    assert_eq!(locked.status, 1);
    assert!(
        locked.stderr.contains(
            "expected to be for signing with 0 authorities below it, is for signing at any depth"
        ),
        "{}",
        locked.stderr
    );
}

#[test]
fn clients_that_were_imported_can_be_renewed_and_revoked() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.client("alice", "/O=x/CN=alice", "root", "");
    old.server("www", "www.example.com", "root", "");
    old.import_whole(&[]);
    let first = old.sandbox.certificate("clients/alice");
    old.sandbox.ok(&["cert", "renew", "alice"]);
    let second = old.sandbox.certificate("clients/alice");
    assert_eq!(first.subject, second.subject);
    assert_ne!(first.serial, second.serial);
    old.sandbox.ok(&["cert", "revoke", &first.serial.to_string()]);
    let run = old.sandbox.ok(&["render"]);
    assert!(run.stderr.contains("signed revocation list "), "{}", run.stderr);
    assert_verifies(&old.sandbox, "cas/root", "clients/alice", "sslclient");
}

/// The database and configuration of an authority in a folder of its own.
fn authority(old: &Old, folder: &str) {
    let config = format!(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = ./{folder}/index.txt\nserial = ./{folder}/serial\n\
         crlnumber = ./{folder}/crlnumber\nnew_certs_dir = ./{folder}\ncertificate = ./{folder}/ca.crt\n\
         private_key = ./{folder}/ca.key\ndefault_md = sha256\ndefault_crl_days = 30\n"
    );
    for (file, text) in
        [("ca.cnf", config.as_str()), ("index.txt", ""), ("serial", "05\n"), ("crlnumber", "05\n")]
    {
        old.sandbox.write(&format!("old/{folder}/{file}"), text);
    }
}

#[test]
fn lists_of_a_root_in_a_safe_come_along() {
    let Some(old) = Old::new() else { return };
    authority(&old, "root");
    authority(&old, "issuing");
    old.root("root/ca", "/CN=Root");
    let below = "-days 1000 -addext keyUsage=critical,keyCertSign,cRLSign";
    old.make("issuing/ca", "/CN=Issuing", Some("root/ca"), below);
    old.client("alice", "/CN=alice", "issuing/ca", "");
    old.client("bob", "/CN=bob", "issuing/ca", "");
    old.server("www", "www.example.com", "issuing/ca", "");
    old.openssl("ca -config issuing/ca.cnf -revoke bob.crt");
    old.openssl("ca -config issuing/ca.cnf -gencrl -out issuing/crl.pem");
    let key = fs::read(old.sandbox.path("old/root/ca.key")).unwrap();
    fs::remove_file(old.sandbox.path("old/root/ca.key")).unwrap();
    // Without the root's list, the controller would refuse every client: that is reported at once.
    let run = old.import(&["--dry-run"]);
    assert!(run.stdout.contains("there is no revocation list of `CN=Root`"), "{}", run.stdout);
    fs::write(old.sandbox.path("old/root/ca.key"), key).unwrap();
    old.openssl("ca -config root/ca.cnf -gencrl -out root/crl.pem");
    fs::remove_file(old.sandbox.path("old/root/ca.key")).unwrap();
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("client `bob`: its certificate is revoked"), "{}", run.stdout);
    assert!(!run.stdout.contains("no revocation list"), "{}", run.stdout);
    let spec = old.sandbox.read("mtls.toml");
    assert!(spec.contains("crl = \"pki/brought/cas/issuing/crl.pem\""), "{spec}");
    let objects = old.locked();
    let bundle = crate::support::object(&objects, "Secret", "www-example-com-tls-cacert");
    let lists = String::from_utf8(crate::support::data(bundle, "ca.crl")).unwrap();
    assert_eq!(lists.matches("BEGIN X509 CRL").count(), 2);
    assert_kept(&old.sandbox);
}

#[test]
fn serials_that_no_ledger_can_hold_stay_outside() {
    let Some(old) = Old::new() else { return };
    old.make(
        "root",
        "/CN=Root",
        None,
        "-days 3650 -set_serial 0 -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    old.client("alice", "/CN=alice", "root", "");
    old.client("zero", "/CN=zero", "root", "-set_serial 0");
    let run = old.import(&[]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("authority `root`: taken over as a file"), "{}", run.stdout);
    let reported = |line: &str| {
        line.starts_with("left out") && line.contains("`CN=zero`") && line.contains("its serial 00")
    };
    assert!(run.stdout.lines().any(reported), "{}", run.stdout);
    assert_kept(&old.sandbox);
}

#[test]
fn clients_who_keep_their_keys_go_on_keeping_them() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    for name in ["alice", "bob"] {
        old.client(name, &format!("/O=x/CN={name}"), "root", "");
        old.openssl(&format!("x509 -x509toreq -in {name}.crt -signkey {name}.key -out {name}.req"));
        fs::remove_file(old.sandbox.path(format!("old/{name}.key"))).unwrap();
    }
    fs::remove_file(old.sandbox.path("old/bob.req")).unwrap();
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("client `alice`: its owner has the private key"), "{}", run.stdout);
    assert!(run.stdout.contains("client `bob`: its private key is not here"), "{}", run.stdout);
    let spec = old.sandbox.read("mtls.toml");
    assert_eq!(
        spec.matches("csr = \"pki/brought/clients/alice/request.csr\"").count(),
        1,
        "{spec}"
    );
    let before = old.sandbox.certificate("clients/alice");
    old.sandbox.ok(&["cert", "renew", "alice"]);
    let after = old.sandbox.certificate("clients/alice");
    assert_ne!(before.serial, after.serial);
    assert_eq!(before.spki_hash, after.spki_hash, "the owner's own key");
    assert!(!old.sandbox.path("pki/clients/alice/tls.key").exists());
}

/// What Helm's `genCA` makes: it may sign certificates, and no lists.
fn like_helm(old: &Old) {
    let usage = "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign";
    old.make("root", "/CN=Root", None, &format!("-days 3650 -addext {usage}"));
    old.client("alice", "/CN=alice", "root", "");
    old.client("bob", "/CN=bob", "root", "");
    old.server("www", "www.example.com", "root", "");
}

const MUTE: &str = "the key usage of `CN=Root` lacks cRLSign";
const RENEW: &str = "`mtlsgen cert renew cas/root` gives the same key a certificate that may sign";

fn refused(sandbox: &Sandbox, arguments: &[&str], way_out: &str) {
    let run = sandbox.run(arguments);
    assert_eq!(run.status, 2, "{arguments:?}");
    for words in ["error[crl-not-allowed]", MUTE, way_out] {
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn an_authority_that_may_sign_no_lists_is_renewed_before_it_revokes() {
    let Some(old) = Old::new() else { return };
    like_helm(&old);
    let reported = old.import_whole(&[]).stdout;
    assert!(reported.contains(MUTE) && reported.contains(RENEW), "{reported}");
    let sandbox = &old.sandbox;
    refused(sandbox, &["cert", "revoke", "alice"], RENEW);
    refused(sandbox, &["cert", "revoke", "alice", "--dry-run"], RENEW);
    let spec = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", spec.replace("[cas.root]", "[cas.root]\nrevoked = [4711]"));
    refused(sandbox, &["render"], RENEW);
    // It would stay in the bundle beside its next generation, and get no other certificate any more.
    refused(sandbox, &["ca", "rotate", "root"], RENEW);
    sandbox.ok(&["cert", "renew", "cas/root"]);
    sandbox.write("mtls.toml", spec);
    sandbox.ok(&["cert", "revoke", "alice"]);
    let objects = crate::support::objects(&sandbox.ok(&["render"]).stdout);
    old.assert_is("clients/bob", "bob.crt");
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let ask = |name: &str| {
        let client = old.files(&format!("{name}.crt"), &format!("{name}.key"));
        nginx.ask("www.example.com", &client).unwrap().status
    };
    assert_eq!(ask("alice"), "400", "she is revoked");
    assert_eq!(ask("bob"), "200", "his certificate is from before");
}

#[test]
fn all_authorities_at_once_are_renewed_before_they_sign_lists() {
    let Some(old) = Old::new() else { return };
    like_helm(&old);
    old.import_whole(&[]);
    let spec = old.sandbox.read("mtls.toml");
    old.sandbox.write("mtls.toml", spec.replace("[cas.root]", "[cas.root]\nrevoked = [4711]"));
    let run = old.sandbox.ok(&["cert", "renew", "--all"]);
    assert!(run.stderr.contains("signed revocation list"), "{}", run.stderr);
    old.sandbox.ok(&["render", "--locked"]);
}

#[test]
fn an_older_generation_that_may_sign_no_lists_leaves_before_anything_is_revoked() {
    let Some(old) = Old::new() else { return };
    like_helm(&old);
    old.import_whole(&[]);
    let sandbox = &old.sandbox;
    sandbox.ok(&["ca", "rotate", "root"]);
    refused(sandbox, &["cert", "revoke", "alice"], RENEW);
    // That works while the next one waits, and is not done here.
    sandbox.ok(&["cert", "renew", "cas/root", "--dry-run"]);
    sandbox.ok(&["ca", "rotate", "root", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    let retire = "`mtlsgen ca rotate root --retire`";
    refused(sandbox, &["cert", "revoke", "bob"], retire);
    sandbox.ok(&["ca", "rotate", "root", "--retire", "--force"]);
    sandbox.ok(&["cert", "revoke", "bob"]);
    sandbox.ok(&["render", "-q"]);
}

#[test]
fn clients_go_on_showing_the_intermediate_that_may_sign_no_lists() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.make("mid", "/CN=Mid", Some("root"), "-days 900 -addext keyUsage=critical,keyCertSign");
    old.client("alice", "/CN=alice", "mid", "");
    old.client("bob", "/CN=bob", "mid", "");
    old.server("www", "www.example.com", "root", "");
    let reported = old.import_whole(&[]).stdout;
    assert!(reported.contains("the key usage of `CN=Mid` lacks cRLSign"), "{reported}");
    let sandbox = &old.sandbox;
    let run = sandbox.run(&["cert", "revoke", "alice"]);
    assert!(run.stderr.contains("`mtlsgen cert renew cas/mid`"), "{}", run.stderr);
    sandbox.ok(&["cert", "renew", "cas/mid"]);
    sandbox.ok(&["cert", "revoke", "alice"]);
    let objects = sandbox.render();
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let ask = |name: &str| {
        let chain = sandbox.read(&format!("old/{name}.crt")) + &sandbox.read("old/mid.crt");
        sandbox.write(&format!("old/{name}-chain.crt"), chain);
        let client = old.files(&format!("{name}-chain.crt"), &format!("{name}.key"));
        nginx.ask("www.example.com", &client).unwrap().status
    };
    assert_eq!((ask("alice"), ask("bob")), ("400".to_owned(), "200".to_owned()));
}

/// As easy-rsa does, leaves name the very certificate of their issuer: below a renewed one, verifiers refuse them.
#[test]
fn leaves_that_name_a_replaced_certificate_are_issued_anew_with_it() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    let always = "-addext authorityKeyIdentifier=keyid,issuer:always";
    old.client("alice", "/CN=alice", "root", always);
    old.server("www", "www.example.com", "root", always);
    old.client("bob", "/CN=bob", "root", "");
    old.import_whole(&[]);
    let (alice, bob) = (
        old.sandbox.read("pki/clients/alice/tls.crt"),
        old.sandbox.read("pki/clients/bob/tls.crt"),
    );
    let serial = old.sandbox.certificate("cas/root").serial;
    old.sandbox.ok(&["cert", "renew", "cas/root"]);
    let locked = old.sandbox.run(&["render", "--locked"]);
    assert_eq!(locked.status, 1, "{}", locked.stderr);
    let run = old.sandbox.ok(&["render"]);
    let reason = format!("names the certificate {serial} of its issuer, which is replaced");
    for holder in ["client `alice`", "host `www.example.com`"] {
        assert!(run.stderr.contains(&format!("issued {holder}: {reason}")), "{}", run.stderr);
    }
    assert_ne!(old.sandbox.read("pki/clients/alice/tls.crt"), alice);
    assert_eq!(old.sandbox.read("pki/clients/bob/tls.crt"), bob);
    for holder in ["clients/alice", "clients/bob"] {
        assert_verifies(&old.sandbox, "cas/root", holder, "sslclient");
    }
    assert_verifies(&old.sandbox, "cas/root", "hosts/www.example.com", "sslserver");
    // Where the issuer is due itself, both happen in one run; from then on nothing is left to do.
    old.sandbox.ok(&["render", "--locked"]);
}

/// nginx asks every certificate of a client's chain, the authorities too.
#[test]
fn a_list_that_revokes_an_authority_of_the_bundle_is_refused() {
    let Some(old) = Old::new() else { return };
    authority(&old, "root");
    old.root("root/ca", "/CN=Root");
    let below = "-days 1000 -addext keyUsage=critical,keyCertSign,cRLSign";
    old.make("issuing", "/CN=Issuing", Some("root/ca"), below);
    let sandbox = &old.sandbox;
    let chain = [sandbox.read("old/issuing.crt"), sandbox.read("old/root/ca.crt")].concat();
    sandbox.write("chain.pem", chain);
    sandbox.write(
        "mtls.toml",
        "[cas.partner]\ncertificate = \"chain.pem\"\ncrl = \"old/root/crl.pem\"\n[services.web]\nexisting = true\n\
         port = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n\
         clientAuth.cas = [\"partner\"]\n",
    );
    for revoked in ["issuing.crt", "root/ca.crt"] {
        old.openssl(&format!("ca -config root/ca.cnf -revoke {revoked}"));
        old.openssl("ca -config root/ca.cnf -gencrl -out root/crl.pem");
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("error[crl-revokes-authority]"), "{}", run.stderr);
        let words = "revokes the authority `CN=Issuing`: nginx would refuse every client below it";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}
