//! Whether what is rendered does what the spec says: each controller that reads it is asked, by its model.

mod advice;
mod below;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use self::below::Below as NamesBelow;
use super::parts::{Part, is_as_made, parts};
use crate::access::desired::desired;
use crate::access::readers::readers;
use crate::access::witness::Shown;
use crate::controllers::{Accepted, Controller, Declared, Settings};
use crate::diagnostic::{Diagnostic, Entry};
use crate::enforcement::{
    Asked, Below, Desired, DesiredClients, DesiredHost, Difference, DifferenceKind, Given, Missing,
    Pattern, Services, Witness, below_wildcards, compare,
};
use crate::manifest::kinds;
use crate::manifest::{Object, ObjectSet};
use crate::model::{Exposure, Model, Service};
use crate::specification::document::{Locate, Step};
use crate::store::Material;
use crate::targets::Target;
use crate::time::Timestamp;

/// Where mtlsgen makes the Ingress.
const CHANGED: &str = "a template, a patch or an annotation has changed what mtlsgen makes of this host; undo that change, or set `clientAuth = false`";
/// Where it exists already.
const EXISTING: &str = "change that Ingress, or set `clientAuth = false`";
/// Where a path leads to a Service that is not shown.
const NO_SERVICE: &str = "write a Service that is in the cluster under `services`, with `existing = true`, and name it in the host's `routes`";
/// How many ingress classes are looked at one by one; beyond, all are taken for those of one controller.
const MOST_CLASSES: usize = 16;
/// How many differences of a host are shown.
const MOST_SHOWN: usize = 4;

/// Where the spec says something else of a controller than the object that runs it.
const CONTRADICTED: &str =
    "say in the spec what holds where the hosts are served, or leave it to that object";

/// What a difference rests on that other settings than the defaults make.
const OTHER_SETTINGS: &str = "that depends on the controller's ConfigMap, which is not among the objects: with `ssl-redirect: \"false\"`, or where it takes snippets, this host is open";

/// Every host that some reader would serve to others than the spec says; `ours`: all objects, if no others are among them.
pub(super) fn check<'a>(
    model: &'a Model,
    material: &dyn Material,
    target: &'a dyn Target,
    (objects, ours): (&'a ObjectSet<'a>, Option<&'a [Object]>),
    locate: Locate<'a>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut contradicted = BTreeSet::new();
    let by_class = by_class(model);
    let services = Arc::new(services(model, objects));
    let known = model.exposures.iter().map(|one| one.host.as_str().to_lowercase()).collect();
    let mut names_below = NamesBelow::default();
    let all: BTreeSet<&String> = by_class.iter().flat_map(|(classes, _)| classes).collect();
    for (classes, exposures) in &by_class {
        let other_classes = all
            .iter()
            .copied()
            .filter(|class| !classes.contains(class))
            .cloned()
            .collect::<Vec<_>>();
        let accepted = accepted(exposures);
        let own = |declared| Declared {
            classes: classes.clone(),
            other_classes: Some(other_classes.clone()),
            accepted: accepted.clone(),
            ..declared
        };
        for (controller, declared, settings) in serving(model, objects, classes, own) {
            let said =
                settings.given.iter().filter(|one| matches!(one, Given::Contradiction { .. }));
            contradicted.extend(said.map(ToString::to_string));
            for Part { exposures, objects: own } in parts(controller, exposures, objects, ours) {
                let objects = own.as_ref().unwrap_or(objects);
                let scene = Scene { model, target, objects, settings: &settings, locate };
                let mut desired = desired(model, material, exposures.iter().copied());
                desired.services = Some(Arc::clone(&services));
                found.extend(scene.check(&exposures, &desired, (controller, &declared)));
                scene.below(&desired, &known, (controller, &declared), &mut names_below);
            }
        }
    }
    let warning = |title| Diagnostic::warning("controller-contradicted", title).help(CONTRADICTED);
    found.extend(contradicted.into_iter().map(warning));
    found.extend(names_below.warnings(model, locate));
    found
}

/// The readers that serve hosts of these classes: all, but for those of whose classes the objects say that they are another
/// reader's.
fn serving(
    model: &Model,
    objects: &ObjectSet<'_>,
    classes: &[String],
    own: impl Fn(Declared) -> Declared,
) -> Vec<(&'static dyn Controller, Declared, Settings)> {
    let with_settings = |(controller, declared): (&'static dyn Controller, Declared)| {
        let declared = own(declared);
        let settings = controller.settings(objects, &declared);
        (controller, declared, settings)
    };
    let mut all: Vec<_> = readers(model).into_iter().map(with_settings).collect();
    if all.iter().any(|(_, _, settings)| settings.classes.may_be_own(classes)) {
        all.retain(|(_, _, settings)| settings.classes.may_be_own(classes));
    }
    all
}

/// Annotations that controllers take by what hosts allow: each on Ingresses of that host alone.
fn accepted(exposures: &[&Exposure]) -> Accepted {
    let mut by_host: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for exposure in exposures.iter().filter(|exposure| !exposure.allowed_annotations.is_empty()) {
        let all = by_host.entry(exposure.host.as_str().to_lowercase()).or_default();
        all.extend(exposure.allowed_annotations.iter().map(ToString::to_string));
    }
    Accepted { anywhere: BTreeSet::new(), by_host }
}

/// Services that are there: objects have them, or the spec says that they exist.
fn services(model: &Model, objects: &ObjectSet<'_>) -> Services {
    fn key(service: &Service) -> (&str, &str) {
        (service.namespace.as_str(), service.name.as_str())
    }
    let (shown, _) = objects.all::<kinds::Service>();
    let shown = shown
        .iter()
        .map(|seen| (seen.identity.namespace_or_default(), seen.identity.name.as_str()));
    let (made, existing): (Vec<&Service>, Vec<&Service>) =
        model.services.values().partition(|service| service.rendered);
    let made: HashSet<_> = made.iter().map(|one| key(one)).collect();
    let routes = model.exposures.iter().flat_map(|exposure| {
        exposure.routes.iter().map(|route| (exposure.namespace.as_str(), route.service.as_str()))
    });
    let routes = routes.filter(|service| !made.contains(service));
    shown.chain(existing.iter().map(|one| key(one))).chain(routes).collect()
}

/// The controllers, as a part of a sentence; where the spec names none, nothing.
fn reader_of(model: &Model, readers: &str) -> String {
    if model.controllers.is_empty() { String::new() } else { format!(" by {readers}") }
}

/// Hosts by the controllers that serve them: those of two ingress classes share nothing.
fn by_class(model: &Model) -> Vec<(Vec<String>, Vec<&Exposure>)> {
    let mut by_class: BTreeMap<&str, Vec<&Exposure>> = BTreeMap::new();
    for exposure in &model.exposures {
        by_class.entry(exposure.ingress_class_name.as_str()).or_default().push(exposure);
    }
    if by_class.len() > MOST_CLASSES {
        let classes = by_class.keys().map(|class| (*class).to_owned()).collect();
        return vec![(classes, model.exposures.iter().collect())];
    }
    let one = |(class, exposures): (&str, _)| (vec![class.to_owned()], exposures);
    by_class.into_iter().map(one).collect()
}

/// A moment at which everything that is desired is valid, as far as it begins: no date admits a client that the spec refuses.
fn moment(desired: &Desired) -> Timestamp {
    let mut latest = Timestamp::from_unix(0);
    let mut last: Option<&Arc<Asked>> = None;
    for host in &desired.hosts {
        let DesiredClients::Ask(asked) = &host.clients else { continue };
        if last.is_some_and(|last| Arc::ptr_eq(last, asked)) {
            continue;
        }
        last = Some(asked);
        let lists = asked.lists.iter().map(|list| list.this_update);
        let clients = asked.clients.iter().flat_map(|(_, chain)| chain);
        let bundle: &[_] = match &asked.below {
            Below::These(bundle) => bundle,
            Below::Entrusted(_) => &[],
        };
        let certificates = bundle.iter().chain(clients).map(|one| one.not_before);
        latest = lists.chain(certificates).chain([latest]).max().unwrap_or(latest);
    }
    latest
}

/// Whether a difference is that the effect of a `ConfigMap` is not known.
fn is_of_settings(difference: &Difference) -> bool {
    match difference.missing() {
        Some(Missing::Settings) => true,
        Some(Missing::Hidden(object)) => object.kind == "ConfigMap",
        Some(Missing::Snippet(object, _) | Missing::Effect(object, _)) => {
            object.kind == "ConfigMap"
        }
        _ => false,
    }
}

/// Whether a difference needs a header that a proxy in front replaces, which has a warning of its own.
fn is_forwarded(difference: &Difference) -> bool {
    matches!(&difference.witness, Witness::Request { request, .. } if !request.headers.is_empty())
}

/// Whether the Secret that a host trusts exists in another namespace, which has a warning of its own: the controller's settings decide whether it
/// is read there.
fn is_elsewhere(exposure: &Exposure) -> bool {
    let auth = exposure.client_auth.as_ref().filter(|auth| auth.existing);
    auth.is_some_and(|auth| auth.secret.namespace != exposure.namespace.as_str())
}

struct Scene<'a> {
    model: &'a Model,
    target: &'a dyn Target,
    objects: &'a ObjectSet<'a>,
    settings: &'a Settings,
    locate: Locate<'a>,
}

impl Scene<'_> {
    fn check(
        &self,
        exposures: &[&Exposure],
        desired: &Desired,
        (controller, declared): (&dyn Controller, &Declared),
    ) -> Vec<Diagnostic> {
        let Self { objects, settings, .. } = *self;
        let now = moment(desired);
        let compared =
            |settings: &Settings| compare(desired, &controller.observe(objects, settings), now);
        let compared = |settings: &Settings| {
            let mut differences = compared(settings);
            differences.retain(|one| !is_forwarded(one));
            differences
        };
        let differences = compared(settings);
        let found = if differences.iter().any(is_of_settings) {
            // Which ConfigMap is the controller's, or what one does, is not known: warnings say so, and what is known of each holds.
            let possible = controller.possible(objects, declared, settings).into_iter();
            let mut found = possible
                .map(|settings| self.diagnostics(exposures, compared(&settings), &settings));
            found.find(|found| !found.is_empty()).unwrap_or_default()
        } else {
            self.diagnostics(exposures, differences, settings)
        };
        // Objects as mtlsgen makes them hold with any settings.
        let laxer =
            controller.laxer(settings).filter(|_| !objects.is_as_made() && !is_as_made(objects));
        let Some(laxer) = laxer.filter(|_| found.is_empty()) else { return found };
        let mut differences = compared(&laxer);
        differences.retain(|one| one.kind != DifferenceKind::LockedOut);
        let all = self.diagnostics(exposures, differences, &laxer);
        all.into_iter().map(|one| one.help(OTHER_SETTINGS)).collect()
    }

    /// Adds names of others below wildcards, by what is known of the settings.
    fn below(
        &self,
        desired: &Desired,
        known: &BTreeSet<String>,
        (controller, declared): (&dyn Controller, &Declared),
        found: &mut NamesBelow,
    ) {
        let is_wildcard = |host: &DesiredHost| {
            let is_asked = matches!(host.clients, DesiredClients::Ask(_));
            is_asked && matches!(host.host, Pattern::OneLabel(_))
        };
        if !desired.hosts.iter().any(is_wildcard) {
            return;
        }
        let now = moment(desired);
        let names = |settings: &Settings| {
            let observed = controller.observe(self.objects, settings);
            let mut names = below_wildcards(desired, &observed, known, now);
            names.retain(|(_, one)| !is_forwarded(one));
            names
        };
        let mut all = vec![(self.settings.clone(), names(self.settings))];
        if all[0].1.iter().any(|(_, one)| is_of_settings(one)) {
            let possible = controller.possible(self.objects, declared, self.settings);
            all = possible.into_iter().map(|one| (one.clone(), names(&one))).collect();
        }
        for (settings, names) in all {
            for (name, difference) in names {
                found.add(name, &difference, &settings);
            }
        }
    }

    fn diagnostics(
        &self,
        exposures: &[&Exposure],
        differences: Vec<Difference>,
        settings: &Settings,
    ) -> Vec<Diagnostic> {
        let mut by_host: BTreeMap<String, Vec<Difference>> = BTreeMap::new();
        for difference in differences {
            by_host.entry(difference.key.clone()).or_default().push(difference);
        }
        let of_host = |exposure: &&Exposure| {
            let mut all = by_host.remove(&exposure.key)?;
            if is_elsewhere(exposure) {
                all.retain(|one| one.kind != DifferenceKind::LockedOut);
            }
            // Differences that admit clients come first.
            all.sort_by_key(|one| one.kind);
            (!all.is_empty()).then(|| self.diagnostic(exposure, &all, settings))
        };
        exposures.iter().filter_map(of_host).collect()
    }

    fn diagnostic(
        &self,
        exposure: &Exposure,
        differences: &[Difference],
        settings: &Settings,
    ) -> Diagnostic {
        let (first, more) = differences.split_first().expect("a host with differences has one");
        let key = &exposure.key;
        let Settings { controller, version, .. } = settings;
        let by = reader_of(self.model, &format!("{controller} {version}"));
        let (code, title) = match first.kind {
            DifferenceKind::Weaker => {
                ("host-unprotected", format!("host `{key}` would not be protected{by}: {first}"))
            }
            DifferenceKind::Unproven => {
                ("host-unprotected", format!("host `{key}` may not be protected{by}: {first}"))
            }
            DifferenceKind::LockedOut => (
                "host-locked-out",
                format!("host `{key}` would not be served{by} as the spec says: {first}"),
            ),
        };
        let place = (self.locate)(&["hosts".into(), Step::from(key)]);
        let mut diagnostic = Diagnostic::error(code, title).at(place).of(Entry::Host(key.clone()));
        diagnostic = diagnostic.witness(&Shown::of(first, settings));
        let mut said: BTreeSet<String> = BTreeSet::new();
        for one in more.iter().take(MOST_SHOWN) {
            diagnostic = diagnostic.witness(&Shown::of(one, settings));
            let words = one.to_string();
            if said.insert(words.clone()) {
                diagnostic = diagnostic.help(format!("besides, {words}"));
            }
        }
        let explanation = self.target.explain(self.model, exposure, self.objects);
        for reason in explanation.reasons {
            diagnostic = diagnostic.help(reason);
        }
        let missing = differences.iter().filter_map(Difference::missing);
        let unknown = missing.filter_map(|missing| match missing {
            Missing::Snippet(object, key) | Missing::Effect(object, key)
                if object.kind == "Ingress" =>
            {
                Some(key.clone())
            }
            _ => None,
        });
        let annotations: BTreeSet<String> =
            explanation.annotations.into_iter().chain(unknown).collect();
        if !explanation.is_of_others {
            diagnostic = diagnostic.help(match exposure.existing_ingress {
                Some(_) => EXISTING.to_owned(),
                None if is_as_made(self.objects) => {
                    advice::not_read(self.settings.controller, &first.witness)
                }
                None => CHANGED.to_owned(),
            });
        }
        if differences.iter().any(|one| matches!(one.witness, Witness::NoService { .. })) {
            diagnostic = diagnostic.help(NO_SERVICE);
        }
        for annotation in annotations {
            diagnostic = self.target.ways_out(diagnostic, &annotation);
        }
        if self.model.controllers.is_empty() {
            diagnostic = diagnostic.help(format!(
                "read as {controller} {version} reads it: the spec names no other reader under `controllers`"
            ));
        }
        diagnostic
    }
}
