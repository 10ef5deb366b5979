//! Foreign YAML, read as kubectl reads it but for duplicate keys, which are refused here.

use std::fmt;

use serde_json::Value;

use super::fault::{Fault, FaultKind};
use super::read::{Part, Rules, Text, read};
use super::schema::Schema;

/// Kubernetes' own types stay far below that depth.
fn rules(schema: Schema) -> Rules {
    Rules { schema, depth: 100, values: usize::MAX, copies: 100_000, documents: usize::MAX }
}

/// Why a text is not YAML that Kubernetes takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The byte.
    pub offset: usize,
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

/// Reads all documents of a YAML or JSON text; empty ones are left out.
///
/// # Errors
///
/// The first thing that is wrong, with its place.
pub fn parse(text: &str) -> Result<Vec<Value>, ReadError> {
    Ok(documents(text, Schema::Kubectl)?.into_iter().map(|part| part.root.into_json()).collect())
}

/// Reads all documents of a YAML or JSON text, with the places of all values, which mean what `schema` says.
///
/// # Errors
///
/// The first thing that is wrong, with its place.
pub fn documents(text: &str, schema: Schema) -> Result<Vec<Part>, ReadError> {
    let reading = read(Text { whole: text, offset: 0, source: 0 }, rules(schema));
    let faults = reading.faults.iter().chain(&reading.stop);
    if let Some(fault) = faults.min_by_key(|fault| fault.place.start) {
        return Err(ReadError::new(text, fault));
    }
    Ok(reading.documents.into_iter().filter(|part| !part.root.is_null()).collect())
}

impl ReadError {
    fn new(text: &str, fault: &Fault) -> Self {
        let offset = fault.place.start as usize;
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[start..].chars().count() + 1;
        Self { offset, line, column, message: message(&fault.kind) }
    }
}

fn message(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Syntax(kind) => kind.to_string(),
        FaultKind::TooDeep(levels) => format!("nested too deeply: more than {levels} levels"),
        FaultKind::TooMany(most) => format!("too many values: at most {most} are read"),
        FaultKind::CopiesTooMuch(most) => format!("aliases add more than {most} values"),
        FaultKind::AliasInItself => "an alias is inside the value that it names".to_owned(),
        FaultKind::FurtherDocument => "a further document starts here".to_owned(),
        FaultKind::MissingKey | FaultKind::NoKey => "a key must be text".to_owned(),
        FaultKind::Duplicate { key, .. } => format!("duplicate key `{key}`"),
        FaultKind::WrongTag(tag) => format!("the tag `{tag}` has no meaning in Kubernetes"),
        FaultKind::WrongMerge(_) => "`<<` takes a mapping or a list of mappings".to_owned(),
        FaultKind::NotFinite => {
            "infinity and `.nan` are not values of JSON: quote it if it is text".to_owned()
        }
        FaultKind::TwoReadings { .. } | FaultKind::LineBreak(_) => {
            "readers of YAML do not agree about this".to_owned()
        }
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
            ("a: 1\nb: 2\na: 3\n", 3, "duplicate key `a`"),
            ("a: !secret x\n", 1, "the tag `!secret` has no meaning in Kubernetes"),
            ("a: .inf\n", 1, "infinity"),
            ("a:\n  ? [x]\n  : 1\n", 2, "a key must be text"),
            ("a: &x [*x]\n", 1, "an alias is inside the value that it names"),
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
