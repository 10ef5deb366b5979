//! A source while it is read: what makes places in it, and the checks that come before any parser.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::node::Place;
use crate::diagnostic::{Diagnostic, Source, Span, literal};

/// Longest source that is read, in bytes. Readers of files check it before they read.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What a source is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML, and JSON as a part of it.
    Yaml,
    /// One `KEY=VALUE` of `--set`.
    Assignment,
}

/// A source, its index among the document's sources, and what is wrong with it so far.
pub(super) struct Input<'a> {
    pub source: &'a Arc<Source>,
    pub index: u32,
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// How many mistakes of this source were noted.
    pub noted: usize,
}

/// How many mistakes of one kind of check are shown.
pub(super) const SHOWN: usize = 100;

impl<'a> Input<'a> {
    pub fn text(&self) -> &'a str {
        &self.source.text
    }

    /// The place of a range of bytes, mended to lie in the text and on character boundaries.
    pub fn place(&self, range: Range<usize>) -> Place {
        let span = self.span(range);
        let narrow = |offset| u32::try_from(offset).expect("sources are shorter than 4 GiB");
        Place { source: self.index, start: narrow(span.start), end: narrow(span.end) }
    }

    /// As [`Input::place`], for a message.
    pub fn span(&self, range: Range<usize>) -> Span {
        let text = self.text();
        let start = (0..=range.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let start = start.unwrap_or_default();
        let end = range.end.clamp(start, text.len());
        let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
        Span { source: self.source.clone(), start, end }
    }

    /// The span of a place in this source.
    pub fn span_of(&self, place: Place) -> Span {
        self.span(place.start as usize..place.end as usize)
    }

    /// Notes a mistake; only the first ones are kept.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.noted += 1;
        if self.noted <= SHOWN {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Says how many mistakes were not kept.
    pub fn finish(self) {
        if self.noted > SHOWN {
            let title = format!("{} more mistakes are not shown", self.noted - SHOWN);
            let place = Some(self.span(self.text().len()..self.text().len()));
            self.diagnostics.push(Diagnostic::error("too-many-mistakes", title).at(place));
        }
    }
}

/// The text of a file or stream as a [`Source`].
///
/// # Errors
/// A diagnostic where the bytes are not UTF-8, with the place of the first wrong one.
pub fn decode(
    name: &str,
    directory: PathBuf,
    bytes: Vec<u8>,
) -> Result<Arc<Source>, Box<Diagnostic>> {
    let source = |text| Arc::new(Source { name: name.to_owned(), directory, text });
    let wrong = match String::from_utf8(bytes) {
        Ok(text) => return Ok(source(text)),
        Err(error) => error,
    };
    let start = wrong.utf8_error().valid_up_to();
    let byte = wrong.as_bytes()[start];
    let wide = matches!(wrong.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    // It may be a key, or the octets of a seed: nothing of it is shown.
    let source = super::unshown::blank(&source(String::from_utf8_lossy(wrong.as_bytes()).into()));
    let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
    let encoding = if wide { "UTF-16" } else { "another encoding" };
    Err(Diagnostic::error(
        "syntax",
        format!("the text is not UTF-8: found the byte `0x{byte:02x}`"),
    )
    .at(Some(Span { source, start, end }))
    .help(format!("save the file as UTF-8; it seems to be in {encoding}, or no text at all"))
    .into())
}

/// What the source is written in: by the extension of its name, else (standard input, other
/// extensions) by its first line that is neither blank nor a comment. Such a line is TOML if it is
/// a table header or its first `=` comes before its first `:`.
pub fn format_of(source: &Source) -> Format {
    if source.name.starts_with(super::assignment::NAME) {
        return Format::Assignment;
    }
    let extension = source.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    match extension.as_deref() {
        Some("toml") => Format::Toml,
        Some("yaml" | "yml" | "json") => Format::Yaml,
        _ => format_of_content(&source.text),
    }
}

fn format_of_content(text: &str) -> Format {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let line = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut quote = None;
    for character in line.unwrap_or_default().chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '=') => return Format::Toml,
            (None, ':' | '{' | '-' | '%') => return Format::Yaml,
            _ => {}
        }
    }
    Format::Yaml
}

/// Refuses what no format allows: sources that are too long, and control characters.
pub(super) fn check(input: &mut Input<'_>) -> bool {
    let text = input.text();
    if text.len() > MAX_BYTES {
        let limit = MAX_BYTES / 1024 / 1024;
        let title =
            format!("the text is too long: {} bytes, at most {limit} MiB are read", text.len());
        let diagnostic = Diagnostic::error("too-large", title).at(Some(input.span(0..0)));
        input.report(diagnostic.help("split the spec into several files and give each with `-f`"));
        return false;
    }
    let control = |byte: &u8| (*byte < b' ' && !b"\t\n\r".contains(byte)) || *byte == 0x7f;
    let Some(at) = text.bytes().position(|byte| control(&byte)) else { return true };
    let found = literal(&text[at..=at]);
    let diagnostic = Diagnostic::error("syntax", format!("found the control character {found}"))
        .at(Some(input.span(at..at + 1)))
        .help("remove it; in a double-quoted string it can be written as an escape");
    input.report(diagnostic);
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_bytes_are_pointed_at() {
        let error = decode("a.toml", "".into(), b"a = 1\nb = \"\xff\"\n".to_vec()).unwrap_err();
        assert_eq!(error.title, "the text is not UTF-8: found the byte `0xff`");
        assert_eq!(error.span.unwrap().line_and_column(), (2, 6));
        let wide = decode("a.toml", "".into(), b"\xff\xfea\0".to_vec()).unwrap_err();
        assert!(wide.help[0].contains("UTF-16"));
        assert_eq!(decode("a.toml", "".into(), b"a = 1".to_vec()).unwrap().text, "a = 1");
    }

    #[test]
    fn the_format_is_known_by_name_and_else_by_content() {
        let of = |name: &str, text: &str| {
            format_of(&Source { name: name.into(), directory: "".into(), text: text.into() })
        };
        assert_eq!(of("a.toml", "a: 1"), Format::Toml);
        assert_eq!(of("a.YAML", "a = 1"), Format::Yaml);
        assert_eq!(of("a.json", "{}"), Format::Yaml);
        assert_eq!(of("--set", "a=1"), Format::Assignment);
        for text in ["# x: y\n\na = \"b: c\"", "\"a:b\".c=1", "[cas.x]", "\u{feff}a=1"] {
            assert_eq!(of("<stdin>", text), Format::Toml, "{text}");
        }
        for text in ["a: b=c", "---\na: 1", "{\"a=b\": 1}", "", "apiVersion: v1"] {
            assert_eq!(of("<stdin>", text), Format::Yaml, "{text}");
        }
    }
}
