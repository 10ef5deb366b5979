//! The files of a spec, read and merged, every value with its place; and the [`Spec`] in them.

mod assignment;
mod deserializer;
mod input;
mod merge;
mod merged;
mod mistake;
mod node;
mod object_form;
mod places;
#[cfg(test)]
mod tests;
mod toml;
mod toml_error;
mod two_readings;
mod unshown;
mod wording;
mod yaml;
mod yaml_error;

use std::sync::Arc;

use serde::de::DeserializeOwned;

pub use self::assignment::{NAME as ASSIGNMENT, assignment};
pub use self::input::{Format, MAX_BYTES, decode, format_of};
pub use self::merged::Merged;
pub use self::object_form::{API_VERSION, KIND};
pub use self::places::{NamedPath, place};
pub use self::unshown::blank;
pub use self::wording::in_its_language;

use self::deserializer::{NodeDeserializer, Refused};
use self::input::{Input, SHOWN};
use self::merge::Position;
use self::mistake::Mistake;
use self::node::{Entry, Node, Place, Table, Value};
use self::object_form::Unwrapped;
use self::unshown::{Hidden, Shown};
use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::specification::Spec;
use crate::specification::plugin::Plugin;

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

/// Finds the place in the spec that a path leads to, or of its parent.
pub type Locate<'a> = &'a dyn Fn(&[Step]) -> Option<Span>;

/// Where a spec says what.
pub trait Places {
    /// The place of the value at `path`, or of its parent.
    fn value(&self, path: &[Step]) -> Option<Span>;

    /// The place of the key that `path` ends with, or of its parent.
    fn key(&self, path: &[Step]) -> Option<Span>;

    /// Whether the spec says something at `path`.
    fn has(&self, path: &[Step]) -> bool;
}

impl Places for Document {
    fn value(&self, path: &[Step]) -> Option<Span> {
        self.span(path)
    }

    fn key(&self, path: &[Step]) -> Option<Span> {
        self.key_span(path)
    }

    fn has(&self, path: &[Step]) -> bool {
        self.contains(path)
    }
}

/// A [`Locate`] finds all of them; each path is assumed to exist.
impl Places for &dyn Fn(&[Step]) -> Option<Span> {
    fn value(&self, path: &[Step]) -> Option<Span> {
        self(path)
    }

    fn key(&self, path: &[Step]) -> Option<Span> {
        self(path)
    }

    fn has(&self, _: &[Step]) -> bool {
        true
    }
}

/// Builds a [`Path`]: `path!["hosts", name, "tls"]`.
#[macro_export]
macro_rules! path {
    ($($step:expr),* $(,)?) => {
        $crate::specification::document::Path::from([$($crate::specification::document::Step::from($step)),*])
    };
}

/// All files of a spec, merged, every value with its place.
#[derive(Clone, Debug)]
pub struct Document {
    /// As messages show them: see `hidden`.
    sources: Vec<Arc<Source>>,
    /// Sources that are not a spec, so that no message shows their lines.
    hidden: Vec<Hidden>,
    root: Node,
    /// The plugin's own settings, of sources in the object form.
    plugin: Node,
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

    /// Whether a syntax error is on the line where that begins: what else is wrong there is only a consequence.
    #[must_use]
    pub fn is_broken(&self, span: &Span) -> bool {
        let line = span.line_and_column().0;
        let source = |index: &u32| self.sources.get(*index as usize);
        let is_it = |index: &u32| source(index).is_some_and(|own| Arc::ptr_eq(own, &span.source));
        self.broken.iter().any(|(index, broken)| *broken == line && is_it(index))
    }

    /// The spec, and what is wrong with it; parts that are wrong are left out of the former, and
    /// of a list with a wrong value the whole list, so that indices stay true.
    #[must_use]
    pub fn deserialize(&self) -> (Spec, Vec<Diagnostic>) {
        self.deserialize_from(&self.root)
    }

    /// The plugin's own settings, and what is wrong with them, as [`Document::deserialize`] gives them.
    #[must_use]
    pub fn plugin(&self) -> (Plugin, Vec<Diagnostic>) {
        self.deserialize_from(&self.plugin)
    }

    fn deserialize_from<T: DeserializeOwned + Default>(&self, root: &Node) -> (T, Vec<Diagnostic>) {
        let (value, mut found) = self.deserialize_shown(root);
        self.hidden.iter().for_each(|hidden| hidden.hide(&mut found));
        (value, found)
    }

    /// Without mistakes this is one pass. Each mistake starts another one, which begins where the
    /// mistake was found: nothing in a spec depends on what is before it.
    fn deserialize_shown<T: DeserializeOwned + Default>(
        &self,
        root: &Node,
    ) -> (T, Vec<Diagnostic>) {
        let mut refused = Refused::new();
        let mut ways = Vec::new();
        let mut found = Vec::new();
        let mut way: Vec<usize> = Vec::new();
        loop {
            let skipped = &way[..way.len().min(2)];
            match T::deserialize(NodeDeserializer::new(root, &refused, skipped)) {
                Ok(value) if refused.is_empty() => return (value, found),
                Ok(_) => break,
                Err(mistake) => {
                    way = mistake.path();
                    // A table lacks an entry that was refused, which is reported already.
                    let is_reported = mistake.is_missing_key()
                        && ways.iter().any(|earlier: &Vec<_>| earlier.starts_with(&way));
                    found.extend(self.diagnostic(mistake).filter(|_| !is_reported));
                    if !refused.insert(at(root, &way)) || refused.len() > SOUGHT {
                        return (T::default(), shortened(found));
                    }
                    ways.push(way.clone());
                }
            }
        }
        refused.extend(ways.iter().map(|way| std::ptr::from_ref(outside_lists(root, way))));
        let value = T::deserialize(NodeDeserializer::new(root, &refused, &[]));
        (value.unwrap_or_default(), shortened(found))
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
}

/// The value that these indices lead to.
fn at<'a>(root: &'a Node, way: &[usize]) -> &'a Node {
    way.iter().fold(root, |node, index| child(node, *index).unwrap_or(node))
}

/// The value that these indices lead to or, if it lies in a list, that list.
fn outside_lists<'a>(root: &'a Node, way: &[usize]) -> &'a Node {
    let lists = way.len()
        - (0..way.len())
            .rev()
            .take_while(|depth| matches!(at(root, &way[..*depth]).value, Value::List(_)))
            .count();
    at(root, &way[..lists])
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
/// A source in the object form (`apiVersion`, `kind`, `metadata`, `plugin`, `spec`) is unwrapped first; its
/// `metadata.name` is the spec's `name` unless that is said, and `plugin` is merged for itself. Null removes what an earlier source
/// says, and is an error where there is nothing to remove. Where a later source names an alternative (another source of `tls`, `routes` instead of
/// `service`), the earlier one goes.
///
/// # Panics
/// With four billion sources.
#[must_use]
pub fn read(sources: &[Arc<Source>]) -> (Document, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut whole = true;
    let mut root = Node::empty(Place { source: 0, start: 0, end: 0 });
    let mut settings = root.clone();
    let mut name = None;
    let mut kept = sources.to_vec();
    let mut hidden = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let index = u32::try_from(index).expect("fewer than four billion files");
        let before = diagnostics.len();
        let number = index as usize;
        let mut input = Input { source, index, diagnostics: &mut diagnostics, noted: 0 };
        let ReadSource { unwrapped, whole: complete, shown } = read_source(&mut input);
        input.finish();
        let Unwrapped { spec, name: object_name, plugin } = unwrapped;
        whole &= complete;
        if let Some(unshown) = Hidden::of(source, shown) {
            unshown.hide(&mut diagnostics[before..]);
            kept[number] = unshown.blank();
            hidden.push(unshown);
        }
        name = object_name.or(name);
        if index == 0 {
            root.place = spec.place;
        }
        if let Some(mistake) = assignment::unquoted(&root, &spec, source) {
            diagnostics.push(mistake);
            continue;
        }
        merge::merge(&mut root, spec, Position::Top);
        if let Some(plugin) = plugin {
            merge::merge(&mut settings, plugin, Position::Other);
        }
    }
    if let (Value::Table(table), Some(entry)) = (&mut root.value, name) {
        take_name(table, entry);
    }
    let broken = broken_lines(&kept, &diagnostics);
    (Document { sources: kept, hidden, root, plugin: settings, whole, broken }, diagnostics)
}

/// What was read of one source.
struct ReadSource {
    /// What it says; the spec is always a table.
    unwrapped: Unwrapped,
    /// Whether all of it was read.
    whole: bool,
    /// How much of it messages show.
    shown: Shown,
}

fn read_source(input: &mut Input<'_>) -> ReadSource {
    let empty = Node::empty(input.place(0..0));
    let text = input.text();
    if !input::check(input) {
        let (unwrapped, shown) = (Unwrapped::bare(empty), unshown::of_broken(text));
        return ReadSource { unwrapped, whole: false, shown };
    }
    let (node, whole) = match format_of(input.source) {
        Format::Toml => toml::read(input),
        Format::Yaml => yaml::read(input),
        Format::Assignment => {
            let (node, whole) = assignment::read(input);
            return ReadSource { unwrapped: assigned(node), whole, shown: Shown::Lines };
        }
    };
    let shown = if whole { unshown::of_whole(&node) } else { unshown::of_broken(text) };
    let unwrapped = object_form::unwrap(input, node);
    if unwrapped.spec.as_table().is_none() {
        let span = input.span_of(unwrapped.spec.place);
        input.report(Mistake::expected("a table", &unwrapped.spec).diagnostic().at(Some(span)));
        let unwrapped = Unwrapped { spec: empty, ..unwrapped };
        return ReadSource { unwrapped, whole: false, shown };
    }
    ReadSource { unwrapped, whole, shown }
}

/// A value of `--set`, which may be one of the plugin's settings.
fn assigned(mut node: Node) -> Unwrapped {
    let plugin = match &mut node.value {
        Value::Table(table) => table.shift_remove(object_form::PLUGIN).map(|entry| entry.node),
        _ => None,
    };
    Unwrapped { plugin, ..Unwrapped::bare(node) }
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
