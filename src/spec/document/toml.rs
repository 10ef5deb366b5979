//! Reads TOML into nodes; all syntax errors at once.

use std::collections::BTreeSet;
use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue, Error};
use toml_parser::lexer::TokenKind;

use super::input::Input;
use super::node::{Entry, MAX_DEPTH, MAX_NODES, Node, Scalar, Table, Value};
use crate::diagnostic::Diagnostic;

/// How many tokens are read: the parser keeps them all in memory.
const MAX_TOKENS: usize = 8 * MAX_NODES;
/// How many syntax errors of one source are shown.
const MAX_ERRORS: usize = 20;

/// The tree, as far as it could be read, and whether it is whole.
pub(super) fn read(input: &mut Input<'_>) -> (Node, bool) {
    if let Err(diagnostic) = check_size(input) {
        input.report(diagnostic);
        return (Node::empty(input.place(0..0)), false);
    }
    let (table, errors) = DeTable::parse_recoverable(input.text());
    let whole = errors.iter().all(is_duplicate);
    report(input, &errors);
    let place = input.place(0..0);
    (Node { place, value: Value::Table(convert_table(input, table.into_inner())) }, whole)
}

/// Refuses what would cost the parser too much memory or stack: its own limit knows brackets only,
/// but each dot of a key is a level too.
fn check_size(input: &Input<'_>) -> Result<(), Diagnostic> {
    let mut dots = 0;
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0;
    for (count, token) in toml_parser::Source::new(input.text()).lex().enumerate() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                open.push(dots);
                depth += dots + 1;
                dots = 0;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                depth -= open.pop().map_or(0, |dots| dots + 1);
                dots = 0;
            }
            TokenKind::Newline | TokenKind::Comma => dots = 0,
            _ => {}
        }
        let at = || input.span(token.span().start()..token.span().end());
        if depth + dots > MAX_DEPTH {
            let title = format!("nested too deeply: more than {MAX_DEPTH} levels");
            return Err(Diagnostic::error("too-large", title).at(Some(at())));
        }
        if count > MAX_TOKENS {
            let title = format!("too many values: at most {MAX_NODES} are read");
            return Err(Diagnostic::error("too-large", title).at(Some(at())));
        }
    }
    Ok(())
}

fn is_duplicate(error: &Error) -> bool {
    error.message() == "duplicate key"
}

/// One message for each line: what follows on it is only a consequence.
fn report(input: &mut Input<'_>, errors: &[Error]) {
    let end = input.text().len();
    let mut places: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or(end..end), error)).collect();
    places.sort_by_key(|(range, _)| range.start);
    let mut lines = BTreeSet::new();
    places.retain(|(range, _)| {
        let before = input.text().get(..range.start).unwrap_or_default();
        lines.insert(before.rfind('\n'))
    });
    for (range, error) in places.into_iter().take(MAX_ERRORS) {
        let diagnostic = if is_duplicate(error) {
            duplicate(input, range)
        } else {
            Diagnostic::error("syntax", error.message()).at(Some(input.span(range)))
        };
        input.report(diagnostic);
    }
}

fn duplicate(input: &Input<'_>, range: Range<usize>) -> Diagnostic {
    let key = input.text().get(range.clone()).unwrap_or_default();
    Diagnostic::error("duplicate-key", format!("the key {} stands here twice", crate::diagnostic::literal(key)))
        .at(Some(input.span(range.clone())))
        .label("second time")
        .related(earlier(input, range).map(|range| input.span(range)), "first time")
        .help("remove one of both")
}

/// Where the key that stands at `range` stood before.
///
/// The parser knows but does not say: with the second key renamed, the text is free of that mistake
/// and both keys lie beside each other in the tree.
fn earlier(input: &Input<'_>, range: Range<usize>) -> Option<Range<usize>> {
    /// Longer texts are not read again for the sake of a message.
    const LIMIT: usize = 2 * 1024 * 1024;
    let text = Some(input.text()).filter(|text| text.len() < LIMIT)?;
    let renamed = format!("{}\"\\u0001\"{}", text.get(..range.start)?, text.get(range.end..)?);
    let (table, _) = DeTable::parse_recoverable(&renamed);
    let key = format!("k = {{ {} = 0 }}", text.get(range.clone())?);
    let key = DeTable::parse(&key).ok()?.into_inner();
    let key = key.values().next()?.get_ref().as_table()?.keys().next()?.get_ref().clone();
    sibling(table.get_ref(), range.start, &key)
}

fn sibling(table: &DeTable<'_>, marker: usize, key: &str) -> Option<Range<usize>> {
    if table.keys().any(|other| other.span().start == marker && other.get_ref() == "\u{1}") {
        return table.keys().find(|other| other.get_ref() == key).map(Spanned::span);
    }
    table.values().find_map(|value| sibling_in(value.get_ref(), marker, key))
}

fn sibling_in(value: &DeValue<'_>, marker: usize, key: &str) -> Option<Range<usize>> {
    match value {
        DeValue::Table(table) => sibling(table, marker, key),
        DeValue::Array(list) => list.iter().find_map(|value| sibling_in(value.get_ref(), marker, key)),
        _ => None,
    }
}

/// A table, in the order in which it was written: the parser's own order may be another one.
pub(super) fn convert_table(input: &Input<'_>, table: DeTable<'_>) -> Table {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (Spanned<std::borrow::Cow<'_, str>>, _)| {
        let place = input.place(key.span());
        (key.into_inner().into(), Entry { key: place, node: convert(input, value) })
    };
    entries.into_iter().map(entry).collect()
}

fn convert(input: &Input<'_>, value: Spanned<DeValue<'_>>) -> Node {
    let range = value.span();
    let place = input.place(range.clone());
    let raw = || input.text().get(range).unwrap_or_default().into();
    let scalar = match value.into_inner() {
        DeValue::Table(table) => {
            return Node { place, value: Value::Table(convert_table(input, table)) };
        }
        DeValue::Array(list) => {
            let list = list.into_iter().map(|value| convert(input, value)).collect();
            return Node { place, value: Value::List(list) };
        }
        DeValue::String(text) => Scalar::String(text.into()),
        DeValue::Integer(_) => Scalar::Integer(raw()),
        DeValue::Float(_) => Scalar::Float(raw()),
        DeValue::Boolean(value) => Scalar::Boolean(value),
        DeValue::Datetime(_) => Scalar::Datetime(raw()),
    };
    Node { place, value: Value::Scalar(scalar) }
}
