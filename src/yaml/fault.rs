//! What may be wrong with a YAML text; each caller of the reader has its own words for it.

use granit_parser::ErrorKind;

use super::node::{Node, Place};
use super::schema::Others;

/// Something wrong, and where.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where.
    pub place: Place,
}

/// What is wrong.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// It is not YAML.
    Syntax(ErrorKind),
    /// Lists and tables lie in each other more deeply than so many levels.
    TooDeep(usize),
    /// There are more than so many values.
    TooMany(usize),
    /// Aliases copy more than so many values.
    CopiesTooMuch(usize),
    /// An alias inside of its own anchor.
    AliasInItself,
    /// More documents than are expected.
    FurtherDocument,
    /// Nothing precedes `:`.
    MissingKey,
    /// What cannot be a key.
    NoKey,
    /// A key that occurs before.
    Duplicate {
        /// The key.
        key: Box<str>,
        /// Where it occurs first.
        first: Place,
    },
    /// A tag that has no meaning, or another one than the value.
    WrongTag(String),
    /// What `<<` names is not a table and no list of tables.
    WrongMerge(Box<Node>),
    /// A number that is not finite, which JSON does not have.
    NotFinite,
    /// Others take the scalar for something else.
    TwoReadings {
        /// The value as it is read here.
        here: Box<Node>,
        /// What it is to others.
        others: Others,
        /// The keys that lead to it from the top, its own the last; none if it is a key.
        path: Vec<Box<str>>,
    },
    /// A character that ends a line in YAML 1.1 alone.
    LineBreak(char),
}
