//! Traefik's static configuration (`pkg/config/static`), out of the arguments or the environment of the container that runs it.

use std::collections::BTreeMap;

use super::edition::LAST;
use super::{CLASS, CONTROLLER_CLASS, Traefik};
use crate::controllers::classes::{self, Own};
use crate::controllers::ingress_nginx::values::boolean;
use crate::controllers::setup::{Release, Setup, Shows};
use crate::controllers::workload::{Container, Word};

/// The provider whose Ingresses are read.
const PROVIDER: &str = "providers.kubernetesingressnginx";
/// The provider of Traefik's own kinds.
const CUSTOM: &str = "providers.kubernetescrd";
/// `core.strictTLSOptions`.
pub(super) const STRICT: &str = "--core.stricttlsoptions";
/// Whether Ingresses may name Secrets of other namespaces.
pub(super) const CROSSES: &str = "--providers.kubernetesingressnginx.allowcrossnamespaceresources";
/// Whether Ingresses may have snippets.
pub(super) const SNIPPETS: &str = "--providers.kubernetesingressnginx.allowsnippetannotations";
/// Whether paths with signs of expressions make Traefik pass over an Ingress.
pub(super) const STRICT_PATHS: &str = "--providers.kubernetesingressnginx.strictvalidatepathtype";
/// The namespace whose objects are read alone.
pub(super) const WATCHED: &str = "--providers.kubernetesingressnginx.watchnamespace";

/// Labels of the namespaces whose objects are read.
pub(super) const SELECTOR: &str = "--providers.kubernetesingressnginx.watchnamespaceselector";

/// Flags of classes, with their defaults.
pub(super) const OWN: Own = Own {
    controller: CONTROLLER_CLASS,
    class: CLASS,
    flags: [
        ("--providers.kubernetesingressnginx.controllerclass", classes::CONTROLLER_CLASS),
        ("--providers.kubernetesingressnginx.ingressclass", classes::INGRESS_CLASS),
        (TAKES_CLASSLESS, classes::TAKES_CLASSLESS),
        (BY_NAME, classes::BY_NAME),
    ],
    // `filterIngressClass` of `pkg/provider/kubernetes/ingress-nginx/client.go`.
    stops_at_name: true,
};
const TAKES_CLASSLESS: &str = "--providers.kubernetesingressnginx.watchingresswithoutclass";
const BY_NAME: &str = "--providers.kubernetesingressnginx.ingressclassbyname";

/// Flags that the model follows, with their defaults.
pub(super) const FOLLOWED: [(&str, &str); 6] = [
    (STRICT, "false"),
    (CROSSES, "false"),
    (SNIPPETS, "false"),
    (STRICT_PATHS, "true"),
    (WATCHED, ""),
    (SELECTOR, ""),
];

/// Flags with which nothing is known, unless they have their defaults.
const BREAKING: [(&str, &str); 3] = [
    ("core.defaultrulesyntax", "v3"),
    ("providers.kubernetesingressnginx.defaultbackendservice", ""),
    ("providers.precedence", ""),
];

/// The same, where objects of Traefik's own kinds are there.
pub(super) const BREAKING_CUSTOM: [&str; 2] =
    ["--providers.kubernetescrd.allowcrossnamespace", "--providers.kubernetescrd.ingressclass"];

/// Where Traefik looks for a file with its configuration (`loadConfigFiles` of `pkg/cli/loader_file.go`).
const FILES: [&str; 5] = [
    "/etc",
    "/etc/traefik",
    "/etc/traefik/traefik.toml",
    "/etc/traefik/traefik.yaml",
    "/etc/traefik/traefik.yml",
];

/// Values by name in lower case; those that are not known are none.
type Values = BTreeMap<String, Option<String>>;

/// How Traefik is set up that a container runs, if it runs one.
pub(super) fn setup(container: &Container) -> Option<Setup> {
    let (name, _) = container.image();
    let is_image = name == "traefik" || name.ends_with("-traefik");
    let is_run =
        |word: &Word| word.text.to_lowercase().trim_start_matches('-').starts_with(PROVIDER);
    if !is_image && !container.words.iter().any(is_run) {
        return None;
    }
    let release = Release::of(container, &Traefik, LAST);
    let mut setup = Setup::new(container, release, &OWN);
    let Some(words) = container.arguments("traefik") else {
        setup.forget("command");
        return Some(setup);
    };
    let (values, is_named) = if words.is_empty() {
        (variables(container), false)
    } else {
        let values = arguments(words);
        let is_named = values.contains_key("configfile");
        (values, is_named)
    };
    let is_file = |mount: &String| {
        let mount = mount.trim_end_matches('/');
        FILES.contains(&mount) || mount.starts_with("/traefik.") || mount.contains("/.config")
    };
    // With a file, the rest does not count.
    if is_named || container.mounts.iter().any(is_file) {
        setup.shows = Shows::File;
    } else {
        read(&mut setup, &values);
    }
    Some(setup)
}

/// Flags (`Parse` of `github.com/traefik/paerser/flag`), up to the first word that is none; the last one of a name counts.
fn arguments(words: &[Word]) -> Values {
    let mut values = Values::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Some(flag) = word.text.strip_prefix('-') else { break };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, value) = if let Some((name, value)) = flag.split_once('=') {
            (name, word.is_known.then(|| value.to_owned()))
        } else if is_switch(&flag.to_lowercase()) {
            (flag, word.is_known.then(|| "true".to_owned()))
        } else {
            let next = words.next_if(|next| !next.text.starts_with('-'));
            let value = next.map_or("true", |next| next.text.as_str());
            let is_known = word.is_known && next.is_none_or(|next| next.is_known);
            (flag, is_known.then(|| value.to_owned()))
        };
        values.insert(name.to_lowercase(), value);
    }
    values
}

/// Whether a flag takes no word behind it as its value: it is a boolean, or what it names is switched on by itself.
fn is_switch(name: &str) -> bool {
    let switches = ["core", "providers.kubernetescrd.allowcrossnamespace"];
    let is_followed = |(flag, default): &(&str, &str)| {
        boolean(default).is_some() && flag.trim_start_matches('-') == name
    };
    let is_provider = |rest: &str| {
        !rest.contains('.') && !["precedence", "providersthrottleduration"].contains(&rest)
    };
    switches.contains(&name)
        || FOLLOWED.iter().chain(&BREAKING).any(is_followed)
        || [TAKES_CLASSLESS, BY_NAME].iter().any(|flag| flag.strip_prefix("--") == Some(name))
        || name.strip_prefix("providers.").is_some_and(is_provider)
}

/// Variables, which count where there is no flag (`Decode` of `github.com/traefik/paerser/env`).
fn variables(container: &Container) -> Values {
    let value = |(name, word): &(String, Word)| {
        let name = name.strip_prefix("TRAEFIK_")?.to_lowercase().replace('_', ".");
        Some((name, word.is_known.then(|| word.text.clone())))
    };
    container.environment.iter().filter_map(value).collect()
}

fn read(setup: &mut Setup, values: &Values) {
    let is_on = |provider: &str| {
        let own = values.get(provider);
        let is_off = own.is_some_and(|value| value.as_deref().and_then(boolean) == Some(false));
        let mut names = values.keys().filter_map(|name| name.strip_prefix(provider));
        !is_off && names.any(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if !is_on(PROVIDER) {
        setup.shows = Shows::Off;
    }
    for (name, value) in values {
        let full = format!("--{name}");
        let Some(value) = value else {
            // Of a value that is not known, anything may be.
            if is_of_classes(&full) {
                setup.unread.push(full);
            } else if name.contains("$(") || is_followed(name) {
                setup.forget(&full);
            }
            continue;
        };
        let followed = FOLLOWED.iter().find(|(flag, _)| *flag == full);
        match (name.strip_prefix(PROVIDER).unwrap_or_default(), followed) {
            (_, Some((flag, default))) => match (boolean(default), boolean(value)) {
                (Some(_), None) => setup.forget(&full),
                (Some(_), Some(is_on)) => drop(setup.options.insert(*flag, is_on.to_string())),
                (None, _) => drop(setup.options.insert(*flag, value.clone())),
            },
            (".controllerclass", _) => value.clone_into(&mut setup.controller),
            (".ingressclass", _) => value.clone_into(&mut setup.class),
            (".watchingresswithoutclass", _) => match boolean(value) {
                Some(is_on) => setup.takes_classless = is_on,
                None => setup.forget(&full),
            },
            (".ingressclassbyname", _) => match boolean(value) {
                Some(is_on) => setup.by_name = is_on,
                None => setup.forget(&full),
            },
            _ if BREAKING.contains(&(name, value)) => {}
            _ if BREAKING.iter().any(|(flag, _)| flag == name) || is_default_of_all(name) => {
                setup.forget(&full);
            }
            _ => {}
        }
    }
    setup.beside = beside(values, is_on(CUSTOM));
}

/// Whether it is what the routers of an entry point have where they say nothing of TLS.
fn is_default_of_all(name: &str) -> bool {
    name.starts_with("entrypoints.") && name.ends_with(".http.tls.options")
}

/// Whether a flag says which classes are Traefik's own.
fn is_of_classes(full: &str) -> bool {
    OWN.flags.iter().any(|(flag, _)| *flag == full)
}

/// Whether the value of a flag matters.
fn is_followed(name: &str) -> bool {
    FOLLOWED.iter().any(|(flag, _)| flag.strip_prefix("--") == Some(name))
        || BREAKING.iter().any(|(flag, _)| *flag == name)
        || is_default_of_all(name)
}

/// What is said to be not followed: other providers, each once, and what decides who reads and answers what.
fn beside(values: &Values, has_custom: bool) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (name, value) in values {
        let off = value.as_deref().and_then(boolean) == Some(false);
        let parts: Vec<&str> = name.split('.').collect();
        let one = match parts.as_slice() {
            [
                "providers",
                "kubernetesingressnginx",
                "endpoint" | "httpentrypoint" | "httpsentrypoint",
            ]
            | ["providers", "kubernetescrd", "endpoint" | "namespaces" | "labelselector"]
            | ["entrypoints", _, "http", "middlewares"] => name.as_str(),
            _ if BREAKING_CUSTOM.iter().any(|flag| flag.strip_prefix("--") == Some(name))
                && !off =>
            {
                name
            }
            [
                "providers",
                "kubernetesingressnginx"
                | "kubernetescrd"
                | "precedence"
                | "providersthrottleduration",
                ..,
            ] => continue,
            ["providers", _] if off => continue,
            ["providers", provider, ..] => &name[.."providers.".len() + provider.len()],
            _ => continue,
        };
        let one = format!("--{one}");
        if !all.contains(&one) {
            all.push(one);
        }
    }
    if !has_custom {
        all.retain(|flag| !flag.starts_with("--providers.kubernetescrd"));
    }
    all
}
