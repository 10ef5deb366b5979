//! Ingress classes: which ones are a controller's, and whose an Ingress is.

use std::collections::BTreeMap;

use super::Declared;
use crate::enforcement::Missing;
use crate::manifest::kinds::{Ingress, IngressClass};
use crate::manifest::{Extent, ObjectSet, Seen};

/// Annotation of the class that the API server fills in.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
/// What older Ingresses say their class with.
const ANNOTATION: &str = "kubernetes.io/ingress.class";

/// What is known of Ingress classes.
#[derive(Clone, Debug)]
pub struct Classes {
    /// Those that are shown, and whether each is the controller's own.
    pub shown: BTreeMap<String, bool>,
    /// The one that the API server fills in, if it is shown.
    pub default: Option<String>,
    /// The one that its flags name, unless they are declared to name another one.
    pub of_flags: String,
    /// Those that are declared to be its own; the one of its flags where none is.
    pub said: Vec<String>,
    /// Whether they are declared.
    pub are_said: bool,
    /// Those that are declared to be other controllers'; `None`: all that are not declared to be its own, if some are.
    pub others: Option<Vec<String>>,
    /// Whether there are no others than those that are shown.
    pub are_all_shown: bool,
}

impl Classes {
    /// Those among objects, and those that are declared; `name`: what the controller calls itself in an `IngressClass`;
    /// `default`: the class that is its own by its flags.
    pub(super) fn of(
        objects: &ObjectSet<'_>,
        declared: &Declared,
        name: &str,
        default: &str,
    ) -> Self {
        let (shown, _) = objects.all::<IngressClass>();
        // Where the controller's flag `--controller-class` is another one, the class that is declared has that one's name.
        let may_be_named = |controller: &str| controller.contains("ingress-nginx");
        let is_own = |seen: &Seen<'_, IngressClass>| match seen.object.spec.controller.as_deref() {
            Some(controller) if controller == name => true,
            Some(controller) => {
                declared.classes.contains(&seen.identity.name) && may_be_named(controller)
            }
            None => declared.classes.contains(&seen.identity.name),
        };
        let is_default = |seen: &Seen<'_, IngressClass>| {
            seen.object.metadata.annotations.get(DEFAULT) == Some("true")
        };
        let said = if declared.classes.is_empty() {
            vec![default.to_owned()]
        } else {
            declared.classes.clone()
        };
        Self {
            shown: shown.iter().map(|seen| (seen.identity.name.clone(), is_own(seen))).collect(),
            default: shown
                .iter()
                .find(|seen| is_default(seen))
                .map(|seen| seen.identity.name.clone()),
            of_flags: default.to_owned(),
            said,
            are_said: !declared.classes.is_empty(),
            others: declared.other_classes.clone(),
            are_all_shown: objects.extent() == Extent::Cluster,
        }
    }

    /// Whether no `IngressClass` is the controller's own: all are shown, and none is.
    pub(super) fn none_is_own(&self) -> bool {
        self.are_all_shown && !self.shown.is_empty() && !self.shown.values().any(|is_own| *is_own)
    }

    /// Whether an Ingress may be the controller's, and what of that is not known; `field`: its class by its field, if the
    /// controller looks at that.
    ///
    /// # Errors
    /// It is another controller's, by this class; empty: it has none.
    pub(super) fn owner(
        &self,
        seen: &Seen<'_, Ingress>,
        field: Option<&str>,
    ) -> Result<Option<Missing>, String> {
        let annotation = seen.object.metadata.annotations.get(ANNOTATION);
        let name = field.or(annotation).unwrap_or_default();
        let is_own = match (field, annotation) {
            // Looked up among the IngressClasses with the controller's name.
            (Some(name), _) => self.is_own_by_field(name),
            // Compared with the controller's flag alone, which is the default one or one of those that are declared.
            (None, Some(name)) => {
                let is_said = self.said.iter().any(|own| own == name);
                if name == self.of_flags && !is_said { None } else { Some(is_said) }
            }
            // The API server has filled in the default one, or is going to.
            (None, None) if seen.created.is_some() => Some(false),
            (None, None) => match &self.default {
                Some(name) => self.is_own_by_field(name),
                // Of objects that come from no cluster, the API server would say.
                None => ((self.are_all_shown || self.others.is_none()) && !self.shown.is_empty())
                    .then_some(false),
            },
        };
        match is_own {
            Some(true) => Ok(None),
            Some(false) => Err(name.to_owned()),
            None => Ok(Some(Missing::Class(seen.identity.clone(), name.to_owned()))),
        }
    }

    fn is_own_by_field(&self, name: &str) -> Option<bool> {
        let Self { shown, said, are_said, are_all_shown, others, .. } = self;
        match shown.get(name) {
            Some(is_own) => Some(*is_own),
            None if *are_all_shown && !shown.is_empty() => Some(false),
            None if said.iter().any(|own| own == name) => Some(true),
            None => match others {
                Some(others) => others.iter().any(|other| other == name).then_some(false),
                None => (*are_said || !shown.is_empty()).then_some(false),
            },
        }
    }
}
