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
    /// The controller's flags are its defaults: no object has them.
    DefaultFlags,
    /// No other object of the cluster is for these hosts.
    NoOtherObjects,
    /// This Ingress is another controller's: its class is not one that is said to be this controller's.
    OtherClass(Identity, String),
    /// The controller passes over this Ingress, for what one of its annotations says.
    Dropped(Identity),
}

impl std::fmt::Display for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version(version) => {
                write!(f, "no version is named: it is taken to be {version}")
            }
            Self::DefaultSettings => {
                f.write_str("no ConfigMap of the controller is among the objects: its settings are taken to be the defaults")
            }
            Self::DefaultFlags => f.write_str("the controller's flags are taken to be the defaults"),
            Self::NoOtherObjects => f.write_str(
                "other objects of the cluster are not shown: none of them is taken to be for these hosts",
            ),
            Self::OtherClass(object, class) if class.is_empty() => {
                write!(f, "the {object} is left out: it has no ingress class")
            }
            Self::OtherClass(object, class) => write!(
                f,
                "the {object} is left out: its class `{class}` is not one of this controller"
            ),
            Self::Dropped(object) => write!(
                f,
                "the {object} is left out: the controller passes over it for what its annotations say"
            ),
        }
    }
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

    /// What is asked of clients of a host by HTTPS at port 443; `None`: it is not served.
    #[must_use]
    pub fn clients(&self, host: &str) -> Option<&Fact<Clients>> {
        match self.listener(443, Some(host))?.0 {
            Found::At(at) => Some(&self.listeners[at].clients),
            Found::Nothing | Found::Perhaps(_) => None,
        }
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
