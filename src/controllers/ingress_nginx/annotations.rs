//! Annotations of the controller on an Ingress, as its parsers see them (`internal/ingress/annotations/parser`).

use std::collections::BTreeSet;

use super::PREFIX;
use super::annotation_risk::is_too_risky;
use super::annotation_table::{self, Annotation, Class, Risk};
use super::flags::VALIDATES;
use super::reading::Unread;
use super::values::boolean;
use crate::controllers::Settings;
use crate::enforcement::Missing;
use crate::identity::Identity;
use crate::manifest::kinds::Ingress;

/// Annotations that [`super::reading::Reader::read`] takes apart itself.
const FOLLOWED: [&str; 10] = [
    "app-root",
    "canary",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "permanent-redirect",
    "rewrite-target",
    "server-alias",
    "ssl-redirect",
    "temporal-redirect",
    "use-regex",
];

/// Those of them that count as not written where their value is not accepted; for the others, the controller passes over the
/// whole Ingress.
const FORGIVING: [&str; 6] =
    ["app-root", "canary", "force-ssl-redirect", "rewrite-target", "ssl-redirect", "use-regex"];

/// Annotations of the controller on an Ingress.
pub(super) struct Annotations<'a> {
    ingress: &'a Ingress,
    settings: &'a Settings,
    /// In the order of their names.
    all: Vec<Own<'a>>,
}

/// An annotation of the controller.
struct Own<'a> {
    /// Its name without the prefix.
    name: &'a str,
    value: &'a str,
    /// What it is; `None`: the controller does not register it.
    known: Option<&'static Annotation>,
}

impl<'a> Annotations<'a> {
    /// Those of an Ingress.
    pub fn of(ingress: &'a Ingress, settings: &'a Settings) -> Self {
        let own = |(name, value): (&'a str, &'a str)| {
            let name = name.strip_prefix(PREFIX)?;
            Some(Own { name, value, known: annotation_table::find(name) })
        };
        let all = ingress.metadata.annotations.iter().filter_map(own).collect();
        Self { ingress, settings, all }
    }

    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let at = self.all.binary_search_by_key(&name, |own| own.name).ok()?;
        Some(self.all[at].value)
    }

    /// The text of an annotation without blanks at the ends of its lines; an empty one is none (`normalizeString` of
    /// `internal/ingress/annotations/parser/main.go`).
    pub fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        let text = if raw.contains('\n') {
            let lines: Vec<&str> = raw.split('\n').map(str::trim).collect();
            lines.join("\n")
        } else {
            raw.trim().to_owned()
        };
        (!text.is_empty()).then_some(text)
    }

    /// Further names of the Ingress.
    pub fn aliases(&self) -> BTreeSet<String> {
        let list = self.text("server-alias").unwrap_or_default();
        let aliases = list.split(',').map(str::trim).filter(|alias| !alias.is_empty());
        aliases.map(str::to_owned).collect()
    }

    /// `app-root`; what is not a path counts as not written (`Parse` of `internal/ingress/annotations/rewrite/main.go`).
    pub fn app_root(&self) -> Option<String> {
        let raw = self.raw("app-root")?;
        annotation_table::find("app-root").filter(|known| known.values.has(raw))?;
        raw.starts_with('/').then(|| raw.to_owned())
    }

    /// A boolean; what is none counts as not written.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name).and_then(boolean)
    }

    /// Whether the controller looks at values of annotations before it takes them.
    pub fn are_checked(&self) -> bool {
        boolean(self.settings.get(VALIDATES)) != Some(false)
    }

    /// The first annotation whose value is not one that the controller accepts, where it does not look.
    pub fn unchecked(&self, identity: &Identity) -> Option<Missing> {
        if self.are_checked() {
            return None;
        }
        let is_odd = |own: &&Own<'_>| own.known.is_some_and(|known| !known.values.has(own.value));
        let Own { name, .. } = self.all.iter().find(is_odd)?;
        Some(Missing::Effect(identity.clone(), format!("{PREFIX}{name}")))
    }

    /// Whether an annotation is accepted with any settings.
    fn is_accepted(&self, name: &str) -> bool {
        self.settings.accepted.has(self.ingress, &format!("{PREFIX}{name}"))
    }

    /// Whether snippets are read; where they are not, they are passed over (`dropSnippetDirectives`).
    fn has_snippets(&self) -> bool {
        boolean(self.settings.get("allow-snippet-annotations")) == Some(true)
    }

    /// Words and risks for which the controller passes over the whole Ingress.
    pub fn refused(&self) -> Result<(), Unread> {
        let blocked = self.settings.get("annotation-value-word-blocklist");
        let words: Vec<&str> =
            blocked.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        let highest =
            match self.settings.get("annotations-risk-level").to_ascii_lowercase().as_str() {
                "critical" => Risk::Critical,
                "high" => Risk::High,
                "medium" => Risk::Medium,
                _ => Risk::Low,
            };
        let is_refused = |Own { name, value, known }: &Own<'_>| {
            words.iter().any(|word| value.contains(word))
                || known.is_some_and(|known| known.risk > highest) && !self.is_accepted(name)
        };
        if self.all.iter().any(is_refused) { Err(Unread::Dropped) } else { Ok(()) }
    }

    /// The first annotation whose effect is not followed here. What the controller does not register has none.
    pub fn unknown(&self, identity: &Identity) -> Option<Missing> {
        let unknown = |Own { name, value, known }: &Own<'_>| {
            let known = (*known)?;
            let key = || format!("{PREFIX}{name}");
            if name.ends_with("-snippet") && is_too_risky(&key()) {
                let is_read = self.has_snippets() || self.is_accepted(name);
                return is_read.then(|| Missing::Snippet(identity.clone(), key()));
            }
            let is_followed = FOLLOWED.contains(name) || name.starts_with("auth-tls-");
            let is_url = value.starts_with("http://") || value.starts_with("https://");
            let is_odd = match *name {
                "temporal-redirect" => !is_url,
                // nginx takes no configuration with a variable that it does not have.
                "app-root" => value.starts_with('/') && value.contains('$'),
                _ => false,
            };
            let is_forgiven = FORGIVING.contains(name) || name.starts_with("auth-tls-");
            if is_followed && !is_odd && (is_forgiven || known.values.has(value)) {
                return None;
            }
            let changes = match known.class {
                Class::Harmless | Class::Ours => false,
                Class::Refused(_) => true,
                Class::Judged(judge) => judge(value).is_some(),
            };
            let is_unknown = is_odd || changes || !known.values.has(value);
            is_unknown.then(|| Missing::Effect(identity.clone(), key()))
        };
        self.all.iter().find_map(unknown)
    }
}
