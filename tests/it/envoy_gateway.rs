//! The target `envoy-gateway`: what it prints, what it refuses, and what its model says of changes.

use serde_json::Value;

use crate::support::Sandbox;

mod gateways;
mod lists;

const SPEC: &str = r#"
target = "envoy-gateway"
namespace = "shop"
[cas.root]
[cas.staff]
issuer = "root"
[cas.partners]
issuer = "root"
[clients.alice]
issuer = "staff"
[clients.bob]
issuer = "partners"
[services.web]
image = "httpd"
port = 80
[services.open]
image = "httpd"
port = 80
[hosts."staff.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["staff"]
[hosts."open.example.com"]
service = "open"
tls.issuer = "self-signed"
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["issue", "-q", "--at", "2030-01-01"]);
    sandbox
}

/// Status and messages of a render with these settings.
fn rendered(sandbox: &Sandbox, settings: &[&str]) -> (i32, String, String) {
    let mut arguments = vec!["render", "--at", "2030-01-01"];
    for one in settings {
        arguments.extend(["--set", one]);
    }
    let run = sandbox.run(&arguments);
    (run.status, run.stdout, run.stderr)
}

/// What `access` answers a client, by host.
fn answers(sandbox: &Sandbox, client: &str) -> Vec<(String, String)> {
    let run = sandbox.run(&["access", "--at", "2030-01-01", "--format", "json"]);
    let access: Value = serde_json::from_str(&run.stdout).unwrap();
    let of_host = |host: &Value| {
        let requests = host["requests"].as_array().unwrap();
        let is_it = |one: &&Value| one["client"] == client && one["scheme"] == "https";
        let request = requests.iter().find(is_it)?;
        let name = host["host"].as_str()?.to_owned();
        Some((name, request["verdict"].as_str()?.to_owned()))
    };
    access["hosts"].as_array().unwrap().iter().filter_map(of_host).collect()
}

#[test]
fn an_authority_below_a_shared_root_is_a_protection_of_its_own() {
    let sandbox = sandbox();
    let (code, text, messages) = rendered(&sandbox, &[]);
    assert_eq!((code, messages.contains("shared-root")), (0, false), "{messages}");
    assert_eq!(text.matches("\nkind: Gateway\n").count(), 1);
    let of = |client: &str| {
        let mut all = answers(&sandbox, client);
        all.sort();
        all.into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>()
    };
    assert_eq!(of("alice"), ["admitted", "admitted"]);
    assert_eq!(of("bob"), ["admitted", "refused"]);
    assert_eq!(of("nothing"), ["admitted", "refused"]);
}

#[test]
fn what_it_cannot_express_is_refused_with_a_way_out() {
    let sandbox = sandbox();
    let host = "hosts.\"staff.example.com\"";
    for (setting, way_out) in [
        ("clientAuth.verifyDepth=1", "`maxPathLen`"),
        ("tls={ certManager = { issuer = \"x\" } }", "a Certificate of cert-manager"),
        ("annotations={ \"nginx.ingress.kubernetes.io/x\" = \"y\" }", "remove it"),
        ("routes=[{ path = \"/a//b\", service = \"web\" }]", "without `//`"),
    ] {
        let settings = format!("{host}.{setting}");
        let (code, _, messages) = rendered(&sandbox, &[&settings]);
        assert_eq!(code, 2, "{setting}: {messages}");
        let is_said = messages.contains("error[unsupported]") && messages.contains(way_out);
        assert!(is_said, "{setting}: {messages}");
    }
    let page = format!("{host}.clientAuth.errorPage=\"https://example.com/denied\"");
    let (code, _, messages) = rendered(&sandbox, &[&page]);
    assert_eq!((code, messages.contains("warning[unsupported]")), (0, true), "{messages}");
}

#[test]
fn a_change_that_opens_a_host_is_an_error() {
    let sandbox = sandbox();
    let patched = |kind: &str, patch: &str| {
        let patches = format!(
            "patches=[{{ target = {{ kind = \"{kind}\", name = \"staff-example-com\" }}, patch = '''{patch}''' }}]"
        );
        rendered(&sandbox, &[&patches])
    };
    for (kind, patch) in [
        ("ClientTrafficPolicy", r#"{"spec":{"tls":{"clientValidation":{"mode":"Request"}}}}"#),
        ("ClientTrafficPolicy", r#"{"spec":{"tls":{"clientValidation":null}}}"#),
        (
            "ClientTrafficPolicy",
            r#"[{"op":"replace","path":"/spec/targetRefs/0/name","value":"x"}]"#,
        ),
        (
            "ClientTrafficPolicy",
            r#"[{"op":"remove","path":"/spec/targetRefs/0/sectionName"}, {"op":"replace","path":"/spec/targetRefs/0/kind","value":"ListenerSet"}]"#,
        ),
        (
            "ClientTrafficPolicy",
            r#"[{"op":"replace","path":"/spec/headers/xForwardedClientCert/mode","value":"AppendForward"}]"#,
        ),
        ("HTTPRoute", r#"[{"op":"remove","path":"/spec/parentRefs/0/sectionName"}]"#),
        (
            "HTTPRoute",
            r#"[{"op":"add","path":"/spec/parentRefs/-","value":{"name":"gateway","sectionName":"http"}}]"#,
        ),
    ] {
        let (code, _, messages) = patched(kind, patch);
        assert_eq!(code, 2, "{patch}: {messages}");
        assert!(messages.contains("error[host-unprotected]"), "{patch}: {messages}");
    }
    for (kind, patch) in [
        ("ClientTrafficPolicy", r#"{"metadata":{"labels":{"team":"a"}}}"#),
        ("HTTPRoute", r#"{"metadata":{"annotations":{"a":"b"}}}"#),
    ] {
        let (code, _, messages) = patched(kind, patch);
        assert_eq!(code, 0, "{patch}: {messages}");
    }
}

#[test]
fn routes_of_others_that_reach_a_host_are_an_error() {
    let sandbox = sandbox();
    let beside = |spec: &str| {
        let route = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: other, namespace: shop}}\nspec: {spec}\n"
        );
        sandbox.run_with_input(&["post-render", "--at", "2030-01-01"], route)
    };
    let backend = "rules: [{backendRefs: [{name: web, port: 80}]}]";
    let own = "hostnames: [staff.example.com]";
    let run = beside(&format!("{{parentRefs: [{{name: gateway}}], {own}, {backend}}}"));
    assert_eq!(run.status, 2, "by plain HTTP: {}", run.stderr);
    let other = "hostnames: [open.example.com]";
    let section = "parentRefs: [{name: gateway, sectionName: open-example-com}]";
    let run = beside(&format!("{{{section}, {other}, {backend}}}"));
    assert!(run.stderr.contains("error[host-unprotected]"), "its Service: {}", run.stderr);
}

#[test]
fn lists_are_named_once_something_is_revoked() {
    let sandbox = sandbox();
    assert!(!rendered(&sandbox, &[]).1.contains("crl:"));
    sandbox.ok(&["cert", "revoke", "alice", "-q", "--at", "2030-01-01"]);
    let leaf_alone = "onlyVerifyLeafCertificate: true";
    let (code, text, messages) = rendered(&sandbox, &[]);
    assert_eq!(code, 0, "{messages}");
    assert!(text.contains("crl:") && text.contains(leaf_alone), "an intermediate is the anchor");
    let root = "hosts.\"staff.example.com\".clientAuth.cas=[\"root\"]";
    let (code, text, messages) = rendered(&sandbox, &[root]);
    assert_eq!(code, 0, "{messages}");
    assert!(text.contains("crl:") && !text.contains(leaf_alone), "all of the chain is looked up");
}

#[test]
fn names_of_secrets_with_a_hash_are_followed() {
    let sandbox = sandbox();
    let (code, text, messages) = rendered(&sandbox, &["secrets.nameSuffixHash=true"]);
    assert_eq!(code, 0, "{messages}");
    let plain = ["name: staff-example-com-tls\n", "name: staff-example-com-tls-cacert\n"];
    assert!(plain.iter().all(|name| !text.contains(name)), "{text}");
}

#[test]
fn a_host_below_an_open_wildcard_needs_a_service_that_the_wildcard_does_not_have() {
    let sandbox = sandbox();
    let wildcard = |service: &str| {
        format!("hosts.\"*.example.com\"={{service=\"{service}\",tls.issuer=\"self-signed\"}}")
    };
    let (status, _, messages) = rendered(&sandbox, &[&wildcard("open")]);
    assert_eq!(status, 0, "{messages}");
    let (status, text, messages) = rendered(&sandbox, &[&wildcard("web")]);
    assert_eq!((status, text.as_str()), (2, ""), "{messages}");
    assert!(messages.contains("error[host-unprotected]: host `staff.example.com`"), "{messages}");
    assert!(messages.contains("a namespace, and with it a Gateway, of its own"), "{messages}");
}
