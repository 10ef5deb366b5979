//! What a controller makes of objects and settings.

use std::collections::{BTreeMap, BTreeSet};

use super::clients::Clients;
use super::fact::{Cause, Fact};
use super::names::{Found, Names, Pattern};
use super::routes::{RouteTable, VirtualHost};
use crate::identity::Identity;
use crate::manifest::Misread;

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
    /// Positions of the tables that listeners of HTTP lead to, and of HTTPS.
    by_protocol: [BTreeSet<usize>; 2],
    /// Where what is served depends on one thing everywhere: the possibilities. What stands beside it is all of them
    /// together.
    pub(super) alternatives: Option<(Cause, Vec<Observed>)>,
}

/// Something that a verdict rests on and that objects and settings do not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// The controller is of this version.
    Version(String),
    /// The controller's settings are its defaults: no object has them.
    DefaultSettings,
    /// This object has the controller's settings.
    Settings(Identity),
    /// This class is the controller's: no `IngressClass` is among the objects.
    Class(String),
    /// The controller's flags are its defaults: no object has them.
    DefaultFlags,
    /// No other object of the cluster is for these hosts.
    NoOtherObjects,
    /// This Ingress is another controller's: its class is not one that is said to be this controller's.
    OtherClass(Identity, String),
    /// The controller passes over this Ingress, for what one of its annotations says.
    Dropped(Identity),
    /// This object is for entry points of these names, which are at other ports than 80 and 443.
    OtherEntryPoint(Identity, String),
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
            Self::Settings(object) => write!(f, "the {object} is taken to have the controller's settings"),
            Self::Class(name) => write!(
                f,
                "no IngressClass is among the objects: `{name}` is taken to be this controller's"
            ),
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
            Self::OtherEntryPoint(object, names) => write!(
                f,
                "the {object} is left out: its entry points `{names}` are taken to be at other ports than 80 and 443"
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
    /// Namespace and name of each Secret that its certificate may come from; none: it is the controller's own.
    pub certificates: BTreeSet<(String, String)>,
    /// What is asked of clients.
    pub clients: Fact<Clients>,
    /// Names of the TLS settings, one for each possibility of `clients`, in their order; empty: they have none.
    pub settings: Vec<String>,
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
        let mut by_protocol = [BTreeSet::new(), BTreeSet::new()];
        for (at, listener) in listeners.iter().enumerate() {
            by_port.entry(listener.port).or_default().add(&listener.sni, at);
            by_protocol[usize::from(listener.protocol == Protocol::Https)].insert(listener.table);
        }
        Self { listeners, tables, unread, given, by_port, by_protocol, alternatives: None }
    }

    /// The same, as all of several possibilities.
    #[must_use]
    pub fn with_alternatives(self, cause: Cause, all: Vec<Self>) -> Self {
        Self { alternatives: Some((cause, all)), ..self }
    }

    /// What is asked of clients of a host by HTTPS at port 443; `None`: it is not served.
    #[must_use]
    pub fn clients(&self, host: &str) -> Option<&Fact<Clients>> {
        self.listener_of(host).map(|listener| &listener.clients)
    }

    /// Where a host is served by HTTPS at port 443, if it is.
    #[must_use]
    pub fn listener_of(&self, host: &str) -> Option<&Listener> {
        match self.listener(443, Some(host))?.0 {
            Found::At(at) => Some(&self.listeners[at]),
            Found::Nothing | Found::Perhaps(_) => None,
        }
    }

    /// What is served under a name by a protocol, if something is known to be.
    #[must_use]
    pub fn served(&self, protocol: Protocol, name: &str) -> Option<&VirtualHost> {
        let tables = &self.by_protocol[usize::from(protocol == Protocol::Https)];
        tables.iter().find_map(|at| self.tables.get(*at)?.host(name))
    }

    /// Whether it is known what has connections to port 80.
    pub(super) fn is_plain_known(&self) -> bool {
        match self.listener(80, None) {
            Some((Found::At(at), _)) => self.listeners[at].clients.known().is_some(),
            Some((Found::Nothing, _)) | None => true,
            Some((Found::Perhaps(_), _)) => false,
        }
    }

    /// Whether what is served depends on one thing everywhere.
    pub(super) fn is_one_of_several(&self) -> bool {
        self.alternatives.is_some()
    }

    /// The listener for a port and a name in the handshake; whether that name is one it is for.
    pub(super) fn listener(&self, port: u16, sni: Option<&str>) -> Option<(Found, bool)> {
        let names = self.by_port.get(&port)?;
        Some((names.find(sni), sni.is_some_and(|name| names.has(name))))
    }
}
