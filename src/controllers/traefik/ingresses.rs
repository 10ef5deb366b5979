//! Routers of Ingresses, in one order of them (`build.go` and `translator.go` of `pkg/provider/kubernetes/ingress-nginx`).

use std::collections::{BTreeMap, BTreeSet};

use super::edition::Edition;
use super::locations::Location;
use super::reading::{Auth, HttpsRedirect, Read, host_of, service};
use super::resolution::{Parts, Router};
use super::rule::{PathRule, Rule};
use super::terms::Terms;
use crate::controllers::ingress_nginx::PREFIX;
use crate::enforcement::{Backend, Missing, ToHttps};
use crate::manifest::kinds;

/// Adds what Traefik makes of Ingresses in an order. Where routers of several hosts have one name, the one that is made last
/// stays, by chance: `turn` chooses it.
pub(super) fn add(parts: &mut Parts, all: &[&Read<'_>], edition: Edition, turn: usize) {
    let mut built = Built::new(edition);
    let (canaries, regular): (Vec<&Read<'_>>, Vec<&Read<'_>>) =
        all.iter().copied().partition(|read| read.canary.is_some());
    built.canaries(&canaries, &regular);
    built.aliases(&regular);
    for read in &regular {
        built.locate(read);
    }
    if edition.decides_by_host() {
        built.decide();
    }
    built.route(parts, turn);
}

/// How many routers of one name are looked at.
const MOST: usize = 8;

/// How many routers at most have one name.
pub(super) fn turns(all: &[&Read<'_>], edition: Edition) -> usize {
    let mut hosts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for read in all {
        let ingress = read.ingress;
        let name = base(read);
        for (rule, one) in ingress.spec.rules.iter().enumerate() {
            for at in 0..one.http.as_ref().map_or(0, |http| http.paths.len()) {
                let key = edition.name(format!("{name}-rule-{rule}-path-{at}"));
                hosts.entry(key).or_default().insert(host_of(one));
            }
            if ingress.spec.default_backend.is_some() {
                let key = edition.name(format!("{name}-default-backend"));
                hosts.entry(key).or_default().insert(host_of(one));
            }
        }
    }
    hosts.values().map(BTreeSet::len).filter(|hosts| *hosts <= MOST).max().unwrap_or(1).max(1)
}

fn base(read: &Read<'_>) -> String {
    format!("{}-{}", read.identity.namespace_or_default(), read.identity.name)
}

/// What is put together.
struct Built<'a> {
    edition: Edition,
    /// Locations by host.
    servers: BTreeMap<&'a str, Vec<Location<'a>>>,
    /// Services by name: the first one of a name stays.
    backends: BTreeMap<String, Backend>,
    /// TLS settings by name.
    settings: BTreeMap<String, Terms>,
    /// Canaries by namespace, Service and port of what they take a part of.
    canaries: BTreeMap<[String; 3], (Backend, bool)>,
    /// Which Ingress has an alias, by namespace and name.
    aliases: BTreeMap<String, (&'a str, &'a str)>,
    hosts: BTreeSet<&'a str>,
    /// Hosts whose paths are regular expressions.
    expressive: BTreeSet<&'a str>,
    /// What answers for all other names.
    default: Option<Location<'a>>,
}

impl<'a> Built<'a> {
    fn new(edition: Edition) -> Self {
        Self {
            edition,
            servers: BTreeMap::new(),
            backends: BTreeMap::new(),
            settings: BTreeMap::new(),
            canaries: BTreeMap::new(),
            aliases: BTreeMap::new(),
            hosts: BTreeSet::new(),
            expressive: BTreeSet::new(),
            default: None,
        }
    }

    /// Which Services canaries take a part of.
    fn canaries(&mut self, canaries: &[&'a Read<'a>], regular: &[&'a Read<'a>]) {
        type Key<'k> = (&'k str, &'k str, &'k str, &'k str);
        fn key<'k>(
            namespace: &'k str,
            rule: &'k kinds::IngressRule,
            path: &'k kinds::Path,
        ) -> Key<'k> {
            let kind = path.path_type.as_deref().unwrap_or("Prefix");
            (namespace, host_of(rule), path.path.as_deref().unwrap_or_default(), kind)
        }
        let each = |read: &'a Read<'a>| {
            read.ingress.spec.rules.iter().flat_map(move |rule| {
                let paths = rule.http.iter().flat_map(|http| &http.paths);
                let namespace = read.identity.namespace_or_default();
                paths.filter_map(move |path| {
                    Some((key(namespace, rule, path), service(&path.backend)?))
                })
            })
        };
        let mains: BTreeMap<Key<'_>, (String, String)> =
            regular.iter().copied().flat_map(each).collect();
        let mut taken = BTreeSet::new();
        for canary in canaries {
            for (key, (name, port)) in each(canary) {
                let Some(main) =
                    mains.get(&key).filter(|main| **main != (name.clone(), port.clone()))
                else {
                    continue;
                };
                if !taken.insert(key) {
                    continue;
                }
                let namespace = key.0.to_owned();
                let backend = Backend { namespace: namespace.clone(), service: name, port };
                let part = format!("{namespace}-{}-{}", backend.service, backend.port);
                let part = self.edition.name(part);
                let backend = self.backends.entry(part).or_insert(backend).clone();
                let takes_any = canary.canary.is_some_and(|canary| canary.takes_any);
                let main = [namespace, main.0.clone(), main.1.clone()];
                self.canaries.insert(main, (backend, takes_any));
            }
        }
    }

    /// The first Ingress that claims an alias has it.
    fn aliases(&mut self, regular: &[&'a Read<'a>]) {
        for read in regular {
            let owner = (read.identity.namespace_or_default(), read.identity.name.as_str());
            for alias in &read.aliases {
                self.aliases.entry(alias.to_lowercase()).or_insert(owner);
            }
            for rule in &read.ingress.spec.rules {
                self.hosts.insert(host_of(rule));
                if read.uses_regex {
                    self.expressive.insert(host_of(rule));
                }
            }
        }
    }

    /// Name of the TLS settings of an Ingress.
    ///
    /// # Errors
    /// Traefik passes over the Ingress.
    fn settings(&mut self, read: &Read<'_>) -> Result<Option<String>, ()> {
        let Some(Auth { secret, kind, terms }) = &read.auth else { return Ok(None) };
        let name = if self.edition.names_settings_by_secret() {
            let (namespace, name) = secret.split_once('/').unwrap_or((secret, ""));
            let lengths = (namespace.len(), name.len());
            format!("{namespace}-{}-{name}-{}-{}", lengths.0, lengths.1, kind.key())
        } else {
            format!("{}-{secret}", base(read))
        };
        let name = format!("{}@kubernetesingressnginx", self.edition.name(name));
        // What is there under that name is not made again, nor looked at whether it may be named.
        if self.edition.normalizes_names() && self.settings.contains_key(&name) {
            return Ok(Some(name));
        }
        let Some(terms) = terms else { return Err(()) };
        self.settings.entry(name.clone()).or_insert_with(|| terms.clone());
        Ok(Some(name))
    }

    /// Adds the locations of an Ingress.
    fn locate(&mut self, read: &'a Read<'a>) {
        let Ok(settings) = self.settings(read) else { return };
        let namespace = read.identity.namespace_or_default();
        for (number, rule) in read.ingress.spec.rules.iter().enumerate() {
            self.servers.entry(host_of(rule)).or_default();
            let paths = rule.http.iter().flat_map(|http| &http.paths);
            for (at, path) in paths.enumerate() {
                let Some((service, port)) = service(&path.backend) else { continue };
                let name = self.edition.name(format!("{}-{service}-{port}", base(read)));
                let own = Backend { namespace: namespace.to_owned(), service, port };
                let main = [namespace.to_owned(), own.service.clone(), own.port.clone()];
                let location = Location {
                    read,
                    key: self.edition.name(format!("{}-rule-{number}-path-{at}", base(read))),
                    path: self.path(host_of(rule), path),
                    aliases: self.own_aliases(read),
                    canary: self.canaries.get(&main).cloned(),
                    backend: self.backends.entry(name).or_insert(own).clone(),
                    settings: settings.clone(),
                    unknown: self.unknown(read, host_of(rule)),
                };
                self.servers.entry(host_of(rule)).or_default().push(location);
            }
        }
        self.locate_default(read, settings.as_ref());
    }

    /// Adds the backend of an Ingress for requests that no path of it matches.
    fn locate_default(&mut self, read: &'a Read<'a>, settings: Option<&String>) {
        let namespace = read.identity.namespace_or_default();
        let backend = read.ingress.spec.default_backend.as_deref();
        let Some((name, port)) = backend.and_then(service) else { return };
        let own = Backend { namespace: namespace.to_owned(), service: name, port };
        let key = self.edition.name(format!("{}-default-backend", base(read)));
        let location = |host: &str, backend: Backend, aliases: Vec<&'a str>, unknown| Location {
            read,
            key: if host.is_empty() && read.ingress.spec.rules.is_empty() {
                "default-backend".to_owned()
            } else {
                key.clone()
            },
            path: PathRule::None,
            aliases,
            backend,
            canary: None,
            settings: settings.cloned(),
            unknown,
        };
        if read.ingress.spec.rules.is_empty() {
            if self.default.is_none() {
                self.default = Some(location("", own, Vec::new(), read.unknown.clone()));
            }
            return;
        }
        let backend = self.backends.entry(key.clone()).or_insert(own).clone();
        let hosts: BTreeSet<&str> = read.ingress.spec.rules.iter().map(host_of).collect();
        for host in hosts {
            let location =
                location(host, backend.clone(), self.own_aliases(read), self.unknown(read, host));
            self.servers.entry(host).or_default().push(location);
        }
    }

    fn path(&self, host: &str, path: &kinds::Path) -> PathRule {
        let text = path.path.clone().unwrap_or_default();
        match path.path_type.as_deref() {
            _ if text.is_empty() => PathRule::None,
            Some("Exact") => PathRule::Exact(text),
            _ if self.expressive.contains(host) => PathRule::Expression(text),
            _ => PathRule::Prefix(text),
        }
    }

    /// `resolveAliases`.
    fn own_aliases(&self, read: &'a Read<'a>) -> Vec<&'a str> {
        let own = (read.identity.namespace_or_default(), read.identity.name.as_str());
        let is_free = |alias: &&str| {
            let lower = alias.to_lowercase();
            !self.hosts.contains(lower.as_str()) && self.aliases.get(&lower) == Some(&own)
        };
        read.aliases.iter().map(String::as_str).filter(is_free).collect()
    }

    /// What is not known of the locations of an Ingress: its redirect looks at paths in another way than its rule.
    fn unknown(&self, read: &Read<'_>, host: &str) -> Option<Missing> {
        let is_odd = read.redirects_to.is_some() && self.expressive.contains(host);
        let odd = || Missing::Effect(read.identity.clone(), format!("{PREFIX}permanent-redirect"));
        read.unknown.clone().or_else(|| is_odd.then(odd))
    }

    /// The first Ingress of a host that has TLS settings decides for all of them.
    fn decide(&mut self) {
        for locations in self.servers.values_mut() {
            let first = locations.iter().find_map(|location| location.settings.clone());
            for location in locations {
                location.settings.clone_from(&first);
            }
        }
    }

    fn route(self, parts: &mut Parts, turn: usize) {
        let edition = self.edition;
        let mut named: BTreeMap<String, Vec<Vec<Router>>> = BTreeMap::new();
        for (host, locations) in &self.servers {
            // Within a host, the later one of a name stays.
            let mut own: BTreeMap<&str, Vec<Router>> = BTreeMap::new();
            for location in locations {
                own.insert(&location.key, location.routers(host, &self.hosts, edition));
            }
            for (key, routers) in own {
                named.entry(key.to_owned()).or_default().push(routers);
            }
        }
        for mut candidates in named.into_values() {
            if candidates.len() > MOST {
                // Too many possibilities to look at.
                parts.routers.extend(candidates.into_iter().flatten().map(|router| {
                    let name = Missing::Effect(router.identity.clone(), "metadata.name".to_owned());
                    Router { unknown: Some(router.unknown.clone().unwrap_or(name)), ..router }
                }));
                continue;
            }
            let at = turn % candidates.len();
            parts.routers.append(&mut candidates.swap_remove(at));
        }
        if let Some(location) = &self.default {
            let routers = location.routers("", &self.hosts, edition);
            let has_settings = edition.default_has_settings();
            let to_https = has_settings || location.read.https == HttpsRedirect::Always;
            parts.routers.extend(routers.into_iter().map(|router| Router {
                rule: Rule::read("PathPrefix(\"/\")"),
                priority: i64::from(i32::MIN),
                settings: router.settings.filter(|_| has_settings),
                to_https: if to_https { router.to_https } else { ToHttps::Never },
                ..router
            }));
        }
        parts.settings.extend(self.settings);
    }
}
