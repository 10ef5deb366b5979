//! Rolling an authority over: which step can be taken, what it needs, and who would be cut off by it.
//!
//! What the store holds is the state; the spec says what the newest generation is to look like.
//!
//! | phase | introduce | activate | retire | abandon |
//! |---|---|---|---|---|
//! | `settled` | introduced | refused | refused | refused |
//! | `introduced` | only in the place of one that the spec has outrun | active | what is left of an earlier rollover | back |
//! | `active` | introduced | refused | `settled`, once no client is cut off | refused |

mod cut_off;
mod refusal;
mod schedule;

use super::planning::{compared, existing, validity};
use super::{Action, IssuancePlan, Reason, chains, reason};
use crate::diagnostic::Diagnostic;
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationReason;
use crate::pki::request::{CertificateRequest, Holder, Issuer, SerialNumber};
use crate::store::{
    Generations, HeldCertificate, Inventory, Ledger, LedgerEntry, NewRevocation, Phase, Revocation,
};
use crate::time::Timestamp;

pub use cut_off::{CutOff, Standing, in_order, is_signed, same_authority, valid_leaves};
pub use schedule::{CutShort, Role, Schedule, ScheduledGeneration, ScheduledStep, Step};

/// A certificate that the ledgers know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who holds it.
    pub holder: Holder,
    /// The certificate.
    pub certificate: Certificate,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

impl Known {
    /// Everything that the ledgers of authorities know.
    ///
    /// # Errors
    /// An entry holds no certificate.
    pub fn all(ledger: &Ledger) -> Result<Vec<Self>, Diagnostic> {
        let known = |entry: &LedgerEntry| {
            let certificate = entry.parsed().map_err(|error| refusal::not_whole(entry, &error))?;
            let is_revoked = ledger.revocation_of(entry).is_some();
            Ok(Self { holder: entry.holder.clone(), certificate, is_revoked })
        };
        ledger.entries.iter().map(known).collect()
    }
}

/// Whose valid certificates are accepted no longer without these generations.
pub type Losing<'a> = &'a dyn Fn(&[&Certificate]) -> Vec<CutOff>;

/// An authority of the spec that was issued, and the phase of its rollover.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// What the spec says.
    pub model: &'a Model,
    /// What the store holds.
    pub inventory: &'a Inventory,
    /// What the newest generation is to look like.
    pub request: &'a CertificateRequest,
    /// The generation that signs.
    pub current: &'a HeldCertificate,
    /// Now.
    pub now: Timestamp,
}

/// How the next generation is made.
#[derive(Debug)]
pub struct Introduction {
    /// The one certificate to issue.
    pub plan: IssuancePlan,
    /// Why the generation that waits already makes way.
    pub replaces: Option<Reason>,
}

/// Which generations leave the bundle, and which stay.
#[derive(Debug, Default)]
pub struct Retirement {
    /// Serials of those that leave.
    pub retired: Vec<SerialNumber>,
    /// Whose certificates end to be accepted with that; empty unless it is forced.
    pub cut_off: Vec<CutOff>,
    /// Those that stay, and the holders that need them.
    pub kept: Vec<(SerialNumber, Vec<CutOff>)>,
    /// Revocations of intermediates that go while valid certificates of theirs exist: their issuer
    /// answers for them as long as it is trusted.
    pub revocations: Vec<NewRevocation>,
}

impl<'a> Rotation<'a> {
    /// The rollover of authority `name`, begun or not.
    ///
    /// # Errors
    /// There is no such authority, it is external, or it was never issued.
    pub fn of(
        model: &'a Model,
        inventory: &'a Inventory,
        name: &str,
        now: Timestamp,
    ) -> Result<Self, Diagnostic> {
        let authority = model.authorities.get(name).ok_or_else(|| refusal::unknown(model, name))?;
        let AuthoritySource::Issued(request) = &authority.source else {
            return Err(refusal::of_external_authority(name));
        };
        let current =
            inventory.held.get(&request.holder).ok_or_else(|| refusal::never_issued(name))?;
        Ok(Self { model, inventory, request, current, now })
    }

    /// Name of the authority.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.request.holder.name()
    }

    /// How far it has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let generations = self.inventory.generations.get(self.name());
        generations.map_or(Phase::Settled, Generations::phase)
    }

    fn next(&self) -> Option<&'a HeldCertificate> {
        self.inventory.next(self.name())
    }

    /// The certificate of its issuer; `None` for roots, and while there is none.
    fn issuer(&self) -> Option<&'a Certificate> {
        match &self.request.issuer {
            Issuer::SelfSigned => None,
            Issuer::Authority(name) => {
                chains::authority(self.model, self.inventory, name)?.first().copied()
            }
        }
    }

    /// Why the generation that was introduced does not serve, if there is one.
    fn misfit(&self) -> Option<Reason> {
        let next = self.next()?;
        let signer = self.issuer().map(existing);
        let validity = validity(self.request, signer.as_ref(), self.now);
        let compared = compared(self.request, next, signer.as_ref(), self.now, validity);
        reason::identity(&compared).or_else(|| {
            let not_after = next.certificate().not_after;
            (not_after < self.now).then_some(Reason::Expired { not_after })
        })
    }

    /// What is to be issued to introduce the next generation.
    ///
    /// # Errors
    /// The current one's key is not here, one waits already, an authority above or below is being introduced, the issuer cannot sign, or the current one
    /// may not sign a list that hosts need.
    pub fn introduction(&self) -> Result<Introduction, Diagnostic> {
        let replaces = self.misfit();
        // Both generations have to be where the next one is activated.
        if !self.current.has_key {
            return Err(self.key_elsewhere());
        }
        if self.next().is_some() && replaces.is_none() {
            return Err(self.under_way());
        }
        if let Some(other) = self.waiting_in_line() {
            return Err(self.in_line(other));
        }
        self.refuse_without_list()?;
        let signer = match &self.request.issuer {
            Issuer::SelfSigned => None,
            Issuer::Authority(issuer) => {
                let certificate = self.issuer().filter(|issuer| issuer.not_after > self.now);
                Some(existing(certificate.ok_or_else(|| self.issuer_cannot_sign(issuer))?))
            }
        };
        let validity = validity(self.request, signer.as_ref(), self.now);
        // A fixed serial has served the first issue.
        let request = CertificateRequest { serial: None, ..self.request.clone() };
        let action = Action { request, reason: Reason::NeverIssued, validity, keeps_key: false };
        let plan = IssuancePlan { actions: vec![action], ..IssuancePlan::default() };
        Ok(Introduction { plan, replaces })
    }

    /// Whether the next generation can begin to sign.
    ///
    /// # Errors
    /// None was introduced, the spec has outrun it, it is not valid now, a key is not at hand, or the current one may
    /// not sign a list that hosts need.
    pub fn activation(&self) -> Result<(), Diagnostic> {
        let next = self.next().ok_or_else(|| self.not_introduced("activate"))?;
        if let Some(reason) = self.misfit() {
            return Err(self.outdated(&reason));
        }
        self.refuse_without_list()?;
        let begins = next.certificate().not_before;
        if begins > self.now {
            return Err(self.not_yet(begins));
        }
        for (held, which, file) in
            [(next, "next", "next/tls.key"), (self.current, "current", "tls.key")]
        {
            if !held.has_key {
                return Err(self.without_key(which, file));
            }
        }
        Ok(())
    }

    /// Whether there is something to abandon.
    ///
    /// # Errors
    /// Nothing was introduced.
    pub fn abandonment(&self) -> Result<(), Diagnostic> {
        self.next().map(drop).ok_or_else(|| self.not_introduced("abandon"))
    }

    /// Which of the older generations can go: those without which every valid certificate in `known`
    /// is accepted as before, which `losing` says; all of them if it is forced.
    ///
    /// # Errors
    /// No generation retires, or none can go; one diagnostic for each certificate that would be cut off.
    pub fn retirement(
        &self,
        known: &[Known],
        losing: Losing<'_>,
        forced: bool,
    ) -> Result<Retirement, Vec<Diagnostic>> {
        let generations = self.inventory.generations.get(self.name());
        let mut oldest_first: Vec<_> =
            generations.into_iter().flat_map(Generations::by_age).collect();
        oldest_first.reverse();
        if oldest_first.is_empty() {
            return Err(vec![self.nothing_retires()]);
        }
        let mut outcome = Retirement::default();
        let mut gone = Vec::new();
        for held in oldest_first {
            let certificate = held.certificate();
            gone.push(certificate);
            let cut_off = losing(&gone);
            if !cut_off.is_empty() && !forced {
                gone.pop();
                outcome.kept.push((certificate.serial.clone(), cut_off));
                continue;
            }
            if !cut_off.is_empty()
                && let Issuer::Authority(issuer) = &self.request.issuer
            {
                outcome.revocations.extend(self.revocations(certificate, issuer, known));
            }
            outcome.retired.push(certificate.serial.clone());
            // The last look has seen everything that is gone by then.
            outcome.cut_off = cut_off;
        }
        if outcome.retired.is_empty() {
            return Err(self.would_cut_off(&outcome.kept));
        }
        let refused = self.without_lists(&outcome.revocations);
        if refused.is_empty() { Ok(outcome) } else { Err(refused) }
    }

    /// Beside another generation the current one stays in the bundle, and gets no other certificate any more: where
    /// hosts check lists, it has to be one that may sign them.
    fn refuse_without_list(&self) -> Result<(), Diagnostic> {
        let refused =
            super::obstacles::of_authority(self.model, self.inventory, self.name(), self.now);
        refused.into_iter().next().map_or(Ok(()), Err)
    }

    /// The lists of others that are missing once these revocations make hosts check lists.
    fn without_lists(&self, revocations: &[NewRevocation]) -> Vec<Diagnostic> {
        if revocations.is_empty() {
            return Vec::new();
        }
        super::after_revoking(self.model, self.inventory, revocations, self.now)
    }

    /// The revocations of all certificates that a generation ever had, renewals included.
    fn revocations(
        &self,
        generation: &Certificate,
        issuer: &str,
        known: &[Known],
    ) -> Vec<NewRevocation> {
        let own = known.iter().filter(|known| {
            !known.is_revoked
                && known.holder == self.request.holder
                && cut_off::same_authority(&known.certificate, generation)
                && known.certificate.not_after >= self.now
                && !known.certificate.is_self_signed()
        });
        own.map(|known| NewRevocation {
            authority: issuer.to_owned(),
            serial: known.certificate.serial.clone(),
            holder: Some(self.request.holder.clone()),
            revocation: Revocation {
                at: self.now,
                reason: RevocationReason::Superseded,
                comment: None,
            },
        })
        .collect()
    }

    /// An authority above or below this one whose next generation waits.
    fn waiting_in_line(&self) -> Option<&'a str> {
        let lineage = &self.model.lineage;
        let waiting = self.inventory.generations.iter().filter(|(_, all)| all.next.is_some());
        let others = waiting.map(|(name, _)| name.as_str()).filter(|name| *name != self.name());
        others.into_iter().find(|other| {
            lineage.is_at_or_below(other, self.name()) || lineage.is_at_or_below(self.name(), other)
        })
    }
}

/// Leaves at or below an authority: it has to be followed by another one before it cuts them short.
fn below<'a>(model: &'a Model, name: &'a str) -> impl Iterator<Item = &'a CertificateRequest> {
    let is_below = move |request: &&CertificateRequest| match (&request.holder, &request.issuer) {
        (Holder::Authority(_), _) | (_, Issuer::SelfSigned) => false,
        (_, Issuer::Authority(issuer)) => model.lineage.is_at_or_below(issuer, name),
    };
    model.requests().filter(is_below)
}
