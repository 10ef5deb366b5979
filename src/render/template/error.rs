//! What went wrong in a template, with its name, line and the expression.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use minijinja::{Error, ErrorKind, Value};

use super::budget::EXHAUSTED;
use super::guarded::Guarded;
use super::{BUILT_IN, ORIGINAL, TemplateSet};
use crate::diagnostic::{Diagnostic, Source, Span, nearest};

/// The failure as a message. Values of the context never appear in it: they may be secret.
pub(super) fn diagnostic(
    error: &Error,
    set: &TemplateSet,
    guarded: &BTreeMap<String, Guarded>,
    context: &Value,
) -> Diagnostic {
    let error = innermost(error);
    let name = error.name().unwrap_or_default();
    let source = set.source(name);
    let text = source.map_or_else(|| built_in(name), |source| &source.text);
    let range = error.range().map(|range| match guarded.get(name) {
        Some(guarded) => guarded.original(&range),
        None => range,
    });
    let range = range.filter(|range| text.get(range.clone()).is_some());
    let range = range.map(|range| whole_expression(text, range));
    let expression =
        range.clone().and_then(|range| text.get(range)).map(str::trim).unwrap_or_default();
    let called = source.map_or(name, |source| source.name.as_str());
    let place = match error.line() {
        Some(line) => format!("template `{called}`, line {line}"),
        None => format!("template `{called}`"),
    };
    let (code, what) = words(error, expression);
    let mut diagnostic = Diagnostic::error(code, format!("{place}: {what}"))
        .at(source.zip(range).map(|(source, range)| span(source, range)));
    if error.kind() == ErrorKind::UndefinedError
        && let Some(near) = near_name(expression, context)
    {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    diagnostic
}

/// A template that is not even parsed.
pub(super) fn refused(set: &TemplateSet, name: &str, line: usize, words: &str) -> Diagnostic {
    let called = set.source(name).map_or(name, |source| source.name.as_str());
    Diagnostic::error("template-malformed", format!("template `{called}`, line {line}: {words}"))
}

/// A template that is one too many.
pub(super) fn too_much(set: &TemplateSet, name: &str, most: u64) -> Diagnostic {
    let (called, most) = (set.origin(name), most >> 20);
    let title = format!("{called}: all templates together print more than {most} MiB");
    Diagnostic::error("template-too-large", title)
}

/// Errors of included templates and called macros are inside those of the caller.
fn innermost(error: &Error) -> &Error {
    let mut current = error;
    while let Some(inner) =
        std::error::Error::source(current).and_then(|source| source.downcast_ref::<Error>())
    {
        if inner.line().is_none() {
            break;
        }
        current = inner;
    }
    current
}

fn built_in(name: &str) -> &'static str {
    let name = name.strip_prefix(ORIGINAL).unwrap_or(name);
    BUILT_IN.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// The engine points at `.b` of `a.b`: includes what is before it.
fn whole_expression(text: &str, range: Range<usize>) -> Range<usize> {
    if !text[range.clone()].starts_with(['.', '[']) {
        return range;
    }
    let inside =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '\'' | '"' | '-');
    text[..range.start].trim_end_matches(inside).len()..range.end
}

fn span(source: &Arc<Source>, range: Range<usize>) -> Span {
    Span { source: Arc::clone(source), start: range.start, end: range.end }
}

fn words(error: &Error, expression: &str) -> (&'static str, String) {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        _ if detail.starts_with(EXHAUSTED) => ("template-too-large", detail.to_owned()),
        ErrorKind::UndefinedError if expression.is_empty() => {
            ("template-undefined", "a name is not defined".to_owned())
        }
        ErrorKind::UndefinedError => {
            ("template-undefined", format!("`{}` is not defined", one_line(expression)))
        }
        ErrorKind::OutOfFuel => (
            "template-endless",
            "it takes too many steps and was stopped: does it loop over a huge range, or call itself?"
                .to_owned(),
        ),
        ErrorKind::TemplateNotFound => (
            "template-missing",
            format!("{detail}: files are named from the folder of templates, built-in ones `{ORIGINAL}NAME`"),
        ),
        ErrorKind::UnknownFilter => {
            let hint = match detail {
                _ if ["safe", "escape", "e", "tojson"].iter().any(|name| detail.contains(&format!(" {name} "))) => {
                    " (every value is printed as one YAML scalar; `block(COLUMN)` prints lists and mappings)"
                }
                _ => "",
            };
            ("template-failed", format!("{detail}{hint}"))
        }
        ErrorKind::SyntaxError => ("template-malformed", detail.to_owned()),
        kind if detail.is_empty() => ("template-failed", kind.to_string()),
        kind => ("template-failed", format!("{kind}: {detail}")),
    }
}

fn one_line(expression: &str) -> String {
    expression.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The nearest name that the template was given.
fn near_name(expression: &str, context: &Value) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let first = expression.split(|c: char| !is_name(c)).find(|word| !word.is_empty())?;
    let names: Vec<String> = context.try_iter().ok()?.map(|key| key.to_string()).collect();
    if names.iter().any(|name| name == first) {
        return None;
    }
    nearest(first, names.iter().map(String::as_str)).map(str::to_owned)
}
