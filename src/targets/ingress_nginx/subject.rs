//! Whole subjects as the regular expression of `auth-tls-match-cn`.
//!
//! The controller writes the value into `if ( $ssl_client_s_dn !~ "…" )`, quoted by Go's `%q`
//! (`rootfs/etc/nginx/template/nginx.tmpl`). It must start
//! with `CN=`, and the rest must compile as RE2 (`CommonNameAnnotationValidator`); nginx uses PCRE.
//! So: nothing but letters, digits and a few harmless signs as they are, everything else as a class
//! of one or as `\xHH`, which means the same to RE2 and to PCRE, and which neither `%q` nor nginx's own
//! unescaping (`\"`, `\'`, `\\`, `\t`, `\r`, `\n`; `ngx_conf_read_token`) changes.

use std::fmt::Write as _;

use super::conventions;

/// nginx reads its configuration through a buffer of 4,096 bytes; a longer argument breaks the reload
/// of the whole controller (`ngx_conf_file.c`, `too long parameter`).
const LONGEST_ARGUMENT: usize = 4000;

/// Why subjects cannot be expressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SubjectError {
    /// There is none, or one without any part: it would admit clients without a certificate.
    Empty,
    /// nginx never prints a subject like that.
    NotAscii(String),
    /// All together are too long for nginx.
    TooLong(usize),
}

/// The value that admits these subjects, as nginx prints them, and no others.
pub(super) fn match_value(subjects: &[String]) -> Result<String, SubjectError> {
    if subjects.is_empty() || subjects.iter().any(String::is_empty) {
        return Err(SubjectError::Empty);
    }
    // The first alternative can never match: the controller insists on `CN=`, and subjects must be
    // matched from their start.
    let mut value = String::from("CN=$.|^(");
    for (index, subject) in subjects.iter().enumerate() {
        if !subject.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(SubjectError::NotAscii(subject.clone()));
        }
        if index > 0 {
            value.push('|');
        }
        push_subject(&mut value, subject);
    }
    value.push_str(")$");
    let quoted = value.len() + value.matches('\\').count() + 2;
    if quoted > LONGEST_ARGUMENT { Err(SubjectError::TooLong(quoted)) } else { Ok(value) }
}

fn push_subject(out: &mut String, subject: &str) {
    let breaks = conventions::starts_of_blocked_words(subject);
    for (at, byte) in subject.bytes().enumerate() {
        match byte {
            // A class of one keeps words off the controller's blocklist.
            byte if breaks.contains(&at) => push_class(out, byte),
            byte if byte.is_ascii_alphanumeric() || b" =,-_@:/~%&!<>".contains(&byte) => {
                out.push(char::from(byte));
            }
            b'.' | b'(' | b')' | b'*' | b'+' | b'?' | b'|' | b'$' => push_class(out, byte),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\x{byte:02X}")),
        }
    }
}

fn push_class(out: &mut String, byte: u8) {
    out.push('[');
    out.push(char::from(byte));
    out.push(']');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_lite::Regex;

    use super::*;

    /// What PCRE and RE2 are given, without the prefix that only the validator sees.
    fn admits(value: &str, subject: &str) -> bool {
        Regex::new(value).unwrap().is_match(subject)
    }

    fn value(subjects: &[&str]) -> String {
        match_value(&subjects.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn whole_subjects_are_pinned() {
        let value = value(&["CN=alice,O=Acme", "CN=bob.svc,O=Acme"]);
        assert_eq!(value, "CN=$.|^(CN=alice,O=Acme|CN=bob[.]svc,O=Acme)$");
        assert!(admits(&value, "CN=alice,O=Acme"));
        for other in [
            "",
            "CN=alice",
            "CN=alice,O=Acme,C=GB",
            "CN=alice-evil,O=Acme",
            "CN=bobxsvc,O=Acme",
            "CN=mallory,OU=CN=alice\\,O=Acme",
            "O=x,CN=alice,O=Acme",
            "CN=$.",
            "CN=",
        ] {
            assert!(!admits(&value, other), "{other}");
        }
    }

    #[test]
    fn signs_are_written_so_that_nothing_reads_them() {
        let cases = [
            (r"CN=a\, b,O=x", r"CN=$.|^(CN=a\x5C, b,O=x)$"),
            (r"CN=J\C3\BCrgen", r"CN=$.|^(CN=J\x5CC3\x5CBCrgen)$"),
            ("CN={x}", r"CN=$.|^(CN=\x7Bx\x7D)$"),
            ("CN=a^b'c", r"CN=$.|^(CN=a\x5Eb\x27c)$"),
            ("CN=(a|b)*", "CN=$.|^(CN=[(]a[|]b[)][*])$"),
            ("CN=root,O=Groot", "CN=$.|^(CN=[r]oot,O=G[r]oot)$"),
        ];
        for (subject, want) in cases {
            assert_eq!(value(&[subject]), want);
            assert!(admits(want, subject), "{subject}");
        }
    }

    #[test]
    fn what_cannot_be_expressed_is_refused() {
        assert_eq!(match_value(&[]), Err(SubjectError::Empty));
        assert_eq!(match_value(&[String::new()]), Err(SubjectError::Empty));
        assert!(matches!(match_value(&["CN=ü".into()]), Err(SubjectError::NotAscii(_))));
        assert!(matches!(match_value(&["CN=a\nb".into()]), Err(SubjectError::NotAscii(_))));
        let many: Vec<_> = (0..400).map(|n| format!("CN=client-{n},O=Acme")).collect();
        assert!(matches!(match_value(&many), Err(SubjectError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn only_the_subject_itself_is_admitted(one in "[ -~]{1,30}", other in "[ -~]{0,30}") {
            let value = value(&[&one]);
            prop_assert!(admits(&value, &one));
            prop_assert_eq!(admits(&value, &other), one == other);
            let dangerous = ['{', '}', '\'', '"', ';', '#', '`'];
            prop_assert!(!value.contains(dangerous));
            prop_assert!(conventions::blocked(&value).is_none());
            prop_assert!(value.is_ascii() && value.trim() == value);
        }
    }
}
