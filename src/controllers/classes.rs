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
    /// Those that are declared to be its own; the controller's default where none is.
    pub said: Vec<String>,
    /// Whether they are declared.
    pub are_said: bool,
    /// Those that are declared to be other controllers'; `None`: all that are not declared to be its own, if some are.
    pub others: Option<Vec<String>>,
    /// Whether there are no others than those that are shown.
    pub are_all_shown: bool,
    /// The one that annotations are compared with, by the controller's flags, and whether these are read.
    pub annotated: (String, bool),
    /// Whether Ingresses without a class are the controller's own.
    pub takes_classless: bool,
}

/// What a controller's flags say of classes.
pub(super) struct Flags<'a> {
    /// What it calls itself in an `IngressClass`.
    pub controller: &'a str,
    /// The class that it compares annotations with.
    pub class: &'a str,
    /// Whether that class is its own, whatever its `IngressClass` says.
    pub by_name: bool,
    /// Whether Ingresses without a class are its own.
    pub takes_classless: bool,
    /// Whether that is read, and not the default.
    pub are_read: bool,
}

impl<'a> Flags<'a> {
    /// Those of a controller that no object runs.
    pub fn of_defaults(controller: &'a str, class: &'a str) -> Self {
        Self { controller, class, by_name: false, takes_classless: false, are_read: false }
    }
}

impl Classes {
    /// Those among objects, and those that are declared.
    pub(super) fn of(objects: &ObjectSet<'_>, declared: &Declared, flags: &Flags<'_>) -> Self {
        let Flags { controller, class, by_name, takes_classless, are_read } = *flags;
        let (shown, _) = objects.all::<IngressClass>();
        // Where the controller's flag `--controller-class` is another one, the class that is declared has that one's name.
        let may_be_named = |controller: &str| !are_read && controller.contains("ingress-nginx");
        let is_own = |seen: &Seen<'_, IngressClass>| {
            let is_declared = declared.classes.contains(&seen.identity.name);
            match seen.object.spec.controller.as_deref() {
                _ if by_name && seen.identity.name == class => true,
                Some(other) => other == controller || is_declared && may_be_named(other),
                None => is_declared,
            }
        };
        let is_default = |seen: &Seen<'_, IngressClass>| {
            seen.object.metadata.annotations.get(DEFAULT) == Some("true")
        };
        let said = if declared.classes.is_empty() {
            vec![class.to_owned()]
        } else {
            declared.classes.clone()
        };
        Self {
            shown: shown.iter().map(|seen| (seen.identity.name.clone(), is_own(seen))).collect(),
            default: shown
                .iter()
                .find(|seen| is_default(seen))
                .map(|seen| seen.identity.name.clone()),
            said,
            are_said: !declared.classes.is_empty(),
            others: declared.other_classes.clone(),
            are_all_shown: objects.extent() == Extent::Cluster,
            annotated: (class.to_owned(), are_read),
            takes_classless,
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
        let Self {
            shown, default, said, others, are_all_shown, annotated, takes_classless, ..
        } = self;
        let annotation = seen.object.metadata.annotations.get(ANNOTATION);
        let name = field.or(annotation).unwrap_or_default();
        let is_own = match (field, annotation) {
            (Some(name), _) => self.is_own_by_field(name),
            // Compared with the controller's flag alone: the default one, or one of those that are declared.
            (None, Some(own)) => match annotated {
                _ if said.iter().any(|said| said == own) => Some(true),
                (of_flags, true) => Some(of_flags == own),
                (of_flags, false) => (of_flags != own).then_some(false),
            },
            // The API server has filled in the default one, or is going to.
            (None, None) if seen.created.is_some() => Some(*takes_classless),
            (None, None) => match default {
                Some(name) => self.is_own_by_field(name),
                None if *takes_classless => (*are_all_shown && !shown.is_empty()).then_some(true),
                // Of objects that come from no cluster, the API server would say.
                None => {
                    ((*are_all_shown || others.is_none()) && !shown.is_empty()).then_some(false)
                }
            },
        };
        match is_own {
            Some(true) => Ok(None),
            Some(false) => Err(name.to_owned()),
            None => Ok(Some(Missing::Class(seen.identity.clone(), name.to_owned()))),
        }
    }

    /// Looked up among the `IngressClass`es with the controller's name.
    fn is_own_by_field(&self, name: &str) -> Option<bool> {
        let Self { shown, said, are_said, are_all_shown, others, .. } = self;
        match shown.get(name) {
            Some(is_own) => Some(*is_own),
            None if *are_all_shown && !shown.is_empty() => Some(false),
            None if said.iter().any(|own| own == name) => Some(true),
            // One that is not shown may have the controller's name.
            None => match others {
                Some(others) => others.iter().any(|other| other == name).then_some(false),
                None => (*are_said || !shown.is_empty()).then_some(false),
            },
        }
    }
}
