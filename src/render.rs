//! From model and material to what is printed, in this order:
//!
//! 1. objects of the model, typed; Secrets in clear, before any format (`objects`)
//! 2. for each object: a template of the user that replaces the built-in one or adds it, then patches, then whether
//!    Kubernetes would accept the result (`finish`, `patch`)
//! 3. names that end in a hash, and references to them (`name_suffix`)
//! 4. whether two objects have one identity, and whether all together protect every host ([`Rendered::checked_among`], which also
//!    sorts them)
//! 5. selection: `--kind`, `--host`
//! 6. the form in which Secrets are handed over ([`handed_over`])
//! 7. text, while it is written ([`text`])

mod causes;
mod finish;
pub mod judging;
mod name_suffix;
pub mod objects;
mod parts;
pub mod patch;
mod print;
mod protection;
pub mod references;
mod stand_in;
pub mod template;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use minijinja::Value as View;
use serde_json::Value;

use self::patch::{Finding, Patches};
use self::references::Names;
use self::template::{Engine, TemplateSet, model_view};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::{Disclosure, Extent, Namespace, Object, ObjectSet, order};
use crate::model::Model;
use crate::secret_format::{self, Handed};
use crate::specification::document::Locate;
use crate::specification::value::SpecName;
use crate::store::Material;
use crate::targets;
use crate::targets::{Arrangement, Entrusted, Target};
use finish::Finisher;

pub use print::text;

/// Renders the objects of a model, in the order in which they can be applied.
///
/// `locate` finds places in the spec, for messages.
///
/// # Errors
///
/// Everything that is wrong with templates, patches and what they give; every protected host that the
/// finished objects would not protect; and every host whose Ingress exists already and is not among them.
pub fn render(
    model: &Model,
    material: &dyn Material,
    templates: &TemplateSet,
    disclosure: Disclosure,
    locate: Locate<'_>,
) -> Result<Checked, Vec<Diagnostic>> {
    let elsewhere = existing_ingresses(model, locate);
    if elsewhere.is_empty() {
        return prepare(model, material, templates, disclosure, locate)?.checked_among(Vec::new());
    }
    Err(elsewhere)
}

/// As [`render`], but leaves Ingresses that exist already to the caller that has them: of
/// those hosts, only the Secrets are rendered.
///
/// # Errors
///
/// As with [`render`], but for the hosts whose Ingress exists already.
pub fn render_apart(
    model: &Model,
    material: &dyn Material,
    templates: &TemplateSet,
    disclosure: Disclosure,
    locate: Locate<'_>,
) -> Result<Checked, Vec<Diagnostic>> {
    let mut rendered = prepare(model, material, templates, disclosure, locate)?;
    rendered.model.to_mut().exposures.retain(|exposure| exposure.existing_ingress.is_none());
    rendered.checked_among(Vec::new())
}

/// Hosts whose Ingress was not provided.
fn existing_ingresses(model: &Model, locate: Locate<'_>) -> Vec<Diagnostic> {
    let existing = model.exposures.iter().filter(|exposure| exposure.existing_ingress.is_some());
    existing
        .map(|exposure| {
            let key = exposure.key.as_str();
            Diagnostic::error(
                "existing-ingress-unseen",
                format!("host `{key}` has an Ingress that exists already and is not among the objects: nothing would enforce what the spec says"),
            )
            .at(locate(&["hosts".into(), key.into(), "existingIngress".into()]))
            .help("name the spec under `transformers` of the kustomization that has the Ingress: the plugin adds client authentication to it")
            .help("of a Helm chart, `mtlsgen post-render` does the same")
            .help("`mtlsgen render --kind Secret` issues certificates and prints the Secrets alone")
        })
        .collect()
}

/// Manifests that protect every host.
pub struct Checked {
    /// In the order in which they can be applied.
    pub manifests: Vec<Object>,
    /// What exists already by the spec and was not shown, as it is taken to be; never printed.
    pub entrusted: Vec<Object>,
    /// What is worth knowing of them.
    pub warnings: Vec<Diagnostic>,
}

/// Objects in the form in which the model hands Secrets over: what is printed of those that are selected.
///
/// # Errors
/// Every Secret that cannot be handed over so.
pub fn handed_over<'a>(
    model: &Model,
    objects: impl IntoIterator<Item = &'a Object>,
) -> Result<Vec<Handed<'a>>, Vec<Diagnostic>> {
    let format = secret_format::find(&model.secret_format).ok_or_else(|| {
        let title = format!("there is no Secret format `{}`", model.secret_format);
        vec![Diagnostic::error("unknown-reference", title)]
    })?;
    let (mut handed, mut found) = (Vec::new(), Vec::new());
    for object in objects {
        match secret_format::hand_over(format, object) {
            Ok(object) => handed.push(object),
            Err(error) => found.push(error),
        }
    }
    if found.is_empty() { Ok(handed) } else { Err(found) }
}

/// Objects that are finished but for the check of all of them together.
pub struct Rendered<'a> {
    objects: Vec<Object>,
    names: Names,
    model: Cow<'a, Model>,
    material: &'a dyn Material,
    target: &'static dyn Target,
    locate: Locate<'a>,
}

impl Rendered<'_> {
    /// Final names of Secrets, where they differ from those in the spec.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The model with the final names of Secrets.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The ingress dialect.
    #[must_use]
    pub fn target(&self) -> &'static dyn Target {
        self.target
    }

    /// The objects so far.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The manifests, in the order in which they can be applied, if they and `others` together protect every
    /// host.
    ///
    /// # Errors
    ///
    /// Every protected host that they would not protect.
    pub fn checked_among(
        self,
        others: Vec<(Identity, &Value)>,
    ) -> Result<Checked, Vec<Diagnostic>> {
        let Self { mut objects, names: _, model, material, target, locate } = self;
        // Objects of the input have their namespace already.
        let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Complete);
        for object in &objects {
            set.add(object);
        }
        let ours = others.is_empty().then_some(objects.as_slice());
        let entrusted = target.entrusted(&model, locate);
        let is_shown = |one: &Entrusted| {
            others.iter().any(|(identity, _)| identity.is_same_object(&one.object.identity))
        };
        let (_, entrusted): (Vec<_>, Vec<_>) = entrusted.into_iter().partition(is_shown);
        for (identity, object) in others {
            set.add_other(identity, object);
        }
        for one in &entrusted {
            set.add(&one.object);
        }
        let found = target.check_objects(&model, &set, locate);
        let differences = protection::check(&model, material, target, (&set, ours), locate);
        let found = causes::joined(found, differences);
        if has_errors(&found) {
            return Err(found);
        }
        order::sort(&mut objects);
        let (entrusted, unseen): (Vec<_>, Vec<_>) =
            entrusted.into_iter().map(|one| (one.object, one.unseen)).unzip();
        let warnings = found.into_iter().chain(unseen).collect();
        Ok(Checked { manifests: objects, entrusted, warnings })
    }
}

/// Renders the objects of a model, but for Ingresses that exist already.
///
/// # Errors
///
/// Everything that is wrong with templates, patches and what they give.
pub fn prepare<'a>(
    model: &'a Model,
    material: &'a dyn Material,
    templates: &'a TemplateSet,
    disclosure: Disclosure,
    locate: Locate<'a>,
) -> Result<Rendered<'a>, Vec<Diagnostic>> {
    let target = targets::of(model)?;
    let patches = Patches::new(&model.patches).map_err(|findings| {
        findings.into_iter().map(|found| placed(found, locate)).collect::<Vec<_>>()
    })?;
    let arrangement = target.arrange(model, &locate)?;
    let engine = engine(model, &arrangement, material, templates)?;
    let name = model.name.as_ref().map(SpecName::as_str);
    let found = Vec::new();
    let is_incomplete = false;
    let mut finisher =
        Finisher { engine, templates, patches, disclosure, locate, found, name, is_incomplete };
    let (mut objects, names) = finished(&mut finisher, model, &arrangement, material, target);
    let Finisher { patches, mut found, is_incomplete, .. } = finisher;
    if !is_incomplete {
        found.extend(patches.unmatched().into_iter().map(|finding| placed(finding, locate)));
    }
    found.extend(name_suffix::rename(&mut objects, &names));
    found.extend(duplicates(&objects, templates));
    if !found.is_empty() {
        return Err(found);
    }
    let model = if names.is_empty() {
        Cow::Borrowed(model)
    } else {
        Cow::Owned(name_suffix::model(model, &names))
    };
    Ok(Rendered { objects, names, model, material, target, locate })
}

/// All objects, and final names of Secrets where they differ.
fn finished(
    finisher: &mut Finisher<'_>,
    model: &Model,
    arrangement: &Arrangement<'_>,
    material: &dyn Material,
    target: &dyn Target,
) -> (Vec<Object>, Names) {
    // Moving them as the list grows would take twice the memory.
    let mut objects =
        Vec::with_capacity(model.secrets.len() + 2 * model.services.len() + model.exposures.len());
    let mut names = Names::new();
    let mut secrets = objects::Secrets::new(material);
    for secret in &model.secrets {
        objects.extend(if model.name_suffix_hash {
            finisher.finish_hashed_secret(secret, &mut secrets, &mut names)
        } else {
            finisher.finish_secret(secret, &mut secrets)
        });
    }
    let hosts = hosts_by_service(model);
    for service in model.services.values() {
        let hosts = hosts.get(&(service.namespace.as_str(), service.name.as_str()));
        let hosts = hosts.map(Vec::as_slice).unwrap_or_default();
        let has_structures = objects::has_structures_of_user(service);
        for object in objects::of_service(service, hosts) {
            objects.extend(finisher.finish(object, has_structures));
        }
    }
    let exposing = target.objects(model, arrangement, material, &mut |object| {
        objects.extend(finisher.finish(object, false));
    });
    finisher.found.extend(exposing.err().into_iter().flatten());
    for name in finisher.templates.extras(target.name()) {
        objects.extend(finisher.finish_extra(name));
    }
    (objects, names)
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
    arrangement: &Arrangement<'_>,
    material: &dyn Material,
    templates: &'a TemplateSet,
) -> Result<Engine<'a>, Vec<Diagnostic>> {
    let engine = Engine::new(templates)?;
    if templates.is_built_in_alone() {
        return Ok(engine);
    }
    let view = View::from(minijinja::value::Serde(model_view(model, arrangement, material)));
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
fn duplicates(objects: &[Object], templates: &TemplateSet) -> Vec<Diagnostic> {
    // Only asked, never iterated over.
    let mut seen = HashMap::with_capacity(objects.len());
    let mut found = Vec::new();
    for object in objects {
        let identity = &object.identity;
        let key = (&identity.name, &identity.namespace, &identity.kind, identity.group());
        if let Some(first) = seen.insert(key, &object.template) {
            let (first, second) = (templates.origin(first), templates.origin(&object.template));
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
mod tests;
