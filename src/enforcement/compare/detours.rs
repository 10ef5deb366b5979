//! Requests that reach a host by a listener that is not its own.

use super::requesters::requesters;
use super::served::ways;
use super::{Comparison, Questions};
use crate::enforcement::desired::DesiredHost;
use crate::enforcement::difference::Requester;
use crate::enforcement::names::{Found, Pattern};
use crate::enforcement::observed::Protocol;
use crate::enforcement::representatives::{self, ClientClass, paths};
use crate::enforcement::request::{Presented, Request};
use crate::enforcement::routes::{Backend, Route, VirtualHost};

impl<'a> Comparison<'a> {
    /// Whether all that is reached is what a wildcard of the spec has for every name below it, and the host does not: whoever the
    /// wildcard admits may reach that by another name as well.
    fn is_of_wildcard(&self, host: &DesiredHost, name: &str, served: &VirtualHost) -> bool {
        let above = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
        let wildcards = above.filter_map(|domain| self.wildcards.get(domain)).flatten();
        let mut others = wildcards.filter(|wildcard| wildcard.key != host.key);
        others.any(|wildcard| {
            let is_its = |backend: &Backend| {
                wildcard.backends.contains(backend) && !host.backends.contains(backend)
            };
            let routes = served.routes.known();
            let are_known = |all: &Vec<Route>| all.iter().all(|one| one.answer.known().is_some());
            routes.is_some_and(are_known)
                && ways(served).all(|way| {
                    let backend = way.forward.backend.known();
                    backend.is_some_and(|backend| backend.as_ref().is_none_or(is_its))
                })
        })
    }

    /// As [`Self::is_of_wildcard`], for what a request reaches by the name in its handshake.
    pub(super) fn leads_to_wildcard(
        &self,
        host: &DesiredHost,
        served: Option<&VirtualHost>,
        request: &Request,
    ) -> bool {
        let Some((Found::At(at), _)) = self.observed.listener(request) else { return false };
        let table = &self.observed.tables[self.observed.listeners[at].table];
        table.host(&request.authority).is_some_and(|other| {
            let is_own = served.is_some_and(|own| std::ptr::eq(own, other));
            !is_own && self.is_of_wildcard(host, &request.authority, other)
        })
    }

    /// Requests that reach the host by another listener: with another name in the handshake, at another port or address.
    pub(super) fn detours(&mut self, questions: &Questions<'a>) {
        let Questions { host, name, .. } = questions;
        let detours: Vec<_> = self.observed.detours(name).collect();
        for (listener, served) in detours {
            if self.is_of_wildcard(host, name, served) {
                continue;
            }
            let is_plain = listener.protocol == Protocol::Http;
            let requesters = if is_plain {
                vec![(Requester::Class(ClientClass::Nothing), Presented::Nothing, false)]
            } else {
                requesters(questions.asked, Some(listener))
            };
            let paths = paths(served);
            let at = Request {
                address: listener.address.clone(),
                port: listener.port,
                sni: representatives::name_of(&listener.sni)
                    .filter(|_| listener.sni != Pattern::Any && !is_plain),
                protocol: listener.protocol,
                ..Request::of(name)
            };
            let before = self.found.len();
            for (requester, client, _) in requesters.into_iter().filter(|(.., wanted)| !wanted) {
                let request = Request { client, ..at.clone() };
                self.refuses(host, Some(served), &paths, (&requester, request));
                if self.found.len() > before {
                    return;
                }
            }
        }
    }
}
