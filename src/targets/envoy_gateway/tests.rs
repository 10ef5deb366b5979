//! What is made of hosts, and what is refused.

use std::borrow::Cow;

use super::*;
use crate::diagnostic::Severity;
use crate::manifest::kinds::Api;
use crate::manifest::kinds::envoy_gateway::ClientTrafficPolicy;
use crate::manifest::kinds::gateway::ReferenceGrant;
use crate::model::{Reference, ServerCertificateSource};
use crate::specification::value::{Port, PortReference};
use crate::specification::{PatchTarget, Verify};
use crate::targets::fixture::{self, FakeMaterial, annotations, exposure, protected};

fn model(exposures: Vec<Exposure>) -> Model {
    Model { conventions: &CONVENTIONS, ..fixture::model(exposures) }
}

fn objects(model: &Model) -> Vec<Object> {
    let mut objects = Vec::new();
    let arrangement = arrange::of(model);
    EnvoyGateway
        .objects(model, &arrangement, &FakeMaterial, &mut |object| objects.push(object))
        .unwrap();
    objects
}

/// All objects of a kind.
fn all<K: Api>(model: &Model) -> Vec<K> {
    let objects = objects(model);
    objects.iter().filter_map(|one| one.read::<K>().unwrap()).map(Cow::into_owned).collect()
}

fn codes(model: &Model) -> Vec<(Severity, &'static str)> {
    let nowhere: Locate<'_> = &|_| None;
    let found = EnvoyGateway.check(model, &nowhere);
    found.into_iter().map(|one| (one.severity, one.code)).collect()
}

/// A protected host, changed.
fn with(change: impl FnOnce(&mut Exposure)) -> Model {
    let mut exposure = protected("a.test");
    change(&mut exposure);
    model(vec![exposure])
}

#[test]
fn a_host_has_a_listener_a_policy_and_routes_that_name_it() {
    let model = model(vec![protected("a.test"), exposure("plain.test")]);
    let names: Vec<String> = objects(&model).iter().map(|one| one.identity.to_string()).collect();
    assert_eq!(
        names,
        [
            "ClientTrafficPolicy `default/a-test`",
            "Gateway `default/gateway`",
            "HTTPRoute `default/a-test`",
            "HTTPRoute `default/a-test-redirect`",
            "HTTPRoute `default/plain-test`",
        ]
    );
    let gateway = all::<Gateway>(&model).remove(0).spec;
    let listeners: Vec<_> =
        gateway.listeners.iter().map(|one| (one.name.as_str(), one.port)).collect();
    assert_eq!(listeners, [("http", 80), ("a-test", 443)]);
    let sections: Vec<_> = all::<HttpRoute>(&model)
        .into_iter()
        .map(|one| one.spec.parent_refs[0].section_name.clone().unwrap())
        .collect();
    assert_eq!(sections, ["a-test", "http", "http"], "no route is at every listener");
}

#[test]
fn what_a_host_asks_is_in_its_policy() {
    let validation = |change: fn(&mut crate::model::ClientAuthentication)| {
        let model = with(|exposure| change(exposure.client_auth.as_mut().unwrap()));
        all::<ClientTrafficPolicy>(&model).remove(0).spec
    };
    let mode = |verify: fn(&mut crate::model::ClientAuthentication)| {
        validation(verify).tls.client_validation.unwrap().mode.unwrap()
    };
    assert_eq!(mode(|_| {}), "RequireAndVerify");
    assert_eq!(mode(|auth| auth.verify = Verify::Optional), "VerifyIfGiven");
    assert_eq!(mode(|auth| auth.verify = Verify::OptionalNoCa), "Request");
    let passes = |auth: fn(&mut crate::model::ClientAuthentication)| {
        validation(auth).headers.x_forwarded_client_cert.unwrap().mode.unwrap()
    };
    assert_eq!(passes(|_| {}), "SanitizeSet");
    assert_eq!(passes(|auth| auth.pass_certificate_to_upstream = false), "Sanitize");
    let off = with(|one| one.client_auth.as_mut().unwrap().verify = Verify::Off);
    assert!(all::<ClientTrafficPolicy>(&off).is_empty());
}

#[test]
fn a_secret_of_another_namespace_is_granted() {
    let model = with(|exposure| {
        let auth = exposure.client_auth.as_mut().unwrap();
        auth.secret = Reference { namespace: "elsewhere".to_owned(), name: "ca".to_owned() };
        auth.existing = true;
        auth.authorities.clear();
    });
    let grant = all::<ReferenceGrant>(&model).remove(0).spec;
    assert_eq!(grant.from[0].namespace, "default");
    assert_eq!(grant.to[0].name.as_deref(), Some("ca"));
    assert_eq!(codes(&model), [(Severity::Warning, "revocation-unchecked")]);
}

#[test]
fn hosts_that_a_gateway_has_no_room_for_are_in_listener_sets() {
    let many = |count: usize| {
        let host = |at| protected(&format!("h{at}.test"));
        model((0..count).map(host).collect())
    };
    let sizes = |count| {
        let model = many(count);
        let own = all::<Gateway>(&model).remove(0).spec;
        let sets = all::<ListenerSet>(&model);
        assert_eq!(own.allowed_listeners.namespaces.is_some(), !sets.is_empty());
        let sets = sets.iter().map(|set| set.spec.listeners.len());
        std::iter::once(own.listeners.len()).chain(sets).collect::<Vec<_>>()
    };
    assert_eq!(sizes(63), [64]);
    assert_eq!(sizes(64), [64, 1]);
    assert_eq!(sizes(200), [64, 64, 64, 9]);
    let model = many(64);
    let policies = all::<ClientTrafficPolicy>(&model);
    let kinds = policies.iter().map(|one| one.spec.targets.target_refs[0].kind.clone().unwrap());
    assert_eq!(kinds.filter(|kind| kind == "ListenerSet").count(), 1);
}

#[test]
fn what_cannot_be_expressed_is_refused() {
    let refused = [(Severity::Error, "unsupported")];
    let auth = |change: fn(&mut crate::model::ClientAuthentication)| {
        codes(&with(|exposure| change(exposure.client_auth.as_mut().unwrap())))
    };
    assert_eq!(auth(|_| {}), []);
    assert_eq!(auth(|auth| auth.allow = Some(Vec::new())), refused);
    assert_eq!(auth(|auth| auth.verify_depth = Some(2)), refused);
    let page = |auth: &mut crate::model::ClientAuthentication| {
        auth.error_page = Some("https://example.com/denied".parse().unwrap());
    };
    assert_eq!(auth(page), [(Severity::Warning, "unsupported")]);
    assert_eq!(codes(&with(|one| one.existing_ingress = Some(PatchTarget::default()))), refused);
    let nginx = annotations(&[("nginx.ingress.kubernetes.io/x", "y")]);
    assert_eq!(codes(&with(|one| one.annotations = nginx)), refused);
    let manager = ServerCertificateSource::Issuer("x".parse().unwrap());
    assert_eq!(codes(&with(|one| one.tls.as_mut().unwrap().source = manager)), refused);
    let named = |one: &mut Exposure| {
        one.routes[0].port = PortReference::Name("web".parse().unwrap());
    };
    assert_eq!(codes(&with(named)), refused);
    let number = |one: &mut Exposure| one.routes[0].port = PortReference::Number(Port(81));
    assert_eq!(codes(&with(number)), []);
}

#[test]
fn entries_of_one_host_share_a_listener() {
    let mut other = protected("a.test");
    other.key = "other".to_owned();
    other.name = "other".parse().unwrap();
    let both = |other: Exposure| model(vec![protected("a.test"), other]);
    let agreeing = both(other.clone());
    assert_eq!(codes(&agreeing), []);
    assert_eq!(all::<Gateway>(&agreeing)[0].spec.listeners.len(), 2);
    let routes = all::<HttpRoute>(&agreeing);
    let at = |section: &str| {
        let is_there =
            |one: &&HttpRoute| one.spec.parent_refs[0].section_name.as_deref() == Some(section);
        routes.iter().filter(is_there).count()
    };
    assert_eq!((at("a-test"), at("other"), at("http")), (2, 0, 2));
    other.namespace = "elsewhere".parse().unwrap();
    assert_eq!(codes(&both(other)), [(Severity::Error, "host-disagreement")]);
}
