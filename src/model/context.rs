//! What every step of resolving sees, and where its findings go.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::Conventions;
use crate::diagnostic::{Diagnostic, Span, literal, nearest};
use crate::specification::Spec;
use crate::specification::document::{Document, Step};
use crate::time::Timestamp;

/// Contents of the files that the spec names, by path.
pub type Files = BTreeMap<PathBuf, Result<Zeroizing<Vec<u8>>, Unread>>;

/// Why a file that the spec names was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The cause in words.
    pub cause: String,
    /// Whether there is no such file, as in a clone without private keys.
    pub is_absent: bool,
}

/// The input of resolving.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The source, with places.
    pub document: &'a Document,
    /// What the user wrote.
    pub spec: &'a Spec,
    /// The files that the spec names, see [`super::supplied::files`].
    pub files: &'a Files,
    /// How the target names what the spec does not, and how it validates certificates.
    pub conventions: &'static Conventions,
    /// Now.
    pub now: Timestamp,
}

impl Context<'_> {
    /// Place of the value at `path`.
    pub fn value(&self, path: &[Step]) -> Option<Span> {
        self.document.span(path)
    }

    /// Place of the key that `path` ends with.
    pub fn key(&self, path: &[Step]) -> Option<Span> {
        self.document.key_span(path)
    }

    /// Whether the user wrote something at `path`, even if it was refused while reading.
    pub fn has(&self, path: &[Step]) -> bool {
        self.document.contains(path)
    }
}

/// How many names are compared with wrong ones, so that many wrong references to many names take no square of time.
const COMPARED: usize = 1_000_000;

/// Findings in the order in which they were made.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Diagnostic>, usize);

impl Findings {
    /// What was found so far.
    #[must_use]
    pub fn new(found: Vec<Diagnostic>) -> Self {
        Self(found, 0)
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds an error about a name that is not declared, with the nearest known one; `table` says
    /// where such names are declared. Says nothing if the name was declared but refused while reading.
    pub fn unknown<'k>(
        &mut self,
        context: Context<'_>,
        path: &[Step],
        (what, table): (&str, &str),
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        if context.has(&crate::path![table, name]) {
            return;
        }
        let known: Vec<&str> = known.take(COMPARED - self.1.min(COMPARED)).collect();
        let is_compared = self.1 < COMPARED;
        self.1 += known.len();
        let mut diagnostic =
            Diagnostic::error("unknown-reference", format!("there is no {what} {}", literal(name)))
                .at(context.value(path))
                .label(format!("not declared under `{table}`"));
        diagnostic = match nearest(name, known.iter().copied()) {
            _ if !is_compared => diagnostic.help(format!("declare it under `{table}`")),
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => {
                diagnostic.help(format!("declare it under `{table}`, which is empty so far"))
            }
            None => diagnostic
                .help(format!("declare it under `{table}`, or use one of {}", listed(&known))),
        };
        self.push(diagnostic);
    }
}

/// Names in backticks, the first few of many.
pub fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| literal(name)).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
