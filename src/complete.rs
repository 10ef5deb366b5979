//! Completes objects that somebody else made: finds the Ingresses that a spec says exist already, and adds
//! client authentication to them.
//!
//! Pure: objects in, objects out. Nothing but annotations of these Ingresses changes, and names of Secrets
//! where these end in a hash.

pub mod helm;
mod ingress;
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, has_errors};
use crate::identity::Identity;
use crate::kustomize::previous;
use crate::manifest::{Disclosure, Namespace, Object, identity_within};
use crate::model::{Exposure, Model, Reference};
use crate::render::references::rewrite;
use crate::render::template::TemplateSet;
use crate::render::{self, Checked, Rendered};
use crate::specification::document::Locate;
use crate::specification::selector::Selector;
use crate::store::Material;

use ingress::Judged;
use surroundings::Surroundings;

/// What objects are completed with.
#[derive(Clone, Copy)]
pub struct Completer<'a> {
    /// The set-up.
    pub model: &'a Model,
    /// Certificates and keys.
    pub material: &'a dyn Material,
    /// Templates of the objects that mtlsgen adds.
    pub templates: &'a TemplateSet,
    /// How private keys appear in what mtlsgen adds.
    pub disclosure: Disclosure,
    /// Finds places in the spec, for messages.
    pub locate: Locate<'a>,
    /// Namespace of objects that say none.
    pub namespace: Namespace<'a>,
}

/// Completed objects.
pub struct Completed {
    /// The objects that came in, in their order.
    pub items: Vec<Value>,
    /// What mtlsgen adds: Secrets, and the objects of hosts that it makes the Ingress of.
    pub manifests: Vec<Object>,
    /// What is worth knowing.
    pub warnings: Vec<Diagnostic>,
    /// Objects that came in and that those of mtlsgen must not take the place of: errors, for whoever would put
    /// them there.
    pub taken: Vec<Diagnostic>,
}

impl Completer<'_> {
    /// Adds to `items` what the spec says of them.
    ///
    /// # Errors
    /// Everything that keeps a host from being protected, or that would have to be overwritten.
    pub fn complete(&self, mut items: Vec<Value>) -> Result<Completed, Vec<Diagnostic>> {
        let Self { model, material, templates, disclosure, locate, namespace } = *self;
        let namespace = namespace.name();
        let rendered = render::prepare(model, material, templates, disclosure, locate)?;
        let taken = surroundings::taken(&items, &rendered, namespace);
        let mut found = rename(&mut items, &rendered, namespace);
        let surroundings = Surroundings::of(&items, &rendered, self.namespace);
        let mut additions = BTreeMap::new();
        let arrangement = rendered.target().arrange(rendered.model(), &locate)?;
        for (at, exposures) in self.ingresses(&items, rendered.model(), &mut found) {
            let judged =
                Judged { item: &items[at], exposures, surroundings: &surroundings, locate };
            additions.insert(at, judged.annotations(rendered.target(), &arrangement, &mut found));
        }
        if has_errors(&found) {
            return Err(found);
        }
        for (at, annotations) in additions {
            annotate(&mut items[at], annotations);
        }
        let Checked { manifests, warnings } = self.checked(&items, rendered)?;
        found.extend(warnings);
        Ok(Completed { items, manifests, warnings: found, taken })
    }

    /// Positions of the Ingresses that exist already, with the hosts that they are to protect.
    fn ingresses<'m>(
        &self,
        items: &[Value],
        model: &'m Model,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<usize, Vec<&'m Exposure>> {
        let by_host = ingress::by_host(items);
        let mut ingresses: BTreeMap<usize, Vec<&Exposure>> = BTreeMap::new();
        for exposure in &model.exposures {
            let Some(target) = &exposure.existing_ingress else { continue };
            let Ok(selector) = Selector::of_target(target) else { continue };
            let serving = by_host.get(exposure.host.as_str()).into_iter().flatten().copied();
            let its_own: Vec<usize> = serving
                .filter(|at| self.is_in(exposure, &items[*at]))
                .filter(|at| self.is_selected(&selector, &items[*at]))
                .collect();
            if its_own.is_empty() {
                found.extend(self.without_ingress(exposure, items, &selector));
            }
            for at in its_own {
                ingresses.entry(at).or_default().push(exposure);
            }
        }
        ingresses
    }

    fn is_selected(&self, selector: &Selector, item: &Value) -> bool {
        let identities = previous::identities(item, self.namespace.name());
        identities.iter().any(|identity| selector.selects(identity, item))
    }

    fn is_in(&self, exposure: &Exposure, item: &Value) -> bool {
        let wanted = Some(exposure.namespace.as_str());
        identity_within(item, self.namespace.name())
            .is_some_and(|identity| identity.namespace.as_deref() == wanted)
    }

    /// Why no Ingress that is selected, lies in the host's namespace and has a rule for it.
    fn without_ingress(
        &self,
        exposure: &Exposure,
        items: &[Value],
        selector: &Selector,
    ) -> Vec<Diagnostic> {
        let selected = items.iter().filter(|item| self.is_selected(selector, item));
        let selected: Vec<&Value> = selected.collect();
        let here: Vec<&Value> =
            selected.iter().copied().filter(|item| self.is_in(exposure, item)).collect();
        if !here.is_empty() {
            return here.iter().filter_map(|item| self.without_rule(exposure, item)).collect();
        }
        let elsewhere =
            selected.iter().find_map(|item| identity_within(item, self.namespace.name()));
        let place = (self.locate)(&[
            "hosts".into(),
            exposure.key.as_str().into(),
            "existingIngress".into(),
        ]);
        let diagnostic = match elsewhere {
            Some(other) => ingress::elsewhere(exposure, &other),
            None => ingress::missing(exposure, selector, items, self.namespace.name()),
        };
        vec![diagnostic.at(place)]
    }

    fn without_rule(&self, exposure: &Exposure, item: &Value) -> Option<Diagnostic> {
        let identity = identity_within(item, self.namespace.name())?;
        let title = format!("{identity} has no rule for `{}`", exposure.host);
        let place = (self.locate)(&["hosts".into(), exposure.key.as_str().into()]);
        let diagnostic = Diagnostic::error("rule-missing", title)
            .at(place)
            .help("add the rule to the Ingress, or correct the host's name in the spec");
        Some(diagnostic.about(&identity).field("spec.rules", Value::Null, Value::Null))
    }

    /// The manifests, if they and the completed objects protect every host.
    fn checked(&self, items: &[Value], rendered: Rendered<'_>) -> Result<Checked, Vec<Diagnostic>> {
        let is_replaced = |identity: &Identity| {
            rendered.objects().iter().any(|ours| ours.identity.is_same_object(identity))
        };
        // What stands in Secrets that no host trusts is no business of ours.
        let trusts =
            rendered.model().exposures.iter().filter_map(|exposure| exposure.client_auth.as_ref());
        let trusted: BTreeSet<(&str, &str)> = trusts
            .map(|auth| (auth.secret.namespace.as_str(), auth.secret.name.as_str()))
            .collect();
        let matters = |identity: &Identity| {
            let place = (identity.namespace.as_deref().unwrap_or_default(), identity.name.as_str());
            identity.kind != "Secret" || trusted.contains(&place)
        };
        let others: Vec<(Identity, &Value)> = items
            .iter()
            .filter_map(|item| Some((identity_within(item, self.namespace.name())?, item)))
            .filter(|(identity, _)| matters(identity) && !is_replaced(identity))
            .collect();
        rendered.checked_among(others)
    }
}

/// Carries final names of Secrets into references of all objects.
fn rename(items: &mut [Value], rendered: &Rendered<'_>, namespace: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if rendered.names().is_empty() {
        return found;
    }
    for item in items {
        let Some(identity) = identity_within(item, namespace) else { continue };
        let reference = Reference {
            namespace: identity.namespace.clone().unwrap_or_default(),
            name: identity.name.clone(),
        };
        if identity.kind == "Secret" && rendered.names().contains_key(&reference) {
            found.push(surroundings::twice(&identity));
            continue;
        }
        if let Err(problem) = rewrite(&identity, item, rendered.names()) {
            found.push(problem.about(&identity));
        }
    }
    found
}

/// Adds annotations behind those that are there.
fn annotate(item: &mut Value, annotations: BTreeMap<String, String>) {
    let empty = || Value::Object(Map::new());
    let metadata =
        item.as_object_mut().map(|object| object.entry("metadata").or_insert_with(empty));
    let Some(metadata) = metadata.and_then(Value::as_object_mut) else { return };
    let there = metadata.entry("annotations").or_insert_with(empty);
    if there.is_null() {
        *there = empty();
    }
    if let Some(there) = there.as_object_mut() {
        there.extend(annotations.into_iter().map(|(name, value)| (name, value.into())));
    }
}

#[cfg(test)]
mod tests;
