//! Whether Kubernetes' own tools take what is printed: no field that it does not know, and what kubectl
//! and Kustomize read is what was meant.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::cases::{cases, issued_sandbox_of, outputs};
use crate::support::{Sandbox, objects, optional_tool, output_of};

#[test]
fn every_object_has_only_fields_that_kubernetes_knows() {
    let mut count = 0;
    for (case, objects) in outputs() {
        for object in objects {
            let problems = mtlsgen::manifest::schema::check(object);
            assert!(problems.is_empty(), "{}: {problems:?} in {object}", case.display());
            count += 1;
        }
    }
    assert!(count > 60, "only {count} objects were checked");
}

#[test]
fn the_check_of_fields_can_fail() {
    let right = outputs().iter().flat_map(|(_, objects)| objects);
    let wrong = |mut object: Value| {
        let last = object.as_object_mut().unwrap();
        last.insert("specs".to_owned(), json!({}));
        object
    };
    for object in right.take(20).cloned() {
        assert!(!mtlsgen::manifest::schema::check(&wrong(object)).is_empty());
    }
}

#[test]
fn kubectl_reads_every_object_as_it_was_meant() {
    let Some(kubectl) = optional_tool("kubectl") else { return };
    for (case, objects) in outputs() {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string();
        let folder = Sandbox::new();
        folder.write("list.json", list);
        // A local command: it reads objects and prints them, and asks no cluster.
        let mut command = Command::new(&kubectl);
        command
            .args(["annotate", "--local", "-f", "list.json", "-o", "json", "read=yes"])
            .current_dir(folder.folder())
            .env("HOME", folder.folder())
            .env_remove("KUBECONFIG")
            .stdin(Stdio::null());
        let mut read = read_json(&output_of(&mut command));
        for object in &mut read {
            let metadata = object["metadata"].as_object_mut().unwrap();
            let annotations = metadata["annotations"].as_object_mut().unwrap();
            assert_eq!(annotations.remove("read"), Some("yes".into()));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
        assert_eq!(read, *objects, "{}", case.display());
    }
}

/// Every JSON value of a stream, the items of lists one by one.
fn read_json(text: &str) -> Vec<Value> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let items = |value: Value| match value["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![value],
    };
    values.flat_map(|value| items(value.unwrap())).collect()
}

#[test]
fn kustomize_builds_the_same_objects_from_the_folder() {
    let Some(kubectl) = optional_tool("kubectl") else { return };
    for case in cases() {
        let sandbox = issued_sandbox_of(&case);
        sandbox.ok(&["render", "-o", "out"]);
        let from = |folder: &str| {
            if !sandbox.path(folder).exists() {
                return Vec::new();
            }
            let mut command = Command::new(&kubectl);
            command.args(["kustomize", folder]).current_dir(sandbox.folder());
            objects(&output_of(command.env("HOME", sandbox.folder())))
        };
        let mut built = [from("out"), from("out/secrets")].concat();
        let mut rendered = sandbox.render();
        let key = |object: &Value| {
            (
                object["kind"].to_string(),
                object["metadata"]["namespace"].to_string(),
                object["metadata"]["name"].to_string(),
            )
        };
        built.sort_by_key(key);
        rendered.sort_by_key(key);
        assert_eq!(built, rendered, "{}", case.display());
    }
}
