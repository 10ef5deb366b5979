//! Properties over generated specs: no panic, the same objects for every reader of YAML, and no value
//! that changes the structure.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Sandbox, objects, python};

/// Values that some reader of YAML, some shell or some template takes for something else.
const HOSTILE: &[&str] = &[
    "on",
    "off",
    "yes",
    "No",
    "y",
    "n",
    "true",
    "null",
    "~",
    "",
    " ",
    "1e3",
    "0x1f",
    "0o17",
    "017",
    "1_000",
    ".5",
    "+1",
    "-0",
    "1:30",
    "1:30:00",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    ".inf",
    ".NaN",
    "=",
    "<<",
    "a: b",
    "a #b",
    "#c",
    "- d",
    "? e",
    "{f}",
    "[g]",
    "{{ h }}",
    "{% raw %}",
    "{# i #}",
    "%j",
    "@k",
    "`l`",
    "&m",
    "*n",
    "!o",
    "|",
    ">",
    "'",
    "\"",
    "\\",
    "two\nlines",
    "trailing\n",
    "\nleading",
    "tab\there",
    "\ttab first",
    "é ü 🔐",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{7f}",
    "---",
    "...",
    "--- a",
    "a:\n  b: c",
    "$(x)",
    "${y}",
    "a'b\"c",
];

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(HOSTILE).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
        1 => "[ -~]{0,40}",
    ]
}

/// A spec with hostile values wherever a value is free, as JSON (which is YAML).
fn spec() -> impl Strategy<Value = Value> {
    (
        prop::collection::vec((hostile(), "[a-z]{1,8}"), 1..4),
        prop::collection::vec(hostile(), 1..4),
        prop::sample::select(&["on", "optional", "optional_no_ca", "off"][..]),
        any::<bool>(),
        prop::sample::select(
            &["no", "on", "y", "n", "off", "null", "1e3", "0x1f", "007", "true"][..],
        ),
    )
        .prop_map(|(env, annotations, verify, protected, word)| {
            let env: serde_json::Map<_, _> =
                env.into_iter().map(|(value, name)| (name.to_uppercase(), json!(value))).collect();
            let annotations: serde_json::Map<_, _> = annotations
                .into_iter()
                .enumerate()
                .map(|(at, value)| (format!("example.com/a{at}"), json!(value)))
                .collect();
            let client_auth = if protected {
                json!({ "cas": ["clients"], "verify": verify })
            } else {
                json!(false)
            };
            json!({
                "name": word,
                "namespace": word.replace('_', "-"),
                "labels": { "word": word },
                "annotations": annotations,
                "cas": { "clients": {} },
                "services": { "web": { "image": "httpd", "port": 80, "env": env } },
                "hosts": { "web.example.com": {
                    "service": "web",
                    "ingressName": word,
                    "tls": { "issuer": "self-signed" },
                    "clientAuth": client_auth,
                } },
            })
        })
}

/// Namespaces and services whose names compose alike once a dash joins them.
const NAMESPACES: &[&str] = &["shop", "shop-api", "api"];
const SERVICES: &[&str] = &["api-x", "x", "web", "web-api", "x-80"];
const PORT_NAMES: &[&str] = &["http", "api-80", "x-80"];
/// Dots become dashes in the names of Ingresses and Secrets; some hosts lie below others' wildcards.
const LABELS: &[&str] = &["api.x", "x", "api", "x.api", "*.apps", "one.apps", "*.x", "two.x"];
const PATHS: &[&str] = &[
    "/",
    "/v1",
    "/a/b",
    "/a.b",
    "/a+b",
    "/~me",
    "/a%20b",
    "/a//b",
    "/.well-known",
    "/.well-known/acme-challenge/x",
];
const PATH_TYPES: &[&str] = &["Prefix", "Exact", "ImplementationSpecific"];

/// Services of several namespaces, each with one port, by number and perhaps by name.
fn neighbours() -> impl Strategy<Value = Vec<Value>> {
    let service = (
        prop::sample::select(NAMESPACES),
        prop::sample::select(SERVICES),
        prop::option::of(prop::sample::select(PORT_NAMES)),
    );
    prop::collection::vec(service, 1..5).prop_map(|services| {
        services
            .into_iter()
            .map(|(namespace, name, port)| {
                let mut service = json!({ "namespace": namespace, "name": name, "port": 80 });
                if let Some(port) = port {
                    service["portName"] = json!(port);
                }
                service["image"] = json!("httpd");
                service
            })
            .collect()
    })
}

/// What one host says beside the service that it leads to.
fn door() -> impl Strategy<Value = Value> {
    (
        prop::sample::select(LABELS),
        prop::sample::select(PATHS),
        prop::sample::select(PATH_TYPES),
        prop::option::of(prop::sample::select(&["clients", "staff"][..])),
        prop::option::of(prop::sample::select(LABELS)),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(label, path, path_type, authority, alias, service, by_name)| {
            let mut door = json!({
                "host": format!("{label}.example.com"),
                "routes": [{ "path": path, "pathType": path_type }],
                "tls": { "issuer": "self-signed" },
                "clientAuth": authority.map_or(json!(false), |name| json!({ "cas": [name] })),
                "service": service.index(1 << 16),
                "byName": by_name,
            });
            if let Some(alias) = alias {
                let name = alias.replace('*', "any");
                door["annotations"] = json!({ ALIAS: format!("{name}.example.com") });
            }
            door
        })
}

const ALIAS: &str = "nginx.ingress.kubernetes.io/server-alias";

/// Hosts, open and locked, of several namespaces; names, paths and aliases are those that controllers confuse.
fn doors() -> impl Strategy<Value = Value> {
    (neighbours(), prop::collection::vec(door(), 1..5)).prop_map(|(services, doors)| {
        let hosts: serde_json::Map<_, _> = doors
            .into_iter()
            .enumerate()
            .map(|(at, mut door)| {
                let table = door.as_object_mut().unwrap();
                let chosen = table.remove("service").unwrap().as_u64().unwrap();
                let by_name = table.remove("byName") == Some(json!(true));
                let number = usize::try_from(chosen).unwrap() % services.len();
                door["namespace"] = services[number]["namespace"].clone();
                door["routes"][0]["service"] = json!(format!("s{number}"));
                if let (true, Some(name)) = (by_name, services[number].get("portName")) {
                    door["routes"][0]["port"] = name.clone();
                }
                (format!("h{at}"), door)
            })
            .collect();
        let services: serde_json::Map<_, _> = services
            .into_iter()
            .enumerate()
            .map(|(at, service)| (format!("s{at}"), service))
            .collect();
        json!({
            "cas": { "clients": {}, "staff": {} },
            "services": services,
            "hosts": hosts,
        })
    })
}

/// Where ingress-nginx never redirects plain HTTP (`no-tls-redirect-locations`, a test of the prefix).
const CHALLENGES: &str = "/.well-known/acme-challenge";

/// The parts of a name that ingress-nginx joins with dashes.
type Parts = Vec<String>;

/// The Secret whose authorities an Ingress trusts.
fn trusted(ingress: &Value) -> Option<Parts> {
    let annotations = &ingress["metadata"]["annotations"];
    let secret = annotations["nginx.ingress.kubernetes.io/auth-tls-secret"].as_str()?;
    Some(secret.split('/').map(str::to_owned).collect())
}

/// The paths of an Ingress, each with namespace, Service and port behind it.
fn paths(ingress: &Value) -> Vec<(String, Parts)> {
    let namespace = ingress["metadata"]["namespace"].as_str().unwrap();
    let rules = ingress["spec"]["rules"].as_array().unwrap();
    rules
        .iter()
        .flat_map(|rule| rule["http"]["paths"].as_array().unwrap())
        .map(|path| {
            let service = &path["backend"]["service"];
            let port = &service["port"];
            let port =
                port["name"].as_str().map_or_else(|| port["number"].to_string(), str::to_owned);
            let name = service["name"].as_str().unwrap();
            let backend = vec![namespace.to_owned(), name.to_owned(), port];
            (path["path"].as_str().unwrap().to_owned(), backend)
        })
        .collect()
}

/// Two that are different and have one name once they are joined.
fn meeting(names: impl Iterator<Item = Parts>) -> Option<(Parts, Parts)> {
    let mut joined = BTreeMap::new();
    for parts in names {
        let other = joined.entry(parts.join("-")).or_insert_with(|| parts.clone());
        if *other != parts {
            return Some((other.clone(), parts));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_specs_render_to_the_same_objects_for_every_reader(spec in spec()) {
        let sandbox = Sandbox::new();
        // YAML forbids some characters that JSON allows, unless they are escaped, and two end a line in YAML 1.1 alone.
        let yaml: String = spec
            .to_string()
            .chars()
            .map(|c| if matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
            .collect();
        sandbox.write("mtls.yaml", yaml);
        let run = sandbox.run(&["render", "-q"]);
        prop_assert_eq!(run.status, 0, "{}", run.stderr);
        let ours = objects(&run.stdout);
        prop_assert_eq!(ours.len(), if spec["hosts"]["web.example.com"]["clientAuth"].is_object() { 5 } else { 4 });
        for object in &ours {
            prop_assert_eq!(&object["metadata"]["annotations"]["example.com/a0"], &spec["annotations"]["example.com/a0"]);
            prop_assert_eq!(&object["metadata"]["labels"]["word"], &spec["labels"]["word"]);
        }
        let env = &ours.iter().find(|object| object["kind"] == "Deployment").unwrap()["spec"]["template"]["spec"]["containers"][0]["env"];
        for (name, value) in spec["services"]["web"]["env"].as_object().unwrap() {
            let found = env.as_array().unwrap().iter().find(|entry| entry["name"] == name.as_str());
            prop_assert_eq!(found.map(|entry| &entry["value"]), Some(value));
        }
        if let Some([yaml_1_1, yaml_1_2]) = other_readers(&run.stdout) {
            prop_assert_eq!(&yaml_1_1, &ours, "a YAML 1.1 reader");
            prop_assert_eq!(&yaml_1_2, &ours, "a YAML 1.2 reader");
        }
        let again = sandbox.run(&["render", "-q"]);
        prop_assert_eq!(run.stdout, again.stdout);
    }

    #[test]
    fn doors_are_locked_and_apart_or_refused(spec in doors()) {
        let sandbox = Sandbox::new();
        sandbox.write("mtls.yaml", spec.to_string());
        let run = sandbox.run(&["render", "-q"]);
        if run.status == 2 {
            prop_assert!(run.stderr.contains("error["), "{}", run.stderr);
            return Ok(());
        }
        prop_assert_eq!(run.status, 0, "{}", run.stderr);
        let objects = objects(&run.stdout);
        let ingresses: Vec<_> = objects.iter().filter(|object| object["kind"] == "Ingress").collect();
        let (locked, open): (Vec<_>, Vec<_>) =
            ingresses.iter().copied().partition(|ingress| trusted(ingress).is_some());
        let asked = spec["hosts"].as_object().unwrap().values().filter(|host| host["clientAuth"].is_object());
        prop_assert_eq!(locked.len(), asked.count());
        let all = locked.iter().chain(&open).flat_map(|ingress| paths(ingress)).map(|(_, backend)| backend);
        prop_assert_eq!(meeting(all), None, "one upstream of ingress-nginx");
        let files = locked.iter().map(|ingress| trusted(ingress).unwrap());
        prop_assert_eq!(meeting(files), None, "one trust file of ingress-nginx");
        let (plain, guarded): (Vec<_>, Vec<_>) =
            locked.iter().flat_map(|ingress| paths(ingress)).partition(|(path, _)| path.starts_with(CHALLENGES));
        for (path, backend) in plain {
            prop_assert!(guarded.iter().all(|(_, other)| *other != backend), "plain HTTP at {path} reaches {backend:?}");
        }
    }

    #[test]
    fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), toml in any::<bool>()) {
        let sandbox = Sandbox::new();
        let name = if toml { "mtls.toml" } else { "mtls.yaml" };
        sandbox.write(name, &bytes);
        let run = sandbox.run(&["render"]);
        prop_assert!(run.status == 0 || run.status == 2, "{} {}", run.status, run.stderr);
        prop_assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }
}

/// What PyYAML (1.1) and ruamel.yaml (1.2) read.
fn other_readers(yaml: &str) -> Option<[Vec<Value>; 2]> {
    const READERS: &str = "import sys, json, yaml, ruamel.yaml\n\
        text = sys.stdin.buffer.read().decode()\n\
        strict = ruamel.yaml.YAML(typ='safe', pure=True)\n\
        print(json.dumps([list(yaml.safe_load_all(text)), list(strict.load_all(text))]))\n";
    let mut python = Command::new(python()?)
        .args(["-c", READERS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(yaml.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "a reader refused:\n{yaml}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
