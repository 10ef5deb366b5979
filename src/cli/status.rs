//! `mtlsgen status`: every certificate of the spec and the store.

mod advice;
mod selection;

use clap::ValueEnum;

use self::selection::Selection;
use super::existing_arguments::ExistingArguments;
use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print, print_json, show};
use super::session::{Session, kept};
use super::spec_arguments::SpecArguments;
use crate::access::orphans;
use crate::access::present::Present;
use crate::derive::Extent;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{self, IssuancePlan};
use crate::specification::value::Duration;
use crate::status::{self, Sources, State, Status};
use crate::targets;

/// Show every certificate and revocation list with the days left, and which clients each host admits
///
/// States: valid; due (the next render replaces it); expired; not yet valid (a clock
/// was ahead when it was issued, or is behind now); revoked; superseded (replaced, but
/// still valid); orphaned (its holder is no longer in the spec, and it is still valid); introduced and retiring (an
/// authority that is being rolled over); missing. Hosts: protected (a client certificate is required); optional
/// (clients without one are admitted too); open (none is requested); unknown (which clients are admitted depends on
/// a Secret or an annotation that mtlsgen does not see). Needs no private key.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    existing: ExistingArguments,
    #[command(flatten)]
    selection: Selection,
    /// Format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,
    /// Show also serial numbers, fingerprints and the time of day, in lines as long as that takes
    #[arg(long, help_heading = "Output")]
    wide: bool,
    /// Exit with 1 if a shown certificate or list in use ends within this time, is revoked, not yet valid or missing
    #[arg(long, value_name = "TIME", help_heading = "Output")]
    fail_within: Option<Duration<0>>,
    /// Show also what has expired and was replaced or removed
    #[arg(long, help_heading = "Output")]
    all: bool,
}

/// Format of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, in lines of 100 characters
    #[value(alias = "table")]
    Text,
    /// For programs, with everything that is known
    Json,
    /// Metrics in Prometheus' text format
    Prometheus,
    /// A calendar of ends and renewals
    Icalendar,
}

/// Shows.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    let session = session.beside(args.existing.read(&args.spec, report)?);
    let (now, resolved) = (session.now, session.unjudged()?.at_any_time()?);
    let model = &resolved.model;
    let source = session.source(&resolved, Extent::Valid)?;
    let (inventory, warnings) = source.everything(model)?;
    report.diagnostics(&warnings);
    // Errors of a render are shown beside the certificates, not instead of them.
    let (plan, errors) = match plan::plan(model, &inventory, now) {
        Ok(plan) => (plan, Vec::new()),
        Err(errors) => (IssuancePlan::default(), errors),
    };
    report.diagnostics(&plan.warnings);
    report.diagnostics(&kept(&plan, &session.document, &source));
    let arrangement = targets::arranged(model).map_err(CommandError::Input)?;
    let doors = arrangement.doors(model, &Present { model, inventory: &inventory });
    let orphans = orphans::warning(model, &doors, &inventory, &plan.revoked(&inventory), now);
    report.diagnostics(orphans.as_slice());
    for error in resolved.keyring.absent_files() {
        let warning = Diagnostic { severity: Severity::Warning, ..error };
        report.diagnostics(&[warning.help("what needs no key works without it")]);
    }
    let sources = Sources { model, inventory: &inventory, plan: &plan, doors: &doors, now };
    let mut rows = status::rows(sources);
    let filter = args.selection.filter(model, &rows)?;
    rows.retain(|row| filter.has(row));
    if !args.all && !args.selection.names(State::Expired) {
        rows.retain(|row| row.is_current || row.state != State::Expired);
    }
    match args.format {
        Format::Text => {
            let table = if args.wide { status::wide_table } else { status::table };
            let hosts = status::hosts_table(&filter.hosts(status::admitted(sources)));
            let gap = if hosts.is_empty() { "" } else { "\n" };
            show(&[table(&rows, now).as_str(), gap, &hosts].concat(), false)?;
        }
        Format::Json => {
            let hosts = filter.hosts(status::admitted(sources));
            print_json(&Status::of(&rows, &hosts, now))?;
        }
        Format::Prometheus => print(status::prometheus(&rows, now))?,
        Format::Icalendar => print(status::icalendar(&rows, now))?,
    }
    if !errors.is_empty() {
        return Err(CommandError::Input(errors));
    }
    let Some(time) = args.fail_within else { return Ok(ExitStatus::Done) };
    let ending = status::ending(&rows, now, time.seconds());
    if ending.is_empty() {
        return Ok(ExitStatus::Done);
    }
    report.diagnostics(&[advice::ends_soon(&ending, time, &source, &inventory)]);
    Ok(ExitStatus::Findings)
}
