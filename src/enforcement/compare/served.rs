//! What is served, as far as a comparison asks.

use std::sync::Arc;

use crate::enforcement::clients::{ClientValidation, Clients};
use crate::enforcement::fact::Fact;
use crate::enforcement::observed::Listener;
use crate::enforcement::routes::{Action, Answer, PathPattern, Route, SniDiffers, VirtualHost};
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

/// All routes of a host, whichever of several possibilities holds.
fn routes(host: &VirtualHost) -> impl Iterator<Item = &Route> {
    let all = match &host.routes {
        Fact::Known(routes) => std::slice::from_ref(routes),
        Fact::OneOf(_, all) => all.as_slice(),
        Fact::Unknown(_) => &[],
    };
    all.iter().flatten()
}

/// Whether it is not always known which paths a route of a host is for.
pub(super) fn has_open_patterns(host: &VirtualHost) -> bool {
    let is_open = |pattern: &PathPattern| {
        matches!(pattern, PathPattern::Expression(_) | PathPattern::Rule(_))
    };
    routes(host).any(|route| is_open(&route.path))
}

/// Whether a path leads to a backend, or may.
pub(super) fn leads_anywhere(host: &VirtualHost) -> bool {
    let leads = |action: &Action| matches!(action, Action::Forward(forward) if forward.backend != Fact::Known(None));
    let is_open = matches!(host.routes, Fact::Unknown(_));
    is_open
        || routes(host).any(|route| match &route.answer {
            Fact::Known(action) => leads(action),
            Fact::OneOf(_, all) => all.iter().any(leads),
            Fact::Unknown(_) => false,
        })
}
