//! Requests that reach a host by a listener that is not its own.

use super::requesters::requesters;
use super::{Comparison, Questions};
use crate::enforcement::difference::Requester;
use crate::enforcement::names::Pattern;
use crate::enforcement::observed::Protocol;
use crate::enforcement::representatives::{self, ClientClass, paths};
use crate::enforcement::request::{Presented, Request};

impl<'a> Comparison<'a> {
    /// Requests that reach the host by another listener: with another name in the handshake, at another port or address.
    pub(super) fn detours(&mut self, questions: &Questions<'a>) {
        let Questions { host, name, .. } = questions;
        let detours: Vec<_> = self.observed.detours(name).collect();
        for (listener, served) in detours {
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
