//! What specs, templates and patches do wrong, and what is said of the objects that they make.

use super::{SPEC, around, expect};
use crate::support::Sandbox;
use mtlsgen::diagnostic::{Diagnostic, Severity, human};

const INGRESS: &str = "target = { kind = \"Ingress\" }\n";
const BUNDLE: &str = "target = { kind = \"Secret\", name = \"web-example-com-tls-cacert\" }\n";
const CONTROLLER: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
        - name: controller
          image: registry.k8s.io/ingress-nginx/controller:v1.11.0
          args: [/nginx-ingress-controller]
";

#[test]
fn templates() {
    for (name, text, message) in [
        ("service.yaml.j2", "a: {{ nmae }}\n", "error[template-undefined]"),
        (
            "service.yaml.j2",
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "error[template-endless]",
        ),
        ("service.yaml.j2", "{% include 'nothing.yaml.j2' %}", "error[template-missing]"),
        ("service.yaml.j2", "{{ name | safe }}", "error[template-failed]"),
        ("service.yaml.j2", "{% if name %}", "error[template-malformed]"),
        ("service.yaml.j2", "", "error[template-output]"),
        ("servce.yaml.j2", "x: y", "error[template-misnamed]"),
        ("notes.txt", "x: y", "warning[not-a-template]"),
        (
            "more.yaml.j2",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n",
            "error[object-twice]",
        ),
        (
            "more.yaml.j2",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: z}\nstringData: {ca.key: x}\n",
            "error[authority-key-in-secret]",
        ),
    ] {
        let sandbox = around("templates = \"templates\"\n", "");
        sandbox.write(&format!("templates/{name}"), text);
        expect(&sandbox, &["render"], message);
    }
}

#[test]
fn patches() {
    for (target, patch, message) in [
        ("target = { kind = \"Ingres\" }\n", "\"spec: {}\"", "error[patch-unmatched]"),
        (INGRESS, "[{ op = \"remove\", path = \"/nothing\" }]", "error[patch-failed]"),
        (INGRESS, "\"spec: {$patch: nothing}\"", "error[patch-malformed]"),
        (BUNDLE, "\"stringData: {tls.key: a}\"", "error[key-beside-bundle]"),
        (
            INGRESS,
            "\"metadata: {annotations: {cert-manager.io/issuer: x}}\"",
            "error[certificate-contested]",
        ),
    ] {
        let sandbox = around("", &format!("[[patches]]\n{target}patch = {patch}\n"));
        expect(&sandbox, &["render"], message);
    }
}

#[test]
fn controllers() {
    let certificate = "tls.certManager = { clusterIssuer = \"le\" }";
    let acme = SPEC.replace("tls.issuer = \"self-signed\"", certificate);
    let traefik = "controllers = [{ name = \"traefik\", version = \"3.7.9\" }]\n";
    let sandbox = Sandbox::with_toml(&format!("{traefik}{acme}"));
    expect(&sandbox, &["render"], "warning[challenge-unprotected]");
    let declared = "controllers = [{ name = \"ingress-nginx\", version = \"1.15.1\" }]\n";
    let sandbox = around(&format!("templates = \"templates\"\n{declared}"), "");
    sandbox.write("templates/controller.yaml.j2", CONTROLLER);
    expect(&sandbox, &["render"], "warning[controller-contradicted]");
    let nameless = around("controllers = [{ version = \"1.15.1\" }]\n", "");
    expect(&nameless, &["render"], "error[controller]");
}

#[test]
fn objects_that_are_asked_about() {
    let sandbox = Sandbox::new();
    sandbox.write("objects.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    sandbox.write("broken.yaml", "a: [");
    expect(&sandbox, &["access", "objects.yaml"], "warning[no-hosts]");
    expect(&sandbox, &["access", "broken.yaml"], "error[objects]");
    expect(&sandbox, &["access", "absent.yaml"], "error[input]");
}

#[test]
fn ingresses_of_a_chart() {
    let exposed = "existingIngress = { name = \"shop\" }\ntls.secretName = \"own\"\n";
    let sandbox = Sandbox::with_toml(&format!(
        "[cas.clients]\n[hosts.\"a.example.com\"]\n{exposed}clientAuth.cas = [\"clients\"]\n"
    ));
    sandbox.ok(&["render", "-q", "--kind", "Secret"]);
    let chart = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: default}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.example.com], secretName: theirs}]
  rules:
  - host: a.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
";
    for (chart, message) in [
        (chart.to_owned(), "error[tls-other-secret]"),
        (chart.replace("host: a.", "host: b."), "error[rule-missing]"),
    ] {
        let run = sandbox.run_with_input(&["post-render"], chart);
        assert!(run.status == 2 && run.stderr.contains(message), "{message}: {}", run.stderr);
    }
}

#[test]
fn included_files() {
    for (text, message) in [
        ("include = [\"mtls.toml\"]\n", "error[include-loop]"),
        ("include = [\"none.toml\"]\n", "error[include-unreadable]"),
    ] {
        expect(&Sandbox::with_toml(text), &["render"], message);
    }
    let names: Vec<String> = (0..101).map(|at| format!("\"{at}.toml\"")).collect();
    let sandbox = Sandbox::with_toml(&format!("include = [{}]\n", names.join(", ")));
    for at in 0..101 {
        sandbox.write(&format!("{at}.toml"), "");
    }
    expect(&sandbox, &["render"], "error[too-many-includes]");
}

#[test]
fn plugins() {
    let config = "apiVersion: mtlsgen.dev/v1alpha1
kind: MutualTLS
metadata: {name: shop, namespace: x}
plugin: {issue: missingOrDue}
spec:
  cas: {clients: {}}
  services: {shop: {existing: true, port: 80}}
  hosts:
    shop.example.com: {service: shop, tls: {issuer: self-signed}, clientAuth: {cas: [clients]}}
";
    let sandbox = Sandbox::new();
    sandbox.write("mtls.yaml", config);
    expect(&sandbox, &["render"], "warning[ignored-key]");
    expect(&sandbox, &["argo-cd", "generate"], "error[issue-in-argo-cd]");
    expect(&sandbox, &["argo-cd", "generate"], "error[plain-secret]");
}

#[test]
fn hosts() {
    let sandbox = around("", "clientAuth.secretName = \"web-example-com-tls\"\n");
    expect(&sandbox, &["render"], "error[combined-secret]");
    let twice = SPEC.replace("[\"clients\"]", "[\"clients\", \"clients\"]");
    expect(&Sandbox::with_toml(&twice), &["render"], "warning[repeated]");
    let open = "[hosts.\"open.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth = false\n";
    let wildcard = SPEC.replace("\"web.example.com\"", "\"*.example.com\"");
    let sandbox = Sandbox::with_toml(&format!("{wildcard}{open}"));
    expect(&sandbox, &["render"], "notice[wildcard-not-inherited]");
}

#[test]
fn more_messages_than_are_shown() {
    let keys: String = (0..500).map(|at| format!("key{at} = 1\n")).collect();
    expect(&Sandbox::with_toml(&keys), &["render"], "error[too-many-mistakes]");
    for (severity, message) in [
        (Severity::Warning, "warning[too-many-mistakes]"),
        (Severity::Notice, "notice[too-many-mistakes]"),
    ] {
        let one =
            |at: i32| Diagnostic { severity, ..Diagnostic::notice("repeated", at.to_string()) };
        let all: Vec<Diagnostic> = (0..500).map(one).collect();
        assert!(human::render(&all, false, 120).contains(message), "{severity:?}");
    }
}
