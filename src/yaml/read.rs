//! Foreign YAML, read as kubectl reads it but for duplicate keys, which are refused here.

use std::collections::BTreeMap;
use std::fmt;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::resolve;

/// How many levels objects may have; Kubernetes' own types stay far below.
const DEEPEST: usize = 100;
/// How much text counts as a further node.
const BYTES_PER_NODE: usize = 256;
/// How many nodes all aliases of a text may add.
const MOST_ALIASED_NODES: usize = 100_000;

/// Why a text is not YAML that Kubernetes takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
    /// What is wrong: lower-case start, no full stop.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.message, self.line, self.column)
    }
}

impl ReadError {
    fn new(at: &Marker, message: impl Into<String>) -> Self {
        Self { line: at.line(), column: at.col() + 1, message: message.into() }
    }
}

/// Reads all documents of a YAML or JSON text; empty ones are left out.
///
/// # Errors
///
/// The first thing that is wrong, with its place.
pub fn parse(text: &str) -> Result<Vec<Value>, ReadError> {
    let mut options =
        granit_parser::options! { block_nesting_limit: DEEPEST, flow_nesting_limit: DEEPEST };
    options.set_emit_comments(false);
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { parser, anchors: BTreeMap::new(), aliased: 0 };
    let mut documents = Vec::new();
    loop {
        match reader.next()? {
            (Event::DocumentStart(..), _) => documents.extend(reader.document()?),
            (Event::StreamEnd, _) => return Ok(documents),
            _ => {}
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
    aliased: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), ReadError> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(ReadError::new(error.marker(), error.kind().to_string())),
            None => {
                Err(ReadError { line: 1, column: 1, message: "the text ends too early".into() })
            }
        }
    }

    fn document(&mut self) -> Result<Option<Value>, ReadError> {
        self.anchors.clear();
        let (event, span) = self.next()?;
        let value = self.node(event, &span)?;
        Ok(Some(value).filter(|value| !value.is_null()))
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Value, ReadError> {
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref(), span)?, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                refuse_tag(tag.as_deref(), "seq", span)?;
                (self.sequence()?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                refuse_tag(tag.as_deref(), "map", span)?;
                (self.mapping()?, anchor)
            }
            _ => return Err(ReadError::new(&span.start, "a value is expected here")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<Value, ReadError> {
        let Some(value) = self.anchors.get(&anchor) else {
            return Err(ReadError::new(&span.start, "an alias stands inside of what it names"));
        };
        self.aliased += count(value);
        if self.aliased > MOST_ALIASED_NODES {
            return Err(ReadError::new(
                &span.start,
                format!("aliases add more than {MOST_ALIASED_NODES} values"),
            ));
        }
        Ok(value.clone())
    }

    fn sequence(&mut self) -> Result<Value, ReadError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, ReadError> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, _) => break,
                next => next,
            };
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = if is_merge { String::new() } else { self.key(event, &span)? };
            let (event, value_span) = self.next()?;
            let value = self.node(event, &value_span)?;
            if is_merge {
                merged.push((value, value_span));
            } else if map.contains_key(&key) {
                return Err(ReadError::new(
                    &span.start,
                    format!("the key `{key}` stands here twice"),
                ));
            } else {
                map.insert(key, value);
            }
        }
        for (value, span) in merged {
            merge(&mut map, value, &span)?;
        }
        Ok(Value::Object(map))
    }

    /// Keys that are numbers or booleans become their text, as in `sigs.k8s.io/yaml`.
    fn key(&mut self, event: Event<'a>, span: &Span) -> Result<String, ReadError> {
        match self.node(event, span)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            _ => Err(ReadError::new(&span.start, "a key must be text")),
        }
    }
}

/// Merge key `<<` (YAML 1.1): fills in what the mapping itself does not have.
fn merge(map: &mut Map<String, Value>, value: Value, span: &Span) -> Result<(), ReadError> {
    match value {
        Value::Object(other) => {
            for (key, value) in other {
                map.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Array(others) if others.iter().all(Value::is_object) => {
            others.into_iter().try_for_each(|other| merge(map, other, span))
        }
        _ => Err(ReadError::new(&span.start, "`<<` takes a mapping or a list of mappings")),
    }
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: &Span,
) -> Result<Value, ReadError> {
    let as_text = style != ScalarStyle::Plain;
    match tag.map(|tag| (tag, tag.core_suffix())) {
        None if as_text => Ok(Value::String(text.to_owned())),
        Some((_, Some("str"))) => Ok(Value::String(text.to_owned())),
        None | Some((_, Some("null" | "bool" | "int" | "float"))) => {
            resolve::plain(text).map_err(|why| ReadError::new(&span.start, why))
        }
        Some((tag, _)) => Err(unknown_tag(tag, span)),
    }
}

fn refuse_tag(tag: Option<&Tag>, core: &str, span: &Span) -> Result<(), ReadError> {
    match tag.filter(|tag| tag.core_suffix() != Some(core)) {
        None => Ok(()),
        Some(tag) => Err(unknown_tag(tag, span)),
    }
}

fn unknown_tag(tag: &Tag, span: &Span) -> ReadError {
    ReadError::new(&span.start, format!("the tag `{}` means nothing to Kubernetes", tag.original()))
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        Value::String(text) => 1 + text.len() / BYTES_PER_NODE,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn several_documents_and_json_are_read() {
        let text = "# nothing\n---\na: on\n---\n---\n{\"b\": [1, \"on\"]}\n...\n";
        assert_eq!(parse(text).unwrap(), [json!({"a": true}), json!({"b": [1, "on"]})]);
        assert_eq!(parse("").unwrap(), Vec::<Value>::new());
    }

    #[test]
    fn anchors_and_merge_keys_are_followed() {
        let text = "base: &b {p: 1, q: 2}\nother:\n  <<: *b\n  q: 3\nlist: [*b]\n";
        let want = json!({"base": {"p": 1, "q": 2}, "other": {"q": 3, "p": 1}, "list": [{"p": 1, "q": 2}]});
        assert_eq!(parse(text).unwrap(), [want]);
    }

    #[test]
    fn what_kubernetes_would_misread_is_refused_with_its_place() {
        let cases = [
            ("a: 1\nb: 2\na: 3\n", 3, "the key `a` stands here twice"),
            ("a: !secret x\n", 1, "the tag `!secret` means nothing to Kubernetes"),
            ("a: .inf\n", 1, "infinity"),
            ("a:\n  ? [x]\n  : 1\n", 2, "a key must be text"),
            ("a: &x [*x]\n", 1, "an alias stands inside of what it names"),
            ("a: b: c\n", 1, ""),
            ("a:\n\tb: c\n", 2, ""),
            ("a: [1, 2\n", 1, "unclosed"),
        ];
        for (text, line, message) in cases {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
            assert!(error.message.contains(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let one = format!("*a{}", level - 1);
            let ten = vec![one; 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{ten}]\n");
        }
        assert!(parse(&text).unwrap_err().message.contains("aliases add more than"));
        let long = format!("a: &a {}\nb: [{}*a]\n", "x".repeat(1 << 20), "*a, ".repeat(100));
        assert!(parse(&long).unwrap_err().message.contains("aliases add more than"));
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
