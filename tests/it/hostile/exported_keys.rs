//! Keys and passwords that `cert export` writes where the next `git add .` takes them up.

use std::process::Command;

use crate::support::{Sandbox, finish};

const SPEC: &str = "[cas.a]\n[clients.alice]\nissuer = \"a\"\n";

/// A work tree with a store; `None` without Git.
fn tree() -> Option<Sandbox> {
    let sandbox = Sandbox::with_toml(SPEC);
    let git = git(&sandbox, &["init", "-q"])?;
    assert!(git.is_empty(), "{git}");
    sandbox.ok(&["render", "-q"]);
    Some(sandbox)
}

fn git(sandbox: &Sandbox, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(sandbox.folder()).output().ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}

/// What the next commit would have.
fn taken_up(sandbox: &Sandbox) -> String {
    git(sandbox, &["add", "--all"]).unwrap();
    git(sandbox, &["ls-files"]).unwrap()
}

const EXPORT: [&str; 3] = ["cert", "export", "alice"];

#[test]
fn an_export_without_a_place_goes_where_git_does_not_look() {
    let Some(sandbox) = tree() else { return };
    sandbox.ok(&[&EXPORT[..], &["--new-password-file", "pki/clients/alice/x.password"]].concat());
    assert!(sandbox.path("pki/clients/alice/alice.p12").is_file());
    let files = taken_up(&sandbox);
    assert!(files.contains("pki/clients/alice/tls.crt"), "{files}");
    assert!(
        !files.contains(".p12") && !files.contains("password") && !files.contains(".key"),
        "{files}"
    );
}

/// A store of an earlier version, and a `.gitignore` above that lets everything through.
#[test]
fn an_older_store_learns_what_to_ignore() {
    let Some(sandbox) = tree() else { return };
    for folder in ["pki", "pki/cas", "pki/clients"] {
        sandbox.write(&format!("{folder}/.gitignore"), "*.key\n*.new\n!*.p12\n");
    }
    sandbox.ok(&[&EXPORT[..], &["--new-password-file", "pki/clients/x.password"]].concat());
    let files = taken_up(&sandbox);
    assert!(!files.contains("alice.p12") && !files.contains("password"), "{files}");
}

#[test]
fn a_key_is_not_written_where_git_would_take_it_up() {
    let Some(sandbox) = tree() else { return };
    let elsewhere = Sandbox::new();
    let away = elsewhere.path("x").display().to_string();
    std::fs::create_dir(sandbox.path("sub")).unwrap();
    let link = elsewhere.path("link");
    std::os::unix::fs::symlink(sandbox.path("sub"), &link).unwrap();
    let linked = link.join("a.p12").display().to_string();
    let before = sandbox.files();
    let refused = |more: &[&str]| {
        let run = sandbox.run(&[&EXPORT[..], more].concat());
        assert_eq!(run.status, 2, "{more:?}");
        assert!(run.stderr.contains("in-git") && run.stderr.contains("--force"), "{}", run.stderr);
    };
    refused(&["-o", "a.p12", "--new-password-file", &away]);
    refused(&["-o", "sub/a.p12", "--new-password-file", &away]);
    refused(&["-o", &linked, "--new-password-file", &away]);
    refused(&["--new-password-file", "password.txt"]);
    refused(&["-o", &away, "--new-password-file", "password.txt"]);
    refused(&["--as", "pem-key", "-o", "a.pem"]);
    refused(&["--as", "pem-combined", "-o", "a.pem"]);
    let same = |(path, _): &(std::path::PathBuf, Vec<u8>)| !path.ends_with("alice.p12");
    assert!(sandbox.files().into_iter().filter(same).eq(before.into_iter().filter(same)));
    // What is public, what is ignored, and what is asked for all the same.
    sandbox.ok(&[&EXPORT[..], &["--as", "pem-chain", "-o", "a.crt"]].concat());
    sandbox.write(".gitignore", "*.p12\n");
    sandbox.ok(&[&EXPORT[..], &["-o", "a.p12", "--new-password-file", &away]].concat());
    sandbox.ok(&[&EXPORT[..], &["--as", "pem-key", "-o", "a.pem", "--force"]].concat());
    // A file that Git has already is taken up again, regardless of `.gitignore`.
    git(&sandbox, &["add", "-f", "a.p12"]).unwrap();
    std::fs::remove_file(sandbox.path("a.p12")).unwrap();
    refused(&["-o", "a.p12", "--password-file", &away]);
}

/// A store that is not a folder has no place that Git ignores; the remedy does not promise one.
#[test]
fn a_derived_store_has_no_place_for_keys_in_a_work_tree() {
    let Some(sandbox) = tree() else { return };
    sandbox.write("mtls.toml", format!("store.kind = \"derived\"\n{SPEC}"));
    let arguments = ["--new-password-file", "/dev/null/x"];
    let mut command = sandbox.command(&[&EXPORT[..], &arguments].concat());
    let run =
        finish(command.env(
            "MTLSGEN_SEED",
            "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7",
        ));
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("in-git") && !run.stderr.contains("leave `-o` out"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path("alice.p12").exists());
}

#[test]
fn without_git_a_work_tree_is_not_trusted() {
    let Some(sandbox) = tree() else { return };
    sandbox.write(".gitignore", "*.pem\n");
    let mut command =
        sandbox.command(&["cert", "export", "alice", "--as", "pem-key", "-o", "a.pem"]);
    let run = finish(command.env("PATH", "/nonexistent"));
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("in-git"), "{}", run.stderr);
}

/// A bare repository among the committed files of a folder: Git takes it for the one to ask, with a configuration that
/// names a program to fetch what is missing, and with a list of what it ignores.
#[test]
fn git_is_asked_without_a_repository_or_program_of_the_attackers() {
    let Some(sandbox) = tree() else { return };
    let inner = sandbox.path("pki/clients/alice");
    std::fs::create_dir_all(inner.join("objects")).unwrap();
    std::fs::create_dir_all(inner.join("refs")).unwrap();
    std::fs::create_dir_all(inner.join("info")).unwrap();
    let write = |name: &str, text: &str| {
        sandbox.write(&format!("pki/clients/alice/{name}"), text);
    };
    write("HEAD", "ref: refs/heads/x\n");
    write("info/exclude", "*\n");
    let config = |worktree: &str| {
        format!(
            "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tworktree = {worktree}\n[extensions]\n\tpartialClone = origin\n\
             [remote \"origin\"]\n\turl = \"ext::sh ../../../x.sh\"\n\tpromisor = true\n[protocol \"ext\"]\n\tallow = always\n"
        )
    };
    write("config", &config("objects"));
    sandbox.write("x.sh", "id >../../../ran 2>&1\n");
    // An index that names a `.gitignore` whose content is nowhere: reading it has Git fetch.
    let scratch = Sandbox::new();
    scratch.write(".gitignore", "*\n");
    let prepare = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(&inner).env("GIT_DIR", &inner);
        git.env("GIT_WORK_TREE", scratch.folder());
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    prepare(&["add", "-f", ".gitignore"]);
    prepare(&["update-index", "--skip-worktree", ".gitignore"]);
    for entry in std::fs::read_dir(inner.join("objects")).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    write("config", &config("."));
    sandbox.run(&[&EXPORT[..], &["--new-password-file", "pki/clients/x.password"]].concat());
    assert!(!sandbox.path("ran").exists(), "a program of the repository ran");
    // It says that everything is ignored; the tree that the file lies in does not.
    let shown = ["-o", "pki/clients/alice/a.bin", "--new-password-file", "pki/clients/y.password"];
    let run = sandbox.run(&[&EXPORT[..], &shown].concat());
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("error[in-git]"), "{}", run.stderr);
    assert!(!sandbox.path("ran").exists(), "a program of the repository ran");
}
