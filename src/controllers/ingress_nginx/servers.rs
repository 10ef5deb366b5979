//! Servers of nginx, one a host, as the controller puts them together from all Ingresses in their order
//! (`getBackendServers`, `createServers` and `createUpstreams` of `internal/ingress/controller/controller.go`).

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Auth, HttpsRedirect, Read};
use crate::controllers::orders::{Aged, Share};
use crate::enforcement::{Backend, Missing};
use crate::identity::Identity;
use crate::manifest::kinds::{self, BackendPort};
use crate::time::Timestamp;

/// The server of every name that no other one has.
pub(super) const DEFAULT: &str = "_";

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// What says how clients are verified, after all Ingresses of the host.
    pub auth: Auth,
    /// Whether all clients are refused.
    pub is_denied: bool,
    pub aliases: BTreeSet<String>,
    /// Whether it has a certificate, be it the default one.
    pub has_certificate: bool,
    /// Secrets that its certificate may come from, by namespace and name.
    pub certificates: BTreeSet<(String, String)>,
    pub from_to_www: bool,
    pub locations: Vec<Location>,
    /// What it has that the model does not follow.
    pub unknown: Option<Missing>,
    /// The Ingresses that its settings come from.
    pub because: BTreeSet<Identity>,
}

/// A location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub path: String,
    pub is_exact: bool,
    /// Name of its upstream; `None`: the controller's own backend.
    pub upstream: Option<String>,
    pub is_default: bool,
    pub https: HttpsRedirect,
    pub uses_regex: bool,
    /// What it answers in the place of its upstream.
    pub fixed: Option<Fixed>,
    /// Where it has its server redirect `/` to.
    pub app_root: Option<String>,
}

/// An answer without an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fixed {
    /// 503: an annotation of its Ingress is refused.
    Denied,
    /// A redirect to this place.
    Redirect(String),
}

/// A Service behind servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    pub backend: Backend,
    /// It is a canary's, and no location leads to it alone.
    pub is_canary: bool,
    /// Canaries that take a part of its requests.
    pub alternatives: BTreeSet<String>,
}

/// Everything the controller makes of Ingresses in one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct World {
    pub servers: BTreeMap<String, Server>,
    pub upstreams: BTreeMap<String, Upstream>,
    /// The host of a canary's rule without paths, at which the controller ends.
    pub ends_at: Option<String>,
}

impl World {
    /// Puts it together.
    pub(super) fn of(ingresses: &[&Read<'_>]) -> Self {
        let mut world = Self::default();
        world.create_upstreams(ingresses);
        world.create_servers(ingresses);
        for read in ingresses {
            world.add(read);
        }
        if ingresses.iter().any(|read| !read.is_canary) {
            for read in ingresses.iter().filter(|read| read.is_canary) {
                world.merge_canary(read);
            }
        }
        world
    }

    fn create_upstreams(&mut self, ingresses: &[&Read<'_>]) {
        for read in ingresses {
            if let Some((name, upstream)) =
                read.ingress.spec.default_backend.as_deref().and_then(|b| upstream(read, b))
            {
                // The last one counts here, the first one with paths.
                self.upstreams.insert(name, upstream);
            }
            for (_, path) in paths(read) {
                if let Some((name, upstream)) = upstream(read, &path.backend) {
                    self.upstreams.entry(name).or_insert(upstream);
                }
            }
        }
    }

    fn create_servers(&mut self, ingresses: &[&Read<'_>]) {
        self.servers.insert(
            DEFAULT.to_owned(),
            Server { locations: vec![root(None, None)], ..Server::default() },
        );
        for read in ingresses.iter().filter(|read| !read.is_canary) {
            let default =
                read.ingress.spec.default_backend.as_deref().and_then(|b| upstream(read, b));
            let default = default.map(|(name, _)| name);
            let catch_all = self.servers.get_mut(DEFAULT);
            if let (Some(name), true, Some(server)) =
                (&default, read.ingress.spec.rules.is_empty(), catch_all)
                && let Some(location) = server.locations.first_mut().filter(|one| one.is_default)
            {
                *location = Location { is_default: false, ..root(Some(name.clone()), Some(read)) };
                server.unknown.clone_from(&read.unknown);
            }
            for host in hosts(read) {
                let server = Server {
                    locations: vec![root(default.clone(), Some(read))],
                    unknown: read.unknown.clone(),
                    ..Server::default()
                };
                self.servers.entry(host.to_owned()).or_insert(server);
            }
        }
        let mut aliases: BTreeMap<&str, &BTreeSet<String>> = BTreeMap::new();
        for read in ingresses.iter().filter(|read| !read.is_canary) {
            for host in hosts(read) {
                let own = aliases.entry(host).or_insert(&read.aliases);
                if own.is_empty() {
                    *own = &read.aliases;
                }
                if let Some(server) = self.servers.get_mut(host) {
                    server.has_certificate |= !read.ingress.spec.tls.is_empty();
                    let namespace = read.identity.namespace_or_default();
                    let secrets =
                        read.ingress.spec.tls.iter().filter_map(|tls| tls.secret_name.as_deref());
                    server
                        .certificates
                        .extend(secrets.map(|name| (namespace.to_owned(), name.to_owned())));
                }
            }
        }
        for (host, all) in aliases {
            let free = all.iter().filter(|alias| !self.servers.contains_key(*alias));
            let free: BTreeSet<String> = free.cloned().collect();
            if let Some(server) = self.servers.get_mut(host) {
                server.aliases = free;
            }
        }
    }

    /// What an Ingress adds to the servers of its hosts.
    fn add(&mut self, read: &Read<'_>) {
        for rule in &read.ingress.spec.rules {
            let host = host_of(rule);
            let key = if self.servers.contains_key(host) { host } else { DEFAULT };
            let Some(server) = self.servers.get_mut(key) else { continue };
            if rule.http.is_none() && host != DEFAULT {
                continue;
            }
            server.because.insert(read.identity.clone());
            server.is_denied |= read.auth.is_denied;
            if server.unknown.is_none() {
                server.unknown.clone_from(&read.unknown);
            }
            if server.auth.file.is_none() {
                server.auth = read.auth.clone();
            }
            for path in rule.http.iter().flat_map(|http| &http.paths) {
                let Some((name, _)) = upstream(read, &path.backend) else { continue };
                if self.upstreams.get(&name).is_none_or(|upstream| upstream.is_canary) {
                    continue;
                }
                server.from_to_www |= read.from_to_www;
                server.locate(read, path, name);
            }
        }
    }

    /// A canary takes a part of the requests of locations with its path (`mergeAlternativeBackends`).
    fn merge_canary(&mut self, read: &Read<'_>) {
        let bare = read.ingress.spec.rules.iter().find(|rule| rule.http.is_none());
        if let Some(rule) = bare {
            self.ends_at.get_or_insert(host_of(rule).to_owned());
        }
        for (host, path) in paths(read) {
            let Some((canary, _)) = upstream(read, &path.backend) else { continue };
            let Some(server) = self.servers.get(host) else { continue };
            let is_same = |location: &&Location| {
                location.path == path_of(path) && location.is_exact == is_exact(path)
            };
            let primaries =
                server.locations.iter().filter(is_same).filter_map(|one| one.upstream.clone());
            for primary in primaries.filter(|primary| *primary != canary).collect::<Vec<_>>() {
                let primary = self.upstreams.get_mut(&primary).filter(|primary| !primary.is_canary);
                if let Some(primary) = primary {
                    primary.alternatives.insert(canary.clone());
                }
            }
        }
    }
}

impl Server {
    /// Adds a path, unless one of the same type is there.
    fn locate(&mut self, read: &Read<'_>, path: &kinds::Path, upstream: String) {
        let own = Location {
            path: path_of(path).to_owned(),
            is_exact: is_exact(path),
            is_default: false,
            ..root(Some(upstream), Some(read))
        };
        // The first location of the path decides: one of another type stays beside it.
        match self.locations.iter_mut().find(|location| location.path == own.path) {
            Some(there) if there.is_exact == own.is_exact && there.is_default => *there = own,
            Some(there) if there.is_exact == own.is_exact => {}
            _ => self.locations.push(own),
        }
    }
}

/// The location `/` that every server has.
fn root(upstream: Option<String>, read: Option<&Read<'_>>) -> Location {
    Location {
        path: "/".to_owned(),
        is_exact: false,
        upstream,
        is_default: true,
        https: read.map(|read| read.https).unwrap_or_default(),
        uses_regex: read.is_some_and(|read| read.uses_regex || read.rewrites_to.is_some()),
        fixed: read.and_then(|read| match (&read.redirects_to, read.auth.is_denied) {
            (_, true) => Some(Fixed::Denied),
            (to, false) => to.clone().map(Fixed::Redirect),
        }),
        app_root: read.and_then(|read| read.app_root.clone()),
    }
}

impl Aged for Read<'_> {
    fn created(&self) -> Option<Timestamp> {
        self.created
    }

    fn identity(&self) -> &Identity {
        self.identity
    }

    fn shares(&self) -> Vec<Share> {
        let hosts = hosts(self).map(|host| Share::Host(host.to_owned()));
        let default = self.ingress.spec.default_backend.as_deref().into_iter();
        let backends = paths(self).map(|(_, path)| &path.backend).chain(default);
        let upstreams = backends.filter_map(|backend| Some(upstream(self, backend)?.0));
        hosts.chain(upstreams.map(Share::Named)).collect()
    }

    fn asks_like(&self, other: &Self) -> bool {
        self.auth == other.auth
    }
}

/// Hosts of an Ingress, one a rule.
fn hosts<'a>(read: &'a Read<'_>) -> impl Iterator<Item = &'a str> {
    read.ingress.spec.rules.iter().map(host_of)
}

fn host_of(rule: &kinds::IngressRule) -> &str {
    rule.host.as_deref().filter(|host| !host.is_empty()).unwrap_or(DEFAULT)
}

/// Paths of an Ingress with their hosts.
fn paths<'a>(read: &'a Read<'_>) -> impl Iterator<Item = (&'a str, &'a kinds::Path)> {
    read.ingress.spec.rules.iter().flat_map(|rule| {
        rule.http.iter().flat_map(|http| &http.paths).map(|path| (host_of(rule), path))
    })
}

fn path_of(path: &kinds::Path) -> &str {
    path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/")
}

/// `ImplementationSpecific` is `Prefix` (`SetDefaultNGINXPathType` of `internal/k8s/main.go`).
fn is_exact(path: &kinds::Path) -> bool {
    path.path_type.as_deref() == Some("Exact")
}

/// Name and content of the upstream of a backend (`upstreamName` of `internal/ingress/controller/util.go`).
fn upstream(read: &Read<'_>, backend: &kinds::Backend) -> Option<(String, Upstream)> {
    let namespace = read.identity.namespace_or_default();
    let (service, port) = match (&backend.service, &backend.service_name) {
        (Some(service), _) => {
            let port = match &service.port {
                BackendPort { number: Some(number), .. } if *number > 0 => Some(number.to_string()),
                BackendPort { name, .. } => name.clone().filter(|name| !name.is_empty()),
            };
            (&service.name, port)
        }
        // The API server makes `networking.k8s.io/v1` of what `extensions/v1beta1` had.
        (None, Some(service)) => (service, backend.service_port.as_ref().map(ToString::to_string)),
        (None, None) => return None,
    };
    let name = match &port {
        Some(port) => format!("{namespace}-{service}-{port}"),
        None => format!("{namespace}-INVALID"),
    };
    let backend = Backend {
        namespace: namespace.to_owned(),
        service: service.clone(),
        port: port.unwrap_or_default(),
    };
    Some((name, Upstream { backend, is_canary: read.is_canary, alternatives: BTreeSet::new() }))
}
