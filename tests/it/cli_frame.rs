//! Help, exit statuses, colour, pipes, and the commands that print what the program knows of itself.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Run, finish, mtlsgen, run};

const EXIT_STATUS: &str = "Exit status: 0 done; 1 there are findings or differences; 2 it failed.";

/// The commands that the help text lists.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    list.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_help_text_is_on_stdout_and_has_the_exit_status() {
    assert!(commands().len() >= 5, "{:?}", commands());
    for command in commands().iter().map(String::as_str).chain([""]) {
        for flag in ["-h", "--help"] {
            let arguments: Vec<&str> =
                [command, flag].into_iter().filter(|a| !a.is_empty()).collect();
            let Run { status, stdout, stderr } = run(&arguments);
            assert_eq!((status, stderr.as_str()), (0, ""), "{arguments:?}");
            assert!(stdout.contains(EXIT_STATUS), "{stdout}");
        }
    }
}

#[test]
fn mistakes_in_the_arguments_fail_with_status_2() {
    for (arguments, words) in [
        (&[][..], "Usage: mtlsgen"),
        (&["scema"], "similar subcommand exists: 'schema'"),
        (&["schema", "--colour", "never"], "'--color"),
        (&["schema", "--color", "sometimes"], "auto, always, never"),
        (&["schema", "--message-format", "xml"], "text, json"),
        (&["completions", "tcsh"], "bash"),
        (&["init", "--port", "0"], "1..=65535"),
        (&["init", "--tls", "magic"], "write `self-signed`"),
        (&["init", "--no-client-auth", "--ca", "x"], "cannot be used with"),
        (&["init", "--tls", "none", "--ca", "x", "-o", "-"], "client certificates need TLS"),
        (&["man", "nothing"], "no command `nothing`"),
        (&["templates", "nothing"], "no built-in template `nothing`"),
        (&["man", "nothing"], "error[unknown-command]"),
        (&["templates", "nothing"], "error[unknown-template]"),
        (&["explain", "nothing"], "error[unknown-code]"),
    ] {
        let Run { status, stdout, stderr } = run(arguments);
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    }
}

#[test]
fn the_version_is_printed() {
    assert_eq!(run(&["--version"]).stdout, format!("mtlsgen {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_broken_pipe_is_success() {
    for command in [&["schema"][..], &["completions", "bash"], &["man"], &["init", "-o", "-"]] {
        let mut child =
            mtlsgen(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn standard_output_that_takes_nothing_is_a_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let Run { status, stderr, .. } = finish(mtlsgen(&["completions", "zsh"]).stdout(full));
    assert_eq!(status, 2);
    assert!(stderr.contains("error[standard-output]"), "{stderr}");
    assert!(stderr.contains("cannot write to standard output: "), "{stderr}");
}

#[test]
fn a_closed_standard_error_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let arguments = ["init", folder.path().to_str().unwrap()];
    assert_eq!(finish(mtlsgen(&arguments).stderr(full)).status, 0);
}

#[test]
fn colour_is_used_where_it_is_asked_for_only() {
    let coloured = |arguments: &[&str], variable: &str| {
        let mut command = mtlsgen(arguments);
        if !variable.is_empty() {
            command.env(variable, "1");
        }
        let Run { stdout, stderr, .. } = finish(&mut command);
        (stdout + &stderr).contains('\u{1b}')
    };
    for arguments in [&["--help"][..], &["scema"]] {
        let with = |color| [&[color], arguments].concat();
        assert!(!coloured(arguments, ""), "not a terminal");
        assert!(coloured(&with("--color=always"), ""));
        assert!(coloured(arguments, "CLICOLOR_FORCE"));
        assert!(!coloured(arguments, "NO_COLOR"));
        assert!(!coloured(&with("--color=never"), "CLICOLOR_FORCE"));
    }
}

#[test]
fn the_schema_is_json_with_a_newline() {
    let Run { status, stdout, stderr } = run(&["schema"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(schema["properties"]["hosts"].is_object());
    assert!(stdout.ends_with("}\n"));
}

#[test]
fn there_are_completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let Run { status, stdout, stderr } = run(&["completions", shell]);
        assert_eq!((status, stderr.as_str()), (0, ""), "{shell}");
        for command in commands() {
            assert!(stdout.contains(&command), "{shell} lacks {command}");
        }
    }
}

#[test]
fn manual_pages_are_printed_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("man1");
    let Run { status, stdout, stderr } = run(&["man", "--output", directory.to_str().unwrap()]);
    assert_eq!((status, stdout.as_str()), (0, ""));
    assert!(stderr.starts_with("wrote "), "{stderr}");
    for command in commands() {
        let Run { status, stdout: page, .. } = run(&["man", &command]);
        assert_eq!(status, 0);
        assert!(page.contains(".TH "), "{page}");
        let file = directory.join(format!("mtlsgen-{command}.1"));
        assert_eq!(fs::read_to_string(file).unwrap(), page);
    }
    let Run { status, stdout: page, .. } = run(&["man", "cert", "show"]);
    assert_eq!(status, 0);
    assert!(page.contains("mtlsgen\\-cert\\-show") && page.contains("SERIAL"), "{page}");
    assert_eq!(fs::read_to_string(directory.join("mtlsgen-cert-show.1")).unwrap(), page);
    assert_eq!(run(&["man", "cert", "nothing"]).status, 2);
    let page = fs::read_to_string(directory.join("mtlsgen.1")).unwrap();
    assert_eq!(run(&["man"]).stdout, page);
}

#[test]
fn templates_are_listed_printed_and_written_but_never_overwritten() {
    let Run { status, stdout: list, .. } = run(&["templates"]);
    assert_eq!(status, 0);
    let folder = tempfile::tempdir().unwrap();
    let write = ["templates", "--output", folder.path().to_str().unwrap()];
    assert_eq!(run(&write).status, 0);
    let names = list.lines().map(|line| line.split_whitespace().next().unwrap());
    for name in names {
        let file = folder.path().join(name);
        assert_eq!(fs::read_to_string(&file).unwrap(), run(&["templates", name]).stdout);
        fs::write(&file, "mine").unwrap();
        let Run { status, stderr, .. } = run(&write);
        assert_eq!(status, 2);
        assert!(stderr.contains("exists already"), "{stderr}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        fs::remove_file(&file).unwrap();
        assert_eq!(run(&write).status, 0);
    }
}

#[test]
fn help_and_version_are_commands_too() {
    assert_eq!(run(&["help", "render"]).stdout, run(&["render", "--help"]).stdout);
    assert_eq!(run(&["version"]).stdout, run(&["--version"]).stdout);
    let Run { status, stderr, .. } = run(&["render", "mtls.toml"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("a spec is named with '-f mtls.toml'"), "{stderr}");
    let Run { stderr, .. } = run(&["render", "production"]);
    assert!(!stderr.contains("-f production"), "{stderr}");
}

#[test]
fn a_spec_in_the_place_of_other_files_is_answered_with_its_flag() {
    let sandbox = crate::support::Sandbox::with_toml("[cas.clients]\n");
    sandbox.write("site.yaml", "cas:\n  clients: {}\n");
    let commands: [(&[&str], bool); 7] = [
        (&["access"], true),
        (&["cert", "show"], true),
        (&["diff"], true),
        (&["doctor", "kustomize"], false),
        (&["import"], false),
        (&["init"], false),
        (&["kustomize"], false),
    ];
    for file in ["mtls.toml", "site.yaml"] {
        for (command, reads_spec) in commands {
            let run = sandbox.run(&[command, &[file]].concat());
            assert_eq!(run.status, 2, "{command:?} {file}: {}", run.stderr);
            let command = command.join(" ");
            let title = format!(
                "error[arguments]: `{file}` is a spec, and `mtlsgen {command}` takes other files there"
            );
            assert!(run.stderr.contains(&title), "{command} {file}: {}", run.stderr);
            assert!(run.stderr.contains(&format!("with `-f {file}`")), "{command}: {}", run.stderr);
            assert_eq!(
                run.stderr.contains("reads no spec"),
                !reads_spec,
                "{command}: {}",
                run.stderr
            );
        }
    }
}
