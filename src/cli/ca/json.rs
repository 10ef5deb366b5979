//! A rollover with its dates, for programs.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::rotate::Taken;
use super::schedule::{command, condition, file, remedy, whole};
use crate::pki::certificate::Fingerprint;
use crate::pki::request::{Named, SerialNumber};
use crate::plan::rotation::{self, CutOff, Retirement, Role, Schedule, ScheduledGeneration};
use crate::store::Phase;
use crate::time::{Seconds, Timestamp};

/// Where a rollover stands; after a step with what that did.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollover<'a> {
    /// The authority's name in the spec.
    authority: &'a str,
    /// How far it has come.
    phase: Phase,
    /// How many clients of the spec it vouches for.
    clients: usize,
    /// Keys of the hosts whose certificates it vouches for.
    serves: &'a [String],
    /// Keys of the hosts that let in the clients it vouches for.
    trusted_by: &'a [String],
    /// The generation that signs, the next one, and those that retire, the youngest first.
    generations: Vec<Generation<'a>>,
    /// Steps that are left, in their order.
    steps: Vec<LeftStep>,
    /// What is cut short because the next generation signs too late for it; null: nothing.
    cut_short: Option<CutShort>,
    /// The step that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<StepTaken<'a>>,
}

/// A generation of an authority.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    /// What it does.
    role: Role,
    /// Subject, RFC 2253.
    subject: String,
    /// Serial number, hexadecimal.
    serial: &'a SerialNumber,
    /// SHA-256 of its certificate.
    fingerprint_sha256: Fingerprint,
    /// First second of validity.
    not_before: Timestamp,
    /// Last second of validity.
    not_after: Timestamp,
    /// The file of its certificate.
    path: String,
    /// Former name of `path`.
    file: String,
    /// Whether its key is in the store.
    has_key: bool,
    /// Valid certificates that need it.
    needed_by: &'a [CutOff],
}

/// A step that is left.
#[derive(Serialize, JsonSchema)]
struct LeftStep {
    /// Which.
    step: rotation::Step,
    /// From when it can be done without harm, if those before it are done now.
    from: Timestamp,
    /// Until when it has to be done so that nothing is cut short; null: that does not matter, or it is too late.
    until: Option<Timestamp>,
    /// The command that does it.
    command: String,
    /// What has to be done before.
    condition: &'static str,
}

/// Certificates that end with the authority, before their own time.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CutShort {
    /// Since when that is so.
    since: Timestamp,
    /// Last second of the authority.
    not_after: Timestamp,
    /// Whose certificates, the one that would last longest first.
    holders: Vec<Shortened>,
    /// What a `duration` has to be below for there to be time; null: there is none.
    duration_below: Option<Seconds>,
    /// What to do.
    remedy: String,
}

/// The holder of a certificate that is cut short.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CutShortHolder")]
struct Shortened {
    #[serde(flatten)]
    holder: Named,
    /// How long its certificate would last, as `duration` in the spec.
    duration: Seconds,
}

/// A step that was taken, or would be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StepTaken<'a> {
    /// Which.
    #[schemars(extend("enum" = ["introduce", "activate", "retire", "abandon"]))]
    step: &'static str,
    /// Whether it was only reported.
    dry_run: bool,
    #[serde(flatten)]
    retired: Option<Outgoing<'a>>,
}

/// What a step that retires generations did.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    /// Serial numbers of the generations that retired.
    retired: &'a [SerialNumber],
    /// Valid certificates that are accepted nowhere from then on.
    cut_off: &'a [CutOff],
    /// Serial numbers of the generations that were revoked.
    revoked: Vec<&'a SerialNumber>,
}

impl<'a> Rollover<'a> {
    /// Of an authority in the store of that folder.
    pub(super) fn of(schedule: &'a Schedule, store: &Path, taken: Option<&'a Taken>) -> Self {
        Self {
            authority: &schedule.authority,
            phase: schedule.phase,
            clients: schedule.clients,
            serves: &schedule.serves,
            trusted_by: &schedule.trusted_by,
            generations: schedule
                .generations
                .iter()
                .map(|one| Generation::of(one, schedule, store))
                .collect(),
            steps: schedule.steps.iter().map(|one| LeftStep::of(one, schedule)).collect(),
            cut_short: schedule.cut_short.as_ref().map(CutShort::of),
            taken: taken.map(StepTaken::of),
        }
    }
}

impl<'a> Generation<'a> {
    fn of(one: &'a ScheduledGeneration, schedule: &Schedule, store: &Path) -> Self {
        let ScheduledGeneration { role, certificate, has_key, needed_by } = one;
        let path = file(schedule, one, store).display().to_string();
        Self {
            role: *role,
            subject: certificate.subject.rfc2253(),
            serial: &certificate.serial,
            fingerprint_sha256: certificate.fingerprint(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            file: path.clone(),
            path,
            has_key: *has_key,
            needed_by,
        }
    }
}

impl LeftStep {
    fn of(
        &rotation::ScheduledStep { step, from, until }: &rotation::ScheduledStep,
        schedule: &Schedule,
    ) -> Self {
        let (command, condition) = (command(schedule, step), condition(schedule, step));
        Self { step, from, until, command, condition }
    }
}

impl CutShort {
    fn of(cut: &rotation::CutShort) -> Self {
        let rotation::CutShort { since, not_after, holders, room } = cut;
        let holders = holders.iter();
        Self {
            since: *since,
            not_after: *not_after,
            holders: holders
                .map(|(holder, duration)| Shortened { holder: holder.into(), duration: *duration })
                .collect(),
            duration_below: whole(*room),
            remedy: remedy(cut),
        }
    }
}

impl<'a> StepTaken<'a> {
    fn of(Taken { step, is_dry_run, retirement }: &'a Taken) -> Self {
        let retired = retirement.as_ref().map(|retirement| {
            let Retirement { retired, cut_off, kept: _, revocations } = retirement;
            let revoked = revocations.iter().map(|new| &new.serial).collect();
            Outgoing { retired, cut_off, revoked }
        });
        Self { step, dry_run: *is_dry_run, retired }
    }
}
