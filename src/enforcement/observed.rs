//! What a controller makes of objects and settings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::clients::Clients;
use super::fact::{Cause, Fact};
use super::given::Given;
use super::names::{Found, Names, Pattern};
use super::request::Request;
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
    /// What was assumed.
    pub given: Vec<Given>,
    /// Positions of listeners by address, port and name.
    by_port: BTreeMap<(Address, u16), Names>,
    /// Positions of listeners by that of their table.
    by_table: BTreeMap<usize, Vec<usize>>,
    hosts: Hosts,
    /// Where everything served depends on one thing: the possibilities. The other fields are all of them
    /// together.
    pub(super) alternatives: Option<(Cause, Vec<Observed>)>,
}

/// The object that an address is of; `None`: the controller has one for all.
pub type Address = Option<Arc<Identity>>;

/// Where a controller listens for some names.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its address.
    pub address: Address,
    /// Port.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Names in the TLS handshake.
    pub sni: Pattern,
    /// Namespace and name of each Secret that may have its certificate; none: it is the controller's own.
    pub certificates: BTreeSet<(String, String)>,
    /// What is asked of clients.
    pub clients: Fact<Clients>,
    /// Names of the TLS settings, one for each possibility of `clients`, in their order; empty: they have none.
    pub settings: Vec<String>,
    /// Position of the table that it leads to.
    pub table: usize,
}

/// What is spoken at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP without TLS.
    Http,
    /// HTTP in TLS that ends here.
    Https,
}

/// Where requests come in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entrance {
    /// The address.
    pub address: Address,
    /// Port.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
}

/// So many tables are all asked.
const FEW: usize = 4;

/// Positions of the tables that may have something for a name.
#[derive(Debug, Default)]
struct Hosts {
    /// Those that have it by itself; only asked, never iterated over.
    exact: HashMap<String, Vec<usize>>,
    /// Those that have more than names by themselves.
    patterns: Vec<usize>,
}

impl Hosts {
    fn of(tables: &[RouteTable]) -> Self {
        let mut hosts = Self::default();
        if tables.len() <= FEW {
            hosts.patterns.extend(0..tables.len());
            return hosts;
        }
        for (at, table) in tables.iter().enumerate() {
            let mut has_patterns = false;
            for name in table.hosts.iter().flat_map(|host| &host.names) {
                match name {
                    Pattern::Exact(name) => match hosts.exact.get_mut(name) {
                        Some(all) => all.push(at),
                        None => drop(hosts.exact.insert(name.clone(), vec![at])),
                    },
                    _ => has_patterns = true,
                }
            }
            hosts.patterns.extend(has_patterns.then_some(at));
        }
        hosts
    }

    fn find(&self, name: &str) -> BTreeSet<usize> {
        self.exact.get(name).into_iter().flatten().chain(&self.patterns).copied().collect()
    }
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
        let mut by_port: BTreeMap<(Address, u16), Names> = BTreeMap::new();
        let mut by_table: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, listener) in listeners.iter().enumerate() {
            let key = (listener.address.clone(), listener.port);
            by_port.entry(key).or_default().add(&listener.sni, at);
            by_table.entry(listener.table).or_default().push(at);
        }
        let hosts = Hosts::of(&tables);
        Self { listeners, tables, unread, given, by_port, by_table, hosts, alternatives: None }
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

    /// Where a host is served by HTTPS at port 443, if it is: at the first address that has something for it.
    #[must_use]
    pub fn listener_of(&self, host: &str) -> Option<&Listener> {
        let serves = |listener: &&Listener| self.tables[listener.table].host(host).is_some();
        self.at_port(443, Some(host)).find(serves).or_else(|| self.at_port(443, Some(host)).next())
    }

    /// Where plain HTTP is served at port 80, if it is: at the address where the host is served by HTTPS.
    #[must_use]
    pub fn plain_listener_of(&self, host: &str) -> Option<&Listener> {
        let own = self.listener_of(host).map(|listener| &listener.address);
        let serves = |listener: &&Listener| match own {
            Some(address) => listener.address == *address,
            None => self.tables[listener.table].host(host).is_some(),
        };
        self.at_port(80, None).find(serves)
    }

    /// What is served to a host by HTTPS at port 443; what any listener serves, where none does there.
    #[must_use]
    pub fn served(&self, host: &str) -> Option<&VirtualHost> {
        let own = self.listener_of(host);
        own.and_then(|listener| self.tables[listener.table].host(host)).or_else(|| {
            let tables = self.hosts.find(host).into_iter().map(|at| &self.tables[at]);
            tables.into_iter().find_map(|table| table.host(host))
        })
    }

    /// Listeners that lead to something for a host by other tables than those of its own listeners.
    pub(super) fn detours(&self, host: &str) -> impl Iterator<Item = (&Listener, &VirtualHost)> {
        let own = [self.listener_of(host), self.plain_listener_of(host)];
        let own = own.map(|listener| listener.map(|one| one.table));
        let others = self.hosts.find(host).into_iter().filter(move |at| !own.contains(&Some(*at)));
        others
            .filter_map(move |at| Some((at, self.tables[at].host(host)?)))
            .flat_map(|(at, served)| self.of_table(at).map(move |listener| (listener, served)))
    }

    fn of_table(&self, table: usize) -> impl Iterator<Item = &Listener> {
        self.by_table.get(&table).into_iter().flatten().map(|at| &self.listeners[*at])
    }

    /// What is asked of clients of a host at a port of an address, if something listens there for its name.
    #[must_use]
    pub fn asked_at(&self, address: &Address, port: u16, host: &str) -> Option<&Fact<Clients>> {
        let names = self.by_port.get(&(address.clone(), port))?;
        match names.find(Some(host)) {
            Found::At(at) => Some(&self.listeners[at].clients),
            Found::Nothing | Found::Perhaps(_) => None,
        }
    }

    /// A request of a host by HTTPS where it is served, as [`Request::of`] has it.
    #[must_use]
    pub fn request_of(&self, host: &str) -> Request {
        let listener = self.listener_of(&host.to_lowercase());
        let address = listener.and_then(|one| one.address.clone());
        Request { address, ..Request::of(host) }
    }

    /// The listener of each address that a port and a name in the handshake lead to, as far as that is known.
    fn at_port(&self, port: u16, sni: Option<&str>) -> impl Iterator<Item = &Listener> {
        let names = self.by_port.iter().filter(move |((_, own), _)| *own == port);
        names.filter_map(move |(_, names)| match names.find(sni) {
            Found::At(at) => Some(&self.listeners[at]),
            Found::Nothing | Found::Perhaps(_) => None,
        })
    }

    /// The listener for an address, a port and a name in the handshake; whether that name is one it is for.
    pub(super) fn listener(&self, request: &Request) -> Option<(Found, bool)> {
        let names = self.by_port.get(&(request.address.clone(), request.port))?;
        let sni = request.sni.as_deref();
        Some((names.find(sni), sni.is_some_and(|name| names.has(name))))
    }

    /// Where requests of a host come in that something is served to, in their order.
    #[must_use]
    pub fn entrances(&self, host: &str) -> BTreeSet<Entrance> {
        let of = |listener: &Listener| {
            let Listener { address, port, protocol, .. } = listener;
            let serves = self.tables[listener.table].host(host).is_some();
            let (port, protocol) = (*port, *protocol);
            serves.then(|| Entrance { address: address.clone(), port, protocol })
        };
        let of_key = |(_, names): (&(Address, u16), &Names)| match names.find(Some(host)) {
            Found::At(at) => of(&self.listeners[at]),
            Found::Nothing | Found::Perhaps(_) => None,
        };
        self.by_port.iter().filter_map(of_key).collect()
    }
}
