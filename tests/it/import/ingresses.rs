//! Ingresses come along: hosts, routes, Secrets and client authentication become entries that serve the same clients.

use serde_json::{Value, json};

use super::Old;
use super::clusters::secret;
use crate::support::{Run, object};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// An Ingress of today with these annotations of ingress-nginx; `path` leads to `SERVICE:PORT`.
fn ingress(
    namespace: &str,
    name: &str,
    notes: &[(&str, &str)],
    hosts: &[(&str, &[(&str, &str)])],
    tls: Option<&str>,
) -> Value {
    let annotations: serde_json::Map<_, _> =
        notes.iter().map(|(name, value)| (format!("{PREFIX}{name}"), json!(value))).collect();
    let path = |(path, backend): &(&str, &str)| {
        let (service, port) = backend.split_once(':').unwrap();
        let port = port
            .parse::<u16>()
            .map_or_else(|_| json!({ "name": port }), |port| json!({ "number": port }));
        json!({ "path": path, "pathType": "Prefix", "backend": { "service": { "name": service, "port": port } } })
    };
    let rules: Vec<Value> = hosts
        .iter()
        .map(|(host, paths)| json!({ "host": host, "http": { "paths": paths.iter().map(path).collect::<Vec<_>>() } }))
        .collect();
    let names: Vec<&str> = hosts.iter().map(|(host, _)| *host).collect();
    let mut spec = json!({ "ingressClassName": "nginx", "rules": rules });
    if let Some(secret) = tls {
        spec["tls"] = json!([{ "hosts": names, "secretName": secret }]);
    }
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "namespace": namespace, "name": name, "annotations": annotations }, "spec": spec,
    })
}

fn list(items: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
}

fn import(old: &Old, items: &[Value], more: &[&str]) -> Run {
    old.sandbox.run_with_input(&[&["import", "-"], more].concat(), list(items))
}

/// Clients' authority with two clients, and a server's certificate, below `old`.
fn files(old: &Old) {
    old.root("clients", "/CN=Clients");
    old.root("web", "/CN=Web");
    old.client("alice", "/CN=alice", "clients", "");
    old.client("bob", "/CN=bob", "clients", "");
    old.server("www", "www.example.com", "web", "");
}

fn protected(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let own = [
        ("auth-tls-secret", "shop/client-ca"),
        ("auth-tls-verify-client", "on"),
        ("auth-tls-pass-certificate-to-upstream", "true"),
    ];
    own.into_iter().chain(more.iter().copied()).collect()
}

/// A shop with a protected host, one without protection, and what a dump has beside them.
fn shop(old: &Old, notes: &[(&str, &str)]) -> Vec<Value> {
    vec![
        secret(old, "shop", "www-tls", &[("tls.crt", "www.crt"), ("tls.key", "www.key")]),
        secret(old, "shop", "client-ca", &[("ca.crt", "clients.crt")]),
        ingress(
            "shop",
            "orders",
            notes,
            &[("www.example.com", &[("/", "orders:8000"), ("/api", "api:http")])],
            Some("www-tls"),
        ),
        ingress(
            "shop",
            "public",
            &[("proxy-body-size", "8m")],
            &[("open.example.com", &[("/", "pages:80")])],
            None,
        ),
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "namespace": "shop", "name": "api" },
            "spec": { "ports": [{ "name": "http", "port": 8080 }] } }),
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "namespace": "shop", "name": "x" } }),
    ]
}

/// The Ingress of a host among what `render --locked` prints.
fn rendered(old: &Old, name: &str) -> Value {
    object(&old.locked(), "Ingress", name).clone()
}

#[test]
fn a_cluster_comes_along_with_its_hosts() {
    let Some(old) = Old::new() else { return };
    files(&old);
    let run = import(
        &old,
        &shop(&old, &protected(&[])),
        &["old/clients.key", "old/alice.crt", "old/alice.key"],
    );
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let spec = old.sandbox.read("mtls.toml");
    for line in [
        "namespace = \"shop\"",
        "[services.orders]\nexisting = true  # it runs in the cluster already, nothing is rendered for it\nport = 8000",
        "port = 8080\nportName = \"http\"",
        "{ path = \"/api\", service = \"api\", port = 8080 }",
        "ingressName = \"orders\"",
        "tls.secretName = \"www-tls\"",
        "clientAuth.cas = [\"clients\"]\nclientAuth.secretName = \"client-ca\"",
        "tls = false\nclientAuth = false",
        "\"nginx.ingress.kubernetes.io/proxy-body-size\" = \"8m\"",
    ] {
        assert!(spec.contains(line), "{line} in:\n{spec}");
    }
    super::assert_kept(&old.sandbox);
    let orders = rendered(&old, "orders");
    assert_eq!(orders["metadata"]["namespace"], "shop");
    assert_eq!(
        orders["metadata"]["annotations"][format!("{PREFIX}auth-tls-secret")],
        "shop/client-ca"
    );
    assert_eq!(
        orders["spec"]["rules"][0]["http"]["paths"][1]["backend"]["service"]["port"]["number"],
        8080
    );
    // The model says the same of both.
    old.sandbox.write("before.json", list(&shop(&old, &protected(&[]))));
    let after = old.sandbox.ok(&["render", "--locked"]).stdout;
    old.sandbox.write("after.yaml", after);
    let diff = ["access", "--diff", "before.json", "after.yaml", "--host", "www.example.com"];
    let diff = old.sandbox.run(&diff);
    let changes: Vec<&str> = diff.stdout.lines().skip(1).collect();
    // A port by its number instead of its name.
    let is_port = |line: &&str| line.contains("reaches shop/api:http  reaches shop/api:8080");
    assert!(changes.iter().all(is_port), "{}", diff.stdout);
}

#[test]
fn removed_api_versions_are_read() {
    let Some(old) = Old::new() else { return };
    files(&old);
    for version in ["extensions/v1beta1", "networking.k8s.io/v1beta1"] {
        let ingress = json!({
            "apiVersion": version, "kind": "Ingress",
            "metadata": { "name": "httpbin", "annotations": {
                "kubernetes.io/ingress.class": "nginx",
                "cert-manager.io/cluster-issuer": "ca-issuer",
                "nginx.ingress.kubernetes.io/auth-tls-secret": "ingress-nginx/client-ca",
                "nginx.ingress.kubernetes.io/auth-tls-verify-client": "on",
            } },
            "spec": {
                "tls": [{ "hosts": ["in.example.com"], "secretName": "server" }],
                "rules": [{ "host": "in.example.com", "http": { "paths": [{ "path": "/", "backend": { "serviceName": "httpbin", "servicePort": 8000 } }] } }],
            },
        });
        let items = [
            ingress,
            secret(&old, "ingress-nginx", "client-ca", &[("ca.crt", "clients.crt")]),
            secret(&old, "default", "server", &[("tls.crt", "www.crt"), ("tls.key", "www.key")]),
        ];
        let folder = version.replace('/', "-");
        let run = import(&old, &items, &["-o", &folder]);
        assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
        let spec = old.sandbox.read(&format!("{folder}/mtls.toml"));
        for line in [
            "tls.certManager.clusterIssuer = \"ca-issuer\"",
            "tls.secretName = \"server\"",
            "clientAuth.cas = [\"clients\"]",
            "clientAuth.passCertificateToUpstream = false",
            "pathType = \"ImplementationSpecific\"",
        ] {
            assert!(spec.contains(line), "{line} in:\n{spec}");
        }
        assert!(!spec.contains("tls.certificate"), "cert-manager renews it: {spec}");
        old.sandbox.ok(&["render", "--locked", "-f", &format!("{folder}/mtls.toml")]);
    }
}

#[test]
fn secrets_that_are_not_shown_stay_in_the_cluster() {
    let Some(old) = Old::new() else { return };
    let ingress = ingress(
        "shop",
        "orders",
        &protected(&[("auth-tls-verify-depth", "3")]),
        &[("www.example.com", &[("/", "orders:8000")])],
        Some("www-tls"),
    );
    let run = import(&old, &[ingress], &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("host `www.example.com`: taken over from its Ingress"),
        "{}",
        run.stdout
    );
    let spec = old.sandbox.read("mtls.toml");
    for line in [
        "tls.secretName = \"www-tls\"",
        "clientAuth.secretName = \"client-ca\"",
        "clientAuth.verifyDepth = 3",
    ] {
        assert!(spec.contains(line), "{line} in:\n{spec}");
    }
    let run = old.sandbox.ok(&["render", "--locked"]);
    assert!(run.stderr.contains("warning[trust-secret-unseen]"), "{}", run.stderr);
}

#[test]
fn what_cannot_be_carried_stops_the_import_where_it_would_admit_more() {
    let Some(old) = Old::new() else { return };
    files(&old);
    for (note, value, code) in [
        ("ssl-passthrough", "true", "import-incomplete"),
        ("auth-tls-match-cn", "CN=(mallory|eve)", "import-incomplete"),
    ] {
        let notes = protected(&[(note, value)]);
        let run = import(&old, &shop(&old, &notes), &[]);
        assert_eq!(run.status, 2, "{note}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stderr.contains(&format!("error[{code}]")) && run.stderr.contains(note),
            "{note}: {}",
            run.stderr
        );
        assert!(!old.sandbox.path("mtls.toml").exists(), "{note}");
    }
    // What is known to be harmless is carried, and a list of subjects becomes one of clients.
    let notes = protected(&[("auth-tls-match-cn", "CN=al.*"), ("limit-rps", "5")]);
    let run =
        import(&old, &shop(&old, &notes), &["old/clients.key", "old/alice.crt", "old/bob.crt"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("becomes a list of the clients that were found and match: alice"),
        "{}",
        run.stdout
    );
    let spec = old.sandbox.read("mtls.toml");
    assert!(
        spec.contains("clientAuth.allow = [\"alice\"]") && spec.contains("limit-rps\" = \"5\""),
        "{spec}"
    );
    old.sandbox.ok(&["render", "--locked"]);
}

#[test]
fn hosts_share_certificates_and_ingresses() {
    let Some(old) = Old::new() else { return };
    files(&old);
    old.server("both", "a.example.com,DNS:b.example.com", "web", "");
    let hosts: [(&str, &[(&str, &str)]); 2] =
        [("a.example.com", &[("/", "web:80")]), ("b.example.com", &[("/", "web:8443")])];
    let mut more = ingress(
        "default",
        "more",
        &[],
        &[("a.example.com", &[("/more", "more:80")])],
        Some("both-tls"),
    );
    more["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z".into();
    let mut two = ingress("default", "two", &[], &hosts, Some("both-tls"));
    two["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
    let items = [
        more,
        two,
        secret(&old, "default", "both-tls", &[("tls.crt", "both.crt"), ("tls.key", "both.key")]),
    ];
    let run = import(&old, &items, &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    for words in ["`a.example.com` keeps its name", "delete that Ingress"] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let spec = old.sandbox.read("mtls.toml");
    for line in [
        "tls.host = \"a.example.com\"",
        "{ path = \"/more\", service = \"more\", port = 80 }",
        "{ name = \"p8443\", port = 8443 }",
    ] {
        assert!(spec.contains(line), "{line} in:\n{spec}");
    }
    let objects = old.locked();
    assert_eq!(object(&objects, "Ingress", "two")["spec"]["rules"].as_array().unwrap().len(), 1);
    let spec = &object(&objects, "Ingress", "b-example-com")["spec"];
    assert_eq!(spec["tls"][0]["secretName"], "both-tls");
    let port = "/rules/0/http/paths/0/backend/service/port/number";
    assert_eq!(spec.pointer(port).unwrap(), 8443);
}

#[test]
fn ports_of_services_that_are_not_shown_keep_their_names() {
    let Some(old) = Old::new() else { return };
    files(&old);
    old.server("both", "www.example.com,DNS:two.example.com", "web", "");
    let hosts: [(&str, &[(&str, &str)]); 2] = [
        ("www.example.com", &[("/", "web:https")]),
        ("two.example.com", &[("/", "two:http"), ("/metrics", "two:metrics")]),
    ];
    // A name like one that is made of a number.
    let odd: [(&str, &[(&str, &str)]); 1] =
        [("odd.example.com", &[("/", "odd:80"), ("/p", "odd:p80"), ("/q", "odd:tcp")])];
    let ports = json!([{ "name": "p80", "port": 81 }, { "name": "tcp", "port": 80 }, { "name": "udp", "port": 80, "protocol": "UDP" }]);
    let items = [
        ingress("shop", "all", &[], &hosts, Some("www-tls")),
        ingress("shop", "odd", &[], &odd, None),
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "namespace": "shop", "name": "odd" }, "spec": { "ports": ports } }),
        secret(&old, "shop", "www-tls", &[("tls.crt", "both.crt"), ("tls.key", "both.key")]),
    ];
    let run = import(&old, &items, &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let objects = old.locked();
    let paths = |name: &str| {
        let paths = &object(&objects, "Ingress", name)["spec"]["rules"][0]["http"]["paths"];
        let port = |path: &Value| path["backend"]["service"]["port"]["name"].clone();
        paths.as_array().unwrap().iter().map(port).collect::<Vec<_>>()
    };
    assert_eq!(paths("all"), ["https"]);
    assert_eq!(paths("two-example-com"), ["http", "metrics"]);
    let port = |path: &Value| path["backend"]["service"]["port"]["number"].clone();
    let rules = &object(&objects, "Ingress", "odd")["spec"]["rules"];
    let odd: Vec<Value> = rules[0]["http"]["paths"].as_array().unwrap().iter().map(port).collect();
    assert_eq!(odd, [80, 81, 80]);
}

#[test]
fn what_is_no_host_of_a_spec_is_listed() {
    let Some(old) = Old::new() else { return };
    let mut odd = ingress(
        "default",
        "odd",
        &[],
        &[("*", &[("/", "web:80")]), ("ok.example.com", &[("/", "web:80")])],
        None,
    );
    odd["spec"]["defaultBackend"] =
        json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let mut bucket =
        ingress("default", "bucket", &[], &[("bucket.example.com", &[("/", "web:80")])], None);
    bucket["spec"]["rules"][0]["http"]["paths"][0]["backend"] =
        json!({ "resource": { "kind": "Bucket", "name": "x" } });
    let mut foreign =
        ingress("default", "foreign", &[], &[("foreign.example.com", &[("/", "web:80")])], None);
    foreign["spec"]["ingressClassName"] = "traefik".into();
    let class = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": "traefik" },
        "spec": { "controller": "traefik.io/ingress-controller" } });
    let run = import(&old, &[odd, bucket, foreign, class], &[]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    for words in [
        "`defaultBackend` of the Ingress `default/odd`",
        "the rule of `*`",
        "it leads to no Service",
        "its class `traefik` is not one of this controller",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let spec = old.sandbox.read("mtls.toml");
    assert_eq!(spec.matches("[hosts.").count(), 1, "{spec}");
}

#[test]
fn what_would_be_answered_otherwise_stops_the_import() {
    let Some(old) = Old::new() else { return };
    files(&old);
    // A Secret without its namespace: the controller refuses every client today.
    let mut bare = protected(&[]);
    bare[0] = ("auth-tls-secret", "client-ca");
    let run = import(&old, &shop(&old, &bare), &[]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr.contains("error[import-weaker]: below CN=Clients at `www.example.com/`"),
        "{}",
        run.stderr
    );
    // A backend for all other paths, which no spec has.
    let mut behind =
        ingress("shop", "api", &[], &[("api.example.com", &[("/api", "api:80")])], None);
    behind["spec"]["defaultBackend"] =
        json!({ "service": { "name": "pages", "port": { "number": 80 } } });
    let run = import(&old, std::slice::from_ref(&behind), &[]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("error[import-stricter]"), "{}", run.stderr);
    assert!(!old.sandbox.path("mtls.toml").exists());
    let forced = import(&old, &[behind], &["--force", "--format", "json"]);
    assert_eq!(forced.status, 1, "{}{}", forced.stdout, forced.stderr);
    let outcome: Value = serde_json::from_str(&forced.stdout).unwrap();
    assert_eq!(outcome["altered"][0]["isWeaker"], false, "{outcome}");
    assert!(old.sandbox.path("mtls.toml").exists());
}
