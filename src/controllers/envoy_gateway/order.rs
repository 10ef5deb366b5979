//! The order in which objects are read: by age, then by namespace and name (`Sort` of `internal/gatewayapi/resource/resource.go`).

use crate::manifest::Seen;
use crate::time::Timestamp;

/// Objects of a kind in that order; those whose ages are not shown first.
pub(super) fn in_order<K: Clone>(mut all: Vec<Seen<'_, K>>) -> Vec<Seen<'_, K>> {
    all.sort_by_cached_key(|seen| {
        let identity = seen.identity;
        let namespace = identity.namespace_or_default().to_owned();
        (created(seen), namespace, identity.name.clone())
    });
    all
}

pub(super) fn created<K: Clone>(seen: &Seen<'_, K>) -> Option<Timestamp> {
    seen.created.and_then(Timestamp::parse)
}

/// The places of objects in that order: counted from the first one, and the same for those of which some ages are not shown.
pub(super) fn turns<K: Clone>(all: &[Seen<'_, K>]) -> Vec<i64> {
    let is_shown = all.iter().all(|seen| created(seen).is_some());
    (0..).take(all.len()).map(|at| if is_shown { at } else { 0 }).collect()
}

/// Of objects in that order, the first one; all, where some ages are not shown.
pub(super) fn firsts<'a, 'o, K: Clone>(all: Vec<&'a Seen<'o, K>>) -> Vec<&'a Seen<'o, K>> {
    if all.iter().all(|seen| created(seen).is_some()) {
        return all.into_iter().take(1).collect();
    }
    all
}
