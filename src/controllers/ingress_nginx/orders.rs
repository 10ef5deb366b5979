//! The orders in which the controller may read Ingresses: by age, then by name backwards (`sortIngressSlice` of
//! `internal/ingress/controller/store/store.go`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::reading::Read;
use super::servers::{hosts, paths, upstream};

/// How many orders are looked at where ages are not shown.
const MOST: usize = 8;

/// What a host is called among what is shared.
const HOST: &str = "host ";

/// Orders, and hosts of which more would have to be looked at.
pub(super) struct Orders<'r, 'a> {
    pub orders: Vec<Vec<&'r Read<'a>>>,
    pub crowded: BTreeSet<String>,
}

/// Orders that may make a difference; the first one is that of Ingresses that are made at once.
pub(super) fn orders<'r, 'a>(ingresses: &'r [Read<'a>]) -> Orders<'r, 'a> {
    let mut sorted: Vec<&Read<'_>> = ingresses.iter().collect();
    sorted.sort_by_cached_key(|read| {
        (
            read.created,
            Reverse(format!("{}/{}", read.identity.namespace_or_default(), read.identity.name)),
        )
    });
    // Where something is shared, each of those that share it may be the first one.
    let mut sharers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, read) in sorted.iter().enumerate() {
        let names = hosts(read).map(|host| format!("{HOST}{host}"));
        let default = read.ingress.spec.default_backend.as_deref().into_iter();
        let backends = paths(read).map(|(_, path)| &path.backend).chain(default);
        let upstreams = backends.filter_map(|backend| Some(upstream(read, backend)?.0));
        for shared in names.chain(upstreams.map(|name| format!("upstream {name}"))) {
            sharers.entry(shared).or_default().insert(at);
        }
    }
    let is_open = |all: &BTreeSet<usize>| all.iter().any(|at| sorted[*at].created.is_none());
    let mut open: Vec<Vec<usize>> = Vec::new();
    let mut crowded = BTreeSet::new();
    for (shared, all) in sharers.into_iter().filter(|(_, all)| all.len() > 1 && is_open(all)) {
        let mut firsts: Vec<usize> = all.into_iter().collect();
        if firsts.len() > MOST {
            // Of many, one of each that ask differently.
            let mut known: Vec<&Read<'_>> = Vec::new();
            firsts.retain(|at| {
                let is_new = known.iter().all(|one| one.auth != sorted[*at].auth);
                known.extend(is_new.then(|| sorted[*at]));
                is_new
            });
        }
        match shared.strip_prefix(HOST) {
            Some(host) if firsts.len() > MOST => drop(crowded.insert(host.to_owned())),
            _ => open.push(firsts),
        }
    }
    let most = open.iter().map(Vec::len).max().unwrap_or(1).min(MOST);
    let orders = (0..most)
        .map(|turn| {
            let firsts: BTreeSet<usize> = open.iter().map(|all| all[turn % all.len()]).collect();
            let mut order: Vec<usize> = (0..sorted.len()).collect();
            if turn > 0 {
                order.sort_by_key(|at| !firsts.contains(at));
            }
            order.into_iter().map(|at| sorted[at]).collect()
        })
        .collect();
    Orders { orders, crowded }
}
