//! One message for one cause, at however many places of the spec it shows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Diagnostic;

/// Codes of messages that say the same at every place that names one thing, and which literal of the title is the entry
/// that is concerned, if it names one.
const SHARED: [(&str, Option<usize>); 4] = [
    ("issuer-without-key", None),
    ("secret-missing", Some(1)),
    ("shared-root", None),
    ("unknown-reference", None),
];
/// Places of people's messages, and entries that a title names.
const SHOWN: usize = 3;
/// What is said at the further places.
const WORDS: &str = "here too";

/// The diagnostics in their order, those of one cause as one, at the place of the first of them.
pub(super) fn merged(ordered: Vec<&Diagnostic>) -> Vec<Cow<'_, Diagnostic>> {
    let mut groups: BTreeMap<_, usize> = BTreeMap::new();
    let mut found: Vec<(&Diagnostic, Vec<&Diagnostic>)> = Vec::new();
    for diagnostic in ordered {
        let shared = SHARED.iter().find(|(code, _)| *code == diagnostic.code);
        let Some((_, place)) = shared.filter(|_| diagnostic.span.is_some()) else {
            found.push((diagnostic, Vec::new()));
            continue;
        };
        let Diagnostic { severity, code, title, label, help, .. } = diagnostic;
        let key = (*severity, *code, without(title, *place), label, help);
        let at = *groups.entry(key).or_insert(found.len());
        match found.get_mut(at) {
            Some((_, others)) => others.push(diagnostic),
            None => found.push((diagnostic, Vec::new())),
        }
    }
    found.into_iter().map(|(first, others)| one(first, &others)).collect()
}

fn one<'a>(first: &'a Diagnostic, others: &[&'a Diagnostic]) -> Cow<'a, Diagnostic> {
    if others.is_empty() {
        return Cow::Borrowed(first);
    }
    let mut merged = first.clone();
    let place = SHARED.iter().find(|(code, _)| *code == first.code).and_then(|(_, place)| *place);
    if let Some(place) = place {
        merged.title = named(first, others, place);
    }
    for other in others {
        let own = other.span.iter().map(|span| (span.clone(), WORDS.to_owned()));
        let further = own.chain(other.related.iter().cloned());
        for related in further {
            if first.span.as_ref() != Some(&related.0) && !merged.related.contains(&related) {
                merged.related.push(related);
            }
        }
    }
    Cow::Owned(merged)
}

/// The title without the literal at that place, counted from zero.
fn without(title: &str, place: Option<usize>) -> Vec<&str> {
    let own = place.map(|place| 2 * place + 1);
    title.split('`').enumerate().filter(|(at, _)| Some(*at) != own).map(|(_, part)| part).collect()
}

/// The first title, with the entries of all in the place of its own.
fn named(first: &Diagnostic, others: &[&Diagnostic], place: usize) -> String {
    let all = std::iter::once(&first).chain(others);
    let mut names: Vec<&str> =
        all.filter_map(|one| one.title.split('`').nth(2 * place + 1)).collect();
    names.dedup();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let all = match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        1 => format!("{} and 1 other", shown.join(", ")),
        more => format!("{} and {more} others", shown.join(", ")),
    };
    let parts: Vec<&str> = first.title.split('`').collect();
    let (Some(before), Some(after)) = (parts.get(..2 * place + 1), parts.get(2 * place + 2..))
    else {
        return first.title.clone();
    };
    format!("{}{all}{}", before.join("`"), after.join("`"))
}

/// For people: the first few of many places, and how many more there are.
pub(super) fn shortened(diagnostic: Cow<'_, Diagnostic>) -> Cow<'_, Diagnostic> {
    let further = |related: &[(super::Span, String)]| {
        related.iter().filter(|(_, words)| words == WORDS).count()
    };
    let more = further(&diagnostic.related).saturating_sub(SHOWN);
    if more == 0 {
        return diagnostic;
    }
    let mut diagnostic = diagnostic.into_owned();
    let mut kept = 0;
    let mut lines = Vec::new();
    diagnostic.related.retain(|(span, words)| {
        let is_further = words == WORDS;
        kept += usize::from(is_further);
        if is_further && kept > SHOWN {
            lines.push(span.line_and_column().0.to_string());
        }
        !is_further || kept <= SHOWN
    });
    let places = if more == 1 { "place" } else { "places" };
    let shown = lines.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    let rest = if lines.len() > 8 { ", …" } else { "" };
    diagnostic.help.push(format!("the same at {more} more {places}: line {shown}{rest}"));
    Cow::Owned(diagnostic)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Source, Span, human, json};
    use super::*;

    fn at_lines(count: usize, make: impl Fn(usize) -> Diagnostic) -> Vec<Diagnostic> {
        let lines: Vec<String> = (0..count).map(|at| format!("ca{at:02}\n")).collect();
        let text = lines.concat();
        let source = Arc::new(Source { name: "a.toml".into(), directory: "".into(), text });
        let span = |at: usize| Span { source: source.clone(), start: 5 * at, end: 5 * at + 4 };
        (0..count).map(|at| make(at).at(Some(span(at)))).collect()
    }

    #[test]
    fn one_cause_is_one_message_with_its_places() {
        let same = |_| Diagnostic::error("unknown-reference", "there is no authority `x`");
        let all = at_lines(10, same);
        let text = human::render(&all, false, 100);
        assert_eq!(text.matches("error[").count(), 1, "{text}");
        assert_eq!(text.matches("here too").count(), 3, "{text}");
        assert!(text.contains("the same at 6 more places: line 5, 6, 7, 8, 9, 10"), "{text}");
        let program = json::render(&all);
        assert_eq!(program.lines().count(), 1, "{program}");
        assert_eq!(program.matches("here too").count(), 9, "{program}");
    }

    #[test]
    fn titles_name_those_concerned_and_other_causes_stay_apart() {
        let missing = |at: usize| {
            let (secret, host) = (if at == 4 { "b" } else { "a" }, format!("h{at}"));
            Diagnostic::error(
                "secret-missing",
                format!("the Secret `{secret}` of `{host}` is missing"),
            )
        };
        let text = human::render(&at_lines(6, missing), false, 100);
        assert!(
            text.contains("the Secret `a` of `h0`, `h1`, `h2` and 2 others is missing"),
            "{text}"
        );
        assert!(text.contains("the Secret `b` of `h4` is missing"), "{text}");
        let own = |_| Diagnostic::error("missing-key", "this host lacks a key");
        assert_eq!(human::render(&at_lines(3, own), false, 100).matches("error[").count(), 3);
    }
}
