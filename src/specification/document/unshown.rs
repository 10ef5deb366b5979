//! Texts that are not a spec: a seed, a list of passwords, any file that a path leads to by mistake or by design. Messages
//! say where they are wrong, and show nothing of them.

use std::sync::Arc;

use super::Source;
use super::node::{Node, Table, Value};
use super::object_form::{API_VERSION, KIND};
use crate::diagnostic::{Diagnostic, nearest};
use crate::guard::without_words_of;

/// How much of a text messages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Lines of it: it is a spec.
    Lines,
    /// Keys that are wrong: a table that may be anything.
    Keys,
    /// Nothing but lines' numbers: it is not a table, or cannot be read.
    Nothing,
}

/// Keys at the root of a spec.
const KEYS: [&str; 24] = [
    "$schema",
    "name",
    "namespace",
    "labels",
    "annotations",
    "target",
    "templates",
    "store",
    "secrets",
    "defaults",
    "cas",
    "clients",
    "services",
    "hosts",
    "patches",
    "spec",
    "plugin",
    "metadata",
    "ingressClassName",
    "networkPolicy",
    "rbac",
    "monitoring",
    "logging",
    "externalDns",
];

/// Keys that few other files have at the start of a line.
const TELLING: [&str; 7] = ["namespace", "secrets", "store", "cas", "clients", "services", "hosts"];

/// How much is shown of a text with that root: of a table without a key that a spec has, or nearly so, no lines, and
/// nothing where its keys are not names: lines of `/etc/shadow` are keys to YAML.
pub(super) fn of_whole(root: &Node) -> Shown {
    match &root.value {
        Value::Table(table) if is_spec(table) => Shown::Lines,
        Value::Table(table) if table.keys().all(|key| is_name(key)) => Shown::Keys,
        _ => Shown::Nothing,
    }
}

fn is_name(key: &str) -> bool {
    key.chars().all(|character| character.is_alphanumeric() || "_-.$".contains(character))
}

fn is_spec(table: &Table) -> bool {
    let text = |key: &str| table.get(key).and_then(|entry| entry.node.as_str());
    if table.contains_key("apiVersion") || table.contains_key("kind") {
        // Any object of Kubernetes has these keys; a Secret among them.
        let group = API_VERSION.split('/').next().unwrap_or_default();
        return text("apiVersion").is_some_and(|version| version.contains(group))
            || text("kind").is_some_and(|kind| nearest(kind, [KIND]).is_some());
    }
    table.is_empty() || table.keys().any(|key| nearest(key, KEYS).is_some())
}

/// How much is shown of a text that cannot be read: its lines if it is evidently a spec, because one starts with a key
/// of it.
pub(super) fn of_broken(text: &str) -> Shown {
    let starts = |line: &str| {
        let line = line.trim_start_matches(['\u{feff}', '{', '[', ' ']);
        let (quoted, line) = match line.strip_prefix(['"', '\'']) {
            Some(line) => (true, line),
            None => (false, line),
        };
        let key = TELLING.iter().find_map(|key| line.strip_prefix(key));
        let rest = key.map(|rest| if quoted { rest.trim_start_matches(['"', '\'']) } else { rest });
        rest.is_some_and(|rest| rest.trim_start().starts_with([':', '=', '.', ']']))
            || line.starts_with("apiVersion") && line.contains(API_VERSION)
    };
    let is_spec = text.lines().filter(|line| !line.starts_with([' ', '\t'])).any(starts);
    if is_spec { Shown::Lines } else { Shown::Nothing }
}

/// A source of the same name and the same lines without their text: places in it are places in `source`.
pub fn blank(source: &Source) -> Arc<Source> {
    let blank = |character: char| match (character, character.len_utf8()) {
        ('\n' | '\r' | '\u{feff}', _) => character,
        (_, 1) => ' ',
        (_, 2) => '\u{a0}',
        (_, 3) => '\u{3000}',
        _ => '\u{e0020}',
    };
    let (name, directory) = (source.name.clone(), source.directory.clone());
    Arc::new(Source { name, directory, text: source.text.chars().map(blank).collect() })
}

/// A source whose lines no message shows.
#[derive(Clone, Debug)]
pub(super) struct Hidden {
    /// As it was read.
    source: Arc<Source>,
    /// The source in its place.
    blank: Arc<Source>,
    /// How much is shown.
    shown: Shown,
}

impl Hidden {
    /// `None` if there is nothing to hide.
    pub fn of(source: &Arc<Source>, shown: Shown) -> Option<Self> {
        let source = source.clone();
        (shown != Shown::Lines).then(|| Self { blank: blank(&source), source, shown })
    }

    /// What messages point into.
    pub fn blank(&self) -> Arc<Source> {
        self.blank.clone()
    }

    /// Takes what the source says out of the messages about it.
    pub fn hide(&self, diagnostics: &mut [Diagnostic]) {
        hide(diagnostics, self);
    }
}

fn hide(diagnostics: &mut [Diagnostic], hidden: &Hidden) {
    let Hidden { source, blank: shown, .. } = hidden;
    for diagnostic in diagnostics {
        let spans = diagnostic.span.iter_mut();
        let spans = spans.chain(diagnostic.related.iter_mut().map(|(span, _)| span));
        let mut is_here = false;
        for span in spans {
            if Arc::ptr_eq(&span.source, source) {
                span.source = shown.clone();
            }
            is_here |= Arc::ptr_eq(&span.source, shown);
        }
        if is_here && hidden.shown == Shown::Nothing {
            diagnostic.title = without_words_of(&source.text, &diagnostic.title);
            diagnostic.label = without_words_of(&source.text, &diagnostic.label);
            for (_, words) in &mut diagnostic.related {
                *words = without_words_of(&source.text, words);
            }
            for help in &mut diagnostic.help {
                *help = without_words_of(&source.text, help);
            }
        }
    }
}
