//! The answer to a request.

use std::fmt;

use regex_lite::Regex;

use super::clients::{ClientValidation, Clients, Refusal};
use super::fact::{Cause, Fact, Missing};
use super::names::Found;
use super::observed::{Listener, Observed, Protocol};
use super::request::Request;
use super::routes::{
    Action, Admits, Answer, Backend, Check, Forward, Header, Route, Routed, SniDiffers, ToHttps,
    VirtualHost, route,
};
use super::validation::{Fault, fault};
use crate::identity::Identity;
use crate::time::Timestamp;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A backend gets it.
    Admitted {
        /// Which one; `None`: it is not known.
        backend: Option<Backend>,
        /// What it hears of the client's certificate.
        headers: Vec<Header>,
    },
    /// The controller refuses it.
    Refused {
        /// What the client sees.
        answer: Answer,
        /// Why.
        why: Why,
    },
    /// It is redirected: to HTTPS, or to another place.
    Redirected(String),
    /// It is answered with 421: its handshake had another name.
    Misdirected,
    /// There is nothing for it.
    NotServed,
    /// One of these.
    OneOf(Cause, Vec<Verdict>),
    /// That is not known.
    Unknown(Missing),
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its client's certificate has a fault.
    Fault(Fault),
    /// Its client's subject is not among those that are admitted.
    Subject,
    /// No client is admitted, because of these objects.
    Closed(Vec<Identity>),
}

impl Verdict {
    /// Whether a backend gets the request, or may get it.
    #[must_use]
    pub fn may_admit(&self) -> bool {
        match self {
            Self::Admitted { .. } | Self::Unknown(_) => true,
            Self::OneOf(_, all) => all.iter().any(Self::may_admit),
            Self::Refused { .. } | Self::Redirected(_) | Self::Misdirected | Self::NotServed => {
                false
            }
        }
    }
}

impl Verdict {
    /// What is not known, if something is that it depends on.
    #[must_use]
    pub fn missing(&self) -> Option<&Missing> {
        match self {
            Self::Unknown(missing) => Some(missing),
            Self::OneOf(_, all) => all.iter().find_map(Self::missing),
            _ => None,
        }
    }

    /// Whether another verdict is the same to the client, for any reasons.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused { answer, .. }, Self::Refused { answer: other, .. }) => answer == other,
            (Self::OneOf(_, all), Self::OneOf(_, others)) => {
                all.len() == others.len()
                    && all.iter().zip(others).all(|(one, other)| one.is_as(other))
            }
            _ => self == other,
        }
    }
}

/// What becomes of a request at a time.
#[must_use]
pub fn verdict(observed: &Observed, request: &Request, now: Timestamp) -> Verdict {
    if let Some((cause, all)) = &observed.alternatives {
        return one_of(*cause, all.iter().map(|one| verdict(one, request, now)));
    }
    let Some((found, is_known)) = observed.listener(request) else {
        return Verdict::NotServed;
    };
    let listener = match found {
        Found::At(at) => &observed.listeners[at],
        Found::Nothing => return Verdict::NotServed,
        Found::Perhaps(text) => return Verdict::Unknown(Missing::Expression(text)),
    };
    let with = |(at, clients): (usize, &Clients)| {
        let settings = listener.settings.get(at).map(String::as_str);
        let asking = Asking { observed, request, now, listener, settings, is_known };
        match clients {
            Clients::NotListening => Verdict::NotServed,
            Clients::Closed(because) => {
                Verdict::Refused { answer: Answer::Alert, why: Why::Closed(because.clone()) }
            }
            Clients::Passthrough(backend) => of_fact(backend, |backend| Verdict::Admitted {
                backend: Some(backend.clone()),
                headers: Vec::new(),
            }),
            Clients::NotAsked => asking.with(Handshake::NotAsked),
            Clients::Asked(validation) => asking.validated(validation),
        }
    };
    match &listener.clients {
        Fact::Known(clients) => with((0, clients)),
        Fact::OneOf(cause, all) => one_of(*cause, all.iter().enumerate().map(with)),
        Fact::Unknown(missing) => Verdict::Unknown(missing.clone()),
    }
}

/// A request at a listener.
struct Asking<'a> {
    observed: &'a Observed,
    request: &'a Request,
    now: Timestamp,
    listener: &'a Listener,
    /// Name of the TLS settings that the handshake had.
    settings: Option<&'a str>,
    /// Whether the listener is for the name in the handshake, and not only for the rest.
    is_known: bool,
}

/// What a handshake found of a client's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handshake {
    NotAsked,
    Verified,
    Faulty(Fault),
}

impl Asking<'_> {
    fn validated(&self, validation: &ClientValidation) -> Verdict {
        let of_lists = |certificates: &Vec<_>| {
            of_fact(&validation.revocation, |revocation| {
                let found =
                    fault(&self.request.client, validation, certificates, revocation, self.now);
                match found {
                    Some(fault)
                        if validation.refusal == Refusal::Alert
                            && !validation.tolerates.contains(&fault) =>
                    {
                        Verdict::Refused { answer: Answer::Alert, why: Why::Fault(fault) }
                    }
                    Some(fault) => self.with(Handshake::Faulty(fault)),
                    None => self.with(Handshake::Verified),
                }
            })
        };
        of_fact(&validation.certificates, of_lists)
    }

    /// After the handshake.
    fn with(&self, found: Handshake) -> Verdict {
        let table = &self.observed.tables[self.listener.table];
        let host = match table.find(&self.request.authority) {
            Found::At(at) => &table.hosts[at],
            Found::Nothing => return Verdict::NotServed,
            Found::Perhaps(text) => return Verdict::Unknown(Missing::Expression(text)),
        };
        let differs = self.is_known && self.request.sni.as_deref() != Some(&self.request.authority);
        if differs && host.sni_differs == SniDiffers::Misdirect {
            return Verdict::Misdirected;
        }
        of_fact(&host.checks, |checks| self.checked(host, checks, found, &self.request.path))
    }

    /// Behind these checks, for a path.
    fn checked(
        &self,
        host: &VirtualHost,
        checks: &[Check],
        found: Handshake,
        path: &str,
    ) -> Verdict {
        let Some((first, rest)) = checks.split_first() else { return self.routed(host, path) };
        match self.refusal(first, found) {
            Ok(None) => self.checked(host, rest, found, path),
            Ok(Some(why)) => match &first.refusal {
                Answer::Within(path) => self.checked(host, rest, found, path),
                answer => {
                    let refused = Verdict::Refused { answer: answer.clone(), why };
                    if first.is_of_routes { self.in_place(refused, host, path) } else { refused }
                }
            },
            Err(missing) => Verdict::Unknown(missing),
        }
    }

    /// A verdict in place of those of the routes for a path.
    fn in_place(&self, verdict: Verdict, host: &VirtualHost, path: &str) -> Verdict {
        match self.routed(host, path) {
            Verdict::NotServed => Verdict::NotServed,
            Verdict::OneOf(cause, all) if all.contains(&Verdict::NotServed) => {
                one_of(cause, [verdict, Verdict::NotServed].into_iter())
            }
            _ => verdict,
        }
    }

    fn routed(&self, host: &VirtualHost, path: &str) -> Verdict {
        of_fact(&host.routes, |routes| match route(routes, path) {
            Routed::Nothing => Verdict::NotServed,
            Routed::At(route) => self.answered(route),
            Routed::OneOf(cause, routes) => {
                one_of(cause, routes.into_iter().map(|route| self.answered(route)))
            }
            Routed::Perhaps(routes) => {
                let none = std::iter::once(Verdict::NotServed);
                let all = routes.into_iter().map(|route| self.answered(route));
                one_of(Cause::Paths, all.chain(none))
            }
        })
    }

    /// Why a check refuses the request, if it does.
    fn refusal(&self, check: &Check, found: Handshake) -> Result<Option<Why>, Missing> {
        match &check.admits {
            Admits::None => Ok(Some(Why::Closed(check.because.clone()))),
            Admits::Verified(tolerates) => {
                // Without a request in the handshake, there is no certificate.
                let fault = match (self.listener.protocol, found) {
                    (Protocol::Http, _) | (Protocol::Https, Handshake::Verified) => None,
                    (Protocol::Https, Handshake::NotAsked) => Some(Fault::Absent),
                    (Protocol::Https, Handshake::Faulty(fault)) => Some(fault),
                };
                Ok(fault.filter(|fault| !tolerates.contains(fault)).map(Why::Fault))
            }
            Admits::Subjects(subjects) => {
                let is_one = self.subject(found).is_some_and(|own| subjects.contains(&own));
                Ok((!is_one).then_some(Why::Subject))
            }
            Admits::Expression(text) => match Regex::new(text) {
                Ok(expression) => {
                    let subject = self.subject(found).unwrap_or_default();
                    Ok((!expression.is_match(&subject)).then_some(Why::Subject))
                }
                Err(_) => Err(Missing::Expression(text.clone())),
            },
        }
    }

    /// The subject of the certificate of the handshake.
    fn subject(&self, found: Handshake) -> Option<String> {
        (found != Handshake::NotAsked).then(|| self.request.subject()).flatten()
    }

    fn answered(&self, route: &Route) -> Verdict {
        let is_other = route.settings.as_deref().is_some_and(|own| self.settings != Some(own));
        if self.listener.protocol == Protocol::Https && is_other {
            return Verdict::Misdirected;
        }
        if self.listener.protocol == Protocol::Http {
            let is_forwarded =
                self.request.headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
            let redirected = match route.to_https {
                ToHttps::Never => false,
                ToHttps::Always => true,
                ToHttps::UnlessForwarded => !is_forwarded,
            };
            if redirected {
                let Request { authority, path, .. } = self.request;
                return Verdict::Redirected(format!("https://{authority}{path}"));
            }
        }
        of_fact(&route.answer, |action| match action {
            Action::Status(404) => Verdict::NotServed,
            Action::Status(status) => {
                Verdict::Refused { answer: Answer::Status(*status), why: Why::Closed(Vec::new()) }
            }
            Action::Redirect(to) => Verdict::Redirected(to.clone()),
            Action::Forward(Forward { backend, headers }) => match backend {
                Fact::Known(None) => Verdict::NotServed,
                Fact::Known(Some(backend)) => {
                    Verdict::Admitted { backend: Some(backend.clone()), headers: headers.to_vec() }
                }
                Fact::OneOf(cause, all) => one_of(
                    *cause,
                    all.iter().map(|backend| match backend {
                        None => Verdict::NotServed,
                        Some(backend) => Verdict::Admitted {
                            backend: Some(backend.clone()),
                            headers: headers.to_vec(),
                        },
                    }),
                ),
                Fact::Unknown(_) => Verdict::Admitted { backend: None, headers: headers.to_vec() },
            },
        })
    }
}

/// The verdict that follows from a fact.
fn of_fact<T>(fact: &Fact<T>, then: impl Fn(&T) -> Verdict) -> Verdict {
    match fact {
        Fact::Known(value) => then(value),
        Fact::OneOf(cause, all) => one_of(*cause, all.iter().map(then)),
        Fact::Unknown(missing) => Verdict::Unknown(missing.clone()),
    }
}

/// One of several, each once; the one where they are equal.
fn one_of(cause: Cause, all: impl Iterator<Item = Verdict>) -> Verdict {
    let mut different: Vec<Verdict> = Vec::new();
    for verdict in all {
        match verdict {
            Verdict::OneOf(_, inner) => {
                for verdict in inner {
                    if !different.contains(&verdict) {
                        different.push(verdict);
                    }
                }
            }
            verdict if different.contains(&verdict) => {}
            verdict => different.push(verdict),
        }
    }
    if different.len() == 1 { different.remove(0) } else { Verdict::OneOf(cause, different) }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Subject => f.write_str("its subject is not among those that are admitted"),
            Self::Closed(because) if because.is_empty() => f.write_str("the route answers so"),
            Self::Closed(because) => {
                let all: Vec<String> = because.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "the Secret that verifies clients is missing or refused ({})",
                    all.join(", ")
                )
            }
        }
    }
}
