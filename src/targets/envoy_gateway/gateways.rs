//! Which Gateway and which listener each host has: a Gateway for each namespace, and `ListenerSet`s for what it has no room for.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Exposure, Model};

/// Name of the Gateway of a namespace, and what those of its `ListenerSet`s begin with.
pub(super) const GATEWAY: &str = "gateway";
/// Name of the listener for plain HTTP.
pub(super) const PLAIN: &str = "http";
/// How many listeners a Gateway and a `ListenerSet` may have (`MaxItems` of their kinds).
const MOST: usize = 64;

/// The listeners of a namespace.
pub(super) struct Listeners<'m> {
    pub namespace: &'m str,
    pub class: &'m str,
    /// Hosts with a listener of their own, in parts: those of the Gateway, then those of each `ListenerSet`.
    pub parts: Vec<Vec<&'m Exposure>>,
    /// All keys of hosts.
    pub keys: Vec<String>,
}

/// Where a host's listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub kind: &'static str,
    pub name: String,
    pub section: String,
}

/// The listeners of each namespace and class, in their order.
pub(super) fn of(model: &Model) -> Vec<Listeners<'_>> {
    let mut all: BTreeMap<(&str, &str), Vec<&Exposure>> = BTreeMap::new();
    for exposure in &model.exposures {
        let key = (exposure.namespace.as_str(), exposure.ingress_class_name.as_str());
        all.entry(key).or_default().push(exposure);
    }
    let mut listeners = Vec::new();
    for ((namespace, class), exposures) in all {
        let mut known = BTreeSet::new();
        let keys = exposures.iter().map(|one| one.key.clone()).collect();
        let own = exposures.into_iter().filter(|one| one.tls.is_some());
        let own: Vec<&Exposure> =
            own.filter(|one| known.insert(one.host.as_str().to_lowercase())).collect();
        // Plain HTTP has one of the Gateway's.
        let (first, rest) = own.split_at(own.len().min(MOST - 1));
        let parts = std::iter::once(first).chain(rest.chunks(MOST)).map(<[_]>::to_vec).collect();
        listeners.push(Listeners { namespace, class, parts, keys });
    }
    listeners
}

impl Listeners<'_> {
    /// Name of the Gateway or `ListenerSet` that has a part.
    pub fn name(&self, model: &Model, part: usize) -> String {
        let base = gateway_name(model, self.class);
        if part == 0 { base } else { format!("{base}-{}", part + 1) }
    }

    /// Where each host has its listener, by its name in lower case.
    pub fn places(&self, model: &Model) -> BTreeMap<String, Place> {
        let mut places = BTreeMap::new();
        for (part, exposures) in self.parts.iter().enumerate() {
            let kind = if part == 0 { "Gateway" } else { "ListenerSet" };
            for exposure in exposures {
                let place =
                    Place { kind, name: self.name(model, part), section: section(exposure) };
                places.insert(exposure.host.as_str().to_lowercase(), place);
            }
        }
        places
    }
}

/// The name of a host's listener.
pub(super) fn section(exposure: &Exposure) -> String {
    let name = exposure.name.to_string();
    if name == PLAIN { format!("{PLAIN}-tls") } else { name }
}

/// The name of the Gateway of a class: hosts of another class than the first have one of their own.
fn gateway_name(model: &Model, class: &str) -> String {
    let first = model.exposures.iter().map(|one| one.ingress_class_name.as_str()).min();
    if first == Some(class) { GATEWAY.to_owned() } else { format!("{GATEWAY}-{class}") }
}
