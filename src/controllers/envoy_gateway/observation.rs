//! From the objects to what Envoy serves: a listener of its own for each HTTPS listener, with a table of its own; one for all
//! HTTP listeners of a port (`processHTTPListenerXdsTranslation` of `internal/xds/translator/translator.go`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::doors::{Door, Gate, State, doors};
use super::hostnames;
use super::order::{in_order, turns};
use super::policies::{Policies, selects};
use super::references::{From, References};
use super::routes::{Headers, Routes};
use super::served::{Host, Served, checks, forwarded};
use super::validation::{Known, Terms};
use super::{CONTROLLER_NAME, PATCHES};
use crate::controllers::Settings;
use crate::enforcement::{Cause, Check, Clients, Fact, Given, Missing, Observed};
use crate::identity::Identity;
use crate::manifest::kinds::Api;
use crate::manifest::kinds::envoy_gateway::{
    self, ClientTrafficPolicy, EnvoyExtensionPolicy, EnvoyPatchPolicy, EnvoyProxy, SecurityPolicy,
    Targets,
};
use crate::manifest::kinds::gateway::{
    Gateway, GatewayClass, GrpcRoute, HttpRoute, ListenerSet, Reference,
};
use crate::manifest::{Misread, ObjectSet, Seen, Shown};

pub(super) fn observe(objects: &ObjectSet<'_>, settings: &Settings) -> Observed {
    let mut given = settings.given(objects);
    let mut misread = Vec::new();
    let (references, more) = References::of(objects, settings.at);
    misread.extend(more);
    let world = World::of(objects, references, &mut misread);
    let mut gates = world.gates(settings, &mut given);
    for gate in &mut gates {
        gate.doors = doors(&world.references, &gate.seen, &world.sets);
        let patch = world.patches.iter().find(|patch| {
            settings.get(PATCHES) != "false"
                && patch.object.spec.references().any(|to| is_about(patch.identity, to, gate))
        });
        let effect = patch.map(|patch| Missing::Effect(patch.identity.clone(), "spec".to_owned()));
        gate.missing = gate.missing.take().or(settings.missing.clone()).or(effect);
    }
    let mut served = Served::default();
    for gate in &gates {
        world.serve(gate, &mut served);
    }
    let (listeners, tables) = served.finished();
    Observed::new(listeners, tables, misread, given)
}

/// Whether a policy is about a Gateway or its class.
fn is_about(policy: &Identity, to: &Reference, gate: &Gate<'_>) -> bool {
    let own = gate.seen.identity;
    match to.kind.as_deref() {
        Some("GatewayClass") => to.name == gate.seen.object.spec.gateway_class_name,
        _ => to.name == own.name && policy.namespace_or_default() == own.namespace_or_default(),
    }
}

/// All objects that count.
struct World<'o> {
    references: References<'o>,
    classes: Vec<Seen<'o, GatewayClass>>,
    gateways: Vec<Seen<'o, Gateway>>,
    sets: Vec<Seen<'o, ListenerSet>>,
    policies: Policies<'o>,
    patches: Vec<Seen<'o, EnvoyPatchPolicy>>,
    /// Identities and targets of policies for what comes behind TLS.
    others: Vec<(&'o Identity, Targets)>,
    http: Vec<Seen<'o, HttpRoute>>,
    grpc: Vec<Seen<'o, GrpcRoute>>,
    known: Known,
}

impl<'o> World<'o> {
    fn of(
        objects: &'o ObjectSet<'o>,
        references: References<'o>,
        misread: &mut Vec<Misread>,
    ) -> Self {
        fn all<'o, K: Api>(
            objects: &'o ObjectSet<'o>,
            misread: &mut Vec<Misread>,
        ) -> Vec<Seen<'o, K>> {
            let (all, more) = objects.all::<K>();
            misread.extend(more);
            in_order(all)
        }
        let security = all::<SecurityPolicy>(objects, misread);
        let security = security.into_iter().map(|one| (one.identity, one.object.into_owned().spec));
        let extensions = all::<EnvoyExtensionPolicy>(objects, misread);
        let extensions =
            extensions.into_iter().map(|one| (one.identity, one.object.into_owned().spec));
        Self {
            classes: all(objects, misread),
            gateways: all(objects, misread),
            sets: all(objects, misread),
            policies: Policies::of(all::<ClientTrafficPolicy>(objects, misread)),
            patches: all(objects, misread),
            others: security.chain(extensions).collect(),
            http: all(objects, misread),
            grpc: all(objects, misread),
            known: Known::default(),
            references,
        }
    }

    /// The Gateways of the controller's classes, without their listeners.
    fn gates(&self, settings: &Settings, given: &mut Vec<Given>) -> Vec<Gate<'o>> {
        let mut gates = Vec::new();
        for seen in &self.gateways {
            let name = &seen.object.spec.gateway_class_name;
            let class = self.classes.iter().find(|class| class.identity.name == *name);
            let mut missing = None;
            match class {
                Some(class)
                    if class.object.spec.controller_name != settings.get(CONTROLLER_NAME) =>
                {
                    given.push(Given::OtherClass(seen.identity.clone(), name.clone()));
                    continue;
                }
                Some(_) => {}
                None if settings.classes.said.contains(name) => {}
                None if settings.classes.are_said => {
                    given.push(Given::OtherClass(seen.identity.clone(), name.clone()));
                    continue;
                }
                None => missing = Some(Missing::GatewayClass(seen.identity.clone(), name.clone())),
            }
            let parameters = class.and_then(|class| class.object.spec.parameters_ref.as_ref());
            let own = seen.object.spec.infrastructure.parameters_ref.as_ref();
            let mut address = seen.identity.clone();
            for (parameters, is_of_class) in [(parameters, true), (own, false)] {
                let Some(parameters) = parameters else { continue };
                match self.proxy(parameters, seen) {
                    Ok(proxy) if proxy.object.spec.bootstrap.is_some() => {
                        let key = "spec.bootstrap".to_owned();
                        missing.get_or_insert(Missing::Effect(proxy.identity.clone(), key));
                    }
                    Ok(proxy) if proxy.object.spec.preserve_route_order => {
                        let key = "spec.preserveRouteOrder".to_owned();
                        missing.get_or_insert(Missing::Effect(proxy.identity.clone(), key));
                    }
                    Ok(proxy) if is_of_class && proxy.object.spec.merge_gateways => {
                        if let Some(class) = class {
                            address = class.identity.clone();
                        }
                    }
                    Ok(_) => {}
                    Err(absent) => drop(missing.get_or_insert(absent)),
                }
            }
            let address = Arc::new(address);
            gates.push(Gate { seen: seen.clone(), address, missing, doors: Vec::new() });
        }
        gates
    }

    fn proxy(
        &self,
        parameters: &Reference,
        gateway: &Seen<'_, Gateway>,
    ) -> Result<Seen<'o, EnvoyProxy>, Missing> {
        let own = gateway.identity.namespace_or_default();
        let namespace = parameters.namespace.as_deref().unwrap_or(own);
        let identity = || Identity {
            api_version: format!("{}/v1alpha1", envoy_gateway::GROUP),
            kind: "EnvoyProxy".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: parameters.name.clone(),
        };
        match self.references.objects.read::<EnvoyProxy>(namespace, &parameters.name) {
            Shown::Found(Ok(seen)) => Ok(seen),
            Shown::Found(Err(_)) | Shown::Hidden => Err(Missing::Hidden(identity())),
            Shown::Absent | Shown::NotShown(_) => Err(Missing::NotShown(identity())),
        }
    }

    /// Adds what a Gateway serves.
    fn serve(&self, gate: &Gate<'o>, served: &mut Served) {
        let routes = self.routes(gate);
        let attached = Attached::of(&routes);
        // How many listeners of a port have a hostname; only asked, never iterated over.
        let mut named: HashMap<(u16, &str), usize> = HashMap::new();
        for door in gate.doors.iter().filter(|door| !door.is_beaten) {
            if let Some(hostname) = &door.listener.hostname {
                *named.entry((door.listener.port, hostname)).or_default() += 1;
            }
        }
        let mut plain_headers: BTreeMap<u16, Headers> = BTreeMap::new();
        for door in &gate.doors {
            if door.state == State::Broken {
                continue;
            }
            let unknown = gate.missing.clone().or_else(|| match &door.state {
                State::Unknown(missing) => Some(missing.clone()),
                State::Ready | State::Broken => None,
            });
            let policies = self.policies.of_door(gate, door, &self.sets);
            match door.listener.protocol.as_str() {
                "HTTPS" => {
                    let headers = forwarded(policies.first().copied());
                    let (clients, checks) = self.terms(door, &policies, unknown.as_ref());
                    let hosts = self.hosts(gate, door, (&attached, &named), &headers, &checks);
                    served.add_https(gate, door, clients, hosts);
                }
                "HTTP" => {
                    let port = door.listener.port;
                    let headers = plain_headers
                        .entry(port)
                        .or_insert_with(|| forwarded(policies.first().copied()));
                    let headers = headers.clone();
                    let checks = unknown.map_or_else(|| Fact::Known(Vec::new()), Fact::Unknown);
                    let hosts = self.hosts(gate, door, (&attached, &named), &headers, &checks);
                    served.add_http(gate, door, hosts);
                }
                "TLS" => {
                    let effect = Missing::Effect(
                        door.owner.clone(),
                        format!("{} (protocol TLS)", door.listener.name),
                    );
                    served.add_https(gate, door, Fact::Unknown(effect), BTreeMap::new());
                }
                _ => {}
            }
        }
    }

    /// What a listener asks of clients, and checks behind that: by its policy, or by one of several.
    fn terms(
        &self,
        door: &Door,
        policies: &[&Seen<'o, ClientTrafficPolicy>],
        unknown: Option<&Missing>,
    ) -> (Fact<Clients>, Fact<Vec<Check>>) {
        if let Some(missing) = unknown {
            return (Fact::Unknown(missing.clone()), Fact::Known(Vec::new()));
        }
        let of_gateway = || door.frontend.clone().unwrap_or_else(Terms::open);
        let of_policy = |policy: &&Seen<'o, ClientTrafficPolicy>| {
            let Some(validation) = &policy.object.spec.tls.client_validation else {
                return of_gateway();
            };
            let namespace = policy.identity.namespace_or_default();
            let from = From { group: envoy_gateway::GROUP, kind: "ClientTrafficPolicy", namespace };
            let beside = door.frontend.as_ref();
            let terms =
                Terms::of_policy(&self.references, policy.identity, from, validation, beside);
            self.known.shared(terms)
        };
        let all: Vec<Terms> = if policies.is_empty() {
            vec![of_gateway()]
        } else {
            policies.iter().map(of_policy).collect()
        };
        let checks = all.iter().map(|terms| Fact::Known(checks(&terms.refused_by)));
        let checks = Fact::merged(Cause::Age, checks.collect());
        (Fact::merged(Cause::Age, all.into_iter().map(|terms| terms.clients).collect()), checks)
    }

    /// What is served at a listener, by name.
    fn hosts(
        &self,
        gate: &Gate<'o>,
        door: &Door,
        (attached, named): (&Attached<'_>, &HashMap<(u16, &str), usize>),
        headers: &Headers,
        checks: &Fact<Vec<Check>>,
    ) -> BTreeMap<String, Host> {
        let is_others = |name: &str| {
            let count = named.get(&(door.listener.port, name)).copied().unwrap_or_default();
            let is_own = !door.is_beaten && door.listener.hostname.as_deref() == Some(name);
            count > usize::from(is_own)
        };
        let mut hosts: BTreeMap<String, Host> = BTreeMap::new();
        for routes in attached.candidates(gate, door) {
            let attached = routes.attaches(self.references.objects, gate.seen.identity, door);
            let (is_attached, missing) = match attached {
                Ok(is_attached) => (is_attached, None),
                Err(missing) => (true, Some(missing)),
            };
            if !is_attached {
                continue;
            }
            let all = routes.routes(&self.references, door, headers);
            for name in hostnames::names(&routes.spec.hostnames, door.hostname(), is_others) {
                let host = hosts.entry(name.to_lowercase()).or_insert_with(|| Host {
                    checks: checks.clone(),
                    routes: Fact::Known(Vec::new()),
                });
                match (&mut host.routes, &missing) {
                    (routes @ Fact::Known(_), Some(missing)) => {
                        *routes = Fact::Unknown(missing.clone());
                    }
                    (Fact::Known(own), None) => own.extend(all.iter().cloned()),
                    _ => {}
                }
            }
        }
        hosts
    }

    /// All routes, in their order.
    fn routes(&self, gate: &Gate<'o>) -> Vec<Routes<'o>> {
        let turn = turns(&self.http);
        let http = self.http.iter().zip(turn).map(|(seen, turn)| Routes {
            identity: seen.identity,
            kind: "HTTPRoute",
            spec: seen.object.spec.clone(),
            turn,
            missing: self.effect(gate, seen.identity, "HTTPRoute"),
        });
        let grpc = self.grpc.iter().map(|seen| Routes {
            identity: seen.identity,
            kind: "GRPCRoute",
            spec: seen.object.spec.clone(),
            turn: 0,
            missing: Some(Missing::Effect(seen.identity.clone(), "spec".to_owned())),
        });
        http.chain(grpc).collect()
    }

    /// A policy that decides about requests behind TLS, of a route or of a Gateway.
    fn effect(&self, gate: &Gate<'o>, route: &Identity, kind: &str) -> Option<Missing> {
        let is_to = |policy: &Identity, targets: &Targets| {
            let object = &gate.seen.object;
            targets.references().any(|to| {
                let to_route = to.kind.as_deref() == Some(kind)
                    && to.name == route.name
                    && policy.namespace_or_default() == route.namespace_or_default();
                to_route || is_about(policy, to, gate) && to.kind.as_deref() != Some(kind)
            }) || !targets.target_selectors.is_empty()
                && (selects(policy, targets, "Gateway", gate.seen.identity, Some(&object.metadata))
                    || targets.target_selectors.iter().any(|one| one.kind != "Gateway"))
        };
        let found = self.others.iter().find(|(policy, targets)| is_to(policy, targets));
        found.map(|(policy, _)| Missing::Effect((*policy).clone(), "spec".to_owned()))
    }
}

/// Routes by what they name as their parent; only asked, never iterated over.
struct Attached<'a> {
    all: &'a [Routes<'a>],
    by_parent: HashMap<(&'a str, &'a str, Option<&'a str>), Vec<usize>>,
}

impl<'a> Attached<'a> {
    fn of(all: &'a [Routes<'a>]) -> Self {
        let mut by_parent: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, routes) in all.iter().enumerate() {
            for parent in &routes.spec.parent_refs {
                let namespace = parent.namespace.as_deref().unwrap_or(routes.namespace());
                let key = (namespace, parent.name.as_str(), parent.section_name.as_deref());
                let known = by_parent.entry(key).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
        }
        Self { all, by_parent }
    }

    /// Those that may attach to a listener, each once, in their order.
    fn candidates(&self, gate: &Gate<'_>, door: &'a Door) -> impl Iterator<Item = &'a Routes<'a>> {
        let owner = if door.is_of_set { &door.owner } else { gate.seen.identity };
        let of = |section| {
            let key = (owner.namespace_or_default(), owner.name.as_str(), section);
            self.by_parent.get(&key).into_iter().flatten().copied()
        };
        let found: BTreeSet<usize> =
            of(None).chain(of(Some(door.listener.name.as_str()))).collect();
        found.into_iter().map(|at| &self.all[at])
    }
}
