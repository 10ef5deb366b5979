//! The objects of a YAML text, each with the places of its values.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use granit_parser::{Event, Parser, Span as YamlSpan, StrInput};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::guard::without_words_of;
use crate::specification::document::{Path, Step, blank};
use crate::yaml;

/// One document of a YAML text.
#[derive(Clone, Debug)]
pub struct Object {
    /// The whole text that it stands in.
    pub source: Arc<Source>,
    /// What it says.
    pub value: Value,
    /// Bytes of the document.
    range: Range<usize>,
    places: BTreeMap<Path, Range<usize>>,
}

impl Object {
    /// Place of the value at `path`, else of its nearest existing ancestor.
    #[must_use]
    pub fn span(&self, path: &[Step]) -> Option<Span> {
        let range = (0..=path.len()).rev().find_map(|end| self.places.get(&path[..end]))?;
        Some(Span { source: self.source.clone(), start: range.start, end: range.end })
    }

    /// The text at a key, if it is text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key)?.as_str()
    }

    /// `metadata.name`, empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The document alone as a text of a spec, its lines numbered as in the whole; relative paths in
    /// it start from `directory`.
    #[must_use]
    pub fn alone(&self, directory: PathBuf) -> Arc<Source> {
        let (before, rest) = self.source.text.split_at(self.range.start);
        let blank: String = before.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        let text = blank + &rest[..self.range.len()];
        Arc::new(Source { name: self.source.name.clone(), directory, text })
    }
}

/// Reads all documents of a text.
///
/// # Errors
/// It is no YAML that Kubernetes takes.
pub fn objects(source: &Arc<Source>) -> Result<Vec<Object>, Box<Diagnostic>> {
    let values = yaml::parse(&source.text).map_err(|error| {
        let start = offset(&source.text, error.line, error.column);
        // What a kustomization names may be any file, whose text is not for messages.
        let (shown, message) = if looks_like_object(&source.text) {
            (source.clone(), error.message)
        } else {
            (blank(source), without_words_of(&source.text, &error.message))
        };
        let span = Span { source: shown, start, end: start };
        Box::new(Diagnostic::error("syntax", message).at(Some(span)))
    })?;
    let places = Walker::new(&source.text).documents();
    let places = places.into_iter().filter(|(_, places)| !places.is_empty());
    let object = |(value, (range, places))| Object { source: source.clone(), value, range, places };
    Ok(values.into_iter().zip(places).map(object).collect())
}

/// Whether a line starts as in a kustomization or an object of Kubernetes.
fn looks_like_object(text: &str) -> bool {
    let keys =
        ["apiVersion:", "kind:", "resources:", "generators:", "transformers:", "components:"];
    text.lines().any(|line| keys.iter().any(|key| line.starts_with(key)))
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}

type Places = BTreeMap<Path, Range<usize>>;

/// Follows the events of a text that is known to be well-formed.
struct Walker<'a> {
    parser: Parser<'a, StrInput<'a>>,
    length: usize,
    path: Path,
    places: Places,
}

impl<'a> Walker<'a> {
    fn new(text: &'a str) -> Self {
        let mut options = granit_parser::options! {};
        options.set_emit_comments(false);
        let parser = Parser::new_from_str_with_options(text, options);
        Self { parser, length: text.len(), path: Path::new(), places: Places::new() }
    }

    fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        let (event, span) = self.parser.next_event()?.ok()?;
        Some((event, self.range(span)))
    }

    fn range(&self, span: YamlSpan) -> Range<usize> {
        let start = span.start.byte_offset().unwrap_or_default().min(self.length);
        start..span.end.byte_offset().unwrap_or_default().clamp(start, self.length)
    }

    /// The documents' bytes and places; without any for those that say nothing.
    fn documents(mut self) -> Vec<(Range<usize>, Places)> {
        let mut documents = Vec::new();
        let mut start = 0;
        while let Some((event, range)) = self.next() {
            match event {
                Event::DocumentStart(..) => {
                    start = range.end;
                    if let Some((event, range)) = self.next() {
                        self.node(&event, range, None);
                    }
                }
                Event::DocumentEnd => {
                    documents
                        .push((start..range.start.max(start), std::mem::take(&mut self.places)));
                }
                _ => {}
            }
        }
        documents
    }

    /// Notes the places of a value and of all below it; `key` is the place of its key.
    fn node(&mut self, event: &Event<'a>, range: Range<usize>, key: Option<Range<usize>>) {
        match event {
            Event::MappingStart(..) => {
                self.places.insert(self.path.clone(), key.unwrap_or(range));
                self.mapping();
            }
            Event::SequenceStart(..) => {
                self.places.insert(self.path.clone(), key.unwrap_or(range));
                self.sequence();
            }
            Event::Scalar(text, style, ..) => {
                let nothing = self.path.is_empty()
                    && *style == granit_parser::ScalarStyle::Plain
                    && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                if !nothing {
                    self.places.insert(self.path.clone(), range);
                }
            }
            _ => {
                self.places.insert(self.path.clone(), range);
            }
        }
    }

    fn mapping(&mut self) {
        while let Some((event, place)) = self.next() {
            let key = match &event {
                Event::MappingEnd => return,
                Event::Scalar(text, ..) => text.to_string(),
                // Keys that are aliases are rare, and nothing points at them.
                _ => String::new(),
            };
            self.path.push(Step::Key(key));
            if let Some((event, range)) = self.next() {
                self.node(&event, range, Some(place));
            }
            self.path.pop();
        }
    }

    fn sequence(&mut self) {
        for index in 0.. {
            match self.next() {
                None | Some((Event::SequenceEnd, _)) => return,
                Some((event, range)) => {
                    self.path.push(Step::Index(index));
                    self.node(&event, range, None);
                    self.path.pop();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source { name: "a.yaml".into(), directory: "".into(), text: text.into() })
    }

    #[test]
    fn every_value_has_its_place() {
        let text = "# c\n---\n---\nkind: A\nmetadata:\n  name: x\nlist: [p, {q: r}]\n---\nnull\n---\nkind: B\n";
        let all = objects(&source(text)).unwrap();
        assert_eq!(all.len(), 2);
        for (object, path, shown) in [
            (0, path!["kind"], "A"),
            (0, path!["metadata"], "metadata"),
            (0, path!["metadata", "name"], "x"),
            (0, path!["metadata", "name", "deeper"], "x"),
            (0, path!["list", 0], "p"),
            (0, path!["list", 1, "q"], "r"),
            (1, path!["kind"], "B"),
        ] {
            let span = all[object].span(&path).unwrap();
            assert_eq!(&text[span.range()], shown, "{path:?}");
        }
        assert_eq!(all[0].name(), "x");
    }

    #[test]
    fn a_document_alone_keeps_its_lines() {
        let text = "a: ü\n---\nkind: B\nx: 1\n---\nkind: C\n";
        let all = objects(&source(text)).unwrap();
        let alone = all[1].alone("dir".into());
        assert_eq!(alone.text.lines().position(|line| line == "kind: B"), Some(2));
        assert_eq!(yaml::parse(&alone.text).unwrap(), std::slice::from_ref(&all[1].value));
    }

    #[test]
    fn mistakes_have_a_place() {
        let found = objects(&source("a: 1\nb: [\n")).unwrap_err();
        assert_eq!(found.code, "syntax");
        assert!(found.span.is_some());
        let found = objects(&source("a: 1\na: 2\n")).unwrap_err();
        assert_eq!(found.span.unwrap().line_and_column(), (2, 1));
    }
}
