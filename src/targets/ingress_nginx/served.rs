//! What the controller makes of all Ingresses together: names that meet inside it, paths that it refuses or
//! serves by plain HTTP, further names of hosts, and Services that are reached in two ways.
//!
//! Sources are files of the controller's repository, as of 1.15.1.

mod aliases;
mod composed_names;
mod paths;
mod shared_services;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::PREFIX;
use super::check::is_protected;
use crate::diagnostic::{Diagnostic, Entry, Span};
use crate::model::{Exposure, Model, Service};
use crate::specification::document::Locate;
use crate::specification::document::Step;
use crate::targets::{IngressView, SecretView, SettingsView, Views};

/// Findings about the Ingresses that mtlsgen makes of a model.
pub(super) fn of_model(model: &Model, locate: Locate<'_>) -> Vec<Diagnostic> {
    let own = model.exposures.iter().filter(|exposure| exposure.existing_ingress.is_none());
    let views: Vec<_> = own.map(view_of).collect();
    let views: Vec<_> = views.iter().collect();
    let of_class = |class| {
        let mut scene = Scene::new(model, locate, class, &views);
        // Names that end in a hash are known once the objects are.
        scene.has_final_names = !model.name_suffix_hash;
        scene.findings()
    };
    classes(model).into_iter().flat_map(of_class).collect()
}

/// Classes of the model: the controllers of two classes share nothing.
fn classes(model: &Model) -> BTreeSet<&str> {
    model.exposures.iter().map(|exposure| exposure.ingress_class_name.as_str()).collect()
}

/// Findings about final objects that [`of_model`] does not have already.
pub(super) fn of_objects(
    model: &Model,
    objects: &Views<'_>,
    locate: Locate<'_>,
) -> Vec<Diagnostic> {
    let Views { ingresses, secrets, settings } = objects;
    if settings.is_empty() && ingresses.iter().all(|view| view.is_as_made) {
        return Vec::new();
    }
    let ingresses: Vec<_> = ingresses.iter().collect();
    let said = of_model(model, locate);
    let mut said: HashSet<String> = said.into_iter().map(|finding| finding.title).collect();
    let of_class = |class| {
        let mut scene = Scene::new(model, locate, class, &ingresses);
        scene.secrets = secrets.iter().map(|view| ((view.namespace, view.name), view)).collect();
        scene.settings = settings.iter().collect();
        scene.findings()
    };
    let mut found: Vec<_> = classes(model).into_iter().flat_map(of_class).collect();
    found.retain(|finding| said.insert(finding.title.clone()));
    found
}

/// An Ingress as mtlsgen makes it, as far as it matters here.
fn view_of(exposure: &Exposure) -> IngressView<'_> {
    let own = exposure.annotations.iter();
    let mut annotations: BTreeMap<String, String> =
        own.map(|(name, value)| (name.to_string(), value.clone())).collect();
    if let Some(auth) = &exposure.client_auth {
        annotations.insert(format!("{PREFIX}auth-tls-secret"), auth.secret.to_string());
    }
    IngressView {
        class: Some(exposure.ingress_class_name.as_str()),
        annotations: Cow::Owned(annotations.into_iter().collect()),
        ..IngressView::of_routes(
            exposure.namespace.as_str(),
            exposure.name.as_str(),
            exposure.host.as_str(),
            &exposure.routes,
            exposure.tls.as_ref().map(|tls| tls.secret_name.as_str()),
        )
    }
}

/// All Ingresses of one class and those without, and the hosts of the model that they serve.
struct Scene<'a> {
    model: &'a Model,
    locate: Locate<'a>,
    ingresses: Vec<&'a IngressView<'a>>,
    secrets: HashMap<(&'a str, &'a str), &'a SecretView<'a>>,
    settings: Vec<&'a SettingsView<'a>>,
    /// Whether Secrets have the names that they will have in the cluster.
    has_final_names: bool,
    // The following are only asked, never iterated over.
    /// The first entry of each host.
    entries: HashMap<&'a str, &'a Exposure>,
    /// Secrets that mtlsgen fills.
    filled: HashSet<(&'a str, &'a str)>,
    /// Services of the spec.
    services: HashMap<(&'a str, &'a str), &'a Service>,
}

impl<'a> Scene<'a> {
    fn new(
        model: &'a Model,
        locate: Locate<'a>,
        class: &str,
        ingresses: &[&'a IngressView<'a>],
    ) -> Self {
        let mut entries = HashMap::with_capacity(model.exposures.len());
        let is_of_class = |exposure: &&Exposure| exposure.ingress_class_name.as_str() == class;
        for exposure in model.exposures.iter().filter(is_of_class) {
            entries.entry(exposure.host.as_str()).or_insert(exposure);
        }
        let references = model.secrets.iter().map(|secret| &secret.reference);
        let services = model.services.values();
        Self {
            model,
            locate,
            ingresses: ingresses
                .iter()
                .copied()
                .filter(|view| view.class.is_none_or(|other| other == class))
                .collect(),
            secrets: HashMap::new(),
            settings: Vec::new(),
            has_final_names: true,
            entries,
            filled: references.map(|one| (one.namespace.as_str(), one.name.as_str())).collect(),
            services: services
                .map(|service| ((service.namespace.as_str(), service.name.as_str()), service))
                .collect(),
        }
    }

    fn findings(&self) -> Vec<Diagnostic> {
        let mut found = composed_names::check(self);
        found.extend(paths::check(self));
        found.extend(aliases::check(self));
        found.extend(shared_services::check(self));
        found
    }

    /// The entry of the model that an Ingress serves, the first of several.
    fn entry_of(&self, view: &IngressView<'_>) -> Option<&'a Exposure> {
        view.rules.iter().find_map(|rule| self.entries.get(rule.host)).copied()
    }

    /// Whether the model protects the host.
    fn is_protected(&self, host: &str) -> bool {
        self.entries.get(host).is_some_and(|exposure| is_protected(exposure))
    }

    /// A finding at an entry, and about it.
    fn about(&self, exposure: &Exposure, finding: Diagnostic) -> Diagnostic {
        finding.at(self.place(exposure)).of(Entry::Host(exposure.key.clone()))
    }

    /// The place of an entry.
    fn place(&self, exposure: &Exposure) -> Option<Span> {
        (self.locate)(&["hosts".into(), Step::from(&exposure.key)])
    }

    /// An annotation of the controller.
    fn annotation<'v>(view: &'v IngressView<'_>, name: &str) -> Option<&'v str> {
        let mut all = view.annotations.iter();
        all.find_map(|(key, value)| (key.strip_prefix(PREFIX)? == name).then_some(value))
    }
}

/// ``the Ingress `namespace/name` ``.
fn called(view: &IngressView<'_>) -> String {
    format!("the Ingress `{}/{}`", view.namespace, view.name)
}

/// How the controller reads a boolean (`strconv.ParseBool`).
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "True" | "TRUE")
}

#[cfg(test)]
mod tests;
