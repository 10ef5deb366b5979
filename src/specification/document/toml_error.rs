//! Words for the syntax errors of the TOML parser, and the place of a key's first copy.

use std::collections::BTreeSet;
use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue, Error};

use super::input::Input;
use crate::diagnostic::{Diagnostic, literal};

/// How many syntax errors of one source are shown.
const SHOWN: usize = 20;
/// For how many of two equal keys the first one is looked for: each time the text is read again.
const TRACED: usize = 5;

/// Whether an error leaves nothing unread: the first of two equal keys is kept.
pub(super) fn is_duplicate(error: &Error) -> bool {
    error.message() == "duplicate key"
}

/// Reports one error for each line (what follows on it is only a consequence), and of one kind in a
/// row the first.
pub(super) fn report(input: &mut Input<'_>, errors: &[Error]) {
    let end = input.text().len();
    let mut places: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or(end..end), error)).collect();
    places.sort_by_key(|(range, _)| range.start);
    let mut lines = BTreeSet::new();
    places.retain(|(range, _)| {
        let before = input.text().get(..range.start).unwrap_or_default();
        lines.insert(before.rfind('\n'))
    });
    places.dedup_by(|(_, next), (_, error)| {
        !is_duplicate(error) && next.message() == error.message()
    });
    let mut traced = 0;
    for (range, error) in places.into_iter().take(SHOWN) {
        let diagnostic = if is_duplicate(error) {
            traced += 1;
            duplicate(input, range, traced <= TRACED)
        } else {
            syntax(input, range, error.message())
        };
        input.report(diagnostic);
    }
}

fn syntax(input: &Input<'_>, range: Range<usize>, message: &str) -> Diagnostic {
    let found = input.text().get(range.clone()).unwrap_or_default();
    let (title, help) = words(message, found, line(input.text(), range.start));
    let diagnostic = Diagnostic::error("syntax", title).at(Some(input.span(range)));
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

fn line(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// Title and help.
fn words(message: &str, found: &str, line: &str) -> (String, String) {
    let kind = message.split_once(", expected").map_or(message, |(kind, _)| kind);
    let help = match kind {
        "string values must be quoted" if found.is_empty() => {
            return ("a value is missing behind `=`".to_owned(), "write `key = value`".to_owned());
        }
        "string values must be quoted" => {
            let title = format!("a string must be quoted, found {}", literal(found));
            return (title, quoted(found));
        }
        "key with no value" if line.contains(": ") || line.ends_with(':') => {
            "write `key = value`; if this is YAML, name the file `.yaml`"
        }
        "key with no value" => "write `key = value`",
        "missing comma between array elements" => {
            "write `,` between values, and `]` behind the last one"
        }
        "missing comma between key-value pairs" => {
            "write `,` between entries, and `}` behind the last one"
        }
        "unexpected leading zero" => "write the number without zeros before it, or in quotes",
        "missing escaped value" => "write `\\\\` for a backslash, or use single quotes",
        _ => "",
    };
    (message.to_owned(), help.to_owned())
}

/// What to write instead of a bare word.
fn quoted(found: &str) -> String {
    match found.to_lowercase().as_str() {
        "yes" | "on" | "true" => format!("write `true`, or `\"{found}\"` for a string"),
        "no" | "off" | "false" => format!("write `false`, or `\"{found}\"` for a string"),
        _ if found.contains(['"', '\'', '\\']) => "put quotes around it".to_owned(),
        _ => format!("write `\"{found}\"`"),
    }
}

fn duplicate(input: &Input<'_>, range: Range<usize>, traced: bool) -> Diagnostic {
    let key = input.text().get(range.clone()).unwrap_or_default();
    let first = if traced { earlier(input, range.clone()) } else { None };
    let first = first.map(|range| input.span(range));
    Diagnostic::error("duplicate-key", format!("the key {} is defined twice", literal(key)))
        .at(Some(input.span(range)))
        .label("second time")
        .related(first, "first time")
        .help("remove one of both")
}

/// The earlier place of the key at `range`.
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
        DeValue::Array(list) => {
            list.iter().find_map(|value| sibling_in(value.get_ref(), marker, key))
        }
        _ => None,
    }
}
