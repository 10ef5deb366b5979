//! The requests that represent all others of a host.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Client, Scheme, Who, subjects};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{Fact, Observed, Presented, Request, ToHttps, VirtualHost};

/// A host, and what is asked of it.
pub(super) struct Place {
    pub host: String,
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
    let place = |(name, (authority, hosts)): (String, (String, Vec<&VirtualHost>))| Place {
        host: name,
        questions: questions(all, asked, &hosts, &authority),
        authority,
    };
    hosts.into_iter().map(place).collect()
}

fn questions(
    all: &[&Observed],
    asked: &Asked,
    hosts: &[&VirtualHost],
    authority: &str,
) -> Vec<Question> {
    let mut classes: Vec<(ClientClass, Presented)> = Vec::new();
    for (class, shows) in
        all.iter().flat_map(|observed| representatives::classes(observed, authority))
    {
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
            let request = Request { path: path.clone(), client: shows, ..Request::of(authority) };
            Question { request, client: who.clone(), scheme: Scheme::Https }
        };
        questions.extend(clients.iter().map(of_path));
        let plain = Request { path: path.clone(), ..Request::of(authority) }.plain();
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
