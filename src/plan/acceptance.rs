//! Authorities of the store that nginx would refuse although they can be read: they came along with an import.

use std::collections::BTreeSet;

use super::{Action, Scope, chains};
use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::pki::acceptance::{Refusal, refusal_of_chain};
use crate::pki::certificate::Certificate;
use crate::pki::request::Holder;
use crate::specification::Verify;
use crate::store::{HeldCertificate, Inventory};

/// What would shut out every client of a host, and is not about to be reissued. Of authorities that others issued,
/// the model reports.
pub(super) fn refusals(
    model: &Model,
    inventory: &Inventory,
    actions: &[Action],
    scope: &Scope,
) -> Vec<Diagnostic> {
    let reissued: BTreeSet<&Holder> = actions.iter().map(|action| &action.request.holder).collect();
    let mut found = Vec::new();
    let mut reported: BTreeSet<&Holder> = BTreeSet::new();
    for name in trusted(model, scope) {
        let chain = chains::authority(model, inventory, name).unwrap_or_default();
        let Some((blamed, refusal)) = refusal_of_chain(&chain) else { continue };
        let Some(holder) = holder_of(inventory, blamed) else { continue };
        if !reissued.contains(holder) && reported.insert(holder) {
            found.push(refused(holder, &refusal));
        }
    }
    found
}

/// The authorities that hosts list, which ask for certificates and are touched.
fn trusted<'a>(model: &'a Model, scope: &Scope) -> BTreeSet<&'a str> {
    let touched = model.exposures.iter().filter(|exposure| scope.touches(&exposure.key));
    let auth = touched.filter_map(|exposure| exposure.client_auth.as_ref());
    let asking = auth.filter(|auth| auth.verify != Verify::Off);
    asking.flat_map(|auth| &auth.authorities).map(String::as_str).collect()
}

fn holder_of<'a>(inventory: &'a Inventory, certificate: &Certificate) -> Option<&'a Holder> {
    let is_own = |held: &HeldCertificate| held.certificate().der == certificate.der;
    inventory.held.iter().find(|(_, held)| is_own(held)).map(|(holder, _)| holder)
}

fn refused(holder: &Holder, refusal: &Refusal) -> Diagnostic {
    let name = holder.name();
    let title = format!("the certificate of {holder} {refusal}");
    let finding = Diagnostic::error("authority-refused", title);
    match refusal.error() {
        // Its key is at fault, which a renewal keeps.
        Some(67 | 94) => finding.help(format!(
            "give it another key: `mtlsgen ca rotate {name}` rolls it over step by step"
        )),
        Some(25) => finding.help(format!(
            "write a `maxPathLen` for `cas.{name}` that allows for those below it, or none"
        )),
        _ => finding.help(format!(
            "reissue it, with the key and the name that it has: `mtlsgen cert renew cas/{name}`"
        )),
    }
}
