//! Private keys for what is rendered, and what works without.

use crate::cli::phases::{self, Source};
use crate::cli::report::CommandError;
use crate::manifest::Disclosure;
use crate::model::{Model, Resolved, Touched};
use crate::store::{Inventory, Keyring};

/// The private keys that the manifests show, or name things by.
pub(super) fn keys(
    disclosure: Disclosure,
    source: &Source,
    resolved: Resolved,
    inventory: &Inventory,
    touched: &Touched,
) -> Result<(Model, Keyring), CommandError> {
    if disclosure != Disclosure::Whole {
        return phases::holdings(source, resolved, inventory, touched);
    }
    let keyless = keyless(&resolved.model);
    let keys = phases::keyring(source, resolved, inventory, touched);
    keys.map_err(|error| error.with_help(keyless))
}

/// What works where private keys are not at hand.
const KEYLESS: &str = "without these keys, `mtlsgen render -o DIR` leaves the Secrets in DIR as they are, `mtlsgen render --kind Ingress` \
                       prints what holds no key, and `mtlsgen status`, `mtlsgen diff DIR` and `mtlsgen render -o DIR --check` need none";

/// What works for this model where private keys are not at hand.
fn keyless(model: &Model) -> &'static str {
    if model.name_suffix_hash { phases::KEYLESS_NAMES } else { KEYLESS }
}
