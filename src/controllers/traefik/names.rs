//! Names of parts, as Traefik composes them.

/// `Normalize` of `pkg/provider/configuration.go`: each run of signs that are neither letters nor digits is one dash.
pub(super) fn normalized(name: &str) -> String {
    let parts = name.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// Whether TLS settings can be chosen by that name (`hostSNI` of `pkg/muxer/tcp/matcher.go`).
pub(super) fn is_server_name(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || "_.-:".contains(sign);
    !rest.is_empty() && rest.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_meet() {
        assert_eq!(normalized("a.b-c/d"), "a-b-c-d");
        assert_eq!(normalized("-a--b-"), "a-b");
    }

    #[test]
    fn server_names() {
        assert!(is_server_name("a.test") && is_server_name("*.test"));
        assert!(!is_server_name("") && !is_server_name("*") && !is_server_name("~^a$"));
    }
}
