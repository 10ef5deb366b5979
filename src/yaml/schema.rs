//! What scalars mean to which reader: the reader's argument.

mod core;
mod kubectl;
mod kustomize;
mod yaml_1_1;

use granit_parser::{ScalarStyle, Tag};

use super::node::Scalar;

pub use self::core::plain as plain_of_core;

/// Which of the readers of YAML decides what a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The core schema of YAML 1.2.
    Core,
    /// The same; what YAML 1.1 or Kustomize takes for something else is a mistake.
    CoreAlone,
    /// What kubectl, Helm and Argo CD read.
    Kubectl,
}

/// A scalar's value, and what is wrong with it.
pub(super) struct Resolved {
    /// The value.
    pub scalar: Scalar,
    /// Whether the tag has no meaning, or another one.
    pub has_wrong_tag: bool,
    /// What others read, if that is something else.
    pub others: Option<Others>,
}

/// What other readers take a scalar for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// YAML 1.1, if it reads something else.
    pub yaml_1_1: Option<Other>,
    /// Kustomize, if it reads something else.
    pub kustomize: Option<Other>,
}

/// Another value of a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// In words, such as ``the number `64` ``.
    pub words: String,
    /// How to write it so that everyone reads it, if that is possible.
    pub written: Option<String>,
}

impl Other {
    /// A value that has no form of its own.
    pub(super) fn words(words: &str) -> Self {
        Self { words: words.to_owned(), written: None }
    }

    /// A boolean.
    pub(super) fn value(value: &str) -> Self {
        Self { words: format!("the boolean `{value}`"), written: Some(value.to_owned()) }
    }

    /// A number in decimal digits, if they are known.
    pub(super) fn number(digits: Option<String>) -> Self {
        let Some(digits) = digits else { return Self::words("a number") };
        let words = format!("the number `{digits}`");
        Self { words, written: Some(digits).filter(|digits| digits.parse::<i64>().is_ok()) }
    }
}

impl Others {
    fn of(yaml_1_1: Option<Other>, kustomize: Option<Other>) -> Option<Self> {
        (yaml_1_1.is_some() || kustomize.is_some()).then_some(Self { yaml_1_1, kustomize })
    }
}

impl Schema {
    /// The value of a scalar; the tags `!!str` and `!` make strings of everything.
    pub(super) fn scalar(self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Resolved {
        let is_plain = style == ScalarStyle::Plain;
        let string = |kustomize| {
            let scalar = Scalar::String(text.into());
            Resolved { scalar, has_wrong_tag: false, others: Others::of(None, kustomize) }
        };
        let Some(tag) = tag else {
            return if is_plain { self.judged(text, true) } else { string(None) };
        };
        let suffix = tag.core_suffix();
        if suffix == Some("str") {
            return string(None);
        }
        if is_non_specific(tag) {
            // A string to all but Kustomize, which does not see that tag.
            let is_same = self != Self::CoreAlone || !is_plain;
            let other = Some(self.judged(text, true)).filter(|_| !is_same);
            return string(other.and_then(|other| match other.scalar {
                Scalar::String(_) => other.others.and_then(|others| others.kustomize),
                _ => Some(Other::words("a number, boolean or null")),
            }));
        }
        let resolved = self.plain(text);
        let fits = match suffix {
            Some("null" | "bool" | "int" | "float") if self == Self::Kubectl => true,
            Some("null") => resolved == Scalar::Null,
            Some("bool") => matches!(resolved, Scalar::Boolean(_)),
            Some("int") => matches!(resolved, Scalar::Integer(_)),
            Some("float") => matches!(resolved, Scalar::Integer(_) | Scalar::Float(_)),
            _ => false,
        };
        self.judged(text, fits)
    }

    fn judged(self, text: &str, fits: bool) -> Resolved {
        let scalar = self.plain(text);
        let others = match self {
            Self::CoreAlone if fits => Others::of(
                yaml_1_1::other_reading(text, &scalar),
                kustomize::other_reading(text, &scalar),
            ),
            _ => None,
        };
        Resolved { scalar, has_wrong_tag: !fits, others }
    }

    fn plain(self, text: &str) -> Scalar {
        match self {
            Self::Core | Self::CoreAlone => core::plain(text),
            Self::Kubectl => kubectl::plain(text),
        }
    }

    /// The key that a scalar is: to kubectl, keys that are numbers or booleans are the text of their value
    /// (`sigs.k8s.io/yaml`, `convertToJSONableObject`); to YAML 1.2, what is written.
    pub(super) fn key(self, text: &str, is_plain: bool, scalar: &Scalar) -> Option<Box<str>> {
        if self != Self::Kubectl {
            return (!is_plain || !text.is_empty()).then(|| text.into());
        }
        match scalar {
            Scalar::String(text) | Scalar::Integer(text) | Scalar::Float(text) => {
                Some(text.clone())
            }
            Scalar::Boolean(value) => Some(value.to_string().into()),
            Scalar::Datetime(_) | Scalar::Null => None,
        }
    }
}

/// Whether it is `!`, which leaves a list or table as it is.
pub(super) fn is_non_specific(tag: &Tag) -> bool {
    tag.original() == "!"
}
