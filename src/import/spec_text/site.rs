//! The tables of hosts that Ingresses serve, and of the services behind all hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::leaf::service_key;
use super::value::{key, quoted, quoted_list, visible_line};
use super::{Service, Writer};
use crate::import::judge::Entry;
use crate::import::sites::{Site, SiteAuth, SitePort, SiteRoute, SiteTls};

/// The class that a spec has unless it says another.
const CLASS: &str = "nginx";

/// Services by namespace and name, each with its ports.
pub(super) type Services<'a> = BTreeMap<(Option<&'a str>, &'a str), BTreeSet<SitePort>>;

/// The services of all hosts; those of `service` in the namespaces of the hosts that no Ingress is known of.
pub(super) fn services<'a>(
    sites: &'a [Site],
    service: Option<&'a Service>,
    namespaces: &BTreeSet<Option<&'a str>>,
) -> Services<'a> {
    let mut services = Services::new();
    for site in sites {
        for SiteRoute { service, port, .. } in &site.routes {
            let ports =
                services.entry((Some(site.namespace.as_str()), service.as_str())).or_default();
            ports.insert(port.clone());
        }
    }
    for namespace in namespaces {
        if let Some(Service { name, port }) = service {
            let ports = services.entry((*namespace, name.as_str())).or_default();
            ports.insert(SitePort::Number(u64::from(*port)));
        }
    }
    for ports in services.values_mut() {
        // The same port by number and by name is one.
        let named: BTreeSet<u64> = ports
            .iter()
            .filter_map(|port| if let SitePort::Name(_, number) = port { *number } else { None })
            .collect();
        ports.retain(|port| !matches!(port, SitePort::Number(number) if named.contains(number)));
    }
    services
}

impl Writer<'_> {
    /// A table for each service.
    pub(super) fn services(&mut self, services: &Services<'_>) {
        for ((namespace, name), ports) in services {
            let other = self.other(*namespace);
            self.line(&format!("\n[services.{}]", key(&service_key(name, other))));
            self.line(
                "existing = true  # it runs in the cluster already, nothing is rendered for it",
            );
            match ports.iter().collect::<Vec<_>>().as_slice() {
                [SitePort::Number(number)] => self.line(&format!("port = {number}")),
                [SitePort::Name(name, Some(number))] => {
                    self.line(&format!("port = {number}"));
                    self.line(&format!("portName = {}", quoted(name)));
                }
                [SitePort::Name(name, None)] => self.line(&format!("port = {}", quoted(name))),
                several => {
                    // Routes name their ports; those of which the number is not known cannot be in the list.
                    let ports = port_tables(several);
                    match (several.first(), ports.is_empty()) {
                        (Some(SitePort::Name(name, None)), true) => {
                            self.line(&format!("port = {}", quoted(name)));
                        }
                        _ => self.line(&format!("ports = [{}]", ports.join(", "))),
                    }
                }
            }
            if let Some(namespace) = other {
                self.line(&format!("name = {}", quoted(name)));
                self.line(&format!("namespace = {}", quoted(namespace)));
            }
        }
    }

    /// A namespace, if it is another than most have.
    fn other<'n>(&self, namespace: Option<&'n str>) -> Option<&'n str> {
        namespace.filter(|own| self.namespace.as_deref() != Some(own))
    }

    /// The table of a host that an Ingress serves; `entry` has its certificate, if it was found.
    pub(super) fn site(&mut self, site: &Site, entry: Option<&Entry>, services: &Services<'_>) {
        if let Some(entry) = entry {
            self.header("hosts", &site.host, entry);
        } else {
            self.line(&format!("\n[hosts.{}]", key(&site.host)));
            self.line(&format!("# from {}", visible_line(&site.place.to_string())));
        }
        let namespace = self.other(Some(&site.namespace));
        self.routes(site, namespace, services);
        if let Some(namespace) = namespace {
            self.line(&format!("namespace = {}", quoted(namespace)));
        }
        if let Some(name) = &site.ingress {
            self.line(&format!("ingressName = {}", quoted(name)));
        }
        if let Some(class) = site.class.as_deref().filter(|class| *class != CLASS) {
            self.line(&format!("ingressClassName = {}", quoted(class)));
        }
        self.site_certificate(site, entry);
        match &site.auth {
            Some(auth) => self.client_auth(site, auth),
            None => self.line("clientAuth = false"),
        }
        if !site.annotations.is_empty() {
            self.line(&format!("\n[hosts.{}.annotations]", key(&site.host)));
        }
        for (name, value) in &site.annotations {
            self.line(&format!("{} = {}", key(name), quoted(value)));
        }
    }

    fn routes(&mut self, site: &Site, namespace: Option<&str>, services: &Services<'_>) {
        let has_one_port = |service: &str| {
            let ports = services.get(&(Some(site.namespace.as_str()), service));
            ports.is_some_and(|ports| ports.len() == 1)
        };
        if let [SiteRoute { path, kind, service, port: _ }] = site.routes.as_slice()
            && (path.as_str(), kind.as_str()) == ("/", "Prefix")
            && has_one_port(service)
        {
            self.line(&format!("service = {}", quoted(&service_key(service, namespace))));
            return;
        }
        self.line("routes = [");
        for SiteRoute { path, kind, service, port } in &site.routes {
            let kind = match kind.as_str() {
                "Prefix" => String::new(),
                kind => format!(", pathType = {}", quoted(kind)),
            };
            let port = match port {
                SitePort::Number(number) | SitePort::Name(_, Some(number)) => number.to_string(),
                SitePort::Name(name, None) => quoted(name),
            };
            self.line(&format!(
                "  {{ path = {}{kind}, service = {}, port = {port} }},",
                quoted(path),
                quoted(&service_key(service, namespace))
            ));
        }
        self.line("]");
    }

    fn site_certificate(&mut self, site: &Site, entry: Option<&Entry>) {
        if let Some(entry) = entry {
            self.certificate(&site.host, entry);
        } else if let Some(other) = &site.certificate_of {
            return self.line(&format!("tls.host = {}", quoted(other)));
        }
        match &site.tls {
            SiteTls::Absent if entry.is_none() => self.line("tls = false"),
            SiteTls::Absent => {}
            SiteTls::CertManager { kind, issuer, secret } => {
                self.line(&format!("tls.certManager.{kind} = {}", quoted(issuer)));
                if let Some(secret) = secret {
                    self.line(&format!("tls.secretName = {}", quoted(secret)));
                }
            }
            SiteTls::Secret(Some(secret)) => {
                self.line(&format!("tls.secretName = {}", quoted(secret)));
            }
            SiteTls::Secret(None) => {
                self.line("# The controller shows a certificate of its own, which no client accepts: let `render` issue one.");
                self.line("tls.issuer = \"self-signed\"");
            }
        }
    }

    fn client_auth(&mut self, site: &Site, auth: &SiteAuth) {
        let SiteAuth { secret: (namespace, name), verify, depth, passes, error_page, subjects: _ } =
            auth;
        let is_here = *namespace == site.namespace;
        if let Some(cas) = &site.cas {
            self.line(&format!("clientAuth.cas = {}", quoted_list(cas)));
            // A bundle of ours and a key pair need Secrets of their own.
            if is_here && !site.tls.is_in(name) {
                self.line(&format!("clientAuth.secretName = {}", quoted(name)));
            }
        } else {
            let secret = if is_here { name.clone() } else { format!("{namespace}/{name}") };
            self.line(&format!("clientAuth.secretName = {}", quoted(&secret)));
        }
        if verify != "on" {
            self.line(&format!("clientAuth.verify = {}", quoted(verify)));
        }
        if let Some(depth) = depth.filter(|depth| *depth > 1) {
            self.line(&format!("clientAuth.verifyDepth = {depth}"));
        }
        if !passes {
            self.line("clientAuth.passCertificateToUpstream = false");
        }
        if let Some(page) = error_page {
            self.line(&format!("clientAuth.errorPage = {}", quoted(page)));
        }
        if let Some(allow) = &site.allow {
            self.line(&format!("clientAuth.allow = {}", quoted_list(allow)));
        }
    }
}

/// Ports as a list of the spec has them: each number once, each with a name of its own.
fn port_tables(ports: &[&SitePort]) -> Vec<String> {
    let (mut used, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let by_name = ports.iter().filter_map(|port| match port {
        SitePort::Name(name, Some(number)) => Some((name.clone(), *number)),
        SitePort::Name(_, None) | SitePort::Number(_) => None,
    });
    let by_number = ports.iter().filter_map(|port| match port {
        SitePort::Number(number) => Some((format!("p{number}"), *number)),
        SitePort::Name(..) => None,
    });
    let mut tables = Vec::new();
    for (name, number) in by_name.chain(by_number) {
        if !numbers.insert(number) {
            continue;
        }
        let mut own = name;
        while !used.insert(own.clone()) {
            own.push('x');
        }
        tables.push(format!("{{ name = {}, port = {number} }}", quoted(&own)));
    }
    tables
}
