//! Commands are judged, and what was found is shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::{
    BOTH, PLAIN, PLUGIN, PROTECTED, doctor, exec, expect, found, generator, good_function, site,
    split,
};
use crate::support::{Sandbox, root};

#[test]
fn commands_are_judged() {
    let exec = exec(PLAIN);
    let function = good_function();
    let alpha = "--enable-alpha-plugins";
    for (config, command, code, words) in [
        (&exec, format!("kustomize build {alpha}"), None, "nothing is wrong"),
        (&exec, format!("kubectl kustomize {alpha} ."), None, "nothing is wrong"),
        (&exec, "kustomize build .".into(), Some("build-flags"), "external plugins disabled"),
        (&exec, "kubectl kustomize .".into(), Some("build-flags"), "external plugins disabled"),
        (
            &exec,
            "kubectl apply -k .".into(),
            Some("build-flags"),
            "run `kustomize build --enable-alpha-plugins . | kubectl apply -f -`",
        ),
        (
            &exec,
            format!("kubectl apply {alpha} -k ."),
            Some("build-flags"),
            "unknown flag: --enable-alpha-plugins",
        ),
        (&function, format!("kustomize build {alpha} --enable-exec"), None, "nothing is wrong"),
        (
            &function,
            format!("kustomize build {alpha}"),
            Some("silent-skip"),
            "run `kustomize build --enable-alpha-plugins --enable-exec .`",
        ),
        (&function, format!("kubectl kustomize {alpha} ."), Some("silent-skip"), "run `kustomize"),
        (&function, "kustomize build --enable-exec".into(), Some("build-flags"), "disabled"),
        (
            &function,
            format!("kubectl kustomize {alpha} --enable-exec ."),
            Some("build-flags"),
            "unknown flag: --enable-exec",
        ),
    ] {
        let arguments = [&["--"], &split(&command)[..]].concat();
        let codes: Vec<&str> = code.into_iter().collect();
        expect(&command, &generator(config), &arguments, &codes, words);
    }
}

#[test]
fn without_a_command_all_are_reported() {
    let outcomes = |config: &str| -> Vec<String> {
        let run = doctor(&generator(config), &["--format", "json"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let summary: Value = serde_json::from_str(&run.stdout).unwrap();
        let commands = summary["commands"].as_array().unwrap().iter();
        commands.map(|command| command["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outcomes(&exec(PLAIN)), ["fails", "runs", "runs", "fails", "runs", "fails"]);
    let function = outcomes(&good_function());
    assert_eq!(function, ["fails", "passesOver", "runs", "fails", "passesOver", "fails"]);
}

#[test]
fn the_summary_names_plugins_programs_and_the_command() {
    let sandbox = generator(&exec(PLAIN));
    let run = doctor(&sandbox, &[]);
    let plugin = sandbox.path(PLUGIN);
    for words in [
        "mtls.yaml (shop)  generator  exec plugin",
        plugin.to_str().unwrap(),
        "kustomize             not on PATH",
        "Build with: kustomize build --enable-alpha-plugins .\n`kustomize` is not on `PATH`: install it first\n",
    ] {
        assert!(run.stdout.contains(words), "{words}\n{}", run.stdout);
    }
    assert_eq!(run.stderr, "nothing is wrong\n");
    assert_eq!(doctor(&sandbox, &["-q"]).stderr, "");
    assert_eq!(doctor(&sandbox, &["-q"]).stdout, run.stdout);
    let summary: Value =
        serde_json::from_str(&doctor(&sandbox, &["--format", "json"]).stdout).unwrap();
    assert_eq!(summary["plugins"][0]["program"], plugin.to_str().unwrap());
    assert_eq!(summary["build"], "kustomize build --enable-alpha-plugins .");
}

#[test]
fn other_folders_and_other_commands_are_said() {
    let sandbox = generator(&exec(PLAIN));
    sandbox.write("a/kustomization.yaml", "resources: []\n");
    let command = split(". -- kustomize build --enable-alpha-plugins a");
    expect("other", &sandbox, &command, &["other-folder"], "the command builds `a`");
    for (arguments, words) in [
        (&["--", "helm", "template"][..], "builds no kustomization"),
        (&["nowhere"], "cannot read `nowhere`: it does not exist"),
    ] {
        let run = doctor(&sandbox, arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn nothing_is_written_and_no_command_is_run() {
    let sandbox = generator(&exec(PROTECTED));
    let asked =
        "#!/bin/sh\ncase \"$1 $2\" in version*|\"build --help=true\") ;; *) touch ran;; esac\n";
    script(&sandbox, "bin/kustomize", asked);
    script(&sandbox, "other/kustomize", "#!/bin/sh\ntouch ran\n");
    let before = sandbox.files();
    doctor(&sandbox, &BOTH);
    doctor(&sandbox, &[]);
    for command in [
        "./other/kustomize build .",
        "PATH=other kustomize build .",
        "kustomize build . --help=false",
        "kustomize build -h=false .",
        "kustomize build -- .",
    ] {
        let command = command.replace("other", sandbox.path("other").to_str().unwrap());
        let run = doctor(&sandbox, &[&["--"], &split(&command)[..]].concat());
        assert!(run.stderr.contains("flags-unchecked"), "{command}: {}", run.stderr);
    }
    assert_eq!(sandbox.files(), before);
}

#[test]
fn the_program_on_path_judges_its_flags() {
    let sandbox = generator(&exec(PLAIN));
    sandbox.write("out/kustomization.yaml", "resources: []\n");
    let command = split("-- kustomize build --enable-alpha-plugins . -o out");
    expect("not at hand", &sandbox, &command, &["no-plugin"], "were not checked");
    // What kustomize 5.8.2 says.
    let text = "#!/bin/sh
for word; do last=$word; done
case \"$last\" in
  -o) echo \"Error: flag needs an argument: 'o' in -o\" >&2; exit 1;;
  -x) echo \"Error: unknown shorthand flag: 'x' in -x\" >&2; exit 1;;
esac
";
    script(&sandbox, "bin/kustomize", text);
    expect("a value", &sandbox, &command, &[], "nothing is wrong");
    for (flags, words) in [
        ("-x", "fails: `unknown shorthand flag: 'x' in -x`"),
        ("out", "fails: `specify one path to kustomization.yaml`"),
        ("--load-restrictor=none", "fails: `illegal flag value --load-restrictor none`"),
    ] {
        let line = format!(". -- kustomize build --enable-alpha-plugins . {flags}");
        let (_, codes, stderr) = found(&sandbox, &split(&line));
        assert!(codes.contains(&"build-flags".to_owned()) && stderr.contains(words), "{stderr}");
        assert!(!stderr.contains("flags-unchecked"), "{stderr}");
    }
}

fn script(sandbox: &Sandbox, path: &str, text: &str) {
    let path = sandbox.write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_documentation_is_correct() {
    let text = fs::read_to_string(root().join("docs/kustomize.md")).unwrap();
    let section = text.split("## When nothing comes out\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (_, shown) = section.split_once("$ mtlsgen doctor kustomize site\n").unwrap();
    let shown = shown.split("```").next().unwrap();
    let function = good_function();
    let files =
        [("site/kustomization.yaml", "generators: [mtls.yaml]\n"), ("site/mtls.yaml", &function)];
    let sandbox = site(&files);
    for (name, says) in [("kustomize", "v5.8.2"), ("kubectl", "{\"kustomizeVersion\": \"v5.8.1\"}")]
    {
        script(&sandbox, &format!("bin/{name}"), &format!("#!/bin/sh\necho '{says}'\n"));
    }
    let printed = doctor(&sandbox, &["site"]).stdout;
    assert_eq!(printed.replace(sandbox.path("bin").to_str().unwrap(), "/usr/local/bin"), shown);
    let mut sources = String::new();
    for (path, source) in crate::support::files(&root().join("src")) {
        if path
            .components()
            .any(|component| ["doctor", "io"].iter().any(|room| component.as_os_str() == *room))
        {
            sources += &String::from_utf8_lossy(&source);
        }
    }
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<&str> =
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 15, "{named:?}");
    for code in named.iter().filter(|code| !matches!(**code, "to-be-issued" | "render")) {
        assert!(sources.contains(&format!("\"{code}\"")), "there is no finding `{code}`");
    }
}

/// What is proposed is a program that is there.
#[test]
fn only_what_is_on_the_path_is_proposed() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = generator(&exec(PLAIN));
    let put = |name: &str| {
        let path = sandbox.write(&format!("bin/{name}"), "#!/bin/sh\nexit 1\n");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let proposed = || doctor(&sandbox, &[]).stdout.split_once("Build with: ").unwrap().1.to_owned();
    assert!(proposed().contains("`kustomize` is not on `PATH`"), "{}", proposed());
    put("kubectl");
    assert_eq!(proposed(), "kubectl kustomize --enable-alpha-plugins .\n");
    put("kustomize");
    assert_eq!(proposed(), "kustomize build --enable-alpha-plugins .\n");
}
