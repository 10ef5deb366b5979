//! Reads one `KEY=VALUE` of `--set`: the key in TOML's syntax, the value as TOML in brackets or quotes, else as a YAML scalar or
//! flow value.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ::toml::de::DeTable;

use super::input::Input;
use super::node::{Entry, MAX_DEPTH, Node, Place, Table, Value};
use super::{toml, yaml};
use crate::diagnostic::{Diagnostic, Source, Span, literal};
use crate::yaml::schema::plain_of_core;

/// What the name of such a source starts with, in messages; also what marks it as one.
pub const NAME: &str = "--set";

/// The text of one `--set` as a source; relative paths in it start from the working directory.
///
/// [`super::read`] reports what is wrong with it.
#[must_use]
pub fn assignment(text: &str, working_directory: &Path) -> Arc<Source> {
    let directory = working_directory.to_owned();
    Arc::new(Source { name: NAME.to_owned(), directory, text: text.to_owned() })
}

/// The tree with that one value, and whether it could be read.
pub(super) fn read(input: &mut Input<'_>) -> (Node, bool) {
    match tree(input) {
        Ok(node) => (node, true),
        Err(diagnostic) => {
            input.report(*diagnostic);
            (Node::empty(input.place(0..0)), false)
        }
    }
}

fn tree(input: &mut Input<'_>) -> Result<Node, Box<Diagnostic>> {
    let text = input.text();
    let Some(equals) = equals_sign(text) else {
        return Err(mistake(input, 0..text.len(), "expected `KEY=VALUE`, found no `=`".to_owned())
            .help("write such as `--set hosts.\"www.example.com\".tls.issuer=self-signed`")
            .into());
    };
    let keys = keys(input, &text[..equals])?;
    let value = value(input, equals + 1)?;
    let whole = input.place(0..text.len());
    Ok(keys.into_iter().rev().fold(value, |node, (key, place)| Node {
        place: whole,
        value: Value::table(Table::from([(key, Entry { key: place, node })])),
    }))
}

fn mistake(input: &Input<'_>, range: Range<usize>, title: String) -> Diagnostic {
    Diagnostic::error("syntax", title).at(Some(input.span(range)))
}

/// The first `=` outside of quotes.
fn equals_sign(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, character)| {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '=') => return Some(at),
            _ => {}
        }
        None
    })
}

/// The steps of a dotted key, each with its place.
fn keys(input: &Input<'_>, text: &str) -> Result<Vec<(Box<str>, Place)>, Box<Diagnostic>> {
    let whole = 0..text.len();
    if let Some(at) = text.find('[').filter(|_| !text.contains(['"', '\''])) {
        let title = "an entry of a list cannot be set alone".to_owned();
        let list = &text[..at];
        return Err(mistake(input, at..text.len(), title)
            .help(format!("set the whole list, such as `--set '{list}=[a, b]'`"))
            .into());
    }
    if text.matches('.').count() > MAX_DEPTH {
        let title = format!("nested too deeply: more than {MAX_DEPTH} levels");
        return Err(Diagnostic::error("too-large", title).at(Some(input.span(whole))).into());
    }
    if text.contains(['\n', '\r']) {
        return Err(mistake(input, whole, format!("{} is not a dotted key", literal(text))).into());
    }
    let line = format!("{text}=0");
    let table = DeTable::parse(&line).map_err(|error| {
        let place = error.span().unwrap_or(0..text.len());
        mistake(input, place, format!("{} is not a dotted key: {}", literal(text), error.message()))
            .help("quote parts with other characters than letters, digits, `-` and `_`: `hosts.\"www.example.com\".tls=false`")
    })?;
    let mut keys = Vec::new();
    let mut table = toml::convert_table(input, table.into_inner());
    while let Some((key, entry)) = table.pop() {
        keys.push((key, entry.key));
        let Value::Table(next) = entry.node.value else { break };
        table = *next;
    }
    Ok(keys)
}

/// The value: text that starts with a quote or bracket is TOML or else YAML, everything else one plain scalar,
/// so that `x=*.example.com` and `x=# 1` need no quotes; nothing is the empty string.
fn value(input: &mut Input<'_>, offset: usize) -> Result<Node, Box<Diagnostic>> {
    let rest = &input.text()[offset..];
    let text = rest.trim();
    if text.starts_with(['"', '\'', '[', '{']) {
        return match toml::read_value(input, offset) {
            Some(value) => Ok(value),
            None => yaml::read_value(input, offset),
        };
    }
    let start = offset + (rest.len() - rest.trim_start().len());
    let place = input.place(start..start + text.len());
    let scalar =
        if text.is_empty() { super::node::Scalar::String("".into()) } else { plain_of_core(text) };
    Ok(Node { place, value: Value::Scalar(scalar) })
}

/// A mistake where the parts of a key that `root` lacks are one quoted key of it with dots between.
pub(super) fn unquoted(root: &Node, spec: &Node, source: &Arc<Source>) -> Option<Diagnostic> {
    if source.name != NAME {
        return None;
    }
    let keys = written(spec);
    let mut table = root.as_table()?;
    for (at, key) in keys.iter().enumerate() {
        if let Some(entry) = table.get(*key) {
            table = entry.node.as_table()?;
            continue;
        }
        let joined = |end: usize| keys[at..end].join(".");
        let end = (at + 2..=keys.len()).find(|end| table.contains_key(&*joined(*end)))?;
        let (whole, above) = (joined(end), keys[..at].iter().map(|key| format!("{key}.")));
        let below = keys[end..].iter().map(|key| format!(".{key}"));
        let (above, below) = (above.collect::<String>(), below.collect::<String>());
        let end = equals_sign(&source.text).unwrap_or_default();
        let span = Span { source: Arc::clone(source), start: 0, end };
        let title = format!(
            "the dots of {} separate keys, and the spec has the key {}",
            literal(&whole),
            literal(&whole)
        );
        let help = format!("quote it: `--set '{above}\"{whole}\"{below}=VALUE'`");
        return Some(Diagnostic::error("unquoted-dots", title).at(Some(span)).help(help));
    }
    None
}

/// The keys that an assignment is written with, outermost first.
fn written(spec: &Node) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut node = spec;
    while let Value::Table(table) = &node.value
        && node.place == spec.place
        && let Some((key, entry)) = table.first()
    {
        keys.push(&**key);
        node = &entry.node;
    }
    keys
}
