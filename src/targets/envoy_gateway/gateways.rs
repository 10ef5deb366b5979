//! Which listeners each host has: those of a Gateway for each namespace, and of `ListenerSet`s for what it has no room for or what
//! another Gateway serves.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::objects::{metadata, object, of_core, of_gateway_api};
use crate::diagnostic::Diagnostic;
use crate::manifest::Object;
use crate::manifest::kinds::Kind;
use crate::manifest::kinds::gateway::{
    self, Allowed, AllowedNamespaces, GatewayListener, GatewaySpec, ListenerSet, ListenerSetSpec,
    ListenerTls, Reference,
};
use crate::model::{Exposure, Gateway, Model};
use crate::specification::document::{Locate, Step};
use crate::specification::value::{NamespaceName, ObjectName};
use crate::targets::Entrusted;

/// Name of the Gateway of a namespace, and what those of its `ListenerSet`s begin with.
pub(super) const GATEWAY: &str = "gateway";
/// Name of the listener for plain HTTP.
const PLAIN: &str = "http";
/// How many listeners a Gateway and a `ListenerSet` may have (`MaxItems` of their kinds).
const MOST: usize = 64;

/// The listeners of a namespace.
pub(super) struct Listeners<'m> {
    pub namespace: &'m str,
    pub class: &'m str,
    /// Name of the Gateway.
    gateway: Cow<'m, str>,
    /// Its namespace, where it exists already.
    existing_in: Option<&'m str>,
    /// Hosts with listeners of their own, in parts: those of the Gateway if it is made, then those of each `ListenerSet`.
    parts: Vec<Vec<&'m Exposure>>,
    /// All entries.
    pub exposures: Vec<&'m Exposure>,
}

/// Where a listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub kind: &'static str,
    pub name: String,
    pub section: String,
}

/// The listeners of a host: for HTTPS, if it has a certificate, and for plain HTTP.
pub(super) struct Places {
    pub tls: Option<Place>,
    pub plain: Place,
}

/// Namespace, class, and the Gateway of those that share listeners.
type Shared<'m> = (&'m str, &'m str, Option<(Option<&'m str>, Option<&'m str>)>);

fn shared(exposure: &Exposure) -> Shared<'_> {
    let gateway = exposure.gateway.as_ref().map(|one| {
        let Gateway { name, existing_in, is_own: _ } = one;
        let name = name.as_ref().map(ObjectName::as_str);
        (name, existing_in.as_ref().map(NamespaceName::as_str))
    });
    (exposure.namespace.as_str(), exposure.ingress_class_name.as_str(), gateway)
}

/// The listeners of each namespace, class and Gateway, in their order.
pub(super) fn of(model: &Model) -> Vec<Listeners<'_>> {
    let mut all: BTreeMap<Shared<'_>, Vec<&Exposure>> = BTreeMap::new();
    for exposure in &model.exposures {
        all.entry(shared(exposure)).or_default().push(exposure);
    }
    all.into_iter().map(|(shared, exposures)| listeners(model, shared, exposures)).collect()
}

fn listeners<'m>(
    model: &Model,
    (namespace, class, gateway): Shared<'m>,
    exposures: Vec<&'m Exposure>,
) -> Listeners<'m> {
    let (name, existing_in) = gateway.unwrap_or_default();
    let mut known = BTreeSet::new();
    let has_own = |one: &&Exposure| existing_in.is_some() || one.tls.is_some();
    let own = exposures.iter().copied().filter(has_own);
    let own: Vec<&Exposure> =
        own.filter(|one| known.insert(one.host.as_str().to_lowercase())).collect();
    let parts = if existing_in.is_some() {
        // One for each of both protocols.
        own.chunks(MOST / 2).map(<[_]>::to_vec).collect()
    } else {
        // Plain HTTP has one of the Gateway's.
        let (first, rest) = own.split_at(own.len().min(MOST - 1));
        std::iter::once(first).chain(rest.chunks(MOST)).map(<[_]>::to_vec).collect()
    };
    let name = name.unwrap_or(GATEWAY);
    let gateway =
        if existing_in.is_some() { Cow::Borrowed(name) } else { made_name(model, name, class) };
    Listeners { namespace, class, gateway, existing_in, parts, exposures }
}

/// The name of a Gateway that is made: hosts of another class than the first have one of their own.
fn made_name<'m>(model: &Model, name: &'m str, class: &str) -> Cow<'m, str> {
    let first = model.exposures.iter().map(|one| one.ingress_class_name.as_str()).min();
    if first == Some(class) { Cow::Borrowed(name) } else { format!("{name}-{class}").into() }
}

impl<'m> Listeners<'m> {
    /// Kind and name of what has a part.
    fn holder(&self, part: usize) -> (&'static str, String) {
        let gateway = &self.gateway;
        match (self.existing_in.is_some(), part) {
            (false, 0) => ("Gateway", gateway.to_string()),
            (false, part) => ("ListenerSet", format!("{gateway}-{}", part + 1)),
            (true, 0) => ("ListenerSet", format!("{gateway}-listeners")),
            (true, part) => ("ListenerSet", format!("{gateway}-listeners-{}", part + 1)),
        }
    }

    /// Hosts with a listener of their own, each once.
    pub fn own(&self) -> impl Iterator<Item = &'m Exposure> {
        self.parts.iter().flatten().copied()
    }

    /// Where each host has its listeners, by its name in lower case.
    pub fn places(&self) -> BTreeMap<String, Places> {
        let mut places = BTreeMap::new();
        for (part, exposures) in self.parts.iter().enumerate() {
            let (kind, name) = self.holder(part);
            for exposure in exposures {
                let at = |section| Place { kind, name: name.clone(), section };
                let tls = exposure.tls.as_ref().map(|_| at(section(exposure)));
                let plain = match self.existing_in {
                    Some(_) => at(plain_section(exposure)),
                    None => self.plain(),
                };
                places.insert(exposure.host.as_str().to_lowercase(), Places { tls, plain });
            }
        }
        if self.existing_in.is_none() {
            for exposure in &self.exposures {
                let name = exposure.host.as_str().to_lowercase();
                places.entry(name).or_insert_with(|| Places { tls: None, plain: self.plain() });
            }
        }
        places
    }

    /// The listener for plain HTTP of a Gateway that is made.
    fn plain(&self) -> Place {
        let (kind, name) = self.holder(0);
        Place { kind, name, section: PLAIN.to_owned() }
    }

    /// Gives `add` the Gateway, unless it exists already, and the `ListenerSet`s.
    pub fn add_objects(&self, model: &Model, add: &mut dyn FnMut(Object)) {
        if self.existing_in.is_none() {
            add(self.made(model));
        }
        for (part, exposures) in self.parts.iter().enumerate() {
            if self.holder(part).0 == "ListenerSet" {
                add(self.set(model, part, exposures));
            }
        }
    }

    fn made(&self, model: &Model) -> Object {
        let plain = GatewayListener {
            name: PLAIN.to_owned(),
            port: 80,
            protocol: "HTTP".to_owned(),
            ..of_own_namespace()
        };
        let own = self.parts.iter().take(1).flatten().map(|exposure| listener(exposure));
        let has_sets = self.parts.len() > 1;
        let spec = GatewaySpec {
            gateway_class_name: self.class.to_owned(),
            listeners: std::iter::once(plain).chain(own).collect(),
            allowed_listeners: Allowed { namespaces: has_sets.then(same), kinds: Vec::new() },
            ..GatewaySpec::default()
        };
        let kind =
            Kind::Gateway(Box::new(gateway::Gateway { metadata: metadata(&model.labels), spec }));
        let keys = self.exposures.iter().map(|one| one.key.clone()).collect();
        let at = (self.namespace, self.gateway.to_string());
        object(of_gateway_api(), "Gateway", at, keys, "envoy-gateway/gateway.yaml.j2", kind)
    }

    fn set(&self, model: &Model, part: usize, exposures: &[&Exposure]) -> Object {
        let keys = exposures.iter().map(|one| one.key.clone()).collect();
        let parent_ref = Reference {
            group: Some(gateway::GROUP.to_owned()),
            kind: Some("Gateway".to_owned()),
            namespace: self.existing_in.filter(|one| *one != self.namespace).map(str::to_owned),
            name: self.gateway.to_string(),
            ..Reference::default()
        };
        let of_host = |exposure: &&Exposure| {
            let plain = self.existing_in.map(|_| GatewayListener {
                name: plain_section(exposure),
                hostname: Some(exposure.host.to_string()),
                port: 80,
                protocol: "HTTP".to_owned(),
                ..of_own_namespace()
            });
            let tls = exposure.tls.as_ref().map(|_| listener(exposure));
            tls.into_iter().chain(plain).collect::<Vec<_>>()
        };
        let listeners = exposures.iter().flat_map(of_host).collect();
        let spec = ListenerSetSpec { parent_ref, listeners };
        let set = ListenerSet { metadata: metadata(&model.labels), spec };
        let template = "envoy-gateway/listener-set.yaml.j2";
        let at = (self.namespace, self.holder(part).1);
        object(
            of_gateway_api(),
            "ListenerSet",
            at,
            keys,
            template,
            Kind::ListenerSet(Box::new(set)),
        )
    }
}

fn listener(exposure: &Exposure) -> GatewayListener {
    let secrets = exposure.tls.iter().map(|tls| of_core("Secret", tls.secret_name.to_string()));
    GatewayListener {
        name: section(exposure),
        hostname: Some(exposure.host.to_string()),
        port: 443,
        protocol: "HTTPS".to_owned(),
        tls: Some(ListenerTls {
            mode: Some("Terminate".to_owned()),
            certificate_refs: secrets.collect(),
        }),
        ..of_own_namespace()
    }
}

/// A listener for routes of its own namespace. What the API server fills in is written out, here and in routes: otherwise, each
/// `kubectl apply` would say that it changes them.
fn of_own_namespace() -> GatewayListener {
    let allowed_routes = Allowed { namespaces: Some(same()), kinds: Vec::new() };
    GatewayListener { allowed_routes, ..GatewayListener::default() }
}

fn same() -> AllowedNamespaces {
    AllowedNamespaces { from: Some("Same".to_owned()), selector: None }
}

/// The name of a host's listener.
fn section(exposure: &Exposure) -> String {
    let name = exposure.name.to_string();
    if name == PLAIN { format!("{PLAIN}-tls") } else { name }
}

/// The name of a host's listener for plain HTTP, where it has one of its own; no name of an object ends so.
fn plain_section(exposure: &Exposure) -> String {
    format!("{}.{PLAIN}", exposure.name)
}

/// The Gateways that exist already by the spec: where they are not shown, they let every `ListenerSet` in and have no listener of
/// their own.
pub(super) fn entrusted(model: &Model, locate: Locate<'_>) -> Vec<Entrusted> {
    let mut known = BTreeSet::new();
    let of_exposure = |exposure: &Exposure| {
        let gateway = exposure.gateway.as_ref()?;
        let namespace = gateway.existing_in.as_ref()?.as_str();
        let name = gateway.name.as_ref()?.as_str();
        if !known.insert((namespace.to_owned(), name.to_owned())) {
            return None;
        }
        let all = AllowedNamespaces { from: Some("All".to_owned()), selector: None };
        let spec = GatewaySpec {
            gateway_class_name: exposure.ingress_class_name.to_string(),
            allowed_listeners: Allowed { namespaces: Some(all), kinds: Vec::new() },
            ..GatewaySpec::default()
        };
        let kind = Kind::Gateway(Box::new(gateway::Gateway { spec, ..Default::default() }));
        let at = (namespace, name.to_owned());
        let template = "envoy-gateway/gateway.yaml.j2";
        let object = object(of_gateway_api(), "Gateway", at, Vec::new(), template, kind);
        let place = if gateway.is_own {
            locate(&["hosts".into(), Step::from(&exposure.key), "gateway".into()])
        } else {
            locate(&["gateway".into()])
        };
        let title = format!(
            "the Gateway `{namespace}/{name}` exists already, and is not among the objects: it is taken to let the listeners of its hosts in, and to have none of their names"
        );
        let unseen = Diagnostic::warning("gateway-unseen", title).at(place).help(
            "once it is applied, `mtlsgen access --controller envoy-gateway --whole-cluster -` says of all objects of the cluster who is admitted",
        );
        Some(Entrusted { object, unseen })
    };
    model.exposures.iter().filter_map(of_exposure).collect()
}
