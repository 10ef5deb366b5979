//! Hosts whose certificates are managed by others: cert-manager's server Secret and a trust Secret in
//! another namespace, filled here by openssl as their keepers would; asked with real handshakes.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cases::example;
use crate::handshakes::expired_client;
use crate::nginx::{ClientFiles, Nginx};
use crate::support::{Sandbox, output_of, tool};

const HOST: &str = "in.logpoint.com.np";

/// A PKI in a folder, made by openssl alone.
struct Pki<'a> {
    sandbox: &'a Sandbox,
    openssl: PathBuf,
}

impl Pki<'_> {
    /// Makes `NAME.crt` and `NAME.key`, signed by `issuer` or by itself.
    fn make(&self, name: &str, subject: &str, issuer: Option<&str>, more: &[&str]) {
        let path = |name: &str, ending: &str| self.sandbox.path(format!("{name}.{ending}"));
        let mut command = Command::new(&self.openssl);
        command.args(["req", "-x509", "-nodes", "-utf8", "-subj", subject]).args(more);
        command.arg("-out").arg(path(name, "crt")).arg("-keyout").arg(path(name, "key"));
        if let Some(issuer) = issuer {
            command.arg("-CA").arg(path(issuer, "crt")).arg("-CAkey").arg(path(issuer, "key"));
        }
        output_of(&mut command);
    }

    fn authority(&self, name: &str, subject: &str, issuer: Option<&str>) {
        let more = ["-newkey", "rsa:2048", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
        self.make(name, subject, issuer, &more);
    }

    /// As cfssl signs a request of `key.algo` rsa, `key.size` 2048 under a profile with this usage.
    fn leaf(&self, name: &str, subject: &str, issuer: &str, usage: &str, days: &str) {
        let usage = format!("extendedKeyUsage={usage}");
        let extensions = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", &usage];
        let more = [&["-newkey", "rsa:2048", "-days", days][..], &extensions].concat();
        self.make(name, subject, Some(issuer), &more);
    }

    fn pem(&self, files: &[&str]) -> String {
        files.iter().map(|file| self.sandbox.read(file)).collect()
    }

    fn client(&self, name: &str) -> ClientFiles {
        let path = |ending: &str| Some(self.sandbox.path(format!("{name}.{ending}")));
        ClientFiles {
            certificate: path("crt"),
            key: path("key"),
            trust: Some(self.sandbox.path("server.crt")),
        }
    }
}

fn secret(namespace: &str, name: &str, data: &[(&str, String)]) -> Value {
    let data: serde_json::Map<_, _> =
        data.iter().map(|(key, text)| ((*key).to_owned(), json!(STANDARD.encode(text)))).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name, "namespace": namespace },
        "data": data,
    })
}

#[test]
fn secrets_of_others_admit_the_intended_clients_alone() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = example("cert-manager");
    let mut objects = sandbox.render();
    let pki = Pki { sandbox: &sandbox, openssl };
    pki.authority("root", "/C=NP/O=Logpoint Nepal/CN=Root", None);
    pki.authority("issuing", "/C=NP/O=Logpoint Nepal/CN=Issuing", Some("root"));
    pki.authority("stranger", "/C=NP/O=Logpoint Nepal/CN=Issuing", None);
    let subject = "/C=NP/ST=Nepal/L=Lalitpur/O=Logpoint Nepal/OU=ITOps/CN=client";
    pki.leaf("good", subject, "issuing", "clientAuth", "30");
    pki.leaf("other", subject, "stranger", "clientAuth", "30");
    pki.leaf("wrong-usage", subject, "issuing", "serverAuth", "30");
    let names = format!("subjectAltName=DNS:{HOST}");
    pki.make("server", "/CN=in.logpoint.com.np", None, &["-newkey", "rsa:2048", "-addext", &names]);
    objects.push(secret(
        "default",
        "logpoint-ingress",
        &[("tls.crt", pki.pem(&["server.crt"])), ("tls.key", pki.pem(&["server.key"]))],
    ));
    objects.push(secret(
        "ingress-nginx",
        "logpoint-ingress",
        &[("ca.crt", pki.pem(&["issuing.crt", "root.crt"]))],
    ));
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };

    let nothing = ClientFiles { trust: Some(sandbox.path("server.crt")), ..ClientFiles::default() };
    for (what, client, status) in [
        ("no certificate", nothing, "400"),
        ("good", pki.client("good"), "200"),
        ("another authority of the same name", pki.client("other"), "400"),
        ("for servers", pki.client("wrong-usage"), "400"),
        ("expired", expired_client(&sandbox, "issuing.crt", "issuing.key"), "400"),
    ] {
        let answer = nginx.ask(HOST, &client).unwrap();
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        if status == "200" {
            assert!(answer.body.contains("subject=CN=client,OU=ITOps,"), "{answer:?}");
        }
    }
}
