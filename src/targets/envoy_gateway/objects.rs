//! The objects that expose hosts: policies first, so that no host is open for a moment.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::arrange;
use super::gateways::{self, GATEWAY, Place, Places};
use crate::diagnostic::Diagnostic;
use crate::enforcement::{NameKind, NamePin, Pins};
use crate::identity::Identity;
use crate::manifest::kinds::envoy_gateway::{
    self, ClientTrafficPolicy, ClientTrafficPolicySpec, ForwardedCertificate, HeaderFilter,
    PolicyHeaders, PolicyLists, PolicyNames, PolicyTls, PolicyValidation, StringMatch, Targets,
};
use crate::manifest::kinds::gateway::{
    self, BackendReference, GrantFrom, GrantTo, HttpRoute, HttpRouteSpec, PathMatch, Reference,
    ReferenceGrant, ReferenceGrantSpec, RequestRedirect, RouteFilter, RouteMatch, RouteRule,
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
use crate::targets::{Arrangement, HostArrangement, Pinned};

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
        let places = listeners.places();
        let at = |exposure: &Exposure| &places[&exposure.host.as_str().to_lowercase()];
        for exposure in listeners.own() {
            let Some(place) = &at(exposure).tls else { continue };
            let arranged = arrangement.host(&exposure.key);
            let Some(arranged) = arranged.filter(|one| one.verify != Verify::Off) else { continue };
            if arranged.secret.namespace != exposure.namespace.as_str() {
                let secret = (arranged.secret.namespace.clone(), arranged.secret.name.clone());
                grants.entry(secret).or_default().insert(exposure.namespace.as_str());
            }
            let lists = arranged.authorities.map(|all| material.revocation_lists(all));
            // Without the list that is missing, nothing is rendered at all.
            let lists = lists.and_then(Result::ok).flatten();
            let has_lists = lists.is_some();
            if let (Some(lists), true) = (lists, arranged.looks_up_leaf_alone) {
                errors.extend(revoked_between(model, material, exposure, arranged, &lists));
            }
            let pins = arranged.pinned.pins(material);
            if arranged.pinned != Pinned::None && pins.is_empty() {
                errors.push(without_certificates(exposure));
            }
            add(policy(exposure, arranged, place, (has_lists, &pins)));
        }
        listeners.add_objects(model, add);
        for exposure in &listeners.exposures {
            let Places { tls, plain } = at(exposure);
            let own = tls.as_ref().filter(|_| exposure.tls.is_some()).unwrap_or(plain);
            for (part, routes) in exposure.routes.chunks(MOST_RULES).enumerate() {
                add(route(model, exposure, own, (part, routes)));
            }
            if exposure.tls.is_some() {
                add(redirect(exposure, plain));
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

pub(super) fn object(
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

pub(super) fn of_gateway_api() -> String {
    format!("{}/v1", gateway::GROUP)
}

/// Labels of the spec, and of the host where there is one.
pub(super) fn metadata(labels: &crate::model::Labels) -> Metadata {
    Metadata { labels: Texts::of(labels), annotations: Texts::default() }
}

/// What a host's listener asks of clients.
fn policy(
    exposure: &Exposure,
    arranged: &HostArrangement<'_>,
    place: &Place,
    (has_lists, pins): (bool, &Pins),
) -> Object {
    let HostArrangement {
        secret,
        authorities: _,
        verify,
        depth: _,
        looks_up_leaf_alone,
        subjects: _,
        pinned: _,
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
        namespace: is_elsewhere.then(|| secret.namespace.clone()),
        ..of_core("Secret", secret.name.clone())
    };
    let crl = has_lists.then(|| PolicyLists {
        refs: vec![reference.clone()],
        only_verify_leaf_certificate: *looks_up_leaf_alone,
    });
    let validation = PolicyValidation {
        mode: Some(mode.to_owned()),
        ca_certificate_refs: vec![reference],
        crl,
        subject_alt_names: alternative_names(&pins.names),
        certificate_hashes: pins.hashes.iter().map(ToString::to_string).collect(),
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

/// A list of clients whose certificates are not there: without hashes, every client would be admitted.
fn without_certificates(exposure: &Exposure) -> Diagnostic {
    let title = format!(
        "host `{}` admits the clients of `allow` by the hashes of their certificates, and none of these is there",
        exposure.key
    );
    Diagnostic::error("unsupported", title)
        .help("give each of these clients a name that no other client has, such as `uris = [\"spiffe://example.com/NAME\"]`")
}

fn alternative_names(pins: &[NamePin]) -> PolicyNames {
    let mut names = PolicyNames::default();
    for NamePin { kind, comparison: _, text } in pins {
        let name = StringMatch { kind: Some("Exact".to_owned()), value: text.clone() };
        match kind {
            NameKind::Dns => names.dns_names.push(name),
            NameKind::Email => names.email_addresses.push(name),
            NameKind::Ip => names.ip_addresses.push(name),
            NameKind::Uri => names.uris.push(name),
            NameKind::Other => names.other_names.push(name),
        }
    }
    names
}

/// A reference to an object of the core group.
pub(super) fn of_core(kind: &str, name: String) -> Reference {
    Reference {
        group: Some(String::new()),
        kind: Some(kind.to_owned()),
        name,
        ..Reference::default()
    }
}

fn parent(place: &Place) -> Reference {
    Reference {
        group: Some(gateway::GROUP.to_owned()),
        kind: Some(place.kind.to_owned()),
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
            port: arrange::number(model, exposure, route.service.as_str(), &route.port),
            ..of_core("Service", route.service.to_string())
        };
        RouteRule {
            matches: vec![RouteMatch { path: Some(path), ..RouteMatch::default() }],
            filters: Vec::new(),
            backend_refs: vec![BackendReference { to, weight: Some(1), filters: Vec::new() }],
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
    let everything = PathMatch { kind: Some("PathPrefix".to_owned()), value: Some("/".to_owned()) };
    let rule = RouteRule {
        matches: vec![RouteMatch { path: Some(everything), ..RouteMatch::default() }],
        filters: vec![filter],
        ..RouteRule::default()
    };
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
