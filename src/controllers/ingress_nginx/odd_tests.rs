//! Set-ups in which the controller does not do what one expects: none of them is reported as closed.

use serde_json::{Value, json};

use super::tests::{
    ASKS, AUTHORITY, clients, holds, https, ingress, made_at, observed, pair, reaches, refused,
    secret, without,
};
use super::*;
use crate::enforcement::{Given, Missing, Verdict, verdict};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Extent, Namespace};
use crate::time::Timestamp;

fn settings(data: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "controller", "namespace": "ingress-nginx" }, "data": data })
}

fn is_unknown(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unknown(_))
}

#[test]
fn names_that_begin_alike_are_ordered_as_texts() {
    let open = |namespace: &str, name: &str, annotations: &[(&str, &str)]| {
        let mut object = made_at(ingress(name, "a.test", &format!("/{name}"), annotations), "01");
        object["metadata"]["namespace"] = json!(namespace);
        object
    };
    let mut trust = clients();
    trust["metadata"]["namespace"] = json!("team-b");
    let asks = open("team-b", "asks", &[("auth-tls-secret", "team-b/clients")]);
    let mut other = clients();
    other["metadata"]["namespace"] = json!("team");
    let off = open(
        "team",
        "off",
        &[("auth-tls-secret", "team/clients"), ("auth-tls-verify-client", "off")],
    );
    // `/` is behind `-`, so that `team/off` is before `team-b/asks` backwards.
    holds(&without(&[trust, other, asks, off], &https("a.test", "/off")), reaches("off"));
}

#[test]
fn many_ingresses_without_ages_are_not_guessed() {
    let mut objects = vec![clients()];
    for number in 0..12 {
        let depth = (number + 1).to_string();
        let asks = [ASKS, &[("auth-tls-verify-depth", depth.as_str())]].concat();
        objects.push(ingress(&format!("i{number}"), "a.test", &format!("/{number}"), &asks));
    }
    let off = [ASKS, &[("auth-tls-verify-client", "off")]].concat();
    objects.push(ingress("off", "a.test", "/off", &off));
    holds(&without(&objects, &https("a.test", "/")), is_unknown);
}

#[test]
fn a_class_by_annotation_is_the_flags_alone() {
    let class = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": "internal" },
                        "spec": { "controller": "k8s.io/ingress-nginx" } });
    let mut asks = ingress("asks", "a.test", "/", ASKS);
    asks["spec"].as_object_mut().unwrap().remove("ingressClassName");
    asks["metadata"]["annotations"]["kubernetes.io/ingress.class"] = json!("internal");
    let mut open = ingress("open", "a.test", "/", &[]);
    open["spec"]["ingressClassName"] = json!("internal");
    let objects = [clients(), class, asks, open];
    holds(&without(&objects, &https("a.test", "/")), reaches("open"));
    assert!(observed(&objects).given.iter().any(|given| matches!(given, Given::OtherClass(..))));
}

#[test]
fn settings_are_read_as_the_controller_reads_them() {
    let objects = |data: Value| [clients(), ingress("a", "a.test", "/", ASKS), settings(&data)];
    let plain = https("a.test", "/").plain();
    for (data, is_served) in
        [(json!({"ssl-redirect": ""}), true), (json!({"ssl-redirect": "yes"}), false)]
    {
        let verdict = without(&objects(data), &plain);
        assert_eq!(reaches("a")(&verdict), is_served, "{verdict:?}");
    }
    let dropped = without(&objects(json!({"annotations-risk-level": ""})), &https("a.test", "/"));
    assert_eq!(dropped, Verdict::NotServed);
    let proxied = objects(json!({"use-proxy-protocol": "true"}));
    holds(&without(&proxied, &https("a.test", "/")), is_unknown);
    let rejecting = objects(json!({"ssl-reject-handshake": "true"}));
    assert_eq!(without(&rejecting, &https("other.test", "/")), Verdict::NotServed);
    let nameless = crate::enforcement::Request { sni: None, ..https("a.test", "/") };
    assert_eq!(without(&rejecting, &nameless), Verdict::NotServed);
    let errors = objects(json!({"custom-http-errors": "400"}));
    holds(&without(&errors, &https("a.test", "/")), is_unknown);
    let mut two = objects(json!({"ssl-redirect": "false"})).to_vec();
    let mut other = settings(&json!({"force-ssl-redirect": "true"}));
    other["metadata"]["name"] = json!("other");
    two.push(other);
    assert_eq!(without(&two, &plain), Verdict::Unknown(Missing::Settings));
}

#[test]
fn annotations_that_are_not_accepted_are_not_read_on() {
    for annotation in [
        ("from-to-www-redirect", "yes"),
        ("permanent-redirect", "https://e.test/#x"),
        ("temporal-redirect", "www.example.com"),
        ("auth-tls-pass-certificate-to-upstream", " true"),
        ("auth-tls-match-cn", "CN=[a-z]{1001}"),
        ("auth-tls-match-cn", "CN=a**"),
    ] {
        let asks = ingress("a", "a.test", "/", &[ASKS, &[annotation]].concat());
        holds(&without(&[clients(), asks], &https("a.test", "/")), is_unknown);
    }
    let inspected = ingress("a", "a.test", "/etc/nginx", ASKS);
    holds(&without(&[clients(), inspected], &https("a.test", "/etc/nginx")), is_unknown);
}

/// A revocation list of some authority.
fn list() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2024, 1, 1),
        next_update: rcgen::date_time_ymd(2034, 1, 1),
        crl_number: rcgen::SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::PreSpecified(vec![1]),
    };
    list.signed_by(&rcgen::Issuer::new(params, key)).unwrap().pem().unwrap()
}

#[test]
fn bundles_and_lists_are_read_as_go_and_nginx_read_them() {
    let off = [ASKS, &[("auth-tls-verify-client", "off")]].concat();
    let of = |content: &str| {
        let objects =
            [secret("clients", &[("ca.crt", content)]), ingress("a", "a.test", "/", &off)];
        without(&objects, &https("a.test", "/"))
    };
    holds(&of(&format!("# a comment with -----BEGIN in it\n{AUTHORITY}")), reaches("a"));
    let (end, _) = AUTHORITY.split_once("-----END").unwrap();
    holds(&of(&format!("{AUTHORITY}{end}")), is_unknown);
    let list = list();
    let both = [("ca.crt", AUTHORITY), ("ca.crl", &format!("{list}{}", pair().0))];
    let objects = [secret("clients", &both), ingress("a", "a.test", "/", ASKS)];
    holds(&without(&objects, &https("a.test", "/")), is_unknown);
}

#[test]
fn aliases_are_names_of_nginx() {
    let objects = [
        clients(),
        made_at(ingress("wild", "*.a.test", "/", ASKS), "01"),
        made_at(ingress("open", "b.test", "/", &[("server-alias", "*.c.test,.d.test,x.*")]), "02"),
        made_at(ingress("big", "e.test", "/", &[("server-alias", "B.TEST")]), "03"),
    ];
    for name in ["x.y.c.test", "d.test", "x.d.test", "b.test"] {
        holds(&without(&objects, &https(name, "/")), reaches("open"));
    }
    holds(&without(&objects, &https("x.org", "/")), is_unknown);
}

#[test]
fn a_namespace_that_is_only_assumed_may_be_the_secrets() {
    let mut asks = ingress("a", "a.test", "/", ASKS);
    asks["metadata"]["namespace"] = json!(DEFAULT_NAMESPACE);
    let mut set = ObjectSet::within(Namespace::Assumed(DEFAULT_NAMESPACE), Extent::Part);
    set.add_other(Identity::of(&asks).unwrap(), &asks);
    let settings = IngressNginx.settings(&set, &Declared::default());
    let now = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
    let verdict = verdict(&IngressNginx.observe(&set, &settings), &https("a.test", "/"), now);
    assert!(matches!(verdict, Verdict::Unknown(Missing::Namespace(_))), "{verdict:?}");
}

#[test]
fn what_nginx_refuses_leaves_every_host_unknown() {
    let other = ingress("b", "b.test", "/", &[]);
    let slashed = made_at(ingress("a2", "a.test", "/x/", &[]), "02");
    let twice = [made_at(ingress("a", "a.test", "/x", &[]), "01"), slashed, other.clone()];
    let mut canary = ingress("c", "b.test", "/", &[("canary", "true")]);
    canary["spec"]["rules"] = json!([{ "host": "b.test" }]);
    let unread = ingress("d", "d.test", "/", &[("server-alias", "a*b.test")]);
    let www = ingress("e", "*.e.test", "/", &[("from-to-www-redirect", "true")]);
    for objects in [&twice[..], &[other.clone(), unread], &[other.clone(), www], &[other, canary]] {
        let verdict = without(objects, &https("b.test", "/"));
        assert!(matches!(verdict, Verdict::Unknown(Missing::Broken(..))), "{verdict:?}");
    }
}

#[test]
fn a_refused_secret_answers_503_where_the_rule_has_no_paths() {
    let mut bare = ingress("a", "a.test", "/", &[("auth-tls-secret", "shop/missing")]);
    bare["spec"]["rules"] = json!([{ "host": "a.test" }]);
    holds(&without(&[clients(), bare], &https("a.test", "/")), refused(503));
}
