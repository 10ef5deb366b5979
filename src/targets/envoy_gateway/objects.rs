//! The objects that expose hosts: policies first, so that no host is open for a moment.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::arrange;
use super::gateways::{self, GATEWAY, Listeners, PLAIN, Place};
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::kinds::envoy_gateway::{
    self, ClientTrafficPolicy, ClientTrafficPolicySpec, ForwardedCertificate, HeaderFilter,
    PolicyHeaders, PolicyLists, PolicyTls, PolicyValidation, Targets,
};
use crate::manifest::kinds::gateway::{
    self, Allowed, AllowedNamespaces, BackendReference, Gateway, GatewayListener, GatewaySpec,
    GrantFrom, GrantTo, HttpRoute, HttpRouteSpec, ListenerSet, ListenerSetSpec, ListenerTls,
    PathMatch, Reference, ReferenceGrant, ReferenceGrantSpec, RequestRedirect, RouteFilter,
    RouteMatch, RouteRule,
};
use crate::manifest::kinds::{Kind, Metadata};
use crate::manifest::texts::Texts;
use crate::manifest::{Body, Object};
use crate::model::names::with_suffix;
use crate::model::{Exposure, Model};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::request::Holder;
use crate::specification::{PathType, Verify};
use crate::store::Material;
use crate::targets::{Arrangement, HostArrangement};

/// Headers in which ingress-nginx hands over what it knows of the client: Envoy lets those of a client pass, and services that
/// were behind ingress-nginx believe them.
const HEADERS_OF_NGINX: [&str; 4] =
    ["ssl-client-cert", "ssl-client-issuer-dn", "ssl-client-subject-dn", "ssl-client-verify"];

/// Gives `add` the objects of all hosts.
///
/// # Errors
/// An authority is revoked in a way that Envoy does not look up.
pub(super) fn objects(
    model: &Model,
    arrangement: &Arrangement<'_>,
    material: &dyn Material,
    add: &mut dyn FnMut(Object),
) -> Result<(), Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut grants: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for listeners in gateways::of(model) {
        let places = listeners.places(model);
        for exposure in listeners.parts.iter().flatten() {
            let arranged = arrangement.host(&exposure.key);
            let Some(arranged) = arranged.filter(|one| one.verify != Verify::Off) else { continue };
            if arranged.secret.namespace != exposure.namespace.as_str() {
                let secret = (arranged.secret.namespace.clone(), arranged.secret.name.clone());
                grants.entry(secret).or_default().insert(exposure.namespace.as_str());
            }
            let place = &places[&exposure.host.as_str().to_lowercase()];
            let lists = arranged.authorities.map(|all| material.revocation_lists(all));
            // Without the list that is missing, nothing is rendered at all.
            let lists = lists.and_then(Result::ok).flatten();
            let has_lists = lists.is_some();
            if let (Some(lists), true) = (lists, arranged.looks_up_leaf_alone) {
                errors.extend(revoked_between(model, material, exposure, arranged, &lists));
            }
            add(policy(exposure, arranged, place, has_lists));
        }
        add_gateways(model, &listeners, add);
        let own = |exposure: &&Exposure| {
            (exposure.namespace.as_str(), exposure.ingress_class_name.as_str())
                == (listeners.namespace, listeners.class)
        };
        for exposure in model.exposures.iter().filter(own) {
            let place = places.get(&exposure.host.as_str().to_lowercase());
            let plain = Place {
                kind: "Gateway",
                name: listeners.name(model, 0),
                section: PLAIN.to_owned(),
            };
            let at = place.filter(|_| exposure.tls.is_some()).unwrap_or(&plain);
            for (part, routes) in exposure.routes.chunks(MOST_RULES).enumerate() {
                add(route(model, exposure, at, (part, routes)));
            }
            if exposure.tls.is_some() {
                add(redirect(exposure, &plain));
            }
        }
    }
    for ((namespace, name), from) in grants {
        add(grant(&namespace, &name, &from));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// An authority below a listed one that is revoked, where the lists are asked about the client's own certificate alone.
fn revoked_between(
    model: &Model,
    material: &dyn Material,
    exposure: &Exposure,
    arranged: &HostArrangement<'_>,
    lists: &str,
) -> Option<Diagnostic> {
    let lists = RevocationList::from_pem(lists.as_bytes()).ok()?;
    let listed = arranged.authorities?;
    let lineage = &model.lineage;
    let is_between = |name: &&String| {
        !listed.contains(name) && listed.iter().any(|above| lineage.is_at_or_below(name, above))
    };
    let is_revoked = |name: &&String| {
        let own = material.certificate_chain(&Holder::Authority((*name).clone()));
        let own = own.and_then(|pem| Certificate::from_pem(pem.as_bytes()).ok());
        let own = own.and_then(|chain| chain.into_iter().next());
        own.is_some_and(|own| {
            lists.iter().any(|list| list.issuer == own.issuer && list.entry_of(&own).is_some())
        })
    };
    let revoked = model.authorities.keys().filter(is_between).find(is_revoked)?;
    let title = format!(
        "host `{}` would admit the clients of `{revoked}`, which is revoked: below a listed authority that is not a root, Envoy looks up the client's own certificate alone",
        exposure.key
    );
    Some(Diagnostic::error("unsupported", title).help(
        "list the root in `clientAuth.cas`, or the authorities that sign clients one by one, without the revoked one",
    ))
}

fn object(
    api_version: String,
    kind: &str,
    (namespace, name): (&str, String),
    exposures: Vec<String>,
    template: &'static str,
    body: Kind,
) -> Object {
    Object {
        identity: Identity {
            api_version,
            kind: kind.to_owned(),
            namespace: Some(namespace.to_owned()),
            name,
        },
        exposures,
        sensitive: false,
        template: Cow::Borrowed(template),
        body: Body::Typed(body),
    }
}

fn of_gateway_api() -> String {
    format!("{}/v1", gateway::GROUP)
}

/// Labels of the spec, and of the host where there is one.
fn metadata(labels: &crate::model::Labels) -> Metadata {
    Metadata { labels: Texts::of(labels), annotations: Texts::default() }
}

/// A Gateway, and `ListenerSet`s for the hosts that it has no room for.
fn add_gateways(model: &Model, listeners: &Listeners<'_>, add: &mut dyn FnMut(Object)) {
    for (part, exposures) in listeners.parts.iter().enumerate() {
        let name = listeners.name(model, part);
        let own = exposures.iter().map(|exposure| listener(exposure));
        if part > 0 {
            let keys = exposures.iter().map(|one| one.key.clone()).collect();
            let parent_ref = Reference {
                group: Some(gateway::GROUP.to_owned()),
                kind: Some("Gateway".to_owned()),
                name: listeners.name(model, 0),
                ..Reference::default()
            };
            let spec = ListenerSetSpec { parent_ref, listeners: own.collect() };
            let set = ListenerSet { metadata: metadata(&model.labels), spec };
            let template = "envoy-gateway/listener-set.yaml.j2";
            let at = (listeners.namespace, name);
            let kind = Kind::ListenerSet(Box::new(set));
            add(object(of_gateway_api(), "ListenerSet", at, keys, template, kind));
            continue;
        }
        let plain = GatewayListener {
            name: PLAIN.to_owned(),
            port: 80,
            protocol: "HTTP".to_owned(),
            ..GatewayListener::default()
        };
        let same = AllowedNamespaces { from: Some("Same".to_owned()), selector: None };
        let has_sets = listeners.parts.len() > 1;
        let spec = GatewaySpec {
            gateway_class_name: listeners.class.to_owned(),
            listeners: std::iter::once(plain).chain(own).collect(),
            allowed_listeners: Allowed { namespaces: has_sets.then_some(same), kinds: Vec::new() },
            ..GatewaySpec::default()
        };
        let gateway = Kind::Gateway(Box::new(Gateway { metadata: metadata(&model.labels), spec }));
        let template = "envoy-gateway/gateway.yaml.j2";
        let at = (listeners.namespace, name);
        add(object(of_gateway_api(), "Gateway", at, listeners.keys.clone(), template, gateway));
    }
}

fn listener(exposure: &Exposure) -> GatewayListener {
    let secrets = exposure
        .tls
        .iter()
        .map(|tls| Reference { name: tls.secret_name.to_string(), ..Reference::default() });
    GatewayListener {
        name: gateways::section(exposure),
        hostname: Some(exposure.host.to_string()),
        port: 443,
        protocol: "HTTPS".to_owned(),
        tls: Some(ListenerTls { mode: None, certificate_refs: secrets.collect() }),
        allowed_routes: Allowed::default(),
    }
}

/// What a host's listener asks of clients.
fn policy(
    exposure: &Exposure,
    arranged: &HostArrangement<'_>,
    place: &Place,
    has_lists: bool,
) -> Object {
    let HostArrangement {
        secret,
        authorities: _,
        verify,
        depth: _,
        looks_up_leaf_alone,
        subjects: _,
        pass_certificate_to_upstream,
        error_page: _,
    } = arranged;
    let mode = match verify {
        Verify::On | Verify::Off => "RequireAndVerify",
        Verify::Optional => "VerifyIfGiven",
        Verify::OptionalNoCa => "Request",
    };
    let is_elsewhere = secret.namespace != exposure.namespace.as_str();
    let reference = Reference {
        group: Some(String::new()),
        kind: Some("Secret".to_owned()),
        namespace: is_elsewhere.then(|| secret.namespace.clone()),
        name: secret.name.clone(),
        ..Reference::default()
    };
    let crl = has_lists.then(|| PolicyLists {
        refs: vec![reference.clone()],
        only_verify_leaf_certificate: *looks_up_leaf_alone,
    });
    let validation = PolicyValidation {
        mode: Some(mode.to_owned()),
        ca_certificate_refs: vec![reference],
        crl,
        ..PolicyValidation::default()
    };
    let passes = *pass_certificate_to_upstream;
    let headers = PolicyHeaders {
        early_request_headers: Some(HeaderFilter {
            remove: HEADERS_OF_NGINX.map(str::to_owned).into(),
        }),
        x_forwarded_client_cert: Some(ForwardedCertificate {
            mode: Some(if passes { "SanitizeSet" } else { "Sanitize" }.to_owned()),
            cert_details_to_add: if passes {
                vec!["Subject".to_owned(), "Cert".to_owned()]
            } else {
                Vec::new()
            },
        }),
    };
    let target = Reference {
        group: Some(gateway::GROUP.to_owned()),
        kind: Some(place.kind.to_owned()),
        name: place.name.clone(),
        section_name: Some(place.section.clone()),
        ..Reference::default()
    };
    let spec = ClientTrafficPolicySpec {
        targets: Targets { target_refs: vec![target], ..Targets::default() },
        tls: PolicyTls { client_validation: Some(validation) },
        headers,
    };
    let policy = ClientTrafficPolicy { metadata: metadata(&exposure.labels), spec };
    object(
        format!("{}/v1alpha1", envoy_gateway::GROUP),
        "ClientTrafficPolicy",
        (exposure.namespace.as_str(), exposure.name.to_string()),
        vec![exposure.key.clone()],
        "envoy-gateway/client-traffic-policy.yaml.j2",
        Kind::ClientTrafficPolicy(Box::new(policy)),
    )
}

fn parent(place: &Place) -> Reference {
    let is_set = place.kind != "Gateway";
    Reference {
        group: is_set.then(|| gateway::GROUP.to_owned()),
        kind: is_set.then(|| place.kind.to_owned()),
        name: place.name.clone(),
        section_name: Some(place.section.clone()),
        ..Reference::default()
    }
}

/// How many rules a route may have (`MaxItems` of its kind).
const MOST_RULES: usize = 16;

/// A part of the routes of a host, at its own listener alone.
fn route(
    model: &Model,
    exposure: &Exposure,
    place: &Place,
    (part, routes): (usize, &[crate::model::Route]),
) -> Object {
    let rule = |route: &crate::model::Route| {
        let kind = match route.path_type {
            PathType::Exact => "Exact",
            PathType::Prefix | PathType::ImplementationSpecific => "PathPrefix",
        };
        let path = PathMatch { kind: Some(kind.to_owned()), value: Some(route.path.clone()) };
        let to = Reference {
            name: route.service.to_string(),
            port: arrange::number(model, exposure, route.service.as_str(), &route.port),
            ..Reference::default()
        };
        RouteRule {
            matches: vec![RouteMatch { path: Some(path), ..RouteMatch::default() }],
            filters: Vec::new(),
            backend_refs: vec![BackendReference { to, weight: None, filters: Vec::new() }],
        }
    };
    let annotations =
        Texts::of(exposure.annotations.iter().map(|(key, value)| (key.as_str(), value)));
    let spec = HttpRouteSpec {
        parent_refs: vec![parent(place)],
        hostnames: vec![exposure.host.to_string()],
        rules: routes.iter().map(rule).collect(),
    };
    let metadata = Metadata { labels: Texts::of(&exposure.labels), annotations };
    let name = match part {
        0 => exposure.name.to_string(),
        part => with_suffix(exposure.name.as_str(), &format!("-{}", part + 1)),
    };
    object(
        of_gateway_api(),
        "HTTPRoute",
        (exposure.namespace.as_str(), name),
        vec![exposure.key.clone()],
        "envoy-gateway/http-route.yaml.j2",
        Kind::HttpRoute(Box::new(HttpRoute { metadata, spec })),
    )
}

/// What plain HTTP answers.
fn redirect(exposure: &Exposure, plain: &Place) -> Object {
    let filter = RouteFilter {
        kind: "RequestRedirect".to_owned(),
        request_redirect: Some(RequestRedirect {
            scheme: Some("https".to_owned()),
            status_code: Some(301),
            ..RequestRedirect::default()
        }),
    };
    let rule = RouteRule { filters: vec![filter], ..RouteRule::default() };
    let spec = HttpRouteSpec {
        parent_refs: vec![parent(plain)],
        hostnames: vec![exposure.host.to_string()],
        rules: vec![rule],
    };
    let name = with_suffix(exposure.name.as_str(), "-redirect");
    object(
        of_gateway_api(),
        "HTTPRoute",
        (exposure.namespace.as_str(), name),
        vec![exposure.key.clone()],
        "envoy-gateway/http-route.yaml.j2",
        Kind::HttpRoute(Box::new(HttpRoute { metadata: metadata(&exposure.labels), spec })),
    )
}

/// Leave for policies of other namespaces to read a Secret.
fn grant(namespace: &str, secret: &str, from: &BTreeSet<&str>) -> Object {
    let from = from.iter().map(|other| GrantFrom {
        group: envoy_gateway::GROUP.to_owned(),
        kind: "ClientTrafficPolicy".to_owned(),
        namespace: (*other).to_owned(),
    });
    let to =
        GrantTo { group: String::new(), kind: "Secret".to_owned(), name: Some(secret.to_owned()) };
    let spec = ReferenceGrantSpec { from: from.collect(), to: vec![to] };
    let grant = ReferenceGrant { metadata: Metadata::default(), spec };
    object(
        format!("{}/v1beta1", gateway::GROUP),
        "ReferenceGrant",
        (namespace, format!("{secret}-{GATEWAY}")),
        Vec::new(),
        "envoy-gateway/reference-grant.yaml.j2",
        Kind::ReferenceGrant(Box::new(grant)),
    )
}
