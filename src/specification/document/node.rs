//! One tree for what TOML and YAML say alike: tables, lists and scalars, each with its place.

use indexmap::IndexMap;

use super::Step;
use crate::diagnostic::literal;

/// How deep tables and lists may lie in each other.
pub(super) const MAX_DEPTH: usize = 64;
/// How many values one source may have, copies through YAML aliases included.
pub(super) const MAX_NODES: usize = 2_000_000;

/// A range of bytes in one of the document's sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Index of the source.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One behind the last byte.
    pub end: u32,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The value's text; of a table or list in block form its header or key.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Keys and values, in the order in which they were written.
    Table(Box<Table>),
    /// Values in order.
    List(Vec<Node>),
    /// A single value.
    Scalar(Scalar),
}

/// Keys and values, in the order in which they were written.
pub(super) type Table = IndexMap<Box<str>, Entry>;

/// A value of a table, and the place of its key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Place of the key.
    pub key: Place,
    /// The value.
    pub node: Node,
}

/// A single value; numbers and dates as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// Text, with escapes resolved.
    String(Box<str>),
    /// Digits with optional sign, `_` and prefix `0x`, `0o` or `0b`.
    Integer(Box<str>),
    /// A number with fraction or exponent, an infinity or not a number.
    Float(Box<str>),
    /// `true` or `false`.
    Boolean(bool),
    /// TOML's dates and times.
    Datetime(Box<str>),
    /// YAML's null.
    Null,
}

impl Value {
    /// A table.
    pub fn table(table: Table) -> Self {
        Self::Table(Box::new(table))
    }
}

impl Node {
    /// An empty table.
    pub fn empty(place: Place) -> Self {
        Self { place, value: Value::table(Table::new()) }
    }

    /// The value one step down.
    pub fn child(&self, step: &Step) -> Option<&Node> {
        match (&self.value, step) {
            (Value::Table(table), Step::Key(key)) => {
                table.get(key.as_str()).map(|entry| &entry.node)
            }
            (Value::List(list), Step::Index(index)) => list.get(*index),
            _ => None,
        }
    }

    /// The table, if it is one.
    pub fn as_table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Scalar(Scalar::String(text)) = &self.value { Some(text) } else { None }
    }

    /// Whether it is YAML's null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar::Null))
    }

    /// How many values there are, itself included.
    pub fn size(&self) -> usize {
        1 + match &self.value {
            Value::Table(table) => table.values().map(|entry| entry.node.size()).sum(),
            Value::List(list) => list.iter().map(Node::size).sum(),
            Value::Scalar(_) => 0,
        }
    }

    /// How many tables and lists lie in each other, itself included.
    pub fn depth(&self) -> usize {
        match &self.value {
            Value::Table(table) => {
                1 + table.values().map(|entry| entry.node.depth()).max().unwrap_or_default()
            }
            Value::List(list) => 1 + list.iter().map(Node::depth).max().unwrap_or_default(),
            Value::Scalar(_) => 0,
        }
    }

    /// What it is, for "found …".
    pub fn describe(&self) -> String {
        match &self.value {
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
}

impl Scalar {
    /// The whole number, if it is one that fits.
    pub fn as_integer(&self) -> Option<i128> {
        let Self::Integer(text) = self else { return None };
        let digits = text.replace('_', "");
        let (sign, digits) = match digits.strip_prefix(['-', '+']) {
            Some(rest) if digits.starts_with('-') => (-1, rest),
            Some(rest) => (1, rest),
            None => (1, digits.as_str()),
        };
        let (radix, digits) = match digits.get(..2) {
            Some("0x") => (16, &digits[2..]),
            Some("0o") => (8, &digits[2..]),
            Some("0b") => (2, &digits[2..]),
            _ => (10, digits),
        };
        i128::from_str_radix(digits, radix).ok().map(|value| sign * value)
    }

    /// The finite number, if it is one.
    pub fn as_float(&self) -> Option<f64> {
        let (Self::Float(text) | Self::Integer(text)) = self else { return None };
        text.replace('_', "").parse().ok().filter(|value: &f64| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_in_every_base() {
        for (text, value) in [
            ("1_000", 1000),
            ("+7", 7),
            ("-12", -12),
            ("0x1F", 31),
            ("0o17", 15),
            ("0b101", 5),
            ("007", 7),
        ] {
            assert_eq!(Scalar::Integer(text.into()).as_integer(), Some(value), "{text}");
        }
        assert_eq!(Scalar::Integer("9".repeat(50).into()).as_integer(), None);
        assert_eq!(Scalar::Float(".inf".into()).as_float(), None);
        assert_eq!(Scalar::Float("1_0.5e1".into()).as_float(), Some(105.0));
    }
}
