//! `auth-tls-error-page`: what refused clients get.

use regex_lite::Regex;

use crate::enforcement::Answer;

/// What the controller accepts since 1.12.6 (`redirectRegex` of `internal/ingress/annotations/authtls/main.go`).
const ACCEPTED: &str =
    r"^(@[A-Za-z0-9_-]+|((https?://)?[A-Za-z0-9\-.]+(:\d+)?)?(/[A-Za-z0-9\-_.]+)*/?)$";

/// Whether the controller accepts the value; if not, it passes over the whole Ingress.
pub(super) fn is_accepted(value: &str) -> bool {
    Regex::new(ACCEPTED).is_ok_and(|accepted| accepted.is_match(value))
}

/// What nginx makes of `error_page 495 496 = VALUE`: a path is served as if the request had it, a name is that of a location
/// which nothing defines, everything else is a redirect.
pub(super) fn answer(value: &str) -> Answer {
    match value.as_bytes().first() {
        Some(b'/') => Answer::Within(value.to_owned()),
        Some(b'@') => Answer::Status(500),
        _ => Answer::Page(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_served_to_refused_clients() {
        assert_eq!(answer("/sorry"), Answer::Within("/sorry".to_owned()));
        assert_eq!(answer("https://e.test/"), Answer::Page("https://e.test/".to_owned()));
        assert_eq!(answer("@x"), Answer::Status(500));
        for (value, accepted) in
            [("/a/b", true), ("https://e.test/a?b", false), ("@x", true), ("a b", false)]
        {
            assert_eq!(is_accepted(value), accepted, "{value}");
        }
    }
}
