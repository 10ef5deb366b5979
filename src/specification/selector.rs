//! Which objects a patch changes.

use std::fmt;

use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::identity::{Identity, group_and_version};
use crate::specification::PatchTarget;

/// Conditions that an object must meet, all of them.
pub struct Selector {
    /// What to match, by name of the condition.
    identity: Vec<(Part, Pattern)>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// A part of an object's identity.
#[derive(Clone, Copy)]
enum Part {
    Group,
    Version,
    Kind,
    Name,
    Namespace,
}

enum Pattern {
    Exactly(String),
    /// Anchored at both ends, and as it was written.
    Regex(Regex, String),
}

/// One requirement of a label selector.
struct Requirement {
    key: String,
    condition: Condition,
    text: String,
}

enum Condition {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    /// Kustomize's `target`.
    ///
    /// # Errors
    ///
    /// What is not a regular expression, or no label selector.
    pub fn of_target(target: &PatchTarget) -> Result<Self, String> {
        let PatchTarget {
            group,
            version,
            kind,
            name,
            namespace,
            label_selector,
            annotation_selector,
        } = target;
        let parts = [
            (Part::Group, group),
            (Part::Version, version),
            (Part::Kind, kind),
            (Part::Name, name),
            (Part::Namespace, namespace),
        ];
        let mut identity = Vec::new();
        for (part, text) in parts {
            if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
                identity.push((part, Pattern::anchored(text)?));
            }
        }
        Ok(Self {
            identity,
            labels: requirements(label_selector.as_deref())?,
            annotations: requirements(annotation_selector.as_deref())?,
        })
    }

    /// The object that a merge patch names itself; without a namespace, those of every namespace.
    pub fn of_patch(patch: &Map<String, Value>) -> Option<Self> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let api_version = text(patch.get("apiVersion"))?;
        let metadata = patch.get("metadata")?;
        let (group, version) = group_and_version(&api_version);
        let mut parts = vec![
            (Part::Group, group.to_owned()),
            (Part::Version, version.to_owned()),
            (Part::Kind, text(patch.get("kind"))?),
            (Part::Name, text(metadata.get("name"))?),
        ];
        parts.extend(text(metadata.get("namespace")).map(|namespace| (Part::Namespace, namespace)));
        let identity =
            parts.into_iter().map(|(part, text)| (part, Pattern::Exactly(text))).collect();
        Some(Self { identity, labels: Vec::new(), annotations: Vec::new() })
    }

    /// Whether an object with that identity is selected, as far as its identity says so.
    pub fn selects_identity(&self, identity: &Identity) -> bool {
        self.identity.iter().all(|(part, pattern)| pattern.matches(part.of(identity)))
    }

    /// Whether the object meets all conditions, under that identity.
    #[must_use]
    pub fn selects(&self, identity: &Identity, object: &Value) -> bool {
        let metadata = |key: &str| object.get("metadata").and_then(|metadata| metadata.get(key));
        self.selects_identity(identity)
            && self.labels.iter().all(|requirement| requirement.holds(metadata("labels")))
            && self.annotations.iter().all(|requirement| requirement.holds(metadata("annotations")))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (part, pattern) in &self.identity {
            let (Pattern::Exactly(text) | Pattern::Regex(_, text)) = pattern;
            write!(f, "{separator}{} `{text}`", part.name())?;
            separator = ", ";
        }
        for (what, requirements) in [("label", &self.labels), ("annotation", &self.annotations)] {
            for requirement in requirements {
                write!(f, "{separator}{what} `{}`", requirement.text)?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("there is no object at all") } else { Ok(()) }
    }
}

impl Part {
    fn of(self, identity: &Identity) -> &str {
        match self {
            Self::Group => identity.group(),
            Self::Version => identity.version(),
            Self::Kind => &identity.kind,
            Self::Name => &identity.name,
            Self::Namespace => identity.namespace.as_deref().unwrap_or_default(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Version => "version",
            Self::Kind => "kind",
            Self::Name => "name",
            Self::Namespace => "namespace",
        }
    }
}

impl Pattern {
    fn anchored(text: &str) -> Result<Self, String> {
        Regex::new(&format!("^(?:{text})$"))
            .map(|regex| Self::Regex(regex, text.to_owned()))
            .map_err(|error| format!("`{text}` is not a regular expression: {error}"))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exactly(want) => want == text,
            Self::Regex(regex, _) => regex.is_match(text),
        }
    }
}

impl Requirement {
    fn holds(&self, entries: Option<&Value>) -> bool {
        let value = entries.and_then(|entries| entries.get(&self.key)).and_then(Value::as_str);
        match &self.condition {
            Condition::Exists => value.is_some(),
            Condition::Absent => value.is_none(),
            Condition::In(values) => value.is_some_and(|value| values.iter().any(|v| v == value)),
            Condition::NotIn(values) => value.is_none_or(|value| values.iter().all(|v| v != value)),
        }
    }
}

/// Reads a label selector: `a=b,c!=d,e in (x,y),f notin (z),g,!h` (Kubernetes' `labels.Parse`).
fn requirements(selector: Option<&str>) -> Result<Vec<Requirement>, String> {
    let mut rest = selector.unwrap_or_default().trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = end_of_requirement(rest);
        found.push(requirement(rest[..end].trim())?);
        rest = rest[end..].strip_prefix(',').unwrap_or_default().trim_start();
    }
    Ok(found)
}

/// The next comma outside of parentheses.
fn end_of_requirement(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let one = |value: &str| vec![value.trim().to_owned()];
    let (key, condition) = if let Some((key, value)) = text.split_once("!=") {
        (key, Condition::NotIn(one(value)))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key, Condition::In(one(value)))
    } else if let Some(key) = text.strip_prefix('!') {
        (key, Condition::Absent)
    } else if let Some((head, list)) = text.split_once('(') {
        let values = list.trim_end().strip_suffix(')').ok_or_else(|| malformed(text))?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        match head.trim_end().rsplit_once(char::is_whitespace) {
            Some((key, "in")) => (key, Condition::In(values)),
            Some((key, "notin")) => (key, Condition::NotIn(values)),
            _ => return Err(malformed(text)),
        }
    } else {
        (text, Condition::Exists)
    };
    let key = key.trim();
    let is_key =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    if key.is_empty() || !key.bytes().all(is_key) {
        return Err(malformed(text));
    }
    Ok(Requirement { key: key.to_owned(), condition, text: text.to_owned() })
}

fn malformed(text: &str) -> String {
    format!(
        "`{text}` is not a selector: write `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key` or `!key`"
    )
}
