//! Routers and TLS settings of Traefik's own kinds (`pkg/provider/kubernetes/crd`).

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::{
    CustomRoute, IngressRoute, IngressRouteSpec, IngressRouteTcp, Middleware, Reference,
    RouteService, TlsOption, TlsOptionSpec,
};
use super::locations::no_headers;
use super::names::normalized;
use super::resolution::{HTTP, HTTPS, Parts, Router};
use super::rule::Rule;
use super::secrets::{self, Authorities, Form};
use super::terms::{ClientAuthType, DEFAULT, Terms};
use crate::enforcement::{Action, Backend, Cause, Fact, Forward, Given, Missing, ToHttps};
use crate::identity::Identity;
use crate::manifest::kinds::{Api as _, Service};
use crate::manifest::{Extent, Misread, ObjectSet, Seen, Shown};

/// Entry points of port 80 and 443.
const HTTP_NAMES: [&str; 2] = ["http", "web"];
const HTTPS_NAMES: [&str; 2] = ["https", "websecure"];
/// The class that counts as none.
const CLASS: &str = "traefik";
const ANNOTATION: &str = "kubernetes.io/ingress.class";

/// What objects of Traefik's kinds give.
#[derive(Default)]
pub(super) struct Custom {
    routers: Vec<Router>,
    settings: BTreeMap<String, Terms>,
    elsewhere: BTreeMap<String, Missing>,
    plain: Option<Missing>,
    /// Names of middlewares that redirect plain HTTP to HTTPS and do nothing else.
    redirecting: BTreeSet<String>,
    pub misread: Vec<Misread>,
    pub given: Vec<Given>,
}

impl Custom {
    /// Reads them.
    pub fn of(objects: &ObjectSet<'_>) -> Self {
        let mut custom = Self::default();
        custom.read_settings(objects);
        custom.read_middlewares(objects);
        let (routes, misread) = objects.all::<IngressRoute>();
        custom.misread.extend(misread);
        let routes: Vec<_> = routes
            .iter()
            .filter(|seen| {
                is_own(&seen.object.spec, seen.object.metadata.annotations.get(ANNOTATION))
            })
            .collect();
        // What is behind a parent's rule is not followed, for the parent neither.
        let parents: Vec<(&str, &str)> = routes
            .iter()
            .flat_map(|seen| {
                let own = seen.identity.namespace_or_default();
                seen.object.spec.parent_refs.iter().map(move |parent| of_reference(parent, own))
            })
            .collect();
        for seen in &routes {
            let own = (seen.identity.namespace_or_default(), seen.identity.name.as_str());
            custom.read_routes(objects, seen, parents.contains(&own));
        }
        let (connections, misread) = objects.all::<IngressRouteTcp>();
        custom.misread.extend(misread);
        for seen in &connections {
            if is_own(&seen.object.spec, seen.object.metadata.annotations.get(ANNOTATION)) {
                custom.read_connections(seen);
            }
        }
        custom
    }

    /// The same beside what another provider gives.
    pub fn add_to(&self, parts: &mut Parts) {
        parts.routers.extend(self.routers.iter().cloned());
        parts
            .settings
            .extend(self.settings.iter().map(|(name, terms)| (name.clone(), terms.clone())));
        parts
            .elsewhere
            .extend(self.elsewhere.iter().map(|(name, why)| (name.clone(), why.clone())));
        parts.plain.clone_from(&self.plain);
    }

    /// `buildTLSOptions`: one that is called `default` is that of routers which name none; of several, none is.
    fn read_settings(&mut self, objects: &ObjectSet<'_>) {
        let (options, misread) = objects.all::<TlsOption>();
        self.misread.extend(misread);
        let mut defaults = Vec::new();
        for seen in &options {
            let terms = terms(objects, seen.identity, &seen.object.spec);
            if seen.identity.name == DEFAULT {
                defaults.push(terms);
            } else {
                let namespace = seen.identity.namespace_or_default();
                let name = format!("{namespace}-{}@kubernetescrd", seen.identity.name);
                // Of two whose names meet, either one stays.
                let unknown = Missing::Effect(seen.identity.clone(), "metadata.name".to_owned());
                self.settings
                    .entry(name)
                    .and_modify(|known| {
                        if *known != terms {
                            *known = Terms::Unknown(unknown);
                        }
                    })
                    .or_insert(terms);
            }
        }
        // Of several, Traefik takes its own (`mergeConfiguration` of `pkg/server/aggregator.go`).
        if let Ok([terms]) = <[Terms; 1]>::try_from(defaults) {
            self.settings.insert(DEFAULT.to_owned(), terms);
        }
    }

    /// Which middlewares redirect (`pkg/middlewares/redirect/redirect_scheme.go`). Of several whose names meet, any may be meant.
    fn read_middlewares(&mut self, objects: &ObjectSet<'_>) {
        let (all, misread) = objects.all::<Middleware>();
        self.misread.extend(misread);
        let mut others = BTreeSet::new();
        for seen in &all {
            let name = in_namespace(seen.identity.namespace_or_default(), &seen.identity.name);
            let redirect = seen.object.spec.redirect_scheme.as_ref();
            let redirects = redirect.is_some_and(|one| one.scheme.eq_ignore_ascii_case("https"));
            if redirects { &mut self.redirecting } else { &mut others }.insert(name);
        }
        self.redirecting.retain(|name| !others.contains(name));
    }

    fn read_routes(
        &mut self,
        objects: &ObjectSet<'_>,
        seen: &Seen<'_, IngressRoute>,
        is_parent: bool,
    ) {
        let IngressRouteSpec { entry_points, routes, tls, parent_refs, .. } = &seen.object.spec;
        let is_at = |names| is_at(entry_points, names);
        let effect = |key: &str| Missing::Effect(seen.identity.clone(), key.to_owned());
        let namespace = seen.identity.namespace_or_default();
        let mut is_known = |own: &String| {
            HTTP_NAMES.contains(&own.as_str()) || HTTPS_NAMES.contains(&own.as_str())
        };
        let mut unknown = None;
        if is_parent || !parent_refs.is_empty() {
            unknown = Some(effect("parentRefs"));
        } else if !entry_points.iter().all(&mut is_known) {
            unknown = Some(effect("entryPoints"));
        }
        let certificate = tls.as_ref().and_then(|tls| tls.secret_name.clone());
        let certificates: Vec<(String, String)> =
            certificate.into_iter().map(|name| (namespace.to_owned(), name)).collect();
        let options = tls.as_ref().and_then(|tls| tls.options.as_ref());
        let options = options.filter(|options| !options.name.is_empty());
        for route in routes {
            if !(route.kind.is_empty() || route.kind == "Rule") || route.rule.is_empty() {
                continue;
            }
            let mut unknown = unknown.clone();
            let settings = match options.map(|options| reference(options, namespace)) {
                None => None,
                Some(Ok(name)) => Some(name),
                Some(Err(Refused)) => continue,
            };
            if settings.as_ref().is_some_and(|name| !name.ends_with("@kubernetescrd")) {
                unknown.get_or_insert_with(|| effect("tls.options"));
            }
            let middlewares: Result<Vec<_>, Refused> =
                route.middlewares.iter().map(|one| reference(one, namespace)).collect();
            let Ok(middlewares) = middlewares else { continue };
            if route.syntax == "v2" {
                unknown.get_or_insert_with(|| effect("syntax"));
            }
            let Ok(answer) = answer(objects, namespace, route) else { continue };
            // The first one has a request first; by HTTPS, one that redirects to it does nothing.
            let redirects = |name: &String| self.redirecting.contains(name);
            let to_https = match middlewares.first() {
                Some(first) if redirects(first) => ToHttps::Always,
                _ => ToHttps::Never,
            };
            let answer = if middlewares.iter().all(redirects) {
                answer
            } else {
                Fact::Unknown(effect("middlewares"))
            };
            let rule = Rule::read(&route.rule);
            let router = |port, unknown: Option<Missing>| Router {
                identity: seen.identity.clone(),
                priority: if route.priority == 0 { rule.priority() } else { route.priority },
                rule: rule.clone(),
                port,
                settings: settings.clone().filter(|_| port == HTTPS),
                to_https,
                answer: match &unknown {
                    Some(missing) => Fact::Unknown(missing.clone()),
                    None => answer.clone(),
                },
                unknown,
                certificates: certificates.clone(),
                is_routed: !route.services.is_empty(),
            };
            let is_elsewhere =
                matches!(&unknown, Some(Missing::Effect(_, key)) if key == "entryPoints");
            if tls.is_some() && (is_at(HTTPS_NAMES) || is_elsewhere) {
                self.routers.push(router(HTTPS, unknown.clone()));
            }
            if tls.is_none() && (is_at(HTTP_NAMES) || is_elsewhere) {
                self.routers.push(router(HTTP, unknown.clone()));
            }
            if tls.is_none() && is_at(HTTPS_NAMES) {
                // It is one of HTTPS if the entry point has TLS by itself.
                self.routers.push(router(HTTPS, Some(effect("tls"))));
            }
        }
    }

    /// Routers of connections get those that no router of requests is for.
    fn read_connections(&mut self, seen: &Seen<'_, IngressRouteTcp>) {
        let missing = Missing::Effect(seen.identity.clone(), "match".to_owned());
        let spec = &seen.object.spec;
        let (is_http, is_https) =
            (is_at(&spec.entry_points, HTTP_NAMES), is_at(&spec.entry_points, HTTPS_NAMES));
        if !is_http && !is_https {
            let names = spec.entry_points.join(", ");
            self.given.push(Given::OtherEntryPoint(seen.identity.clone(), names));
            return;
        }
        for route in &spec.routes {
            if spec.tls.is_none() {
                // At a port of HTTPS, it gets connections without TLS alone.
                if is_http {
                    self.plain.get_or_insert_with(|| missing.clone());
                }
                continue;
            }
            if !is_https {
                continue;
            }
            let rule = Rule::read(&route.rule);
            let names = rule.server_names().unwrap_or_else(|| vec!["*".to_owned()]);
            for name in names {
                self.elsewhere.entry(name).or_insert_with(|| missing.clone());
            }
        }
    }
}

/// Whether any router of these kinds is among the objects; and, of a whole cluster, kinds of which there is none.
pub(super) fn shown(objects: &ObjectSet<'_>) -> (bool, Option<Given>) {
    let kinds = [
        (IngressRoute::KIND, objects.has::<IngressRoute>()),
        (IngressRouteTcp::KIND, objects.has::<IngressRouteTcp>()),
        (TlsOption::KIND, objects.has::<TlsOption>()),
    ];
    let absent = kinds.iter().filter(|(_, is_there)| !is_there).map(|(kind, _)| *kind);
    let absent: Vec<&'static str> = absent.collect();
    let has_routers = kinds[0].1 || kinds[1].1;
    let is_said = objects.extent() == Extent::Cluster && !absent.is_empty();
    (has_routers, is_said.then_some(Given::NoneOf(absent)))
}

/// Whether routers with these entry points are at one of these; without any, they are at all of them.
fn is_at(entry_points: &[String], names: [&str; 2]) -> bool {
    entry_points.is_empty() || entry_points.iter().any(|own| names.contains(&own.as_str()))
}

/// The name of what is referred to by name in a namespace.
fn in_namespace(namespace: &str, name: &str) -> String {
    format!("{}@kubernetescrd", normalized(&format!("{namespace}-{name}")))
}

/// `shouldProcessIngress`, without a class in the provider's options.
fn is_own(spec: &IngressRouteSpec, annotation: Option<&str>) -> bool {
    let class = spec.ingress_class_name.as_deref().or(annotation).unwrap_or_default();
    class.is_empty() || class == CLASS
}

fn of_reference<'a>(reference: &'a Reference, own: &'a str) -> (&'a str, &'a str) {
    let Reference { name, namespace } = reference;
    (if namespace.is_empty() { own } else { namespace }, name)
}

/// Traefik does not take a reference.
struct Refused;

/// The name of what is referred to (`resolveReference`); other namespaces may not be by default.
fn reference(reference: &Reference, own: &str) -> Result<String, Refused> {
    if reference.name.contains('@') {
        let is_own_kind = reference.name.ends_with("@kubernetescrd");
        return if is_own_kind { Err(Refused) } else { Ok(reference.name.clone()) };
    }
    let (namespace, name) = of_reference(reference, own);
    if namespace == own { Ok(in_namespace(namespace, name)) } else { Err(Refused) }
}

/// What is asked by a `TLSOption`.
fn terms(objects: &ObjectSet<'_>, identity: &Identity, spec: &TlsOptionSpec) -> Terms {
    let unknown = |key: &str| Terms::Unknown(Missing::Effect(identity.clone(), key.to_owned()));
    // A name that Traefik does not know breaks all of it.
    if !spec.cipher_suites.is_empty() {
        return unknown("cipherSuites");
    }
    if !spec.curve_preferences.is_empty() {
        return unknown("curvePreferences");
    }
    let namespace = identity.namespace_or_default();
    let authorities: Vec<Authorities> = spec
        .client_auth
        .secret_names
        .iter()
        .map(|name| secrets::authorities(objects, namespace, name, Form::TlsOption))
        .collect();
    let word = spec.client_auth.client_auth_type.as_str();
    let has_some = authorities.iter().any(|one| *one != Authorities::Refused);
    let kind = match (word, has_some) {
        ("", true) => ClientAuthType::RequireAndVerifyClientCert,
        // Secrets that are missing are passed over.
        ("", false) => ClientAuthType::NoClientCert,
        (word, _) => match ClientAuthType::of_option(word) {
            Some(kind) => kind,
            None => return Terms::Broken(vec![identity.clone()]),
        },
    };
    let verifies = matches!(
        kind,
        ClientAuthType::VerifyClientCertIfGiven | ClientAuthType::RequireAndVerifyClientCert
    );
    if verifies && !has_some {
        return Terms::Broken(vec![identity.clone()]);
    }
    Terms::with(kind, authorities, identity)
}

/// What a router leads to.
fn answer(
    objects: &ObjectSet<'_>,
    namespace: &str,
    route: &CustomRoute,
) -> Result<Fact<Action>, Refused> {
    let backends: Result<Vec<Option<Backend>>, Refused> =
        route.services.iter().map(|service| backend(objects, namespace, service)).collect();
    let mut backends = backends?;
    let is_known = backends.iter().all(Option::is_some);
    let backend = match backends.as_slice() {
        // The router is not built then, but counts for TLS.
        [] => Fact::Known(None),
        [_] => Fact::Known(backends.pop().flatten()),
        _ => Fact::OneOf(Cause::Share, backends),
    };
    let backend = if is_known {
        backend
    } else {
        let service = Identity {
            api_version: "traefik.io/v1alpha1".to_owned(),
            kind: "TraefikService".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: route.services.first().map(|one| one.name.clone()).unwrap_or_default(),
        };
        Fact::Unknown(Missing::Effect(service, "spec".to_owned()))
    };
    Ok(Fact::Known(Action::Forward(Forward { backend, headers: no_headers() })))
}

/// A Service; `None`: of another kind or provider.
fn backend(
    objects: &ObjectSet<'_>,
    own: &str,
    service: &RouteService,
) -> Result<Option<Backend>, Refused> {
    let RouteService { name, kind, namespace, port } = service;
    if name.contains('@') || kind == "TraefikService" {
        return Ok(None);
    }
    let namespace = if namespace.is_empty() { own } else { namespace };
    let is_absent = matches!(objects.read::<Service>(namespace, name), Shown::Absent);
    if namespace != own || is_absent || !(kind.is_empty() || kind == "Service") {
        return Err(Refused);
    }
    Ok(Some(Backend {
        namespace: namespace.to_owned(),
        service: name.clone(),
        port: port.as_ref().map(ToString::to_string).unwrap_or_default(),
    }))
}
