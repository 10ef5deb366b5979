//! Whose certificates need a generation, as it is said of them; who they are is found where it is known which clients are admitted.

use std::cmp::Reverse;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Known, Rotation};
use crate::json::words;
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, SerialNumber};
use crate::store::HeldCertificate;
use crate::time::{Seconds, Timestamp};

/// A valid certificate that is no longer accepted anywhere once a generation has retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Current => "its holder has no newer one",
            Self::Superseded => "its holder was issued another one since",
            Self::NotInSpec => "its holder is no longer in the spec",
        }
    }
}

words!(Standing::word {
    Current => "current",
    Superseded => "superseded",
    NotInSpec => "notInSpec",
});

impl CutOff {
    /// What is said of that certificate.
    #[must_use]
    pub fn of(rotation: Rotation<'_>, known: &Known) -> Self {
        let Known { holder, certificate, .. } = known;
        let held = rotation.inventory.held.get(holder).map(HeldCertificate::certificate);
        let standing = match held {
            _ if rotation.model.request(holder).is_none() => Standing::NotInSpec,
            Some(held) if held.serial != certificate.serial => Standing::Superseded,
            _ => Standing::Current,
        };
        Self {
            holder: holder.clone(),
            serial: certificate.serial.clone(),
            not_after: certificate.not_after,
            standing,
        }
    }
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { holder, serial, not_after, standing } = self;
        write!(f, "{holder} (serial {serial}, valid until {not_after}; {})", standing.words())
    }
}

/// The moment from which none of these is cut off any more.
pub(super) fn free_from(cut_off: &[CutOff]) -> Option<Timestamp> {
    cut_off.iter().map(|one| one.not_after.after(Seconds(1))).max()
}

/// Valid leaves of `known` that `authority` itself signed.
pub(super) fn signed_by(
    rotation: Rotation<'_>,
    authority: &Certificate,
    known: &[Known],
) -> Vec<CutOff> {
    let signed = valid_leaves(rotation.now, known)
        .filter(|known| is_signed(&known.certificate, &[authority]));
    in_order(signed.map(|known| CutOff::of(rotation, known)).collect())
}

/// As people look for them: by name, what lasts longest first.
#[must_use]
pub fn in_order(mut found: Vec<CutOff>) -> Vec<CutOff> {
    found
        .sort_by_cached_key(|one| (one.holder.clone(), Reverse(one.not_after), one.serial.clone()));
    found
}

/// Those of `known` that no authority holds, and that are neither over nor revoked.
pub fn valid_leaves(now: Timestamp, known: &[Known]) -> impl Iterator<Item = &Known> {
    known.iter().filter(move |known| {
        let is_leaf = !matches!(known.holder, Holder::Authority(_));
        is_leaf && !known.is_revoked && known.certificate.not_after >= now
    })
}

/// Whether one of `issuers` signed a leaf that a ledger has. Every entry was verified when it was
/// issued, so that the key identifier says by which key: tens of thousands of signatures need no second look.
#[must_use]
pub fn is_signed(leaf: &Certificate, issuers: &[&Certificate]) -> bool {
    issuers.iter().any(|issuer| {
        let is_reported = leaf.authority_key_id.is_some() && issuer.subject_key_id.is_some();
        leaf.names_as_issuer(issuer) && (is_reported || leaf.is_signed_by(issuer))
    })
}

/// Whether both are certificates of one generation: a renewal has the key and the name of the old one.
#[must_use]
pub fn same_authority(one: &Certificate, other: &Certificate) -> bool {
    one.spki_hash == other.spki_hash && one.subject == other.subject
}
