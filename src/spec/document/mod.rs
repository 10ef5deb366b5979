//! The files of a spec, read and merged, every value with its place; and the [`Spec`] in them.

mod assignment;
mod core_schema;
mod deserializer;
mod input;
mod merge;
mod mistake;
mod node;
mod object_form;
#[cfg(test)]
mod tests;
mod toml;
mod toml_error;
mod wording;
mod yaml;
mod yaml_error;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

pub use self::assignment::assignment;
pub use self::input::{Format, MAX_BYTES, decode, format_of};
pub use self::object_form::{API_VERSION, KIND};
pub use self::wording::in_its_language;
pub use crate::path;

use self::deserializer::{NodeDeserializer, Refused};
use self::input::{Input, SHOWN};
use self::merge::Position;
use self::mistake::Mistake;
use self::node::{Entry, Node, Place, Table, Value};
use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::spec::Spec;

/// How many mistakes are looked for.
const SOUGHT: usize = 1_000;

/// One step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, from zero.
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
macro_rules! path {
    ($($step:expr),* $(,)?) => {
        $crate::spec::document::Path::from([$($crate::spec::document::Step::from($step)),*])
    };
}

/// All files of a spec, merged, every value with its place.
#[derive(Clone, Debug)]
pub struct Document {
    sources: Vec<Arc<Source>>,
    root: Node,
    whole: bool,
    /// Lines with syntax errors: what else is wrong there is only a consequence.
    broken: Vec<(u32, usize)>,
}

impl Document {
    /// Whether every source could be read to its end; if not, values may be missing that the user
    /// wrote, and nothing should be concluded from their absence.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

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

    /// Folder that relative paths start from which are written at `path`: that of the source which
    /// the value comes from.
    #[must_use]
    pub fn directory(&self, path: &[Step]) -> PathBuf {
        let source = self.sources.get(self.nearest(path).1.place.source as usize);
        source.map(|source| source.directory.clone()).unwrap_or_default()
    }

    /// The value at `path` or its nearest existing ancestor, and how many steps lead to it.
    fn nearest(&self, path: &[Step]) -> (usize, &Node) {
        let mut node = &self.root;
        for (depth, step) in path.iter().enumerate() {
            match node.child(step) {
                Some(child) => node = child,
                None => return (depth, node),
            }
        }
        (path.len(), node)
    }

    fn span_of(&self, place: Place) -> Option<Span> {
        let source = self.sources.get(place.source as usize)?;
        Some(Span { source: source.clone(), start: place.start as usize, end: place.end as usize })
    }

    /// The spec, and what is wrong with it; parts that are wrong are left out of the former, and
    /// of a list with a wrong value the whole list, so that indices stay true.
    ///
    /// Without mistakes this is one pass. Each mistake starts another one, which begins where the
    /// mistake was found: the spec has no place where what stands before would matter.
    #[must_use]
    pub fn deserialize(&self) -> (Spec, Vec<Diagnostic>) {
        let mut refused = Refused::new();
        let mut ways = Vec::new();
        let mut found = Vec::new();
        let mut way = Vec::new();
        loop {
            let skipped = &way[..way.len().min(2)];
            match Spec::deserialize(NodeDeserializer::new(&self.root, &refused, skipped)) {
                Ok(spec) if refused.is_empty() => return (spec, found),
                Ok(_) => break,
                Err(mistake) => {
                    way = mistake.path();
                    found.extend(self.diagnostic(mistake));
                    if !refused.insert(self.at(&way)) || refused.len() > SOUGHT {
                        return (Spec::default(), shortened(found));
                    }
                    ways.push(way.clone());
                }
            }
        }
        refused.extend(ways.iter().map(|way| std::ptr::from_ref(self.outside_lists(way))));
        let spec = Spec::deserialize(NodeDeserializer::new(&self.root, &refused, &[]));
        (spec.unwrap_or_default(), shortened(found))
    }

    /// The message, unless a syntax error on the same line has said enough.
    fn diagnostic(&self, mistake: Mistake) -> Option<Diagnostic> {
        let place = mistake.place();
        let span = place.and_then(|place| self.span_of(place));
        let known = !self.broken.is_empty()
            && span.as_ref().zip(place).is_some_and(|(span, place)| {
                self.broken.contains(&(place.source, span.line_and_column().0))
            });
        (!known).then(|| mistake.diagnostic().at(span))
    }

    /// The value that these indices lead to.
    fn at(&self, way: &[usize]) -> &Node {
        way.iter().fold(&self.root, |node, index| child(node, *index).unwrap_or(node))
    }

    /// The value that these indices lead to or, if it lies in a list, that list.
    fn outside_lists(&self, way: &[usize]) -> &Node {
        let lists = way.len()
            - (0..way.len())
                .rev()
                .take_while(|depth| matches!(self.at(&way[..*depth]).value, Value::List(_)))
                .count();
        self.at(&way[..lists])
    }
}

fn child(node: &Node, index: usize) -> Option<&Node> {
    match &node.value {
        Value::Table(table) => table.get_index(index).map(|(_, entry)| &entry.node),
        Value::List(list) => list.get(index),
        Value::Scalar(_) => None,
    }
}

/// The first mistakes, and how many more there are.
fn shortened(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if found.len() > SHOWN {
        let more = found.split_off(SHOWN).len();
        let at_least = if more + SHOWN >= SOUGHT { "at least " } else { "" };
        let title = format!("{at_least}{more} more mistakes are not shown");
        found.push(Diagnostic::error("too-many-mistakes", title));
    }
    found
}

/// Reads and merges: later sources win (see [`assignment`] for those of `--set`).
///
/// A source in the object form (`apiVersion`, `kind`, `metadata`, `spec`) is unwrapped first; its
/// `metadata.name` is the spec's `name` unless that is said. Null removes what an earlier source
/// says, and is an error where there is nothing to remove. Where a later source names an alternative (another source of `tls`, `routes` instead of
/// `service`), the earlier one goes.
///
/// # Panics
/// Where somebody gives four billion sources.
#[must_use]
pub fn read(sources: &[Arc<Source>]) -> (Document, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut whole = true;
    let mut root = Node::empty(Place { source: 0, start: 0, end: 0 });
    let mut name = None;
    for (index, source) in sources.iter().enumerate() {
        let index = u32::try_from(index).expect("nobody has four billion files");
        let mut input = Input { source, index, diagnostics: &mut diagnostics, noted: 0 };
        let (node, object_name, complete) = read_source(&mut input);
        input.finish();
        whole &= complete;
        name = object_name.or(name);
        if index == 0 {
            root.place = node.place;
        }
        merge::merge(&mut root, node, Position::Top);
    }
    if let (Value::Table(table), Some(entry)) = (&mut root.value, name) {
        take_name(table, entry);
    }
    let broken = broken_lines(sources, &diagnostics);
    (Document { sources: sources.to_vec(), root, whole, broken }, diagnostics)
}

/// The tree of one source (always a table), the name of its object, and whether it is whole.
fn read_source(input: &mut Input<'_>) -> (Node, Option<Entry>, bool) {
    let empty = Node::empty(input.place(0..0));
    if !input::check(input) {
        return (empty, None, false);
    }
    let (node, whole) = match format_of(input.source) {
        Format::Toml => toml::read(input),
        Format::Yaml => yaml::read(input),
        Format::Assignment => {
            let (node, whole) = assignment::read(input);
            return (node, None, whole);
        }
    };
    let (node, name) = object_form::unwrap(input, node);
    if node.as_table().is_none() {
        let span = input.span_of(node.place);
        input.report(Mistake::expected("a table", &node).diagnostic().at(Some(span)));
        return (empty, name, false);
    }
    (node, name, whole)
}

/// An object's name is the spec's, unless that is said.
fn take_name(table: &mut Table, name: Entry) {
    table.entry("name".into()).or_insert(name);
}

/// Source and number of the lines with errors so far.
fn broken_lines(sources: &[Arc<Source>], diagnostics: &[Diagnostic]) -> Vec<(u32, usize)> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let spans = errors.filter_map(|diagnostic| diagnostic.span.as_ref());
    let line = |span: &Span| {
        let index = sources.iter().position(|source| Arc::ptr_eq(source, &span.source))?;
        Some((u32::try_from(index).ok()?, span.line_and_column().0))
    };
    spans.filter_map(line).collect()
}
