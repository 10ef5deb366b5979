//! What both formats mean.

use proptest::prelude::*;

use super::*;
use crate::specification::value::FalseOr;
use crate::specification::{Environment, Existing};

#[test]
fn both_formats_say_the_same() {
    let toml = r#"
"$schema" = "https://example.com/schema.json"
namespace = "default"
labels."app.kubernetes.io/part-of" = "1.10"

[cas.clients-base]
subject = "CN=My Cert Authority"
duration = "10y"
serial = 0x1F

[services.demo-app]
image = "httpd"
port = 80
env = { A = "1", B = "on" }
resources.requests = { cpu = 0.5, memory = "128Mi" }

[hosts."test.localdev.me"]
service = "demo-app"
tls.issuer = "self-signed"
clientAuth.cas = ["clients-base"]
clientAuth.verify = "on"

[hosts.plain]
tls = false
routes = [{ path = "/a", service = "demo-app", port = 80 }, { path = "/b", pathType = "Exact" }]
"#;
    let yaml = r"
$schema: https://example.com/schema.json
namespace: default
labels: {app.kubernetes.io/part-of: '1.10'}
cas:
  clients-base: &ca
    subject: CN=My Cert Authority
    duration: 10y
    serial: 0x1F
services:
  demo-app:
    image: httpd
    port: 80
    env: {A: '1', B: 'on'}
    resources:
      requests: {cpu: 0.5, memory: 128Mi}
hosts:
  test.localdev.me:
    service: demo-app
    tls: {issuer: self-signed}
    clientAuth:
      cas:
      - clients-base
      verify: on
  plain:
    tls: false
    routes:
    - path: /a
      service: demo-app
      port: 80
    - {path: /b, pathType: Exact}
";
    let (toml, yaml) = (good(&[("a.toml", toml)]), good(&[("a.yaml", yaml)]));
    assert_eq!(format!("{toml:?}"), format!("{yaml:?}"));
    assert_eq!(toml.hosts.len(), 2);
    assert!(matches!(toml.hosts["plain"].tls, Some(FalseOr::False)));
    assert_eq!(toml.cas["clients-base"].serial.as_ref().unwrap().magnitude(), [0x1f]);
    let requests = &toml.services["demo-app"].resources.as_ref().unwrap().requests;
    assert_eq!(requests["cpu"].as_str(), "0.5");
}

#[test]
fn the_order_of_keys_in_patches_is_kept() {
    let expected = r#"{"z":1,"a":{"w":2,"b":[3,null]}}"#;
    let yaml = good(&[("a.yaml", "patches: [{patch: {z: 1, a: {w: 2, b: [3, null]}}}]")]);
    assert_eq!(yaml.patches[0].patch.as_ref().unwrap().to_string(), expected);
    let toml = good(&[("a.toml", "[[patches]]\npatch.z = 1\npatch.a.w = 2\npatch.a.b = [3]\n")]);
    assert_eq!(toml.patches[0].patch.as_ref().unwrap().to_string(), expected.replace(",null", ""));
}

#[test]
fn yaml_knows_anchors_merge_keys_and_tags() {
    let spec = good(&[(
        "a.yaml",
        "
defaults:
  hosts: {tls: &tls {issuer: base, duration: 90d}}
hosts:
  a: {tls: *tls}
  b:
    tls:
      <<: *tls
      issuer: other
  c:
    tls:
      <<: [{issuer: first}, *tls]
services:
  s: {image: !!str 1.10, existing: deployment}
  t: {existing: true, image: ! httpd}
annotations: {empty: !!str }
",
    )]);
    let tls = |host: &str| match &spec.hosts[host].tls {
        Some(FalseOr::Is(tls)) => (tls.issuer.clone().unwrap(), tls.duration.unwrap().to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(tls("a"), ("base".into(), "90d".into()));
    assert_eq!(tls("b"), ("other".into(), "90d".into()));
    assert_eq!(tls("c"), ("first".into(), "90d".into()));
    assert_eq!(spec.services["s"].image.as_ref().unwrap().as_str(), "1.10");
    assert_eq!(spec.annotations["empty"], "");
    assert_eq!(spec.services["s"].existing, Some(Existing::Deployment));
    assert_eq!(spec.services["t"].existing, Some(Existing::Service));
    assert_eq!(spec.services["t"].image.as_ref().unwrap().as_str(), "httpd");
}

#[test]
fn json_is_yaml() {
    let text =
        "{\n\t\"namespace\": \"a\\u002db\",\n\t\"annotations\": {\"x\": \"\\/\\ud83d\\ude00\"}\n}";
    let spec = good(&[("a.json", text)]);
    assert_eq!(spec.namespace.unwrap().as_str(), "a-b");
    assert_eq!(spec.annotations["x"], "/😀");
}

#[test]
fn empty_sources_are_empty_specs() {
    for (name, text) in [
        ("a.toml", ""),
        ("a.yaml", ""),
        ("a.yaml", "---\n"),
        ("a.yaml", "# only a comment\n"),
        ("a.yaml", "null\n...\n"),
        ("<stdin>", "\n"),
    ] {
        assert!(good(&[(name, text)]).hosts.is_empty());
    }
    assert!(good(&[]).hosts.is_empty());
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let toml = good(&[("a.toml", "\u{feff}[hosts.a]\r\nservice = \"x\"\r\n")]);
    let yaml = good(&[("a.yaml", "\u{feff}hosts:\r\n  a:\r\n    service: x\r\n")]);
    assert_eq!(toml.hosts["a"].service.as_deref(), Some("x"));
    assert_eq!(yaml.hosts["a"].service.as_deref(), Some("x"));
}

#[test]
fn environments_are_tables_or_lists() {
    let spec = good(&[(
        "a.yaml",
        "
services:
  a: {env: {A: b}}
  b: {env: [{name: A, value: b}, {name: C, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}
",
    )]);
    assert!(matches!(&spec.services["a"].env, Some(Environment::Table(t)) if t["A"] == "b"));
    let Some(Environment::List(list)) = &spec.services["b"].env else { panic!("no list") };
    assert_eq!(list[0]["value"], "b");
    assert_eq!(list[1]["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP");
}

#[test]
fn the_object_form_is_unwrapped() {
    let object = "
apiVersion: mtlsgen.dev/v1alpha1
kind: MutualTLS
metadata: {name: site, labels: {a: b}, annotations: {config.kubernetes.io/function: x}}
spec:
  hosts: {a: {service: x}}
";
    let spec = good(&[("a.yaml", object)]);
    assert_eq!(spec.name.unwrap().as_str(), "site");
    assert!(spec.hosts.contains_key("a") && spec.labels.is_empty());
    let spec = good(&[("a.yaml", "name: mine"), ("b.yaml", object)]);
    assert_eq!(spec.name.unwrap().as_str(), "mine");
    let toml = "apiVersion = \"mtlsgen.dev/v1alpha1\"\nkind = \"MutualTLS\"\nmetadata.name = \"t\"\n[spec.hosts.b]\n";
    let spec = good(&[("a.yaml", object), ("b.toml", toml)]);
    assert_eq!(spec.name.unwrap().as_str(), "t");
    assert_eq!(spec.hosts.len(), 2);
}

/// A scalar of the spec as both formats write it.
fn texts() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~äß✓\n\t]{0,12}").unwrap()
}

proptest! {
    #[test]
    fn any_spec_reads_alike_in_both_formats(
        namespace in "[a-z]{1,5}",
        annotations in proptest::collection::btree_map("[a-z]{1,4}(\\.[a-z]{1,3}/[a-z]{1,3})?", texts(), 0..5),
        services in proptest::collection::btree_map("[a-z]{1,6}", (1u16.., any::<bool>()), 0..5),
        cas in proptest::collection::vec("[a-z]{1,4}", 0..4),
    ) {
        let spec = serde_json::json!({
            "namespace": namespace,
            "annotations": annotations,
            "services": services.iter().map(|(name, (port, existing))| {
                (name.clone(), serde_json::json!({ "port": port, "existing": existing }))
            }).collect::<serde_json::Map<_, _>>(),
            "hosts": { "a.b": { "tls": false, "clientAuth": { "cas": cas } } },
        });
        let yaml = serde_saphyr::to_string(&spec).unwrap();
        // It writes `on` without quotes.
        prop_assume!(!messages(&[("a.yaml", &yaml)]).iter().any(|message| message.contains("two-readings")));
        let json = spec.to_string();
        let mut toml = vec![format!("namespace = '{namespace}'")];
        toml.extend(annotations.iter().map(|(key, value)| {
            format!("annotations.'{key}' = {}", serde_json::json!(value))
        }));
        toml.extend(services.iter().map(|(name, (port, existing))| {
            format!("[services.{name}]\nport = {port}\nexisting = {existing}")
        }));
        let cas = serde_json::json!(cas);
        toml.push(format!("[hosts.'a.b']\ntls = false\nclientAuth = {{ cas = {cas} }}\n"));
        let toml = toml.join("\n");
        let specs = [("a.yaml", &yaml), ("a.json", &json), ("a.toml", &toml)]
            .map(|(name, text)| format!("{:?}", good(&[(name, text.as_str())])));
        prop_assert_eq!(&specs[0], &specs[1]);
        prop_assert_eq!(&specs[0], &specs[2]);
    }
}
