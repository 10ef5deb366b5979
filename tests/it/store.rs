//! What a store does to itself, to Git, and to those who have only a part of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{Sandbox, output_of, tool};

const SPEC: &str = r#"
[cas.root]
[cas.issuing]
issuer = "root"
[clients.alice]
issuer = "issuing"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["issuing"]
"#;

#[test]
fn git_never_takes_a_key_whatever_ignore_files_lie_above() {
    let Some(git) = tool("git") else { return };
    for (path, foreign, text) in [
        (".", ".gitignore", "target\n"),
        (".", ".gitignore", "!*.key\n"),
        (".", "cas/.gitignore", "!tls.key\n!*/tls.key"),
        ("pki", "pki/.gitignore", ""),
        ("pki", "README.md", "no ignore file at all\n"),
    ] {
        let sandbox = Sandbox::with_toml(&format!("{SPEC}[store]\npath = \"{path}\"\n"));
        sandbox.write(foreign, text);
        sandbox.ok(&["render"]);
        let git = |arguments: &[&str]| {
            output_of(Command::new(&git).args(arguments).current_dir(sandbox.folder()))
        };
        git(&["init", "--quiet"]);
        git(&["add", "-A"]);
        let files = git(&["ls-files"]);
        assert!(!files.contains(".key"), "{foreign}: {files}");
        assert_eq!(files.matches("tls.crt").count(), 4, "{foreign}: {files}");
        assert!(files.contains("clients/.gitignore"), "{foreign}: {files}");
        assert!(sandbox.read(foreign).starts_with(text), "{foreign} is kept");
    }
}

#[test]
fn a_linked_folder_is_refused_on_reading_too() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render"]);
    fs::rename(sandbox.path("pki/hosts"), sandbox.path("elsewhere")).unwrap();
    symlink("../elsewhere", sandbox.path("pki/hosts")).unwrap();
    for arguments in [&["render"][..], &["render", "--locked"], &["diff"]] {
        let run = sandbox.run(arguments);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("pki/hosts` is a symbolic link"), "{}", run.stderr);
    }
}
