//! What Traefik, which reads the same annotations, makes of the objects otherwise: what depends on its version, and
//! names that meet inside it (`pkg/provider/kubernetes/ingress-nginx/build.go` and `translator.go` of its
//! repository; the versions are those that the end-to-end tests run).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Scene;
use crate::diagnostic::Diagnostic;
use crate::target::IngressView;

const PAGE: &str = "docs/targets/ingress-nginx.md, \"With Traefik\", has the versions";

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut found = several_ingresses(scene);
    found.extend(routers(scene));
    found
}

/// A protected host in several Ingresses: until 3.7.14 a conflict, after which nobody is asked for anything.
fn several_ingresses(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut hosts: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for view in &scene.ingresses {
        for rule in view.rules.iter().filter(|rule| scene.is_protected(rule.host)) {
            hosts.entry(rule.host).or_default().insert((view.namespace, view.name));
        }
    }
    let several = hosts.into_iter().filter(|(_, places)| places.len() > 1);
    several
        .filter_map(|(host, places)| {
            let exposure = scene.entries.get(host)?;
            let places: Vec<String> =
                places.iter().map(|(namespace, name)| format!("`{namespace}/{name}`")).collect();
            let title = format!(
                "the protected host `{host}` is in the Ingresses {}: Traefik before 3.7.15 asks nobody for a certificate there",
                places.join(", ")
            );
            let diagnostic = Diagnostic::warning("traefik-version", title)
                .at(scene.place(exposure))
                .help(format!("ingress-nginx is right; with Traefik, use 3.7.15 or newer: {PAGE}"));
            Some(diagnostic)
        })
        .collect()
}

/// Ingresses whose routers have one name: one of both hosts is served to nobody.
fn routers(scene: &Scene<'_>) -> Vec<Diagnostic> {
    // Only asked, never iterated over.
    let mut first: HashMap<String, &IngressView<'_>> = HashMap::new();
    let mut found = Vec::new();
    for view in &scene.ingresses {
        let name = normalized(&format!("{}-{}", view.namespace, view.name));
        let other = *first.entry(name).or_insert(view);
        if (other.namespace, other.name) == (view.namespace, view.name) {
            continue;
        }
        let Some(exposure) = scene.entry_of(view).or_else(|| scene.entry_of(other)) else {
            continue;
        };
        let title = format!(
            "the Ingresses `{}/{}` and `{}/{}` are one inside Traefik, which then serves one of both to nobody",
            other.namespace, other.name, view.namespace, view.name
        );
        found.push(
            Diagnostic::warning("traefik-names", title)
                .at(scene.place(exposure))
                .help(format!("ingress-nginx is right; with Traefik, give one of them another `ingressName`: {PAGE}")),
        );
    }
    found
}

/// What is neither letter nor digit becomes one dash (`Normalize` of `pkg/provider/configuration.go`).
fn normalized(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}
