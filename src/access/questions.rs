//! The requests that represent all others of a host.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Client, Scheme, Who, subjects};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{
    Address, Entrance, Fact, Observed, Presented, Protocol, Request, ToHttps, VirtualHost,
};

/// A host, and what is asked of it.
pub(super) struct Place {
    pub host: String,
    /// Where it is asked.
    pub way: Way,
    /// A name to ask with.
    pub authority: String,
    pub questions: Vec<Question>,
}

/// One request.
pub(super) struct Question {
    pub request: Request,
    pub client: Who,
    pub scheme: Scheme,
}

/// Where requests of a host come in: by HTTPS at a port of an address, and by plain HTTP at another port of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub address: Address,
    pub https: u16,
    pub http: u16,
}

/// Where something is served to a host; the ports of the protocols, where nothing is.
fn ways(all: &[&Observed], authority: &str) -> BTreeSet<Way> {
    let mut ports: BTreeMap<Address, [Vec<u16>; 2]> = BTreeMap::new();
    for Entrance { address, port, protocol } in
        all.iter().flat_map(|observed| observed.entrances(authority)).collect::<BTreeSet<_>>()
    {
        let of = usize::from(protocol == Protocol::Http);
        ports.entry(address).or_default()[of].push(port);
    }
    if ports.is_empty() {
        ports.insert(None, Default::default());
    }
    let of_address = |(address, [https, http]): (Address, [Vec<u16>; 2])| {
        // As many as there are ports of one protocol; the last one of the other goes with the rest.
        let at = |ports: &[u16], index: usize, default: u16| {
            ports.get(index).or(ports.last()).copied().unwrap_or(default)
        };
        let count = https.len().max(http.len()).max(1);
        (0..count)
            .map(|index| Way {
                address: address.clone(),
                https: at(&https, index, 443),
                http: at(&http, index, 80),
            })
            .collect::<Vec<_>>()
    };
    ports.into_iter().flat_map(of_address).collect()
}

/// All hosts that are asked about, in the order of their names: those of any of the observations.
pub(super) fn places(all: &[&Observed], asked: &Asked) -> Vec<Place> {
    // The name to ask with, and what serves it.
    let mut hosts: BTreeMap<String, (String, Vec<&VirtualHost>)> = BTreeMap::new();
    for host in all.iter().flat_map(|observed| &observed.tables).flat_map(|table| &table.hosts) {
        for pattern in &host.names {
            let Some(authority) = representatives::name_of(pattern) else { continue };
            let name = pattern.to_string();
            let is_asked = asked.hosts.is_empty()
                || asked.hosts.iter().any(|one| *one == name || *one == authority);
            if is_asked {
                hosts.entry(name).or_insert((authority, Vec::new())).1.push(host);
            }
        }
    }
    // A name that no host has is answered by a wildcard or the default, if that is known.
    let tables = || all.iter().flat_map(|observed| &observed.tables);
    for name in &asked.hosts {
        let hosts = hosts.entry(name.clone()).or_insert((name.clone(), Vec::new()));
        if hosts.1.is_empty() {
            hosts.1.extend(tables().filter_map(|table| table.host(name)));
        }
    }
    let of_host = |(name, (authority, hosts)): (String, (String, Vec<&VirtualHost>))| {
        let of_way = |way: Way| Place {
            host: name.clone(),
            questions: questions(all, asked, &hosts, &authority, &way),
            authority: authority.clone(),
            way,
        };
        ways(all, &authority).into_iter().map(of_way).collect::<Vec<_>>()
    };
    hosts.into_iter().flat_map(of_host).collect()
}

fn questions(
    all: &[&Observed],
    asked: &Asked,
    hosts: &[&VirtualHost],
    authority: &str,
    Way { address, https, http }: &Way,
) -> Vec<Question> {
    let mut classes: Vec<(ClientClass, Presented)> = Vec::new();
    for (class, shows) in all.iter().flat_map(|observed| {
        representatives::classes(observed.asked_at(address, *https, authority))
    }) {
        if !classes.iter().any(|(_, known)| *known == shows) {
            classes.push((class, shows));
        }
    }
    // Between two observations, `differing` asks about each subject that only one of them lists.
    let listed = match all {
        [observed] => subjects::clients(observed, authority, &classes, &asked.clients),
        _ => Vec::new(),
    };
    let of_class = |(class, shows)| (Who::Of(class), shows);
    let mut clients: Vec<(Who, Presented)> = classes.into_iter().map(of_class).collect();
    clients.extend(listed.into_iter().map(|(listed, shows)| (Who::Listed(listed), shows)));
    let named = asked.clients.iter().cloned();
    clients.extend(named.map(|Client { name, shows }| (Who::Named(name), shows)));
    let mut questions = Vec::new();
    let mut paths: BTreeSet<String> =
        hosts.iter().flat_map(|host| representatives::paths(host)).collect();
    paths.insert("/".to_owned());
    paths.extend(asked.paths.iter().cloned());
    let is_forwarded = hosts.iter().any(|host| believes_headers(host));
    for path in paths {
        let of_path = |(who, shows): &(Who, Presented)| {
            let shows = shows.clone();
            let request = Request {
                path: path.clone(),
                client: shows,
                address: address.clone(),
                port: *https,
                ..Request::of(authority)
            };
            Question { request, client: who.clone(), scheme: Scheme::Https }
        };
        questions.extend(clients.iter().map(of_path));
        let plain = Request {
            path: path.clone(),
            address: address.clone(),
            port: *http,
            ..Request::of(authority).plain()
        };
        let mut schemes = vec![(Scheme::Http, plain.clone())];
        if is_forwarded {
            let mut forwarded = plain;
            forwarded.headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
            schemes.push((Scheme::Forwarded, forwarded));
        }
        questions.extend(schemes.into_iter().map(|(scheme, request)| Question {
            request,
            client: Who::Of(ClientClass::Nothing),
            scheme,
        }));
    }
    questions
}

/// Whether a header of a request by plain HTTP may claim HTTPS.
fn believes_headers(host: &VirtualHost) -> bool {
    let routes = match &host.routes {
        Fact::Known(routes) => vec![routes],
        Fact::OneOf(_, all) => all.iter().collect(),
        Fact::Unknown(_) => Vec::new(),
    };
    routes.into_iter().flatten().any(|route| route.to_https == ToHttps::UnlessForwarded)
}
