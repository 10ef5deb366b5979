//! Ingress controllers: what each makes of objects and settings, one folder a controller.

pub mod classes;
pub mod envoy_gateway;
pub mod ingress_nginx;
mod options;
mod orders;
mod selector;
mod setup;
pub mod traefik;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use crate::enforcement::{Given, Missing, Observed};
use crate::identity::Identity;
use crate::manifest::kinds::Ingress;
use crate::manifest::{Extent, ObjectSet};
use crate::time::Timestamp;

pub use classes::{Classes, DefaultClass};
use options::declared_options;
pub use options::{CLASS_OPTIONS, DeclaredOption, Takes, checked};

/// All controllers, the default first.
pub static CONTROLLERS: &[&dyn Controller] =
    &[&ingress_nginx::IngressNginx, &traefik::Traefik, &envoy_gateway::EnvoyGateway];

/// What names of options begin with that are flags of the program.
const FLAG: &str = "--";

/// A program that reads objects and serves requests.
pub trait Controller: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// A version by its written name, as the model has it.
    ///
    /// # Errors
    /// The model does not know that version: which ones it knows.
    fn version(&self, text: &str) -> Result<String, String>;

    /// Options that can be declared, beside version and classes.
    fn options(&self) -> &'static [DeclaredOption];

    /// Its settings, as far as they are declared or among the objects; its defaults where they are not.
    fn settings(&self, objects: &ObjectSet<'_>, declared: &Declared) -> Settings;

    /// Settings that it may have where these are not known or not followed: all that is known of each.
    fn possible(
        &self,
        objects: &ObjectSet<'_>,
        declared: &Declared,
        settings: &Settings,
    ) -> Vec<Settings> {
        let none = self.settings(&ObjectSet::empty(objects), declared);
        vec![settings.clone().with_options_of(none)]
    }

    /// Common settings that admit more than these, where no object shows the real ones; none: there are no such settings.
    fn laxer(&self, _: &Settings) -> Option<Settings> {
        None
    }

    /// What it does with a protected host while a second Ingress of it, without annotations, answers a challenge
    /// (RFC 8555, section 8.3); none: the host stays protected.
    fn at_challenges(&self, _: &Declared) -> Option<&'static str> {
        None
    }

    /// Why its header `ssl-client-verify` does not say which certificates are valid, where any certificate passes; none: it
    /// does.
    fn misjudges_unverified(&self) -> Option<&'static str> {
        None
    }

    /// Names of its own parts that an Ingress has, each with what it is a part of: Ingresses of different hosts meet where one
    /// name is of two things.
    fn names_of_parts(&self, _: &Identity, _: &Ingress) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What it makes of objects.
    fn observe(&self, objects: &ObjectSet<'_>, settings: &Settings) -> Observed;
}

/// What the spec or the command line declares of a controller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Its version.
    pub version: Option<String>,
    /// Ingress classes that are its own, beside those that the objects give to it.
    pub classes: Vec<String>,
    /// Ingress classes that are other controllers'; `None`: all that are not named, if some are.
    pub other_classes: Option<Vec<String>>,
    /// The class that the API server gives to Ingresses without one.
    pub default_class: Option<DefaultClass>,
    /// Namespace and name of the `ConfigMap` that has its settings.
    pub config_map: Option<(String, String)>,
    /// Values of [`Controller::options`], by name.
    pub options: BTreeMap<String, String>,
    /// Annotations that it accepts, with any settings.
    pub accepted: Accepted,
}

/// Annotations that a controller accepts, with any settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// On any Ingress.
    pub anywhere: BTreeSet<String>,
    /// On Ingresses with a rule for a host, by the host in lower case.
    pub by_host: BTreeMap<String, BTreeSet<String>>,
}

impl Accepted {
    /// Whether it takes an annotation of an Ingress, by the whole name.
    #[must_use]
    pub fn has(&self, ingress: &Ingress, annotation: &str) -> bool {
        let is_of_host = |host: &str| {
            let all = self.by_host.get(&host.to_lowercase());
            all.is_some_and(|all| all.contains(annotation))
        };
        self.anywhere.contains(annotation)
            || ingress.spec.rules.iter().filter_map(|rule| rule.host.as_deref()).any(is_of_host)
    }
}

/// A controller that reads the objects, as the spec names it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Name of the controller.
    pub name: String,
    /// What is declared of it.
    pub declared: Declared,
}

/// A controller's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the controller.
    pub controller: &'static str,
    /// Its version.
    pub version: String,
    /// The origin of the version.
    pub version_origin: Origin,
    /// Values by option, of the options that the model knows.
    pub options: BTreeMap<&'static str, (String, Origin)>,
    /// Annotations that it accepts, with any options.
    pub accepted: Accepted,
    /// Ingress classes.
    pub classes: Classes,
    /// Why nothing is known of what it serves: which object has its options, or which one runs it, is not known, or that one
    /// has what the model does not know.
    pub missing: Option<Missing>,
    /// The object that the options were read from.
    pub read_from: Option<Identity>,
    /// The object that runs it, from which version and flags were read.
    pub run_by: Option<Identity>,
    /// What to report about the origin of all that.
    pub given: Vec<Given>,
    /// When it reads the objects, where it looks at dates then; `None`: everything is valid.
    pub at: Option<Timestamp>,
}

/// The origin of a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It is the controller's default.
    #[default]
    Default,
    /// The spec or the command line declares it.
    Declared,
    /// An object has it.
    Read,
    /// An object that is not shown may have it.
    Assumed,
}

impl Settings {
    /// The value of an option; empty where the model does not know the option.
    #[must_use]
    pub fn get(&self, option: &str) -> &str {
        self.options.get(option).map_or("", |(value, _)| value)
    }

    /// The same without what objects say of options, but for flags: those are as in other settings.
    #[must_use]
    pub fn with_options_of(self, other: Self) -> Self {
        let flags = self.options.into_iter().filter(|(name, _)| name.starts_with(FLAG));
        let options = other.options.into_iter().chain(flags).collect();
        Self { options, read_from: None, missing: None, ..self }
    }

    /// What is taken for granted.
    fn given(&self, objects: &ObjectSet<'_>) -> Vec<Given> {
        let mut given = Vec::new();
        if self.version_origin == Origin::Default {
            given.push(Given::Version(self.version.clone()));
        }
        given.extend(self.given.iter().cloned());
        let classes = &self.classes;
        if classes.shown.is_empty() && !classes.are_said {
            given.extend(classes.said.iter().cloned().map(Given::Class));
        }
        if self.run_by.is_none() {
            given.push(Given::DefaultFlags);
        }
        if objects.extent() != Extent::Cluster {
            given.push(Given::NoOtherObjects);
        }
        given
    }
}

/// The controller of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Controller> {
    CONTROLLERS.iter().copied().find(|controller| controller.name() == name)
}
