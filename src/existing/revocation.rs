//! Revocation lists of trust bundles: their entries are what is known to be revoked.

use std::collections::BTreeSet;

use super::authorities::{Bundle, issued};
use super::holders::damaged;
use super::reading::Secrets;
use crate::diagnostic::Diagnostic;
use crate::model::{Authority, AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::request::{Holder, Issuer};
use crate::plan::listing::BACKDATED;
use crate::store::{Inventory, Revocation};

/// Enters the lists of authorities whose lists mtlsgen signs, and what is revoked by them.
pub(super) fn enter(
    model: &Model,
    secrets: &Secrets,
    bundles: &[Bundle<'_>],
    inventory: &mut Inventory,
    findings: &mut Vec<Diagnostic>,
) {
    // Thousands of hosts trust the same.
    let mut read: BTreeSet<Vec<u8>> = BTreeSet::new();
    for bundle in bundles {
        let problem = match secrets.get(bundle.reference).and_then(|found| found.value("ca.crl")) {
            None => continue,
            Some(Err(problem)) => problem.to_owned(),
            Some(Ok(octets)) if !read.insert(octets.to_vec()) => continue,
            Some(Ok(octets)) => match RevocationList::from_pem(&octets) {
                Ok(lists) => {
                    for list in lists {
                        sort_in(model, list, inventory);
                    }
                    continue;
                }
                Err(error) => format!("cannot be read: {error}"),
            },
        };
        findings.push(damaged(bundle.reference, "ca.crl", &problem));
    }
    let revoked = inventory.lists.iter().flat_map(|(name, lists)| {
        lists.iter().flat_map(move |list| list.revoked.iter().map(move |one| (name, one)))
    });
    let revoked: Vec<_> = revoked
        .map(|(name, (serial, entry))| {
            let at = entry.at.after(BACKDATED);
            (name.clone(), serial.clone(), Revocation { at, reason: entry.reason, comment: None })
        })
        .collect();
    for (name, serial, revocation) in revoked {
        inventory.ledger.revoked.insert(&name, &serial, revocation);
    }
}

/// Assigns a list to the authority that signed it; lists of external authorities are in the spec.
fn sort_in(model: &Model, list: RevocationList, inventory: &mut Inventory) {
    let owner =
        model.authorities.values().filter(|authority| authority.can_sign).find(|authority| {
            let certificates = certificates(inventory, authority);
            let unseen = certificates.is_empty()
                && issued(model, &authority.name)
                    .is_some_and(|request| request.subject == list.issuer);
            unseen || certificates.iter().any(|own| list.may_be_signed_by(own))
        });
    let Some(owner) = owner else { return };
    let lists = inventory.lists.entry(owner.name.clone()).or_default();
    if !lists.contains(&list) {
        lists.push(list);
        lists.sort_by(|one, other| other.age().cmp(&one.age()));
    }
}

/// The certificates of an authority that are at hand.
fn certificates<'a>(inventory: &'a Inventory, authority: &'a Authority) -> Vec<&'a Certificate> {
    match &authority.source {
        AuthoritySource::Supplied(chain) => chain.first().into_iter().collect(),
        AuthoritySource::Issued(_) => inventory.trusted(&authority.name),
    }
}

/// Clients that the spec revokes without a revocation that shows: a ledger would have their serials.
pub(super) fn shut_out(model: &Model, inventory: &Inventory) -> Vec<Diagnostic> {
    let revoked = model.clients.values().filter(|client| client.revoked.is_some());
    let mut found = Vec::new();
    for client in revoked {
        let Issuer::Authority(issuer) = &client.request.issuer else { continue };
        let trusted = model.exposures.iter().filter_map(|exposure| exposure.client_auth.as_ref());
        let mut listed = trusted.flat_map(|auth| &auth.authorities);
        if !listed.any(|listed| model.lineage.is_at_or_below(issuer, listed)) {
            continue;
        }
        let holder = Holder::Client(client.name.clone());
        let help = format!(
            "name its serial number: `cas.{issuer}.revoked = [\"SERIAL\"]`, or render with the store, whose ledger has it"
        );
        let has_any = inventory.ledger.revoked.of(issuer).next().is_some();
        found.push(if has_any {
            let title = format!(
                "{holder} is revoked in the spec, but without a ledger it is not known whether the revocation list of `{issuer}` has its certificate"
            );
            Diagnostic::warning("revocation-unseen", title).help(help)
        } else {
            let title = format!(
                "{holder} is revoked in the spec, but the existing Secrets have no revocations by `{issuer}`: its certificate is still accepted, and without a ledger its serial number is not known"
            );
            Diagnostic::error("revocation-unseen", title).help(help)
        });
    }
    found
}
