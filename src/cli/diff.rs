//! `mtlsgen diff`: what a render would change in a folder; keys only as fingerprints.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::existing_arguments::ExistingArguments;
use super::format::{Format, FormatArgument};
use super::globals::Globals;
use super::plan_json::Plan;
use super::render::{Trust, report_elsewhere};
use super::report::{CommandError, ExitStatus, print_json, show, standard_output_colour};
use super::session::{Planned, Session, report_plan, urgency};
use super::spec_arguments::SpecArguments;
use crate::diagnostic::Severity;
use crate::io::tree;
use crate::manifest::Disclosure;
use crate::model::Touched;
use crate::output::{self, Change, Options};
use crate::plan::{Holdings, Scope};
use crate::render::Checked;
use crate::time::Timestamp;

/// Show what render would change in a folder, private keys only as fingerprints
///
/// Issues nothing: what is missing or due counts as a difference.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    existing: ExistingArguments,
    /// The folder that `render -o` writes
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Folder of templates, instead of the spec's `templates`
    #[arg(long, value_name = "DIR", help_heading = "Spec")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
}

/// Compares.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    let session = session.beside(args.existing.read(&args.spec, report)?);
    let resolved = session.unjudged()?.judge_all()?;
    let rendering = session.rendering(args.templates.as_deref())?;
    let setup = session.setup(resolved)?;
    let trust = Trust { folder: &args.directory, setup: &setup };
    trust.refuse_other_seed()?;
    let planned = setup.plan(&Scope::default());
    let planned = planned.map_err(|error| error.located(&setup.document))?;
    report_plan(&planned.plan, report, urgency);
    let unsettled = setup.report_unsettled_keys(Severity::Warning)?;
    trust.refuse_unknown(&planned)?;
    let (model, Planned { inventory, plan, .. }) = (setup.model(), &planned);
    if plan.is_urgent() {
        if args.format.is_json() {
            print_json(&Difference::of(args, &planned, &[], setup.now))?;
        }
        report.say("the manifests can be compared once these certificates are issued: run `mtlsgen render`");
        return Ok(ExitStatus::Findings);
    }
    // Certificates have the fingerprints of keys: a clone without keys can be compared.
    let keyring = &setup.keys(inventory, &Touched::everything()).ring_of_names()?;
    let holdings = Holdings { model, inventory, keyring };
    let Checked { manifests, entrusted: _, warnings } =
        rendering.manifests(model, &holdings, Disclosure::Fingerprint)?;
    report.diagnostics(&warnings);
    let options = Options {
        allow_plain_in_git: model.allow_plain_in_git,
        fingerprints: true,
        may_be_elsewhere: true,
    };
    let tree = output::layout(&setup.handed_over(&manifests)?, options);
    let existing = tree::read(&args.directory, &tree)?;
    trust.refuse_replaced(inventory, &tree, &existing)?;
    let changes = output::changes(&tree, &existing)?;
    report_elsewhere(&args.directory, &tree, &changes, report);
    let same = changes.files.is_empty()
        && plan.actions.is_empty()
        && plan.lists.is_empty()
        && !plan.is_early()
        && !unsettled;
    let colour = standard_output_colour(globals);
    match args.format.format {
        Format::Text => show(&output::difference(&changes, &tree, &existing, colour), colour)?,
        Format::Json => print_json(&Difference::of(args, &planned, &changes.files, setup.now))?,
    }
    Ok(if same { ExitStatus::Done } else { ExitStatus::Findings })
}

/// For programs: what would be issued, and the files that would change.
#[derive(Serialize, JsonSchema)]
pub struct Difference<'a> {
    #[serde(flatten)]
    plan: Plan<'a>,
    /// The folder.
    path: String,
    /// Files that would change, sorted by path.
    files: &'a [Change],
}

impl<'a> Difference<'a> {
    fn of(args: &Args, planned: &'a Planned, files: &'a [Change], now: Timestamp) -> Self {
        let plan = Plan::of(&planned.plan, &planned.inventory, now, true);
        Self { plan, path: args.directory.display().to_string(), files }
    }
}
