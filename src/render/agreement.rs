//! In debug builds, what the checks of a target let pass is compared with what the model of its controller makes of it: so
//! every test of a render holds that both agree.

use crate::access::desired::desired;
use crate::controllers::{self, Declared};
use crate::enforcement::{DifferenceKind, compare};
use crate::manifest::ObjectSet;
use crate::model::Model;
use crate::store::Material;
use crate::time::Timestamp;

/// Panics where a client gets in that is not to.
pub(super) fn assert(model: &Model, material: &dyn Material, objects: &ObjectSet<'_>) {
    let Some(controller) = controllers::find(&model.target) else { return };
    let classes = model.exposures.iter().map(|exposure| exposure.ingress_class_name.to_string());
    let declared = Declared { classes: classes.collect(), ..Declared::default() };
    let settings = controller.settings(objects, &declared);
    let observed = controller.observe(objects, &settings);
    let desired = desired(model, material);
    // Dates let no client in that is not to get in: any time will do.
    let now = desired.hosts.iter().flat_map(|host| &host.below).map(|one| one.not_before).max();
    let found = compare(&desired, &observed, now.unwrap_or(Timestamp::from_unix(0)));
    let weaker: Vec<_> =
        found.into_iter().filter(|one| one.kind == DifferenceKind::Weaker).collect();
    assert!(weaker.is_empty(), "the checks let pass what opens a host: {weaker:#?}");
}
