//! A rollover with its dates: its phase, which steps are left, from when and until when.

use super::cut_off::{self, CutOff};
use super::{Known, Losing, Rotation, longest_below};
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, Issuer};
use crate::store::{HeldCertificate, Phase};
use crate::time::Timestamp;

/// The phase of a rollover and the steps that are left.
#[derive(Debug)]
pub struct Schedule {
    /// Name of the authority.
    pub authority: String,
    /// Whether it is a root, which people trust by its certificate.
    pub is_root: bool,
    /// How far it has come.
    pub phase: Phase,
    /// Hosts whose certificates it vouches for: clients that call them trust it.
    pub serves: Vec<String>,
    /// Hosts that admit the clients it vouches for.
    pub trusted_by: Vec<String>,
    /// How many clients of the spec it vouches for.
    pub clients: usize,
    /// Every generation: the one that signs, the next one, those that retire, the youngest first.
    pub generations: Vec<ScheduledGeneration>,
    /// What is left to do, in its order.
    pub steps: Vec<ScheduledStep>,
}

/// One generation.
#[derive(Debug)]
pub struct ScheduledGeneration {
    /// What it does.
    pub role: Role,
    /// Its certificate.
    pub certificate: Certificate,
    /// Whether its key is in the store.
    pub has_key: bool,
    /// Valid certificates that need it.
    pub needed_by: Vec<CutOff>,
}

/// What a generation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It signs.
    Current,
    /// It is trusted and signs nothing yet.
    Next,
    /// It is trusted and signs no certificate any more.
    Retiring,
}

impl Role {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Retiring => "retiring",
        }
    }
}

/// A step that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledStep {
    /// Which.
    pub step: Step,
    /// From when it can be done without harm, as far as the store shows; for a later step, if the ones
    /// before it were done now.
    pub from: Timestamp,
    /// Until when it has to be done so that the validity of nothing is cut short.
    pub until: Option<Timestamp>,
}

/// A step of a rollover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next generation is made and trusted.
    Introduce,
    /// The next generation begins to sign.
    Activate,
    /// Older generations leave the bundle.
    Retire,
}

impl Step {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Introduce => "introduce",
            Self::Activate => "activate",
            Self::Retire => "retire",
        }
    }
}

impl Rotation<'_> {
    /// The phase and the steps that are left; `known` are the certificates of all ledgers, and `losing` says which of them need
    /// generations.
    #[must_use]
    pub fn schedule(&self, known: &[Known], losing: Losing<'_>) -> Schedule {
        let lineage = &self.model.lineage;
        let below = |issuer: &Issuer| matches!(issuer, Issuer::Authority(name) if lineage.is_at_or_below(name, self.name()));
        let (mut serves, mut clients) = (Vec::new(), 0);
        for request in self.model.requests().filter(|request| below(&request.issuer)) {
            match &request.holder {
                Holder::Host(name) => serves.push(name.clone()),
                Holder::Client(_) => clients += 1,
                Holder::Authority(_) => {}
            }
        }
        // A host that lists an authority above lets them in as well.
        let trusts = |name: &String| {
            lineage.is_at_or_below(name, self.name()) || lineage.is_at_or_below(self.name(), name)
        };
        let trusting = self.model.exposures.iter().filter(|exposure| {
            let auth = exposure.client_auth.as_ref();
            auth.is_some_and(|auth| auth.authorities.iter().any(trusts))
        });
        let generations = self.generations(known, losing);
        Schedule {
            authority: self.name().to_owned(),
            is_root: self.request.issuer == Issuer::SelfSigned,
            phase: self.phase(),
            serves,
            trusted_by: trusting.map(|exposure| exposure.key.clone()).collect(),
            clients,
            steps: self.steps(&generations),
            generations,
        }
    }

    fn generations(&self, known: &[Known], losing: Losing<'_>) -> Vec<ScheduledGeneration> {
        let scheduled = |held: &HeldCertificate, role, needed_by| ScheduledGeneration {
            role,
            certificate: held.certificate().clone(),
            has_key: held.has_key,
            needed_by,
        };
        // Certificates below its intermediates stay: they are signed again with their own keys.
        let signed = cut_off::signed_by(*self, self.current.certificate(), known);
        let mut all = vec![scheduled(self.current, Role::Current, signed)];
        all.extend(self.next().map(|next| scheduled(next, Role::Next, Vec::new())));
        let others = self.inventory.generations.get(self.name());
        all.extend(others.into_iter().flat_map(crate::store::Generations::by_age).map(|held| {
            let needed_by = losing(&[held.certificate()]);
            scheduled(held, Role::Retiring, needed_by)
        }));
        all
    }

    fn steps(&self, generations: &[ScheduledGeneration]) -> Vec<ScheduledStep> {
        let longest = longest_below(self.model, self.name());
        let until = Some(self.current.certificate().not_after.before(longest));
        let free = |role| {
            let of_role = generations.iter().filter(move |one| one.role == role);
            of_role.filter_map(|one| cut_off::free_from(&one.needed_by)).max()
        };
        let step = |step, from: Option<Timestamp>, until| ScheduledStep {
            step,
            from: from.unwrap_or(self.now),
            until,
        };
        let retire_old = step(Step::Retire, free(Role::Retiring), None);
        let retire_current =
            step(Step::Retire, free(Role::Current).max(free(Role::Retiring)), None);
        match self.phase() {
            Phase::Settled => vec![
                step(Step::Introduce, None, until),
                step(Step::Activate, None, until),
                retire_current,
            ],
            Phase::Introduced => vec![step(Step::Activate, None, until), retire_current],
            Phase::Active => vec![retire_old],
        }
    }
}
