//! Which policy a listener has (`ProcessClientTrafficPolicies` of `internal/gatewayapi/clienttrafficpolicy.go`): one of those of
//! its section, else of its `ListenerSet`, else of the whole Gateway; of several, the oldest. Policies are not merged.

use std::collections::{BTreeSet, HashMap};

use super::doors::{Door, Gate, is_selected};
use super::order::{firsts, in_order};
use crate::identity::Identity;
use crate::manifest::Seen;
use crate::manifest::kinds::Metadata;
use crate::manifest::kinds::envoy_gateway::{ClientTrafficPolicy, TargetSelector, Targets};
use crate::manifest::kinds::gateway::{GROUP, ListenerSet, Reference};

/// All policies, in the order in which they are read.
pub(super) struct Policies<'o> {
    all: Vec<Seen<'o, ClientTrafficPolicy>>,
    /// Positions by namespace and name of what they name; only asked, never iterated over.
    by_target: HashMap<(String, String), Vec<usize>>,
    /// Positions of those that select by labels.
    selecting: Vec<usize>,
}

impl<'o> Policies<'o> {
    pub fn of(all: Vec<Seen<'o, ClientTrafficPolicy>>) -> Self {
        let all = in_order(all);
        let mut by_target: HashMap<_, Vec<usize>> = HashMap::new();
        let mut selecting = Vec::new();
        for (at, policy) in all.iter().enumerate() {
            let targets = &policy.object.spec.targets;
            for to in targets.references() {
                let namespace = policy.identity.namespace_or_default().to_owned();
                by_target.entry((namespace, to.name.clone())).or_default().push(at);
            }
            if !targets.target_selectors.is_empty() {
                selecting.push(at);
            }
        }
        Self { all, by_target, selecting }
    }

    /// Those that may be about an object, each once, in their order.
    fn candidates(&self, object: &Identity) -> Vec<&Seen<'o, ClientTrafficPolicy>> {
        let key = (object.namespace_or_default().to_owned(), object.name.clone());
        let named = self.by_target.get(&key).into_iter().flatten();
        let found: BTreeSet<usize> = named.chain(&self.selecting).copied().collect();
        found.into_iter().map(|at| &self.all[at]).collect()
    }

    /// Those of which a listener has one: the first one, or any as far as their ages are not known.
    pub fn of_door(
        &self,
        gate: &Gate<'_>,
        door: &Door,
        sets: &[Seen<'_, ListenerSet>],
    ) -> Vec<&Seen<'o, ClientTrafficPolicy>> {
        let own = if door.is_of_set { &door.owner } else { gate.seen.identity };
        let kind = if door.is_of_set { "ListenerSet" } else { "Gateway" };
        let of_own = self.candidates(own);
        let section = |one: &&Seen<'o, ClientTrafficPolicy>| {
            one.object.spec.targets.references().any(|to| {
                is_to(one.identity, to, kind, own)
                    && to.section_name.as_deref() == Some(door.listener.name.as_str())
            })
        };
        let found: Vec<_> = of_own.iter().copied().filter(section).collect();
        if !found.is_empty() {
            return firsts(found);
        }
        if door.is_of_set {
            let set = sets.iter().find(|set| *set.identity == door.owner);
            let metadata = set.map(|set| &set.object.metadata);
            let whole = |one: &&Seen<'o, ClientTrafficPolicy>| is_about(one, kind, own, metadata);
            let found: Vec<_> = of_own.into_iter().filter(whole).collect();
            if !found.is_empty() {
                return firsts(found);
            }
        }
        let gateway = gate.seen.identity;
        let metadata = Some(&gate.seen.object.metadata);
        let whole =
            |one: &&Seen<'o, ClientTrafficPolicy>| is_about(one, "Gateway", gateway, metadata);
        firsts(self.candidates(gateway).into_iter().filter(whole).collect())
    }
}

/// Whether a reference of a policy is to an object: one of its namespace.
fn is_to(policy: &Identity, to: &Reference, kind: &str, object: &Identity) -> bool {
    policy.namespace_or_default() == object.namespace_or_default()
        && to.name == object.name
        && to.group.as_deref().unwrap_or(GROUP) == GROUP
        && to.kind.as_deref().unwrap_or("Gateway") == kind
}

/// Whether a policy is about all of an object.
fn is_about(
    policy: &Seen<'_, ClientTrafficPolicy>,
    kind: &str,
    object: &Identity,
    metadata: Option<&Metadata>,
) -> bool {
    let spec = &policy.object.spec.targets;
    spec.references()
        .any(|to| is_to(policy.identity, to, kind, object) && to.section_name.is_none())
        || selects(policy.identity, spec, kind, object, metadata)
}

/// Whether a policy is about an object by its labels.
pub(super) fn selects(
    policy: &Identity,
    targets: &Targets,
    kind: &str,
    object: &Identity,
    metadata: Option<&Metadata>,
) -> bool {
    let of = |one: &TargetSelector| {
        // Other namespaces need a grant, and labels of their own: such a policy is taken not to be there.
        let from = one.namespaces.as_ref().and_then(|all| all["from"].as_str());
        let is_near = policy.namespace_or_default() == object.namespace_or_default()
            && matches!(from, None | Some("" | "Same" | "All"));
        one.kind == kind
            && one.group.as_deref().unwrap_or(GROUP) == GROUP
            && is_near
            && metadata.is_some_and(|metadata| is_selected(&one.labels, metadata))
    };
    targets.target_selectors.iter().any(of)
}
