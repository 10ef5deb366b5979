//! Reads TOML into nodes; all syntax errors at once.

use std::borrow::Cow;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use toml_parser::lexer::TokenKind;

use super::input::Input;
use super::node::{Entry, MAX_DEPTH, MAX_NODES, Node, Scalar, Table, Value};
use super::toml_error;
use crate::diagnostic::Diagnostic;

/// How many tokens are read: the parser keeps them all in memory.
const MAX_TOKENS: usize = 8 * MAX_NODES;

/// The tree, as far as it could be read, and whether it is whole.
pub(super) fn read(input: &mut Input<'_>) -> (Node, bool) {
    if let Err(diagnostic) = check_size(input) {
        input.report(*diagnostic);
        return (Node::empty(input.place(0..0)), false);
    }
    let (table, errors) = DeTable::parse_recoverable(input.text());
    let whole = errors.iter().all(toml_error::is_duplicate);
    toml_error::report(input, &errors);
    let place = input.place(0..0);
    (Node { place, value: Value::table(convert_table(input, table.into_inner())) }, whole)
}

/// A value in the source from `offset` to the end, if it is one of TOML; dates are texts there.
pub(super) fn read_value(input: &Input<'_>, offset: usize) -> Option<Node> {
    check_size(input).ok()?;
    // Padding of the same length keeps the places of the source.
    let before = " ".repeat(offset.checked_sub(2)?);
    let line = format!("{before}x={}", input.text().get(offset..)?);
    let table = DeTable::parse(&line).ok()?.into_inner();
    let (_, value) = table.into_iter().next().filter(|_| !line.contains('\n'))?;
    let node = convert(input, value);
    (!has_dates(&node)).then_some(node)
}

fn has_dates(node: &Node) -> bool {
    match &node.value {
        Value::Table(table) => table.values().any(|entry| has_dates(&entry.node)),
        Value::List(items) => items.iter().any(has_dates),
        Value::Scalar(scalar) => matches!(scalar, Scalar::Datetime(_)),
    }
}

/// Refuses what would cost the parser too much memory or stack: its own limit knows brackets only,
/// but each dot of a key is a level too.
fn check_size(input: &Input<'_>) -> Result<(), Box<Diagnostic>> {
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
            return Err(Diagnostic::error("too-large", title).at(Some(at())).into());
        }
        if count > MAX_TOKENS {
            let title = format!("too many values: at most {MAX_NODES} are read");
            return Err(Diagnostic::error("too-large", title).at(Some(at())).into());
        }
    }
    Ok(())
}

/// A table, in the order in which it was written: the parser's own order may be another one.
pub(super) fn convert_table(input: &Input<'_>, table: DeTable<'_>) -> Table {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (Spanned<Cow<'_, str>>, _)| {
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
            return Node { place, value: Value::table(convert_table(input, table)) };
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
