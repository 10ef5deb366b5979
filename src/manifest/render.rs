//! From model and material to finished objects.

mod finish;
mod hashed;

use std::collections::{BTreeMap, HashMap};

use minijinja::Value;

use super::draft::Draft;
use super::name_suffix_hash::Names;
use super::objects::{self, Material};
use super::patch::{Finding, Patches};
use super::template::{Engine, TemplateSet, model_view};
use super::{Disclosure, Manifest, order};
use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::spec::value::LabelValue;
use crate::target;
use crate::target::{Locate, Target};
use finish::{Finished, Finisher};

/// Renders the objects of a model, in the order in which they can be applied.
///
/// `locate` finds places in the spec, for messages.
///
/// # Errors
///
/// Everything that is wrong with templates, patches and what they give; and every protected host that the
/// finished objects would not protect.
pub fn render(
    model: &Model,
    material: &dyn Material,
    templates: &TemplateSet,
    disclosure: Disclosure,
    locate: Locate<'_>,
) -> Result<Vec<Manifest>, Vec<Diagnostic>> {
    let target = target::find(&model.target).ok_or_else(|| {
        vec![Diagnostic::error("target-unknown", format!("there is no target `{}`", model.target))]
    })?;
    let patches = Patches::new(&model.patches).map_err(|findings| {
        findings.into_iter().map(|found| placed(found, locate)).collect::<Vec<_>>()
    })?;
    let engine = engine(model, material, templates)?;
    let name = model.name.as_ref().map(LabelValue::as_str);
    let found = Vec::new();
    let mut finisher = Finisher { engine, templates, patches, disclosure, locate, found, name };
    // Moving them as the list grows would take twice the memory.
    let mut objects =
        Vec::with_capacity(model.secrets.len() + 2 * model.services.len() + model.exposures.len());
    let mut names = Names::new();
    for secret in &model.secrets {
        objects.extend(if model.name_suffix_hash {
            finisher.finish_hashed_secret(secret, material, &mut names)
        } else {
            finisher.finish_secret(secret, material)
        });
    }
    for draft in drafts(model, target) {
        match draft {
            Ok(draft) => objects.extend(finisher.finish_draft(draft)),
            Err(error) => finisher.found.push(error),
        }
    }
    for name in templates.extras(target.name()) {
        objects.extend(finisher.finish_extra(name));
    }
    let Finisher { patches, mut found, .. } = finisher;
    found.extend(duplicates(&objects, templates));
    found.extend(patches.unmatched().into_iter().map(|finding| placed(finding, locate)));
    found.extend(hashed::rename(&mut objects, &names));
    if found.is_empty() {
        let renamed = (!names.is_empty()).then(|| hashed::model(model, &names));
        let views: Vec<_> = objects.iter().filter_map(Finished::as_final).collect();
        found = target.protects(renamed.as_ref().unwrap_or(model), material, &views, locate);
    }
    if !found.is_empty() {
        return Err(found);
    }
    let mut manifests: Vec<_> = objects.into_iter().map(|object| object.manifest).collect();
    order::sort(&mut manifests);
    Ok(manifests)
}

/// All objects that the model asks for beside Secrets, one after the other: none of them waits in memory
/// for the rest.
fn drafts(model: &Model, target: &dyn Target) -> impl Iterator<Item = Result<Draft, Diagnostic>> {
    let hosts = hosts_by_service(model);
    let services = model.services.values().flat_map(move |service| {
        let hosts = hosts.get(&(service.namespace.as_str(), service.name.as_str()));
        objects::of_service(service, hosts.map(Vec::as_slice).unwrap_or_default())
    });
    let services = services.map(Ok);
    let exposures = model.exposures.iter().flat_map(|exposure| match target.expose(exposure) {
        Ok(drafts) => drafts.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(errors) => errors.into_iter().map(Err).collect(),
    });
    services.chain(exposures)
}

/// Keys of the hosts that lead to each service, by its namespace and name.
fn hosts_by_service(model: &Model) -> BTreeMap<(&str, &str), Vec<String>> {
    let mut hosts: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for exposure in &model.exposures {
        for route in &exposure.routes {
            let keys =
                hosts.entry((exposure.namespace.as_str(), route.service.as_str())).or_default();
            if keys.last() != Some(&exposure.key) {
                keys.push(exposure.key.clone());
            }
        }
    }
    hosts
}

fn engine<'a>(
    model: &Model,
    material: &dyn Material,
    templates: &'a TemplateSet,
) -> Result<Engine<'a>, Vec<Diagnostic>> {
    let engine = Engine::new(templates)?;
    if templates.is_built_in_alone() {
        return Ok(engine);
    }
    let view = Value::from(minijinja::value::Serde(model_view(model, material)));
    let things = model.exposures.len()
        + model.services.len()
        + model.secrets.len()
        + model.clients.len()
        + model.authorities.len();
    Ok(engine.with_model(view, things))
}

fn placed(finding: Finding, locate: Locate<'_>) -> Diagnostic {
    finding.diagnostic.at(locate(&["patches".into(), finding.index.into()]))
}

/// Objects that would overwrite one another.
fn duplicates(finished: &[Finished<'_>], templates: &TemplateSet) -> Vec<Diagnostic> {
    // Only asked, never iterated over.
    let mut seen = HashMap::with_capacity(finished.len());
    let mut found = Vec::new();
    for object in finished {
        let identity = &object.manifest.identity;
        let key = (&identity.name, &identity.namespace, &identity.kind, identity.group());
        if let Some(first) = seen.insert(key, object.template) {
            let (first, second) = (templates.origin(first), templates.origin(object.template));
            found.push(
                Diagnostic::error(
                    "object-twice",
                    format!("{identity} is there twice: from {first} and from {second}"),
                )
                .help("give one of them another name, or replace the built-in template instead of adding one"),
            );
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
