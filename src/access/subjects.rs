//! Lists of subjects of a host, and clients with a subject of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answered, Client, Listed, Scheme, Who};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{Admits, Check, Fact, Observed, Presented, Verdict};
use crate::pki::certificate::Certificate;

/// The conditions of a host, as far as they are known: each possibility.
fn checks<'a>(observed: &'a Observed, name: &str) -> impl Iterator<Item = &'a Check> {
    let all = match observed.served(name).map(|host| &host.checks) {
        Some(Fact::Known(checks)) => vec![checks],
        Some(Fact::OneOf(_, all)) => all.iter().collect(),
        Some(Fact::Unknown(_)) | None => Vec::new(),
    };
    all.into_iter().flatten()
}

fn lists<'a>(observed: &'a Observed, name: &str) -> Vec<&'a BTreeSet<String>> {
    let of_check = |check: &'a Check| match &check.admits {
        Admits::Subjects(listed) => Some(listed),
        _ => None,
    };
    checks(observed, name).filter_map(of_check).collect()
}

/// The subjects of all lists of a host.
pub(super) fn of_host(observed: &Observed, name: &str) -> BTreeSet<String> {
    lists(observed, name).into_iter().flatten().cloned().collect()
}

/// The expression that decides which subjects a host admits, if one does.
pub(super) fn expression(observed: &Observed, name: &str) -> Option<String> {
    checks(observed, name).find_map(|check| match &check.admits {
        Admits::Expression(text) => Some(text.clone()),
        _ => None,
    })
}

/// A client of each of these classes for each group of subjects that the same lists of a host have, where it has a
/// certificate of its own.
pub(super) fn clients(
    observed: &Observed,
    name: &str,
    classes: &[(ClientClass, Presented)],
    named: &[Client],
) -> Vec<(Listed, Presented)> {
    let mut groups: BTreeMap<Vec<bool>, Vec<&String>> = BTreeMap::new();
    let lists = lists(observed, name);
    for subject in lists.iter().copied().flatten().collect::<BTreeSet<_>>() {
        let of = lists.iter().map(|list| list.contains(subject)).collect();
        groups.entry(of).or_default().push(subject);
    }
    let mut clients = Vec::new();
    for (class, shows) in classes {
        let Presented::Supposed { issuer, .. } = shows else { continue };
        for subjects in groups.values() {
            let Some((first, others)) = subjects.split_first() else { continue };
            let (subject, others) = ((*first).clone(), others.len());
            let shows = representatives::with_subject(shows.clone(), &subject);
            let stand_ins = subjects.iter().map(|subject| stand_in(named, issuer, subject));
            let stand_ins = stand_ins.collect::<Option<_>>().unwrap_or_default();
            clients.push((Listed { subject, others, class: class.clone(), stand_ins }, shows));
        }
    }
    clients
}

/// The name of a client whose certificate says that it is of that authority and has that subject.
fn stand_in(named: &[Client], issuer: &Certificate, subject: &str) -> Option<String> {
    let is_it = |client: &&Client| {
        let Presented::Chain(chain) = &client.shows else { return false };
        let leaf = chain.first();
        leaf.is_some_and(|leaf| leaf.issuer == issuer.subject && leaf.subject.rfc2253() == subject)
    };
    named.iter().find(is_it).map(|client| client.name.clone())
}

/// Leaves out those for whose subjects clients by name have the same answer.
pub(super) fn without_repeats(answers: &mut Vec<Answered>) {
    let named: Vec<(String, String, Verdict)> = answers
        .iter()
        .filter(|one| one.scheme == Scheme::Https)
        .filter_map(|one| match &one.client {
            Who::Named(name) => Some((one.path.clone(), name.clone(), one.verdict.clone())),
            _ => None,
        })
        .collect();
    answers.retain(|one| {
        let Who::Listed(Listed { stand_ins, .. }) = &one.client else { return true };
        let stands = |name: &String| {
            named.iter().any(|(path, own, verdict)| {
                *path == one.path && own == name && verdict.is_as(&one.verdict)
            })
        };
        stand_ins.is_empty() || !stand_ins.iter().all(stands)
    });
}
