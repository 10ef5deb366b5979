//! What is read of the object that runs the controller.

use serde_json::{Value, json};

use super::tests::{ASKS, clients, https, ingress};
use super::*;
use crate::controllers::Origin;
use crate::enforcement::{Given, Missing, Verdict, verdict};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Extent, Namespace};
use crate::time::Timestamp;

pub(super) const IMAGE: &str = "registry.k8s.io/ingress-nginx/controller:v1.12.1@sha256:d2fbc4ec70d8aa2050dd91a91506e998765e86c96f32cffb56c503c9c34eed5b";

/// A Deployment of a controller in the namespace `edge`.
pub(super) fn controller(name: &str, image: &str, flags: &[&str]) -> Value {
    let mut args = vec!["/nginx-ingress-controller"];
    args.extend(flags);
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "namespace": "edge" },
        "spec": { "template": { "spec": { "containers": [{
            "name": "controller",
            "image": image,
            "args": args,
            "env": [{ "name": "POD_NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } }],
        }] } } },
    })
}

fn config_map(name: &str, data: &Value) -> Value {
    let metadata = json!({ "name": name, "namespace": "edge" });
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data })
}

pub(super) fn class(name: &str, controller: &str) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": name }, "spec": { "controller": controller } })
}

fn read(objects: &[Value], declared: &Declared) -> (Settings, Observed) {
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
    for object in objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let settings = IngressNginx.settings(&set, declared);
    let observed = IngressNginx.observe(&set, &settings);
    (settings, observed)
}

/// What a client without a certificate gets at `a.test`, in a word, with one Ingress that asks for one.
fn word(objects: &[Value], declared: &Declared) -> String {
    let (_, observed) = read(objects, declared);
    let now = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
    match verdict(&observed, &https("a.test", "/"), now) {
        Verdict::Admitted { backend, .. } => {
            backend.map_or("some".to_owned(), |one| one.to_string())
        }
        Verdict::Refused { answer, .. } => format!("{answer:?}"),
        Verdict::NotServed => "404".to_owned(),
        Verdict::Unknown(missing) => missing.to_string(),
        other => format!("{other:?}"),
    }
}

fn with(flags: &[&str], more: &[Value]) -> Vec<Value> {
    let mut all =
        vec![clients(), ingress("a", "a.test", "/", ASKS), controller("nginx", IMAGE, flags)];
    all.extend_from_slice(more);
    all
}

fn given(objects: &[Value], declared: &Declared) -> Vec<String> {
    read(objects, declared).1.given.iter().map(ToString::to_string).collect()
}

#[test]
fn version_and_settings_are_those_of_the_object_that_runs_it() {
    let own =
        config_map("own", &json!({ "ssl-redirect": "false", "allow-snippet-annotations": "true" }));
    let other = config_map("other", &json!({ "ssl-redirect": "true" }));
    let objects = with(&["--configmap=$(POD_NAMESPACE)/own"], &[own, other]);
    let (settings, observed) = read(&objects, &Declared::default());
    assert_eq!((settings.version.as_str(), settings.version_origin), ("1.12.1", Origin::Read));
    assert_eq!(settings.get("ssl-redirect"), "false");
    assert_eq!(settings.read_from.unwrap().to_string(), "ConfigMap `edge/own`");
    assert_eq!(settings.run_by.unwrap().to_string(), "Deployment `edge/nginx`");
    let said: Vec<String> = observed.given.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "version 1.12.1 and the flags are read from the Deployment `edge/nginx`",
            "the controller's settings are those of the ConfigMap `edge/own`",
            "no IngressClass is among the objects: `nginx` is taken to be this controller's",
        ]
    );
    // Without a ConfigMap, there are only defaults; one that is not there leaves them.
    let stray = config_map("stray", &json!({ "ssl-redirect": "false" }));
    for flags in [&[][..], &["--configmap=edge/absent"]] {
        let (settings, _) = read(&with(flags, std::slice::from_ref(&stray)), &Declared::default());
        assert_eq!(
            (settings.get("ssl-redirect"), &settings.read_from),
            ("true", &None),
            "{flags:?}"
        );
    }
    // The program's name may be that of other things.
    let named = ["--watch-namespace=elsewhere", "--configmap=edge/nginx-ingress-controller"];
    let (settings, _) = read(&with(&named, &[]), &Declared::default());
    assert_eq!(settings.get("--watch-namespace"), "elsewhere");
    // Of a name that is not known, the only ConfigMap is taken.
    let (settings, _) =
        read(&with(&["--configmap=$(ELSEWHERE)/own"], &[stray]), &Declared::default());
    assert_eq!(settings.get("ssl-redirect"), "false");
}

#[test]
fn images_say_what_runs_and_which_version() {
    for (image, version) in [
        (IMAGE, Some("1.12.1")),
        ("mirror.test:5000/k8s/ingress-nginx/controller-chroot:v1.13.0", Some("1.13.0")),
        ("rancher/nginx-ingress-controller:v1.14.3-hardened1", Some("1.14.3")),
        ("acme.test/ingress-nginx-controller:1.12", Some("1.12")),
        ("registry.k8s.io/ingress-nginx/controller@sha256:00", None),
        ("registry.k8s.io/ingress-nginx/controller:v1", None),
        ("acme.test/anything:latest", None),
    ] {
        let objects = [controller("nginx", image, &[])];
        let (settings, observed) = read(&objects, &Declared::default());
        assert_eq!(settings.run_by.unwrap().name, "nginx", "{image}");
        assert_eq!(settings.version, version.unwrap_or("1.15.1"), "{image}");
        let is_assumed = observed.given.iter().any(|one| matches!(one, Given::Version(_)));
        assert_eq!(is_assumed, version.is_none(), "{image}");
    }
    let said = given(
        &[controller("nginx", "x/nginx-ingress-controller:v1.14.3-hardened1", &[])],
        &Declared::default(),
    );
    assert!(
        said[0].ends_with("`edge/nginx`, whose image is tagged `v1.14.3-hardened1`"),
        "{said:?}"
    );
    // Programs of others.
    for image in [
        "nginx/nginx-ingress:3.4.0",
        "x/ingress-nginx/kube-webhook-certgen:v1.5.1",
        "x/controller:v1.12.1",
    ] {
        let mut other = controller("nginx", image, &[]);
        other["spec"]["template"]["spec"]["containers"][0]["args"] =
            json!(["-nginx-configmaps=a/b"]);
        assert_eq!(read(&[other], &Declared::default()).0.run_by, None, "{image}");
    }
}

#[test]
fn a_version_that_the_model_does_not_know_leaves_everything_open() {
    for tag in ["v1.9.6", "nginx-1.9.6-hardened1", "v1.16.0", "1.11"] {
        let image = format!("x/ingress-nginx/controller:{tag}");
        let objects =
            [clients(), ingress("a", "a.test", "/", ASKS), controller("nginx", &image, &[])];
        let said = word(&objects, &Declared::default());
        assert!(said.starts_with("the Deployment `edge/nginx` runs version `1."), "{tag}: {said}");
        assert!(said.ends_with("the model of ingress-nginx is that of 1.12 to 1.15: before, other things were the default"), "{said}");
        // What is said counts, and the difference is said.
        let declared = Declared { version: Some("1.13.0".to_owned()), ..Declared::default() };
        assert_eq!(word(&objects, &declared), "Status(400)", "{tag}");
        let said = given(&objects, &declared).join("\n");
        assert!(
            said.contains("has the version `1.")
                && said.contains("and `1.13.0` is said: that counts"),
            "{said}"
        );
    }
    // A label helps where the image says nothing.
    let mut labelled = controller("nginx", "x/ingress-nginx/controller@sha256:00", &[]);
    labelled["metadata"]["labels"] = json!({ "app.kubernetes.io/version": "1.13.2" });
    let (settings, observed) = read(&[labelled.clone()], &Declared::default());
    assert_eq!(settings.version, "1.13.2");
    assert!(observed.given.iter().any(|one| matches!(one, Given::LabelledVersion(..))));
    labelled["metadata"]["labels"] = json!({ "app.kubernetes.io/version": "1.8.0" });
    assert!(matches!(
        read(&[labelled], &Declared::default()).0.missing,
        Some(Missing::Version(..))
    ));
}

#[test]
fn flags_decide_which_ingresses_are_read() {
    let none = Declared::default();
    let asked = |flags: &[&str], more: &[Value]| word(&with(flags, more), &none);
    assert_eq!(asked(&[], &[]), "Status(400)");
    assert_eq!(asked(&["--watch-namespace", "shop"], &[]), "Status(400)");
    assert_eq!(asked(&["--watch-namespace=$(POD_NAMESPACE)"], &[]), "404");
    let unknown =
        |flag: &str| format!("the effect of `{flag}` on the Deployment `edge/nginx` is not known");
    for (flag, name) in [
        ("--watch-namespace-selector=a=b", "--watch-namespace-selector"),
        ("--watch-namespace=$(SECRET)", "--watch-namespace"),
        ("--annotations-prefix=acme.test", "--annotations-prefix"),
        ("--ingress-class-by-name=maybe", "--ingress-class-by-name"),
        ("--$(FLAGS)", "--$(FLAGS)"),
        ("--controller-class", "--controller-class"),
    ] {
        assert_eq!(asked(&[flag], &[]), unknown(name), "{flag}");
    }
    assert_eq!(
        asked(&["--annotations-prefix=nginx.ingress.kubernetes.io", "-v=3", "--v", "2"], &[]),
        "Status(400)"
    );
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "a": "b" } } });
    let namespace = [namespace];
    assert_eq!(asked(&["--watch-namespace-selector=a=b"], &namespace), "Status(400)");
    assert_eq!(asked(&["--watch-namespace-selector=a!=b"], &namespace), "404");
    // By class.
    let classes = [class("nginx", "k8s.io/ingress-nginx"), class("inner", "acme.test/inner")];
    assert_eq!(asked(&[], &classes), "Status(400)");
    assert_eq!(asked(&["--controller-class=acme.test/inner"], &classes), "404");
    let by_name =
        ["--controller-class=acme.test/inner", "--ingress-class=nginx", "--ingress-class-by-name"];
    assert_eq!(asked(&by_name, &classes), "Status(400)");
    let mut classless = ingress("b", "a.test", "/", &[]);
    classless["spec"].as_object_mut().unwrap().remove("ingressClassName");
    classless["metadata"]["creationTimestamp"] = json!("2026-11-30T00:00:00Z");
    let classless_alone = |flags: &[&str]| {
        word(
            &[
                classless.clone(),
                class("nginx", "k8s.io/ingress-nginx"),
                controller("nginx", IMAGE, flags),
            ],
            &none,
        )
    };
    assert_eq!(classless_alone(&[]), "404");
    assert_eq!(classless_alone(&["--watch-ingress-without-class=true"]), "shop/b:80");
    let mut annotated = classless.clone();
    annotated["metadata"]["annotations"] = json!({ "kubernetes.io/ingress.class": "inner" });
    let annotated_alone =
        |flags: &[&str]| word(&[annotated.clone(), controller("nginx", IMAGE, flags)], &none);
    assert_eq!(annotated_alone(&[]), "404");
    assert_eq!(annotated_alone(&["--ingress-class", "inner"]), "shop/b:80");
}

#[test]
fn other_flags_change_what_is_served() {
    let none = Declared::default();
    // Of names and paths that no Ingress has.
    let backend = ["--default-backend-service=$(POD_NAMESPACE)/fallback"];
    let mut at_a_path = with(&backend, &[]);
    at_a_path[1] = ingress("a", "a.test", "/a", &[]);
    assert_eq!(word(&at_a_path, &none), "edge/fallback");
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "fallback", "namespace": "edge" }, "spec": { "ports": [{ "port": 8080 }] } });
    at_a_path.push(service);
    assert_eq!(word(&at_a_path, &none), "edge/fallback:8080");
    at_a_path.remove(2);
    assert_eq!(word(&at_a_path, &none), "404");
    // Ingresses with a default backend.
    let mut catch_all = ingress("a", "a.test", "/", &[]);
    catch_all["spec"]["defaultBackend"] =
        json!({ "service": { "name": "b", "port": { "number": 80 } } });
    let caught =
        |flags: &[&str]| word(&[catch_all.clone(), controller("nginx", IMAGE, flags)], &none);
    assert_eq!(
        (caught(&[]), caught(&["--disable-catch-all"])),
        ("shop/a:80".to_owned(), "404".to_owned())
    );
    // Values that are not checked.
    let odd = |value: &str, flags: &[&str]| {
        let odd = ingress("a", "a.test", "/", &[ASKS, &[("auth-tls-match-cn", value)]].concat());
        word(&[clients(), odd, controller("nginx", IMAGE, flags)], &none)
    };
    let off = ["--enable-annotation-validation=false"];
    assert_eq!((odd("O=a", &[]), odd("CN=a", &off)), ("404".to_owned(), "Status(400)".to_owned()));
    let unknown = "the effect of `--enable-annotation-validation` on the Deployment `edge/nginx` is not known";
    assert_eq!(odd("O=a", &off), unknown);
    let timeout = ingress("a", "a.test", "/", &[("proxy-read-timeout", "1; x")]);
    let said = word(&[timeout, controller("nginx", IMAGE, &off)], &none);
    assert!(said.contains("proxy-read-timeout` on the Ingress `shop/a` is not known"), "{said}");
    // What is not followed is said, and what changes nothing is not.
    let flags = [
        "--tcp-services-configmap=a/b",
        "--enable-metrics=false",
        "--publish-service=a/b",
        "--acme",
    ];
    let said = given(&with(&flags, &[]), &none).join("\n");
    let beside = said.matches("which is not followed").count();
    assert!(
        said.contains("`--tcp-services-configmap`") && said.contains("`--acme`") && beside == 2,
        "{said}"
    );
}

#[test]
fn of_several_controllers_the_one_of_the_class_is_asked() {
    let inner =
        ["--controller-class=acme.test/inner", "--ingress-class=inner", "--configmap=edge/inner"];
    let both = |more: &[Value]| {
        let mut all = with(&["--configmap=edge/outer"], more);
        all.push(controller("inner", "x/ingress-nginx/controller:v1.13.0", &inner));
        all
    };
    let of = |name: &str| Declared { classes: vec![name.to_owned()], ..Declared::default() };
    let version = |objects: &[Value], declared: &Declared| read(objects, declared).0.version;
    assert_eq!(version(&both(&[]), &Declared::default()), "1.12.1");
    assert_eq!(version(&both(&[]), &of("nginx")), "1.12.1");
    assert_eq!(version(&both(&[]), &of("inner")), "1.13.0");
    let said = given(&both(&[]), &of("inner")).join("\n");
    assert!(
        said.contains("the Deployment `edge/nginx` runs this controller for other classes"),
        "{said}"
    );
    // A class of another name, by its IngressClass.
    let classes = [class("nginx", "k8s.io/ingress-nginx"), class("private", "acme.test/inner")];
    assert_eq!(version(&both(&classes), &of("private")), "1.13.0");
    // One of none of them: no object runs it.
    let (settings, observed) = read(&both(&[]), &of("third"));
    assert_eq!(settings.run_by, None);
    assert!(observed.given.contains(&Given::DefaultFlags));
    // Two of one class.
    let twice = |image: &str, more: &[&str]| {
        let mut all = with(&["--configmap=edge/outer"], &[]);
        let flags = [&["--configmap=edge/outer"], more].concat();
        all.push(controller("again", image, &flags));
        all
    };
    let ambiguous = "which of several controllers is asked about (the Deployment `edge/nginx`, the Deployment `edge/again`): `--ingress-class` or `--configmap` picks one";
    assert_eq!(word(&twice(IMAGE, &[]), &Declared::default()), "Status(400)");
    assert_eq!(
        word(&twice("x/ingress-nginx/controller:v1.13.0", &[]), &Declared::default()),
        ambiguous
    );
    assert_eq!(word(&twice(IMAGE, &["--watch-namespace=a"]), &Declared::default()), ambiguous);
    let by_map = |name: &str| Declared {
        config_map: Some(("edge".to_owned(), name.to_owned())),
        ..Declared::default()
    };
    let maps = [config_map("outer", &json!({})), config_map("third", &json!({}))];
    let mut third = with(&["--configmap=edge/outer"], &maps);
    third.push(controller(
        "third",
        "x/ingress-nginx/controller:v1.13.0",
        &["--configmap=edge/third"],
    ));
    assert_eq!(version(&third, &by_map("outer")), "1.12.1");
    assert_eq!(version(&third, &by_map("third")), "1.13.0");
    // What is said counts, and that the flags say otherwise is said.
    let said = given(&with(&["--configmap=edge/outer"], &maps), &by_map("third")).join("\n");
    assert!(
        said.contains("has the `--configmap` `edge/outer`, and `edge/third` is said: that counts"),
        "{said}"
    );
    let said = given(&with(&[], &maps), &by_map("third")).join("\n");
    assert!(said.contains("has no `--configmap`, and `edge/third` is said: that counts"), "{said}");
}

#[test]
fn what_other_settings_would_read_is_not_closed() {
    // With snippets allowed by either ConfigMap, the Ingress would be read.
    let snippet = ingress("a", "a.test", "/", &[("server-snippet", "return 200;")]);
    let maps = [
        config_map(
            "one",
            &json!({ "annotations-risk-level": "Critical", "allow-snippet-annotations": "true" }),
        ),
        config_map("two", &json!({ "ssl-redirect": "false" })),
    ];
    let mut objects = vec![snippet];
    objects.extend(maps);
    assert!(word(&objects, &Declared::default()).starts_with("several ConfigMaps"));
}

#[test]
fn what_a_shell_starts_is_not_known() {
    let mut shell = controller("nginx", IMAGE, &[]);
    let container = &mut shell["spec"]["template"]["spec"]["containers"][0];
    container["command"] = json!(["/bin/sh", "-c"]);
    container["args"] = json!(["exec /nginx-ingress-controller --watch-namespace=a"]);
    let objects = [clients(), ingress("a", "a.test", "/", ASKS), shell];
    assert_eq!(
        word(&objects, &Declared::default()),
        "the effect of `command` on the Deployment `edge/nginx` is not known"
    );
    // What is not of the form of its kind is said, and read no further.
    let odd = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "odd", "namespace": "edge" }, "spec": { "template": { "spec": { "containers": [{ "args": 5 }] } } } });
    let objects = [clients(), ingress("a", "a.test", "/", ASKS), odd];
    assert_eq!(word(&objects, &Declared::default()), "Status(400)");
    let said = given(&objects, &Declared::default()).join("\n");
    assert!(said.contains("the Deployment `edge/odd` is not read, since"), "{said}");
}
