//! Which policy a listener has (`ProcessClientTrafficPolicies` of `internal/gatewayapi/clienttrafficpolicy.go`): one of those of
//! its section, else of its `ListenerSet`, else of the whole Gateway; of several, the oldest. Policies are not merged.

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
}

impl<'o> Policies<'o> {
    pub fn of(all: Vec<Seen<'o, ClientTrafficPolicy>>) -> Self {
        Self { all: in_order(all) }
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
        let section = |one: &&Seen<'o, ClientTrafficPolicy>| {
            references(one).any(|to| {
                is_to(one.identity, to, kind, own)
                    && to.section_name.as_deref() == Some(door.listener.name.as_str())
            })
        };
        let set = sets.iter().find(|set| *set.identity == door.owner);
        let whole_set = |one: &&Seen<'o, ClientTrafficPolicy>| {
            door.is_of_set && is_about(one, kind, own, set.map(|set| &set.object.metadata))
        };
        let whole = |one: &&Seen<'o, ClientTrafficPolicy>| {
            is_about(one, "Gateway", gate.seen.identity, Some(&gate.seen.object.metadata))
        };
        for found in [
            self.all.iter().filter(section).collect::<Vec<_>>(),
            self.all.iter().filter(whole_set).collect(),
            self.all.iter().filter(whole).collect(),
        ] {
            if !found.is_empty() {
                return firsts(found);
            }
        }
        Vec::new()
    }
}

fn references<'a>(
    policy: &'a Seen<'_, ClientTrafficPolicy>,
) -> impl Iterator<Item = &'a Reference> {
    policy.object.spec.targets.references()
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
    references(policy)
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
