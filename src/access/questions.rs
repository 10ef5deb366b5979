//! The requests that stand for all others of a host.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Asked, Client};
use crate::enforcement::{
    ClientValidation, Clients, Fact, LeafFacts, Observed, PathPattern, Pattern, Presented, Request,
    VirtualHost,
};
use crate::pki::certificate::Certificate;

/// The client that shows nothing.
pub(super) const NOTHING: &str = "nothing";
/// The client of an authority that nothing trusts.
pub(super) const STRANGER: &str = "stranger";

/// An authority that no bundle has; its key does not exist any more.
const AUTHORITY: &str = include_str!("stranger.pem");
/// A label for names that only a wildcard covers, and a name that no host has.
const ANY_LABEL: &str = "mtlsgen-any";
const NO_HOST: &str = "mtlsgen-any.invalid";

/// A host, and what is asked of it.
pub(super) struct Place {
    pub host: String,
    pub questions: Vec<Question>,
}

/// One request.
pub(super) struct Question {
    pub request: Request,
    pub client: String,
    pub is_https: bool,
}

/// All hosts that are asked about, in the order of their names.
pub(super) fn places(observed: &Observed, asked: &Asked) -> Vec<Place> {
    let hosts = observed.tables.iter().flat_map(|table| &table.hosts);
    let mut places = Vec::new();
    let mut found = BTreeSet::new();
    for host in hosts {
        for name in &host.names {
            let Some(authority) = representative(name) else { continue };
            let is_asked = asked.hosts.is_empty()
                || asked.hosts.iter().any(|one| *one == name.to_string() || *one == authority);
            found.extend(is_asked.then(|| name.to_string()));
            if is_asked {
                places.push(place(observed, asked, host, name.to_string(), &authority));
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

/// A name that a pattern is for and nothing more specific is; `None`: expressions are not asked about.
fn representative(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Exact(name) => Some(name.clone()),
        Pattern::OneLabel(domain) | Pattern::Below(domain) => Some(format!("{ANY_LABEL}.{domain}")),
        Pattern::Any => Some(NO_HOST.to_owned()),
        Pattern::Expression(_) => None,
    }
}

fn place(
    observed: &Observed,
    asked: &Asked,
    host: &VirtualHost,
    name: String,
    authority: &str,
) -> Place {
    let clients = clients(observed, asked, authority);
    let mut questions = Vec::new();
    for path in paths(host, asked) {
        let of_path = |client: &Client| {
            let request = Request {
                path: path.clone(),
                client: client.shows.clone(),
                ..Request::of(authority)
            };
            Question { request, client: client.name.clone(), is_https: true }
        };
        questions.extend(clients.iter().map(of_path));
        let plain = Request { path: path.clone(), ..Request::of(authority).plain() };
        questions.push(Question { request: plain, client: NOTHING.to_owned(), is_https: false });
    }
    Place { host: name, questions }
}

/// Paths of the routes, and those that are asked about: at `/` in any case.
fn paths(host: &VirtualHost, asked: &Asked) -> BTreeSet<String> {
    let routes = match &host.routes {
        Fact::Known(routes) => vec![routes],
        Fact::OneOf(_, all) => all.iter().collect(),
        Fact::Unknown(_) => Vec::new(),
    };
    let own = routes.into_iter().flatten().filter_map(|route| match &route.path {
        PathPattern::Exact(path) | PathPattern::Prefix(path) => Some(path.clone()),
        PathPattern::Expression(_) => None,
    });
    std::iter::once("/".to_owned()).chain(own).chain(asked.paths.iter().cloned()).collect()
}

fn clients(observed: &Observed, asked: &Asked, authority: &str) -> Vec<Client> {
    let mut clients = vec![
        Client { name: NOTHING.to_owned(), shows: Presented::Nothing },
        Client { name: STRANGER.to_owned(), shows: stranger() },
    ];
    for validation in validations(observed, authority) {
        for certificates in known(&validation) {
            for issuer in certificates.iter().filter(|one| one.is_authority) {
                let name = format!("below {}", issuer.subject.rfc2253());
                let sends =
                    certificates.iter().filter(|one| !one.is_self_signed()).cloned().collect();
                let shows = supposed(issuer.clone(), sends);
                if !clients.iter().any(|client| client.shows == shows) {
                    clients.push(Client { name, shows });
                }
            }
        }
    }
    clients.extend(asked.clients.iter().cloned());
    clients
}

fn stranger() -> Presented {
    let issuer =
        Certificate::from_pem(AUTHORITY.as_bytes()).ok().and_then(|all| all.into_iter().next());
    supposed(issuer.expect("the file beside this one is a certificate"), Vec::new())
}

/// A valid certificate of an authority, whose subject no list of subjects has.
fn supposed(issuer: Certificate, sends: Vec<Certificate>) -> Presented {
    let subject = "CN=mtlsgen any client".to_owned();
    Presented::Supposed { issuer: Box::new(issuer), leaf: LeafFacts { subject }, sends }
}

/// How clients of a host may be validated.
fn validations(observed: &Observed, authority: &str) -> Vec<Arc<ClientValidation>> {
    let of_clients = |clients: &Clients| match clients {
        Clients::Asked(validation) => Some(Arc::clone(validation)),
        Clients::NotAsked | Clients::Passthrough(_) | Clients::NotListening => None,
    };
    match observed.clients(authority) {
        None | Some(Fact::Unknown(_)) => Vec::new(),
        Some(Fact::Known(clients)) => of_clients(clients).into_iter().collect(),
        Some(Fact::OneOf(_, all)) => all.iter().filter_map(of_clients).collect(),
    }
}

fn known(validation: &ClientValidation) -> Vec<&Vec<Certificate>> {
    match &validation.certificates {
        Fact::Known(certificates) => vec![certificates],
        Fact::OneOf(_, all) => all.iter().collect(),
        Fact::Unknown(_) => Vec::new(),
    }
}
