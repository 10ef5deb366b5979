//! Names below wildcards that ask for certificates: what serves such a name by itself takes nothing from the wildcard.

use std::collections::{BTreeSet, HashMap};

use super::compare;
use crate::enforcement::desired::{Desired, DesiredClients, DesiredHost};
use crate::enforcement::difference::{Difference, DifferenceKind, Witness};
use crate::enforcement::names::Pattern;
use crate::enforcement::observed::Observed;
use crate::time::Timestamp;

/// Names that are served by themselves below a wildcard that requests certificates, and admit clients that the wildcard refuses,
/// each with what the spec calls the wildcard; names in `known` (in lower case) are left out.
#[must_use]
pub fn below_wildcards(
    desired: &Desired,
    observed: &Observed,
    known: &BTreeSet<String>,
    now: Timestamp,
) -> Vec<(String, Difference)> {
    // Only asked, never iterated over.
    let mut wildcards: HashMap<&str, &DesiredHost> = HashMap::new();
    for host in &desired.hosts {
        if let (Pattern::OneLabel(domain), DesiredClients::Ask(_)) = (&host.host, &host.clients) {
            wildcards.entry(domain).or_insert(host);
        }
    }
    if wildcards.is_empty() {
        return Vec::new();
    }
    let names = observed.tables.iter().flat_map(|table| &table.hosts).flat_map(|host| &host.names);
    let names: BTreeSet<&String> = names
        .filter_map(|pattern| match pattern {
            Pattern::Exact(name) => Some(name),
            _ => None,
        })
        .filter(|name| !known.contains(*name))
        .collect();
    let as_wildcard = |name: &&String| {
        let (_, domain) = name.split_once('.')?;
        let host = Pattern::Exact((*name).clone());
        let wildcard = wildcards.get(domain)?;
        let DesiredHost { key, host: _, clients, paths: _, backends: _, certificate: _, entrusted } =
            wildcard;
        Some(DesiredHost {
            key: key.clone(),
            host,
            clients: clients.clone(),
            paths: BTreeSet::new(),
            backends: BTreeSet::new(),
            certificate: None,
            entrusted: entrusted.clone(),
        })
    };
    let first = |name: &String, host: DesiredHost| {
        let desired = Desired { hosts: vec![host], services: None };
        let differences = compare(&desired, observed, now).into_iter().filter(|one| {
            one.kind != DifferenceKind::LockedOut
                && matches!(one.witness, Witness::Request { .. } | Witness::Deeper { .. })
        });
        Some((name.clone(), differences.min_by_key(|one| one.kind)?))
    };
    names.iter().filter_map(|name| first(name, as_wildcard(name)?)).collect()
}
