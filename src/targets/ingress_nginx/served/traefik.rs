//! What Traefik, which reads the same annotations, makes of the objects otherwise: what depends on its version, and
//! names that meet inside it (`pkg/provider/kubernetes/ingress-nginx/build.go` and `translator.go` of its
//! repository; the versions are those that the end-to-end tests run).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Scene;
use crate::diagnostic::Diagnostic;
use crate::targets::{BackendView, IngressView};

const PAGE: &str = "docs/targets/ingress-nginx.md, \"With Traefik\", has the versions";

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut found = several_ingresses(scene);
    found.extend(routers(scene));
    found.extend(services(scene));
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
                .help(format!("ingress-nginx asks everybody; with Traefik, use 3.7.15 or newer: {PAGE}"));
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
        let title = format!(
            "the Ingresses `{}/{}` and `{}/{}` are one inside Traefik, which then serves one of both to nobody",
            other.namespace, other.name, view.namespace, view.name
        );
        found.extend(meeting(scene, [view, other], title));
    }
    found
}

/// Services behind two Ingresses that have one name: the older one's is served by both.
fn services(scene: &Scene<'_>) -> Vec<Diagnostic> {
    // Only asked, never iterated over.
    let mut first: HashMap<String, (&IngressView<'_>, BackendView<'_>)> = HashMap::new();
    let mut found = Vec::new();
    for view in &scene.ingresses {
        for backend in view.backends() {
            let BackendView { service, port } = backend;
            let name = format!("{}-{}-{service}-{port}", view.namespace, view.name);
            let (other, theirs) = *first.entry(normalized(&name)).or_insert((view, backend));
            if (other.namespace, theirs) == (view.namespace, backend) {
                continue;
            }
            let title = format!(
                "the Service `{}/{}` behind the Ingress `{}` and the Service `{}/{service}` behind the Ingress `{}` are one inside Traefik, which serves one of them at both",
                other.namespace, theirs.service, other.name, view.namespace, view.name
            );
            found.extend(meeting(scene, [view, other], title));
        }
    }
    found
}

/// The warning, if one of the two Ingresses belongs to a host of the spec.
fn meeting(scene: &Scene<'_>, views: [&IngressView<'_>; 2], title: String) -> Option<Diagnostic> {
    let exposure = views.into_iter().find_map(|view| scene.entry_of(view))?;
    let help = format!(
        "ingress-nginx keeps them apart; with Traefik, give one of the Ingresses another `ingressName`: {PAGE}"
    );
    Some(Diagnostic::warning("traefik-names", title).at(scene.place(exposure)).help(help))
}

/// What is neither letter nor digit becomes one dash (`Normalize` of `pkg/provider/configuration.go`).
fn normalized(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}
