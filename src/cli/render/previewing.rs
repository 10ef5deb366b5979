//! `--dry-run`: whether a render would succeed, as far as that shows without changing anything.

use schemars::JsonSchema;
use serde::Serialize;

use super::Run;
use super::folder::Folder;
use crate::cli::plan_json::Plan;
use crate::cli::report::{CommandError, print_json};
use crate::cli::session::Planned;
use crate::pki::request::Holder;
use crate::store::{Inventory, Keyring};

/// For programs: what became of a folder, and what was issued for it.
#[derive(Serialize, JsonSchema)]
pub struct Rendered<'a> {
    #[serde(flatten)]
    folder: Folder<'a>,
    #[serde(flatten)]
    plan: Plan<'a>,
}

impl Run<'_> {
    /// Fails where a render would fail before it issues what is planned; unavailable keys are a warning.
    pub(super) fn preview(&self, planned: &Planned) -> Result<(), CommandError> {
        let Self { setup, .. } = self;
        setup.report_unmakeable(planned);
        let Planned { inventory, plan, .. } = planned;
        let keys = if self.args.output.is_some() {
            setup.require_keys_beside(inventory, plan)
        } else {
            self.require_kept_keys(planned)
        };
        if let Err(error) = keys {
            setup.report_refusal(&error);
        }
        if plan.is_empty() { Ok(()) } else { self.rehearse(planned) }
    }

    /// Makes sure that the keys are at hand that manifests show and the plan does not replace.
    fn require_kept_keys(&self, planned: &Planned) -> Result<(), CommandError> {
        let Planned { inventory, plan, .. } = planned;
        let model = self.setup.model();
        if self.args.showing.masks_keys() || self.selects_no_key(inventory)? {
            return Ok(());
        }
        let is_made =
            |holder: &Holder| plan.actions.iter().any(|action| action.request.holder == *holder);
        let shown = model.key_pairs().filter(|holder| self.touched.has_holder(holder));
        let (stored, named): (Vec<&Holder>, Vec<&Holder>) =
            shown.partition(|holder| model.request(holder).is_some());
        self.setup.resolved.keyring.require(named).map_err(CommandError::Input)?;
        let stored = stored.into_iter().filter(|holder| !is_made(holder)).cloned();
        self.setup.source.keyring(inventory, &stored.collect()).map(drop)
    }

    /// What names are made of, for a dry run; `None` where that is not at hand, with a warning.
    pub(super) fn ring_of_names(&self, inventory: &Inventory) -> Option<Keyring> {
        let ring = self.setup.keys(inventory, self.touched).ring_of_names();
        ring.inspect_err(|error| self.setup.report_refusal(error)).ok()
    }

    /// Prints what is planned, where programs ask for it.
    pub(super) fn print_plan(
        &self,
        Planned { inventory, plan, .. }: &Planned,
    ) -> Result<(), CommandError> {
        if !self.args.prints_json() {
            return Ok(());
        }
        print_json(&Plan::of(plan, inventory, self.setup.now, true))
    }

    /// Prints what became of a folder, and what was issued for it, where programs ask for it.
    pub(super) fn print_folder(
        &self,
        planned: &Planned,
        folder: Folder<'_>,
    ) -> Result<(), CommandError> {
        if !self.args.prints_json() {
            return Ok(());
        }
        let Planned { inventory, plan, .. } = planned;
        let is_issued = !self.args.only_looks();
        let plan = Plan::of(plan, inventory, self.setup.now, !is_issued);
        print_json(&Rendered { folder, plan })
    }
}
