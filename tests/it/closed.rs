//! Ways to leave a protected host open without a word: each ends with status 2, a message that names the
//! thing, no output and no folder.

use crate::support::{Run, Sandbox};

/// One protected host and one public host.
const SPEC: &str = r#"
[cas.clients]
[clients.alice]
issuer = "clients"
[services.web]
image = "httpd"
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
[hosts."public.example.com"]
service = "web"
tls.issuer = "self-signed"
"#;

/// What is not refused as it must be.
#[derive(Default)]
struct Refused(Vec<String>);

impl Refused {
    /// A spec that must be refused, on the way to standard output and to a folder.
    fn expect(&mut self, called: &str, sandbox: &Sandbox, words: &[&str]) {
        let paths = || sandbox.files().into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        let before = paths();
        for arguments in [&["render"][..], &["render", "-o", "out", "--kind", "Service"]] {
            let Run { status, stdout, stderr } = sandbox.run(arguments);
            if (status, stdout.as_str()) != (2, "") {
                self.0.push(format!("{called}: {arguments:?} ends with {status}: {stderr}"));
            } else if let Some(words) = words.iter().find(|words| !stderr.contains(**words)) {
                self.0.push(format!("{called}: `{words}` is not in {stderr}"));
            }
        }
        let after = paths();
        if before != after {
            self.0.push(format!("{called}: {} files were written", after.len() - before.len()));
        }
    }

    /// The spec that renders, with lines at its end.
    fn expect_added(&mut self, added: &str, words: &[&str]) {
        self.expect(added, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), words);
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        assert!(self.0.is_empty() || std::thread::panicking(), "{}", self.0.join("\n\n"));
    }
}

#[test]
fn the_spec_that_all_cases_start_from_renders() {
    let sandbox = Sandbox::with_toml(SPEC);
    assert_eq!(sandbox.ok(&["render"]).stdout.matches("auth-tls-secret").count(), 1);
}

#[test]
fn annotations_of_the_host() {
    let mut refused = Refused::default();
    for (annotation, value) in [
        ("ssl-redirect", "false"),
        ("ssl-redirect", "False"),
        ("ssl-redirect", "0"),
        ("force-ssl-redirect", "false"),
        ("force-ssl-redirect", "f"),
        ("ssl-passthrough", "true"),
        ("ssl-passthrough", "1"),
        ("auth-tls-verify-client", "off"),
        ("auth-tls-verify-client", "on"),
        ("auth-tls-secret", ""),
        ("auth-tls-secret", "default/other"),
        ("auth-tls-verify-depth", "-1"),
        ("auth-tls-match-cn", "CN=(a|)"),
        ("auth-tls-error-page", "/path"),
        ("auth-tls-pass-certificate-to-upstream", "false"),
        ("auth-tls-new", "x"),
        ("canary", "true"),
        ("custom-http-errors", "404,496"),
        ("server-snippet", "ssl_verify_client off;"),
        ("configuration-snippet", "error_page 496 =200 /;"),
        ("server-snippet", "listen 8080;"),
    ] {
        let name = format!("nginx.ingress.kubernetes.io/{annotation}");
        let of_host = format!("[hosts.\"a.example.com\".annotations]\n\"{name}\" = \"{value}\"\n");
        let of_all = format!("[annotations]\n\"{name}\" = \"{value}\"\n");
        for added in [of_host, of_all] {
            refused.expect(&added, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[&name]);
        }
    }
    refused.expect_added(
        "[hosts.\"a.example.com\".annotations]\n\"kubernetes.io/ingress.class\" = \"other\"",
        &["kubernetes.io/ingress.class", "write `ingressClassName`"],
    );
}

#[test]
fn annotations_of_a_host_without_client_authentication() {
    let mut refused = Refused::default();
    // They would be ignored, or hold for the protected host if both were one day the same server.
    refused.expect_added(
        "[hosts.\"public.example.com\".annotations]\n\"nginx.ingress.kubernetes.io/auth-tls-verify-client\" = \"on\"",
        &["auth-tls-verify-client", "write `clientAuth.verify`"],
    );
}

#[test]
fn merge_patches_of_the_ingress() {
    let mut refused = Refused::default();
    const TARGET: &str = "[[patches]]\ntarget = { kind = \"Ingress\", name = \"a-example-com\" }\n";
    for (patch, words) in [
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: null}}",
            "lacks `nginx.ingress.kubernetes.io/auth-tls-secret",
        ),
        ("metadata: {annotations: null}", "auth-tls-secret"),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: \"\"}}",
            "must be `default/a-example-com-tls-cacert`",
        ),
        (
            "metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: a-example-com-tls-cacert}}",
            "must be `default/a-example-com-tls-cacert`",
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
        (
            "metadata: {annotations: {kubernetes.io/ingress.class: other}}",
            "overrides its ingress class",
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
        ("spec: {ingressClassName: null}", "another ingress class than `nginx`"),
        ("$patch: delete", "a-example-com"),
    ] {
        let added = format!("{TARGET}patch = '{patch}'\n");
        refused.expect(patch, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}

#[test]
fn json_patches_of_the_ingress() {
    let mut refused = Refused::default();
    for (operation, words) in [
        (
            "{op: remove, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-verify-client}",
            "lacks `nginx.ingress.kubernetes.io/auth-tls-verify-client: on`",
        ),
        (
            "{op: replace, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-verify-client, value: optional}",
            "auth-tls-verify-client: optional`, and it must be `on`",
        ),
        (
            "{op: replace, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-secret, value: other/secret}",
            "must be `default/a-example-com-tls-cacert`",
        ),
        (
            "{op: replace, path: /metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-verify-depth, value: \"-1\"}",
            "auth-tls-verify-depth",
        ),
        ("{op: remove, path: /metadata/annotations}", "auth-tls-secret"),
        ("{op: remove, path: /spec/tls}", "no `tls` entry for `a.example.com`"),
        ("{op: replace, path: /spec/tls/0/hosts/0, value: b.example.com}", "no `tls` entry"),
        ("{op: remove, path: /spec/rules/0/host}", "rule for `a.example.com`"),
        ("{op: replace, path: /spec/rules/0/host, value: '*.example.com'}", "a.example.com"),
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

#[test]
fn a_patch_makes_a_list_of_an_object() {
    let sandbox = with_template(
        "second.yaml.j2",
        "apiVersion: example.com/v1\nkind: Whatever\nmetadata: {name: x, namespace: default}\n",
    );
    let spec = sandbox.read("mtls.toml");
    sandbox.write(
        "mtls.toml",
        spec + "[[patches]]\ntarget.kind = \"Whatever\"\npatch = 'items: [{kind: Ingress}]'\n",
    );
    Refused::default().expect("items", &sandbox, &["`items`"]);
}

#[test]
fn a_patch_gives_another_ingress_the_protected_host() {
    let mut refused = Refused::default();
    refused.expect_added(
        "[[patches]]\ntarget = { kind = \"Ingress\", name = \"public-example-com\" }\n\
         patch = '[{op: replace, path: /spec/rules/0/host, value: a.example.com}]'\n",
        &["default/public-example-com", "auth-tls-secret"],
    );
}

#[test]
fn patches_of_the_trust_secret() {
    let mut refused = Refused::default();
    const TARGET: &str =
        "[[patches]]\ntarget = { kind = \"Secret\", name = \"a-example-com-tls-cacert\" }\n";
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
        let added = format!("{TARGET}patch = '''{patch}'''\n");
        refused.expect(&patch, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}

#[test]
fn merge_patches_do_not_rename() {
    let mut refused = Refused::default();
    for patch in [
        "metadata: {name: other}",
        "metadata: {name: null}",
        "metadata: {namespace: other}",
        "kind: Service",
        "apiVersion: networking.k8s.io/v1beta1",
    ] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-.*\" }}\npatch = '{patch}'\n"
        );
        refused.expect_added(&added, &["patch-renames", "Ingress `default/a-example-com`"]);
    }
    // What is the object's own, and the placeholder of Kustomize's documentation, renames nothing.
    for name in ["a-example-com", "not-important"] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-.*\" }}\n\
             patch = '{{kind: Ingress, metadata: {{name: {name}, namespace: default, labels: {{x: a}}}}}}'\n"
        );
        Sandbox::with_toml(&format!("{SPEC}\n{added}")).ok(&["render"]);
    }
}

#[test]
fn patches_do_not_hide_objects_from_pruning() {
    let mut refused = Refused::default();
    for (head, label, words) in [
        ("name = \"demo\"", "other", "it is `demo`"),
        ("name = \"demo\"", "null", "it is `demo`"),
        ("", "other", "it is set by `name` in the spec"),
    ] {
        let added = format!(
            "[[patches]]\ntarget.kind = \"Deployment\"\npatch = 'metadata: {{labels: {{mtlsgen.dev/name: {label}}}}}'\n"
        );
        let sandbox = Sandbox::with_toml(&format!("{head}\n{SPEC}\n{added}"));
        refused.expect(&added, &sandbox, &["patch-relabels", words]);
    }
}

/// The bundle of an authority that the spec does not name, in base64.
fn bundle_of_somebody_else() -> String {
    let objects = Sandbox::with_toml(SPEC).render();
    let secret = crate::support::object(&objects, "Secret", "a-example-com-tls-cacert");
    secret["data"]["ca.crt"].as_str().unwrap().to_owned()
}

#[test]
fn nobody_else_says_whom_a_host_trusts() {
    let mut refused = Refused::default();
    const TARGET: &str =
        "[[patches]]\ntarget = { kind = \"Secret\", name = \"a-example-com-tls-cacert\" }\n";
    let theirs = bundle_of_somebody_else();
    let begin = "-----BEGIN CERTIFICATE-----\\n";
    for (patch, words) in [
        (format!("data: {{ca.crt: {theirs}}}"), "something else under `ca.crt`"),
        (format!("stringData: {{ca.crt: \"{begin}\"}}"), "something else under `ca.crt`"),
        ("stringData: {ca.crl: x}".to_owned(), "no PEM block `X509 CRL`"),
        ("data: {ca.crl: \"\"}".to_owned(), "no PEM block `X509 CRL`"),
        ("type: example.com/other".to_owned(), "has the type `example.com/other`"),
    ] {
        let added = format!("{TARGET}patch = '''{patch}'''\n");
        refused.expect(&patch, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}

#[test]
fn an_existing_secret_among_the_objects_is_looked_at() {
    let mut refused = Refused::default();
    let ours = bundle_of_somebody_else();
    let sandbox = |content: &str| {
        let spec = SPEC.replace("cas = [\"clients\"]", "secretName = \"default/mine\"");
        let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{spec}"));
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: mine, namespace: default}}\n{content}\n"
        );
        sandbox.write("templates/mine.yaml.j2", &secret);
        sandbox
    };
    for (content, words) in [
        (format!("data: {{tls.crt: {ours}}}"), "no certificate under `ca.crt`"),
        ("stringData: {ca.crt: \"-----BEGIN CERTIFICATE-----\"}".to_owned(), "`ca.crt`"),
        (format!("data: {{ca.crt: {ours}, ca.crl: {ours}}}"), "no PEM block `X509 CRL`"),
    ] {
        refused.expect(&content, &sandbox(&content), &["the Secret `default/mine`", words]);
    }
    sandbox(&format!("data: {{ca.crt: {ours}}}")).ok(&["render"]);
}

#[test]
fn cert_manager_is_not_asked_for_what_mtlsgen_holds() {
    let mut refused = Refused::default();
    for (host, annotation) in [
        ("a-example-com", "cert-manager.io/cluster-issuer: letsencrypt"),
        ("public-example-com", "cert-manager.io/issuer: local"),
        ("public-example-com", "kubernetes.io/tls-acme: \"true\""),
    ] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"{host}\" }}\n\
             patch = 'metadata: {{annotations: {{{annotation}}}}}'\n"
        );
        refused.expect_added(&added, &["mtlsgen holds the certificate", host]);
    }
}

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
            "rule without a host",
            without("  - host: {{ host }}\n    http:", "  - http:"),
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
            "{head}metadata: {{name: second, namespace: other}}\nspec:\n  ingressClassName: nginx\n  \
             tls: [{{hosts: [{host}], secretName: x}}]\n  rules:\n  - host: {host}\n    http: {{paths: [{{path: /open, pathType: Prefix, \
             backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}\n"
        )
    };
    let plain = ingress("apiVersion: networking.k8s.io/v1\nkind: Ingress\n", "a.example.com");
    let indented = plain.replace('\n', "\n    ");
    for (called, text, words) in [
        ("second Ingress", plain.clone(), "other/second"),
        (
            "second Ingress in a List",
            format!("apiVersion: v1\nkind: List\nitems:\n  - {indented}"),
            "other/second",
        ),
        (
            "second Ingress in an IngressList",
            format!("apiVersion: networking.k8s.io/v1\nkind: IngressList\nmetadata: {{name: x}}\nitems:\n  - {indented}"),
            "other/second",
        ),
        (
            "list of a kind that nobody knows",
            format!("apiVersion: example.com/v1\nkind: Whatever\nmetadata: {{name: x}}\nitems:\n  - {indented}"),
            "other/second",
        ),
        (
            "List in a List",
            format!("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  metadata: {{name: x}}\n  items:\n  - {indented}"),
            "other/second",
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
                .replace("name: second, namespace: other", "name: a-example-com, namespace: default"),
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
fn specs_that_contradict_themselves() {
    let mut refused = Refused::default();
    for (spec, words) in [
        (
            SPEC.replace("clientAuth.cas = [\"clients\"]", "tlss = 1").replace(
                "tls.issuer = \"self-signed\"\ntlss = 1",
                "tls = false\nclientAuth.cas = [\"clients\"]",
            ),
            &["this host has none"][..],
        ),
        (SPEC.replace("clientAuth.cas = [\"clients\"]", "clientAuth = {}"), &["clientAuth"]),
        (SPEC.replace("clientAuth.cas = [\"clients\"]", "clientAuth.cas = []"), &["clientAuth"]),
        (SPEC.replace("clientAuth.cas = [\"clients\"]", "clientAuth = true"), &["clientAuth"]),
        (
            SPEC.replace("clientAuth.cas = [\"clients\"]", "clientAuth.secretName = \"\""),
            &["secretName"],
        ),
        (
            SPEC.replace("clientAuth.cas = [\"clients\"]", "clientauth.cas = [\"clients\"]"),
            &["clientauth"],
        ),
        (
            SPEC.replace(
                "cas = [\"clients\"]",
                "cas = [\"clients\"]\nclientAuth.errorPage = \"/login\"",
            ),
            &["errorPage"],
        ),
        (
            SPEC.replace("cas = [\"clients\"]", "cas = [\"clients\"]\nclientAuth.verifyDepth = -1"),
            &["verifyDepth"],
        ),
        (
            SPEC.replace("cas = [\"clients\"]", "cas = [\"clients\"]\nclientAuth.allow = []"),
            &["allow"],
        ),
        (SPEC.replace("tls.issuer = \"self-signed\"\nclientAuth", "clientAuth"), &["tls"]),
    ] {
        assert_ne!(spec, SPEC);
        refused.expect(&spec, &Sandbox::with_toml(&spec), words);
    }
    // One host, two entries: the controller has one setting for both.
    for other in [
        "clientAuth = false",
        "clientAuth = { cas = [\"clients\"], verify = \"off\" }",
        "clientAuth.cas = [\"others\"]",
    ] {
        let added = format!(
            "[cas.others]\n[services.elsewhere]\nimage = \"httpd\"\nnamespace = \"b\"\nport = 80\n[hosts.again]\nhost = \"a.example.com\"\n\
             namespace = \"b\"\nservice = \"elsewhere\"\ntls.issuer = \"self-signed\"\n{other}\n"
        );
        refused.expect_added(&added, &["a.example.com", "again"]);
    }
}

#[test]
fn a_secret_that_nobody_has_shown_is_a_warning() {
    for (written, namespaced, elsewhere) in [
        ("their-ca", "default/their-ca", false),
        ("default/their-ca", "default/their-ca", false),
        ("other/their-ca", "other/their-ca", true),
    ] {
        let spec = SPEC.replace(
            "clientAuth.cas = [\"clients\"]",
            &format!("clientAuth.secretName = \"{written}\""),
        );
        let sandbox = Sandbox::with_toml(&spec);
        let run = sandbox.ok(&["render"]);
        assert!(run.stdout.contains(&format!("auth-tls-secret: {namespaced}\n")), "{}", run.stdout);
        assert!(run.stderr.contains("without a key `ca.crt`, the controller lets everybody in"));
        assert_eq!(run.stderr.contains("allow-cross-namespace-resources"), elsewhere);
    }
}

#[test]
fn values_that_want_to_break_out_stay_values() {
    let mut refused = Refused::default();
    for hostile in [
        "x\n    nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"",
        "x\"\nspec: {}\n---\nkind: Ingress",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "*alias",
        "!!binary x",
        "\u{2028}spec: {}",
    ] {
        let value = serde_json::to_string(hostile).unwrap();
        let spec = SPEC.replace("port = 80\n", &format!("port = 80\nenv = {{ X = {value} }}\nannotations = {{ \"example.com/x\" = {value} }}\n"))
            + &format!("[hosts.\"a.example.com\".annotations]\n\"example.com/x\" = {value}\n");
        let sandbox = Sandbox::with_toml(&spec);
        let objects = sandbox.render();
        let ingress = crate::support::object(&objects, "Ingress", "a-example-com");
        let annotations = &ingress["metadata"]["annotations"];
        assert_eq!(annotations["example.com/x"], *hostile);
        assert_eq!(annotations["nginx.ingress.kubernetes.io/auth-tls-verify-client"], "on");
        let deployment = crate::support::object(&objects, "Deployment", "web");
        let env = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
        assert_eq!(*env, serde_json::json!([{ "name": "X", "value": hostile }]));
        assert_eq!(objects.len(), 7);
    }
    // Where Kubernetes takes no such text, it is an error.
    for line in [
        "labels = { x = \"a: b\\nc: d\" }",
        "[hosts.\"a.example.com\".labels]\n\"x: y\\nz\" = \"a\"",
    ] {
        let spec = if line.starts_with('[') {
            format!("{SPEC}\n{line}")
        } else {
            format!("{line}\n{SPEC}")
        };
        refused.expect(line, &Sandbox::with_toml(&spec), &["label"]);
    }
}
