//! What looks secret, and what does not.

use super::*;

const DIGITS: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";
const BASE64: &str = "1rmn8U4CxYg7+h1gl3zjJUqPEN1bNunCcQSL/pKjXNc=";

fn secrets(line: &str) -> Vec<&str> {
    words(line).into_iter().chain(values(line)).map(|range| &line[range]).collect()
}

#[test]
fn secrets_are_known_by_their_looks() {
    let hash = "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq";
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlMTIzNA";
    for secret in [
        hash,
        jwt,
        DIGITS,
        BASE64,
        &BASE64[..43],
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE1Key",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$abcdef",
    ] {
        for (before, after) in
            [("", ""), ("issuer = \"", "\""), ("- ", ""), ("root:", ":19000"), ("x=", "")]
        {
            let line = format!("{before}{secret}{after}");
            assert_eq!(secrets(&line), [secret], "{line}");
        }
    }
    assert_eq!(secrets("page: https://ann:hunter2@example.com/"), ["hunter2"]);
    assert_eq!(secrets("h = 'Bearer abc123def456'"), ["abc123def456"]);
}

#[test]
fn hardly_any_random_octets_are_missed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let digest = |n: u32| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &n.to_be_bytes());
    for n in 0..20_000 {
        let octets = digest(n);
        for word in [STANDARD.encode(octets), URL_SAFE_NO_PAD.encode(octets)] {
            assert_eq!(secrets(&word), [word.as_str()], "{n}");
        }
    }
}

#[test]
fn secrets_are_known_by_their_keys() {
    for line in [
        "password: hunter2",
        "  password = \"hunter2\"",
        "{\"a\": 1, \"token\": \"hunter2\"}",
        "DB_PASSWORD=hunter2",
        "clientSecret: hunter2",
        "api_key: hunter2",
        "seed = 'hunter2'",
        "  auth: hunter2 ",
        "{a: {pwd: \"hunter2\"}}",
        "//registry/:_authToken=hunter2",
        "pgpassword=hunter2",
        "password = \"\"\"hunter2",
    ] {
        assert!(secrets(line).contains(&"hunter2"), "{line}: {:?}", secrets(line));
    }
    assert!(
        ["password:", "token: |", "secret = \"\"\"", "  token: >-", "passwords.token = ["]
            .into_iter()
            .all(opens_value)
    );
}

#[test]
fn what_is_public_stays() {
    for line in [
        &format!("image = \"a@sha256:{DIGITS}\""),
        &format!("  fingerprint: {DIGITS}"),
        &format!("the certificate with the SHA-256 fingerprint `{DIGITS}`"),
        "serial = \"4f3a9b7c2d1e5f60718293a4b5c6d7e8f9012345\"",
        "4F:3A:9B:7C:2D:1E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:01:23:45:4F:3A:9B:7C:2D:1E:5F:60:71:82:93:A4",
        "a-very-long-name-of-a-host-in-production-2026.eu-central-1.elb.Example.com",
        "templates = \"/home/ann/Projects/Production2026/Templates/Ingress/Shared\"",
        "requiredDuringSchedulingIgnoredDuringExecution: 1",
        "pki/cas/signing/retiring/4F3A9B7C2D1E5F60718293A4B5C6D7E8F9012345/tls.crt",
        "/tmp/.tmpX7aB2c/K8s/Zz9Q/pki/cas/signing/retiring/4f3a9b7c2d1e5f60718293a4b5c6d7e8f9012345",
        "tls.secretName = \"shop-example-com-tls\"",
        "seedFile = \"/run/secrets/seed\"",
        "store: {kind: derived, seedFile: seed}",
        "allowPlainSecrets: [shop]",
        "secrets: {allowPlainInGit: true}",
        "clientAuth = false",
        "errorPage = \"https://help.example.com/a@b:c\"",
        "others can read the seed in `seed` (mode 0644)",
        "token = false",
    ] {
        assert_eq!(secrets(line), [] as [&str; 0], "{line}");
    }
    assert!(["secrets:", "hosts:", "seedFile: |", ""].into_iter().all(|line| !opens_value(line)));
}
