//! docs/gitops.md does what it says: each section is typed in a new folder, its files first.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, mtlsgen, output_of, root, tool};

/// Types the blocks of a section: those that name a file are written, those of a shell are run.
fn typed(section: &str, variables: &[(&str, &str)]) {
    let sandbox = Sandbox::new();
    // Manifests and stores of the page hold keys where it says so.
    for folder in ["it", "job", "everything"] {
        sandbox.may_hold_keys(folder);
    }
    let folder = sandbox.path("it");
    fs::create_dir(&folder).unwrap();
    let mut script = format!("set -eu\ncd '{}'\n", folder.display());
    for block in section.split("\n```").skip(1).step_by(2) {
        let (info, content) = block.split_once('\n').unwrap();
        match info.split_once(' ') {
            Some((_, file)) => {
                let text = variables.iter().fold(content.to_owned(), |text, (name, value)| {
                    text.replace(&format!("${name}"), value)
                });
                sandbox.write(&format!("it/{file}"), text);
            }
            None if info == "sh" => {
                // `set -e` passes over what is to fail.
                let lines = content.lines().map(|line| match line.strip_prefix("! ") {
                    Some(fails) => format!("if {fails}; then exit 9; fi\n"),
                    None => format!("{line}\n"),
                });
                script.extend(lines);
            }
            None => {}
        }
    }
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).env_clear().env("PATH", path(&sandbox));
    shell.envs(variables.iter().copied());
    for name in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{name}_NAME"), "a").env(format!("GIT_{name}_EMAIL"), "a@b");
    }
    shell.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    output_of(&mut shell);
}

/// The search path, with the program under test before all others.
fn path(sandbox: &Sandbox) -> String {
    let program = sandbox.path("bin/mtlsgen");
    fs::create_dir(sandbox.path("bin")).unwrap();
    let tested = mtlsgen(&[]);
    fs::write(
        &program,
        format!("#!/bin/sh\nexec '{}' \"$@\"\n", Path::new(tested.get_program()).display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_page_is_typed() {
    if tool("git").is_none() || tool("age-keygen").is_none() {
        return;
    }
    let page = fs::read_to_string(root().join("docs/gitops.md")).unwrap();
    let people = tempfile::tempdir().unwrap();
    let identity = people.path().join("identity");
    output_of(Command::new(tool("age-keygen").unwrap()).arg("-o").arg(&identity));
    let recipient = output_of(Command::new(tool("age-keygen").unwrap()).arg("-y").arg(&identity));
    let variables = [("RECIPIENT", recipient.trim()), ("IDENTITY", identity.to_str().unwrap())];
    let mut count = 0;
    for section in page.split("\n## ").skip(1).filter(|section| section.contains("```sh\n")) {
        typed(section, &variables);
        count += 1;
    }
    assert_eq!(count, 5);
}
