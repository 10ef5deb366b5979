//! Which TLS settings each name has, and which routers there are: conflicts (`resolveHTTPTLSOptions` of
//! `pkg/server/aggregator.go`), settings by name (`buildEntryPointHandler` of `pkg/server/router/tcp/manager.go`).

use std::collections::{BTreeMap, BTreeSet};

use super::edition::Edition;
use super::names::is_server_name;
use super::rule::Rule;
use super::terms::{DEFAULT, Terms};
use crate::enforcement::{Action, Cause, Clients, Fact, Missing, ToHttps};
use crate::identity::Identity;

pub(super) const HTTP: u16 = 80;
pub(super) const HTTPS: u16 = 443;

/// A router.
#[derive(Clone, Debug)]
pub(super) struct Router {
    /// The object that it comes from.
    pub identity: Identity,
    pub rule: Rule,
    pub priority: i64,
    pub port: u16,
    /// Name of its own TLS settings.
    pub settings: Option<String>,
    pub to_https: ToHttps,
    pub answer: Fact<Action>,
    /// What of it is not known: what is asked of clients of its names is not known then.
    pub unknown: Option<Missing>,
    /// Namespace and name of each Secret with a certificate that is named beside it.
    pub certificates: Vec<(String, String)>,
    /// Whether requests may get to it; it counts for TLS settings in any case.
    pub is_routed: bool,
}

/// All that the providers give.
#[derive(Default)]
pub(super) struct Parts {
    pub routers: Vec<Router>,
    pub settings: BTreeMap<String, Terms>,
    /// Names that something else may be for, which is not followed.
    pub elsewhere: BTreeMap<String, Missing>,
    /// Why it is not known what is served by plain HTTP.
    pub plain: Option<Missing>,
}

/// Routers and TLS settings, as they are served.
pub(super) struct Resolved {
    /// Routers that answer, each with the names of the settings that it may ask of a handshake.
    pub routers: Vec<(Router, Option<String>)>,
    /// Names of settings by name of host, all that are possible.
    names: BTreeMap<String, BTreeSet<String>>,
    settings: BTreeMap<String, Terms>,
    /// Why it is not known what is asked of clients, by name of host.
    unknown: BTreeMap<String, Missing>,
    elsewhere: BTreeMap<String, Missing>,
    /// Whether a router is for all names, whose handshakes no router of connections gets then.
    has_catch_all: bool,
    pub plain: Option<Missing>,
}

/// What is asked of clients, with the names of the settings in the same order.
pub(super) type Asked = (Fact<Clients>, Vec<String>);

impl Resolved {
    pub fn of(parts: Parts, edition: Edition, is_strict: bool) -> Self {
        let Parts { routers, mut settings, elsewhere, plain } = parts;
        settings.entry(DEFAULT.to_owned()).or_insert_with(Terms::open);
        // Settings that are not there are broken ones.
        for router in &routers {
            if let Some(name) = &router.settings {
                let missing = || Terms::Broken(vec![router.identity.clone()]);
                settings.entry(name.clone()).or_insert_with(missing);
            }
        }
        let domains: Vec<Vec<String>> =
            routers.iter().map(|router| router.rule.domains(edition.counts_negated())).collect();
        let mut by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (router, domains) in routers.iter().zip(&domains).filter(|(one, _)| one.port == HTTPS) {
            for domain in domains {
                by_name.entry(domain).or_default().insert(router.own());
            }
        }
        let mut resolved = Self {
            routers: Vec::new(),
            names: BTreeMap::new(),
            settings,
            unknown: BTreeMap::new(),
            elsewhere,
            has_catch_all: false,
            plain,
        };
        let is_shared =
            |domain: &String| by_name.get(domain.as_str()).is_some_and(|all| all.len() > 1);
        let mut kept = Vec::new();
        for (router, domains) in routers.iter().zip(&domains) {
            let own = router.own();
            let is_https = router.port == HTTPS;
            let conflicts =
                is_https && (domains.iter().any(is_shared) || domains.is_empty() && own != DEFAULT);
            let name = if conflicts { DEFAULT } else { own };
            resolved.note_unknown(router, domains);
            resolved.has_catch_all |= is_https && domains.is_empty() && router.rule.tree.is_some();
            if is_https && !(conflicts && is_strict) {
                for domain in domains.iter().filter(|domain| is_server_name(domain)) {
                    resolved.names.entry(domain.clone()).or_default().insert(name.to_owned());
                }
            }
            // A router whose own settings are broken is not built, for any settings in their place.
            let is_broken = is_https && matches!(resolved.terms(own), Terms::Broken(_));
            let is_built = router.is_routed && !(is_https && conflicts && is_strict || is_broken);
            kept.push((is_built && router.rule.is_accepted(), is_https.then(|| name.to_owned())));
        }
        let all = routers.into_iter().zip(kept);
        resolved.routers = all
            .filter(|(_, (is_kept, _))| *is_kept)
            .map(|(router, (_, name))| (router, name))
            .collect();
        resolved
    }

    fn note_unknown(&mut self, router: &Router, domains: &[String]) {
        let unread = router.rule.tree.is_none() && !router.rule.text.is_empty();
        let unread = unread.then(|| Missing::Effect(router.identity.clone(), "match".to_owned()));
        let Some(missing) = router.unknown.clone().or(unread.clone()) else { return };
        let mentioned = if unread.is_some() { router.rule.mentioned() } else { Vec::new() };
        for domain in domains.iter().chain(&mentioned) {
            self.unknown.entry(domain.clone()).or_insert_with(|| missing.clone());
        }
    }

    /// Says that it is not known what is asked of clients of a host.
    pub fn forget(&mut self, host: &str, missing: Missing) {
        self.unknown.entry(host.to_lowercase()).or_insert(missing);
    }

    fn terms(&self, name: &str) -> &Terms {
        static OPEN: Terms = Terms::Of(Clients::NotAsked);
        self.settings.get(name).unwrap_or(&OPEN)
    }

    /// All names that are known, wildcards among them.
    pub fn hosts(&self) -> BTreeSet<String> {
        let routed = self.routers.iter().flat_map(|(router, _)| router.rule.domains(true));
        let known = self.names.keys().chain(self.unknown.keys()).chain(self.elsewhere.keys());
        let names = routed.chain(known.cloned());
        names.filter(|name| is_server_name(name)).collect()
    }

    /// What is asked of clients of a name, a wildcard (`*.example.com`) or of any other name (`*`).
    pub fn asked(&self, host: &str) -> Asked {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut candidates = vec![host.to_owned()];
        if let Some((label, domain)) = host.split_once('.').filter(|(label, _)| *label != "*") {
            let wildcard = format!("*.{domain}");
            // The longer rule decides; where both are of one length, chance does.
            let is_own = self.names.contains_key(host) || self.unknown.contains_key(host);
            if !is_own {
                candidates = vec![wildcard];
            } else if label.len() == 1 {
                candidates.push(wildcard);
            }
        }
        for candidate in &candidates {
            if let Some(missing) = self.unknown.get(candidate) {
                return (Fact::Unknown(missing.clone()), Vec::new());
            }
            names.extend(self.names.get(candidate).into_iter().flatten().map(String::as_str));
        }
        if names.is_empty() {
            // Routers of connections come before the settings of all other names.
            let rest = self.elsewhere.get("*").filter(|_| !self.has_catch_all);
            let all = candidates.iter().find_map(|name| self.elsewhere.get(name));
            if let Some(missing) = self.elsewhere.get(host).or(all).or(rest) {
                return (Fact::Unknown(missing.clone()), Vec::new());
            }
            names.insert(DEFAULT);
        }
        let mut all = Vec::new();
        for name in &names {
            match self.terms(name) {
                Terms::Of(clients) => all.push(clients.clone()),
                Terms::Broken(because) => all.push(Clients::Closed(because.clone())),
                Terms::Unknown(missing) => return (Fact::Unknown(missing.clone()), Vec::new()),
            }
        }
        let names = names.into_iter().map(str::to_owned).collect();
        match <[Clients; 1]>::try_from(all) {
            Ok([only]) => (Fact::Known(only), names),
            Err(all) => (Fact::OneOf(Cause::Chance, all), names),
        }
    }
}

impl Router {
    /// Name of its own TLS settings.
    fn own(&self) -> &str {
        self.settings.as_deref().unwrap_or(DEFAULT)
    }
}
