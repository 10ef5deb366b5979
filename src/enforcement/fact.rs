//! What is known of a controller, and why something is not.

use std::fmt;

use crate::identity::Identity;

/// Something about a controller, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// It is this.
    Known(T),
    /// It is one of these; which one depends on something that objects and settings do not show.
    OneOf(Cause, Vec<T>),
    /// It is not known.
    Unknown(Missing),
}

/// What decides between several possibilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Which of several objects is older.
    Age,
    /// The controller's version.
    Version,
    /// The order in which the controller reads objects.
    LoadOrder,
    /// Whether the controller has reloaded since something changed.
    Reload,
    /// Which requests a canary takes.
    Share,
    /// Which paths a regular expression matches.
    Paths,
    /// Chance: it may change each time the controller reads its configuration.
    Chance,
}

/// What would have to be known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// An object that is not shown.
    NotShown(Identity),
    /// The content of an object that is there.
    Hidden(Identity),
    /// What a snippet of the controller's own language does: the object that has it, and the key.
    Snippet(Identity, String),
    /// What a regular expression matches.
    Expression(String),
    /// What is served at all: the controller takes no configuration, or ends, for what this host has.
    Broken(String, &'static str),
    /// Which of many Ingresses of a host is the oldest.
    Order(String),
    /// Which namespace an object goes to: it says none.
    Namespace(Identity),
    /// Which of several objects has the controller's settings.
    Settings,
    /// Which of these objects runs the controller that is asked about.
    Workloads(Vec<Identity>),
    /// What a version does that the model does not know: the object that runs it, the version, and what the model knows.
    Version(Identity, String, String),
    /// Whether the Ingress is this controller's, by its class; empty: it has none.
    Class(Identity, String),
    /// Whether the Gateway is this controller's, by its class.
    GatewayClass(Identity, String),
    /// Whether the controller takes the `IngressClass` of the Ingress before it stops at the one that it takes by name.
    ClassByChance(Identity, String),
    /// What an annotation or setting does that the model does not follow: the object that has it, and the key.
    Effect(Identity, String),
}

impl<T> Fact<T> {
    /// What it is, if that is known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::OneOf(..) | Self::Unknown(_) => None,
        }
    }
}

impl<T: PartialEq> Fact<T> {
    /// One fact of several possibilities, which depend on that cause; where all are equal, that one.
    #[must_use]
    pub fn merged(cause: Cause, mut all: Vec<Self>) -> Self {
        all.dedup();
        if all.len() == 1 {
            return all.remove(0);
        }
        let mut values = Vec::new();
        for fact in all {
            match fact {
                Self::Known(value) if values.contains(&value) => {}
                Self::Known(value) => values.push(value),
                Self::OneOf(_, more) => values.extend(more),
                Self::Unknown(missing) => return Self::Unknown(missing),
            }
        }
        match <[T; 1]>::try_from(values) {
            Ok([only]) => Self::Known(only),
            Err(values) => Self::OneOf(cause, values),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Age => "which object is older",
            Self::Version => "the controller's version",
            Self::LoadOrder => "which object the controller reads last",
            Self::Reload => "whether the controller has reloaded",
            Self::Share => "which requests the canary takes",
            Self::Paths => "which expression matches the path",
            Self::Chance => "chance, each time the controller reads its configuration",
        })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotShown(object) => write!(f, "the {object} is not among the objects"),
            Self::Hidden(object) => write!(f, "the content of the {object} is not readable"),
            Self::Snippet(object, key) => write!(f, "the {object} has `{key}`"),
            Self::Expression(text) => {
                write!(f, "what the expression `{}` matches is not known", text.escape_debug())
            }
            Self::Broken(host, why) => {
                write!(
                    f,
                    "the controller takes no configuration for any host: {why} (host `{}`)",
                    host.escape_debug()
                )
            }
            Self::Order(host) => {
                write!(f, "which of the many Ingresses of `{}` is the oldest", host.escape_debug())
            }
            Self::Namespace(object) => write!(f, "which namespace the {object} goes to: it says none"),
            Self::Settings => f.write_str("several ConfigMaps have settings of the controller: name the right one with `--configmap`"),
            Self::Workloads(objects) => {
                let objects: Vec<String> = objects.iter().map(|object| format!("the {object}")).collect();
                write!(
                    f,
                    "which of several controllers is asked about ({}): `--ingress-class` or `--configmap` picks one",
                    objects.join(", ")
                )
            }
            Self::Version(object, version, known) => {
                write!(f, "the {object} runs version `{}`: {known}", version.escape_debug())
            }
            Self::Class(object, class) if class.is_empty() => {
                write!(f, "whose the {object} is: it has no ingress class")
            }
            Self::Class(object, class) => {
                write!(
                    f,
                    "whose the {object} is: its IngressClass `{}` is not among the objects",
                    class.escape_debug()
                )
            }
            Self::GatewayClass(object, class) => {
                write!(
                    f,
                    "whose the {object} is: its GatewayClass `{}` is not among the objects",
                    class.escape_debug()
                )
            }
            Self::ClassByChance(object, class) => {
                write!(
                    f,
                    "whose the {object} is: with `ingressClassByName`, the controller reads other IngressClasses such as `{}` by chance",
                    class.escape_debug()
                )
            }
            Self::Effect(object, key) => {
                write!(f, "the effect of `{key}` on the {object} is not known")
            }
        }
    }
}
