//! Ingress classes: which ones are a controller's, and whose an Ingress is.

use std::collections::BTreeMap;

use super::Declared;
use crate::enforcement::Missing;
use crate::identity::Identity;
use crate::manifest::kinds::{Ingress, IngressClass};
use crate::manifest::{Extent, ObjectSet, Seen};

/// Annotation of the class that the API server fills in.
pub(super) const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
/// What older Ingresses say their class with.
const ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The option that declares `--controller-class`.
pub const CONTROLLER_CLASS: &str = "controllerClass";
/// The option that declares `--ingress-class`.
pub const INGRESS_CLASS: &str = "ingressClass";
/// The option that declares `--watch-ingress-without-class`.
pub const TAKES_CLASSLESS: &str = "watchIngressWithoutClass";
/// The option that declares `--ingress-class-by-name`.
pub const BY_NAME: &str = "ingressClassByName";

/// The class that the API server gives to an Ingress without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultClass {
    /// None: there is no default class.
    Absent,
    /// That of this name.
    Named(String),
}

/// What is known of Ingress classes.
#[derive(Clone, Debug)]
pub struct Classes {
    /// What the controller calls itself in an `IngressClass`.
    pub controller: String,
    /// Those that are shown, and whether each is the controller's own; `None`: chance decides.
    pub shown: BTreeMap<String, Option<bool>>,
    /// The one that the API server fills in, if it is shown or declared.
    pub default: Option<DefaultClass>,
    /// Those that are declared to be its own; the controller's default where none is.
    pub said: Vec<String>,
    /// Whether they are declared.
    pub are_said: bool,
    /// Those that are declared to be other controllers'; `None`: all that are not declared to be its own, if some are.
    pub others: Option<Vec<String>>,
    /// Whether there are no others than those that are shown.
    pub are_all_shown: bool,
    /// What is known of the one that annotations are compared with.
    pub annotated: Annotated,
    /// Whether Ingresses without a class are the controller's own; `None`: no object and no declaration says it.
    pub takes_classless: Option<bool>,
}

/// The class that annotations are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Annotated {
    /// The default one, unless a flag that is not shown names another.
    Default(String),
    /// A flag that an object has.
    Read(String),
    /// That it is declared.
    Declared(String),
}

/// The controller's own flags of classes.
#[derive(Debug)]
pub(super) struct Own {
    /// What it calls itself in an `IngressClass` by default.
    pub controller: &'static str,
    /// The class that it compares annotations with by default.
    pub class: &'static str,
    /// Names of its flags, each with the name of the option.
    pub flags: [(&'static str, &'static str); 4],
    /// Whether it looks at no further `IngressClass` behind the one that it takes by name, in an order of chance.
    pub stops_at_name: bool,
}

/// What a controller's flags say of classes, read or declared.
pub(super) struct Flags {
    /// What it calls itself in an `IngressClass`.
    pub controller: String,
    /// The class that it compares annotations with.
    pub class: Annotated,
    /// Whether that class is its own, for any `controller` of its `IngressClass`.
    pub by_name: bool,
    /// Whether Ingresses without a class are its own; `None`: that is not said.
    pub takes_classless: Option<bool>,
}

impl Annotated {
    /// Its name.
    pub fn name(&self) -> &str {
        let (Self::Default(name) | Self::Read(name) | Self::Declared(name)) = self;
        name
    }
}

impl Classes {
    /// Those among objects, and those that are declared.
    pub(super) fn of(
        objects: &ObjectSet<'_>,
        declared: &Declared,
        flags: Flags,
        own: &Own,
    ) -> Self {
        let Flags { controller, class, by_name, takes_classless } = flags;
        let (shown, _) = objects.all::<IngressClass>();
        let are_all_shown = objects.extent() == Extent::Cluster;
        let is_named =
            |seen: &Seen<'_, IngressClass>| by_name && seen.identity.name == class.name();
        let may_stop =
            own.stops_at_name && by_name && (!are_all_shown || shown.iter().any(is_named));
        let is_own = |seen: &Seen<'_, IngressClass>| match seen.object.spec.controller.as_deref() {
            _ if is_named(seen) => Some(true),
            Some(other) if other == controller => (!may_stop).then_some(true),
            Some(_) => Some(false),
            None => Some(declared.classes.contains(&seen.identity.name)),
        };
        let said = if declared.classes.is_empty() {
            vec![class.name().to_owned()]
        } else {
            declared.classes.clone()
        };
        let default = || Some(DefaultClass::Named(default_of(objects)?.name.clone()));
        Self {
            shown: shown.iter().map(|seen| (seen.identity.name.clone(), is_own(seen))).collect(),
            controller,
            default: declared.default_class.clone().or_else(default),
            said,
            are_said: !declared.classes.is_empty(),
            others: declared.other_classes.clone(),
            are_all_shown,
            annotated: class,
            takes_classless,
        }
    }

    /// Whether one of these classes may be the controller's own, as far as their `IngressClass`es show.
    #[must_use]
    pub fn may_be_own(&self, names: &[String]) -> bool {
        self.none_is_own() || names.iter().any(|name| self.shown.get(name) != Some(&Some(false)))
    }

    /// Whether no `IngressClass` is the controller's own: all are shown, and none is.
    pub(super) fn none_is_own(&self) -> bool {
        self.are_all_shown
            && !self.shown.is_empty()
            && self.shown.values().all(|is_own| *is_own == Some(false))
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
        let Self { default, said, annotated, .. } = self;
        let annotation = seen.object.metadata.annotations.get(ANNOTATION);
        let filled_in = match default {
            Some(DefaultClass::Named(name)) if seen.created.is_none() => Some(name.as_str()),
            _ => None,
        };
        let name = field.or(annotation).or(filled_in).unwrap_or_default();
        let is_own = match (field, annotation) {
            (Some(name), _) => self.is_own_by_field(name),
            // Compared with the controller's flag alone: the default one, or one of those that are declared.
            (None, Some(own)) => match annotated {
                Annotated::Declared(class) => Some(class == own),
                _ if said.iter().any(|said| said == own) => Some(true),
                Annotated::Read(class) => Some(class == own),
                Annotated::Default(class) => (class != own).then_some(false),
            },
            // The API server has filled in the default one, or is going to.
            (None, None) if seen.created.is_some() => Some(self.takes_classless == Some(true)),
            (None, None) => self.is_own_without_class(),
        };
        match is_own {
            Some(true) => Ok(None),
            Some(false) => Err(name.to_owned()),
            None if self.shown.contains_key(name) => {
                Ok(Some(Missing::ClassByChance(seen.identity.clone(), name.to_owned())))
            }
            None => Ok(Some(Missing::Class(seen.identity.clone(), name.to_owned()))),
        }
    }

    /// For one that was not read from a cluster and has no class.
    fn is_own_without_class(&self) -> Option<bool> {
        let Self { shown, default, others, are_all_shown, takes_classless, .. } = self;
        match (default, takes_classless) {
            (Some(DefaultClass::Named(name)), _) => self.is_own_by_field(name),
            (Some(DefaultClass::Absent), takes_classless) => *takes_classless,
            (None, Some(true)) => (*are_all_shown && !shown.is_empty()).then_some(true),
            // The API server would set a class on objects that were not read from a cluster.
            (None, _) => {
                ((*are_all_shown || others.is_none()) && !shown.is_empty()).then_some(false)
            }
        }
    }

    /// Looked up among the `IngressClass`es with the controller's name.
    fn is_own_by_field(&self, name: &str) -> Option<bool> {
        let Self { shown, said, are_said, are_all_shown, others, .. } = self;
        match shown.get(name) {
            Some(is_own) => *is_own,
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

/// The `IngressClass` that says that it is the default one.
pub(super) fn default_of<'a>(objects: &'a ObjectSet<'_>) -> Option<&'a Identity> {
    let is_default = |seen: &Seen<'_, IngressClass>| {
        seen.object.metadata.annotations.get(DEFAULT) == Some("true")
    };
    objects.all::<IngressClass>().0.into_iter().find(is_default).map(|seen| seen.identity)
}
