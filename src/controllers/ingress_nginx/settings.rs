//! The controller's settings: its `ConfigMap`, and what is declared.

use super::values::boolean;
use crate::controllers::{Classes, Declared, Origin, Settings};
use crate::manifest::kinds::ConfigMap;
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
    ("custom-http-errors", ""),
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
    ("use-forwarded-headers", "false"),
    ("use-proxy-protocol", "false"),
];

/// Options whose value becomes part of nginx's configuration for all hosts, of what their Services hear, or of who answers
/// refused clients.
pub(super) const PASTED: [&str; 7] = [
    "custom-http-errors",
    "main-snippet",
    "http-snippet",
    "server-snippet",
    "location-snippet",
    "stream-snippet",
    "proxy-set-headers",
];

pub(super) fn settings(objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
    let (maps, _) = objects.all::<ConfigMap>();
    let (read, is_ambiguous) = match &declared.config_map {
        Some((namespace, name)) => match objects.read::<ConfigMap>(namespace, name) {
            Shown::Found(Ok(seen)) => (Some(seen), false),
            _ => (None, true),
        },
        None => the_one(maps),
    };
    let options = OPTIONS.iter().map(|(name, default)| {
        let value = read.as_ref().and_then(|seen| seen.object.data.get(name));
        // An empty boolean is false, one that is none counts as not written (`ReadConfig` of `template/configmap.go`).
        let is_read = |value: &&str| {
            boolean(default).is_none() || value.is_empty() || boolean(value).is_some()
        };
        let (value, origin) = match value.filter(is_read) {
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
        accepted: declared.accepted.clone(),
        classes: Classes::of(objects, declared, CONTROLLER_CLASS, CLASS),
        is_ambiguous,
        read_from: read.map(|seen| seen.identity.clone()),
    }
}

/// What a `ConfigMap` may have that is not among the objects.
const LAXER: [(&str, &str); 3] = [
    ("allow-snippet-annotations", "true"),
    ("annotations-risk-level", "Critical"),
    ("ssl-redirect", "false"),
];

pub(super) fn laxer(settings: &Settings) -> Option<Settings> {
    if settings.read_from.is_some() {
        return None;
    }
    let mut laxer = settings.clone();
    for (name, value) in LAXER {
        laxer.options.insert(name, (value.to_owned(), Origin::Assumed));
    }
    Some(laxer)
}

/// The only `ConfigMap` that has options of the controller, if there is one; whether there are several.
fn the_one(maps: Vec<Seen<'_, ConfigMap>>) -> (Option<Seen<'_, ConfigMap>>, bool) {
    let has_options = |seen: &Seen<'_, ConfigMap>| {
        OPTIONS.iter().any(|(name, _)| seen.object.data.get(name).is_some())
    };
    let mut with_options = maps.into_iter().filter(has_options);
    let first = with_options.next();
    if with_options.next().is_some() { (None, true) } else { (first, false) }
}
