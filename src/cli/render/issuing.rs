//! What is to be issued: looked at, or issued.

use super::{Args, Run};
use crate::cli::report::{CommandError, ExitStatus};
use crate::cli::session::{Planned, refuse_new_readers, tell_plan, urgency};
use crate::diagnostic::Severity;
use crate::io::tree;
use crate::manifest::Disclosure;
use crate::output;
use crate::plan::{IssuancePlan, Rehearsal, Scope};
use crate::store::Inventory;

/// What there is to render.
pub(super) struct Found {
    /// Public facts.
    pub inventory: Inventory,
    /// Whether something is to be issued still.
    pub is_due: bool,
    /// How the run ends here, if it does.
    pub end: Option<ExitStatus>,
}

impl Run<'_> {
    /// Tells what is to be issued; nothing changes.
    pub(super) fn look(&self, scope: &Scope) -> Result<Found, CommandError> {
        let Self { args, setup, .. } = self;
        let planned = setup.plan(scope);
        let planned = planned.map_err(|error| error.located(&setup.document))?;
        if let Some(trust) = self.trust() {
            trust.refuse_unknown(&planned)?;
        }
        let unsettled = setup.tell_unsettled_keys(args.severity())?;
        let Planned { inventory, plan, .. } = planned;
        let end = self.end(&plan, unsettled);
        let is_due = !plan.actions.is_empty() || plan.changes_revocations() || unsettled;
        Ok(Found { inventory, is_due, end })
    }

    /// What `--locked`, `--check` and `--dry-run` make of a plan; `None`: go on.
    fn end(&self, plan: &IssuancePlan, unsettled_keys: bool) -> Option<ExitStatus> {
        let (Args { dry_run, locked, .. }, report) = (self.args, self.setup.report);
        if *dry_run {
            tell_plan(plan, report, |_| Severity::Notice);
            report.diagnostics(&plan.notices);
            for holder in &plan.stale_chains {
                report.say(&format!("the chain in the file of {holder} would be renewed"));
            }
            if plan.is_empty() {
                report.say("nothing to issue");
            }
            return Some(ExitStatus::Done);
        }
        tell_plan(plan, report, urgency);
        let broken = plan.is_urgent();
        if broken {
            report.say("nothing was issued: run `mtlsgen render` where the issuers' keys are");
        }
        (broken || plan.is_early() || *locked && unsettled_keys).then_some(ExitStatus::Findings)
    }

    /// Issues what is missing or due.
    pub(super) fn issue(&self, scope: &Scope) -> Result<Found, CommandError> {
        let Self { args, setup, .. } = self;
        if let Some(store) = setup.source.store().filter(|_| !args.reencrypt) {
            refuse_new_readers(store)?;
        }
        let issued = setup.issue(scope, |planned| self.rehearse(planned));
        let inventory = issued.map_err(|error| error.located(&setup.document))?;
        Ok(Found { inventory, is_due: false, end: None })
    }

    /// Makes sure that what is planned can be rendered, and replaces nothing that is lost, before anything is issued.
    fn rehearse(&self, planned: &Planned) -> Result<(), CommandError> {
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
        setup.require_keys_beside(&planned.inventory, &planned.plan)
    }

    /// Has keys at rest follow the recipients of the spec, once those that are needed were read.
    pub(super) fn settle_keys(&self) -> Result<(), CommandError> {
        if self.args.only_looks() {
            return Ok(());
        }
        self.setup.settle_keys(self.args.reencrypt)
    }
}
