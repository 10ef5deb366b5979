//! What scalars mean to which reader: the reader's argument.

mod core;
mod kubectl;
mod kustomize;

use granit_parser::{ScalarStyle, Tag};

use super::node::Scalar;

pub use self::core::plain as plain_of_core;

/// Which of the readers of YAML decides what a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The core schema of YAML 1.2.
    Core,
    /// The same; what Kustomize takes for something else is a mistake.
    CoreAsKustomize,
    /// What kubectl, Helm and Argo CD read.
    Kubectl,
}

/// A scalar's value, and what is wrong with it.
pub(super) struct Resolved {
    /// The value.
    pub scalar: Scalar,
    /// Whether the tag has no meaning, or another one.
    pub has_wrong_tag: bool,
    /// What Kustomize reads, if that is something else.
    pub kustomize: Option<String>,
}

impl Schema {
    /// The value of a scalar; the tags `!!str` and `!` make strings of everything.
    pub(super) fn scalar(self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Resolved {
        let is_plain = style == ScalarStyle::Plain;
        let string = |kustomize| {
            let scalar = Scalar::String(text.into());
            Resolved { scalar, has_wrong_tag: false, kustomize }
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
            let is_same = self != Self::CoreAsKustomize || !is_plain;
            let other = Some(self.judged(text, true)).filter(|_| !is_same);
            return string(other.and_then(|other| match other.scalar {
                Scalar::String(_) => other.kustomize,
                _ => Some("a number, boolean or null".to_owned()),
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
        let kustomize = match self {
            Self::CoreAsKustomize if fits => kustomize::other_reading(text, &scalar),
            _ => None,
        };
        Resolved { scalar, has_wrong_tag: !fits, kustomize }
    }

    fn plain(self, text: &str) -> Scalar {
        match self {
            Self::Core | Self::CoreAsKustomize => core::plain(text),
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
