//! What a person at a terminal sees: masked keys, colour, questions. `script` gives the program one.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Run, Sandbox, tool};

const SPEC: &str = r#"
[cas.clients]
[services.web]
existing = true
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;

/// Runs the program on a terminal (`2>…` may take standard error away from it) where `input` is typed;
/// `None` if there is no `script`. What both streams show is in `stdout`.
fn on_terminal(sandbox: &Sandbox, arguments: &str, input: &str) -> Option<Run> {
    let mut child = terminal(sandbox, arguments)?.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    // An end of input would be typed as Ctrl-D: the program is to end by itself.
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let mut run = Run::of(output);
    run.stdout = run.stdout.replace("\r\n", "\n");
    Some(run)
}

/// The command that runs the program on a terminal.
fn terminal(sandbox: &Sandbox, arguments: &str) -> Option<std::process::Command> {
    let mut command = std::process::Command::new(tool("script")?);
    command
        .args(["-qefc", &format!("{} {arguments}", env!("CARGO_BIN_EXE_mtlsgen")), "/dev/null"])
        .current_dir(sandbox.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(command)
}

fn without_colour(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(['m', 'K']).map_or("", |(_, rest)| rest))
}

#[test]
fn a_terminal_shows_no_private_key_unless_asked() {
    let sandbox = Sandbox::with_toml(SPEC);
    let piped = sandbox.ok(&["render"]).stdout;
    let key = piped.lines().find(|line| line.contains("tls.key: ")).unwrap();
    let value = key.trim_start().strip_prefix("tls.key: ").unwrap();
    assert!(value.starts_with("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"), "whole in a pipe");

    let Some(masked) = on_terminal(&sandbox, "render", "") else { return };
    assert_eq!(masked.status, 0, "{}", masked.stdout);
    assert!(!masked.stdout.contains(&value[60..100]), "{}", masked.stdout);
    let text = without_colour(&masked.stdout);
    assert!(text.contains("private keys are masked on a terminal: use --show-secrets to see them"));
    let shown = text.lines().find(|line| line.contains("tls.key: ")).unwrap();
    assert!(shown.contains("--show-secrets"), "{shown}");
    // Everything else is as in a pipe.
    let rest = |text: &str, key: &str| text.replace(key.trim(), "");
    let messages = "private keys are masked on a terminal: use --show-secrets to see them\n";
    assert_eq!(rest(&text.replace(messages, ""), shown), rest(&piped, key));

    let whole = on_terminal(&sandbox, "render --show-secrets", "").unwrap();
    assert_eq!(without_colour(&whole.stdout), piped);
    let json = on_terminal(&sandbox, "render --format json 2>err", "").unwrap();
    assert!(!json.stdout.contains(&value[60..100]));
    let nothing_secret = on_terminal(&sandbox, "render --kind Ingress", "").unwrap();
    assert!(!nothing_secret.stdout.contains("masked"), "{}", nothing_secret.stdout);
    // Only standard output matters.
    sandbox.may_hold_keys("out.yaml");
    let piped_out = on_terminal(&sandbox, "render >out.yaml", "").unwrap();
    assert_eq!((piped_out.status, sandbox.read("out.yaml")), (0, piped));
}

#[test]
fn a_first_run_on_a_terminal_shows_no_key_either() {
    let sandbox = Sandbox::with_toml(SPEC);
    let Some(run) = on_terminal(&sandbox, "render", "") else { return };
    let key = sandbox.read("pki/hosts/a.example.com/tls.key");
    let text = without_colour(&run.stdout);
    assert!(text.contains("issued host `a.example.com`: never issued\n"), "{text}");
    let secret = mtlsgen_secret(&sandbox);
    assert!(!text.contains(&secret[60..100]) && !text.contains(key.lines().nth(1).unwrap()));
}

/// The base64 of the host's key.
fn mtlsgen_secret(sandbox: &Sandbox) -> String {
    let piped = sandbox.ok(&["render"]).stdout;
    piped.lines().find_map(|line| line.trim().strip_prefix("tls.key: ")).unwrap().to_owned()
}

#[test]
fn templates_of_the_user_get_masked_keys_too() {
    let sandbox = Sandbox::with_toml(&format!("templates = \"t\"\n{SPEC}"));
    let secret = crate::support::run(&["templates", "secret.yaml.j2"]).stdout;
    sandbox.write("t/secret.yaml.j2", secret);
    let value = mtlsgen_secret(&sandbox);
    let Some(run) = on_terminal(&sandbox, "render", "") else { return };
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(!run.stdout.contains(&value[60..100]), "{}", run.stdout);
}

#[test]
fn keys_that_users_add_are_masked_too() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render"]);
    sandbox.write("mtls.toml", format!("templates = \"t\"\n{SPEC}"));
    let key = sandbox.read("pki/hosts/a.example.com/tls.key");
    let pem: String = key.lines().map(|line| format!("    {line}\n")).collect();
    sandbox.write(
        "t/extra.yaml.j2",
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, namespace: default}}\ndata:\n  key: |\n{pem}"),
    );
    let secret = key.lines().nth(1).unwrap();
    assert!(sandbox.ok(&["render"]).stdout.contains(secret), "whole in a pipe");
    let Some(run) = on_terminal(&sandbox, "render --kind ConfigMap", "") else { return };
    assert!(!run.stdout.contains(secret), "{}", run.stdout);
    assert!(run.stdout.contains("masked"), "{}", run.stdout);
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let sandbox = Sandbox::with_toml(&SPEC.replace("[services.web]", "[service.web]"));
    let Some(run) = on_terminal(&sandbox, "render", "") else { return };
    assert_eq!(run.status, 2);
    assert!(run.stdout.contains("\u{1b}["), "{:?}", run.stdout);
    assert!(without_colour(&run.stdout).contains("error[unknown-key]: unknown key `service`"));
    for arguments in ["render --color never", "render --color=never 2>&1"] {
        let run = on_terminal(&sandbox, arguments, "").unwrap();
        assert!(!run.stdout.contains('\u{1b}'), "{arguments}: {:?}", run.stdout);
    }
    let to_file = on_terminal(&sandbox, "render 2>err", "").unwrap();
    assert_eq!((to_file.status, to_file.stdout.as_str()), (2, ""));
    assert!(!sandbox.read("err").contains('\u{1b}'));
}

#[test]
fn init_asks_on_a_terminal_and_what_it_writes_renders() {
    let sandbox = Sandbox::new();
    let typed = "api.example.com\nprod\napi\nexisting\n8080\nself-signed\nstaff\nbob\n\n\n\n\n";
    let Some(run) = on_terminal(&sandbox, "init", typed) else { return };
    assert_eq!(run.status, 0, "{}", run.stdout);
    for question in ["Host that clients call [test.localdev.me]: ", "Namespace [default]: "] {
        assert!(run.stdout.contains(question), "{}", run.stdout);
    }
    let text = sandbox.read("mtls.toml");
    for answer in ["api.example.com", "prod", "8080", "staff", "bob"] {
        assert!(text.contains(answer), "{answer} is not in {text}");
    }
    let objects = sandbox.render();
    let ingress = crate::support::object(&objects, "Ingress", "api-example-com");
    assert_eq!(ingress["metadata"]["namespace"], "prod");

    // A wrong answer is asked for again; Ctrl-D breaks off and writes nothing.
    let other = Sandbox::new();
    let run = on_terminal(&other, "init", "10.0.0.1\napi.example.com\n\u{4}").unwrap();
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert_eq!(run.stdout.matches("Host that clients call").count(), 2, "{}", run.stdout);
    assert!(run.stdout.contains("error[aborted]"), "{}", run.stdout);
    assert!(run.stdout.contains("nothing is written"), "{}", run.stdout);
    assert!(other.files().is_empty());
    // Flags instead of questions.
    let run = on_terminal(&other, "init --host api.example.com", "").unwrap();
    assert_eq!(run.status, 0);
    assert!(!run.stdout.contains("Host that clients call"), "{}", run.stdout);
}

#[test]
fn certificates_are_shown_in_colour_and_handed_out_off_the_screen() {
    let sandbox = Sandbox::with_toml(&format!("{SPEC}\n[clients.alice]\nissuer = \"clients\"\n"));
    sandbox.ok(&["render", "-q"]);
    let Some(run) = on_terminal(&sandbox, "cert show alice --at 2099-01-01", "") else { return };
    assert!(run.stdout.contains("\u{1b}[1;31merror\u{1b}[0m: expired"), "{:?}", run.stdout);
    let piped = sandbox.ok(&["cert", "show", "alice", "--at", "2099-01-01"]).stdout;
    assert_eq!(without_colour(&run.stdout), piped);
    let plain = on_terminal(&sandbox, "cert show alice --color never", "").unwrap();
    assert!(!plain.stdout.contains('\u{1b}'), "{:?}", plain.stdout);

    let key = sandbox.read("pki/clients/alice/tls.key");
    for arguments in ["--as pem-key", "--as pem-combined", "-o - --new-password-file x"] {
        let run = on_terminal(&sandbox, &format!("cert export alice {arguments}"), "").unwrap();
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(
            run.stdout.contains("private keys are not written to a terminal"),
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains("error[terminal]"), "{}", run.stdout);
        assert!(!run.stdout.contains(key.lines().nth(1).unwrap()) && !sandbox.path("x").exists());
    }
    // A new password is shown to the person, and is nowhere else.
    let shown = on_terminal(&sandbox, "cert export alice -o alice.p12 -q", "").unwrap();
    assert_eq!(shown.status, 0, "{}", shown.stdout);
    let words = "Its password, which is shown this once: ";
    let password = shown.stdout.split(words).nth(1).unwrap().lines().next().unwrap().trim();
    assert_eq!(password.len(), 34, "{}", shown.stdout);
    sandbox.write("password", password);
    sandbox.ok(&["cert", "show", "alice.p12", "--password-file", "password"]);
    let public = on_terminal(&sandbox, "cert export alice --as pem-chain", "").unwrap();
    assert!(public.stdout.contains("BEGIN CERTIFICATE"), "{}", public.stdout);
}

/// As [`on_terminal`], but types only once the program has shown `question`.
fn asked(sandbox: &Sandbox, arguments: &str, question: &str, input: &str) -> Option<Run> {
    use std::io::Read as _;
    let mut child = terminal(sandbox, arguments)?.spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(question) {
        let mut octet = [0];
        assert_eq!(stdout.read(&mut octet).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(octet[0]);
    }
    stdin.write_all(input.as_bytes()).unwrap();
    stdout.read_to_end(&mut shown).unwrap();
    let mut output = child.wait_with_output().unwrap();
    drop(stdin);
    output.stdout = shown;
    let mut run = Run::of(output);
    run.stdout = run.stdout.replace("\r\n", "\n");
    Some(run)
}

#[test]
fn a_terminal_is_asked_for_the_password_without_echo() {
    let sandbox = Sandbox::with_toml(&format!("{SPEC}\n[clients.alice]\nissuer = \"clients\"\n"));
    sandbox.ok(&["render", "-q"]);
    sandbox.write("password", "open sesame\n");
    let to = ["-o", "alice.p12", "-q"];
    sandbox.ok(&[&["cert", "export", "alice", "--password-file", "password"][..], &to].concat());
    let question = "Password of alice.p12: ";
    let typed = "open sesane\u{7f}\u{7f}me\r";
    let Some(run) = asked(&sandbox, "cert show alice.p12", question, typed) else { return };
    assert_eq!(run.status, 0, "{}", run.stdout);
    let text = without_colour(&run.stdout);
    assert!(text.contains("certificate: client (alice.p12, \"alice\")"), "{text}");
    assert!(!text.contains("sesa"), "{text}");
    let broken_off = asked(&sandbox, "cert show alice.p12", question, "open\u{3}").unwrap();
    assert_eq!(broken_off.status, 2, "{}", broken_off.stdout);
    assert!(
        broken_off.stdout.contains("is a PKCS#12 file with a password"),
        "{}",
        broken_off.stdout
    );
}

#[test]
fn what_takes_long_is_counted_on_a_terminal_alone() {
    let clients: String =
        (0..60).map(|number| format!("[clients.c{number}]\nissuer = \"clients\"\n")).collect();
    let spec = SPEC.to_owned() + &clients;
    let to_file = |arguments: &str| {
        let sandbox = Sandbox::with_toml(&spec);
        sandbox.may_hold_keys("out.yaml");
        on_terminal(&sandbox, &format!("{arguments} >out.yaml"), "")
    };
    let Some(run) = to_file("render") else { return };
    // The authority, the host, and the clients.
    for words in ["\rissuing 1/62", "\rissuing 31/62", "\rissuing 62/62"] {
        assert!(run.stdout.contains(words), "{words:?}: {:?}", run.stdout);
    }
    let quiet = to_file("render -q").unwrap();
    assert_eq!(quiet.stdout, "");
    assert!(!Sandbox::with_toml(&spec).ok(&["render"]).stderr.contains("issuing "));
}

/// Every command that prints objects, and what it reads.
#[test]
fn no_command_shows_a_private_key_on_a_terminal_unless_asked() {
    let sandbox = Sandbox::with_toml(SPEC);
    let value = mtlsgen_secret(&sandbox);
    let key = sandbox.read("pki/hosts/a.example.com/tls.key");
    let spec: serde_json::Value = serde_json::json!({
        "cas": {"clients": {}}, "services": {"web": {"existing": true, "port": 80}},
        "hosts": {"a.example.com": {
            "service": "web", "tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["clients"]},
        }},
    });
    let config = serde_json::json!({
        "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": "site"}, "spec": spec,
    });
    // A key that comes in with the objects of others is masked, too.
    let other = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": &key, "b": &value},
    });
    let list = serde_json::json!({
        "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [other], "functionConfig": config,
    });
    sandbox.write("config.yaml", mtlsgen::yaml::emit(&config));
    sandbox.write("list", list.to_string());
    sandbox.write("chart", mtlsgen::yaml::emit(&other));
    sandbox.may_hold_keys("out");
    for command in ["kustomize config.yaml", "kustomize <list", "post-render <chart"] {
        let (words, input) = command.split_once(" <").unwrap_or((command, ""));
        let input = if input.is_empty() { String::new() } else { format!("<{input}") };
        let Some(shown) = on_terminal(&sandbox, &format!("{words} {input}"), "") else { return };
        assert_eq!(shown.status, 0, "{}", shown.stdout);
        for part in [&value[60..100], key.lines().nth(1).unwrap()] {
            assert!(!shown.stdout.contains(part), "{command}: {}", shown.stdout);
        }
        assert!(shown.stdout.contains("private keys are masked on a terminal"), "{}", shown.stdout);
        let is_marked = ["spki-sha256:", "<private key, shown with --show-secrets>"]
            .iter()
            .any(|mark| shown.stdout.contains(mark));
        assert!(is_marked, "{}", shown.stdout);
        let asked = on_terminal(&sandbox, &format!("{words} --show-secrets {input}"), "").unwrap();
        assert!(asked.stdout.contains(&value) && !asked.stdout.contains("masked"), "{command}");
        // Kustomize, kpt and Helm read from a pipe.
        let piped = on_terminal(&sandbox, &format!("{words} {input} | cat >out"), "").unwrap();
        assert!(
            !piped.stdout.contains("masked") && sandbox.read("out").contains(&value),
            "{command}"
        );
    }
}

/// A template that spreads a key over a text, so that no search finds it again: on a terminal it is not given the key.
#[test]
fn a_template_of_a_plugin_is_given_no_key_on_a_terminal() {
    let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{SPEC}"));
    let built_in = sandbox.ok(&["templates", "secret.yaml.j2"]).stdout;
    assert!(built_in.contains("metadata:\n"), "{built_in}");
    let spread = "metadata:\n  annotations:\n    leak: {{ (data[\"tls.key\"] | default(\"none\") | list | join(\"x9\")) }}\n";
    sandbox.write("templates/secret.yaml.j2", built_in.replacen("metadata:\n", spread, 1));
    sandbox.ok(&["render", "-q", "--kind", "Ingress"]);
    sandbox.write("config.yaml", "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata:\n  name: site\nplugin:\n  specFiles: [mtls.toml]\nspec: {}\n");
    sandbox.write("chart", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n");
    for command in ["render", "kustomize config.yaml", "post-render <chart"] {
        let Some(shown) = on_terminal(&sandbox, command, "") else { return };
        assert!(shown.stdout.contains("leak:"), "{command}: {}", shown.stdout);
        // LS0tLS1CRUdJTiBQUklWQVRF, of `-----BEGIN PRIVATE`.
        assert!(!shown.stdout.contains("Lx9Sx90x9tx9Lx9S"), "{command}: {}", shown.stdout);
    }
}
