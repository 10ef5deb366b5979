//! What is read of the object that runs Traefik.

use super::*;
use crate::controllers::Origin;
use crate::enforcement::Given;

const ON: &str = "--providers.kubernetesIngressNGINX";

/// A Deployment of Traefik in the namespace `edge`.
fn traefik(image: &str, args: &[&str]) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "traefik", "namespace": "edge" },
        "spec": { "template": { "spec": { "containers": [{
            "name": "traefik",
            "image": image,
            "args": args,
        }] } } },
    })
}

fn read(objects: &[Value], declared: &Declared) -> (Settings, Observed) {
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
    for object in objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let settings = Traefik.settings(&set, declared);
    let observed = Traefik.observe(&set, &settings);
    (settings, observed)
}

/// What a client without a certificate, one of ours and one of others get at `a.test`, with these flags.
fn with(args: &[&str], more: &[Value]) -> String {
    let mut objects = secrets();
    objects.push(ingress("a", "a.test", "/", ASKS));
    objects.push(traefik("traefik:v3.7.13", &[&[ON], args].concat()));
    objects.extend_from_slice(more);
    at(&read(&objects, &Declared::default()).1, "a.test", "/")
}

fn given(objects: &[Value], declared: &Declared) -> String {
    let given = read(objects, declared).1.given;
    given.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn version_and_options_are_those_of_the_object_that_runs_it() {
    let args =
        [ON, "--core.strictTLSOptions", "--providers.kubernetesIngressNGINX.ingressClass=inner"];
    for image in [
        "docker.io/library/traefik:v3.7.13",
        "rancher/mirrored-library-traefik:3.7.13",
        "acme.test/edge:v3.7.13",
    ] {
        let (settings, _) = read(&[traefik(image, &args)], &Declared::default());
        assert_eq!(
            (settings.version.as_str(), settings.version_origin),
            ("3.7.13", Origin::Read),
            "{image}"
        );
        assert_eq!(settings.options[STRICT], ("true".to_owned(), Origin::Read));
        assert_eq!(settings.classes.said, ["inner"]);
    }
    for image in ["traefik", "traefik:latest", "traefik:v3.7", "traefik@sha256:00"] {
        let (settings, observed) = read(&[traefik(image, &args)], &Declared::default());
        assert_eq!(
            (settings.version.as_str(), settings.version_origin),
            ("3.7.15", Origin::Default),
            "{image}"
        );
        assert!(observed.given.iter().any(|one| matches!(one, Given::Version(_))), "{image}");
    }
    for image in ["traefik:v3.3.6", "traefik:v2.11", "traefik:v3.7.99"] {
        let mut objects = secrets();
        objects.extend([ingress("a", "a.test", "/", ASKS), traefik(image, &args)]);
        let word = at(&read(&objects, &Declared::default()).1, "a.test", "/");
        assert_eq!(word, "unknown Version unknown Version unknown Version", "{image}");
    }
    for other in ["traefik/whoami:v1.11", "ghcr.io/traefik/traefik-hub:v3.19"] {
        assert_eq!(read(&[traefik(other, &[])], &Declared::default()).0.run_by, None, "{other}");
    }
    // What is said counts.
    let options = BTreeMap::from([(STRICT.to_owned(), "false".to_owned())]);
    let declared = Declared { version: Some("3.7.15".to_owned()), options, ..Declared::default() };
    let said = given(&[traefik("traefik:v3.7.13", &args)], &declared);
    assert!(said.contains("has the version `3.7.13`, and `3.7.15` is said"), "{said}");
    assert!(said.contains("has the `core.strictTLSOptions` `true`, and `false` is said"), "{said}");
}

#[test]
fn the_environment_counts_without_flags_and_a_file_before_them() {
    let mut container = traefik("traefik:v3.7.13", &[]);
    let place = "/spec/template/spec/containers/0";
    container.pointer_mut(place).unwrap()["env"] = json!([
        { "name": "TRAEFIK_PROVIDERS_KUBERNETESINGRESSNGINX", "value": "true" },
        { "name": "TRAEFIK_CORE_STRICTTLSOPTIONS", "value": "true" },
    ]);
    let strict = |object: &Value| {
        read(std::slice::from_ref(object), &Declared::default()).0.options[STRICT].clone()
    };
    assert_eq!(strict(&container), ("true".to_owned(), Origin::Read));
    container.pointer_mut(place).unwrap()["args"] = json!(["--ping"]);
    assert_eq!(strict(&container), ("false".to_owned(), Origin::Default));
    let off = given(&[container], &Declared::default());
    assert!(off.contains("does not switch the provider of these Ingresses on"), "{off}");
    let args = [ON, "--core.strictTLSOptions=true"];
    let mut filed = traefik("traefik:v3.7.13", &args);
    filed.pointer_mut(place).unwrap()["volumeMounts"] =
        json!([{ "name": "x", "mountPath": "/etc/traefik/traefik.yaml", "subPath": "x" }]);
    let by_flag = traefik("traefik:v3.7.13", &[&args[..], &["--configFile", "/a.yml"]].concat());
    let laxer = |object: &Value| {
        let (settings, _) = read(std::slice::from_ref(object), &Declared::default());
        Traefik.laxer(&settings).is_some()
    };
    assert!(laxer(&filed) && !laxer(&traefik("traefik:v3.7.13", &args)));
    for filed in [filed, by_flag] {
        assert_eq!(strict(&filed), ("false".to_owned(), Origin::Default));
        let said = given(&[filed], &Declared::default());
        assert!(said.contains("version 3.7.13 is read from the Deployment `edge/traefik`, which is set up by a file that is not read"), "{said}");
    }
}

/// As measured with 3.7.13.
#[test]
fn arguments_are_taken_apart_as_traefik_does() {
    let strict = |args: &[&str]| {
        let (settings, _) = read(&[traefik("traefik:v3.7.13", args)], &Declared::default());
        settings.get(STRICT).to_owned()
    };
    for (args, expected) in [
        (&["--CORE.StrictTLSOptions"][..], "true"),
        (&["-core.stricttlsoptions"], "true"),
        (&["--core.stricttlsoptions", "false"], "true"),
        (&["--log.level", "DEBUG", "--core.stricttlsoptions=true"], "true"),
        (&["--core.stricttlsoptions=true", "--core.stricttlsoptions=false"], "false"),
        (&["--providers.kubernetesingressnginx", "true", "--core.stricttlsoptions"], "false"),
        (&["traefik", "--core.stricttlsoptions"], "true"),
        (&["--core.stricttlsoptions", "--api.basepath=/traefik"], "true"),
    ] {
        assert_eq!(strict(args), expected, "{args:?}");
    }
    let off = ["--providers.kubernetesingressnginx=false", &format!("{ON}.ingressClass=a")];
    assert!(
        given(&[traefik("traefik:v3.7.13", &off)], &Declared::default())
            .contains("does not switch")
    );
    // A file that a variable names is none.
    let mut container = traefik("traefik:v3.7.13", &[]);
    container.pointer_mut("/spec/template/spec/containers/0").unwrap()["env"] =
        json!([{ "name": "TRAEFIK_CONFIGFILE", "value": "/a.yml" }]);
    let said = given(&[container], &Declared::default());
    assert!(!said.contains("by a file"), "{said}");
}

#[test]
fn flags_decide_which_ingresses_are_read() {
    let provider = |flag: &str| format!("{ON}.{flag}");
    let asked = "refused a refused";
    assert_eq!(with(&[], &[]), asked);
    assert_eq!(with(&[&provider("watchNamespace=shop")], &[]), asked);
    assert_eq!(with(&[&provider("ingressClassByName")], &[]), asked);
    assert_eq!(with(&[&provider("watchNamespace"), "edge"], &[]), "404 404 404");
    assert_eq!(
        with(&[&provider("ingressClass=inner")], &[]),
        "unknown Class unknown Class unknown Class"
    );
    let open = "unknown Effect unknown Effect unknown Effect";
    for flag in [
        "watchNamespaceSelector=a=b",
        "ingressClassByName=x",
        "ingressClassByName=$(A)",
        "watchNamespace=$(A)",
        "defaultBackendService=a/b",
        "strictValidatePathType=x",
    ] {
        assert_eq!(with(&[&provider(flag)], &[]), open, "{flag}");
    }
    for flag in [
        "--entryPoints.websecure.http.tls.options=a@kubernetescrd",
        "--core.defaultRuleSyntax=v2",
        "--providers.precedence=file",
    ] {
        assert_eq!(with(&[flag], &[]), open, "{flag}");
    }
    for flag in [
        "--entryPoints.web.address=:8000/tcp",
        "--entryPoints.websecure.http.tls=true",
        "--core.defaultRuleSyntax=v3",
        "--log.level=DEBUG",
        "--ping",
    ] {
        assert_eq!(with(&[flag], &[]), asked, "{flag}");
    }
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "a": "b" } } });
    for (selector, expected) in [("a in (b)", asked), ("!a", "404 404 404")] {
        let flag = provider(&format!("watchNamespaceSelector={selector}"));
        assert_eq!(with(&[&flag], std::slice::from_ref(&namespace)), expected, "{selector}");
    }
    // Routers of its own kinds, where they are there.
    let crosses = "--providers.kubernetesCRD.allowCrossNamespace=true";
    assert_eq!(with(&["--providers.kubernetescrd", crosses], &[]), asked);
    let beside = route("b", "Host(`b.test`)", &json!({}));
    assert_eq!(with(&["--providers.kubernetescrd", crosses], std::slice::from_ref(&beside)), open);
    assert_eq!(with(&["--providers.kubernetescrd"], &[beside]), asked);
}

#[test]
fn flags_decide_what_an_ingress_may_have() {
    let one = |flag: &str, annotations: &[(&str, &str)], path: &str| {
        let mut objects = secrets();
        objects.push(ingress("a", "a.test", path, annotations));
        objects.push(traefik("traefik:v3.7.13", &[ON, flag]));
        at(&read(&objects, &Declared::default()).1, "a.test", "/")
    };
    let elsewhere = [("auth-tls-secret", "elsewhere/clients")];
    assert_eq!(one("--ping", &elsewhere, "/"), "404 404 404");
    assert_eq!(
        one(&format!("{ON}.allowCrossNamespaceResources"), &elsewhere, "/"),
        "refused a refused"
    );
    let snippet = [("server-snippet", "x")];
    assert_eq!(one("--ping", &snippet, "/"), "404 404 404");
    assert_eq!(
        one(&format!("{ON}.allowSnippetAnnotations=true"), &snippet, "/"),
        "unknown Snippet unknown Snippet unknown Snippet"
    );
    assert_eq!(one("--ping", ASKS, "/a(b)"), "404 404 404");
    let lax = format!("{ON}.strictValidatePathType=false");
    assert_eq!(one(&lax, ASKS, "/a(b)"), "unknown Effect unknown Effect unknown Effect");
}

#[test]
fn what_is_not_looked_at_is_said() {
    let said = given(
        &[traefik(
            "traefik:v3.7.13",
            &[
                ON,
                "--providers.kubernetesIngress",
                "--providers.file.directory=/a",
                "--providers.file.watch",
            ],
        )],
        &Declared::default(),
    );
    assert!(said.contains("`--providers.kubernetesingress`, which is not followed"), "{said}");
    assert_eq!(said.matches("`--providers.file`").count(), 1, "{said}");
    assert!(said.contains("no IngressRoute, IngressRouteTCP or TLSOption is among the objects: there is taken to be none"), "{said}");
    let shown = given(&[route("a", "Host(`a.test`)", &json!({}))], &Declared::default());
    assert!(shown.contains("no IngressRouteTCP or TLSOption is among the objects"), "{shown}");
}

#[test]
fn classes_are_those_that_are_declared() {
    let class = |name: &str, controller: &str| json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": name }, "spec": { "controller": controller } });
    let word = |options: &[(&str, &str)], classes: &[Value]| {
        let mut objects = secrets();
        objects.push(ingress("a", "a.test", "/", ASKS));
        objects.extend_from_slice(classes);
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let declared = Declared { options: options.collect(), ..Declared::default() };
        at(&read(&objects, &declared).1, "a.test", "/")
    };
    let served = word(&[], &[class("nginx", "k8s.io/ingress-nginx")]);
    let inner = [class("nginx", "acme.test/inner"), class("other", "k8s.io/ingress-nginx")];
    let not_served = word(&[], &inner);
    assert_ne!(served, not_served);
    assert_eq!(word(&[("controllerClass", "acme.test/inner")], &inner), served);
    assert_eq!(word(&[("ingressClassByName", "true")], &inner), served);
    // Behind the class with the name, in an order of chance, Traefik looks at none.
    let by_name = [("ingressClassByName", "true"), ("ingressClass", "other")];
    let own = [class("nginx", "k8s.io/ingress-nginx"), class("other", "acme.test/other")];
    assert!(word(&by_name, &own).contains("unknown ClassByChance"), "{}", word(&by_name, &own));
    assert_eq!(word(&by_name, &own[..1]), served);
}
