//! Lists of subjects of a host, and clients with a subject of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Client, Listed};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{Admits, Check, Fact, Observed, Presented, VirtualHost};
use crate::pki::certificate::Certificate;

/// The conditions of a host, as far as they are known: each possibility.
fn checks<'a>(observed: &'a Observed, name: &str) -> impl Iterator<Item = &'a Check> {
    let host: Option<&VirtualHost> = observed.tables.iter().find_map(|table| table.host(name));
    let all = match host.map(|host| &host.checks) {
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
/// certificate of its own; those are left out for which one of the named clients stands.
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
            if named.iter().any(|client| stands_for(client, issuer, subjects)) {
                continue;
            }
            let (subject, others) = ((*first).clone(), others.len());
            let shows = representatives::with_subject(shows.clone(), &subject);
            clients.push((Listed { subject, others, class: class.clone() }, shows));
        }
    }
    clients
}

/// Whether a client has a certificate of that authority and one of these subjects.
fn stands_for(client: &Client, issuer: &Certificate, subjects: &[&String]) -> bool {
    let Presented::Chain(chain) = &client.shows else { return false };
    chain.first().is_some_and(|leaf| {
        leaf.issuer == issuer.subject && subjects.contains(&&leaf.subject.rfc2253())
    })
}
