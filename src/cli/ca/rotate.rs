//! `mtlsgen ca rotate`: one step of a rollover, or its state.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::json::Rollover;
use super::schedule;
use crate::access::cut_off::CutOffs;
use crate::access::present::Present;
use crate::cli::globals::Globals;
use crate::cli::report::{CommandError, ExitStatus, Report, print_json, show};
use crate::cli::session::{Session, make, refuse_new_readers, report_only_here, stored};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive;
use crate::diagnostic::{Deed, Diagnostic};
use crate::io::store::{Change, Store, StoreLock, certificate_of};
use crate::model::{Model, Resolved, Touched};
use crate::pki::request::{Holder, SerialNumber};
use crate::plan::rotation::{Known, Losing, Retirement, Role, Rotation, Schedule};
use crate::store::NewRevocation;
use crate::targets;
use crate::time::Timestamp;

/// Roll an authority over in three steps: introduce, activate, retire
///
/// Without a flag, the next generation is made as the spec says (with a new key, and with another subject if
/// the spec has one): from the next `render` on it is trusted beside the current one, and signs nothing. `--activate`
/// lets it sign; both are trusted. `--retire` takes the old one out of the bundle once no valid certificate needs it.
/// What is done to a generation, and what would be.
const INTRODUCE: [&str; 2] = ["introduced", "introduce"];
const REMOVE: [&str; 2] = ["removed", "remove"];

/// After each step, render and apply before you take the next one.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// Name of the authority under `cas`
    name: String,
    /// Let the generation that was introduced sign from now on; the old one stays trusted
    #[arg(long, group = "step", help_heading = "Step")]
    activate: bool,
    /// Take older generations out of the bundle; refused while that would cut off valid certificates
    #[arg(long, group = "step", help_heading = "Step")]
    retire: bool,
    /// Remove the generation that was introduced, which has signed nothing yet
    #[arg(long, group = "step", help_heading = "Step")]
    abandon: bool,
    /// Change nothing: print the state of the rollover, the remaining steps, and their dates
    #[arg(long, group = "step", help_heading = "Step")]
    plan: bool,
    /// With `--retire`: cut off the holders that still need the old generation, and list them
    #[arg(long, requires = "retire", help_heading = "Step")]
    force: bool,
    /// Change nothing: print what the step would do
    #[arg(long, conflicts_with = "plan", help_heading = "Step")]
    dry_run: bool,
    /// Format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the plan; after a step nothing, since standard error has it
    Text,
    /// For programs: the plan, or the state of the rollover after the step and what it did
    Json,
}

/// Takes the step.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    let unjudged = session.unjudged()?;
    let (now, model) = (session.now, unjudged.model());
    let touched = if args.plan {
        Touched::nothing()
    } else {
        let holder = Holder::Authority(name(&args.name, model).to_owned());
        Touched::holders(model, [&holder])
    };
    let resolved = unjudged.judge(&touched)?;
    if resolved.model.derivation.is_some() {
        return Err(refused(derive::rotation(&resolved.model, &args.name)));
    }
    let store = session.store()?;
    if !args.plan && !args.dry_run {
        store.finish_interrupted()?;
    }
    let (inventory, warnings) = stored(&store, &resolved.model)?;
    report.diagnostics(&warnings);
    // Before the store's folder is made for an authority that is not in it.
    let name = name(&args.name, &resolved.model);
    let rotation = Rotation::of(&resolved.model, &inventory, name, now).map_err(refused)?;
    if args.plan {
        let schedule = scheduled(rotation)?;
        match args.format {
            Format::Text => show(&schedule::text(&schedule, store.path()), false)?,
            Format::Json => print_json(&Rollover::of(&schedule, store.path(), None))?,
        }
        return Ok(ExitStatus::Done);
    }
    if !args.dry_run {
        refuse_new_readers(&store)?;
    }
    // A dry run needs no permission to write.
    let lock = if args.dry_run { None } else { Some(store.lock()?) };
    // Another process may have taken a step in the meantime; its warnings were reported already.
    let inventory = stored(&store, &resolved.model)?.0;
    let lock = lock.as_ref();
    let step = Step { args, name, report, store: &store, lock, resolved: &resolved, now };
    let rotation = Rotation::of(&resolved.model, &inventory, name, now).map_err(refused)?;
    let outcome = match (args.activate, args.retire, args.abandon) {
        (true, ..) => step.activate(rotation),
        (_, true, _) => step.retire(rotation, &Known::all(&inventory.ledger).map_err(refused)?),
        (.., true) => step.abandon(rotation),
        (false, false, false) => step.introduce(rotation),
    };
    let outcome = outcome.map_err(|error| error.located(&session.document))?;
    if args.format == Format::Json {
        let inventory = stored(&store, &resolved.model)?.0;
        let rotation = Rotation::of(&resolved.model, &inventory, name, now).map_err(refused)?;
        let schedule = scheduled(rotation)?;
        let taken = Taken { is_dry_run: args.dry_run, ..outcome };
        print_json(&Rollover::of(&schedule, store.path(), Some(&taken)))?;
    }
    Ok(ExitStatus::Done)
}

/// The authority's name, also written as its folder in the store.
fn name<'a>(written: &'a str, model: &Model) -> &'a str {
    let plain = written.strip_prefix("cas/").filter(|plain| model.authorities.contains_key(*plain));
    if model.authorities.contains_key(written) { written } else { plain.unwrap_or(written) }
}

fn refused(diagnostic: Diagnostic) -> CommandError {
    CommandError::Input(vec![diagnostic])
}

/// Runs `then` with the holders that need a generation.
fn with_losing<T>(
    rotation: Rotation<'_>,
    known: &[Known],
    then: impl FnOnce(Losing<'_>) -> T,
) -> Result<T, CommandError> {
    let Rotation { model, inventory, .. } = rotation;
    let arrangement = targets::arranged(model).map_err(CommandError::Input)?;
    let doors = arrangement.doors(model, &Present { model, inventory });
    let needing = CutOffs::of(rotation, &doors, known);
    Ok(then(&|gone| needing.without(gone)))
}

/// The state of the rollover.
fn scheduled(rotation: Rotation<'_>) -> Result<Schedule, CommandError> {
    let known = Known::all(&rotation.inventory.ledger).map_err(refused)?;
    with_losing(rotation, &known, |losing| rotation.schedule(&known, losing))
}

/// A step, and all that it works with; without a lock it is a dry run.
struct Step<'a> {
    args: &'a Args,
    name: &'a str,
    report: Report,
    store: &'a Store,
    lock: Option<&'a StoreLock>,
    resolved: &'a Resolved,
    now: Timestamp,
}

impl Step<'_> {
    /// Carries the change out, except in a dry run.
    fn change(&self, change: Change<'_>) -> Result<(), CommandError> {
        let Some(lock) = self.lock else { return Ok(()) };
        Ok(self.store.rotate(lock, self.name, change)?)
    }

    /// Says what was done to a generation, or what would be.
    fn say(&self, [done, verb]: [&'static str; 2], serial: Option<&SerialNumber>, rest: &str) {
        let (action, words) = match self.lock {
            Some(_) => (done, format!("{done} {rest}")),
            None => (verb, format!("would {verb} {rest}")),
        };
        let holder = Holder::Authority(self.name.to_owned()).full_name();
        let serial = serial.map(ToString::to_string);
        let deed = Deed { action, holder: Some(holder), serial, ..Deed::default() };
        self.report.did(deed, &words);
    }

    fn introduce(&self, rotation: Rotation<'_>) -> Result<Taken, CommandError> {
        let introduction = rotation.introduction().map_err(refused)?;
        let name = self.name;
        let taken = Taken::of("introduce");
        if let Some(reason) = &introduction.replaces {
            self.say(
                REMOVE,
                None,
                &format!("the next generation of `{name}` that waited: {reason}"),
            );
        }
        if self.lock.is_none() {
            let subject = rotation.request.subject.rfc2253();
            self.say(
                INTRODUCE,
                None,
                &format!(
                    "the next generation of `{name}`: `{subject}`, {}",
                    rotation.request.key_kind
                ),
            );
            return Ok(taken);
        }
        let model = &self.resolved.model;
        let needed: BTreeSet<Holder> = introduction.plan.keys_needed(model).into_iter().collect();
        let keyring = self.store.keyring(rotation.inventory, &needed)?.and(&self.resolved.keyring);
        let plan = &introduction.plan;
        let issued = make(plan, model, rotation.inventory, &keyring, self.report)?;
        let next = issued.certificates.first().expect("the plan has one certificate");
        self.change(Change::Introduce(next, self.now))?;
        let certificate = next.certificate();
        let words = format!(
            "the next generation of `{name}`: `{}`, serial {}, valid until {}; it signs nothing yet",
            certificate.subject.rfc2253(),
            certificate.serial,
            certificate.not_after
        );
        self.say(INTRODUCE, Some(&certificate.serial), &words);
        let key = self.store.path_of(&rotation.request.holder, "next/tls.key");
        report_only_here(self.store, rotation.inventory, vec![key], self.report);
        self.next_steps(rotation);
        Ok(taken)
    }

    /// What to do between introducing and activating.
    fn next_steps(&self, rotation: Rotation<'_>) {
        let name = self.name;
        let schedule = rotation.schedule(&[], &|_| Vec::new());
        if !schedule.trusted_by.is_empty() {
            self.report.say(&format!(
                "render and apply now: from then on {} clients of both generations",
                match schedule.trusted_by.len() {
                    1 => "1 host admits".to_owned(),
                    hosts => format!("{hosts} hosts admit"),
                }
            ));
        }
        if schedule.is_root && !schedule.serves.is_empty() {
            let root = self.store.path();
            let new = certificate_of(root, name, Role::Next, None);
            let hosts = counted(schedule.serves.len(), "host");
            self.report.say(&format!(
                "before it signs, give all callers of the {hosts} below it its new trust anchor beside the old one: `{}`",
                new.display()
            ));
        }
        self.report.say(&format!("then run `mtlsgen ca rotate {name} --activate`"));
    }

    fn activate(&self, rotation: Rotation<'_>) -> Result<Taken, CommandError> {
        rotation.activation().map_err(refused)?;
        self.change(Change::Activate)?;
        let name = self.name;
        let serial = &rotation.current.certificate().serial;
        self.say(["activated", "activate"], None, &format!("the next generation of `{name}`: it signs from now on; the old one (serial number {serial}) stays trusted"));
        self.report.say("render and apply: certificates below it are reissued, old ones are accepted until they expire");
        self.report.say(&format!(
            "then run `mtlsgen ca rotate {name} --retire`; `--plan` shows from when"
        ));
        Ok(Taken::of("activate"))
    }

    fn abandon(&self, rotation: Rotation<'_>) -> Result<Taken, CommandError> {
        rotation.abandonment().map_err(refused)?;
        self.change(Change::Abandon)?;
        self.say(
            REMOVE,
            None,
            &format!("the next generation of `{}`; render and apply", self.name),
        );
        Ok(Taken::of("abandon"))
    }

    fn retire(&self, rotation: Rotation<'_>, known: &[Known]) -> Result<Taken, CommandError> {
        let outcome = with_losing(rotation, known, |losing| {
            rotation.retirement(known, losing, self.args.force).map_err(CommandError::Input)
        })??;
        self.change(Change::Retire(&outcome.retired, &outcome.revocations))?;
        self.report_retirement(&outcome);
        Ok(Taken { retirement: Some(outcome), ..Taken::of("retire") })
    }

    fn report_retirement(&self, outcome: &Retirement) {
        let Retirement { retired, cut_off, kept, revocations } = outcome;
        let name = self.name;
        for serial in retired {
            self.say(
                ["retired", "retire"],
                Some(serial),
                &format!(
                    "the generation of `{name}` with serial number {serial}; render and apply"
                ),
            );
        }
        let findings: Vec<Diagnostic> = cut_off
            .iter()
            .map(|one| Diagnostic::warning("cut-off", format!("{one} is cut off")))
            .chain(kept.iter().map(|(serial, needed_by)| {
                Diagnostic::notice(
                    "still-needed",
                    format!("the generation of `{name}` with serial number {serial} stays: {} still valid need it", counted(needed_by.len(), "certificate")),
                )
            }))
            .collect();
        self.report.diagnostics(&findings);
        for new in revocations {
            let NewRevocation { authority, serial, .. } = new;
            self.say(["revoked", "revoke"], Some(serial), &format!("the certificate {serial} of `{name}`, signed by `{authority}`: hosts check revocation lists from the next render on"));
        }
    }
}

/// A step that was taken, or would be.
pub(super) struct Taken {
    /// Its word.
    pub step: &'static str,
    /// Whether it was a dry run.
    pub is_dry_run: bool,
    /// What has retired with it.
    pub retirement: Option<Retirement>,
}

impl Taken {
    fn of(step: &'static str) -> Self {
        Self { step, is_dry_run: false, retirement: None }
    }
}

/// A number and what it counts.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
