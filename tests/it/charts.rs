//! Ingresses as charts write them by default: without `tls`, of another class or of none, beside one of mtlsgen's, two of one host.
//! Each message names a way out that works.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, objects};

/// Clients' authority, one client, and a host whose Ingress the chart `wiki` makes.
const SPEC: &str = "namespace = \"docs\"\n[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n\
    [hosts.\"wiki.example.com\"]\nexistingIngress.name = \"wiki\"\nclientAuth.cas = [\"clients\"]\n";
const ISSUED: &str = "tls.issuer = \"self-signed\"\n";

fn ingress(name: &str, paths: &[&str], more: &Value) -> Value {
    let path = |path: &&str| json!({ "path": path, "pathType": "Prefix", "backend": { "service": { "name": "wiki", "port": { "name": "http" } } } });
    let paths: Vec<Value> = paths.iter().map(path).collect();
    let mut spec = json!({ "rules": [{ "host": "wiki.example.com", "http": { "paths": paths } }] });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": "docs" }, "spec": spec,
    })
}

fn chart(ingresses: &[Value]) -> String {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "wiki", "namespace": "docs" },
        "spec": { "selector": { "app": "wiki" }, "ports": [{ "name": "http", "port": 3000 }] },
    });
    let all = std::iter::once(&service).chain(ingresses).map(|one| format!("---\n{one}\n"));
    all.collect()
}

fn with_tls(more: &Value) -> Value {
    let mut own = json!({ "tls": [{ "hosts": ["wiki.example.com"], "secretName": "wiki-tls" }] });
    own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    own
}

/// What `post-render` says of a chart after the certificates of a spec were issued.
fn rendered(spec: &str, ingresses: &[Value]) -> Run {
    let sandbox = Sandbox::with_toml(spec);
    sandbox.ok(&["issue", "-q"]);
    sandbox.run_with_input(&["post-render"], chart(ingresses))
}

fn accepted(spec: &str, ingresses: &[Value]) -> Vec<Value> {
    let run = rendered(spec, ingresses);
    assert_eq!(run.status, 0, "{}", run.stderr);
    objects(&run.stdout)
}

/// Refused with one error, of these words.
fn refused(spec: &str, ingresses: &[Value], words: &[&str]) {
    let run = rendered(spec, ingresses);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert_eq!(run.stderr.matches("error[").count(), 1, "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words} is not in {}", run.stderr);
    }
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

#[test]
fn an_ingress_without_tls_gets_an_entry_where_the_spec_has_the_certificate() {
    let nginx = json!({ "ingressClassName": "nginx" });
    let plain = [ingress("wiki", &["/"], &nginx)];
    let words = [
        "error[tls-missing]",
        "say in the spec where the host's certificate comes from",
        "of a chart in its values",
    ];
    refused(SPEC, &plain, &words);
    let entry = |secret: &str| json!({ "hosts": ["wiki.example.com"], "secretName": secret });
    let tls = |spec: &str, ingresses: &[Value]| {
        of_kind(&accepted(spec, ingresses), "Ingress")[0]["spec"]["tls"].clone()
    };
    let issued = format!("{SPEC}{ISSUED}");
    let ours = json!([entry("wiki-example-com-tls")]);
    assert_eq!(tls(&issued, &plain), ours);
    // The Secret that it names is there.
    let all = accepted(&issued, &plain);
    let secrets = of_kind(&all, "Secret").into_iter();
    let names: Vec<&str> = secrets.map(|one| one["metadata"]["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"wiki-example-com-tls"), "{names:?}");

    for empty in [Value::Null, json!([])] {
        let more = json!({ "ingressClassName": "nginx", "tls": empty });
        assert_eq!(tls(&issued, &[ingress("wiki", &["/"], &more)]), ours);
    }
    let other = json!({ "hosts": ["old.example.com"], "secretName": "old" });
    let more = json!({ "ingressClassName": "nginx", "tls": [other] });
    let kept = json!([other, entry("wiki-example-com-tls")]);
    assert_eq!(tls(&issued, &[ingress("wiki", &["/"], &more)]), kept);
    let theirs = format!("{SPEC}tls.secretName = \"theirs\"\n");
    assert_eq!(tls(&theirs, &plain), json!([entry("theirs")]));
    // One that names another Secret is not overwritten.
    let more = with_tls(&nginx);
    refused(&issued, &[ingress("wiki", &["/"], &more)], &["error[tls-other-secret]"]);
}

#[test]
fn a_class_can_be_said() {
    let own = [ingress("wiki", &["/"], &with_tls(&json!({ "ingressClassName": "inside" })))];
    let words = ["`ingressClassName = \"inside\"` under `hosts.\"wiki.example.com\"`"];
    refused(SPEC, &own, &words);
    accepted(&format!("{SPEC}ingressClassName = \"inside\"\n"), &own);
    accepted(&format!("ingressClassName = \"inside\"\n{SPEC}"), &own);

    let none = [ingress("wiki", &["/"], &with_tls(&json!({})))];
    refused(SPEC, &none, &["say so in the spec: `defaultIngressClass = \"nginx\"`"]);
    accepted(&format!("defaultIngressClass = \"nginx\"\n{SPEC}"), &none);
}

#[test]
fn an_ingress_beside_that_of_the_spec_is_one_error() {
    let spec = SPEC.replace("existingIngress.name = \"wiki\"", "service = \"wiki\"")
        + ISSUED
        + "[services.wiki]\nexisting = true\nport = \"http\"\n";
    let more = with_tls(&json!({ "ingressClassName": "nginx" }));
    let words = [
        "the Ingress `docs/portal` serves `wiki.example.com` too",
        "`existingIngress = { name = \"portal\" }`",
    ];
    for paths in [&["/"][..], &["/public"]] {
        let theirs = [ingress("portal", paths, &more)];
        refused(&spec, &theirs, &words);
        let run = rendered(&spec, &theirs);
        let blamed = "a template, a patch or an annotation has changed";
        assert!(!run.stderr.contains(blamed), "{}", run.stderr);
        assert_eq!(
            run.stderr.matches("serves `wiki.example.com` too").count(),
            1,
            "{}",
            run.stderr
        );
    }
    // Both ways out work.
    let completed = SPEC.replace("\"wiki\"", "\"portal\"");
    accepted(&completed, &[ingress("portal", &["/"], &more)]);
    let ours = accepted(&spec, &[]);
    let ingresses = of_kind(&ours, "Ingress");
    let port = "/spec/rules/0/http/paths/0/backend/service/port/name";
    assert_eq!(ingresses[0].pointer(port).unwrap(), "http");
}

#[test]
fn two_ingresses_of_a_host_are_both_completed() {
    let more = with_tls(&json!({ "ingressClassName": "nginx" }));
    let both = [ingress("wiki", &["/"], &more), ingress("wiki-api", &["/api"], &more)];
    let way_out = "existingIngress = { name = \"wiki|wiki-api\" }";
    refused(SPEC, &both, &["the Ingress `docs/wiki-api` serves `wiki.example.com` too", way_out]);
    let spec = SPEC.replace("existingIngress.name = \"wiki\"", way_out);
    let all = accepted(&spec, &both);
    let secret = "/metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-secret";
    assert!(of_kind(&all, "Ingress").iter().all(|one| one.pointer(secret).is_some()), "{all:#?}");
}

#[test]
fn a_service_that_mtlsgen_makes_has_a_port_by_number() {
    let spec = "[services.web]\nimage = \"httpd\"\nport = \"http\"\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth = false\n";
    let run = Sandbox::with_toml(spec).run(&["render"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("error[wrong-type]: `port` is a number where mtlsgen makes"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("`portName = \"http\"`"), "{}", run.stderr);
    let named = spec.replace("image = \"httpd\"", "existing = true\nportName = \"x\"");
    let run = Sandbox::with_toml(&named).run(&["render"]);
    assert!(run.stderr.contains("error[key-without-effect]: `portName`"), "{}", run.stderr);
}
