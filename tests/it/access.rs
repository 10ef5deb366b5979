//! `access`: who reaches what, of a spec, of its folder, of files and of a whole cluster.

use serde_json::Value;

use crate::support::Sandbox;

const SPEC: &str = "[cas.clients]\n[cas.others]\n[clients.alice]\nissuer = \"clients\"\n[clients.eve]\nissuer = \"others\"\n\
    [services.web]\nimage = \"httpd\"\nport = 80\n\
    [hosts.\"web.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n\
    clientAuth.allow = [\"alice\"]\n\
    [hosts.\"open.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n";

fn rendered() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "-o", "out"]);
    sandbox
}

fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["access", "--format", "json"], arguments].concat();
    serde_json::from_str(&sandbox.ok(&arguments).stdout).unwrap()
}

/// What becomes of a client's request of a host at `/` by HTTPS.
fn verdict(document: &Value, host: &str, client: &str) -> (String, String) {
    let hosts = document["hosts"].as_array().unwrap();
    let host =
        hosts.iter().find(|one| one["host"] == host).unwrap_or_else(|| panic!("{document:#}"));
    let requests = host["requests"].as_array().unwrap();
    let is_it =
        |one: &&Value| one["scheme"] == "https" && one["path"] == "/" && one["client"] == client;
    let request = requests.iter().find(is_it).unwrap_or_else(|| panic!("{host:#}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&request["verdict"]), text(&request["why"]))
}

/// What is asked of each host and how it is answered, but for clients by name and those that these stand for.
fn answers(document: &Value) -> Vec<Value> {
    let mut hosts = document["hosts"].as_array().unwrap().clone();
    for host in &mut hosts {
        let requests = host["requests"].as_array_mut().unwrap();
        requests.retain(|request| request["class"] != "named" && request["class"] != "listed");
    }
    hosts
}

#[test]
fn what_is_printed_reads_back_as_it_was_made() {
    for case in crate::cases::cases() {
        let sandbox = crate::cases::issued_sandbox_of(&case);
        let objects = sandbox.render();
        let class = |one: &'_ Value| {
            let spec = &one["spec"];
            let name = spec["ingressClassName"].as_str().or(spec["gatewayClassName"].as_str());
            name.map(str::to_owned)
        };
        let classes = objects.iter().filter_map(class);
        let classes: std::collections::BTreeSet<String> =
            classes.map(|class| format!("--ingress-class={class}")).collect();
        sandbox.ok(&["render", "-q", "-o", "out"]);
        let made = json(&sandbox, &[]);
        let controller = format!("--controller={}", crate::cases::target_of(&case));
        let mut arguments = vec!["out", controller.as_str()];
        arguments.extend(classes.iter().map(String::as_str));
        let read = json(&sandbox, &arguments);
        // Whether a Secret of another namespace is one depends on where files without a namespace go.
        let is_open = |text: &str| text.contains("which namespace");
        let pairs = answers(&made).into_iter().zip(answers(&read));
        let differs = |(made, read): &(Value, Value)| made != read && !is_open(&read.to_string());
        let different: Vec<(Value, Value)> = pairs.filter(differs).collect();
        assert_eq!(answers(&made).len(), answers(&read).len(), "{}", case.display());
        assert_eq!(different, [], "{}", case.display());
    }
}

#[test]
fn a_spec_and_its_folder_give_the_same_answers() {
    let sandbox = rendered();
    let chain = "--client=alice=pki/clients/alice/tls.crt";
    let eve = "--client=eve=pki/clients/eve/tls.crt";
    for document in [json(&sandbox, &[]), json(&sandbox, &["out", chain, eve])] {
        for (client, expected, why) in [
            ("nothing", "refused", "no certificate was shown"),
            ("stranger", "refused", "no chain leads to a trusted authority"),
            ("alice", "admitted", ""),
            ("eve", "refused", "no chain leads to a trusted authority"),
            ("below CN=clients", "refused", "its subject is not among those that are admitted"),
        ] {
            let (verdict, said) = verdict(&document, "web.example.com", client);
            assert_eq!((verdict.as_str(), said.as_str()), (expected, why), "{client}");
        }
        assert_eq!(verdict(&document, "open.example.com", "nothing").0, "admitted");
        let controller = &document["controller"];
        assert_eq!(
            (&controller["name"], &controller["version"]),
            (&"ingress-nginx".into(), &"1.15.1".into())
        );
    }
}

#[test]
fn files_show_that_listed_subjects_are_admitted() {
    let sandbox = rendered();
    let document = json(&sandbox, &["out"]);
    let of = |document: &Value, client| verdict(document, "web.example.com", client);
    assert_eq!(of(&document, "CN=alice below CN=clients"), ("admitted".into(), String::new()));
    let untrusted = "no chain leads to a trusted authority";
    let stranger = "CN=alice of another authority";
    assert_eq!(of(&document, stranger), ("refused".into(), untrusted.into()));
    // The spec's own client stands for its line.
    assert!(!json(&sandbox, &[]).to_string().contains("CN=alice below"));

    // Where nothing verifies certificates, the list alone decides.
    let rendered = sandbox.ok(&["render", "-q"]).stdout;
    let loose = rendered.replace("verify-client: \"on\"", "verify-client: optional_no_ca");
    assert_ne!(loose, rendered);
    sandbox.write("one.yaml", rendered);
    sandbox.write("loose.yaml", &loose);
    let document = json(&sandbox, &["loose.yaml"]);
    assert_eq!(of(&document, stranger).0, "admitted");
    assert_eq!(of(&document, "stranger").0, "refused");
    let changes = sandbox.run(&["access", "--diff", "one.yaml", "loose.yaml"]).stdout;
    let line = changes.lines().find(|line| line.contains(stranger));
    assert!(line.is_some_and(|line| line.contains("reaches default/web:80")), "{changes}");

    // An expression decides as little of strangers.
    let expression = loose.replace("\"CN=$.|^(CN=alice)$\"", "\"CN=[a-z]+$\"");
    assert_ne!(expression, loose);
    sandbox.write("expression.yaml", expression);
    assert_eq!(of(&json(&sandbox, &["expression.yaml"]), "stranger").0, "unknown");
    // A client by name stands for no line that is answered otherwise.
    let eve = "--client=eve=pki/clients/eve/tls.crt";
    let alice = "--client=alice=pki/clients/alice/tls.crt";
    let line = "CN=alice below CN=clients";
    let has = |arguments: &[&str]| json(&sandbox, arguments).to_string().contains(line);
    assert!(has(&["out", eve]) && !has(&["out", alice]));
    // Of another authority with the same name.
    let forged = Sandbox::with_toml(SPEC);
    forged.ok(&["issue", "-q"]);
    sandbox.write("forged.crt", forged.read("pki/clients/alice/tls.crt"));
    assert!(has(&["out", "--client=alice=forged.crt"]));

    // Subjects of one list share a line.
    let bob = "[clients.bob]\nissuer = \"clients\"\n[clients.eve]";
    let spec = SPEC.replace("[clients.eve]", bob).replace("[\"alice\"]", "[\"alice\", \"bob\"]");
    sandbox.write("mtls.toml", spec);
    sandbox.ok(&["render", "-q", "-o", "out"]);
    let shared = "CN=alice and 1 other listed subject below CN=clients";
    assert_eq!(of(&json(&sandbox, &["out"]), shared).0, "admitted");
}

#[test]
fn the_table_is_for_people() {
    let text = rendered().ok(&["access", "--host", "open.example.com"]).stdout;
    let lines: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "HOST              PATH  CLIENT                 ANSWER",
            "open.example.com  /     without a certificate  reaches default/web:80",
            "                        of another authority   reaches default/web:80",
        ]
    );
    assert!(text.contains("\nAs ingress-nginx 1.15.1 serves it.\n- no version is named"), "{text}");
}

#[test]
fn what_is_missing_is_unknown_unless_all_is_shown() {
    let sandbox = rendered();
    let ingress = sandbox.ok(&["render", "-q", "--kind", "Ingress"]).stdout;
    sandbox.write("part.yaml", &ingress);
    let (part, why) = verdict(&json(&sandbox, &["part.yaml"]), "web.example.com", "nothing");
    assert_eq!(part, "unknown");
    assert_eq!(why, "the Secret `default/web-example-com-tls-cacert` is not among the objects");
    // Where no Secret at all is shown, none is known to be missing.
    let whole = json(&sandbox, &["--whole-cluster", "part.yaml"]);
    assert_eq!(verdict(&whole, "web.example.com", "nothing").0, "unknown");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: default}\n";
    sandbox.write("other.yaml", secret);
    let whole = json(&sandbox, &["--whole-cluster", "part.yaml", "other.yaml"]);
    let (whole, why) = verdict(&whole, "web.example.com", "nothing");
    assert_eq!(whole, "refused");
    assert!(why.contains("missing or refused"), "{why}");
}

#[test]
fn an_ingress_of_others_shows_in_the_answers() {
    let sandbox = rendered();
    let manifests = sandbox.ok(&["render", "-q"]).stdout;
    let older = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  namespace: default\n  annotations:\n    \
        nginx.ingress.kubernetes.io/auth-tls-secret: default/web-example-com-tls-cacert\n    \
        nginx.ingress.kubernetes.io/auth-tls-verify-client: \"off\"\nspec:\n  ingressClassName: nginx\n  rules:\n    - host: web.example.com\n      \
        http:\n        paths:\n          - path: /health\n            pathType: Prefix\n            backend:\n              service:\n                \
        name: web\n                port:\n                  number: 80\n";
    let input = format!("{manifests}{older}");
    let run = sandbox.run_with_input(&["access", "--format", "json", "-"], input);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let (verdict, why) = verdict(&document, "web.example.com", "nothing");
    assert_eq!((verdict.as_str(), why.as_str()), ("oneOf", "it depends on which object is older"));
}

#[test]
fn a_change_shows_whose_access_it_alters() {
    let sandbox = rendered();
    let before = sandbox.ok(&["render", "-q"]).stdout;
    sandbox.write("before.yaml", &before);
    assert_eq!(sandbox.ok(&["access", "--diff", "before.yaml", "out"]).stdout, "");
    let off = before.replace("auth-tls-verify-client: \"on\"", "auth-tls-verify-client: \"off\"");
    assert_ne!(off, before);
    sandbox.write("after.yaml", off);
    let run = sandbox.run(&["access", "--diff", "before.yaml", "after.yaml"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let cells = |line: &str| {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    let lines: Vec<Vec<String>> = run.stdout.lines().map(cells).collect();
    assert_eq!(lines[0], ["HOST", "PATH", "CLIENT", "BEFORE", "AFTER"]);
    let (before, after) = (
        "refused (400): no chain leads to a trusted authority",
        "refused (403): its subject is not among those that are admitted",
    );
    assert_eq!(lines[2], ["web.example.com", "/", "of another authority", before, after]);
    let run = sandbox.run(&["access", "--diff", "--format", "json", "before.yaml", "after.yaml"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["changes"][0]["before"]["answer"], "400");
    let run = sandbox.run(&["access", "--diff", "before.yaml"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("compares two FILEs, and there are 1"), "{}", run.stderr);
}

#[test]
fn mistakes_are_said() {
    let sandbox = rendered();
    sandbox.write("broken.yaml", "a: [");
    sandbox.write("odd.yaml", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: 5}]}\n");
    for (arguments, said) in [
        (&["access", "absent.yaml"][..], "absent.yaml"),
        (&["access", "broken.yaml"], "`broken.yaml` cannot be read as Kubernetes objects"),
        (&["access", "odd.yaml"], "error[object-invalid]"),
        (&["access", "--client", "alice"], "write a name for the client, `=` and a file"),
        (&["access", "--client", "a=mtls.toml"], "`mtls.toml`: no PEM block"),
        (&["access", "--whole-cluster"], "--whole-cluster"),
        (&["access", "-f", "mtls.toml", "out"], "FILE names the objects"),
        (&["access", "out", "--configmap", "x"], "NAMESPACE/NAME"),
    ] {
        let run = sandbox.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
    let run = sandbox.run(&[
        "access",
        "--host",
        "nowhere.example.com",
        "out",
        "--ingress-class",
        "other",
    ]);
    assert!(
        run.stdout.contains("its class `nginx` is not one of this controller"),
        "{}",
        run.stdout
    );
    let fresh = Sandbox::with_toml(SPEC);
    let run = fresh.run(&["access"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("error[unissued]") && run.stderr.contains("run `mtlsgen render`"),
        "{}",
        run.stderr
    );
}

#[test]
fn traefik_reads_the_same_objects_otherwise() {
    let sandbox = rendered();
    let asked = |more: &[&str]| json(&sandbox, &[&["--controller", "traefik"], more].concat());
    for document in [asked(&[]), asked(&["out"])] {
        // It does not read `allow`.
        for (client, expected) in
            [("nothing", "refused"), ("stranger", "refused"), ("below CN=clients", "admitted")]
        {
            assert_eq!(verdict(&document, "web.example.com", client).0, expected, "{client}");
        }
    }
    let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: beside}\nspec:\n  \
        entryPoints: [websecure]\n  routes: [{match: 'Host(`web.example.com`)', services: [{name: web, port: 80}]}]\n  tls: {}\n";
    sandbox.write("out/route.yaml", route);
    assert_eq!(verdict(&asked(&["out"]), "web.example.com", "nothing").0, "admitted");
    let strict = ["--controller-option", "strictTlsOptions=true", "out"];
    assert_eq!(verdict(&asked(&strict), "web.example.com", "nothing").0, "notServed");
    let (verdict, why) =
        verdict(&asked(&["--controller-version", "3.7.14", "out"]), "web.example.com", "nothing");
    assert_eq!((verdict.as_str(), why.as_str()), ("admitted", ""));
    let old = sandbox.run(&["access", "--controller", "traefik", "--controller-version", "3.7.8"]);
    assert!(
        old.stderr.contains("the model of Traefik is that of 3.7.9 to 3.7.15"),
        "{}",
        old.stderr
    );
}

#[test]
fn changes_of_lists_depths_and_revocations_are_seen() {
    let spec = |allow: &str| {
        format!(
            "[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n[clients.bob]\nissuer = \"clients\"\n[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n{allow}"
        )
    };
    let sandbox = Sandbox::with_toml(&spec("clientAuth.allow = [\"alice\"]\n"));
    let render = |name: &str| sandbox.write(name, &sandbox.ok(&["render", "-q"]).stdout);
    let diff = |one: &str, other: &str| sandbox.run(&["access", "--diff", one, other]);
    render("one.yaml");
    let one = sandbox.read("one.yaml");
    sandbox.write("mtls.toml", spec("clientAuth.allow = [\"alice\", \"bob\"]\n"));
    render("two.yaml");
    let expression = "\"CN=$.|^(CN=alice)$\"";
    assert!(one.contains(expression), "{one}");
    sandbox.write("loose.yaml", one.replace(expression, "\"CN=[a-z]+$\""));
    sandbox.write("deep.yaml", one.replace("verify-depth: \"1\"", "verify-depth: \"9\""));
    sandbox.write("mtls.toml", spec(""));
    sandbox.ok(&["cert", "revoke", "alice"]);
    render("listed.yaml");
    let lines = sandbox.read("listed.yaml");
    assert!(lines.contains("  ca.crl: "), "{lines}");
    let without: Vec<&str> = lines.lines().filter(|line| !line.starts_with("  ca.crl: ")).collect();
    sandbox.write("unlisted.yaml", &(without.join("\n") + "\n"));
    for (before, after, client, answer) in [
        ("one.yaml", "two.yaml", "CN=bob below CN=clients", "reaches default/web:80"),
        ("two.yaml", "one.yaml", "CN=bob below CN=clients", "refused (403)"),
        ("one.yaml", "loose.yaml", "below CN=clients", "unknown: what the expression `CN=[a-z]+$`"),
        ("one.yaml", "deep.yaml", "with more than 1 intermediate", "reaches default/web:80"),
        ("listed.yaml", "unlisted.yaml", "certificate ", "reaches default/web:80"),
    ] {
        let run = diff(before, after);
        assert_eq!(run.status, 1, "{before} {after}: {}", run.stderr);
        let line = run.stdout.lines().find(|line| line.contains(client));
        let line = line.unwrap_or_else(|| panic!("{before} {after}: {}", run.stdout));
        assert!(line.contains(answer), "{line}");
    }
    for same in ["one.yaml", "two.yaml", "deep.yaml", "listed.yaml", "loose.yaml"] {
        assert_eq!((diff(same, same).status, diff(same, same).stdout.as_str()), (0, ""), "{same}");
    }
}
