//! Where the spec comes from: several files, standard input, `--set`, discovery, the object form, and
//! what paths in it start from.

use serde_json::Value;

use crate::support::{Run, Sandbox, object, objects};

const BASE: &str = r#"
[services.web]
image = "httpd"
port = 80
replicas = 2
env = { A = "a", B = "b" }
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
labels = { tier = "front", stage = "test" }
"#;

/// A rendered object.
struct Rendered(Vec<Value>);

impl Rendered {
    fn of(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self(objects(&sandbox.ok(&[&["render"], arguments].concat()).stdout))
    }

    fn ingress(&self) -> &Value {
        object(&self.0, "Ingress", "a-example-com")
    }

    fn deployment(&self) -> &Value {
        object(&self.0, "Deployment", "web")
    }

    fn env(&self) -> String {
        let env = &self.deployment()["spec"]["template"]["spec"]["containers"][0]["env"];
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        let entries = env.as_array().into_iter().flatten();
        let shown = entries.map(|entry| text(entry, "name") + "=" + &text(entry, "value") + ";");
        shown.collect()
    }

    fn paths(&self) -> Vec<&str> {
        let paths = self.ingress()["spec"]["rules"][0]["http"]["paths"].as_array().unwrap();
        paths.iter().map(|path| path["path"].as_str().unwrap()).collect()
    }

    fn has(&self, kind: &str, name: &str) -> bool {
        self.0.iter().any(|o| o["kind"] == kind && o["metadata"]["name"] == name)
    }
}

fn failing(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let Run { status, stdout, stderr } = sandbox.run(&[&["render"], arguments].concat());
    assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
    assert!(!sandbox.path("pki").exists(), "{arguments:?} wrote something");
    stderr
}

#[test]
fn later_files_win_tables_merge_and_lists_are_replaced() {
    let sandbox = Sandbox::new();
    sandbox.write("base.toml", BASE);
    sandbox.write(
        "routes.toml",
        "[hosts.\"a.example.com\"]\nroutes = [{ path = \"/one\", service = \"web\" }, { path = \"/two\", service = \"web\" }]\n",
    );
    sandbox.write(
        "over.yaml",
        "services:\n  web: {replicas: 5, env: {B: c, C: d}}\nhosts:\n  a.example.com:\n    \
         routes: [{path: /three, service: web}]\n    labels: {stage: null}\n",
    );
    let all = ["-f", "base.toml", "-f", "routes.toml", "-f", "over.yaml"];
    let rendered = Rendered::of(&sandbox, &all);
    assert_eq!(rendered.deployment()["spec"]["replicas"], 5);
    assert_eq!(rendered.env(), "A=a;B=c;C=d;");
    assert_eq!(rendered.paths(), ["/three"]);
    assert_eq!(rendered.ingress()["metadata"]["labels"], serde_json::json!({ "tier": "front" }));
    let other_order =
        Rendered::of(&sandbox, &["-f", "over.yaml", "-f", "base.toml", "-f", "routes.toml"]);
    assert_eq!(other_order.deployment()["spec"]["replicas"], 2);
    assert_eq!(other_order.env(), "A=a;B=b;C=d;");
    assert_eq!(other_order.paths(), ["/one", "/two"]);
}

#[test]
fn another_alternative_replaces_the_earlier_one() {
    let sandbox = Sandbox::new();
    sandbox.write("base.toml", format!("{BASE}tls.secretName = \"server\"\n[cas.internal]\n"));
    for (over, secret, annotation) in [
        ("tls: {issuer: internal}", true, None),
        ("tls: {certManager: {clusterIssuer: le}}", false, Some("cert-manager.io/cluster-issuer")),
        ("tls: {certManager: {issuer: le}}", false, Some("cert-manager.io/issuer")),
        ("tls: {issuer: null}", false, None),
    ] {
        sandbox.write("over.yaml", format!("hosts: {{a.example.com: {{{over}}}}}\n"));
        let rendered = Rendered::of(&sandbox, &["-f", "base.toml", "-f", "over.yaml"]);
        assert_eq!(rendered.has("Secret", "server"), secret, "{over}");
        assert_eq!(rendered.ingress()["spec"]["tls"][0]["secretName"], "server", "{over}");
        let annotations = &rendered.ingress()["metadata"]["annotations"];
        if let Some(annotation) = annotation {
            assert_eq!(annotations[annotation], "le", "{over}");
        }
    }
    sandbox.write("over.yaml", "hosts: {a.example.com: {tls: false}}\n");
    let rendered = Rendered::of(&sandbox, &["-f", "base.toml", "-f", "over.yaml"]);
    assert!(rendered.ingress()["spec"].get("tls").is_none());
    sandbox.write("last.yaml", "hosts: {a.example.com: {tls: {issuer: internal}}}\n");
    let files = ["-f", "base.toml", "-f", "over.yaml", "-f", "last.yaml"];
    assert!(Rendered::of(&sandbox, &files).has("Secret", "a-example-com-tls"));
}

#[test]
fn set_takes_scalars_lists_and_null_with_toml_keys() {
    let sandbox = Sandbox::with_toml(BASE);
    let set = |values: &[&str]| {
        let arguments: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
        Rendered::of(&sandbox, &arguments)
    };
    assert_eq!(set(&["services.web.replicas=3"]).deployment()["spec"]["replicas"], 3);
    assert_eq!(
        set(&["services.web.replicas=3", "services.web.replicas=4"]).deployment()["spec"]["replicas"],
        4,
        "the last one wins"
    );
    assert_eq!(set(&["services.web.env.A=x=y # z"]).env(), "A=x=y # z;B=b;");
    assert_eq!(set(&["services.web.env.A=\"12\""]).env(), "A=12;B=b;");
    assert_eq!(set(&["services.web.env.A="]).env(), "A=;B=b;");
    assert_eq!(set(&["services.web.env={Z: \"1\"}"]).env(), "A=a;B=b;Z=1;");
    assert_eq!(set(&["services.web.env.A=null"]).env(), "B=b;");
    assert_eq!(set(&["services.web.env=null"]).env(), "");
    assert_eq!(set(&["hosts.\"a.example.com\".routes=[{path: /x, service: web}]"]).paths(), ["/x"]);
    let rendered = set(&["hosts.'a.example.com'.tls=false"]);
    assert!(rendered.ingress()["spec"].get("tls").is_none());
    let rendered =
        set(&["hosts.\"b.example.com\".service=web", "hosts.\"b.example.com\".tls=false"]);
    assert!(rendered.has("Ingress", "b-example-com"));
    assert_eq!(set(&["namespace=x"]).ingress()["metadata"]["namespace"], "x");
}

#[test]
fn set_that_cannot_be_read_is_shown() {
    let sandbox = Sandbox::with_toml(BASE);
    for (value, words) in [
        ("services", "no `=`"),
        ("=1", "dotted key"),
        ("a b=1", "dotted key"),
        ("services..web=1", "dotted key"),
        ("hosts[0].service=web", "entry of a list"),
        ("services.web.replicas=three", "services.web.replicas=three"),
        ("services.web.replicas=\"3\"", "replicas"),
        ("services.web.env=[", "--set"),
        ("service.web.port=1", "write `services`"),
        ("hosts.a.example.com.tls=false", "a"),
        ("namespace=1", "namespace=1"),
    ] {
        let stderr = failing(&sandbox, &["--set", value]);
        assert!(stderr.contains("--> --set:1:"), "{value}: {stderr}");
        assert!(stderr.contains(words), "{value}: `{words}` is not in {stderr}");
    }
}

#[test]
fn standard_input_is_toml_or_yaml() {
    let yaml = "services: {web: {image: httpd, port: 80}}\nhosts: {a.example.com: {service: web, tls: false}}\n";
    let toml = "[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls = false\n";
    let sandbox = Sandbox::new();
    let render = |text: &str| {
        let run = sandbox.run_with_input(&["render", "-f", "-"], text);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout
    };
    assert_eq!(render(yaml), render(toml));
    let json = serde_json::json!({ "services": { "web": { "image": "httpd", "port": 80 } },
        "hosts": { "a.example.com": { "service": "web", "tls": false } } });
    assert_eq!(render(yaml), render(&json.to_string()));

    sandbox.write("base.toml", BASE);
    let over = sandbox.run_with_input(
        &["render", "-f", "base.toml", "-f", "-"],
        "services: {web: {replicas: 9}}",
    );
    assert!(over.stdout.contains("replicas: 9\n"), "{}", over.stderr);
    for (input, words) in [
        ("services: [", "<stdin>:1:"),
        ("[services.web\n", "<stdin>:1:"),
        ("servces: {}\n", "write `services`"),
    ] {
        let run = sandbox.run_with_input(&["render", "-f", "-"], input);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(words), "{input}: {}", run.stderr);
    }
    let twice = sandbox.run(&["render", "-f", "-", "-f", "-"]);
    assert_eq!(twice.status, 2);
    assert!(twice.stderr.contains("standard input"), "{}", twice.stderr);
}

#[test]
fn the_spec_of_the_working_directory_is_found_if_there_is_one() {
    let yaml = "services: {web: {image: httpd, port: 80}}\n";
    let toml = "[services.web]\nimage = \"httpd\"\nport = 80\n";
    let names = [("mtls.toml", toml), ("mtls.yaml", yaml), ("mtls.yml", yaml)];
    for (name, text) in names {
        let sandbox = Sandbox::new();
        let stderr = failing(&sandbox, &[]);
        assert!(names.iter().all(|(name, _)| stderr.contains(name)), "{stderr}");
        sandbox.write(name, text);
        assert!(Rendered::of(&sandbox, &[]).has("Service", "web"), "{name}");
        let (other, text) = names.into_iter().find(|(other, _)| *other != name).unwrap();
        sandbox.write(other, text);
        let run = sandbox.run(&["render"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(name) && run.stderr.contains(other), "{}", run.stderr);
        sandbox.ok(&["render", "-f", name]);
    }
    let sandbox = Sandbox::new();
    assert!(failing(&sandbox, &["-f", "absent.toml"]).contains("absent.toml"));
    sandbox.write("sub/x", "");
    assert!(failing(&sandbox, &["-f", "sub"]).contains("sub"));
}

#[test]
fn the_object_form_is_the_same_spec() {
    let sandbox = Sandbox::new();
    sandbox.write("plain.toml", format!("name = \"shop\"\n{BASE}"));
    sandbox.write(
        "object.toml",
        format!(
            "apiVersion = \"mtlsgen.dev/v1alpha1\"\nkind = \"MutualTLS\"\nmetadata.name = \"shop\"\n{}",
            BASE.replace("[services", "[spec.services").replace("[hosts", "[spec.hosts")
        ),
    );
    sandbox.write(
        "over.yaml",
        "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata: {name: shop}\nspec: {services: {web: {replicas: 7}}}\n",
    );
    let plain = sandbox.ok(&["render", "-f", "plain.toml"]).stdout;
    assert_eq!(sandbox.ok(&["render", "-f", "object.toml"]).stdout, plain);
    assert!(plain.contains("mtlsgen.dev/name: shop\n"));
    for base in ["plain.toml", "object.toml"] {
        let rendered = Rendered::of(&sandbox, &["-f", base, "-f", "over.yaml"]);
        assert_eq!(rendered.deployment()["spec"]["replicas"], 7, "{base}");
    }
    let set = ["-f", "object.toml", "--set", "services.web.replicas=6"];
    assert_eq!(Rendered::of(&sandbox, &set).deployment()["spec"]["replicas"], 6);
}

#[test]
fn paths_start_from_the_file_that_contains_them_and_the_store_lies_beside_the_first() {
    let maker = Sandbox::with_toml(
        "[cas.partner]\n[services.s]\nexisting = true\nport = 80\n[hosts.\"x.example.com\"]\nservice = \"s\"\ntls.issuer = \"partner\"\n",
    );
    maker.ok(&["render"]);
    let certificate = maker.read("pki/cas/partner/tls.crt");

    let sandbox = Sandbox::new();
    sandbox.write("specs/base/base.toml", BASE);
    sandbox.write("specs/over/partner.pem", &certificate);
    sandbox.write("specs/over/ports.yaml", "spec: {replicas: 8}\n");
    sandbox.write(
        "specs/over/templates/second.yaml.j2",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second, namespace: default}\n",
    );
    sandbox.write(
        "specs/over/over.yaml",
        "cas: {partner: {certificate: partner.pem}}\nhosts: {a.example.com: {clientAuth: {cas: [partner]}}}\n\
         templates: templates\npatches: [{target: {kind: Deployment}, path: ports.yaml}]\n",
    );
    let files = ["-f", "specs/base/base.toml", "-f", "specs/over/over.yaml"];
    let rendered = Rendered::of(&sandbox, &files);
    assert!(rendered.has("ConfigMap", "second"));
    assert_eq!(rendered.deployment()["spec"]["replicas"], 8);
    assert!(sandbox.path("specs/base/pki/hosts/a.example.com/tls.crt").is_file());
    assert!(!sandbox.path("pki").exists() && !sandbox.path("specs/over/pki").exists());

    // The same from another folder, by absolute names.
    let elsewhere = Sandbox::new();
    let absolute: Vec<String> = files
        .iter()
        .map(|file| match *file {
            "-f" => "-f".to_owned(),
            file => sandbox.path(file).display().to_string(),
        })
        .collect();
    let arguments: Vec<&str> =
        ["render"].into_iter().chain(absolute.iter().map(String::as_str)).collect();
    let here = sandbox.ok(&[&["render"][..], &files].concat()).stdout;
    assert_eq!(elsewhere.ok(&arguments).stdout, here);
    assert!(elsewhere.files().is_empty());

    // `store.path` starts from the file that says it, `--set` from the working directory.
    sandbox.write("specs/over/store.toml", "[store]\npath = \"../keys\"\n");
    sandbox.ok(&["render", "-f", "specs/base/base.toml", "-f", "specs/over/store.toml"]);
    assert!(sandbox.path("specs/keys/hosts/a.example.com/tls.crt").is_file());
    sandbox.ok(&["render", "-f", "specs/base/base.toml", "--set", "store.path=here/keys"]);
    assert!(sandbox.path("here/keys/hosts/a.example.com/tls.crt").is_file());
    sandbox.write("partner.pem", &certificate);
    let supplied = ["-f", "specs/base/base.toml", "--set", "cas.partner.certificate=partner.pem"];
    sandbox.ok(&[&["render"][..], &supplied].concat());

    // Standard input has the working directory for its folder.
    let input =
        "[cas.partner]\ncertificate = \"partner.pem\"\n[cas.own]\n[clients.c]\nissuer = \"own\"\n";
    let run = sandbox.run_with_input(&["render", "-f", "-"], input);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(sandbox.path("pki/clients/c/tls.crt").is_file());
}

#[test]
fn targets_that_do_not_exist_or_not_yet() {
    let sandbox = Sandbox::with_toml(BASE);
    for (target, words) in [
        ("ingress-ngnix", "did you mean `ingress-nginx`"),
        ("traefik", "not supported yet"),
        ("gateway-api", "not supported yet"),
        ("", "target"),
        ("a=b: c", "a=b: c"),
    ] {
        let stderr = failing(&sandbox, &["--target", target]);
        assert!(stderr.contains(words), "{target}: {stderr}");
        assert!(stderr.contains("--target: ") && !stderr.contains("-->"), "{target}: {stderr}");
        sandbox.write("over.toml", format!("target = \"{target}\"\n"));
        let stderr = failing(&sandbox, &["-f", "mtls.toml", "-f", "over.toml"]);
        assert!(stderr.contains(words), "{target}: {stderr}");
    }
    sandbox.ok(&["render", "-f", "mtls.toml", "-f", "over.toml", "--target", "ingress-nginx"]);
}

#[test]
fn the_clock_is_what_the_user_says() {
    let not_before = |arguments: &[&str], epoch: Option<&str>| {
        let sandbox = Sandbox::with_toml(BASE);
        let mut command = sandbox.command(&[&["render"], arguments].concat());
        if let Some(epoch) = epoch {
            command.env("SOURCE_DATE_EPOCH", epoch);
        }
        let run = crate::support::finish(&mut command);
        if run.status != 0 {
            assert!(!sandbox.path("pki").exists());
            return Err(run.stderr);
        }
        let text = sandbox.read("pki/hosts/a.example.com/tls.crt");
        let certificate =
            mtlsgen::pki::certificate::Certificate::from_pem(text.as_bytes()).unwrap().remove(0);
        Ok(certificate.not_before.to_string())
    };
    // Backdated by five minutes, for clocks that are late.
    let from = |date: &str| Ok(format!("{date}T23:55:00Z"));
    assert_eq!(not_before(&["--at", "2030-01-01"], None), from("2029-12-31"));
    assert_eq!(not_before(&["--at", "2030-01-01T01:00:00+01:00"], None), from("2029-12-31"));
    assert_eq!(not_before(&["--at", "@1893456000"], None), from("2029-12-31"));
    assert_eq!(not_before(&[], Some("1893456000")), from("2029-12-31"));
    assert_eq!(not_before(&["--at", "2031-01-01"], Some("1893456000")), from("2030-12-31"));
    for epoch in ["soon", "", "-1"] {
        assert!(not_before(&[], Some(epoch)).unwrap_err().contains("SOURCE_DATE_EPOCH"), "{epoch}");
    }
    for time in ["soon", "2030-13-01", "2030", ""] {
        assert!(not_before(&["--at", time], None).unwrap_err().contains("--at"), "{time}");
    }
}

#[test]
fn null_may_only_remove_what_an_earlier_source_says() {
    let sandbox = Sandbox::with_toml(BASE);
    let stderr = failing(&sandbox, &["--set", "hosts.\"a.example.com\".clientAuth=null"]);
    assert!(stderr.contains("`clientAuth` is empty"), "{stderr}");
    sandbox.write("over.yaml", "hosts:\n  a.example.com:\n    clientAuth:\n      # cas: [own]\n");
    let stderr = failing(&sandbox, &["-f", "mtls.toml", "-f", "over.yaml"]);
    assert!(stderr.contains("over.yaml:3:5") && stderr.contains("write `false`"), "{stderr}");
    assert!(
        Rendered::of(
            &sandbox,
            &[
                "--set",
                "hosts.\"a.example.com\".tls=null",
                "--set",
                "hosts.\"a.example.com\".tls=false"
            ]
        )
        .has("Service", "web")
    );
}

#[test]
fn a_spec_that_declares_nothing_removes_nothing() {
    let sandbox = Sandbox::with_toml(BASE);
    sandbox.ok(&["render", "-o", "out"]);
    let before = sandbox.files();
    sandbox.write("empty.yaml", "# nothing yet\n");
    for arguments in [&["-f", "empty.yaml"][..], &["--set", "hosts=null", "--set", "services=null"]]
    {
        let run = sandbox.run(&[&["render", "-o", "out"], arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains("declares nothing"), "{}", run.stderr);
    }
    assert_eq!(sandbox.files().len(), before.len() + 1);
    sandbox.ok(&["render", "-f", "empty.yaml", "-f", "mtls.toml"]);
}

/// The name alone marks what is on the command line, and a file can be called so.
#[test]
fn a_file_that_is_called_like_the_flag_is_a_file() {
    let sandbox = Sandbox::new();
    for name in ["--set", "--set.toml"] {
        sandbox.write(name, "namespace = \"a\"\n[cas.x]\nsubject = 5\n");
        let run = sandbox.run(&[
            "render",
            "--dry-run",
            &format!("-f={name}"),
            "--set",
            "cas.x.subject=CN=x",
        ]);
        assert_eq!(run.status, 0, "{name}: {}", run.stderr);
        let run = sandbox.run(&["render", "--dry-run", &format!("-f={name}")]);
        assert!(run.stderr.contains(&format!("--> ./{name}:3:11")), "{}", run.stderr);
    }
}
