//! Whose certificates a plan is about.

use std::collections::BTreeSet;

use super::reason::Reason;
use crate::model::Touched;
use crate::pki::request::Holder;

/// Whose certificates a plan is about, and which of them are issued again regardless of their state.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Whose; `None`: those of all holders, and revocations with them.
    pub only: Option<BTreeSet<Holder>>,
    /// Who gets another one without any other reason.
    pub asked: BTreeSet<Holder>,
    /// Who keeps what there is, regardless of its state: no key could sign another one.
    pub kept: BTreeSet<Holder>,
    /// Authorities that sign no revocation lists, by name: their keys are elsewhere, and they are not touched.
    pub silent: BTreeSet<String>,
    /// For which hosts revocation lists must be whole; `None`: for all of them.
    pub touched: Option<Touched>,
    /// Whether leaves keep their keys too, where they keep subject, names and kind of key.
    pub reuse_keys: bool,
    /// Whether authorities are issued although the store has certificates of ones that it does not know.
    pub new_authorities: bool,
}

impl Scope {
    /// Whether the holder of a certificate that is made anew for `reason` keeps the key.
    pub(super) fn keeps_key(&self, holder: &Holder, reason: &Reason) -> bool {
        let other_key = matches!(reason, Reason::Revoked { .. } | Reason::KeyKindChanged { .. });
        matches!(holder, Holder::Authority(_)) || self.reuse_keys && !other_key
    }

    /// Whether what is wrong with `holder` matters.
    pub(super) fn judges(&self, holder: &Holder) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(holder))
    }

    /// Whether what is wrong with that host matters, by its key.
    pub(super) fn touches(&self, host: &str) -> bool {
        self.touched.as_ref().is_none_or(|touched| touched.has_host(host))
    }

    /// Whether lists that one of these hosts lacks matter.
    pub(super) fn touches_any(&self, hosts: &BTreeSet<&str>) -> bool {
        self.touched.is_none() || hosts.iter().any(|host| self.touches(host))
    }

    /// Whether `holder` is among them.
    pub(super) fn has(&self, holder: &Holder) -> bool {
        !self.kept.contains(holder) && self.only.as_ref().is_none_or(|only| only.contains(holder))
    }
}
