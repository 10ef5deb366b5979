//! Whose certificates are accepted only because of a generation that is to go.
//!
//! Of clients, the hosts say it: by the validation that each does with and without that generation. Of servers, and of
//! clients that no host of the spec lets in, nothing is known but who may trust them: all who trust a root of the spec.

use std::collections::{BTreeMap, BTreeSet};

use super::doors::{Doors, Listed};
use super::former::Signer;
use super::paths;
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::request::Holder;
use crate::plan::rotation::{
    CutOff, Known, Rotation, in_order, is_signed, same_authority, valid_leaves,
};
use crate::store::Inventory;
use crate::time::Timestamp;

/// Who needs generations of an authority.
#[derive(Debug)]
pub struct CutOffs<'a> {
    rotation: Rotation<'a>,
    doors: &'a Doors<'a>,
    known: &'a [Known],
    /// Every certificate that can be part of a chain.
    authorities: Vec<&'a Certificate>,
}

impl<'a> CutOffs<'a> {
    /// Those among `known`, the certificates of all ledgers.
    #[must_use]
    pub fn of(rotation: Rotation<'a>, doors: &'a Doors<'a>, known: &'a [Known]) -> Self {
        let authorities = authorities(rotation.model, rotation.inventory, known);
        Self { rotation, doors, known, authorities }
    }

    /// Valid leaves that are accepted as long as `gone` are trusted, and not without them.
    ///
    /// What a client sends behind its certificate is not known: every intermediate that was ever issued
    /// counts, but those that are gone with any certificate of theirs.
    #[must_use]
    pub fn without(&self, gone: &[&Certificate]) -> Vec<CutOff> {
        let is_gone = |one: &Certificate| gone.iter().any(|gone| same_authority(one, gone));
        let with = Trust::of(self, &|_| false);
        let without = Trust::of(self, &is_gone);
        // Thousands of certificates, and few that were signed by different authorities.
        let mut groups: BTreeMap<Group<'_>, Needed> = BTreeMap::new();
        let needing = valid_leaves(self.rotation.now, self.known).filter(|known| {
            let group = Group::of(&known.certificate);
            let needed = groups
                .entry(group)
                .or_insert_with(|| Needed::by(&known.certificate, &with, &without));
            needed.is_cut_off(known, self.doors)
        });
        in_order(needing.map(|known| CutOff::of(self.rotation, known)).collect())
    }
}

/// What the leaves of one signer have in common; one that does not name a key is alone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group<'a> {
    Of(&'a [u8], &'a [u8]),
    Alone(Fingerprint),
}

impl<'a> Group<'a> {
    fn of(leaf: &'a Certificate) -> Self {
        match &leaf.authority_key_id {
            Some(key) => Self::Of(leaf.issuer.der(), key),
            None => Self::Alone(leaf.fingerprint()),
        }
    }
}

/// What the leaves of one signer need.
struct Needed {
    /// By way of validation, whether it is passed so far.
    admitted: Vec<bool>,
    /// Whether it is passed no longer.
    lost: Vec<bool>,
    /// Whether those who trust all roots take it no longer.
    callers: bool,
}

impl Needed {
    fn by(leaf: &Certificate, with: &Trust<'_>, without: &Trust<'_>) -> Self {
        let (before, after) = (with.passed(leaf), without.passed(leaf));
        let lost = before.iter().zip(&after).map(|(before, after)| *before && !after).collect();
        let callers = !is_signed(leaf, &without.accepted) && is_signed(leaf, &with.accepted);
        Self { admitted: before, lost, callers }
    }

    fn is_cut_off(&self, known: &Known, doors: &Doors<'_>) -> bool {
        let is_client = matches!(known.holder, Holder::Client(_));
        if !is_client || !self.admitted.contains(&true) {
            return self.callers;
        }
        let subject = known.certificate.subject.rfc2253();
        let client = Listed { subject: &subject, certificate: Some(&known.certificate) };
        let is_behind = |passed| doors.behind(passed, client).next().is_some();
        let is_lost = self.lost.contains(&true) && is_behind(&self.lost);
        is_lost || self.callers && !is_behind(&self.admitted)
    }
}

/// What is trusted at a time.
struct Trust<'a> {
    asked: &'a CutOffs<'a>,
    /// Certificates that can be part of a chain.
    candidates: Vec<&'a Certificate>,
    /// Those that a verifier accepts who trusts every root among them.
    accepted: Vec<&'a Certificate>,
    /// The bundle of each way of validation.
    bundles: Vec<Option<Vec<Certificate>>>,
}

impl<'a> Trust<'a> {
    fn of(asked: &'a CutOffs<'a>, is_gone: &dyn Fn(&Certificate) -> bool) -> Self {
        let candidates: Vec<&Certificate> =
            asked.authorities.iter().copied().filter(|one| !is_gone(one)).collect();
        let left: BTreeSet<&[u8]> = candidates.iter().map(|one| one.der.as_slice()).collect();
        let accepted = accepted(candidates.iter().copied(), asked.rotation.now);
        let bundle = |certificates: &Vec<Certificate>| {
            let is_left = |one: &&Certificate| left.contains(one.der.as_slice());
            certificates.iter().filter(is_left).cloned().collect()
        };
        let bundles = asked.doors.validations();
        let bundles = bundles.map(|one| one.certificates.known().map(bundle)).collect();
        Self { asked, candidates, accepted, bundles }
    }

    /// By way of validation, whether it takes a certificate of the signer of this one.
    fn passed(&self, leaf: &Certificate) -> Vec<bool> {
        let intermediates = self.candidates.iter().copied().filter(|one| !one.is_self_issued());
        let intermediates: Vec<&Certificate> = intermediates.collect();
        let signers = self.candidates.iter().filter(|one| is_signed(leaf, &[one]));
        let signers: Vec<Signer> = signers.map(|one| Signer::of(one, &intermediates)).collect();
        let now = self.asked.rotation.now;
        let ways = self.asked.doors.validations().zip(&self.bundles);
        let is_passed = |(validation, bundle): (_, &Option<Vec<Certificate>>)| {
            bundle.as_ref().is_some_and(|bundle| {
                signers.iter().any(|signer| signer.passes(validation, bundle, now))
            })
        };
        ways.map(is_passed).collect()
    }
}

/// Every certificate that can be part of a chain: what is trusted, and intermediates issued earlier.
fn authorities<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
    known: &'a [Known],
) -> Vec<&'a Certificate> {
    let revoked: BTreeSet<&[u8]> = known
        .iter()
        .filter(|known| known.is_revoked)
        .map(|known| known.certificate.der.as_slice())
        .collect();
    let mut found: Vec<&Certificate> = Vec::new();
    for (name, authority) in &model.authorities {
        match &authority.source {
            AuthoritySource::Supplied(chain) => found.extend(chain),
            AuthoritySource::Issued(_) => found.extend(inventory.trusted(name)),
        }
    }
    let is_former =
        |known: &&Known| matches!(known.holder, Holder::Authority(_)) && !known.is_revoked;
    let former = known.iter().filter(is_former);
    // No path ends at a root that is no longer trusted.
    found.extend(former.map(|known| &known.certificate).filter(|one| !one.is_self_issued()));
    found.retain(|one| !revoked.contains(one.der.as_slice()));
    found
}

/// Those of `candidates` that a verifier accepts who trusts every root among them.
fn accepted<'a>(
    candidates: impl Iterator<Item = &'a Certificate>,
    now: Timestamp,
) -> Vec<&'a Certificate> {
    let (roots, others): (Vec<_>, Vec<_>) = candidates.partition(|one| one.is_self_signed());
    paths::accepted(roots, others, now)
}

#[cfg(test)]
mod tests;
