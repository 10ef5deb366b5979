//! What messages propose to write, in the language of the file that they are about.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::input::{Format, format_of};
use crate::diagnostic::Diagnostic;
use crate::yaml::scalar::scalar;

/// The message with its proposals (`clientAuth = false`) as its file would say them
/// (`clientAuth: false`). Messages are written with TOML in mind.
#[must_use]
pub fn in_its_language(mut diagnostic: Diagnostic) -> Diagnostic {
    let is_yaml = |span| format_of(span) == Format::Yaml;
    if !diagnostic.span.as_ref().is_some_and(|span| is_yaml(&span.source)) {
        return diagnostic;
    }
    let related = diagnostic.related.iter_mut().map(|(_, words)| words);
    let own = [&mut diagnostic.title, &mut diagnostic.label];
    for text in own.into_iter().chain(&mut diagnostic.help).chain(related) {
        if let Cow::Owned(spoken) = with_yaml(text) {
            *text = spoken;
        }
    }
    diagnostic
}

/// `text` with each TOML assignment or inline table between backticks as YAML.
fn with_yaml(text: &str) -> Cow<'_, str> {
    let has_pairs = text.matches('`').count().is_multiple_of(2);
    if !text.contains(" = ") || !has_pairs {
        return Cow::Borrowed(text);
    }
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| match at % 2 {
        1 => yaml_of(part).map_or(Cow::Borrowed(part), Cow::Owned),
        _ => Cow::Borrowed(part),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("`"))
}

/// One TOML assignment, or the value of one, as YAML on one line.
fn yaml_of(part: &str) -> Option<String> {
    let is_value = part.starts_with(['{', '[']);
    let document = if is_value { format!("value = {part}") } else { part.to_owned() };
    let table: Map<String, Value> = toml::from_str(&document).ok()?;
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((_, value)), None) if is_value => Some(flow(value)),
        (Some(entry), None) => Some(pair(entry)),
        _ => None,
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text).into_owned(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(table) => {
            format!("{{ {} }}", table.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn pair((key, value): (&String, &Value)) -> String {
    format!("{}: {}", scalar(key), flow(value))
}

#[cfg(test)]
mod tests {
    use super::with_yaml;

    #[test]
    fn assignments_are_said_in_yaml_and_all_else_stays() {
        for (toml, yaml) in [
            ("write `clientAuth = false`", "write `clientAuth: false`"),
            ("`tls.issuer = \"self-signed\"`", "`tls: { issuer: self-signed }`"),
            ("`verify = \"on\"` or `port = 80`", "`verify: \"on\"` or `port: 80`"),
            ("`cas = [\"...\"]`", "`cas: [\"...\"]`"),
            ("`{ path = \"/\", service = \"web\" }`", "`{ path: /, service: web }`"),
            ("write `key = value`", "write `key = value`"),
            ("`a` = `b`", "`a` = `b`"),
            ("a `b = 1", "a `b = 1"),
        ] {
            assert_eq!(with_yaml(toml), yaml);
        }
    }
}
