//! Virtual hosts behind listeners: what they check, and where their routes lead.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fact::Fact;
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
    /// What the others get.
    pub refusal: Answer,
    /// The objects that the check comes from.
    pub because: Vec<Identity>,
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
    /// Nobody.
    Nobody,
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
    /// The route of this path, as if it had been asked for: the backend gets the request.
    Within(String),
}

/// What becomes of requests for some paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The paths.
    pub path: PathPattern,
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
}

impl std::fmt::Display for PathPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(path) | Self::Prefix(path) => f.write_str(path),
            Self::Expression(text) => write!(f, "~{text}"),
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
        write!(f, "{}/{}:{}", self.namespace, self.service, self.port)
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
    /// One of these: what the expressions of some match is not known.
    OneOf(Vec<&'a Route>),
    /// None.
    Nothing,
}

/// The route of a path: the one for it alone, else the one with the longest beginning. Expressions come between, as
/// nginx has it, and leave open which one it is.
#[must_use]
pub fn route<'a>(routes: &'a [Route], path: &str) -> Routed<'a> {
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
    let expressions: Vec<&Route> = routes
        .iter()
        .filter(|route| matches!(route.path, PathPattern::Expression(_)))
        .chain(longest)
        .collect();
    match (expressions.as_slice(), longest) {
        ([], _) => Routed::Nothing,
        ([_], Some(route)) => Routed::At(route),
        _ => Routed::OneOf(expressions),
    }
}
