//! Patches that take protection away from what mtlsgen makes.

use super::{Refused, SPEC};
use crate::support::Sandbox;

const INGRESS: &str = "[[patches]]\ntarget = { kind = \"Ingress\", name = \"a-example-com\" }\n";
const SECRET: &str =
    "[[patches]]\ntarget = { kind = \"Secret\", name = \"a-example-com-tls-cacert\" }\n";

#[test]
fn merge_patches_of_the_ingress() {
    let mut refused = Refused::default();
    for (patch, words) in [
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: null}}",
            "lacks `nginx.ingress.kubernetes.io/auth-tls-secret",
        ),
        ("metadata: {annotations: null}", "auth-tls-secret"),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: \"\"}}",
            "mtlsgen makes it `default/a-example-com-tls-cacert`",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: a-example-com-tls-cacert}}",
            "mtlsgen makes it `default/a-example-com-tls-cacert`",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"}}",
            "auth-tls-verify-client: off",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/force-ssl-redirect: \"false\"}}",
            "force-ssl-redirect",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/ssl-passthrough: \"true\"}}",
            "ssl-passthrough",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/server-snippet: \"ssl_verify_client off;\"}}",
            "server-snippet",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-match-cn: CN=bob}}",
            "which mtlsgen did not set",
        ),
        ("spec: {tls: null}", "no `tls` entry for `a.example.com`"),
        ("spec: {tls: []}", "no `tls` entry for `a.example.com`"),
        ("spec: {tls: [{hosts: [b.example.com], secretName: x}]}", "no `tls` entry"),
        ("spec: {rules: null}", "rule for `a.example.com`"),
        ("spec: {rules: [{host: b.example.com}]}", "rule for `a.example.com`"),
        ("spec: {rules: [{host: a.example.com}]}", "without paths"),
        (
            "spec: {rules: null, defaultBackend: {service: {name: web, port: {number: 80}}}}",
            "rule for `a.example.com`",
        ),
        ("spec: {ingressClassName: other}", "another ingress class than `nginx`"),
        ("spec: {ingressClassName: null}", "`ingressClassName: nginx` is missing"),
        ("$patch: delete", "no path leads to a Service"),
    ] {
        let added = format!("{INGRESS}patch = '{patch}'\n");
        refused.expect(patch, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}

#[test]
fn json_patches_of_the_ingress() {
    let mut refused = Refused::default();
    for (operation, words) in [
        (
            "{op: replace, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-verify-client, value: optional}",
            "auth-tls-verify-client: optional`, and mtlsgen makes it `on`",
        ),
        (
            "{op: replace, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-secret, value: other/secret}",
            "mtlsgen makes it `default/a-example-com-tls-cacert`",
        ),
        (
            "{op: replace, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-verify-depth, value: \"-1\"}",
            "auth-tls-verify-depth",
        ),
        ("{op: remove, path: /metadata/annotations}", "auth-tls-secret"),
        ("{op: remove, path: /spec/tls}", "no `tls` entry for `a.example.com`"),
        ("{op: remove, path: /spec/rules/0/http}", "without paths"),
        ("{op: replace, path: /spec/rules/0/http/paths, value: []}", "without paths"),
        ("{op: replace, path: /kind, value: Service}", "Ingress"),
        ("{op: replace, path: /metadata/name, value: other}", "a-example-com"),
    ] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-.*\" }}\npatch = '''[{operation}]'''\n"
        );
        refused.expect(operation, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}

/// What the controller makes of these is the same.
#[test]
fn patches_that_change_nothing_pass() {
    for operation in [
        // `on` is the controller's default.
        "{op: remove, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-verify-client}",
        // The controller takes a certificate that has the name.
        "{op: replace, path: /spec/tls/0/hosts/0, value: b.example.com}",
        // What has no other server is served by that of all names, which asks for certificates.
        "{op: remove, path: /spec/rules/0/host}",
        "{op: replace, path: /spec/rules/0/host, value: '*.example.com'}",
        // The field counts.
        "{op: add, path: /metadata/annotations/kubernetes.io~1ingress.class, value: other}",
        // The controller has no such annotation.
        "{op: add, path: /metadata/annotations/nginx.ingress.kubernetes.io~1something-new, value: x}",
    ] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-.*\" }}\npatch = '''[{operation}]'''\n"
        );
        Sandbox::with_toml(&format!("{SPEC}\n{added}")).ok(&["render"]);
    }
}

#[test]
fn a_patch_gives_another_ingress_the_protected_host() {
    let mut refused = Refused::default();
    refused.expect_added(
        "[[patches]]\ntarget = { kind = \"Ingress\", name = \"public-example-com\" }\n\
         patch = '''[{op: replace, path: /spec/rules/0/host, value: a.example.com},
         {op: add, path: /metadata/annotations, value: {nginx.ingress.kubernetes.io/auth-tls-secret: default/a-example-com-tls-cacert, nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"}}]'''\n",
        &["a client without a certificate may be served at `/`", "default/public-example-com"],
    );
}

#[test]
fn patches_of_the_trust_secret() {
    let mut refused = Refused::default();
    let key = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCkFBQUEKLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=";
    for (patch, words) in [
        ("data: {ca.crt: null}".to_owned(), "no certificate under `ca.crt`"),
        ("data: null".to_owned(), "ca.crt"),
        ("data: {ca.crt: \"\"}".to_owned(), "no certificate under `ca.crt`"),
        ("stringData: {ca.crt: \"\"}".to_owned(), "no certificate under `ca.crt`"),
        (format!("data: {{ca.crt: {key}}}"), "ca.crt"),
        (format!("data: {{other: {key}}}"), "holds a private key under `other`"),
        (format!("data: {{tls.key: {key}, tls.crt: {key}}}"), "holds a private key"),
        (format!("data: {{ca.key: {key}}}"), "ca.key"),
        ("stringData: {ca.key: x}".to_owned(), "ca.key"),
        ("$patch: delete".to_owned(), "is not among the objects"),
    ] {
        let added = format!("{SECRET}patch = '''{patch}'''\n");
        refused.expect(&patch, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}
