//! `mtlsgen diff`: what a render would change in a folder; keys only as fingerprints.

use std::path::PathBuf;

use super::existing_arguments::ExistingArguments;
use super::globals::Globals;
use super::phases::{self, Source};
use super::render::{refuse_other_seed, refuse_replaced, refuse_unknown, tell_elsewhere};
use super::report::{CommandError, ExitStatus, show, standard_output_colour};
use super::spec_arguments::SpecArguments;
use crate::derive::Extent;
use crate::diagnostic::Severity;
use crate::io::tree;
use crate::manifest::Disclosure;
use crate::model::Touched;
use crate::output::{self, Options};
use crate::plan::Holdings;
use crate::render::Checked;

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
}

/// Compares.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let now = args.spec.now()?;
    let read = phases::read(&args.spec)?;
    let existing = args.existing.read(&args.spec, report)?;
    let resolved = phases::resolve_beside(&read, existing.as_ref(), now, report)?;
    let templates = phases::templates(&read, args.templates.as_deref(), report)?;
    let source = phases::source_beside(&read, existing, &resolved, now, Extent::Current, report)?;
    if let Source::Derived(derived) = &source {
        refuse_other_seed(&args.directory, &resolved.model, &derived.inventory)?;
    }
    let (inventory, plan) = phases::plan(&source, &resolved.model, now, report)
        .map_err(|error| error.located(&read.document))?;
    phases::tell_plan(&plan, report, phases::urgency);
    let unsettled = phases::tell_unsettled_keys(&source, report, Severity::Warning)?;
    refuse_unknown(&args.directory, &plan, &resolved.model, &inventory)?;
    if plan.is_urgent() {
        report.say("the manifests can be compared once these certificates are issued: run `mtlsgen render`");
        return Ok(ExitStatus::Findings);
    }
    // Certificates tell the fingerprints of keys: a clone without keys can be compared.
    let (model, keyring) = phases::holdings(&source, resolved, &inventory, &Touched::everything())?;
    let holdings = Holdings { model: &model, inventory: &inventory, keyring: &keyring };
    let Checked { manifests, warnings } =
        phases::manifests(&read.document, &model, &holdings, &templates, Disclosure::Fingerprint)?;
    report.diagnostics(&warnings);
    let options = Options {
        allow_plain_in_git: model.allow_plain_in_git,
        fingerprints: true,
        may_be_elsewhere: true,
    };
    let tree = output::layout(&manifests, options);
    let existing = tree::read(&args.directory, &tree)?;
    refuse_replaced(&args.directory, (&tree, &existing), &source, (&model, &inventory))?;
    let changes = output::changes(&tree, &existing)?;
    tell_elsewhere(&args.directory, &tree, &changes, report);
    let colour = standard_output_colour(globals);
    show(&output::difference(&changes, &tree, &existing, colour), colour)?;
    let same = changes.files.is_empty()
        && plan.actions.is_empty()
        && plan.lists.is_empty()
        && !plan.is_early();
    Ok(if same && !unsettled { ExitStatus::Done } else { ExitStatus::Findings })
}
