//! The one reader of YAML: from a text to trees with places. Anchors, merge keys and tags are resolved, repeated
//! keys are mistakes, and a budget bounds what a text may cost.

mod line_breaks;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{
    Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag,
};

use self::table::{Key, table};
use super::fault::{Fault, FaultKind};
use super::node::{Node, Place, Scalar, Value};
use super::schema::{Schema, is_non_specific};

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What scalars mean.
    pub schema: Schema,
    /// How deep tables and lists may lie in each other.
    pub depth: usize,
    /// How many values there may be, copies through aliases included.
    pub values: usize,
    /// How many values aliases may copy.
    pub copies: usize,
    /// How many documents there may be.
    pub documents: usize,
}

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The whole text, which places count in.
    pub whole: &'a str,
    /// Where reading begins.
    pub offset: usize,
    /// Number of the source, for places.
    pub source: u32,
}

/// One document of a text.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it says.
    pub root: Node,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The documents before the fault that ended the reading, null ones among them.
    pub documents: Vec<Part>,
    /// What is wrong with them, each of which is left out.
    pub faults: Vec<Fault>,
    /// What ended the reading before the end of the text.
    pub stop: Option<Fault>,
}

/// Reads a text.
#[must_use]
pub fn read(text: Text<'_>, rules: Rules) -> Reading {
    let breaks = line_breaks::first(text).into_iter().filter(|_| rules.schema == Schema::CoreAlone);
    let mut reader = Reader {
        text,
        rules,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        root: None,
        values: 0,
        copies: rules.copies,
        faults: breaks.collect(),
    };
    let mut documents = Vec::new();
    let stop = reader.documents(&mut documents).err();
    Reading { documents, faults: reader.faults, stop }
}

struct Reader<'a> {
    text: Text<'a>,
    rules: Rules,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    /// Values so far, copies included.
    values: usize,
    /// Values that aliases may still copy.
    copies: usize,
    faults: Vec<Fault>,
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

impl<'a> Reader<'a> {
    fn documents(&mut self, documents: &mut Vec<Part>) -> Result<(), Fault> {
        let text = self.text.whole.get(self.text.offset..).unwrap_or_default();
        // One level more, so that it is the reader that says how deep it may be.
        let deepest = self.rules.depth + 1;
        let mut options = granit_parser::options! {
            flow_nesting_limit: deepest,
            block_nesting_limit: deepest,
        };
        options.set_emit_comments(false);
        let parser: Parser<'a, StrInput<'a>> = Parser::new_from_str_with_options(text, options);
        let (mut started, mut start) = (0, 0);
        for event in parser {
            let (event, span) = event.map_err(|error| self.syntax(&error))?;
            let place = self.place(span);
            match event {
                Event::DocumentStart(..) => {
                    started += 1;
                    if started > self.rules.documents {
                        return Err(fault(FaultKind::FurtherDocument, place));
                    }
                    start = place.end as usize;
                    self.anchors.clear();
                }
                Event::DocumentEnd => {
                    let range = start..(place.start as usize).max(start);
                    documents.extend(self.root.take().map(|root| Part { range, root }));
                }
                event => self.event(event, span, place)?,
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span, place: Place) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // The parser says `~` for an empty value.
                let is_nothing = style == ScalarStyle::Plain && place.start == place.end;
                let text = if is_nothing { "" } else { text.as_ref() };
                self.scalar(text, style, (anchor, tag.as_deref()), span)
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

    fn place(&self, span: Span) -> Place {
        let at = |marker: Marker| marker.byte_offset().unwrap_or_default() + self.text.offset;
        self.text.place(at(span.start)..at(span.end))
    }

    /// Some kinds of errors have lines and columns only.
    fn syntax(&self, error: &ScanError) -> Fault {
        let text = self.text.whole.get(self.text.offset..).unwrap_or_default();
        let marker = error.marker();
        let at = marker.byte_offset().unwrap_or_else(|| {
            let lines = text.split_inclusive('\n').take(marker.line().saturating_sub(1));
            let start: usize = lines.map(str::len).sum();
            let column = text[start..].char_indices().nth(marker.col());
            column.map_or(text.len(), |(at, _)| start + at)
        });
        let next = text.get(at..).and_then(|rest| rest.chars().next());
        let length = next.filter(|next| !next.is_whitespace()).map_or(0, char::len_utf8);
        let at = at + self.text.offset;
        fault(FaultKind::Syntax(error.kind().clone()), self.text.place(at..at + length))
    }

    /// Whether the next value is a key.
    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Table { key: None, .. }, .. }))
    }

    fn count(&mut self, place: Place, values: usize) -> Result<(), Fault> {
        self.values = self.values.saturating_add(values);
        if self.values > self.rules.values {
            return Err(fault(FaultKind::TooMany(self.rules.values), place));
        }
        Ok(())
    }

    /// Adds a scalar, as a key if one is expected.
    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        (anchor, tag): (usize, Option<&Tag>),
        span: Span,
    ) -> Result<(), Fault> {
        let place = self.place(span);
        let (is_key, is_plain) = (self.expects_key(), style == ScalarStyle::Plain);
        // kpt writes `!!merge <<`.
        let merges = is_key && is_plain && text == "<<" && tag.is_none_or(is_merge);
        let tag = tag.filter(|_| !merges);
        let resolved = self.rules.schema.scalar(text, style, tag);
        let node = Node { place, value: Value::Scalar(resolved.scalar) };
        self.count(place, 1)?;
        if let Some(tag) = tag.filter(|_| resolved.has_wrong_tag) {
            self.wrong_tag(tag, span);
        }
        self.keep(anchor, &node)?;
        if let Some(others) = resolved.others.filter(|_| !merges) {
            let path = if is_key { Vec::new() } else { self.path() };
            let here = Box::new(node.clone());
            self.faults.push(fault(FaultKind::TwoReadings { here, others, path }, place));
        }
        if is_key {
            let Value::Scalar(scalar) = &node.value else { return Ok(()) };
            let key = self.rules.schema.key(text, is_plain && tag.is_none(), scalar);
            let text = key.ok_or_else(|| fault(FaultKind::MissingKey, place))?;
            self.key(Key { text, place, merges });
            return Ok(());
        }
        if self.rules.schema == Schema::Kubectl
            && matches!(&node.value, Value::Scalar(number @ Scalar::Float(_)) if number.as_float().is_none())
        {
            self.faults.push(fault(FaultKind::NotFinite, place));
        }
        self.add(node);
        Ok(())
    }

    /// The keys that lead to the next value.
    fn path(&self) -> Vec<Box<str>> {
        let key = |open: &Open| match &open.content {
            Content::Table { key, .. } => key.as_ref().map(|key| key.text.clone()),
            Content::List(_) => None,
        };
        self.open.iter().map(|open| key(open).unwrap_or_default()).collect()
    }

    fn wrong_tag(&mut self, tag: &Tag, span: Span) {
        let place = self.place(span.tag_span().unwrap_or(span));
        self.faults.push(fault(FaultKind::WrongTag(tag.original()), place));
    }

    fn tag_of_collection(&mut self, tag: Option<&Tag>, kind: &str, span: Span) {
        let is_known = |tag: &Tag| tag.core_suffix() == Some(kind) || is_non_specific(tag);
        if let Some(tag) = tag.filter(|tag| !is_known(tag)) {
            self.wrong_tag(tag, span);
        }
    }

    /// Remembers a value for aliases.
    fn keep(&mut self, anchor: usize, node: &Node) -> Result<(), Fault> {
        if anchor > 0 {
            self.count(node.place, node.size())?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(fault(FaultKind::AliasInItself, place));
        };
        let size = node.size();
        if size > self.copies {
            return Err(fault(FaultKind::CopiesTooMuch(self.rules.copies), place));
        }
        if self.open.len() + node.depth() > self.rules.depth {
            return Err(fault(FaultKind::TooDeep(self.rules.depth), place));
        }
        let node = Node { place, value: node.value.clone() };
        self.copies -= size;
        self.count(place, size)?;
        if !self.expects_key() {
            self.add(node);
            return Ok(());
        }
        let key = match &node.value {
            Value::Scalar(scalar @ Scalar::String(text)) => {
                self.rules.schema.key(text, false, scalar)
            }
            Value::Scalar(scalar) if self.rules.schema == Schema::Kubectl => {
                self.rules.schema.key("", false, scalar)
            }
            _ => None,
        };
        let text = key.ok_or_else(|| fault(FaultKind::NoKey, place))?;
        self.key(Key { text, place, merges: false });
        Ok(())
    }

    fn start(
        &mut self,
        place: Place,
        anchor: usize,
        style: StructureStyle,
        content: Content,
    ) -> Result<(), Fault> {
        self.count(place, 1)?;
        if self.expects_key() {
            return Err(fault(FaultKind::NoKey, place));
        }
        if self.open.len() >= self.rules.depth {
            return Err(fault(FaultKind::TooDeep(self.rules.depth), place));
        }
        let (place, form) = match (style, self.open.last().map(|open| &open.content)) {
            (StructureStyle::Flow, _) => (place, Form::Flow),
            (_, Some(Content::Table { key: Some(key), .. })) => (key.place, Form::BlockUnderKey),
            _ => (place, Form::Block),
        };
        self.open.push(Open { place, anchor, form, content });
        Ok(())
    }

    fn end(&mut self, end: Place) -> Result<(), Fault> {
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
            Content::Table { entries, .. } => Value::table(table(entries, &mut self.faults)),
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
}

fn fault(kind: FaultKind, place: Place) -> Fault {
    Fault { kind, place }
}

fn is_merge(tag: &Tag) -> bool {
    tag.suffix_in_namespace("tag:yaml.org,2002:").is_some_and(|suffix| suffix == "merge")
}

impl Text<'_> {
    /// The place of a range of bytes, mended to lie in the text and on character boundaries.
    fn place(&self, range: Range<usize>) -> Place {
        let boundary = |at: usize| {
            (0..=at.min(self.whole.len())).rev().find(|at| self.whole.is_char_boundary(*at))
        };
        let start = boundary(range.start).unwrap_or_default();
        let end = boundary(range.end).unwrap_or_default().max(start);
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Place { source: self.source, start: narrow(start), end: narrow(end) }
    }
}
