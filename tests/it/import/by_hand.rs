//! PKIs as guides make them by hand with openssl: no names but the common name, authorities by default, version 1.

use std::fs;

use super::{Old, assert_kept};

/// The first guide: a server's certificate of `openssl req -x509`, and a client of version 1.
fn demo(old: &Old) {
    let rsa = "-newkey rsa:2048 -days 365";
    old.make("self-tls", "/CN=test.localdev.me/O=test.localdev.me", None, rsa);
    old.make("ca", "/CN=My Cert Authority", None, "-newkey rsa:2048 -days 356");
    old.openssl_with(&[
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "client.key",
        "-out",
        "client.csr",
        "-subj",
        "/CN=My Client",
    ]);
    old.openssl("x509 -req -sha256 -days 365 -in client.csr -CA ca.crt -CAkey ca.key -set_serial 02 -out client.crt");
}

/// The third guide: an authority of the servers signs without any extension.
fn two_authorities(old: &Old) {
    for (ca, name) in [("public", "Public"), ("internal", "Internal")] {
        let subject = format!("/CN={name} Cert Authority/O=Org {name} CA/C=GB");
        old.make(ca, &subject, None, "-newkey rsa:2048 -days 356");
    }
    for (name, subject, ca, serial) in [
        ("server", "/CN=10-0-0-1.nip.io/O=aks-ingress/C=GB", "public", "01"),
        ("client", "/CN=internal-client/O=aks-ingress-client/C=GB", "internal", "02"),
    ] {
        let (key, csr) = (format!("{name}.key"), format!("{name}.csr"));
        let request = [
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &csr, "-subj",
            subject,
        ];
        old.openssl_with(&request);
        old.openssl(&format!("x509 -req -days 365 -in {csr} -CA {ca}.crt -CAkey {ca}.key -set_serial {serial} -out {name}.crt"));
    }
}

#[test]
fn a_self_signed_certificate_with_the_name_of_a_host_is_a_servers() {
    let Some(old) = Old::new() else { return };
    demo(&old);
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("host `test.localdev.me`: taken over as a file"), "{}", run.stdout);
    assert!(run.stdout.contains("client `My Client`: taken over"), "{}", run.stdout);
    assert!(run.stdout.contains("`--authority test.localdev.me`"), "{}", run.stdout);
    let spec = old.sandbox.read("mtls.toml");
    assert!(spec.contains("clientAuth.cas = [\"my-cert-authority\"]"), "{spec}");
    assert!(!spec.contains("[cas.test-localdev-me]"), "{spec}");
    let locked = old.sandbox.ok(&["render", "--locked"]);
    assert!(
        locked.stderr.contains("warning[common-name-only]") && !locked.stderr.contains("error"),
        "{}",
        locked.stderr
    );
}

#[test]
fn a_certificate_of_version_1_with_the_name_of_a_host_is_a_servers() {
    let Some(old) = Old::new() else { return };
    two_authorities(&old);
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("host `10-0-0-1.nip.io`: taken over as a file"), "{}", run.stdout);
    assert!(run.stdout.contains("client `internal-client`: taken over"), "{}", run.stdout);
    let spec = old.sandbox.read("mtls.toml");
    assert!(spec.contains("clientAuth.cas = [\"internal-cert-authority\"]"), "{spec}");
}

#[test]
fn flags_decide_what_files_leave_open() {
    let Some(old) = Old::new() else { return };
    old.make("ca", "/CN=My Cert Authority", None, "-days 356");
    old.make(
        "both",
        "/CN=both.example.com",
        Some("ca"),
        "-days 30 -addext basicConstraints=CA:FALSE",
    );
    old.make("box", "/CN=box", Some("ca"), "-days 30 -addext basicConstraints=CA:FALSE");
    old.make("own", "/CN=own.example.com", None, "-days 30");
    let taken = |more: &[&str]| {
        let run = old.import(&[&["--dry-run"], more].concat());
        assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
        run.stdout
    };
    let guessed = taken(&[]);
    for line in ["host `both.example.com`", "client `box`", "host `own.example.com`"] {
        assert!(guessed.contains(line), "{line}: {guessed}");
    }
    let said =
        taken(&["--client", "both.example.com", "--host", "box", "--authority", "OWN.example.com"]);
    for line in ["client `both.example.com`", "host `box`", "authority `own-example-com`"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let misspelt = old.import(&["--client", "bot.example.com", "--host", "boxx"]);
    assert_eq!(misspelt.status, 2, "{}", misspelt.stdout);
    assert_eq!(misspelt.stderr.matches("error[unmatched-name]").count(), 2, "{}", misspelt.stderr);
    assert!(!old.sandbox.path("mtls.toml").exists());
}

#[test]
fn authorities_stay_authorities() {
    let Some(old) = Old::new() else { return };
    // By what signs, by the name of its file, by its key usage, by the absence of its key.
    old.make("signs", "/CN=signs.example.com", None, "-days 300");
    old.client("alice", "/CN=alice", "signs", "");
    old.make("my-ca", "/CN=called.example.com", None, "-days 300");
    old.root("usage", "/CN=usage.example.com");
    old.make("keyless", "/CN=keyless.example.com", None, "-days 300");
    fs::remove_file(old.sandbox.path("old/keyless.key")).unwrap();
    let run = old.import(&["--dry-run"]);
    for name in ["signs", "called", "usage", "keyless"] {
        let line = format!("authority `{name}-example-com`: taken over");
        assert!(run.stdout.contains(&line), "{name}: {}", run.stdout);
    }
    assert!(run.stdout.contains("`--service` has no effect"), "{}", run.stdout);
}

#[test]
fn a_renewed_self_signed_certificate_signs_none_of_its_former_ones() {
    let Some(old) = Old::new() else { return };
    old.make("self", "/CN=self.example.com", None, "-days 300");
    old.openssl("req -x509 -key self.key -subj /CN=self.example.com -days 30 -out former.crt");
    let run = old.import(&["--dry-run"]);
    assert!(run.stdout.contains("host `self.example.com`: taken over as a file"), "{}", run.stdout);
    assert!(!run.stdout.contains("authority `"), "{}", run.stdout);
}

#[test]
fn nothing_is_written_where_a_key_that_is_needed_cannot_be_read() {
    let Some(old) = Old::new() else { return };
    demo(&old);
    old.openssl("rsa -aes256 -passout pass:secret -in ca.key -out ca.key");
    old.sandbox.write("password", "secret\n");
    let run = old.import(&[]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    for words in
        ["error[import-incomplete]", "--password-file", "--force", "`CN=My Cert Authority`"]
    {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let exists = |file: &str| old.sandbox.path(file).exists();
    assert!(!exists("mtls.toml") && !exists("pki"), "nothing is written");
    let json: serde_json::Value =
        serde_json::from_str(&old.import(&["--dry-run", "--format", "json"]).stdout).unwrap();
    assert!(json["leftOut"].to_string().contains("neededBy"), "{json}");
    // The second run has the password.
    old.import_whole(&["--password-file", "password"]);
    // Without it, what there is: clients whose authority cannot sign are left out.
    let forced = old.import(&["-o", "forced", "--force"]);
    assert_eq!(forced.status, 1, "{}", forced.stderr);
    assert!(old.sandbox.read("forced/mtls.toml").contains("[cas.my-cert-authority]"));
    assert_kept(&old.sandbox);
}

#[test]
fn what_is_needed_is_of_several_kinds_and_what_is_not_stops_nothing() {
    let Some(old) = Old::new() else { return };
    demo(&old);
    // A damaged certificate whose key is here.
    let whole = old.sandbox.read("old/client.crt");
    old.sandbox.write("old/client.crt", whole.replace("MII", "M!I"));
    let damaged = old.import(&[]);
    assert_eq!(damaged.status, 2, "{}", damaged.stdout);
    assert!(damaged.stderr.contains("whose certificate is not here"), "{}", damaged.stderr);
    old.sandbox.write("old/client.crt", whole);
    // An authority whose issuer is not here, and clients below it.
    old.make("root", "/CN=Root", None, "-days 300");
    old.make("team", "/CN=Team", Some("root"), "-days 200 -addext keyUsage=keyCertSign");
    old.client("bob", "/CN=bob", "team", "");
    fs::remove_file(old.sandbox.path("old/root.crt")).unwrap();
    fs::remove_file(old.sandbox.path("old/root.key")).unwrap();
    let team = old.import(&[]);
    assert_eq!(team.status, 2, "{}", team.stdout);
    assert!(team.stderr.contains("clients below it: `CN=bob`"), "{}", team.stderr);
    for file in ["team.crt", "team.key", "bob.crt", "bob.key"] {
        fs::remove_file(old.sandbox.path(format!("old/{file}"))).unwrap();
    }
    // An encrypted key of another Secret of a dump.
    old.make("other", "/CN=other", None, "-newkey rsa:2048 -days 30");
    old.openssl("rsa -aes256 -passout pass:secret -in other.key -out other.key");
    let (certificate, key) = (old.sandbox.read("old/other.crt"), old.sandbox.read("old/other.key"));
    for file in ["other.crt", "other.key"] {
        fs::remove_file(old.sandbox.path(format!("old/{file}"))).unwrap();
    }
    let secret = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "namespace": "apps", "name": "other" },
        "stringData": { "tls.crt": certificate, "tls.key": key },
    });
    old.sandbox.write("old/dump.json", secret.to_string());
    let dump = old.import(&[]);
    assert_eq!(dump.status, 1, "{}{}", dump.stdout, dump.stderr);
    assert!(old.sandbox.path("mtls.toml").exists());
}
