//! Paths of a protected host: what the spec leads to a Service is answered, and by one that is there.

use crate::support::Sandbox;

const SPEC: &str = "[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n[services.stock]\nexisting = true\nport = 80\n[hosts.\"a.example.com\"]\nroutes = [{ path = \"/\", service = \"web\" }, { path = \"/stock\", service = \"stock\" }]\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";
const INGRESS: &str = "[[patches]]\ntarget = { kind = \"Ingress\", name = \"a-example-com\" }\n";

/// A patch of all paths, each with its Service.
fn paths(all: &[(&str, &str)]) -> String {
    let one = |(path, service): &(&str, &str)| {
        format!(
            "{{path: {path}, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}"
        )
    };
    let all: Vec<String> = all.iter().map(one).collect();
    let rule = format!("{{host: a.example.com, http: {{paths: [{}]}}}}", all.join(", "));
    format!("{INGRESS}patch = 'spec: {{rules: [{rule}]}}'\n")
}

#[track_caller]
fn locks_out(added: &str, words: &str) {
    let run = Sandbox::with_toml(&format!("{SPEC}{added}")).run(&["render"]);
    let words = format!(
        "error[host-locked-out]: host `a.example.com` would not be served as the spec says: {words}"
    );
    assert!(run.status == 2 && run.stderr.contains(&words), "{words}\n{}", run.stderr);
}

#[track_caller]
fn passes(added: &str) {
    let run = Sandbox::with_toml(&format!("{SPEC}{added}")).run(&["render", "-q"]);
    assert_eq!(run.status, 0, "{added}\n{}", run.stderr);
}

#[test]
fn a_path_of_the_spec_is_answered() {
    passes("");
    let missing = "a client that the spec admits is answered 404 at `/`";
    locks_out(&paths(&[("/only", "web"), ("/stock", "stock")]), missing);
    let wider = [("/", "web"), ("/stock", "stock"), ("/more", "stock")];
    passes(&paths(&wider));
    // What answers `/` answers below it.
    passes(&paths(&[("/", "web")]));
    passes(&paths(&[("/", "stock"), ("/stock", "web")]));
}

#[test]
fn a_path_of_the_spec_leads_to_a_service_that_is_there() {
    let words =
        "`/` leads to `default/wbe:80`, and neither the objects nor the spec have that Service";
    locks_out(&paths(&[("/", "wbe"), ("/stock", "stock")]), words);
    let gone =
        "[[patches]]\ntarget = { kind = \"Service\", name = \"web\" }\npatch = '$patch: delete'\n";
    locks_out(gone, "`/` leads to `default/web:80`, and neither");
    // One that the spec does not name, and that is among the objects.
    let elsewhere = paths(&[("/", "wbe"), ("/stock", "stock")]);
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: wbe, namespace: default}\nspec: {ports: [{port: 80}]}\n---\n";
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    sandbox.write("mtls.toml", format!("{SPEC}{elsewhere}"));
    let run = sandbox.run_with_input(&["post-render"], service);
    assert_eq!(run.status, 0, "{}", run.stderr);
    // Or the spec says that it exists.
    passes(&format!("[services.wbe]\nexisting = true\nport = 80\n{elsewhere}"));
}
