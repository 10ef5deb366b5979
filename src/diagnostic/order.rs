//! In which order diagnostics are shown, and how many of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shared::merged;
use super::{Diagnostic, Severity, Source, Span};

/// How many of one severity are shown.
const SHOWN: usize = 300;

/// The diagnostics that are shown, in their order: by source (in the order of first appearance), then by place, those
/// without a place last; equal ones once, and those of one cause as one. Of each severity the first ones, and in the end how many more there are.
pub(super) fn in_order(diagnostics: &[Diagnostic]) -> Vec<Cow<'_, Diagnostic>> {
    // Unit tests may make up their own.
    #[cfg(not(test))]
    for Diagnostic { code, severity, .. } in diagnostics {
        let found = super::codes::find(code);
        debug_assert!(
            found.is_some_and(|found| found.severities.contains(severity)),
            "the register of codes does not have `{code}` as {severity:?}"
        );
    }
    let mut sources: BTreeMap<*const Source, usize> = BTreeMap::new();
    for span in diagnostics.iter().filter_map(|diagnostic| diagnostic.span.as_ref()) {
        let next = sources.len();
        sources.entry(Arc::as_ptr(&span.source)).or_insert(next);
    }
    let rank = |diagnostic: &Diagnostic| {
        diagnostic.span.as_ref().map_or((sources.len(), 0, 0), |span| {
            let source = sources.get(&Arc::as_ptr(&span.source)).copied().unwrap_or_default();
            (source, span.start, span.end)
        })
    };
    let mut ordered: Vec<&Diagnostic> = diagnostics.iter().collect();
    ordered.sort_by_cached_key(|diagnostic| rank(diagnostic));
    let mut known = BTreeSet::new();
    ordered.retain(|diagnostic| known.insert((rank(diagnostic), seen(diagnostic))));
    let mut shown = Vec::new();
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for diagnostic in merged(ordered) {
        let count = counts.entry(diagnostic.severity).or_default();
        *count += 1;
        if *count <= SHOWN {
            shown.push(diagnostic);
        }
    }
    let rest = counts.into_iter().filter(|(_, count)| *count > SHOWN);
    shown.extend(rest.map(|(severity, count)| Cow::Owned(more(severity, count - SHOWN))));
    shown
}

/// The summary of those that are not shown.
fn more(severity: Severity, count: usize) -> Diagnostic {
    let words = match severity {
        Severity::Error => "errors",
        Severity::Warning => "warnings",
        Severity::Notice => "notices",
    };
    let title = format!("{count} more {words} are not shown");
    Diagnostic::new(severity, "too-many-mistakes", title)
}

/// Source, range and words of a place that explains another one.
type RelatedPlace<'a> = (*const Source, usize, usize, &'a str);

/// What is seen of a diagnostic, so that equal ones are found without comparing whole sources.
fn seen(diagnostic: &Diagnostic) -> (Severity, [&str; 3], &[String], Vec<RelatedPlace<'_>>) {
    let Diagnostic {
        severity,
        code,
        title,
        label,
        help,
        related,
        span: _,
        subject: _,
        entry: _,
        nature: _,
        witnesses: _,
        deed: _,
    } = diagnostic;
    let related = related.iter().map(|(Span { source, start, end }, words)| {
        (Arc::as_ptr(source), *start, *end, words.as_str())
    });
    (*severity, [code, title, label], help, related.collect())
}
