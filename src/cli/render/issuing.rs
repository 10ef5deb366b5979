//! The plan of a render: shown, or carried out.

use super::folder::Folder;
use super::{Args, Run};
use crate::cli::report::{CommandError, ExitStatus};
use crate::cli::session::{Planned, refuse_new_readers, report_dry_run, report_plan, urgency};
use crate::io::tree;
use crate::manifest::Disclosure;
use crate::output;
use crate::plan::{Rehearsal, Scope};

/// The certificates to render.
pub(super) struct Found {
    /// The inventory, and the plan, carried out or not.
    pub planned: Planned,
    /// Whether something is still due.
    pub is_due: bool,
    /// How the run ends here, if it does.
    pub end: Option<ExitStatus>,
}

impl Run<'_> {
    /// Reports the plan; nothing changes.
    pub(super) fn look(&self, scope: &Scope) -> Result<Found, CommandError> {
        let Self { args, setup, .. } = self;
        let planned = setup.plan(scope);
        let planned = planned.map_err(|error| error.located(&setup.document))?;
        if let Some(trust) = self.trust() {
            trust.refuse_unknown(&planned)?;
        }
        let unsettled = setup.report_unsettled_keys(args.severity())?;
        let plan = &planned.plan;
        let end = self.end(&planned, unsettled)?;
        let is_due = !plan.actions.is_empty() || plan.changes_revocations() || unsettled;
        Ok(Found { planned, is_due, end })
    }

    /// What `--locked`, `--check` and `--dry-run` make of a plan; `None`: go on.
    fn end(
        &self,
        planned: &Planned,
        unsettled_keys: bool,
    ) -> Result<Option<ExitStatus>, CommandError> {
        let (Args { dry_run, locked, .. }, report) = (self.args, self.setup.report);
        let plan = &planned.plan;
        if *dry_run {
            report_dry_run(plan, report);
            self.preview(planned)?;
            if plan.is_empty() {
                report.say("nothing to issue");
                return Ok(None);
            }
            self.print_plan(planned)?;
            return Ok(Some(ExitStatus::Done));
        }
        report_plan(plan, report, urgency);
        let broken = plan.is_urgent();
        if broken {
            report.say("nothing was issued: run `mtlsgen render` where the issuers' keys are");
        }
        let ends = broken || plan.is_early() || *locked && unsettled_keys;
        if ends && let Some(folder) = &self.args.output {
            self.print_folder(planned, Folder::outdated(folder))?;
        }
        Ok(ends.then_some(ExitStatus::Findings))
    }

    /// Issues what is missing or due.
    pub(super) fn issue(&self, scope: &Scope) -> Result<Found, CommandError> {
        let Self { args, setup, .. } = self;
        if let Some(store) = setup.source.store().filter(|_| !args.reencrypt) {
            refuse_new_readers(store)?;
        }
        let issued = setup.issue(scope, |planned| {
            self.rehearse(planned)?;
            let is_apart = args.output.is_none();
            if is_apart {
                Ok(())
            } else {
                setup.require_keys_beside(&planned.inventory, &planned.plan)
            }
        });
        let planned = issued.map_err(|error| error.located(&setup.document))?;
        Ok(Found { planned, is_due: false, end: None })
    }

    /// Makes sure that what is planned can be rendered, and replaces nothing that is lost, before anything is issued.
    pub(super) fn rehearse(&self, planned: &Planned) -> Result<(), CommandError> {
        let Self { args, setup, .. } = self;
        let (model, whole) = (setup.model(), Disclosure::Whole);
        let manifests = self.rendering.manifests(model, &Rehearsal, whole)?.manifests;
        let selected = args.selection.choose(model, &manifests)?;
        setup.handed_over(selected)?;
        let Some(folder) = &args.output else { return Ok(()) };
        let trust = self.trust();
        if let Some(trust) = trust {
            trust.refuse_unknown(planned)?;
        }
        let tree = self.layout(&manifests, whole)?;
        output::changes(&tree, &tree::read(folder, &tree)?).or_else(|error| {
            if let Some(trust) = trust {
                trust.refuse_moved(&planned.inventory)?;
            }
            Err(CommandError::from(error))
        })?;
        Ok(())
    }

    /// Has keys at rest follow the recipients of the spec, once those that are needed were read.
    pub(super) fn settle_keys(&self) -> Result<(), CommandError> {
        if self.args.only_looks() {
            return Ok(());
        }
        self.setup.settle_keys(self.args.reencrypt)
    }
}
