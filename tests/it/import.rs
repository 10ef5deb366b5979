//! `mtlsgen import`: PKIs of other tools come along, nothing is reissued, and their clients go on.

mod afterwards;
mod by_hand;
mod clusters;
mod ingresses;
mod layouts;
mod limits;
mod tools;

use std::path::PathBuf;
use std::process::Command;

use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use crate::nginx::ClientFiles;
use crate::support::{Run, Sandbox, files, output_of, tool};

/// A folder with an existing PKI in `old`, made by openssl.
pub struct Old {
    pub sandbox: Sandbox,
    openssl: PathBuf,
}

impl Old {
    /// `None` where openssl is missing.
    pub fn new() -> Option<Self> {
        let sandbox = Sandbox::new();
        sandbox.write("old/.keep", "");
        Some(Self { sandbox, openssl: tool("openssl")? })
    }

    /// Runs openssl in `old`.
    pub fn openssl(&self, arguments: &str) {
        self.openssl_with(&arguments.split_whitespace().collect::<Vec<_>>());
    }

    pub fn openssl_with(&self, arguments: &[&str]) {
        let mut command = Command::new(&self.openssl);
        output_of(command.args(arguments).current_dir(self.sandbox.path("old")));
    }

    /// A certificate `NAME.crt` with its key `NAME.key`, below `old`; `issuer`: the same of the signer.
    pub fn make(&self, name: &str, subject: &str, issuer: Option<&str>, more: &str) {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        let signer = issuer.map_or_else(String::new, |by| format!("-CA {by}.crt -CAkey {by}.key"));
        let kind = if more.contains("-newkey") { "-nodes" } else { key };
        let (crt, key_file) = (format!("{name}.crt"), format!("{name}.key"));
        let line = format!("req -x509 {kind} -utf8 {signer} {more}");
        let mut arguments: Vec<&str> = line.split_whitespace().collect();
        arguments.extend(["-subj", subject, "-out", &crt, "-keyout", &key_file]);
        self.openssl_with(&arguments);
    }

    pub fn root(&self, name: &str, subject: &str) {
        let more = "-days 3650 -addext keyUsage=critical,keyCertSign,cRLSign";
        self.make(name, subject, None, more);
    }

    pub fn client(&self, name: &str, subject: &str, issuer: &str, more: &str) {
        let leaf = "-addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=clientAuth";
        self.make(name, subject, Some(issuer), &format!("-days 365 {leaf} {more}"));
    }

    pub fn server(&self, name: &str, host: &str, issuer: &str, more: &str) {
        let leaf = "-addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth";
        let names = format!("-addext subjectAltName=DNS:{host}");
        let subject = format!("/CN={}", host.split(',').next().unwrap());
        self.make(name, &subject, Some(issuer), &format!("-days 365 {leaf} {names} {more}"));
    }

    /// Imports `old`, beside it.
    pub fn import(&self, more: &[&str]) -> Run {
        self.sandbox.run(&[&["import", "old", "--service", "web:8080"][..], more].concat())
    }

    /// Imports `old` without leaving anything out, and proves that every certificate stays as it is.
    pub fn import_whole(&self, more: &[&str]) -> Run {
        let run = self.import(more);
        assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
        assert_kept(&self.sandbox);
        run
    }

    /// Whether the certificate of a holder is the one in that file of `old`.
    pub fn assert_is(&self, holder: &str, file: &str) {
        let text = self.sandbox.read(&format!("old/{file}"));
        let original = Certificate::from_pem(text.as_bytes()).unwrap().remove(0);
        assert_eq!(self.sandbox.certificate(holder).der, original.der, "{holder}");
    }

    /// Files of `old` that a client shows; it trusts any server.
    pub fn files(&self, certificate: &str, key: &str) -> ClientFiles {
        let path = |file: &str| Some(self.sandbox.path(format!("old/{file}")));
        ClientFiles { certificate: path(certificate), key: path(key), trust: None }
    }

    /// `render --locked`, as objects.
    pub fn locked(&self) -> Vec<Value> {
        crate::support::objects(&self.sandbox.ok(&["render", "--locked"]).stdout)
    }
}

/// Renders, locked and not, and compares every certificate and key in the store byte by byte.
pub fn assert_kept(sandbox: &Sandbox) {
    let before = kept(sandbox);
    assert!(!before.is_empty());
    sandbox.ok(&["render", "--locked"]);
    let run = sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("issued "), "{}", run.stderr);
    let after = kept(sandbox);
    assert!(before == after, "a certificate, a key or a ledger entry changed");
    let status = sandbox.ok(&["status", "--format", "json"]);
    assert!(!status.stdout.contains("\"missing\""), "{}", status.stdout);
}

/// Everything but revocation lists and the store's own number and lock.
fn kept(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    let is_kept = |path: &PathBuf| {
        let path = path.to_str().unwrap();
        !path.contains("/crl/") && !path.contains("/pki/.")
    };
    files(&sandbox.path("pki")).into_iter().filter(|(path, _)| is_kept(path)).collect()
}

/// Verifies a certificate of the store with openssl.
pub fn assert_verifies(sandbox: &Sandbox, root: &str, holder: &str, purpose: &str) {
    verify(sandbox, &format!("pki/{root}/tls.crt"), holder, purpose);
}

/// Verifies the certificate of a client of the store, with a root that lies elsewhere.
pub fn assert_verifies_with(sandbox: &Sandbox, root: &str, holder: &str) {
    verify(sandbox, root, holder, "sslclient");
}

fn verify(sandbox: &Sandbox, root: &str, holder: &str, purpose: &str) {
    let Some(openssl) = tool("openssl") else { return };
    let own = sandbox.path(format!("pki/{holder}/tls.crt"));
    let mut command = Command::new(openssl);
    command.args(["verify", "-purpose", purpose, "-CAfile"]).arg(sandbox.path(root));
    output_of(command.arg("-untrusted").arg(&own).arg(&own));
}
