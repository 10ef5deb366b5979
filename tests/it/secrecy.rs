//! Where private keys are found, and where not: no key byte in messages, differences, records, or any
//! file but key files and Secrets.

use std::fs;
use std::path::Path;

use crate::encryption;
use crate::folders::{SPEC, rendered, replace};
use crate::support::{Run, Sandbox, files};

/// Pieces of the private keys of a store that betray them, in any encoding: lines of
/// PEM, and stretches of base64 of the PEM at each of the three alignments.
fn pieces_of_keys(sandbox: &Sandbox) -> Vec<String> {
    use base64::Engine as _;
    let is_key = |path: &Path| path.extension().is_some_and(|extension| extension == "key");
    let mut pieces = Vec::new();
    for (_, bytes) in files(&sandbox.path("pki")).into_iter().filter(|(path, _)| is_key(path)) {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "PKCS#8");
        // The first line names the algorithm, so that all keys of a kind share its beginning; the
        // public key is at the end.
        let secret = text.lines().nth(1).unwrap();
        pieces.push(secret[secret.len() - 24..].to_owned());
        let at = text.find(secret).unwrap() + secret.len() - 24;
        for shift in 0..3 {
            let middle = &text.as_bytes()[at + shift..at + shift + 21];
            // Aligned as it would be when the text is encoded from its start.
            if (at + shift).is_multiple_of(3) {
                pieces.push(base64::prelude::BASE64_STANDARD.encode(middle));
            }
        }
    }
    pieces
}

fn holds_any(bytes: &[u8], pieces: &[String]) -> bool {
    pieces.iter().any(|piece| bytes.windows(piece.len()).any(|window| window == piece.as_bytes()))
}

#[test]
fn keys_are_in_key_files_and_secrets_alone() {
    let sandbox = rendered();
    let pieces = pieces_of_keys(&sandbox);
    assert_eq!(pieces.len(), 8, "four keys, as PEM and in base64");
    // The search finds keys where they must be.
    for (path, bytes) in files(sandbox.folder()) {
        let relative = path.strip_prefix(sandbox.folder()).unwrap().to_str().unwrap().to_owned();
        let expected = Path::new(&relative).extension().is_some_and(|extension| extension == "key")
            || relative == "out/secrets/default/secret-a-example-com-tls.yaml"
            || relative == "out/secrets/jobs/secret-job-client.yaml";
        assert_eq!(holds_any(&bytes, &pieces), expected, "{relative}");
    }
    assert!(holds_any(sandbox.ok(&["render"]).stdout.as_bytes(), &pieces));
    // Keys of authorities and of clients without a Secret are in no output at all.
    let authority = Sandbox::new();
    for holder in ["cas/clients", "clients/alice"] {
        authority.write(
            &format!("pki/{holder}/tls.key"),
            sandbox.read(&format!("pki/{holder}/tls.key")),
        );
    }
    assert!(!holds_any(sandbox.ok(&["render"]).stdout.as_bytes(), &pieces_of_keys(&authority)));
}

#[test]
fn messages_and_differences_hold_no_key() {
    let sandbox = rendered();
    let mut pieces = pieces_of_keys(&sandbox);
    let mut runs = Vec::new();
    // A key that goes, one that comes, one that is edited by hand, one in a file of no object.
    replace(&sandbox, "[clients.job]\n", "[clients.job]\nsubject = \"CN=other\"\n");
    runs.push(sandbox.run(&["diff", "out"]));
    runs.push(sandbox.run(&["render", "-o", "out", "--check"]));
    runs.push(sandbox.run(&["render", "-q", "--dry-run"]));
    sandbox.ok(&["render", "-q", "--kind", "Service"]);
    pieces.extend(pieces_of_keys(&sandbox));
    runs.push(sandbox.run(&["diff", "out"]));
    runs.push(sandbox.run(&["diff", "out", "--color=always"]));
    runs.push(sandbox.run(&["diff", "nowhere"]));
    let secret = sandbox.read("out/secrets/default/secret-a-example-com-tls.yaml");
    for changed in [
        secret.replace("tls.key", "key.tls"),
        secret.replace("data:", "x: 1\nstringData:"),
        secret.replace("  tls.key: ", "  tls.key: |\n    "),
        secret.replace("data:\n", "datum:\n"),
        sandbox.read("pki/clients/alice/tls.key"),
        format!("# {}", secret.replace('\n', "\n# ")),
        secret.replace('\n', "\r\n"),
    ] {
        sandbox.write("out/secrets/default/secret-a-example-com-tls.yaml", &changed);
        runs.push(sandbox.run(&["diff", "out"]));
        sandbox.write("out/default/service-web.yaml", &changed);
        runs.push(sandbox.run(&["diff", "out"]));
        runs.push(sandbox.run(&["render", "-o", "out", "--check"]));
    }
    runs.push(sandbox.run(&["render", "-o", "out"]));
    let alice = sandbox.path("pki/clients/alice/tls.key");
    let key = fs::read_to_string(&alice).unwrap();
    // Keys where they do not belong: in the spec, in a certificate's file, in a template.
    for (path, text) in [
        ("mtls.toml", format!("{SPEC}\n[cas.x]\ncertificate = '''{key}'''\n")),
        ("mtls.toml", format!("{SPEC}\n{key}\n")),
        ("mtls.toml", format!("{SPEC}\n[cas.x]\ncertificate = \"pki/clients/alice/tls.key\"\n")),
        ("pki/clients/alice/tls.crt", key.clone()),
        ("pki/hosts/a.example.com/tls.key", key.replace("-----BEGIN", "-----BEGINN")),
    ] {
        let before = sandbox.read(path);
        sandbox.write(path, &text);
        for arguments in [&["render"][..], &["diff", "out"]] {
            for format in ["text", "json"] {
                let run = sandbox.run(&[arguments, &["--message-format", format]].concat());
                // A difference needs no key, only the certificate.
                let reads_keys = arguments[0] == "render" || !path.ends_with("tls.key");
                assert_eq!(run.status == 2, reads_keys, "{path}: {}", run.stderr);
                runs.push(run);
            }
        }
        sandbox.write(path, before);
    }
    for Run { stdout, stderr, .. } in runs {
        for text in [stdout, stderr] {
            assert!(!holds_any(text.as_bytes(), &pieces), "{text}");
        }
    }
}

#[test]
fn encrypted_keys_their_identities_and_passphrases_are_nowhere_else() {
    let Some((sandbox, people)) = encryption::rendered(&["ann", "ben"], 2) else { return };
    // The keys, where the search can find them; the identities.
    let mut pieces: Vec<String> =
        people.iter().map(|person| person.identity()[20..60].to_owned()).collect();
    let clear = Sandbox::new();
    for holder in encryption::HOLDERS {
        let key = people[0].opens(&sandbox.path(format!("pki/{holder}/tls.key.age")));
        clear.write(&format!("pki/{holder}/tls.key"), key);
    }
    pieces.extend(pieces_of_keys(&clear));
    let identity = ["--identity", people[0].file()];
    let whole = sandbox.ok(&[&["render"], &identity[..]].concat());
    assert!(holds_any(whole.stdout.as_bytes(), &pieces));
    let mut runs = Vec::new();
    for arguments in [
        &["render", "-o", "out"][..],
        &["render", "--check", "-o", "out"],
        &["diff", "out"],
        &["status"],
        &["access"],
        &["access", "out", "--format", "json"],
        &["cert", "show", "alice", "cas/root"],
        &["cert", "export", "alice", "-o", "alice.p12", "--force", "--new-password-file", "x"],
        &["cert", "export", "alice", "--as", "curl"],
        &["render", "--kind", "Ingress", "--identity-passphrase-file", "ann.txt"],
    ] {
        for format in ["text", "json"] {
            let arguments = [arguments, &["--message-format", format]].concat();
            runs.push(sandbox.run(&arguments));
            runs.push(sandbox.run(&[&arguments, &identity[..]].concat()));
        }
    }
    let text = fs::read_to_string(people[0].file()).unwrap();
    for wrong in
        [text.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-"), text.replace("SECRET", "SECRE")]
    {
        sandbox.write("wrong.txt", &wrong);
        runs.push(sandbox.run(&["render", "--identity", "wrong.txt"]));
        let mut command = sandbox.command(&["render"]);
        runs.push(crate::support::finish(command.env("SOPS_AGE_KEY", &wrong)));
    }
    encryption::set_recipients(&sandbox, &people[1..]);
    runs.push(sandbox.ok(&[&["render", "-o", "out"], &identity[..]].concat()));
    encryption::set_recipients(&sandbox, []);
    runs.push(sandbox.run(&["render", "-o", "out"]));
    for Run { stdout, stderr, .. } in runs {
        for text in [stdout, stderr] {
            assert!(!holds_any(text.as_bytes(), &pieces), "{text}");
        }
    }
    for (path, bytes) in files(sandbox.folder()) {
        let name = path.strip_prefix(sandbox.folder()).unwrap().to_str().unwrap().to_owned();
        let is_meant = name.starts_with("out/secrets/") || name.ends_with(".txt");
        assert!(is_meant || !holds_any(&bytes, &pieces), "{name}");
        assert!(!name.contains(".mtlsgen-") && !name.ends_with(".new"), "{name}");
    }
}

#[test]
fn looking_at_certificates_and_handing_them_out_shows_no_key_and_no_password() {
    let sandbox = rendered();
    let mut pieces = pieces_of_keys(&sandbox);
    let yaml = sandbox.ok(&["render"]).stdout;
    sandbox.write("secrets.yaml", &yaml);
    let to = ["-o", "alice.p12", "--new-password-file", "alice.p12.password"];
    sandbox.ok(&[&["cert", "export", "alice"][..], &to].concat());
    let password = sandbox.read("alice.p12.password");
    pieces.push(password.trim_end().to_owned());
    sandbox.write(
        "broken.key",
        sandbox.read("pki/clients/alice/tls.key").replace("-----END", "-----EN"),
    );
    let der = sandbox.read("alice.p12.password");
    sandbox.write("wrong", format!("x{der}"));
    let with = ["--password-file", "alice.p12.password"];
    let shows: [&[&str]; 9] = [
        &["alice"],
        &["hosts/a.example.com"],
        &["cas/clients"],
        &["secrets.yaml"],
        &["pki/clients/alice/tls.key"],
        &["pki/clients/alice/tls.crt", "pki/cas/clients/tls.key"],
        &["alice.p12"],
        &["broken.key"],
        &["alice.p12", "--password-file", "wrong"],
    ];
    let mut runs = Vec::new();
    for show in shows {
        for format in ["text", "json"] {
            runs.push(sandbox.run(&[&["cert", "show", "--format", format], show].concat()));
            runs.push(
                sandbox.run(
                    &[&["cert", "show", "--message-format", format, "--check"], show].concat(),
                ),
            );
            if show[0] == "alice.p12" && show.len() == 1 {
                runs.push(
                    sandbox
                        .ok(&[&["cert", "show", "--format", format, "alice.p12"], &with[..]]
                            .concat()),
                );
            }
        }
    }
    for export in [
        &[&["alice"][..], &to].concat()[..],
        &[&["alice", "--force"][..], &to].concat(),
        &["alice", "--as", "pem-chain"],
        &["alice", "--as", "curl"],
        &["alice", "--as", "pem-key", "-o", "nowhere/x"],
        &["alice", "-o", "nowhere/x.p12"],
        &["cas/clients", "--as", "pem-combined"],
    ] {
        runs.push(sandbox.run(&[&["cert", "export"], export].concat()));
    }
    pieces.push(sandbox.read("alice.p12.password").trim_end().to_owned());
    for Run { stdout, stderr, .. } in runs {
        for text in [stdout, stderr] {
            assert!(!holds_any(text.as_bytes(), &pieces), "{text}");
        }
    }
    // Nothing but what was asked for holds a key or a password, and no unfinished file is left.
    for (path, bytes) in files(sandbox.folder()) {
        let name = path.strip_prefix(sandbox.folder()).unwrap().to_str().unwrap().to_owned();
        let is_meant = name.starts_with("out/secrets/")
            || Path::new(&name).extension().is_some_and(|end| end == "key" || end == "password")
            || ["secrets.yaml", "wrong"].contains(&name.as_str());
        assert!(is_meant || !holds_any(&bytes, &pieces), "{name}");
        assert!(!name.contains(".tmp") && !name.contains(".mtlsgen-"), "{name}");
    }
}
