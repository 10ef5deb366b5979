//! In which form a spec says each holder's certificate, as the planner takes or refuses it.

use std::collections::BTreeMap;

use super::{Entry, Pki};
use crate::pki::request::Holder;
use crate::time::Seconds;

/// How a spec says each holder's certificate. All begin at the first form; the planner refuses one, and that holder
/// takes the next: it never climbs back, so a spec that fits is reached, or nothing is left.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    forms: BTreeMap<Holder, Form>,
    renew_before: BTreeMap<Holder, Seconds>,
}

/// How a spec says a holder's certificate, best first.
#[derive(Clone, Debug)]
enum Form {
    /// An entry, without the signing request that the spec cannot name.
    WithoutRequest,
    /// A file: no entry describes it, for this reason.
    File(String),
    /// Not at all: it does not even work as a file; why no entry describes it.
    Nothing(String),
    /// The host has no entry either, for this reason.
    WithoutSite(String),
}

impl Forms {
    /// Takes the next form of a holder, for the planner refuses the present one; `false` when there is none.
    pub fn lower(&mut self, pki: &Pki, holder: &Holder, why: &str) -> bool {
        let has_csr = |entry: &Entry| entry.holder == *holder && entry.csr.is_some();
        let has_site = pki.site(holder).is_some();
        let has_entry = pki.entries.iter().any(|entry| entry.holder == *holder);
        let next = match self.forms.get(holder) {
            Some(Form::Nothing(_)) if has_site => Form::WithoutSite(why.to_owned()),
            None if has_site && !has_entry => Form::WithoutSite(why.to_owned()),
            None if pki.entries.iter().any(has_csr) => Form::WithoutRequest,
            None | Some(Form::WithoutRequest) => Form::File(why.to_owned()),
            Some(Form::File(first)) => Form::Nothing(first.clone()),
            Some(Form::Nothing(_) | Form::WithoutSite(_)) => return false,
        };
        self.forms.insert(holder.clone(), next);
        true
    }

    /// Has a holder's certificate renewed so long before its end; `false` where it is already renewed no sooner.
    pub fn renew_later(&mut self, holder: &Holder, before: Seconds) -> bool {
        let is_later = self.renew_before.get(holder).is_none_or(|present| *present > before);
        if is_later {
            self.renew_before.insert(holder.clone(), before);
        }
        is_later
    }

    /// How long before its end a holder's certificate is renewed, where the usual time is too long.
    pub(super) fn renewed_before(&self, holder: &Holder) -> Option<Seconds> {
        self.renew_before.get(holder).copied()
    }

    /// Why no entry describes this holder's certificate, if the planner says so.
    pub(super) fn unsayable(&self, holder: &Holder) -> Option<&str> {
        match self.forms.get(holder) {
            Some(Form::File(why) | Form::Nothing(why) | Form::WithoutSite(why)) => Some(why),
            None | Some(Form::WithoutRequest) => None,
        }
    }

    /// Why it does not even work as a file.
    pub(super) fn refused(&self, holder: &Holder) -> Option<&str> {
        match self.forms.get(holder) {
            Some(Form::Nothing(why) | Form::WithoutSite(why)) => Some(why),
            _ => None,
        }
    }

    /// Why a host that an Ingress serves has no entry.
    pub(super) fn without_site(&self, holder: &Holder) -> Option<&str> {
        match self.forms.get(holder) {
            Some(Form::WithoutSite(why)) => Some(why),
            _ => None,
        }
    }

    pub(super) fn names_request(&self, holder: &Holder) -> bool {
        !self.forms.contains_key(holder)
    }
}
