//! A spec names files that are none of its business: seeds, passwords, keys of others. A repository wrote it, and a
//! build runs on another person's machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, finish, mtlsgen};

const SEED: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";
const SHADOW: &str = "root:$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq:19000:0:99999:7:::\n";

/// A folder that holds a repository, and secrets beside it.
struct World {
    sandbox: Sandbox,
}

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        for (name, text) in secrets() {
            sandbox.write(&format!("secrets/{name}"), text);
        }
        sandbox.write("secrets/spec.yaml", "namespace: stolen-name\n");
        sandbox.write("secrets/templates/x.yaml.j2", "kind: {{ stolen-template\n");
        sandbox.write("site/keep", "");
        Self { sandbox }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.sandbox.path("site").canonicalize().unwrap()
    }

    /// Every way in which a plugin runs, with that spec and those settings.
    fn runs(&self, plugin: &Value, spec: &Value) -> Vec<(&'static str, Run)> {
        let config = config(plugin, spec);
        let (folder, text) = (self.folder(), config.to_string());
        self.sandbox.write("site/mtls.yaml", &text);
        let here = |arguments: &[&str]| {
            let mut command = mtlsgen(arguments);
            command.current_dir(&folder);
            command
        };
        let list = json!({
            "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [], "functionConfig": config,
        });
        let mut exec = here(&["kustomize", "mtls.yaml"]);
        exec.env("KUSTOMIZE_PLUGIN_CONFIG_STRING", &text)
            .env("KUSTOMIZE_PLUGIN_CONFIG_ROOT", &folder);
        let by_hand = here(&["kustomize", "mtls.yaml"]);
        vec![
            ("exec", finish(&mut exec)),
            ("by hand", finish(&mut { by_hand })),
            ("function", fed(here(&["kustomize"]), &list.to_string())),
            ("argo-cd", finish(&mut here(&["argo-cd", "generate"]))),
            (
                "post-render",
                fed(
                    here(&["post-render"]),
                    "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
                ),
            ),
        ]
    }
}

fn secrets() -> [(&'static str, String); 9] {
    [
        ("seed", format!("{SEED}\n")),
        ("shadow", SHADOW.to_owned()),
        ("password", "correct-horse-battery\n".to_owned()),
        ("env", "DB_PASS=correct-horse-battery\nOTHER=correct-horse\n".to_owned()),
        ("ini", "[default]\naws_secret_access_key = wJalrXUtnFEMIK7MDENG\n".to_owned()),
        ("list.json", "[\"correct-horse-battery\"]".to_owned()),
        ("broken.json", "{\"auths\": {\"r\": {\"auth\": \"Y29ycmVjdC1ob3JzZQ==\"}}".to_owned()),
        ("broken.yaml", "pin: correct-horse\n  - [\n".to_owned()),
        ("netrc", "machine a login b password correct-horse\n".to_owned()),
    ]
}

fn fed(mut command: Command, input: &str) -> Run {
    use std::io::Write as _;
    use std::process::Stdio;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Run::of(child.wait_with_output().unwrap())
}

fn config(plugin: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": "site"},
        "plugin": plugin, "spec": spec,
    })
}

/// Nothing of a secret is in what was printed; the way out is.
fn refused((how, run): &(&str, Run), what: &str) {
    let printed = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.status, 2, "{how}, {what}: {printed}");
    assert!(run.stderr.contains("outside-folder"), "{how}, {what}: {printed}");
    assert!(run.stderr.contains("MTLSGEN_ALLOW_PATH"), "{how}, {what}: {printed}");
    for word in ["horse", "d6b9a7f1", "qFmFH", "wJalr", "Y29ycm", "stolen"] {
        assert!(!printed.contains(word), "{how}, {what}: {printed}");
    }
}

#[test]
fn no_path_of_a_spec_leads_out_of_the_folder() {
    let world = World::new();
    let secrets = world.sandbox.path("secrets");
    let absolute = secrets.join("seed").display().to_string();
    symlink("../secrets", world.folder().join("link")).unwrap();
    symlink(&secrets, world.folder().join("whole")).unwrap();
    symlink("../secrets/seed", world.folder().join("seed")).unwrap();
    for path in [
        &absolute,
        "../secrets/seed",
        "link/seed",
        "whole/seed",
        "seed",
        "./x/../../secrets/seed",
        "/dev/stdin",
        "/proc/self/environ",
    ] {
        for (plugin, spec) in [
            (json!({"specFiles": [path]}), json!({})),
            (json!({}), json!({"include": [path]})),
            (json!({}), json!({"templates": path})),
            (json!({}), json!({"store": {"path": path}})),
            (json!({}), json!({"store": {"kind": "derived", "seedFile": path}})),
            (json!({}), json!({"patches": [{"path": path}]})),
            (json!({}), json!({"cas": {"a": {"certificate": path}}})),
            (json!({}), json!({"cas": {"a": {"certificate": "a", "key": path}}})),
            (json!({}), json!({"cas": {"a": {"crl": path}}})),
            (json!({}), json!({"cas": {"a": {"crl": {"file": path}}}})),
            (json!({}), json!({"hosts": {"a": {"tls": {"certificate": path, "key": "a"}}}})),
            (json!({}), json!({"hosts": {"a": {"tls": {"certificate": "a", "key": path}}}})),
            (
                json!({}),
                json!({"defaults": {"hosts": {"tls": {"certificate": path, "key": path}}}}),
            ),
            (json!({}), json!({"cas": {"a": {}}, "clients": {"a": {"issuer": "a", "csr": path}}})),
        ] {
            for run in world.runs(&plugin, &spec) {
                refused(&run, &format!("{plugin} {spec}"));
            }
        }
    }
}

#[test]
fn links_below_the_folder_of_templates_and_the_store_lead_nowhere_else() {
    let world = World::new();
    let folder = world.folder();
    fs::create_dir(folder.join("templates")).unwrap();
    let link = folder.join("templates/x.yaml.j2");
    for target in ["../../secrets/seed", "../../secrets/templates/x.yaml.j2"] {
        symlink(target, &link).unwrap();
        for run in world.runs(&json!({}), &json!({"cas": {"a": {}}, "templates": "templates"})) {
            refused(&run, target);
        }
        fs::remove_file(&link).unwrap();
    }
    symlink("../../secrets/templates", folder.join("templates/sub")).unwrap();
    for run in world.runs(&json!({}), &json!({"cas": {"a": {}}, "templates": "templates"})) {
        refused(&run, "a folder of templates");
    }
    symlink("../secrets", folder.join("pki")).unwrap();
    for run in world.runs(&json!({"issue": "missingOrDue"}), &json!({"cas": {"a": {}}})) {
        refused(&run, "the store");
    }
    assert!(!world.sandbox.path("secrets/cas").exists());
}

#[test]
fn the_spec_itself_is_no_link_to_elsewhere() {
    let world = World::new();
    symlink("../secrets/spec.yaml", world.folder().join("mtls.yml")).unwrap();
    let here = |arguments: &[&str]| {
        let mut command = mtlsgen(arguments);
        command.current_dir(world.folder());
        command
    };
    refused(&("argo-cd", finish(&mut here(&["argo-cd", "generate"]))), "mtls.yml");
    refused(
        &(
            "post-render",
            fed(here(&["post-render"]), "kind: A\napiVersion: v1\nmetadata: {name: a}\n"),
        ),
        "mtls.yml",
    );
    for path in ["../secrets/spec.yaml", "-", "/dev/stdin"] {
        let parameters = json!([{"name": "files", "array": [path]}]).to_string();
        let mut command = here(&["argo-cd", "generate"]);
        let run = finish(command.env("ARGOCD_APP_PARAMETERS", parameters));
        assert_eq!(run.status, 2, "{path}: {}", run.stderr);
        assert!(!run.stderr.contains("stolen"), "{path}: {}", run.stderr);
    }
    let set = json!([{"name": "set", "map": {"store.path": "../secrets"}}]).to_string();
    world.sandbox.write("site/mtls.yaml", "cas: {a: {}}\n");
    fs::remove_file(world.folder().join("mtls.yml")).unwrap();
    let mut command = here(&["argo-cd", "generate"]);
    refused(&("argo-cd", finish(command.env("ARGOCD_APP_PARAMETERS", set))), "set");
}

#[test]
fn nothing_that_a_repository_says_widens_the_folder() {
    let world = World::new();
    let secrets = world.sandbox.path("secrets").canonicalize().unwrap();
    let mut config = config(&json!({"specFiles": ["../secrets/spec.yaml"]}), &json!({}));
    let run = |config: &Value, items: Value, allowed: &Path| {
        let list = json!({
            "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items, "functionConfig": config,
        });
        let mut command = mtlsgen(&["kustomize"]);
        command.current_dir(world.folder()).env("MTLSGEN_ALLOW_PATH", allowed);
        fed(command, &list.to_string())
    };
    // An object that says to be of a package elsewhere.
    let item = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {
        "internal.config.kubernetes.io/package-path": secrets, "config.kubernetes.io/path": "a.yaml",
    }}});
    let mut in_package = config.clone();
    in_package["plugin"]["specFiles"] = json!(["spec.yaml"]);
    refused(&("package", run(&in_package, json!([item]), Path::new(""))), "package");
    // The user who runs the build may allow it.
    let allowed = run(&config, json!([]), &secrets);
    assert!(!allowed.stderr.contains("outside-folder"), "{}", allowed.stderr);
    // The variable in the configuration itself, in clear and in YAML's disguise.
    for variable in ["MTLSGEN_ALLOW_PATH=/", "\"MTLSGEN\\x5fALLOW_PATH=/\""] {
        let annotation =
            format!("exec:\n  path: mtlsgen\n  args: [kustomize]\n  envs: [{variable}]\n");
        config["metadata"]["annotations"] = json!({"config.kubernetes.io/function": annotation});
        let run = run(&config, json!([]), Path::new("/"));
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(
            run.stderr.contains("the configuration sets `MTLSGEN_ALLOW_PATH`"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn the_user_of_the_plugin_allows_folders_by_flag() {
    let world = World::new();
    world.sandbox.write("shared/more.yaml", "namespace: web\n");
    let spec = json!({"plugin": {"specFiles": ["../shared/more.yaml"]}});
    world.sandbox.write("site/mtls.yaml", config(&spec["plugin"], &json!({})).to_string());
    for command in [
        &["argo-cd", "generate", "--allow-path", "../shared"][..],
        &["post-render", "--allow-path", "../shared"],
    ] {
        let mut command = mtlsgen(command);
        command.current_dir(world.folder());
        let run = fed(command, "kind: A\napiVersion: v1\nmetadata: {name: a}\n");
        assert!(!run.stderr.contains("outside-folder"), "{}", run.stderr);
    }
    // Values after `--set` are the caller's own; what the spec says is not.
    let mut command = mtlsgen(&[
        "post-render",
        "--set",
        "store.path=../shared/pki",
        "--set",
        "plugin.specFiles=[]",
    ]);
    command.current_dir(world.folder());
    let run = fed(command, "kind: A\napiVersion: v1\nmetadata: {name: a}\n");
    assert!(!run.stderr.contains("outside-folder"), "{}", run.stderr);
}

/// Also where a person names the file, nothing of it is shown: standard error is what others read in a log.
#[test]
fn a_text_that_is_no_spec_is_not_shown() {
    let world = World::new();
    for (name, text) in secrets() {
        for format in ["text", "json"] {
            let file = format!("secrets/{name}");
            let run = world.sandbox.run(&["render", "-f", &file, "--message-format", format]);
            assert_eq!(run.status, 2, "{name}");
            assert!(run.stderr.contains(&file), "{name}: {}", run.stderr);
            for word in ["horse", "d6b9a7f1", "qFmFH", "saltsalt", "wJalr", "Y29ycm"] {
                assert!(
                    !text.contains(word) || !run.stderr.contains(word),
                    "{name}: {}",
                    run.stderr
                );
            }
        }
    }
    let octets: Vec<u8> = (0..32).map(|n: u8| n.wrapping_mul(37) ^ 0xa5).collect();
    world.sandbox.write("secrets/octets", &octets);
    let run = world.sandbox.run(&["render", "-f", "secrets/octets"]);
    assert!(run.stderr.contains("secrets/octets:1:"), "{}", run.stderr);
    assert!(!run.stderr.contains("1 |"), "{}", run.stderr);
}

/// A patch is not a spec, but its errors quote it.
#[test]
fn a_patch_that_cannot_be_read_is_not_quoted() {
    let sandbox = Sandbox::with_toml("[[patches]]\npath = \"patch\"\n");
    for patch in ["correct-horse: 1\ncorrect-horse: 2\n", "a: !correct-horse 1\n"] {
        sandbox.write("patch", patch);
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2);
        assert!(!run.stderr.contains("horse"), "{}", run.stderr);
    }
}

/// The same for what `doctor` reads because a kustomization names it.
#[test]
fn a_resource_that_cannot_be_read_is_not_shown_by_doctor() {
    let world = World::new();
    for (name, _) in secrets() {
        world.sandbox.write(
            "site/kustomization.yaml",
            format!("resources: [../secrets/{name}]\ngenerators: [../secrets/{name}]\n"),
        );
        let run = world.sandbox.run(&["doctor", "kustomize", "site"]);
        for word in ["horse", "d6b9a7f1", "qFmFH", "wJalr", "Y29ycm"] {
            assert!(
                !run.stderr.contains(word) && !run.stdout.contains(word),
                "{name}: {}",
                run.stderr
            );
        }
    }
}
