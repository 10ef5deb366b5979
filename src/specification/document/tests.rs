//! Reading from text to [`Spec`]: both formats, merging, and what is said about mistakes.

mod hostile;
mod merging;
mod mistakes;
mod places;
mod values;

use super::*;
use crate::path;

pub(super) fn source(name: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { name: name.into(), directory: "".into(), text: text.into() })
}

/// What `line` gives for each number, one behind the other.
pub(super) fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}

/// The spec and everything that is wrong with it.
pub(super) fn read_all(sources: &[(&str, &str)]) -> (Document, Spec, Vec<Diagnostic>) {
    let sources: Vec<_> = sources.iter().map(|(name, text)| source(name, text)).collect();
    let (document, mut diagnostics) = read(&sources);
    let (spec, more) = document.deserialize();
    diagnostics.extend(more);
    (document, spec, diagnostics)
}

/// The spec, which must be without mistakes.
pub(super) fn good(sources: &[(&str, &str)]) -> Spec {
    let (_, spec, diagnostics) = read_all(sources);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    spec
}

/// The diagnostics, each as `file:line:column code title | help | …`.
pub(super) fn messages(sources: &[(&str, &str)]) -> Vec<String> {
    let (.., diagnostics) = read_all(sources);
    let shown = |diagnostic: &Diagnostic| {
        let place = diagnostic.span.as_ref().map_or_else(String::new, |span| {
            let (line, column) = span.line_and_column();
            format!("{}:{line}:{column} ", span.source.name)
        });
        let mut words = vec![format!("{place}{} {}", diagnostic.code, diagnostic.title)];
        words.extend(diagnostic.help.iter().cloned());
        words.join(" | ")
    };
    let mut shown: Vec<_> = diagnostics.iter().map(shown).collect();
    shown.sort();
    shown
}
