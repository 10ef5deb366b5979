//! Secrets in a spec where they do not belong: what a message shows ends up in logs.

use crate::support::Sandbox;

const SEED: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";

#[test]
fn words_that_look_secret_are_in_no_message() {
    for secret in [
        SEED,
        "1rmn8U4CxYg7+h1gl3zjJUqPEN1bNunCcQSL/pKjXNc=",
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
        "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlMTIzNA",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AKIAIOSFODNN7EXAMPLE",
    ] {
        for spec in [
            format!("[clients.a]\nissuer = \"{secret}\"\n"),
            format!("[clients.a]\nissuer = [\"{secret}\"]\n"),
            format!("[hosts.\"{secret}\"]\nservice = 1\n"),
            format!("namespace = \"{secret}\"\n"),
            format!("[store]\nkind = \"{secret}\"\n"),
            format!("namespace = {secret}\n"),
            format!("hosts = 1 # {secret}\n"),
        ] {
            shown_nowhere(&spec, &secret[..secret.len().min(12)], secret);
        }
    }
}

#[test]
fn values_whose_keys_speak_of_secrets_are_in_no_message() {
    for key in ["password", "token", "clientSecret", "api_key", "seed", "passphrase", "db.password"]
    {
        for spec in [
            format!("[clients.a]\n{key} = \"correct-horse\"\n"),
            format!("clients.a = {{ {key} = \"correct-horse\" }}\n"),
            format!("[clients]\n{key} = \"correct-horse\"\n"),
            format!("[clients]\n{key} = \"\"\"\ncorrect-horse\"\"\"\n"),
        ] {
            shown_nowhere(&spec, "correct-horse", &spec);
        }
    }
    shown_nowhere(
        "[hosts.\"https://ann:correct-horse@a.example.com\"]\n",
        "correct-horse",
        "a URL",
    );
}

fn shown_nowhere(spec: &str, part: &str, what: &str) {
    let sandbox = Sandbox::with_toml(spec);
    for format in ["text", "json"] {
        let run = sandbox.run(&["render", "--message-format", format]);
        assert_eq!(run.status, 2, "{what}: {}", run.stderr);
        assert!(run.stderr.contains("mtls.toml"), "{what}: {}", run.stderr);
        assert!(!run.stderr.contains(part), "{what}: {}", run.stderr);
    }
}

#[test]
fn what_is_public_stays_readable() {
    for (spec, words) in [
        (format!("[services.a]\nimage = \"a@sha256:{SEED}\"\nport = \"x\"\n"), "port = \"x\""),
        (format!("[services.a]\nport = 1\nimage = [\"a@sha256:{SEED}\"]\n"), SEED),
        ("[cas.a]\nrevoked = [\"4F:3A:9B:7C:2D:1E:5F:60\", 1.5]\n".to_owned(), "4F:3A:9B:7C:2D:1E:5F:60"),
        ("[cas.a]\nserial = \"4f3a9b7c2d1e5f60718293a4b5c6d7e8f9012345ab\"\n".to_owned(), "4f3a9b7c2d1e5f60718293a4b5c6d7e8f9012345ab"),
        ("[hosts.\"a-very-long-name.in-production-2026.eu-central-1.elb.example.com\"]\nservise = 1\n".to_owned(), "unknown key `servise`"),
        ("[hosts.a]\ntls.secretName = 1\n".to_owned(), "tls.secretName = 1"),
        ("[store]\nseedFile = 1\n".to_owned(), "seedFile = 1"),
    ] {
        let run = Sandbox::with_toml(&spec).run(&["render"]);
        assert!(run.stderr.contains(words), "{spec}: {}", run.stderr);
    }
}

/// What `cert show` is asked for is not a secret: fingerprint, serial number and the hash of the public key.
#[test]
fn hashes_of_certificates_stay_readable() {
    let sandbox = Sandbox::with_toml("[cas.a]\n");
    sandbox.ok(&["render", "-q"]);
    let shown = sandbox.ok(&["cert", "show", "pki/cas/a/tls.crt"]).stdout;
    assert!(shown.contains("SPKI hash") && !shown.contains("(not shown)"), "{shown}");
}
