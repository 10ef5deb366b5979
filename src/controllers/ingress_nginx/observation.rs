//! From servers of nginx to what is served (`rootfs/etc/nginx/template/nginx.tmpl`, `rootfs/etc/nginx/lua/lua_ingress.lua`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::error_page;
use super::flags::BACKEND;
use super::locations::{answer, app_root, broken, headers, patterns, with_slash_alone};
use super::reading::{Auth, HttpsRedirect, Read, Reader, Verify};
use super::secrets::{Files, Secrets};
use super::servers::{DEFAULT, Location, Server, World};
use super::settings::not_followed;
use super::values::boolean;
use crate::controllers::Settings;
use crate::controllers::orders::{Orders, orders};
use crate::enforcement::{
    Action, Admits, Answer, Backend, Cause, Check, Clients, Fact, Fault, Listener, Missing,
    Observed, PathPattern, Pattern, Protocol, Route, RouteTable, SniDiffers, ToHttps, VirtualHost,
};
use crate::identity::Identity;
use crate::manifest::kinds::Ingress;
use crate::manifest::{ObjectSet, Shown, kinds};
use crate::pki::certificate::Certificate;
use crate::pki::chain;

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

pub(super) fn observe(objects: &ObjectSet<'_>, settings: &Settings) -> Observed {
    let (ingresses, misread) = objects.all::<Ingress>();
    let mut given = settings.given(objects);
    let mut secrets = Secrets::of(objects);
    let mut reader = Reader { objects, settings, secrets: &mut secrets };
    let mut read = Vec::new();
    for seen in &ingresses {
        match reader.read(seen) {
            Ok(one) => read.push(one),
            Err(why) => match (&settings.missing, why) {
                // With other settings, it may be read.
                (Some(missing), _) => read.push(Read::unknown(seen, settings, missing.clone())),
                (None, why) => given.push(why.given(seen.identity)),
            },
        }
    }
    let Orders { orders, crowded } = orders(&read);
    let mut worlds: Vec<World> = orders.iter().map(|order| World::of(order)).collect();
    for world in &mut worlds {
        for host in &crowded {
            if let Some(server) = world.servers.get_mut(host) {
                server.unknown.get_or_insert_with(|| Missing::Order(host.clone()));
            }
        }
    }
    let (files, default) = (secrets.files(), default_backend(objects, settings));
    let scene = Scene { objects, settings, files, pasted: pasted(settings), default };
    let (listeners, table) = scene.serve(&worlds);
    Observed::new(listeners, vec![table], misread, given)
}

/// The Service of names and paths that no Ingress has (`getDefaultUpstream` of `internal/ingress/controller/controller.go`).
fn default_backend(objects: &ObjectSet<'_>, settings: &Settings) -> Option<Backend> {
    let (namespace, service) = settings.get(BACKEND).split_once('/')?;
    let port = match objects.read::<kinds::Service>(namespace, service) {
        Shown::Found(Ok(seen)) => seen.object.spec.ports.first().map(|port| port.port.to_string()),
        _ => None,
    };
    let port = port.unwrap_or_default();
    Some(Backend { namespace: namespace.to_owned(), service: service.to_owned(), port })
}

/// The first setting that becomes part of nginx's configuration for all hosts.
fn pasted(settings: &Settings) -> Option<Missing> {
    if settings.missing.is_some() {
        return settings.missing.clone();
    }
    let object = settings.read_from.clone()?;
    let mut names = settings.options.keys();
    let name = names.find(|name| not_followed(name, settings.get(name)))?;
    Some(match *name {
        "ssl-ciphers" | "ssl-session-ticket-key" | "use-proxy-protocol" => {
            Missing::Effect(object, (*name).to_owned())
        }
        _ => Missing::Snippet(object, (*name).to_owned()),
    })
}

struct Scene<'a> {
    objects: &'a ObjectSet<'a>,
    settings: &'a Settings,
    files: Files,
    pasted: Option<Missing>,
    default: Option<Backend>,
}

/// What a server does under some of its names.
#[derive(Clone, PartialEq)]
struct Served {
    certificates: BTreeSet<(String, String)>,
    clients: Fact<Clients>,
    checks: Fact<Vec<Check>>,
    routes: Vec<Route>,
    verifies: bool,
}

impl Scene<'_> {
    fn serve(&self, worlds: &[World]) -> (Vec<Listener>, RouteTable) {
        let mut by_name: BTreeMap<Pattern, Vec<Served>> = BTreeMap::new();
        for world in worlds {
            let mut known = BTreeSet::new();
            for (name, served) in self.names(world) {
                // Of two servers of one name, nginx takes the first.
                if worlds.len() > 1 && !known.insert(name.clone()) {
                    continue;
                }
                match by_name.entry(name) {
                    Entry::Vacant(place) => drop(place.insert(vec![served])),
                    Entry::Occupied(mut all) if worlds.len() > 1 => {
                        if !all.get().contains(&served) {
                            all.get_mut().push(served);
                        }
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        let mut listeners = vec![Listener {
            address: None,
            port: HTTP,
            protocol: Protocol::Http,
            sni: Pattern::Any,
            certificates: BTreeSet::new(),
            clients: Fact::Known(Clients::NotAsked),
            settings: Vec::new(),
            table: 0,
        }];
        let mut hosts = Vec::new();
        // Where handshakes of unknown names are refused, nothing listens for them.
        let rejects = boolean(self.settings.get("ssl-reject-handshake")) == Some(true);
        for (pattern, all) in by_name {
            let is_rejected = rejects && pattern == Pattern::Any;
            let verifies = all.iter().any(|served| served.verifies);
            let mut certificates = BTreeSet::new();
            let (mut clients, mut checks, mut routes) = (Vec::new(), Vec::new(), Vec::new());
            for served in all {
                certificates.extend(served.certificates);
                clients.push(served.clients);
                checks.push(served.checks);
                routes.push(Fact::Known(served.routes));
            }
            let clients = Fact::merged(Cause::Age, clients);
            listeners.push(Listener {
                address: None,
                port: HTTPS,
                protocol: Protocol::Https,
                sni: pattern.clone(),
                certificates,
                clients: if is_rejected { Fact::Known(Clients::NotListening) } else { clients },
                settings: Vec::new(),
                table: 0,
            });
            hosts.push(VirtualHost {
                names: vec![pattern],
                sni_differs: if verifies { SniDiffers::Misdirect } else { SniDiffers::Serve },
                checks: Fact::merged(Cause::Age, checks),
                routes: Fact::merged(Cause::Age, routes),
            });
        }
        (listeners, RouteTable::new(hosts))
    }

    /// What is served under each name.
    fn names(&self, world: &World) -> Vec<(Pattern, Served)> {
        let mut names = Vec::new();
        let broken = broken(world);
        let broken = broken.as_ref();
        let configured: BTreeSet<&str> = world
            .servers
            .iter()
            .filter(|(_, server)| server.has_certificate)
            .map(|(host, _)| host.as_str())
            .collect();
        // Servers that only redirect come first in nginx's configuration, and of two of one name the first one counts.
        for host in
            world.servers.iter().filter(|(_, server)| server.from_to_www).map(|(host, _)| host)
        {
            let other = match host.strip_prefix("www.") {
                Some(rest) => rest.to_owned(),
                None => format!("www.{host}"),
            };
            if !world.servers.contains_key(&other) {
                names.push((pattern(&other), redirect_to(host)));
            }
        }
        for (host, server) in &world.servers {
            let is_configured = server.has_certificate
                || wildcard_of(host).is_some_and(|wildcard| configured.contains(wildcard.as_str()));
            names.push((pattern(host), self.served(world, server, is_configured, broken)));
            for alias in &server.aliases {
                // A certificate counts for an alias that it names (`configureCertificates` of `nginx.go`).
                let is_configured = server.has_certificate && self.covers(server, alias)
                    || wildcard_of(alias)
                        .is_some_and(|wildcard| configured.contains(wildcard.as_str()));
                let served = self.served(world, server, is_configured, broken);
                names.extend(alias_patterns(alias).into_iter().map(|name| (name, served.clone())));
            }
        }
        names
    }

    /// Whether a certificate of the server has that name; one that is not shown has it not.
    fn covers(&self, server: &Server, alias: &str) -> bool {
        server.certificates.iter().any(|(namespace, name)| {
            let Shown::Found(Ok(seen)) = self.objects.read::<kinds::Secret>(namespace, name) else {
                return false;
            };
            let octets = seen.object.data.get("tls.crt").and_then(kinds::Datum::octets);
            let certificates = octets.and_then(|pem| Certificate::from_pem(&pem).ok());
            let leaf = certificates.and_then(|all| all.into_iter().next());
            leaf.is_some_and(|leaf| {
                // The common name counts as well (`CreateSSLCert` of `internal/net/ssl/ssl.go`).
                let common = leaf.subject.common_names().pop();
                leaf.names.dns.iter().chain(&common).any(|own| chain::covers(own, alias))
            })
        })
    }

    fn served(
        &self,
        world: &World,
        server: &Server,
        is_configured: bool,
        broken: Option<&Missing>,
    ) -> Served {
        let routes = self.routes(world, server, is_configured);
        let unknown = broken.or(self.pasted.as_ref()).or(server.unknown.as_ref());
        if let Some(missing) = unknown {
            return Served {
                certificates: server.certificates.clone(),
                clients: Fact::Unknown(missing.clone()),
                checks: Fact::Unknown(missing.clone()),
                routes,
                verifies: false,
            };
        }
        let clients = self.clients(server);
        let verifies = matches!(clients, Clients::Asked(_));
        Served {
            certificates: server.certificates.clone(),
            clients: Fact::Known(clients),
            checks: Fact::Known(checks(server, verifies)),
            routes,
            verifies,
        }
    }

    /// `ssl_verify_client` and what belongs to it.
    fn clients(&self, server: &Server) -> Clients {
        let Auth { file, verify, depth, .. } = &server.auth;
        let Some((file, lists)) =
            file.as_ref().filter(|_| !server.is_denied && *verify != Verify::Off)
        else {
            return Clients::NotAsked;
        };
        Clients::Asked(self.files.validation(file, lists.as_deref(), *depth))
    }

    fn routes(&self, world: &World, server: &Server, is_configured: bool) -> Vec<Route> {
        let headers = headers(&server.auth, server.is_denied);
        let patterns = patterns(server);
        let slashed = with_slash_alone(&patterns);
        let route = |(path, location): (PathPattern, &Location)| Route {
            path,
            rank: None,
            settings: None,
            to_https: self.to_https(location, is_configured),
            answer: answer(world, location, &headers, self.default.as_ref()),
        };
        // Within the server, so before any location's redirect to HTTPS.
        let root = app_root(server).map(|to| Route {
            path: PathPattern::Exact("/".to_owned()),
            rank: None,
            settings: None,
            to_https: ToHttps::Never,
            answer: Fact::Known(Action::Redirect(to.to_owned())),
        });
        let mut routes: Vec<Route> =
            root.into_iter().chain(patterns.into_iter().map(route)).collect();
        // Before the location's own redirect to HTTPS, so by plain HTTP too.
        routes.extend(slashed.into_iter().map(|path| Route {
            rank: None,
            settings: None,
            to_https: ToHttps::Never,
            answer: Fact::Known(Action::Redirect(format!("{path}/"))),
            path: PathPattern::Exact(path),
        }));
        routes
    }

    /// `redirect_to_https` of `lua_ingress.lua`.
    fn to_https(&self, location: &Location, is_configured: bool) -> ToHttps {
        let list = self.settings.get("no-tls-redirect-locations");
        let mut exempt =
            list.split(',').map(|item| item.trim_matches(' ')).filter(|item| !item.is_empty());
        let redirects = match location.https {
            HttpsRedirect::Never => false,
            HttpsRedirect::WithCertificate => is_configured,
            HttpsRedirect::Always => true,
        };
        if location.fixed.is_some()
            || !redirects
            || exempt.any(|item| location.path.starts_with(item))
        {
            return ToHttps::Never;
        }
        match boolean(self.settings.get("use-forwarded-headers")) {
            Some(true) => ToHttps::UnlessForwarded,
            _ => ToHttps::Always,
        }
    }
}

/// Which names a host is for (`buildServerName` of `template.go`).
fn pattern(name: &str) -> Pattern {
    let lower = name.to_lowercase();
    match (name, lower.strip_prefix("*.")) {
        (DEFAULT, _) => Pattern::Any,
        (_, Some(domain)) => Pattern::OneLabel(domain.to_owned()),
        _ => Pattern::Exact(lower),
    }
}

/// Which names an alias is for: those that nginx reads of it (<https://nginx.org/en/docs/http/server_names.html>).
fn alias_patterns(alias: &str) -> Vec<Pattern> {
    let lower = alias.to_lowercase();
    match (lower.strip_prefix("*."), lower.strip_prefix('.')) {
        (Some(domain), _) => vec![Pattern::Below(domain.to_owned())],
        (_, Some(domain)) => {
            vec![Pattern::Exact(domain.to_owned()), Pattern::Below(domain.to_owned())]
        }
        _ if lower.starts_with('~') || lower.ends_with(".*") => {
            vec![Pattern::Expression(alias.to_owned())]
        }
        _ => vec![Pattern::Exact(lower)],
    }
}

/// `a.example.com` as `*.example.com`.
fn wildcard_of(host: &str) -> Option<String> {
    host.split_once('.').map(|(_, domain)| format!("*.{domain}"))
}

/// A server that only redirects (`BuildRedirects` of `pkg/util/ingress/ingress.go`).
fn redirect_to(host: &str) -> Served {
    let route = Route {
        path: PathPattern::Prefix("/".to_owned()),
        rank: None,
        settings: None,
        to_https: ToHttps::Never,
        answer: Fact::Known(Action::Redirect(format!("//{host}"))),
    };
    Served {
        certificates: BTreeSet::new(),
        clients: Fact::Known(Clients::NotAsked),
        checks: Fact::Known(Vec::new()),
        routes: vec![route],
        verifies: false,
    }
}

/// What nginx checks before it looks for a location: certificates, then what the template has at the beginning of a server.
fn checks(server: &Server, verifies: bool) -> Vec<Check> {
    let Auth { verify, error_page, match_cn, .. } = &server.auth;
    let because: Vec<Identity> = server.because.iter().cloned().collect();
    let mut checks = Vec::new();
    if verifies {
        let tolerates: &[Fault] = match verify {
            Verify::On | Verify::Off => &[],
            Verify::Optional => &[Fault::Absent],
            Verify::OptionalNoCa => &[Fault::Absent, Fault::Untrusted],
        };
        let refusal = error_page.as_deref().map_or(Answer::Status(400), error_page::answer);
        let admits = Admits::Verified(tolerates.iter().copied().collect());
        checks.push((admits, refusal));
    }
    if let Some(admits) = match_cn {
        checks.push((admits.clone(), Answer::Status(403)));
    }
    if server.is_denied {
        checks.push((Admits::None, Answer::Status(403)));
    }
    let check = |(admits, refusal)| Check {
        admits,
        refusal,
        because: because.clone(),
        is_of_routes: false,
    };
    checks.into_iter().map(check).collect()
}
