use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{emit, parse};
use crate::yaml::scalar;

fn hostile() -> Vec<String> {
    serde_json::from_str(include_str!("../../tests/hostile-strings.json")).unwrap()
}

/// One document with `text` wherever a string may stand.
fn everywhere(text: &str) -> Value {
    json!({
        "value": text,
        "list": [text, [text], {"in": text}],
        "nested": {"deep": {"value": text, "list": [text]}},
        "keys": {text: text, "after": 1},
        "item": [{text: {"x": text}}],
    })
}

/// The same strings in flow context, as a template of the user might place them.
fn flow(text: &str) -> String {
    let text = scalar::scalar(text);
    format!("- [{text}, {text}]\n- {{a: {text}, b: {text}}}\n- x\n")
}

/// Whether `PyYAML`, a YAML 1.1 reader, takes each text for the value beside it.
fn python_agrees(cases: &[(String, Value)]) -> Result<(), String> {
    const SCRIPT: &str = "
import json, sys, yaml
wrong = 0
for text, want in json.load(sys.stdin):
    for loader in [yaml.SafeLoader, getattr(yaml, 'CSafeLoader', yaml.SafeLoader)]:
        try:
            have = yaml.load(text, Loader=loader)
        except Exception as error:
            have = repr(error)
        if json.dumps(have, default=repr) != json.dumps(want):
            print(f'{text!r}: {have!r}'); wrong += 1
sys.exit(wrong > 0)
";
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(cases).unwrap()).unwrap();
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(()) } else { Err(words) }
}

#[expect(clippy::disallowed_methods, reason = "whether a missing PyYAML is a failure")]
fn has_python_yaml() -> bool {
    let found = Command::new("python3")
        .args(["-c", "import yaml"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(found || std::env::var_os("CI").is_none(), "PyYAML is needed: pip install pyyaml");
    found
}

#[test]
fn hostile_strings_come_back_as_they_were() {
    for text in hostile() {
        let want = everywhere(&text);
        let yaml = emit(&want);
        assert_eq!(parse(&yaml).as_deref(), Ok([want].as_slice()), "{text:?}\n{yaml}");
        let want = json!([[text, text], {"a": text, "b": text}, "x"]);
        assert_eq!(parse(&flow(&text)).as_deref(), Ok([want].as_slice()), "{text:?}");
    }
}

#[test]
fn hostile_strings_come_back_from_a_yaml_1_1_reader() {
    if !has_python_yaml() {
        return;
    }
    let block = hostile().into_iter().map(|text| (emit(&everywhere(&text)), everywhere(&text)));
    let flow = hostile()
        .into_iter()
        .map(|text| (flow(&text), json!([[text, text], {"a": text, "b": text}, "x"])));
    let cases: Vec<_> = block.chain(flow).collect();
    assert_eq!(python_agrees(&cases), Ok(()));
}

#[test]
fn generated_strings_come_back_from_a_yaml_1_1_reader() {
    use proptest::strategy::ValueTree as _;
    if !has_python_yaml() {
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = any_text();
    let cases: Vec<_> = (0..3000)
        .map(|_| everywhere(&strategy.new_tree(&mut runner).unwrap().current()))
        .map(|value| (emit(&value), value))
        .collect();
    assert_eq!(python_agrees(&cases), Ok(()));
}

#[test]
fn ordinary_strings_are_plain() {
    let plain = [
        "httpd",
        "demo-app",
        "default/ca-secret",
        "test.localdev.me",
        "nginx:1.25",
        "128Mi",
        "100m",
        "kubernetes.io/tls",
        "my words",
        "/",
        "/api/v1",
        "LS0tLS1CRUdJTg==",
        "https://x.y/z",
        "--verbose",
        "IfNotPresent",
        "10s",
        "app.kubernetes.io/name",
        "$(POD_IP)",
    ];
    for text in plain {
        assert_eq!(scalar::scalar(text), text);
    }
}

#[test]
fn numbers_are_numbers_to_every_reader() {
    let value = json!({"a": 1, "b": -1, "c": 1.5, "d": 1e300, "e": 1e-7, "f": u64::MAX, "g": 2.0, "h": null, "i": true});
    let yaml = emit(&value);
    assert!(yaml.contains("d: 1.0e+300\ne: 1.0e-7\n"), "{yaml}");
    assert_eq!(parse(&yaml).unwrap()[0]["d"], json!(1e300));
    if has_python_yaml() {
        assert_eq!(python_agrees(&[(yaml, value)]), Ok(()));
    }
}

#[test]
fn the_style_is_kubectl_s() {
    let value = json!({
        "metadata": {"name": "a", "labels": {}, "finalizers": []},
        "spec": {"containers": [{"name": "c", "args": ["x", "y"]}, {"name": "d"}], "lists": [[1, 2], []]},
        "data": {"ca.crt": "-----BEGIN\nx\n\n-----END\n", "short": "a\nb"},
    });
    let want = "\
metadata:
  name: a
  labels: {}
  finalizers: []
spec:
  containers:
  - name: c
    args:
    - x
    - \"y\"
  - name: d
  lists:
  - - 1
    - 2
  - []
data:
  ca.crt: |
    -----BEGIN
    x

    -----END
  short: |-
    a
    b
";
    assert_eq!(emit(&value), want);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\\n\\t]{0,40}",
        "[0-9a-fxobe_.:+-]{1,10}",
        "[YyEeSsNnOoFfTtRrUuLlAa~]{1,5}",
        "[ -~éß日\u{85}\u{2028}\u{feff}😀\\n]{0,12}",
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any_text(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[test]
fn comments_are_allowed_anywhere() {
    let text = "# 1\na: # 2\n- # 3\n  b: 1 # 4\n  # 5\n- [1, # 6\n  2]\n# 7\n---\n# 8\nc: # 9\n  d\n# 10\n";
    assert_eq!(parse(text).unwrap(), [json!({"a": [{"b": 1}, [1, 2]]}), json!({"c": "d"})]);
}

proptest! {
    #[test]
    fn every_string_comes_back(text in any_text()) {
        let want = everywhere(&text);
        prop_assert_eq!(parse(&emit(&want)).unwrap(), [want]);
    }

    #[test]
    fn every_value_comes_back(value in any_value()) {
        let want = json!({"v": value});
        prop_assert_eq!(parse(&emit(&want)).unwrap(), [want]);
    }

    #[test]
    fn a_scalar_never_leaves_its_line(text in any_text()) {
        let printed = scalar::scalar(&text).into_owned();
        let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
        prop_assert!(!printed.contains(breaks));
        let want = vec![json!([text.clone(), text])];
        prop_assert_eq!(parse(&format!("[{printed}, {printed}]\n")).unwrap(), want);
    }

    #[test]
    fn reading_never_panics(text in any_text()) {
        let _ = parse(&text);
    }
}
