//! `cert show`: what it reads, what it says about it, and how it ends. Everything is made by openssl, and
//! what openssl says of it is the measure.

mod odd_files;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::{Sandbox, output_of, tool};

const SPEC: &str = r#"
[cas.root]
[cas.issuing]
issuer = "root"
[clients.alice]
issuer = "issuing"
[clients.web]
issuer = "issuing"
[services.web]
existing = true
port = 80
[hosts.web]
host = "a.example.com"
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["root"]
"#;

/// A folder in which openssl works.
struct Bench {
    sandbox: Sandbox,
    openssl: PathBuf,
}

impl Bench {
    fn new() -> Option<Self> {
        Some(Self { sandbox: Sandbox::new(), openssl: tool("openssl")? })
    }

    /// Runs openssl with arguments that are apart by blanks.
    fn openssl(&self, arguments: &str) -> String {
        let arguments = arguments.split_whitespace();
        output_of(Command::new(&self.openssl).args(arguments).current_dir(self.sandbox.folder()))
    }

    /// Makes `NAME.pem` and `NAME.key`, self-signed or by `issuer`.
    fn make(&self, name: &str, issuer: Option<&str>, more: &str) {
        let key = if more.contains("-newkey") {
            ""
        } else {
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256"
        };
        let signer = issuer
            .map_or_else(String::new, |issuer| format!("-CA {issuer}.pem -CAkey {issuer}.key"));
        self.openssl(&format!(
            "req -x509 -nodes {key} -subj /CN={name} -out {name}.pem -keyout {name}.key {signer} {more}"
        ));
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let run = self.sandbox.ok(&[&["cert", "show", "--format", "json"], arguments].concat());
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// Codes of all problems that are more than notices.
fn findings(shown: &Value) -> Vec<String> {
    let lists = ["certificates", "privateKeys", "revocationLists"]
        .into_iter()
        .flat_map(|list| shown[list].as_array().unwrap())
        .map(|one| &one["problems"]);
    let problems = lists.chain([&shown["problems"]]).flat_map(|list| list.as_array().unwrap());
    let severe = problems.filter(|problem| problem["severity"] != "notice");
    severe.map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn holders_are_shown_with_the_chain_up_to_the_root() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2026-01-01"]);
    let run = sandbox.ok(&["cert", "show", "alice", "--at", "2026-01-02"]);
    let tree = run.stdout.split("\n\n").next().unwrap();
    assert_eq!(
        tree,
        "CN=root (root authority, 3648 days left)\n\
         └─ CN=issuing (intermediate authority, 3648 days left)\n   \
            └─ CN=alice (client, 363 days left)"
    );
    assert_eq!(run.stderr, "");
    assert!(run.stdout.contains("\ncertificate: client (clients/alice)\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("error") && !run.stdout.contains("warning"), "{}", run.stdout);
    // The root is drawn, but its contents were not asked for.
    assert_eq!(run.stdout.matches("\ncertificate: ").count(), 2, "{}", run.stdout);
    for name in ["cas/root", "hosts/web", "clients/web", "pki/clients/alice/tls.crt"] {
        sandbox.ok(&["cert", "show", name]);
    }
    let late = sandbox.run(&["cert", "show", "clients/alice", "--at", "2030-01-01", "--check"]);
    assert_eq!(late.status, 1);
    assert!(
        late.stdout.contains("error: expired 1096 days ago, at 2026-12-31T"),
        "{}",
        late.stdout
    );
    let by_environment = crate::support::finish(
        sandbox.command(&["cert", "show", "clients/alice"]).env("SOURCE_DATE_EPOCH", "1893456000"),
    );
    assert_eq!(
        by_environment.stdout, late.stdout,
        "and without --check, problems are not a failure"
    );
    assert_eq!(by_environment.status, 0);
}

#[test]
fn names_that_are_not_there_end_in_proposals() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    let cases = [
        (
            "alcie",
            "there is no such file, and there is no holder `alcie`",
            "did you mean `clients/alice`?",
        ),
        ("web", "several holders are named `web`", "write one of `hosts/web`, `clients/web`"),
        ("web", "error[ambiguous-holder]", "write one of"),
        ("alcie", "error[unknown-holder]", "did you mean"),
    ];
    for (name, title, help) in cases {
        let run = sandbox.run(&["cert", "show", name]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains(title) && run.stderr.contains(help), "{}", run.stderr);
    }
    let nowhere = Sandbox::new().run(&["cert", "show", "alice.pem"]);
    assert_eq!(nowhere.status, 2);
    assert!(
        nowhere.stderr.contains("there is no file `alice.pem`, and no spec"),
        "{}",
        nowhere.stderr
    );
    // A broken spec says so, and what is wrong in a whole one does not matter here.
    sandbox.write("mtls.toml", format!("{SPEC}\n[hosts.other]\nservice = \"missing\"\n"));
    sandbox.ok(&["cert", "show", "alice"]);
    sandbox.write("mtls.toml", "[cas");
    assert_eq!(sandbox.run(&["cert", "show", "alice"]).status, 2);
    // A lost certificate is reported as everywhere.
    sandbox.write("mtls.toml", SPEC);
    std::fs::remove_file(sandbox.path("pki/clients/alice/tls.crt")).unwrap();
    let lost = sandbox.run(&["cert", "show", "alice"]);
    assert!(lost.stderr.contains("`pki/clients/alice/tls.crt` is missing"), "{}", lost.stderr);
}

#[test]
fn what_is_said_is_what_openssl_says() {
    let Some(bench) = Bench::new() else { return };
    bench.make("root", None, "-days 100");
    bench.make(
        "server",
        Some("root"),
        "-days 30 -newkey rsa:2048 -sha384 -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature,keyEncipherment \
         -addext extendedKeyUsage=serverAuth,clientAuth -addext subjectAltName=DNS:server,DNS:*.example.com,IP:192.0.2.1,email:a@example.com,URI:spiffe://a/b \
         -addext crlDistributionPoints=URI:http://crl.example.com/a -addext authorityInfoAccess=OCSP;URI:http://ocsp.example.com",
    );
    let shown = bench.json(&["server.pem", "root.pem"]);
    let server = &shown["certificates"][0];
    let openssl = |what: &str| {
        let line = bench.openssl(&format!("x509 -in server.pem -noout {what}"));
        line.trim_end().split_once('=').unwrap().1.to_owned()
    };
    assert_eq!(server["serialNumber"], openssl("-serial"));
    assert_eq!(server["subject"], openssl("-subject -nameopt RFC2253"));
    let fingerprint = openssl("-fingerprint -sha256").replace(':', "").to_lowercase();
    assert_eq!(server["fingerprintSHA256"], fingerprint);
    let human = bench.sandbox.ok(&["cert", "show", "server.pem"]).stdout;
    assert!(human.contains(&openssl("-fingerprint -sha256")), "{human}");
    bench.openssl("x509 -in server.pem -noout -pubkey -out server.pub");
    bench.openssl("pkey -pubin -in server.pub -outform DER -out server.spki");
    let spki = bench.openssl("dgst -sha256 -r server.spki");
    assert_eq!(server["spkiSHA256"], spki.split_whitespace().next().unwrap());
    let expected = serde_json::json!({
        "role": "server and client",
        "publicKey": {"algorithm": "RSA", "size": 2048},
        "signatureAlgorithm": "ECDSA with SHA-384",
        "keyUsage": ["digitalSignature", "keyEncipherment"],
        "extendedKeyUsage": ["serverAuth", "clientAuth"],
        "usages": ["digital signature", "key encipherment", "server auth", "client auth"],
        "dnsNames": ["*.example.com", "server"],
        "ipAddresses": ["192.0.2.1"],
        "emailAddresses": ["a@example.com"],
        "uris": ["spiffe://a/b"],
        "crlDistributionPoints": ["http://crl.example.com/a"],
        "ocspServers": ["http://ocsp.example.com"],
        "isCA": false,
        "issuedBy": 1,
        "hasPrivateKey": false,
        "problems": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&server[name], value, "{name}");
    }
}

#[test]
fn what_is_wrong_is_named_and_checked() {
    let Some(bench) = Bench::new() else { return };
    bench.make("root", None, "-days 3650");
    let leaf = "-addext basicConstraints=CA:FALSE -addext extendedKeyUsage=clientAuth";
    let server = "-addext basicConstraints=CA:FALSE -addext extendedKeyUsage=serverAuth";
    let cases = [
        ("good", Some("root"), leaf.to_owned(), ""),
        ("weak", Some("root"), format!("{leaf} -newkey rsa:1024"), "weak-key"),
        ("sha1", Some("root"), format!("{leaf} -sha1"), "weak-signature"),
        (
            "anything",
            Some("root"),
            "-addext basicConstraints=CA:FALSE".to_owned(),
            "no-extended-key-usage",
        ),
        ("nameless", Some("root"), server.to_owned(), "no-names"),
        (
            "other.example.com",
            Some("root"),
            format!("{server} -addext subjectAltName=DNS:a.example.com"),
            "common-name-not-among-names",
        ),
        (
            "long",
            Some("root"),
            format!("{server} -days 500 -addext subjectAltName=DNS:long"),
            "validity-too-long",
        ),
        ("lonely", None, leaf.to_owned(), "self-signed-leaf"),
        (
            "mute",
            None,
            "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,cRLSign"
                .to_owned(),
            "cannot-sign",
        ),
        (
            "strange",
            Some("root"),
            format!("{leaf} -addext 1.2.3.4=critical,ASN1:NULL"),
            "unknown-critical-extension",
        ),
        (
            "agreeing",
            Some("root"),
            format!("{leaf} -addext keyUsage=keyAgreement"),
            "no-digital-signature",
        ),
    ];
    for (name, issuer, more, code) in cases {
        // A second basicConstraints would be beside openssl's own.
        bench.make(name, issuer, &more);
        let file = format!("{name}.pem");
        let shown = bench.json(&[&file, "root.pem"]);
        let expected: &[&str] = if code.is_empty() { &[] } else { &[code] };
        assert_eq!(findings(&shown), expected, "{name}: {shown:#}");
        let run = bench.sandbox.run(&["cert", "show", "--check", &file, "root.pem"]);
        assert_eq!(run.status, i32::from(!code.is_empty()), "{name}");
    }
    // Weak signatures of roots mean nothing.
    bench.make("old", None, "-sha1 -newkey rsa:2048");
    assert_eq!(findings(&bench.json(&["old.pem"])), [""; 0]);
    // Keys and their certificates.
    assert_eq!(findings(&bench.json(&["good.pem", "good.key", "root.pem"])), [""; 0]);
    assert_eq!(findings(&bench.json(&["good.pem", "weak.key"])), ["key-does-not-belong"]);
    // What a real chain shows.
    let chain = [bench.sandbox.read("root.pem"), bench.sandbox.read("good.pem")].concat();
    bench.sandbox.write("chain.pem", chain);
    assert_eq!(findings(&bench.json(&["chain.pem"])), ["wrong-order"]);
    let run = bench
        .sandbox
        .run_with_input(&["cert", "show", "-", "--check"], bench.sandbox.read("chain.pem"));
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains("warning: <stdin>: the certificates are in the wrong order"),
        "{}",
        run.stdout
    );
    bench.openssl("pkey -in good.key -aes256 -passout pass:x -out encrypted.key");
    let shown = bench.json(&["encrypted.key"]);
    assert_eq!(shown["privateKeys"][0]["state"], "encrypted");
}

#[test]
fn strange_keys_serials_versions_and_requests_are_named() {
    let Some(bench) = Bench::new() else { return };
    bench.make("root", None, "-days 3650");
    let leaf = "-addext basicConstraints=CA:FALSE -addext extendedKeyUsage=clientAuth";
    bench.make("good", Some("root"), leaf);
    let described = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit";
    let small = "-newkey ec -pkeyopt ec_paramgen_curve:P-192";
    for (name, more, code) in [
        ("small", small, "weak-key"),
        ("described", described, "curve-not-named"),
        ("negative", "-set_serial -257", "serial-number"),
        ("zero", "-set_serial 0", "serial-number"),
    ] {
        bench.make(name, Some("root"), &format!("{leaf} {more}"));
        let shown = bench.json(&[&format!("{name}.pem"), "root.pem"]);
        assert_eq!(findings(&shown), [code], "{name}: {shown:#}");
    }
    let human = bench.sandbox.ok(&["cert", "show", "described.pem"]).stdout;
    assert!(
        human.contains("key                  ECDSA on a curve that is described, not named\n"),
        "{human}"
    );
    let serial = bench.openssl("x509 -in negative.pem -noout -serial");
    assert_eq!(serial.trim_end(), "serial=-0101");
    assert_eq!(bench.json(&["negative.pem"])["certificates"][0]["serialNumber"], "-0101");
    bench.openssl("req -new -key good.key -subj /CN=old -out old.csr");
    bench.openssl("req -in old.csr -outform DER -out old.csr.der");
    for file in ["old.csr", "old.csr.der"] {
        let shown = bench.sandbox.ok(&["cert", "show", file]).stdout;
        assert!(shown.starts_with("a certificate signing request, not shown"), "{shown}");
    }
    bench.openssl(
        "x509 -req -in old.csr -CA root.pem -CAkey root.key -CAcreateserial -out first.pem",
    );
    assert_eq!(
        findings(&bench.json(&["first.pem", "root.pem"])),
        ["old-version", "no-extended-key-usage"]
    );
}

#[test]
fn revocation_lists_are_shown_and_obeyed() {
    let Some(bench) = Bench::new() else { return };
    bench.make("root", None, "-days 100");
    bench.make(
        "alice",
        Some("root"),
        "-days 50 -addext basicConstraints=CA:FALSE -addext extendedKeyUsage=clientAuth",
    );
    bench.make("other", None, "-days 100");
    bench.sandbox.write("index.txt", "");
    bench.sandbox.write("crlnumber", "2A\n");
    bench.sandbox.write(
        "ca.cnf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
    );
    bench.openssl("ca -config ca.cnf -cert root.pem -keyfile root.key -revoke alice.pem -crl_reason keyCompromise");
    bench.openssl("ca -config ca.cnf -cert root.pem -keyfile root.key -gencrl -out root.crl");
    let shown = bench.json(&["root.crl", "root.pem", "alice.pem"]);
    assert_eq!(findings(&shown), ["revoked"]);
    let list = &shown["revocationLists"][0];
    assert_eq!((&list["crlNumber"], &list["signedBy"]), (&"42".into(), &0.into()));
    assert_eq!(list["revokedCertificates"][0]["reason"], "keyCompromise");
    let human = bench.sandbox.ok(&["cert", "show", "root.crl", "root.pem", "alice.pem"]).stdout;
    assert!(human.contains("CN=alice (client, revoked, "), "{human}");
    assert!(human.contains("CN=root (signature verified)"), "{human}");
    bench.openssl("crl -in root.crl -outform DER -out der.crl");
    assert_eq!(bench.json(&["der.crl"])["revocationLists"][0]["crlNumber"], "42");
    let late = bench.sandbox.run(&["cert", "show", "root.crl", "--check", "--at", "2099-01-01"]);
    assert_eq!(late.status, 1);
    assert!(late.stdout.contains("servers that check it refuse every client"), "{}", late.stdout);
    // A list that says it is of an authority which did not sign it.
    bench.openssl("req -x509 -key other.key -subj /CN=root -out forged.pem");
    let shown = bench.json(&["root.crl", "forged.pem", "alice.pem"]);
    assert_eq!(findings(&shown), ["wrong-issuer", "signature"]);
}

#[test]
fn passwords_come_from_files_and_the_environment() {
    let Some(bench) = Bench::new() else { return };
    bench.make("alice", None, "");
    bench.openssl(
        "pkcs12 -export -in alice.pem -inkey alice.key -name alice -passout pass:secret -out a.p12",
    );
    bench.sandbox.write("password", "secret\n");
    // One clock for all runs: what is left of the certificate is a part of what they print.
    let show = ["cert", "show", "a.p12", "--at", "2099-01-01"];
    let none = bench.sandbox.run(&show);
    assert_eq!(none.status, 2);
    assert!(none.stderr.contains("is a PKCS#12 file with a password"), "{}", none.stderr);
    let by_file = bench.sandbox.ok(&[&show[..], &["--password-file", "password"]].concat());
    assert!(
        by_file.stdout.contains("a PKCS#12 file, encrypted with AES-256-CBC, MAC with SHA-256"),
        "{}",
        by_file.stdout
    );
    assert!(
        by_file.stdout.contains("private key: ECDSA 256 (a.p12, \"alice\")"),
        "{}",
        by_file.stdout
    );
    let by_input =
        bench.sandbox.run_with_input(&[&show[..], &["--password-file", "-"]].concat(), "secret");
    let by_environment = crate::support::finish(
        bench.sandbox.command(&show).env("MTLSGEN_PKCS12_PASSWORD", "secret"),
    );
    assert_eq!((&by_input.stdout, &by_environment.stdout), (&by_file.stdout, &by_file.stdout));
    let wrong = crate::support::finish(
        bench.sandbox.command(&show).env("MTLSGEN_PKCS12_PASSWORD", "se-cret"),
    );
    assert!(wrong.stderr.contains("the password does not open"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("se-cret"), "{}", wrong.stderr);
    let twice = bench.sandbox.run(&["cert", "show", "-", "--password-file", "-"]);
    assert!(twice.status == 2 && twice.stderr.contains("standard input"), "{}", twice.stderr);
    assert!(
        twice.stderr.contains("let one of the arguments that are `-` be a file"),
        "{}",
        twice.stderr
    );
}

#[test]
fn secrets_are_shown_key_by_key() {
    let sandbox = Sandbox::with_toml(SPEC);
    let yaml = sandbox.ok(&["render", "-q"]).stdout;
    let run = sandbox.run_with_input(&["cert", "show", "-"], &yaml);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for place in [
        "(<stdin>, Secret default/a-example-com-tls, tls.crt, line 1)",
        "private key: ECDSA 256 (<stdin>, Secret default/a-example-com-tls, tls.key, line 1)",
        "ca.crt, line 1)",
    ] {
        assert!(run.stdout.contains(place), "{place} is not in {}", run.stdout);
    }
    let broken = sandbox.run_with_input(
        &["cert", "show", "-"],
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: '!', tls.crt: ''}\nstringData: {ca.crt: none, user: me}\n",
    );
    let titles: Vec<&str> = broken.stdout.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        titles,
        [
            "Base64 that cannot be decoded (<stdin>, Secret x, a)",
            "nothing (<stdin>, Secret x, tls.crt)",
            "neither certificate, key nor list (<stdin>, Secret x, ca.crt)"
        ]
    );
    let nothing = sandbox.run_with_input(
        &["cert", "show", "-"],
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n",
    );
    assert!(
        nothing.status == 2 && nothing.stderr.contains("no object in `<stdin>`"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn names_that_an_authority_above_may_not_certify_are_a_problem() {
    let Some(bench) = Bench::new() else { return };
    let constraints = "nameConstraints=critical,permitted;DNS:example.com,permitted;URI:.example.com,permitted;email:example.com,excluded;DNS:bad.example.com";
    bench.make("root", None, &format!("-addext {constraints}"));
    let authority = "-addext basicConstraints=critical,CA:TRUE";
    bench.make("issuing", Some("root"), authority);
    let leaf = "-addext basicConstraints=CA:FALSE -addext extendedKeyUsage=clientAuth";
    let cases = [
        ("good", "DNS:a.example.com,email:a@example.com,URI:spiffe://a.example.com/x", &[][..]),
        ("outside", "DNS:a.example.net", &["`a.example.net`, outside what"]),
        ("excluded", "DNS:x.bad.example.com", &["exclude (DNS bad.example.com)"]),
        (
            "several",
            "email:a@example.net,URI:urn:x",
            &["`a@example.net`", "`urn:x`, a URI without a host"],
        ),
        ("host.example.net", "IP:192.0.2.1", &["`host.example.net`"]),
    ];
    for (name, names, expected) in cases {
        bench.make(name, Some("issuing"), &format!("{leaf} -addext subjectAltName={names}"));
        let verified = Command::new(&bench.openssl)
            .args([
                "verify",
                "-CAfile",
                "root.pem",
                "-untrusted",
                "issuing.pem",
                &format!("{name}.pem"),
            ])
            .current_dir(bench.sandbox.folder())
            .output()
            .unwrap();
        assert_eq!(verified.status.success(), expected.is_empty(), "{name}");
        let shown = bench.json(&[&format!("{name}.pem"), "issuing.pem", "root.pem"]);
        let problems = shown["certificates"][0]["problems"].as_array().unwrap();
        let found: Vec<&str> = problems
            .iter()
            .filter(|problem| problem["code"] == "name-constraints")
            .map(|problem| problem["message"].as_str().unwrap())
            .collect();
        assert_eq!(found.len(), expected.len(), "{name}: {problems:?}");
        for (message, expected) in found.iter().zip(expected) {
            assert!(
                message.starts_with("CN=root may not certify ") && message.contains(expected),
                "{message}"
            );
        }
        // Without the root, that is unknown.
        assert!(
            !findings(&bench.json(&[&format!("{name}.pem"), "issuing.pem"]))
                .contains(&"name-constraints".to_owned())
        );
    }
    let root = &bench.json(&["root.pem"])["certificates"][0]["nameConstraints"];
    assert_eq!(root["permitted"]["uriDomains"], serde_json::json!([".example.com"]));
    bench.make("odd", None, "-addext nameConstraints=critical,permitted;otherName:1.2.3.4;UTF8:x");
    let odd = bench.sandbox.ok(&["cert", "show", "odd.pem"]).stdout;
    assert!(odd.contains("notice: name constraints of a kind that is not judged here"), "{odd}");
}

#[test]
fn only_the_requested_holder_is_read() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    // Reading them fails.
    sandbox.write("pki/clients/web/tls.crt", "damaged");
    for (path, _) in sandbox.files() {
        if path.parent().is_some_and(|folder| folder.ends_with("ledger")) {
            std::fs::write(path, "damaged").unwrap();
        }
    }
    assert_eq!(sandbox.run(&["status"]).status, 2);
    for name in ["alice", "clients/alice", "cas/issuing", "hosts/web"] {
        sandbox.ok(&["cert", "show", name]);
        sandbox.ok(&["cert", "export", name, "--as", "pem-chain"]);
    }
}

#[test]
fn what_is_there_a_hundred_times_is_reported_once() {
    let Some(bench) = Bench::new() else { return };
    bench.make("root", None, "");
    bench.sandbox.write("many.pem", bench.sandbox.read("root.pem").repeat(100));
    let human = bench.sandbox.ok(&["cert", "show", "many.pem"]).stdout;
    assert!(human.contains("; and 95 more)\n"), "{human}");
    assert_eq!(human.matches("CN=root occurs 100 times").count(), 1, "{human}");
    assert_eq!(human.matches(" occurs ").count(), 1, "{human}");
}

#[test]
fn folders_are_shown_with_all_that_their_files_hold() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.ok(&["cert", "show", "pki/clients", "--format", "json"]);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let subjects: Vec<&Value> =
        shown["certificates"].as_array().unwrap().iter().map(|one| &one["subject"]).collect();
    assert!(subjects.contains(&&"CN=alice".into()), "{subjects:?}");
    assert!(!run.stdout.contains("PRIVATE KEY"));
    sandbox.write("pki/clients/notes.txt", "nothing of use\n");
    let run = sandbox.ok(&["cert", "show", "pki/clients"]);
    assert!(run.stderr.contains("notice[unreadable]"), "{}", run.stderr);
    sandbox.write("empty/notes.txt", "nothing of use\n");
    let run = sandbox.run(&["cert", "show", "empty"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("`empty` holds nothing that can be shown"), "{}", run.stderr);
    // A holder may be called as a folder is.
    sandbox.write("alice/notes.txt", "nothing of use\n");
    assert!(sandbox.ok(&["cert", "show", "alice"]).stdout.contains("CN=alice"));
}

#[test]
fn a_serial_number_is_looked_for_in_the_ledgers() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    let serial = sandbox.certificate("clients/alice").serial.to_string();
    sandbox.ok(&["cert", "renew", "-q", "alice"]);
    for written in [serial.clone(), format!("0x{serial}"), serial.to_lowercase()] {
        let run = sandbox.ok(&["cert", "show", &written, "--format", "json"]);
        let shown: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(shown["certificates"][0]["serial"], serial.as_str(), "{written}");
        assert_eq!(shown["certificates"][0]["subject"], "CN=alice");
    }
    let run = sandbox.run(&["cert", "show", "0123456789ABCDEF0123456789ABCDEF"]);
    assert_eq!(run.status, 2);
}
