//! What a controller makes of objects and settings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::clients::Clients;
use super::fact::{Cause, Fact};
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

/// An assumption of verdicts that objects and settings do not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// The controller is of this version.
    Version(String),
    /// The controller's settings are its defaults: no object has them.
    DefaultSettings,
    /// This object has the controller's settings.
    Settings(Identity),
    /// This object has them, by the flags or the user.
    NamedSettings(Identity),
    /// The object that the flags name for them is not shown: they are the defaults.
    SettingsNotShown(Identity),
    /// The flags of this object name none: they are the defaults.
    NoSettings(Identity),
    /// This object runs the controller, and says its version and flags, as far as they are there.
    Workload {
        /// The object.
        object: Identity,
        /// The version, and the image's tag that says so.
        version: Option<(String, String)>,
        /// Whether a file that is not shown has the flags.
        has_file: bool,
    },
    /// The image of this object names no version, and a label says this one.
    LabelledVersion(Identity, String),
    /// This object runs the controller for other classes than those that are asked about.
    OtherWorkload(Identity),
    /// What this flag of an object does is not followed.
    NotFollowed(Identity, String),
    /// Something else is declared than what an object has.
    Contradiction {
        /// The object.
        object: Identity,
        /// What it has.
        what: String,
        /// The value.
        read: String,
        /// What is declared, and counts.
        declared: String,
    },
    /// This object is not of the form of its kind, for this reason; it might run the controller.
    NotRead(Identity, String),
    /// The controller that this object runs does not read Ingresses, as far as its flags show.
    ProviderOff(Identity),
    /// No object of these kinds is among the objects.
    NoneOf(Vec<&'static str>),
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
    /// The controller passes over this Ingress, by this flag.
    NotWatched(Identity, &'static str),
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
            Self::NamedSettings(object) => write!(f, "the controller's settings are those of the {object}"),
            Self::SettingsNotShown(object) => write!(
                f,
                "the {object}, which the controller's flags name, is not among the objects: its settings are taken to be the defaults"
            ),
            Self::NoSettings(object) => {
                write!(f, "the {object} names no ConfigMap: the controller's settings are the defaults")
            }
            Self::Workload { object, version, has_file } => workload(f, object, version.as_ref(), *has_file),
            Self::LabelledVersion(object, version) => write!(
                f,
                "the image of the {object} names no version: it is taken to be {version}, as its label says"
            ),
            Self::OtherWorkload(object) => write!(
                f,
                "the {object} runs this controller for other classes: `--ingress-class` asks about it"
            ),
            Self::NotFollowed(object, flag) => {
                write!(f, "the {object} has `{}`, which is not followed", flag.escape_debug())
            }
            Self::Contradiction { object, what, read, declared } if read.is_empty() => {
                write!(f, "the {object} has no {what}, and `{declared}` is said: that counts")
            }
            Self::Contradiction { object, what, read, declared } => {
                write!(f, "the {object} has the {what} `{read}`, and `{declared}` is said: that counts")
            }
            Self::NotRead(object, problem) => {
                write!(f, "the {object} is not read, since it is not of the form of its kind: {problem}")
            }
            Self::ProviderOff(object) => write!(
                f,
                "the {object} does not switch the provider of these Ingresses on: the answers are those with it"
            ),
            Self::NoneOf(kinds) => {
                let (last, first) = kinds.split_last().unwrap_or((&"object", &[]));
                let first = first.join(", ");
                let or = if first.is_empty() { "" } else { " or " };
                write!(f, "no {first}{or}{last} is among the objects: there is taken to be none")
            }
            Self::Class(name) => write!(
                f,
                "no IngressClass is among the objects: `{name}` is taken to be this controller's"
            ),
            Self::DefaultFlags => f.write_str("the controller's flags are taken to be the defaults"),
            Self::NoOtherObjects => f.write_str(
                "other objects of the cluster are not shown: none of them is taken to be for these hosts",
            ),
            Self::OtherEntryPoint(object, names) => write!(
                f,
                "the {object} is left out: its entry points `{names}` are taken to be at other ports than 80 and 443"
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
            Self::NotWatched(object, flag) => {
                write!(f, "the {object} is left out: the controller passes over it because of `{flag}`")
            }
        }
    }
}

fn workload(
    f: &mut std::fmt::Formatter<'_>,
    object: &Identity,
    version: Option<&(String, String)>,
    has_file: bool,
) -> std::fmt::Result {
    match version {
        Some((version, _)) => write!(f, "version {version}")?,
        None => f.write_str("no version")?,
    }
    f.write_str(if has_file { " is" } else { " and the flags are" })?;
    write!(f, " read from the {object}")?;
    if let Some((_, tag)) = version.filter(|(version, tag)| tag.trim_start_matches('v') != version)
    {
        write!(f, ", whose image is tagged `{}`", tag.escape_debug())?;
    }
    if has_file {
        f.write_str(", which is set up by a file that is not read: its options are taken to be the defaults")?;
    }
    Ok(())
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
