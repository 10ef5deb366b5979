//! Services that are reached in two ways: with a certificate by one host and without one by another, or by a canary
//! beside the Ingress that is meant.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scene, called, is_true};
use crate::diagnostic::Diagnostic;
use crate::model::Exposure;
use crate::specification::Verify;
use crate::targets::{BackendView, IngressView, PortView};

pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut found = shared(scene);
    found.extend(canaries(scene));
    found
}

/// Namespace, name and port of a Service.
type Service<'a> = (&'a str, &'a str, String);

/// The first host of each way to a Service.
#[derive(Default)]
struct Ways<'a> {
    asked: Option<&'a Exposure>,
    unasked: Option<Unasked<'a>>,
}

/// A host that demands no certificate.
#[derive(Clone, Copy)]
enum Unasked<'a> {
    Entry(&'a Exposure),
    /// One that the spec does not have.
    Other {
        view: &'a IngressView<'a>,
        host: &'a str,
    },
}

fn shared(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let mut services: BTreeMap<Service<'_>, Ways<'_>> = BTreeMap::new();
    for view in &scene.ingresses {
        let whole = view.default_backend.map(|backend| ("", backend));
        let paths = view
            .rules
            .iter()
            .flat_map(|rule| rule.paths.iter().filter_map(|path| Some((rule.host, path.backend?))));
        // It answers in the place of the others (`custom-http-errors`, no endpoints), at its first port.
        let default = Scene::annotation(view, "default-backend").into_iter().flat_map(|service| {
            let port = scene.services.get(&(view.namespace, service));
            let port = port.and_then(|service| service.ports.first());
            let port = PortView::Number(port.map_or(0, |port| port.port.into()));
            view.rules.iter().map(move |rule| (rule.host, BackendView { service, port }))
        });
        for (host, backend) in paths.chain(whole).chain(default) {
            let port = port_number(scene, view.namespace, backend);
            let ways = services.entry((view.namespace, backend.service, port)).or_default();
            match scene.entries.get(host) {
                Some(exposure) if demands(exposure) => {
                    ways.asked.get_or_insert(exposure);
                }
                Some(exposure) => {
                    ways.unasked.get_or_insert(Unasked::Entry(exposure));
                }
                None if !may_demand(view) => {
                    ways.unasked.get_or_insert(Unasked::Other { view, host });
                }
                None => {}
            }
        }
    }
    let both = services
        .into_iter()
        .filter_map(|(service, ways)| Some(shared_by(scene, &service, ways.asked?, ways.unasked?)));
    both.collect()
}

/// Why the way without a certificate counts.
const HOST_HEADER: &str = "a request without a certificate can name the other host in its header `Host`: the Service cannot distinguish them";
/// What keeps the two apart.
const SEPARATE: &str = "give one of the hosts a Service of its own, or a port that leads to another port of the container; a NetworkPolicy does not help, since both ways lead through the controller";

fn shared_by(
    scene: &Scene<'_>,
    (namespace, service, _): &Service<'_>,
    asked: &Exposure,
    unasked: Unasked<'_>,
) -> Diagnostic {
    let (other, place) = match unasked {
        Unasked::Entry(exposure) => (format!("host `{}`", exposure.key), scene.place(exposure)),
        Unasked::Other { view, host: "" } => {
            (format!("{}, for every other host", called(view)), None)
        }
        Unasked::Other { view, host } => (format!("host `{host}` of {}", called(view)), None),
    };
    let title = format!(
        "{other} leads to the Service `{namespace}/{service}` without a certificate, which host `{}` requires for it",
        asked.key,
    );
    let diagnostic = Diagnostic::warning("service-shared", title).help(HOST_HEADER).help(SEPARATE);
    match place {
        Some(place) => {
            diagnostic.at(Some(place)).related(scene.place(asked), "requires a certificate")
        }
        None => diagnostic.at(scene.place(asked)),
    }
}

/// Whether an Ingress of others may demand a certificate.
fn may_demand(view: &IngressView<'_>) -> bool {
    let word = Scene::annotation(view, "auth-tls-verify-client").map_or("on", str::trim);
    Scene::annotation(view, "auth-tls-secret").is_some_and(|secret| !secret.trim().is_empty())
        && !matches!(word, "off" | "optional" | "optional_no_ca")
}

/// Whether the host admits no client without a verified certificate.
fn demands(exposure: &Exposure) -> bool {
    exposure.client_auth.as_ref().is_some_and(|auth| auth.verify == Verify::On)
}

/// A canary's Service is one without a server to the controller, for all hosts that lead to it; and where its host has
/// no other Ingress, its paths are served under every name (`createUpstreams` and `getBackendServers` of
/// `internal/ingress/controller/controller.go`).
fn canaries(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let is_canary = |view: &IngressView<'_>| Scene::annotation(view, "canary").is_some_and(is_true);
    let (canaries, others): (Vec<_>, Vec<_>) =
        scene.ingresses.iter().copied().partition(|view| is_canary(view));
    let mut services: BTreeMap<(&str, BackendView<'_>), &Exposure> = BTreeMap::new();
    for view in others.into_iter().filter(|_| !canaries.is_empty()) {
        for rule in &view.rules {
            let Some(exposure) = scene.entries.get(rule.host) else { continue };
            let backends = rule.paths.iter().filter_map(|path| path.backend);
            services.extend(backends.map(|backend| ((view.namespace, backend), *exposure)));
        }
    }
    let taken = canaries.into_iter().flat_map(|view| {
        let backends: BTreeSet<_> = view.backends().collect();
        backends.into_iter().map(move |backend| (view, backend))
    });
    taken
        .filter_map(|(view, backend)| {
            let exposure = services.get(&(view.namespace, backend))?;
            let title = format!(
                "{} is a canary that leads to the Service `{}/{}` of host `{}`: the controller then serves that host no more, or the Service under every name, without a certificate",
                called(view), view.namespace, backend.service, exposure.key,
            );
            let finding = Diagnostic::error("canary-shares", title)
                .help("let the canary lead to a Service of its own");
            Some(scene.about(exposure, finding))
        })
        .collect()
}

/// The port of the container, where the spec knows it: two ports of a Service may lead to one.
fn port_number(scene: &Scene<'_>, namespace: &str, backend: BackendView<'_>) -> String {
    let service = scene.services.get(&(namespace, backend.service));
    if service.is_some_and(|service| service.ports.is_empty()) {
        // The spec has its port by name alone: any number may be the same one.
        return String::new();
    }
    let mut ports = service.into_iter().flat_map(|service| &service.ports);
    let known = ports.find(|port| match backend.port {
        PortView::Number(number) => u64::from(port.port) == number,
        PortView::Name(name) => port.name.as_deref() == Some(name),
    });
    known.map_or_else(|| backend.port.to_string(), |port| port.container_port.to_string())
}
