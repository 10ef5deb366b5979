//! JSON values as block YAML in the style of kubectl: two spaces, lists not indented under their key.

use serde_json::Value;

use crate::yaml::scalar;

/// A key of more bytes than this is written as `? key`: YAML readers look no further than 1,024
/// characters for the colon, quotes and escapes included.
const LONGEST_SIMPLE_KEY: usize = 128;

/// The value as one YAML document, without `---`, with a newline at its end.
#[must_use]
pub fn emit(value: &Value) -> String {
    // Growing would leave copies of what may be a private key.
    let mut out = String::with_capacity(octets(value, 0));
    match value {
        Value::Object(map) if !map.is_empty() => push_mapping(&mut out, map, 0, false),
        Value::Array(items) if !items.is_empty() => push_sequence(&mut out, items, 0, false),
        leaf => push_leaf(&mut out, leaf, 0),
    }
    out.push('\n');
    out
}

/// About how many octets a value takes whose lines begin at a column.
fn octets(value: &Value, column: usize) -> usize {
    let indent = column + 8;
    match value {
        Value::String(text) => text.len() + text.matches('\n').count() * indent + 8,
        Value::Array(items) => items.iter().map(|item| indent + octets(item, column + 2)).sum(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| indent + key.len() + octets(value, column + 2)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 32,
    }
}

/// Appends what follows `key:` or `-`: a blank and a scalar, or lines that start at column `indent`.
pub fn push_block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => push_mapping(out, map, indent, true),
        Value::Array(items) if !items.is_empty() => push_sequence(out, items, indent, true),
        leaf => {
            out.push(' ');
            push_leaf(out, leaf, indent);
        }
    }
}

/// Appends the value on one line, in flow style.
pub fn push_flow(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut separator = '{';
            for (key, value) in map {
                out.push(separator);
                if separator == ',' {
                    out.push(' ');
                }
                separator = ',';
                // Quoted keys are read alike of any length, with anything after the colon.
                scalar::push_quoted(out, key);
                out.push_str(": ");
                push_flow(out, value);
            }
            out.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            let mut separator = '[';
            for item in items {
                out.push(separator);
                if separator == ',' {
                    out.push(' ');
                }
                separator = ',';
                push_flow(out, item);
            }
            out.push(']');
        }
        leaf => push_leaf(out, leaf, 0),
    }
}

/// Entries at column `indent`; the first one is on a new line only if `on_new_line` says so.
fn push_mapping(
    out: &mut String,
    map: &serde_json::Map<String, Value>,
    indent: usize,
    mut on_new_line: bool,
) {
    for (key, value) in map {
        if on_new_line {
            push_line(out, indent);
        }
        on_new_line = true;
        if key.len() > LONGEST_SIMPLE_KEY {
            out.push_str("? ");
            scalar::push_quoted(out, key);
            push_line(out, indent);
        } else {
            scalar::push(out, key);
        }
        out.push(':');
        let deeper = if value.is_array() { indent } else { indent + 2 };
        push_block(out, value, deeper);
    }
}

fn push_sequence(out: &mut String, items: &[Value], indent: usize, mut on_new_line: bool) {
    for item in items {
        if on_new_line {
            push_line(out, indent);
        }
        on_new_line = true;
        out.push('-');
        match item {
            Value::Object(map) if !map.is_empty() => {
                out.push(' ');
                push_mapping(out, map, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push(' ');
                push_sequence(out, items, indent + 2, false);
            }
            leaf => {
                out.push(' ');
                push_leaf(out, leaf, indent + 2);
            }
        }
    }
}

fn push_leaf(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => scalar::push_number(out, number),
        Value::String(text) => push_text(out, text, indent),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

fn push_text(out: &mut String, text: &str, indent: usize) {
    // A literal block at the top of a document would have to stand at column 0.
    let Some((header, lines)) = scalar::literal(text).filter(|_| indent > 0) else {
        scalar::push(out, text);
        return;
    };
    out.push_str(header);
    for line in lines {
        if line.is_empty() {
            out.push('\n');
        } else {
            push_line(out, indent);
            out.push_str(line);
        }
    }
}

fn push_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}
