//! Diagnostics for programs: one JSON object each.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::excerpt::said;
use super::{Deed, Diagnostic, Severity, Span, in_order, is_unsafe};
use crate::guard::hidden;
use crate::json::line;

/// Shows diagnostics, ordered by place and each once, as one JSON object a line.
///
/// Lines and columns count from one; `endLine` and `endColumn` are one behind the last character.
#[must_use]
pub fn render(diagnostics: &[Diagnostic]) -> String {
    in_order(diagnostics)
        .into_iter()
        .map(|diagnostic| escaped(&line(&Shown::of(&diagnostic))))
        .collect()
}

/// A text in JSON with every character escaped that controls a terminal or is invisible, but for line ends between
/// its parts. It reads the same.
#[must_use]
pub fn escaped(text: &str) -> String {
    let is_unsafe = |character: char| character != '\n' && is_unsafe(character);
    if !text.contains(is_unsafe) {
        return text.to_owned();
    }
    // Only strings hold such characters, and read the same with them escaped.
    let mut escaped = String::with_capacity(text.len() + 32);
    for character in text.chars() {
        if is_unsafe(character) {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(escaped, "\\u{unit:04x}");
            });
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A message, as `--message-format json` writes it on one line.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub struct Shown<W> {
    /// How bad it is.
    severity: Severity,
    /// Stable name of what was found: `mtlsgen explain CODE` says more.
    code: &'static str,
    /// What is wrong, or what was done.
    message: String,
    #[serde(flatten)]
    deed: Option<Deed>,
    #[serde(flatten)]
    place: Option<Place>,
    /// What is said of that place; may be empty.
    label: String,
    /// What to write instead, or what to do.
    help: Vec<String>,
    /// Further places that explain the first one.
    related: Vec<Related>,
    /// What shows it, one object for each difference that the message names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<W>,
}

/// A position in a text; both numbers count from one.
#[derive(Serialize, JsonSchema)]
pub struct Position {
    /// The file, or what else the text is called: `<stdin>`, `--set`.
    file: String,
    /// Line.
    line: usize,
    /// Column, in characters.
    column: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Place {
    #[serde(flatten)]
    start: Position,
    /// Line of the end.
    end_line: usize,
    /// Column one behind the last character.
    end_column: usize,
}

/// A further place.
#[derive(Serialize, JsonSchema)]
struct Related {
    /// What is said of it.
    message: String,
    #[serde(flatten)]
    place: Place,
}

impl Shown<Value> {
    fn of(diagnostic: &Diagnostic) -> Self {
        let said = |words: &str| said(words, diagnostic.span.as_ref());
        Self {
            severity: diagnostic.severity,
            code: diagnostic.code,
            message: said(&diagnostic.title),
            deed: diagnostic.deed.as_deref().map(|deed| deed.clone().each(said)),
            place: diagnostic.span.as_ref().map(Place::of),
            label: said(&diagnostic.label),
            help: diagnostic.help.iter().map(|help| said(help)).collect(),
            related: diagnostic.related.iter().map(Related::of).collect(),
            witnesses: diagnostic.witnesses.iter().map(|one| texts(one, &said)).collect(),
        }
    }
}

/// A value with each of its texts as it may be said; keys are ours.
fn texts(value: &Value, said: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => said(text).into(),
        Value::Array(items) => items.iter().map(|one| texts(one, said)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, one)| (key.clone(), texts(one, said))).collect()
        }
        other => other.clone(),
    }
}

impl Position {
    /// Where a place begins.
    #[must_use]
    pub fn of(span: &Span) -> Self {
        let (line, column) = span.line_and_column();
        Self { file: hidden(&span.source.name).into_owned(), line, column }
    }
}

impl Place {
    fn of(span: &Span) -> Self {
        let (end_line, end_column) = span.end_line_and_column();
        Self { start: Position::of(span), end_line, end_column }
    }
}

impl Related {
    fn of((span, words): &(Span, String)) -> Self {
        Self { message: said(words, Some(span)), place: Place::of(span) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Source;
    use super::*;

    #[test]
    fn each_diagnostic_is_one_line() {
        let text = "port = 70000\n".to_owned();
        let source = Arc::new(Source { name: "mtls.toml".into(), directory: "".into(), text });
        let span = Some(Span { source, start: 7, end: 12 });
        let diagnostics = [
            Diagnostic::error("invalid-value", "too large")
                .at(span.clone())
                .label("here")
                .help("less")
                .related(span, "there"),
            Diagnostic::warning("other", "no place"),
        ];
        assert_eq!(
            render(&diagnostics),
            concat!(
                r#"{"severity":"error","code":"invalid-value","message":"too large","file":"mtls.toml","line":1,"column":8,"endLine":1,"endColumn":13,"label":"here","help":["less"],"related":[{"message":"there","file":"mtls.toml","line":1,"column":8,"endLine":1,"endColumn":13}]}"#,
                "\n",
                r#"{"severity":"warning","code":"other","message":"no place","label":"","help":[],"related":[]}"#,
                "\n",
            )
        );
    }
}
