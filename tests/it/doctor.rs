//! `doctor kustomize`: every way in which a set-up can be wrong, and those that are right.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::support::{Run, Sandbox, finish, root};

/// Where the exec plugin is, below the folder of plugins.
const PLUGIN: &str = "home/mtlsgen.dev/v1alpha1/mutualtls/MutualTLS";
/// The spec of a configuration that needs no certificates.
const PLAIN: &str = "spec: {services: {shop: {image: httpd, port: 80}}}\n";
/// The spec of a configuration whose Ingress names a Secret together with its namespace.
const PROTECTED: &str = "\
spec:
  cas: {clients: {}}
  services: {shop: {image: httpd, port: 80}}
  hosts: {a.example.com: {service: shop, tls: {issuer: self-signed}, clientAuth: {cas: [clients]}}}
";
/// What a function takes instead of an object of our kind.
const CONFIG_MAP: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  annotations: {config.kubernetes.io/function: 'exec: {path: mtlsgen, args: [kustomize]}'}
data: {spec: 'services: {shop: {image: httpd, port: 80}}'}
";
const BOTH: [&str; 5] = ["--", "kustomize", "build", "--enable-alpha-plugins", "--enable-exec"];

/// A configuration of the exec plugin.
fn exec(spec: &str) -> String {
    format!("apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata:\n  name: shop\n{spec}")
}

/// A configuration of a KRM function.
fn function(exec: &str) -> String {
    let annotation =
        format!("  annotations:\n    config.kubernetes.io/function: |\n      exec: {exec}\n");
    self::exec(&format!("{annotation}{PLAIN}"))
}

fn good_function() -> String {
    function("{path: mtlsgen, args: [kustomize]}")
}

/// A folder with mtlsgen on its `PATH` (`bin`) and as exec plugin (`home`), and with these files.
fn site(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let program = env!("CARGO_BIN_EXE_mtlsgen");
    for link in ["bin/mtlsgen", PLUGIN] {
        fs::create_dir_all(sandbox.path(link).parent().unwrap()).unwrap();
        symlink(program, sandbox.path(link)).unwrap();
    }
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox
}

/// A folder whose kustomization names `mtls.yaml` under `generators`.
fn generator(config: &str) -> Sandbox {
    site(&[("kustomization.yaml", "generators: [mtls.yaml]\n"), ("mtls.yaml", config)])
}

fn doctor(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(&[&["doctor", "kustomize"], arguments].concat());
    command.env("PATH", sandbox.path("bin")).env("KUSTOMIZE_PLUGIN_HOME", sandbox.path("home"));
    finish(&mut command)
}

/// The codes of what is wrong, each once, and all words on standard error.
fn found(sandbox: &Sandbox, arguments: &[&str]) -> (i32, Vec<String>, String) {
    let run = doctor(sandbox, &[&["--message-format", "json"], arguments].concat());
    let messages = run.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let wrong = messages.filter(|message| message["severity"] != "notice");
    let mut codes: Vec<_> = wrong.map(|m| m["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes.dedup();
    (run.status, codes, run.stderr)
}

/// Expects these codes, with words among the messages.
fn expect(name: &str, sandbox: &Sandbox, arguments: &[&str], codes: &[&str], words: &str) {
    let (status, found, stderr) = found(sandbox, arguments);
    assert_eq!(found, codes, "{name}: {stderr}");
    assert_eq!(status, i32::from(!codes.is_empty()), "{name}: {stderr}");
    assert!(stderr.contains(words), "{name}: {stderr}");
}

fn split(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

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
fn without_a_command_all_are_told_about() {
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
        "Build with: kustomize build --enable-alpha-plugins .\n",
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

/// What stands where a program should be.
enum Stands {
    Nothing,
    Text,
    Folder,
    Dangling,
    Script,
    InOtherCase,
}

#[test]
fn programs_are_looked_for_as_kustomize_does() {
    use Stands::{Dangling, Folder, InOtherCase, Nothing, Script, Text};
    let function = |path: &str| function(&format!("{{path: {path}, args: [kustomize]}}"));
    let bare = function("mtlsgen");
    let slash = function("./tools/mtlsgen");
    for (config, place, stands, code, words) in [
        (
            &bare,
            "bin/mtlsgen",
            Nothing,
            Some("plugin-program"),
            "no executable `mtlsgen` on `PATH`",
        ),
        (&bare, "bin/mtlsgen", Text, Some("plugin-program"), "no executable `mtlsgen` on `PATH`"),
        (&bare, "bin/mtlsgen", Script, None, "which is not the mtlsgen that looks at it now"),
        (&slash, "tools/mtlsgen", Nothing, Some("plugin-program"), "starts from the folder"),
        (&slash, "tools/mtlsgen", Text, Some("plugin-program"), "is not executable"),
        (&slash, "tools/mtlsgen", Folder, Some("plugin-program"), "is a folder"),
        (&slash, "tools/mtlsgen", Dangling, Some("plugin-program"), "is a link to `nowhere`"),
        (&slash, "tools/mtlsgen", InOtherCase, Some("plugin-program"), "upper and lower case"),
        (&exec(PLAIN), PLUGIN, Nothing, Some("plugin-program"), "mtlsgen kustomize install"),
        (&exec(PLAIN), PLUGIN, Text, Some("plugin-program"), "chmod +x"),
        (&exec(PLAIN), PLUGIN, Dangling, Some("plugin-program"), "is a link to `nowhere`"),
        (&exec(PLAIN), PLUGIN, InOtherCase, Some("plugin-program"), "upper and lower case"),
        (&exec(PLAIN), PLUGIN, Script, None, "which is not the mtlsgen that looks at it now"),
        (&exec(PLAIN), "home", Nothing, Some("plugin-program"), "there is no folder of plugins"),
    ] {
        let sandbox = generator(config);
        let path = sandbox.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        match stands {
            Nothing => {}
            Folder => fs::create_dir(&path).unwrap(),
            Dangling => symlink("nowhere", &path).unwrap(),
            InOtherCase => fs::write(path.with_file_name("MTLSGEN"), "").unwrap(),
            Text | Script => {
                fs::write(&path, "#!/bin/sh\n").unwrap();
                let mode = if matches!(stands, Script) { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
        if matches!(stands, InOtherCase) && place == PLUGIN {
            fs::write(path.with_file_name("Mutualtls"), "").unwrap();
        }
        let codes: Vec<&str> = code.into_iter().collect();
        expect(words, &sandbox, &[], &codes, words);
    }
    let sandbox = generator(&exec(PLAIN));
    let run = finish(&mut sandbox.command(&["doctor", "kustomize"]));
    assert!(run.stderr.contains("none of `KUSTOMIZE_PLUGIN_HOME`, `XDG_CONFIG_HOME`"));
    let home = format!("KUSTOMIZE_PLUGIN_HOME={}", sandbox.path("home").display());
    let mut command = sandbox.command(&["doctor", "kustomize", "--", &home]);
    let run = finish(command.args(["kustomize", "build", "--enable-alpha-plugins"]));
    assert_eq!(run.status, 0, "the command's own variables count: {}", run.stderr);
}

#[test]
fn wrong_objects_are_known() {
    let right = exec(PLAIN);
    for (config, code, words) in [
        (
            right.replace("v1alpha1", "v1"),
            "plugin-kind",
            "write `apiVersion: mtlsgen.dev/v1alpha1`",
        ),
        (right.replace("mtlsgen.dev", "mtlsgen.io"), "plugin-kind", "found `mtlsgen.io/v1alpha1`"),
        (
            right.replace("kind: MutualTLS", "kind: MutualTls"),
            "plugin-kind",
            "write `kind: MutualTLS`",
        ),
        (function("{path: mtlsgen, env: [A=b]}"), "function-annotation", "write `envs`"),
        (function("{path: mtlsgen"), "function-annotation", "Kustomize refuses the function"),
        (function("{path: mtlsgen}"), "function-arguments", "write `args: [kustomize]`"),
        (
            function("{path: mtlsgen, args: [-q]}"),
            "function-arguments",
            "write `args: [kustomize]`",
        ),
        (function("{args: [kustomize]}"), "no-executable", "passes over it without a word"),
        (right.replace("image", "picture"), "unknown-key", "mtls.yaml"),
        (right.clone() + "plugin: {issue: always}\n", "unknown-value", "`missingOrDue`"),
        (exec(PROTECTED), "to-be-issued", "run `mtlsgen render -f mtls.yaml` in `.`"),
        (right.replace("name: shop", "name: ["), "kustomization", "mtls.yaml"),
    ] {
        let sandbox = generator(&config);
        let (status, codes, stderr) = found(&sandbox, &[]);
        assert!(codes.iter().any(|found| found == code), "{code}: {stderr}");
        assert!(stderr.contains(words), "{code}: {stderr}");
        assert_eq!(status, 1);
        // What works nowhere is not called right anywhere.
        let stdout = doctor(&sandbox, &[]).stdout;
        assert!(!stdout.contains("runs the plugin"), "{config}\n{stdout}");
    }
    let config = exec(PROTECTED);
    let inline: String = config.lines().map(|line| format!("  {line}\n")).collect();
    let sandbox = site(&[("kustomization.yaml", &format!("generators:\n- |\n{inline}"))]);
    expect("inline", &sandbox, &[], &["to-be-issued"], "into a file of its own");
    let sandbox = generator(&function("{path: ./MutualTLS, args: [kustomize]}"));
    symlink(env!("CARGO_BIN_EXE_mtlsgen"), sandbox.path("MutualTLS")).unwrap();
    expect("MutualTLS", &sandbox, &[], &["function-arguments"], "remove `args`");
    sandbox.write("mtls.yaml", function("{path: ./MutualTLS}"));
    expect("MutualTLS", &sandbox, &[], &[], "nothing is wrong");
}

#[test]
fn wrong_kustomizations_are_known() {
    let config = exec(PLAIN);
    let other = config.replace("name: shop", "name: other");
    let twice = format!("{config}---\n{config}");
    let both = format!("{config}---\n{other}");
    let generators = "generators: [mtls.yaml]\n";
    let base = [("base/kustomization.yaml", generators), ("base/mtls.yaml", config.as_str())];
    for (name, files, code, words) in [
        (
            "resource",
            vec![("kustomization.yaml", "resources: [mtls.yaml]"), ("mtls.yaml", &config)],
            "plugin-as-resource",
            "under `generators`",
        ),
        (
            "validator",
            vec![("kustomization.yaml", "validators: [mtls.yaml]"), ("mtls.yaml", &config)],
            "plugin-as-validator",
            "under `generators`",
        ),
        (
            "misspelt",
            vec![("kustomization.yaml", "generator: [mtls.yaml]"), ("mtls.yaml", &config)],
            "kustomization",
            "write `generators`",
        ),
        (
            "no list",
            vec![("kustomization.yaml", "generators: mtls.yaml"), ("mtls.yaml", &config)],
            "kustomization",
            "write `generators: [FILE]`",
        ),
        ("none", vec![("kustomization.yaml", "resources: []")], "no-plugin", "kustomize install"),
        ("no kustomization", vec![], "kustomization", "`.` has no kustomization"),
        (
            "two",
            vec![("kustomization.yaml", generators), ("Kustomization", generators)],
            "kustomization",
            "2 kustomizations",
        ),
        ("missing", vec![("kustomization.yaml", generators)], "missing-file", "does not exist"),
        (
            "same name",
            vec![("kustomization.yaml", generators), ("mtls.yaml", &twice)],
            "same-name",
            "registered id",
        ),
        (
            "same objects",
            vec![("kustomization.yaml", generators), ("mtls.yaml", &both)],
            "same-objects",
            "`plugin.behavior: replace`",
        ),
        (
            "cycle",
            vec![
                ("kustomization.yaml", "resources: [a]"),
                ("a/kustomization.yaml", "resources: [..]"),
            ],
            "cycle",
            "leads back",
        ),
        (
            "ways",
            [&[("kustomization.yaml", "resources: [base, base]")][..], &base].concat(),
            "several-runs",
            "on 2 ways",
        ),
        (
            "overlays",
            [
                &[
                    ("kustomization.yaml", "resources: [a, b]"),
                    ("a/kustomization.yml", "resources: [../base]"),
                    ("b/Kustomization", "bases: [../base]"),
                ][..],
                &base,
            ]
            .concat(),
            "several-runs",
            "on 2 ways",
        ),
    ] {
        let sandbox = site(&files);
        expect(name, &sandbox, &[], &[code], words);
        assert!(!doctor(&sandbox, &[]).stdout.contains("runs the plugin"), "{name}");
    }
    let outside =
        site(&[("a/kustomization.yaml", "generators: [../mtls.yaml]"), ("mtls.yaml", &config)]);
    expect("outside", &outside, &["a"], &["outside"], "--load-restrictor LoadRestrictionsNone");
    let command = "-- kustomize build --enable-alpha-plugins a";
    expect("outside", &outside, &split(command), &["build-flags"], "--load-restrictor");
    let command = format!("{command} --load-restrictor LoadRestrictionsNone");
    expect("outside", &outside, &split(&command), &[], "nothing is wrong");
}

#[test]
fn plugins_are_found_wherever_a_build_finds_them() {
    let config = exec(PLAIN);
    let inline: String = config.lines().map(|line| format!("  {line}\n")).collect();
    let inline = format!("generators:\n- |\n{inline}");
    let base = "generators: [mtls.yaml]\n";
    let file = ("base/mtls.yaml", config.as_str());
    for (name, files, plugin) in [
        (
            "inline",
            vec![("kustomization.yaml", inline.as_str())],
            "kustomization.yaml: generators[0]",
        ),
        (
            "folder",
            vec![
                ("kustomization.yaml", "generators: [base]"),
                ("base/kustomization.yaml", "resources: [mtls.yaml]"),
                file,
            ],
            "base/mtls.yaml",
        ),
        (
            "base",
            vec![
                ("kustomization.yaml", "resources: [base]"),
                ("base/kustomization.yaml", base),
                file,
            ],
            "base/mtls.yaml",
        ),
        (
            "component",
            vec![
                ("kustomization.yaml", "components: [base]"),
                ("base/kustomization.yaml", base),
                file,
            ],
            "base/mtls.yaml",
        ),
        (
            "transformer",
            vec![("kustomization.yaml", "transformers: [base/mtls.yaml]"), file],
            "base/mtls.yaml",
        ),
        (
            "ConfigMap",
            vec![("kustomization.yaml", "generators: [map.yaml]"), ("map.yaml", CONFIG_MAP)],
            "map.yaml",
        ),
        (
            "two with a prefix each",
            vec![
                ("kustomization.yaml", "resources: [a, b]"),
                ("a/kustomization.yaml", "resources: [../base]\nnamePrefix: a-\n"),
                ("b/kustomization.yaml", "resources: [../base]\nnamePrefix: b-\n"),
                ("base/kustomization.yaml", base),
                file,
            ],
            "base/mtls.yaml",
        ),
    ] {
        let sandbox = site(&files);
        let run = doctor(&sandbox, &["--format", "json"]);
        assert_eq!(run.status, 0, "{name}: {}", run.stderr);
        let summary: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(summary["plugins"].as_array().unwrap().len(), 1, "{name}");
        assert_eq!(summary["plugins"][0]["file"], plugin, "{name}");
    }
    let remote = "resources: [https://github.com/a/b//c?ref=v1]\ngenerators: [mtls.yaml]\n";
    let sandbox = site(&[("kustomization.yaml", remote), ("mtls.yaml", &config)]);
    expect("remote", &sandbox, &[], &[], "was not looked at");
}

#[test]
fn a_build_that_issues_by_the_way_should_run_it_once() {
    let config = exec(PLAIN) + "plugin: {issue: missingOrDue}\n";
    let sandbox = site(&[
        ("kustomization.yaml", "resources: [a, b]"),
        ("a/kustomization.yaml", "resources: [../base]\nnameSuffix: -a\n"),
        ("b/kustomization.yaml", "resources: [../base]\nnameSuffix: -b\n"),
        ("base/kustomization.yaml", "generators: [mtls.yaml]"),
        ("base/mtls.yaml", &config),
    ]);
    expect("issues", &sandbox, &[], &["several-runs"], "remove `plugin.issue`");
}

#[test]
fn names_that_kustomize_does_not_follow_are_known() {
    let carried = "replacements: [{source: {kind: Secret}, targets: [{fieldPaths: ['metadata.annotations.[nginx.ingress.kubernetes.io/auth-tls-secret]']}]}]";
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a-\n";
    for (base, overlay, codes) in [
        ("generators: [mtls.yaml]", "namespace: prod", &["torn-reference"][..]),
        ("generators: [mtls.yaml]", "namePrefix: a-", &["torn-reference"]),
        ("generators: [mtls.yaml]", "nameSuffix: -a", &["torn-reference"]),
        ("generators: [mtls.yaml]", "components: [../component]", &["torn-reference"]),
        ("generators: [mtls.yaml]\nnamespace: prod", "", &["torn-reference"]),
        ("generators: [mtls.yaml]", "namespace: default", &[]),
        ("transformers: [mtls.yaml]\nnamespace: prod", "", &[]),
        ("transformers: [mtls.yaml]", "namespace: prod", &["torn-reference"]),
        ("generators: [mtls.yaml]", &format!("namespace: prod\n{carried}"), &[]),
    ] {
        let sandbox = site(&[
            ("base/kustomization.yaml", base),
            ("base/mtls.yaml", &exec(PROTECTED)),
            ("component/kustomization.yaml", component),
            ("over/kustomization.yaml", &format!("resources: [../base]\n{overlay}\n")),
        ]);
        sandbox.ok(&["render", "-f", "base/mtls.yaml"]);
        expect(&format!("{base} {overlay}"), &sandbox, &["over"], codes, "");
    }
}

#[test]
fn versions_are_asked_for() {
    let sandbox = generator(&good_function());
    let script = |name: &str, text: &str| {
        let path = sandbox.write(&format!("bin/{name}"), format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("kubectl", "echo '{\"kustomizeVersion\": \"v5.5.0\"}'");
    script("kustomize", "echo v5.8.2");
    expect("new", &sandbox, &BOTH, &[], "nothing is wrong");
    let run = doctor(&sandbox, &["--format", "json"]);
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    let builders = summary["builders"].as_array().unwrap().iter();
    let versions: BTreeMap<_, _> = builders
        .map(|builder| (builder["name"].as_str().unwrap(), builder["kustomizeVersion"].as_str()))
        .collect();
    assert_eq!(versions["kubectl"], Some("5.5.0"));
    assert_eq!(versions["kustomize"], Some("5.8.2"));
    script("kustomize", "echo '{Version:kustomize/v4.5.7 GitCommit:x}'");
    expect("old", &sandbox, &BOTH, &["build-flags", "old-kustomize"], "kustomize 4.5.7");
    script("kustomize", "exit 1");
    expect("unknown", &sandbox, &BOTH, &[], "nothing is wrong");
    assert!(doctor(&sandbox, &[]).stdout.contains("kustomize  unknown"));
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
    let script = sandbox.write("bin/kustomize", "#!/bin/sh\n[ \"$1\" = version ] || touch ran\n");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    let before = sandbox.files();
    doctor(&sandbox, &BOTH);
    doctor(&sandbox, &[]);
    assert_eq!(sandbox.files(), before);
}

#[test]
fn the_documentation_tells_the_truth() {
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
        let path = sandbox.write(&format!("bin/{name}"), format!("#!/bin/sh\necho '{says}'\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
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
