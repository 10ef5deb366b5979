//! `controllers` of a spec: what any of the readers would serve otherwise than the spec says is an error with its witness.

mod traefik_serves;

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Sandbox, output_of, tool};

const AUTHORITIES: &str = "[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n[defaults.hosts]\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

/// One host in two namespaces.
const TWICE: &str = "[services.a]\nimage = \"httpd\"\nport = 80\nnamespace = \"a\"\n\
    [services.b]\nimage = \"httpd\"\nport = 80\nnamespace = \"b\"\n\
    [hosts.one]\nhost = \"x.example.com\"\nnamespace = \"a\"\nservice = \"a\"\n\
    [hosts.two]\nhost = \"x.example.com\"\nnamespace = \"b\"\nroutes = [{ path = \"/b\", service = \"b\" }]\n";

const ONCE: &str =
    "[services.a]\nimage = \"httpd\"\nport = 80\n[hosts.\"x.example.com\"]\nservice = \"a\"\n";

fn spec(controllers: &str, rest: &str) -> Sandbox {
    Sandbox::with_toml(&format!("controllers = [{controllers}]\n{AUTHORITIES}{rest}"))
}

fn refused(controllers: &str, rest: &str, words: &[&str]) {
    let sandbox = spec(controllers, rest);
    let run = sandbox.run(&["render"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{controllers}: {}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{controllers}: `{words}` is not in {}", run.stderr);
    }
    assert!(!sandbox.path("pki").exists(), "nothing is issued");
}

fn traefik(version: &str, more: &str) -> String {
    format!("{{ name = \"traefik\", version = \"{version}\"{more} }}")
}

#[test]
fn what_a_named_reader_opens_is_an_error_with_the_witness() {
    for version in ["3.7.9", "3.7.10", "3.7.12", "3.7.13"] {
        let title = format!(
            "host `one` would not be protected by traefik {version}: a client without a certificate is served at `/`, by `a/a:80`"
        );
        refused(&traefik(version, ""), TWICE, &["error[host-unprotected]", &title]);
    }
    spec(&traefik("3.7.15", ""), TWICE).ok(&["render"]);
    spec("", TWICE).ok(&["render"]);
    let both = format!("{{ name = \"ingress-nginx\" }}, {}", traefik("3.7.13", ""));
    refused(&both, TWICE, &["would not be protected by traefik 3.7.13"]);
    let strict = traefik("3.7.13", ", strictTlsOptions = true");
    refused(&strict, TWICE, &["error[host-locked-out]", "would not be served by traefik 3.7.13"]);
}

#[test]
fn what_traefik_does_not_read_is_open_there() {
    let reader = traefik("3.7.15", "");
    spec(&reader, ONCE).ok(&["render"]);
    refused(
        &reader,
        &format!("{ONCE}clientAuth.allow = [\"alice\"]\n"),
        &[
            "a client below `CN=",
            "that `allow` does not have is served at `/`",
            "traefik does not read lists of clients",
        ],
    );
    let sandbox = spec(&reader, ONCE);
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.ok(&["cert", "revoke", "--reason", "keyCompromise", "alice"]);
    let run = sandbox.run(&["render"]).stderr + &run.stderr;
    assert!(run.contains("would not be protected by traefik 3.7.15"), "{run}");
    assert!(run.contains("is revoked"), "{run}");
}

#[test]
fn the_reader_that_is_meant_is_said() {
    let patch = "[[patches]]\ntarget.kind = \"Ingress\"\npatch = 'metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"}}'\n";
    let sandbox = Sandbox::with_toml(&format!("{AUTHORITIES}{ONCE}{patch}"));
    let run = sandbox.run(&["render"]);
    assert!(
        run.stderr.contains("read as ingress-nginx 1.15.1 reads it: the spec names no other reader under `controllers`"),
        "{}",
        run.stderr
    );
    refused(
        "{ name = \"ingress-nginx\", version = \"1.13.9\" }",
        &format!("{ONCE}{patch}"),
        &[
            "would not be protected by ingress-nginx 1.13.9: a client without a certificate is served at `/`",
        ],
    );
}

#[test]
fn names_of_readers_are_judged() {
    for (controllers, words) in [
        ("{ name = \"ingress-ngin\" }", "did you mean `ingress-nginx`?"),
        ("{ version = \"1.15.1\" }", "this controller has no `name`"),
        (
            "{ name = \"ingress-nginx\", version = \"1.9.0\" }",
            "the model of ingress-nginx is that of 1.12 to 1.15",
        ),
        (
            "{ name = \"traefik\", version = \"2.0\" }",
            "the model of Traefik is that of 3.7.9 to 3.7.15",
        ),
        (
            "{ name = \"ingress-nginx\", strictTlsOptions = true }",
            "has no option `strictTlsOptions`",
        ),
        (
            "{ name = \"ingress-nginx\", strictTlsOptions = true }",
            "leave it out: it is an option of traefik",
        ),
        (
            "{ name = \"ingress-nginx\", controlerClass = \"a.test/b\" }",
            "help: write `controllerClass`",
        ),
        (
            "{ name = \"traefik\", watchIngressWithoutClasses = true }",
            "help: write `watchIngressWithoutClass`",
        ),
        (
            "{ name = \"ingress-nginx\", controllerClass = \"nginx\" }",
            "write the `spec.controller` of the controller's IngressClass, such as `k8s.io/ingress-nginx`",
        ),
        ("{ name = \"ingress-nginx\", ingressClass = \"\" }", "write the name of a class"),
        ("{ name = \"ingress-nginx\", ingressClassByName = \"yes\" }", "ingressClassByName"),
    ] {
        refused(controllers, ONCE, &[words]);
    }
}

/// The items of `witnesses` that `render` shows.
fn witnesses(sandbox: &Sandbox) -> Vec<Value> {
    let run = sandbox.run(&["render", "--message-format", "json"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    let lines = run.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut errors = lines.filter(|line| line["severity"] == "error");
    let error = errors.next().unwrap();
    assert_eq!(errors.next(), None);
    error["witnesses"].as_array().unwrap().clone()
}

#[test]
fn programs_get_the_request_that_shows_it() {
    let patch = "[[patches]]\ntarget.kind = \"Ingress\"\npatch = 'metadata: {annotations: {nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"}}'\n";
    let sandbox = Sandbox::with_toml(&format!("{AUTHORITIES}{ONCE}{patch}"));
    let found = witnesses(&sandbox);
    let expected = json!({
        "kind": "weaker",
        "message": "a client without a certificate is served at `/`, by `default/a:80`",
        "host": "x.example.com",
        "controller": { "name": "ingress-nginx", "version": "1.15.1", "options": {} },
        "shows": "request",
        "request": { "scheme": "https", "port": 443, "sni": "x.example.com", "host": "x.example.com", "path": "/",
            "headers": {}, "client": { "class": "nothing" } },
        "desired": "refused",
        "observed": { "verdict": "admitted", "backend": "default/a:80", "clientCanSend": [] },
    });
    assert_eq!(found[0], expected);
}

#[test]
fn certificates_of_witnesses_are_named_as_openssl_names_them() {
    let strict = traefik("3.7.15", ", strictTlsOptions = true");
    let sandbox = spec("", ONCE);
    sandbox.ok(&["render", "-q"]);
    sandbox.write(
        "mtls.toml",
        format!("controllers = [{strict}]\n{AUTHORITIES}{ONCE}clientAuth.allow = [\"alice\"]\n"),
    );
    let found = witnesses(&sandbox);
    assert_eq!(found[0]["controller"]["options"], json!({ "strictTlsOptions": "true" }));
    let client = &found[0]["request"]["client"];
    assert_eq!((&client["class"], &client["serialNumber"]), (&json!("notListed"), &Value::Null));
    let authority = sandbox.certificate("cas/clients");
    let fingerprint = authority.fingerprint().with_colons();
    assert_eq!(client["issuer"]["fingerprintSHA256"], fingerprint.as_str());
    let Some(openssl) = tool("openssl") else { return };
    let mut command = Command::new(openssl);
    command.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]);
    let printed = output_of(command.arg(sandbox.path("pki/cas/clients/tls.crt")));
    assert!(printed.contains(&fingerprint), "{printed}");
}

#[test]
fn settings_that_are_only_taken_into_account_are_said() {
    let path = "{ \"path\": \"/more\", \"pathType\": \"Prefix\", \"backend\": { \"service\": { \"name\": \"a\", \"port\": { \"number\": 80 } } } }";
    let template = format!(
        "{{# Of others. -#}}\n{{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"Ingress\", \"metadata\": {{\"name\": \"other\", \"namespace\": \"default\"}}, \"spec\": {{\"ingressClassName\": \"nginx\", \"rules\": [{{\"host\": \"x.example.com\", \"http\": {{\"paths\": [{path}]}}}}]}}}}\n"
    );
    let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{AUTHORITIES}{ONCE}"));
    sandbox.write("templates/other.yaml.j2", template);
    let found = witnesses(&sandbox);
    assert_eq!(found[0]["controller"]["options"]["ssl-redirect"], "false", "{}", found[0]);
    assert_eq!(
        (&found[0]["request"]["scheme"], &found[0]["request"]["sni"]),
        (&json!("http"), &Value::Null)
    );
}

#[test]
fn status_knows_only_what_every_reader_does() {
    let spec = |controllers: &str, auth: &str| {
        format!(
            "{controllers}[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n{auth}\n"
        )
    };
    let traefik = "controllers = [{ name = \"traefik\", version = \"3.7.15\" }]\n";
    let nginx = "controllers = [{ name = \"ingress-nginx\", version = \"1.15.1\" }]\n";
    let list = "clientAuth = { cas = [\"clients\"], allow = [\"alice\"] }";
    for (controllers, auth, is_known) in [
        ("", list, true),
        (nginx, list, true),
        (traefik, list, false),
        (traefik, "clientAuth.cas = [\"clients\"]", true),
        ("", "clientAuth.secretName = \"shown-to-none\"", false),
    ] {
        let sandbox = Sandbox::with_toml(&spec(controllers, auth));
        let run = sandbox.run(&["status", "--format", "json"]);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["admitted"][0]["known"], is_known, "{controllers}{auth}: {document}");
        let table = sandbox.run(&["status"]).stdout;
        let is_said = table.contains("(by the controller of the target; `mtlsgen access`");
        assert_eq!(is_said, controllers == traefik && !is_known, "{table}");
    }
}

#[test]
fn access_of_a_spec_answers_for_each_reader() {
    let spec = "controllers = [{ name = \"ingress-nginx\", version = \"1.15.1\" }, { name = \"traefik\", version = \"3.7.15\" }]\n[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";
    let sandbox = Sandbox::with_toml(spec);
    sandbox.ok(&["render", "-q"]);
    let table = sandbox.ok(&["access"]).stdout;
    for words in ["As ingress-nginx 1.15.1 serves it.", "As traefik 3.7.15 serves it."] {
        assert_eq!(table.matches(words).count(), 1, "{table}");
    }
    assert_eq!(table.matches("HOST ").count(), 2, "{table}");
    let list: Value =
        serde_json::from_str(&sandbox.ok(&["access", "--format", "json"]).stdout).unwrap();
    assert_eq!(list["kind"], "AccessList");
    let names: Vec<&Value> =
        list["items"].as_array().unwrap().iter().map(|one| &one["controller"]["name"]).collect();
    assert_eq!(names, ["ingress-nginx", "traefik"]);
    let one = sandbox.ok(&["access", "--controller", "traefik", "--format", "json"]).stdout;
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!((&one["kind"], &one["controller"]["version"]), (&json!("Access"), &json!("3.7.15")));
}

#[test]
fn what_a_version_does_with_what_is_written_is_said() {
    let spec = |version: &str, hosts: &str| {
        format!(
            "controllers = [{{ name = \"ingress-nginx\", version = \"{version}\" }}]\n[cas.a]\n[cas.b]\n[services.web]\nimage = \"httpd\"\nport = 80\n{hosts}"
        )
    };
    let host = |name: &str, authority: &str, path: &str| {
        format!(
            "[hosts.\"{name}.test\"]\nroutes = [{{ path = \"{path}\", service = \"web\" }}]\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"{authority}\"]\n"
        )
    };
    let dotted = host("one", "a", "/a.b");
    let two = host("one", "a", "/") + &host("two", "b", "/");
    let alike = host("one", "a", "/") + &host("two", "a", "/");
    for (version, hosts, words) in [
        ("1.12.5", &dotted, "error[invalid-path]"),
        ("1.12.6", &dotted, ""),
        ("1.13.1", &dotted, "error[invalid-path]"),
        ("1.13.2", &dotted, ""),
        ("1.15.1", &dotted, ""),
        ("1.12.3", &two, "error[controller-version]"),
        ("1.12.3", &alike, ""),
        ("1.12.4", &two, ""),
        ("1.13.0", &two, ""),
        ("1.12.foo", &alike, "1.12 to 1.15"),
        ("1.12.", &alike, "1.12 to 1.15"),
    ] {
        let run = Sandbox::with_toml(&spec(version, hosts)).run(&["render", "-q"]);
        assert_eq!(run.status, if words.is_empty() { 0 } else { 2 }, "{version}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{version}: {}", run.stderr);
    }
}
