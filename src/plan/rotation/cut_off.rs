//! Whose certificates are accepted only because of a generation that is to go.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use super::{Known, Rotation};
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, SerialNumber};
use crate::plan::paths;
use crate::store::{HeldCertificate, Inventory};
use crate::time::{Seconds, Timestamp};

/// A valid certificate that nobody accepts any more once a generation has retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// Who holds it.
    pub holder: Holder,
    /// Its serial.
    pub serial: SerialNumber,
    /// Its last second.
    pub not_after: Timestamp,
    /// Whether its holder has another one.
    pub standing: Standing,
}

/// What a certificate is to its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The holder has no other one.
    Current,
    /// The holder was issued another one since.
    Superseded,
    /// The spec does not name the holder any more.
    NotInSpec,
}

impl Standing {
    /// The word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Superseded => "superseded",
            Self::NotInSpec => "notInSpec",
        }
    }

    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Current => "its holder has no newer one",
            Self::Superseded => "its holder was issued another one since",
            Self::NotInSpec => "its holder is not in the spec any more",
        }
    }
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { holder, serial, not_after, standing } = self;
        write!(f, "{holder} (serial {serial}, valid until {not_after}; {})", standing.words())
    }
}

/// The moment from which nobody of these is cut off any more.
pub(super) fn free_from(cut_off: &[CutOff]) -> Option<Timestamp> {
    cut_off.iter().map(|one| one.not_after.after(Seconds(1))).max()
}

/// Valid leaves of `known` that are accepted as long as `gone` are trusted, and not without them.
///
/// What a client sends behind its certificate is not known: every intermediate that was ever issued
/// counts, but those that are gone with any certificate of theirs.
pub(super) fn cut_off(
    rotation: Rotation<'_>,
    gone: &[&Certificate],
    known: &[Known],
) -> Vec<CutOff> {
    let candidates = authorities(rotation.model, rotation.inventory, known);
    let is_gone = |one: &Certificate| gone.iter().any(|gone| same_authority(one, gone));
    let with = accepted(candidates.iter().copied(), rotation.now);
    let staying = candidates.iter().copied().filter(|one| !is_gone(one));
    let without = accepted(staying, rotation.now);
    let needed = |leaf: &Certificate| !is_signed(leaf, &without) && is_signed(leaf, &with);
    let needing = valid_leaves(rotation.now, known).filter(|known| needed(&known.certificate));
    in_order(needing.map(|known| told(rotation, known)).collect())
}

/// Valid leaves of `known` that `authority` itself signed.
pub(super) fn signed_by(
    rotation: Rotation<'_>,
    authority: &Certificate,
    known: &[Known],
) -> Vec<CutOff> {
    let signed = valid_leaves(rotation.now, known)
        .filter(|known| is_signed(&known.certificate, &[authority]));
    in_order(signed.map(|known| told(rotation, known)).collect())
}

/// As people look for them: by name, what lasts longest first.
fn in_order(mut found: Vec<CutOff>) -> Vec<CutOff> {
    found
        .sort_by_cached_key(|one| (one.holder.clone(), Reverse(one.not_after), one.serial.clone()));
    found
}

fn valid_leaves(now: Timestamp, known: &[Known]) -> impl Iterator<Item = &Known> {
    known.iter().filter(move |known| {
        let is_leaf = !matches!(known.holder, Holder::Authority(_));
        is_leaf && !known.is_revoked && known.certificate.not_after >= now
    })
}

fn told(rotation: Rotation<'_>, known: &Known) -> CutOff {
    let Known { holder, certificate, .. } = known;
    let held = rotation.inventory.held.get(holder).map(HeldCertificate::certificate);
    let standing = match held {
        _ if rotation.model.request(holder).is_none() => Standing::NotInSpec,
        Some(held) if held.serial != certificate.serial => Standing::Superseded,
        _ => Standing::Current,
    };
    CutOff {
        holder: holder.clone(),
        serial: certificate.serial.clone(),
        not_after: certificate.not_after,
        standing,
    }
}

/// Every certificate that can stand in a chain: what is trusted, and intermediates of former times.
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
            AuthoritySource::Brought(chain) => found.extend(chain),
            AuthoritySource::Issued(_) => found.extend(inventory.trusted(name)),
        }
    }
    let is_former =
        |known: &&Known| matches!(known.holder, Holder::Authority(_)) && !known.is_revoked;
    let former = known.iter().filter(is_former);
    // A root that is not trusted any more vouches for nothing.
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

/// Whether one of `issuers` signed a leaf that a ledger has. Whatever stands there was verified when it was
/// issued, so that the key identifier tells by which key: tens of thousands of signatures need no second look.
fn is_signed(leaf: &Certificate, issuers: &[&Certificate]) -> bool {
    issuers.iter().any(|issuer| {
        let is_told = leaf.authority_key_id.is_some() && issuer.subject_key_id.is_some();
        leaf.names_as_issuer(issuer) && (is_told || leaf.is_signed_by(issuer))
    })
}

/// Whether both are certificates of one generation: a renewal has the key and the name of the old one.
pub(super) fn same_authority(one: &Certificate, other: &Certificate) -> bool {
    one.spki_hash == other.spki_hash && one.subject == other.subject
}
