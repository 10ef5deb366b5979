//! Further names of hosts (`server-alias`): those of hosts that ask nobody, where protected ones are meant.
//!
//! nginx looks for an exact name first, then for one with `*`, then for regular expressions
//! (<https://nginx.org/en/docs/http/server_names.html>); wildcard hosts of Ingresses are regular expressions of one
//! label (`buildServerName` of `internal/ingress/controller/template/template.go`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Scene, called};
use crate::diagnostic::Diagnostic;
use crate::target::IngressView;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let protected = Protected::of(scene);
    let mut found = Vec::new();
    for view in scene.ingresses.iter().filter(|view| !aliases(view).is_empty()) {
        let hosts: BTreeSet<&str> = view.rules.iter().map(|rule| rule.host).collect();
        if hosts.iter().any(|host| !scene.is_protected(host)) {
            found.extend(protected.opened_by(scene, view));
        } else {
            found.extend(asked_too(scene, view, &hosts));
        }
    }
    found
}

/// The names, as the controller splits them (`internal/ingress/annotations/alias/main.go`).
fn aliases<'v>(view: &'v IngressView<'_>) -> BTreeSet<&'v str> {
    let list = Scene::annotation(view, "server-alias").unwrap_or_default();
    list.split(',').map(str::trim).filter(|alias| !alias.is_empty()).collect()
}

/// Names that protected hosts are reached by.
struct Protected<'a> {
    hosts: BTreeSet<&'a str>,
    /// What follows `*.` in wildcard hosts.
    domains: BTreeSet<&'a str>,
    aliases: BTreeMap<&'a str, &'a str>,
}

impl<'a> Protected<'a> {
    fn of(scene: &Scene<'a>) -> Self {
        let exposures = scene.model.exposures.iter();
        let hosts: BTreeSet<&str> = exposures
            .map(|exposure| exposure.host.as_str())
            .filter(|host| scene.is_protected(host))
            .collect();
        let domains = hosts.iter().filter_map(|host| host.strip_prefix("*.")).collect();
        let mut further = BTreeMap::new();
        for view in &scene.ingresses {
            let protected =
                view.rules.iter().map(|rule| rule.host).find(|host| hosts.contains(host));
            further.extend(
                protected
                    .into_iter()
                    .flat_map(|host| aliases(view).into_iter().map(move |alias| (alias, host))),
            );
        }
        Self { hosts, domains, aliases: further }
    }

    /// Aliases of an Ingress that asks nobody, by which requests meant for protected hosts come in.
    fn opened_by(&self, scene: &Scene<'a>, view: &'a IngressView<'a>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for alias in aliases(view) {
            let Some(host) = self.meant_by(alias) else { continue };
            let place = scene.entry_of(view).and_then(|exposure| scene.place(exposure));
            let title = format!(
                "{} has `server-alias: {}`, which takes requests that are meant for the protected host `{host}`, and asks nobody for a certificate",
                called(view),
                alias.escape_debug(),
            );
            found.push(Diagnostic::error("alias-opens", title).at(place).help(
                "remove the alias; a name that is to be open gets an entry of its own with `clientAuth = false`",
            ));
        }
        found
    }

    /// The protected host that requests by this name are meant for.
    fn meant_by(&self, alias: &str) -> Option<&'a str> {
        let lower = alias.to_ascii_lowercase();
        if let Some(host) = self.hosts.get(lower.as_str()).copied() {
            return Some(host);
        }
        if let Some((_, host)) = self.aliases.get_key_value(alias) {
            return Some(host);
        }
        let below = |domain: &&&str| match Pattern::of(&lower) {
            Pattern::Exact => {
                let label = lower.strip_suffix(**domain).and_then(|rest| rest.strip_suffix('.'));
                label.is_some_and(|label| !label.contains('.'))
            }
            Pattern::Below(suffix) => {
                **domain == suffix
                    || domain.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'))
            }
            Pattern::Unknown => true,
        };
        let domain = self.domains.iter().find(below)?;
        self.hosts.iter().find(|host| host.strip_prefix("*.") == Some(domain)).copied()
    }
}

/// How nginx takes a name.
enum Pattern<'p> {
    Exact,
    /// Whatever ends in a dot and this, at any depth.
    Below(&'p str),
    /// A regular expression, or a name that ends in `*`: it may match anything.
    Unknown,
}

impl<'p> Pattern<'p> {
    fn of(alias: &'p str) -> Self {
        let is_name =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        let suffix = alias.strip_prefix("*.").or_else(|| alias.strip_prefix('.'));
        match suffix {
            Some(suffix) if is_name(suffix) => Self::Below(suffix),
            None if is_name(alias) => Self::Exact,
            _ => Self::Unknown,
        }
    }
}

/// Aliases of an Ingress that exists already: their visitors are asked for certificates as well. Those of an
/// Ingress of ours stand in the spec.
fn asked_too(scene: &Scene<'_>, view: &IngressView<'_>, hosts: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let entry = scene.entry_of(view).filter(|exposure| exposure.existing_ingress.is_some());
    let Some(exposure) = entry else { return Vec::new() };
    let further = aliases(view).into_iter().filter(|alias| !hosts.contains(alias));
    further
        .map(|alias| {
            let title = format!(
                "{} is served by the name `{}` too (`server-alias`), whose visitors would be asked for certificates",
                called(view),
                alias.escape_debug(),
            );
            Diagnostic::error("further-host", title).at(scene.place(exposure)).help(
                "make the alias a rule of its own, here or in another Ingress: a rule of this one needs `hosts.\"NAME\".existingIngress` with the same `clientAuth`",
            )
        })
        .collect()
}
