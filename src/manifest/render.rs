//! From model and material to finished objects.

use std::collections::BTreeMap;

use minijinja::Value as TemplateValue;
use serde_json::Value;

use super::draft::Draft;
use super::objects::{self, Material};
use super::patch::{Finding, Patches};
use super::template::{Engine, TemplateSet, model_view};
use super::{Disclosure, Identity, Manifest, order, schema, yaml};
use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::path;
use crate::secret_format::SecretFormat;
use crate::target::{FinalObject, Locate, Target};
use crate::{secret_format, target};

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
    let patches = Patches::new(&model.patches)
        .map_err(|findings| findings.into_iter().map(|finding| placed(finding, locate)).collect::<Vec<_>>())?;
    let drafts = drafts(model, material, target, disclosure)?;
    let engine = engine(model, material, templates)?;
    let mut kitchen = Kitchen { engine, templates, patches, disclosure, locate, found: Vec::new() };
    let mut finished: Vec<Finished> =
        drafts.into_iter().filter_map(|draft| kitchen.finish_draft(draft)).collect();
    for name in templates.extras(target.name()) {
        finished.extend(kitchen.finish_extra(name));
    }
    let mut found = kitchen.found;
    found.extend(duplicates(&finished));
    found.extend(kitchen.patches.unmatched().into_iter().map(|finding| placed(finding, locate)));
    if found.is_empty() {
        let objects: Vec<_> = finished.iter().filter_map(Finished::as_final).collect();
        found.extend(target.protects(model, &objects, locate));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let mut manifests: Vec<_> = finished.into_iter().map(|object| object.manifest).collect();
    order::sort(&mut manifests);
    Ok(manifests)
}

/// All objects that the model asks for.
fn drafts(
    model: &Model,
    material: &dyn Material,
    target: &dyn Target,
    disclosure: Disclosure,
) -> Result<Vec<Draft>, Vec<Diagnostic>> {
    let format: &dyn SecretFormat = secret_format::FORMATS[0];
    let (mut drafts, mut found) = (Vec::new(), Vec::new());
    for secret in &model.secrets {
        match objects::of_secret(secret, material, format, disclosure) {
            Ok(draft) => drafts.push(draft),
            Err(error) => found.push(error),
        }
    }
    let users = users(model);
    for service in model.services.values() {
        let reference = (service.namespace.as_str(), service.name.as_str());
        let exposures = users.get(&reference).map(Vec::as_slice).unwrap_or_default();
        drafts.extend(objects::of_service(service, exposures));
    }
    for exposure in &model.exposures {
        match target.expose(exposure) {
            Ok(objects) => drafts.extend(objects),
            Err(errors) => found.extend(errors),
        }
    }
    if found.is_empty() { Ok(drafts) } else { Err(found) }
}

/// Keys of the exposures that lead to each service, by its namespace and name.
fn users(model: &Model) -> BTreeMap<(&str, &str), Vec<String>> {
    let mut users: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for exposure in &model.exposures {
        for route in &exposure.routes {
            let keys = users.entry((exposure.namespace.as_str(), route.service.as_str())).or_default();
            if keys.last() != Some(&exposure.key) {
                keys.push(exposure.key.clone());
            }
        }
    }
    users
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
    let view = TemplateValue::from(minijinja::value::Serde(model_view(model, material)));
    let things = model.exposures.len()
        + model.services.len()
        + model.secrets.len()
        + model.clients.len()
        + model.authorities.len();
    Ok(engine.with_model(view, things))
}

/// An object that is finished but for the checks over all of them.
struct Finished {
    manifest: Manifest,
    content: Content,
    /// Where it comes from, for messages.
    origin: String,
}

enum Content {
    /// As a built-in template printed it.
    Draft(Box<Draft>),
    /// Parsed, since somebody else had a hand in it.
    Object(Value),
}

impl Finished {
    fn as_final(&self) -> Option<FinalObject<'_>> {
        match &self.content {
            Content::Draft(draft) => FinalObject::of_draft(draft),
            Content::Object(object) => FinalObject::of(&self.manifest.identity, object),
        }
    }
}

struct Kitchen<'a> {
    engine: Engine<'a>,
    templates: &'a TemplateSet,
    patches: Patches,
    disclosure: Disclosure,
    locate: Locate<'a>,
    found: Vec<Diagnostic>,
}

impl Kitchen<'_> {
    /// Renders a draft; parses, patches and checks the result only where somebody else had a hand in it.
    fn finish_draft(&mut self, mut draft: Draft) -> Option<Finished> {
        let context = TemplateValue::from_pairs(std::mem::take(&mut draft.context));
        let text = match self.engine.render(draft.template, context) {
            Ok(text) => text,
            Err(error) => {
                self.found.push(error);
                return None;
            }
        };
        let replaced = self.templates.replaces(draft.template);
        let manifest = Manifest {
            identity: draft.identity.clone(),
            exposures: draft.exposures.clone(),
            sensitive: draft.sensitive,
            yaml: text,
        };
        let origin = self.origin(draft.template);
        if !replaced && !self.patches.may_change(&manifest.identity) {
            return Some(Finished { manifest, content: Content::Draft(Box::new(draft)), origin });
        }
        let object = self.only_object(&manifest, draft.template)?;
        self.finish_object(manifest, object, origin, replaced)
    }

    /// Renders a template of the user with the whole model.
    fn finish_extra(&mut self, name: &str) -> Vec<Finished> {
        let rendered = self.engine.render(name, self.engine.model());
        let origin = self.origin(name);
        let text = match rendered {
            Ok(text) => text,
            Err(error) => {
                self.found.push(error);
                return Vec::new();
            }
        };
        let objects = self.parse(&text, name).into_iter().flat_map(items);
        objects.collect::<Vec<_>>().into_iter().filter_map(|object| self.extra_object(object, &origin)).collect()
    }

    fn extra_object(&mut self, object: Value, origin: &str) -> Option<Finished> {
        let Some(identity) = Identity::of(&object) else {
            // The schema says what is missing.
            self.check_schema(&object, "an object", origin, &[]);
            return None;
        };
        let manifest = Manifest {
            sensitive: is_sensitive(&identity, &object),
            identity,
            exposures: Vec::new(),
            yaml: String::new(),
        };
        self.finish_object(manifest, object, origin.to_owned(), true)
    }

    /// Patches and checks an object, and prints it anew if `foreign` or patched.
    fn finish_object(
        &mut self,
        mut manifest: Manifest,
        object: Value,
        origin: String,
        foreign: bool,
    ) -> Option<Finished> {
        let called = manifest.identity.to_string();
        if foreign && !self.check_schema(&object, &called, &origin, &[]) {
            return None;
        }
        let (object, applied) = match self.patches.apply(&manifest.identity, &object) {
            Ok((object, applied)) => (object?, applied),
            Err(findings) => {
                self.found.extend(findings.into_iter().map(|finding| placed(finding, self.locate)));
                return None;
            }
        };
        if !applied.is_empty() && !self.check_schema(&object, &called, "after patches", &applied) {
            return None;
        }
        if foreign || !applied.is_empty() {
            manifest.yaml = yaml::emit(&object);
        }
        Some(Finished { manifest, content: Content::Object(object), origin })
    }

    /// What a template gave in place of a built-in one: exactly the object that was asked for.
    fn only_object(&mut self, manifest: &Manifest, template: &str) -> Option<Value> {
        let mut objects = self.parse(&manifest.yaml, template);
        let called = self.origin(template);
        let wanted = &manifest.identity;
        if objects.len() != 1 {
            if self.found.is_empty() || !objects.is_empty() {
                self.found.push(Diagnostic::error(
                    "template-output",
                    format!("{called} must give one object, {wanted}, and gives {}", objects.len()),
                ));
            }
            return None;
        }
        let object = objects.remove(0);
        if Identity::of(&object).as_ref() == Some(wanted) {
            return Some(object);
        }
        let have = Identity::of(&object).map_or("something else".to_owned(), |have| {
            format!("{have} of `{}`", have.api_version)
        });
        self.found.push(
            Diagnostic::error(
                "template-output",
                format!("{called} must give {wanted} of `{}`, and gives {have}", wanted.api_version),
            )
            .help("print `{{ name }}` and `{{ namespace }}` as they are given"),
        );
        None
    }

    fn parse(&mut self, text: &str, template: &str) -> Vec<Value> {
        yaml::parse(text).unwrap_or_else(|error| {
            let called = self.origin(template);
            self.found.push(
                Diagnostic::error("template-output", format!("{called} does not give YAML: {error} of its output"))
                    .help(line_of(text, error.line)),
            );
            Vec::new()
        })
    }

    /// Whether Kubernetes would take the object; otherwise says why not.
    fn check_schema(&mut self, object: &Value, called: &str, origin: &str, patches: &[usize]) -> bool {
        let is_masked = |path: &str| {
            // In place of the key stands what is no base64.
            self.disclosure != Disclosure::Whole && path == "data.tls.key"
        };
        let problems = schema::check(object).into_iter().filter(|problem| !is_masked(&problem.path));
        let place = patches.first().and_then(|index| (self.locate)(&path!["patches", *index]));
        let before = self.found.len();
        let found: Vec<_> = problems
            .map(|problem| {
                Diagnostic::error("object-invalid", format!("{called} ({origin}): {problem}")).at(place.clone())
            })
            .collect();
        self.found.extend(found);
        self.found.len() == before
    }

    fn origin(&self, template: &str) -> String {
        match self.templates.source(template) {
            Some(source) => format!("template `{}`", source.name),
            None => format!("built-in template `{template}`"),
        }
    }
}

/// The objects of a `v1` List, or the object itself.
fn items(object: Value) -> Vec<Value> {
    let is_list = object.get("kind").is_some_and(|kind| kind == "List");
    match object {
        Value::Object(mut map) if is_list => match map.shift_remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        object => vec![object],
    }
}

/// Secrets of users may hold anything; only those with public certificates alone are surely harmless.
fn is_sensitive(identity: &Identity, object: &Value) -> bool {
    let keys = ["data", "stringData"]
        .into_iter()
        .filter_map(|field| object.get(field)?.as_object())
        .flat_map(serde_json::Map::keys);
    identity.kind == "Secret" && keys.into_iter().any(|key| key != "ca.crt" && key != "ca.crl")
}

fn line_of(text: &str, line: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    format!("that line is: {}", line.trim_end().chars().take(120).collect::<String>())
}

fn placed(finding: Finding, locate: Locate<'_>) -> Diagnostic {
    finding.diagnostic.at(locate(&path!["patches", finding.index]))
}

/// Objects that would overwrite one another.
fn duplicates(finished: &[Finished]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<_, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for object in finished {
        let identity = &object.manifest.identity;
        let key = (identity.group(), &identity.kind, &identity.namespace, &identity.name);
        if let Some(first) = seen.insert(key, &object.origin) {
            found.push(
                Diagnostic::error(
                    "object-twice",
                    format!("{identity} is there twice: from {first} and from {}", object.origin),
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
