//! Names that steer a terminal, change the order of a line or cannot be seen: in files, specs, certificates and arguments.

use crate::support::{Run, Sandbox};

/// A screen that is cleared, a title that is set, both in one octet, a line overwritten, text turned round, and nothing to see.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{8}\u{202e}b\u{2066}c\u{200b}d\u{200f}e\u{61c}f\u{feff}g\u{2028}h\u{7f}i";

/// What must not be seen in what people read; line ends and tabs are those of the text itself.
fn is_hidden(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}')
}

fn assert_plain(called: &str, run: &Run) {
    for (stream, text) in [("output", &run.stdout), ("error", &run.stderr)] {
        let found: Vec<_> = text.chars().filter(|c| is_hidden(*c)).collect();
        assert!(found.is_empty(), "{called}: {found:?} on standard {stream}: {text:?}");
    }
}

fn plain(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let run = sandbox.run(arguments);
    assert_plain(&arguments.join(" "), &run);
    run
}

const SPEC: &str = "[cas.clients]\n[services.web]\nexisting = true\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\n\
     tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n[clients.alice]\nissuer = \"clients\"\n";

/// A repository whose files have such names.
#[test]
fn names_of_files_are_shown_escaped() {
    let sandbox = Sandbox::new();
    let spec = format!("{HOSTILE}.toml");
    let folder = format!("{HOSTILE}.d");
    sandbox.may_hold_keys(&folder);
    sandbox.write(&spec, "a = ");
    for format in ["text", "json"] {
        let run = plain(&sandbox, &["render", "-f", &spec, "--message-format", format]);
        assert!(run.stderr.contains("[2J"), "the name is shown: {}", run.stderr);
    }
    sandbox.write(&spec, SPEC);
    plain(&sandbox, &["render", "-f", &spec, "-o", &folder]);
    plain(&sandbox, &["render", "-f", &spec, "-o", &folder, "--check"]);
    plain(&sandbox, &["diff", "-f", &spec, &folder]);
    plain(&sandbox, &["templates", "--output", &format!("{folder}/templates")]);
    plain(&sandbox, &["man", "--output", &format!("{folder}/man")]);
    plain(&sandbox, &["init", &format!("{folder}/init")]);
    plain(&sandbox, &["import", "pki/cas/clients", "--output", &format!("{folder}/import")]);
    plain(&sandbox, &["cert", "show", &format!("{folder}/none.pem")]);
    plain(&sandbox, &["kustomize", "install", "--home", &format!("{folder}/home")]);
    plain(&sandbox, &["doctor", "kustomize", &folder]);
    plain(&sandbox, &["cert", "export", "-f", &spec, "alice", "-o", &format!("{folder}/a.p12")]);
    sandbox.write(&format!("{folder}/t/{HOSTILE}.yaml.j2"), "{{ x }}");
    sandbox.write(&format!("{folder}/t/secret.yaml.j2"), "{% include \"\u{202e}x\" %}");
    plain(&sandbox, &["render", "-f", &spec, "--templates", &format!("{folder}/t")]);
}

/// A name that ends a line and begins one that looks like the program's own.
#[test]
fn no_name_makes_a_line_of_its_own() {
    const FORGED: &str = "a\nerror: nothing is wrong\nnext: `curl";
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.may_hold_keys(FORGED);
    sandbox.write(&format!("{FORGED}.toml"), "a = ");
    sandbox.write(&format!("{FORGED}/t/{FORGED}.yaml.j2"), "{{ x }}");
    for arguments in [
        &["render", "-f", &format!("{FORGED}.toml")][..],
        &["render", "-o", FORGED],
        &["render", "--templates", &format!("{FORGED}/t")],
        &["render", "--host", FORGED],
        &["cert", "export", "alice", "--as", "pem-key", "-o", &format!("{FORGED}/a.key")],
        &["cert", "show", FORGED],
        &["init", &format!("{FORGED}/init")],
        &["import", "pki/cas/clients", "--output", &format!("{FORGED}/import")],
        &["templates", "--output", &format!("{FORGED}/templates")],
        &["man", "--output", &format!("{FORGED}/man")],
        &["kustomize", "install", "--home", &format!("{FORGED}/home")],
    ] {
        let run = sandbox.run(arguments);
        let said = run.stdout + &run.stderr;
        let forged = said
            .lines()
            .find(|line| line.starts_with("error: nothing") || line.starts_with("next: `curl"));
        assert_eq!(forged, None, "{arguments:?}: {said}");
        assert!(
            said.contains("\\nerror: nothing") || said.contains("\\x0aerror"),
            "{arguments:?}: {said}"
        );
    }
}

/// A spec that has them in keys and values, and a store below such a folder.
#[test]
fn names_in_a_spec_are_shown_escaped() {
    let escaped: String = HOSTILE.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    let good =
        SPEC.replace("[clients.alice]", &format!("[clients.\"{escaped}\"]\nsubject = \"CN=x\""));
    let store = format!("store.path = \"{escaped}/pki\"\n{SPEC}");
    let key = format!("\"{escaped}\" = 1\n{SPEC}");
    let value = SPEC.replace("\"web\"", &format!("\"{escaped}\""));
    let host = SPEC.replace("a.example.com", &escaped);
    let raw = SPEC.replace(
        "[cas.clients]",
        "# \u{202e}\u{200b}\n[cas.clients]\nx\u{2066} = \"\u{202e}\u{200b}\u{7f}\"",
    );
    for (called, text) in [
        ("client", good),
        ("store", store),
        ("key", key),
        ("value", value),
        ("host", host),
        ("raw", raw),
    ] {
        let sandbox = Sandbox::with_toml(&text);
        sandbox.may_hold_keys("");
        for arguments in [
            &["render", "--dry-run"][..],
            &["render", "-o", "out"],
            &["render", "--locked", "--message-format", "json"],
            &["status"],
            &["status", "--fail-within", "9999d"],
            &["diff", "out"],
            &["cert", "renew", "--all"],
            &["cert", "show", HOSTILE],
            &["cert", "export", HOSTILE, "--as", "pem-chain"],
            &["cert", "export", HOSTILE, "--as", "curl"],
            &["cert", "export", "alice", "--as", "curl"],
            &["cert", "revoke", HOSTILE],
            &["ca", "rotate", "clients"],
            &["ca", "rotate", "clients", "--plan"],
            &["kustomize", "mtls.toml"],
        ] {
            let run = sandbox.run(arguments);
            assert_plain(&format!("{called}: {}", arguments.join(" ").escape_debug()), &run);
        }
    }
}

/// Arguments that a script takes from others.
#[test]
fn arguments_are_shown_escaped() {
    let sandbox = Sandbox::with_toml(SPEC);
    for arguments in [
        &[HOSTILE][..],
        &["render", HOSTILE],
        &["render", &format!("--{HOSTILE}")],
        &["render", "--set", &format!("{HOSTILE}=1")],
        &["render", "--host", HOSTILE],
        &["render", "--kind", HOSTILE],
        &["render", "--target", HOSTILE],
        &["render", "--format", HOSTILE],
        &["status", "--format", HOSTILE],
        &["templates", HOSTILE],
        &["cert", "show", HOSTILE],
        &["ca", "rotate", HOSTILE],
        &["cert", "revoke", HOSTILE],
        &["init", "--host", HOSTILE],
        &["doctor", "kustomize", "--", "kustomize", "build", HOSTILE],
    ] {
        plain(&sandbox, arguments);
    }
}

/// A certificate of others whose names have them.
#[test]
fn names_in_certificates_are_shown_escaped() {
    let sandbox = Sandbox::new();
    let mut params = rcgen::CertificateParams::new(vec!["a.example.com".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, HOSTILE);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "\u{202e}\u{200b}");
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    sandbox.write("a.pem", &certificate);
    sandbox.write("b.pem", key.serialize_pem());
    plain(&sandbox, &["cert", "show", "a.pem", "b.pem", "--check"]);
    plain(&sandbox, &["import", "a.pem", "b.pem", "--output", "new"]);
    sandbox.may_hold_keys("new");
    sandbox.write(
        "mtls.toml",
        SPEC.replace("[cas.clients]", "[cas.clients]\ncertificate = \"a.pem\""),
    );
    plain(&sandbox, &["render", "--dry-run"]);
    plain(&sandbox, &["status"]);
}

/// Objects that came through Kustomize or Helm with such names.
#[test]
fn names_of_objects_are_shown_escaped() {
    let sandbox = Sandbox::new();
    let object = serde_json::json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": HOSTILE, "labels": {"mtlsgen.dev/name": "site"}},
        "spec": {"rules": [{"host": "a.example.com"}]},
    });
    let stale = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": HOSTILE, "labels": {"mtlsgen.dev/name": "site"}},
    });
    let spec = |host: serde_json::Value| {
        let mut spec = serde_json::json!({
            "name": "site", "cas": {"clients": {}},
            "services": {"web": {"existing": true, "port": 80}}, "hosts": {"a.example.com": host},
        });
        spec["hosts"]["a.example.com"]["clientAuth"] = serde_json::json!({"cas": ["clients"]});
        spec
    };
    let tls = serde_json::json!({"service": "web", "tls": {"issuer": "self-signed"}});
    let existing = serde_json::json!({"existingIngress": {"name": HOSTILE}});
    let any = serde_json::json!({"existingIngress": true});
    for (spec, object) in
        [(spec(tls), stale), (spec(existing), object.clone()), (spec(any), object)]
    {
        let config = serde_json::json!({
            "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": "site"},
            "spec": spec, "plugin": {"issue": "missingOrDue"},
        });
        let list = serde_json::json!({
            "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [object], "functionConfig": config,
        });
        for format in ["text", "json"] {
            let run = sandbox
                .run_with_input(&["kustomize", "--message-format", format], list.to_string());
            assert_plain("function", &run);
        }
        sandbox.write("mtls.yaml", mtlsgen::yaml::emit(&config));
        assert_plain(
            "post-render",
            &sandbox.run_with_input(&["post-render"], mtlsgen::yaml::emit(&object)),
        );
    }
}

/// A certificate of others whose names steer a terminal, also where they are shown as JSON.
#[test]
fn names_in_certificates_are_escaped_in_json() {
    let sandbox = Sandbox::new();
    let Some(openssl) = crate::support::tool("openssl") else { return };
    let mut openssl = std::process::Command::new(openssl);
    let subject = "/CN=a\u{1b}[31mb\u{202e}c\u{9b}d";
    openssl.args(["req", "-x509", "-newkey", "ed25519", "-nodes", "-utf8", "-subj", subject]);
    openssl.args(["-keyout", "evil.key", "-out", "evil.pem"]).current_dir(sandbox.folder());
    crate::support::output_of(&mut openssl);
    sandbox.may_hold_keys("evil.key");
    for format in ["text", "json"] {
        let run = sandbox.ok(&["cert", "show", "evil.pem", "--format", format]);
        let raw = run.stdout.chars().find(|c| matches!(c, '\u{1b}' | '\u{202e}' | '\u{9b}'));
        assert_eq!(raw, None, "{format}: {}", run.stdout);
        if format == "json" {
            let shown: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert!(shown.to_string().contains("c\u{9b}d"), "it reads the same: {shown}");
        }
    }
}
