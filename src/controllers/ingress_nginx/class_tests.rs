//! Whose an Ingress is, by its class: what is declared of the controller and of the cluster, and what objects show.

use serde_json::{Value, json};

use super::flag_tests::{IMAGE, class, controller};
use super::tests::{ASKS, clients, https, ingress};
use super::*;
use crate::controllers::DefaultClass;
use crate::enforcement::{Given, Verdict, verdict};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Extent, Namespace};
use crate::time::Timestamp;

/// What a client without a certificate gets at `a.test` of objects of a build, in a word, and what is said of the controller.
fn asked(objects: &[Value], declared: &Declared) -> (String, String) {
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Part);
    for object in objects {
        set.add_other(Identity::of(object).unwrap(), object);
    }
    let observed = IngressNginx.observe(&set, &IngressNginx.settings(&set, declared));
    let now = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
    let word = match verdict(&observed, &https("a.test", "/"), now) {
        Verdict::Refused { .. } => "refused".to_owned(),
        Verdict::NotServed => "404".to_owned(),
        Verdict::Unknown(missing) => missing.to_string(),
        other => format!("{other:?}"),
    };
    let said = observed.given.iter().filter(|one| matches!(one, Given::Contradiction { .. }));
    (word, said.map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// What a spec says: its hosts have the class `nginx`.
fn declared(options: &[(&str, &str)], default: Option<DefaultClass>) -> Declared {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Declared {
        classes: vec!["nginx".to_owned()],
        other_classes: Some(Vec::new()),
        default_class: default,
        options: options.collect(),
        ..Declared::default()
    }
}

fn word(change: impl Fn(&mut Value), declared: &Declared, more: &[Value]) -> String {
    let mut own = ingress("a", "a.test", "/", ASKS);
    change(&mut own);
    asked(&[&[clients(), own], more].concat(), declared).0
}

fn without_class(ingress: &mut Value) {
    ingress["spec"]["ingressClassName"] = Value::Null;
}

fn annotated(class: &'static str) -> impl Fn(&mut Value) {
    move |ingress| {
        without_class(ingress);
        ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"] = json!(class);
    }
}

const NO_CLASS: &str = "whose the Ingress `shop/a` is: it has no ingress class";

#[test]
fn an_ingress_without_a_class_is_what_is_said_of_the_cluster() {
    const WATCHES: &[(&str, &str)] = &[("watchIngressWithoutClass", "true")];
    let named = |name: &str| Some(DefaultClass::Named(name.to_owned()));
    let elsewhere =
        "whose the Ingress `shop/a` is: its IngressClass `other` is not among the objects";
    for (options, default, expected) in [
        (&[][..], None, NO_CLASS),
        // A default class that is not shown would make it another controller's.
        (WATCHES, None, NO_CLASS),
        (WATCHES, Some(DefaultClass::Absent), "refused"),
        (&[], Some(DefaultClass::Absent), NO_CLASS),
        (&[("watchIngressWithoutClass", "false")], Some(DefaultClass::Absent), "404"),
        (&[], named("nginx"), "refused"),
        (WATCHES, named("nginx"), "refused"),
        (&[], named("other"), elsewhere),
        (WATCHES, named("other"), elsewhere),
    ] {
        let declared = declared(options, default.clone());
        assert_eq!(word(without_class, &declared, &[]), expected, "{options:?} {default:?}");
    }
    // One that has a class is not given another.
    assert_eq!(word(|_| {}, &declared(&[], named("other")), &[]), "refused");
    // A Deployment that shows the flag says the same.
    let watching = controller("nginx", IMAGE, &["--watch-ingress-without-class"]);
    let absent = declared(&[], Some(DefaultClass::Absent));
    assert_eq!(word(without_class, &absent, &[watching]), "refused");
    let other = [class("other", "acme.test/other")];
    assert_eq!(word(without_class, &declared(&[], named("other")), &other), "404");
}

#[test]
fn a_class_is_its_own_by_the_very_name_of_the_controller() {
    let inner = ("controllerClass", "k8s.io/ingress-nginx-inner");
    let by_name = ("ingressClassByName", "true");
    for (controller, options, expected) in [
        ("k8s.io/ingress-nginx", &[][..], "refused"),
        // Other ingress-nginx controllers have such names, and unrelated ones too.
        ("k8s.io/ingress-nginx-inner", &[], "404"),
        ("acme.test/not-ingress-nginx", &[], "404"),
        ("k8s.io/ingress-nginx-inner", &[inner], "refused"),
        ("k8s.io/ingress-nginx", &[inner], "404"),
        ("acme.test/other", &[by_name], "refused"),
        ("acme.test/other", &[by_name, ("ingressClass", "inner")], "404"),
    ] {
        let declared = declared(options, None);
        let word = word(|_| {}, &declared, &[class("nginx", controller)]);
        assert_eq!(word, expected, "{controller} {options:?}");
    }
}

#[test]
fn annotations_are_compared_with_the_declared_class() {
    for (class, options, expected) in [
        ("nginx", &[][..], "refused"),
        ("nginx", &[("ingressClass", "nginx")], "refused"),
        ("nginx", &[("ingressClass", "inner")], "404"),
        ("inner", &[("ingressClass", "inner")], "refused"),
        ("inner", &[], "404"),
    ] {
        assert_eq!(word(annotated(class), &declared(options, None), &[]), expected, "{class}");
    }
}

#[test]
fn what_is_declared_counts_more_than_flags_and_says_so() {
    let flags = ["--controller-class=acme.test/a", "--ingress-class-by-name=false"];
    let objects = [
        clients(),
        ingress("a", "a.test", "/", ASKS),
        class("nginx", "acme.test/b"),
        controller("nginx", IMAGE, &[&flags[..], &["--ingress-class=nginx"]].concat()),
    ];
    let options = [("controllerClass", "acme.test/b"), ("ingressClassByName", "false")];
    // The Deployment does not serve the class, and so is not the one that is asked about.
    let (word, said) = asked(&objects, &declared(&options, None));
    assert_eq!((word.as_str(), said.as_str()), ("refused", ""));
    let (word, said) = asked(
        &[&objects[..2], &objects[3..]].concat(),
        &declared(&[&options[..], &[("watchIngressWithoutClass", "true")]].concat(), None),
    );
    assert_eq!(word, "refused");
    assert_eq!(
        said,
        "the Deployment `edge/nginx` has the `--controller-class` `acme.test/a`, and `acme.test/b` is said: that counts\n\
         the Deployment `edge/nginx` has the `--watch-ingress-without-class` `false`, and `true` is said: that counts"
    );
    // A default class among the objects, and another one in the spec.
    let mut default = class("nginx", "k8s.io/ingress-nginx");
    default["metadata"]["annotations"] =
        json!({ "ingressclass.kubernetes.io/is-default-class": "true" });
    let (_, said) =
        asked(std::slice::from_ref(&default), &declared(&[], Some(DefaultClass::Absent)));
    assert!(said.contains("IngressClass `nginx` has the annotation"), "{said}");
    let same = declared(&[], Some(DefaultClass::Named("nginx".to_owned())));
    assert_eq!(asked(&[default], &same).1, "");
}

#[test]
fn a_flag_that_is_not_shown_is_known_where_it_is_declared() {
    let own = controller("nginx", IMAGE, &["--controller-class=$(CLASS)"]);
    let objects = |declared: &Declared| word(|_| {}, declared, std::slice::from_ref(&own));
    assert_eq!(
        objects(&declared(&[], None)),
        "the effect of `--controller-class` on the Deployment `edge/nginx` is not known"
    );
    let said = declared(&[("controllerClass", "acme.test/a")], None);
    assert_eq!(objects(&said), "refused");
}

#[test]
fn of_several_controllers_the_one_of_the_declared_name_is_asked_about() {
    let named = |name: &str| {
        controller(
            name,
            IMAGE,
            &[
                &format!("--controller-class=acme.test/{name}"),
                &format!("--watch-namespace={name}"),
            ],
        )
    };
    let more = [named("one"), named("shop")];
    assert!(word(|_| {}, &declared(&[], None), &more).starts_with("which of several"));
    let of = |name: &str| declared(&[("controllerClass", name)], None);
    assert_eq!(word(|_| {}, &of("acme.test/shop"), &more), "refused");
    assert_eq!(word(|_| {}, &of("acme.test/one"), &more), "404");
}
