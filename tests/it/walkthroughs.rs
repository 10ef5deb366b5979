//! The examples against the hand procedures that they replace: the same objects, field by field, and the
//! same facts in the certificates.

use std::collections::BTreeMap;
use std::fs;

use mtlsgen::pki::certificate::{Certificate, ExtendedKeyUsage};
use mtlsgen::pki::key::{KeyKind, PrivateKey};
use serde_json::{Value, json};

use crate::cases::example;
use crate::support::{Sandbox, data, object, objects, root};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// What kubectl printed, without what it prints for emptiness' sake.
fn recorded(name: &str) -> Value {
    let text = fs::read_to_string(root().join("tests/recorded").join(name)).unwrap();
    let mut object = objects(&text).remove(0);
    drop_empty(&mut object);
    object
}

fn drop_empty(value: &mut Value) {
    let is_empty = |value: &Value| value.is_null() || *value == json!({});
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(drop_empty);
            map.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

/// The object with what mtlsgen adds to kubectl's: its namespace.
fn in_namespace(mut object: Value, namespace: &str) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    object
}

pub fn annotations(object: &Value) -> BTreeMap<String, String> {
    let entries = object["metadata"]["annotations"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().expect("annotations are text").to_owned();
    entries.map(|(key, value)| (key.replace(PREFIX, ""), text(value))).collect()
}

fn expected(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn ingress_spec(host: &str, service: &str, port: u16, secret: Option<&str>) -> Value {
    let mut spec = json!({
        "ingressClassName": "nginx",
        "rules": [{ "host": host, "http": { "paths": [{
            "path": "/",
            "pathType": "Prefix",
            "backend": { "service": { "name": service, "port": { "number": port } } },
        }] } }],
    });
    if let Some(secret) = secret {
        spec["tls"] = json!([{ "hosts": [host], "secretName": secret }]);
    }
    spec
}

/// Type and keys of a Secret.
fn shape(secret: &Value) -> (&str, Vec<&str>) {
    let keys = secret["data"].as_object().unwrap().keys().map(String::as_str).collect();
    (secret["type"].as_str().unwrap(), keys)
}

fn kinds(objects: &[Value]) -> Vec<(&str, &str)> {
    objects
        .iter()
        .map(|object| {
            (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
        })
        .collect()
}

fn stored(sandbox: &Sandbox, holder: &str) -> Vec<Certificate> {
    Certificate::from_pem(sandbox.read(&format!("pki/{holder}/tls.crt")).as_bytes()).unwrap()
}

fn stored_key(sandbox: &Sandbox, holder: &str) -> PrivateKey {
    PrivateKey::from_pem(sandbox.read(&format!("pki/{holder}/tls.key")).as_bytes()).unwrap()
}

/// Facts of a certificate that the hand procedures choose.
struct Facts<'a> {
    subject: &'a str,
    issuer: &'a str,
    key: KeyKind,
    /// Validity, both ends included.
    days: u64,
    serial: Option<&'a str>,
    usage: Option<ExtendedKeyUsage>,
    dns: &'a [&'a str],
}

fn unix_time() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

impl Facts<'_> {
    fn check(&self, certificate: &Certificate) {
        let subject = self.subject;
        assert_eq!(certificate.subject.rfc2253(), subject);
        assert_eq!(certificate.issuer.rfc2253(), self.issuer, "{subject}");
        assert_eq!(certificate.key_kind, Some(self.key), "{subject}");
        // Five minutes for clocks that are late; the examples are rendered once, at the start of a long run.
        let age = unix_time() - certificate.not_before.unix();
        assert!((300..7200).contains(&age), "{subject} is {age} seconds old");
        // Validity counts both its ends (RFC 5280, section 4.1.2.5).
        let validity = certificate.not_after.since(certificate.not_before).0 + 1;
        assert_eq!(validity, self.days * 86_400, "{subject}");
        let serial = certificate.serial.to_string();
        match self.serial {
            Some(fixed) => assert_eq!(serial, fixed, "{subject}"),
            None => assert!(serial.len() > 24, "{subject} has the serial {serial}"),
        }
        assert_eq!(certificate.is_authority, self.usage.is_none(), "{subject}");
        assert_eq!(
            certificate.extended_key_usage,
            self.usage.clone().map(|usage| vec![usage]),
            "{subject}"
        );
        assert_eq!(certificate.names.dns, self.dns, "{subject}");
    }
}

#[test]
fn the_demo_over_http() {
    let sandbox = example("demo-app-1-http");
    let objects = sandbox.render();
    assert_eq!(
        kinds(&objects),
        [("Service", "demo-app"), ("Deployment", "demo-app"), ("Ingress", "test-localhost")]
    );
    the_demo_application(&objects);
    let ingress = object(&objects, "Ingress", "test-localhost");
    assert_eq!(ingress["spec"], ingress_spec("test.localdev.me", "demo-app", 80, None));
    assert_eq!(ingress["metadata"], json!({ "name": "test-localhost", "namespace": "default" }));
    assert!(!sandbox.path("pki").exists(), "nothing to issue, no store");
}

fn the_demo_application(objects: &[Value]) {
    let deployment = recorded("w1-create-deployment.yaml");
    assert_eq!(*object(objects, "Deployment", "demo-app"), in_namespace(deployment, "default"));
    let service = recorded("w1-expose-deployment.yaml");
    assert_eq!(*object(objects, "Service", "demo-app"), in_namespace(service, "default"));
}

#[test]
fn the_demo_over_tls() {
    let sandbox = example("demo-app-2-tls");
    let objects = sandbox.render();
    the_demo_application(&objects);
    let ingress = object(&objects, "Ingress", "test-localhost");
    assert_eq!(ingress["spec"], ingress_spec("test.localdev.me", "demo-app", 80, Some("self-tls")));
    assert_eq!(annotations(ingress), expected(&[]));
    the_demo_server(&sandbox, &objects);
}

fn the_demo_server(sandbox: &Sandbox, objects: &[Value]) {
    let secret = object(objects, "Secret", "self-tls");
    assert_eq!(shape(secret), ("kubernetes.io/tls", vec!["tls.crt", "tls.key"]));
    let chain = Certificate::from_pem(&data(secret, "tls.crt")).unwrap();
    let facts = Facts {
        subject: "CN=test.localdev.me,O=test.localdev.me",
        issuer: "CN=test.localdev.me,O=test.localdev.me",
        key: KeyKind::Rsa2048,
        days: 365,
        serial: None,
        usage: Some(ExtendedKeyUsage::ServerAuth),
        dns: &["test.localdev.me"],
    };
    assert_eq!(chain.len(), 1);
    facts.check(&chain[0]);
    let key = PrivateKey::from_pem(&data(secret, "tls.key")).unwrap();
    assert_eq!(key.spki_hash(), chain[0].spki_hash);
    assert_eq!(stored(sandbox, "hosts/test.localdev.me"), chain);
}

#[test]
fn the_demo_over_mutual_tls() {
    let sandbox = example("demo-app-3-mtls");
    let objects = sandbox.render();
    assert_eq!(
        kinds(&objects),
        [
            ("Secret", "ca-secret"),
            ("Secret", "self-tls"),
            ("Service", "demo-app"),
            ("Deployment", "demo-app"),
            ("Ingress", "test-localhost"),
        ]
    );
    the_demo_application(&objects);
    the_demo_server(&sandbox, &objects);
    let ingress = object(&objects, "Ingress", "test-localhost");
    assert_eq!(ingress["spec"], ingress_spec("test.localdev.me", "demo-app", 80, Some("self-tls")));
    assert_eq!(
        annotations(ingress),
        expected(&[
            ("auth-tls-pass-certificate-to-upstream", "true"),
            ("auth-tls-secret", "default/ca-secret"),
            ("auth-tls-verify-client", "on"),
            ("auth-tls-verify-depth", "1"),
            // Beyond the hand procedure: port 80 authenticates no client.
            ("force-ssl-redirect", "true"),
        ])
    );
    let secret = object(&objects, "Secret", "ca-secret");
    assert_eq!(shape(secret), ("Opaque", vec!["ca.crt"]));
    let bundle = Certificate::from_pem(&data(secret, "ca.crt")).unwrap();
    assert_eq!(bundle.len(), 1);
    let authority = Facts {
        subject: "CN=My Cert Authority",
        issuer: "CN=My Cert Authority",
        key: KeyKind::Rsa4096,
        days: 356,
        serial: None,
        usage: None,
        dns: &[],
    };
    authority.check(&bundle[0]);
    assert_eq!(bundle[0].max_path_len, Some(0));
    assert_eq!(stored(&sandbox, "cas/my-cert-authority"), bundle);
    let client = stored(&sandbox, "clients/my-client");
    assert_eq!(client.len(), 1, "the client's chain has no root");
    let facts = Facts {
        subject: "CN=My Client",
        issuer: "CN=My Cert Authority",
        key: KeyKind::Rsa4096,
        days: 356,
        serial: Some("02"),
        usage: Some(ExtendedKeyUsage::ClientAuth),
        dns: &[],
    };
    facts.check(&client[0]);
    assert_eq!(stored_key(&sandbox, "clients/my-client").spki_hash(), client[0].spki_hash);
    assert_eq!(client[0].authority_key_id, bundle[0].subject_key_id);
}

#[test]
fn a_chain_of_authorities() {
    let sandbox = example("intermediate-authority");
    let objects = sandbox.render();
    let secret = object(&objects, "Secret", "tls-authentication");
    assert_eq!(secret["metadata"]["namespace"], "my-namespace");
    assert_eq!(shape(secret), ("Opaque", vec!["ca.crt"]));
    let bundle = Certificate::from_pem(&data(secret, "ca.crt")).unwrap();
    let names: Vec<String> = bundle.iter().map(|c| c.subject.rfc2253()).collect();
    assert_eq!(
        names,
        ["CN=Example Client Authority,O=Example", "CN=Example Root Authority,O=Example"],
        "the authority that signs clients first, then up to the root"
    );
    assert_eq!(bundle.iter().map(|c| c.max_path_len).collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(
        annotations(object(&objects, "Ingress", "web-example-com")),
        expected(&[
            ("auth-tls-pass-certificate-to-upstream", "true"),
            ("auth-tls-secret", "my-namespace/tls-authentication"),
            ("auth-tls-verify-client", "on"),
            ("auth-tls-verify-depth", "1"),
            ("force-ssl-redirect", "true"),
        ])
    );
    let client = stored(&sandbox, "clients/alice");
    assert_eq!(client.len(), 2, "certificate and intermediate");
    assert_eq!(client[1], bundle[0]);
    let facts = Facts {
        subject: "CN=alice,O=Example",
        issuer: "CN=Example Client Authority,O=Example",
        key: KeyKind::EcdsaP256,
        days: 365,
        serial: None,
        usage: Some(ExtendedKeyUsage::ClientAuth),
        dns: &[],
    };
    facts.check(&client[0]);
    let server = object(&objects, "Secret", "web-example-com-tls");
    assert_eq!(shape(server), ("kubernetes.io/tls", vec!["tls.crt", "tls.key"]));
}

#[test]
fn two_authorities_on_one_host() {
    let sandbox = example("two-authorities");
    let example = sandbox.render();
    let port = &object(&example, "Service", "http-svc")["spec"]["ports"];
    assert_eq!(
        *port,
        json!([{ "name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080 }])
    );
    // What was recorded has another image, and no name for the port.
    let set = [
        "render",
        "--set",
        "services.http-svc.image=registry.k8s.io/e2e-test-images/agnhost:2.39",
        "--set",
        "services.http-svc.portName=null",
    ];
    let objects = objects(&sandbox.ok(&set).stdout);
    let deployment = recorded("w3-create-deployment.yaml");
    assert_eq!(*object(&objects, "Deployment", "http-svc"), in_namespace(deployment, "default"));
    let service = recorded("w3-expose-deployment.yaml");
    assert_eq!(*object(&objects, "Service", "http-svc"), in_namespace(service, "default"));

    let ingress = object(&objects, "Ingress", "app-192-0-2-10-sslip-io");
    assert_eq!(
        ingress["spec"],
        ingress_spec("app.192-0-2-10.sslip.io", "http-svc", 80, Some("server-tls"))
    );
    assert_eq!(annotations(ingress)["auth-tls-secret"], "default/internal-ca");
    let server = object(&objects, "Secret", "server-tls");
    assert_eq!(shape(server), ("kubernetes.io/tls", vec!["tls.crt", "tls.key"]));
    let bundle = object(&objects, "Secret", "internal-ca");
    assert_eq!(shape(bundle), ("Opaque", vec!["ca.crt"]));
    // In the order that the backend sees in `ssl-client-issuer-dn`.
    let (public, internal) = (
        "C=GB,O=Org Public CA,CN=Public Cert Authority",
        "C=GB,O=Org Internal CA,CN=Internal Cert Authority",
    );
    let key = KeyKind::Rsa4096;
    let authority = |subject| Facts {
        subject,
        issuer: subject,
        key,
        days: 356,
        serial: None,
        usage: None,
        dns: &[],
    };
    authority(internal).check(&Certificate::from_pem(&data(bundle, "ca.crt")).unwrap()[0]);
    authority(public).check(&stored(&sandbox, "cas/public")[0]);
    // Leaves were to live for 365 days, and end with their issuers.
    let leaf = Facts {
        subject: "CN=app.192-0-2-10.sslip.io",
        issuer: public,
        key,
        days: 356,
        serial: Some("01"),
        usage: Some(ExtendedKeyUsage::ServerAuth),
        dns: &["app.192-0-2-10.sslip.io"],
    };
    leaf.check(&Certificate::from_pem(&data(server, "tls.crt")).unwrap()[0]);
    let client = Facts {
        subject: "C=GB,O=aks-ingress-client,CN=internal-client",
        issuer: internal,
        serial: Some("02"),
        usage: Some(ExtendedKeyUsage::ClientAuth),
        dns: &[],
        ..leaf
    };
    client.check(&stored(&sandbox, "clients/internal-client")[0]);
}

#[test]
fn one_protected_service_among_public_ones() {
    let sandbox = example("protected-among-public");
    let objects = sandbox.render();
    let of = |name| annotations(object(&objects, "Ingress", name));
    assert_eq!(of("www-shop-example-com"), expected(&[]));
    assert_eq!(
        of("admin-shop-example-com"),
        expected(&[
            ("auth-tls-error-page", "https://www.shop.example.com/no-certificate"),
            ("auth-tls-match-cn", "CN=$.|^(CN=authorized-client,O=MyOrganization)$"),
            ("auth-tls-pass-certificate-to-upstream", "true"),
            ("auth-tls-secret", "shop/admin-shop-example-com-tls-cacert"),
            ("auth-tls-verify-client", "on"),
            ("auth-tls-verify-depth", "1"),
            ("force-ssl-redirect", "true"),
        ])
    );
    assert_eq!(of("orders-shop-example-com")["auth-tls-verify-client"], "optional");
    let facts = |subject, key| Facts {
        subject,
        issuer: "CN=My Certificate Authority,O=MyOrganization",
        key,
        days: 365,
        serial: None,
        usage: Some(ExtendedKeyUsage::ClientAuth),
        dns: &[],
    };
    facts("CN=authorized-client,O=MyOrganization", KeyKind::Rsa4096)
        .check(&stored(&sandbox, "clients/authorized-client")[0]);
    let inside = object(&objects, "Secret", "reporting-job-client");
    assert_eq!(shape(inside), ("kubernetes.io/tls", vec!["tls.crt", "tls.key"]));
    assert_eq!(inside["metadata"]["namespace"], "reporting");
    facts("CN=reporting-job,O=MyOrganization", KeyKind::EcdsaP256)
        .check(&Certificate::from_pem(&data(inside, "tls.crt")).unwrap()[0]);
    for object in &objects {
        assert_eq!(object["metadata"]["labels"]["mtlsgen.dev/name"], "shop", "{object}");
    }
    let pods = &object(&objects, "Deployment", "shop")["spec"];
    assert_eq!(pods["selector"]["matchLabels"], json!({ "app": "shop" }));
    assert_eq!(pods["template"]["metadata"]["labels"], json!({ "app": "shop" }));
    assert!(!kinds(&objects).contains(&("Service", "orders")), "it lives in the cluster already");
}

#[test]
fn cert_manager_and_an_authority_in_another_namespace() {
    let sandbox = example("cert-manager");
    let run = sandbox.ok(&["render"]);
    let objects = objects(&run.stdout);
    let ingress = object(&objects, "Ingress", "httpbin");
    assert_eq!(ingress["apiVersion"], "networking.k8s.io/v1");
    assert_eq!(
        ingress["spec"],
        ingress_spec("in.logpoint.com.np", "httpbin", 8000, Some("logpoint-ingress"))
    );
    assert_eq!(
        annotations(ingress),
        expected(&[
            ("auth-tls-pass-certificate-to-upstream", "true"),
            ("auth-tls-secret", "ingress-nginx/logpoint-ingress"),
            ("auth-tls-verify-client", "on"),
            ("auth-tls-verify-depth", "1"),
            ("cert-manager.io/cluster-issuer", "ca-issuer"),
            ("force-ssl-redirect", "true"),
        ])
    );
    assert!(objects.iter().all(|object| object["kind"] != "Secret"), "others fill both Secrets");
    for words in ["allow-cross-namespace-resources", "without a key `ca.crt`"] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}
