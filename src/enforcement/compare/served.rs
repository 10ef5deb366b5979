//! What is served, as far as a comparison asks.

use std::sync::Arc;

use crate::enforcement::clients::{ClientValidation, Clients};
use crate::enforcement::fact::{Cause, Fact};
use crate::enforcement::observed::Listener;
use crate::enforcement::representatives;
use crate::enforcement::routes::{
    Action, Answer, Backend, Forward, PathPattern, Route, Routed, SniDiffers, VirtualHost, route,
};
use crate::enforcement::verdict::{Verdict, Why};

/// How clients of a listener are validated, if that is known.
pub(super) fn validated(listener: &Listener) -> Option<&Arc<ClientValidation>> {
    match &listener.clients {
        Fact::Known(Clients::Asked(validation)) => Some(validation),
        _ => None,
    }
}

/// Whether a request is refused before a route is looked for.
pub(super) fn is_refused_by_check(served: Option<&VirtualHost>, verdict: &Verdict) -> bool {
    match verdict {
        // Else it is by a route.
        Verdict::Misdirected => {
            served.is_some_and(|served| served.sni_differs == SniDiffers::Misdirect)
        }
        Verdict::Refused { why: Why::Fault(_) | Why::Subject, .. } => true,
        Verdict::Refused { why: Why::Closed(because), .. } => !because.is_empty(),
        _ => false,
    }
}

/// Whether a request that depends on something may be refused because of it; the choice of paths and requests alone
/// refuses nothing.
pub(super) fn may_be_turned_away(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::OneOf(Cause::Paths | Cause::Share, _) => false,
        Verdict::OneOf(_, all) => all.iter().any(|one| !one.may_admit()),
        _ => false,
    }
}

/// Whether two hosts check the same, and never by a route of theirs.
pub(super) fn checks_alike(one: &VirtualHost, other: &VirtualHost) -> bool {
    let (Fact::Known(one_checks), Fact::Known(checks)) = (&one.checks, &other.checks) else {
        return false;
    };
    one.sni_differs == other.sni_differs
        && one_checks.len() == checks.len()
        && one_checks.iter().zip(checks).all(|(one, other)| {
            one.admits == other.admits
                && one.refusal == other.refusal
                && !matches!(one.refusal, Answer::Within(_))
        })
}

/// A route to a backend, whichever of several possibilities holds.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub route: &'a Route,
    pub forward: &'a Forward,
    /// The routes beside it.
    routes: &'a [Route],
    /// What it depends on, so far.
    cause: Option<Cause>,
}

/// Routes that lead to backends, whichever of several possibilities holds.
pub(super) fn ways(host: &VirtualHost) -> impl Iterator<Item = Way<'_>> {
    possibilities(&host.routes).into_iter().flat_map(|(routes, whole)| {
        routes.iter().flat_map(move |route| {
            possibilities(&route.answer).into_iter().filter_map(move |(action, own)| match action {
                Action::Forward(forward) => {
                    Some(Way { route, forward, routes, cause: whole.or(own) })
                }
                Action::Redirect(_) | Action::Status(_) => None,
            })
        })
    })
}

/// Where a path leads by HTTPS, whichever of several possibilities holds: to that backend, or nowhere. Redirects and answers of the
/// controller's own are left out, and so is what depends on the choice of paths and requests.
pub(super) fn ends<'a>(
    host: &'a VirtualHost,
    listener: Option<&Listener>,
    path: &str,
) -> Vec<(Option<&'a Backend>, Option<Cause>)> {
    let names = listener.map(|listener| listener.settings.as_slice()).unwrap_or_default();
    let mut ends = Vec::new();
    for (routes, whole) in possibilities(&host.routes) {
        let (routes, chosen) = match route(routes, path) {
            Routed::Nothing => {
                ends.push((None, whole));
                continue;
            }
            Routed::At(one) => (vec![one], None),
            Routed::OneOf(Cause::Paths, _) | Routed::Perhaps(_) => continue,
            Routed::OneOf(cause, all) => (all, Some(cause)),
        };
        for own in routes {
            // A request with other settings is misdirected.
            let is_other =
                !names.is_empty() && own.settings.as_ref().is_some_and(|own| !names.contains(own));
            for (action, one) in possibilities(&own.answer).into_iter().filter(|_| !is_other) {
                let depends = whole.or(chosen).or(one);
                match action {
                    Action::Status(404) => ends.push((None, depends)),
                    Action::Redirect(_) | Action::Status(_) => {}
                    Action::Forward(forward) => {
                        let backends = possibilities(&forward.backend).into_iter();
                        let backends = backends.filter(|(_, cause)| *cause != Some(Cause::Share));
                        ends.extend(
                            backends.map(|(backend, cause)| (backend.as_ref(), depends.or(cause))),
                        );
                    }
                }
            }
        }
    }
    ends
}

/// What a fact may be, each with what decides.
pub(super) fn possibilities<T>(fact: &Fact<T>) -> Vec<(&T, Option<Cause>)> {
    match fact {
        Fact::Known(value) => vec![(value, None)],
        Fact::OneOf(cause, all) => all.iter().map(|value| (value, Some(*cause))).collect(),
        Fact::Unknown(_) => Vec::new(),
    }
}

impl Way<'_> {
    /// A path of which requests by HTTPS take this way, and what that depends on; `None`: another route takes all of them.
    pub(super) fn reached(&self, listener: Option<&Listener>) -> Option<(String, Option<Cause>)> {
        let Self { route: own, routes, cause, .. } = *self;
        // A request with other settings is misdirected.
        let names = listener.map(|listener| listener.settings.as_slice()).unwrap_or_default();
        let fits = |name: &String| names.contains(name);
        if !names.is_empty() && !own.settings.as_ref().is_none_or(fits) {
            return None;
        }
        let paths = match &own.path {
            PathPattern::Exact(path) => vec![path.clone()],
            PathPattern::Prefix(path) => vec![path.clone(), representatives::below(path)],
            PathPattern::Expression(_) | PathPattern::Rule(_) => {
                return Some((own.path.to_string(), cause.or(Some(Cause::Paths))));
            }
        };
        let is_own = |one: &&Route| std::ptr::eq(*one, own);
        paths.into_iter().find_map(|path| {
            let cause = match route(routes, &path) {
                Routed::At(one) if is_own(&one) => cause,
                // Not all that begins so need be what it matches.
                Routed::At(Route {
                    path: PathPattern::Expression(_) | PathPattern::Rule(_),
                    ..
                }) => cause.or(Some(Cause::Paths)),
                Routed::OneOf(decides, all) if all.iter().any(is_own) => cause.or(Some(decides)),
                Routed::Perhaps(all) if all.iter().any(is_own) => cause.or(Some(Cause::Paths)),
                _ => return None,
            };
            Some((path, cause))
        })
    }
}

/// Whether a path leads to a backend, or may.
pub(super) fn leads_anywhere(host: &VirtualHost) -> bool {
    let is_open = matches!(host.routes, Fact::Unknown(_));
    is_open || ways(host).any(|way| way.forward.backend != Fact::Known(None))
}
