//! The search for private keys in everything that a test run leaves: what the program said, and every file. Each
//! [`Sandbox`](crate::support::Sandbox) is searched when its test ends.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use mtlsgen::guard::Known;
use rustls_pki_types::pem::PemObject as _;

use crate::support::Run;

/// How many octets of an RSA key are looked for.
const STRETCH: usize = 16;
/// The commands whose standard output may hold keys: manifests, and what is handed out.
const HANDS_OUT: [&str; 6] =
    ["render", "kustomize", "post-render", "argo-cd", "cert export", "import"];

thread_local! {
    /// What the program said in the test that runs in this thread.
    static SAID: RefCell<Vec<Said>> = const { RefCell::new(Vec::new()) };
}

struct Said {
    arguments: Vec<String>,
    stdout: String,
    stderr: String,
}

/// Remembers how a run of the program ended, until the sandbox of its test is searched.
pub fn remember(command: &Command, run: &Run) {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    let (stdout, stderr) = (run.stdout.clone(), run.stderr.clone());
    SAID.with_borrow_mut(|said| {
        said.push(Said { arguments: arguments.collect(), stdout, stderr });
    });
}

/// Where something secret was found, in words.
pub type Leak = String;

/// Searches what was said since the last search, and `files`, each with whether the test itself wrote it, for
/// the private keys among these files and for `secrets`.
pub fn search(files: &[(PathBuf, Vec<u8>, bool)], secrets: &[Vec<u8>]) -> Vec<Leak> {
    let mut wanted = Wanted::default();
    for secret in secrets {
        wanted.add(secret, "a secret of the test");
    }
    for (path, bytes, _) in files.iter().filter(|(_, bytes, _)| !bytes.starts_with(b"\x7fELF")) {
        for secret in secret_parts(bytes) {
            wanted.add(&secret, &format!("the key in {}", path.display()));
        }
    }
    let mut leaks = Vec::new();
    for said in SAID.take() {
        let command = said.arguments.join(" ");
        if let Some(whose) = wanted.find(said.stderr.as_bytes()) {
            leaks.push(format!("`{command}` printed {whose} on standard error"));
        }
        if HANDS_OUT.iter().any(|allowed| command.starts_with(allowed)) {
            continue;
        }
        if let Some(whose) = wanted.find(said.stdout.as_bytes()) {
            leaks.push(format!("`{command}` printed {whose} on standard output"));
        }
    }
    for (path, bytes, by_test) in files {
        let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
        // Programs that a test copies here would take minutes.
        let is_its_owners = mode.trailing_zeros() >= 6;
        if *by_test || is_its_owners || bytes.starts_with(b"\x7fELF") {
            continue;
        }
        if let Some(whose) = wanted.find(bytes) {
            let path = path.display();
            leaks.push(format!("`{path}` (mode {mode:o}) holds {whose}"));
        }
    }
    leaks
}

/// The secret octets of all private keys in `bytes`, where these are PEM.
fn secret_parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    use rustls_pki_types::PrivateKeyDer;
    if !contains(bytes, b"PRIVATE KEY-----") {
        return Vec::new();
    }
    let keys = PrivateKeyDer::pem_slice_iter(bytes).filter_map(Result::ok);
    keys.filter_map(|key| secret_part(key.secret_der())).collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// A stretch of the key that only its owner knows.
fn secret_part(der: &[u8]) -> Option<Vec<u8>> {
    // The content of RSA keys begins with public numbers: modulus, exponent; from the middle on all is secret.
    // In the others it is an OCTET STRING of 32, 48 or 66 octets: behind the version of an ECPrivateKey (RFC 5915), or
    // in another OCTET STRING (RFC 8410). The parameters of a curve that is not named look much the same.
    let part = if der.len() > 500 {
        let middle = der.len() / 2;
        &der[middle..middle + 2 * STRETCH]
    } else {
        let starts = |at: &usize| {
            let length = usize::from(der[at + 1]);
            let (before, inner) = der.split_at(*at);
            let is_key =
                before.ends_with(&[2, 1, 1]) || before.ends_with(&[4, der[at + 1].wrapping_add(2)]);
            inner[0] == 4 && [32, 48, 66].contains(&length) && inner.len() >= 2 + length && is_key
        };
        let at = (0..der.len().saturating_sub(2)).find(starts)?;
        &der[at + 2..at + 2 + usize::from(der[at + 1])]
    };
    Some(part.to_vec())
}

/// Secrets that are looked for, as the program looks for them in what it says, and whose they are.
#[derive(Default)]
struct Wanted {
    all: Known,
    each: Vec<(Known, String)>,
}

impl Wanted {
    fn add(&mut self, secret: &[u8], whose: &str) {
        self.all.add(secret);
        let mut known = Known::default();
        known.add(secret);
        self.each.push((known, whose.to_owned()));
    }

    /// Whose secret `bytes` hold, however they wrap it.
    fn find(&self, bytes: &[u8]) -> Option<&str> {
        if self.all.find(bytes).is_empty() {
            return None;
        }
        let found = self.each.iter().find(|(known, _)| !known.find(bytes).is_empty());
        found.map(|(_, whose)| whose.as_str())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::support::Sandbox;

    const SPEC: &str = "hosts.\"a.example.com\" = { service = \"web\", tls.issuer = \"self-signed\" }\n\
        services.web = { existing = true, port = 80 }\n";

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn searched(sandbox: &Sandbox) -> Vec<Leak> {
        search(&sandbox.contents(), &[])
    }

    #[test]
    fn the_search_finds_a_key_however_it_is_wrapped() {
        let base64 = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
        for algorithm in ["ECDSA", "Ed25519", "RSA"] {
            let sandbox = Sandbox::with_toml(SPEC);
            let spec = sandbox.ok(&[
                "render",
                "--set",
                &format!("defaults.privateKey.algorithm={algorithm}"),
            ]);
            let key = sandbox.read("pki/hosts/a.example.com/tls.key");
            let secret = secret_parts(key.as_bytes()).remove(0);
            let shifted = [&b"x"[..], key.as_bytes()].concat();
            let wraps: Vec<Vec<u8>> = vec![
                key.clone().into(),
                key.replace('\n', "\\n").into(),
                key.lines().map(|line| format!("  | {line}\n")).collect::<String>().into_bytes(),
                base64(key.as_bytes()).into(),
                base64(&shifted).into(),
                base64(base64(&shifted).as_bytes()).into(),
                format!("error: invalid key {}", hexadecimal(&secret)).into(),
                format!("0{}", hexadecimal(&secret).to_uppercase()).into(),
                secret[..STRETCH].to_vec(),
                spec.stdout.into_bytes(),
            ];
            assert_eq!(searched(&sandbox), [""; 0], "{algorithm}: where keys belong");
            for (index, wrapped) in wraps.into_iter().enumerate() {
                let path = sandbox.path("leak");
                std::fs::write(&path, wrapped).unwrap();
                assert_eq!(searched(&sandbox).len(), 1, "{algorithm}, {index}");
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    #[test]
    fn the_search_finds_a_key_that_the_program_prints() {
        let sandbox = Sandbox::with_toml(SPEC);
        let manifests = sandbox.ok(&["render"]).stdout;
        let key = sandbox.read("pki/hosts/a.example.com/tls.key");
        let run = |stdout: &str, stderr: &str| Run {
            status: 0,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        let reported = |arguments: &[&str], run: &Run| {
            remember(Command::new("mtlsgen").args(arguments), run);
            searched(&sandbox)
        };
        assert_eq!(reported(&["render"], &run(&manifests, "")), [""; 0]);
        assert_eq!(reported(&["status"], &run("no key", "none")), [""; 0]);
        assert_eq!(reported(&["status"], &run(&manifests, "")).len(), 1);
        assert_eq!(reported(&["render"], &run("", &key)).len(), 1);
        assert_eq!(reported(&["diff", "x"], &run(&key, &manifests)).len(), 2);
    }

    #[test]
    fn the_search_finds_what_a_test_names() {
        let sandbox = Sandbox::new();
        let secret: Vec<u8> = (0..32).map(|octet| octet * 7 + 1).collect();
        let said = |stderr: String| {
            let run = Run { status: 0, stdout: String::new(), stderr };
            remember(Command::new("mtlsgen").arg("render"), &run);
            search(&sandbox.contents(), std::slice::from_ref(&secret))
        };
        assert_eq!(said(hexadecimal(&[7; 32])), [""; 0]);
        assert_eq!(said(format!("the seed `{}` is bad", hexadecimal(&secret))).len(), 1);
        assert_eq!(said(format!("the seed `{}` is bad", hexadecimal(&secret[16..]))).len(), 1);
    }
}
