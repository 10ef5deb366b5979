//! Names of hosts and domains, in small letters: what a wildcard covers, what lies below.

/// The domain whose wildcard covers a host: all behind its first label, which has to be there and be no wildcard itself
/// (RFC 9525, section 6.3).
#[must_use]
pub fn of_wildcard(host: &str) -> Option<&str> {
    let (label, domain) = host.split_once('.')?;
    (!label.is_empty() && label != "*").then_some(domain)
}

/// Whether `name` is `domain`, or is below it at any depth.
#[must_use]
pub fn is_at_or_below(name: &str, domain: &str) -> bool {
    name == domain || is_below(name, domain)
}

/// Whether `name` is below `domain` at any depth.
#[must_use]
pub fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_label() {
        for (host, domain) in [
            ("a.b.c", Some("b.c")),
            ("a.b", Some("b")),
            ("a", None),
            ("*.b.c", None),
            (".b.c", None),
            ("", None),
        ] {
            assert_eq!(of_wildcard(host), domain, "{host}");
        }
    }

    #[test]
    fn domains_end_at_a_dot() {
        assert!(is_at_or_below("b.c", "b.c") && !is_below("b.c", "b.c"));
        assert!(is_at_or_below("x.a.b.c", "b.c") && is_below("x.a.b.c", "b.c"));
        assert!(!is_at_or_below("ab.c", "b.c") && !is_at_or_below("c", "b.c"));
    }
}
