//! `mtlsgen init`: writes specs that read back, and never over anything.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Run, finish, mtlsgen, run};

fn spec(directory: &Path, name: &str) -> Value {
    let text = fs::read_to_string(directory.join(name)).unwrap();
    if name.ends_with("toml") {
        serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap()
    } else {
        serde_saphyr::from_str(&text).unwrap()
    }
}

#[test]
fn without_flags_and_terminal_it_writes_the_demo() {
    for (format, name) in [("toml", "mtls.toml"), ("yaml", "mtls.yaml")] {
        let folder = tempfile::tempdir().unwrap();
        let Run { status, stdout, stderr } =
            finish(mtlsgen(&["init", "--as", format]).current_dir(folder.path()));
        assert_eq!((status, stdout.as_str()), (0, ""), "{stderr}");
        assert!(stderr.starts_with(&format!("wrote `{name}`\n")), "{stderr}");
        assert_eq!(spec(folder.path(), name)["services"]["demo-app"]["image"], "httpd");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "it and its schema alone");
    }
}

#[test]
fn flags_say_what_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("new/site");
    let Run { status, stderr, .. } = run(&[
        "init",
        directory.to_str().unwrap(),
        "--host",
        "api.example.com",
        "--namespace",
        "prod",
        "--service",
        "api",
        "--port",
        "8080",
        "--tls",
        "cert-manager=letsencrypt",
        "--ca",
        "staff",
        "--client",
        "bob",
        "--client",
        "carol",
    ]);
    assert_eq!(status, 0, "{stderr}");
    assert!(stderr.contains(&format!("render -f {}/mtls.toml", directory.display())), "{stderr}");
    assert_eq!(
        spec(&directory, "mtls.toml"),
        json!({
            "namespace": "prod",
            "cas": { "staff": { "subject": "CN=staff" } },
            "services": { "api": { "existing": true, "port": 8080 } },
            "hosts": { "api.example.com": {
                "service": "api",
                "tls": { "certManager": { "clusterIssuer": "letsencrypt" } },
                "clientAuth": { "cas": ["staff"] },
            } },
            "clients": { "bob": { "issuer": "staff" }, "carol": { "issuer": "staff" } },
        })
    );
}

#[test]
fn nothing_is_ever_overwritten() {
    for existing in ["mtls.toml", "mtls.yaml", "mtls.yml"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(existing), "mine").unwrap();
        for format in ["toml", "yaml"] {
            let Run { status, stderr, .. } =
                run(&["init", folder.path().to_str().unwrap(), "--as", format]);
            assert_eq!(status, 2);
            assert!(stderr.contains("error[spec-exists]"), "{stderr}");
            assert!(stderr.contains(existing) && stderr.contains("overwrites nothing"), "{stderr}");
        }
        assert_eq!(fs::read_to_string(folder.path().join(existing)).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn another_schema_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("mtls.schema.json");
    fs::write(&schema, "mine").unwrap();
    let Run { status, stderr, .. } = run(&["init", folder.path().to_str().unwrap()]);
    assert_eq!(status, 2);
    assert!(stderr.contains("mtls.schema.json` exists already"), "{stderr}");
    assert!(!folder.path().join("mtls.toml").exists());
    assert_eq!(fs::read_to_string(schema).unwrap(), "mine");
}

#[test]
fn the_editor_line_is_only_where_the_schema_is() {
    for (format, name, line) in [
        ("toml", "mtls.toml", "#:schema ./mtls.schema.json"),
        ("yaml", "mtls.yaml", "# yaml-language-server: $schema=./mtls.schema.json"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().to_str().unwrap();
        assert_eq!(run(&["init", "--as", format, directory]).status, 0);
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(text.lines().next(), Some(line));
        let schema = fs::read_to_string(folder.path().join("mtls.schema.json")).unwrap();
        assert_eq!(schema, run(&["schema"]).stdout);
        let plain = run(&["init", "-o", "-", "--as", format]).stdout;
        assert!(!plain.contains("schema.json"));
        let without = folder.path().join("without");
        let arguments = ["init", "--no-schema", "--as", format, without.to_str().unwrap()];
        assert_eq!(run(&arguments).status, 0);
        assert!(!fs::read_to_string(without.join(name)).unwrap().contains("schema.json"));
        assert_eq!(fs::read_dir(without).unwrap().count(), 1);
    }
}

#[test]
fn messages_can_be_silenced_or_made_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let init = |name: &str, flags: &[&str]| {
        let directory = folder.path().join(name);
        run(&[&["init", directory.to_str().unwrap()], flags].concat())
    };
    assert_eq!(init("a", &["-q"]), Run { status: 0, stdout: String::new(), stderr: String::new() });
    let Run { status, stderr, .. } = init("a", &["-q"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("exists already"), "errors are shown: {stderr}");
    for (status, severity) in [(0, "notice"), (2, "error")] {
        let Run { status: found, stderr, .. } = init("b", &["--message-format", "json"]);
        assert_eq!(found, status);
        let message: Value = serde_json::from_str(stderr.lines().next().unwrap()).unwrap();
        assert_eq!(message["severity"], severity, "{stderr}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let Run { status, stderr, .. } = run(&["init", file.join("sub").to_str().unwrap()]);
    assert_eq!(status, 2);
    assert!(stderr.starts_with("error[output]: cannot write `"), "{stderr}");
}

#[test]
fn a_generator_and_its_kustomization_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let Run { status, stdout, stderr } =
        finish(mtlsgen(&["init", "--kustomize"]).current_dir(folder.path()));
    assert_eq!((status, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("wrote `kustomization.yaml`\n"), "{stderr}");
    let generator = spec(folder.path(), "mtls.yaml");
    assert_eq!(generator["kind"], "MutualTLS");
    assert_eq!(generator["spec"]["services"]["demo-app"]["image"], "httpd");
    assert_eq!(spec(folder.path(), "kustomization.yaml")["generators"], json!(["mtls.yaml"]));
    let rendered = finish(mtlsgen(&["render", "-f", "mtls.yaml"]).current_dir(folder.path()));
    assert_eq!(rendered.status, 0, "{}", rendered.stderr);
    let doctor = finish(mtlsgen(&["doctor", "kustomize"]).current_dir(folder.path()));
    assert!(doctor.stdout.contains("mtls.yaml (mtls)  generator"), "{}", doctor.stdout);
}

#[test]
fn a_kustomization_that_is_there_stays_and_is_named() {
    for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), "resources: []\n").unwrap();
        let run = finish(mtlsgen(&["init", "--kustomize"]).current_dir(folder.path()));
        assert_eq!(run.status, 0, "{}", run.stderr);
        let add = format!("add `mtls.yaml` to `generators` of `{name}`");
        assert!(run.stderr.contains(&add), "{}", run.stderr);
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "resources: []\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "with the schema");
    }
    let toml = run(&["init", "--kustomize", "--as", "toml"]);
    assert!(toml.stderr.contains("a Kustomize generator is YAML"), "{}", toml.stderr);
}
