//! What serde finds wrong with a value, and how that is said.

use std::fmt::{self, Display};

use serde::de::{Error, Expected, Unexpected};

use super::node::{Node, Place, Scalar, Value, describe};
use crate::diagnostic::{Diagnostic, literal, nearest};
use crate::yaml::schema::plain_of_core;

/// Codes that the text of a custom error may start with, as in `not-supported-yet: …`.
const CODES: [&str; 3] = [LATER, "unknown-key", "unknown-value"];

/// Code of what a later version will know.
const LATER: &str = "not-supported-yet";

/// How many known names a message lists.
const LISTED: usize = 16;

/// An error of serde's, with the way to the value, from the value upwards.
#[derive(Debug)]
pub(super) struct Mistake(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    place: Option<Place>,
    found: Option<Found>,
    key: Option<String>,
    way: Vec<usize>,
}

#[derive(Debug)]
enum Kind {
    WrongType { expected: String },
    UnknownKey { key: String, known: &'static [&'static str] },
    UnknownValue { known: &'static [&'static str] },
    MissingKey { key: &'static str },
    Empty { expected: String },
    Custom { text: String },
}

/// The value there.
#[derive(Debug)]
struct Found {
    words: String,
    value: Option<Scalar>,
}

impl Mistake {
    fn new(kind: Kind) -> Self {
        Self(Box::new(Parts { kind, place: None, found: None, key: None, way: Vec::new() }))
    }

    /// Something else was expected at `node`.
    pub fn expected(expected: impl Into<String>, node: &Node) -> Self {
        Self::new(Kind::WrongType { expected: expected.into() }).at(node)
    }

    /// The entry has no value; null is left of what merging could not remove.
    pub fn empty(expected: impl Into<String>) -> Self {
        Self::new(Kind::Empty { expected: expected.into() })
    }

    /// Points at the key where that says more than the value, as where there is none.
    pub fn at_entry(mut self, key: Place, node: &Node) -> Self {
        if !self.0.way.is_empty() {
            return self;
        }
        if let (true, Kind::WrongType { expected }) = (node.is_null(), &mut self.0.kind) {
            self.0.kind = Kind::Empty { expected: std::mem::take(expected) };
        }
        let later = matches!(&self.0.kind, Kind::Custom { text } if text.starts_with(LATER));
        if later || matches!(self.0.kind, Kind::Empty { .. }) {
            self.0.place = Some(key);
        }
        self.at(node)
    }

    /// Says which key it is about, unless that is known.
    pub fn of(mut self, key: &str) -> Self {
        self.0.key.get_or_insert_with(|| key.to_owned());
        self
    }

    /// Says where, unless it is known more precisely.
    pub fn at(mut self, node: &Node) -> Self {
        self.0.place.get_or_insert(node.place);
        self.0.found.get_or_insert_with(|| Found {
            words: describe(node),
            value: match &node.value {
                Value::Scalar(scalar) => Some(scalar.clone()),
                _ => None,
            },
        });
        self
    }

    /// Says that it is the key that is wrong.
    pub fn at_key(mut self, key: &str, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        let words = format!("the string {}", literal(key));
        self.0.found.get_or_insert(Found { words, value: None });
        self
    }

    /// Adds a step to the way to the value: an index in a list or table.
    pub fn below(mut self, index: usize, key: Option<&str>) -> Self {
        self.0.way.push(index);
        match key {
            Some(key) => self.of(key),
            None => self,
        }
    }

    /// The indices that lead from the top to the value.
    pub fn path(&self) -> Vec<usize> {
        self.0.way.iter().rev().copied().collect()
    }

    /// The place, if it is known.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// Whether it is the absence of a key.
    pub fn is_missing_key(&self) -> bool {
        matches!(self.0.kind, Kind::MissingKey { .. })
    }

    /// The message, without its place.
    pub fn diagnostic(self) -> Diagnostic {
        let found = self.0.found.unwrap_or(Found { words: "nothing".to_owned(), value: None });
        match self.0.kind {
            Kind::WrongType { expected } => wrong_type(&expected, &found),
            Kind::UnknownKey { key, known } => unknown_key(&key, known),
            Kind::UnknownValue { known } => unknown_value(&found, known),
            Kind::MissingKey { key } => {
                Diagnostic::error("missing-key", format!("the key `{key}` is missing"))
            }
            Kind::Empty { expected } => empty(&self.0.key.unwrap_or_default(), &expected),
            Kind::Custom { text } => custom(&text, self.0.key.as_deref()),
        }
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.kind)
    }
}

impl std::error::Error for Mistake {}

impl Error for Mistake {
    fn custom<T: Display>(text: T) -> Self {
        Self::new(Kind::Custom { text: text.to_string() })
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongType { expected: expected.to_string() })
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongType { expected: expected.to_string() })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey { key: field.to_owned(), known })
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownValue { known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Kind::MissingKey { key })
    }
}

/// The expected type in words; serde has its own for some.
fn in_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        name if name.starts_with("struct ") => "a table",
        other => other,
    }
}

fn empty(key: &str, expected: &str) -> Diagnostic {
    let write = match in_words(expected) {
        "a table" => "write `{}` for an entry that has defaults only",
        "a list" => "write `[]` for an empty list",
        "`false` or a table" => "write `false`, or `{}` for one that has defaults only",
        _ => "write a value",
    };
    Diagnostic::error("empty-entry", format!("the entry {} is empty", literal(key)))
        .help(format!("{write}, or remove the key; null only removes what an earlier file says"))
}

fn wrong_type(expected: &str, found: &Found) -> Diagnostic {
    let words = in_words(expected);
    let diagnostic =
        Diagnostic::error("wrong-type", format!("expected {words}, found {}", found.words));
    match advice(words, found.value.as_ref()) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// What to write instead of a value of the wrong type, where that is clear.
fn advice(expected: &str, found: Option<&Scalar>) -> Option<String> {
    let found = found?;
    match found {
        Scalar::Integer(text) | Scalar::Float(text) if expected == "a string" => {
            Some(format!("write `\"{text}\"`, in quotes"))
        }
        Scalar::Datetime(text) => Some(format!("write `\"{text}\"`, in quotes")),
        Scalar::Boolean(value) if expected == "a string" => {
            Some(format!("write `\"{value}\"`, in quotes"))
        }
        Scalar::Boolean(value) if expected.contains("`on`") => {
            Some(format!("write `\"{}\"`", if *value { "on" } else { "off" }))
        }
        Scalar::Null => Some("write a value, or remove the key".to_owned()),
        Scalar::String(text) if expected == "a list" => Some(format!("write `[\"{text}\"]`")),
        Scalar::String(text) if expected == "a boolean" => Some(boolean_advice(text)),
        Scalar::String(text) if expected.contains("`false`") => {
            Some(boolean_advice(text)).filter(|advice| advice.contains("without quotes"))
        }
        Scalar::String(text) if matches!(plain_of_core(text), Scalar::Integer(_)) => {
            Some(format!("write `{text}`, without quotes"))
        }
        _ => None,
    }
}

fn boolean_advice(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => "write `true`, without quotes".to_owned(),
        "false" | "no" | "off" | "n" => "write `false`, without quotes".to_owned(),
        _ => "write `true` or `false`".to_owned(),
    }
}

fn unknown_key(key: &str, known: &'static [&'static str]) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-key", format!("unknown key {}", literal(key)));
    with_known(diagnostic.label("unknown key"), key, known, "keys")
}

fn unknown_value(found: &Found, known: &'static [&'static str]) -> Diagnostic {
    let title = format!("expected {}, found {}", one_of(known), found.words);
    let diagnostic = Diagnostic::error("unknown-value", title);
    match &found.value {
        Some(Scalar::String(text)) => match nearest(text, known.iter().copied()) {
            Some(name) => diagnostic.help(format!("write `{name}`")),
            None => diagnostic,
        },
        _ => diagnostic,
    }
}

fn with_known(
    diagnostic: Diagnostic,
    wrong: &str,
    known: &'static [&'static str],
    what: &str,
) -> Diagnostic {
    let diagnostic = match nearest(wrong, known.iter().copied()) {
        Some(name) => diagnostic.help(format!("write `{name}`")),
        None => diagnostic,
    };
    if known.is_empty() || known.len() > LISTED {
        return diagnostic;
    }
    diagnostic.help(format!("known {what}: {}", listed(known)))
}

/// The names of an enumeration, as in "`on` or `off`".
pub(super) fn one_of(known: &[&str]) -> String {
    match known {
        [one] => format!("`{one}`"),
        _ => format!("one of {}", listed(known)),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A custom error: an optional code, the title, then a line for each help.
fn custom(text: &str, key: Option<&str>) -> Diagnostic {
    let coded =
        CODES.iter().find_map(|code| Some((*code, text.strip_prefix(code)?.strip_prefix(": ")?)));
    let (code, text) = coded.unwrap_or(("invalid-value", text));
    let mut lines = text.lines();
    let mut title = lines.next().unwrap_or_default().to_owned();
    if code == LATER {
        title = format!("{} is not supported yet", literal(key.unwrap_or_default()));
    }
    lines.fold(Diagnostic::error(code, title), Diagnostic::help)
}
