//! stub
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::spec::Spec;
use std::sync::Arc;

/// One step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Key(String),
    Index(usize),
}
impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}
impl From<&String> for Step {
    fn from(key: &String) -> Self {
        Self::Key(key.to_owned())
    }
}
impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The way to a value from the top of the spec.
pub type Path = Vec<Step>;

/// Builds a [`Path`]: `path!["hosts", name, "tls"]`.
#[macro_export]
macro_rules! path { ($($step:expr),* $(,)?) => { vec![$($crate::spec::document::Step::from($step)),*] } }
pub use crate::path;

/// All files of a spec, merged, every value with its place.
#[derive(Clone, Debug)]
pub struct Document {}

impl Document {
    /// Place of the value at `path`, else of its nearest existing ancestor.
    pub fn span(&self, _path: &[Step]) -> Option<Span> {
        todo!()
    }
    /// Place of the key that `path` ends with, else of its nearest existing ancestor.
    pub fn key_span(&self, _path: &[Step]) -> Option<Span> {
        todo!()
    }
    /// Whether the user wrote something at `path` (also if it was refused).
    pub fn contains(&self, _path: &[Step]) -> bool {
        todo!()
    }
    /// The spec, and what is wrong with it; parts that are wrong are left out of the former.
    pub fn deserialize(&self) -> (Spec, Vec<Diagnostic>) {
        todo!()
    }
}

/// Reads and merges: later sources win.
pub fn read(_sources: &[Arc<Source>]) -> (Document, Vec<Diagnostic>) {
    todo!()
}
