//! Annotations that change which clients are admitted, or what the service hears of clients; and what the spec allows by name.

use super::{Refused, SPEC};
use crate::support::Sandbox;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";
const SNIPPETS: [&str; 5] = [
    "auth-snippet",
    "configuration-snippet",
    "modsecurity-snippet",
    "server-snippet",
    "stream-snippet",
];
/// What no list of words finds.
const WRITTEN: [&str; 3] =
    ["location /x { proxy_pass http://web; }", "set $force_no_ssl_redirect 1;", "# nothing"];

/// An annotation of the protected host.
fn annotated(annotation: &str, value: &str) -> String {
    format!("[hosts.\"a.example.com\".annotations]\n\"{PREFIX}{annotation}\" = '{value}'\n")
}

/// The spec with a permission of one of its hosts.
fn allowing(host: &str, annotation: &str, added: &str) -> Sandbox {
    let host = format!("[hosts.\"{host}\"]\n");
    let allowed = format!("{host}allowAnnotations = [\"{PREFIX}{annotation}\"]\n");
    Sandbox::with_toml(&format!("{}\n{added}", SPEC.replace(&host, &allowed)))
}

#[test]
fn what_the_service_hears() {
    let mut refused = Refused::default();
    for (annotation, value, words) in [
        ("backend-protocol", "FCGI", "FastCGI passes on all headers that the client sends"),
        ("backend-protocol", "grpc", "for `GRPC` in capitals alone"),
        ("mirror-target", "https://mirror.example.com", "the target hears the client's own"),
        ("default-backend", "web", "that service hears the client's own"),
        ("auth-response-headers", "ssl-client-subject-dn", "would then write the header"),
        ("auth-proxy-set-headers", "headers", "a ConfigMap that mtlsgen does not see"),
        ("upstream-vhost", "$http_x", "lets clients choose the host name"),
    ] {
        refused.expect_added(&annotated(annotation, value), &["[annotation-opens]", words]);
    }
}

#[test]
fn snippets_with_any_content() {
    let mut refused = Refused::default();
    for annotation in SNIPPETS {
        for value in WRITTEN {
            refused.expect_added(
                &annotated(annotation, value),
                &[
                    "[annotation-opens]",
                    annotation,
                    "allowAnnotations",
                    "annotations-risk-level: Critical",
                ],
            );
        }
    }
}

#[test]
fn snippets_of_an_open_host_that_the_controller_refuses() {
    let mut refused = Refused::default();
    for annotation in SNIPPETS {
        let added = format!(
            "[hosts.\"public.example.com\".annotations]\n\"{PREFIX}{annotation}\" = \"# nothing\"\n"
        );
        let words = ["[annotation-too-risky]", "allow-snippet-annotations: \"true\"", annotation];
        refused.expect_added(&added, &words);
        refused.expect_added(
            &format!(
                "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"public-example-com\" }}\npatch = 'metadata: {{annotations: {{{PREFIX}{annotation}: \"# nothing\"}}}}'\n"
            ),
            &words,
        );
    }
}

#[test]
fn annotations_that_mtlsgen_does_not_know() {
    let mut refused = Refused::default();
    refused.expect_added(&annotated("something-new", "x"), &["mtlsgen does not know what it does"]);
    refused.expect_added(
        &annotated("proxy-body-sise", "8m"),
        &["did you mean `nginx.ingress.kubernetes.io/proxy-body-size`?"],
    );
    refused.expect_added(
        &annotated("proxy-body-size", "8m; proxy_pass http://web"),
        &["the controller does not accept the value"],
    );
}

#[test]
fn patches_and_templates() {
    let mut refused = Refused::default();
    for (annotation, value) in [
        ("server-snippet", WRITTEN[0]),
        ("configuration-snippet", WRITTEN[1]),
        ("backend-protocol", "FCGI"),
    ] {
        let name = format!("{PREFIX}{annotation}");
        let patch = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-example-com\" }}\npatch = '''metadata: {{annotations: {{{name}: \"{value}\"}}}}'''\n"
        );
        // Snippets have the controller pass over the Ingress, unless its settings let it read them.
        refused.expect_added(&patch, &["error[host-", &name]);

        // An Ingress of others for the host, with all that protects it.
        let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{SPEC}"));
        sandbox.write("templates/other.yaml.j2", another_ingress(&name, value));
        refused.expect(
            &name,
            &sandbox,
            &["[host-unprotected]", "the Ingress `default/other`", &name],
        );
        sandbox.write("templates/other.yaml.j2", another_ingress("example.com/x", value));
        sandbox.ok(&["render"]);
    }
}

/// An Ingress of the protected host beside that of mtlsgen.
fn another_ingress(annotation: &str, value: &str) -> String {
    let ours = [
        ("auth-tls-secret", "default/a-example-com-tls-cacert"),
        ("auth-tls-verify-client", "on"),
        ("auth-tls-verify-depth", "1"),
        ("auth-tls-pass-certificate-to-upstream", "true"),
        ("force-ssl-redirect", "true"),
    ];
    let ours: String =
        ours.map(|(name, value)| format!("    {PREFIX}{name}: \"{value}\"\n")).concat();
    format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: other
  namespace: default
  annotations:
    {annotation}: \"{value}\"
{ours}spec:
  ingressClassName: nginx
  tls: [{{hosts: [a.example.com], secretName: a-example-com-tls-server}}]
  rules:
  - host: a.example.com
    http: {{paths: [{{path: /x, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}
"
    )
}

#[test]
fn what_is_allowed_by_name_is_printed_and_called_unknown() {
    let unknown = "host `a.example.com` allows `nginx.ingress.kubernetes.io/server-snippet`, whose effect mtlsgen does not know: which clients are admitted is not known";
    let own = annotated("server-snippet", WRITTEN[0]);
    let patch = format!(
        "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-example-com\" }}\npatch = '''metadata: {{annotations: {{{PREFIX}server-snippet: \"{}\"}}}}'''\n",
        WRITTEN[0]
    );
    for added in [own, patch] {
        let run = allowing("a.example.com", "server-snippet", &added).ok(&["render"]);
        assert!(run.stdout.contains("location /x { proxy_pass http://web; }"), "{}", run.stdout);
        assert!(run.stderr.contains("warning[annotation-allowed]"), "{}", run.stderr);
        assert!(run.stderr.contains(unknown), "{}", run.stderr);
        assert!(!run.stderr.contains("in-vain"), "{}", run.stderr);
    }
    let other = allowing(
        "a.example.com",
        "server-snippet",
        &annotated("configuration-snippet", WRITTEN[0]),
    );
    let mut refused = Refused::default();
    refused.expect("another name", &other, &["configuration-snippet", "[annotation-opens]"]);
}

#[test]
fn what_is_allowed_on_an_open_host_is_named() {
    let run = allowing(
        "public.example.com",
        "server-snippet",
        "[hosts.\"public.example.com\".annotations]\n\"nginx.ingress.kubernetes.io/server-snippet\" = \"# x\"\n",
    )
    .ok(&["render"]);
    assert!(
        run.stderr.contains("it can reach protected hosts of the same controller"),
        "{}",
        run.stderr
    );
}

#[test]
fn status_does_not_know_which_clients_such_a_host_admits() {
    let added = annotated("server-snippet", "# nothing");
    let sandbox = allowing("a.example.com", "server-snippet", &added);
    sandbox.ok(&["render", "-o", "out"]);
    let without = std::fs::read_to_string(sandbox.path("mtls.toml")).unwrap();
    let without = without.replace("[clients.alice]\nissuer = \"clients\"\n", "");
    sandbox.write("mtls.toml", &without);
    let run = sandbox.ok(&["render", "-o", "out"]);
    assert!(
        run.stderr.contains("its certificate may still open `a.example.com`"),
        "{}",
        run.stderr
    );
    let status = sandbox.ok(&["status"]).stdout;
    assert!(status.contains("a.example.com (not known)"), "{status}");
}
