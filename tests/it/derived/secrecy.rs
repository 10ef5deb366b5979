//! No byte of the seed, nor of an authority's key, in anything that a command says or writes.

use std::fs;
use std::path::Path;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{SEED, SPEC, sandbox, seed, write_seed};
use crate::support::{Run, Sandbox, files};

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The number that the key of an authority of generation 1 is.
fn authority_key(name: &str) -> Vec<u8> {
    let mut info = Vec::new();
    let fields: [&[u8]; 7] =
        [b"private key", b"ECDSA 256", b"authority", name.as_bytes(), &[0, 0, 0, 1], b"", &[0; 4]];
    for field in fields {
        info.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
        info.extend(field);
    }
    let mut key = vec![0; 32];
    let root = Salt::new(HKDF_SHA256, b"mtlsgen derived v1").extract(&seed());
    root.expand(&[&info], Length(32)).unwrap().fill(&mut key).unwrap();
    key
}

/// What betrays a secret, however it is written: eight octets in a row, raw, in hexadecimal, as a list of numbers,
/// in base64 at each alignment, and base64 of any of that.
fn pieces(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for start in (0..secret.len() - 9).step_by(6) {
        let part = &secret[start..start + 9];
        let hexadecimal: String = part.iter().map(|octet| format!("{octet:02x}")).collect();
        let numbers: Vec<String> = part.iter().map(ToString::to_string).collect();
        let mut forms = vec![
            part.to_vec(),
            hexadecimal.clone().into_bytes(),
            hexadecimal.to_uppercase().into_bytes(),
            numbers.join(", ").into_bytes(),
        ];
        for form in forms.clone() {
            for shift in 0..3 {
                let end = shift + (form.len() - shift) / 3 * 3;
                forms.push(BASE64_STANDARD.encode(&form[shift..end]).into_bytes());
            }
        }
        found.extend(forms.into_iter().filter(|form| form.len() >= 8));
    }
    found
}

fn holds_any(bytes: &[u8], pieces: &[Vec<u8>]) -> bool {
    pieces.iter().any(|piece| bytes.windows(piece.len()).any(|window| window == piece))
}

fn runs(sandbox: &Sandbox) -> Vec<Run> {
    let mut runs = Vec::new();
    for arguments in [
        &["render"][..],
        &["render", "--format", "json"],
        &["render", "--show-secrets"],
        &["render", "-o", "out"],
        &["render", "-o", "out", "--check", "--at", "2040-01-01"],
        &["render", "--dry-run"],
        &["render", "--set", "cas.root.privateKey.algorithm=RSA"],
        &["diff", "out", "--at", "2040-01-01"],
        &["status"],
        &["access"],
        &["access", "out"],
        &["status", "--format", "json"],
        &["status", "--format", "prometheus"],
        &["cert", "show", "alice"],
        &["cert", "show", "cas/root", "--format", "json"],
        &["cert", "show", "seed"],
        &["cert", "export", "alice"],
        &["cert", "export", "cas/root"],
        &["cert", "export", "cas/root", "--as", "pem-key"],
        &["cert", "renew", "alice"],
        &["cert", "revoke", "alice"],
        &["ca", "rotate", "root", "--plan"],
        &["render", "-f", "seed"],
        &["render", "--seed-file", "mtls.toml"],
        &["render", "--seed-file", "wrong"],
        &["render", "--seed-file", "open"],
        &["render", "--seed-file", SEED],
    ] {
        for format in ["text", "json"] {
            let mut command = sandbox.command(&[arguments, &["--message-format", format]].concat());
            runs.push(Run::of(command.env("TMPDIR", sandbox.path("tmp")).output().unwrap()));
        }
    }
    for value in [SEED.to_owned(), SEED[1..].to_owned(), format!("{SEED}00"), format!("x{SEED}")] {
        let mut command = sandbox.command(&["render"]);
        runs.push(Run::of(command.env("MTLSGEN_SEED", value).output().unwrap()));
    }
    runs
}

#[test]
fn the_seed_and_the_keys_of_authorities_appear_nowhere() {
    let sandbox = sandbox(SPEC);
    fs::create_dir(sandbox.path("tmp")).unwrap();
    write_seed(&sandbox, "wrong", format!("{SEED}00"));
    sandbox.write("open", SEED);
    let mut secrets = pieces(&seed());
    for name in ["root", "signing", "servers"] {
        secrets.extend(pieces(&authority_key(name)));
    }
    // The search finds what is there: the seed in its file, and the keys once they are written.
    assert!(holds_any(&fs::read(sandbox.path("seed")).unwrap(), &secrets));
    for form in [
        [b"..", authority_key("root").as_slice(), b".."].concat(),
        format!("a: {}", BASE64_STANDARD.encode(seed())).into_bytes(),
        format!("{:?}", seed()).into_bytes(),
        BASE64_STANDARD.encode(format!("x{SEED}")).into_bytes(),
        BASE64_STANDARD.encode([&[1, 2][..], &authority_key("servers")].concat()).into_bytes(),
    ] {
        assert!(holds_any(&form, &secrets), "{form:?}");
    }
    // They are the keys that sign: the public one follows from it.
    let key = mtlsgen::pki::key::PrivateKey::from_secret(
        mtlsgen::pki::key::KeyKind::EcdsaP256,
        &authority_key("root"),
    );
    let root = sandbox.ok(&["cert", "export", "cas/root"]).stdout;
    let root = mtlsgen::pki::certificate::Certificate::from_pem(root.as_bytes()).unwrap().remove(0);
    assert_eq!(key.unwrap().unwrap().spki_hash(), root.spki_hash);

    for Run { stdout, stderr, status } in runs(&sandbox) {
        // A seed that is typed as a path is printed.
        let echoed = stderr.contains(&format!("`{SEED}`")) && status == 2;
        assert!(echoed || !holds_any(stderr.as_bytes(), &secrets), "{stderr}");
        assert!(!holds_any(stdout.as_bytes(), &secrets), "{stdout}");
    }
    for (path, bytes) in files(sandbox.folder()) {
        let name = path.strip_prefix(sandbox.folder()).unwrap();
        let is_ours = ["seed", "wrong", "open"].map(Path::new).contains(&name);
        assert_eq!(holds_any(&bytes, &secrets), is_ours, "{}", name.display());
    }
    assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0);
}
