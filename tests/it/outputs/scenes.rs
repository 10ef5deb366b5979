//! Projects in all states, and what every command prints of them.

use std::fs;

use serde_json::{Value, json};

use super::coverage::Coverage;
use super::printed;
use crate::support::{Run, Sandbox};

const SPEC: &str = r#"
[cas.root]
[cas.clients]
issuer = "root"
[cas.others]
[clients.alice]
issuer = "clients"
[clients.bob]
issuer = "clients"
[services.web]
image = "httpd"
port = 80
[services.other]
existing = true
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
clientAuth.allow = ["alice"]
[hosts."b.example.com"]
service = "other"
tls.issuer = "others"
clientAuth.cas = ["others", "clients"]
[hosts."c.example.com"]
service = "other"
tls.issuer = "self-signed"
clientAuth.secretName = "elsewhere/ca"
[hosts."open.example.com"]
service = "other"
tls.issuer = "self-signed"
"#;

/// Runs the program at a day of January 2030, and counts what it prints.
pub fn run(coverage: &mut Coverage, sandbox: &Sandbox, command: &str, more: &[&str]) -> Run {
    let words: Vec<&str> = command.split_whitespace().chain(more.iter().copied()).collect();
    let arguments = [&words[..], &["--message-format", "json"]].concat();
    let run = sandbox.run(&arguments);
    assert!(!run.stderr.contains("unknown-key"), "{arguments:?}: {}", run.stderr);
    let all = printed(&arguments, &run);
    let is_asked = words.contains(&"--format");
    assert!(
        !is_asked || all.iter().any(|(name, _)| *name != "message"),
        "{arguments:?}: {}",
        run.stderr
    );
    for (name, value) in all {
        coverage.add(name, &value);
    }
    run
}

pub fn all(coverage: &mut Coverage) {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.may_hold_keys("imported");
    of_spec(coverage, &sandbox);
    of_folder(coverage, &sandbox);
    of_access(coverage, &sandbox);
    of_gateways(coverage, &sandbox);
    of_status(coverage, &sandbox);
    rotated(coverage, &sandbox);
    late(coverage);
    imported(coverage, &sandbox);
    of_build(coverage);
}

fn of_spec(coverage: &mut Coverage, sandbox: &Sandbox) {
    for command in [
        "list",
        "spec --set namespace=x",
        "spec --merged --set namespace=x",
        "templates",
        "templates ingress-nginx/ingress.yaml.j2",
        "explain",
        "explain unknown-key",
        "status --at 2030-01-01",
        "render --dry-run --at 2030-01-01",
        "render -o out --check --at 2030-01-01",
        "issue --dry-run --at 2030-01-01",
        "diff out --at 2030-01-01",
    ] {
        run(coverage, sandbox, command, &["--format", "json"]);
    }
    // A mistake with a place, and one that another place explains.
    run(coverage, sandbox, "status --set clients.alice.issuer=nobody", &[]);
    run(coverage, sandbox, "status --set clients.bob.subject=CN=alice", &[]);
}

fn of_folder(coverage: &mut Coverage, sandbox: &Sandbox) {
    let json = &["--format", "json"];
    run(coverage, sandbox, "render -o out --at 2030-01-01", json);
    run(coverage, sandbox, "render --at 2030-01-01", json);
    run(coverage, sandbox, "diff out --at 2030-01-01 --set namespace=x", json);
    run(coverage, sandbox, "render -o changed --at 2030-01-01 -q", &[]);
    sandbox.write("changed/default/ingress-open-example-com.yaml", "mine: true\n");
    let without = "hosts.\"open.example.com\"=null";
    let check = "render -o changed --check --at 2030-01-01 --set";
    run(coverage, sandbox, check, &[without, "--format", "json"]);
    sandbox.ok(&["render", "-q", "-o", "clone", "--at", "2030-01-01"]);
    fs::remove_dir_all(sandbox.path("clone/secrets")).unwrap();
    run(coverage, sandbox, "render -o clone --check --at 2030-01-01", json);
    let revoked = [
        "--set",
        "clients.alice.revoked=true",
        "--set",
        "hosts.\"a.example.com\".clientAuth.allow=null",
        "--format",
        "json",
    ];
    for command in ["diff out", "render -o out --check", "render --dry-run"] {
        run(coverage, sandbox, &format!("{command} --at 2030-01-02"), &revoked);
    }
}

fn of_access(coverage: &mut Coverage, sandbox: &Sandbox) {
    let json = &["--format", "json"];
    run(coverage, sandbox, "access --at 2030-01-01", json);
    let two = "controllers=[{ name = \"ingress-nginx\" }, { name = \"traefik\" }]";
    let all = "hosts.\"a.example.com\".clientAuth.allow=null";
    let set = [two, "--set", all, "--format", "json"];
    run(coverage, sandbox, "access --at 2030-01-01 --set", &set);
    let canary = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": "canary", "namespace": "default", "annotations": {
            "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "50",
        } },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": "open.example.com", "http": { "paths": [
            { "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "web", "port": { "number": 80 } } } },
        ] } }] },
    });
    let settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "ingress-nginx-controller", "namespace": "ingress-nginx" },
        "data": { "use-forwarded-headers": "true" },
    });
    sandbox.write("more/canary.json", canary.to_string());
    sandbox.write("more/settings.json", settings.to_string());
    run(coverage, sandbox, "access out more --at 2030-01-01", json);
    sandbox.ok(&["render", "-q", "-o", "forwarded", "--at", "2030-01-01"]);
    sandbox.write("forwarded/settings.json", settings.to_string());
    run(coverage, sandbox, "access --diff out forwarded --at 2030-01-01", json);
}

/// Addresses and ports of their own.
fn of_gateways(coverage: &mut Coverage, sandbox: &Sandbox) {
    let json = &["--format", "json", "--controller", "envoy-gateway"];
    let gateway = |port: u16| {
        let api = "gateway.networking.k8s.io/v1";
        let metadata = json!({ "name": "web", "namespace": "default" });
        let listener = json!({ "name": "a", "port": port, "protocol": "HTTPS", "hostname": "a.example.com", "tls": { "certificateRefs": [{ "name": "server" }] } });
        let rule = json!({ "backendRefs": [{ "name": "web", "port": 80 }] });
        let items = [
            json!({ "apiVersion": api, "kind": "GatewayClass", "metadata": { "name": "eg" }, "spec": { "controllerName": "gateway.envoyproxy.io/gatewayclass-controller" } }),
            json!({ "apiVersion": api, "kind": "Gateway", "metadata": metadata, "spec": { "gatewayClassName": "eg", "listeners": [listener] } }),
            json!({ "apiVersion": api, "kind": "HTTPRoute", "metadata": metadata, "spec": { "parentRefs": [{ "name": "web" }], "rules": [rule] } }),
        ];
        json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
    };
    sandbox.write("gateways.json", gateway(8443));
    sandbox.write("moved.json", gateway(9443));
    run(coverage, sandbox, "access gateways.json --at 2030-01-01", json);
    run(coverage, sandbox, "access --diff gateways.json moved.json --at 2030-01-01", json);
    let arguments = [
        "post-render",
        "--at",
        "2030-01-01",
        "--set",
        "controllers=[{ name = \"envoy-gateway\" }]",
        "--message-format",
        "json",
    ];
    let run = sandbox.run_with_input(&arguments, gateway(443));
    for (name, value) in printed(&arguments, &run) {
        coverage.add(name, &value);
    }
}

fn of_status(coverage: &mut Coverage, sandbox: &Sandbox) {
    let json = &["--format", "json"];
    for command in [
        "cert renew alice --at 2030-01-02",
        "cert revoke bob --comment lost --reason keyCompromise --at 2030-01-02",
        "render --dry-run --at 2030-01-03",
        "issue --at 2030-01-03",
        "status --all --at 2030-01-03",
        "status --all --at 2040-01-01",
    ] {
        run(coverage, sandbox, command, json);
    }
    let snippet = "nginx.ingress.kubernetes.io/configuration-snippet";
    let unknown = [
        format!("hosts.\"b.example.com\".annotations={{ \"{snippet}\" = \"x\" }}"),
        format!("hosts.\"b.example.com\".allowAnnotations=[\"{snippet}\"]"),
    ];
    let [annotations, allowed] = unknown.each_ref().map(String::as_str);
    let set = ["--set", annotations, "--set", allowed, "--format", "json"];
    run(coverage, sandbox, "status --all --at 2030-01-03", &set);
}

fn rotated(coverage: &mut Coverage, sandbox: &Sandbox) {
    let json = &["--format", "json"];
    for command in [
        "ca rotate others --plan --at 2030-01-03",
        "ca rotate clients --dry-run --at 2030-01-03",
        "ca rotate clients --at 2030-01-03",
        "ca rotate clients --activate --at 2030-01-03",
        "issue --at 2030-01-03",
        "ca rotate clients --plan --at 2030-01-04",
        "status --all --at 2030-01-04",
        "ca rotate clients --retire --force --at 2030-01-04",
    ] {
        run(coverage, sandbox, command, json);
    }
}

/// Too late to roll over without cutting certificates short.
fn late(coverage: &mut Coverage) {
    let sandbox = Sandbox::with_toml(
        "[cas.ca]\nduration = \"100d\"\n[clients.alice]\nissuer = \"ca\"\nduration = \"90d\"\n",
    );
    sandbox.ok(&["issue", "-q", "--at", "2030-01-01"]);
    run(coverage, &sandbox, "ca rotate ca --plan --at 2030-02-01", &["--format", "json"]);
}

fn imported(coverage: &mut Coverage, sandbox: &Sandbox) {
    sandbox.write("nonsense.txt", "nonsense\n");
    let import = "import pki nonsense.txt -o imported --at 2030-01-05";
    run(coverage, sandbox, import, &["--format", "json"]);
    // A default backend would be missed, and so would an annotation that a protected host must not have.
    let ingress = |name: &str, notes: Value, has_default: bool| {
        let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
        let paths = json!([{ "path": "/api", "pathType": "Prefix", "backend": backend }]);
        let mut spec = json!({ "ingressClassName": "nginx", "rules": [{ "host": format!("{name}.example.com"), "http": { "paths": paths } }] });
        if has_default {
            spec["defaultBackend"] = backend;
        }
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": name, "annotations": notes }, "spec": spec })
    };
    let prefix = "nginx.ingress.kubernetes.io/";
    let notes = json!({ format!("{prefix}auth-tls-secret"): "default/ca", format!("{prefix}ssl-passthrough"): "true" });
    let items = [ingress("behind", json!({}), true), ingress("passed", notes, false)];
    sandbox.write(
        "ingresses.json",
        json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string(),
    );
    run(
        coverage,
        sandbox,
        "import ingresses.json -o unwritten --dry-run --at 2030-01-05",
        &["--format", "json"],
    );
}

/// A kustomization with two plugins.
fn of_build(coverage: &mut Coverage) {
    let sandbox = Sandbox::new();
    sandbox.write("kustomization.yaml", "generators: [function.yaml, plugin.yaml]\n");
    let head = "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nspec: {}\nmetadata:\n";
    let function = "  name: a\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./mtlsgen, args: [kustomize]}\n";
    sandbox.write("function.yaml", format!("{head}{function}"));
    sandbox.write("plugin.yaml", format!("{head}  name: b\n"));
    let kustomize = sandbox.write("bin/kustomize", "#!/bin/sh\necho v5.4.2\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(kustomize, mode).unwrap();
    let arguments = ["doctor", "kustomize", "--format", "json", "--message-format", "json"];
    let mut command = sandbox.command(&arguments);
    command.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    let run = crate::support::finish(&mut command);
    for (name, value) in printed(&arguments, &run) {
        coverage.add(name, &value);
    }
}
