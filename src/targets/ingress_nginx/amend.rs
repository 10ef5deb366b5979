//! Ingresses that exist already: which of them are those of hosts, and what they lack.

mod ingress;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::ingress::Judged;
use crate::diagnostic::Diagnostic;
use crate::model::{Exposure, Model};
use crate::specification::document::Locate;
use crate::specification::selector::Selector;
use crate::targets::existing::Item;
use crate::targets::{Amendment, Arrangement, Edit, Existing};

/// What the Ingresses of the model's hosts that exist already lack.
pub(super) fn amend(
    model: &Model,
    arrangement: &Arrangement<'_>,
    existing: &Existing<'_>,
    locate: Locate<'_>,
) -> Amendment {
    let services = model.services.values().filter(|service| !service.rendered);
    let services =
        services.map(|service| (service.namespace.as_str(), service.name.as_str())).collect();
    let scene = Scene { existing, services, arrangement, locate };
    let mut amendment = Amendment::default();
    for (at, exposures) in scene.ingresses(model, &mut amendment.found) {
        let item = &existing.items[at];
        let Some(identity) = item.identities.first() else { continue };
        let judged = Judged { scene: &scene, value: item.value, identity, exposures };
        let annotations = judged.annotations(&mut amendment.found);
        amendment.edits.push(Edit { at, annotations, tls: judged.tls() });
    }
    amendment
}

/// The existing objects, and what the spec asks of them.
struct Scene<'a> {
    existing: &'a Existing<'a>,
    /// Services that exist, as the spec says, by namespace and name.
    services: BTreeSet<(&'a str, &'a str)>,
    arrangement: &'a Arrangement<'a>,
    locate: Locate<'a>,
}

impl Scene<'_> {
    /// Positions of the Ingresses that exist already, with the hosts that they are to protect.
    fn ingresses<'m>(
        &self,
        model: &'m Model,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<usize, Vec<&'m Exposure>> {
        let by_host = self.by_host();
        let mut ingresses: BTreeMap<usize, Vec<&Exposure>> = BTreeMap::new();
        for exposure in &model.exposures {
            let Some(target) = &exposure.existing_ingress else { continue };
            let Ok(selector) = Selector::of_target(target) else { continue };
            let serving = by_host.get(exposure.host.as_str()).into_iter().flatten().copied();
            let is_own = |at: &usize| {
                let item = &self.existing.items[*at];
                is_in(exposure, item) && is_selected(&selector, item)
            };
            let selected: Vec<usize> = serving.filter(is_own).collect();
            if selected.is_empty() {
                found.extend(self.without_ingress(exposure, &selector));
            }
            for at in selected {
                ingresses.entry(at).or_default().push(exposure);
            }
        }
        ingresses
    }

    /// Positions of the Ingresses that have a rule for a host, by host.
    fn by_host(&self) -> BTreeMap<&str, BTreeSet<usize>> {
        let mut by_host: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let items = self.existing.items.iter().map(|item| item.value).enumerate();
        for (at, value) in items.filter(|(_, value)| value["kind"] == "Ingress") {
            for (_, host, _) in ingress::rules(value) {
                by_host.entry(host).or_default().insert(at);
            }
        }
        by_host
    }

    /// Why no Ingress that is selected, lies in the host's namespace and has a rule for it.
    fn without_ingress(&self, exposure: &Exposure, selector: &Selector) -> Vec<Diagnostic> {
        let items = self.existing.items.iter();
        let selected: Vec<&Item<'_>> = items.filter(|item| is_selected(selector, item)).collect();
        let here: Vec<&Item<'_>> =
            selected.iter().copied().filter(|item| is_in(exposure, item)).collect();
        if !here.is_empty() {
            return here.iter().filter_map(|item| self.without_rule(exposure, item)).collect();
        }
        let place = (self.locate)(&[
            "hosts".into(),
            exposure.key.as_str().into(),
            "existingIngress".into(),
        ]);
        let elsewhere = selected.iter().find_map(|item| item.identities.first());
        let diagnostic = match elsewhere {
            Some(other) => ingress::elsewhere(exposure, other),
            None => self.missing(exposure, selector),
        };
        vec![diagnostic.at(place)]
    }

    fn without_rule(&self, exposure: &Exposure, item: &Item<'_>) -> Option<Diagnostic> {
        let identity = item.identities.first()?;
        let title = format!("{identity} has no rule for `{}`", exposure.host);
        let place = (self.locate)(&["hosts".into(), exposure.key.as_str().into()]);
        let diagnostic = Diagnostic::error("rule-missing", title)
            .at(place)
            .help("add the rule to the Ingress, or correct the host's name in the spec");
        Some(diagnostic.about(identity).field("spec.rules", Value::Null, Value::Null))
    }

    /// No Ingress is selected.
    fn missing(&self, exposure: &Exposure, selector: &Selector) -> Diagnostic {
        let identities = self.existing.items.iter().filter_map(|item| item.identities.first());
        let there = identities.filter(|identity| identity.kind == "Ingress");
        let there: Vec<String> = there.map(ToString::to_string).collect();
        let help = match there.as_slice() {
            [] => "there is no Ingress at all: name the spec under `transformers` of the kustomization that has it; of a chart, switch it on in the values".to_owned(),
            all => format!("there is {}", all.join(", ")),
        };
        let title = format!(
            "no Ingress among the objects is the one of host `{}`: {selector}",
            exposure.key
        );
        Diagnostic::error("ingress-missing", title).help(help)
    }
}

fn is_selected(selector: &Selector, item: &Item<'_>) -> bool {
    item.identities.iter().any(|identity| selector.selects(identity, item.value))
}

fn is_in(exposure: &Exposure, item: &Item<'_>) -> bool {
    let namespace = item.identities.first().and_then(|identity| identity.namespace.as_deref());
    namespace == Some(exposure.namespace.as_str())
}
