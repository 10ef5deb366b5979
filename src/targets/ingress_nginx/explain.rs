//! What has changed about the Ingresses of a host, and why it may be served otherwise.

use std::collections::BTreeSet;

use super::PREFIX;
use super::own_annotations::{self, Annotations};
use crate::access::readers::readers;
use crate::controllers::classes::{CONTROLLER_CLASS, TAKES_CLASSLESS};
use crate::controllers::ingress_nginx::annotation_risk::opens;
use crate::controllers::{Controller, DefaultClass, Reader};
use crate::diagnostic::literal;
use crate::identity::Identity;
use crate::manifest::kinds::{Ingress, IngressClass, IngressRule, Secret};
use crate::manifest::{ObjectSet, Seen, Shown};
use crate::model::{Exposure, Model, Reference};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::specification::PatchTarget;
use crate::targets::{Explanation, HostArrangement};

/// What says the ingress class where `ingressClassName` does not, and above it.
const CLASS: &str = "kubernetes.io/ingress.class";

/// What is not as mtlsgen makes it, Ingress by Ingress.
pub(super) fn explain(
    model: &Model,
    exposure: &Exposure,
    arranged: Option<&HostArrangement<'_>>,
    objects: &ObjectSet<'_>,
) -> Explanation {
    let host = exposure.host.as_str();
    // What cannot be expressed has been refused before.
    let wanted = arranged
        .and_then(|arranged| own_annotations::for_client_auth(&exposure.key, arranged).ok());
    let wanted = wanted.unwrap_or_default();
    let (ingresses, _) = objects.all::<Ingress>();
    let mut found = Vec::new();
    let mut refused = BTreeSet::new();
    let (mut was_found, mut others, mut is_as_made) = (false, Vec::new(), true);
    let is_here =
        |identity: &Identity| identity.namespace.as_deref() == Some(exposure.namespace.as_str());
    for seen in ingresses {
        let Ingress { metadata: _, spec } = &*seen.object;
        let has_host = |rule: &IngressRule| {
            rule.host.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(host))
        };
        let Some(rule) = spec.rules.iter().find(|rule| has_host(rule)) else { continue };
        let identity = seen.identity;
        was_found |= is_here(identity);
        let called = format!("the Ingress `{}/{}`", identity.namespace_or_default(), identity.name);
        let is_own = is_own(model, exposure, &seen, &wanted);
        if is_own {
            is_as_made &= seen.is_as_made || exposure.existing_ingress.is_some();
            if rule.http.as_ref().is_none_or(|http| http.paths.is_empty()) {
                found.push(format!("{called} has a rule for `{host}` without paths"));
            }
            if !spec.tls.iter().any(|entry| entry.hosts.iter().any(|own| own == host)) {
                found.push(format!("{called} has no `tls` entry for `{host}`"));
            }
            let problem = class(model, exposure, &seen.object);
            found.extend(problem.into_iter().map(|problem| format!("{called} {problem}")));
        } else if is_of_class(exposure, &seen.object) {
            others.push(of_others(exposure, &called, identity));
        }
        found.extend(annotations(exposure, &seen.object, (&wanted, is_own), &called));
        let of_others = seen.object.metadata.annotations.iter();
        refused.extend(
            of_others
                .filter(|(name, value)| {
                    !exposure.allows(name)
                        && opens(name, value).is_some()
                        && !name.contains("/auth-tls-")
                })
                .map(|(name, _)| name.to_owned()),
        );
    }
    found.extend(class_of_others(model, exposure, objects));
    if !was_found {
        found.push(format!(
            "no Ingress of namespace `{}` has a rule for `{host}`",
            exposure.namespace
        ));
    }
    found.extend(arranged.and_then(|arranged| secret(arranged.secret, objects)));
    let is_of_others = is_as_made && found.is_empty() && !others.is_empty();
    found.extend(others);
    Explanation { reasons: found, annotations: refused, is_of_others }
}

/// Whether an Ingress is one that mtlsgen makes for the host or has completed for it.
fn is_own(
    model: &Model,
    exposure: &Exposure,
    seen: &Seen<'_, Ingress>,
    wanted: &Annotations,
) -> bool {
    let Seen { identity, object, .. } = seen;
    let is_of = |one: &Exposure| {
        one.host == exposure.host
            && identity.name == one.name.as_str()
            && identity.namespace.as_deref() == Some(one.namespace.as_str())
    };
    let is_made = |one: &Exposure| one.existing_ingress.is_none() && is_of(one);
    if model.exposures.iter().any(is_made) {
        return true;
    }
    // Without the bundle, what is wrong with an Ingress that exists is said of all of them.
    let bundle = wanted.iter().find(|(name, _)| name.ends_with("/auth-tls-secret"));
    let has = |(name, want): (&&str, &String)| object.metadata.annotations.get(name) == Some(want);
    exposure.existing_ingress.is_some() && bundle.is_none_or(has)
}

/// Whether an Ingress of others has the class of the host, or none.
fn is_of_class(exposure: &Exposure, ingress: &Ingress) -> bool {
    let written = ingress.metadata.annotations.get(CLASS);
    let class = ingress.spec.ingress_class_name.as_deref().or(written);
    class.is_none_or(|class| class == exposure.ingress_class_name.as_str())
}

/// That an Ingress of others is for the host too, and what to do about it.
fn of_others(exposure: &Exposure, called: &str, other: &Identity) -> String {
    let host = exposure.host.as_str();
    let is_here = other.namespace.as_deref() == Some(exposure.namespace.as_str());
    let remove = "remove the rule for the host from it (of a chart, in its values)";
    let name = other.name.escape_debug();
    let remedy = match &exposure.existing_ingress {
        _ if !is_here => remove.to_owned(),
        None => return serves_too(called, host, &other.name),
        Some(target) => match target.name.as_deref().filter(|_| is_by_name(target)) {
            Some(own) => format!(
                "select both, so that both are completed: `existingIngress = {{ name = \"{}|{name}\" }}`; or {remove}",
                own.escape_debug()
            ),
            None => format!("let `existingIngress` select it as well, or {remove}"),
        },
    };
    format!("{called} serves `{host}` too: {remedy}")
}

/// Whether a selector of Ingresses asks for a name alone.
fn is_by_name(target: &PatchTarget) -> bool {
    let PatchTarget { namespace, label_selector, annotation_selector, .. } = target;
    [namespace, label_selector, annotation_selector].into_iter().all(Option::is_none)
}

/// That an Ingress of others is for a host that mtlsgen makes an Ingress of, and what to do about it.
pub(super) fn serves_too(called: &str, host: &str, name: &str) -> String {
    format!(
        "{called} serves `{host}` too: remove the rule for the host from it (of a chart, in its values), or let mtlsgen complete that Ingress instead of making one: `existingIngress = {{ name = \"{}\" }}` in place of the host's Service",
        name.escape_debug()
    )
}

/// What is wrong with the Secret that verifies clients.
fn secret(reference: &Reference, objects: &ObjectSet<'_>) -> Option<String> {
    let called = format!("the Secret `{reference}` of trusted authorities");
    let Shown::Found(Ok(seen)) = objects.read::<Secret>(&reference.namespace, &reference.name)
    else {
        return None;
    };
    let value = |key: &str| match seen.object.string_data.get(key) {
        Some(text) => Some(text.as_bytes().to_vec()),
        None => Some(seen.object.data.get(key)?.octets()?.to_vec()),
    };
    let authorities = value("ca.crt").unwrap_or_default();
    if let Err(error) = Certificate::from_pem(&authorities) {
        return Some(format!("{called} has no certificate under `ca.crt`: {error}"));
    }
    let lists = value("ca.crl").filter(|text| !text.is_empty())?;
    let error = RevocationList::from_pem(&lists).err()?;
    Some(format!(
        "{called} has something under `ca.crl` that is not a PEM block `X509 CRL` with a list that the controller reads ({error}): it then takes nothing of the Secret"
    ))
}

fn class(model: &Model, exposure: &Exposure, ingress: &Ingress) -> Option<String> {
    let written = ingress.metadata.annotations.get(CLASS);
    let default = match &model.default_class {
        Some(DefaultClass::Named(name)) => Some(name.as_str()),
        Some(DefaultClass::Absent) | None => None,
    };
    let class = ingress.spec.ingress_class_name.as_deref().or(written).or(default);
    let wanted = exposure.ingress_class_name.as_str();
    match class {
        None if model.default_class == Some(DefaultClass::Absent) && all_take_classless(model) => {
            None
        }
        None => Some(format!(
            "has no ingress class: `ingressClassName: {wanted}` is missing; {}",
            without_class(model, wanted)
        )),
        Some(class) if class == wanted => None,
        Some(class) => Some(format!(
            "has another ingress class than `{wanted}`: {}; if an ingress-nginx controller serves that class, name it in the spec: `ingressClassName = \"{}\"` under `hosts.\"{}\"`, or at the top for all hosts",
            literal(class),
            class.escape_debug(),
            exposure.key
        )),
    }
}

/// Whether the spec says of all readers that they take Ingresses without a class.
fn all_take_classless(model: &Model) -> bool {
    let is_on = |reader: &Reader| {
        reader.declared.options.get(TAKES_CLASSLESS).is_some_and(|value| value == "true")
    };
    !model.controllers.is_empty() && model.controllers.iter().all(is_on)
}

/// What to say in the spec where an Ingress without a class is served all the same.
fn without_class(model: &Model, wanted: &str) -> String {
    let takes = format!("`{TAKES_CLASSLESS} = true` in its entry under `controllers`");
    match model.default_class {
        Some(_) => format!(
            "if the controller runs with `--watch-ingress-without-class`, say so in the spec: {takes}"
        ),
        None if all_take_classless(model) => format!(
            "if the cluster has no default IngressClass, set `defaultIngressClass = false` in the spec; if `{wanted}` is the default one, `defaultIngressClass = \"{wanted}\"`"
        ),
        None => format!(
            "if `{wanted}` is the cluster's default IngressClass, say so in the spec: `defaultIngressClass = \"{wanted}\"`; if the cluster has none and the controller runs with `--watch-ingress-without-class`, `defaultIngressClass = false`, and {takes}"
        ),
    }
}

/// Whose class the spec names, where an `IngressClass` among the objects says that it is another controller's.
fn class_of_others(model: &Model, exposure: &Exposure, objects: &ObjectSet<'_>) -> Option<String> {
    let name = exposure.ingress_class_name.as_str();
    let (classes, _) = objects.all::<IngressClass>();
    let class = classes.iter().find(|seen| seen.identity.name == name)?;
    let controller = class.object.spec.controller.as_deref()?;
    let of = |(reader, declared): (&dyn Controller, _)| reader.settings(objects, &declared).classes;
    let own: Vec<_> = readers(model).into_iter().map(of).collect();
    // Read from a Deployment or declared, by its name or, with `--ingress-class-by-name`, by that of the class.
    let is_own = own.iter().any(|own| own.shown.get(name) != Some(&Some(false)));
    let own: Vec<String> = own.into_iter().map(|own| own.controller).collect();
    (!is_own).then(|| {
        let controller = controller.escape_debug();
        format!(
            "the IngressClass `{name}` is that of `{controller}`, not of `{}`: name a class of ingress-nginx in `ingressClassName`, or, if an ingress-nginx controller runs with `--controller-class={controller}`, say so in the spec: `controllers = [{{ name = \"ingress-nginx\", {CONTROLLER_CLASS} = \"{controller}\" }}]`",
            own.join("`, `")
        )
    })
}

fn annotations(
    exposure: &Exposure,
    ingress: &Ingress,
    (wanted, is_own): (&Annotations, bool),
    called: &str,
) -> Vec<String> {
    let annotations = &ingress.metadata.annotations;
    let mut found = Vec::new();
    for (name, want) in wanted {
        match annotations.get(name) {
            Some(have) if have == want => {}
            Some(have) => found.push(format!(
                "{called} has `{name}: {}`, and mtlsgen makes it `{want}`",
                have.escape_debug()
            )),
            None if is_own => found.push(format!("{called} lacks `{name}: {want}`")),
            // One of the host's own Ingresses says it.
            None => {}
        }
    }
    for (name, value) in annotations.iter().filter(|(name, _)| !wanted.contains_key(name)) {
        if name.strip_prefix(PREFIX).is_some_and(|name| name.starts_with("auth-tls-")) {
            found.push(format!("{called} has `{name}`, which mtlsgen did not set"));
        } else if let (false, Some(reason)) = (exposure.allows(name), opens(name, value)) {
            found.push(format!("{called} has `{name}`: {reason}"));
        }
    }
    found
}
