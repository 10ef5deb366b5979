//! Further names of hosts (`server-alias`): those of open hosts that take requests for protected ones.
//!
//! nginx looks for an exact name first, then for one with `*`, then for regular expressions
//! (<https://nginx.org/en/docs/http/server_names.html>); wildcard hosts of Ingresses are regular expressions of one
//! label (`buildServerName` of `internal/ingress/controller/template/template.go`).

use std::collections::{BTreeMap, BTreeSet};

use super::super::arrange;
use super::{Scene, called, is_true};
use crate::controllers::ingress_nginx::is_readable;
use crate::diagnostic::Diagnostic;
use crate::domain::{self, is_at_or_below};
use crate::model::{Exposure, Model};
use crate::targets::IngressView;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let protected = Protected::of(scene);
    let mut found: Vec<_> =
        scene.ingresses.iter().flat_map(|view| unreadable_names(scene, view)).collect();
    for view in scene.ingresses.iter().filter(|view| !aliases(view).is_empty()) {
        let hosts: BTreeSet<&str> = view.rules.iter().map(|rule| rule.host).collect();
        if hosts.iter().any(|host| !scene.is_protected(host)) {
            found.extend(protected.opened_by(scene, view));
        } else {
            found.extend(protected.asked_otherwise(scene, view, &hosts));
            found.extend(asked_too(scene, view, &hosts));
        }
    }
    found
}

/// Names of servers that nginx does not read, for which it takes no new configuration at all.
fn unreadable_names(scene: &Scene<'_>, view: &IngressView<'_>) -> Vec<Diagnostic> {
    let Some(exposure) = scene.entry_of(view) else { return Vec::new() };
    let aliases = aliases(view).into_iter().filter(|alias| !is_readable(alias));
    let aliases = aliases.map(|alias| ("server-alias", alias.to_owned()));
    // `BuildRedirects` of `pkg/util/ingress/ingress.go` puts `www.` before the host.
    let is_redirected = Scene::annotation(view, "from-to-www-redirect").is_some_and(is_true);
    let hosts = view.rules.iter().map(|rule| rule.host).filter(|host| host.starts_with("*."));
    let redirects =
        hosts.filter(|_| is_redirected).map(|host| ("from-to-www-redirect", format!("www.{host}")));
    aliases
        .chain(redirects)
        .map(|(annotation, name)| {
            let title = format!(
                "{} has `{annotation}`, which makes a server of the name `{}`: nginx does not read it, and takes no new configuration for any host while it is there",
                called(view),
                name.escape_debug(),
            );
            Diagnostic::error("server-name", title).at(scene.place(exposure)).help(
                "remove the annotation, or write a name without `*`, one that begins with `*.`, or a regular expression that begins with `~`",
            )
        })
        .collect()
}

/// The names, as the controller splits them (`internal/ingress/annotations/alias/main.go`).
fn aliases<'v>(view: &'v IngressView<'_>) -> BTreeSet<&'v str> {
    let list = Scene::annotation(view, "server-alias").unwrap_or_default();
    list.split(',').map(str::trim).filter(|alias| !alias.is_empty()).collect()
}

/// Names that protected hosts are reached by.
struct Protected<'a> {
    hosts: BTreeSet<&'a str>,
    /// Wildcard hosts by what follows `*.`.
    domains: BTreeMap<&'a str, &'a str>,
    /// Hosts by their aliases in small letters, as nginx compares them.
    aliases: BTreeMap<String, &'a str>,
}

impl<'a> Protected<'a> {
    fn of(scene: &Scene<'a>) -> Self {
        let exposures = scene.model.exposures.iter();
        let hosts: BTreeSet<&str> = exposures
            .map(|exposure| exposure.host.as_str())
            .filter(|host| scene.is_protected(host))
            .collect();
        let domains =
            hosts.iter().filter_map(|host| Some((host.strip_prefix("*.")?, *host))).collect();
        let mut further = BTreeMap::new();
        for view in &scene.ingresses {
            let protected =
                view.rules.iter().map(|rule| rule.host).find(|host| hosts.contains(host));
            further.extend(protected.into_iter().flat_map(|host| {
                aliases(view).into_iter().map(move |alias| (alias.to_ascii_lowercase(), host))
            }));
        }
        Self { hosts, domains, aliases: further }
    }

    /// Aliases of an open Ingress that take requests for protected hosts.
    fn opened_by(&self, scene: &Scene<'a>, view: &'a IngressView<'a>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for alias in aliases(view) {
            let Some(host) = self.meant_by(alias, &BTreeSet::new()) else { continue };
            let exposure = scene.entry_of(view).or(scene.entries.get(host).copied());
            let title = format!(
                "{} has `server-alias: {}`, which takes requests for the protected host `{host}` and requests no certificate",
                called(view),
                alias.escape_debug(),
            );
            let finding = Diagnostic::error("alias-opens", title).help(
                "remove the alias; give an open name an entry of its own with `clientAuth = false`",
            );
            let place = exposure.and_then(|exposure| scene.place(exposure));
            found.push(match scene.entries.get(host) {
                Some(meant) => scene.about(meant, finding).at(place),
                None => finding.at(place),
            });
        }
        found
    }

    /// Aliases of a protected Ingress that take requests for another protected host, which admits other
    /// clients.
    fn asked_otherwise(
        &self,
        scene: &Scene<'a>,
        view: &'a IngressView<'a>,
        own: &BTreeSet<&str>,
    ) -> Vec<Diagnostic> {
        let Some(exposure) = scene.entry_of(view) else { return Vec::new() };
        let mut found = Vec::new();
        for alias in aliases(view) {
            let meant = self.meant_by(alias, own);
            let Some(other) = meant.and_then(|host| scene.entries.get(host)) else { continue };
            if admit_the_same(scene.model, exposure, other) {
                continue;
            }
            let title = format!(
                "{} has `server-alias: {}`, which takes requests for the protected host `{}` and admits the clients of host `{}`",
                called(view),
                alias.escape_debug(),
                other.host,
                exposure.key,
            );
            let finding = Diagnostic::error("alias-opens", title);
            let diagnostic = scene.about(other, finding).at(scene.place(exposure));
            found.push(diagnostic.related(scene.place(other), "admits other clients").help(
                "remove the alias; a name with clients of its own gets an entry with its own `clientAuth`",
            ));
        }
        found
    }

    /// The protected host that requests by this name are for, unless it is one of the Ingress's own.
    fn meant_by(&self, alias: &str, own: &BTreeSet<&str>) -> Option<&'a str> {
        let lower = alias.to_ascii_lowercase();
        let bare = lower.strip_prefix('.').unwrap_or(&lower);
        let exact = self.hosts.get(bare).or_else(|| self.aliases.get(bare)).copied();
        let parent = domain::of_wildcard(bare).and_then(|domain| self.domains.get(domain)).copied();
        let pattern = Pattern::of(&lower);
        let parent = parent.filter(|_| matches!(pattern, Pattern::Exact));
        let wide = self.domains.iter().filter(|(domain, _)| match pattern {
            Pattern::Exact => false,
            Pattern::Below(suffix) => is_at_or_below(domain, suffix),
            Pattern::Unknown => true,
        });
        let patterns =
            self.aliases.iter().filter(|(other, _)| match (&pattern, Pattern::of(other)) {
                (_, Pattern::Exact) => false,
                (Pattern::Exact, Pattern::Below(suffix)) => is_at_or_below(&lower, suffix),
                (Pattern::Below(one), Pattern::Below(suffix)) => {
                    is_at_or_below(one, suffix) || is_at_or_below(suffix, one)
                }
                (Pattern::Unknown, _) | (_, Pattern::Unknown) => true,
            });
        let meant = exact.into_iter().chain(parent).chain(wide.map(|(_, host)| *host));
        let mut meant = meant.chain(patterns.map(|(_, host)| *host));
        meant.find(|host| !own.contains(host))
    }
}

/// Whether two protected hosts have the same clients.
fn admit_the_same(model: &Model, one: &Exposure, other: &Exposure) -> bool {
    let clients = |exposure| {
        arrange::one_of(model, exposure).map(|host| {
            let authorities: Option<BTreeSet<&String>> =
                host.authorities.map(|all| all.iter().collect());
            let existing = authorities.is_none().then_some(host.secret);
            (existing, authorities, host.verify, host.depth, host.subjects)
        })
    };
    clients(one) == clients(other)
}

/// How nginx takes a name.
enum Pattern<'p> {
    Exact,
    /// Names that end in a dot and this, at any depth.
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

/// Aliases of an Ingress that exists already: their clients are asked for certificates as well. Those of an
/// Ingress of ours are in the spec.
fn asked_too(scene: &Scene<'_>, view: &IngressView<'_>, hosts: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let entry = scene.entry_of(view).filter(|exposure| exposure.existing_ingress.is_some());
    let Some(exposure) = entry else { return Vec::new() };
    let further = aliases(view).into_iter().filter(|alias| !hosts.contains(alias));
    further
        .map(|alias| {
            let title = format!(
                "{} is served by the name `{}` too (`server-alias`), whose clients would be asked for certificates",
                called(view),
                alias.escape_debug(),
            );
            Diagnostic::error("further-host", title).at(scene.place(exposure)).help(
                "make the alias a rule of its own, here or in another Ingress: a rule of this one needs `hosts.\"NAME\".existingIngress` with the same `clientAuth`",
            )
        })
        .collect()
}
