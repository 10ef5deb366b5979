//! One type for every message about the user's input, apart from how it is shown.

pub mod codes;
mod deed;
mod excerpt;
pub mod human;
pub mod json;
mod order;
mod shared;
mod shell;
mod subject;

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::guard::{hidden, masked};
use crate::json::words;
use crate::yaml::scalar;
pub use deed::Deed;
use order::in_order;
pub use shell::quoted;
pub use subject::{Entry, Field, Subject};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing can be done with the input until it is mended.
    Error,
    /// The input works, but probably not as its author thinks.
    Warning,
    /// Something the author should know.
    Notice,
}

words!(Severity::word {
    Error => "error",
    Warning => "warning",
    Notice => "notice",
});

/// A text that messages can point into: a file, standard input or an argument.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// What it is called in messages: the path as the user gave it, `<stdin>`, `--set`.
    pub name: String,
    /// Folder that relative paths in it start from; empty for the working directory.
    pub directory: std::path::PathBuf,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Line and column of the byte at `offset`, both from one.
    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before[line_start..].trim_start_matches('\u{feff}');
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

/// A place in a [`Source`]: a range of bytes on character boundaries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text that is pointed into.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// One behind the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes that are pointed at.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Line and column of the first byte, both from one; columns count characters, a byte order
    /// mark not among them.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        self.source.line_and_column(self.start)
    }

    /// Line and column one behind the last byte, counted like [`Span::line_and_column`].
    #[must_use]
    pub fn end_line_and_column(&self) -> (usize, usize) {
        self.source.line_and_column(self.end)
    }
}

/// What a message is beside its severity, where that decides what becomes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nature {
    /// Something that was found.
    #[default]
    Finding,
    /// Something that holds at this time alone: it matters to those who work with its entry.
    OfTheTime,
    /// Something that holds as long as Secrets which others fill are not shown.
    Unseen,
    /// What was done.
    Done,
    /// A file that cannot be read.
    Unread,
    /// A name that no holder has.
    NoHolder,
    /// What ends a build of Kustomize.
    EndsBuild,
    /// What ends a build of Kustomize once its plugins have run.
    EndsBuildLate,
}

/// A message about the user's input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable kebab-case name of what was found, such as `unknown-key`; for `explain`, filters and tests.
    pub code: &'static str,
    /// What is wrong, complete on one line: lower-case start, no full stop, backticks round literals.
    pub title: String,
    /// Where, if it has a place.
    pub span: Option<Span>,
    /// A short label of that place, shown under the marks; may be empty.
    pub label: String,
    /// Further places that explain the first one, each with its words.
    pub related: Vec<(Span, String)>,
    /// What to write instead, or what to do.
    pub help: Vec<String>,
    /// The object that it is about, where objects were handed over.
    pub subject: Option<Box<Subject>>,
    /// The entry of the spec that it is about, where that decides which commands it concerns.
    pub entry: Option<Box<Entry>>,
    /// What it is.
    pub nature: Nature,
    /// What shows it, for programs: JSON objects that hold nothing which the words do not say in their way.
    pub witnesses: Vec<Value>,
    /// What was done or is to be done, where it reports that.
    pub deed: Option<Box<Deed>>,
}

impl Diagnostic {
    /// An error without a place yet.
    #[must_use]
    pub fn error(code: &'static str, title: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, title)
    }

    /// A warning without a place yet.
    #[must_use]
    pub fn warning(code: &'static str, title: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, title)
    }

    /// A notice without a place yet.
    #[must_use]
    pub fn notice(code: &'static str, title: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, title)
    }

    /// Says what it is.
    #[must_use]
    pub fn being(mut self, nature: Nature) -> Self {
        self.nature = nature;
        self
    }

    fn new(severity: Severity, code: &'static str, title: impl Into<String>) -> Self {
        // Unit tests may make up their own.
        #[cfg(not(test))]
        debug_assert!(codes::find(code).is_some(), "`{code}` is not in the register of codes");
        Self {
            severity,
            code,
            title: title.into(),
            span: None,
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
            subject: None,
            entry: None,
            nature: Nature::Finding,
            witnesses: Vec::new(),
            deed: None,
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// Says for programs what was done, or is to be done.
    #[must_use]
    pub fn deed(mut self, deed: Deed) -> Self {
        self.deed = Some(Box::new(deed));
        self
    }

    /// Adds what shows it, for programs.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "what is printed has texts as keys")]
    pub fn witness(mut self, witness: &impl Serialize) -> Self {
        let value = serde_json::to_value(witness).expect("every key is a text");
        self.witnesses.push(value);
        self
    }

    /// Labels that place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a place that explains the first one.
    #[must_use]
    pub fn related(mut self, span: Option<Span>, words: impl Into<String>) -> Self {
        self.related.extend(span.map(|span| (span, words.into())));
        self
    }

    /// Says what to write instead, or what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

impl Diagnostic {
    /// Title and help as they may be printed: nothing in them looks secret.
    #[must_use]
    pub fn sayings(&self) -> Vec<String> {
        let words = std::iter::once(&self.title).chain(&self.help);
        words.map(|words| shown(&excerpt::said(words, self.span.as_ref()))).collect()
    }
}

/// Whether any of them is an error.
#[must_use]
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// The known name nearest to `wrong`, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| {
            (strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase()), name)
        })
        .filter(|(distance, name)| {
            *distance <= (name.chars().count().max(wrong.chars().count()) / 3).max(1)
        })
        .min()
        .map(|(_, name)| name)
}

/// `text` between backticks, for a message: control characters escaped, long text shortened,
/// private keys masked.
#[must_use]
pub fn literal(text: &str) -> String {
    const LIMIT: usize = 80;
    let masked = masked(text);
    let mut shown: String = masked.chars().take(LIMIT).flat_map(visible).collect();
    if masked.chars().nth(LIMIT).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// `text` as it may appear in one line of output: no secrets, no terminal control characters, none that are
/// invisible.
#[must_use]
pub fn shown(text: &str) -> String {
    hidden(text).chars().flat_map(visible).collect()
}

/// As [`shown`], for lines: line ends and tabs stay.
#[must_use]
pub fn shown_lines(text: &str) -> String {
    visible_lines(&hidden(text))
}

/// `text` with every character escaped that controls a terminal or is invisible, but for line ends and tabs.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    if !text.contains(is_unsafe) {
        return text.to_owned();
    }
    let lines = text.split_inclusive(['\n', '\t']).flat_map(|line| {
        let content = line.strip_suffix(['\n', '\t']).unwrap_or(line);
        content.chars().flat_map(visible).chain(line[content.len()..].chars())
    });
    lines.collect()
}

/// `character` as it may appear in one line of a message.
pub(crate) fn visible(character: char) -> impl Iterator<Item = char> {
    let (plain, escape) = if is_unsafe(character) {
        (None, Some(character.escape_default()))
    } else {
        (Some(character), None)
    };
    plain.into_iter().chain(escape.into_iter().flatten())
}

/// Whether it steers a terminal, changes the order of the text around it, or cannot be seen: what YAML escapes, and
/// tags.
pub(crate) fn is_unsafe(character: char) -> bool {
    scalar::is_unsafe(character) || matches!(character, '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_no_byte_order_mark() {
        let source = Arc::new(Source {
            name: "a.toml".into(),
            directory: "".into(),
            text: "\u{feff}ä=1\nßx=2".into(),
        });
        let at = |start| Span { source: source.clone(), start, end: start }.line_and_column();
        assert_eq!(at(3), (1, 1));
        assert_eq!(at(5), (1, 2));
        assert_eq!(at(10), (2, 2));
    }

    #[test]
    fn literals_stay_on_one_line() {
        assert_eq!(literal("a\nb\u{1b}"), "`a\\nb\\u{1b}`");
        assert_eq!(literal(&"x".repeat(90)).chars().count(), 83);
        assert!(!literal("-----BEGIN PRIVATE KEY-----\nMIIE").contains("MIIE"));
        for unseen in [
            '\u{7f}',
            '\u{9b}',
            '\u{61c}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{202e}',
            '\u{e0041}',
        ] {
            assert_eq!(
                shown(&format!("a{unseen}\n")),
                format!("a\\u{{{:x}}}\\n", u32::from(unseen))
            );
            assert_eq!(
                shown_lines(&format!("a{unseen}\n\tb")),
                format!("a\\u{{{:x}}}\n\tb", u32::from(unseen))
            );
        }
        assert_eq!(shown("é 漢字 🔑"), "é 漢字 🔑");
    }

    #[test]
    fn nearest_needs_some_likeness() {
        assert_eq!(nearest("client_auth", ["tls", "clientAuth"]), Some("clientAuth"));
        assert_eq!(nearest("banana", ["tls", "clientAuth"]), None);
    }
}
