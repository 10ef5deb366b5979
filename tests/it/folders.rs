//! `render -o DIR` and `diff DIR`: which files there are and with which modes, what is rewritten, removed
//! and refused, and where private keys are found.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::support::{Run, Sandbox, files, finish, tool};

/// Two namespaces, a client's Secret, a protected and a public host.
pub const SPEC: &str = r#"
[cas.clients]
[clients.alice]
issuer = "clients"
[clients.job]
issuer = "clients"
secretName = "job-client"
namespace = "jobs"
[services.web]
image = "httpd"
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
[services.open]
existing = true
port = 80
[hosts."open.example.com"]
service = "open"
tls = false
"#;

/// The files of the folder that [`SPEC`] gives.
const TREE: [&str; 11] = [
    ".mtlsgen",
    "default/deployment-web.yaml",
    "default/ingress-a-example-com.yaml",
    "default/ingress-open-example-com.yaml",
    "default/secret-a-example-com-tls-cacert.yaml",
    "default/service-web.yaml",
    "kustomization.yaml",
    "secrets/.gitignore",
    "secrets/default/secret-a-example-com-tls.yaml",
    "secrets/jobs/secret-job-client.yaml",
    "secrets/kustomization.yaml",
];

pub fn rendered() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-o", "out"]);
    sandbox
}

/// Paths below `folder`.
fn paths(folder: &Path) -> Vec<String> {
    let relative = |path: &Path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files(folder).iter().map(|(path, _)| relative(path)).collect()
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file with content, mode and the time of its last change.
fn state(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32, SystemTime)> {
    let of = |path: &Path| (mode(path), fs::metadata(path).unwrap().modified().unwrap());
    let files = files(folder).into_iter();
    files
        .map(|(path, bytes)| {
            let (mode, time) = of(&path);
            (path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned(), (bytes, mode, time))
        })
        .collect()
}

/// Names of the files that differ between two states.
fn differing<T: PartialEq>(
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

pub fn replace(sandbox: &Sandbox, from: &str, to: &str) {
    let text = sandbox.read("mtls.toml");
    assert!(text.contains(from), "{from}");
    sandbox.write("mtls.toml", text.replacen(from, to, 1));
}

#[test]
fn each_object_has_a_file_and_keys_are_apart_under_any_umask() {
    for umask in ["022", "077", "000"] {
        let sandbox = Sandbox::with_toml(SPEC);
        let mut shell = Command::new("sh");
        let script =
            format!("umask {umask} && exec {} render -o out", env!("CARGO_BIN_EXE_mtlsgen"));
        let run = finish(shell.args(["-c", &script]).current_dir(sandbox.folder()));
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
        let out = sandbox.path("out");
        assert_eq!(paths(&out), TREE);
        let allowed = 0o777 & !u32::from_str_radix(umask, 8).unwrap();
        for path in TREE {
            let is_private = path.starts_with("secrets/") && path.contains("/secret-");
            let expected = if is_private { 0o600 } else { allowed & 0o644 };
            assert_eq!(mode(out.join(path)), expected, "{path} with umask {umask}");
        }
        for folder in ["secrets", "secrets/default", "secrets/jobs"] {
            assert_eq!(mode(out.join(folder)), 0o700, "{folder} with umask {umask}");
        }
        assert_eq!(mode(out.join("default")), allowed, "umask {umask}");
        let key = |path: &Path| path.extension().is_some_and(|extension| extension == "key");
        let pki = sandbox.path("pki");
        let keys: Vec<_> = files(&pki).into_iter().map(|(p, _)| p).filter(|p| key(p)).collect();
        assert_eq!(keys.len(), 4);
        for key in keys {
            assert_eq!(
                (mode(&key), mode(key.parent().unwrap())),
                (0o600, 0o700),
                "{}",
                key.display()
            );
        }
    }
}

#[test]
fn kustomizations_name_what_is_there_in_the_order_of_application() {
    let sandbox = rendered();
    let resources = |path: &str| -> Vec<String> {
        let text = sandbox.read(path);
        text.lines().filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect()
    };
    assert_eq!(
        resources("out/kustomization.yaml"),
        [
            "default/secret-a-example-com-tls-cacert.yaml",
            "default/service-web.yaml",
            "default/deployment-web.yaml",
            "default/ingress-a-example-com.yaml",
            "default/ingress-open-example-com.yaml",
        ]
    );
    assert_eq!(
        resources("out/secrets/kustomization.yaml"),
        ["default/secret-a-example-com-tls.yaml", "jobs/secret-job-client.yaml"]
    );
    replace(&sandbox, "[cas.clients]", "[secrets]\nallowPlainInGit = true\n[cas.clients]");
    sandbox.ok(&["render", "-o", "out"]);
    assert_eq!(resources("out/kustomization.yaml").len(), 7);
    assert!(!sandbox.path("out/secrets/.gitignore").exists());
    assert!(!sandbox.path("out/secrets/kustomization.yaml").exists());
    assert_eq!(mode(sandbox.path("out/secrets/jobs/secret-job-client.yaml")), 0o600);
    sandbox.ok(&["render", "-o", "out", "--check"]);
}

#[test]
fn git_does_not_see_keys() {
    let Some(git) = tool("git") else { return };
    let sandbox = rendered();
    let git = |arguments: &[&str]| {
        let mut command = Command::new(&git);
        command.args(arguments).current_dir(sandbox.folder()).env("HOME", sandbox.folder());
        crate::support::output_of(&mut command)
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    let staged = git(&["ls-files"]);
    assert!(staged.contains("out/default/ingress-a-example-com.yaml"), "{staged}");
    assert!(staged.contains("pki/clients/alice/tls.crt"), "{staged}");
    assert!(
        !staged.contains(".key") && !staged.contains("secret-a-example-com-tls.yaml"),
        "{staged}"
    );
}

#[test]
fn what_did_not_change_is_not_written() {
    let sandbox = rendered();
    let before = state(&sandbox.path("out"));
    sandbox.ok(&["render", "-o", "out"]);
    assert_eq!(differing(&before, &state(&sandbox.path("out"))), Vec::<String>::new());
    replace(&sandbox, "image = \"httpd\"", "image = \"httpd:2.4\"");
    let run = sandbox.ok(&["render", "-o", "out"]);
    assert_eq!(
        differing(&before, &state(&sandbox.path("out"))),
        [".mtlsgen", "default/deployment-web.yaml"]
    );
    assert!(run.stderr.contains("modified `default/deployment-web.yaml`\n"), "{}", run.stderr);
    assert!(!run.stderr.contains("service-web"), "{}", run.stderr);
}

#[test]
fn what_is_no_longer_rendered_is_removed_and_nothing_else() {
    let sandbox = rendered();
    sandbox.write("out/default/mine.yaml", "mine\n");
    sandbox.write("out/README.md", "mine\n");
    sandbox.write("out/secrets/jobs/mine.txt", "mine\n");
    let spec = sandbox
        .read("mtls.toml")
        .replace("secretName = \"job-client\"\nnamespace = \"jobs\"\n", "");
    sandbox.write("mtls.toml", spec.split("[hosts.\"open.example.com\"]").next().unwrap());
    let run = sandbox.ok(&["render", "-o", "out"]);
    for gone in ["default/ingress-open-example-com.yaml", "secrets/jobs/secret-job-client.yaml"] {
        assert!(run.stderr.contains(&format!("removed `{gone}`")), "{}", run.stderr);
        assert!(!sandbox.path("out").join(gone).exists(), "{gone}");
    }
    for mine in ["out/default/mine.yaml", "out/README.md", "out/secrets/jobs/mine.txt"] {
        assert_eq!(sandbox.read(mine), "mine\n", "{mine}");
    }
    fs::remove_file(sandbox.path("out/secrets/jobs/mine.txt")).unwrap();
    sandbox.ok(&["render", "-o", "out", "--check"]);
}

#[test]
fn a_folder_that_is_empty_after_a_removal_goes_too() {
    let sandbox = rendered();
    replace(&sandbox, "secretName = \"job-client\"\nnamespace = \"jobs\"\n", "");
    sandbox.ok(&["render", "-o", "out"]);
    assert!(!sandbox.path("out/secrets/jobs").exists());
}

#[test]
fn files_of_others_are_not_overwritten() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.write("out/default/service-web.yaml", "mine\n");
    sandbox.write("out/kustomization.yaml", "mine too\n");
    let Run { status, stderr, .. } = sandbox.run(&["render", "-o", "out"]);
    assert_eq!(status, 2);
    for path in ["default/service-web.yaml", "kustomization.yaml"] {
        assert!(stderr.contains(path), "{stderr}");
    }
    assert_eq!(paths(&sandbox.path("out")), ["default/service-web.yaml", "kustomization.yaml"]);
    assert_eq!(sandbox.read("out/default/service-web.yaml"), "mine\n");
}

#[test]
fn links_and_strange_things_in_the_way_are_refused() {
    let outside = Sandbox::new();
    outside.write("file", "mine\n");
    let link = |from: &Path, to: &Path| std::os::unix::fs::symlink(to, from).unwrap();
    for at in ["default", "secrets", "default/service-web.yaml", "secrets/default", ".mtlsgen"] {
        let sandbox = Sandbox::with_toml(SPEC);
        let path = sandbox.path("out").join(at);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_file = Path::new(at).extension().is_some() || at == ".mtlsgen";
        link(&path, &if is_file { outside.path("file") } else { outside.folder().to_owned() });
        let run = sandbox.run(&["render", "-o", "out"]);
        assert_eq!(run.status, 2, "{at}: {}", run.stderr);
        assert!(run.stderr.contains(at), "{at}: {}", run.stderr);
        assert_eq!(paths(outside.folder()), ["file"], "{at}");
        assert_eq!(outside.read("file"), "mine\n");
    }
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.write("out", "a file\n");
    let run = sandbox.run(&["render", "-o", "out"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("`out"), "{}", run.stderr);
}

#[test]
fn a_record_that_names_other_folders_removes_nothing_there() {
    let sandbox = rendered();
    sandbox.write("precious", "mine\n");
    let record = sandbox.read("out/.mtlsgen");
    let line = record.lines().find(|line| line.contains("service-web")).unwrap();
    for evil in ["../precious", "/etc/hostname", "default/../../precious", ".git/config"] {
        let added = line.replace("default/service-web.yaml", evil);
        assert_ne!(added, line);
        sandbox.write("out/.mtlsgen", format!("{record}{added}\n"));
        let run = sandbox.run(&["render", "-o", "out"]);
        assert_eq!(run.status, 2, "{evil}: {}", run.stderr);
        assert!(run.stderr.contains(".mtlsgen"), "{}", run.stderr);
        assert_eq!(sandbox.read("precious"), "mine\n");
    }
}

#[test]
fn edits_by_hand_are_replaced_with_a_word() {
    let sandbox = rendered();
    let path = "out/default/service-web.yaml";
    let before = sandbox.read(path);
    sandbox.write(path, before.replace("port: 80", "port: 81"));
    let check = sandbox.run(&["render", "-o", "out", "--check"]);
    assert_eq!(check.status, 1);
    let run = sandbox.ok(&["render", "-o", "out"]);
    assert!(
        run.stderr.contains("modified `default/service-web.yaml`, which had been edited by hand"),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.read(path), before);
    fs::remove_file(sandbox.path(path)).unwrap();
    let run = sandbox.ok(&["render", "-o", "out"]);
    assert!(run.stderr.contains("added `default/service-web.yaml`"), "{}", run.stderr);
    assert_eq!(sandbox.read(path), before);
}

#[test]
fn loosened_modes_are_tightened() {
    let sandbox = rendered();
    let secret = sandbox.path("out/secrets/jobs/secret-job-client.yaml");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(sandbox.run(&["render", "-o", "out", "--check"]).status, 1);
    assert_eq!(mode(&secret), 0o644, "--check writes nothing");
    sandbox.ok(&["render", "-o", "out"]);
    assert_eq!(mode(&secret), 0o600);
}

#[test]
fn a_selection_removes_nothing() {
    let sandbox = rendered();
    replace(&sandbox, "image = \"httpd\"\nport = 80", "image = \"nginx\"\nport = 81");
    let spec = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", spec.split("[hosts.\"open.example.com\"]").next().unwrap());
    let before = state(&sandbox.path("out"));
    sandbox.ok(&["render", "-o", "out", "--kind", "service"]);
    let after = state(&sandbox.path("out"));
    assert_eq!(differing(&before, &after), [".mtlsgen", "default/service-web.yaml"]);
    sandbox.ok(&["render", "-o", "out", "--host", "a.example.com"]);
    let after = state(&sandbox.path("out"));
    assert_eq!(
        differing(&before, &after),
        [
            ".mtlsgen",
            "default/deployment-web.yaml",
            "default/ingress-a-example-com.yaml",
            "default/service-web.yaml"
        ]
    );
    assert!(after.contains_key("default/ingress-open-example-com.yaml"));
    let run = sandbox.ok(&["render", "-o", "out"]);
    assert!(run.stderr.contains("removed `default/ingress-open-example-com.yaml`"));
    for (arguments, words) in [
        (["--host", "b.example.com"], "did you mean `a.example.com`"),
        (["--kind", "Servce"], "did you mean `Service`"),
    ] {
        let run = sandbox.run(&[&["render"][..], &arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn check_reports_with_its_status_and_writes_nothing() {
    let sandbox = Sandbox::with_toml(SPEC);
    let check = |sandbox: &Sandbox| sandbox.run(&["render", "-o", "out", "--check"]);
    let run = check(&sandbox);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "nothing is issued yet");
    assert!(run.stderr.contains("client `alice`: never issued"), "{}", run.stderr);
    assert_eq!(paths(sandbox.folder()), ["mtls.toml"]);
    sandbox.ok(&["render"]);
    let before = paths(sandbox.folder());
    let run = check(&sandbox);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("not up to date: added `default/service-web.yaml`"),
        "{}",
        run.stderr
    );
    assert_eq!(paths(sandbox.folder()), before);
    sandbox.ok(&["render", "-o", "out"]);
    let run = check(&sandbox);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let due = sandbox.run(&["render", "-o", "out", "--check", "--at", "2099-01-01"]);
    assert_eq!(due.status, 1, "what is due is a difference");
    assert_eq!(sandbox.run(&["render", "--check"]).status, 2, "there is no folder to check");
}

#[test]
fn a_diff_is_readable_text_with_a_status() {
    let sandbox = Sandbox::with_toml(SPEC);
    let never = sandbox.run(&["diff", "out"]);
    assert_eq!((never.status, never.stdout.as_str()), (1, ""));
    assert!(never.stderr.contains("never issued"), "{}", never.stderr);
    assert_eq!(paths(sandbox.folder()), ["mtls.toml"]);
    sandbox.ok(&["render", "-o", "out"]);
    assert_eq!(
        sandbox.run(&["diff", "out"]),
        Run { status: 0, stdout: String::new(), stderr: String::new() }
    );
    replace(&sandbox, "image = \"httpd\"", "image = \"httpd:2.4\"");
    replace(&sandbox, "[clients.job]\n", "[clients.job]\nsubject = \"CN=other\"\n");
    let stale = sandbox.run(&["diff", "out"]);
    assert_eq!(stale.status, 1);
    assert!(stale.stderr.contains("expected subject `CN=other`"), "{}", stale.stderr);
    sandbox.ok(&["render"]);
    let before = state(sandbox.folder());
    let run = sandbox.run(&["diff", "out"]);
    assert_eq!(run.status, 1);
    for line in [
        "--- a/default/deployment-web.yaml\n",
        "+++ b/default/deployment-web.yaml\n",
        "-        image: httpd\n",
        "+        image: httpd:2.4\n",
        "--- a/secrets/jobs/secret-job-client.yaml",
    ] {
        assert!(run.stdout.contains(line), "{line} is not in\n{}", run.stdout);
    }
    assert!(run.stdout.contains("CN=job") && run.stdout.contains("CN=other"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("spki-sha256:").count(), 2, "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'));
    assert!(differing(&before, &state(sandbox.folder())).is_empty(), "diff writes nothing");
}
