//! The controllers that read the objects of a spec.

use crate::controllers::{self, Controller, Declared, Reader};
use crate::model::Model;

/// Those that the spec names, else that of its target as of its last version. The ingress classes of the hosts are their own,
/// since the spec says that they serve them.
#[must_use]
pub fn readers(model: &Model) -> Vec<(&'static dyn Controller, Declared)> {
    let classes: Vec<String> =
        model.exposures.iter().map(|exposure| exposure.ingress_class_name.to_string()).collect();
    let of = |Reader { name, declared }: &Reader| {
        let declared = Declared {
            classes: classes.clone(),
            default_class: model.default_class.clone(),
            ..declared.clone()
        };
        Some((controllers::find(name)?, declared))
    };
    if model.controllers.is_empty() {
        let target = Reader { name: model.target.clone(), declared: Declared::default() };
        return of(&target).into_iter().collect();
    }
    model.controllers.iter().filter_map(of).collect()
}
