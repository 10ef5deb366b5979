//! Annotations of the user's: what is refused, what the spec allows by name, and what that costs.

use std::collections::BTreeSet;

use super::check::is_protected;
use crate::controllers::ingress_nginx::annotation_risk::{
    self, TOO_RISKY, is_invalid, is_too_risky, opens,
};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::context::listed;
use crate::model::{Exposure, Model};
use crate::specification::document::Locate;
use crate::specification::document::Step;
use crate::specification::value::AnnotationKey;

/// What is wrong with an annotation that the spec gives to a host, and that is not mtlsgen's to set.
pub(super) fn judge(exposure: &Exposure, annotation: &str, value: &str) -> Option<Diagnostic> {
    let key = &exposure.key;
    if exposure.allows(annotation) {
        return None;
    }
    if let Some(reason) = opens(annotation, value).filter(|_| is_protected(exposure)) {
        let refused = Diagnostic::error(
            "annotation-opens",
            format!(
                "the annotation `{annotation}` is refused on the protected host `{key}`: {reason}"
            ),
        );
        let refused = refused.help("leave it out, or set `clientAuth = false` for this host");
        return Some(ways_out(refused, annotation));
    }
    if is_too_risky(annotation) {
        return Some(too_risky(annotation, &format!("host `{key}`")));
    }
    is_invalid(annotation, value).then(|| {
        Diagnostic::warning(
            "annotation-value",
            format!(
                "ingress-nginx does not accept the value of the annotation `{annotation}` of host `{key}`: it ignores the annotation, answers 503 or leaves the whole Ingress out"
            ),
        )
        .help("write a value that its documentation has, or leave the annotation out")
    })
}

/// How to keep an annotation that is refused on a protected host.
pub(super) fn ways_out(refused: Diagnostic, annotation: &str) -> Diagnostic {
    let allow = format!(
        "or name it in the host's `allowAnnotations = [\"{annotation}\"]`: mtlsgen then says that it does not know which clients are admitted"
    );
    match (annotation_risk::not_allowable(annotation), is_too_risky(annotation)) {
        (Some(_), _) => refused,
        (None, false) => refused.help(allow),
        (None, true) => refused.help(allow).help(format!(
            "the controller's defaults refuse it as well: its ConfigMap needs {TOO_RISKY}"
        )),
    }
}

/// An annotation that the controller's defaults refuse, on an open host.
pub(super) fn too_risky(annotation: &str, on: &str) -> Diagnostic {
    Diagnostic::error(
        "annotation-too-risky",
        format!("the controller's defaults refuse the annotation `{annotation}` of {on}, and the whole Ingress with it"),
    )
    .help(format!("leave it out, or set {TOO_RISKY} in the controller's ConfigMap"))
    .help(format!("where that is set, say so: `allowAnnotations = [\"{annotation}\"]`"))
}

/// What the spec allows on a host: names that make no sense, and what is not known from then on.
pub(super) fn check(model: &Model, exposure: &Exposure, locate: Locate<'_>) -> Vec<Diagnostic> {
    if exposure.allowed_annotations.is_empty() {
        return Vec::new();
    }
    let place = locate(&["hosts".into(), Step::from(&exposure.key), "allowAnnotations".into()]);
    let names: BTreeSet<&str> =
        exposure.allowed_annotations.iter().map(AnnotationKey::as_str).collect();
    let mut found: Vec<Diagnostic> =
        names.iter().filter_map(|name| not_allowable(exposure, name, place.as_ref())).collect();
    let allowed: Vec<&str> =
        names.into_iter().filter(|name| annotation_risk::not_allowable(name).is_none()).collect();
    found.extend(
        allowed.iter().filter_map(|name| without_effect(model, exposure, name, place.as_ref())),
    );
    if !allowed.is_empty() && exposure.is_unknown() {
        found.push(unknown(exposure, &allowed).at(place));
    } else if allowed.iter().any(|name| is_too_risky(name)) {
        found.push(reaches_others(model, exposure, &allowed, place));
    }
    found
}

fn not_allowable(exposure: &Exposure, name: &str, place: Option<&Span>) -> Option<Diagnostic> {
    let (why, help) = annotation_risk::not_allowable(name)?;
    Some(
        Diagnostic::error(
            "annotation-not-allowable",
            format!("`allowAnnotations` of host `{}` names `{name}`, which {why}", exposure.key),
        )
        .at(place.cloned())
        .help(help),
    )
}

/// Permissions that nothing needs, as far as that can be seen: patches, templates and Ingresses of others may.
fn without_effect(
    model: &Model,
    exposure: &Exposure,
    name: &str,
    place: Option<&Span>,
) -> Option<Diagnostic> {
    let key = &exposure.key;
    let title = if !is_protected(exposure) && !is_too_risky(name) {
        format!("host `{key}` is not protected: nothing refuses `{name}` there")
    } else if annotation_risk::is_harmless(name)
        && exposure
            .annotations
            .iter()
            .all(|(key, value)| key.as_str() != name || opens(name, value).is_none())
    {
        format!(
            "`{name}` of host `{key}` is harmless: only a value that the controller does not accept is refused"
        )
    } else if exposure.existing_ingress.is_none()
        && model.patches.is_empty()
        && !exposure.annotations.contains_key(name)
    {
        format!("host `{key}` allows `{name}`, but no annotation of it has that name")
    } else {
        return None;
    };
    Some(Diagnostic::warning("annotation-allowed-in-vain", title).at(place.cloned()).help(
        "remove it from `allowAnnotations`, unless a template or an Ingress of others needs it",
    ))
}

fn unknown(exposure: &Exposure, allowed: &[&str]) -> Diagnostic {
    let key = &exposure.key;
    let names = listed(allowed);
    let effect = if allowed.len() == 1 { "whose effect" } else { "the effect of which" };
    let found = Diagnostic::warning(
        "annotation-allowed",
        format!(
            "host `{key}` allows {names}, {effect} mtlsgen does not know: which clients are admitted is not known"
        ),
    )
    .help("test the host from outside, without a certificate and by plain HTTP too");
    if allowed.iter().any(|name| is_too_risky(name)) {
        return found
            .help("what a snippet writes can reach other hosts of the same controller as well");
    }
    found
}

/// A snippet of an open host becomes part of the one configuration that all hosts share.
fn reaches_others(
    model: &Model,
    exposure: &Exposure,
    allowed: &[&str],
    place: Option<Span>,
) -> Diagnostic {
    let snippets: Vec<&str> = allowed.iter().copied().filter(|name| is_too_risky(name)).collect();
    let protected = model.exposures.iter().any(is_protected);
    let title = format!(
        "host `{}` allows {}: what that writes into nginx's configuration, mtlsgen does not judge",
        exposure.key,
        listed(&snippets)
    );
    let found = Diagnostic::warning("annotation-allowed", title).at(place);
    if protected {
        return found.help(
            "it can reach protected hosts of the same controller: which clients are admitted there depends on it",
        );
    }
    found.help("it can reach every host of the same controller")
}
