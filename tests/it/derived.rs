//! A store that keeps nothing: the same bytes from the same seed wherever it runs, and no byte of the seed anywhere.

mod commands;
mod rollover;
mod same_bytes;
mod secrecy;
mod seeds;
mod supplied;
mod year;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use crate::nginx::ClientFiles;
use crate::support::{Run, Sandbox, data, object, objects};

/// Hexadecimal digits of a seed.
pub const SEED: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";

pub const HOST: &str = "web.example.com";

/// Two levels for clients, another authority for the server; the keys of clients are in Secrets.
pub const SPEC: &str = r#"
[store]
kind = "derived"
seedFile = "seed"
[cas.root]
[cas.signing]
issuer = "root"
[cas.servers]
[clients.alice]
issuer = "signing"
secretName = "alice"
[clients.bob]
issuer = "signing"
secretName = "bob"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "servers"
clientAuth.cas = ["signing"]
"#;

/// A folder with a spec and its seed.
pub fn sandbox(spec: &str) -> Sandbox {
    let sandbox = Sandbox::with_toml(spec);
    write_seed(&sandbox, "seed", SEED);
    sandbox.must_not_print(seed());
    sandbox
}

/// The octets of [`SEED`].
pub fn seed() -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&SEED[at..at + 2], 16).unwrap();
    (0..SEED.len()).step_by(2).map(digits).collect()
}

/// A file that only its owner can read.
pub fn write_seed(sandbox: &Sandbox, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = sandbox.write(name, content);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// `render` at a time, as objects.
pub fn render_at(sandbox: &Sandbox, time: &str) -> Vec<Value> {
    let run = sandbox.ok(&["render", "--at", time]);
    assert_eq!(run.stderr, "", "nothing is issued, nothing is due");
    objects(&run.stdout)
}

pub fn certificates(objects: &[Value], secret: &str, key: &str) -> Vec<Certificate> {
    Certificate::from_pem(&data(object(objects, "Secret", secret), key)).unwrap()
}

/// The bundle of the host.
pub fn bundle(objects: &[Value]) -> Vec<Certificate> {
    certificates(objects, "web-example-com-tls-cacert", "ca.crt")
}

/// What a client has in its Secret, as files under `name`.
pub fn client_files(sandbox: &Sandbox, objects: &[Value], client: &str, name: &str) -> ClientFiles {
    let secret = object(objects, "Secret", client);
    let write = |key: &str| Some(sandbox.write(&format!("{name}/{key}"), data(secret, key)));
    ClientFiles { certificate: write("tls.crt"), key: write("tls.key"), trust: None }
}

/// A run that failed, and said so in these words.
pub fn failing(run: &Run, words: &str) {
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
}

pub fn replace(sandbox: &Sandbox, from: &str, to: &str) {
    let text = sandbox.read("mtls.toml");
    assert!(text.contains(from), "{from}");
    sandbox.write("mtls.toml", text.replace(from, to));
}
