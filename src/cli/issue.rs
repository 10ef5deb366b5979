//! `mtlsgen issue`: what `render` issues, without its manifests.

use super::format::FormatArgument;
use super::globals::Globals;
use super::plan_json::Plan;
use super::report::{CommandError, ExitStatus, print_json};
use super::session::{Planned, Rendering, Session, Setup, refuse_new_readers, report_dry_run};
use super::spec_arguments::SpecArguments;
use crate::diagnostic::Severity;
use crate::manifest::Disclosure;
use crate::model::Touched;
use crate::plan::{Rehearsal, Scope};

/// Issue what is missing or due, and print no manifests
///
/// Issues what `mtlsgen render` would, for the same reasons; `render` then prints manifests and issues nothing. What cannot
/// be rendered is an error before anything is issued.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// Only print what would be issued and why
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgument,
}

/// Issues.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    let unjudged = session.unjudged()?;
    let touched = Touched::everything();
    let scope = unjudged.scope(&touched);
    let resolved = unjudged.judge(&touched)?;
    // This command does not concern Ingresses that exist already.
    let rendering = session.rendering(None)?.apart(true);
    let setup = session.setup(resolved)?;
    let planned = if args.dry_run {
        preview(&setup, &rendering, &scope)
    } else {
        issue(&setup, &rendering, &scope)
    };
    let planned = planned.map_err(|error| error.located(&setup.document))?;
    if planned.plan.is_empty() {
        report.say("nothing to issue");
    }
    if args.format.is_json() {
        let Planned { inventory, plan, .. } = &planned;
        print_json(&Plan::of(plan, inventory, setup.now, args.dry_run))?;
    }
    Ok(ExitStatus::Done)
}

fn preview(setup: &Setup, rendering: &Rendering, scope: &Scope) -> Result<Planned, CommandError> {
    let planned = setup.plan(scope)?;
    setup.report_unsettled_keys(Severity::Notice)?;
    report_dry_run(&planned.plan, setup.report);
    rehearse(setup, rendering)?;
    setup.report_unmakeable(&planned);
    Ok(planned)
}

fn issue(setup: &Setup, rendering: &Rendering, scope: &Scope) -> Result<Planned, CommandError> {
    setup.source.store().map_or(Ok(()), refuse_new_readers)?;
    let planned = setup.issue(scope, |_| rehearse(setup, rendering))?;
    setup.take_over(false)?;
    setup.settle_keys(false)?;
    Ok(planned)
}

/// Makes sure that what is planned can be rendered.
fn rehearse(setup: &Setup, rendering: &Rendering) -> Result<(), CommandError> {
    let manifests = rendering.manifests(setup.model(), &Rehearsal, Disclosure::Whole)?.manifests;
    setup.handed_over(&manifests).map(drop)
}
