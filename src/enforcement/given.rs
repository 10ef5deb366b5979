//! What is taken for granted where objects and settings do not show it.

use crate::identity::Identity;

/// An assumption of verdicts that objects and settings do not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// The controller is of this version.
    Version(String),
    /// The controller's settings are its defaults: no object has them.
    DefaultSettings,
    /// This object has the controller's settings.
    Settings(Identity),
    /// This object has them, by the flags or the user.
    NamedSettings(Identity),
    /// The object that the flags name for them is not shown: they are the defaults.
    SettingsNotShown(Identity),
    /// The flags of this object name none: they are the defaults.
    NoSettings(Identity),
    /// This object runs the controller, and says its version and flags, as far as they are there.
    Workload {
        /// The object.
        object: Identity,
        /// The version, and the image's tag that says so.
        version: Option<(String, String)>,
        /// Whether a file that is not shown has the flags.
        has_file: bool,
    },
    /// The image of this object names no version, and a label says this one.
    LabelledVersion(Identity, String),
    /// This object runs the controller for other classes than those that are asked about.
    OtherWorkload(Identity),
    /// What this flag of an object does is not followed.
    NotFollowed(Identity, String),
    /// Something else is declared than what an object has.
    Contradiction {
        /// The object.
        object: Identity,
        /// What it has.
        what: String,
        /// The value.
        read: String,
        /// What is declared, and counts.
        declared: String,
    },
    /// This object is not of the form of its kind, for this reason; it might run the controller.
    NotRead(Identity, String),
    /// The controller that this object runs does not read Ingresses, as far as its flags show.
    ProviderOff(Identity),
    /// No object of these kinds is among the objects.
    NoneOf(Vec<&'static str>),
    /// This class is the controller's: no `IngressClass` is among the objects.
    Class(String),
    /// The controller's flags are its defaults: no object has them.
    DefaultFlags,
    /// No other object of the cluster is for these hosts.
    NoOtherObjects,
    /// This Ingress is another controller's: its class is not one that is said to be this controller's.
    OtherClass(Identity, String),
    /// The controller passes over this Ingress, for what one of its annotations says.
    Dropped(Identity),
    /// This object is for entry points of these names, which are at other ports than 80 and 443.
    OtherEntryPoint(Identity, String),
    /// The controller passes over this Ingress, by this flag.
    NotWatched(Identity, &'static str),
}

impl std::fmt::Display for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version(version) => {
                write!(f, "no version is named: it is taken to be {version}")
            }
            Self::DefaultSettings => {
                f.write_str("no ConfigMap of the controller is among the objects: its settings are taken to be the defaults")
            }
            Self::Settings(object) => write!(f, "the {object} is taken to have the controller's settings"),
            Self::NamedSettings(object) => write!(f, "the controller's settings are those of the {object}"),
            Self::SettingsNotShown(object) => write!(
                f,
                "the {object}, which the controller's flags name, is not among the objects: its settings are taken to be the defaults"
            ),
            Self::NoSettings(object) => {
                write!(f, "the {object} names no ConfigMap: the controller's settings are the defaults")
            }
            Self::Workload { object, version, has_file } => workload(f, object, version.as_ref(), *has_file),
            Self::LabelledVersion(object, version) => write!(
                f,
                "the image of the {object} names no version: it is taken to be {version}, as its label says"
            ),
            Self::OtherWorkload(object) => write!(
                f,
                "the {object} runs this controller for other classes: `--ingress-class` asks about it"
            ),
            Self::NotFollowed(object, flag) => {
                write!(f, "the {object} has `{}`, which is not followed", flag.escape_debug())
            }
            Self::Contradiction { object, what, read, declared } if read.is_empty() => {
                write!(f, "the {object} has no {what}, and `{declared}` is said: that counts")
            }
            Self::Contradiction { object, what, read, declared } => {
                write!(f, "the {object} has the {what} `{read}`, and `{declared}` is said: that counts")
            }
            Self::NotRead(object, problem) => {
                write!(f, "the {object} is not read, since it is not of the form of its kind: {problem}")
            }
            Self::ProviderOff(object) => write!(
                f,
                "the {object} does not switch the provider of these Ingresses on: the answers are those with it"
            ),
            Self::NoneOf(kinds) => {
                let (last, first) = kinds.split_last().unwrap_or((&"object", &[]));
                let first = first.join(", ");
                let or = if first.is_empty() { "" } else { " or " };
                write!(f, "no {first}{or}{last} is among the objects: there is taken to be none")
            }
            Self::Class(name) => write!(
                f,
                "no IngressClass is among the objects: `{name}` is taken to be this controller's"
            ),
            Self::DefaultFlags => f.write_str("the controller's flags are taken to be the defaults"),
            Self::NoOtherObjects => f.write_str(
                "other objects of the cluster are not shown: none of them is taken to be for these hosts",
            ),
            Self::OtherEntryPoint(object, names) => write!(
                f,
                "the {object} is left out: its entry points `{names}` are taken to be at other ports than 80 and 443"
            ),
            Self::OtherClass(object, class) if class.is_empty() => {
                write!(f, "the {object} is left out: it has no ingress class")
            }
            Self::OtherClass(object, class) => write!(
                f,
                "the {object} is left out: its class `{class}` is not one of this controller"
            ),
            Self::Dropped(object) => write!(
                f,
                "the {object} is left out: the controller passes over it for what its annotations say"
            ),
            Self::NotWatched(object, flag) => {
                write!(f, "the {object} is left out: the controller passes over it because of `{flag}`")
            }
        }
    }
}

fn workload(
    f: &mut std::fmt::Formatter<'_>,
    object: &Identity,
    version: Option<&(String, String)>,
    has_file: bool,
) -> std::fmt::Result {
    match version {
        Some((version, _)) => write!(f, "version {version}")?,
        None => f.write_str("no version")?,
    }
    f.write_str(if has_file { " is" } else { " and the flags are" })?;
    write!(f, " read from the {object}")?;
    if let Some((_, tag)) = version.filter(|(version, tag)| tag.trim_start_matches('v') != version)
    {
        write!(f, ", whose image is tagged `{}`", tag.escape_debug())?;
    }
    if has_file {
        f.write_str(", which is set up by a file that is not read: its options are taken to be the defaults")?;
    }
    Ok(())
}
