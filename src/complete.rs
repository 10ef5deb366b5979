//! Completes objects of other tools: finds the Ingresses that a spec says exist already, and adds
//! client authentication to them.
//!
//! Pure: objects in, objects out. Nothing but annotations and `tls` entries of these Ingresses is added, and names of
//! Secrets change where these end in a hash.

pub mod helm;
mod surroundings;

pub use surroundings::with_local;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, has_errors};
use crate::identity::Identity;
use crate::kustomize::annotation::is_local;
use crate::manifest::{Disclosure, Namespace, Object, identity_within};
use crate::model::{Model, Reference};
use crate::render::references::rewrite;
use crate::render::template::TemplateSet;
use crate::render::{self, Checked, Rendered};
use crate::specification::document::Locate;
use crate::store::Material;
use crate::targets::{Amendment, Edit};

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
    /// Whether objects are not applied that Kustomize's annotation `config.kubernetes.io/local-config` marks.
    pub drops_local: bool,
}

/// Completed objects.
pub struct Completed {
    /// The objects that came in, in their order.
    pub items: Vec<Value>,
    /// What mtlsgen adds: Secrets, and the objects of hosts that it makes the Ingress of.
    pub manifests: Vec<Object>,
    /// Warnings and notices.
    pub warnings: Vec<Diagnostic>,
    /// Objects of the input that those of mtlsgen must not replace: errors, for callers that would
    /// replace them.
    pub taken: Vec<Diagnostic>,
}

impl Completer<'_> {
    /// Adds to `items` what the spec says of them.
    ///
    /// # Errors
    /// Everything that keeps a host from being protected, or that would have to be overwritten.
    pub fn complete(&self, mut items: Vec<Value>) -> Result<Completed, Vec<Diagnostic>> {
        let completed = self.with_edits(&mut items);
        let explained = |found| {
            if self.drops_local {
                surroundings::with_local(found, &items, self.namespace.name())
            } else {
                found
            }
        };
        let completed = completed.map_err(&explained)?;
        let warnings = explained(completed.warnings);
        Ok(Completed { items, warnings, ..completed })
    }

    /// What is beside the items, which are edited in their places.
    fn with_edits(&self, items: &mut [Value]) -> Result<Completed, Vec<Diagnostic>> {
        let Self { model, material, templates, disclosure, locate, namespace, drops_local: _ } =
            *self;
        let namespace = namespace.name();
        let rendered = render::prepare(model, material, templates, disclosure, locate)?;
        let taken = surroundings::taken(items, &rendered, namespace);
        let mut found = rename(items, &rendered, namespace);
        let applied = |item: &Value| self.is_applied(item);
        let existing = surroundings::existing(items, &rendered, self.namespace, applied);
        let (target, model) = (rendered.target(), rendered.model());
        let arrangement = target.arrange(model, &locate)?;
        let Amendment { edits, found: more } = target.amend(model, &arrangement, &existing, locate);
        found.extend(more);
        if has_errors(&found) {
            return Err(found);
        }
        for Edit { at, annotations, tls } in edits {
            annotate(&mut items[at], annotations);
            add_tls(&mut items[at], tls);
        }
        let Checked { manifests, entrusted: _, warnings } = self.checked(items, rendered)?;
        found.extend(warnings);
        Ok(Completed { items: Vec::new(), manifests, warnings: found, taken })
    }

    /// Whether an object that came in is applied in the end.
    fn is_applied(&self, item: &Value) -> bool {
        !(self.drops_local && is_local(item))
    }

    /// The manifests, if they and the completed objects protect every host.
    fn checked(&self, items: &[Value], rendered: Rendered<'_>) -> Result<Checked, Vec<Diagnostic>> {
        let is_replaced = |identity: &Identity| {
            rendered.objects().iter().any(|ours| ours.identity.is_same_object(identity))
        };
        // Secrets that no host trusts do not matter here.
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
            .filter(|item| self.is_applied(item))
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

/// Adds `tls` entries behind those that are there.
fn add_tls(ingress: &mut Value, entries: Vec<(String, String)>) {
    let Some(spec) = ingress.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if entries.is_empty() {
        return;
    }
    let there = spec.entry("tls").or_insert(Value::Null);
    if there.is_null() {
        *there = Value::Array(Vec::new());
    }
    if let Some(there) = there.as_array_mut() {
        let entry = |(host, secret)| json!({ "hosts": [host], "secretName": secret });
        there.extend(entries.into_iter().map(entry));
    }
}

#[cfg(test)]
mod tests;
