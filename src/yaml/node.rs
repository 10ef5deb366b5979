//! One tree for what TOML and YAML say alike: tables, lists and scalars, each with its place.

use indexmap::IndexMap;
use serde_json::{Number, Value as Json};

/// How much text counts as a further value.
const BYTES_PER_VALUE: usize = 256;

/// A range of bytes in one of the document's sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the source.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One behind the last byte.
    pub end: u32,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value's text; of a table or list in block form its header or key.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Keys and values, in the order in which they were written.
    Table(Box<Table>),
    /// Values in order.
    List(Vec<Node>),
    /// A single value.
    Scalar(Scalar),
}

/// Keys and values, in the order in which they were written.
pub type Table = IndexMap<Box<str>, Entry>;

/// A value of a table, and the place of its key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Place of the key.
    pub key: Place,
    /// The value.
    pub node: Node,
}

/// A single value; numbers and dates as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
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
    #[must_use]
    pub fn table(table: Table) -> Self {
        Self::Table(Box::new(table))
    }
}

impl Node {
    /// An empty table.
    #[must_use]
    pub fn empty(place: Place) -> Self {
        Self { place, value: Value::table(Table::new()) }
    }

    /// The table, if it is one.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Scalar(Scalar::String(text)) = &self.value { Some(text) } else { None }
    }

    /// Whether it is YAML's null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar::Null))
    }

    /// How many values there are, itself included; long texts count as several.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + match &self.value {
            Value::Table(table) => table.values().map(|entry| entry.node.size()).sum(),
            Value::List(list) => list.iter().map(Node::size).sum(),
            Value::Scalar(scalar) => scalar.text().len() / BYTES_PER_VALUE,
        }
    }

    /// How many tables and lists lie in each other, itself included.
    #[must_use]
    pub fn depth(&self) -> usize {
        match &self.value {
            Value::Table(table) => {
                1 + table.values().map(|entry| entry.node.depth()).max().unwrap_or_default()
            }
            Value::List(list) => 1 + list.iter().map(Node::depth).max().unwrap_or_default(),
            Value::Scalar(_) => 0,
        }
    }

    /// What is written under a key of a table in a text, with the indentation of its first line taken from all.
    ///
    /// Of values that aliases or merge keys insert, it is not what they say.
    #[must_use]
    pub fn text_under(&self, key: &str, text: &str) -> Option<String> {
        let table = self.as_table()?;
        let Entry { key, node } = table.get(key)?;
        if node.place != *key {
            return Some(text.get(node.place.start as usize..node.place.end as usize)?.to_owned());
        }
        // In block form, the place is that of the key.
        let start = node.as_table()?.values().next()?.key.start as usize;
        let following = table.values().map(|other| other.key.start).filter(|at| *at > key.start);
        let end = following.min().map_or(text.len(), |at| at as usize);
        let indent = start - text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        let lines = text.get(start..end)?.split_inclusive('\n');
        let without_indent = |line: &str| {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            line[blanks.min(indent)..].to_owned()
        };
        Some(lines.map(without_indent).collect())
    }

    /// The value in JSON. Numbers that JSON cannot hold are null.
    #[must_use]
    pub fn into_json(self) -> Json {
        match self.value {
            Value::Table(table) => table
                .into_iter()
                .map(|(key, entry)| (String::from(key), entry.node.into_json()))
                .collect(),
            Value::List(list) => list.into_iter().map(Node::into_json).collect(),
            Value::Scalar(scalar) => scalar.into_json(),
        }
    }
}

impl Scalar {
    /// The text of strings, numbers and dates.
    fn text(&self) -> &str {
        match self {
            Self::String(text) | Self::Integer(text) | Self::Float(text) | Self::Datetime(text) => {
                text
            }
            Self::Boolean(_) | Self::Null => "",
        }
    }

    fn into_json(self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => Json::Bool(value),
            Self::String(text) | Self::Datetime(text) => Json::String(text.into()),
            Self::Integer(_) => {
                self.as_integer().and_then(Number::from_i128).map_or(Json::Null, Json::Number)
            }
            Self::Float(_) => self.as_float().map_or(Json::Null, Json::from),
        }
    }

    /// The whole number, if it is one that fits.
    #[must_use]
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
    #[must_use]
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
