//! The exec plugin.

use std::process::Command;

use serde_json::{Value, json};

use super::{config, issued, spec};
use crate::support::{Run, Sandbox, finish, objects};

/// Calls the plugin as Kustomize does: under the kind's name, with a temporary file, in the folder.
fn call(sandbox: &Sandbox, config: &Value, input: &str) -> Run {
    call_with(sandbox, &mtlsgen::yaml::emit(config), input)
}

/// As [`call`], with a configuration as it is written.
pub fn call_with(sandbox: &Sandbox, text: &str, input: &str) -> Run {
    let link = sandbox.path("plugins/mtlsgen.dev/v1alpha1/mutualtls/MutualTLS");
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mtlsgen"), &link).unwrap();
    }
    let elsewhere = Sandbox::new();
    let file = elsewhere.write("kust-plugin-config-1234", text);
    let stdin = elsewhere.write("stdin", input);
    let mut command = Command::new(link);
    command
        .arg(file)
        .current_dir(sandbox.folder())
        .env("KUSTOMIZE_PLUGIN_CONFIG_STRING", text)
        .env("KUSTOMIZE_PLUGIN_CONFIG_ROOT", sandbox.folder())
        .stdin(std::fs::File::open(stdin).unwrap());
    finish(&mut command)
}

#[test]
fn a_generator_gives_what_render_prints() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let run = call(&sandbox, &config, "");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(objects(&run.stdout), sandbox.render());
}

#[test]
fn a_failure_prints_nothing_but_its_words() {
    let sandbox = Sandbox::new();
    let run = call(&sandbox, &config(json!({}), spec()), "");
    assert_ne!(run.status, 0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("authority `clients`: never issued"), "{}", run.stderr);
    assert!(!sandbox.path("pki").exists());
    let mut wrong = spec();
    wrong["namespace"] = "A".into();
    let run = call(&sandbox, &config(json!({}), wrong), "");
    assert!(run.stderr.contains("MutualTLS/shop (configuration):"), "{}", run.stderr);
    assert!(!run.stderr.contains("kust-plugin-config"), "that file is unknown: {}", run.stderr);
}

#[test]
fn objects_of_a_transformer_are_kept() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let input =
        "kind: A\nmetadata:\n  annotations: {kustomize.config.k8s.io/id: '1'}\n---\nkind: B\n";
    let run = call(&sandbox, &config, input);
    let printed = objects(&run.stdout);
    assert_eq!(printed[..2], objects(input));
    assert_eq!(printed[2..], sandbox.render());
}

#[test]
fn paths_start_from_the_kustomization() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let elsewhere = Sandbox::new();
    let file = elsewhere.write("config", config.to_string());
    let mut command = elsewhere.command(&["kustomize", file.to_str().unwrap()]);
    command.env("KUSTOMIZE_PLUGIN_CONFIG_ROOT", sandbox.folder());
    assert_eq!(objects(&finish(&mut command).stdout), sandbox.render());
    let mut command = elsewhere.command(&["kustomize"]);
    command.env("KUSTOMIZE_PLUGIN_CONFIG_ROOT", sandbox.folder());
    command.env("KUSTOMIZE_PLUGIN_CONFIG_STRING", config.to_string());
    assert_eq!(objects(&finish(&mut command).stdout), sandbox.render(), "without the file");
}

#[test]
fn by_hand_a_file_is_enough() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let run = sandbox.ok(&["kustomize", "mtls.yaml"]);
    assert_eq!(objects(&run.stdout), sandbox.render());
    assert_eq!(sandbox.run(&["kustomize", "absent.yaml"]).status, 2);
    assert_eq!(sandbox.run(&["kustomize", "mtls.yaml", "more"]).status, 2);
}

#[test]
fn annotations_are_what_kustomize_reads() {
    let config = config(json!({"needsHash": true, "behavior": "replace"}), spec());
    let sandbox = issued(&config);
    let run = call(&sandbox, &config, "");
    let mut hashed = Vec::new();
    for object in objects(&run.stdout) {
        let annotations = &object["metadata"]["annotations"];
        assert_eq!(annotations["kustomize.config.k8s.io/behavior"], "replace");
        if annotations["kustomize.config.k8s.io/needs-hash"] == "true" {
            hashed.push(object["metadata"]["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(hashed, ["shop-example-com-tls"], "annotations name the bundle with its namespace");
}

#[test]
fn a_hash_that_would_open_the_host_is_refused() {
    let mut spec = spec();
    spec["patches"] = json!([{
        "target": {"kind": "Secret", "name": ".*cacert"},
        "patch": {"metadata": {"annotations": {"kustomize.config.k8s.io/needs-hash": "true"}}},
    }]);
    let config = config(json!({}), spec);
    let sandbox = issued(&config);
    let run = call(&sandbox, &config, "");
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("error[hash-suffix]"), "{}", run.stderr);
    assert!(run.stderr.contains("would get a hash suffix"), "{}", run.stderr);
}
