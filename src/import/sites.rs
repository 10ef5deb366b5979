//! Hosts that Ingresses of ingress-nginx serve, of which `import` makes entries: routes, TLS Secrets, client authentication.
//!
//! Which Ingresses those are, the model of the controller says; and in the end it says whether what `render` makes of the entries
//! serves the same requests as before ([`super::comparison`]).

mod annotations;

use std::collections::BTreeMap;

use super::found::{Found, FoundObject, LeftOut, Place, SecretName};
use crate::controllers::{CONTROLLERS, Controller, Declared};
use crate::enforcement::{Given, Observed};
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::kinds::{Backend, Ingress, IngressRule, Path, PortNumber, Service};
use crate::manifest::{Extent, Misread, Namespace, ObjectSet, Seen, Shown};
use crate::pki::chain;
use crate::specification::value::HostName;

/// What a host's Ingresses become in a spec.
#[derive(Clone, Debug)]
pub struct Site {
    /// DNS name, in lower case; the name of the entry.
    pub host: String,
    /// Where it was found.
    pub place: Place,
    /// Namespace of the Ingress.
    pub namespace: String,
    /// Name of the Ingress, for the first host of it: the others get Ingresses of their own.
    pub ingress: Option<String>,
    /// Ingress class, where the Ingress has one.
    pub class: Option<String>,
    /// Paths, in their order.
    pub routes: Vec<SiteRoute>,
    /// Where its certificate is.
    pub tls: SiteTls,
    /// What it asks of clients.
    pub auth: Option<SiteAuth>,
    /// Further annotations.
    pub annotations: BTreeMap<String, String>,
    /// The entry whose certificate serves it as well.
    pub certificate_of: Option<String>,
    /// What it trusts, in the words of the spec; `None`: the Secret, whose authorities are not all entries.
    pub cas: Option<Vec<String>>,
    /// Clients whose subjects `auth-tls-match-cn` matches; `None`: it is not there.
    pub allow: Option<Vec<String>>,
}

/// A path of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRoute {
    /// The path.
    pub path: String,
    /// `Prefix`, `Exact` or `ImplementationSpecific`.
    pub kind: String,
    /// Name of the Service, in the namespace of the Ingress.
    pub service: String,
    /// Its port.
    pub port: SitePort,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SitePort {
    /// By number.
    Number(u64),
    /// By name, and its number where the Service is among the objects.
    Name(String, Option<u64>),
}

/// Where the certificate of a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteTls {
    /// It has none.
    Absent,
    /// In this Secret; without a name, the controller shows its own.
    Secret(Option<String>),
    /// cert-manager puts it into this Secret.
    CertManager {
        /// `clusterIssuer` or `issuer`.
        kind: &'static str,
        /// Name of the issuer.
        issuer: String,
        /// The Secret.
        secret: Option<String>,
    },
}

/// What annotations ask of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteAuth {
    /// Namespace and name of the Secret with the trust bundle.
    pub secret: (String, String),
    /// `on`, `optional`, `optional_no_ca`.
    pub verify: String,
    /// `auth-tls-verify-depth`.
    pub depth: Option<u8>,
    /// Whether the backend gets the certificate.
    pub passes: bool,
    /// `auth-tls-error-page`.
    pub error_page: Option<String>,
    /// `auth-tls-match-cn`.
    pub subjects: Option<String>,
}

/// What Ingresses give.
#[derive(Debug, Default)]
pub struct Sites {
    /// Hosts, in the order of their Ingresses' age.
    pub all: Vec<Site>,
    /// What stays behind.
    pub left_out: Vec<LeftOut>,
    /// What people should know.
    pub notes: Vec<String>,
}

impl SiteTls {
    /// Whether the certificate is in that Secret.
    pub fn is_in(&self, name: &str) -> bool {
        let (Self::Secret(secret) | Self::CertManager { secret, .. }) = self else { return false };
        secret.as_deref() == Some(name)
    }

    /// The Secret that holds the certificate, unless something else fills it.
    fn secret(&self) -> Option<&str> {
        if let Self::Secret(name) = self { name.as_deref() } else { None }
    }
}

impl Site {
    /// Whether its certificate is the one of that Secret.
    pub fn has_certificate_in(&self, secret: &SecretName) -> bool {
        let namespace = secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        namespace == self.namespace && self.tls.secret() == Some(secret.name.as_str())
    }

    /// Whether cert-manager fills that Secret.
    pub fn leaves_to_cert_manager(&self, secret: &SecretName) -> bool {
        let namespace = secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        let SiteTls::CertManager { secret: Some(name), .. } = &self.tls else { return false };
        namespace == self.namespace && *name == secret.name
    }
}

/// All objects that were found.
pub fn objects(found: &Found) -> ObjectSet<'_> {
    let mut set = ObjectSet::within(Namespace::Assumed(DEFAULT_NAMESPACE), Extent::Part);
    for FoundObject { identity, object, .. } in &found.objects {
        set.add_other(identity.clone(), object);
    }
    set
}

/// What ingress-nginx makes of the objects that were found.
pub fn observed(objects: &ObjectSet<'_>) -> Observed {
    let controller: &dyn Controller = CONTROLLERS[0];
    controller.observe(objects, &controller.settings(objects, &Declared::default()))
}

/// The hosts of the Ingresses that were found.
pub fn sites(found: &Found) -> Sites {
    let set = objects(found);
    let (mut ingresses, _) = set.all::<Ingress>();
    let mut sites = Sites::default();
    if ingresses.is_empty() {
        return sites;
    }
    let places: BTreeMap<&Identity, &Place> =
        found.objects.iter().map(|one| (&one.identity, &one.place)).collect();
    let place_of =
        |identity| places.get(identity).map_or_else(Place::default, |place| (*place).clone());
    let observed = observed(&set);
    for Misread { identity, problem } in &observed.unread {
        sites.left_out.push(LeftOut::new(&place_of(identity), identity.to_string(), problem));
    }
    ingresses.sort_by_key(|seen| (seen.created.is_none(), seen.created.map(str::to_owned)));
    for seen in &ingresses {
        let place = place_of(seen.identity);
        let passed_over = observed.given.iter().find(|given| passes_over(given, seen.identity));
        match passed_over {
            Some(given) => {
                sites.left_out.push(LeftOut::new(
                    &place,
                    seen.identity.to_string(),
                    given.to_string(),
                ));
            }
            None => Reading { set: &set, seen, place: &place }.read(&mut sites),
        }
    }
    sites
}

fn passes_over(given: &Given, ingress: &Identity) -> bool {
    matches!(given, Given::OtherClass(one, _) | Given::Dropped(one) | Given::NotWatched(one, _) if one == ingress)
}

/// One Ingress.
struct Reading<'a> {
    set: &'a ObjectSet<'a>,
    seen: &'a Seen<'a, Ingress>,
    place: &'a Place,
}

impl Reading<'_> {
    fn read(&self, sites: &mut Sites) {
        let spec = &self.seen.object.spec;
        if spec.default_backend.is_some() {
            sites.left_out.push(self.left_out(
                "`defaultBackend`",
                "a spec has no backend for all other names and paths",
            ));
        }
        let own = self.seen.identity;
        let mut name = Some(own.name.clone());
        let first = sites.all.len();
        for rule in &spec.rules {
            let host = rule.host.as_deref().unwrap_or_default().to_lowercase();
            if host.parse::<HostName>().is_err() {
                let what = if host.is_empty() {
                    "a rule without `host`".to_owned()
                } else {
                    format!("the rule of `{host}`")
                };
                sites.left_out.push(self.left_out(&what, "a spec has hosts with DNS names alone"));
                continue;
            }
            let site = self.site(&host, rule, sites);
            match sites.all.iter_mut().find(|other| other.host == host) {
                None if site.routes.is_empty() => {
                    sites.left_out.push(self.left_out(
                        &format!("the rule of `{host}`"),
                        "it has no path that leads to a Service",
                    ));
                }
                None => sites.all.push(Site { ingress: name.take(), ..site }),
                Some(other) if self.joins(other, &site, &mut sites.left_out) => {
                    sites.notes.push(format!("host `{host}`: the {own} adds paths to it, which its entry has: delete that Ingress once the spec's is applied"));
                    join(other, site);
                }
                Some(_) => {}
            }
        }
        let hosts: Vec<String> =
            sites.all[first..].iter().map(|site| format!("`{}`", site.host)).collect();
        if hosts.len() > 1 {
            sites.notes.push(format!(
                "the {own} has several hosts: {} keeps its name, and {} get Ingresses of their own",
                hosts[0],
                hosts[1..].join(", ")
            ));
        }
    }

    /// Whether a second Ingress of a host says the same as the first one, but for its paths.
    fn joins(&self, first: &Site, second: &Site, left_out: &mut Vec<LeftOut>) -> bool {
        let is_same = first.namespace == second.namespace
            && first.class == second.class
            && first.auth == second.auth
            && first.annotations == second.annotations;
        if !is_same {
            let what = format!("the rule of `{}`", first.host);
            let why = "an older Ingress of the host has another namespace, class or annotations, and an entry of a spec has one of each";
            let one = self.left_out(&what, why);
            left_out.push(LeftOut { needed_by: Some(format!("host `{}`", first.host)), ..one });
        }
        is_same
    }

    fn left_out(&self, what: &str, why: &str) -> LeftOut {
        LeftOut::new(self.place, format!("{what} of the {}", self.seen.identity), why)
    }

    fn site(&self, host: &str, rule: &IngressRule, sites: &mut Sites) -> Site {
        let mut routes: Vec<SiteRoute> = Vec::new();
        for path in rule.http.iter().flat_map(|http| &http.paths) {
            if let Some(route) = self.route(path) {
                routes.push(route);
                continue;
            }
            let shown = path.path.as_deref().unwrap_or("/");
            let what = format!("the path `{shown}` of `{host}`");
            sites.left_out.push(self.left_out(&what, "it leads to no Service"));
        }
        let auth = annotations::auth(self.seen);
        let kept = annotations::kept(self.seen, auth.is_some());
        for (name, why) in kept.left_out {
            // It may refuse requests.
            let left_out = self.left_out(&format!("the annotation `{name}`"), &why);
            sites.left_out.push(LeftOut { needed_by: Some(format!("host `{host}`")), ..left_out });
        }
        Site {
            host: host.to_owned(),
            place: self.place.clone(),
            namespace: self.seen.identity.namespace_or_default().to_owned(),
            ingress: None,
            class: annotations::class(self.seen),
            routes,
            tls: self.tls(host),
            auth,
            annotations: kept.carried,
            certificate_of: None,
            cas: None,
            allow: None,
        }
    }

    fn route(&self, path: &Path) -> Option<SiteRoute> {
        let (service, port) = self.backend(&path.backend)?;
        let text = path.path.clone().filter(|path| !path.is_empty());
        Some(SiteRoute {
            path: text.unwrap_or_else(|| "/".to_owned()),
            kind: path.path_type.clone().unwrap_or_else(|| "ImplementationSpecific".to_owned()),
            service,
            port,
        })
    }

    fn backend(&self, backend: &Backend) -> Option<(String, SitePort)> {
        let named = |service: &str, name: &str| {
            SitePort::Name(name.to_owned(), self.number_of(service, name))
        };
        if let Some(service) = &backend.service {
            let port = match (service.port.number, &service.port.name) {
                (Some(number), _) => SitePort::Number(number),
                (None, name) => named(&service.name, name.as_deref()?),
            };
            return Some((service.name.clone(), port));
        }
        let service = backend.service_name.clone()?;
        let port = match backend.service_port.as_ref()? {
            PortNumber::Number(number) => SitePort::Number(*number),
            PortNumber::Name(name) => named(&service, name),
        };
        Some((service, port))
    }

    /// The number of a port of a Service that is among the objects.
    fn number_of(&self, service: &str, port: &str) -> Option<u64> {
        let namespace = self.seen.identity.namespace_or_default();
        let Shown::Found(Ok(seen)) = self.set.read::<Service>(namespace, service) else {
            return None;
        };
        let named = seen.object.spec.ports.iter().find(|one| one.name.as_deref() == Some(port));
        named.map(|one| u64::from(one.port))
    }

    fn tls(&self, host: &str) -> SiteTls {
        let covers = |own: &String| chain::covers(own, host);
        let entries = &self.seen.object.spec.tls;
        let entry = entries
            .iter()
            .find(|entry| entry.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
            .or_else(|| {
                entries
                    .iter()
                    .find(|entry| entry.hosts.is_empty() || entry.hosts.iter().any(covers))
            });
        let Some(entry) = entry else { return SiteTls::Absent };
        let secret = entry.secret_name.clone().filter(|name| !name.is_empty());
        match annotations::issuer(self.seen) {
            Some((kind, issuer)) => SiteTls::CertManager { kind, issuer, secret },
            None => SiteTls::Secret(secret),
        }
    }
}

/// Adds the paths of a second Ingress of a host.
fn join(first: &mut Site, second: Site) {
    for route in second.routes {
        let is_there = |own: &SiteRoute| (&own.path, &own.kind) == (&route.path, &route.kind);
        if !first.routes.iter().any(is_there) {
            first.routes.push(route);
        }
    }
    if first.tls == SiteTls::Absent {
        first.tls = second.tls;
    }
}
