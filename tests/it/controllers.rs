//! `access` of a dump that has the controller's own objects: version, flags and `ConfigMap` are read out of them.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox};

const SPEC: &str = "[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n\
    [hosts.\"web.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n\
    [hosts.\"open.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n";

/// What `kubectl get -A -o json` gives: the objects of the spec, and others beside them.
fn dump(sandbox: &Sandbox, more: &[Value]) -> String {
    let mut items = sandbox.render();
    items.extend_from_slice(more);
    json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
}

/// A Deployment or a `DaemonSet` as a cluster has it.
fn workload(kind: &str, name: &str, container: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": name, "namespace": "edge", "creationTimestamp": "2026-11-30T00:00:00Z", "generation": 4 },
        "spec": {
            "replicas": 2, "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": { "serviceAccountName": name, "containers": [container] } },
        },
        "status": { "replicas": 2 },
    })
}

fn ingress_nginx(tag: &str, flags: &[&str]) -> Value {
    let mut args = vec![
        "/nginx-ingress-controller",
        "--election-id=leader",
        "--publish-service=$(POD_NAMESPACE)/front",
    ];
    args.extend(flags);
    json!({
        "name": "controller",
        "image": format!("registry.k8s.io/ingress-nginx/controller:{tag}@sha256:9724476b928967173d501040631b23ba07f47073999e80e34b120e8db5f234d5"),
        "args": args,
        "env": [
            { "name": "POD_NAME", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.name" } } },
            { "name": "POD_NAMESPACE", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } } },
        ],
        "ports": [{ "containerPort": 443, "name": "https", "protocol": "TCP" }],
        "volumeMounts": [{ "mountPath": "/usr/local/certificates/", "name": "webhook-cert", "readOnly": true }],
    })
}

fn config_map(name: &str, data: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "edge" }, "data": data })
}

fn class(name: &str, controller: &str) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": name }, "spec": { "controller": controller } })
}

fn access(sandbox: &Sandbox, objects: &str, arguments: &[&str]) -> Run {
    let arguments = [&["access", "--whole-cluster", "-"], arguments].concat();
    let run = sandbox.run_with_input(&arguments, objects);
    assert_eq!(run.status, 0, "{arguments:?}: {}", run.stderr);
    run
}

/// The line about a client of a host.
fn line<'a>(run: &'a Run, host: &str, client: &str) -> &'a str {
    let lines = run.stdout.lines().skip_while(|line| !line.starts_with(host));
    let found = { lines }.find(|line| line.contains(client));
    found.unwrap_or_else(|| panic!("{host}, {client}: {}", run.stdout))
}

#[test]
fn a_dump_says_how_its_controller_is_set_up() {
    let sandbox = Sandbox::with_toml(SPEC);
    let controller = ingress_nginx(
        "v1.12.1",
        &["--configmap=$(POD_NAMESPACE)/own", "--controller-class=k8s.io/ingress-nginx"],
    );
    let all = [
        workload("DaemonSet", "nginx", &controller),
        config_map("own", &json!({ "ssl-redirect": "false" })),
        config_map("other", &json!({ "ssl-redirect": "true" })),
        class("nginx", "k8s.io/ingress-nginx"),
    ];
    let run = access(&sandbox, &dump(&sandbox, &all), &[]);
    let rests = "\nAs ingress-nginx 1.12.1 serves it.\n\
        - version 1.12.1 and the flags are read from the DaemonSet `edge/nginx`\n\
        - the controller's settings are those of the ConfigMap `edge/own`\n";
    assert!(run.stdout.ends_with(rests), "{}", run.stdout);
    assert!(line(&run, "web.example.com", "without a certificate").contains("refused (400)"));
    assert!(line(&run, "web.example.com", "by plain HTTP").ends_with("redirected to HTTPS"));
    assert!(
        line(&run, "open.example.com", "by plain HTTP").contains("reaches default/web:80"),
        "{}",
        run.stdout
    );
    // Without the controller's object, two ConfigMaps may be its own.
    let run = access(&sandbox, &dump(&sandbox, &all[1..]), &[]);
    assert!(
        line(&run, "open.example.com", "by plain HTTP").contains("unknown: several ConfigMaps")
    );
    // What is said counts.
    let said = ["--configmap", "edge/other", "--controller-version", "1.15.1"];
    let run = access(&sandbox, &dump(&sandbox, &all), &said);
    assert!(run.stdout.contains("\nAs ingress-nginx 1.15.1 serves it.\n"), "{}", run.stdout);
    for words in [
        "- the DaemonSet `edge/nginx` has the version `1.12.1`, and `1.15.1` is said: that counts\n",
        "- the DaemonSet `edge/nginx` has the `--configmap` `edge/own`, and `edge/other` is said: that counts\n",
    ] {
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
}

#[test]
fn what_a_controller_does_that_is_not_known_closes_nothing() {
    let sandbox = Sandbox::with_toml(SPEC);
    for (tag, flag, why) in [
        (
            "v1.9.6",
            "-v=2",
            "unknown: the Deployment `edge/nginx` runs version `1.9.6`: the model of ingress-nginx is that of 1.12 to 1.15",
        ),
        (
            "v1.15.1",
            "--annotations-prefix=acme.test",
            "unknown: the effect of `--annotations-prefix` on the Deployment `edge/nginx`",
        ),
        (
            "v1.15.1",
            "--watch-namespace-selector=team=a",
            "unknown: the effect of `--watch-namespace-selector`",
        ),
    ] {
        let all = [workload("Deployment", "nginx", &ingress_nginx(tag, &[flag]))];
        let run = access(&sandbox, &dump(&sandbox, &all), &[]);
        for host in ["web.example.com", "open.example.com"] {
            assert!(
                line(&run, host, "without a certificate").contains(why),
                "{tag} {flag}: {}",
                run.stdout
            );
        }
    }
    let all =
        [workload("Deployment", "nginx", &ingress_nginx("v1.15.1", &["--watch-namespace=other"]))];
    let run = access(&sandbox, &dump(&sandbox, &all), &[]);
    let left_out = "- the Ingress `default/web-example-com` is left out: the controller passes over it because of `--watch-namespace`\n";
    assert!(run.stdout.contains(left_out), "{}", run.stdout);
}

#[test]
fn two_controllers_are_asked_one_by_one() {
    let sandbox = Sandbox::with_toml(&format!("{SPEC}ingressClassName = \"private\"\n"));
    let inner = ["--controller-class=acme.test/private", "--configmap=edge/private"];
    let all = [
        workload("Deployment", "nginx", &ingress_nginx("v1.15.1", &["--configmap=edge/public"])),
        workload("Deployment", "private", &ingress_nginx("v1.13.0", &inner)),
        config_map("public", &json!({ "ssl-redirect": "true" })),
        config_map("private", &json!({ "ssl-redirect": "false" })),
        class("nginx", "k8s.io/ingress-nginx"),
        class("private", "acme.test/private"),
    ];
    let objects = dump(&sandbox, &all);
    let public = access(&sandbox, &objects, &[]);
    assert!(public.stdout.contains("As ingress-nginx 1.15.1 serves it."), "{}", public.stdout);
    let other = "- the Deployment `edge/private` runs this controller for other classes: `--ingress-class` asks about it\n";
    assert!(public.stdout.contains(other), "{}", public.stdout);
    assert!(!public.stdout.contains("open.example.com  "), "{}", public.stdout);
    let private = access(&sandbox, &objects, &["--ingress-class", "private"]);
    assert!(private.stdout.contains("As ingress-nginx 1.13.0 serves it."), "{}", private.stdout);
    assert!(line(&private, "open.example.com", "by plain HTTP").contains("reaches default/web:80"));
    // Both of one class.
    let mut all = all;
    all[5] = class("private", "k8s.io/ingress-nginx");
    all[1] =
        workload("Deployment", "private", &ingress_nginx("v1.13.0", &["--configmap=edge/private"]));
    let objects = dump(&sandbox, &all);
    let both = access(&sandbox, &objects, &[]);
    let why = "unknown: which of several controllers is asked about (the Deployment `edge/nginx`, the Deployment `edge/private`)";
    assert!(
        line(&both, "web.example.com", "without a certificate").contains(why),
        "{}",
        both.stdout
    );
    let named = access(&sandbox, &objects, &["--configmap", "edge/private"]);
    assert!(named.stdout.contains("As ingress-nginx 1.13.0 serves it."), "{}", named.stdout);
}

#[test]
fn a_dump_says_how_its_traefik_is_set_up() {
    let sandbox = Sandbox::with_toml(SPEC);
    let container = |more: &[&str]| {
        let mut args = vec![
            "--entryPoints.web.address=:8000/tcp",
            "--entryPoints.websecure.address=:8443/tcp",
            "--providers.kubernetescrd",
        ];
        args.extend(more);
        json!({ "name": "traefik", "image": "docker.io/traefik:v3.7.13", "args": args, "volumeMounts": [{ "name": "data", "mountPath": "/data" }] })
    };
    let route = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": { "name": "beside", "namespace": "default" },
        "spec": { "entryPoints": ["websecure"], "tls": {}, "routes": [{ "kind": "Rule", "match": "Host(`web.example.com`)", "services": [{ "name": "web", "port": 80 }] }] },
    });
    let asked = |more: &[&str]| {
        let all = [workload("Deployment", "traefik", &container(more)), route.clone()];
        access(&sandbox, &dump(&sandbox, &all), &["--controller", "traefik"])
    };
    let open = asked(&["--providers.kubernetesingressnginx"]);
    for words in [
        "\nAs traefik 3.7.13 serves it.\n- version 3.7.13 and the flags are read from the Deployment `edge/traefik`\n",
        "- no IngressRouteTCP or TLSOption is among the objects: there is taken to be none\n",
    ] {
        assert!(open.stdout.contains(words), "{}", open.stdout);
    }
    assert!(
        line(&open, "web.example.com", "without a certificate").contains("reaches default/web:80")
    );
    let strict =
        asked(&["--providers.kubernetesingressnginx=true", "--core.stricttlsoptions=true"]);
    assert!(
        line(&strict, "web.example.com", "without a certificate").contains("not served (404)"),
        "{}",
        strict.stdout
    );
    let off = asked(&["--providers.kubernetesingress"]);
    for words in [
        "does not switch the provider of these Ingresses on",
        "has `--providers.kubernetesingress`, which is not followed",
    ] {
        assert!(off.stdout.contains(words), "{}", off.stdout);
    }
}

#[test]
fn objects_that_are_not_of_the_form_of_their_kind_are_said() {
    let sandbox = Sandbox::with_toml(SPEC);
    let odd = [
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a" }, "spec": { "template": { "spec": { "containers": [{ "args": [5] }] } } } }),
        json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": "b" }, "spec": 5 }),
        json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": "c" } }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": {} }),
    ];
    let run = access(&sandbox, &dump(&sandbox, &odd), &[]);
    for name in ["Deployment `default/a`", "DaemonSet `default/b`"] {
        let words = format!("- the {name} is not read, since it is not of the form of its kind: ");
        assert!(run.stdout.contains(&words), "{}", run.stdout);
    }
    assert!(line(&run, "web.example.com", "without a certificate").contains("refused (400)"));
}
