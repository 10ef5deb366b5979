//! Specs that are wrong in one thing, with what validators have to say of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A spec that is right and has every table.
pub fn right() -> Value {
    json!({
        "namespace": "web",
        "controllers": [{ "name": "ingress-nginx" }],
        "defaults": {
            "privateKey": { "algorithm": "ECDSA" },
            "subject": { "organizations": ["Example"] },
            "hosts": { "tls": { "issuer": "self-signed" }, "clientAuth": { "cas": ["clients"] } },
        },
        "store": { "path": "pki", "encryption": { "age": { "recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudfcynqqdyfjqz"] } } },
        "secrets": { "format": "plain" },
        "patches": [{ "target": { "kind": "Ingress" }, "patch": "[]" }],
        "cas": { "clients": {
            "duration": "10y",
            "subject": { "commonName": "Clients" },
            "nameConstraints": { "permitted": { "dnsDomains": ["example.com"] } },
            "revoked": [{ "serial": "0x02", "reason": "superseded" }],
            "crl": { "duration": "90d" },
        } },
        "services": { "web": {
            "image": "httpd",
            "ports": [{ "name": "http", "port": 80 }],
            "env": [{ "name": "A", "value": "b" }],
            "resources": { "limits": { "cpu": "1" } },
        } },
        "hosts": { "a.example.com": {
            "routes": [{ "path": "/", "service": "web", "port": 80 }],
            "tls": { "issuer": "self-signed", "privateKey": { "size": 2048 }, "certManager": { "clusterIssuer": "x" } },
            "clientAuth": { "cas": ["clients"], "verify": "optional" },
            "existingIngress": { "labelSelector": "app=a" },
        } },
        "clients": { "alice": { "issuer": "clients", "dnsNames": ["a.example.com"], "subject": { "countries": ["DE"] } } },
    })
}

/// Where a table is, a key of it, and how it is misspelt.
const MISSPELT: &[(&str, &str, &str)] = &[
    ("", "hosts", "hots"),
    ("", "namespace", "nameSpace"),
    ("", "clients", "client"),
    ("/controllers/0", "name", "nmae"),
    ("/defaults", "privateKey", "private_key"),
    ("/defaults/privateKey", "algorithm", "algoritm"),
    ("/defaults/subject", "organizations", "organisations"),
    ("/defaults/hosts", "clientAuth", "clientauth"),
    ("/defaults/hosts/tls", "issuer", "isuer"),
    ("/defaults/hosts/clientAuth", "cas", "ca"),
    ("/store", "path", "folder"),
    ("/store/encryption", "age", "agge"),
    ("/store/encryption/age", "recipients", "recipient"),
    ("/secrets", "format", "fromat"),
    ("/patches/0", "target", "targets"),
    ("/patches/0/target", "kind", "kinds"),
    ("/cas/clients", "duration", "durration"),
    ("/cas/clients/subject", "commonName", "comonName"),
    ("/cas/clients/nameConstraints", "permitted", "permited"),
    ("/cas/clients/nameConstraints/permitted", "dnsDomains", "dnsDomain"),
    ("/cas/clients/revoked/0", "serial", "seriall"),
    ("/cas/clients/crl", "duration", "durration"),
    ("/services/web", "image", "iamge"),
    ("/services/web/ports/0", "port", "prot"),
    ("/services/web/env/0", "name", "nam"),
    ("/services/web/resources", "limits", "limit"),
    ("/hosts/a.example.com", "tls", "tsl"),
    ("/hosts/a.example.com/routes/0", "service", "servce"),
    ("/hosts/a.example.com/tls", "issuer", "isuer"),
    ("/hosts/a.example.com/tls/privateKey", "size", "bits"),
    ("/hosts/a.example.com/tls/certManager", "clusterIssuer", "clusterissuer"),
    ("/hosts/a.example.com/clientAuth", "verify", "verfy"),
    ("/hosts/a.example.com/existingIngress", "labelSelector", "labels"),
    ("/clients/alice", "issuer", "isuer"),
    ("/clients/alice/subject", "countries", "country"),
];

/// Where a value is, another that is wrong, and what every validator has to say of it, in one of the ways of each.
const WRONG: &[(&str, &str, [&str; 4])] = &[
    (
        "/hosts/a.example.com/tls",
        "true",
        [
            "allowed values {\"allowedValues\":[false]}",
            "Valid values: false",
            "true is not one of [false]",
            "true is not one of false",
        ],
    ),
    (
        "/hosts/a.example.com/tls",
        "\"self-signed\"",
        [
            "must be boolean,object",
            "Expected one of boolean, object",
            "is not of types",
            "is not of types",
        ],
    ),
    (
        "/hosts/a.example.com/clientAuth/verify",
        "\"onn\"",
        ["allowed values", "\"optional_no_ca\"", "\"onn\" is not one of", "\"onn\" is not one of"],
    ),
    (
        "/hosts/a.example.com/routes/0/port",
        "0",
        [
            "must be >= 1",
            "below the minimum of 1",
            "less than the minimum of 1",
            "less than the minimum of 1",
        ],
    ),
    (
        "/clients/alice/subject",
        "3",
        [
            "must be string,object",
            "Expected one of string, object",
            "is not of types",
            "is not of types",
        ],
    ),
    (
        "/cas/clients/crl/duration",
        "90",
        ["must be string", "Expected \"string\"", "is not of type", "is not of type"],
    ),
];

/// One wrong spec, and what the messages about it must contain: of ajv, yaml-language-server, Taplo, the crate.
pub struct Case {
    pub value: Value,
    pub expected: [String; 4],
    /// What may be said as well: that the right key is missing.
    pub missing: Option<&'static str>,
}

pub fn object_form(spec: &Value) -> Value {
    json!({ "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": { "name": "a" }, "spec": spec })
}

pub fn cases() -> BTreeMap<String, Case> {
    let mut cases = BTreeMap::new();
    let mut add = |name: String, spec: &Value, expected: [String; 4], missing| {
        let object = Case { value: object_form(spec), expected: expected.clone(), missing };
        cases.insert(format!("{name}-object"), object);
        cases.insert(name, Case { value: spec.clone(), expected, missing });
    };
    for (index, (table, right_key, wrong_key)) in MISSPELT.iter().enumerate() {
        let mut spec = right();
        let entries = spec.pointer_mut(table).unwrap().as_object_mut().unwrap();
        let value = entries.remove(*right_key).unwrap_or_else(|| panic!("{table} {right_key}"));
        entries.insert((*wrong_key).to_owned(), value);
        let unexpected = format!("'{wrong_key}' was unexpected");
        let expected = [
            format!("{{\"additionalProperty\":\"{wrong_key}\"}}"),
            format!("Property {wrong_key} is not allowed."),
            unexpected.clone(),
            unexpected,
        ];
        add(format!("key-{index:02}"), &spec, expected, Some(right_key));
    }
    for (index, (place, value, expected)) in WRONG.iter().enumerate() {
        let mut spec = right();
        *spec.pointer_mut(place).unwrap() = serde_json::from_str(value).unwrap();
        add(format!("value-{index:02}"), &spec, expected.map(str::to_owned), None);
    }
    cases
}
