//! Secrets as kubectl prints them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Old, assert_kept};

pub fn secret(old: &Old, namespace: &str, name: &str, data: &[(&str, &str)]) -> Value {
    let data: serde_json::Map<_, _> = data
        .iter()
        .map(|(key, files)| {
            let text: String =
                files.split('+').map(|file| old.sandbox.read(&format!("old/{file}"))).collect();
            ((*key).to_owned(), json!(STANDARD.encode(text)))
        })
        .collect();
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "namespace": namespace, "name": name }, "data": data })
}

/// A cluster with a server, a client and a trust bundle, as `kubectl get secret -A` prints it.
fn cluster(old: &Old) -> Value {
    old.root("root", "/CN=Clients");
    old.root("web", "/CN=Web");
    old.server("www", "www.example.com", "web", "");
    old.client("job", "/CN=job", "root", "");
    json!({ "apiVersion": "v1", "kind": "List", "items": [
        secret(old, "shop", "www-tls", &[("tls.crt", "www.crt+web.crt"), ("tls.key", "www.key")]),
        secret(old, "jobs", "job-client", &[("tls.crt", "job.crt"), ("tls.key", "job.key"), ("ca.crt", "web.crt")]),
        secret(old, "shop", "client-ca", &[("ca.crt", "root.crt"), ("ca.key", "root.key")]),
        { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x" }, "data": { "note": "nothing" } },
    ]})
}

#[test]
fn secrets_come_along_under_their_names() {
    let Some(old) = Old::new() else { return };
    let list = cluster(&old).to_string();
    let import = ["import", "-", "--service", "web"];
    let run = old.sandbox.run_with_input(&import, &list);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("the private key of an authority lies in the cluster"),
        "{}",
        run.stdout
    );
    let spec = old.sandbox.read("mtls.toml");
    for line in [
        "tls.secretName = \"www-tls\"",
        "secretName = \"job-client\"",
        "secretName = \"client-ca\"",
        "clientAuth.cas = [\"clients\"]",
        // The key of the server's authority is nowhere, so that its certificate stays a file.
        "tls.certificate = \"pki/brought/hosts/www.example.com/tls.crt\"",
    ] {
        assert!(spec.contains(line), "{line} in:\n{spec}");
    }
    assert!(
        !spec.contains("[cas.web]"),
        "no host trusts the server's authority for clients:\n{spec}"
    );
    assert_kept(&old.sandbox);
    let objects = old.locked();
    let server = crate::support::object(&objects, "Secret", "www-tls");
    assert_eq!(server["metadata"]["namespace"], "shop");
    let text = String::from_utf8(crate::support::data(server, "tls.crt")).unwrap();
    assert_eq!(text, old.sandbox.read("old/www.crt"), "the leaf without the root");
    let client = crate::support::object(&objects, "Secret", "job-client");
    assert_eq!(client["metadata"]["namespace"], "jobs");
    let bundle = crate::support::object(&objects, "Secret", "client-ca");
    assert!(bundle["data"].get("ca.key").is_none());
}

#[test]
fn yaml_says_the_same_as_json() {
    let Some(old) = Old::new() else { return };
    let list = cluster(&old);
    let json = old
        .sandbox
        .run_with_input(&["import", "-", "--dry-run", "--format", "json"], list.to_string());
    let items = list["items"].as_array().unwrap();
    let yaml: String = items
        .iter()
        .map(|item| {
            let data = item["data"].as_object().unwrap();
            let lines: String = data.iter().map(|(k, v)| format!("  {k}: {}\n", v.as_str().unwrap())).collect();
            let meta = &item["metadata"];
            let namespace = meta["namespace"].as_str().unwrap_or("default");
            format!("---\napiVersion: v1\nkind: {}\nmetadata:\n  namespace: {namespace}\n  name: {}\ndata:\n{lines}", item["kind"].as_str().unwrap(), meta["name"].as_str().unwrap())
        })
        .collect();
    let same = old.sandbox.run_with_input(&["import", "-", "--dry-run", "--format", "json"], yaml);
    assert_eq!((json.status, json.stdout.is_empty()), (0, false), "{}", json.stderr);
    assert_eq!(json.stdout, same.stdout);
    let outcome: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(outcome["taken"][0]["kind"], "authority");
    assert_eq!(outcome["taken"].as_array().unwrap().len(), 3);
    assert!(outcome["notes"].to_string().contains("need a `service`"));
}

#[test]
fn the_secret_of_a_ca_issuer_is_imported_and_reported() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    let issuer =
        secret(&old, "infra", "ca-issuer", &[("tls.crt", "root.crt"), ("tls.key", "root.key")]);
    let run = old.sandbox.run_with_input(&["import", "-"], issuer.to_string());
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let reported = "authority `root`: its private key lies in the cluster (<stdin>, Secret infra/ca-issuer, tls.key)";
    assert!(run.stdout.contains(reported), "{}", run.stdout);
    assert!(old.sandbox.path("pki/cas/root/tls.key").is_file());
}
