//! A rollover with its dates: its phase, which steps are left, from when and until when.

use super::cut_off::{self, CutOff};
use super::{Known, Losing, Rotation, below};
use crate::json::words;
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, Issuer};
use crate::store::{HeldCertificate, Phase};
use crate::time::{Seconds, Timestamp};

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
    /// What is cut short because the next generation signs too late for it.
    pub cut_short: Option<CutShort>,
}

/// Certificates that an authority signs and that end with it, before their own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutShort {
    /// Since when that is so.
    pub since: Timestamp,
    /// The end of the authority.
    pub not_after: Timestamp,
    /// Whose, and how long theirs would last; the longest first.
    pub holders: Vec<(Holder, Seconds)>,
    /// How long certificates may last that are issued now; none if the authority is over.
    pub room: Seconds,
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

words!(Role::word {
    Current => "current",
    Next => "next",
    Retiring => "retiring",
});

/// A step that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledStep {
    /// Which.
    pub step: Step,
    /// From when it can be done without harm, as far as the store shows; for a later step, if the ones
    /// before it were done now.
    pub from: Timestamp,
    /// Until when it has to be done so that the validity of nothing is cut short; never before `from`. `None` where that
    /// does not matter, and where it is too late for it.
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

words!(Step::word {
    Introduce => "introduce",
    Activate => "activate",
    Retire => "retire",
});

impl Rotation<'_> {
    /// The phase and the steps that are left; `known` are the certificates of all ledgers, and `losing` says which of them need
    /// generations.
    #[must_use]
    pub fn schedule(&self, known: &[Known], losing: Losing<'_>) -> Schedule {
        let lineage = &self.model.lineage;
        let is_below = |issuer: &Issuer| matches!(issuer, Issuer::Authority(name) if lineage.is_at_or_below(name, self.name()));
        let (mut serves, mut clients) = (Vec::new(), 0);
        for request in self.model.requests().filter(|request| is_below(&request.issuer)) {
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
            cut_short: self.cut_short(),
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

    /// Until when the current generation can sign what is below it without that it is cut short.
    fn last_time(&self) -> Timestamp {
        let durations = below(self.model, self.name()).map(|request| request.duration);
        self.current.certificate().not_after.before(durations.max().unwrap_or(Seconds(0)))
    }

    /// What is cut short by now; the next generation ends that once it signs.
    fn cut_short(&self) -> Option<CutShort> {
        let (since, not_after) = (self.last_time(), self.current.certificate().not_after);
        if self.phase() == Phase::Active || since >= self.now {
            return None;
        }
        let room = not_after.since(self.now);
        let below = below(self.model, self.name()).filter(|request| request.duration > room);
        let mut holders: Vec<(Holder, Seconds)> =
            below.map(|request| (request.holder.clone(), request.duration)).collect();
        holders.sort_by(|(one, a), (other, b)| b.cmp(a).then_with(|| one.cmp(other)));
        Some(CutShort { since, not_after, holders, room })
    }

    fn steps(&self, generations: &[ScheduledGeneration]) -> Vec<ScheduledStep> {
        let until = Some(self.last_time()).filter(|until| *until >= self.now);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::tests::model;
    use crate::plan::tests::{day, run};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn no_window_ends_before_it_begins(
            authority in 3..4000u64, client in 1..4000u64, other in 1..4000u64, days in 0..4200u64,
        ) {
            let text = format!(
                "[cas.ca]\nduration = \"{authority}d\"\n\
                 [clients.a]\nissuer = \"ca\"\nduration = \"{client}d\"\nrenewBefore = \"1h\"\n\
                 [clients.b]\nissuer = \"ca\"\nduration = \"{other}d\"\nrenewBefore = \"1h\"\n"
            );
            let (model, issued) = (model(&text), run(&text, None, day(0)));
            let rotation = Rotation::of(&model, &issued.inventory, "ca", day(days)).unwrap();
            let schedule = rotation.schedule(&[], &|_| Vec::new());
            for step in &schedule.steps {
                prop_assert!(step.until.is_none_or(|until| until >= step.from), "{:?}", step);
            }
            let has_window = schedule.steps[0].until.is_some();
            prop_assert_eq!(has_window, schedule.cut_short.is_none());
            prop_assert_eq!(has_window, days + client.max(other) < authority);
            if let Some(cut) = schedule.cut_short {
                prop_assert!(cut.since < day(days));
                prop_assert!(!cut.holders.is_empty() || cut.room == Seconds(0));
                prop_assert!(cut.holders.iter().all(|(_, duration)| *duration > cut.room));
            }
        }
    }
}
