//! Listeners of `Gateway`s and of `ListenerSet`s, and which of them Envoy has (`ProcessListeners` of
//! `internal/gatewayapi/listener.go`, `listenerset.go`, `validate.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::labels;
use super::references::{From, References};
use super::validation::Terms;
use crate::enforcement::Missing;
use crate::identity::Identity;
use crate::manifest::kinds::Secret;
use crate::manifest::kinds::gateway::{
    GROUP, Gateway, GatewayListener, Labels, ListenerSet, Reference,
};
use crate::manifest::{Seen, Shown};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;

/// A Gateway of the controller's.
pub(super) struct Gate<'o> {
    pub seen: Seen<'o, Gateway>,
    /// The object whose address it has: its own, or that of its class where Gateways are merged.
    pub address: Arc<Identity>,
    /// Why it is not known what it serves.
    pub missing: Option<Missing>,
    pub doors: Vec<Door>,
}

/// A listener.
pub(super) struct Door {
    /// The Gateway or `ListenerSet` that has it.
    pub owner: Identity,
    pub is_of_set: bool,
    pub listener: GatewayListener,
    /// Namespace and name of each Secret that may have its certificate.
    pub certificates: BTreeSet<(String, String)>,
    pub state: State,
    /// Whether another listener of its name comes before it.
    pub is_beaten: bool,
    /// What the Gateway asks of clients at its port.
    pub frontend: Option<Terms>,
}

/// Whether Envoy has a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Broken,
    Unknown(Missing),
}

impl Door {
    /// Namespace of its routes and certificates.
    pub fn namespace(&self) -> &str {
        self.owner.namespace_or_default()
    }

    pub fn hostname(&self) -> &str {
        self.listener.hostname.as_deref().unwrap_or_default()
    }

    pub fn is_https(&self) -> bool {
        self.listener.protocol == "HTTPS"
    }

    /// Whether routes of a kind may attach to it.
    pub fn takes(&self, kind: &str) -> bool {
        let kinds = &self.listener.allowed_routes.kinds;
        let is_it = |one: &crate::manifest::kinds::gateway::AllowedKind| {
            one.group.as_deref().unwrap_or(GROUP) == GROUP && one.kind == kind
        };
        kinds.is_empty() || kinds.iter().any(is_it)
    }
}

/// The listeners of a Gateway, with those of its `ListenerSet`s in their order.
pub(super) fn doors(
    references: &References<'_>,
    gateway: &Seen<'_, Gateway>,
    sets: &[Seen<'_, ListenerSet>],
) -> Vec<Door> {
    let spec = &gateway.object.spec;
    let mut doors: Vec<Door> = spec
        .listeners
        .iter()
        .map(|listener| door(references, gateway.identity, false, listener))
        .collect();
    for set in sets.iter().filter(|set| is_of(set, gateway.identity)) {
        let namespaces =
            (gateway.identity.namespace_or_default(), set.identity.namespace_or_default());
        let allowed = &spec.allowed_listeners;
        let allowed = labels::allows(references.objects, allowed, namespaces, "None");
        if allowed == Ok(false) {
            continue;
        }
        for listener in &set.object.spec.listeners {
            let mut door = door(references, set.identity, true, listener);
            if let Err(missing) = &allowed {
                door.state = State::Unknown(missing.clone());
            }
            doors.push(door);
        }
    }
    for door in doors.iter_mut().filter(|door| door.is_https()) {
        frontend(references, gateway, door);
    }
    conflicts_of_protocols(&mut doors);
    conflicts_of_names(&mut doors);
    doors
}

/// Whether a `ListenerSet` names a Gateway.
fn is_of(set: &Seen<'_, ListenerSet>, gateway: &Identity) -> bool {
    let parent = &set.object.spec.parent_ref;
    let own = set.identity.namespace_or_default();
    parent.name == gateway.name
        && parent.namespace.as_deref().unwrap_or(own) == gateway.namespace_or_default()
        && parent.kind.as_deref().is_none_or(|kind| kind == "Gateway")
}

/// A listener by itself (`validateListenerSpec`).
fn door(
    references: &References<'_>,
    owner: &Identity,
    is_of_set: bool,
    listener: &GatewayListener,
) -> Door {
    let mut door = Door {
        owner: owner.clone(),
        is_of_set,
        listener: listener.clone(),
        certificates: BTreeSet::new(),
        state: State::Ready,
        is_beaten: false,
        frontend: None,
    };
    let supported: &[&str] = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TLS" => &["TCPRoute", "TLSRoute"],
        "TCP" => &["TCPRoute"],
        "UDP" => &["UDPRoute"],
        _ => &[],
    };
    let is_supported = |kind: &crate::manifest::kinds::gateway::AllowedKind| {
        kind.group.as_deref().unwrap_or(GROUP) == GROUP && supported.contains(&kind.kind.as_str())
    };
    let namespaces = listener.allowed_routes.namespaces.as_ref();
    let lacks_selector = namespaces
        .is_some_and(|all| all.from.as_deref() == Some("Selector") && all.selector.is_none());
    let is_broken = match (listener.protocol.as_str(), &listener.tls) {
        ("HTTP", tls) => tls.is_some(),
        ("HTTPS", None) => true,
        ("HTTPS", Some(tls)) => tls.mode.as_deref().is_some_and(|mode| mode != "Terminate"),
        // What is not HTTP is not followed.
        _ => false,
    };
    if supported.is_empty()
        || is_broken
        || lacks_selector
        || !listener.allowed_routes.kinds.iter().all(is_supported)
    {
        door.state = State::Broken;
    }
    if let ("HTTPS", Some(tls)) = (listener.protocol.as_str(), &listener.tls) {
        certificates(references, &mut door, &tls.certificate_refs);
    }
    door
}

/// Secrets with certificates: one that works will do (`validateTerminateModeAndGetTLSSecrets`).
fn certificates(references: &References<'_>, door: &mut Door, refs: &[Reference]) {
    let namespace = door.namespace().to_owned();
    let kind = if door.is_of_set { "ListenerSet" } else { "Gateway" };
    let from = From { group: GROUP, kind, namespace: &namespace };
    let mut unknown = None;
    let mut works = false;
    for reference in refs {
        let identity = References::identity(reference, &namespace);
        let is_core = reference.group.as_deref().unwrap_or_default().is_empty();
        if !is_core || identity.kind != "Secret" {
            continue;
        }
        match references.permits(from, &identity) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(missing) => {
                unknown.get_or_insert(missing);
                continue;
            }
        }
        let place = (identity.namespace_or_default().to_owned(), identity.name.clone());
        match references.objects.read::<Secret>(&place.0, &place.1) {
            Shown::Absent => continue,
            Shown::Found(Ok(seen)) if !is_key_pair(references, &seen.object) => continue,
            _ => {}
        }
        works = true;
        door.certificates.insert(place);
    }
    if door.state == State::Ready && !works {
        door.state = unknown.map_or(State::Broken, State::Unknown);
    }
}

/// Whether a Secret is of the type for certificates, and has certificates that are valid and the key of the first one
/// (`parseCertsFromTLSSecretsData` of `tls.go`); what is not shown is taken to be in order.
fn is_key_pair(references: &References<'_>, secret: &Secret) -> bool {
    if secret.type_name.as_deref() != Some("kubernetes.io/tls") {
        return false;
    }
    let [chain, key] = ["tls.crt", "tls.key"].map(|name| secret.value(name));
    let leaf = match chain {
        Ok(None) => return false,
        Ok(Some(text)) => match Certificate::from_pem(&text) {
            Ok(chain) if chain.iter().all(|one| references.is_valid(one)) => chain.first().cloned(),
            _ => return false,
        },
        Err(_) => None,
    };
    match key {
        Ok(None) => false,
        Ok(Some(text)) => match PrivateKey::from_pem(&text) {
            Ok(key) => leaf.is_none_or(|leaf| leaf.spki_hash == key.spki_hash()),
            Err(_) => false,
        },
        Err(_) => true,
    }
}

/// What the Gateway asks of clients at the listener's port (`ProcessGatewayTLS`).
fn frontend(references: &References<'_>, gateway: &Seen<'_, Gateway>, door: &mut Door) {
    let Some(frontend) = &gateway.object.spec.tls.frontend else { return };
    let own = frontend.per_port.iter().find(|one| one.port == door.listener.port);
    let tls = own.map_or(&frontend.default, |one| &one.tls);
    let Some(validation) = &tls.validation else { return };
    let namespace = gateway.identity.namespace_or_default();
    let from = From { group: GROUP, kind: "Gateway", namespace };
    match Terms::of_gateway(references, from, validation) {
        Ok(terms) => door.frontend = Some(terms),
        Err(_) => door.state = State::Broken,
    }
}

/// Which listeners share their port, HTTPS and TLS as one protocol.
fn protocol(door: &Door) -> &str {
    match door.listener.protocol.as_str() {
        "HTTPS" | "TLS" => "https/tls",
        other => other,
    }
}

fn by_port(doors: &[Door]) -> BTreeMap<u16, Vec<usize>> {
    let mut ports: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (at, door) in doors.iter().enumerate() {
        if door.state != State::Broken && door.listener.protocol != "UDP" {
            ports.entry(door.listener.port).or_default().push(at);
        }
    }
    ports
}

/// `validateConflictedProtocolsListeners`.
fn conflicts_of_protocols(doors: &mut [Door]) {
    for all in by_port(doors).into_values() {
        let protocols = |wanted: &dyn Fn(&Door) -> bool| {
            let fitting = all.iter().map(|at| &doors[*at]).filter(|door| wanted(door));
            fitting.map(|door| protocol(door).to_owned()).collect::<BTreeSet<_>>()
        };
        if protocols(&|_| true).len() <= 1 {
            continue;
        }
        let own = protocols(&|door| !door.is_of_set);
        let mut winner = own.first().cloned().filter(|_| own.len() == 1);
        let quarrels = |owner: &Identity| protocols(&|door| door.owner == *owner).len() > 1;
        let mut broken = Vec::new();
        for at in &all {
            let door = &doors[*at];
            let is_beaten = if own.len() > 1 || own.is_empty() && quarrels(&door.owner) {
                true
            } else {
                *winner.get_or_insert_with(|| protocol(door).to_owned()) != protocol(door)
            };
            broken.extend(is_beaten.then_some(*at));
        }
        for at in broken {
            doors[at].state = State::Broken;
        }
    }
}

/// `validateConflictedHostnameListeners`: of several of one name, that of the Gateway, else the first one.
fn conflicts_of_names(doors: &mut [Door]) {
    for all in by_port(doors).into_values() {
        let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for at in all {
            if doors[at].listener.protocol != "TCP" {
                names.entry(doors[at].hostname().to_owned()).or_default().push(at);
            }
        }
        for same in names.into_values().filter(|same| same.len() > 1) {
            let own: Vec<usize> = same.iter().copied().filter(|at| !doors[*at].is_of_set).collect();
            let is_repeated = |at: &usize| {
                let owner = &doors[*at].owner;
                same.iter().filter(|other| doors[**other].owner == *owner).count() > 1
            };
            let winner = match own.as_slice() {
                [only] => Some(*only),
                [] if !same.iter().any(is_repeated) => same.first().copied(),
                _ => None,
            };
            for at in same.into_iter().filter(|at| Some(*at) != winner) {
                doors[at].state = State::Broken;
                doors[at].is_beaten = winner.is_some();
            }
        }
    }
}

/// Whether the labels of a Gateway or `ListenerSet` are those that a policy selects.
pub(super) fn is_selected(selector: &Labels, metadata: &crate::manifest::kinds::Metadata) -> bool {
    labels::fits(selector, labels::of(metadata))
}
