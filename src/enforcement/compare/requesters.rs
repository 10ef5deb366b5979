//! Representatives of all clients of a host, and whether the spec admits them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::served::validated;
use super::{Comparison, Questions};
use crate::enforcement::clients::{ClientValidation, Pins};
use crate::enforcement::desired::{Asked, Below, Presence};
use crate::enforcement::difference::{DifferenceKind, Requester, Witness};
use crate::enforcement::fact::Missing;
use crate::enforcement::observed::Listener;
use crate::enforcement::representatives::{self, ClientClass, classes, paths};
use crate::enforcement::request::{Presented, Request};
use crate::enforcement::routes::Admits;
use crate::enforcement::verdict::Verdict;

impl<'a> Comparison<'a> {
    /// Names and hashes that are admitted and that clients may have who are not on the list, if there is one; whether nothing was
    /// found.
    pub(super) fn pins(
        &mut self,
        Questions { host, asked, name, served }: &Questions<'a>,
        validation: Option<&Arc<ClientValidation>>,
    ) -> bool {
        let (Some(_), Some(served), Some(validation)) = (&asked.only, served, validation) else {
            return true;
        };
        let bundle = validation.certificates.known().map(Vec::as_slice).unwrap_or_default();
        let Some(issuer) = bundle.iter().find(|one| asked.is_below(one)) else { return true };
        let beyond = validation.pins.beyond(&asked.pins);
        let Some(requester) = Requester::pinned(&beyond) else { return true };
        // Whatever else is pinned, it may have too.
        let own = Pins { names: validation.pins.names.clone(), ..beyond };
        let subject = asked.only.iter().flatten().next().cloned().unwrap_or_default();
        let shows = representatives::of_subject(Arc::new(issuer.clone()), bundle, subject);
        let client = representatives::with_pins(shows, &own);
        let request = Request { client, ..self.observed.request_of(name) };
        let before = self.found.len();
        self.refuses(host, Some(served), &paths(served), (&requester, request));
        self.found.len() == before
    }

    /// Subjects that are admitted and not on the list, if there is one; whether nothing was found.
    pub(super) fn subjects(
        &mut self,
        Questions { host, asked, name, served }: &Questions<'a>,
        validation: Option<&Arc<ClientValidation>>,
    ) -> bool {
        let (Some(only), Some(served)) = (&asked.only, served) else { return true };
        let Some(checks) = served.checks.known() else { return true };
        let bundle = validation.and_then(|one| one.certificates.known());
        let Some(issuer) = bundle.and_then(|all| all.iter().find(|one| asked.is_below(one))) else {
            return true;
        };
        let expression = checks.iter().find_map(|check| match &check.admits {
            Admits::Expression(text) => Some(text),
            _ => None,
        });
        let listed = checks.iter().filter_map(|check| match &check.admits {
            Admits::Subjects(subjects) => Some(subjects),
            _ => None,
        });
        // What an expression matches beside is tried by what resembles those of the list.
        let near = only.iter().filter(|_| expression.is_some()).flat_map(|subject| {
            [format!("{subject}x"), format!("x{subject}"), subject.replacen('=', "=x", 1)]
        });
        let others: BTreeSet<String> =
            listed.flatten().cloned().chain(near).filter(|one| !only.contains(one)).collect();
        let paths = paths(served);
        let before = self.found.len();
        for subject in others {
            let issuer = Arc::new(issuer.clone());
            let bundle = bundle.map(Vec::as_slice).unwrap_or_default();
            let client = representatives::of_subject(Arc::clone(&issuer), bundle, subject.clone());
            let request = Request { client, ..self.observed.request_of(name) };
            let requester = Requester::Subject(subject);
            self.refuses(host, Some(served), &paths, (&requester, request));
            if self.found.len() > before {
                return false;
            }
        }
        if let Some(text) = expression {
            let missing = Missing::Expression(text.clone());
            let witness = Witness::Request {
                client: Requester::NotListed(Arc::new(issuer.clone())),
                request: Box::new(self.observed.request_of(name)),
                observed: Verdict::Unknown(missing),
            };
            self.note(host, DifferenceKind::Unproven, witness);
        }
        self.found.len() == before
    }
}

/// All representatives at a listener, and whether the spec admits them.
pub(super) fn requesters(
    asked: &Asked,
    listener: Option<&Listener>,
) -> Vec<(Requester, Presented, bool)> {
    let mut all = Vec::new();
    let pins = listener.and_then(validated).map(|one| &one.pins).filter(|pins| !pins.is_empty());
    let pinned = |shows| match (pins, &asked.only) {
        (Some(pins), Some(_)) => representatives::with_pins(shows, pins),
        _ => shows,
    };
    for (class, shows) in classes(listener.map(|one| &one.clients)) {
        let is_wanted = asked.wants(&class);
        let (requester, shows) = match &class {
            ClientClass::Below(issuer) if asked.only.is_some() && asked.is_below(issuer) => {
                (Requester::NotListed(Arc::clone(issuer)), shows)
            }
            // Neither a list nor pins keep these out.
            _ => (Requester::Class(class), pinned(asked.as_listed(shows))),
        };
        all.push((requester, shows, is_wanted));
    }
    let bundle: &[_] = match &asked.below {
        Below::These(bundle) => bundle,
        Below::Entrusted(_) => &[],
    };
    // Also those that the bundle does not have.
    for (class, shows) in representatives::of_bundle(bundle) {
        let requester = Requester::Class(class.clone());
        if asked.wants(&class) && !all.iter().any(|(known, ..)| *known == requester) {
            all.push((requester, shows, true));
        }
    }
    if asked.presence != Presence::Unverified {
        let revoked = asked.revoked(bundle);
        all.extend(
            revoked.map(|(requester, shows)| (requester, pinned(asked.as_listed(shows)), false)),
        );
    }
    if listener.and_then(validated).is_some() {
        let listed = asked.listed.iter().filter(|_| pins.is_some());
        let named = asked.clients.iter().chain(listed);
        all.extend(named.map(|(name, chain)| {
            (Requester::Named(name.clone()), Presented::Chain(chain.clone()), true)
        }));
    }
    all
}
