//! Lays one source over another: tables deep, lists replaced, later wins, null removes.
//!
//! Where a later source names an alternative, the earlier one goes. What the alternatives are
//! depends on the position in the spec: a table of positions below says so.

use std::collections::BTreeSet;

use super::node::{Node, Table, Value};

/// Where in the spec a table lies, as far as alternatives depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Top,
    Defaults,
    HostDefaults,
    Hosts,
    Host,
    Tls,
    CertManager,
    ClientAuth,
    Services,
    Service,
    Cas,
    Ca,
    Other,
}

impl Position {
    /// The position of the value under `key`.
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Top, "defaults") => Self::Defaults,
            (Self::Top, "hosts") => Self::Hosts,
            (Self::Top, "services") => Self::Services,
            (Self::Top, "cas") => Self::Cas,
            (Self::Defaults, "hosts") => Self::HostDefaults,
            (Self::Hosts, _) => Self::Host,
            (Self::Services, _) => Self::Service,
            (Self::Cas, _) => Self::Ca,
            (Self::Host | Self::HostDefaults, "tls") => Self::Tls,
            (Self::Host | Self::HostDefaults, "clientAuth") => Self::ClientAuth,
            (Self::Tls, "certManager") => Self::CertManager,
            _ => Self::Other,
        }
    }

    /// Groups of keys of which only one group makes sense.
    fn alternatives(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Tls => &[&["issuer"], &["certificate", "key"], &["certManager"], &["host"]],
            Self::CertManager => &[&["clusterIssuer"], &["issuer"]],
            Self::Host => &[&["service"], &["routes"]],
            Self::Service => &[&["port", "containerPort", "portName", "protocol"], &["ports"]],
            Self::Ca => &[
                &[
                    "issuer",
                    "subject",
                    "privateKey",
                    "duration",
                    "renewBefore",
                    "serial",
                    "maxPathLen",
                    "nameConstraints",
                ],
                &["certificate", "key"],
            ],
            _ => &[],
        }
    }
}

/// Lays `later` over `base`.
pub(super) fn merge(base: &mut Node, later: Node, position: Position) {
    let place = later.place;
    match (&mut base.value, later.value) {
        (Value::Table(base), Value::Table(later)) => merge_tables(base, *later, position),
        (_, value) => *base = Node { place, value },
    }
}

fn merge_tables(base: &mut Table, mut later: Table, position: Position) {
    // Before alternatives go: null may name one. Null that removes nothing stays, and is an error
    // when it is read.
    let removed = removed(base, &later);
    later.retain(|key, _| !removed.contains(key));
    base.retain(|key, _| !removed.contains(key));
    drop_alternatives(base, &later, position);
    for (key, entry) in later {
        match base.get_mut(&key) {
            Some(earlier) => merge(&mut earlier.node, entry.node, position.below(&key)),
            None => {
                base.insert(key, entry);
            }
        }
    }
}

/// The keys that `later` removes from `base`.
fn removed(base: &Table, later: &Table) -> BTreeSet<Box<str>> {
    let says = |key: &str| base.get(key).is_some_and(|entry| !entry.node.is_null());
    let nulls = later.iter().filter(|(_, entry)| entry.node.is_null());
    nulls.map(|(key, _)| key).filter(|key| says(key)).cloned().collect()
}

fn drop_alternatives(base: &mut Table, later: &Table, position: Position) {
    let says = |key: &&str| later.get(*key).is_some_and(|entry| !entry.node.is_null());
    for group in position.alternatives() {
        if group.iter().any(says) {
            let others = position.alternatives().iter().filter(|other| *other != group);
            let others: Vec<&str> = others.flat_map(|other| other.iter().copied()).collect();
            base.retain(|key, _| !others.contains(&key.as_ref()));
        }
    }
    if position == Position::ClientAuth {
        drop_trust_alternatives(base, later);
    }
}

/// `cas` and an existing Secret are alternatives. A `secretName` with a namespace is an existing
/// Secret; one without may as well be the name of the Secret that `cas` fill, so it stays.
fn drop_trust_alternatives(base: &mut Table, later: &Table) {
    let existing = |table: &Table| {
        let secret = table.get("secretName").and_then(|entry| entry.node.as_str());
        secret.is_some_and(|name| name.contains('/'))
    };
    let has_cas = |table: &Table| table.get("cas").is_some_and(|entry| !entry.node.is_null());
    if has_cas(later) && existing(base) {
        base.shift_remove("secretName");
    } else if existing(later) && !has_cas(later) {
        base.shift_remove("cas");
    }
}
