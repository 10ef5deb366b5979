//! Places of the values of a document: from the path to a value to its place, and back.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::node::{Node, Place, Value, child};
use super::object_form::PLUGIN;
use super::{Document, Path, Step};
use crate::diagnostic::Span;

/// A path that a spec names, and where it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedPath {
    path: PathBuf,
    span: Option<Span>,
}

impl NamedPath {
    /// A path that follows from the place of the spec, such as the default one of its store.
    #[must_use]
    pub fn implied(path: PathBuf, span: Option<Span>) -> Self {
        Self { path, span }
    }

    /// The path, relative to the working directory.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Where it is written.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }
}

impl Document {
    /// Place of the value at `path`, else of its nearest existing ancestor.
    #[must_use]
    pub fn span(&self, path: &[Step]) -> Option<Span> {
        self.span_of(self.nearest(path).1.place)
    }

    /// Place of the key that `path` ends with, else of its nearest existing ancestor.
    #[must_use]
    pub fn key_span(&self, path: &[Step]) -> Option<Span> {
        let Some((Step::Key(key), above)) = path.split_last() else { return self.span(path) };
        let (depth, parent) = self.nearest(above);
        if depth < above.len() {
            return self.key_span(&path[..depth]);
        }
        match parent.as_table().and_then(|table| table.get(key.as_str())) {
            Some(entry) => self.span_of(entry.key),
            None => self.key_span(above),
        }
    }

    /// Whether the user wrote something at `path` (also if it was refused).
    #[must_use]
    pub fn contains(&self, path: &[Step]) -> bool {
        self.nearest(path).0 == path.len()
    }

    /// The path that is written at `path`: relative ones start from the folder of its source.
    ///
    /// All paths of a spec become paths here, and nowhere else: what reads them asks how far they reach.
    #[must_use]
    pub fn named(&self, path: &[Step], written: &str) -> NamedPath {
        self.named_in(&self.root, path, written)
    }

    /// As [`Document::named`], for one of the plugin's settings.
    #[must_use]
    pub fn plugin_named(&self, path: &[Step], written: &str) -> NamedPath {
        self.named_in(&self.plugin, path, written)
    }

    fn named_in(&self, root: &Node, path: &[Step], written: &str) -> NamedPath {
        let place = nearest(root, path).1.place;
        let directory = self.sources.get(place.source as usize).map(|source| &source.directory);
        let path = directory.cloned().unwrap_or_default().join(written);
        NamedPath { path, span: self.span_of(place) }
    }

    fn nearest(&self, path: &[Step]) -> (usize, &Node) {
        nearest(&self.root, path)
    }

    pub(super) fn span_of(&self, place: Place) -> Option<Span> {
        let source = self.sources.get(place.source as usize)?;
        Some(Span { source: source.clone(), start: place.start as usize, end: place.end as usize })
    }

    /// As [`Document::span`], for one of the plugin's settings.
    #[must_use]
    pub fn plugin_span(&self, path: &[Step]) -> Option<Span> {
        self.span_of(nearest(&self.plugin, path).1.place)
    }

    /// The path in the object form to the value at `span`: from `spec` or `plugin` on.
    #[must_use]
    pub fn object_path(&self, span: &Span) -> Option<Path> {
        let source = self.sources.iter().position(|source| Arc::ptr_eq(source, &span.source))?;
        let narrow = |number: usize| u32::try_from(number).ok();
        let wanted =
            Place { source: narrow(source)?, start: narrow(span.start)?, end: narrow(span.end)? };
        let way = |key: &str, root: &Node| {
            let mut way = vec![Step::from(key)];
            find(root, wanted, &mut way).then_some(way)
        };
        way("spec", &self.root).or_else(|| way(PLUGIN, &self.plugin))
    }
}

/// Bytes of the value at `path`, else of its nearest existing ancestor: of lists and tables under a key, the key's.
#[must_use]
pub fn place(root: &Node, path: &[Step]) -> Range<usize> {
    let (depth, node) = nearest(root, path);
    let key = path[..depth].split_last().and_then(|(last, above)| match (last, &node.value) {
        (_, Value::Scalar(_)) | (Step::Index(_), _) => None,
        (Step::Key(key), _) => nearest(root, above).1.as_table()?.get(key.as_str()),
    });
    let place = key.map_or(node.place, |entry| entry.key);
    place.start as usize..place.end as usize
}

/// The value at `path` or its nearest existing ancestor, and how many steps lead to it.
fn nearest<'a>(root: &'a Node, path: &[Step]) -> (usize, &'a Node) {
    let mut node = root;
    for (depth, step) in path.iter().enumerate() {
        match child(node, step) {
            Some(child) => node = child,
            None => return (depth, node),
        }
    }
    (path.len(), node)
}

/// Extends `way` by the steps from `node` to the entry or value at `wanted`.
fn find(node: &Node, wanted: Place, way: &mut Path) -> bool {
    let mut below = |step: Step, key: Option<Place>, child: &Node| {
        way.push(step);
        let found = key == Some(wanted) || child.place == wanted || find(child, wanted, way);
        if !found {
            way.pop();
        }
        found
    };
    match &node.value {
        Value::Table(table) => {
            table.iter().any(|(key, entry)| below((&**key).into(), Some(entry.key), &entry.node))
        }
        Value::List(list) => {
            list.iter().enumerate().any(|(index, child)| below(index.into(), None, child))
        }
        Value::Scalar(_) => false,
    }
}
