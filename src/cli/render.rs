//! `mtlsgen render`: the whole pipeline, from the spec to manifests.

mod folder;
mod issuing;
mod keys;
mod previewing;
mod trust;

pub use self::folder::report_elsewhere;
pub use self::previewing::Rendered;
pub use self::trust::Trust;

use std::path::PathBuf;

use clap::ValueEnum;
use zeroize::Zeroizing;

use self::issuing::Found;
use super::existing_arguments::ExistingArguments;
use super::globals::Globals;
use super::hints;
use super::objects::{Showing, print_masked};
use super::report::{CommandError, ExitStatus, Report, print_with};
use super::selection::Selection;
use super::session::{Planned, Rendering, Session, Setup, Source};
use super::spec_arguments::SpecArguments;
use crate::diagnostic::{Diagnostic, Severity};
use crate::io::tree;
use crate::manifest::{Disclosure, Object};
use crate::model::{Model, Resolved, Touched};
use crate::output;
use crate::plan::{Holdings, Scope, Selected};
use crate::render::Checked;
use crate::render::judging::unknown_target;

/// Issue what is missing or due, and print the manifests in the order to apply them
///
/// Certificates that exist and still fit are kept; each one that is issued is reported with its reason.
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
    /// Format of standard output; without it, manifests are YAML, and the rest is text
    ///
    /// With `-o`, `--check` or `--dry-run`, no manifests are printed: `json` has what was issued and written, or would be.
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<Format>,
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
    /// Only print what would be issued and why
    #[arg(long, help_heading = "Certificates")]
    dry_run: bool,
    /// Issue and write nothing: exit with 1 if the folder is not up to date
    ///
    /// Needs no private key. Secrets that Git ignores need not be here: what the folder's record says of them counts.
    #[arg(long, requires = "output", help_heading = "Output", conflicts_with = "dry_run")]
    check: bool,
    /// Have the store belong to this spec, whose `name` is another one than that of the spec it belonged to
    ///
    /// Once is enough for all commands; it needs no private key unless something must be issued.
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
    /// Reads what the arguments name.
    fn open(&mut self, report: Report) -> Result<Session, CommandError> {
        self.output.iter().for_each(|folder| hints::remember_output(folder));
        if let Some(unknown) = self.target.as_deref().and_then(unknown_target) {
            let title = format!("--target: {}", unknown.title);
            return Err(CommandError::Input(vec![Diagnostic { title, ..unknown }]));
        }
        self.spec.override_target(self.target.take());
        let mut session = Session::open(&self.spec, report)?;
        session.operator.renames_store = self.rename_store;
        Ok(session.beside(self.existing.read(&self.spec, report)?))
    }

    /// What the selection works with.
    fn touched(&self, session: &Session, model: &Model) -> Result<Touched, CommandError> {
        let own_templates = self.templates.is_none() && session.spec.templates.is_none();
        self.selection.touched(model, own_templates)
    }

    /// Whether what was done, or would be, is printed as JSON.
    fn prints_json(&self) -> bool {
        self.format == Some(Format::Json)
    }

    /// In which form manifests are printed.
    fn manifest_format(&self) -> output::Format {
        if self.prints_json() { output::Format::Json } else { output::Format::Yaml }
    }

    /// Whether nothing is issued and the store stays as it is.
    fn only_looks(&self) -> bool {
        self.locked || self.check || self.dry_run
    }

    /// The severity of keys that are not encrypted as the spec says, where nothing is written.
    fn severity(&self) -> Severity {
        match (self.dry_run, self.locked) {
            (true, _) => Severity::Notice,
            (_, true) => Severity::Error,
            _ => Severity::Warning,
        }
    }

    /// Refuses an output folder in the way of the store's, and flags about that one where there is none.
    fn fit(&self, source: &Source) -> Result<(), CommandError> {
        if let (Some(folder), Some(own)) = (&self.output, source.store()) {
            tree::keep_apart(folder, own.path())?;
        }
        let prints_manifests = self.output.is_none() && !self.dry_run;
        let useless = match source {
            _ if self.format == Some(Format::Yaml) && self.output.is_some() => {
                Some("`--format yaml` has no effect with `-o`: the files are YAML")
            }
            _ if self.format == Some(Format::Text) && prints_manifests => {
                Some("`--format text` has no effect where manifests are printed")
            }
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

/// A run: its arguments, and what it works with.
struct Run<'a> {
    args: &'a Args,
    setup: &'a Setup,
    rendering: &'a Rendering,
    touched: &'a Touched,
}

/// What was rendered, and of what.
struct Made<'a> {
    material: Selected<'a>,
    disclosure: Disclosure,
    manifests: &'a [Object],
    selected: &'a [&'a Object],
    planned: &'a Planned,
}

/// Format of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text, where no manifests are printed
    Text,
    /// Manifests as YAML documents with `---` between them
    Yaml,
    /// Manifests as one object of kind `List`; else one object with what was done
    Json,
}

/// Renders.
pub fn run(mut args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let session = args.open(globals.report())?;
    let unjudged = session.unjudged()?;
    let touched = &args.touched(&session, unjudged.model())?;
    let scope = Scope { new_authorities: args.new_authorities, ..unjudged.scope(touched) };
    let resolved = unjudged.judge(touched)?;
    let rendering = session.rendering(args.templates.as_deref())?;
    let rendering = rendering.apart(args.selection.leaves_out("Ingress"));
    let setup = session.setup(resolved)?;
    let (model, report) = (setup.model(), setup.report);
    // What was written has done its part, and may be long.
    drop(session);
    args.fit(&setup.source)?;
    let run = Run { args: &args, setup: &setup, rendering: &rendering, touched };
    if let Some(trust) = run.trust() {
        trust.refuse_other_seed()?;
    }
    let found = if args.only_looks() { run.look(&scope) } else { run.issue(&scope) };
    let Found { planned, is_due, end } = found?;
    if let Some(status) = end {
        return Ok(status);
    }
    let inventory = &planned.inventory;
    let disclosure = run.disclosure(inventory)?;
    let keyring = if args.dry_run {
        let Some(ring) = run.ring_of_names(inventory) else {
            return run.print_plan(&planned).map(|()| ExitStatus::Done);
        };
        ring
    } else {
        run.keyring(disclosure, inventory)?
    };
    run.settle_keys()?;
    let holdings = Holdings { model, inventory, keyring: &keyring };
    let material = Selected { holdings, touched };
    let Checked { mut manifests, entrusted: _, warnings } =
        rendering.manifests(model, &material, disclosure)?;
    report.diagnostics(&warnings);
    let selected = &args.selection.choose(model, &manifests)?[..];
    setup.source.check_selection(model, selected, report)?;
    let made = Made { material, disclosure, manifests: &manifests, selected, planned: &planned };
    let status = match &args.output {
        _ if args.dry_run => run.try_out(&made),
        None => run.print(selected),
        Some(folder) => run.write(folder, &made, is_due),
    };
    // The process ends: freeing all that is not a key piece by piece would only take time.
    let Setup { document, resolved: Resolved { model, .. }, .. } = setup;
    for object in &mut manifests {
        object.wipe();
    }
    std::mem::forget((document, model, planned, manifests));
    status
}

impl Run<'_> {
    /// Has the store belong to the spec: a new name takes no key, but is that of a run whose output is allowed.
    fn take_over(&self) -> Result<(), CommandError> {
        if self.args.only_looks() {
            return Ok(());
        }
        self.setup.take_over(self.args.rename_store)
    }

    /// Prints what is selected.
    fn print(&self, selected: &[&Object]) -> Result<ExitStatus, CommandError> {
        self.take_over()?;
        let handed = &self.setup.handed_over(selected.iter().copied())?;
        let (format, showing) = (self.args.manifest_format(), self.args.showing);
        if showing.masks_keys() {
            let mut text = Zeroizing::new(Vec::new());
            output::stream(handed, format, &mut *text)
                .map_err(|error| CommandError::standard_output(&error))?;
            let has_masked = handed.iter().any(|object| object.sensitive);
            let text = String::from_utf8_lossy(&text);
            print_masked(&text, has_masked, self.setup.report)?;
        } else {
            print_with(|output| output::stream(handed, format, output))?;
        }
        Ok(ExitStatus::Done)
    }
}
