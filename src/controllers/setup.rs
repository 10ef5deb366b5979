//! How a controller is set up that runs among the objects: its version and flags, and which of several is asked about.

use std::collections::BTreeMap;

use super::classes::{
    Annotated, BY_NAME, CONTROLLER_CLASS, DEFAULT, Flags, INGRESS_CLASS, Own, TAKES_CLASSLESS,
    default_of,
};
use super::workload::{Container, containers};
use super::{Classes, Controller, Declared, DefaultClass, Origin};
use crate::enforcement::{Given, Missing};
use crate::identity::Identity;
use crate::manifest::ObjectSet;
use crate::manifest::kinds::IngressClass;

/// How a controller is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// The object that runs it.
    pub object: Identity,
    /// Its version.
    pub release: Release,
    /// What it calls itself in an `IngressClass`.
    pub controller: String,
    /// The class that it compares annotations with.
    pub class: String,
    /// Whether an `IngressClass` of that name is its own, for any `controller` of it.
    pub by_name: bool,
    /// Whether Ingresses without a class are its own.
    pub takes_classless: bool,
    /// The `ConfigMap` of its settings.
    pub config_map: Named,
    /// Values of flags that the model follows.
    pub options: BTreeMap<&'static str, String>,
    /// A flag for which nothing about it is known.
    pub missing: Option<Missing>,
    /// Flags of classes whose values the object does not show.
    pub unread: Vec<String>,
    /// Flags that the model does not follow.
    pub beside: Vec<String>,
    /// What its flags show of all that.
    pub shows: Shows,
}

/// What flags show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shows {
    /// All of it.
    #[default]
    Flags,
    /// All of it, and that it reads no Ingress of this kind.
    Off,
    /// Nothing: a file that is not shown has them.
    File,
}

/// A namespace and name that a flag may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Named {
    /// None.
    #[default]
    Nothing,
    /// This namespace and name.
    This(String, String),
    /// That is not known.
    NotKnown,
}

/// The version of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Release {
    /// This one, which the model knows, by this tag of the image.
    Tag(String, String),
    /// This one, which the model knows, as a label says.
    Label(String),
    /// The model does not know it, and why.
    Foreign(String, String),
    /// Neither says one.
    Open,
}

impl Release {
    /// That of a container; `last`: the last version that the model knows.
    pub fn of(container: &Container, controller: &dyn Controller, last: &str) -> Self {
        let read = |text: &str| {
            let number = number(text)?;
            // `1.15` may be the last one.
            if let (Err(_), true) =
                (controller.version(number), last.starts_with(&format!("{number}.")))
            {
                return None;
            }
            let known = controller.version(number);
            let known = known
                .or_else(|problem| controller.version(&format!("{number}.0")).map_err(|_| problem))
                .map(|_| number.to_owned());
            Some(known.map_err(|problem| (number.to_owned(), problem)))
        };
        let by_tag = container.tag.as_deref().and_then(|tag| Some((read(tag)?, tag)));
        match (by_tag, container.label.as_deref().and_then(read)) {
            (Some((Ok(version), tag)), _) => Self::Tag(version, tag.to_owned()),
            (Some((Err((version, problem)), _)), _) | (None, Some(Err((version, problem)))) => {
                Self::Foreign(version, problem)
            }
            (None, Some(Ok(version))) => Self::Label(version),
            (None, None) => Self::Open,
        }
    }
}

/// The number of a version in a tag, such as `1.12.1` in `v1.12.1-hardened1` and in `nginx-1.12.1`.
fn number(tag: &str) -> Option<&str> {
    let mut parts = tag.split(['-', '_', '+']).map(|part| part.strip_prefix('v').unwrap_or(part));
    let is_number = |part: &&str| {
        part.starts_with(|first: char| first.is_ascii_digit())
            && part.split('.').all(|one| !one.is_empty() && one.bytes().all(|b| b.is_ascii_digit()))
    };
    let first = parts.next().filter(is_number);
    first.or_else(|| parts.filter(is_number).find(|part| part.contains('.')))
}

/// The controller that is asked about.
#[derive(Default)]
pub(super) struct Chosen {
    /// How it is set up, if an object runs it.
    pub setup: Option<Setup>,
    /// Why nothing is known of it.
    pub missing: Option<Missing>,
    /// What to report about all that.
    pub given: Vec<Given>,
}

impl Chosen {
    /// The one that is asked about, of all that objects run; `class`: the one that is meant where none is said.
    pub fn of(
        objects: &ObjectSet<'_>,
        declared: &Declared,
        class: &str,
        read: impl Fn(&Container) -> Option<Setup>,
    ) -> Self {
        let (containers, given) = containers(objects);
        let mut all: Vec<Setup> = containers.iter().filter_map(read).collect();
        let mut chosen = Self { given, ..Self::default() };
        if all.is_empty() {
            return chosen;
        }
        let (classes, _) = objects.all::<IngressClass>();
        let serves = |setup: &Setup, class: &str| match classes
            .iter()
            .find(|seen| seen.identity.name == class)
        {
            Some(seen) => {
                seen.object.spec.controller.as_deref() == Some(&setup.controller)
                    || setup.by_name && setup.class == class
            }
            None => setup.class == class,
        };
        let is_asked = |setup: &Setup| match declared.classes.as_slice() {
            [] => serves(setup, class),
            classes => classes.iter().any(|class| serves(setup, class)),
        };
        let mut others = Vec::new();
        if all.len() > 1 || !declared.classes.is_empty() {
            let (asked, rest): (Vec<_>, Vec<_>) = all.iter().cloned().partition(is_asked);
            if !asked.is_empty() || !declared.classes.is_empty() {
                (all, others) = (asked, rest);
            }
        }
        if let Some((namespace, name)) = declared.config_map.as_ref().filter(|_| all.len() > 1) {
            let wanted = Named::This(namespace.clone(), name.clone());
            let (asked, rest): (Vec<_>, Vec<_>) =
                all.iter().cloned().partition(|setup| setup.config_map == wanted);
            if !asked.is_empty() {
                all = asked;
                others.extend(rest);
            }
        }
        if let Some(class) = declared.options.get(CONTROLLER_CLASS).filter(|_| all.len() > 1) {
            let (asked, rest): (Vec<_>, Vec<_>) =
                all.iter().cloned().partition(|setup| setup.controller == *class);
            if !asked.is_empty() {
                all = asked;
                others.extend(rest);
            }
        }
        chosen.given.extend(others.into_iter().map(|other| Given::OtherWorkload(other.object)));
        let Some(first) = all.first() else { return chosen };
        if all.iter().any(|one| !one.is_like(first)) {
            let objects = all.into_iter().map(|one| one.object).collect();
            chosen.missing = Some(Missing::Workloads(objects));
            return chosen;
        }
        chosen.missing.clone_from(&first.missing);
        chosen.setup = Some(all.swap_remove(0));
        chosen.say();
        chosen
    }

    /// Says what is read of which object.
    fn say(&mut self) {
        let Some(setup) = &self.setup else { return };
        let Setup { object, release, beside, shows, .. } = setup;
        let version = match release {
            Release::Tag(version, tag) => Some((version.clone(), tag.clone())),
            Release::Label(_) | Release::Foreign(..) | Release::Open => None,
        };
        let has_file = *shows == Shows::File;
        self.given.push(Given::Workload { object: object.clone(), version, has_file });
        if let Release::Label(version) = release {
            self.given.push(Given::LabelledVersion(object.clone(), version.clone()));
        }
        if *shows == Shows::Off {
            self.given.push(Given::ProviderOff(object.clone()));
        }
        let beside = beside.iter().map(|flag| Given::NotFollowed(object.clone(), flag.clone()));
        self.given.extend(beside);
    }

    /// The version, and where it comes from; `last`: the one that is taken where none is said.
    pub fn version(&mut self, declared: Option<&String>, last: &str) -> (String, Origin) {
        let read = self.setup.as_ref().and_then(|setup| {
            let (version, problem) = match &setup.release {
                Release::Tag(version, _) | Release::Label(version) => (version, None),
                Release::Foreign(version, problem) => (version, Some(problem)),
                Release::Open => return None,
            };
            Some((setup.object.clone(), version.clone(), problem.cloned()))
        });
        match (declared, read) {
            (Some(declared), read) => {
                if let Some((object, version, _)) = read.filter(|(_, own, _)| own != declared) {
                    self.contradict(&object, "version", &version, declared);
                }
                (declared.clone(), Origin::Declared)
            }
            (None, Some((object, version, problem))) => {
                if let Some(problem) = problem {
                    self.missing = Some(Missing::Version(object, version.clone(), problem));
                }
                (version, Origin::Read)
            }
            (None, None) => (last.to_owned(), Origin::Default),
        }
    }

    /// Says that something else is declared than what an object has: that counts.
    pub fn contradict(&mut self, object: &Identity, what: &str, read: &str, declared: &str) {
        self.given.push(Given::Contradiction {
            object: object.clone(),
            what: what.to_owned(),
            read: read.to_owned(),
            declared: declared.to_owned(),
        });
    }

    /// What is known of classes: what is declared, what the flags say, and the controller's defaults.
    pub fn classes(&mut self, objects: &ObjectSet<'_>, declared: &Declared, own: &Own) -> Classes {
        for (flag, option) in own.flags {
            self.compare(declared, flag, option);
        }
        if let (Some(said), Some(read)) = (&declared.default_class, default_of(objects))
            && *said != DefaultClass::Named(read.name.clone())
        {
            let said = match said {
                DefaultClass::Absent => "false",
                DefaultClass::Named(name) => name,
            };
            self.contradict(read, &format!("annotation `{DEFAULT}`"), "true", said);
        }
        let read = self.setup.as_ref().filter(|setup| setup.shows != Shows::File);
        let option = |name: &str| declared.options.get(name).cloned();
        let is_on = |name: &str| option(name).map(|value| value == "true");
        let class = match (option(INGRESS_CLASS), read) {
            (Some(class), _) => Annotated::Declared(class),
            (None, Some(setup)) => Annotated::Read(setup.class.clone()),
            (None, None) => Annotated::Default(own.class.to_owned()),
        };
        let controller = option(CONTROLLER_CLASS).or_else(|| Some(read?.controller.clone()));
        let flags = Flags {
            controller: controller.unwrap_or_else(|| own.controller.to_owned()),
            class,
            by_name: is_on(BY_NAME).or_else(|| Some(read?.by_name)).unwrap_or(false),
            takes_classless: is_on(TAKES_CLASSLESS).or_else(|| Some(read?.takes_classless)),
        };
        Classes::of(objects, declared, flags, own)
    }

    /// Says where an object has another value of a flag of classes than is declared, and where neither says one.
    fn compare(&mut self, declared: &Declared, flag: &str, option: &str) {
        let Some(setup) = self.setup.as_ref().filter(|setup| setup.shows != Shows::File) else {
            return;
        };
        let object = setup.object.clone();
        let is_unread = setup.unread.iter().any(|own| own == flag);
        let read = match option {
            CONTROLLER_CLASS => setup.controller.clone(),
            INGRESS_CLASS => setup.class.clone(),
            BY_NAME => setup.by_name.to_string(),
            _ => setup.takes_classless.to_string(),
        };
        match declared.options.get(option) {
            Some(said) if !is_unread && *said != read => {
                self.contradict(&object, &format!("`{flag}`"), &read, said);
            }
            None if is_unread => {
                self.missing.get_or_insert(Missing::Effect(object, flag.to_owned()));
            }
            _ => {}
        }
    }

    /// The value of a flag, if it is read.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.setup.as_ref()?.options.get(name).map(String::as_str)
    }
}

impl Setup {
    /// One with the controller's defaults.
    pub fn new(container: &Container, release: Release, own: &Own) -> Self {
        Self {
            object: container.object.clone(),
            release,
            controller: own.controller.to_owned(),
            class: own.class.to_owned(),
            by_name: false,
            takes_classless: false,
            config_map: Named::Nothing,
            options: BTreeMap::new(),
            missing: None,
            unread: Vec::new(),
            beside: Vec::new(),
            shows: Shows::Flags,
        }
    }

    /// Whether it is set up like another one, and nothing of that is unknown.
    fn is_like(&self, other: &Self) -> bool {
        let is_same =
            self.object == other.object || self.missing.is_none() && self.unread.is_empty();
        is_same && *self == Self { object: self.object.clone(), ..other.clone() }
    }

    /// Says that nothing is known of it, because of that flag.
    pub fn forget(&mut self, flag: &str) {
        let missing = || Missing::Effect(self.object.clone(), flag.to_owned());
        self.missing.get_or_insert_with(missing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_version_is_in_its_tag() {
        for (tag, expected) in [
            ("v1.12.1", Some("1.12.1")),
            ("1.12", Some("1.12")),
            ("v3", Some("3")),
            ("v1.12.1-hardened1", Some("1.12.1")),
            ("nginx-1.9.6-hardened3", Some("1.9.6")),
            ("controller-v1.13.0", Some("1.13.0")),
            ("1.14.0-debian-12-r3", Some("1.14.0")),
            ("latest", None),
            ("main-20260101", None),
            ("1.x", None),
            ("", None),
            ("v", None),
            ("1..2", None),
        ] {
            assert_eq!(number(tag), expected, "{tag}");
        }
    }
}
