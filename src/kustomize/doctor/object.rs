//! The objects of a YAML text, each with the places of its values.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::guard::without_words_of;
use crate::manifest::lists;
use crate::specification::document::{Step, blank, place};
use crate::yaml::node::Node;
use crate::yaml::schema::Schema;
use crate::yaml::{self, read::Part};

/// One document of a YAML text.
#[derive(Clone, Debug)]
pub struct Object {
    /// The whole text that it is in.
    pub source: Arc<Source>,
    /// What it says.
    pub value: Value,
    /// Bytes of the document.
    range: Range<usize>,
    root: Node,
}

impl Object {
    /// Place of the value at `path`, else of its nearest existing ancestor.
    #[must_use]
    pub fn span(&self, path: &[Step]) -> Option<Span> {
        let range = place(&self.root, path);
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

    /// The text of the document.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.source.text[self.range.clone()]
    }

    /// The document alone as a text of a spec, its lines numbered as in the whole; relative paths in
    /// it start from `directory`.
    #[must_use]
    pub fn alone(&self, directory: PathBuf) -> Arc<Source> {
        let before = &self.source.text[..self.range.start];
        let blank: String = before.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        let text = blank + self.written();
        Arc::new(Source { name: self.source.name.clone(), directory, text })
    }
}

/// Reads all documents of a text.
///
/// # Errors
/// It is not YAML that Kubernetes takes.
pub fn objects(source: &Arc<Source>) -> Result<Vec<Object>, Box<Diagnostic>> {
    let parts = yaml::documents(&source.text, Schema::Kubectl).map_err(|error| {
        // What a kustomization names may be any file, whose text is not for messages.
        let (shown, message) = if looks_like_object(&source.text) {
            (source.clone(), error.message)
        } else {
            (blank(source), without_words_of(&source.text, &error.message))
        };
        let span = Span { source: shown, start: error.offset, end: error.offset };
        Box::new(Diagnostic::error("syntax", message).at(Some(span)))
    })?;
    let mut objects = Vec::new();
    for Part { range, root } in parts {
        unfold(source, root, range, &mut objects);
    }
    Ok(objects)
}

/// The object, or those in a list: Kustomize takes them for objects of the file
/// (`inlineAnyEmbeddedLists` of its `api/resource/factory.go`).
fn unfold(source: &Arc<Source>, root: Node, range: Range<usize>, objects: &mut Vec<Object>) {
    let value = root.clone().into_json();
    if !lists::is_list(&value) {
        objects.push(Object { source: source.clone(), value, range, root });
        return;
    }
    let Some(table) = root.as_table() else { return };
    let members = match table.get("items").map(|entry| &entry.node.value) {
        Some(yaml::node::Value::List(members)) => members.as_slice(),
        _ => &[],
    };
    let starts = members.iter().map(|member| member.place.start as usize);
    let starts: Vec<_> =
        starts.chain(table.values().map(|entry| entry.key.start as usize)).collect();
    for member in members {
        let start = member.place.start as usize;
        let next = starts.iter().copied().filter(|other| *other > start).min();
        let rest = &source.text[start..next.unwrap_or(range.end).clamp(start, range.end)];
        let own = if rest.starts_with('{') {
            &source.text[start..member.place.end as usize]
        } else {
            without_dashes(rest)
        };
        unfold(source, member.clone(), start..start + own.len(), objects);
    }
}

/// The text without a last line that is but the beginning of the next member.
fn without_dashes(text: &str) -> &str {
    match text.trim_end().rsplit_once('\n') {
        Some((before, last)) if last.chars().all(|c| c == '-' || c == ' ') => before,
        _ => text,
    }
}

/// Whether a line starts as in a kustomization or an object of Kubernetes.
fn looks_like_object(text: &str) -> bool {
    let keys =
        ["apiVersion:", "kind:", "resources:", "generators:", "transformers:", "components:"];
    text.lines().any(|line| keys.iter().any(|key| line.starts_with(key)))
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
    fn objects_in_lists_are_those_of_the_file() {
        let text = "kind: List\nitems:\n- kind: A\n  x: [1]\n-\n  kind: B\n- {kind: C,\n  y: 1}\n- kind: List\n  items:\n  - kind: D\n    z: |\n      text\nmetadata: {}\n---\nkind: E\n";
        let all = objects(&source(text)).unwrap();
        let kinds: Vec<_> = all.iter().filter_map(|object| object.text("kind")).collect();
        assert_eq!(kinds, ["A", "B", "C", "D", "E"]);
        for object in &all {
            let alone = object.alone("dir".into());
            assert_eq!(yaml::parse(&alone.text).unwrap(), std::slice::from_ref(&object.value));
            let span = object.span(&path!["kind"]).unwrap();
            assert_eq!(&text[span.range()], object.text("kind").unwrap());
            assert_eq!(&alone.text[span.range()], object.text("kind").unwrap());
        }
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
