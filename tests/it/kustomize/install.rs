//! `kustomize install`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Run, Sandbox, finish};

const BELOW: &str = "mtlsgen.dev/v1alpha1/mutualtls/MutualTLS";

fn install(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = sandbox.command(&[&["kustomize", "install"], arguments].concat());
    command.envs(variables.iter().map(|(name, path)| (name, sandbox.path(path))));
    finish(&mut command)
}

#[test]
fn the_home_is_the_one_that_kustomize_takes() {
    let all = [("KUSTOMIZE_PLUGIN_HOME", "k"), ("XDG_CONFIG_HOME", "x"), ("HOME", "h")];
    for (existing, variables, home) in [
        (&[][..], &all[..], "k"),
        (&["x/kustomize/plugin"], &all, "k"),
        (&[], &all[1..], "x/kustomize/plugin"),
        (&[], &all[2..], "h/.config/kustomize/plugin"),
        (&["h/kustomize/plugin"], &all[1..], "h/kustomize/plugin"),
        (
            &["h/kustomize/plugin", "h/.config/kustomize/plugin"],
            &all[1..],
            "h/.config/kustomize/plugin",
        ),
    ] {
        let sandbox = Sandbox::new();
        for folder in existing {
            fs::create_dir_all(sandbox.path(folder)).unwrap();
        }
        let run = install(&sandbox, variables, &[]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let path = sandbox.path(home).join(BELOW);
        let program = fs::canonicalize(env!("CARGO_BIN_EXE_mtlsgen")).unwrap();
        assert_eq!(fs::canonicalize(&path).unwrap(), program, "{existing:?}");
        assert!(run.stderr.contains(path.to_str().unwrap()), "{}", run.stderr);
        assert!(!run.stdout.contains("KUSTOMIZE_PLUGIN_HOME="), "Kustomize finds it by itself");
    }
}

#[test]
fn without_any_home_it_asks_for_one() {
    let sandbox = Sandbox::new();
    let run = install(&sandbox, &[], &[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("error[plugin-home]"), "{}", run.stderr);
    assert!(run.stderr.contains("--home DIR"), "{}", run.stderr);
    let run = install(&sandbox, &[], &["--home", "plugins"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let home = sandbox.path("plugins").canonicalize().unwrap();
    assert!(run.stdout.contains(&format!("KUSTOMIZE_PLUGIN_HOME={} ", home.display())));
    assert!(sandbox.path("plugins").join(BELOW).is_symlink());
}

#[test]
fn a_folder_that_needs_quotes_gets_them_and_one_that_cannot_be_written_a_way_out() {
    let sandbox = Sandbox::new();
    let run = install(&sandbox, &[], &["--home", "my plugins"]);
    let home = sandbox.path("my plugins").canonicalize().unwrap();
    assert!(run.stdout.contains(&format!("KUSTOMIZE_PLUGIN_HOME='{}' ", home.display())));
    sandbox.write("file", "");
    let run = install(&sandbox, &[], &["--home", "file"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("you may write to with `--home DIR`"), "{}", run.stderr);
}

#[test]
fn again_changes_nothing_and_copies_are_independent() {
    let sandbox = Sandbox::new();
    let words = |arguments: &[&str]| install(&sandbox, &[("HOME", "h")], arguments).stderr;
    let path = sandbox.path("h/.config/kustomize/plugin").join(BELOW);
    assert!(words(&[]).starts_with("made `"));
    assert!(words(&[]).contains("already"));
    assert!(words(&["--copy"]).starts_with("replaced `"));
    assert!(words(&["--copy"]).contains("already"));
    assert!(!path.is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::read(&path).unwrap(), fs::read(env!("CARGO_BIN_EXE_mtlsgen")).unwrap());
    assert!(words(&[]).starts_with("replaced `"));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left over");
}

#[test]
fn it_shows_what_to_write_and_both_ways_to_build() {
    let run = install(&Sandbox::new(), &[("HOME", "h")], &[]);
    for words in [
        "generators:\n- mtls.yaml\n",
        "kind: MutualTLS\n",
        "kustomize build --enable-alpha-plugins DIR",
        "kubectl kustomize --enable-alpha-plugins DIR",
        "kustomize build --enable-alpha-plugins --enable-exec DIR",
        "args: [kustomize]",
    ] {
        assert!(run.stdout.contains(words), "{words}");
    }
    // What is not a comment is YAML.
    assert_eq!(crate::support::objects(&run.stdout.replace("\n\n", "\n---\n")).len(), 2);
}
