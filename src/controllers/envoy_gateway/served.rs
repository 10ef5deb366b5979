//! What Envoy has: listeners, and the virtual hosts behind each (`internal/xds/translator`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::doors::{Door, Gate};
use super::routes::Headers;
use crate::enforcement::{
    Admits, Answer, Check, Clients, Fact, Header, HeaderValue, Listener, Pattern, Protocol, Route,
    RouteTable, SniDiffers, VirtualHost,
};
use crate::identity::Identity;
use crate::manifest::Seen;
use crate::manifest::kinds::envoy_gateway::{ClientTrafficPolicy, ForwardedCertificate};

/// What is served under a name.
pub(super) struct Host {
    pub checks: Fact<Vec<Check>>,
    pub routes: Fact<Vec<Route>>,
}

/// Every request is answered with 500, if there are objects for which it is.
pub(super) fn checks(refused_by: &[Identity]) -> Vec<Check> {
    if refused_by.is_empty() {
        return Vec::new();
    }
    let because = refused_by.to_vec();
    vec![Check { admits: Admits::None, refusal: Answer::Status(500), because, is_of_routes: true }]
}

/// The header about the client's certificate that a policy has (`buildForwardClientCertDetailsAction` of
/// `internal/xds/translator/listener.go`): it is removed where none is said.
pub(super) fn forwarded(policy: Option<&Seen<'_, ClientTrafficPolicy>>) -> Headers {
    let own = policy.and_then(|one| one.object.spec.headers.x_forwarded_client_cert.clone());
    let ForwardedCertificate { mode, cert_details_to_add } = own.unwrap_or_default();
    let mode = mode.as_deref().unwrap_or("Sanitize");
    let has_certificate = cert_details_to_add.iter().any(|one| one == "Cert");
    let carries = match mode {
        "SanitizeSet" | "AppendForward" if has_certificate => HeaderValue::Certificate,
        "SanitizeSet" | "AppendForward" => HeaderValue::Subject,
        _ => HeaderValue::Nothing,
    };
    let client_can_send = matches!(mode, "ForwardOnly" | "AppendForward" | "AlwaysForwardOnly");
    if carries == HeaderValue::Nothing && !client_can_send {
        return Headers(Arc::new([]));
    }
    Headers(Arc::new([Header { name: "x-forwarded-client-cert", carries, client_can_send }]))
}

/// What all Gateways serve.
#[derive(Default)]
pub(super) struct Served {
    https: Vec<(Listener, BTreeMap<String, Host>)>,
    /// Plain HTTP by address and port: one listener for all of a port.
    http: BTreeMap<(Arc<Identity>, u16), BTreeMap<String, Host>>,
}

impl Served {
    pub fn add_https(
        &mut self,
        gate: &Gate<'_>,
        door: &Door,
        clients: Fact<Clients>,
        hosts: BTreeMap<String, Host>,
    ) {
        let listener = Listener {
            address: Some(Arc::clone(&gate.address)),
            port: door.listener.port,
            protocol: Protocol::Https,
            sni: pattern(door.hostname()),
            certificates: door.certificates.clone(),
            clients,
            settings: Vec::new(),
            table: 0,
        };
        self.https.push((listener, hosts));
    }

    pub fn add_http(&mut self, gate: &Gate<'_>, door: &Door, hosts: BTreeMap<String, Host>) {
        let own = self.http.entry((Arc::clone(&gate.address), door.listener.port)).or_default();
        for (name, host) in hosts {
            own.entry(name).or_insert(host);
        }
    }

    pub fn finished(self) -> (Vec<Listener>, Vec<RouteTable>) {
        let (mut listeners, mut tables) = (Vec::new(), Vec::new());
        for ((address, port), hosts) in self.http {
            listeners.push(Listener {
                address: Some(address),
                port,
                protocol: Protocol::Http,
                sni: Pattern::Any,
                certificates: BTreeSet::new(),
                clients: Fact::Known(Clients::NotAsked),
                settings: Vec::new(),
                table: tables.len(),
            });
            tables.push(table(hosts));
        }
        for (listener, hosts) in self.https {
            listeners.push(Listener { table: tables.len(), ..listener });
            tables.push(table(hosts));
        }
        (listeners, tables)
    }
}

fn table(hosts: BTreeMap<String, Host>) -> RouteTable {
    let host = |(name, Host { checks, routes }): (String, Host)| VirtualHost {
        names: vec![pattern(&name)],
        sni_differs: SniDiffers::Serve,
        checks,
        routes,
    };
    RouteTable::new(hosts.into_iter().map(host).collect())
}

/// Which names a hostname is for: a wildcard any number of labels.
fn pattern(hostname: &str) -> Pattern {
    let lower = hostname.to_lowercase();
    match lower.strip_prefix("*.") {
        Some(domain) => Pattern::Below(domain.to_owned()),
        None if lower.is_empty() || lower == "*" => Pattern::Any,
        None => Pattern::Exact(lower),
    }
}
