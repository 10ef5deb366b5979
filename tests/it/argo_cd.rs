//! The config management plugin of Argo CD: what the shipped configuration runs.

use std::process::Command;

use serde_json::{Value, json};

use crate::cases::issued_sandbox_of;
use crate::support::{Run, Sandbox, finish, objects, output_of, root};

fn plugin() -> Value {
    let text = std::fs::read_to_string(root().join("examples/argo-cd/plugin.yaml")).unwrap();
    objects(&text).remove(0)
}

/// A command of the plugin's configuration, as Argo CD runs it: without a shell, in the application's folder.
fn command(sandbox: &Sandbox, at: &str) -> Command {
    let configuration = plugin();
    let words = configuration.pointer(at).unwrap().as_array().unwrap();
    let words: Vec<&str> = words.iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words[0], "mtlsgen");
    let mut command = sandbox.command(&words[1..]);
    command.env("ARGOCD_APP_NAME", "shop");
    command
}

fn generate(sandbox: &Sandbox, parameters: &Value) -> Run {
    let mut command = command(sandbox, "/spec/generate/command");
    finish(command.env("ARGOCD_APP_PARAMETERS", parameters.to_string()))
}

/// The example in a clone: certificates are in Git, keys are not.
fn clone() -> Sandbox {
    let sandbox = issued_sandbox_of(&root().join("examples/argo-cd"));
    for (path, _) in sandbox.files().iter().filter(|(path, _)| path.ends_with("tls.key")) {
        std::fs::remove_file(path).unwrap();
    }
    sandbox
}

#[test]
fn the_example_is_rendered_without_any_key() {
    let sandbox = clone();
    let before = sandbox.files();
    let run = generate(&sandbox, &json!([]));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(objects(&run.stdout), sandbox.render());
    assert!(!run.stdout.contains("tls.key"));
    assert_eq!(sandbox.files(), before, "nothing is written");
}

#[test]
fn parameters_of_an_application_are_obeyed() {
    let text = std::fs::read_to_string(root().join("examples/argo-cd/application.yaml")).unwrap();
    let application = objects(&text).remove(0);
    let source = &application["spec"]["source"]["plugin"];
    let configuration = plugin();
    let name = format!(
        "{}-{}",
        configuration["metadata"]["name"].as_str().unwrap(),
        configuration["spec"]["version"].as_str().unwrap()
    );
    assert_eq!(source["name"], name.as_str());
    let run = generate(&clone(), &source["parameters"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for object in objects(&run.stdout) {
        assert_eq!(object["metadata"]["namespace"], "shop");
    }
    let run = generate(&clone(), &json!([{"name": "sets", "map": {}}]));
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("write `set`"), "{}", run.stderr);
}

#[test]
fn keys_are_printed_only_where_they_are_allowed() {
    let sandbox = issued_sandbox_of(&root().join("examples/kustomize"));
    let run = generate(&sandbox, &json!([]));
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("Argo CD would keep its private key"), "{}", run.stderr);
    let allowed = json!([{"name": "allowPlainSecrets", "array": ["shop-example-com-tls"]}]);
    let run = generate(&sandbox, &allowed);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(objects(&run.stdout), sandbox.render());
}

#[test]
fn what_is_missing_fails_and_an_empty_answer_is_none() {
    let sandbox = Sandbox::new();
    sandbox.write("mtls.toml", "[cas.clients]\n[services.s]\nexisting = true\nport = 80\n");
    let run = generate(&sandbox, &json!([]));
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("authority `clients`: never issued"), "{}", run.stderr);
    sandbox.ok(&["render"]);
    let run = generate(&sandbox, &json!([]));
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("error[no-objects]"), "{}", run.stderr);
    assert!(run.stderr.contains("would remove those of the Application"), "{}", run.stderr);
}

#[test]
fn parameters_are_announced_as_argo_cd_reads_them() {
    let run = finish(&mut command(&Sandbox::new(), "/spec/parameters/dynamic/command"));
    let announced: Value = serde_json::from_str(&run.stdout).unwrap();
    for parameter in announced.as_array().unwrap() {
        for key in ["name", "title", "tooltip", "collectionType"] {
            assert!(parameter[key].is_string(), "{parameter}");
        }
    }
}

#[test]
fn specs_are_discovered_by_each_of_their_names() {
    // Go's filepath.Glob and the shell read such a pattern alike.
    let pattern = plugin()["spec"]["discover"]["fileName"].as_str().unwrap().to_owned();
    for name in ["mtls.toml", "mtls.yaml", "mtls.yml"] {
        let sandbox = Sandbox::new();
        sandbox.write(name, "");
        sandbox.write("mtls.json", "");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("echo {pattern}")]).current_dir(sandbox.folder());
        assert_eq!(output_of(&mut shell), format!("./{name}\n"));
    }
}
