//! Properties over generated specs: no panic, the same objects for every reader of YAML, and no value
//! that changes the structure.

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_specs_render_to_the_same_objects_for_every_reader(spec in spec()) {
        let sandbox = Sandbox::new();
        // YAML forbids some characters that JSON allows, unless they are escaped.
        let yaml: String = spec
            .to_string()
            .chars()
            .map(|c| if matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}') { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
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
