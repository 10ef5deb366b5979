//! Private keys for what is rendered, and what works without.

use super::Run;
use crate::cli::report::CommandError;
use crate::cli::session::KEYLESS_NAMES;
use crate::manifest::Disclosure;
use crate::plan::{Holdings, Selected};
use crate::store::{Inventory, Keyring};

/// What works where private keys are not at hand.
const KEYLESS: &str = "without these keys, `mtlsgen render -o DIR` leaves the Secrets in DIR as they are, `mtlsgen render --kind Ingress` \
                       prints what holds no key, and `mtlsgen status`, `mtlsgen diff DIR` and `mtlsgen render -o DIR --check` need none";

impl Run<'_> {
    /// How the keys appear: whole only on request, so that nothing else needs them.
    pub(super) fn disclosure(&self, inventory: &Inventory) -> Result<Disclosure, CommandError> {
        let Self { args, setup, touched, .. } = self;
        if args.dry_run {
            let is_folder = args.output.is_some();
            return Ok(if is_folder { Disclosure::Fingerprint } else { Disclosure::Masked });
        }
        let masked = args.output.is_none() && args.showing.masks_keys();
        // Names may be made of the keys: then they are needed even where none is shown.
        let by_key = setup.model().name_suffix_hash;
        Ok(if masked || !by_key && self.selects_no_key(inventory)? {
            Disclosure::Masked
        } else if args.output.is_some() && !setup.keys(inventory, touched).are_here()? {
            Disclosure::Fingerprint
        } else {
            Disclosure::Whole
        })
    }

    /// Whether the selection is of objects without keys, so that none need be at hand.
    pub(super) fn selects_no_key(&self, inventory: &Inventory) -> Result<bool, CommandError> {
        let Self { args, setup, rendering, touched } = self;
        if args.selection.is_everything() {
            return Ok(false);
        }
        let (model, keyring) = (setup.model(), &setup.resolved.keyring);
        let material = Selected { holdings: Holdings { model, inventory, keyring }, touched };
        let manifests = rendering.manifests(model, &material, Disclosure::Masked)?.manifests;
        let selected = args.selection.choose(model, &manifests)?;
        Ok(!selected.iter().any(|manifest| manifest.sensitive))
    }

    /// The private keys that the manifests show, or name things by. Where one is missing, the store belongs to the spec
    /// all the same.
    pub(super) fn keyring(
        &self,
        disclosure: Disclosure,
        inventory: &Inventory,
    ) -> Result<Keyring, CommandError> {
        let keys = self.setup.keys(inventory, self.touched);
        let keyring = if disclosure == Disclosure::Whole {
            let by_key = self.setup.model().name_suffix_hash;
            let keyless = if by_key { KEYLESS_NAMES } else { KEYLESS };
            keys.ring().map_err(|error| error.with_help(keyless))
        } else {
            keys.ring_of_names()
        };
        keyring.or_else(|error| self.take_over().and(Err(error)))
    }
}
