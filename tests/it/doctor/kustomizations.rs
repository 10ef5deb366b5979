//! Kustomizations, the objects that they name, and what they make of names.

use std::os::unix::fs::symlink;

use serde_json::Value;

use super::{
    CONFIG_MAP, PLAIN, PROTECTED, doctor, exec, expect, found, function, generator, site, split,
};

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
        (function("{args: [kustomize]}"), "no-executable", "silently ignores it"),
        (right.replace("image", "picture"), "unknown-key", "mtls.yaml"),
        (right.clone() + "plugin: {issue: always}\n", "unknown-value", "`missingOrDue`"),
        (
            right.clone() + "plugin: {allowPlainSecrets: [x]}\n",
            "unknown-secret",
            "remove it from `allowPlainSecrets`",
        ),
        (
            right.replace("spec: {", "spec: {secrets: {nameSuffixHash: true}, ")
                + "plugin: {needsHash: true}\n",
            "conflicting-keys",
            "remove `plugin.needsHash`",
        ),
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
        ("no kustomization", vec![], "kustomization", "\"code\":\"kustomization\""),
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
            "by 2 paths",
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
            "by 2 paths",
        ),
    ] {
        let sandbox = site(&files);
        expect(name, &sandbox, &[], &[code], words);
        assert!(!doctor(&sandbox, &[]).stdout.contains("runs the plugin"), "{name}");
    }
    let outside =
        site(&[("a/kustomization.yaml", "generators: [../mtls.yaml]"), ("mtls.yaml", &config)]);
    expect("outside", &outside, &["a"], &["outside"], "--load-restrictor LoadRestrictionsNone");
    expect("outside", &outside, &["a"], &["outside"], "\"code\":\"outside\"");
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
    expect("remote", &sandbox, &[], &[], "\"code\":\"remote\"");
    let image =
        exec("  annotations: {config.kubernetes.io/function: 'container: {image: x}'}\n") + PLAIN;
    expect("container", &generator(&image), &[], &[], "\"code\":\"container\"");
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
    assert!(doctor(&sandbox, &[]).stderr.contains("warning[several-runs]"));
    sandbox.write("base/mtls.yaml", exec(PLAIN));
    assert!(doctor(&sandbox, &[]).stderr.contains("notice[several-runs]"));
    for folder in ["a", "b"] {
        sandbox.write(&format!("{folder}/kustomization.yaml"), "resources: [../base]\n");
    }
    assert!(doctor(&sandbox, &[]).stderr.contains("error[several-runs]"));
}

#[test]
fn names_that_kustomize_does_not_follow_are_known() {
    let carried = "replacements: [{source: {kind: Secret}, targets: [{fieldPaths: ['metadata.annotations.[nginx.ingress.kubernetes.io/auth-tls-secret]']}]}]";
    let mending = &exec("spec: {}\nplugin: {mendReferences: true}\n").replace("shop", "mend");
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
        ("generators: [mtls.yaml]", "namespace: prod\ntransformers: [mend.yaml]", &[]),
        ("generators: [mtls.yaml]", "components: [../component]\ntransformers: [mend.yaml]", &[]),
        (
            "generators: [mtls.yaml]\ntransformers: [mend.yaml]",
            "namespace: prod",
            &["torn-reference"],
        ),
        ("generators: [mtls.yaml]\ntransformers: [mend.yaml]\nnamePrefix: a-", "", &[]),
    ] {
        let sandbox = site(&[
            ("base/kustomization.yaml", base),
            ("base/mtls.yaml", &exec(PROTECTED)),
            ("base/mend.yaml", mending),
            ("over/mend.yaml", mending),
            ("component/kustomization.yaml", component),
            ("over/kustomization.yaml", &format!("resources: [../base]\n{overlay}\n")),
        ]);
        sandbox.ok(&["render", "-f", "base/mtls.yaml"]);
        expect(&format!("{base} {overlay}"), &sandbox, &["over"], codes, "");
    }
}

/// As `kustomize build` takes a file of generators that is a list: its members are configurations.
#[test]
fn a_configuration_in_a_list_is_one() {
    let right = exec(PLAIN);
    let member: String = right
        .lines()
        .enumerate()
        .map(|(at, line)| format!("{}{line}\n", if at == 0 { "- " } else { "  " }))
        .collect();
    let sandbox = generator(&format!("apiVersion: v1\nkind: List\nitems:\n{member}"));
    let stdout = doctor(&sandbox, &[]).stdout;
    assert!(stdout.contains("mtls.yaml (shop)  generator  exec plugin"), "{stdout}");
    assert!(stdout.contains("runs the plugin"), "{stdout}");
    let wrong = generator(&format!(
        "apiVersion: v1\nkind: List\nitems:\n{}",
        member.replace("image", "picture")
    ));
    let (_, codes, stderr) = found(&wrong, &[]);
    assert!(codes.iter().any(|code| code == "unknown-key"), "{stderr}");
    let line = member.lines().position(|line| line.contains("image")).unwrap() + 4;
    assert!(stderr.contains(&format!("\"file\":\"mtls.yaml\",\"line\":{line},")), "{stderr}");
}
