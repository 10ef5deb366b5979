//! Sections of a spec as TOML or YAML: every text of the user leaves as one quoted string.

use std::fmt::Write as _;

use super::super::SpecFormat;

/// Lists that would make a line longer are split over several, as `taplo fmt` does.
const WIDTH: usize = 80;

/// A table with comments.
pub struct Section {
    /// What the table is for; may be empty.
    pub comment: &'static str,
    /// The way to it from the top: empty, or a table of the spec and a name in it.
    pub path: Vec<String>,
    /// What it holds; of entries below one key, those that are off are last.
    pub entries: Vec<Entry>,
}

/// A key and its value.
pub struct Entry {
    /// The key, with dots between the keys of nested tables.
    key: &'static str,
    value: Value,
    /// What it is for; may be empty.
    comment: &'static str,
    /// Whether it counts, or is a comment.
    pub on: bool,
}

/// A value.
pub enum Value {
    /// A string.
    Text(String),
    /// A number.
    Number(u16),
    /// `true`.
    True,
    /// `false`.
    False,
    /// A list of strings.
    List(Vec<String>),
    /// A small table on one line.
    Inline(Vec<(&'static str, Value)>),
}

/// An entry that counts.
pub fn on(key: &'static str, value: Value, comment: &'static str) -> Entry {
    Entry { key, value, comment, on: true }
}

/// An entry that is commented out.
pub fn off(key: &'static str, value: Value, comment: &'static str) -> Entry {
    Entry { key, value, comment, on: false }
}

/// All sections as text.
pub fn write(sections: &[Section], format: SpecFormat) -> String {
    let mut text = String::new();
    let mut table: Option<&str> = None;
    for section in sections {
        let first = section.path.first().map(String::as_str);
        // In YAML, sections of one table share its key.
        let shares = format == SpecFormat::Yaml && first.is_some() && table == first;
        if !shares || !section.comment.is_empty() {
            text.push('\n');
        }
        match format {
            SpecFormat::Toml => toml_section(&mut text, section),
            SpecFormat::Yaml => yaml_section(&mut text, section, shares),
        }
        table = first;
    }
    text
}

fn toml_section(text: &mut String, section: &Section) {
    comment_line(text, 0, section.comment);
    if !section.path.is_empty() {
        let path: Vec<_> = section.path.iter().map(|part| key(part)).collect();
        let _ = writeln!(text, "[{}]", path.join("."));
    }
    for entry in &section.entries {
        let line = format!("{} = {}", entry.key, entry.value.text(" = "));
        let line = match &entry.value {
            Value::List(items) if line.chars().count() > WIDTH => {
                let items: Vec<_> =
                    items.iter().map(|item| format!("  {},", quoted(item))).collect();
                format!("{} = [\n{}\n]", entry.key, items.join("\n"))
            }
            _ => line,
        };
        entry_line(text, 0, entry, &line);
    }
}

fn yaml_section(text: &mut String, section: &Section, shares: bool) {
    let mut indent = 0;
    for (depth, part) in section.path.iter().enumerate() {
        if depth == 1 {
            comment_line(text, indent, section.comment);
        }
        if depth > 0 || !shares {
            let _ = writeln!(text, "{:indent$}{}:", "", key(part));
        }
        indent += 2;
    }
    let mut open = Vec::new();
    for entry in &section.entries {
        yaml_entry(text, indent, entry, &mut open);
    }
}

/// An entry, and the keys above it that are not `open` yet.
fn yaml_entry(text: &mut String, indent: usize, entry: &Entry, open: &mut Vec<&'static str>) {
    let mut parts: Vec<_> = entry.key.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let shared = parts.iter().zip(open.iter()).take_while(|(a, b)| a == b).count();
    for (depth, part) in parts.iter().enumerate().skip(shared) {
        let _ = writeln!(text, "{:width$}{part}:", "", width = indent + 2 * depth);
    }
    let line = format!("{last}: {}", entry.value.text(": "));
    entry_line(text, indent + 2 * parts.len(), entry, &line);
    *open = parts;
}

/// An entry as formatters leave it: they move comments behind entries that count.
fn entry_line(text: &mut String, indent: usize, entry: &Entry, line: &str) {
    if entry.on {
        comment_line(text, indent, entry.comment);
        let _ = writeln!(text, "{:indent$}{line}", "");
        return;
    }
    let line = line.replace('\n', "\n# ");
    let _ = write!(text, "{:indent$}# {line}", "");
    if !entry.comment.is_empty() {
        let _ = write!(text, "  # {}", entry.comment);
    }
    text.push('\n');
}

fn comment_line(text: &mut String, indent: usize, comment: &str) {
    if !comment.is_empty() {
        let _ = writeln!(text, "{:indent$}# {comment}", "");
    }
}

impl Value {
    /// As TOML and YAML both write it, with the separator between a key and its value.
    fn text(&self, between: &str) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.to_string(),
            Self::True => "true".to_owned(),
            Self::False => "false".to_owned(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Inline(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{key}{between}{}", value.text(between)));
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A key: bare where TOML and YAML both take it for that string, else quoted.
fn key(text: &str) -> String {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let bare = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !WORDS.contains(&text);
    if bare { text.to_owned() } else { quoted(text) }
}

/// A string in double quotes, with escapes that TOML and YAML share.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
