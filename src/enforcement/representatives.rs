//! Requests that represent all others: names, paths and clients of what is served.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::clients::{ClientValidation, Clients, Pins};
use super::fact::Fact;
use super::matching;
use super::names::Pattern;
use super::request::{LeafFacts, Presented};
use super::routes::{PathPattern, Route, Routed, VirtualHost, route};
use crate::pki::certificate::Certificate;
use crate::pki::request::SerialNumber;

/// An authority that no bundle has; its key does not exist any more.
const AUTHORITY: &str = include_str!("stranger.pem");
/// A label for names that only a wildcard covers, and a name that no host has.
const ANY_LABEL: &str = "mtlsgen-any";
const NO_HOST: &str = "mtlsgen-any.invalid";
/// A subject that no list has.
const ANY_SUBJECT: &str = "CN=mtlsgen any client";

/// Clients that every rule treats alike.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientClass {
    /// Those without a certificate.
    Nothing,
    /// Those of an authority that nothing trusts.
    Stranger,
    /// Those with a valid certificate of this certificate of a bundle, whose subject is in no list.
    Below(Arc<Certificate>),
    /// The holder of this certificate of a bundle, which is not an authority's.
    Itself(Arc<Certificate>),
}

impl fmt::Display for ClientClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Stranger => f.write_str("stranger"),
            Self::Below(issuer) => write!(f, "below {}", issuer.subject.rfc2253()),
            Self::Itself(own) => write!(f, "{} of the bundle", own.subject.rfc2253()),
        }
    }
}

fn stranger() -> Arc<Certificate> {
    static STRANGER: LazyLock<Arc<Certificate>> = LazyLock::new(|| {
        let read = Certificate::from_pem(AUTHORITY.as_bytes()).ok();
        let read = read.and_then(|all| all.into_iter().next());
        Arc::new(read.expect("the file beside this one is a certificate"))
    });
    Arc::clone(&STRANGER)
}

/// A certificate of a trusted authority that is valid but for its serial number, which a list has.
#[must_use]
pub fn revoked(
    issuer: Arc<Certificate>,
    bundle: &[Certificate],
    serial: SerialNumber,
) -> Presented {
    let subject = ANY_SUBJECT.to_owned();
    let leaf = LeafFacts { subject, serial: Some(serial), ..LeafFacts::default() };
    Presented::Supposed { issuer, leaf, sends: intermediates(bundle) }
}

/// The same client with that subject, as RFC 2253 prints it; certificates that exist keep their own.
#[must_use]
pub fn with_subject(shows: Presented, subject: &str) -> Presented {
    match shows {
        Presented::Supposed { issuer, leaf, sends } => {
            let leaf = LeafFacts { subject: subject.to_owned(), ..leaf };
            Presented::Supposed { issuer, leaf, sends }
        }
        Presented::Nothing | Presented::Chain(_) => shows,
    }
}

/// The same client with these names and hashes; certificates that exist keep their own.
#[must_use]
pub fn with_pins(shows: Presented, pins: &Pins) -> Presented {
    match shows {
        Presented::Supposed { issuer, leaf, sends } => {
            let leaf = LeafFacts { pins: pins.clone(), ..leaf };
            Presented::Supposed { issuer, leaf, sends }
        }
        Presented::Nothing | Presented::Chain(_) => shows,
    }
}

/// A valid certificate of a trusted authority with that subject, as RFC 2253 prints it.
#[must_use]
pub fn of_subject(issuer: Arc<Certificate>, bundle: &[Certificate], subject: String) -> Presented {
    let leaf = LeafFacts { subject, ..LeafFacts::default() };
    Presented::Supposed { issuer, leaf, sends: intermediates(bundle) }
}

/// A client of an authority that nothing trusts, with that subject.
#[must_use]
pub fn stranger_with(subject: &str) -> Presented {
    with_subject(supposed(stranger(), Arc::new([])), subject)
}

/// What clients below a bundle send along.
fn intermediates(bundle: &[Certificate]) -> Arc<[Certificate]> {
    bundle.iter().filter(|one| !one.is_self_signed()).cloned().collect()
}

/// A valid certificate of an authority, whose subject no list of subjects has.
fn supposed(issuer: Arc<Certificate>, sends: Arc<[Certificate]>) -> Presented {
    Presented::Supposed {
        issuer,
        leaf: LeafFacts { subject: ANY_SUBJECT.to_owned(), ..LeafFacts::default() },
        sends,
    }
}

/// A name that a pattern is for and nothing more specific is; `None`: expressions have none.
#[must_use]
pub fn name_of(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Exact(name) => Some(name.clone()),
        Pattern::OneLabel(domain) | Pattern::Below(domain) => Some(format!("{ANY_LABEL}.{domain}")),
        Pattern::Any => Some(NO_HOST.to_owned()),
        Pattern::Expression(_) => None,
    }
}

/// Paths that represent all others of a host: for each route, its own one and one that it answers, if there is one; `/` in any
/// case.
#[must_use]
pub fn paths(host: &VirtualHost) -> BTreeSet<String> {
    let all = match &host.routes {
        Fact::Known(routes) => vec![routes],
        Fact::OneOf(_, all) => all.iter().collect(),
        Fact::Unknown(_) => Vec::new(),
    };
    let mut paths = BTreeSet::from(["/".to_owned()]);
    for routes in all {
        for route in routes {
            let (own, further) = of_pattern(&route.path);
            let answers = |path: &String| answers(routes, route, path);
            if own.first().is_some_and(|first| routes.len() == 1 || answers(first)) {
                paths.extend(own.into_iter().next());
                continue;
            }
            let found = own.iter().chain(&further).find(|path| answers(path)).cloned();
            paths.extend(own.into_iter().next().into_iter().chain(found));
        }
    }
    paths
}

/// Whether a route answers for a path, or may.
fn answers(routes: &[Route], own: &Route, path: &str) -> bool {
    match route(routes, path) {
        Routed::At(one) => std::ptr::eq(one, own),
        Routed::OneOf(_, all) | Routed::Perhaps(all) => {
            all.into_iter().any(|one| std::ptr::eq(one, own))
        }
        Routed::Nothing => false,
    }
}

/// Paths of a pattern, and paths that it may have too.
fn of_pattern(pattern: &PathPattern) -> (Vec<String>, Vec<String>) {
    // One of all others, and one with a character for which the match of expressions is undecided.
    let others = || [format!("/{ANY_LABEL}"), format!("/{ANY_LABEL}%")];
    match pattern {
        PathPattern::Exact(path) => (vec![path.clone()], Vec::new()),
        PathPattern::Prefix(path) => (vec![path.clone()], vec![below(path)]),
        PathPattern::Rule(_) => (Vec::new(), Vec::from(others())),
        PathPattern::Expression(text) => {
            let rooted =
                |text: String| if text.starts_with('/') { text } else { format!("/{text}") };
            let mut own: Vec<String> = matching::texts(text).into_iter().map(rooted).collect();
            own.retain(|path| pattern.matches(path) != Some(false));
            let longer = own.iter().map(|path| format!("{path}{ANY_LABEL}")).collect::<Vec<_>>();
            (own, longer.into_iter().chain(others()).collect())
        }
    }
}

/// A path that begins with another one, and that no route has.
#[must_use]
pub fn below(path: &str) -> String {
    format!("{path}{ANY_LABEL}")
}

/// The classes of clients of a host, with what one of each shows: those that are there for every host, and one for each
/// authority of the bundles that it may have by what is asked.
#[must_use]
pub fn classes<'a>(
    asked: impl IntoIterator<Item = &'a Fact<Clients>>,
) -> Vec<(ClientClass, Presented)> {
    let mut classes = vec![
        (ClientClass::Nothing, Presented::Nothing),
        (ClientClass::Stranger, supposed(stranger(), Arc::new([]))),
    ];
    for validation in asked.into_iter().flat_map(validations) {
        for bundle in bundles(&validation) {
            for (class, shows) in of_bundle(bundle) {
                if !classes.iter().any(|(known, _)| *known == class) {
                    classes.push((class, shows));
                }
            }
        }
    }
    classes
}

/// The classes of clients that a bundle may admit.
#[must_use]
pub fn of_bundle(bundle: &[Certificate]) -> Vec<(ClientClass, Presented)> {
    let mut known = BTreeSet::new();
    let sends = intermediates(bundle);
    let mut classes = Vec::new();
    for issuer in bundle {
        if !known.insert(issuer.fingerprint()) {
            continue;
        }
        let own = Arc::new(issuer.clone());
        if !issuer.is_authority {
            let chain = Presented::Chain(vec![issuer.clone()]);
            classes.push((ClientClass::Itself(Arc::clone(&own)), chain));
        }
        classes.push((ClientClass::Below(Arc::clone(&own)), supposed(own, Arc::clone(&sends))));
    }
    classes
}

/// How clients may be validated.
fn validations(asked: &Fact<Clients>) -> Vec<Arc<ClientValidation>> {
    let of_clients = |clients: &Clients| match clients {
        Clients::Asked(validation) => Some(Arc::clone(validation)),
        Clients::NotAsked
        | Clients::Passthrough(_)
        | Clients::NotListening
        | Clients::Closed(_) => None,
    };
    match asked {
        Fact::Unknown(_) => Vec::new(),
        Fact::Known(clients) => of_clients(clients).into_iter().collect(),
        Fact::OneOf(_, all) => all.iter().filter_map(of_clients).collect(),
    }
}

fn bundles(validation: &ClientValidation) -> Vec<&Vec<Certificate>> {
    match &validation.certificates {
        Fact::Known(certificates) => vec![certificates],
        Fact::OneOf(_, all) => all.iter().collect(),
        Fact::Unknown(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enforcement::{Action, SniDiffers, ToHttps};

    fn of(routes: &[(PathPattern, i64)]) -> Vec<String> {
        let route = |(path, rank): &(PathPattern, i64)| Route {
            path: path.clone(),
            rank: Some(*rank),
            settings: None,
            to_https: ToHttps::Never,
            answer: Fact::Known(Action::Status(200)),
        };
        let host = VirtualHost {
            names: Vec::new(),
            sni_differs: SniDiffers::Serve,
            checks: Fact::Known(Vec::new()),
            routes: Fact::Known(routes.iter().map(route).collect()),
        };
        paths(&host).into_iter().collect()
    }

    #[test]
    fn each_route_has_a_path_that_it_answers() {
        let exact = |path: &str| PathPattern::Exact(path.to_owned());
        let prefix = |path: &str| PathPattern::Prefix(path.to_owned());
        let expression = |text: &str| PathPattern::Expression(text.to_owned());
        assert_eq!(of(&[(prefix("/"), 1)]), ["/"]);
        assert_eq!(of(&[(prefix("/a"), 1), (exact("/a"), 2)]), ["/", "/a", "/amtlsgen-any"]);
        assert_eq!(of(&[(expression("(?i)^/foo.*"), 1)]), ["/", "/foo"]);
        assert_eq!(of(&[(expression("^/foo.*"), 1), (exact("/foo"), 2)]).len(), 3);
        assert_eq!(of(&[(expression("^/(a|b)$"), 1), (exact("/a"), 2)]), ["/", "/a", "/b"]);
        // What is not read here may match anything.
        let unread = [(expression("^/(?=a)"), 1), (exact("/"), 2)];
        assert_eq!(of(&unread), ["/", "/mtlsgen-any"]);
        let rule = [(PathPattern::Rule("Method(`POST`)".to_owned()), 1), (exact("/"), 2)];
        assert_eq!(of(&rule), ["/", "/mtlsgen-any"]);
    }
}
