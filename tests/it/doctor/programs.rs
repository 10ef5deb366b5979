//! Programs are found where Kustomize finds them, and asked for their version.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use super::{BOTH, PLAIN, PLUGIN, doctor, exec, expect, function, generator, good_function};
use crate::support::finish;

/// What is in the place of a program.
enum Entry {
    Nothing,
    Text,
    Folder,
    Dangling,
    Script,
    InOtherCase,
}

#[test]
fn programs_are_looked_for_as_kustomize_does() {
    use Entry::{Dangling, Folder, InOtherCase, Nothing, Script, Text};
    let function = |path: &str| function(&format!("{{path: {path}, args: [kustomize]}}"));
    let bare = function("mtlsgen");
    let slash = function("./tools/mtlsgen");
    for (config, place, entry, code, words) in [
        (
            &bare,
            "bin/mtlsgen",
            Nothing,
            Some("plugin-program"),
            "no executable `mtlsgen` on `PATH`",
        ),
        (&bare, "bin/mtlsgen", Text, Some("plugin-program"), "no executable `mtlsgen` on `PATH`"),
        (&bare, "bin/mtlsgen", Script, None, "which is not the mtlsgen that runs now"),
        (&slash, "tools/mtlsgen", Nothing, Some("plugin-program"), "starts from the folder"),
        (&slash, "tools/mtlsgen", Text, Some("plugin-program"), "is not executable"),
        (&slash, "tools/mtlsgen", Folder, Some("plugin-program"), "is a folder"),
        (&slash, "tools/mtlsgen", Dangling, Some("plugin-program"), "is a link to `nowhere`"),
        (&slash, "tools/mtlsgen", InOtherCase, Some("plugin-program"), "names are case-sensitive"),
        (&exec(PLAIN), PLUGIN, Nothing, Some("plugin-program"), "mtlsgen kustomize install"),
        (&exec(PLAIN), PLUGIN, Text, Some("plugin-program"), "chmod +x"),
        (&exec(PLAIN), PLUGIN, Dangling, Some("plugin-program"), "is a link to `nowhere`"),
        (&exec(PLAIN), PLUGIN, InOtherCase, Some("plugin-program"), "names are case-sensitive"),
        (&exec(PLAIN), PLUGIN, Script, None, "which is not the mtlsgen that runs now"),
        (&exec(PLAIN), PLUGIN, Script, None, "\"code\":\"other-program\""),
        (&exec(PLAIN), "home", Nothing, Some("plugin-program"), "there is no folder of plugins"),
    ] {
        let sandbox = generator(config);
        let path = sandbox.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        match entry {
            Nothing => {}
            Folder => fs::create_dir(&path).unwrap(),
            Dangling => symlink("nowhere", &path).unwrap(),
            InOtherCase => fs::write(path.with_file_name("MTLSGEN"), "").unwrap(),
            Text | Script => {
                fs::write(&path, "#!/bin/sh\n").unwrap();
                let mode = if matches!(entry, Script) { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
        if matches!(entry, InOtherCase) && place == PLUGIN {
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
