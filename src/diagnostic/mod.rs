//! One type for every message about the user's input, apart from how it is shown.

pub mod human;
pub mod json;

use std::ops::Range;
use std::sync::Arc;

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

    /// Line and column, both from one; columns count characters.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = &self.source.text[..self.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
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
    /// What stands at that place, in a few words, shown under the marks; may be empty.
    pub label: String,
    /// Further places that explain the first one, each with its words.
    pub related: Vec<(Span, String)>,
    /// What to write instead, or what to do.
    pub help: Vec<String>,
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

    fn new(severity: Severity, code: &'static str, title: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            title: title.into(),
            span: None,
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// Says in a few words what stands at that place.
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
