//! The orders in which controllers of ingress-nginx's kind read Ingresses: by age, then by name backwards (`sortIngressSlice` of
//! ingress-nginx's `internal/ingress/controller/store/store.go`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::identity::Identity;
use crate::time::Timestamp;

/// How many orders are looked at where ages are not shown.
const MOST: usize = 8;

/// An object that is read in such an order.
pub(super) trait Aged {
    /// When it was made, if that is shown.
    fn created(&self) -> Option<Timestamp>;
    /// What makes it that object.
    fn identity(&self) -> &Identity;
    /// What it may share with others, so that their order counts.
    fn shares(&self) -> Vec<Share>;
    /// Whether it asks the same of clients as another one.
    fn asks_like(&self, other: &Self) -> bool;
}

/// What several objects may share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Share {
    /// A host.
    Host(String),
    /// Something else, by its name.
    Named(String),
}

/// Orders, and hosts of which more would have to be looked at.
pub(super) struct Orders<'r, T> {
    pub orders: Vec<Vec<&'r T>>,
    pub crowded: BTreeSet<String>,
}

/// Orders that may make a difference; the first one is that of objects that are made at once.
pub(super) fn orders<T: Aged>(all: &[T]) -> Orders<'_, T> {
    let mut sorted: Vec<&T> = all.iter().collect();
    sorted.sort_by_cached_key(|one| {
        let identity = one.identity();
        let name = format!("{}/{}", identity.namespace_or_default(), identity.name);
        (one.created(), Reverse(name))
    });
    // Where something is shared, each of those that share it may be the first one.
    let mut sharers: BTreeMap<Share, BTreeSet<usize>> = BTreeMap::new();
    for (at, one) in sorted.iter().enumerate() {
        for shared in one.shares() {
            sharers.entry(shared).or_default().insert(at);
        }
    }
    let is_open = |all: &BTreeSet<usize>| all.iter().any(|at| sorted[*at].created().is_none());
    let mut open: Vec<Vec<usize>> = Vec::new();
    let mut crowded = BTreeSet::new();
    for (shared, all) in sharers.into_iter().filter(|(_, all)| all.len() > 1 && is_open(all)) {
        let mut firsts: Vec<usize> = all.into_iter().collect();
        if firsts.len() > MOST {
            // Of many, one of each that ask differently.
            let mut known: Vec<&T> = Vec::new();
            firsts.retain(|at| {
                let is_new = known.iter().all(|one| !one.asks_like(sorted[*at]));
                known.extend(is_new.then(|| sorted[*at]));
                is_new
            });
        }
        match shared {
            Share::Host(host) if firsts.len() > MOST => drop(crowded.insert(host)),
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
