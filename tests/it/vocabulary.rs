//! One vocabulary: flags and JSON fields mean the same in every command, and former names of flags work with a notice.

use std::fs;

use serde_json::Value;

use crate::support::{Run, Sandbox, run};

const SPEC: &str = r#"
[cas.clients]
[clients.alice]
issuer = "clients"
[services.demo-app]
image = "httpd"
port = 80
[hosts."demo.example.com"]
service = "demo-app"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;

fn sandbox() -> Sandbox {
    Sandbox::with_toml(SPEC)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Messages of a run for programs, one each line.
fn messages(stderr: &str) -> Vec<Value> {
    stderr.lines().map(json).collect()
}

#[test]
fn what_is_printed_for_people_is_there_for_programs_too() {
    let sandbox = sandbox();
    let planned = json(&sandbox.ok(&["render", "--dry-run", "--format", "json"]).stdout);
    assert_eq!(planned["dryRun"], true);
    assert_eq!(planned["certificates"][0]["holder"], "cas/clients");
    assert_eq!(planned["certificates"][0]["serial"], Value::Null);
    assert!(!sandbox.path("pki").exists(), "a dry run writes nothing");

    let Run { status, stdout, .. } = sandbox.run(&["diff", "out", "--format", "json"]);
    let diff = json(&stdout);
    assert_eq!((status, &diff["path"], &diff["files"][0]), (1, &"out".into(), &Value::Null));
    assert_eq!(diff["certificates"].as_array().unwrap().len(), 3);

    let written = json(&sandbox.ok(&["render", "-o", "out", "--format", "json"]).stdout);
    assert_eq!((&written["path"], &written["dryRun"]), (&"out".into(), &false.into()));
    assert!(
        written["certificates"].as_array().unwrap().iter().all(|one| one["serial"].is_string())
    );
    let files = written["files"].as_array().unwrap();
    assert!(files.iter().all(|file| file["action"] == "added"), "{files:?}");
    for file in files {
        assert!(sandbox.path("out").join(file["path"].as_str().unwrap()).is_file(), "{file}");
    }

    let check = ["render", "-o", "out", "--check", "--format", "json"];
    assert_eq!(json(&sandbox.ok(&check).stdout)["upToDate"], true);
    let changed = [&check[..], &["--set", "namespace=other"]].concat();
    let Run { status, stdout, .. } = sandbox.run(&changed);
    let checked = json(&stdout);
    assert_eq!((status, &checked["upToDate"]), (1, &false.into()));
    assert!(checked["files"].as_array().unwrap().iter().any(|file| file["action"] == "removed"));
    let diff = ["diff", "out", "--format", "json", "--set", "namespace=other"];
    let Run { status, stdout, .. } = sandbox.run(&diff);
    assert_eq!((status, &json(&stdout)["files"]), (1, &checked["files"]));

    let missing = [
        &check[..],
        &["--set", "clients.bob.issuer=clients", "--set", "clients.bob.secretName=bob"],
    ]
    .concat();
    let Run { status, stdout, .. } = sandbox.run(&missing);
    assert_eq!((status, &json(&stdout)["upToDate"]), (1, &false.into()));
    let templates = json(&run(&["templates", "--format", "json"]).stdout);
    assert!(templates[0]["name"].is_string() && templates[0]["description"].is_string());
}

#[test]
fn a_format_without_effect_is_refused() {
    let sandbox = sandbox();
    for arguments in [&["-o", "out", "--format", "yaml"][..], &["--format", "text"]] {
        let Run { status, stderr, .. } = sandbox.run(&[&["render"], arguments].concat());
        assert_eq!(status, 2);
        assert!(stderr.contains("error[useless-flag]"), "{stderr}");
    }
}

#[test]
fn a_holder_is_called_the_same_everywhere() {
    let sandbox = sandbox();
    sandbox.ok(&["render", "-q"]);
    let renew = json(&sandbox.ok(&["cert", "renew", "alice", "--format", "json"]).stdout);
    assert_eq!(renew["certificates"][0]["holder"], "clients/alice");
    let status = json(&sandbox.ok(&["status", "--format", "json"]).stdout);
    let holders: Vec<&Value> =
        status["certificates"].as_array().unwrap().iter().map(|one| &one["holder"]).collect();
    assert!(holders.contains(&&"clients/alice".into()), "{holders:?}");
    let shown = json(&sandbox.ok(&["cert", "show", "alice", "--format", "json"]).stdout);
    let (shown, renewed) = (&shown["certificates"][0], &renew["certificates"][0]);
    for field in ["serial", "notAfter", "notBefore", "fingerprintSha256", "subject"] {
        assert_eq!(shown[field], renewed[field], "{field}");
        assert!(shown[field].is_string(), "{field}: {shown}");
    }
    let revoke = json(&sandbox.ok(&["cert", "revoke", "alice", "--format", "json"]).stdout);
    assert_eq!(revoke["revoked"][0]["holder"], "clients/alice");
    assert_eq!(revoke["revoked"][0]["serial"], renewed["serial"]);
}

#[test]
fn messages_in_json_have_what_was_done_in_fields() {
    let sandbox = sandbox();
    let run = sandbox.ok(&["render", "-o", "out", "--message-format", "json"]);
    let told = messages(&run.stderr);
    let of = |action: &str| -> Vec<&Value> {
        told.iter().filter(|message| message["action"] == action).collect()
    };
    let issued: Vec<&Value> = of("issued").into_iter().map(|one| &one["holder"]).collect();
    assert_eq!(issued, ["cas/clients", "hosts/demo.example.com", "clients/alice"]);
    assert_eq!(of("issued")[0]["reason"], "never issued");
    assert!(of("issued")[0]["message"].as_str().unwrap().starts_with("issued authority"));
    assert!(of("added").iter().all(|one| sandbox.path(one["path"].as_str().unwrap()).is_file()));
    assert!(of("added").len() > 3);

    let renewed = sandbox.ok(&["cert", "renew", "alice", "--message-format", "json"]).stderr;
    let renewed = &messages(&renewed)[0];
    assert_eq!(
        (&renewed["action"], &renewed["holder"]),
        (&"renewed".into(), &"clients/alice".into())
    );
    let flags = ["--as", "pem-chain", "-o", "alice.pem", "--message-format", "json"];
    let exported = sandbox.ok(&[&["cert", "export", "alice"], &flags[..]].concat()).stderr;
    let exported = &messages(&exported)[0];
    assert_eq!((&exported["action"], &exported["path"]), (&"wrote".into(), &"alice.pem".into()));
    assert_eq!(exported["holder"], "clients/alice");
    let revoked = sandbox.ok(&["cert", "revoke", "alice", "--message-format", "json"]).stderr;
    let revoked = messages(&revoked);
    let revoked = revoked.iter().find(|one| one["action"] == "revoked").unwrap();
    assert_eq!(
        (&revoked["holder"], &revoked["reason"]),
        (&"clients/alice".into(), &"unspecified".into())
    );
}

#[test]
fn former_names_of_flags_work_with_a_notice() {
    let sandbox = sandbox();
    sandbox.ok(&["render", "-q"]);
    for (arguments, now) in [
        (&["man", "--dir", "man"][..], "`--output`"),
        (&["templates", "--write=own"], "`--output`"),
        (&["init", "--stdout", "--format", "yaml"], "`-o -`"),
        (&["init", "--stdout", "--format", "yaml"], "`--as`"),
        (&["import", "pki", "--into", "new", "--kind", "auto"], "`--output`"),
        (&["import", "pki", "--into", "newer", "--kind", "auto"], "`--from`"),
        (&["cert", "export", "alice", "--format", "pem-chain"], "`--as`"),
        (&["cert", "show", "alice", "--format", "human"], "`--format text`"),
        (&["schema", "--message-format=human"], "`--message-format text`"),
    ] {
        let Run { status, stderr, .. } = sandbox.run(arguments);
        assert_eq!(status, 0, "{arguments:?}: {stderr}");
        let notice =
            stderr.lines().find(|l| l.starts_with("notice[renamed-flag]") && l.contains(now));
        assert!(notice.is_some(), "{arguments:?}: {stderr}");
    }
    let quiet = sandbox.ok(&["status", "--format", "table", "--at", "2027-01-01"]);
    assert!(!quiet.stderr.contains("renamed-flag"), "{}", quiet.stderr);
    let behind =
        sandbox.run(&["doctor", "kustomize", "--", "kustomize", "--message-format", "human"]);
    assert!(!behind.stderr.contains("renamed-flag"), "{}", behind.stderr);
}

#[test]
fn what_is_written_goes_where_output_says() {
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for command in ["man", "templates", "init"] {
        let Run { status, stderr, .. } = run(&[command, "-o", &to(command)]);
        assert_eq!(status, 0, "{command}: {stderr}");
        assert!(fs::read_dir(to(command)).unwrap().count() > 0);
    }
    assert!(run(&["init", "-o", "-", "--as", "yaml"]).stdout.contains("hosts:"));
}

#[test]
fn issue_issues_what_render_would_and_prints_no_manifests() {
    let sandbox = sandbox();
    let dry = sandbox.ok(&["issue", "--dry-run"]);
    assert!(
        dry.stdout.is_empty() && dry.stderr.contains("client `alice`: never issued"),
        "{}",
        dry.stderr
    );
    assert!(!sandbox.path("pki").exists());
    let run = sandbox.ok(&["issue", "--format", "json"]);
    let issued = json(&run.stdout);
    let holders: Vec<&Value> =
        issued["certificates"].as_array().unwrap().iter().map(|one| &one["holder"]).collect();
    assert_eq!(holders, ["cas/clients", "hosts/demo.example.com", "clients/alice"]);
    assert!(run.stderr.contains("issued client `alice`: never issued"), "{}", run.stderr);
    assert_eq!(sandbox.ok(&["issue"]).stderr, "nothing to issue\n");
    let before = sandbox.files();
    assert_eq!(sandbox.ok(&["render"]).stderr, "");
    assert!(sandbox.files() == before, "render has nothing left to issue");
    // What cannot be rendered is not issued.
    sandbox.write("own/ingress.yaml.j2", "{{ unknown }");
    let mut spec = format!("templates = \"own\"\n{SPEC}");
    spec += "[clients.bob]\nissuer = \"clients\"\n";
    sandbox.write("mtls.toml", spec);
    for arguments in [&["issue"][..], &["issue", "--dry-run"], &["render", "--dry-run"]] {
        assert_eq!(sandbox.run(arguments).status, 2, "{arguments:?}");
    }
    assert!(!sandbox.path("pki/clients/bob").exists());
}

#[test]
fn a_dry_run_fails_where_a_render_would() {
    let sandbox = sandbox();
    sandbox.ok(&["render", "-q"]);
    sandbox.write("own/ingress-nginx/ingress.yaml.j2", "{{ unknown }");
    sandbox.write("taken/default/ingress-demo-example-com.yaml", "mine\n");
    for arguments in [
        &["--templates", "own"][..],
        &["-o", "taken"],
        &["--kind", "Banana"],
        &["--host", "nowhere.example.com"],
    ] {
        let arguments = [&["render", "-q"], arguments].concat();
        let status = sandbox.run(&arguments).status;
        let dry = sandbox.run(&[&arguments[..], &["--dry-run"]].concat());
        assert_eq!((status, dry.status), (2, 2), "{arguments:?}: {}", dry.stderr);
    }
    // A clone without keys can still be asked, and is answered that it could not.
    fs::remove_file(sandbox.path("pki/hosts/demo.example.com/tls.key")).unwrap();
    let dry = sandbox.ok(&["render", "--dry-run"]);
    assert!(dry.stderr.contains("warning[fails-here]"), "{}", dry.stderr);
}

#[test]
fn holders_are_listed_by_the_names_that_commands_take() {
    let sandbox = sandbox();
    let text = sandbox.ok(&["list"]).stdout;
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let names: Vec<String> = text.lines().skip(1).map(first).collect();
    assert_eq!(names, ["cas/clients", "hosts/demo.example.com", "clients/alice"]);
    assert!(text.contains("self-signed  clients"), "{text}");
    let hosts = json(&sandbox.ok(&["list", "hosts", "--format", "json"]).stdout);
    assert_eq!(
        hosts["holders"],
        serde_json::json!([{
            "holder": "hosts/demo.example.com",
            "kind": "host",
            "name": "demo.example.com",
            "issuer": "self-signed",
            "host": "demo.example.com",
            "admits": ["clients"],
        }])
    );
    let both = sandbox.ok(&["list", "clients", "cas"]).stdout;
    assert_eq!(both.lines().count(), 3, "{both}");
    assert!(!sandbox.path("pki").exists());
}

#[test]
fn the_merged_spec_reads_back_and_says_where_each_value_is_written() {
    let sandbox = Sandbox::with_toml("namespace = \"a\"\ninclude = [\"hosts.yaml\"]\n");
    sandbox.write(
        "hosts.yaml",
        "services:\n  web: { existing: true, port: 8080 }\nhosts:\n  a.example.com:\n    routes:\n    - { path: \"/\\u202e\\\"x\", service: web }\n",
    );
    let set = [
        "--set",
        "hosts.\"a.example.com\".annotations={\"a.b/c\" = \"yes\"}",
        "--set",
        "namespace=b",
    ];
    let sources = sandbox.run(&[&["spec"], &set[..]].concat()).stdout;
    let sources: Vec<&str> = sources.lines().collect();
    assert_eq!(sources[..2], ["hosts.yaml", "mtls.toml"], "{sources:?}");
    assert_eq!(sources[3], "--set namespace=b");
    let merged = |format: &str| {
        sandbox.run(&[&["spec", "--merged", "--format", format], &set[..]].concat()).stdout
    };
    let toml = merged("toml");
    let expected = json(&merged("json"));
    let read: Value = serde_json::to_value(toml::from_str::<toml::Table>(&toml).unwrap()).unwrap();
    assert_eq!(read["hosts"], expected["spec"]["hosts"], "{toml}");
    let yaml = merged("yaml");
    let read: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(read["hosts"], expected["spec"]["hosts"], "{yaml}");
    assert!(!toml.contains('\u{202e}') && !yaml.contains('\u{202e}'));
    assert!(toml.contains("namespace = \"b\"  # --set\n"), "{toml}");
    assert!(toml.contains("# hosts.yaml:5\n") && yaml.contains("# hosts.yaml:6\n"), "{toml}{yaml}");
    let origins = expected["origins"].as_array().unwrap();
    let port = origins.iter().find(|one| one["key"] == "services.web.port").unwrap();
    assert_eq!((&port["file"], &port["line"]), (&"hosts.yaml".into(), &2.into()));
    let refused = sandbox.run(&["spec", "--format", "yaml"]);
    assert!(refused.stderr.contains("error[useless-flag]"), "{}", refused.stderr);
    // What is not a spec is not shown.
    sandbox.write("seed", "a very secret word\n");
    let hidden = sandbox.run(&["spec", "--merged", "-f", "seed"]);
    assert!(hidden.status == 2 && !(hidden.stdout + &hidden.stderr).contains("secret word"));
}

#[test]
fn values_of_set_are_toml_or_yaml_and_plain_words_stay_words() {
    let sandbox = Sandbox::with_toml("");
    for (value, expected) in [
        (r#"["a","b"]"#, serde_json::json!(["a", "b"])),
        ("[a, b]", serde_json::json!(["a", "b"])),
        (r#"{ a = 1, b = "x" }"#, serde_json::json!({ "a": 1, "b": "x" })),
        ("{ a: 1 }", serde_json::json!({ "a": 1 })),
        (r#""a\tb""#, serde_json::json!("a\tb")),
        ("'it''s'", serde_json::json!("it's")),
        ("true", serde_json::json!(true)),
        ("17", serde_json::json!(17)),
        ("*.example.com", serde_json::json!("*.example.com")),
        ("[2026-01-31]", serde_json::json!(["2026-01-31"])),
    ] {
        let run = sandbox.run(&[
            "spec",
            "--merged",
            "--format",
            "json",
            "--set",
            &format!("labels={value}"),
        ]);
        assert_eq!(json(&run.stdout)["spec"]["labels"], expected, "{value}: {}", run.stderr);
    }
}

#[test]
fn dots_of_an_unquoted_name_are_pointed_out() {
    let sandbox = sandbox();
    let run = sandbox.run(&["status", "--set", "hosts.demo.example.com.tls.issuer=x"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("error[unquoted-dots]"), "{}", run.stderr);
    assert!(
        run.stderr.contains("`--set 'hosts.\"demo.example.com\".tls.issuer=VALUE'`"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("unknown-key"), "{}", run.stderr);
    sandbox.ok(&["status", "--set", "hosts.\"demo.example.com\".tls.issuer=clients"]);
}

#[test]
fn shells_learn_the_names_of_the_spec() {
    let sandbox = sandbox();
    sandbox.write("other.toml", SPEC.replace("alice", "zoe"));
    for (words, names) in [
        (&["cert", "show", "cl"][..], "clients\nclients/alice\n"),
        (&["cert", "export", "hosts/"], "hosts/demo.example.com\n"),
        (&["cert", "renew", "alice", "al"], "alice\n"),
        (&["-q", "cert", "export", "-f", "other.toml", "z"], "zoe\n"),
        (&["ca", "rotate", ""], "clients\n"),
        (&["render", "--host", ""], "demo.example.com\n"),
        (&["render", "--kind", "In"], "Ingress\n"),
        (&["explain", "unquoted"], "unquoted-dots\n"),
        (&["templates", "-o", "x", "ingress-nginx/in"], "ingress-nginx/ingress.yaml.j2\n"),
        (&["render", ""], ""),
        (&["cert", "export", "-o", ""], ""),
        (&["cert", "export", "-f", "missing.toml", ""], ""),
    ] {
        let run = sandbox.ok(&[&["complete-names", "--"], words].concat());
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (names, ""), "{words:?}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).stdout.contains("complete-names -- "), "{shell}");
    }
    let script = sandbox.write("completions.bash", run(&["completions", "bash"]).stdout);
    let program = env!("CARGO_BIN_EXE_mtlsgen");
    let typed = format!(
        "source {}; COMP_WORDS=({program} cert export cl); COMP_CWORD=3; _mtlsgen_with_names; echo \"${{COMPREPLY[*]}}\"",
        script.display()
    );
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", &typed]).current_dir(sandbox.folder());
    assert_eq!(crate::support::output_of(&mut bash), "clients clients/alice\n");
}
