//! Values of a spec: strings that nothing breaks out of, kinds of keys, lengths of time, subjects.

use crate::diagnostic::visible;
use crate::pki::key::KeyKind;
use crate::pki::name::DistinguishedName;
use crate::time::Seconds;

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// A TOML basic string. JSON's escapes are TOML's, which wants DEL escaped as well.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\x7f', "\\u007F")
}

/// A key: bare where it can be.
pub(super) fn key(text: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !text.is_empty() && text.bytes().all(is_bare) { text.to_owned() } else { quoted(text) }
}

/// A list of strings.
pub(super) fn quoted_list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// Text of others in a comment: one line, with any content.
pub(super) fn visible_line(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}

/// A kind of key as a table on one line.
pub(super) fn inline_kind(kind: KeyKind) -> String {
    let text = kind.to_string();
    match text.split_once(' ') {
        Some((algorithm, size)) => format!("{{ algorithm = \"{algorithm}\", size = {size} }}"),
        None => format!("{{ algorithm = \"{text}\" }}"),
    }
}

/// A length of time as people would have asked for it: in whole days, below two days in whole minutes, and an
/// hour at least.
pub(super) fn rounded(length: Seconds) -> Seconds {
    let unit = if length.0 >= 2 * DAY { DAY } else { 60 };
    Seconds(((length.0 + unit / 2) / unit * unit).max(3_600))
}

/// A length of time as a spec has it.
pub(super) fn written(length: Seconds) -> String {
    if length.0 > 0 && length.0.is_multiple_of(YEAR) {
        return format!("{}y", length.0 / YEAR);
    }
    length.to_string()
}

/// A subject as RFC 4514 text: with letters as they are if that reads back as the same name, else with their
/// octets.
pub(super) fn subject_text(subject: &DistinguishedName) -> String {
    let readable = readable(subject);
    let reads_back = DistinguishedName::parse(&readable).is_ok_and(|own| own.reads_as(subject));
    if reads_back { readable } else { subject.rfc2253() }
}

fn readable(subject: &DistinguishedName) -> String {
    let attributes = subject.attributes();
    let parts = attributes.iter().rev().map(|attribute| {
        let kind = attribute.short_name.unwrap_or(&attribute.oid);
        format!("{kind}={}", escaped(&attribute.value))
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::new();
    for (index, c) in value.chars().enumerate() {
        let at_edge = index == 0 || index == last;
        if ",+\"\\<>;=".contains(c) || at_edge && c == ' ' || index == 0 && c == '#' {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_never_break_out() {
        for text in
            ["", "a", "\"", "\\", "a\nb = 1", "'''", "\u{7f}\0\u{1f}", "名", "]\n[x]\n", "#"]
        {
            let toml = format!("key = {}\n", quoted(text));
            let table: toml::Table = toml::from_str(&toml).unwrap();
            assert_eq!((table.len(), table["key"].as_str()), (1, Some(text)));
            let toml = format!("[table.{}]\n# {}\n", key(text), visible_line(text));
            let table: toml::Table = toml::from_str(&toml).unwrap();
            assert!(table["table"].as_table().unwrap().contains_key(text));
        }
    }

    #[test]
    fn subjects_read_back() {
        for text in [
            "CN=alice",
            "CN=alice, O=My Organization, C=GB",
            "CN=a\\, b, O=\\#x",
            "CN=\\ a\\ ",
            "CN=Zoë, O=名",
            "CN=a+OU=b, O=c",
            "emailAddress=a@b.c, CN=x",
            "1.2.3.4=#0C0161",
        ] {
            let name = DistinguishedName::parse(text).unwrap();
            let written = subject_text(&name);
            assert!(DistinguishedName::parse(&written).unwrap().reads_as(&name), "{written}");
        }
        let zoe = DistinguishedName::parse("CN=Zoë, O=名").unwrap();
        assert_eq!(subject_text(&zoe), "CN=Zoë, O=名");
    }

    #[test]
    fn lengths_are_those_that_were_asked_for() {
        for (seconds, text) in [
            (365 * DAY + 1, "1y"),
            (3650 * DAY, "10y"),
            (825 * DAY, "825d"),
            (30 * DAY + 300, "30d"),
            (36 * 3_600, "36h"),
            (60, "1h"),
        ] {
            assert_eq!(written(rounded(Seconds(seconds))), text);
        }
    }
}
