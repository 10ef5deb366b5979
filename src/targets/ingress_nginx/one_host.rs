//! Entries of one host, for which the controller has one server block.

use std::collections::BTreeMap;

use super::arrange;
use crate::diagnostic::Diagnostic;
use crate::model::{Exposure, Model};
use crate::path;
use crate::specification::document::Places;
use crate::targets::HostArrangement;

/// The controller has one server block for a host: all of its entries share one client authentication.
pub(super) fn refuse_disagreement(model: &Model, places: &dyn Places, found: &mut Vec<Diagnostic>) {
    let mut first_of: BTreeMap<&str, &Exposure> = BTreeMap::new();
    for exposure in &model.exposures {
        let first = *first_of.entry(exposure.host.as_str()).or_insert(exposure);
        if std::ptr::eq(first, exposure) {
            continue;
        }
        if agree(model, first, exposure) && has_tls(first) == has_tls(exposure) {
            continue;
        }
        found.push(
            Diagnostic::error(
                "host-disagreement",
                format!(
                    "hosts `{}` and `{}` are both `{}`, with different client authentication",
                    first.key, exposure.key, exposure.host
                ),
            )
            .at(places.key(&path!["hosts", &exposure.key]))
            .related(places.key(&path!["hosts", &first.key]), "the other one")
            .label("the controller has one setting for a host, in all namespaces and on all paths")
            .help("write the same `tls` and `clientAuth` in both, or give one of them another host name"),
        );
    }
}

/// What one entry allows holds for the host, whose server block all of them share.
pub(super) fn refuse_different_permissions(
    model: &Model,
    places: &dyn Places,
    found: &mut Vec<Diagnostic>,
) {
    let mut first_of: BTreeMap<&str, &Exposure> = BTreeMap::new();
    for exposure in &model.exposures {
        let first = *first_of.entry(exposure.host.as_str()).or_insert(exposure);
        if first.allowed_annotations == exposure.allowed_annotations {
            continue;
        }
        found.push(
            Diagnostic::error(
                "host-disagreement",
                format!(
                    "hosts `{}` and `{}` are both `{}`, with different `allowAnnotations`",
                    first.key, exposure.key, exposure.host
                ),
            )
            .at(places.key(&path!["hosts", &exposure.key]))
            .related(places.key(&path!["hosts", &first.key]), "the other one")
            .help("write the same `allowAnnotations` in both: what they change, they change for the host"),
        );
    }
}

/// An Ingress that exists already has its own, unless the spec says otherwise; whether it has one is known once
/// it is read.
fn has_tls(exposure: &Exposure) -> bool {
    exposure.tls.is_some() || exposure.existing_ingress.is_some()
}

/// Equal but for the Secret, which each namespace has its own copy of.
fn agree(model: &Model, one: &Exposure, other: &Exposure) -> bool {
    match (arrange::one_of(model, one), arrange::one_of(model, other)) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let copy = HostArrangement { secret: one.secret, ..other.clone() };
            one == copy && (one.authorities.is_some() || one.secret == other.secret)
        }
        _ => false,
    }
}
