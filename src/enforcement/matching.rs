//! Texts that a regular expression matches.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// How many texts are looked at.
const MOST: usize = 16;
/// The longest text.
const LENGTH: usize = 1000;
/// How often more than it has to a repetition repeats that has no end.
const MORE: u32 = 12;
/// Signs in the order in which they are taken from a class.
const SIGNS: &str = "xabcdefghijklmnopqrstuvwyz0123456789/-_.~ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Texts that it may match as a whole, the shortest of each alternative first, then longer ones; none: it is not read here.
pub(super) fn texts(expression: &str) -> Vec<String> {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(expression);
    let Ok(parsed) = parsed else { return Vec::new() };
    let mut all = of(&parsed, 0);
    for longer in of(&parsed, MORE) {
        if !all.contains(&longer) {
            all.push(longer);
        }
    }
    all
}

fn of(part: &Hir, more: u32) -> Vec<String> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).into_iter().collect(),
        HirKind::Class(class) => signs(class).map(String::from).collect(),
        HirKind::Capture(capture) => of(&capture.sub, more),
        HirKind::Repetition(repetition) => {
            let times = match repetition.max {
                None => repetition.min.saturating_add(more),
                Some(max) => repetition.min.saturating_add(more).min(max),
            };
            let Some(times) = usize::try_from(times).ok().filter(|times| *times > 0) else {
                return vec![String::new()];
            };
            let once = of(&repetition.sub, more);
            let short = once.iter().filter(|text| text.len().saturating_mul(times) <= LENGTH);
            short.map(|text| text.repeat(times)).collect()
        }
        HirKind::Concat(parts) => parts.iter().fold(vec![String::new()], |begun, part| {
            let ends = of(part, more);
            let both =
                begun.iter().flat_map(|begin| ends.iter().map(move |end| format!("{begin}{end}")));
            both.filter(|text| text.len() <= LENGTH).take(MOST).collect()
        }),
        HirKind::Alternation(parts) => {
            parts.iter().flat_map(|part| of(part, more)).take(MOST).collect()
        }
    }
}

/// Two signs of a class, which differ in more than their case.
fn signs(class: &Class) -> impl Iterator<Item = char> {
    let has = |sign: &char| match class {
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(sign))
        }
        Class::Bytes(class) => u8::try_from(*sign).is_ok_and(|sign| {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&sign))
        }),
    };
    let mut all =
        SIGNS.chars().chain((' '..='~').filter(|sign| !SIGNS.contains(*sign))).filter(has);
    let first = all.next();
    let second = all.find(|sign| first.is_some_and(|first| !first.eq_ignore_ascii_case(sign)));
    first.into_iter().chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    #[test]
    fn each_text_is_matched() {
        for (expression, first) in [
            ("(?i)^/foo.*", "/foo"),
            ("^/(api|v[0-9]+)/x$", "/api/x"),
            ("/a{2,3}", "/aa"),
            ("^/[^a-z]?b(c)*", "/b"),
            ("^/x\\.y", "/x.y"),
        ] {
            let all = texts(expression);
            assert_eq!(all.first().map(String::as_str), Some(first), "{expression}: {all:?}");
            let regex = Regex::new(expression).unwrap();
            assert!(all.iter().all(|text| regex.is_match(text)), "{expression}: {all:?}");
        }
        assert_eq!(texts("^/(api|v[0-9])$"), ["/api", "/v0", "/v1"]);
        assert_eq!(texts("(?i)^/(a|b)$"), ["/a", "/b"], "one of each case");
        assert!(texts("^/v0+").contains(&"/v0000000000000".to_owned()));
        assert_eq!(texts("^/(?=a)"), Vec::<String>::new());
        assert!(texts(&"(a|b)".repeat(100)).len() <= 2 * MOST, "not all of 2^100");
        assert_eq!(texts("(((a{64}){64}){64}){64}").len(), 0);
    }
}
