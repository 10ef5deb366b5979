//! Several sources.

use std::path::Path as FilePath;

use super::*;
use crate::specification::value::{FalseOr, FilePath as Written};
use crate::specification::{ClientAuth, Tls};

fn tls(spec: &Spec, host: &str) -> Tls {
    match &spec.hosts[host].tls {
        Some(FalseOr::Is(tls)) => tls.clone(),
        other => panic!("{other:?}"),
    }
}

/// What remains of the first YAML text after the second one.
fn merged(base: &str, later: &str) -> Spec {
    good(&[("base.yaml", base), ("later.yaml", later)])
}

#[test]
fn tables_merge_lists_are_replaced_and_later_wins() {
    let spec = good(&[
        (
            "a.toml",
            "namespace='a'\nlabels={x='1', z='2'}\n[hosts.a]\nservice='s'\nclientAuth.cas=['p','q']\n",
        ),
        (
            "b.yaml",
            "namespace: b\nlabels: {z: '3', zz: '4'}\nhosts: {a: {clientAuth: {cas: [r]}}, b: {tls: false}}\n",
        ),
        ("--set", "namespace=c"),
        ("--set", "hosts.\"x.y\".service=t"),
    ]);
    assert_eq!(spec.namespace.unwrap().as_str(), "c");
    let labels: Vec<_> = spec.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(labels, ["x=1", "z=3", "zz=4"]);
    assert_eq!(spec.hosts["a"].service.as_deref(), Some("s"));
    assert!(
        matches!(&spec.hosts["a"].client_auth, Some(FalseOr::Is(ClientAuth { cas: Some(cas), .. })) if cas == &["r"])
    );
    assert_eq!(spec.hosts.keys().collect::<Vec<_>>(), ["a", "b", "x.y"]);
}

#[test]
fn null_removes() {
    let spec = merged(
        "labels: {a: '1', b: '2'}\nhosts: {a: {tls: {issuer: x}}, b: {}}\n",
        "labels: {a: null}\nhosts: {a: {tls: null}, b: }\n",
    );
    assert_eq!(spec.labels.len(), 1);
    assert!(spec.hosts["a"].tls.is_none() && !spec.hosts.contains_key("b"));
    let spec = good(&[("a.yaml", "hosts: {a: {service: x}}"), ("--set", "hosts.a=null")]);
    assert!(spec.hosts.is_empty());
    let spec = good(&[
        ("a.yaml", "hosts: {a: {}}"),
        ("b.yaml", "hosts: {a: null}"),
        ("c.yaml", "hosts: {a: {service: x}}"),
    ]);
    assert_eq!(spec.hosts["a"].service.as_deref(), Some("x"));
}

#[test]
fn null_that_removes_nothing_is_an_error_for_any_key() {
    for (text, key, write) in [
        ("cas:\n  root:", "root", "write `{}`"),
        ("cas:", "cas", "write `{}`"),
        ("$schema: null", "$schema", "write a value"),
        ("hosts: {a: {clientAuth: }}", "clientAuth", "write `false`, or `{}`"),
        ("hosts: {a: {clientAuth: {cas: [c], allow: }}}", "allow", "write `[]`"),
        ("defaults: {hosts: {tls: ~}}", "tls", "write `false`, or `{}`"),
        ("defaults: {hosts: ~}", "hosts", "write `{}`"),
        ("cas: {a: {nameConstraints: }}", "nameConstraints", "write `{}`"),
        ("cas: {a: {nameConstraints: {excluded: {ipRanges: }}}}", "ipRanges", "write `[]`"),
        ("cas: {a: {duration: }}", "duration", "write a value"),
        ("cas: {a: {maxPathLen: }}", "maxPathLen", "write a value"),
        ("cas: {a: {subject: }}", "subject", "write a value"),
        ("cas: {a: {subject: {commonName: }}}", "commonName", "write a value"),
        ("secrets: {allowPlainInGit: }", "allowPlainInGit", "write a value"),
        ("defaults: {privateKey: {algorithm: }}", "algorithm", "write a value"),
        ("hosts: {a: {routes: }}", "routes", "write `[]`"),
        ("hosts: {a: {tls: {issuer: x, dnsNames: }}}", "dnsNames", "write `[]`"),
        ("labels: {a: }", "a", "write a value"),
        ("labels: ", "labels", "write `{}`"),
        ("services: {a: {replicas: }}", "replicas", "write a value"),
        ("services: {a: {existing: }}", "existing", "write a value"),
        ("services: {a: {env: }}", "env", "write a value"),
        ("services: {a: {env: [{name: x, value: }]}}", "value", "write a value"),
        ("patches: [{patch: }]", "patch", "write a value"),
        ("clients: {a: {issuer: }}", "issuer", "write a value"),
    ] {
        let found = messages(&[("a.yaml", text)]);
        let said = format!("empty-entry the entry `{key}` is empty | {write}");
        assert!(found.len() == 1 && found[0].contains(&said), "{text}: {found:?}");
        assert!(found[0].contains("null only removes what an earlier file says"), "{found:?}");
        let over_others = messages(&[("base.yaml", "namespace: x\n"), ("a.yaml", text)]);
        assert_eq!(over_others, found);
    }
    let found = messages(&[("--set", "hosts.a.clientAuth=null")]);
    assert!(found.len() == 1 && found[0].starts_with("--set:1:9 empty-entry"), "{found:?}");
    let twice = [("a.yaml", "labels: {a: x}"), ("b.yaml", "labels: ~"), ("--set", "labels=~")];
    assert!(messages(&twice)[0].starts_with("--set:1:1 empty-entry"));
    let object = "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata: {name: x}\nspec:\n";
    assert!(messages(&[("a.yaml", object)])[0].starts_with("a.yaml:4:1 empty-entry"));
}

#[test]
fn null_may_remove_beside_an_alternative() {
    let base = "hosts: {a: {tls: {issuer: x}}}";
    let after = merged(base, "hosts: {a: {tls: {issuer: null, certificate: c}}}");
    assert!(tls(&after, "a").issuer.is_none() && tls(&after, "a").certificate.is_some());
}

#[test]
fn an_empty_entry_is_declared() {
    let document = read_all(&[("a.yaml", "cas: {clients: }")]).0;
    assert!(document.contains(&path!["cas", "clients"]));
}

#[test]
fn another_source_of_tls_replaces_the_earlier_one() {
    let issuer = "hosts: {a: {tls: {issuer: x, secretName: s, duration: 1d}}}";
    let after = tls(&merged(issuer, "hosts: {a: {tls: {certManager: {issuer: z}}}}"), "a");
    assert!(after.issuer.is_none() && after.cert_manager.is_some() && after.duration.is_some());
    assert_eq!(after.secret_name.unwrap().as_str(), "s");

    let files = "hosts: {a: {tls: {certificate: c, key: k}}}";
    let after = tls(&merged(files, "hosts: {a: {tls: {certificate: d}}}"), "a");
    let text = |path: &Option<Written>| path.as_ref().map(ToString::to_string);
    assert_eq!((text(&after.certificate), text(&after.key)), (Some("d".into()), Some("k".into())));
    let after = tls(&merged(files, "hosts: {a: {tls: {host: b}}}"), "a");
    assert!(after.certificate.is_none() && after.key.is_none());

    let after = tls(&merged(issuer, "hosts: {a: {tls: {secretName: t}}}"), "a");
    assert_eq!((after.issuer.as_deref(), after.secret_name.unwrap().as_str()), (Some("x"), "t"));

    let manager = "defaults: {hosts: {tls: {certManager: {issuer: x}}}}";
    let spec = merged(manager, "defaults: {hosts: {tls: {certManager: {clusterIssuer: z}}}}");
    let Some(FalseOr::Is(after)) = spec.defaults.hosts.tls else { panic!("no table") };
    let manager = after.cert_manager.unwrap();
    assert!(manager.issuer.is_none() && manager.cluster_issuer.is_some());
}

#[test]
fn null_names_no_alternative() {
    let spec = merged(
        "hosts: {a: {tls: {issuer: x, certificate: c}}}",
        "hosts: {a: {tls: {certificate: null}}}",
    );
    assert_eq!(tls(&spec, "a").issuer.as_deref(), Some("x"));
}

#[test]
fn false_and_tables_replace_each_other() {
    let spec = merged(
        "hosts: {a: {tls: {issuer: x}}, b: {tls: false}}",
        "hosts: {a: {tls: false}, b: {tls: {issuer: z}}}",
    );
    assert!(matches!(spec.hosts["a"].tls, Some(FalseOr::False)));
    assert_eq!(tls(&spec, "b").issuer.as_deref(), Some("z"));
}

#[test]
fn other_alternatives() {
    let spec = merged(
        "hosts: {a: {service: s}, b: {routes: [{path: /}]}}
services: {a: {port: 1, portName: p, image: x}, b: {ports: [{port: 1}]}}
cas: {a: {issuer: i, subject: CN=a, secretName: s}, b: {certificate: c, key: k}}",
        "hosts: {a: {routes: [{path: /x}]}, b: {service: s}}
services: {a: {ports: [{port: 2}]}, b: {port: 3}}
cas: {a: {certificate: c}, b: {subject: CN=b}}",
    );
    assert!(spec.hosts["a"].service.is_none() && spec.hosts["b"].routes.is_empty());
    let (a, b) = (&spec.services["a"], &spec.services["b"]);
    assert!(a.port.is_none() && a.port_name.is_none() && a.image.is_some() && b.ports.is_empty());
    let (a, b) = (&spec.cas["a"], &spec.cas["b"]);
    assert!(a.issuer.is_none() && a.subject.is_none() && a.secret_name.is_some());
    assert!(b.certificate.is_none() && b.key.is_none());
}

#[test]
fn trust_is_authorities_or_an_existing_secret() {
    let client_auth = |base: &str, later: &str| {
        let text = |table: &str| format!("hosts: {{a: {{clientAuth: {table}}}}}");
        match merged(&text(base), &text(later)).hosts["a"].client_auth.clone() {
            Some(FalseOr::Is(auth)) => {
                (auth.cas.is_some(), auth.secret_name.map(|name| name.to_string()))
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(client_auth("{secretName: n/s}", "{cas: [x]}"), (true, None));
    assert_eq!(client_auth("{secretName: s}", "{cas: [x]}"), (true, Some("s".into())));
    assert_eq!(client_auth("{cas: [x]}", "{secretName: n/s}"), (false, Some("n/s".into())));
    assert_eq!(client_auth("{cas: [x]}", "{secretName: s}"), (true, Some("s".into())));
    assert_eq!(
        client_auth("{cas: [x]}", "{cas: [z], secretName: n/s}"),
        (true, Some("n/s".into()))
    );
}

#[test]
fn set_is_typed_like_yaml() {
    let set = |text: &str| good(&[("--set", text)]);
    assert_eq!(set("services.a.replicas=2").services["a"].replicas, Some(2));
    assert_eq!(set("annotations.a=").annotations["a"], "");
    assert_eq!(set("annotations.a=\"1\"").annotations["a"], "1");
    assert_eq!(set("annotations.a='a: b'").annotations["a"], "a: b");
    assert_eq!(set("annotations.a=on").annotations["a"], "on");
    assert_eq!(set("annotations.a= a: b # c ").annotations["a"], "a: b # c");
    assert_eq!(set("annotations.\"a.b/c\"=*.x=y").annotations["a.b/c"], "*.x=y");
    assert_eq!(set("hosts.'a.b'.tls=false").hosts.keys().collect::<Vec<_>>(), ["a.b"]);
    let Some(FalseOr::Is(auth)) = &set("hosts.a.clientAuth={cas: [a, b]}").hosts["a"].client_auth
    else {
        panic!("no table")
    };
    assert_eq!(auth.cas.as_deref(), Some(["a".to_owned(), "b".to_owned()].as_slice()));
}

#[test]
fn each_value_keeps_its_directory() {
    let file = |name: &str, directory: &str, text: &str| {
        Arc::new(Source { name: name.into(), directory: directory.into(), text: text.into() })
    };
    let sources = [
        file("x/a.toml", "x", "[cas.a]\ncertificate = 'a.pem'\n[cas.b]\ncertificate = 'b.pem'\n"),
        file("y/b.yaml", "y", "cas: {a: {certificate: c.pem}}\nstore: {path: p}\n"),
        assignment("cas.c.certificate=d.pem", FilePath::new("/project")),
    ];
    let (document, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty());
    let of =
        |path: Path| document.named(&path, "file").path().parent().unwrap().display().to_string();
    assert_eq!(of(path!["cas", "a", "certificate"]), "y");
    assert_eq!(of(path!["cas", "b", "certificate"]), "x");
    assert_eq!(of(path!["cas", "c", "certificate"]), "/project");
    assert_eq!(of(path!["store", "path"]), "y");
    assert_eq!(of(path!["nothing"]), "x");
}
