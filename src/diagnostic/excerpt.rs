//! The lines of a source that a message shows, cut out so that size of file and line do not matter.

use std::ops::Range;

use super::{Source, Span, is_unsafe};
use crate::guard::mask::{masked_beside, touches_secret};
use crate::guard::{has_secret, hidden, masked};

/// Longest line that is shown whole; longer ones are cut around the place.
const LONGEST_LINE: usize = 1_000;
/// What is shown of a longer line on either side.
const AROUND: usize = 60;

/// What is searched of a source for secrets that words may repeat, on either side of the place: a line of a megabyte
/// is not read again for each of a thousand messages.
const BESIDE: usize = 16 << 10;

/// Some lines of a source with places in them.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The lines.
    pub text: String,
    /// Number of the first line, from one.
    pub line: usize,
    /// The places, as ranges of bytes in `text`, in the order in which they were asked for.
    pub marks: Vec<Range<usize>>,
    /// Whether columns in `text` are columns in the source.
    pub exact: bool,
}

impl Excerpt {
    /// The lines of the first line of each span, all spans of one source; `None` where a line
    /// belongs to a private key or looks secret, and where the source is not shown and has blanks alone.
    pub fn of(spans: &[&Span]) -> Option<Self> {
        let source = &spans.first()?.source;
        let lines: Vec<_> = spans.iter().map(|span| line_of(source, span.start)).collect();
        let start = lines.iter().map(|line| line.start).min()?;
        let end = lines.iter().map(|line| line.end).max()?;
        let is_blank = end > start && source.text[start..end].trim().is_empty();
        // Of a line that is cut, no more is shown than this.
        let first = spans.iter().map(|span| span.start).min()?.saturating_sub(BESIDE).max(start);
        let last = spans.iter().map(|span| span.start).max()?.saturating_add(BESIDE).min(end);
        let shown = boundary(&source.text, first)..boundary(&source.text, last);
        let shown = if end - start > LONGEST_LINE { shown } else { start..end };
        if is_blank
            || touches_secret(&source.text, shown.clone())
            || has_secret(&source.text[shown])
        {
            return None;
        }
        let number = source.text[..start].matches('\n').count() + 1;
        let marks = spans.iter().zip(&lines);
        let mut marks = marks.map(|(span, line)| span.start..span.end.clamp(span.start, line.end));
        match spans {
            [_] if end - start > LONGEST_LINE => {
                Some(cut(&source.text, start..end, marks.next_back()?, number))
            }
            _ => Some(Self {
                text: source.text[start..end].to_owned(),
                line: number,
                marks: marks.map(|mark| mark.start - start..mark.end - start).collect(),
                exact: true,
            }),
        }
        .map(Self::visible)
    }

    /// With a mark in the place of each character that controls a terminal or is invisible.
    fn visible(mut self) -> Self {
        const MARK: char = '\u{fffd}';
        let hides = |c: char| is_unsafe(c) && !matches!(c, '\t' | '\n');
        if !self.text.contains(hides) {
            return self;
        }
        let moved = |at: usize| -> usize {
            let before = self.text[..at].chars();
            before.map(|c| if hides(c) { MARK.len_utf8() } else { c.len_utf8() }).sum()
        };
        self.marks = self.marks.iter().map(|mark| moved(mark.start)..moved(mark.end)).collect();
        self.text = self.text.chars().map(|c| if hides(c) { MARK } else { c }).collect();
        self
    }
}

/// `words` of a message about `span` without secrets and what looks like one, also in the line that it is about.
pub(super) fn said(words: &str, span: Option<&Span>) -> String {
    let words = match span {
        None => masked(words),
        Some(Span { source, start, end }) => {
            let text = &source.text;
            let first = line_of(source, *start).start.max(start.saturating_sub(BESIDE));
            let last = line_of(source, *end).end.min(start + BESIDE);
            masked_beside(words, text, boundary(text, first)..boundary(text, last))
        }
    };
    hidden(&words).into_owned()
}

/// Whether both spans fit in one excerpt.
pub(super) fn near(first: &Span, second: &Span) -> bool {
    const NEAR: usize = 2_000;
    let (start, end) = (first.start.min(second.start), first.start.max(second.start));
    std::sync::Arc::ptr_eq(&first.source, &second.source)
        && end - start < NEAR
        && [start, end].into_iter().all(|at| line_of(&first.source, at).len() <= LONGEST_LINE)
}

/// The line around the byte at `offset`, without its end and without a byte order mark.
fn line_of(source: &Source, offset: usize) -> Range<usize> {
    let text = &source.text;
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    let end = if end > offset && text[..end].ends_with('\r') { end - 1 } else { end };
    let mark = if start == 0 && offset > 0 && text.starts_with('\u{feff}') { 3 } else { 0 };
    start + mark..end
}

/// What is shown of a line that is too long: the place, shortened, and a little on either side.
fn cut(text: &str, line: Range<usize>, mark: Range<usize>, number: usize) -> Excerpt {
    let start = boundary(text, mark.start.saturating_sub(AROUND).max(line.start));
    let shown = boundary(text, mark.end.min(mark.start + AROUND));
    let end = boundary(text, (shown + AROUND).min(line.end));
    let before = if start > line.start { "…" } else { "" };
    let after = if end < line.end { "…" } else { "" };
    let shift = |at: usize| at - start + before.len();
    Excerpt {
        text: format!("{before}{}{after}", &text[start..end]),
        line: number,
        marks: std::iter::once(shift(mark.start)..shift(shown)).collect(),
        exact: start == line.start,
    }
}

/// The nearest character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn span(text: &str, range: Range<usize>) -> Span {
        let source = Source { name: "a".into(), directory: "".into(), text: text.to_owned() };
        Span { source: Arc::new(source), start: range.start, end: range.end }
    }

    #[test]
    fn only_the_line_is_taken_and_many_lines_are_cut_to_the_first() {
        let excerpt = Excerpt::of(&[&span("a\r\nbcd\r\ne\r\n", 4..9)]).unwrap();
        assert_eq!((excerpt.text.as_str(), excerpt.line), ("bcd", 2));
        assert_eq!((excerpt.marks[0].start, excerpt.marks[0].end), (1, 3));
    }

    #[test]
    fn the_end_of_the_file_is_a_place() {
        let excerpt = Excerpt::of(&[&span("a\n", 2..2)]).unwrap();
        assert_eq!((excerpt.text.as_str(), excerpt.line), ("", 2));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = "ä".repeat(5_000);
        let excerpt = Excerpt::of(&[&span(&text, 4_000..9_000)]).unwrap();
        assert!(excerpt.text.len() < 300, "{}", excerpt.text.len());
        assert!(!excerpt.exact);
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
    }
}
