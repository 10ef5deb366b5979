//! The fields of Kubernetes' own objects, from `kubernetes.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// All kinds and types that mtlsgen knows, read on first use.
pub static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("kubernetes.json"))
        .expect("the embedded table is read by a test")
});

/// Kinds and the types that they are made of.
#[derive(Debug, Deserialize)]
pub struct Table {
    #[serde(borrow)]
    kinds: BTreeMap<&'static str, Kind>,
    #[serde(borrow)]
    types: BTreeMap<&'static str, Type>,
}

/// A kind of object.
#[derive(Debug, Deserialize)]
pub struct Kind {
    /// Name of its type.
    #[serde(rename = "type")]
    type_name: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
}

/// An object with named fields.
#[derive(Debug, Deserialize)]
pub struct Type {
    /// Field names and what they hold, as [`Field::parse`] reads it.
    #[serde(borrow)]
    pub fields: BTreeMap<&'static str, &'static str>,
    /// Fields that must be there.
    #[serde(borrow, default)]
    pub required: Vec<&'static str>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A value of that word: `string`, `integer`, `quantity`, …
    Word(&'static str),
    /// One of these strings, separated by commas.
    OneOf(&'static str),
    /// An object of that type.
    Type(&'static str),
    /// A list of what the text says, and what strategic merge patches merge it by.
    List(&'static str, MergeBy),
    /// A map from strings to what the text says.
    Map(&'static str),
}

/// How a strategic merge patch changes a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeBy {
    /// It replaces it.
    Replace,
    /// Plain values are added that are not there.
    Set,
    /// Objects with the same value under this key are the same object.
    Key(&'static str),
}

impl Field {
    /// Reads the notation that `scripts/kubernetes-schema.py` explains.
    #[must_use]
    pub fn parse(text: &'static str) -> Self {
        if let Some(item) = text.strip_prefix('[') {
            return match item.split_once('|') {
                None => Self::List(item, MergeBy::Replace),
                Some((item, "")) => Self::List(item, MergeBy::Set),
                Some((item, key)) => Self::List(item, MergeBy::Key(key)),
            };
        }
        if let Some(item) = text.strip_prefix('{') {
            return Self::Map(item);
        }
        if let Some(name) = text.strip_prefix('#') {
            return Self::Type(name);
        }
        match text.split_once('=') {
            Some((_, values)) => Self::OneOf(values),
            None => Self::Word(text),
        }
    }
}

impl Table {
    /// The kind, if it is known.
    #[must_use]
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        self.kinds.get(format!("{api_version} {kind}").as_str())
    }

    /// Versions under which the kind is known.
    pub fn versions_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'static str> + 'a {
        self.kinds.keys().filter_map(move |key| {
            key.split_once(' ').filter(|(_, k)| *k == kind).map(|(version, _)| version)
        })
    }

    /// Names of all kinds.
    pub fn kind_names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.kinds.keys().filter_map(|key| key.split_once(' ').map(|(_, kind)| kind))
    }

    /// What objects of that kind are made of.
    #[must_use]
    pub fn root(&self, api_version: &str, kind: &str) -> Option<Field> {
        self.kind(api_version, kind).map(|kind| Field::Type(kind.type_name))
    }

    /// The type of that name.
    ///
    /// # Panics
    ///
    /// Never for names that the table itself contains, which a test checks.
    #[must_use]
    pub fn type_named(&self, name: &str) -> &Type {
        self.types.get(name).expect("a test checks that every name has its type")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_table_has_its_type() {
        const WORDS: [&str; 9] = [
            "string",
            "integer",
            "number",
            "boolean",
            "bytes",
            "time",
            "quantity",
            "int-or-string",
            "any",
        ];
        fn check(text: &'static str) {
            match Field::parse(text) {
                Field::Word(word) => assert!(WORDS.contains(&word), "{word}"),
                Field::OneOf(values) => assert!(values.contains(',')),
                Field::Type(name) => assert!(TABLE.types.contains_key(name), "{name}"),
                Field::List(item, _) | Field::Map(item) => check(item),
            }
        }
        for kind in TABLE.kinds.values() {
            assert!(TABLE.types.contains_key(kind.type_name));
        }
        for described in TABLE.types.values() {
            described.fields.values().for_each(|text| check(text));
            assert!(described.required.iter().all(|name| described.fields.contains_key(name)));
        }
    }
}
