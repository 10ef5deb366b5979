//! The controller's settings: its `ConfigMap`, and what is declared.

use crate::controllers::{Declared, Origin, Settings};
use crate::manifest::kinds::{ConfigMap, IngressClass};
use crate::manifest::{ObjectSet, Seen, Shown};

/// The version whose defaults these are, the last one that was released.
const VERSION: &str = "1.15.1";
/// The `--controller-class` of the default set-up (`pkg/flags/flags.go`).
const CONTROLLER_CLASS: &str = "k8s.io/ingress-nginx";
/// The `--ingress-class` of the default set-up.
const CLASS: &str = "nginx";

/// Options that the model knows, with their defaults (`internal/ingress/controller/config/config.go`).
const OPTIONS: [(&str, &str); 17] = [
    ("allow-cross-namespace-resources", "false"),
    ("allow-snippet-annotations", "false"),
    ("annotation-value-word-blocklist", ""),
    ("annotations-risk-level", "High"),
    ("force-ssl-redirect", "false"),
    ("http-snippet", ""),
    ("location-snippet", ""),
    ("main-snippet", ""),
    ("no-tls-redirect-locations", "/.well-known/acme-challenge"),
    ("proxy-set-headers", ""),
    ("server-snippet", ""),
    ("ssl-redirect", "true"),
    ("ssl-reject-handshake", "false"),
    ("stream-snippet", ""),
    ("strict-validate-path-type", "true"),
    ("use-forwarded-headers", "false"),
    ("use-proxy-protocol", "false"),
];

/// Options whose value becomes part of nginx's configuration for all hosts, or of what their Services hear.
pub(super) const PASTED: [&str; 6] = [
    "main-snippet",
    "http-snippet",
    "server-snippet",
    "location-snippet",
    "stream-snippet",
    "proxy-set-headers",
];

pub(super) fn settings(objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
    let (maps, _) = objects.all::<ConfigMap>();
    let read = match &declared.config_map {
        Some((namespace, name)) => match objects.read::<ConfigMap>(namespace, name) {
            Shown::Found(Ok(seen)) => Some(seen),
            _ => None,
        },
        None => the_one(maps),
    };
    let options = OPTIONS.iter().map(|(name, default)| {
        // Empty values count as none (`mapstructure` of `ReadConfig`).
        let value = read.as_ref().and_then(|seen| seen.object.data.get(name));
        let (value, origin) = match value.filter(|value| !value.is_empty()) {
            Some(value) => (value, Origin::Read),
            None => (*default, Origin::Default),
        };
        (*name, (value.to_owned(), origin))
    });
    Settings {
        controller: "ingress-nginx",
        version: declared.version.clone().unwrap_or_else(|| VERSION.to_owned()),
        version_origin: if declared.version.is_some() { Origin::Declared } else { Origin::Default },
        options: options.collect(),
        classes: classes(objects, declared),
        knows_classes: !declared.classes.is_empty() || !objects.all::<IngressClass>().0.is_empty(),
        read_from: read.map(|seen| seen.identity.clone()),
    }
}

/// The only `ConfigMap` that has options of the controller, if there is one.
fn the_one(maps: Vec<Seen<'_, ConfigMap>>) -> Option<Seen<'_, ConfigMap>> {
    let has_options = |seen: &Seen<'_, ConfigMap>| {
        OPTIONS.iter().any(|(name, _)| seen.object.data.get(name).is_some())
    };
    let mut with_options = maps.into_iter().filter(has_options);
    with_options.next().filter(|_| with_options.next().is_none())
}

/// Classes that are declared, and those of the controller's; the default one, unless it is shown to be another's.
fn classes(objects: &ObjectSet<'_>, declared: &Declared) -> Vec<String> {
    let (shown, _) = objects.all::<IngressClass>();
    let is_own = |seen: &Seen<'_, IngressClass>| {
        seen.object.spec.controller.as_deref() == Some(CONTROLLER_CLASS)
    };
    let mut classes: Vec<String> = declared.classes.clone();
    classes.extend(shown.iter().filter(|seen| is_own(seen)).map(|seen| seen.identity.name.clone()));
    let is_others = shown.iter().any(|seen| seen.identity.name == CLASS && !is_own(seen));
    if !is_others && declared.classes.is_empty() {
        classes.push(CLASS.to_owned());
    }
    classes.sort();
    classes.dedup();
    classes
}
