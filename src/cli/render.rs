//! `mtlsgen render`: the whole pipeline, from the spec to manifests.

mod folder;
mod keys;
mod trust;

pub use self::folder::tell_elsewhere;
pub use self::trust::{refuse_other_seed, refuse_replaced, refuse_unknown};

use std::path::PathBuf;

use super::existing_arguments::ExistingArguments;
use super::globals::Globals;
use super::hints;
use super::objects::{Showing, print_masked};
use super::phases::{self, Source};
use super::report::{CommandError, ExitStatus, Report, print_with};
use super::selection::Selection;
use super::spec_arguments::SpecArguments;
use crate::derive::Extent;
use crate::diagnostic::Severity;
use crate::io::tree;
use crate::manifest::{Disclosure, Object};
use crate::model::{Model, Resolved, Touched};
use crate::output::{self, Format, Options, OutputTree};
use crate::plan::{Holdings, IssuancePlan, Rehearsal, Scope, Selected};
use crate::render::Checked;
use crate::render::template::TemplateSet;
use crate::specification::document::Document;
use crate::store::{Inventory, Material};

/// Issue what is missing or due, and print the manifests in the order in which they can be applied
///
/// Certificates that exist and still fit are kept; each one that is issued is told with its reason.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// Write a folder, a file for each object, instead of standard output
    #[arg(
        short,
        long,
        value_name = "DIR",
        help_heading = "Output",
        conflicts_with = "show_secrets"
    )]
    output: Option<PathBuf>,
    /// Format of standard output
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "yaml",
        help_heading = "Output",
        conflicts_with = "output"
    )]
    format: Format,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    existing: ExistingArguments,
    /// Ingress dialect to write, instead of the spec's `target`
    #[arg(long, value_name = "NAME", help_heading = "Spec")]
    target: Option<String>,
    /// Folder of templates, instead of the spec's `templates`
    #[arg(long, value_name = "DIR", help_heading = "Spec")]
    templates: Option<PathBuf>,
    /// Issue nothing: fail if a certificate is missing, expired or no longer fits
    #[arg(long, help_heading = "Certificates", conflicts_with = "dry_run")]
    locked: bool,
    /// Only tell what would be issued and why
    #[arg(long, help_heading = "Certificates")]
    dry_run: bool,
    /// Issue and write nothing: exit with 1 if the folder is not up to date
    ///
    /// Needs no private key. Secrets that Git ignores need not be here: what the folder's record says of them counts.
    #[arg(long, requires = "output", help_heading = "Output", conflicts_with = "dry_run")]
    check: bool,
    /// Have the store belong to this spec, whose `name` is another one than that of the spec it belonged to
    ///
    /// Once is enough for all commands; it needs no private key unless something is to be issued.
    #[arg(long, help_heading = "Certificates", conflicts_with_all = ["locked", "dry_run", "check"])]
    rename_store: bool,
    /// Issue authorities although the output folder trusts ones that the store does not know, or the store has certificates of such
    ///
    /// Without it, that is an error: the store may be lost, wholly or in part, or elsewhere, and new authorities lock out all
    /// clients. So may another seed of a derived store, which makes all keys anew.
    #[arg(long, help_heading = "Certificates", conflicts_with = "locked")]
    new_authorities: bool,
    #[command(flatten)]
    showing: Showing,
    /// Let the recipients of `store.encryption` open keys of the store that some of them could not open so far
    ///
    /// Without it, a new recipient is an error that lists who would be able to read, and who no longer; so is
    /// encryption that was switched off.
    #[arg(long, help_heading = "Encrypted keys", conflicts_with_all = ["locked", "dry_run", "check"])]
    reencrypt: bool,
}

impl Args {
    /// How much it matters that keys are not encrypted as the spec says, where nothing is written.
    fn severity(&self) -> Severity {
        match (self.dry_run, self.locked) {
            (true, _) => Severity::Notice,
            (_, true) => Severity::Error,
            _ => Severity::Warning,
        }
    }

    /// Refuses an output folder in the way of the store's, and flags about that one where there is none.
    fn fit(&self, source: &Source) -> Result<(), CommandError> {
        if let (Some(folder), Some(own)) = (&self.output, source.folder()) {
            tree::keep_apart(folder, own)?;
        }
        let useless = match source {
            Source::Folder(_) => None,
            _ if self.rename_store => {
                Some("`--rename-store` has no effect: the store is not a folder")
            }
            Source::Derived(_) => {
                let what = "`--new-authorities` has no effect: without `-o`, a derived store is compared with nothing";
                Some(what).filter(|_| self.new_authorities && self.output.is_none())
            }
            Source::Existing(_) => {
                let what =
                    "`--new-authorities` has no effect: without a folder, no authority is issued";
                Some(what).filter(|_| self.new_authorities)
            }
        };
        let useless = useless
            .map(|what| CommandError::world("useless-flag", what, Some("leave it out".to_owned())));
        useless.map_or(Ok(()), Err)
    }
}

/// Makes sure that what is planned can be rendered, and replaces nothing that is lost, before anything is issued.
fn rehearse(
    document: &Document,
    resolved: &Resolved,
    source: &Source,
    templates: &TemplateSet,
    args: &Args,
    (inventory, plan): (&Inventory, &IssuancePlan),
) -> Result<(), CommandError> {
    let (model, whole) = (&resolved.model, Disclosure::Whole);
    let render = rendering(&args.selection);
    let manifests = render(document, model, &Rehearsal, templates, whole)?.manifests;
    args.selection.choose(model, &manifests)?;
    let Some(folder) = &args.output else { return Ok(()) };
    args.refuse_unknown(model, inventory, plan)?;
    let tree = layout(&manifests, model, whole, args);
    output::changes(&tree, &tree::read(folder, &tree)?).or_else(|error| {
        args.refuse_moved(folder, source, (model, inventory))?;
        Err(CommandError::from(error))
    })?;
    phases::require_keys_beside(source, resolved, inventory, plan)
}

/// Renders.
pub fn run(mut args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let now = args.spec.now()?;
    args.output.iter().for_each(|folder| hints::remember_output(folder));
    args.spec.override_target(args.target.take());
    let mut read = phases::read(&args.spec)?;
    read.operator.renames_store = args.rename_store;
    let existing = args.existing.read(&args.spec, report)?;
    let own_templates = args.templates.is_none() && read.spec.templates.is_none();
    let unjudged = phases::resolve_for(&read, existing.as_ref(), now)?;
    let touched = args.selection.touched(&unjudged.found.resolved.model, own_templates)?;
    let scope = Scope { new_authorities: args.new_authorities, ..unjudged.scope(&touched) };
    let resolved = unjudged.judge(&touched, report)?;
    let templates = phases::templates(&read, args.templates.as_deref(), report)?;
    let source = phases::source_beside(&read, existing, &resolved, now, Extent::Current, report)?;
    args.fit(&source)?;
    args.refuse_other_seed(&resolved.model, &source)?;
    let render = rendering(&args.selection);
    let mut due = false;
    // All that is left of the spec is where things stand in it.
    let name = read.spec.name.as_ref().map(ToString::to_string);
    let document = read.into_document();
    let only_looks = args.locked || args.check || args.dry_run;
    if let Source::Folder(store) = &source
        && !(only_looks || args.reencrypt)
    {
        phases::refuse_new_readers(store)?;
    }
    let inventory = if only_looks {
        let (inventory, plan) = phases::plan_within(&source, &resolved.model, now, &scope, report)
            .map_err(|error| error.located(&document))?;
        args.refuse_unknown(&resolved.model, &inventory, &plan)?;
        let unsettled = phases::tell_unsettled_keys(&source, report, args.severity())?;
        if let Some(status) = settle(&plan, unsettled, &args, report) {
            return Ok(status);
        }
        due = !plan.actions.is_empty() || plan.changes_revocations() || unsettled;
        inventory
    } else {
        let issued = phases::issue(&source, &resolved, now, &scope, report, |inventory, plan| {
            rehearse(&document, &resolved, &source, &templates, &args, (inventory, plan))
        });
        issued.map_err(|error| error.located(&document))?
    };
    let judged = (&inventory, &touched);
    let disclosure = disclosure(&document, &resolved, &source, judged, &templates, &args)?;
    // A new name takes no key, but is that of a run whose output is allowed.
    let take_over = || {
        if only_looks {
            return Ok(());
        }
        phases::take_over(&source, name.as_deref(), args.rename_store, report)
    };
    let (model, keyring) = match keys::keys(disclosure, &source, resolved, &inventory, &touched) {
        Ok(keys) => keys,
        Err(error) => return take_over().and(Err(error)),
    };
    if !only_looks {
        phases::settle_keys(&source, args.reencrypt, report)?;
    }
    let holdings = Holdings { model: &model, inventory: &inventory, keyring: &keyring };
    let holdings = Selected { holdings, touched: &touched };
    let Checked { manifests, warnings } =
        render(&document, &model, &holdings, &templates, disclosure)?;
    report.diagnostics(&warnings);
    let selected = args.selection.choose(&model, &manifests)?;
    source.hand_over(&model, &selected, report)?;
    let status = match &args.output {
        None => {
            take_over()?;
            to_standard_output(&selected, &args, report)
        }
        Some(path) => {
            let tree = layout(&manifests, &model, disclosure, &args);
            let guard = |tree: &_, existing: &_| {
                args.refuse_replaced(path, (tree, existing), &source, (&model, &inventory))
            };
            let comparison = folder::compare(path, tree, &selected, &args.selection, guard)?;
            take_over()?;
            comparison.tell_kept(report);
            if args.check {
                // What is due would change the folder too.
                let is_current = comparison.is_current(report);
                Ok(if due || !is_current { ExitStatus::Findings } else { ExitStatus::Done })
            } else {
                if disclosure == Disclosure::Fingerprint {
                    let masked =
                        render(&document, &model, &holdings, &templates, Disclosure::Masked)?;
                    if comparison.needs_keys(&manifests, &masked.manifests) {
                        phases::require_keys(&source, (&model, &keyring), &inventory, &touched)?;
                    }
                }
                comparison.write(source.folder(), report)?;
                Ok(ExitStatus::Done)
            }
        }
    };
    // The process ends: freeing all that is no key piece by piece would only take time.
    std::mem::forget((document, model, inventory, manifests));
    status
}

/// How manifests are rendered: Ingresses that exist already matter only where Ingresses are asked for.
fn rendering(selection: &Selection) -> Rendering {
    if selection.leaves_out("Ingress") { phases::manifests_apart } else { phases::manifests }
}

type Rendering =
    fn(&Document, &Model, &dyn Material, &TemplateSet, Disclosure) -> Result<Checked, CommandError>;

fn layout(manifests: &[Object], model: &Model, disclosure: Disclosure, args: &Args) -> OutputTree {
    let fingerprints = disclosure == Disclosure::Fingerprint;
    let options = Options {
        allow_plain_in_git: model.allow_plain_in_git,
        fingerprints,
        may_be_elsewhere: fingerprints || args.check,
    };
    output::layout(manifests, options)
}

/// How the keys appear: whole only where that is asked for, so that nothing else needs them at hand.
fn disclosure(
    document: &Document,
    resolved: &Resolved,
    source: &Source,
    (inventory, touched): (&Inventory, &Touched),
    templates: &TemplateSet,
    args: &Args,
) -> Result<Disclosure, CommandError> {
    let masked = args.output.is_none() && args.showing.masks_keys();
    // Names may be made of the keys: then they are needed whatever is shown.
    let Resolved { model, keyring } = resolved;
    let by_key = model.name_suffix_hash;
    let needs_none = || selects_no_key(document, resolved, (inventory, touched), templates, args);
    Ok(if masked || !by_key && needs_none()? {
        Disclosure::Masked
    } else if args.output.is_some()
        && !phases::has_keys(source, (model, keyring), inventory, touched)?
    {
        Disclosure::Fingerprint
    } else {
        Disclosure::Whole
    })
}

/// Whether the selection is of objects without keys, so that none need be at hand.
fn selects_no_key(
    document: &Document,
    resolved: &Resolved,
    (inventory, touched): (&Inventory, &Touched),
    templates: &TemplateSet,
    args: &Args,
) -> Result<bool, CommandError> {
    if args.selection.is_everything() {
        return Ok(false);
    }
    let (model, keyring) = (&resolved.model, &resolved.keyring);
    let holdings = Holdings { model, inventory, keyring };
    let holdings = Selected { holdings, touched };
    let checked =
        rendering(&args.selection)(document, model, &holdings, templates, Disclosure::Masked)?;
    let selected = args.selection.choose(model, &checked.manifests)?;
    Ok(!selected.iter().any(|manifest| manifest.sensitive))
}

/// What `--locked`, `--check` and `--dry-run` make of a plan; `None`: go on.
fn settle(
    plan: &IssuancePlan,
    unsettled_keys: bool,
    args: &Args,
    report: Report,
) -> Option<ExitStatus> {
    if args.dry_run {
        phases::tell_plan(plan, report, |_| Severity::Notice);
        report.diagnostics(&plan.notices);
        for holder in &plan.stale_chains {
            report.say(&format!("the chain in the file of {holder} would be renewed"));
        }
        if plan.is_empty() {
            report.say("nothing to issue");
        }
        return Some(ExitStatus::Done);
    }
    phases::tell_plan(plan, report, phases::urgency);
    let broken = plan.is_urgent();
    if broken {
        report.say("nothing was issued: run `mtlsgen render` where the issuers' keys are");
    }
    (broken || plan.is_early() || args.locked && unsettled_keys).then_some(ExitStatus::Findings)
}

fn to_standard_output(
    manifests: &[&Object],
    args: &Args,
    report: Report,
) -> Result<ExitStatus, CommandError> {
    if args.showing.masks_keys() {
        let mut text = Vec::new();
        output::stream(manifests, args.format, &mut text)
            .map_err(|error| CommandError::standard_output(&error))?;
        let has_masked = manifests.iter().any(|manifest| manifest.sensitive);
        print_masked(&String::from_utf8_lossy(&text), has_masked, report)?;
    } else {
        print_with(|output| output::stream(manifests, args.format, output))?;
    }
    Ok(ExitStatus::Done)
}
