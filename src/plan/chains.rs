//! Chains from what the model and the inventory know together.

use crate::enforcement::Anchors;
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::request::{Holder, Issuer};
use crate::store::{HeldCertificate, Inventory, LedgerEntry};

/// The certificates from authority `name` up to its root, both included; `None` while one of them
/// was never issued.
#[must_use]
pub fn authority<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    name: &str,
) -> Option<Vec<&'a Certificate>> {
    let mut chain = Vec::new();
    let mut current = name;
    loop {
        let authority = model.authorities.get(current)?;
        let request = match &authority.source {
            AuthoritySource::Supplied(certificates) => {
                chain.extend(certificates);
                return Some(chain);
            }
            AuthoritySource::Issued(request) => request,
        };
        chain.push(inventory.held.get(&request.holder).map(HeldCertificate::certificate)?);
        match &request.issuer {
            Issuer::Authority(issuer) => current = issuer,
            Issuer::SelfSigned => return Some(chain),
        }
    }
}

/// The intermediates that a certificate of `issuer` is served with: from its issuer up, without the root,
/// which need not be at hand.
#[must_use]
pub fn intermediates<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    issuer: &Issuer,
) -> Option<Vec<&'a Certificate>> {
    match issuer {
        Issuer::SelfSigned => Some(Vec::new()),
        Issuer::Authority(name) => {
            let mut chain = Vec::new();
            let mut current = name;
            loop {
                let request = match &model.authorities.get(current)?.source {
                    AuthoritySource::Supplied(certificates) => {
                        chain.extend(certificates);
                        chain.pop();
                        return Some(chain);
                    }
                    AuthoritySource::Issued(request) => request,
                };
                let Issuer::Authority(issuer) = &request.issuer else { return Some(chain) };
                chain.push(inventory.held.get(&request.holder).map(HeldCertificate::certificate)?);
                current = issuer;
            }
        }
    }
}

/// What a holder shows: its certificate, then the intermediates, without the root.
#[must_use]
pub fn served<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    holder: &Holder,
) -> Option<Vec<&'a Certificate>> {
    if let Some(supplied) = model.supplied.get(holder) {
        return Some(supplied.iter().collect());
    }
    let request = model.request(holder)?;
    let own = inventory.held.get(holder).map(HeldCertificate::certificate)?;
    let mut chain = vec![own];
    chain.extend(intermediates(model, inventory, &request.issuer)?);
    Some(chain)
}

/// The certificates that a holder may show: its current one, and those that were replaced and are neither revoked nor were over
/// when the current one began.
#[must_use]
pub fn shown(model: &Model, inventory: &Inventory, holder: &Holder) -> Vec<Certificate> {
    let Some(current) = served(model, inventory, holder).and_then(|all| all.first().copied())
    else {
        return Vec::new();
    };
    let is_left = |entry: &&LedgerEntry| {
        entry.holder == *holder
            && entry.fingerprint != current.fingerprint()
            && entry.not_after >= current.not_before
            && entry
                .authority()
                .is_none_or(|above| inventory.ledger.revoked.get(above, &entry.serial).is_none())
    };
    let replaced = inventory.ledger.entries.iter().filter(is_left);
    let replaced = replaced.filter_map(|entry| entry.parsed().ok());
    std::iter::once(current.clone()).chain(replaced).collect()
}

/// The trust bundle of a host that lets in those below `listed`: these authorities and their issuers, as
/// [`bundle`] has them, and the intermediates below them as they are now; the listed ones alone for a program to which each
/// certificate of a bundle ends a chain.
///
/// A client shows the intermediates that it was given with its certificate. Once one above them was rolled over, no
/// path leads from those to a trusted root; with the present ones at hand, verifiers take these. Authorities that
/// cannot be seen are left out.
#[must_use]
pub fn trust_bundle<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    listed: &[String],
) -> Option<Vec<&'a Certificate>> {
    let lineage = &model.lineage;
    if model.conventions.verifier.library.anchors() == Anchors::Any {
        // With their issuers in the bundle, every client below those would be admitted; clients send what lies below the listed ones.
        let own = listed.iter().map(|name| Some(vec![own_certificates(model, inventory, name)?]));
        return Some(chain::bundle(&own.collect::<Option<Vec<_>>>()?));
    }
    let is_below = |name: &&String| {
        lineage.intermediates(name) > 0
            && !listed.contains(name)
            && !inventory.unseen.contains(&Holder::Authority((*name).clone()))
            && listed.iter().any(|listed| lineage.is_at_or_below(name, listed))
    };
    let below = model.authorities.keys().filter(is_below);
    let names: Vec<String> = listed.iter().chain(below).cloned().collect();
    bundle(model, inventory, &names)
}

/// The trust bundle of some authorities: all of them first, then their issuers up to the roots. Of an
/// authority that is being rolled over every generation is in it, the one that signs first.
#[must_use]
pub fn bundle<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    authorities: &[String],
) -> Option<Vec<&'a Certificate>> {
    let lines: Option<Vec<_>> =
        authorities.iter().map(|name| trusted_levels(model, inventory, name)).collect();
    Some(chain::bundle(&lines?))
}

/// Every generation of authority `name`; `None` while it was never issued.
pub(super) fn own_certificates<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    name: &str,
) -> Option<Vec<&'a Certificate>> {
    let own: Vec<_> = match &model.authorities.get(name)?.source {
        AuthoritySource::Supplied(chain) => chain.first().into_iter().collect(),
        AuthoritySource::Issued(_) => inventory.trusted(name),
    };
    Some(own).filter(|own| !own.is_empty())
}

/// The generations of authority `name`, then those of its issuer, up to the root; `None` while one of
/// them was never issued.
fn trusted_levels<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    name: &str,
) -> Option<Vec<Vec<&'a Certificate>>> {
    let mut levels = Vec::new();
    let mut current = name;
    loop {
        let request = match &model.authorities.get(current)?.source {
            AuthoritySource::Supplied(certificates) => {
                levels.extend(certificates.iter().map(|certificate| vec![certificate]));
                return Some(levels);
            }
            AuthoritySource::Issued(request) => request,
        };
        levels.push(own_certificates(model, inventory, current)?);
        match &request.issuer {
            Issuer::Authority(issuer) => current = issuer,
            Issuer::SelfSigned => return Some(levels),
        }
    }
}
