//! Reads one YAML document into nodes: anchors, merge keys and tags resolved, duplicates refused.

use std::collections::BTreeMap;

use granit_parser::{
    Event, Marker, Options, Parser, ScalarStyle, Span as YamlSpan, StructureStyle, Tag, options,
};

use super::core_schema::resolve;
use super::input::Input;
use super::node::{Entry, MAX_DEPTH, MAX_NODES, Node, Place, Scalar, Table, Value};
use super::yaml_error;
use crate::diagnostic::{Diagnostic, literal};

/// A mistake after which the rest of the source cannot be understood.
type Stop = Box<Diagnostic>;

/// The tree, as far as it could be read, and whether it is whole.
pub(super) fn read(input: &mut Input<'_>) -> (Node, bool) {
    let text = input.text();
    let empty = Node::empty(input.place(0..0));
    match Reader::new(input, 0).read(text) {
        Ok(Some(node)) if node.is_null() => (empty, true),
        Ok(Some(node)) => (node, true),
        Ok(None) => (empty, true),
        Err(stop) => {
            input.report(*stop);
            (empty, false)
        }
    }
}

/// A value in flow form (`[a, b]`, `{a: b}`, `"a"`) that stands in the source from `offset` on.
///
/// # Errors
/// The mistake in it.
pub(super) fn read_value(input: &mut Input<'_>, offset: usize) -> Result<Node, Stop> {
    let text = &input.text()[offset..];
    let node = Reader::new(input, offset).read(text)?;
    Ok(node.unwrap_or_else(|| Node::empty(input.place(offset..offset))))
}

struct Reader<'i, 'a> {
    input: &'i mut Input<'a>,
    /// What is to be added to the parser's offsets.
    offset: usize,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    /// Values so far, copies included.
    nodes: usize,
    /// Values that aliases may still copy.
    copies: usize,
}

/// A list or table that is not closed yet.
struct Open {
    place: Place,
    anchor: usize,
    form: Form,
    content: Content,
}

/// How a list or table is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In brackets: its text is its place.
    Flow,
    /// Under a key, which is its place.
    BlockUnderKey,
    /// At the top or in a list: its first part is its place.
    Block,
}

enum Content {
    List(Vec<Node>),
    Table { entries: Vec<(Key, Node)>, key: Option<Key> },
}

struct Key {
    text: Box<str>,
    place: Place,
    /// Whether it is the merge key `<<`.
    merges: bool,
}

impl<'i, 'a> Reader<'i, 'a> {
    fn new(input: &'i mut Input<'a>, offset: usize) -> Self {
        /// What small sources may copy.
        const COPIES: usize = 10_000;
        let copies = COPIES + input.text().len() / 4;
        let (open, anchors) = (Vec::new(), BTreeMap::new());
        Self { input, offset, open, anchors, root: None, nodes: 0, copies }
    }

    fn read(mut self, text: &str) -> Result<Option<Node>, Stop> {
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(text, parser_options()) {
            let (event, span) = event
                .map_err(|error| yaml_error::diagnostic(self.input, text, self.offset, &error))?;
            documents += usize::from(matches!(event, Event::DocumentStart(..)));
            if documents > 1 {
                return Err(self.second_document(self.place(span)).into());
            }
            self.event(event, span)?;
        }
        Ok(self.root)
    }

    fn event(&mut self, event: Event<'_>, span: YamlSpan) -> Result<(), Stop> {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // The parser says `~` where nothing stands.
                let plain = style == ScalarStyle::Plain;
                let text = if plain && place.start == place.end { "" } else { text.as_ref() };
                let scalar = self.tagged(text, style, tag.as_deref(), span);
                let node = Node { place, value: Value::Scalar(scalar) };
                self.scalar(node, anchor, text, plain && tag.is_none())
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.tag_of_collection(tag.as_deref(), "seq", span);
                self.start(place, anchor, style, Content::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag_of_collection(tag.as_deref(), "map", span);
                let content = Content::Table { entries: Vec::new(), key: None };
                self.start(place, anchor, style, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(anchor) => self.alias(anchor, place),
            _ => Ok(()),
        }
    }

    fn place(&self, span: YamlSpan) -> Place {
        let at = |marker: Marker| marker.byte_offset().unwrap_or_default() + self.offset;
        self.input.place(at(span.start)..at(span.end))
    }

    fn stop(&self, code: &'static str, title: impl Into<String>, place: Place) -> Diagnostic {
        Diagnostic::error(code, title).at(Some(self.input.span_of(place)))
    }

    fn second_document(&self, place: Place) -> Diagnostic {
        self.stop("syntax", "a second document starts here; a spec is one document", place)
            .help("remove `---`, or put the second document into a file of its own and give it with another `-f`")
    }

    /// Whether the next value is a key.
    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Table { key: None, .. }, .. }))
    }

    fn count(&mut self, place: Place, nodes: usize) -> Result<(), Stop> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            let title = format!("too many values: at most {MAX_NODES} are read");
            return Err(self.stop("too-large", title, place).into());
        }
        Ok(())
    }

    /// Adds a scalar, as a key if one is expected: then its text counts, whatever its type.
    fn scalar(&mut self, node: Node, anchor: usize, text: &str, plain: bool) -> Result<(), Stop> {
        self.count(node.place, 1)?;
        self.keep(anchor, &node)?;
        if !self.expects_key() {
            self.add(node);
            return Ok(());
        }
        if plain && text.is_empty() {
            return Err(self.stop("syntax", "a key is missing before `:`", node.place).into());
        }
        self.key(Key { text: text.into(), place: node.place, merges: plain && text == "<<" });
        Ok(())
    }

    /// The value of a scalar; the tags `!` and `!!str` make strings of everything.
    fn tagged(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: YamlSpan,
    ) -> Scalar {
        let string = || Scalar::String(text.into());
        let plain = style == ScalarStyle::Plain;
        let Some(tag) = tag else { return if plain { resolve(text) } else { string() } };
        let resolved = resolve(text);
        let fits = match tag.core_suffix() {
            Some("str") => return string(),
            None if tag.original() == "!" => return string(),
            Some("null") => resolved == Scalar::Null,
            Some("bool") => matches!(resolved, Scalar::Boolean(_)),
            Some("int") => matches!(resolved, Scalar::Integer(_)),
            Some("float") => matches!(resolved, Scalar::Integer(_) | Scalar::Float(_)),
            _ => false,
        };
        if !fits {
            self.wrong_tag(tag, span);
        }
        resolved
    }

    fn wrong_tag(&mut self, tag: &Tag, span: YamlSpan) {
        let place = self.place(span.tag_span().unwrap_or(span));
        let title = format!("the tag {} does not fit here", literal(&tag.original()));
        let stop = self.stop("syntax", title, place);
        self.input.report(stop.help("remove the tag; to make a string, write quotes"));
    }

    fn tag_of_collection(&mut self, tag: Option<&Tag>, kind: &str, span: YamlSpan) {
        match tag {
            Some(tag) if tag.core_suffix() != Some(kind) && tag.original() != "!" => {
                self.wrong_tag(tag, span);
            }
            _ => {}
        }
    }

    /// Remembers a value for aliases.
    fn keep(&mut self, anchor: usize, node: &Node) -> Result<(), Stop> {
        if anchor > 0 {
            self.count(node.place, node.size())?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self
                .stop("syntax", "the alias stands inside its own anchor", place)
                .into());
        };
        let size = node.size();
        if size > self.copies {
            let title = "the aliases of this file copy too much".to_owned();
            return Err(self.stop("too-large", title, place).help("write the values out").into());
        }
        if self.open.len() + node.depth() > MAX_DEPTH {
            return Err(self.too_deep(place).into());
        }
        let node = Node { place, value: node.value.clone() };
        self.copies -= size;
        self.count(place, size)?;
        if !self.expects_key() {
            self.add(node);
            return Ok(());
        }
        let Some(text) = node.as_str() else { return Err(self.no_key(place).into()) };
        self.key(Key { text: text.into(), place, merges: false });
        Ok(())
    }

    fn no_key(&self, place: Place) -> Diagnostic {
        self.stop("syntax", "a list or table cannot be a key", place)
            .help("write a string as the key; quote a value that starts with `[`, `{`, `?` or `*`")
    }

    fn too_deep(&self, place: Place) -> Diagnostic {
        self.stop("too-large", format!("nested too deeply: more than {MAX_DEPTH} levels"), place)
    }

    fn start(
        &mut self,
        place: Place,
        anchor: usize,
        style: StructureStyle,
        content: Content,
    ) -> Result<(), Stop> {
        self.count(place, 1)?;
        if self.expects_key() {
            return Err(self.no_key(place).into());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(place).into());
        }
        let (place, form) = match (style, self.open.last().map(|open| &open.content)) {
            (StructureStyle::Flow, _) => (place, Form::Flow),
            (_, Some(Content::Table { key: Some(key), .. })) => (key.place, Form::BlockUnderKey),
            _ => (place, Form::Block),
        };
        self.open.push(Open { place, anchor, form, content });
        Ok(())
    }

    fn end(&mut self, end: Place) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let first = match &open.content {
            Content::List(list) => list.first().map(|node| node.place),
            Content::Table { entries, .. } => entries.first().map(|(key, _)| key.place),
        };
        let place = match open.form {
            Form::Flow => Place { end: end.end, ..open.place },
            Form::BlockUnderKey => open.place,
            Form::Block => first.unwrap_or(open.place),
        };
        let value = match open.content {
            Content::List(list) => Value::List(list),
            Content::Table { entries, .. } => Value::table(self.table(entries)),
        };
        let node = Node { place, value };
        self.keep(open.anchor, &node)?;
        self.add(node);
        Ok(())
    }

    fn key(&mut self, new: Key) {
        if let Some(Open { content: Content::Table { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(new);
        }
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(list)) => list.push(node),
            Some(Content::Table { entries, key }) => {
                entries.extend(key.take().map(|key| (key, node)));
            }
        }
    }

    /// The table of these entries: own keys once each, then what merge keys bring along.
    fn table(&mut self, entries: Vec<(Key, Node)>) -> Table {
        let mut table = Table::with_capacity(entries.len());
        let mut merged = Vec::new();
        for (key, node) in entries {
            if key.merges {
                merged.push(node);
            } else if let Some(first) = table.get(&key.text) {
                let diagnostic = duplicate(self.input, &key, first);
                self.input.report(diagnostic);
            } else {
                table.insert(key.text, Entry { key: key.place, node });
            }
        }
        for node in merged {
            self.merge(&mut table, node);
        }
        table
    }

    fn merge(&mut self, table: &mut Table, node: Node) {
        match node.value {
            Value::Table(other) => {
                for (key, entry) in *other {
                    table.entry(key).or_insert(entry);
                }
            }
            Value::List(list) if list.iter().all(|node| node.as_table().is_some()) => {
                for node in list {
                    self.merge(table, node);
                }
            }
            _ => {
                let title =
                    format!("`<<` expects a table or a list of tables, found {}", node.describe());
                let stop = self.stop("wrong-type", title, node.place);
                self.input.report(stop.help("write `<<: *name`, with `&name` at a table"));
            }
        }
    }
}

fn duplicate(input: &Input<'_>, key: &Key, first: &Entry) -> Diagnostic {
    Diagnostic::error("duplicate-key", format!("the key {} stands here twice", literal(&key.text)))
        .at(Some(input.span_of(key.place)))
        .label("second time")
        .related(Some(input.span_of(first.key)), "first time")
        .help("remove one of both")
}

fn parser_options() -> Options {
    let mut options =
        options! { flow_nesting_limit: MAX_DEPTH + 1, block_nesting_limit: MAX_DEPTH + 1 };
    options.set_emit_comments(false);
    options
}
