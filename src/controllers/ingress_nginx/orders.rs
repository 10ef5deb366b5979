//! The orders in which the controller may read Ingresses: by age, then by name backwards (`sortIngressSlice` of
//! `internal/ingress/controller/store/store.go`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::reading::Read;
use super::servers::{hosts, paths, upstream};

/// How many orders are looked at where ages are not shown.
const MOST: usize = 8;

/// Orders that may make a difference; the first one is that of Ingresses that are made at once.
pub(super) fn orders<'r, 'a>(ingresses: &'r [Read<'a>]) -> Vec<Vec<&'r Read<'a>>> {
    let mut sorted: Vec<&Read<'_>> = ingresses.iter().collect();
    sorted.sort_by_key(|read| {
        (
            read.created.unwrap_or_default(),
            Reverse((read.identity.namespace_or_default(), &read.identity.name)),
        )
    });
    // Where something is shared, each of those that share it may be the first one.
    let mut sharers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, read) in sorted.iter().enumerate() {
        let names = hosts(read).map(|host| format!("host {host}"));
        let default = read.ingress.spec.default_backend.as_deref().into_iter();
        let backends = paths(read).map(|(_, path)| &path.backend).chain(default);
        let upstreams = backends.filter_map(|backend| Some(upstream(read, backend)?.0));
        for shared in names.chain(upstreams.map(|name| format!("upstream {name}"))) {
            sharers.entry(shared).or_default().insert(at);
        }
    }
    let is_open = |all: &BTreeSet<usize>| all.iter().any(|at| sorted[*at].created.is_none());
    let open: Vec<Vec<usize>> = sharers
        .into_values()
        .filter(|all| all.len() > 1 && is_open(all))
        .map(|all| all.into_iter().collect())
        .collect();
    let most = open.iter().map(Vec::len).max().unwrap_or(1).min(MOST);
    (0..most)
        .map(|turn| {
            let firsts: BTreeSet<usize> = open.iter().map(|all| all[turn % all.len()]).collect();
            let mut order: Vec<usize> = (0..sorted.len()).collect();
            if turn > 0 {
                order.sort_by_key(|at| !firsts.contains(at));
            }
            order.into_iter().map(|at| sorted[at]).collect()
        })
        .collect()
}
