//! Secrets that the spec names and others fill: what hosts would make of them.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{EXISTING, beside, list, refused};
use crate::support::{Run, Sandbox, data, object};

const SPEC: &str = r#"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.secretName = "web-tls"
clientAuth.secretName = "default/clients-trust"
"#;

/// A set-up of others, which fills both Secrets.
struct Others {
    objects: Vec<Value>,
}

impl Others {
    fn new(more: &str) -> Self {
        let sandbox = Sandbox::with_toml(&format!(
            "{more}\n[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"web.example.com\"]\nservice = \"web\"\n\
             tls.issuer = \"self-signed\"\ntls.secretName = \"web-tls\"\nclientAuth = {{ cas = [\"issuing\"], secretName = \"clients-trust\" }}\n"
        ));
        sandbox.ok(&["render", "-q"]);
        if more.contains("# revoke") {
            sandbox.ok(&["cert", "revoke", "alice"]);
        }
        Self { objects: sandbox.render() }
    }

    fn secret(&self, name: &str) -> Value {
        object(&self.objects, "Secret", name).clone()
    }
}

fn base64(text: impl AsRef<[u8]>) -> Value {
    base64::engine::general_purpose::STANDARD.encode(text).into()
}

fn pem(secret: &Value, key: &str) -> String {
    String::from_utf8(data(secret, key)).unwrap()
}

/// The blocks of a PEM text.
fn blocks(text: &str) -> Vec<String> {
    text.split_inclusive("-----\n").collect::<Vec<_>>().chunks(2).map(<[&str]>::concat).collect()
}

fn render(secrets: Vec<Value>, more: &[&str]) -> (Sandbox, Run) {
    let other =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "y"}});
    let sandbox = beside(SPEC, &list(secrets.into_iter().chain([other])));
    let arguments: Vec<&str> = EXISTING.iter().chain(more).copied().collect();
    let run = sandbox.run(&arguments);
    (sandbox, run)
}

#[test]
fn provided_secrets_answer_the_warning_that_they_are_unchecked() {
    let others = Others::new("[cas.issuing]\n");
    let (server, trust) = (others.secret("web-tls"), others.secret("clients-trust"));
    let (sandbox, run) = render(vec![server, trust], &[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let unseen = sandbox.ok(&["render"]);
    assert!(unseen.stderr.contains("trust-secret-unseen"), "{}", unseen.stderr);
}

#[test]
fn a_server_certificate_that_no_client_accepts_is_an_error() {
    let others = Others::new(
        "[cas.issuing]\n[clients.alice]\nissuer = \"issuing\"\nsecretName = \"alice\"\n",
    );
    let (server, trust) = (others.secret("web-tls"), others.secret("clients-trust"));
    let with = |key: &str, value: Value| {
        let mut server = server.clone();
        server["data"][key] = value;
        server
    };
    let client = others.secret("alice");
    let mut as_server = server.clone();
    as_server["data"] = client["data"].clone();
    let mut typed = server.clone();
    typed["type"] = "Opaque".into();
    let cases: Vec<(Vec<Value>, &[&str], &str)> = vec![
        (
            vec![],
            &[],
            "the Secret `default/web-tls` of the server certificate of `web.example.com` is not among those that exist",
        ),
        (
            vec![with("tls.crt", Value::Null)],
            &[],
            "`tls.crt` of the Secret `default/web-tls`, which host `web.example.com` serves, is missing",
        ),
        (vec![with("tls.crt", base64("garbage"))], &[], "cannot be read: no PEM block found"),
        (vec![with("tls.crt", base64("garbage"))], &[], "error[secret-unusable]"),
        (
            vec![with("tls.key", client["data"]["tls.key"].clone())],
            &[],
            "`tls.key` of the Secret `default/web-tls` does not belong",
        ),
        (
            vec![with("tls.key", "".into())],
            &[],
            "`tls.key` of the Secret `default/web-tls` is missing",
        ),
        (
            vec![as_server.clone()],
            &[],
            "the certificate in the Secret `default/web-tls` does not cover `web.example.com`",
        ),
        (vec![as_server], &[], "is not for `serverAuth`"),
        (
            vec![server.clone()],
            &["--at", "2999-01-01"],
            "the certificate in the Secret `default/web-tls` expired at",
        ),
    ];
    for (server, more, words) in cases {
        let (sandbox, run) = render(server.into_iter().chain([trust.clone()]).collect(), more);
        refused(&sandbox, &run, &[words]);
    }
    let (_, run) = render(vec![typed, trust], &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("warning[secret-type]: the Secret `default/web-tls` has the type `Opaque`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_trust_bundle_that_opens_or_locks_the_door_is_an_error() {
    let others = Others::new(
        "[cas.root]\n[cas.issuing]\nissuer = \"root\"\n[clients.alice]\nissuer = \"issuing\"\nsecretName = \"alice\"\n",
    );
    let (server, trust) = (others.secret("web-tls"), others.secret("clients-trust"));
    let bundle = pem(&trust, "ca.crt");
    let [issuing, root] = blocks(&bundle).try_into().unwrap();
    let client = pem(&others.secret("alice"), "tls.crt");
    let with = |entries: Value| {
        let mut trust = trust.clone();
        trust["data"] = entries;
        vec![trust]
    };
    let key_pair = &server["data"];
    let cases: Vec<(Vec<Value>, &[&str], &str)> = vec![
        (
            vec![],
            &[],
            "the Secret `default/clients-trust` of trusted authorities is not among those that exist",
        ),
        (
            with(json!({"CA.crt": base64(&bundle)})),
            &[],
            "has no certificate under `ca.crt`: the controller would answer every request with 403",
        ),
        (with(json!({"ca.crt": ""})), &[], "has no certificate under `ca.crt`"),
        (with(key_pair.clone()), &[], "error[trust-open]"),
        (with(json!({"ca.crt": base64("garbage")})), &[], "has a `ca.crt` that cannot be read"),
        (with(json!({"ca.crt": "%"})), &[], "has a `ca.crt` that is not Base64"),
        (with(json!({"ca.crt": "%"})), &[], "error[trust-unusable]"),
        (
            with(json!({"ca.crt": base64(&blocks(&client)[0])})),
            &[],
            "has no certificate of an authority under `ca.crt`: no client would be admitted",
        ),
        (
            with(json!({"ca.crt": base64(&issuing)})),
            &[],
            "refuses clients below `CN=issuing`: its chain ends at a trusted authority that is not a root",
        ),
        (vec![trust.clone()], &["--at", "2999-01-01"], ": a certificate of the chain has expired"),
        (with(json!({"ca.crt": base64(&issuing)})), &[], "error[trust-locks-out]"),
        (
            with(json!({"ca.crt": base64(&bundle), "ca.crl": base64("garbage")})),
            &[],
            "has a `ca.crl` that the controller does not take",
        ),
    ];
    for (trust, more, words) in cases {
        let (sandbox, run) = render(trust.into_iter().chain([server.clone()]).collect(), more);
        refused(&sandbox, &run, &[words]);
    }
    // What works for some is a warning.
    let warned = |trust: Vec<Value>, words: &str| {
        let (_, run) = render(trust.into_iter().chain([server.clone()]).collect(), &[]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    };
    warned(
        vec![trust.clone()],
        "holds `CN=issuing`, but admits all clients below its root `CN=root`",
    );
    warned(
        with(json!({"ca.crt": base64(format!("{root}{client}"))})),
        "holds certificates that are not an authority's",
    );
    warned(
        with(
            json!({"ca.crt": base64(&root), "tls.crt": key_pair["tls.crt"], "tls.key": key_pair["tls.key"]}),
        ),
        "warning[combined-secret]",
    );
    let elsewhere = Others::new("[cas.other]\n[cas.issuing]\nissuer = \"other\"\n");
    let strange = blocks(&pem(&elsewhere.secret("clients-trust"), "ca.crt")).remove(0);
    warned(with(json!({"ca.crt": base64(format!("{root}{strange}"))})), "warning[trust-partly]");
    warned(
        with(json!({"ca.crt": base64(format!("{root}{strange}"))})),
        "refuses clients below `CN=issuing`",
    );
}

#[test]
fn revocation_lists_of_others_must_be_whole_and_current() {
    let others = Others::new(
        "# revoke\n[cas.root]\n[cas.issuing]\nissuer = \"root\"\ncrl.duration = \"7d\"\n[clients.alice]\nissuer = \"issuing\"\n",
    );
    let (server, trust) = (others.secret("web-tls"), others.secret("clients-trust"));
    let (_, good) = render(vec![server.clone(), trust.clone()], &[]);
    assert_eq!(good.status, 0, "{}", good.stderr);
    let lists = blocks(&pem(&trust, "ca.crl"));
    assert_eq!(lists.len(), 2);
    let mut partial = trust.clone();
    partial["data"]["ca.crl"] = base64(&lists[0]);
    let (sandbox, run) = render(vec![server.clone(), partial], &[]);
    refused(
        &sandbox,
        &run,
        &["there is no revocation list of `CN=root`", "error[trust-revocation]"],
    );
    let later = mtlsgen::pki::crl::RevocationList::from_pem(lists.concat().as_bytes()).unwrap();
    let end = later.iter().map(mtlsgen::pki::crl::RevocationList::end).min().unwrap();
    let (sandbox, run) = render(vec![server, trust], &["--at", &end.to_string()]);
    refused(&sandbox, &run, &["the revocation list of `CN=issuing` ended at"]);
}
