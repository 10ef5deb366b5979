//! The schema is valid, accepts what reading accepts and refuses what an editor should mark.

use jsonschema::Validator;
use serde_json::json;

use super::*;

fn validator() -> Validator {
    let schema = json_schema();
    jsonschema::draft7::meta::validate(&schema).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch rewrites the file that is under test")]
fn the_file_is_current() {
    let current = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/mtls.schema.json");
    if std::env::var_os("MTLSGEN_UPDATE").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    assert!(file == current, "{path} is out of date: MTLSGEN_UPDATE=1 cargo test rewrites it");
}

#[test]
fn right_documents_are_accepted() {
    let validator = validator();
    for document in [
        json!({}),
        json!({ "$schema": "https://example.com", "namespace": "a", "labels": { "a.b/c": "x" } }),
        json!({ "hosts": { "*.example.com": { "tls": false, "clientAuth": false } } }),
        json!({ "hosts": { "a": { "service": "s", "tls": { "issuer": "self-signed", "serial": 2 },
            "clientAuth": { "cas": ["a"], "verify": "optional_no_ca", "verifyDepth": 2 },
            "routes": [{ "path": "/", "pathType": "Exact", "service": "s", "port": "http" }] } } }),
        json!({ "secrets": { "format": "plain", "allowPlainInGit": true }, "templates": "t" }),
        json!({ "services": { "s": { "image": "httpd", "port": 80, "existing": "deployment",
            "env": [{ "name": "A", "valueFrom": { "fieldRef": {} } }],
            "resources": { "requests": { "cpu": 0.5, "memory": "1Gi" } } },
            "t": { "existing": true, "env": { "A": "b" } } } }),
        json!({ "cas": { "a": { "duration": "10y", "serial": "0x02", "privateKey": { "algorithm": "RSA", "size": 4096 },
            "nameConstraints": { "permitted": { "ipRanges": ["10.0.0.0/8"], "dnsDomains": ["a.b"] } } } } }),
        json!({ "patches": [{ "target": { "kind": "Deployment" }, "patch": [{ "op": "add" }] }, { "patch": "x" }, { "patch": {} }] }),
        json!({ "apiVersion": API_VERSION, "kind": KIND, "metadata": { "name": "a", "annotations": {} },
            "spec": { "hosts": { "a": {} } } }),
    ] {
        let errors: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{document}: {errors:?}");
    }
}

#[test]
fn wrong_documents_are_refused() {
    let validator = validator();
    for document in [
        json!([]),
        json!({ "banana": 1 }),
        json!({ "namespace": 1 }),
        json!({ "namespace": null }),
        json!({ "secrets": { "format": 1 } }),
        json!({ "namespace": "A" }),
        json!({ "networkPolicy": {} }),
        json!({ "hosts": { "a": { "tls": true } } }),
        json!({ "hosts": { "a": { "tls": { "isuer": "x" } } } }),
        json!({ "hosts": { "a": { "clientAuth": { "verify": "yes" } } } }),
        json!({ "hosts": { "a": { "clientAuth": { "verifyDepth": 0 } } } }),
        json!({ "hosts": { "a": { "clientAuth": { "errorPage": "/x" } } } }),
        json!({ "services": { "My_App": {} } }),
        json!({ "services": { "a": { "port": 70000 } } }),
        json!({ "services": { "a": { "existing": "service" } } }),
        json!({ "services": { "a": { "env": [{ "value": "x" }] } } }),
        json!({ "cas": { "a": { "duration": 365 } } }),
        json!({ "store": { "kind": "derive" } }),
        json!({ "cas": { "a": { "generation": 0 } } }),
        json!({ "apiVersion": API_VERSION, "kind": KIND, "metadata": { "name": "a" }, "hosts": {} }),
        json!({ "apiVersion": "v1", "kind": KIND, "metadata": { "name": "a" }, "spec": {} }),
        json!({ "kind": KIND, "spec": {} }),
        json!({ "apiVersion": API_VERSION, "kind": KIND, "metadata": { "name": "a" }, "spec": { "banana": 1 } }),
        json!({ "spec": {} }),
    ] {
        assert!(!validator.is_valid(&document), "{document}");
    }
}

#[test]
fn every_key_is_described() {
    fn check(schema: &Value, path: &str) {
        let Value::Object(schema) = schema else { return };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            for (key, property) in properties {
                let path = format!("{path}.{key}");
                assert!(property.get("description").is_some(), "{path}");
                check(property, &path);
            }
        }
        for key in ["items", "additionalProperties"] {
            check(schema.get(key).unwrap_or(&Value::Null), path);
        }
    }
    let schema = json_schema();
    for (key, property) in schema["properties"].as_object().unwrap() {
        assert!(property.get("description").is_some(), "{key}");
        if !["spec", "metadata"].contains(&key.as_str()) {
            check(property, key);
        }
    }
}
