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
    let mut open: Vec<Group> = Vec::new();
    let mut crowded = BTreeSet::new();
    for (shared, all) in sharers.into_iter().filter(|(_, all)| all.len() > 1 && is_open(all)) {
        let mut left: Vec<usize> = all.iter().copied().collect();
        if left.len() > MOST {
            // Of many, one of each that ask differently.
            let mut known: Vec<&T> = Vec::new();
            left.retain(|at| {
                let is_new = known.iter().all(|one| !one.asks_like(sorted[*at]));
                known.extend(is_new.then(|| sorted[*at]));
                is_new
            });
        }
        match shared {
            Share::Host(host) if left.len() > MOST => drop(crowded.insert(host)),
            _ => {
                left.truncate(MOST);
                // As they are sorted, the first one is the first.
                left.remove(0);
                open.push(Group { shared, all, left });
            }
        }
    }
    let mut orders: Vec<Vec<&T>> = vec![sorted.clone()];
    while orders.len() < MOST && open.iter().any(|group| !group.left.is_empty()) {
        let firsts = firsts(&mut open);
        let (before, behind): (Vec<usize>, Vec<usize>) =
            (0..sorted.len()).partition(|at| firsts.contains(at));
        orders.push(before.into_iter().chain(behind).map(|at| sorted[at]).collect());
    }
    let is_left = open.into_iter().filter(|group| !group.left.is_empty());
    crowded.extend(is_left.filter_map(|group| match group.shared {
        Share::Host(host) => Some(host),
        Share::Named(_) => None,
    }));
    Orders { orders, crowded }
}

/// Objects that share something.
struct Group {
    shared: Share,
    all: BTreeSet<usize>,
    /// Those that have not been the first of them yet.
    left: Vec<usize>,
}

/// One of each group that is to be its first: before none of them comes one that is to be first of another group.
fn firsts(groups: &mut [Group]) -> BTreeSet<usize> {
    let (mut firsts, mut followers) = (BTreeSet::new(), BTreeSet::new());
    for Group { all, left, .. } in groups.iter_mut() {
        let fits = |at: &usize| {
            !followers.contains(at) && all.iter().all(|one| one == at || !firsts.contains(one))
        };
        let Some(at) = left.iter().position(fits) else { continue };
        let first = left.remove(at);
        firsts.insert(first);
        followers.extend(all.iter().copied().filter(|one| *one != first));
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shared(Identity, &'static [&'static str]);

    impl Aged for Shared {
        fn created(&self) -> Option<Timestamp> {
            None
        }

        fn identity(&self) -> &Identity {
            &self.0
        }

        fn shares(&self) -> Vec<Share> {
            self.1.iter().map(|name| Share::Host((*name).to_owned())).collect()
        }

        fn asks_like(&self, _: &Self) -> bool {
            false
        }
    }

    /// Hosts of which an Ingress that shares them is never the first.
    fn missed(all: &[&'static [&'static str]]) -> Vec<(usize, &'static str)> {
        let named = |(at, hosts): (usize, &&'static [&'static str])| {
            let identity = Identity {
                api_version: "v1".to_owned(),
                kind: "Ingress".to_owned(),
                namespace: None,
                name: format!("i{at}"),
            };
            Shared(identity, hosts)
        };
        let shared: Vec<Shared> = all.iter().enumerate().map(named).collect();
        let Orders { orders, crowded } = orders(&shared);
        let is_first = |own: &Shared, host: &str| {
            orders.iter().any(|order| {
                let first = order.iter().find(|one| one.1.contains(&host));
                first.is_some_and(|one| one.0 == own.0)
            })
        };
        let pairs = shared.iter().enumerate().flat_map(|(at, one)| {
            one.1.iter().filter(|host| !is_first(one, host)).map(move |host| (at, *host))
        });
        pairs.filter(|(_, host)| !crowded.contains(*host)).collect()
    }

    #[test]
    fn each_is_the_first_of_what_it_shares_in_some_order() {
        assert_eq!(missed(&[&["a"], &["a"], &["a"]]), []);
        assert_eq!(missed(&[&["a"], &["a", "b"], &["b"]]), []);
        assert_eq!(missed(&[&["b"], &["a", "b"], &["a"], &["c"], &["c", "a"]]), []);
        assert_eq!(missed(&[&["a", "b"], &["b", "c"], &["c", "a"], &["a", "b", "c"]]), []);
    }
}
