//! What configures the plugin: our own object, files that it names, a ConfigMap of kpt's.

use serde_json::{Value, json};

use super::{config, function, generator_input, issued, list, spec};
use crate::support::{Sandbox, objects, root, run};

/// The same spec as TOML.
const TOML: &str = r#"
cas.clients = {}
clients.alice.issuer = "clients"
services.shop = { image = "httpd", port = 80 }
[hosts."shop.example.com"]
service = "shop"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;

fn items(sandbox: &Sandbox, config: &Value) -> Vec<Value> {
    let run = function(
        sandbox,
        &json!({
            "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [],
            "functionConfig": config,
        }),
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    list(&run)["items"].as_array().unwrap().clone()
}

#[test]
fn files_of_the_spec_come_before_what_the_object_says() {
    let config =
        config(json!({"specFiles": ["../mtls.toml", "more.yaml"]}), json!({"namespace": "last"}));
    let sandbox = Sandbox::new();
    sandbox.write("mtls.toml", TOML);
    sandbox.write("site/more.yaml", "namespace: second\nlabels: {more: here}\n");
    sandbox.write("site/mtls.yaml", config.to_string());
    let rendered = objects(&sandbox.ok(&["render", "-f", "site/mtls.yaml"]).stdout);
    assert!(sandbox.path("pki/hosts").is_dir(), "the store lies beside the first file");
    for object in &rendered {
        assert_eq!(object["metadata"]["namespace"], "last");
        assert_eq!(object["metadata"]["labels"]["more"], "here");
        assert_eq!(object["metadata"]["labels"]["mtlsgen.dev/name"], "shop");
    }
    let in_site = |allowed: &str| {
        let mut command = sandbox.command(&["kustomize"]);
        command.current_dir(sandbox.path("site")).env("MTLSGEN_ALLOW_PATH", allowed);
        super::function::feed(command, &generator_input(&config))
    };
    // In a build, a file above the kustomization has to be allowed, as with Kustomize's own files.
    let refused = in_site("");
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("`../mtls.toml` lies outside of"), "{}", refused.stderr);
    let run = in_site("..");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(list(&run)["items"].as_array().unwrap()[1..], rendered);
}

#[test]
fn files_that_name_files_are_refused() {
    let sandbox = Sandbox::new();
    let nested = config(json!({"specFiles": ["mtls.toml"]}), json!({}));
    sandbox.write("nested.yaml", nested.to_string());
    sandbox
        .write("mtls.yaml", config(json!({"specFiles": ["nested.yaml"]}), json!({})).to_string());
    let run = sandbox.run(&["render"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("error[nested-spec-files]"), "{}", run.stderr);
    assert!(run.stderr.contains("must not have `plugin.specFiles` itself"), "{}", run.stderr);
    assert!(run.stderr.contains("nested.yaml:1:"), "{}", run.stderr);
}

#[test]
fn absent_files_are_named() {
    let sandbox = Sandbox::new();
    let config = config(json!({"specFiles": ["absent.toml", "-"]}), json!({}));
    let run = function(&sandbox, &generator_input(&config));
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("`absent.toml`"), "{}", run.stderr);
}

#[test]
fn settings_are_for_objects_alone_and_strict() {
    let sandbox = Sandbox::new();
    for (plugin, words) in [
        (json!({"specFile": []}), "unknown key `specFile`"),
        (json!({"issue": "always"}), "expected one of `never`, `missingOrDue`"),
        (json!({"behavior": "upsert"}), "expected one of `create`, `replace`, `merge`"),
        (json!({"allowPlainSecrets": "x"}), "expected a list"),
        (json!({"needsHash": "yes"}), "expected a boolean"),
        (json!(7), "expected a table"),
        (Value::Null, "the entry `plugin` is empty"),
    ] {
        let config = config(plugin, spec());
        sandbox.write("mtls.yaml", config.to_string());
        for run in [sandbox.run(&["render"]), function(&sandbox, &generator_input(&config))] {
            assert_eq!(run.status, 2);
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
    assert!(!sandbox.path("pki").exists());
    let bare = Sandbox::with_toml("plugin.issue = 'never'\n").run(&["render"]);
    assert!(bare.stderr.contains("unknown key `plugin`"), "{}", bare.stderr);
}

#[test]
fn a_config_map_of_kpt_is_a_configuration() {
    let sandbox = issued(&config(json!({}), spec()));
    let rendered = sandbox.render();
    let mut named = spec();
    named["name"] = "shop".into();
    let map = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "function-input"}, "data": data});
    sandbox.write("mtls.toml", format!("name = 'shop'\n{TOML}"));
    for data in [
        json!({"spec": named.to_string()}),
        json!({"mtls.yaml": named.to_string()}),
        json!({"mtls.toml": format!("name = 'shop'\n{TOML}")}),
        json!({"mtls.toml": TOML, "name": "shop"}),
        json!({"plugin.specFiles": "[mtls.toml]"}),
    ] {
        assert_eq!(items(&sandbox, &map(data)), rendered);
    }
    let run = function(
        &sandbox,
        &json!({
            "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
            "functionConfig": map(json!({"hosts": "{x: {}}", "nmae": "x"})),
        }),
    );
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("--set of ConfigMap/function-input:1:"), "{}", run.stderr);
    let results = list(&run)["results"].clone();
    assert!(results[0]["message"].as_str().unwrap().starts_with("unknown key `nmae`"), "{results}");
    assert_eq!(results[0]["resourceRef"]["kind"], "ConfigMap", "it is not a file");
}

#[test]
fn an_object_of_another_kind_is_no_configuration() {
    let mut other = config(json!({}), spec());
    other["kind"] = "MutualTls".into();
    let run = function(&Sandbox::new(), &generator_input(&other));
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("found an object of kind `MutualTls`"), "{}", run.stderr);
    other["kind"] = "MutualTLS".into();
    other["apiVersion"] = "mtlsgen.dev/v1".into();
    let run = function(&Sandbox::new(), &generator_input(&other));
    assert!(run.stderr.contains("expected `apiVersion: mtlsgen.dev/v1alpha1`"), "{}", run.stderr);
}

#[test]
fn the_documentation_is_correct() {
    let text = std::fs::read_to_string(root().join("docs/kustomize.md")).unwrap();
    let blocks: Vec<&str> =
        text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let configuration = blocks.iter().find(|block| block.contains("kind: MutualTLS\n")).unwrap();
    let sandbox = Sandbox::new();
    sandbox.write("mtls.yaml", configuration);
    assert_eq!(sandbox.render().len(), 5);
    let schema: Value = serde_json::from_str(&run(&["schema"]).stdout).unwrap();
    let settings = schema["properties"]["plugin"]["properties"].as_object().unwrap();
    let named = text
        .split("`plugin.")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap());
    let named: std::collections::BTreeSet<&str> = named.collect();
    assert_eq!(named, settings.keys().map(String::as_str).collect());
}
