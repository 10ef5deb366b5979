//! Reads one YAML document into nodes, and puts what is wrong into words.

use super::input::Input;
use super::node::{MAX_DEPTH, MAX_NODES, Node, describe};
use super::two_readings::{self, Words};
use super::yaml_error;
use crate::diagnostic::{Diagnostic, literal};
use crate::yaml::fault::{Fault, FaultKind};
use crate::yaml::read::{Reading, Rules, Text, read as read_text};
use crate::yaml::schema::Schema;

/// The tree, as far as it could be read, and whether it is whole.
pub(super) fn read(input: &mut Input<'_>) -> (Node, bool) {
    let empty = Node::empty(input.place(0..0));
    let (root, stop) = root(input, 0, Schema::CoreAlone);
    match stop {
        None => (root.filter(|root| !root.is_null()).unwrap_or(empty), true),
        Some(stop) => {
            input.report(stop);
            (empty, false)
        }
    }
}

/// A value in flow form (`[a, b]`, `{a: b}`, `"a"`) in the source from `offset` on.
///
/// # Errors
/// The mistake in it.
pub(super) fn read_value(input: &mut Input<'_>, offset: usize) -> Result<Node, Box<Diagnostic>> {
    // No other program reads a value of the command line.
    match root(input, offset, Schema::Core) {
        (_, Some(stop)) => Err(stop.into()),
        (root, None) => Ok(root.unwrap_or_else(|| Node::empty(input.place(offset..offset)))),
    }
}

/// What the document says, if anything, and the mistake after which the rest cannot be understood; others are noted.
fn root(
    input: &mut Input<'_>,
    offset: usize,
    schema: Schema,
) -> (Option<Node>, Option<Diagnostic>) {
    /// What small sources may copy.
    const COPIES: usize = 10_000;
    let whole = input.text();
    let copies = COPIES + whole.len() / 4;
    let rules = Rules { schema, depth: MAX_DEPTH, values: MAX_NODES, copies, documents: 1 };
    let text = Text { whole, offset, source: input.index };
    let Reading { mut documents, faults, stop } = read_text(text, rules);
    for fault in faults.iter().filter(|fault| !two_readings::is_harmless(&fault.kind)) {
        let diagnostic = diagnostic(input, fault);
        input.report(diagnostic);
    }
    (documents.pop().map(|part| part.root), stop.map(|stop| diagnostic(input, &stop)))
}

fn diagnostic(input: &Input<'_>, fault: &Fault) -> Diagnostic {
    let (code, title, help) = words(&fault.kind);
    let diagnostic = Diagnostic::error(code, title).at(Some(input.span_of(fault.place)));
    let diagnostic = if help.is_empty() { diagnostic } else { diagnostic.help(help) };
    match &fault.kind {
        FaultKind::Duplicate { first, .. } => {
            diagnostic.label("second time").related(Some(input.span_of(*first)), "first time")
        }
        _ => diagnostic,
    }
}

/// Code, title and help.
fn words(kind: &FaultKind) -> Words {
    match kind {
        FaultKind::TwoReadings { here, others, path } => two_readings::words(here, others, path),
        FaultKind::LineBreak(character) => two_readings::line_break(*character),
        kind => {
            let (code, title, help) = plain_words(kind);
            (code, title, help.to_owned())
        }
    }
}

fn plain_words(kind: &FaultKind) -> (&'static str, String, &'static str) {
    let syntax = |title: &str, help| ("syntax", title.to_owned(), help);
    match kind {
        FaultKind::Syntax(kind) => yaml_error::words(kind),
        FaultKind::TooDeep(levels) => {
            ("too-large", format!("nested too deeply: more than {levels} levels"), "")
        }
        FaultKind::TooMany(most) => {
            ("too-large", format!("too many values: at most {most} are read"), "")
        }
        FaultKind::CopiesTooMuch(_) => {
            let title = "the aliases of this file copy too much".to_owned();
            ("too-large", title, "write the values out")
        }
        FaultKind::AliasInItself => syntax("the alias is inside its own anchor", ""),
        FaultKind::FurtherDocument => syntax(
            "a second document starts here; a spec is one document",
            "remove `---`, or put the second document into a file of its own and give it with another `-f`",
        ),
        FaultKind::MissingKey => syntax("a key is missing before `:`", ""),
        FaultKind::NoKey => syntax(
            "a list or table cannot be a key",
            "write a string as the key; quote a value that starts with `[`, `{`, `?` or `*`",
        ),
        FaultKind::Duplicate { key, .. } => {
            let title = format!("the key {} is defined twice", literal(key));
            ("duplicate-key", title, "remove one of both")
        }
        FaultKind::WrongTag(tag) => {
            let title = format!("the tag {} does not fit here", literal(tag));
            ("syntax", title, "remove the tag; to make a string, write quotes")
        }
        FaultKind::WrongMerge(found) => {
            let found = describe(found);
            let title = format!("`<<` expects a table or a list of tables, found {found}");
            ("wrong-type", title, "write `<<: *name`, with `&name` at a table")
        }
        FaultKind::NotFinite => syntax("expected a finite number", ""),
        FaultKind::TwoReadings { .. } | FaultKind::LineBreak(_) => {
            syntax("readers of YAML do not agree about this", "")
        }
    }
}
