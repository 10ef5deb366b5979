//! Words for what readers of YAML 1.1 and 1.2, or Kustomize, take for different things.

use super::node::{Node, Scalar, Value};
use crate::diagnostic::literal;
use crate::yaml::fault::FaultKind;
use crate::yaml::schema::{Other, Others};

/// What code, title and help are.
pub(super) type Words = (&'static str, String, String);

/// Whether both readings mean the same to the key: `verify` takes `true` for `on` and `false` for `off`.
pub(super) fn is_harmless(kind: &FaultKind) -> bool {
    let FaultKind::TwoReadings { here, others: Others { kustomize: None, .. }, path } = kind else {
        return false;
    };
    let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    let path = path.strip_prefix(&["spec"]).unwrap_or(&path);
    matches!(
        path,
        ["hosts", _, "clientAuth", "verify"] | ["defaults", "hosts", "clientAuth", "verify"]
    ) && matches!(here.as_str(), Some("on" | "off"))
}

/// A scalar, what others take it for, and the keys that lead to it: none if it is a key itself.
pub(super) fn words(here: &Node, others: &Others, path: &[Box<str>]) -> Words {
    let (text, own) = own(here);
    let is_key = path.is_empty();
    let key = if is_key { "the key " } else { "" };
    let title =
        format!("{key}{} is {} to YAML 1.2, and {}", literal(text), own.words, readers(others));
    let quoted = format!("`\"{text}\"`");
    let all = [Some(own), others.yaml_1_1.clone(), others.kustomize.clone()];
    let mut numbers: Vec<String> = Vec::new();
    for written in all.into_iter().flatten().filter_map(|other| other.written) {
        let written = format!("`{written}`");
        if !is_key && !numbers.contains(&written) {
            numbers.push(written);
        }
    }
    let help = match numbers.as_slice() {
        [] => format!("write {quoted}"),
        several => format!("write {}, or {quoted} for a string", several.join(", ")),
    };
    ("two-readings", title, help)
}

/// The text of a scalar, and what it is here.
fn own(here: &Node) -> (&str, Other) {
    let (text, number) = match &here.value {
        Value::Scalar(scalar @ Scalar::Integer(text)) => {
            (text, scalar.as_integer().map(|value| value.to_string()))
        }
        Value::Scalar(scalar @ Scalar::Float(text)) => (
            text,
            scalar.as_float().filter(|value| value.is_finite()).map(|value| value.to_string()),
        ),
        Value::Scalar(Scalar::String(text)) => {
            return (text, Other { words: "a string".to_owned(), written: None });
        }
        _ => return ("", Other { words: "a value".to_owned(), written: None }),
    };
    let words = number
        .as_ref()
        .map_or_else(|| "a number".to_owned(), |number| format!("the number `{number}`"));
    // What 64 bits do not hold, others round.
    let written = number.filter(|number| number.parse::<i64>().is_ok() || number.contains('.'));
    (text, Other { words, written })
}

fn readers(Others { yaml_1_1, kustomize }: &Others) -> String {
    match (yaml_1_1, kustomize) {
        (Some(one), Some(other)) if one.words == other.words => {
            format!("{} to YAML 1.1 and to Kustomize", one.words)
        }
        (Some(one), Some(other)) => {
            format!("{} to YAML 1.1 and {} to Kustomize", one.words, other.words)
        }
        (Some(one), None) => format!("{} to YAML 1.1", one.words),
        (None, Some(other)) => format!("{} to Kustomize", other.words),
        (None, None) => "the same to others".to_owned(),
    }
}

/// A character that ends a line, and a comment, in YAML 1.1 alone.
pub(super) fn line_break(character: char) -> Words {
    let number = u32::from(character);
    let title =
        format!("the character U+{number:04X} ends a line in YAML 1.1, and is text in YAML 1.2");
    let help = format!("write `\\u{number:04X}` in double quotes, or start a new line");
    ("two-readings", title, help)
}
