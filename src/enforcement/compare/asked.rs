//! Whether the spec admits a class of clients.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::enforcement::clients::{
    CheckedLists, ClientValidation, Pins, Revocation, UnknownStatus,
};
use crate::enforcement::desired::{Asked, Below, DesiredClients, DesiredHost, Presence};
use crate::enforcement::difference::Requester;
use crate::enforcement::fact::{Fact, Missing};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::request::Presented;
use crate::enforcement::validation::{Fault, fault};
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::crl::RevocationReason;
use crate::time::Timestamp;

impl DesiredHost {
    /// Whether what is not known is left to others.
    pub(super) fn leaves(&self, missing: &Missing) -> bool {
        let DesiredClients::Ask(asked) = &self.clients else { return true };
        match missing {
            Missing::NotShown(object) | Missing::Hidden(object) => {
                matches!(&asked.below, Below::Entrusted(secret) if secret.key() == object.key())
            }
            Missing::Snippet(_, key) | Missing::Effect(_, key) => self.entrusted.contains(key),
            _ => false,
        }
    }
}

impl Asked {
    /// Whether the spec admits a client of that class.
    pub(super) fn wants(&self, class: &ClientClass) -> bool {
        match (self.presence, class) {
            (Presence::Unverified, _) | (Presence::Optional, ClientClass::Nothing) => true,
            (Presence::Required, ClientClass::Nothing) | (_, ClientClass::Stranger) => false,
            // The subject of a representative is on no list.
            (_, ClientClass::Below(issuer) | ClientClass::Itself(issuer)) => {
                self.only.is_none() && self.is_below(issuer)
            }
        }
    }

    /// A client that the spec refuses, with a subject of the list, if there is one.
    pub(super) fn as_listed(&self, shows: Presented) -> Presented {
        let subject = self.only.as_ref().and_then(|only| only.first());
        match subject {
            Some(subject) => representatives::with_subject(shows, subject),
            None => shows,
        }
    }

    /// Whether certificates of that one are valid.
    pub(super) fn is_below(&self, issuer: &Certificate) -> bool {
        match &self.below {
            Below::These(all) => all.iter().any(|one| one.der == issuer.der),
            Below::Entrusted(_) => true,
        }
    }

    /// Whether a chain below these authorities may have more intermediates.
    pub(super) fn may_be_deeper_than(&self, depth: u8) -> bool {
        let Below::These(bundle) = &self.below else { return true };
        bundle.iter().filter(|one| one.is_authority).any(|one| {
            let longest = one.max_path_len.map_or(self.longest, |below| {
                // An authority that is not a root is an intermediate itself.
                let own = chain::order(one, bundle).certificates.len().saturating_sub(1);
                u8::try_from(own + usize::from(below)).ok()
            });
            longest.is_none_or(|longest| longest > depth)
        })
    }

    /// A client of each revoked serial.
    pub(super) fn revoked<'a>(
        &'a self,
        bundle: &'a [Certificate],
    ) -> impl Iterator<Item = (Requester, Presented)> + 'a {
        self.lists.iter().flat_map(move |list| {
            let issuer = bundle.iter().find(|one| list.may_be_signed_by(one));
            let issuer = issuer.map(|issuer| Arc::new(issuer.clone()));
            let revoked = list.revoked.iter();
            let revoked = revoked
                .filter(|(_, entry)| entry.reason != RevocationReason::RemoveFromCrl)
                .map(|(serial, _)| serial);
            revoked.filter_map(move |serial| {
                let issuer = issuer.clone()?;
                let shows = representatives::revoked(Arc::clone(&issuer), bundle, serial.clone());
                Some((Requester::Revoked(issuer, serial.clone()), shows))
            })
        })
    }

    /// What a library of that kind finds wrong with a client, if it validates it with what is desired.
    pub(super) fn fault(
        &self,
        kind: &ClientValidation,
        client: &Presented,
        now: Timestamp,
    ) -> Option<Fault> {
        let Below::These(bundle) = &self.below else { return None };
        let revocation = if self.lists.is_empty() {
            Revocation::None
        } else {
            Revocation::Lists {
                all: self.lists.clone(),
                depth: CheckedLists::Chain,
                unknown: UnknownStatus::Deny,
            }
        };
        let ideal = ClientValidation {
            certificates: Fact::Known(Vec::new()),
            library: kind.library,
            pins: Pins::default(),
            depth: self.depth.filter(|_| kind.depth.is_some()),
            revocation: Fact::Known(Revocation::None),
            tolerates: BTreeSet::new(),
            refusal: kind.refusal,
        };
        fault(client, &ideal, bundle, &revocation, now)
    }
}
