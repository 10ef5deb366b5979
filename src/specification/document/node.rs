//! One tree for what TOML and YAML say alike: tables, lists and scalars, each with its place.

use super::Step;
use crate::diagnostic::literal;

pub(super) use crate::yaml::node::{Entry, Node, Place, Scalar, Table, Value};

/// How deep tables and lists may lie in each other.
pub(super) const MAX_DEPTH: usize = 64;
/// How many values one source may have, copies through YAML aliases included.
pub(super) const MAX_NODES: usize = 2_000_000;

/// The value one step down.
pub(super) fn child<'a>(node: &'a Node, step: &Step) -> Option<&'a Node> {
    match (&node.value, step) {
        (Value::Table(table), Step::Key(key)) => table.get(key.as_str()).map(|entry| &entry.node),
        (Value::List(list), Step::Index(index)) => list.get(*index),
        _ => None,
    }
}

/// What it is, for "found …".
pub(super) fn describe(node: &Node) -> String {
    match &node.value {
        Value::Table(_) => "a table".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Scalar(Scalar::String(text)) => format!("the string {}", literal(text)),
        Value::Scalar(Scalar::Integer(text) | Scalar::Float(text)) => {
            format!("the number {}", literal(text))
        }
        Value::Scalar(Scalar::Boolean(value)) => format!("the boolean `{value}`"),
        Value::Scalar(Scalar::Datetime(text)) => format!("the date {}", literal(text)),
        Value::Scalar(Scalar::Null) => "nothing".to_owned(),
    }
}
