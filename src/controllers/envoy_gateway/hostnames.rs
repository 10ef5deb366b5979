//! Under which names a route is served at a listener (`computeHosts` of `internal/gatewayapi/helpers.go`).

use std::collections::BTreeSet;

/// The names; `listener`: its hostname, or nothing; `is_others`: whether another listener of its port has a hostname.
pub(super) fn names(
    route: &[String],
    listener: &str,
    is_others: impl Fn(&str) -> bool,
) -> BTreeSet<String> {
    if route.is_empty() {
        return BTreeSet::from([if listener.is_empty() { "*" } else { listener }.to_owned()]);
    }
    let mut names = BTreeSet::new();
    for own in route {
        if listener.is_empty() || listener == own || is_below(own, listener) {
            names.insert(own.clone());
        }
        if is_below(listener, own) {
            names.insert(listener.to_owned());
        }
    }
    names.retain(|name| !is_others(name));
    names
}

/// Whether a name or wildcard is one of those of another wildcard, at any depth (`wildcardHostnameMatchesHostname`).
fn is_below(name: &str, wildcard: &str) -> bool {
    let Some(domain) = wildcard.strip_prefix('*') else { return false };
    match name.strip_prefix('*') {
        None => name.strip_suffix(domain).is_some_and(|label| !label.is_empty()),
        Some(rest) => rest.strip_suffix(domain).is_some_and(|label| label.starts_with('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(route: &[&str], listener: &str, others: &[&str]) -> Vec<String> {
        let route: Vec<String> = route.iter().map(|&name| name.to_owned()).collect();
        names(&route, listener, |name| others.contains(&name)).into_iter().collect()
    }

    #[test]
    fn names_are_what_route_and_listener_have_in_common() {
        assert_eq!(of(&[], "", &[]), ["*"]);
        assert_eq!(of(&[], "*.a.test", &[]), ["*.a.test"]);
        assert_eq!(of(&["x.a.test"], "", &[]), ["x.a.test"]);
        assert_eq!(of(&["x.a.test", "y.b.test"], "*.a.test", &[]), ["x.a.test"]);
        assert_eq!(of(&["x.y.a.test"], "*.a.test", &[]), ["x.y.a.test"]);
        assert_eq!(of(&["a.test"], "*.a.test", &[]), [""; 0]);
        assert_eq!(of(&["*.a.test"], "x.a.test", &[]), ["x.a.test"]);
        assert_eq!(of(&["*.test"], "*.a.test", &[]), ["*.a.test"]);
        assert_eq!(of(&["*.a.test"], "*.test", &[]), ["*.a.test"]);
        // A name that another listener of the port has is not served here, a name below its wildcard is.
        assert_eq!(of(&["x.a.test", "y.a.test"], "", &["x.a.test", "*.a.test"]), ["y.a.test"]);
    }
}
