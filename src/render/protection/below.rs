//! Hosts of others below a protected wildcard of the spec: what they ask of clients is their own.

use std::collections::{BTreeMap, BTreeSet};

use super::reader_of;
use crate::controllers::Settings;
use crate::diagnostic::Diagnostic;
use crate::enforcement::Difference;
use crate::model::Model;
use crate::specification::document::{Locate, Step};

const REMEDY: &str = "what serves that name takes nothing from the wildcard: add it to the spec with `clientAuth` (and `existingIngress` where its Ingress is another's), or with `clientAuth = false` if it is to stay open";

/// What was found, by name: the key of the wildcard, what differs first, and the readers that show it.
#[derive(Default)]
pub(super) struct Below(BTreeMap<String, (String, String, BTreeSet<String>)>);

impl Below {
    /// Adds what the model of a reader shows.
    pub(super) fn add(&mut self, name: String, difference: &Difference, settings: &Settings) {
        let new = || (difference.key.clone(), difference.to_string(), BTreeSet::new());
        let (_, _, readers) = self.0.entry(name).or_insert_with(new);
        readers.insert(format!("{} {}", settings.controller, settings.version));
    }

    /// A warning for each name.
    pub(super) fn warnings(self, model: &Model, locate: Locate<'_>) -> Vec<Diagnostic> {
        let one = |(name, (key, words, readers)): (String, (String, String, BTreeSet<String>))| {
            let readers: Vec<String> = readers.into_iter().collect();
            let by = reader_of(model, &readers.join(" and "));
            let title = format!(
                "`{name}` is below the protected host `{key}` and is not in the spec: what is served under that name itself does not require what the host requires{by}: {words}"
            );
            let place = locate(&["hosts".into(), Step::from(&key)]);
            Diagnostic::warning("wildcard-not-inherited", title).at(place).help(REMEDY)
        };
        self.0.into_iter().map(one).collect()
    }
}
