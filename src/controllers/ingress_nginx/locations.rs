//! Locations of a server: what they match, and what they answer.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::reading::Auth;
use super::servers::{Fixed, Location, Server, World};
use crate::enforcement::{
    Action, Backend, Cause, Fact, Forward, Header, HeaderValue, Missing, PathPattern,
};

/// What the locations of a server match (`updateServerLocations` of `internal/ingress/controller/location.go`).
pub(super) fn patterns(server: &Server) -> Vec<(PathPattern, &Location)> {
    let is_regex = server.locations.iter().any(|location| location.uses_regex);
    let exact = server.locations.iter().filter(|one| one.is_exact).map(|one| one.path.as_str());
    let exact: BTreeSet<&str> = exact.collect();
    let mut patterns = Vec::new();
    for location in &server.locations {
        let mut add = |pattern| patterns.push((pattern, location));
        let path = &location.path;
        if is_regex && path != "/" {
            add(PathPattern::Expression(path.clone()));
        } else if location.is_exact && !is_regex {
            add(PathPattern::Exact(path.clone()));
        } else if path == "/" {
            add(PathPattern::Prefix(path.clone()));
        } else {
            let end = if path.ends_with('/') { "" } else { "/" };
            add(PathPattern::Prefix(format!("{path}{end}")));
            if !exact.contains(path.as_str()) {
                add(PathPattern::Exact(path.clone()));
            }
        }
    }
    patterns
}

/// Paths that nginx redirects to the same with a slash: it has a location for that one, and none for the path itself
/// (`auto_redirect` of `ngx_http_core_find_static_location`).
pub(super) fn with_slash_alone(patterns: &[(PathPattern, &Location)]) -> BTreeSet<String> {
    let exact: BTreeSet<&str> = patterns
        .iter()
        .filter_map(|(pattern, _)| match pattern {
            PathPattern::Exact(path) => Some(path.as_str()),
            PathPattern::Prefix(_) | PathPattern::Expression(_) | PathPattern::Rule(_) => None,
        })
        .collect();
    let slashed = patterns.iter().filter_map(|(pattern, _)| match pattern {
        PathPattern::Prefix(path) | PathPattern::Exact(path) => {
            path.strip_suffix('/').filter(|path| !path.is_empty())
        }
        PathPattern::Expression(_) | PathPattern::Rule(_) => None,
    });
    slashed.filter(|path| !exact.contains(path)).map(str::to_owned).collect()
}

/// Where a server redirects `/` to, whichever of its locations says so: the first one in the order in which the controller writes
/// them, the longest path first (`getBackendServers` of `internal/ingress/controller/controller.go`).
pub(super) fn app_root(server: &Server) -> Option<&str> {
    let all = server.locations.iter().filter_map(|one| Some((one.app_root.as_deref()?, &one.path)));
    all.min_by_key(|(_, path)| Reverse((path.len(), *path))).map(|(to, _)| to)
}

/// Why nginx takes no configuration at all, if it takes none.
pub(super) fn broken(world: &World) -> Option<Missing> {
    if let Some(host) = &world.ends_at {
        return Some(Missing::Broken(host.clone(), "it ends at a canary whose rule has no paths"));
    }
    let is_unread = |(host, server): &(&String, &Server)| {
        server.aliases.iter().any(|alias| !is_readable(alias))
            || server.from_to_www && host.starts_with("*.")
    };
    if let Some((host, _)) = world.servers.iter().find(is_unread) {
        return Some(Missing::Broken(host.clone(), "it has a name that nginx does not read"));
    }
    let is_twice = |server: &Server| {
        let mut seen = BTreeSet::new();
        let mut all = patterns(server).into_iter().map(|(pattern, _)| pattern);
        all.any(|one| !matches!(one, PathPattern::Expression(_)) && !seen.insert(one))
    };
    let host = world.servers.iter().find(|(_, server)| is_twice(server));
    host.map(|(host, _)| Missing::Broken(host.clone(), "two of its locations are one to nginx"))
}

/// Whether nginx reads a name of a server (`ngx_hash_add_key` of nginx's `src/core/ngx_hash.c`); where it does not, it takes no
/// configuration.
pub(crate) fn is_readable(name: &str) -> bool {
    let inner = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
    let inner = inner.or_else(|| name.strip_suffix(".*")).unwrap_or(name);
    name.starts_with('~') || !(inner.is_empty() || inner.contains('*') || inner.contains(".."))
}

/// What a location answers; `default`: the Service of those that have none, if there is one.
pub(super) fn answer(
    world: &World,
    location: &Location,
    headers: &Arc<[Header]>,
    default: Option<&Backend>,
) -> Fact<Action> {
    match &location.fixed {
        Some(Fixed::Redirect(to)) => return Fact::Known(Action::Redirect(to.clone())),
        Some(Fixed::Denied) => return Fact::Known(Action::Status(503)),
        None => {}
    }
    let upstream = location.upstream.as_ref().and_then(|name| world.upstreams.get(name));
    let backend = match upstream {
        None => Fact::Known(default.cloned()),
        Some(upstream) if upstream.alternatives.is_empty() => {
            Fact::Known(Some(upstream.backend.clone()))
        }
        Some(upstream) => {
            let canaries =
                upstream.alternatives.iter().filter_map(|name| world.upstreams.get(name));
            let all: Vec<Option<Backend>> = std::iter::once(upstream)
                .chain(canaries)
                .map(|one| Some(one.backend.clone()))
                .collect();
            Fact::OneOf(Cause::Share, all)
        }
    };
    Fact::Known(Action::Forward(Forward { backend, headers: Arc::clone(headers) }))
}

/// What a backend hears: the headers are set where clients are verified; elsewhere a client's own ones pass.
pub(super) fn headers(auth: &Auth, is_denied: bool) -> Arc<[Header]> {
    let is_set = auth.file.is_some() && !is_denied;
    let header = |name, carries, is_set: bool| Header {
        name,
        carries: if is_set { carries } else { HeaderValue::Nothing },
        client_can_send: !is_set,
    };
    Arc::new([
        header("ssl-client-verify", HeaderValue::Verify, is_set),
        header("ssl-client-subject-dn", HeaderValue::Subject, is_set),
        header("ssl-client-issuer-dn", HeaderValue::Issuer, is_set),
        header("ssl-client-cert", HeaderValue::Certificate, is_set && auth.passes_certificate),
    ])
}
