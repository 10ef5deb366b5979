//! The requests that stand for all others of a host.

use std::collections::BTreeSet;

use super::{Asked, Client, Who};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{Observed, Presented, Request, VirtualHost};

/// A host, and what is asked of it.
pub(super) struct Place {
    pub host: String,
    pub questions: Vec<Question>,
}

/// One request.
pub(super) struct Question {
    pub request: Request,
    pub client: Who,
    pub is_https: bool,
}

/// All hosts that are asked about, in the order of their names.
pub(super) fn places(observed: &Observed, asked: &Asked) -> Vec<Place> {
    let hosts = observed.tables.iter().flat_map(|table| &table.hosts);
    let mut places = Vec::new();
    let mut found = BTreeSet::new();
    for host in hosts {
        for name in &host.names {
            let Some(authority) = representatives::name_of(name) else { continue };
            let name = name.to_string();
            let is_asked = asked.hosts.is_empty()
                || asked.hosts.iter().any(|one| *one == name || *one == authority);
            if is_asked {
                places.push(place(observed, asked, host, name.clone(), &authority));
                found.insert(name);
            }
        }
    }
    // A name that no host has is answered by whatever is for it.
    for name in asked.hosts.iter().filter(|name| !found.contains(*name)) {
        let host = observed.tables.iter().find_map(|table| table.host(name));
        if let Some(host) = host {
            places.push(place(observed, asked, host, name.clone(), name));
        }
    }
    places.sort_by(|one, other| one.host.cmp(&other.host));
    places
}

fn place(
    observed: &Observed,
    asked: &Asked,
    host: &VirtualHost,
    name: String,
    authority: &str,
) -> Place {
    let classes = representatives::classes(observed, authority).into_iter();
    let mut clients: Vec<(Who, Presented)> =
        classes.map(|(class, shows)| (Who::Of(class), shows)).collect();
    let named = asked.clients.iter().cloned();
    clients.extend(named.map(|Client { name, shows }| (Who::Named(name), shows)));
    let mut questions = Vec::new();
    let mut paths = representatives::paths(host);
    paths.extend(asked.paths.iter().cloned());
    for path in paths {
        let of_path = |(who, shows): &(Who, Presented)| {
            let shows = shows.clone();
            let request = Request { path: path.clone(), client: shows, ..Request::of(authority) };
            Question { request, client: who.clone(), is_https: true }
        };
        questions.extend(clients.iter().map(of_path));
        let plain = Request { path: path.clone(), ..Request::of(authority).plain() };
        questions.push(Question {
            request: plain,
            client: Who::Of(ClientClass::Nothing),
            is_https: false,
        });
    }
    Place { host: name, questions }
}
