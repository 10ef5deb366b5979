//! Where requests get whose clients pass all checks, and what Services hear of them.

use std::sync::Arc;

use super::served::{Way, ends, leads_anywhere, possibilities, validated, ways};
use super::{Comparison, Questions};
use crate::enforcement::desired::{Asked, DesiredHost};
use crate::enforcement::difference::{DifferenceKind, Witness};
use crate::enforcement::fact::Cause;
use crate::enforcement::observed::Listener;
use crate::enforcement::routes::{Admits, Backend, Check, Header, HeaderValue, VirtualHost};

impl<'a> Comparison<'a> {
    /// Where paths lead, and what Services hear.
    pub(super) fn routes(&mut self, questions: &Questions<'a>) {
        let Questions { host, asked, name, served } = questions;
        let Some(served) = served.filter(|served| leads_anywhere(served)) else {
            self.note(host, DifferenceKind::LockedOut, Witness::NotServed);
            return;
        };
        let denies = |check: &&Check| check.admits == Admits::None;
        if let Some(check) = served.checks.known().and_then(|all| all.iter().find(denies)) {
            self.note(host, DifferenceKind::LockedOut, Witness::Denied(check.because.clone()));
        }
        let listener = self.observed.listener_of(name);
        self.paths(host, (served, listener));
        self.others_backends(host, Some(asked), (served, listener));
        let is_heard =
            asked.passes_certificate && listener.is_some_and(|one| validated(one).is_some());
        if is_heard && let Some((kind, witness)) = self.unheard(served, listener) {
            self.note(host, kind, witness);
        }
        if let (Some(wanted), Some(listener)) = (&host.certificate, listener)
            && !listener.certificates.contains(wanted)
        {
            self.note(host, DifferenceKind::LockedOut, Witness::Certificate(wanted.clone()));
        }
    }

    /// Paths of the spec that lead nowhere or to a Service that may be missing.
    fn paths(&mut self, host: &DesiredHost, (served, listener): (&VirtualHost, Option<&Listener>)) {
        // What other paths match depends on how they are read.
        let is_plain = |path: &&String| {
            path.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet))
        };
        for path in host.paths.iter().filter(is_plain) {
            for (end, depends) in ends(served, listener, path) {
                let (path, backend) = (path.clone(), end.cloned());
                let witness = match backend {
                    None => Witness::NoPath { path, depends },
                    Some(backend) if self.is_absent(&backend) => {
                        Witness::NoService { path, backend, depends }
                    }
                    Some(_) => continue,
                };
                self.note(host, DifferenceKind::LockedOut, witness);
                break;
            }
        }
    }

    fn is_absent(&self, backend: &Backend) -> bool {
        self.services.is_some_and(|all| !all.has(&backend.namespace, &backend.service))
    }

    /// A Service that does not hear of the client's certificate, or hears what a client writes.
    fn unheard(
        &self,
        served: &VirtualHost,
        listener: Option<&Listener>,
    ) -> Option<(DifferenceKind, Witness)> {
        let carries = |header: &Header| header.carries == HeaderValue::Certificate;
        ways(served).find_map(|way| {
            let headers = &way.forward.headers;
            let forgeable = headers.iter().find(|header| header.client_can_send);
            if forgeable.is_none() && headers.iter().any(carries) {
                return None;
            }
            let (path, depends) = self.reached(&way, listener)?;
            let backend = way.forward.backend.known().and_then(Option::as_ref);
            if self.is_challenge(&path, backend) {
                return None;
            }
            Some(match forgeable {
                Some(header) => {
                    let header = header.name;
                    (DifferenceKind::Weaker, Witness::Forgeable { path, header, depends })
                }
                None => (DifferenceKind::LockedOut, Witness::Unheard { path, depends }),
            })
        })
    }

    /// Paths that lead to backends of a host that asks for something else.
    pub(super) fn others_backends(
        &mut self,
        host: &DesiredHost,
        asked: Option<&Arc<Asked>>,
        (served, listener): (&VirtualHost, Option<&Listener>),
    ) {
        let leads = |way: Way<'_>, backend: &Backend, decides: Option<Cause>| {
            if host.backends.contains(backend) {
                return None;
            }
            let owners = self.owners.get(backend)?;
            let is_own =
                owners.iter().any(|(_, own)| asked.is_some_and(|asked| Arc::ptr_eq(own, asked)));
            let of = owners.first().filter(|_| !is_own)?.0.to_owned();
            let (path, depends) = self.reached(&way, listener)?;
            let depends = depends.or(decides);
            Some(Witness::OtherBackend { path, backend: backend.clone(), of, depends })
        };
        let other = ways(served).find_map(|way| {
            let mut backends = possibilities(&way.forward.backend).into_iter();
            backends.find_map(|(backend, decides)| leads(way, backend.as_ref()?, decides))
        });
        if let Some(witness) = other {
            self.note(host, DifferenceKind::Weaker, witness);
        }
    }

    /// As [`Way::reached`], where all of it may depend on something.
    fn reached(
        &self,
        way: &Way<'_>,
        listener: Option<&Listener>,
    ) -> Option<(String, Option<Cause>)> {
        let (path, cause) = way.reached(listener)?;
        let whole = self.observed.alternatives.as_ref().map(|(cause, _)| *cause);
        Some((path, whole.or(cause)))
    }
}
