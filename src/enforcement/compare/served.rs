//! What is served, as far as a comparison asks.

use std::sync::Arc;

use crate::enforcement::clients::{ClientValidation, Clients};
use crate::enforcement::fact::Fact;
use crate::enforcement::observed::Listener;
use crate::enforcement::routes::{Action, Answer, Forward, Route, SniDiffers, VirtualHost};
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
        Verdict::Refused { why: Why::Nobody(because), .. } => !because.is_empty(),
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

/// Routes that lead to backends, whichever of several possibilities holds.
pub(super) fn forwards(host: &VirtualHost) -> impl Iterator<Item = (&Route, &Forward)> {
    let routes: Vec<&Vec<Route>> = match &host.routes {
        Fact::Known(routes) => vec![routes],
        Fact::OneOf(_, all) => all.iter().collect(),
        Fact::Unknown(_) => Vec::new(),
    };
    routes.into_iter().flatten().flat_map(|route| {
        let actions: Vec<&Action> = match &route.answer {
            Fact::Known(action) => vec![action],
            Fact::OneOf(_, all) => all.iter().collect(),
            Fact::Unknown(_) => Vec::new(),
        };
        actions.into_iter().filter_map(move |action| match action {
            Action::Forward(forward) => Some((route, forward)),
            Action::Redirect(_) | Action::Status(_) => None,
        })
    })
}

/// Whether a path leads to a backend, or may.
pub(super) fn leads_anywhere(host: &VirtualHost) -> bool {
    let is_open = matches!(host.routes, Fact::Unknown(_));
    is_open || forwards(host).any(|(_, forward)| forward.backend != Fact::Known(None))
}
