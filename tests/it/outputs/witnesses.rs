//! What shows that a host is served otherwise than its spec says, in each way.

use serde_json::{Value, json};

use super::coverage::Coverage;
use super::scenes::run;
use crate::support::Sandbox;

const SPEC: &str = r#"
[cas.root]
maxPathLen = 4
[cas.clients]
issuer = "root"
maxPathLen = 3
[cas.others]
[clients.alice]
issuer = "clients"
[clients.bob]
issuer = "clients"
[services.web]
image = "httpd"
port = 80
[services.other]
image = "httpd"
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
clientAuth.allow = ["alice"]
clientAuth.verifyDepth = 1
[hosts."b.example.com"]
service = "other"
tls.issuer = "self-signed"
clientAuth.cas = ["others"]
"#;

/// A change of the Ingress of the first host.
fn ingress(operation: &Value) -> String {
    patch("kind = \"Ingress\", name = \"a-example-com\"", operation)
}

fn patch(target: &str, operation: &Value) -> String {
    format!("[[patches]]\ntarget = {{ {target} }}\npatch = '[{operation}]'\n")
}

/// Gives an annotation another value.
fn annotated(name: &str, value: &str) -> String {
    let path = format!("/metadata/annotations/nginx.ingress.kubernetes.io~1{name}");
    ingress(&json!({ "op": "replace", "path": path, "value": value }))
}

/// Gives a part of the Ingress another value.
fn replaced(path: &str, value: &str) -> String {
    ingress(&json!({ "op": "replace", "path": path, "value": value }))
}

/// An Ingress of others, with a second path of the first host.
fn other(path: &str, service: &str, annotations: &Value) -> Value {
    let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
    let paths = json!([{ "path": path, "pathType": "Prefix", "backend": backend }]);
    let rules = json!([{ "host": "a.example.com", "http": { "paths": paths } }]);
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": "other", "namespace": "default", "annotations": annotations },
        "spec": { "ingressClassName": "nginx", "rules": rules },
    })
}

pub fn all(coverage: &mut Coverage) {
    let sandbox = Sandbox::with_toml(SPEC);
    for command in ["issue", "cert revoke bob", "issue"] {
        let words: Vec<&str> = command.split(' ').chain(["-q", "--at", "2030-01-01"]).collect();
        sandbox.ok(&words);
    }
    let mut spoil = |head: &str, change: &str| {
        sandbox.write("mtls.toml", format!("{head}{SPEC}{change}"));
        let run = run(coverage, &sandbox, "render --at 2030-01-01", &[]);
        assert_eq!(run.status, 2, "{change}: {}", run.stderr);
    };
    let backend = "/spec/rules/0/http/paths/0";
    for change in [
        annotated("auth-tls-verify-depth", "9"),
        annotated("auth-tls-match-cn", "CN=.*"),
        annotated("auth-tls-match-cn", "CN=$.|^(CN=nobody)$"),
        annotated("auth-tls-pass-certificate-to-upstream", "false"),
        annotated("auth-tls-secret", ""),
        annotated("auth-tls-secret", "default/missing"),
        replaced("/spec/tls/0/secretName", "other"),
        replaced(&format!("{backend}/path"), "/page"),
        replaced(&format!("{backend}/backend/service/name"), "missing"),
        replaced(&format!("{backend}/backend/service/name"), "other"),
        ingress(&json!({
            "op": "add", "path": "/metadata/annotations/nginx.ingress.kubernetes.io~1permanent-redirect",
            "value": "https://elsewhere.example.com",
        })),
    ] {
        spoil("", &change);
    }
    let head = "templates = \"templates\"\n";
    let secret = "kind = \"Secret\", name = \"a-example-com-tls-cacert\"";
    let empty = patch(secret, &json!({ "op": "replace", "path": "/data", "value": {} }));
    let asking = json!({
        "nginx.ingress.kubernetes.io/auth-tls-secret": "default/a-example-com-tls-cacert",
        "nginx.ingress.kubernetes.io/auth-tls-verify-client": "on",
    });
    let canary = json!({
        "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "50",
    });
    for (path, service, annotations, change) in [
        ("/more", "web", &json!({}), empty.as_str()),
        ("/", "missing", &asking, ""),
        ("/", "other", &asking, ""),
        ("/", "other", &canary, ""),
    ] {
        let other = other(path, service, annotations);
        sandbox.write("templates/other.yaml.j2", format!("{{# Of others. -#}}\n{other}\n"));
        spoil(head, change);
    }
    let strict =
        "controllers = [{ name = \"traefik\", version = \"3.7.15\", strictTlsOptions = true }]\n";
    spoil(strict, "");
}
