//! Where requests get once their clients pass all checks, and what Services hear of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::served::{leads_anywhere, validated};
use super::{Comparison, Questions};
use crate::enforcement::clients::ClientValidation;
use crate::enforcement::compare::CHALLENGES;
use crate::enforcement::desired::{Asked, DesiredHost, Presence};
use crate::enforcement::difference::{DifferenceKind, Witness};
use crate::enforcement::representatives;
use crate::enforcement::request::Request;
use crate::enforcement::routes::{Admits, Backend, Check, Header, HeaderValue, VirtualHost};
use crate::enforcement::verdict::{Verdict, behind_checks};

/// What a path leads to.
pub(super) struct Reached {
    path: String,
    /// `None`: it is not known.
    backend: Option<Backend>,
    headers: Vec<Header>,
}

impl<'a> Comparison<'a> {
    /// Where paths lead, and what Services hear.
    pub(super) fn routes(&mut self, questions: &Questions<'a>) {
        let Questions { host, asked, name, served, paths } = questions;
        let Some(served) = served.filter(|served| leads_anywhere(served)) else {
            self.note(host, DifferenceKind::LockedOut, Witness::NotServed);
            return;
        };
        let denies = |check: &&Check| check.admits == Admits::Nobody;
        if let Some(check) = served.checks.known().and_then(|all| all.iter().find(denies)) {
            self.note(host, DifferenceKind::LockedOut, Witness::Denied(check.because.clone()));
        }
        let reached = self.reached(&Request::of(name), paths);
        self.others_backends(host, Some(asked), &reached);
        let listener = self.observed.listener_of(name);
        let validation = listener.and_then(validated);
        if asked.passes_certificate && validation.is_some() {
            self.headers(host, &reached);
        }
        if let Some(validation) = validation {
            self.depth(host, asked, validation);
        }
        if let (Some(wanted), Some(listener)) = (&host.certificate, listener)
            && !listener.certificates.contains(wanted)
        {
            self.note(host, DifferenceKind::LockedOut, Witness::Certificate(wanted.clone()));
        }
    }

    /// What Services hear of the certificate.
    fn headers(&mut self, host: &DesiredHost, reached: &[Reached]) {
        for Reached { path, backend, headers } in reached {
            if self.is_challenge(path, backend.as_ref()) {
                continue;
            }
            if let Some(header) = headers.iter().find(|header| header.client_can_send) {
                self.note(host, DifferenceKind::Weaker, Witness::Forgeable(header.name));
                return;
            }
            let carries = |header: &Header| header.carries == HeaderValue::Certificate;
            if !headers.iter().any(carries) {
                self.note(host, DifferenceKind::LockedOut, Witness::Unheard);
                return;
            }
        }
    }

    /// A host that asks for no certificate: where its paths lead, by either protocol.
    pub(super) fn open(
        &mut self,
        host: &DesiredHost,
        name: &str,
        served: [Option<&VirtualHost>; 2],
    ) {
        let https = Request::of(name);
        for (served, request) in served.into_iter().zip([https.clone(), https.plain()]) {
            let before = self.found.len();
            if let Some(served) = served {
                let reached = self.reached(&request, &representatives::paths(served));
                self.others_backends(host, None, &reached);
            }
            if self.found.len() > before {
                return;
            }
        }
    }

    /// Where requests with these paths get.
    fn reached(&self, request: &Request, paths: &BTreeSet<String>) -> Vec<Reached> {
        let of_path = |path: &String| {
            let request = Request { path: path.clone(), ..request.clone() };
            let verdict = behind_checks(self.observed, &request);
            let all = verdict.possibilities().iter();
            let admitted = all.filter_map(|one| match one {
                Verdict::Admitted { backend, headers } => {
                    let (backend, headers) = (backend.clone(), headers.clone());
                    Some(Reached { path: path.clone(), backend, headers })
                }
                _ => None,
            });
            admitted.collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// Whether a path is one of challenges, and leads to what answers them.
    pub(super) fn is_challenge(&self, path: &str, backend: Option<&Backend>) -> bool {
        path.starts_with(CHALLENGES)
            && backend.is_some_and(|backend| !self.owners.contains_key(backend))
    }

    /// Paths that lead to backends of a host that asks for something else.
    fn others_backends(
        &mut self,
        host: &DesiredHost,
        asked: Option<&Arc<Asked>>,
        reached: &[Reached],
    ) {
        let other = reached.iter().find_map(|Reached { path, backend, .. }| {
            let backend = backend.as_ref()?;
            if host.backends.contains(backend) {
                return None;
            }
            let owners = self.owners.get(backend)?;
            let is_own =
                owners.iter().any(|(_, own)| asked.is_some_and(|asked| Arc::ptr_eq(own, asked)));
            let of = owners.first().filter(|_| !is_own)?.0.to_owned();
            Some(Witness::OtherBackend { path: path.clone(), backend: backend.clone(), of })
        });
        if let Some(witness) = other {
            self.note(host, DifferenceKind::Weaker, witness);
        }
    }

    /// Whether chains may be longer than it is written.
    fn depth(&mut self, host: &DesiredHost, asked: &Asked, validation: &ClientValidation) {
        let Some(desired) = asked.depth else { return };
        let is_deeper = match validation.depth {
            Some(observed) => desired < observed,
            None => asked.presence != Presence::Unverified && asked.may_be_deeper_than(desired),
        };
        if is_deeper {
            let observed = validation.depth;
            self.note(host, DifferenceKind::Weaker, Witness::Deeper { desired, observed });
        }
    }
}
