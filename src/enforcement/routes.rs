//! Virtual hosts behind listeners: what they check, and where their routes lead.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex_lite::Regex;

use super::fact::{Cause, Fact};
use super::names::{Found, Names, Pattern};
use super::validation::Fault;
use crate::identity::Identity;

/// The virtual hosts behind listeners.
#[derive(Debug, Default)]
pub struct RouteTable {
    /// Its virtual hosts.
    pub hosts: Vec<VirtualHost>,
    names: Names,
}

/// What is served under some names.
#[derive(Clone, Debug)]
pub struct VirtualHost {
    /// The names.
    pub names: Vec<Pattern>,
    /// What becomes of a request whose TLS handshake had another name.
    pub sni_differs: SniDiffers,
    /// What is checked before a route is looked for, in this order. What [`Admits::Verified`] asks is asked of requests
    /// within TLS alone.
    pub checks: Fact<Vec<Check>>,
    /// Its routes.
    pub routes: Fact<Vec<Route>>,
}

/// What becomes of a request whose TLS handshake had another name than the request, one that a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SniDiffers {
    /// It is served.
    Serve,
    /// It is answered with 421.
    Misdirect,
}

/// A condition for requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Who passes.
    pub admits: Admits,
    /// The answer to the others.
    pub refusal: Answer,
    /// The objects that the check comes from.
    pub because: Vec<Identity>,
    /// Whether it is one of each route: what no route is for, is not found.
    pub is_of_routes: bool,
}

/// Who passes a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admits {
    /// Those whose handshake verified a certificate, or had no other fault than these.
    Verified(BTreeSet<Fault>),
    /// Those whose certificate has one of these subjects, as RFC 2253 prints them.
    Subjects(BTreeSet<String>),
    /// Those whose certificate's subject a regular expression matches somewhere; who shows none has an empty one.
    Expression(String),
    /// No client.
    None,
}

/// What a controller answers by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The TLS handshake fails.
    Alert,
    /// This status.
    Status(u16),
    /// A redirect to this page.
    Page(String),
    /// The route of this path, as if the request had it: the backend gets the request.
    Within(String),
}

/// The answer to requests for some paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The paths.
    pub path: PathPattern,
    /// The route's rank, for a controller that orders by rank. The highest one whose paths match answers; of several equal
    /// ones, any of them. `None`: the most specific path answers.
    pub rank: Option<i64>,
    /// Name of the TLS settings that its handshakes have to have; a request of others is answered with 421. `None`:
    /// whichever.
    pub settings: Option<String>,
    /// Whether a request by plain HTTP is redirected to HTTPS, and not answered.
    pub to_https: ToHttps,
    /// What is answered.
    pub answer: Fact<Action>,
}

/// Paths of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathPattern {
    /// This one.
    Exact(String),
    /// All that begin so, letter by letter.
    Prefix(String),
    /// What a regular expression matches.
    Expression(String),
    /// What a rule matches that asks for more than the path, or that is not read.
    Rule(String),
}

impl std::fmt::Display for PathPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(path) | Self::Prefix(path) => f.write_str(path),
            Self::Expression(text) => write!(f, "~{text}"),
            Self::Rule(text) => f.write_str(text),
        }
    }
}

/// Whether requests by plain HTTP are redirected to HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToHttps {
    /// They are answered as they are.
    Never,
    /// They are redirected.
    Always,
    /// They are redirected unless their header `X-Forwarded-Proto` says that they came by HTTPS.
    UnlessForwarded,
}

/// What a route does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is handed to a backend.
    Forward(Forward),
    /// It is redirected.
    Redirect(String),
    /// It is answered with a status.
    Status(u16),
}

/// A backend, and what it hears of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The backend; `None` inside [`Fact::Known`]: one of the controller's own, which answers 404.
    pub backend: Fact<Option<Backend>>,
    /// What it hears of the client's certificate.
    pub headers: Arc<[Header]>,
}

/// A Service and its port, as served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub service: String,
    /// Number or name of the port.
    pub port: String,
}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.service)?;
        // The first one of the Service, where it is not said.
        if self.port.is_empty() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// A header about the client's certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// What it says, where the controller sets it.
    pub carries: HeaderValue,
    /// Whether a client's own value reaches the backend.
    pub client_can_send: bool,
}

/// What a header about the client's certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeaderValue {
    /// Whether it was verified.
    Verify,
    /// Its subject.
    Subject,
    /// Its issuer.
    Issuer,
    /// The certificate.
    Certificate,
    /// Nothing: the controller does not set it.
    Nothing,
}

impl RouteTable {
    /// A table whose hosts can be looked up.
    #[must_use]
    pub fn new(hosts: Vec<VirtualHost>) -> Self {
        let mut names = Names::default();
        for (at, host) in hosts.iter().enumerate() {
            for pattern in &host.names {
                names.add(pattern, at);
            }
        }
        Self { hosts, names }
    }

    /// The virtual host that is for a name, if one is known to be.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&VirtualHost> {
        match self.find(name) {
            Found::At(at) => Some(&self.hosts[at]),
            Found::Nothing | Found::Perhaps(_) => None,
        }
    }

    pub(super) fn find(&self, authority: &str) -> Found {
        self.names.find(Some(authority))
    }
}

/// What routes have for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routed<'a> {
    /// This route.
    At(&'a Route),
    /// One of these.
    OneOf(Cause, Vec<&'a Route>),
    /// One of these, or none.
    Perhaps(Vec<&'a Route>),
    /// None.
    Nothing,
}

/// The route of a path: by ranks where the routes have some, else by the most specific path.
#[must_use]
pub fn route<'a>(routes: &'a [Route], path: &str) -> Routed<'a> {
    if routes.iter().any(|route| route.rank.is_some()) {
        ranked(routes, path)
    } else {
        most_specific(routes, path)
    }
}

/// The route for the path alone, else the one with the longest beginning. nginx tries expressions in between, which leaves
/// open which one it is.
fn most_specific<'a>(routes: &'a [Route], path: &str) -> Routed<'a> {
    let exact = |route: &&Route| matches!(&route.path, PathPattern::Exact(own) if own == path);
    if let Some(route) = routes.iter().find(exact) {
        return Routed::At(route);
    }
    let length = |route: &&Route| match &route.path {
        PathPattern::Prefix(own) if path.starts_with(own.as_str()) => Some(own.len()),
        _ => None,
    };
    let longest = routes
        .iter()
        .filter(|route| length(route).is_some())
        .min_by_key(|route| std::cmp::Reverse(length(route)));
    let is_open =
        |route: &&Route| matches!(route.path, PathPattern::Expression(_) | PathPattern::Rule(_));
    let expressions: Vec<&Route> = routes.iter().filter(is_open).chain(longest).collect();
    match (expressions.as_slice(), longest) {
        ([], _) => Routed::Nothing,
        ([_], Some(route)) => Routed::At(route),
        (_, Some(_)) => Routed::OneOf(Cause::Paths, expressions),
        (_, None) => Routed::Perhaps(expressions),
    }
}

/// The route with the highest rank that matches.
fn ranked<'a>(routes: &'a [Route], path: &str) -> Routed<'a> {
    let mut sorted: Vec<(&Route, Option<bool>)> =
        routes.iter().map(|route| (route, route.path.matches(path))).collect();
    sorted.retain(|(_, matches)| *matches != Some(false));
    sorted.sort_by_key(|(route, _)| std::cmp::Reverse(route.rank));
    let sure = sorted.iter().find(|(_, matches)| *matches == Some(true));
    let Some(least) = sure.map(|(route, _)| route.rank) else {
        let perhaps: Vec<&Route> = sorted.into_iter().map(|(route, _)| route).collect();
        return if perhaps.is_empty() { Routed::Nothing } else { Routed::Perhaps(perhaps) };
    };
    sorted.retain(|(route, _)| route.rank >= least);
    let is_sure = sorted.iter().all(|(_, matches)| matches.is_some());
    let candidates: Vec<&Route> = sorted.into_iter().map(|(route, _)| route).collect();
    match candidates.as_slice() {
        [only] => Routed::At(only),
        _ => Routed::OneOf(if is_sure { Cause::Chance } else { Cause::Paths }, candidates),
    }
}

impl PathPattern {
    /// Whether a path is one of them; `None`: that is not known.
    pub(super) fn matches(&self, path: &str) -> Option<bool> {
        match self {
            Self::Exact(own) => Some(own == path),
            Self::Prefix(own) => Some(path.starts_with(own.as_str())),
            Self::Expression(_) if path.contains(RESERVED) => None,
            Self::Expression(text) => matches_expression(text, path),
            Self::Rule(_) => None,
        }
    }
}

/// Signs of a path that requests may write encoded or not (RFC 3986, section 2.2), and that Traefik compares as they are
/// written (`withRoutingPath` of its `pkg/muxer/http/mux.go`).
pub const RESERVED: [char; 18] =
    [':', '?', '#', '[', ']', '@', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', '%'];

/// Whether all backslashes of an expression take the meaning off a sign.
fn has_plain_escapes(expression: &str) -> bool {
    let mut signs = expression.chars();
    while let Some(sign) = signs.next() {
        if sign == '\\' && !signs.next().is_some_and(|next| r".-/+*?()[]{}|^$\".contains(next)) {
            return false;
        }
    }
    true
}

/// Whether a regular expression matches a text somewhere; `None`: engines may read it differently.
#[must_use]
pub fn matches_expression(expression: &str, text: &str) -> Option<bool> {
    // All engines of RE2's kind read these alike; the flag is the one at the beginning.
    let flagless = expression.strip_prefix("(?i)").unwrap_or(expression);
    let is_common = flagless.is_ascii()
        && text.is_ascii()
        && has_plain_escapes(flagless)
        && !flagless.contains("(?")
        && !flagless.contains("[[")
        && !flagless.contains("&&");
    if !is_common {
        return None;
    }
    Regex::new(expression).ok().map(|expression| expression.is_match(text))
}
