//! Names of Secrets that end in a hash of their content.

use std::fs;

use serde_json::Value;

use crate::support::Sandbox;

const SPEC: &str = r#"
secrets.nameSuffixHash = true
[cas.clients]
[services.web]
image = "httpd"
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
[clients.job]
issuer = "clients"
secretName = "job-client"
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-o", "out"]);
    sandbox
}

/// Names of the Secrets that are printed, in the order of their names without suffix.
fn names(objects: &[Value]) -> Vec<String> {
    let secrets = objects.iter().filter(|object| object["kind"] == "Secret");
    let mut names: Vec<_> =
        secrets.map(|secret| secret["metadata"]["name"].as_str().unwrap().to_owned()).collect();
    names.sort_by_key(|name| name[..name.len() - 11].to_owned());
    names
}

fn paths(sandbox: &Sandbox) -> Vec<String> {
    let files = sandbox.files().into_iter();
    let relative = files
        .map(|(path, _)| path.strip_prefix(sandbox.folder()).unwrap().to_str().unwrap().to_owned());
    relative.filter(|path| path.contains("/secret-")).collect()
}

/// As in a fresh clone: keys are not in Git.
fn without_keys(sandbox: &Sandbox) {
    for (path, _) in crate::support::files(&sandbox.path("pki")) {
        if path.extension().is_some_and(|extension| extension == "key") {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn names_follow_the_content_and_references_follow_the_names() {
    let sandbox = sandbox();
    let objects = sandbox.render();
    let names = names(&objects);
    let starts: Vec<&str> = names.iter().map(|name| &name[..name.len() - 11]).collect();
    assert_eq!(starts, ["a-example-com-tls", "a-example-com-tls-cacert", "job-client"]);
    assert_eq!(
        paths(&sandbox),
        [
            format!("out/default/secret-{}.yaml", names[1]),
            format!("out/secrets/default/secret-{}.yaml", names[0]),
            format!("out/secrets/default/secret-{}.yaml", names[2]),
        ]
    );
    let ingress = sandbox.ok(&["render", "--kind", "Ingress"]).stdout;
    assert!(ingress.contains(&format!("secretName: {}\n", names[0])), "{ingress}");
    assert!(ingress.contains(&format!("auth-tls-secret: default/{}\n", names[1])), "{ingress}");
    sandbox.ok(&["render", "-o", "out", "--check"]);
    assert_eq!(sandbox.ok(&["diff", "out"]).stdout, "");
    // Another certificate is another Secret, and the file of the old one goes.
    sandbox.write(
        "mtls.toml",
        SPEC.replace(
            "tls.issuer",
            "tls.dnsNames = [\"a.example.com\", \"b.example.com\"]\ntls.issuer",
        ),
    );
    sandbox.ok(&["render", "-o", "out"]);
    let after = self::names(&sandbox.render());
    assert_ne!(after[0], names[0]);
    assert_eq!(after[1..], names[1..], "what has not changed keeps its name");
    assert_eq!(paths(&sandbox)[1], format!("out/secrets/default/secret-{}.yaml", after[0]));
    assert_eq!(paths(&sandbox).len(), 3);
    assert!(sandbox.read("out/default/ingress-a-example-com.yaml").contains(&after[0]));
}

#[test]
fn without_the_keys_there_is_no_name_rather_than_a_wrong_one() {
    let sandbox = sandbox();
    without_keys(&sandbox);
    for arguments in [
        &["render", "-o", "out", "--check"][..],
        &["diff", "out"],
        &["render", "--kind", "Ingress"],
        &["render"],
    ] {
        let run = sandbox.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("key"), "{arguments:?}: {}", run.stderr);
        if arguments.contains(&"--check") || arguments.contains(&"diff") {
            assert!(
                run.stderr.contains(
                    "the store lacks the private keys of host `a.example.com`, client `job`"
                ),
                "{}",
                run.stderr
            );
            assert!(run.stderr.contains("run it where these keys are"), "{}", run.stderr);
        }
    }
}

#[test]
fn where_no_secret_holds_a_key_none_is_needed() {
    let spec = SPEC.replace("tls.issuer = \"self-signed\"", "tls.secretName = \"given\"");
    let spec = spec.replace("secretName = \"job-client\"\n", "");
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.ok(&["render", "-o", "out"]);
    without_keys(&sandbox);
    sandbox.ok(&["render", "-o", "out", "--check"]);
    sandbox.ok(&["diff", "out"]);
    let objects = sandbox.render();
    assert_eq!(names(&objects).len(), 1);
    let ingress = objects.iter().find(|object| object["kind"] == "Ingress").unwrap();
    assert_eq!(
        ingress["spec"]["tls"][0]["secretName"], "given",
        "one made by others keeps its name"
    );
}

#[test]
fn names_that_leave_no_room_are_refused() {
    let name = "a".repeat(243);
    let long = SPEC.replace("job-client", &name);
    let run = Sandbox::with_toml(&long).run(&["render"]);
    assert_eq!(run.status, 2);
    let title = format!(
        "the name of the Secret `default/{name}` has 243 characters, and `secrets.nameSuffixHash` leaves room for 242"
    );
    assert!(run.stderr.contains("error[name-too-long]"), "{}", run.stderr);
    assert!(run.stderr.contains(&title), "{}", run.stderr);
    let fits = Sandbox::with_toml(&SPEC.replace("job-client", &name[1..]));
    assert!(names(&fits.render()).iter().any(|name| name.len() == 253));
}
