//! Ways to silently leave a protected host open: each ends with status 2, a message that names the
//! thing, no output and no folder.

mod annotations;
mod below;
mod lists;
mod others;
mod patches;
mod paths;
mod settings;
mod templates;
mod trust;

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

/// Status and messages of `post-render` with these objects beside those of a spec.
fn rendered_beside(spec: &str, objects: &str) -> (i32, String) {
    let sandbox = Sandbox::with_toml(spec);
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.run_with_input(&["post-render"], objects);
    (run.status, run.stderr)
}

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
fn specs_that_contradict_themselves() {
    let mut refused = Refused::default();
    for (spec, words) in [
        (
            SPEC.replace("clientAuth.cas = [\"clients\"]", "tlss = 1").replace(
                "tls.issuer = \"self-signed\"\ntlss = 1",
                "tls = false\nclientAuth.cas = [\"clients\"]",
            ),
            &["this host has no certificate"][..],
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
fn a_secret_that_was_not_provided_is_a_warning() {
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
        assert!(run.stderr.contains("without a key `ca.crt`, the controller admits every client"));
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
