//! Tables of the entries that a text gives them.

use super::fault;
use crate::yaml::fault::{Fault, FaultKind};
use crate::yaml::node::{Entry, Node, Place, Table, Value};

/// A key of an entry.
pub(super) struct Key {
    pub text: Box<str>,
    pub place: Place,
    /// Whether it is the merge key `<<`.
    pub merges: bool,
}

/// The table of these entries: own keys once each, then what merge keys insert.
pub(super) fn table(entries: Vec<(Key, Node)>, faults: &mut Vec<Fault>) -> Table {
    let mut table = Table::with_capacity(entries.len());
    let mut merged = Vec::new();
    for (key, node) in entries {
        if key.merges {
            merged.push(node);
        } else if let Some(first) = table.get(&key.text) {
            let kind = FaultKind::Duplicate { key: key.text, first: first.key };
            faults.push(fault(kind, key.place));
        } else {
            table.insert(key.text, Entry { key: key.place, node });
        }
    }
    for node in merged {
        merge(&mut table, node, faults);
    }
    table
}

fn merge(table: &mut Table, node: Node, faults: &mut Vec<Fault>) {
    match node.value {
        Value::Table(other) => {
            for (key, entry) in *other {
                table.entry(key).or_insert(entry);
            }
        }
        Value::List(list) if list.iter().all(|node| node.as_table().is_some()) => {
            for node in list {
                merge(table, node, faults);
            }
        }
        value => {
            let (place, node) = (node.place, Node { place: node.place, value });
            faults.push(fault(FaultKind::WrongMerge(Box::new(node)), place));
        }
    }
}
