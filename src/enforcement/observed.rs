//! What a controller makes of objects and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fact::Fact;
use super::names::{Found, Names, Pattern};
use super::validation::Fault;
use crate::identity::Identity;
use crate::manifest::Misread;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;

/// What a controller serves.
#[derive(Debug, Default)]
pub struct Observed {
    /// Where it listens, in no particular order.
    pub listeners: Vec<Listener>,
    /// What its listeners lead to.
    pub tables: Vec<RouteTable>,
    /// Objects that it would have looked at and that are not of the form of their kind.
    pub unread: Vec<Misread>,
    /// What was taken for granted.
    pub given: Vec<Given>,
    /// Positions of listeners by port and name.
    by_port: BTreeMap<u16, Names>,
}

/// Something that a verdict rests on and that objects and settings do not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// The controller is of this version.
    Version(String),
    /// The controller's settings are its defaults: no object has them.
    DefaultSettings,
    /// No other object of the cluster is for these hosts.
    NoOtherObjects,
}

/// Where a controller listens for some names.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Port.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Names in the TLS handshake.
    pub sni: Pattern,
    /// What is asked of clients.
    pub clients: Fact<Clients>,
    /// Position of the table that it leads to.
    pub table: usize,
}

/// What is spoken at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP without TLS.
    Http,
    /// HTTP in TLS that ends here.
    Https,
}

/// What is asked of clients in the TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Nothing.
    NotAsked,
    /// A certificate, which is validated so.
    Asked(Arc<ClientValidation>),
    /// TLS does not end here: the backend asks what it likes.
    Passthrough(Fact<Backend>),
    /// Nothing answers.
    NotListening,
}

/// How a client's certificate is validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientValidation {
    /// The certificates that it is validated with.
    pub certificates: Fact<Vec<Certificate>>,
    /// Which of them end a chain.
    pub anchors: Anchors,
    /// How many certificates may stand between the client's and the anchor; `None`: any number.
    pub depth: Option<u8>,
    /// How revocation is checked.
    pub revocation: Fact<Revocation>,
    /// What does not keep a client out.
    pub tolerates: BTreeSet<Fault>,
    /// How a client is refused.
    pub refusal: Refusal,
}

/// Which certificates of a bundle end a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchors {
    /// Those that are self-signed (OpenSSL, without `X509_V_FLAG_PARTIAL_CHAIN`).
    SelfSigned,
    /// All of them (Go's `crypto/x509`; `BoringSSL` as Envoy sets it up).
    Any,
}

/// How revocation is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Not at all.
    None,
    /// By these lists.
    Lists {
        /// The lists.
        all: Vec<RevocationList>,
        /// Whose certificates are looked up.
        depth: CheckedLists,
        /// What becomes of a certificate whose issuer has no list that counts.
        unknown: UnknownStatus,
    },
}

/// Which certificates of a chain are looked up in revocation lists (the words of `webpki`'s `RevocationCheckDepth`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedLists {
    /// The client's own.
    EndEntity,
    /// All of the chain.
    Chain,
}

/// What becomes of a certificate whose issuer has no list that counts (`webpki`'s `UnknownStatusPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownStatus {
    /// It is refused.
    Deny,
    /// It passes.
    Allow,
}

/// How a client is refused whose certificate is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The handshake fails.
    Alert,
    /// The handshake succeeds; the checks of the virtual host answer.
    Later,
}

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
    pub checks: Vec<Fact<Check>>,
    /// Its routes; [`VirtualHost::route`] has their order of precedence.
    pub routes: Vec<Route>,
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
    /// Those whose certificate's subject matches a regular expression.
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
}

/// What becomes of requests for some paths.
#[derive(Clone, Debug)]
pub struct Route {
    /// The paths.
    pub path: PathPattern,
    /// What is checked, beside the checks of the virtual host.
    pub checks: Vec<Fact<Check>>,
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

impl Observed {
    /// An observation whose listeners can be looked up.
    #[must_use]
    pub fn new(
        listeners: Vec<Listener>,
        tables: Vec<RouteTable>,
        unread: Vec<Misread>,
        given: Vec<Given>,
    ) -> Self {
        let mut by_port: BTreeMap<u16, Names> = BTreeMap::new();
        for (at, listener) in listeners.iter().enumerate() {
            by_port.entry(listener.port).or_default().add(&listener.sni, at);
        }
        Self { listeners, tables, unread, given, by_port }
    }

    /// The listener for a port and a name in the handshake; whether that name is one it is for.
    pub(super) fn listener(&self, port: u16, sni: Option<&str>) -> Option<(Found, bool)> {
        let names = self.by_port.get(&port)?;
        Some((names.find(sni), sni.is_some_and(|name| names.has(name))))
    }
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

    pub(super) fn find(&self, authority: &str) -> Found {
        self.names.find(Some(authority))
    }
}

impl VirtualHost {
    /// The route of a path: the exact one, else the longest beginning; `None`: there is none. Expressions come between,
    /// as nginx has it, and leave the answer open.
    #[must_use]
    pub fn route(&self, path: &str) -> Option<Result<&Route, &str>> {
        let exact = |route: &&Route| matches!(&route.path, PathPattern::Exact(own) if own == path);
        if let Some(route) = self.routes.iter().find(exact) {
            return Some(Ok(route));
        }
        let expression = self.routes.iter().find_map(|route| match &route.path {
            PathPattern::Expression(text) => Some(text.as_str()),
            PathPattern::Exact(_) | PathPattern::Prefix(_) => None,
        });
        if let Some(text) = expression {
            return Some(Err(text));
        }
        let length = |route: &&Route| match &route.path {
            PathPattern::Prefix(own) if path.starts_with(own.as_str()) => Some(own.len()),
            _ => None,
        };
        self.routes
            .iter()
            .filter(|route| length(route).is_some())
            .min_by_key(|route| std::cmp::Reverse(length(route)))
            .map(Ok)
    }
}
