//! A rollover with its dates, for people and for programs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::rotate::counted;
use crate::cli::hints;
use crate::io::store;
use crate::plan::rotation::{CutShort, Role, Schedule, ScheduledGeneration, ScheduledStep, Step};
use crate::time::Seconds;

/// How many of those who need a generation are named to people.
const NAMED: usize = 10;

/// For people.
pub fn text(schedule: &Schedule, store: &Path) -> String {
    let Schedule {
        authority,
        is_root: _,
        phase,
        serves,
        trusted_by,
        clients,
        generations,
        steps,
        cut_short,
    } = schedule;
    let mut text = format!("authority {authority}: {}\n", phase.word());
    let _ =
        writeln!(text, "  vouches for   {}, hosts: {}", counted(*clients, "client"), list(serves));
    let _ = writeln!(text, "  is trusted by hosts: {}", list(trusted_by));
    for generation in generations {
        write_generation(&mut text, generation, &file(schedule, generation, store));
    }
    text.push_str("steps that are left\n");
    for step in steps {
        write_step(&mut text, step, schedule);
    }
    if let Some(cut) = cut_short {
        write_cut_short(&mut text, cut);
    }
    text
}

/// Why there is no time left in which nothing is cut short, and what to do.
fn write_cut_short(text: &mut String, cut: &CutShort) {
    let CutShort { since, not_after, holders, room: _ } = cut;
    let _ = writeln!(text, "there is no date until which nothing is cut short");
    let _ = writeln!(
        text,
        "  since {since}, certificates end with the authority, at {not_after}, before their own time:"
    );
    for (holder, duration) in holders.iter().take(NAMED) {
        let _ = writeln!(text, "    {holder}, of {duration}");
    }
    if holders.len() > NAMED {
        let _ = writeln!(text, "    and {} more (`--format json` has all)", holders.len() - NAMED);
    }
    let _ = writeln!(text, "  {}", remedy(cut));
}

/// What to do where certificates are cut short.
pub(super) fn remedy(cut: &CutShort) -> String {
    let now =
        "take the steps that are left now: what the next generation signs lasts its whole time";
    match whole(cut.room) {
        Some(room) => {
            format!("{now}; to have time for them, write a `duration` below {room} for these")
        }
        None => now.to_owned(),
    }
}

/// A length of time as a `duration` has it, rounded down; `None` if it is too short for one.
pub(super) fn whole(room: Seconds) -> Option<Seconds> {
    let unit = [86_400, 3_600].into_iter().find(|unit| room.0 >= 2 * unit)?;
    Some(Seconds(room.0 / unit * unit))
}

fn write_generation(text: &mut String, generation: &ScheduledGeneration, file: &Path) {
    let ScheduledGeneration { role, certificate, has_key, needed_by } = generation;
    let key = if *has_key { "" } else { ", its key is not here" };
    let _ = writeln!(text, "{} generation: {}{key}", role.word(), certificate.subject.rfc2253());
    let _ = writeln!(text, "  serial       {}", certificate.serial);
    let _ = writeln!(text, "  SHA-256      {}", certificate.fingerprint().with_colons());
    let _ =
        writeln!(text, "  valid        {} to {}", certificate.not_before, certificate.not_after);
    let _ = writeln!(text, "  file         {}", file.display());
    let _ = writeln!(text, "  needed by    {}", counted(needed_by.len(), "valid certificate"));
    for one in needed_by.iter().take(NAMED) {
        let _ = writeln!(text, "               {one}");
    }
    if needed_by.len() > NAMED {
        let _ = writeln!(
            text,
            "               and {} more (`--format json` has all)",
            needed_by.len() - NAMED
        );
    }
}

fn write_step(text: &mut String, step: &ScheduledStep, schedule: &Schedule) {
    let until = step.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let _ = writeln!(
        text,
        "  {:10} from {}{until}: {}",
        step.step.word(),
        step.from,
        command(schedule, step.step)
    );
    let _ = writeln!(text, "             {}", condition(schedule, step.step));
}

pub(super) fn command(schedule: &Schedule, step: Step) -> String {
    let flag = match step {
        Step::Introduce => "",
        Step::Activate => " --activate",
        Step::Retire => " --retire",
    };
    hints::command(&format!("mtlsgen ca rotate {}{flag}", schedule.authority))
}

/// What has to be true before a step, in one line.
pub(super) fn condition(schedule: &Schedule, step: Step) -> &'static str {
    match (step, schedule.is_root && !schedule.serves.is_empty()) {
        (Step::Introduce, _) => "afterwards render and apply: both generations are trusted",
        (Step::Activate, false) => {
            "after the bundle with both generations is applied wherever it is trusted"
        }
        (Step::Activate, true) => {
            "after the bundle is applied, and after all callers of its hosts have the new trust anchor"
        }
        (Step::Retire, _) => {
            "after the last certificate that needs the old generation has expired, including those issued until the new one is activated"
        }
    }
}

pub(super) fn file(schedule: &Schedule, generation: &ScheduledGeneration, store: &Path) -> PathBuf {
    let serial = Some(&generation.certificate.serial).filter(|_| generation.role == Role::Retiring);
    store::certificate_of(store, &schedule.authority, generation.role, serial)
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
