//! The KRM function.

use std::process::Stdio;

use serde_json::{Value, json};

use super::{config, function, generator_input, issued, list, messages, spec};
use crate::support::{Run, Sandbox, mtlsgen, object, objects};

#[test]
fn a_generator_gives_what_render_prints() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let rendered = sandbox.render();
    for version in ["config.kubernetes.io/v1", "config.kubernetes.io/v1beta1"] {
        let mut input = generator_input(&config);
        input["apiVersion"] = version.into();
        for text in [input.to_string(), mtlsgen::yaml::emit(&input)] {
            let run = sandbox.run_with_input(&["kustomize"], text);
            assert_eq!((run.status, run.stderr.as_str()), (0, ""));
            let list = list(&run);
            assert_eq!(list["apiVersion"], version);
            assert_eq!(list["functionConfig"], config);
            assert_eq!(list["items"][0], input["items"][0], "what came in stays as it was");
            assert_eq!(list["items"].as_array().unwrap()[1..], rendered);
            assert_eq!(list.get("results"), None);
        }
    }
}

#[test]
fn a_build_issues_nothing_and_says_what_to_run() {
    let config = config(json!({}), spec());
    let sandbox = Sandbox::new();
    let input = generator_input(&config);
    let run = function(&sandbox, &input);
    assert_ne!(run.status, 0);
    assert_eq!(sandbox.files(), [], "nothing was written");
    let list = list(&run);
    assert_eq!(list["items"], input["items"], "nothing half-done");
    let errors = messages(&list, "error");
    assert_eq!(errors.len(), 3);
    let folder = sandbox.folder().canonicalize().unwrap();
    for error in &errors {
        let (what, advice) = error.split_once("; ").unwrap();
        assert!(what.ends_with("never issued"), "{error}");
        assert!(advice.contains("`mtlsgen render -f FILE`"), "{error}");
        assert!(advice.contains(folder.to_str().unwrap()), "{error}");
        assert!(run.stderr.contains(what), "results are on standard error, too");
        assert!(run.stderr.contains(advice), "{}", run.stderr);
    }
}

#[test]
fn due_certificates_warn_and_expired_ones_fail() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let at = |days: u64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let time = now.as_secs() + days * 86_400;
        let mut command = sandbox.command(&["kustomize"]);
        command.env("SOURCE_DATE_EPOCH", time.to_string());
        feed(command, &generator_input(&config))
    };
    let due = at(340);
    assert_eq!(due.status, 0, "{}", due.stderr);
    let warnings = messages(&list(&due), "warning");
    assert!(warnings.iter().any(|words| words.contains("host `shop.example.com`")), "{warnings:?}");
    assert!(due.stderr.contains("warning"), "{}", due.stderr);
    let expired = at(366);
    assert_ne!(expired.status, 0);
    assert!(!messages(&list(&expired), "error").is_empty());
}

#[test]
fn a_certificate_that_no_longer_fits_fails() {
    let mut spec = spec();
    let sandbox = issued(&config(json!({}), spec.clone()));
    spec["clients"]["alice"]["subject"] = "CN=another name".into();
    let run = function(&sandbox, &generator_input(&config(json!({}), spec)));
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("client `alice`: expected subject"), "{}", run.stderr);
}

#[test]
fn a_build_issues_where_the_configuration_says_so() {
    let config = config(json!({"issue": "missingOrDue"}), spec());
    let sandbox = Sandbox::new();
    let run = function(&sandbox, &generator_input(&config));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(sandbox.path("pki/hosts/shop.example.com/tls.key").is_file());
    let infos = messages(&list(&run), "info");
    assert_eq!(infos.len(), 3, "{infos:?}");
    assert!(infos[0].starts_with("issued authority `clients`"), "{infos:?}");
    let again = function(&sandbox, &generator_input(&config));
    assert_eq!(list(&again)["items"], list(&run)["items"]);
    assert_eq!(list(&again).get("results"), None);
}

#[test]
fn several_builds_at_once_agree() {
    let config = config(json!({"issue": "missingOrDue"}), spec());
    let sandbox = Sandbox::new();
    let input = generator_input(&config);
    let lists: Vec<Value> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(|| function(&sandbox, &input))).collect();
        runs.into_iter().map(|run| list(&run.join().unwrap())["items"].clone()).collect()
    });
    assert!(lists.iter().all(|items| *items == lists[0]));
    assert_eq!(lists[0].as_array().unwrap().len(), 6);
}

#[test]
fn mistakes_have_their_field() {
    let mut spec = spec();
    spec["hosts"]["shop.example.com"]["service"] = "missing".into();
    let config = config(json!({"isue": "never"}), spec);
    let run = function(&Sandbox::new(), &generator_input(&config));
    assert_eq!(run.status, 2);
    let list = list(&run);
    let of = |code: &str| {
        let results = list["results"].as_array().unwrap();
        results.iter().find(|result| result["tags"]["code"] == code).unwrap().clone()
    };
    let reference = of("unknown-reference");
    assert_eq!(reference["field"]["path"], "spec.hosts[\"shop.example.com\"].service");
    assert_eq!(reference["resourceRef"]["name"], "shop");
    let key = of("unknown-key");
    assert!(key["message"].as_str().unwrap().contains("write `issue`"), "{key}");
    assert!(run.stderr.contains("MutualTLS/shop (configuration):"), "{}", run.stderr);
}

#[test]
fn what_is_no_list_is_refused_with_nothing_on_standard_output() {
    for input in ["", "a: 1\n", "{", "apiVersion: config.kubernetes.io/v2\nkind: ResourceList\n"] {
        let run = Sandbox::new().run_with_input(&["kustomize"], input);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{input}");
        assert!(run.stderr.contains("error[resource-list]"), "{}", run.stderr);
        assert!(run.stderr.contains("standard input is not a `ResourceList`"), "{}", run.stderr);
    }
    let empty =
        json!({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []});
    let run = function(&Sandbox::new(), &empty);
    assert!(run.stderr.contains("error[function-config]"), "{}", run.stderr);
    assert!(run.stderr.contains("the function has no configuration"), "{}", run.stderr);
}

#[test]
fn a_link_of_the_kinds_name_is_the_function() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let link = sandbox.path("MutualTLS");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mtlsgen"), &link).unwrap();
    let mut command = std::process::Command::new(&link);
    command.current_dir(sandbox.folder());
    let run = feed(command, &generator_input(&config));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(list(&run)["items"].as_array().unwrap()[1..], sandbox.render());
}

#[test]
fn without_the_word_help_is_shown_and_says_what_to_write() {
    let run = feed(mtlsgen(&[]), &generator_input(&config(json!({}), spec())));
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("args: [kustomize]"), "{}", run.stderr);
}

#[test]
fn other_items_pass_unchanged() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let other = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "x", "annotations": {
            "internal.config.kubernetes.io/unheard-of": "kept", "kustomize.config.k8s.io/id": "3",
        }},
        "data": {"date": "2001-01-01", "on": "off", "n": "1e3"},
    });
    let mut input = generator_input(&config);
    input["items"].as_array_mut().unwrap().push(other.clone());
    let list = list(&function(&sandbox, &input));
    assert_eq!(list["items"][1], other);
    assert_eq!(list["items"].as_array().unwrap()[2..], sandbox.render());
}

#[test]
fn kpt_gets_files_and_keeps_what_it_knows_of_them() {
    let config = config(json!({"allowPlainSecrets": ["shop-example-com-tls"]}), spec());
    let sandbox = issued(&config);
    let mut input = generator_input(&config);
    let item = &mut input["items"][0]["metadata"]["annotations"];
    item["config.kubernetes.io/path"] = "mtls.yaml".into();
    let first = list(&function(&sandbox, &input));
    let path = |list: &Value, kind: &str, name: &str| {
        let items = list["items"].as_array().unwrap().clone();
        let annotations = object(&items, kind, name)["metadata"]["annotations"].clone();
        let names = ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"];
        names.map(|name| annotations[name].as_str().unwrap().to_owned())
    };
    assert_eq!(path(&first, "Service", "shop"), ["default/service-shop.yaml"; 2]);
    let secret = path(&first, "Secret", "shop-example-com-tls");
    assert_eq!(secret, ["secrets/default/secret-shop-example-com-tls.yaml"; 2]);
    // The next run finds what the first one wrote, in files that were renamed.
    let moved = first.to_string().replace("default/service-shop.yaml", "service.yaml");
    let second = list(&sandbox.run_with_input(&["kustomize"], &moved));
    assert_eq!(path(&second, "Service", "shop"), ["service.yaml"; 2]);
    assert_eq!(second["items"].as_array().unwrap().len(), first["items"].as_array().unwrap().len());
    let third = list(&sandbox.run_with_input(&["kustomize"], second.to_string()));
    assert_eq!(third, second, "again changes nothing");
}

#[test]
fn paths_start_from_the_package_that_kpt_names() {
    let config = config(json!({"allowPlainSecrets": ["shop-example-com-tls"]}), spec());
    let sandbox = issued(&config);
    let folder = sandbox.folder().canonicalize().unwrap();
    let mut input = generator_input(&config);
    let item = &mut input["items"][0]["metadata"]["annotations"];
    item["config.kubernetes.io/path"] = "mtls.yaml".into();
    item["internal.config.kubernetes.io/package-path"] = folder.to_str().unwrap().into();
    let elsewhere = Sandbox::new();
    // Any object may name a package: one outside of the working directory has to be allowed.
    let allowed = || {
        let mut command = elsewhere.command(&["kustomize"]);
        command.env("MTLSGEN_ALLOW_PATH", &folder);
        feed(command, &input)
    };
    assert_eq!(function(&elsewhere, &input).status, 2);
    let run = allowed();
    assert_eq!(run.status, 0, "{}", run.stderr);
    std::fs::remove_dir_all(sandbox.path("pki")).unwrap();
    let run = allowed();
    let advice = format!("run `mtlsgen render -f mtls.yaml` in `{}`", folder.display());
    assert!(run.stderr.contains(&advice), "{}", run.stderr);
    assert_eq!(messages(&list(&run), "error").len(), 3);
}

#[test]
fn objects_that_the_spec_gave_up_are_reported() {
    let full = config(json!({"allowPlainSecrets": ["shop-example-com-tls"]}), spec());
    let sandbox = issued(&full);
    let mut input = list(&function(&sandbox, &generator_input(&full)));
    let mut less = spec();
    less["hosts"] = json!({});
    input["functionConfig"] = config(json!({}), less);
    let list = list(&function(&sandbox, &input));
    let warnings = messages(&list, "warning");
    assert!(warnings.iter().any(|words| words.starts_with("Ingress `default/shop-example-com`")));
}

#[test]
fn no_key_goes_to_files_unless_it_is_allowed() {
    let config = config(json!({}), spec());
    let sandbox = issued(&config);
    let mut input = generator_input(&config);
    input["items"][0]["metadata"]["annotations"]["config.kubernetes.io/path"] = "m.yaml".into();
    let run = function(&sandbox, &input);
    assert_ne!(run.status, 0);
    let errors = messages(&list(&run), "error");
    assert!(errors[0].contains("plugin.allowPlainSecrets: [shop-example-com-tls]"), "{errors:?}");
    let mut open = config.clone();
    open["spec"]["secrets"] = json!({"allowPlainInGit": true});
    input["functionConfig"] = open;
    assert_eq!(function(&sandbox, &input).status, 0);
}

#[test]
fn inside_argo_cd_no_key_is_printed_unless_it_is_allowed() {
    let closed = config(json!({}), spec());
    let sandbox = issued(&closed);
    let run = |config: &Value| {
        let mut command = sandbox.command(&["kustomize"]);
        command.env("ARGOCD_APP_NAME", "shop");
        feed(command, &generator_input(config))
    };
    let refused = run(&closed);
    assert_ne!(refused.status, 0);
    assert!(refused.stderr.contains("Argo CD would keep its private key"), "{}", refused.stderr);
    let open = config(json!({"allowPlainSecrets": ["default/shop-example-com-tls"]}), spec());
    let allowed = run(&open);
    assert_eq!(allowed.status, 0, "{}", allowed.stderr);
    assert_eq!(list(&allowed)["items"].as_array().unwrap()[1..], sandbox.render());
}

/// Runs a command with a list on its standard input.
pub fn feed(mut command: std::process::Command, list: &Value) -> Run {
    use std::io::Write as _;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(list.to_string().as_bytes());
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn results_and_messages_hold_no_key() {
    let config = config(json!({"needsHash": true}), spec());
    let sandbox = issued(&config);
    let key = sandbox.read("pki/hosts/shop.example.com/tls.key");
    let line = key.lines().nth(1).unwrap();
    sandbox.write("pki/hosts/shop.example.com/tls.key", key.replace("END", "XXX"));
    let run = function(&sandbox, &generator_input(&config));
    assert_ne!(run.status, 0);
    assert!(!run.stderr.contains(line) && !run.stdout.contains(line));
    assert!(objects(&run.stdout)[0]["results"].is_array());
}
