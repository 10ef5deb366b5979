//! Diagnostics for people: file, line, column, the source line with the value underlined, and what to write instead.

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};

use super::excerpt::{Excerpt, near, said};
use super::shared::shortened;
use super::{Diagnostic, Severity, Span, in_order, shown};

/// Shows diagnostics, ordered by place and each once, for a terminal of `width` columns.
///
/// Ends with a line feed unless there is nothing to show; a summary is the caller's.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], colour: bool, width: usize) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width.max(40));
    in_order(diagnostics)
        .into_iter()
        .map(shortened)
        .map(|diagnostic| renderer.render(&[group(&diagnostic)]) + "\n\n")
        .collect()
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let said = |words: &str| shown(&said(words, diagnostic.span.as_ref()));
    let title = level(diagnostic.severity).primary_title(said(&diagnostic.title));
    let mut group = Group::with_title(title.id(diagnostic.code));
    let (close, far): (Vec<_>, Vec<_>) = diagnostic
        .related
        .iter()
        .partition(|(span, _)| diagnostic.span.as_ref().is_some_and(|first| near(first, span)));
    if let Some(span) = &diagnostic.span {
        let mut marks = vec![(span, AnnotationKind::Primary, diagnostic.label.as_str())];
        marks.extend(
            close.iter().map(|(span, words)| (span, AnnotationKind::Context, words.as_str())),
        );
        group = group.elements(excerpt(&marks));
    }
    for (span, words) in far {
        group = group.elements(excerpt(&[(span, AnnotationKind::Context, words)]));
    }
    group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(said(help))))
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::NOTE.with_name("notice"),
    }
}

/// The lines of one source with marks in them, or the bare place where they must not be shown.
fn excerpt<'a>(marks: &[(&'a Span, AnnotationKind, &'a str)]) -> Vec<Element<'a>> {
    let spans: Vec<&Span> = marks.iter().map(|(span, ..)| *span).collect();
    let Some(first) = spans.first() else { return Vec::new() };
    let Some(excerpt) = Excerpt::of(&spans) else { return vec![origin(first).into()] };
    let annotations = excerpt.marks.into_iter().zip(marks).map(|(range, (span, kind, words))| {
        annotation(range, *kind, shown(&said(words, Some(span))))
    });
    let snippet = Snippet::source(excerpt.text).line_start(excerpt.line).annotations(annotations);
    if excerpt.exact {
        return vec![snippet.path(shown(&first.source.name)).into()];
    }
    vec![origin(first).into(), snippet.into()]
}

fn annotation(
    range: std::ops::Range<usize>,
    kind: AnnotationKind,
    words: String,
) -> Annotation<'static> {
    let annotation = kind.span(range);
    if words.is_empty() { annotation } else { annotation.label(words) }
}

fn origin(span: &Span) -> Origin<'_> {
    let (line, column) = span.line_and_column();
    Origin::path(shown(&span.source.name)).line(line).char_column(column)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Source;
    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source { name: "mtls.toml".into(), directory: "".into(), text: text.to_owned() })
    }

    fn span(source: &Arc<Source>, part: &str) -> Span {
        let start = source.text.find(part).unwrap();
        Span { source: source.clone(), start, end: start + part.len() }
    }

    #[test]
    fn a_message_shows_place_line_label_and_help() {
        let source = source("[hosts.a]\r\n\ttlss = false\r\n");
        let diagnostic = Diagnostic::error("unknown-key", "unknown key `tlss`")
            .at(Some(span(&source, "tlss")))
            .label("no such key")
            .help("write `tls`");
        let shown = render(&[diagnostic.clone(), diagnostic], false, 100);
        assert_eq!(
            shown,
            "error[unknown-key]: unknown key `tlss`\n \
             --> mtls.toml:2:2\n  \
             |\n\
             2 |     tlss = false\n  \
             |     ^^^^ no such key\n  \
             |\n  \
             = help: write `tls`\n\n"
        );
    }

    #[test]
    fn related_places_are_shown_near_and_far() {
        let filler = "# filler\n".repeat(500);
        let source = source(&format!("a = 1\nb = 2\n{filler}c = 3\n"));
        let diagnostic = Diagnostic::warning("twice", "said twice")
            .at(Some(span(&source, "b = 2")))
            .related(Some(span(&source, "a = 1")), "near")
            .related(Some(span(&source, "c = 3")), "far");
        let shown = render(&[diagnostic], false, 100);
        assert!(shown.starts_with("warning[twice]: said twice\n   --> mtls.toml:2:1"), "{shown}");
        assert!(shown.contains("----- near") && shown.contains("mtls.toml:503:1"), "{shown}");
        assert!(!shown.contains("filler"), "{shown}");
    }

    #[test]
    fn a_line_of_a_megabyte_keeps_its_column() {
        let source = source(&format!("a = \"{}\" , here", "x".repeat(1_000_000)));
        let diagnostic = Diagnostic::notice("long", "too long").at(Some(span(&source, "here")));
        let shown = render(&[diagnostic], false, 100);
        assert!(shown.starts_with("notice[long]: too long\n --> mtls.toml:1:1000010\n"), "{shown}");
        assert!(shown.len() < 1_000 && shown.contains("^^^^"), "{shown}");
    }

    #[test]
    fn private_keys_and_control_characters_are_not_printed() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n";
        let key = source(pem);
        let control = source("name = \u{1b}[31m\u{0}");
        let shown = render(
            &[
                Diagnostic::error("syntax", format!("found {pem}")).at(Some(span(&key, "MIIE"))),
                Diagnostic::error("syntax", "bad").at(Some(span(&control, "name"))),
            ],
            false,
            100,
        );
        assert!(
            !shown.contains("MIIE") && !shown.contains('\u{1b}') && !shown.contains('\0'),
            "{shown}"
        );
        assert!(shown.contains("mtls.toml:2:1"), "{shown}");
    }

    #[test]
    fn order_is_by_place_and_placeless_ones_come_last() {
        let source = source("a\nb\n");
        let titles = |shown: &str| -> Vec<String> {
            shown.lines().filter(|l| l.starts_with("error")).map(str::to_owned).collect()
        };
        let shown = render(
            &[
                Diagnostic::error("x", "third"),
                Diagnostic::error("x", "second").at(Some(span(&source, "b"))),
                Diagnostic::error("x", "first").at(Some(span(&source, "a"))),
            ],
            false,
            100,
        );
        assert_eq!(titles(&shown), ["error[x]: first", "error[x]: second", "error[x]: third"]);
    }
}
