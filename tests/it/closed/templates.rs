//! Templates that take protection away, add a way around it, or are not templates at all.

use super::{Refused, SPEC};
use crate::support::Sandbox;

/// A template of the user in the place of, or beside, the built-in ones.
fn with_template(name: &str, text: &str) -> Sandbox {
    let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{SPEC}"));
    sandbox.write(&format!("templates/{name}"), text);
    sandbox
}

#[test]
fn templates_that_lose_what_protects() {
    let mut refused = Refused::default();
    let ingress = crate::support::run(&["templates", "ingress-nginx/ingress.yaml.j2"]).stdout;
    let without = |from: &str, to: &str| {
        assert!(ingress.contains(from), "{from}");
        ingress.replace(from, to)
    };
    for (called, text, words) in [
        (
            "no annotations",
            without("  annotations:{{ annotations | block(4) }}\n", ""),
            "lacks `nginx.ingress.kubernetes.io/auth-tls-secret",
        ),
        ("no tls", without("{% if tls %}", "{% if false %}"), "no `tls` entry for `a.example.com`"),
        (
            "default backend",
            without(
                "  rules:\n  - host: {{ host }}\n    http:\n      paths:\n",
                "  defaultBackend: {service: {name: web, port: {number: 80}}}\n{% if false %}",
            ) + "{% endif %}",
            "rule for `a.example.com`",
        ),
        (
            "another class",
            without("{{ ingressClassName }}", "other"),
            "another ingress class than `nginx`",
        ),
        (
            "old version",
            without("networking.k8s.io/v1", "networking.k8s.io/v1beta1"),
            "networking.k8s.io/v1",
        ),
        ("another name", without("name: {{ name }}\n", "name: x\n"), "a-example-com"),
        ("two of them", format!("{ingress}---\n{ingress}"), "must give one object"),
        ("nothing", String::new(), "must give one object"),
        ("another kind", without("kind: Ingress", "kind: Service"), "must give"),
        ("misspelt field", without("pathType", "pathTyp"), "pathTyp"),
        ("broken YAML", without("spec:", "spec: ["), "does not give YAML"),
        ("twice the same key", without("spec:", "spec: {}\nspec:"), "does not give YAML"),
        ("undefined", without("{{ host }}", "{{ hostt }}"), "hostt"),
        ("broken syntax", without("{{ host }}", "{{ host "), "ingress.yaml.j2"),
        (
            "without end",
            "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}"
                .to_owned(),
            "ingress.yaml.j2",
        ),
        (
            "calls itself",
            "{% include 'ingress-nginx/ingress.yaml.j2' %}".to_owned(),
            "ingress.yaml.j2",
        ),
    ] {
        refused.expect(called, &with_template("ingress-nginx/ingress.yaml.j2", &text), &[words]);
    }
}

#[test]
fn templates_that_lose_the_bundle() {
    let mut refused = Refused::default();
    let secret = crate::support::run(&["templates", "secret.yaml.j2"]).stdout;
    for (called, text, words) in [
        (
            "another key",
            secret.replace(
                "data:{{ data | block(2) }}",
                "data: {ca.pem: {{ data['ca.crt'] if 'ca.crt' in data else 'eA==' }}}",
            ),
            "no certificate under `ca.crt`",
        ),
        ("no data", secret.replace("data:{{ data | block(2) }}\n", ""), "ca.crt"),
        (
            "data that is not base64",
            secret.replace(
                "data:{{ data | block(2) }}",
                "data: {ca.crt: '-----BEGIN CERTIFICATE-----'}",
            ),
            "base64",
        ),
    ] {
        assert_ne!(text, secret, "{called}");
        refused.expect(called, &with_template("secret.yaml.j2", &text), &[words]);
    }
}

#[test]
fn further_templates_that_open_the_host() {
    let mut refused = Refused::default();
    let ingress = |head: &str, host: &str| {
        format!(
            "{head}metadata: {{name: second, namespace: default, annotations: {{nginx.ingress.kubernetes.io/auth-tls-secret: default/a-example-com-tls-cacert, nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"}}}}\nspec:\n  ingressClassName: nginx\n  \
             tls: [{{hosts: [{host}], secretName: x}}]\n  rules:\n  - host: {host}\n    http: {{paths: [{{path: /open, pathType: Prefix, \
             backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}\n"
        )
    };
    let plain = ingress("apiVersion: networking.k8s.io/v1\nkind: Ingress\n", "a.example.com");
    let indented = plain.replace('\n', "\n    ");
    for (called, text, words) in [
        ("second Ingress", plain.clone(), "default/second"),
        (
            "second Ingress in a List",
            format!("apiVersion: v1\nkind: List\nitems:\n  - {indented}"),
            "default/second",
        ),
        (
            "second Ingress in an IngressList",
            format!("apiVersion: networking.k8s.io/v1\nkind: IngressList\nmetadata: {{name: x}}\nitems:\n  - {indented}"),
            "default/second",
        ),
        (
            "list of an unknown kind",
            format!("apiVersion: example.com/v1\nkind: Custom\nmetadata: {{name: x}}\nitems:\n  - {indented}"),
            "default/second",
        ),
        (
            "List in a List",
            format!("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  metadata: {{name: x}}\n  items:\n  - {indented}"),
            "default/second",
        ),
        (
            "named by the server",
            plain.replace("name: second", "generateName: second-"),
            "name",
        ),
        (
            "old group",
            ingress("apiVersion: extensions/v1beta1\nkind: Ingress\n", "a.example.com"),
            "second",
        ),
        (
            "the built-in one again",
            ingress("apiVersion: networking.k8s.io/v1\nkind: Ingress\n", "x.example.com")
                .replace("name: second,", "name: a-example-com,"),
            "is there twice",
        ),
        (
            "the trust Secret again",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a-example-com-tls-cacert, namespace: default}\ntype: Opaque\n".to_owned(),
            "is there twice",
        ),
        (
            "an authority's key",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {ca.key: x}\n".to_owned(),
            "ca.key",
        ),
        ("no object", "just: text\n".to_owned(), "apiVersion"),
        ("a scalar", "text\n".to_owned(), "second.yaml.j2"),
        ("undefined", "a: {{ model.nothing.at.all }}\n".to_owned(), "second.yaml.j2"),
        ("without end", "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}".to_owned(), "second.yaml.j2"),
    ] {
        refused.expect(called, &with_template("second.yaml.j2", &text), &[words]);
    }
}

#[test]
fn a_patch_makes_a_list_of_an_object() {
    let sandbox = with_template(
        "second.yaml.j2",
        "apiVersion: example.com/v1\nkind: Custom\nmetadata: {name: x, namespace: default}\n",
    );
    let spec = sandbox.read("mtls.toml");
    sandbox.write(
        "mtls.toml",
        spec + "[[patches]]\ntarget.kind = \"Custom\"\npatch = 'items: [{kind: Ingress}]'\n",
    );
    Refused::default().expect("items", &sandbox, &["`items`"]);
}
