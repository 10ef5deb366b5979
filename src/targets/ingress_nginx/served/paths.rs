//! Paths: those that the controller refuses, never serves, serves twice, or serves by plain HTTP.

use std::collections::{BTreeMap, BTreeSet};

use super::super::explain::serves_too;
use super::super::ingress_nginx_versions;
use super::{Scene, called, is_true};
use crate::controllers::ingress_nginx::{not_followed, refuses_dots};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::Exposure;
use crate::specification::PathType;
use crate::specification::document::Step;
use crate::targets::{IngressView, PathView};

/// Paths that begin so are never redirected to HTTPS (`no-tls-redirect-locations` of
/// `internal/ingress/controller/config/config.go`; `isLocationInLocationList` of
/// `internal/ingress/controller/template/template.go` compares beginnings).
const NEVER_REDIRECTED: &str = "/.well-known/acme-challenge";

/// A path of a host of the model, and whose it is.
struct Served<'a> {
    view: &'a IngressView<'a>,
    path: &'a PathView<'a>,
}

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut hosts: BTreeMap<&str, Vec<Served<'_>>> = BTreeMap::new();
    for view in &scene.ingresses {
        for rule in view.rules.iter().filter(|rule| scene.entries.contains_key(rule.host)) {
            let paths = rule.paths.iter().map(|path| Served { view, path });
            hosts.entry(rule.host).or_default().extend(paths);
        }
    }
    let prefixes = prefixes(scene);
    let mut all = hosts.values().flatten();
    let has_exempt = all.any(|served| exempt(served.path, &prefixes).is_some());
    let protected = has_exempt.then(|| Protected::of(scene, &hosts, &prefixes));
    let mut found = settings(scene);
    let is_strict = !scene.settings.iter().any(|view| {
        view.data.get("strict-validate-path-type").is_some_and(|value| *value == "false")
    });
    let versions = ingress_nginx_versions(scene.model);
    let dots = versions.into_iter().find(|version| refuses_dots(version));
    for (host, paths) in &hosts {
        let Some(exposure) = scene.entries.get(host) else { continue };
        let is_regex = paths.iter().any(|served| uses_regex(served.view));
        for served in paths {
            let place = || place(scene, exposure, served);
            let problem = problem(served, is_regex, is_strict, dots);
            found.extend(problem.map(|finding| finding.at(place())));
            let plain = protected.as_ref();
            let plain = plain.and_then(|all| all.by_plain_http(host, served, &prefixes));
            found.extend(plain.map(|finding| scene.about(exposure, finding).at(place())));
        }
        found.extend(twice(scene, host, paths).into_iter().map(|(at, finding)| {
            scene.about(exposure, finding).at(place(scene, exposure, &paths[at]))
        }));
    }
    found
}

/// The route that the path comes from, else its host.
fn place(scene: &Scene<'_>, first: &Exposure, served: &Served<'_>) -> Option<Span> {
    let Served { view, path } = served;
    let is_own = |exposure: &&Exposure| {
        (exposure.namespace.as_str(), exposure.name.as_str()) == (view.namespace, view.name)
    };
    let exposure = scene.model.exposures.iter().find(is_own).unwrap_or(first);
    let hosts = ["hosts".into(), Step::from(&exposure.key)];
    let route = exposure
        .routes
        .iter()
        .position(|route| (route.path.as_str(), route.path_type) == (path.path, path.path_type));
    let written = route.and_then(|at| {
        (scene.locate)(&[hosts.as_slice(), &["routes".into(), at.into(), "path".into()]].concat())
    });
    written.or_else(|| (scene.locate)(&hosts))
}

/// Beginnings of paths that are never redirected: the default, and what any `ConfigMap` among the objects adds.
fn prefixes(scene: &Scene<'_>) -> Vec<String> {
    let lists = scene.settings.iter().filter_map(|view| view.data.get("no-tls-redirect-locations"));
    let items = lists.flat_map(|list| list.split(','));
    // The controller takes blanks off (`strings.Trim(item, " ")`).
    let items = items.map(|item| item.trim_matches(' ')).filter(|item| !item.is_empty());
    std::iter::once(NEVER_REDIRECTED).chain(items).map(str::to_owned).collect()
}

/// Settings of the controller that admit plain HTTP, where its `ConfigMap` is among the objects.
fn settings(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let believes = |data: &BTreeMap<&str, &str>| {
        data.get("use-forwarded-headers").is_some_and(|value| is_true(value))
    };
    let mut found = pasted(scene);
    let views = scene.settings.iter().filter(|view| believes(&view.data));
    let words = |namespace: &str, name: &str| {
        let title = format!(
            "the ConfigMap `{namespace}/{name}` has `use-forwarded-headers: \"true\"`: if it is the controller's, a request by plain HTTP with `X-Forwarded-Proto: https` reaches protected hosts without a certificate"
        );
        Diagnostic::warning("plain-http", title)
            .help("set it only behind a proxy that replaces that header and forwards no plain HTTP")
    };
    found.extend(views.map(|view| words(view.namespace, view.name)));
    found
}

/// Settings whose effect is not known, where the `ConfigMap` is among the objects.
fn pasted(scene: &Scene<'_>) -> Vec<Diagnostic> {
    if !scene.entries.keys().any(|host| scene.is_protected(host)) {
        return Vec::new();
    }
    let keys = scene.settings.iter().flat_map(|view| {
        let is_unknown = |(key, value): &(&&str, &&str)| not_followed(key, value);
        view.data.iter().filter(is_unknown).map(move |(key, _)| (view, key))
    });
    keys.map(|(view, key)| {
        let title = format!(
            "the ConfigMap `{}/{}` has `{key}`, whose effect mtlsgen does not know: if it is the controller's, which clients are admitted is not known",
            view.namespace, view.name
        );
        Diagnostic::warning("controller-settings", title)
            .help("test the hosts from outside, without a certificate and by plain HTTP too")
    })
    .collect()
}

/// Services that protected paths lead to, by namespace and name.
struct Protected<'a> {
    services: BTreeSet<(&'a str, &'a str)>,
    hosts: BTreeSet<&'a str>,
}

impl<'a> Protected<'a> {
    fn of(
        scene: &Scene<'a>,
        hosts: &BTreeMap<&'a str, Vec<Served<'a>>>,
        prefixes: &[String],
    ) -> Self {
        let mut protected = Self { services: BTreeSet::new(), hosts: BTreeSet::new() };
        for (host, paths) in hosts.iter().filter(|(host, _)| scene.is_protected(host)) {
            protected.hosts.insert(host);
            for Served { view, path } in paths {
                if exempt(path, prefixes).is_none() {
                    let service = path.backend.map(|backend| (view.namespace, backend.service));
                    protected.services.extend(service);
                }
            }
            let whole = paths.iter().filter_map(|served| {
                Some((served.view.namespace, served.view.default_backend?.service))
            });
            protected.services.extend(whole);
        }
        protected
    }

    fn by_plain_http(
        &self,
        host: &str,
        served: &Served<'_>,
        prefixes: &[String],
    ) -> Option<Diagnostic> {
        let Served { view, path } = served;
        let prefix = exempt(path, prefixes).filter(|_| self.hosts.contains(host))?;
        let (namespace, service) = (view.namespace, path.backend?.service);
        if prefix != NEVER_REDIRECTED {
            return Some(by_settings(view, path, host, prefix));
        }
        if !self.services.contains(&(namespace, service)) {
            return None;
        }
        let title = format!(
            "{} serves `{}` of the protected host `{host}` by plain HTTP, without a certificate: the controller never redirects paths that begin with `{prefix}`, and the Service `{namespace}/{service}` is behind protected paths too",
            called(view),
            path.path.escape_debug(),
        );
        Some(
            Diagnostic::error("plain-http", title)
                .help("lead that path to a Service that no protected path leads to, or remove it"),
        )
    }
}

/// An item of the controller's settings that covers a path of a protected host.
fn by_settings(
    view: &IngressView<'_>,
    path: &PathView<'_>,
    host: &str,
    prefix: &str,
) -> Diagnostic {
    let title = format!(
        "{} serves `{}` of the protected host `{host}` by plain HTTP, without a certificate: the controller's `no-tls-redirect-locations` has `{}`",
        called(view),
        path.path.escape_debug(),
        prefix.escape_debug(),
    );
    Diagnostic::error("plain-http", title)
        .help("take that item off the list, or give the paths that begin so a host of their own")
}

/// Why a path is never redirected, if it is not.
fn exempt<'p>(path: &PathView<'_>, prefixes: &'p [String]) -> Option<&'p str> {
    prefixes.iter().map(String::as_str).find(|prefix| path.path.starts_with(prefix))
}

/// Whether the paths of the Ingress are regular expressions, and with them all of its hosts'
/// (`enforceRegexModifier` of `internal/ingress/controller/template/template.go`).
fn uses_regex(view: &IngressView<'_>) -> bool {
    Scene::annotation(view, "use-regex").is_some_and(is_true)
        || Scene::annotation(view, "rewrite-target").is_some_and(|target| !target.is_empty())
}

/// Why the controller would refuse the path, or never serve it.
fn problem(
    served: &Served<'_>,
    is_regex: bool,
    is_strict: bool,
    dots: Option<&str>,
) -> Option<Diagnostic> {
    let Served { view, path: PathView { path, path_type, .. } } = served;
    // `validPathType` of `internal/ingress/inspector/rules.go`.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let odd = path.chars().find(|c| is_strict && !is_plain(*c));
    let shown = path.escape_debug();
    let is_typed = matches!(path_type, PathType::Prefix | PathType::Exact);
    if let Some(version) = dots.filter(|_| is_strict && is_typed && path.contains('.')) {
        let title = format!(
            "the webhook of ingress-nginx {version} refuses {} for the path `{shown}`: it takes no dot in paths of type Prefix and Exact",
            called(view),
        );
        return Some(Diagnostic::error("invalid-path", title).help(
            "write `pathType = \"ImplementationSpecific\"`, which the controller takes for Prefix; 1.12.6 and 1.13.2 take dots",
        ));
    }
    if let (Some(odd), PathType::Prefix | PathType::Exact) = (odd, path_type) {
        let title = format!(
            "the controller refuses {} for the path `{shown}`: `{}` is not allowed in paths of type Prefix and Exact (`strict-validate-path-type`)",
            called(view),
            odd.escape_debug(),
        );
        return Some(Diagnostic::error("invalid-path", title).help(
            "write `pathType = \"ImplementationSpecific\"`, which the controller takes for Prefix, or use letters, digits and `. _ - /` alone",
        ));
    }
    if is_regex {
        return None;
    }
    let ended = format!("{path}/");
    let is_in = |part: &str| path.contains(part) || part.starts_with("/.") && ended.ends_with(part);
    let (part, why) = NEVER_MATCHING.iter().find(|(part, _)| is_in(part))?;
    let title = format!(
        "{} has the path `{shown}`, which the controller never serves: {why}",
        called(view)
    );
    Some(Diagnostic::error("invalid-path", title).help(format!("remove `{part}` from the path")))
}

/// What paths that are not regular expressions never match with, because nginx compares decoded and normalized ones
/// without the query; and why.
const NEVER_MATCHING: [(&str, &str); 6] = [
    ("%", "nginx compares with the decoded path"),
    ("#", "what follows `#` stays in the browser"),
    ("?", "what follows `?` is the query"),
    ("//", "nginx takes several slashes for one"),
    ("/./", "nginx resolves `.` first"),
    ("/../", "nginx resolves `..` first"),
];

/// Positions of paths that meet another one of the host, and what becomes of them.
fn twice(scene: &Scene<'_>, host: &str, paths: &[Served<'_>]) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let is_canary =
        |served: &Served<'_>| Scene::annotation(served.view, "canary").is_some_and(is_true);
    for (at, served) in paths.iter().enumerate() {
        let other = paths[..at].iter().find(|other| {
            served.view.class == other.view.class
                && !is_canary(served)
                && !is_canary(other)
                && meet(served, other)
        });
        let Some(other) = other else { continue };
        let shown = (served.path.path.escape_debug(), other.path.path.escape_debug());
        let is_repeated = served.path.path == other.path.path;
        let (title, help) = if is_one_ingress(served, other) && is_repeated {
            (
                format!(
                    "{} has the path `{}` for `{host}` twice, and the controller passes over the second one: it takes ImplementationSpecific for Prefix",
                    called(served.view),
                    shown.0
                ),
                "remove one of them".to_owned(),
            )
        } else if is_one_ingress(served, other) {
            (
                format!(
                    "{} has the paths `{}` and `{}` for `{host}`, of both of which the controller makes the location `{}`: nginx then takes no new configuration for any host",
                    called(served.view),
                    shown.1,
                    shown.0,
                    with_slash(served.path.path).escape_debug(),
                ),
                "remove one of them".to_owned(),
            )
        } else {
            (
                format!(
                    "{} and {} both have the path `{}` for `{host}`: the controller refuses the second one, as `already defined`",
                    called(other.view),
                    called(served.view),
                    shown.0
                ),
                of_two(scene, host, [other.view, served.view]),
            )
        };
        found.push((at, Diagnostic::error("path-twice", title).help(help)));
    }
    found
}

/// What to do where two Ingresses have one path of a host.
fn of_two(scene: &Scene<'_>, host: &str, views: [&IngressView<'_>; 2]) -> String {
    let exposures = || scene.model.exposures.iter().filter(|one| one.host.as_str() == host);
    let is_made = |view: &IngressView<'_>| {
        exposures().any(|one| {
            one.existing_ingress.is_none()
                && (one.namespace.as_str(), one.name.as_str()) == (view.namespace, view.name)
        })
    };
    let [one, other] = views;
    match (is_made(one), is_made(other)) {
        (true, false) => serves_too(&called(other), host, other.name),
        (false, true) => serves_too(&called(one), host, one.name),
        _ => "remove one of them, or give it another path".to_owned(),
    }
}

fn is_one_ingress(one: &Served<'_>, other: &Served<'_>) -> bool {
    (one.view.namespace, one.view.name) == (other.view.namespace, other.view.name)
}

/// Whether two paths are one to the controller: over two Ingresses by text, for any type (`checkOverlap` of
/// `internal/ingress/controller/controller.go`); within one, if nginx would have a location twice, or the
/// second would be passed over (`getBackendServers`; `updateServerLocations` of `location.go`).
fn meet(one: &Served<'_>, other: &Served<'_>) -> bool {
    let (a, b) = (one.path, other.path);
    if is_one_ingress(one, other) {
        let is_exact = |path: &PathView<'_>| path.path_type == PathType::Exact;
        return match (is_exact(a), is_exact(b)) {
            (false, false) => with_slash(a.path) == with_slash(b.path),
            (true, true) => a.path == b.path,
            _ => false,
        };
    }
    locations(a).any(|text| text == b.path) || locations(b).any(|text| text == a.path)
}

fn with_slash(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

/// Texts of the locations that the controller makes of a path.
fn locations(path: &PathView<'_>) -> impl Iterator<Item = String> {
    let further = (path.path_type != PathType::Exact).then(|| with_slash(path.path));
    std::iter::once(path.path.to_owned()).chain(further)
}
