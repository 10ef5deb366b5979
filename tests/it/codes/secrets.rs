//! Secrets that others fill: an error for the hosts that are rendered, a warning for the others.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::expect;
use crate::support::{Sandbox, object, objects, output_of, tool};

/// Two hosts with certificates and one bundle, whose Secrets are filled here.
const FILLED: &str = r#"
[cas.clients]
secretName = "trust"
[clients.alice]
issuer = "clients"
secretName = "alice"
[services.web]
existing = true
port = 80
[hosts."web.example.com"]
service = "web"
tls = { issuer = "self-signed", secretName = "web" }
clientAuth.cas = ["clients"]
[hosts."b.example.com"]
service = "web"
tls = { issuer = "self-signed", secretName = "b" }
clientAuth = false
"#;

/// The same, where others fill the Secrets of the first one.
const NAMED: &str = r#"
[services.web]
existing = true
port = 80
[hosts."web.example.com"]
service = "web"
tls.secretName = "web"
clientAuth.secretName = "default/trust"
[hosts."b.example.com"]
service = "web"
tls = { issuer = "self-signed", secretName = "b" }
clientAuth = false
"#;

/// The Secrets of [`FILLED`], issued at that time.
fn secrets(at: &str) -> [Value; 4] {
    let run = Sandbox::with_toml(FILLED).ok(&["render", "--kind", "Secret", "-q", "--at", at]);
    let all = objects(&run.stdout);
    ["web", "trust", "alice", "b"].map(|name| object(&all, "Secret", name).clone())
}

/// A server's certificate that Go does not read, where openssl is at hand.
fn unread() -> Option<Value> {
    let openssl = tool("openssl")?;
    let sandbox = Sandbox::new();
    sandbox.may_hold_keys("web.key");
    let mut command = Command::new(openssl);
    command.args(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=web".split(' '),
    );
    command.args("-keyout web.key -out web.crt -addext extendedKeyUsage=serverAuth".split(' '));
    command.args("-addext basicConstraints=critical,CA:FALSE".split(' '));
    command.args(["-addext", "subjectAltName=DNS:web.example.com,URI:http://a..b/"]);
    output_of(command.current_dir(sandbox.folder()));
    let read = |name: &str| STANDARD.encode(fs::read(sandbox.path(name)).unwrap());
    Some(json!({"tls.crt": read("web.crt"), "tls.key": read("web.key")}))
}

#[test]
fn secrets_of_others() {
    let now = "2030-01-01";
    let [web, trust, alice, b] = secrets(now);
    let [later, ..] = secrets("2031-01-01");
    let garbage = STANDARD.encode("garbage");
    let bundle = &trust["data"]["ca.crt"];
    let in_web = |data: &Value| (Some(data.clone()), trust["data"].clone());
    let in_trust = |data: Value| (Some(web["data"].clone()), data);
    let mut cases = vec![
        ("error[secret-missing]", "warning[secret-missing]", (None, trust["data"].clone())),
        (
            "error[secret-unusable]",
            "warning[secret-unusable]",
            in_web(&json!({"tls.crt": garbage, "tls.key": garbage})),
        ),
        ("error[names-missing]", "warning[names-missing]", in_web(&b["data"])),
        ("error[wrong-usage]", "warning[wrong-usage]", in_web(&alice["data"])),
        ("error[not-yet-valid]", "warning[not-yet-valid]", in_web(&later["data"])),
        ("error[trust-open]", "warning[trust-open]", in_trust(web["data"].clone())),
        ("error[trust-unusable]", "warning[trust-unusable]", in_trust(json!({"ca.crt": garbage}))),
        (
            "error[trust-locks-out]",
            "warning[trust-locks-out]",
            in_trust(json!({"ca.crt": alice["data"]["tls.crt"]})),
        ),
        (
            "error[trust-revocation]",
            "warning[trust-revocation]",
            in_trust(json!({"ca.crt": bundle, "ca.crl": garbage})),
        ),
    ];
    if let Some(unread) = unread() {
        let refused = ("error[certificate-refused]", "warning[certificate-refused]");
        cases.push((refused.0, refused.1, in_web(&unread)));
    }
    for (error, warning, (served, trusted)) in cases {
        let with = |secret: &Value, data: Value| {
            let mut secret = secret.clone();
            secret["data"] = data;
            secret
        };
        let given = served.map(|data| with(&web, data)).into_iter();
        let given: Vec<Value> = given.chain([with(&trust, trusted), b.clone()]).collect();
        let sandbox = Sandbox::with_toml(NAMED);
        let list = json!({"apiVersion": "v1", "kind": "List", "items": given});
        sandbox.write("secrets.json", list.to_string());
        let render = ["render", "--existing", "secrets.json", "--at", "2030-01-02"];
        expect(&sandbox, &render, error);
        expect(&sandbox, &[&render[..], &["--host", "b.example.com"]].concat(), warning);
    }
}
