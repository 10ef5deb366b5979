//! `auth-tls-match-cn`: a regular expression for the whole subject, found anywhere in it.

use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::enforcement::Admits;

/// Begins and ends the form that admits whole subjects and no others; the first alternative never matches.
const WHOLE: (&str, &str) = ("CN=$.|^(", ")$");

/// What the controller makes of a value.
pub(super) enum Value {
    /// It passes over the whole Ingress.
    Dropped,
    /// It is a check.
    Check(Admits),
    /// It may or may not accept it: the expression is beyond what is understood here.
    NotKnown,
}

/// Judges a value (`CommonNameAnnotationValidator` of `internal/ingress/annotations/parser/validators.go`).
pub(super) fn value(text: &str) -> Value {
    let Some(rest) = text.strip_prefix("CN=") else { return Value::Dropped };
    if !is_shared(rest) || Regex::new(rest).is_err() || Regex::new(text).is_err() {
        return Value::NotKnown;
    }
    Value::Check(match whole_subjects(text) {
        Some(subjects) => Admits::Subjects(subjects),
        None => Admits::Expression(text.to_owned()),
    })
}

/// Whether an expression has nothing but what Go, PCRE and the library here read alike: literals, classes, groups, alternatives,
/// anchors and single repetitions.
fn is_shared(text: &str) -> bool {
    let mut before_repeats = true;
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        let repeats = matches!(sign, '*' | '+' | '?');
        let is_known = match sign {
            '*' | '+' | '?' => !before_repeats,
            '(' => rest.peek() != Some(&'?'),
            '\\' => match rest.next() {
                Some('x') => {
                    let digits = [rest.next(), rest.next()];
                    digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
                }
                Some(next) => next.is_ascii_punctuation(),
                None => false,
            },
            '[' => {
                let class: String = rest.by_ref().take_while(|sign| *sign != ']').collect();
                let class = class.strip_prefix('^').unwrap_or(&class);
                !class.is_empty()
                    && class
                        .chars()
                        .all(|sign| sign.is_ascii_alphanumeric() || " .,_@=$()*+?|-".contains(sign))
            }
            ')' | '|' | '.' | '^' | '$' => true,
            sign => sign.is_ascii_alphanumeric() || " =,-_@:/~%&!<>;#'`".contains(sign),
        };
        if !is_known {
            return false;
        }
        before_repeats = repeats || matches!(sign, '(' | '|' | '^');
    }
    true
}

/// The subjects of the strict form, if the value is of that form.
fn whole_subjects(text: &str) -> Option<BTreeSet<String>> {
    let inner = text.strip_prefix(WHOLE.0)?.strip_suffix(WHOLE.1)?;
    let mut subjects = BTreeSet::new();
    let mut subject: Vec<u8> = Vec::new();
    let mut rest = inner.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, rest) {
            (b'|', _) => {
                subjects.insert(String::from_utf8(std::mem::take(&mut subject)).ok()?);
            }
            (b'[', [byte, b']', after @ ..]) if !b"^\\".contains(byte) => {
                subject.push(*byte);
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok()?;
                subject.push(u8::from_str_radix(digits, 16).ok()?);
                rest = after;
            }
            (byte, _) if byte.is_ascii_alphanumeric() || b" =,-_@:/~%&!<>;#\"'`".contains(byte) => {
                subject.push(*byte);
            }
            _ => return None,
        }
    }
    subjects.insert(String::from_utf8(subject).ok()?);
    // An empty alternative admits subjects that nothing is known of.
    (!subjects.contains("")).then_some(subjects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_form_is_a_set_of_subjects() {
        let whole =
            |text: &str| whole_subjects(text).map(|all| all.into_iter().collect::<Vec<_>>());
        assert_eq!(
            whole(r"CN=$.|^(CN=alice,O=Acme|CN=bob[.]svc|CN=J\x5CC3)$").unwrap(),
            ["CN=J\\C3", "CN=alice,O=Acme", "CN=bob.svc"]
        );
        for open in [
            "CN=$.|^(CN=a|)$",
            "CN=$.|^(CN=.*)$",
            "CN=$.|^(CN=a[bc])$",
            "CN=a",
            "CN=$.|^(CN=(a|b))$",
        ] {
            assert_eq!(whole(open), None, "{open}");
        }
    }

    #[test]
    fn what_the_controller_refuses_is_dropped() {
        assert!(matches!(value("O=a"), Value::Dropped));
        for odd in
            ["CN=(", "CN=[a-z]{1001}", "CN=(?x)a", "CN=a**", r"CN=\u0061", r"CN=\d", "CN=a{2}"]
        {
            assert!(matches!(value(odd), Value::NotKnown), "{odd}");
        }
        for plain in ["CN=alice", "CN=(a|b)(,|$)", "CN=$.|^CN=(alice|bob[.]svc)(,|$)", "CN=a.*,O=x"]
        {
            assert!(matches!(value(plain), Value::Check(_)), "{plain}");
        }
        assert!(matches!(value("CN=a.*"), Value::Check(Admits::Expression(_))));
    }
}
