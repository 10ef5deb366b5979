//! Pipes and devices in the place of files: a run must neither wait for them nor replace them.

use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Run, Sandbox, mtlsgen};

const SPEC: &str = "[cas.a]\n[clients.alice]\nissuer = \"a\"\n";

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Runs, and fails where that takes too long.
fn timely(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn a_pipe_in_the_place_of_a_file_does_not_hang_a_run() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("templates")).unwrap();
    pipe(&sandbox.path("pipe"));
    pipe(&sandbox.path("templates/x.yaml.j2"));
    symlink("pipe", sandbox.path("link")).unwrap();
    for spec in [
        "plugin.yaml",
        "templates = \"templates\"\n[cas.a]\n",
        "[[patches]]\npath = \"pipe\"\n",
        "[cas.a]\ncertificate = \"link\"\n",
        "[cas.a]\ncertificate = \"pipe\"\nkey = \"pipe\"\n",
        "[cas.a]\ncrl = \"pipe\"\n",
        "[cas.a]\n[clients.b]\nissuer = \"a\"\ncsr = \"pipe\"\n",
        "store = { kind = \"derived\", seedFile = \"pipe\" }\n[cas.a]\n",
    ] {
        if spec == "plugin.yaml" {
            sandbox.write("mtls.toml", "apiVersion = \"mtlsgen.dev/v1alpha1\"\nkind = \"MutualTLS\"\nmetadata.name = \"a\"\nplugin.specFiles = [\"pipe\"]\nspec = {}\n");
        } else {
            sandbox.write("mtls.toml", spec);
        }
        let run = timely(&sandbox, &["render"]);
        assert_eq!(run.status, 2, "{spec}: {}", run.stderr);
        let is_unread = spec.contains("crl");
        assert!(
            is_unread || run.stderr.contains("a named pipe, not a file"),
            "{spec}: {}",
            run.stderr
        );
    }
}

#[test]
fn no_argument_that_is_a_pipe_or_a_device_hangs_a_run() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    pipe(&sandbox.path("pipe"));
    for arguments in [
        &["render", "-f", "pipe"][..],
        &["render", "--seed-file", "pipe", "--set", "store.kind=derived"],
        &["render", "--existing", "pipe"],
        &["cert", "show", "pipe"],
        &["import", "pipe", "--dry-run"],
        &["cert", "export", "alice", "--password-file", "pipe"],
        &["cert", "show", "pki/clients/alice/tls.crt", "--password-file", "pipe"],
        &["render", "-f", "/dev/zero"],
        &["kustomize", "pipe"],
        &["init", "--host", "a.example.com", "-o", "pipe"],
        &["cert", "export", "alice", "-o", "pipe", "--force", "--new-password-file", "x"],
    ] {
        timely(&sandbox, arguments);
    }
    assert!(std::fs::symlink_metadata(sandbox.path("pipe")).unwrap().file_type().is_fifo());
}

#[test]
fn pipes_that_a_shell_makes_are_read() {
    let sandbox = Sandbox::with_toml(SPEC);
    let rendered = sandbox.ok(&["render"]);
    let program = env!("CARGO_BIN_EXE_mtlsgen");
    let script =
        format!("{program} render --set store.path=$PWD/pki -f <(sleep 0.3; cat mtls.toml)");
    if let Ok(output) =
        Command::new("bash").args(["-c", &script]).current_dir(sandbox.folder()).output()
    {
        assert_eq!(Run::of(output).stdout, rendered.stdout);
    }
    let mut command = mtlsgen(&["render", "-f", "/dev/stdin", "--set", "store.path=pki"]);
    command
        .current_dir(sandbox.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    child.stdin.take().unwrap().write_all(SPEC.as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn force_replaces_files_and_links_and_nothing_else() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    pipe(&sandbox.path("pipe"));
    sandbox.write("kept", "kept");
    symlink("kept", sandbox.path("link")).unwrap();
    let export = |to: &str| {
        sandbox.run(&["cert", "export", "alice", "--as", "pem-key", "--force", "-o", to])
    };
    for to in ["pipe", "/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = export(to);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{to}: {}", run.stderr);
    }
    assert!(std::fs::symlink_metadata(sandbox.path("pipe")).unwrap().file_type().is_fifo());
    assert!(std::fs::symlink_metadata("/dev/null").unwrap().file_type().is_char_device());
    assert_eq!(export("link").status, 0);
    assert_eq!(sandbox.read("kept"), "kept");
}

/// A machine's `kubectl` is a program like any other: it gets no seed, no passphrase and no identity.
#[test]
fn programs_that_doctor_asks_get_no_secrets() {
    let sandbox = Sandbox::new();
    sandbox.write("site/kustomization.yaml", "resources: []\n");
    for name in ["kubectl", "kustomize"] {
        let script = format!("#!/bin/sh\nenv >> {}\necho v5.8.1\n", sandbox.path("seen").display());
        let path = sandbox.write(&format!("bin/{name}"), script);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
    }
    let mut command = sandbox.command(&["doctor", "kustomize", "site"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    for name in [
        "MTLSGEN_SEED",
        "MTLSGEN_SEED_FILE",
        "MTLSGEN_AGE_PASSPHRASE",
        "MTLSGEN_PKCS12_PASSWORD",
        "SOPS_AGE_KEY",
        "SOPS_AGE_KEY_FILE",
        "SOPS_AGE_KEY_CMD",
        "GITHUB_TOKEN",
        "VAULT_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        command.env(name, "correct-horse");
    }
    crate::support::finish(&mut command);
    let seen = sandbox.read("seen");
    assert!(seen.contains("PATH=") && !seen.contains("horse"), "{seen}");
}
