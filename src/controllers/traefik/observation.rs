//! From routers to what is served: for each name, what is asked in the handshake and the routes in their order.

use std::collections::{BTreeMap, BTreeSet};

use super::custom::Custom;
use super::edition::{self, Edition};
use super::ingresses;
use super::reading::{Reader, host_of};
use super::resolution::{Asked, HTTP, HTTPS, Parts, Resolved, Router};
use super::rule::Name;
use super::{LAST, STRICT};
use crate::controllers::Settings;
use crate::controllers::orders::{Orders, orders};
use crate::enforcement::{
    Cause, Clients, Fact, Given, Listener, Missing, Observed, Pattern, Protocol, Route, RouteTable,
    SniDiffers, VirtualHost,
};
use crate::manifest::kinds::Ingress;
use crate::manifest::{Misread, ObjectSet, Seen};

/// The representative of all other names.
const ANY: &str = "*";

pub(super) fn observe(objects: &ObjectSet<'_>, settings: &Settings) -> Observed {
    let (ingresses, mut misread) = objects.all::<Ingress>();
    let mut given = settings.given(objects);
    let reader = Reader { objects, settings };
    let mut read = Vec::new();
    for seen in &ingresses {
        match reader.read(seen) {
            Ok(one) => read.push(one),
            Err(why) => given.push(why.given(seen.identity)),
        }
    }
    let mut custom = Custom::of(objects);
    misread.append(&mut custom.misread);
    given.append(&mut custom.given);
    if let Some(missing) = &settings.missing {
        return Possible::One(Served::unknown(&ingresses, missing)).observed(misread, given);
    }
    let Orders { orders, crowded } = orders(&read);
    let is_strict = settings.get(STRICT) == "true";
    let editions = edition::of(&settings.version).or_else(|| edition::of(LAST)).unwrap_or_default();
    let of_order = |order: &[&_], edition: Edition| {
        let turns = ingresses::turns(order, edition);
        let served = (0..turns).map(|turn| {
            let mut parts = Parts::default();
            ingresses::add(&mut parts, order, edition, turn);
            custom.add_to(&mut parts);
            let mut resolved = Resolved::of(parts, edition, is_strict && edition.knows_strict());
            for host in &crowded {
                resolved.forget(host, Missing::Order(host.clone()));
            }
            Possible::One(Served::of(&resolved))
        });
        Possible::of(Cause::Chance, served.collect())
    };
    let of_edition = |edition: Edition| {
        let all = orders.iter().map(|order| of_order(order, edition));
        Possible::of(Cause::Age, all.collect())
    };
    let all = editions.into_iter().map(of_edition).collect();
    Possible::of(Cause::Version, all).observed(misread, given)
}

/// What is served under each name.
#[derive(Clone, PartialEq)]
struct Served {
    /// By name; wildcards begin with `*.`.
    names: BTreeMap<String, Place>,
    /// Why it is not known what is served by plain HTTP.
    plain: Option<Missing>,
}

/// What is served under one name.
#[derive(Clone, PartialEq)]
struct Place {
    /// Namespace and name of each Secret that its certificate may come from.
    certificates: BTreeSet<(String, String)>,
    asked: Asked,
    http: Fact<Vec<Route>>,
    https: Fact<Vec<Route>>,
}

impl Served {
    fn of(resolved: &Resolved) -> Self {
        let index = Index::of(resolved);
        let names = resolved.hosts().into_iter().chain([ANY.to_owned()]);
        let place = |name: String| {
            let place = Place {
                certificates: index.certificates(&name),
                asked: resolved.asked(&name),
                http: Fact::Known(index.routes(&name, HTTP)),
                https: Fact::Known(index.routes(&name, HTTPS)),
            };
            (name, place)
        };
        Self { names: names.map(place).collect(), plain: resolved.plain.clone() }
    }

    /// Nothing is known of it but names of Ingresses.
    fn unknown(ingresses: &[Seen<'_, Ingress>], missing: &Missing) -> Self {
        let rules = ingresses.iter().flat_map(|seen| &seen.object.spec.rules);
        let names = rules.map(|rule| host_of(rule).to_lowercase()).filter(|host| !host.is_empty());
        let place = |name| {
            let place = Place {
                certificates: BTreeSet::new(),
                asked: (Fact::Unknown(missing.clone()), Vec::new()),
                http: Fact::Unknown(missing.clone()),
                https: Fact::Unknown(missing.clone()),
            };
            (name, place)
        };
        let names = names.chain([ANY.to_owned()]).map(place).collect();
        Self { names, plain: Some(missing.clone()) }
    }

    /// What is served under a name that this one need not have.
    fn place(&self, name: &str) -> &Place {
        let wildcard = name.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        let own = self.names.get(name).or_else(|| self.names.get(&wildcard?));
        own.unwrap_or_else(|| &self.names[ANY])
    }

    fn observed(self) -> (Vec<Listener>, Vec<RouteTable>) {
        let plain = match self.plain {
            None => Fact::Known(Clients::NotAsked),
            Some(missing) => Fact::Unknown(missing),
        };
        let mut listeners = vec![Listener {
            address: None,
            port: HTTP,
            protocol: Protocol::Http,
            sni: Pattern::Any,
            certificates: BTreeSet::new(),
            clients: plain,
            settings: Vec::new(),
            table: 1,
        }];
        let (mut http, mut https) = (Vec::new(), Vec::new());
        for (name, place) in self.names {
            let pattern = pattern(&name);
            let (clients, settings) = place.asked;
            listeners.push(Listener {
                address: None,
                port: HTTPS,
                protocol: Protocol::Https,
                sni: pattern.clone(),
                certificates: place.certificates,
                clients,
                settings,
                table: 0,
            });
            for (table, routes) in [(&mut http, place.http), (&mut https, place.https)] {
                table.push(VirtualHost {
                    names: vec![pattern.clone()],
                    sni_differs: SniDiffers::Serve,
                    checks: Fact::Known(Vec::new()),
                    routes,
                });
            }
        }
        (listeners, vec![RouteTable::new(https), RouteTable::new(http)])
    }
}

fn pattern(name: &str) -> Pattern {
    match name.strip_prefix("*.") {
        _ if name == ANY => Pattern::Any,
        Some(domain) => Pattern::OneLabel(domain.to_owned()),
        None => Pattern::Exact(name.to_owned()),
    }
}

/// Routers by the names that they are for.
struct Index<'a> {
    named: BTreeMap<String, Vec<&'a (Router, Option<String>)>>,
    /// Those that may be for any name.
    free: Vec<&'a (Router, Option<String>)>,
}

impl<'a> Index<'a> {
    fn of(resolved: &'a Resolved) -> Self {
        let mut index = Self { named: BTreeMap::new(), free: Vec::new() };
        for one in &resolved.routers {
            if !one.0.rule.paths(Name::Any).is_empty() {
                index.free.push(one);
                continue;
            }
            let domains: BTreeSet<String> = one.0.rule.domains(false).into_iter().collect();
            for domain in domains {
                index.named.entry(domain).or_default().push(one);
            }
        }
        index
    }

    /// Those of `tls` sections beside the name; which one a handshake gets is a matter of what they say.
    fn certificates(&self, name: &str) -> BTreeSet<(String, String)> {
        let wildcard = name.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        let names = [Some(name.to_owned()), wildcard];
        let routers = names.iter().flatten().filter_map(|name| self.named.get(name)).flatten();
        routers.flat_map(|(router, _)| router.certificates.iter().cloned()).collect()
    }

    fn routes(&self, name: &str, port: u16) -> Vec<Route> {
        let wildcard = name.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        let asked = match name.strip_prefix("*.") {
            _ if name == ANY => Name::Any,
            Some(domain) => Name::OneLabel(domain),
            None => Name::Exact(name),
        };
        let named = [Some(name.to_owned()), wildcard.filter(|wildcard| wildcard != name)];
        let named = named.iter().flatten().filter_map(|name| self.named.get(name)).flatten();
        // One with both names is there once.
        let mut known: Vec<*const (Router, Option<String>)> = Vec::new();
        let mut found = Vec::new();
        for one in named.chain(&self.free) {
            let (router, settings) = *one;
            if router.port != port || known.contains(&std::ptr::from_ref(*one)) {
                continue;
            }
            known.push(std::ptr::from_ref(*one));
            found.extend(router.rule.paths(asked).into_iter().map(|path| Route {
                path,
                rank: Some(router.priority),
                settings: settings.clone(),
                to_https: router.to_https,
                answer: match &router.unknown {
                    Some(missing) => Fact::Unknown(missing.clone()),
                    None => router.answer.clone(),
                },
            }));
        }
        found
    }
}

/// What may be served.
#[derive(Clone, PartialEq)]
enum Possible {
    One(Served),
    Several(Cause, Vec<Possible>),
}

impl Possible {
    /// One of these, each once.
    fn of(cause: Cause, all: Vec<Self>) -> Self {
        let mut different: Vec<Self> = Vec::new();
        for one in all {
            if !different.contains(&one) {
                different.push(one);
            }
        }
        match <[Self; 1]>::try_from(different) {
            Ok([only]) => only,
            Err(all) => Self::Several(cause, all),
        }
    }

    fn observed(self, misread: Vec<Misread>, given: Vec<Given>) -> Observed {
        let new = |served: Served| {
            let (listeners, tables) = served.observed();
            Observed::new(listeners, tables, misread, given)
        };
        match self {
            Self::One(served) => new(served),
            Self::Several(cause, all) => {
                let together = Self::together(cause, &all);
                let all = all.into_iter().map(|one| one.observed(Vec::new(), Vec::new()));
                new(together).with_alternatives(cause, all.collect())
            }
        }
    }

    /// All of it together.
    fn together(cause: Cause, all: &[Self]) -> Served {
        let one = |possible: &Self| match possible {
            Self::One(served) => served.clone(),
            Self::Several(cause, all) => Self::together(*cause, all),
        };
        let all: Vec<Served> = all.iter().map(one).collect();
        let names: BTreeSet<String> =
            all.iter().flat_map(|served| served.names.keys()).cloned().collect();
        let place = |name: String| {
            let places = || all.iter().map(|served| served.place(&name));
            let place = Place {
                certificates: places().flat_map(|place| place.certificates.clone()).collect(),
                asked: merged_asked(cause, places().map(|place| place.asked.clone()).collect()),
                http: Fact::merged(cause, places().map(|place| place.http.clone()).collect()),
                https: Fact::merged(cause, places().map(|place| place.https.clone()).collect()),
            };
            (name, place)
        };
        let plain = all.iter().find_map(|served| served.plain.clone());
        Served { names: names.into_iter().map(place).collect(), plain }
    }
}

/// One of what is asked of clients, with the names of the settings.
fn merged_asked(cause: Cause, all: Vec<Asked>) -> Asked {
    let paired = all.into_iter().map(|(clients, names)| match clients {
        Fact::Known(clients) => {
            Fact::Known((clients, names.into_iter().next().unwrap_or_default()))
        }
        Fact::OneOf(cause, all) => Fact::OneOf(cause, all.into_iter().zip(names).collect()),
        Fact::Unknown(missing) => Fact::Unknown(missing),
    });
    match Fact::merged(cause, paired.collect()) {
        Fact::Known((clients, name)) => (Fact::Known(clients), vec![name]),
        Fact::OneOf(cause, all) => {
            let (clients, names) = all.into_iter().unzip();
            (Fact::OneOf(cause, clients), names)
        }
        Fact::Unknown(missing) => (Fact::Unknown(missing), Vec::new()),
    }
}
