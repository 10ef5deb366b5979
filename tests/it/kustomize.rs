//! The plugin of Kustomize and kpt, with what the real programs hand over.

mod classes;
mod configurations;
mod controllers;
mod exec;
mod function;
mod install;
mod kpt;
mod local_config;
mod neighbours;
mod one_language;
mod transformer;

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, objects};

/// A spec whose build needs three certificates.
pub fn spec() -> Value {
    json!({
        "cas": {"clients": {}},
        "clients": {"alice": {"issuer": "clients"}},
        "services": {"shop": {"image": "httpd", "port": 80}},
        "hosts": {"shop.example.com": {
            "service": "shop",
            "tls": {"issuer": "self-signed"},
            "clientAuth": {"cas": ["clients"]},
        }},
    })
}

/// The configuration with that spec and these settings.
pub fn config(plugin: Value, spec: Value) -> Value {
    let mut config = json!({
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "MutualTLS",
        "metadata": {"name": "shop", "annotations": {
            "config.kubernetes.io/function": "exec:\n  path: mtlsgen\n  args: [kustomize]\n",
        }},
    });
    config["plugin"] = plugin;
    config["spec"] = spec;
    config
}

/// What Kustomize 5.8 writes for a generator: the configuration is an item, too.
pub fn generator_input(config: &Value) -> Value {
    let mut item = config.clone();
    let annotations = item["metadata"]["annotations"].as_object_mut().unwrap();
    for (name, value) in [
        ("config.kubernetes.io/local-config", "true"),
        ("config.kubernetes.io/index", "0"),
        ("internal.config.kubernetes.io/index", "0"),
        ("internal.config.kubernetes.io/annotations-migration-resource-id", "0"),
        ("internal.config.kubernetes.io/id", "1"),
        ("config.k8s.io/id", "1"),
    ] {
        annotations.insert(name.to_owned(), value.into());
    }
    json!({
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": [item],
        "functionConfig": config,
    })
}

/// A folder with `mtls.yaml` (that configuration), and everything issued.
pub fn issued(config: &Value) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("mtls.yaml", config.to_string());
    sandbox.ok(&["render"]);
    sandbox
}

/// Runs the function.
pub fn function(sandbox: &Sandbox, list: &Value) -> Run {
    sandbox.run_with_input(&["kustomize"], list.to_string())
}

/// The list that a function prints.
pub fn list(run: &Run) -> Value {
    let mut documents = objects(&run.stdout);
    assert_eq!(documents.len(), 1, "{}", run.stdout);
    documents.remove(0)
}

/// Messages of the results with that severity.
pub fn messages(list: &Value, severity: &str) -> Vec<String> {
    let results = list["results"].as_array().cloned().unwrap_or_default();
    let of_severity = results.iter().filter(|result| result["severity"] == severity);
    of_severity.map(|result| result["message"].as_str().unwrap().to_owned()).collect()
}
