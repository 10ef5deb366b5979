//! A spec is one language: the same text means the same as a file, as the configuration of a function, and as that of
//! an exec plugin; or it is refused in all of them.

use serde_json::{Value, json};

use super::exec::call_with;
use super::list;
use crate::support::{Run, Sandbox, objects};

/// What is written, and what it is to be.
enum Means {
    /// The port of the service.
    Port(u16),
    /// These annotations of all objects.
    Annotations(Value),
    /// An error with that code.
    Refused(&'static str),
}

use Means::{Annotations, Port, Refused};

fn cases() -> Vec<(&'static str, Means)> {
    let text = |value: &str| Annotations(json!({ "x": value }));
    vec![
        // Numbers. Kustomize hands over 64, 1000, 3, 31 and -31 for the first of what is refused.
        ("services: {shop: {image: httpd, port: 0100}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: 1_000}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: 0b11}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: 0X1F}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: !!int 0100}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: 0o10}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: 0x1F}}", Port(31)),
        ("services: {shop: {image: httpd, port: 08}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: +80}}", Port(80)),
        ("services: {shop: {image: httpd, port: !!int \"80\"}}", Port(80)),
        ("services: {shop: {image: httpd, port: 1e3}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: .5}}", Refused("wrong-type")),
        ("services: {shop: {image: httpd, port: 1:30}}", Refused("two-readings")),
        ("services: {shop: {image: httpd, port: !port 80}}", Refused("syntax")),
        // Text.
        ("annotations: {x: 0100}", Refused("two-readings")),
        ("annotations: {x: 1_000}", Refused("two-readings")),
        ("annotations: {x: 2024-01-01}", Refused("two-readings")),
        ("annotations: {x: 2024-01-01 10:00:00}", Refused("two-readings")),
        ("annotations: {x: '0100'}", text("0100")),
        ("annotations: {x: !!str 0100}", text("0100")),
        ("annotations: {x: ! text}", text("text")),
        ("annotations: ! {x: a}", text("a")),
        // A string to kubectl, 64 and true to Kustomize.
        ("annotations: {x: ! 0100}", Refused("two-readings")),
        ("annotations: {x: ! true}", Refused("two-readings")),
        ("annotations: {x: \"2024-01-01\"}", text("2024-01-01")),
        ("annotations: {x: 2024-01-01T10:00:00Z}", Refused("two-readings")),
        ("annotations: {x: yes}", Refused("two-readings")),
        ("annotations: {x: on}", Refused("two-readings")),
        ("annotations: {x: N}", Refused("two-readings")),
        ("annotations: {x: 1:30}", Refused("two-readings")),
        ("annotations: {x: 1.2.3}", text("1.2.3")),
        ("annotations: {x: 1.10}", Refused("wrong-type")),
        ("annotations: {x: .5}", Refused("wrong-type")),
        ("annotations: {x: 1e3}", Refused("two-readings")),
        ("annotations: {x: .inf}", Refused("wrong-type")),
        ("annotations: {x: true}", Refused("wrong-type")),
        ("annotations: {x: ~}", Refused("empty-entry")),
        ("annotations: {x: !!binary aGk=}", Refused("syntax")),
        // Booleans.
        ("secrets: {nameSuffixHash: yes}", Refused("two-readings")),
        ("secrets: {nameSuffixHash: on}", Refused("two-readings")),
        ("secrets: {nameSuffixHash: False}", Annotations(json!({}))),
        // Keys.
        (
            "annotations: {'yes': a, '0100': b, 1.10: c}",
            Annotations(json!({"yes": "a", "0100": "b", "1.10": "c"})),
        ),
        ("annotations: {yes: a}", Refused("two-readings")),
        ("annotations: {0100: a}", Refused("two-readings")),
        ("annotations: {x: a, 'x': b}", Refused("duplicate-key")),
        ("annotations: {[x]: a}", Refused("syntax")),
        // Merge keys; `!!merge` is what kpt writes.
        ("annotations: {<<: {x: a, z: b}, z: c}", Annotations(json!({"x": "a", "z": "c"}))),
        ("annotations: {!!merge <<: {x: a}, z: c}", Annotations(json!({"x": "a", "z": "c"}))),
        ("annotations: &a {x: b}\nlabels: *a", text("b")),
        ("annotations: {<<: 1}", Refused("wrong-type")),
    ]
}

fn configuration(spec: &str) -> String {
    let service = if spec.contains("services:") {
        ""
    } else {
        "  services: {shop: {image: httpd, port: 80}}\n"
    };
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata:\n  name: shop\nspec:\n{spec}{service}"
    )
}

/// The objects, or the codes of what is wrong.
fn outcome(run: &Run, objects: impl Fn(&Run) -> Vec<Value>) -> Result<Vec<Value>, Vec<String>> {
    if run.status == 0 {
        return Ok(objects(run));
    }
    let codes =
        run.stderr.lines().filter_map(|line| line.strip_prefix("error[")?.split(']').next());
    Err(codes.map(str::to_owned).collect())
}

#[test]
fn a_spec_means_the_same_however_it_is_read() {
    for (spec, means) in cases() {
        let text = configuration(spec);
        let sandbox = Sandbox::new();
        sandbox.write("mtls.yaml", &text);
        let file = outcome(&sandbox.run(&["render"]), |run| objects(&run.stdout));
        let lines: String = text.lines().map(|line| format!("  {line}\n")).collect();
        let input = format!(
            "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n{lines}results: []\n"
        );
        let run = sandbox.run_with_input(&["kustomize"], input);
        let function = outcome(&run, |run| list(run)["items"].as_array().unwrap().clone());
        let exec = outcome(&call_with(&sandbox, &text, ""), |run| objects(&run.stdout));
        // What kubectl would not read either is refused with the whole list, in its words.
        assert_eq!(file.as_ref().ok(), function.as_ref().ok(), "{spec}\n{}", run.stderr);
        assert_eq!(file.as_ref().ok(), exec.as_ref().ok(), "{spec}");
        if file.as_ref().is_err_and(|codes| codes.iter().any(|code| code == "two-readings")) {
            assert_eq!((&file, &file), (&function, &exec), "{spec}");
        }
        match (means, file) {
            (Refused(code), Err(codes)) => assert_eq!(codes, [code], "{spec}"),
            (Port(port), Ok(objects)) => {
                let service = objects.iter().find(|object| object["kind"] == "Service").unwrap();
                assert_eq!(service["spec"]["ports"][0]["port"], port, "{spec}");
            }
            (Annotations(wanted), Ok(objects)) => {
                let found = &objects[0]["metadata"]["annotations"];
                assert_eq!(
                    found,
                    &if wanted == json!({}) { Value::Null } else { wanted },
                    "{spec}"
                );
            }
            (_, outcome) => panic!("{spec}: {outcome:?}"),
        }
    }
}

/// kpt writes texts of `configMap` without the quotes that YAML 1.1 needs.
#[test]
fn values_of_a_config_map_are_what_is_written() {
    let sandbox = Sandbox::new();
    let input = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n  data:\n    services.shop.image: httpd\n    services.shop.port: 080\n    annotations.x: yes\n    annotations.y: \"\\\"1.10\\\"\"\n    name: s\n";
    let run = sandbox.run_with_input(&["kustomize"], input);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let annotations = &list(&run)["items"][0]["metadata"]["annotations"];
    assert_eq!(annotations, &json!({"x": "yes", "y": "1.10"}));
}

/// What Kustomize hands over is 64 by then; the file that the kustomization names says what was written.
#[test]
fn the_file_of_a_configuration_is_looked_up() {
    let text =
        |port: &str| configuration(&format!("services: {{shop: {{image: httpd, port: {port}}}}}"));
    let given = text("64");
    for (name, written, is_refused) in [
        ("mtls.yaml", text("0100"), true),
        ("mtls.yaml", text("64"), false),
        ("mtls.yaml", text("0100").replace("name: shop", "name: other"), false),
        ("unnamed.yaml", text("0100"), false),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("kustomization.yaml", "generators:\n- mtls.yaml\n");
        sandbox.write(name, &written);
        let exec = call_with(&sandbox, &given, "");
        let lines: String = given.lines().map(|line| format!("  {line}\n")).collect();
        let input = format!(
            "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n{lines}"
        );
        for run in [exec, sandbox.run_with_input(&["kustomize"], input)] {
            assert_eq!(run.status != 0, is_refused, "{name}: {}", run.stderr);
            let says = ["error[two-readings]: `0100`", "mtls.yaml:6:"];
            assert!(
                !is_refused || says.iter().all(|says| run.stderr.contains(says)),
                "{}",
                run.stderr
            );
        }
    }
}
