//! `cert export`: what is handed out is read by those who get it: openssl, NSS (Firefox), Java.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Run, Sandbox, output_of, tool};

const SPEC: &str = r#"
[cas.root]
[cas.issuing]
issuer = "root"
[clients.alice]
issuer = "issuing"
subject = "CN=Alice, O=Example"
[clients.rsa]
issuer = "root"
privateKey = { algorithm = "RSA" }
[services.web]
existing = true
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth = { cas = ["root"], allow = ["alice"] }
[services.open]
existing = true
port = 80
[hosts."*.example.org"]
service = "open"
tls.issuer = "issuing"
clientAuth = { cas = ["root"], verify = "optional" }
[hosts."c.example.com"]
service = "web"
tls.secretName = "c-tls"
clientAuth = { cas = ["root"], errorPage = "https://help.example.com/" }
[hosts."open.example.com"]
service = "open"
tls = false
"#;

fn rendered() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    sandbox
}

fn mode(sandbox: &Sandbox, file: &str) -> u32 {
    fs::metadata(sandbox.path(file)).unwrap().permissions().mode() & 0o777
}

fn openssl(sandbox: &Sandbox, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(tool("openssl")?);
    Some(output_of(command.args(arguments).current_dir(sandbox.folder())))
}

/// Number of certificates in a PEM text.
fn certificates(text: &str) -> usize {
    text.matches("BEGIN CERTIFICATE").count()
}

/// Exports into the store, the password beside it.
const TO_STORE: [&str; 5] = ["cert", "export", "alice", "--new-password-file", "alice.password"];

#[test]
fn a_client_gets_a_file_and_a_password_apart() {
    let sandbox = rendered();
    let run = sandbox.ok(&TO_STORE);
    assert_eq!(run.stdout, "", "everything is in files");
    let file = "pki/clients/alice/alice.p12";
    assert_eq!((mode(&sandbox, file), mode(&sandbox, "alice.password")), (0o600, 0o600));
    let password = sandbox.read("alice.password");
    assert_eq!(password.trim_end().len(), 34);
    assert!(!run.stderr.contains(password.trim_end()), "{}", run.stderr);
    assert!(
        run.stderr.starts_with(&format!("wrote `{file}`\nwrote its password to `alice.password`")),
        "{}",
        run.stderr
    );
    sandbox.ok(&["status"]);
    sandbox.ok(&["render", "-q"]);
    let pass = ["-passin", "file:alice.password"];
    let Some(text) = openssl(&sandbox, &[&["pkcs12", "-in", file, "-nodes"][..], &pass].concat())
    else {
        return;
    };
    assert_eq!(
        (certificates(&text), text.matches("friendlyName: alice").count()),
        (2, 2),
        "{text}"
    );
    assert_eq!(text.matches("localKeyID").count(), 2, "{text}");
    let key = sandbox.read("pki/clients/alice/tls.key");
    assert!(text.contains(key.lines().nth(1).unwrap()), "the client's key");
    // Again: nothing is replaced unless asked for.
    let before = sandbox.files();
    let again = sandbox.run(&TO_STORE);
    assert_eq!((again.status, sandbox.files() == before), (2, true));
    assert!(
        again.stderr.contains(&format!("`{file}`")) && again.stderr.contains("--force"),
        "{}",
        again.stderr
    );
    sandbox
        .ok(&[&TO_STORE[..], &["--force", "--with-root", "--friendly-name", "Alice at work"]]
            .concat());
    assert_ne!(sandbox.read("alice.password"), password);
    let text =
        openssl(&sandbox, &[&["pkcs12", "-in", file, "-nodes"][..], &pass].concat()).unwrap();
    assert_eq!((certificates(&text), text.matches("friendlyName: Alice at work").count()), (3, 2));
    let left = |name: &std::ffi::OsStr| name.to_str().unwrap().starts_with(['.']);
    assert!(
        fs::read_dir(sandbox.folder()).unwrap().all(|entry| !left(&entry.unwrap().file_name()))
    );
}

#[test]
fn pem_is_written_as_asked() {
    let sandbox = rendered();
    let pem = |arguments: &[&str]| {
        sandbox.ok(&[&["cert", "export", "-q"][..], arguments].concat()).stdout
    };
    assert_eq!(pem(&["alice", "--as", "pem-chain"]), sandbox.read("pki/clients/alice/tls.crt"));
    assert_eq!(pem(&["alice", "--as", "pem-key"]), sandbox.read("pki/clients/alice/tls.key"));
    let combined =
        sandbox.read("pki/clients/alice/tls.key") + &sandbox.read("pki/clients/alice/tls.crt");
    assert_eq!(pem(&["alice", "--as", "pem-combined"]), combined);
    assert_eq!(certificates(&pem(&["alice", "--as", "pem-chain", "--with-root"])), 3);
    // An authority's chain is what others trust.
    let trust = pem(&["cas/issuing"]);
    assert_eq!(
        trust,
        sandbox
            .read("pki/cas/issuing/tls.crt")
            .split_inclusive("END CERTIFICATE-----\n")
            .next()
            .unwrap()
            .to_owned()
            + &sandbox.read("pki/cas/root/tls.crt")
    );
    for (format, expected) in [("pem-chain", 0o644), ("pem-key", 0o600), ("pem-combined", 0o600)] {
        let file = format!("{format}.pem");
        sandbox.ok(&["cert", "export", "alice", "--format", format, "-o", &file]);
        assert_eq!(mode(&sandbox, &file), expected, "{format}");
    }
    sandbox.write("trust.pem", trust);
    let verified = openssl(
        &sandbox,
        &["verify", "-CAfile", "trust.pem", "-untrusted", "pem-chain.pem", "pem-chain.pem"],
    );
    assert!(verified.is_none_or(|words| words.ends_with("OK\n")));
}

#[test]
fn what_is_not_handed_out_is_refused_with_a_way_out() {
    let sandbox = rendered();
    sandbox.write("empty", "\n");
    let before = sandbox.files();
    let cases: [(&[&str], &str); 11] = [
        (&["root", "--as", "pem-key"], "the key of an authority is not exported"),
        (&["cas/issuing", "--as", "pkcs12"], "the key of an authority is not exported"),
        (&["alcie"], "did you mean `clients/alice`?"),
        (&["alice", "--password-file", "empty"], "the password is empty"),
        (&["alice", "-o", "-", "--new-password-file", "-"], "its password needs another place"),
        (&["alice", "-o", "a.p12"], "the password of the new file has no place"),
        (
            &["alice", "--as", "pem-key", "--password-file", "empty"],
            "`--password-file` has no effect with `--as pem-key`",
        ),
        (
            &["alice", "--friendly-name", "🦀", "--new-password-file", "x"],
            "characters that PKCS#12 cannot hold",
        ),
        (&["alice", "--as", "pem-key", "--with-root"], "`--with-root` has no effect"),
        (&["alice", "--as", "curl", "--force"], "`--force` has no effect"),
        (&["hosts/a.example.com", "--as", "curl"], "only clients call hosts"),
    ];
    for (arguments, words) in cases {
        let run = sandbox.run(&[&["cert", "export"], arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    assert!(sandbox.files() == before, "nothing is written");
    let fresh = Sandbox::with_toml(SPEC);
    let run = fresh.run(&TO_STORE);
    assert!(run.stderr.contains("it has no certificate yet"), "{}", run.stderr);
    fs::remove_file(sandbox.path("pki/clients/alice/tls.key")).unwrap();
    let run = sandbox.run(&TO_STORE);
    assert!(
        run.status == 2 && run.stderr.contains("its private key is not in the store"),
        "{}",
        run.stderr
    );
    sandbox.ok(&["cert", "export", "alice", "--as", "pem-chain"]);
    // Nothing on the command line is a password.
    let help = sandbox.ok(&["cert", "export", "--help"]).stdout;
    assert!(!help.contains("--password ") && !help.contains("--password="), "{help}");
}

#[test]
fn passwords_come_and_go_where_they_are_asked_to() {
    let sandbox = rendered();
    let from_input = |arguments: &[&str]| -> Run {
        sandbox.run_with_input(
            &[&["cert", "export", "alice", "--password-file", "-"], arguments].concat(),
            "from input\n",
        )
    };
    assert_eq!(from_input(&["-o", "a.p12"]).status, 0);
    sandbox.write("password", "from input");
    sandbox.ok(&["cert", "show", "a.p12", "--password-file", "password"]);
    let printed =
        sandbox.ok(&["cert", "export", "alice", "-o", "b.p12", "--new-password-file", "-"]);
    sandbox.write("printed", &printed.stdout);
    sandbox.ok(&["cert", "show", "b.p12", "--password-file", "printed"]);
    assert!(!sandbox.path("b.p12.password").exists());
    sandbox.ok(&["cert", "export", "alice", "-o", "c.p12", "--new-password-file", "apart"]);
    assert_eq!(mode(&sandbox, "apart"), 0o600);
    sandbox.ok(&["cert", "show", "c.p12", "--password-file", "apart"]);
    let mut command =
        sandbox.command(&["cert", "export", "alice", "-q", "-o", "-", "--new-password-file", "d"]);
    let octets = command.output().unwrap().stdout;
    sandbox.write("d.p12", octets);
    sandbox.ok(&["cert", "show", "d.p12", "--password-file", "d"]);
    // A password file that is there already: neither is written.
    let run = sandbox.run(&["cert", "export", "alice", "-o", "e.p12", "--new-password-file", "d"]);
    assert!(run.status == 2 && !sandbox.path("e.p12").exists(), "{}", run.stderr);
    // Nothing is written where one of both has no place, not even over a file that is there.
    let before = sandbox.files();
    fs::create_dir(sandbox.path("folder")).unwrap();
    for (arguments, reported) in [
        (["a.p12", "a.p12"], "the PKCS#12 file and its password cannot be one file"),
        (["folder", "f"], "`folder` is in the way of a file"),
        (["a.p12", "folder"], "`folder` is in the way of a file"),
        (
            ["nowhere/a.p12", "f"],
            "cannot write `nowhere`: No such file or directory (os error 2)\n",
        ),
        (["a.p12/b", "f"], "`a.p12` is in the way of a folder"),
    ] {
        for force in [&[][..], &["--force"]] {
            let [output, password] = arguments;
            let asked = ["cert", "export", "alice", "-o", output, "--new-password-file", password];
            let run = sandbox.run(&[&asked[..], force].concat());
            assert_eq!(run.status, 2, "{arguments:?}");
            assert!(run.stderr.contains(reported), "{arguments:?}: {}", run.stderr);
        }
    }
    assert_eq!(sandbox.files(), before);
}

#[test]
fn curl_lines_are_ready_to_run() {
    let sandbox = rendered();
    let run = sandbox.ok(&["cert", "export", "alice", "--as", "curl", "--address", "192.0.2.7"]);
    let files = "--cert pki/clients/alice/tls.crt --key pki/clients/alice/tls.key";
    let expected = format!(
        "curl --resolve any.example.org:443:192.0.2.7 {files} --cacert pki/cas/root/tls.crt https://any.example.org/\n\
         # 200 (or what the service answers) with the certificate and without: it is optional here\n\
         curl --resolve a.example.com:443:192.0.2.7 {files} --cacert pki/hosts/a.example.com/tls.crt https://a.example.com/\n\
         # 200 (or what the service answers) with the certificate, 400 without\n\
         curl --resolve c.example.com:443:192.0.2.7 {files} https://c.example.com/\n\
         # 200 (or what the service answers) with the certificate, 302 to https://help.example.com/ without\n"
    );
    assert_eq!((run.stdout, run.stderr), (expected, String::new()));
    let rsa = sandbox.ok(&["cert", "export", "rsa", "--as", "curl"]).stdout;
    assert!(
        !rsa.contains("https://a.example.com") && rsa.contains(":443:ADDRESS"),
        "not allowed there: {rsa}"
    );
    for path in
        ["pki/clients/alice/tls.crt", "pki/cas/root/tls.crt", "pki/hosts/a.example.com/tls.crt"]
    {
        assert!(sandbox.path(path).is_file());
    }
    // With an export, they are for the person in front of it.
    let run = sandbox.ok(&["cert", "export", "alice", "--as", "pem-chain"]);
    assert!(
        run.stderr.starts_with("curl --resolve any.example.org:443:ADDRESS "),
        "{}",
        run.stderr
    );
    let run = sandbox.ok(&["cert", "export", "hosts/a.example.com", "--as", "pem-chain"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn curl_lines_name_what_was_written() {
    let sandbox = rendered();
    for (arguments, words) in [
        (&["-o", "a.pem", "--as", "pem-combined"][..], "--cert a.pem --cacert"),
        (&["-o", "a.crt"], "--cert a.crt --key pki/clients/alice/tls.key --cacert"),
        (&["-o", "a.key"], "--cert pki/clients/alice/tls.crt --key a.key --cacert"),
        (
            &["-o", "a b.p12", "--new-password-file", "p"],
            "--cert-type P12 --cert 'a b.p12' --pass \"$(cat p)\" --cacert",
        ),
    ] {
        let run = sandbox.ok(&[&["cert", "export", "alice"], arguments].concat());
        assert!(run.stderr.contains(words), "{words}\n{}", run.stderr);
    }
}

#[test]
fn nss_reads_both_profiles_and_what_it_writes_is_read() {
    let (Some(pk12util), Some(certutil)) = (tool("pk12util"), tool("certutil")) else { return };
    let sandbox = rendered();
    for (client, profile) in
        [("alice", "modern"), ("rsa", "compatible"), ("alice", "compatible"), ("rsa", "modern")]
    {
        let file = format!("{client}-{profile}.p12");
        let password = format!("{file}.password");
        let to = ["-o", &file, "--new-password-file", &password];
        let asked = ["cert", "export", client, "--profile", profile, "--with-root"];
        sandbox.ok(&[&asked[..], &to].concat());
        let database = format!("sql:{}", sandbox.path(format!("nss-{client}-{profile}")).display());
        fs::create_dir(sandbox.path(format!("nss-{client}-{profile}"))).unwrap();
        let run = |program: &std::path::Path, arguments: &[&str]| {
            output_of(
                Command::new(program)
                    .args(arguments)
                    .args(["-d", &database])
                    .current_dir(sandbox.folder()),
            )
        };
        run(&certutil, &["-N", "--empty-password"]);
        run(&pk12util, &["-i", &file, "-w", &password, "-K", ""]);
        let listed = run(&certutil, &["-L"]);
        assert!(
            listed
                .lines()
                .any(|line| line.starts_with(client) && line.trim_end().ends_with("u,u,u")),
            "{listed}"
        );
        let keys = run(&certutil, &["-K"]);
        assert!(keys.contains(client), "{keys}");
        // Back again, as Firefox's "Back Up" does.
        run(&pk12util, &["-o", "back.p12", "-n", client, "-w", &password, "-K", ""]);
        let shown = sandbox.ok(&["cert", "show", "back.p12", "--password-file", &password]).stdout;
        assert!(shown.contains("private key: ") && shown.contains("root authority"), "{shown}");
        fs::remove_file(sandbox.path("back.p12")).unwrap();
    }
}

#[test]
fn java_reads_both_profiles_and_what_it_writes_is_read() {
    let Some(keytool) = tool("keytool") else { return };
    let sandbox = rendered();
    let run = |arguments: &[&str]| {
        output_of(Command::new(&keytool).args(arguments).current_dir(sandbox.folder()))
    };
    for profile in ["modern", "compatible"] {
        let file = format!("{profile}.p12");
        let password = format!("{file}.password");
        let to = ["-o", &file, "--new-password-file", &password];
        sandbox.ok(&[&["cert", "export", "alice", "--profile", profile][..], &to].concat());
        let listed = run(&["-list", "-v", "-keystore", &file, "-storepass:file", &password]);
        assert!(
            listed.contains("Alias name: alice\n")
                && listed.contains("Entry type: PrivateKeyEntry"),
            "{listed}"
        );
        assert!(listed.contains("Certificate chain length: 2"), "{listed}");
    }
    sandbox.write("java", "from java\n");
    run(&[
        "-genkeypair",
        "-alias",
        "robot",
        "-keyalg",
        "EC",
        "-dname",
        "CN=robot",
        "-keystore",
        "java.p12",
        "-storetype",
        "PKCS12",
        "-storepass:file",
        "java",
    ]);
    let shown = sandbox.ok(&["cert", "show", "java.p12", "--password-file", "java"]).stdout;
    assert!(shown.contains("CN=robot") && shown.contains("private key: ECDSA"), "{shown}");
}

#[test]
fn the_ending_of_a_file_says_what_is_written() {
    let sandbox = rendered();
    for file in ["server.crt", "server.CER", "server.pem"] {
        sandbox.ok(&["cert", "export", "*.example.org", "-o", file]);
        let text = sandbox.read(file);
        assert_eq!((certificates(&text), text.contains("PRIVATE KEY")), (2, false), "{file}");
    }
    sandbox.ok(&["cert", "export", "alice", "-o", "alice.key"]);
    assert!(sandbox.read("alice.key").starts_with("-----BEGIN PRIVATE KEY"));
    assert_eq!(mode(&sandbox, "alice.key"), 0o600);
    // What is said counts, and the former name of the flag does for a while.
    let run =
        sandbox.ok(&["cert", "export", "alice", "-o", "both.crt", "--format", "pem-combined"]);
    assert!(sandbox.read("both.crt").contains("PRIVATE KEY"));
    assert!(run.stderr.contains("renamed-flag") && run.stderr.contains("`--as`"), "{}", run.stderr);
    let run = sandbox.run(&["cert", "export", "alice", "--as", "curl", "--format", "curl"]);
    assert_eq!(run.status, 2);
}

#[test]
fn curl_lines_lead_to_a_name_and_a_port() {
    let sandbox = rendered();
    for (address, words) in [
        ("203.0.113.1", "--resolve a.example.com:443:203.0.113.1 "),
        ("lb.example.net:8443", "--connect-to a.example.com:443:lb.example.net:8443 "),
        ("[2001:db8::1]:8443", "--connect-to 'a.example.com:443:[2001:db8::1]:8443' "),
    ] {
        let run = sandbox.ok(&["cert", "export", "alice", "--as", "curl", "--address", address]);
        assert!(run.stdout.contains(words), "{address}: {}", run.stdout);
    }
    let run = sandbox.run(&["cert", "export", "alice", "--as", "curl", "--address", "https://lb"]);
    assert!(run.stderr.contains("write a host or IP address"), "{}", run.stderr);
}
