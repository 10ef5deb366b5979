//! Clients that are gone from the spec while their certificates still open doors.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ledger, LedgerEntry, Revocations};
use crate::diagnostic::Diagnostic;
use crate::model::context::listed;
use crate::model::{Exposure, Model};
use crate::pki::request::Holder;
use crate::spec::Verify;
use crate::time::Timestamp;

/// The hosts that a client's certificate opens as long as it is valid and nobody revokes it.
pub fn opened<'a>(
    model: &'a Model,
    entry: &'a LedgerEntry,
) -> impl Iterator<Item = &'a Exposure> + 'a {
    let opens = move |exposure: &&Exposure| {
        let Some(auth) = &exposure.client_auth else { return false };
        let trusted = |authority: &str| {
            let mut listed = auth.authorities.iter();
            listed.any(|listed| model.lineage.is_at_or_below(authority, listed))
        };
        let is_client = matches!(entry.holder, Holder::Client(_));
        is_client
            && auth.verify != Verify::Off
            && entry.authority().is_some_and(trusted)
            && auth.allow.as_ref().is_none_or(|subjects| subjects.contains(&entry.subject))
    };
    model.exposures.iter().filter(opens)
}

/// One warning for all of them; `revoked` is what the ledger and the spec call so.
pub(super) fn warning(
    model: &Model,
    ledger: &Ledger,
    revoked: &Revocations,
    now: Timestamp,
) -> Option<Diagnostic> {
    let mut until: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    // Thousands of certificates, and few that differ in what they open.
    let subjects_matter = model
        .exposures
        .iter()
        .any(|exposure| exposure.client_auth.as_ref().is_some_and(|auth| auth.allow.is_some()));
    let mut doors: BTreeMap<(Option<&str>, Option<&str>), bool> = BTreeMap::new();
    for entry in &ledger.entries {
        let Holder::Client(name) = &entry.holder else { continue };
        let is_open = entry.not_after >= now
            && !model.clients.contains_key(name)
            && entry.authority().is_some_and(|a| revoked.get(a, &entry.serial).is_none());
        if !is_open {
            continue;
        }
        let key = (entry.authority(), subjects_matter.then_some(entry.subject.as_str()));
        let opens = *doors.entry(key).or_insert_with(|| {
            let opened: Vec<_> = opened(model, entry).map(|e| e.key.as_str()).collect();
            hosts.extend(&opened);
            !opened.is_empty()
        });
        if opens {
            let end = until.entry(name).or_insert(entry.not_after);
            *end = (*end).max(entry.not_after);
        }
    }
    let last = until.values().max()?;
    let names: Vec<&str> = until.keys().copied().collect();
    let hosts = listed(&Vec::from_iter(hosts));
    let (title, which) = match names.as_slice() {
        [name] => (
            format!(
                "the client `{name}` is not in the spec any more, but until {last} its certificate still opens {hosts}"
            ),
            (*name).to_owned(),
        ),
        _ => (
            format!(
                "{} clients are not in the spec any more, but their certificates still open {hosts}, the last one until {last}: {}",
                names.len(),
                listed(&names)
            ),
            "NAME".to_owned(),
        ),
    };
    Some(
        Diagnostic::warning("orphaned-certificate", title)
            .help(format!(
                "shut it out: `mtlsgen cert revoke --all {which}`, then `mtlsgen render`"
            ))
            .help("`mtlsgen status` lists all certificates"),
    )
}
