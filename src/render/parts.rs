//! Hosts in parts that can be compared one after the other: of thousands of hosts, what each controller makes of all of them
//! need not be in memory at once.

use std::collections::{HashMap, HashSet};

use crate::controllers::Controller;
use crate::manifest::kinds::envoy_gateway::ClientTrafficPolicy;
use crate::manifest::kinds::gateway::{Gateway, HttpRoute, ListenerSet};
use crate::manifest::kinds::{Api, Ingress};
use crate::manifest::{Body, Object, ObjectSet};
use crate::model::{Exposure, Reference};

/// How many hosts a part has.
const SIZE: usize = 250;

/// Hosts, and the objects that decide who reaches them; `None`: all objects.
pub(super) struct Part<'a> {
    pub exposures: Vec<&'a Exposure>,
    pub objects: Option<ObjectSet<'a>>,
}

/// The parts of hosts of one controller; `ours`: all objects of a set that has no others.
///
/// Ingresses that mtlsgen makes of different hosts meet nowhere but in names of parts inside a controller, and by annotations of
/// the user: those that do are in every part.
pub(super) fn parts<'a>(
    controller: &dyn Controller,
    exposures: &[&'a Exposure],
    objects: &ObjectSet<'a>,
    ours: Option<&'a [Object]>,
) -> Vec<Part<'a>> {
    let whole = || vec![Part { exposures: exposures.to_vec(), objects: None }];
    let Some(ours) = ours.filter(|_| exposures.len() > SIZE) else { return whole() };
    // Hosts share Gateways.
    if ours.iter().any(|object| object.identity.kind == "Gateway") {
        return whole();
    }
    let is_plain_ingress = |object: &Object| matches!(object.body, Body::Typed(_));
    if ours.iter().any(|object| object.identity.kind == "Ingress" && !is_plain_ingress(object)) {
        return whole();
    }
    // Only asked, never iterated over.
    let mut hosts: HashMap<&str, usize> = HashMap::with_capacity(exposures.len());
    for exposure in exposures {
        *hosts.entry(exposure.host.as_str()).or_default() += 1;
    }
    let meeting = meeting(controller, ours);
    let is_plain = |exposure: &&Exposure| {
        exposure.existing_ingress.is_none()
            && !meeting.contains(&(exposure.namespace.as_str(), exposure.name.as_str()))
            && !exposure.host.as_str().starts_with("*.")
            && !exposure.annotations.keys().any(|key| key.as_str().contains("ingress"))
            && hosts.get(exposure.host.as_str()) == Some(&1)
    };
    let (plain, rest): (Vec<&Exposure>, Vec<&Exposure>) =
        exposures.iter().copied().partition(is_plain);
    if rest.len() > 2 * SIZE {
        return whole();
    }
    // A host without client authentication, by whose name others may be asked.
    let open = plain.iter().find(|exposure| exposure.client_auth.is_none()).copied();
    let index = Index::of(ours);
    let is_further = |object: &&Object| matches!(object.body, Body::Value(_));
    let further: Vec<&Object> = ours.iter().filter(is_further).collect();
    let set = |own: &[&'a Exposure]| {
        let mut set = ObjectSet::empty(objects);
        for exposure in own.iter().chain(&rest).copied().chain(open) {
            index.add(exposure, &mut set);
        }
        for object in &further {
            set.add(object);
        }
        Some(set)
    };
    let mut parts: Vec<Part<'a>> =
        plain.chunks(SIZE).map(|own| Part { exposures: own.to_vec(), objects: set(own) }).collect();
    if !rest.is_empty() {
        parts.push(Part { objects: set(&[]), exposures: rest.clone() });
    }
    parts
}

/// Whether all objects that expose hosts are as mtlsgen makes them.
pub(super) fn is_as_made(objects: &ObjectSet<'_>) -> bool {
    fn all<K: Api>(objects: &ObjectSet<'_>) -> bool {
        objects.all::<K>().0.iter().all(|seen| seen.is_as_made)
    }
    all::<Ingress>(objects)
        && all::<Gateway>(objects)
        && all::<ListenerSet>(objects)
        && all::<HttpRoute>(objects)
        && all::<ClientTrafficPolicy>(objects)
}

/// Namespaces and names of Ingresses that meet others in a name inside a controller; only asked, never iterated over.
fn meeting<'a>(controller: &dyn Controller, ours: &'a [Object]) -> HashSet<(&'a str, &'a str)> {
    let mut meeting = HashSet::new();
    // By name: what it is of, and the first Ingress that has it.
    let mut known: HashMap<String, (String, (&str, &str))> = HashMap::new();
    for object in ours {
        let Body::Typed(kind) = &object.body else { continue };
        let Some(ingress) = Ingress::of(kind) else { continue };
        let identity = &object.identity;
        let own = (identity.namespace.as_deref().unwrap_or_default(), identity.name.as_str());
        for (name, of) in controller.names_of_parts(identity, ingress) {
            let (first, other) = known.entry(name).or_insert_with(|| (of.clone(), own));
            if *first != of {
                meeting.extend([own, *other]);
            }
        }
    }
    meeting
}

/// Objects of ours by kind, namespace and name; only asked, never iterated over.
struct Index<'a>(HashMap<(&'a str, &'a str, &'a str), &'a Object>);

impl<'a> Index<'a> {
    fn of(objects: &'a [Object]) -> Self {
        let of_kind = |object: &&Object| {
            matches!(object.identity.kind.as_str(), "Ingress" | "Secret")
                && matches!(object.body, Body::Typed(_))
        };
        let key = |object: &'a Object| {
            let identity = &object.identity;
            let namespace = identity.namespace.as_deref().unwrap_or_default();
            ((identity.kind.as_str(), namespace, identity.name.as_str()), object)
        };
        let mut index = HashMap::with_capacity(objects.len());
        index.extend(objects.iter().filter(of_kind).map(key));
        Self(index)
    }

    /// Adds the Ingress of a host and the Secrets that it names, those of them that are there and not in the set yet.
    fn add(&self, exposure: &'a Exposure, set: &mut ObjectSet<'a>) {
        let namespace = exposure.namespace.as_str();
        let trust = exposure.client_auth.as_ref().map(|auth| &auth.secret);
        let served = exposure.tls.as_ref().map(|tls| tls.secret_name.as_str());
        let keys =
            std::iter::once(("Ingress", namespace, exposure.name.as_str()))
                .chain(trust.map(|Reference { namespace, name }| {
                    ("Secret", namespace.as_str(), name.as_str())
                }))
                .chain(served.map(|name| ("Secret", namespace, name)));
        for key in keys {
            if let Some(object) = self.0.get(&key) {
                set.add(object);
            }
        }
    }
}
