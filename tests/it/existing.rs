//! Secrets that exist as the store: what they hold is kept, what is due is issued where that can be done,
//! and nothing is guessed.

mod foreign;
mod lifecycle;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, object, objects, root};

/// As the API server gives Secrets back: with fields of its own, and the copy that `kubectl apply` leaves.
fn as_stored(objects: &[Value]) -> Value {
    let secrets = objects.iter().filter(|object| object["kind"] == "Secret");
    let stored = secrets.enumerate().map(|(at, secret)| {
        let mut stored = secret.clone();
        let metadata = &mut stored["metadata"];
        metadata["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
            secret.to_string().into();
        metadata["creationTimestamp"] = format!("2026-01-01T00:00:{at:02}Z").into();
        metadata["resourceVersion"] = at.to_string().into();
        metadata["uid"] = format!("0000-{at}").into();
        stored
    });
    let foreign = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "token", "namespace": "kube-system"}, "data": {"token": "eA=="},
    });
    list(stored.chain([foreign]))
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items.into_iter().collect::<Vec<_>>()})
}

/// A folder without a store, with a spec and the Secrets of a cluster.
fn beside(spec: &str, stored: &Value) -> Sandbox {
    let sandbox = Sandbox::with_toml(spec);
    give(&sandbox, stored);
    sandbox
}

fn give(sandbox: &Sandbox, stored: &Value) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = sandbox.write("secrets.json", stored.to_string());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

const EXISTING: [&str; 3] = ["render", "--existing", "secrets.json"];

/// It failed, printed nothing and left nothing behind.
fn refused(sandbox: &Sandbox, run: &Run, words: &[&str]) {
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!sandbox.path("pki").exists());
}

fn specs() -> Vec<(String, std::path::PathBuf)> {
    let mut found = Vec::new();
    for folder in ["examples", "tests/cases"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.push((name, path));
        }
    }
    found.sort();
    found
}

/// Copies a folder without what was expected of it.
fn copy(from: &Path, to: &Sandbox) {
    for (path, content) in crate::support::files(from) {
        let relative = path.strip_prefix(from).unwrap();
        if !relative.starts_with("expected") {
            to.write(relative.to_str().unwrap(), content);
        }
    }
}

/// The Secrets of others that a run asked for: those of trusted authorities with `bundle`, those of hosts with
/// a certificate that fits.
fn missing(stderr: &str, bundle: &Value) -> Vec<Value> {
    let secret = |line: &str| {
        let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        let (namespace, name) = quoted[0].split_once('/').unwrap();
        let (type_name, data) = if line.contains("of trusted authorities") {
            ("Opaque", bundle.clone())
        } else {
            ("kubernetes.io/tls", server(quoted[1]))
        };
        json!({"apiVersion": "v1", "kind": "Secret", "type": type_name, "metadata": {"name": name, "namespace": namespace}, "data": data})
    };
    stderr.lines().filter(|line| line.starts_with("error[secret-missing]")).map(secret).collect()
}

/// Certificate and key of a host.
fn server(host: &str) -> Value {
    let spec = format!(
        "[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"{host}\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\ntls.secretName = \"x\"\n"
    );
    object(&rendered(&spec).1, "Secret", "x")["data"].clone()
}

#[test]
fn every_example_and_case_renders_the_same_from_its_secrets() {
    let mut with_secrets = 0;
    let (_, others) = rendered(SPEC);
    let bundle = object(&others, "Secret", "web-example-com-tls-cacert")["data"].clone();
    for (name, folder) in specs() {
        let (store, cluster) = (Sandbox::new(), Sandbox::new());
        copy(&folder, &store);
        copy(&folder, &cluster);
        let mut arguments = vec!["render", "--existing", "secrets.json"];
        if name == "helm" {
            arguments.extend(["--kind", "Secret"]);
        }
        let plain: Vec<&str> = arguments
            .iter()
            .copied()
            .filter(|word| !word.contains("s.json") && *word != "--existing")
            .collect();
        let rendered = store.ok(&plain).stdout;
        let objects = objects(&rendered);
        with_secrets += usize::from(objects.iter().any(|object| object["kind"] == "Secret"));
        let mut stored = as_stored(&objects);
        give(&cluster, &stored);
        let mut before = cluster.files();
        let mut again = cluster.run(&arguments);
        let others = missing(&again.stderr, &bundle);
        if !others.is_empty() {
            stored["items"].as_array_mut().unwrap().extend(others);
            give(&cluster, &stored);
            before = cluster.files();
            again = cluster.run(&arguments);
        }
        assert_eq!(again.status, 0, "{name}: {}", again.stderr);
        assert_eq!(again.stdout, rendered, "{name}");
        assert!(!again.stderr.contains("issued"), "{name}: {}", again.stderr);
        assert_eq!(cluster.files(), before, "{name}");
    }
    assert!(with_secrets > 10, "{with_secrets}");
}

const SPEC: &str = r#"
[cas.root]
[cas.issuing]
issuer = "root"
[cas.servers]
[clients.alice]
issuer = "issuing"
[clients.job]
issuer = "issuing"
secretName = "job-client"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "servers"
clientAuth.cas = ["issuing"]
[hosts."own.example.com"]
service = "web"
tls.issuer = "self-signed"
"#;

fn rendered(spec: &str) -> (Sandbox, Vec<Value>) {
    let store = Sandbox::with_toml(spec);
    let objects = store.render();
    (store, objects)
}

#[test]
fn secrets_come_from_pipes_files_and_documents_alike() {
    let (store, objects) = rendered(SPEC);
    let expected = store.ok(&["render"]).stdout;
    let sandbox = Sandbox::with_toml(SPEC);
    let piped =
        sandbox.run_with_input(&["render", "--existing", "-"], as_stored(&objects).to_string());
    assert_eq!((piped.status, &piped.stdout), (0, &expected), "{}", piped.stderr);
    // What mtlsgen itself prints is a stream of documents with other kinds among them.
    let documents = sandbox.run_with_input(&["render", "--existing", "-"], &expected);
    assert_eq!((documents.status, &documents.stdout), (0, &expected), "{}", documents.stderr);
    let mut arguments = vec!["render".to_owned()];
    for (at, object) in objects.iter().filter(|object| object["kind"] == "Secret").enumerate() {
        let name = format!("{at}.yaml");
        sandbox.write(&name, mtlsgen::yaml::emit(object));
        arguments.extend(["--existing".to_owned(), name]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let files = sandbox.ok(&arguments);
    assert_eq!(files.stdout, expected);
    assert!(files.stderr.contains("can be read by others (mode 06"), "{}", files.stderr);
    assert!(!sandbox.path("pki").exists());
}

#[test]
fn the_folder_of_the_spec_is_neither_read_nor_written() {
    let (_, objects) = rendered(SPEC);
    let sandbox = beside(&format!("store.path = \"keys\"\n{SPEC}"), &as_stored(&objects));
    sandbox.write("keys/cas/root/tls.crt", "damaged");
    let before = sandbox.files();
    sandbox.ok(&EXISTING);
    sandbox.ok(&["status", "--existing", "secrets.json"]);
    assert_eq!(sandbox.files(), before);
    let run = sandbox.run(&["render", "--existing", "secrets.json", "-o", "out"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let same = sandbox.run(&["diff", "out", "--existing", "secrets.json"]);
    assert_eq!((same.status, same.stdout.as_str()), (0, ""), "{}", same.stderr);
    let twice = sandbox.run(&["render", "-f", "-", "--existing", "-"]);
    assert_eq!(twice.status, 2);
    assert!(twice.stderr.contains("standard input"), "{}", twice.stderr);
}

#[test]
fn names_with_hashes_are_found_and_the_newest_counts() {
    let spec = format!("secrets.nameSuffixHash = true\n{SPEC}");
    let (store, first) = rendered(&spec);
    store.ok(&["cert", "renew", "hosts/own.example.com"]);
    let second = store.render();
    let expected = store.ok(&["render"]).stdout;
    let mut all = as_stored(&first);
    let newer = as_stored(&second);
    for mut secret in newer["items"].as_array().unwrap().clone() {
        let is_new = !all["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|old| old["metadata"]["name"] == secret["metadata"]["name"]);
        if is_new {
            secret["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z".into();
            all["items"].as_array_mut().unwrap().push(secret);
        }
    }
    assert_eq!(
        all["items"].as_array().unwrap().len(),
        newer["items"].as_array().unwrap().len() + 1
    );
    let sandbox = beside(&spec, &all);
    assert_eq!(sandbox.ok(&EXISTING).stdout, expected);
}

#[test]
fn certificates_of_secrets_are_shown_and_handed_out() {
    let (store, objects) = rendered(SPEC);
    let sandbox = beside(SPEC, &as_stored(&objects));
    let show = |sandbox: &Sandbox, more: &[&str]| {
        let mut arguments =
            vec!["cert", "show", "--format", "json", "--at", "2027-01-01", "clients/job"];
        arguments.extend(more);
        sandbox.ok(&arguments).stdout
    };
    let existing = ["--existing", "secrets.json"];
    assert_eq!(show(&sandbox, &existing), show(&store, &[]));
    let export = |sandbox: &Sandbox, more: &[&str]| {
        let mut arguments = vec!["cert", "export", "clients/job", "--as", "pem-combined"];
        arguments.extend(more);
        sandbox.ok(&arguments).stdout
    };
    assert_eq!(export(&sandbox, &existing), export(&store, &[]));
    let alice = sandbox.run(&["cert", "export", "alice", "--existing", "secrets.json"]);
    assert_eq!(alice.status, 2);
    assert!(alice.stderr.contains("its certificate is in no Secret"), "{}", alice.stderr);
    let table =
        sandbox.ok(&["status", "--existing", "secrets.json", "--fail-within", "30d"]).stdout;
    assert!(table.contains("job") && table.contains("own.example.com"), "{table}");
    assert!(table.contains("issuing") && !table.contains("alice"), "{table}");
    assert!(!table.contains("authority  servers "), "its certificate is in no Secret: {table}");
    for command in [["cert", "renew"], ["cert", "revoke"], ["ca", "rotate"]] {
        let run = sandbox.run(&[command[0], command[1], "issuing", "--existing", "secrets.json"]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("unexpected argument '--existing'"), "{}", run.stderr);
    }
}

/// Each with what was changed about the Secrets, and what is said of it.
#[test]
fn what_is_no_store_is_refused_and_no_key_is_printed() {
    let (_, objects) = rendered(SPEC);
    let stored = as_stored(&objects);
    let at = |name: &str| {
        let items = stored["items"].as_array().unwrap();
        items.iter().position(|item| item["metadata"]["name"] == name).unwrap()
    };
    let (own, web, trust) =
        (at("own-example-com-tls"), at("web-example-com-tls"), at("web-example-com-tls-cacert"));
    let key_of_web = stored["items"][web]["data"]["tls.key"].clone();
    let garbage = "Z2FyYmFnZQ==";
    let cases: &[(usize, &str, Value, &[&str])] = &[
        (
            own,
            "/data/tls.crt",
            garbage.into(),
            &[
                "`tls.crt` of the Secret `default/own-example-com-tls` cannot be read",
                "delete it",
                "error[existing-damaged]",
            ],
        ),
        (
            own,
            "/data/tls.crt",
            "".into(),
            &["`tls.crt` of the Secret `default/own-example-com-tls` is missing"],
        ),
        (
            own,
            "/data/tls.key",
            key_of_web,
            &[
                "`tls.key` of the Secret `default/own-example-com-tls` does not belong to the certificate",
            ],
        ),
        (own, "/data/tls.key", garbage.into(), &["is not PEM"]),
        (own, "/data/tls.key", "<private key>".into(), &["is not Base64"]),
        (
            trust,
            "/data/ca.crt",
            garbage.into(),
            &["`ca.crt` of the Secret `default/web-example-com-tls-cacert` cannot be read"],
        ),
        (trust, "/data/ca.crl", garbage.into(), &["this placeholder is replaced below"]),
    ];
    for (position, pointer, value, words) in cases {
        let mut changed = stored.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        changed["items"][*position].pointer_mut(parent).unwrap()[key] = value.clone();
        let sandbox = beside(SPEC, &changed);
        let words =
            if *pointer == "/data/ca.crl" { &["`ca.crl` of the Secret"][..] } else { *words };
        let run = sandbox.run(&EXISTING);
        refused(&sandbox, &run, words);
        let keys = stored["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|i| i["data"]["tls.key"].as_str());
        for key in keys {
            assert!(!run.stderr.contains(&key[60..100]), "{}", run.stderr);
        }
    }
    let mut twice = stored.clone();
    let mut other = stored["items"][own].clone();
    other["data"] = stored["items"][web]["data"].clone();
    twice["items"].as_array_mut().unwrap().push(other);
    let sandbox = beside(SPEC, &twice);
    refused(
        &sandbox,
        &sandbox.run(&EXISTING),
        &["error[existing-twice]", "is there twice, with other content"],
    );
    // Equal copies, as from two files, are one.
    let mut equal = stored.clone();
    equal["items"].as_array_mut().unwrap().push(stored["items"][own].clone());
    beside(SPEC, &equal).ok(&EXISTING);
}
