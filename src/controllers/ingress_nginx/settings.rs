//! The controller's settings: its `ConfigMap`, the flags of the object that runs it, and what is declared.

use std::collections::BTreeMap;

use super::IngressNginx;
use super::annotation_risk::{custom_http_errors, ssl_ciphers};
use super::annotation_table;
use super::flags::{self, FOLLOWED};
use super::values::boolean;
use crate::controllers::setup::{Chosen, Named};
use crate::controllers::{Declared, Origin, Settings, declared_options};
use crate::enforcement::{Given, Missing};
use crate::identity::Identity;
use crate::manifest::kinds::ConfigMap;
use crate::manifest::{ObjectSet, Seen, Shown};

/// The version whose defaults these are, the last one that was released.
pub(super) const VERSION: &str = "1.15.1";
/// The `--controller-class` of the default set-up (`pkg/flags/flags.go`).
pub const CONTROLLER_CLASS: &str = "k8s.io/ingress-nginx";
/// The `--ingress-class` of the default set-up.
pub(super) const CLASS: &str = "nginx";

/// Options that the model knows, with their defaults (`internal/ingress/controller/config/config.go`).
const OPTIONS: [(&str, &str); 19] = [
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
    // The default names no level of security.
    ("ssl-ciphers", ""),
    ("ssl-redirect", "true"),
    ("ssl-reject-handshake", "false"),
    ("ssl-session-ticket-key", ""),
    ("stream-snippet", ""),
    ("use-forwarded-headers", "false"),
    ("use-proxy-protocol", "false"),
];

/// Options whose value becomes part of nginx's configuration for all hosts, of what their Services hear, or of who answers
/// refused clients.
const PASTED: [&str; 7] = [
    "custom-http-errors",
    "main-snippet",
    "http-snippet",
    "server-snippet",
    "location-snippet",
    "stream-snippet",
    "proxy-set-headers",
];

/// Whether the model does not follow an option with that value.
pub(crate) fn not_followed(name: &str, value: &str) -> bool {
    match name {
        // The proxy in front then decides what counts as HTTPS.
        "use-proxy-protocol" => boolean(value) == Some(true),
        "custom-http-errors" => {
            let known = annotation_table::find(name);
            let is_read = known.is_none_or(|known| known.values.has(value));
            !value.is_empty() && (!is_read || custom_http_errors(value).is_some())
        }
        "ssl-ciphers" => ssl_ciphers(value).is_some(),
        // A reader of the key can forge TLS sessions of any client.
        "ssl-session-ticket-key" => !value.is_empty(),
        _ => PASTED.contains(&name) && !value.is_empty(),
    }
}

pub(super) fn settings(objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
    let mut chosen = Chosen::of(objects, declared, CLASS, flags::setup);
    let (version, version_origin) = chosen.version(declared.version.as_ref(), VERSION);
    let read = config_map(objects, declared, &mut chosen);
    let options = options_of(read.as_ref().map(|seen| &*seen.object));
    let flags = FOLLOWED.iter().map(|(name, default)| (*name, of(chosen.option(name), default)));
    let said = declared_options(&IngressNginx, declared);
    let options = options.into_iter().chain(flags).chain(said).collect();
    let classes = chosen.classes(objects, declared, &flags::OWN);
    Settings {
        controller: "ingress-nginx",
        version,
        version_origin,
        options,
        accepted: declared.accepted.clone(),
        classes,
        missing: chosen.missing,
        read_from: read.map(|seen| seen.identity.clone()),
        run_by: chosen.setup.map(|setup| setup.object),
        at: None,
        given: chosen.given,
    }
}

/// Options by what a `ConfigMap` has.
fn options_of(read: Option<&ConfigMap>) -> BTreeMap<&'static str, (String, Origin)> {
    let option = |(name, default): &(&'static str, &str)| {
        let value = read.and_then(|map| map.data.get(name));
        // An empty boolean is false, one that is none counts as not written (`ReadConfig` of `template/configmap.go`).
        let is_read = |value: &&str| {
            boolean(default).is_none() || value.is_empty() || boolean(value).is_some()
        };
        (*name, of(value.filter(is_read), default))
    };
    OPTIONS.iter().map(option).collect()
}

/// The defaults, and what each `ConfigMap` among the objects has that may be the one, without what is not followed.
pub(super) fn possible(
    objects: &ObjectSet<'_>,
    declared: &Declared,
    settings: &Settings,
) -> Vec<Settings> {
    let none = self::settings(&ObjectSet::empty(objects), declared);
    let defaults = settings.clone().with_options_of(none);
    let (maps, _) = objects.all::<ConfigMap>();
    let of_map = |seen: &Seen<'_, ConfigMap>| {
        let mut options = options_of(Some(&seen.object));
        options.retain(|name, (value, _)| !not_followed(name, value));
        let mut possible = defaults.clone();
        possible.options.extend(options);
        possible.read_from = Some(seen.identity.clone());
        possible
    };
    let of_maps: Vec<Settings> = maps.iter().filter(|seen| has_options(seen)).map(of_map).collect();
    std::iter::once(defaults).chain(of_maps).collect()
}

/// Whether a `ConfigMap` has options of the controller.
fn has_options(seen: &Seen<'_, ConfigMap>) -> bool {
    OPTIONS.iter().any(|(name, _)| seen.object.data.get(name).is_some())
}

/// A value that an object has, or the default.
fn of(read: Option<&str>, default: &str) -> (String, Origin) {
    let origin = if read.is_some() { Origin::Read } else { Origin::Default };
    (read.unwrap_or(default).to_owned(), origin)
}

/// The `ConfigMap` of the settings: the one that is named, that of the flags, or the only one that has any.
fn config_map<'a>(
    objects: &'a ObjectSet<'_>,
    declared: &Declared,
    chosen: &mut Chosen,
) -> Option<Seen<'a, ConfigMap>> {
    let by_flag = chosen.setup.as_ref().map(|setup| (&setup.object, setup.config_map.clone()));
    let by_flag = by_flag.map(|(object, named)| (object.clone(), named));
    let (namespace, name) = match (&declared.config_map, by_flag) {
        (Some((namespace, name)), by_flag) => {
            let is_other = |(_, named): &(Identity, Named)| match named {
                Named::This(own, its) => (own, its) != (namespace, name),
                Named::Nothing => true,
                Named::NotKnown => false,
            };
            if let Some((object, named)) = by_flag.filter(is_other) {
                let read = match named {
                    Named::This(namespace, name) => format!("{namespace}/{name}"),
                    Named::Nothing | Named::NotKnown => String::new(),
                };
                let declared = format!("{namespace}/{name}");
                chosen.contradict(&object, "`--configmap`", &read, &declared);
            }
            (namespace.clone(), name.clone())
        }
        (None, Some((_, Named::This(namespace, name)))) => (namespace, name),
        (None, Some((object, Named::Nothing))) => {
            chosen.given.push(Given::NoSettings(object));
            return None;
        }
        (None, Some((_, Named::NotKnown)) | None) => {
            let (read, is_ambiguous) = the_one(objects.all::<ConfigMap>().0);
            if is_ambiguous {
                chosen.missing.get_or_insert(Missing::Settings);
            } else if let Some(seen) = &read {
                chosen.given.push(Given::Settings(seen.identity.clone()));
            } else {
                chosen.given.push(Given::DefaultSettings);
            }
            return read;
        }
    };
    let identity = Identity {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: Some(namespace.clone()),
        name: name.clone(),
    };
    match objects.read::<ConfigMap>(&namespace, &name) {
        Shown::Found(Ok(seen)) => {
            chosen.given.push(Given::NamedSettings(identity));
            return Some(seen);
        }
        Shown::Found(Err(_)) | Shown::Hidden => {
            chosen.missing.get_or_insert(Missing::Hidden(identity));
        }
        // The controller goes on with its defaults.
        Shown::Absent | Shown::NotShown(_) if declared.config_map.is_none() => {
            chosen.given.push(Given::SettingsNotShown(identity));
        }
        Shown::Absent | Shown::NotShown(_) => {
            chosen.missing.get_or_insert(Missing::NotShown(identity));
        }
    }
    None
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
    let mut with_options = maps.into_iter().filter(has_options);
    let first = with_options.next();
    if with_options.next().is_some() { (None, true) } else { (first, false) }
}
